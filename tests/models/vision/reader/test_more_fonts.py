"""Fetching more fonts: what is kept of a package, what is refused, what a run that broke off leaves. No network."""

import base64
import hashlib
import io
import json
import tarfile

import httpx
import pytest
from fontTools import subset
from fontTools.ttLib import TTFont

from models.vision.reader import fonts, more_fonts

DEJAVU = next(font.path for font in fonts.of("greek") if font.family == "DejaVu Sans").read_bytes()


def _packed(files: dict[str, bytes]) -> bytes:
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w:gz") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo("package/" + name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return held.getvalue()


def _registry(content: bytes, integrity: str | None = None) -> httpx.Client:
    """A registry with one package."""
    integrity = integrity or "sha512-" + base64.b64encode(hashlib.sha512(content).digest()).decode()

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith(".tgz"):
            return httpx.Response(200, content=content)
        dist = {"tarball": more_fonts.REGISTRY + "/a.tgz", "integrity": integrity}
        return httpx.Response(200, content=json.dumps({"dist": dist}))

    return httpx.Client(transport=httpx.MockTransport(answer))


def _part(text: str) -> bytes:
    """Some characters of a font as WOFF."""
    font = TTFont(io.BytesIO(DEJAVU))
    options = subset.Options()
    made = subset.Subsetter(options)
    made.populate(text=text)
    made.subset(font)
    font.flavor = "woff"
    held = io.BytesIO()
    font.save(held)
    return held.getvalue()


def test_the_list_names_families_once_each_with_a_version():
    families = more_fonts.listed()
    assert len(families) > 400
    assert len({name for _, _, name in families}) == len(families)
    assert all(version.count(".") == 2 for _, version, _ in families)


def test_no_listed_family_is_a_design_that_the_reader_is_judged_on():
    for _, _, name in more_fonts.listed():
        font = fonts.Font(fonts.Path("x.ttf"), name.replace("-", " ").title(), "Regular", None)
        assert fonts.stem(font) not in fonts.HELD_OUT


def test_upright_fonts_of_four_weights_are_kept(tmp_path):
    weights = {f"{w}/A_{w}Regular.ttf": DEJAVU for w in range(100, 1000, 100)}
    content = _packed({**weights, "A_400Regular_Italic.ttf": b"no", "README.md": b"no"})
    assert more_fonts.fetch(tmp_path, _registry(content), "@scope", "1.0.0", "a") == 4
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a-300.ttf", "a-400.ttf", "a-700.ttf", "a-900.ttf"]
    assert fonts.read(tmp_path / "a-400.ttf")[0].family == "DejaVu Sans"


def test_a_family_in_parts_is_put_together(tmp_path):
    content = _packed({
        "files/a-latin-400-normal.woff": _part("abc012"), "files/a-thai-400-normal.woff": _part("ЖЯ"),
        "files/a-latin-400-italic.woff": b"no",
    })  # fmt: skip
    assert more_fonts.fetch(tmp_path, _registry(content), "@scope", "1.0.0", "a") == 1
    (font,) = fonts.read(tmp_path / "a-400.ttf")
    assert font.covers("abc012ЖЯ") and font.draws("aЖ")
    assert not font.covers("z")


def test_what_lies_there_is_not_fetched_again(tmp_path):
    (tmp_path / "a-400.ttf").write_bytes(DEJAVU)
    (tmp_path / "a-b-400.ttf").write_bytes(DEJAVU)  # of another family

    def never(request):
        raise AssertionError("asked the registry")

    client = httpx.Client(transport=httpx.MockTransport(never))
    assert more_fonts.fetch(tmp_path, client, "@scope", "1.0.0", "a") == 1


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"no archive", "cannot be read"), (_packed({"README.md": b"x"}), "no font"),
     (_packed({"a-latin-400-normal.woff": b"no font"}), "cannot be read")],
)  # fmt: skip
def test_a_package_that_is_none_is_refused(tmp_path, content, message):
    with pytest.raises(fonts.FontError, match=message):
        more_fonts.fetch(tmp_path, _registry(content), "@scope", "1.0.0", "a")
    assert not list(tmp_path.iterdir())


def test_a_package_other_than_the_published_one_is_refused(tmp_path):
    content = _packed({"A_400Regular.ttf": DEJAVU})
    with pytest.raises(fonts.FontError, match="checksum"):
        more_fonts.fetch(tmp_path, _registry(content, "sha512-" + "A" * 86 + "=="), "@scope", "1.0.0", "a")
    assert not list(tmp_path.iterdir())


def test_a_package_beyond_the_limit_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(more_fonts, "MAX_BYTES", 1_000)
    with pytest.raises(fonts.FontError, match="more than"):
        more_fonts.fetch(tmp_path, _registry(_packed({"A.ttf": DEJAVU})), "@scope", "1.0.0", "a")


def test_families_that_cannot_be_had_are_named_and_the_others_kept(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(more_fonts, "listed", lambda: [("@s", "1.0.0", "a"), ("@s", "1.0.0", "b")])

    def package(client, scope, version, name):
        if name == "a":
            raise fonts.FontError("@s/a 1.0.0 cannot be fetched")
        return _packed({"B_400Regular.ttf": DEJAVU})

    monkeypatch.setattr(more_fonts, "package", package)
    assert more_fonts.main(["--to", str(tmp_path / "new")]) == 1
    told = capsys.readouterr()
    assert "@s/a" in told.err
    assert told.out.strip().endswith(": 1; families missing: 1")
