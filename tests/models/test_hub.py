"""Models of somebody else's: what may name one, and what is said of one that cannot be loaded."""

import os

import pytest

from models import errors, hub


def test_no_model_is_wanted_by_default(monkeypatch):
    for variable in (hub.EMBEDDER, hub.CLASSIFIER, hub.DETECTOR):
        monkeypatch.delenv(variable, raising=False)
        assert hub.wanted(variable) == ""
    monkeypatch.setenv(hub.DETECTOR, " some/model ")
    assert hub.wanted(hub.DETECTOR) == "some/model"


@pytest.mark.parametrize("name", ["google/vit-base-patch16-224", "PekingU/rtdetr_r18vd", "model", "a.b/c-d_e"])
def test_what_the_hub_calls_its_models_is_an_id(name):
    assert hub.is_id(name)


@pytest.mark.parametrize("name", ["../../etc", "/etc/passwd", "a/b/c", "a b", "", "x" * 200, "org/..", "https://x.y"])
def test_what_leads_elsewhere_is_no_id(name):
    assert not hub.is_id(name)


def test_a_folder_is_called_by_its_last_part(tmp_path, monkeypatch):
    (tmp_path / "mine").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in (str(tmp_path / "mine"), "mine", "./mine/", "~/mine"):
        assert hub.folder(name).resolve() == (tmp_path / "mine").resolve()
        assert hub.title(name) == "mine"
    assert hub.title("org/model") == "org/model"


@pytest.mark.parametrize("name", ["", "no/such", "x" * 5000, "~nobody-of-this-name/x", "a\0b"])
def test_what_is_no_folder_is_none(name):
    assert hub.folder(name) is None


@pytest.mark.parametrize(
    ("error", "local", "said"),
    [
        (ModuleNotFoundError("No module named 'x'", name="x"), False, "not installed (x). Install them with: pip"),
        (ImportError("\nA requires the timm library.\nInstall it"), False, "more packages than requirements-hub.txt"),
        (OSError("no route\nto the hub"), False, "(no route). Check its id and the internet connection, or unset VAR"),
        (OSError("no such file"), True, "Save it there again with save_pretrained, or unset VAR"),
        (KeyError(), False, "(KeyError)"),
    ],
)
def test_every_fault_is_a_sentence_with_its_remedy(error, local, said):
    with pytest.raises(errors.HubError) as raised, hub.loading("org/model", "VAR", local):
        raise error
    assert said in str(raised.value) and "\n" not in str(raised.value)
    assert "'org/model'" in str(raised.value)
    assert raised.value.__cause__ is error


def test_what_is_said_already_is_not_said_again():
    told = errors.HubError("A sentence.")
    with pytest.raises(errors.HubError) as raised, hub.loading("org/model", "VAR"):
        raise told
    assert raised.value is told


def test_no_bot_is_asked_to_publish_converted_weights(monkeypatch):
    monkeypatch.delenv("DISABLE_SAFETENSORS_CONVERSION", raising=False)
    with hub.loading("org/model", "VAR"):
        assert os.environ["DISABLE_SAFETENSORS_CONVERSION"] == "1"
