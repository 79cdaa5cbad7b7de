"""Picture models of somebody else's: absent by default, checked before they are loaded, run without a network.

transformers is stood in for, but for the last part: that makes tiny models with random weights and really runs them,
and needs requirements-hub.txt.
"""

import importlib.util
import sys
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
import torch

from models.errors import HubError
from models.hub import CLASSIFIER, DETECTOR
from models.serving import server as serving_server
from models.vision import hub

BOTH = pytest.mark.parametrize("variable", [CLASSIFIER, DETECTOR])
PICTURE = np.random.default_rng(1).integers(0, 256, (60, 90, 3), np.uint8)
SCORES = (0.9, 0.04, 0.3, 0.6)
BOXES = ((10, 20, 30, 40), (0, 0, 5, 5), (-4, 50, 95, 70), (1, 2, 3, 4))


class Entering(dict):
    def to(self, device):
        return self


class Processor:
    def __call__(self, images, return_tensors):
        assert (images.mode, return_tensors) == ("RGB", "pt")
        if min(images.size) < 16:
            raise ValueError("too thin\nfor patches")
        return Entering(size=images.size)

    def post_process_object_detection(self, seen, threshold, target_sizes):
        """The boxes above, as far as they score the threshold, as transformers gives them."""
        assert len(target_sizes) == 1
        kept = torch.tensor(SCORES) > threshold
        labels = torch.tensor([0, 1, 1, 0])
        return [{"scores": torch.tensor(SCORES)[kept], "labels": labels[kept], "boxes": torch.tensor(BOXES)[kept]}]


class Network:
    def __init__(self, logits, problem_type=None) -> None:
        self.logits, self.seen = logits, 0
        words = {index: f"kind {index}" for index in range(max(2, len(logits)))}
        self.config = SimpleNamespace(id2label=words, problem_type=problem_type)

    def to(self, device):
        return self

    def eval(self):
        return self

    def __call__(self, size):
        self.seen += 1
        return SimpleNamespace(logits=torch.tensor([self.logits]))


@pytest.fixture
def library(monkeypatch):
    """A transformers that remembers what it was asked for; `network`, `missing` and `unreachable` may be set."""
    module = ModuleType("transformers")
    module.network, module.missing, module.unreachable = Network([0.0, 2.0, 1.0]), set(), ()
    module.asked = []

    def loader(kind, made):
        def from_pretrained(place, **options):
            module.asked.append((kind, place, options))
            if options["local_files_only"] in module.unreachable:
                raise OSError("We couldn't connect to the hub.\nCheck your connection")
            return made(options)

        return SimpleNamespace(from_pretrained=from_pretrained)

    def network(options):
        return module.network, {"missing_keys": module.missing}

    for kind in ("AutoModelForImageClassification", "AutoModelForObjectDetection"):
        setattr(module, kind, loader(kind, network))
    module.AutoImageProcessor = loader("AutoImageProcessor", lambda options: Processor())
    monkeypatch.setitem(sys.modules, "transformers", module)
    return module


@pytest.fixture
def folder(tmp_path):
    """A folder that has what a model needs, by name."""
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "model.safetensors").write_bytes(b"")
    return tmp_path


# ------------------------------------------------------------------ names, folders, packages


@BOTH
@pytest.mark.parametrize("name", ["", "../nowhere", "/etc/passwd", "a b", "x" * 5000, "https://x.y", "~nobody-here/x"])
def test_what_is_neither_id_nor_folder_is_not_loaded(library, variable, name):
    with pytest.raises(HubError, match=f"neither a model id nor a folder. Set {variable} to one such as "):
        hub.model(variable, name)
    assert library.asked == []


def test_packages_that_are_not_there_are_named_with_the_command(monkeypatch):
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(HubError, match=r"\(transformers\).*pip install -r requirements-hub\.txt"):
        hub.model(CLASSIFIER, "org/model")


@pytest.mark.parametrize(("file", "lacking"), [("config.json", "*.safetensors"), ("model.safetensors", "config.json")])
def test_a_folder_without_weights_or_configuration_is_not_loaded(library, folder, file, lacking):
    for path in folder.iterdir():
        if path.name != file:
            path.unlink()
    (folder / "pytorch_model.bin").write_bytes(b"a pickle")
    with pytest.raises(HubError) as raised:
        hub.model(CLASSIFIER, str(folder))
    assert f"lacks {lacking}. A model is read from config.json and safetensors, never from a pickle" in str(
        raised.value
    )
    assert library.asked == []


def test_a_folder_that_cannot_be_loaded_says_so_and_the_hub_is_not_asked(library, folder):
    library.unreachable = (True, False)
    with pytest.raises(HubError, match="Save it there again with save_pretrained"):
        hub.model(CLASSIFIER, str(folder))
    assert [options["local_files_only"] for _kind, _place, options in library.asked] == [True]


# ------------------------------------------------------------------ loading


@pytest.mark.parametrize(
    ("variable", "kind"),
    [(CLASSIFIER, "AutoModelForImageClassification"), (DETECTOR, "AutoModelForObjectDetection")],
)
def test_only_safetensors_are_read_and_no_code_of_the_model_is_run(library, variable, kind):
    made = hub.model(variable, "org/model")
    assert (made.name, made.device, made.labels) == ("org/model", "cpu", ("kind 0", "kind 1", "kind 2"))
    (first, place, options), (second, _place, given) = library.asked
    assert (first, second, place) == (kind, "AutoImageProcessor", "org/model")
    assert options["use_safetensors"] is True and options["dtype"] is torch.float32
    assert options["trust_remote_code"] is given["trust_remote_code"] is False
    assert options["local_files_only"] is given["local_files_only"] is True


def test_what_is_not_on_this_disk_is_fetched(library):
    library.unreachable = (True,)
    assert hub.model(CLASSIFIER, "org/model").name == "org/model"
    assert [options["local_files_only"] for _kind, _place, options in library.asked] == [True, False, False]


def test_a_model_out_of_reach_is_said_in_a_sentence(library):
    library.unreachable = (True, False)
    with pytest.raises(HubError, match="couldn't connect to the hub") as raised:
        hub.model(DETECTOR, "org/model")
    assert str(raised.value).endswith(f"Check its id and the internet connection, or unset {DETECTOR}.")


def test_a_network_with_a_part_that_nobody_trained_is_refused(library):
    library.missing = {"classifier.weight", "classifier.bias"}
    with pytest.raises(HubError, match=r"not trained for this: its file lacks 2 .* \(classifier\.bias\)"):
        hub.model(CLASSIFIER, "org/model")


@pytest.mark.parametrize("logits", [[float("nan"), 1.0], [float("inf"), 1.0]])
def test_a_network_that_cannot_look_at_the_first_picture_is_refused(library, logits):
    library.network = Network(logits)
    with pytest.raises(HubError, match=r"cannot be loaded \(its answer is not finite\)"):
        hub.model(CLASSIFIER, "org/model")


# ------------------------------------------------------------------ looking


def test_labels_come_with_their_probabilities_the_likeliest_first(library):
    [found] = hub.model(CLASSIFIER, "org/model").predict([PICTURE])
    assert [one.label for one in found] == ["kind 1", "kind 2", "kind 0"]
    assert [one.probability for one in found] == pytest.approx(np.exp([2, 1, 0]) / np.exp([2, 1, 0]).sum(), abs=1e-6)


def test_labels_that_may_hold_together_do_not_sum_to_one(library):
    library.network = Network([0.0, 2.0], "multi_label_classification")
    [found] = hub.model(CLASSIFIER, "org/model").predict([PICTURE])
    assert [one.probability for one in found] == pytest.approx([1 / (1 + np.exp(-2)), 0.5], abs=1e-6)


def test_of_many_labels_the_likeliest_are_kept(library):
    library.network = Network([float(i) for i in range(1000)])
    [found] = hub.model(CLASSIFIER, "org/model").predict([PICTURE])
    assert [one.label for one in found] == [f"kind {i}" for i in range(999, 989, -1)]


def test_boxes_come_by_falling_score_and_end_with_the_picture(library):
    [found] = hub.model(DETECTOR, "org/model").predict([PICTURE])
    assert [round(one.score, 2) for one in found] == [0.9, 0.6, 0.3]  # 0.04 is not worth keeping
    assert [one.label for one in found] == ["kind 0", "kind 0", "kind 1"]
    assert [one.box for one in found] == [(10, 20, 30, 40), (1, 2, 3, 4), (0, 50, 90, 60)]


@BOTH
@pytest.mark.parametrize(
    "picture",
    [PICTURE[..., 0], PICTURE.astype(float), np.zeros((3, 60, 90), np.uint8), np.zeros((9, 9, 4), np.uint8)],
    ids=["grey", "float", "channels first", "alpha"],
)  # fmt: skip
def test_what_is_no_picture_is_refused(library, variable, picture):
    made = hub.model(variable, "org/model")
    with pytest.raises(ValueError, match=r"uint8 RGB \(height, width, 3\), not "):
        made.predict([picture])


@BOTH
def test_a_picture_the_network_cannot_take_is_said_in_a_sentence(library, variable):
    made = hub.model(variable, "org/model")
    with pytest.raises(HubError, match=r"cannot look at this picture \(too thin\)") as raised:
        made.predict([PICTURE[:8]])
    assert variable in str(raised.value)


def test_one_server_answers_many_and_a_bad_picture_reaches_only_who_brought_it(library):
    with serving_server.Server(hub.model(DETECTOR, "org/model"), largest_batch=4) as server:
        assert server.largest_batch == 1
        served = server.ask([PICTURE, PICTURE])
        assert served.answers[0] == served.answers[1] and len(served.answers[0]) == 3
        assert served.device == "cpu"
        with pytest.raises(HubError, match="too thin"):
            server.ask([PICTURE[:8]])
        assert server.ask([PICTURE]).answers == served.answers[:1]


# ------------------------------------------------------------------ the real library

real = pytest.mark.skipif(importlib.util.find_spec("transformers") is None, reason="needs requirements-hub.txt")
SMALL = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}
WORDS = {"id2label": {0: "cat", 1: "dog", 2: "coin"}, "label2id": {"cat": 0, "dog": 1, "coin": 2}}


def a_classifier(place, headless: bool = False) -> None:
    """A ViT of one layer with random weights."""
    import transformers

    torch.manual_seed(0)
    config = transformers.ViTConfig(**SMALL, **WORDS, image_size=32, patch_size=8)
    (transformers.ViTModel if headless else transformers.ViTForImageClassification)(config).save_pretrained(place)
    transformers.ViTImageProcessorPil(size={"height": 32, "width": 32}).save_pretrained(place)


def a_detector(place) -> None:
    """A YOLOS of one layer with random weights, its heads the larger for scores that differ."""
    import transformers

    torch.manual_seed(0)
    config = transformers.YolosConfig(**SMALL, **WORDS, image_size=[64, 96], patch_size=16, num_detection_tokens=6)
    network = transformers.YolosForObjectDetection(config)
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.5)
    network.save_pretrained(place)
    transformers.YolosImageProcessorPil(size={"shortest_edge": 64, "longest_edge": 96}).save_pretrained(place)


@pytest.fixture
def offline(monkeypatch):
    """Nothing is looked for on the net."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)


@real
def test_a_tiny_vit_in_a_folder_names_a_picture(tmp_path, offline):
    a_classifier(tmp_path / "tiny")
    made = hub.model(CLASSIFIER, str(tmp_path / "tiny"))
    first, second = made.predict([PICTURE, PICTURE])
    assert first == second and made.name == "tiny"
    assert {one.label for one in first} == {"cat", "dog", "coin"}
    chances = [one.probability for one in first]
    assert sum(chances) == pytest.approx(1, abs=1e-5) and chances == sorted(chances, reverse=True)
    narrow = np.zeros((3, 40, 3), np.uint8)  # its three rows are no channels
    assert len(made.predict([narrow])[0]) == 3


@real
def test_a_tiny_yolos_in_a_folder_finds_boxes_within_the_picture(tmp_path, offline):
    a_detector(tmp_path)
    [found] = hub.model(DETECTOR, str(tmp_path)).predict([PICTURE])
    assert found and {one.label for one in found} <= {"cat", "dog", "coin"}
    scores = [one.score for one in found]
    assert scores == sorted(scores, reverse=True) and hub.LOWEST <= scores[-1] <= scores[0] <= 1
    for one in found:
        left, top, right, bottom = one.box
        assert 0 <= left <= right <= 90 and 0 <= top <= bottom <= 60


@real
def test_a_picture_too_thin_for_patches_is_said_in_a_sentence(tmp_path, offline):
    a_detector(tmp_path)
    with pytest.raises(HubError, match="cannot look at this picture"):
        hub.model(DETECTOR, str(tmp_path)).predict([np.zeros((8, 2000, 3), np.uint8)])


@real
def test_pickled_weights_are_not_opened(tmp_path, offline):
    a_classifier(tmp_path)
    (tmp_path / "model.safetensors").unlink()
    torch.save({"w": torch.zeros(1)}, tmp_path / "pytorch_model.bin")
    with pytest.raises(HubError, match="never from a pickle"):
        hub.model(CLASSIFIER, str(tmp_path))


@real
def test_damaged_weights_are_said_in_a_sentence(tmp_path, offline):
    a_classifier(tmp_path)
    (tmp_path / "model.safetensors").write_bytes(b"no safetensors")
    with pytest.raises(HubError, match=r"cannot be loaded \(.+\)\. Save it there again"):
        hub.model(CLASSIFIER, str(tmp_path))


@real
def test_a_network_for_something_else_is_refused(tmp_path, offline):
    a_classifier(tmp_path / "vit")
    with pytest.raises(HubError, match="cannot be loaded"):
        hub.model(DETECTOR, str(tmp_path / "vit"))
    a_classifier(tmp_path / "headless", headless=True)
    with pytest.raises(HubError, match=r"not trained for this: its file lacks 2 .* \(classifier\.bias\)"):
        hub.model(CLASSIFIER, str(tmp_path / "headless"))


@real
def test_a_model_that_was_never_fetched_is_out_of_reach_without_a_network(tmp_path, offline, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(HubError, match=r"cannot be loaded \(.+\)\. Check its id and the internet connection"):
        hub.model(CLASSIFIER, "org/model-that-is-not-here")


@real
def test_a_model_fetched_once_is_opened_without_a_network(tmp_path, monkeypatch):
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")  # nobody answers there
    fetched = tmp_path / "models--org--tiny"
    a_classifier(fetched / "snapshots" / "0123abc")
    (fetched / "refs").mkdir()
    (fetched / "refs" / "main").write_text("0123abc")
    assert hub.model(CLASSIFIER, "org/tiny").name == "org/tiny"
