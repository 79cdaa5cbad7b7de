"""What is installed is what was locked, under licences that we may pass on; what only trains is not needed to serve."""

import importlib.metadata
import re
import subprocess
import sys
from pathlib import Path

import pytest
from packaging.version import Version

ROOT = Path(__file__).parents[2]
PERMITTED = (
    *("MIT", "BSD", "Apache", "ISC", "PSF", "Python Software Foundation", "Zlib", "Unlicense", "Public Domain", "CC0"),
    *("HPND", "Historical Permission", "MPL", "Mozilla", "NCSA", "0BSD", "Boost", "BSL-1.0", "CNRI", "OFL"),
)
"""Words of licences that let us pass the program on; MPL (certifi, orjson, tqdm) binds its own files only."""
FORBIDDEN = re.compile(r"\b(A?GPL|LGPL|GNU|SSPL|BUSL|Commons Clause|NonCommercial)\b", re.IGNORECASE)
HASHED = re.compile(
    r"^(?P<name>[\w.-]+)(\[[\w,-]+\])?==(?P<version>[^\s;\\]+)[^\n]*\\\n(\s+--hash=sha256:[0-9a-f]{64}( \\)?\n?)+", re.M
)


def plain(name: str) -> str:
    """A name as package indexes compare it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def asked(file: str) -> dict[str, str]:
    """Exact pins of a requirements file and of those it includes."""
    found = {}
    for line in (ROOT / file).read_text("utf-8").splitlines():
        if line.startswith("-r "):
            found |= asked(line.removeprefix("-r ").strip())
        elif line and not line.startswith("#"):
            name, version = line.partition(";")[0].split("==")  # without the machines that it is for
            found[plain(name)] = version.strip()
    return found


def locked(name: str) -> dict[str, str]:
    text = (ROOT / name).read_text("utf-8")
    return {plain(match["name"]): match["version"] for match in HASHED.finditer(text)}


@pytest.mark.parametrize("name", ["requirements", "requirements-dev"])
def test_every_pin_is_locked_at_its_version_with_hashes(name):
    lock = locked(f"{name}.lock")
    assert {key: lock.get(key) for key in asked(f"{name}.txt") if key != "torch"} == {
        key: version for key, version in asked(f"{name}.txt").items() if key != "torch"
    }
    pinned = re.findall(r"^[\w.-]+==", (ROOT / f"{name}.lock").read_text("utf-8"), re.M)
    assert len(pinned) == len(lock)  # no line without a hash


def test_nothing_is_installed_that_is_not_locked():
    """torch is pinned without a hash: which of its builds fits depends on the machine."""
    left_out = {plain(line) for line in (ROOT / "requirements-builds.txt").read_text("utf-8").split() if line[0] != "#"}
    aside = {"pip", "setuptools", "wheel", "uv", "torch", "lepton-atlas"} | left_out
    there = {plain(dist.metadata["Name"]): dist.version for dist in importlib.metadata.distributions()}
    lock = locked("requirements-dev.lock")
    optional = set(asked("requirements-hub.txt")) - set(asked("requirements.txt"))
    if optional & set(there):
        pytest.skip("the optional models of the hub are installed here, with what they need")
    strange = {
        name: version
        for name, version in there.items()
        if name not in aside and (name not in lock or Version(lock[name]) != Version(version))
    }
    assert strange == {}


def test_every_licence_is_one_we_may_pass_on():
    wrong = {}
    for dist in importlib.metadata.distributions():
        fields = [dist.metadata.get("License-Expression") or ""]
        fields += [kind for kind in dist.metadata.get_all("Classifier") or () if kind.startswith("License ::")]
        fields += [(dist.metadata.get("License") or "").strip().split("\n")[0]] if not any(fields) else []
        said = " ".join(fields)
        if FORBIDDEN.search(said) or not any(word in said for word in PERMITTED):
            wrong[dist.metadata["Name"]] = said
    assert wrong == {}


def test_serving_needs_nothing_that_only_trains():
    only = set(asked("requirements-train.txt"))
    assert only and not only & set(locked("requirements.lock"))
    code = (
        "import sys\n"
        f"sys.meta_path.insert(0, type('No', (), {{'find_spec': staticmethod(lambda name, *_: (_ for _ in ()).throw("
        f"ModuleNotFoundError(name, name=name)) if name.split('.')[0] in {only!r} else None)}}))\n"
        "import dashboard.load, dashboard.components, models.training.loop, models.serving.server\n"
        "import models.text.text_model, models.vision.load\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]


def test_a_search_without_what_it_needs_says_what_to_install(monkeypatch):
    from models import __main__ as command
    from models.errors import ModelError

    monkeypatch.setitem(sys.modules, "optuna", None)
    monkeypatch.delitem(sys.modules, "models.text.automl", raising=False)
    monkeypatch.delattr("models.text.automl", raising=False)
    with pytest.raises(ModelError, match=r"requirements-train\.txt"):
        command._search(None)
