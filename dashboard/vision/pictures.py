"""The picture that the Vision lab looks at: brought, taken with the camera, or one of the samples."""

import hashlib
import threading
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from dashboard import widgets
from dashboard.charts import pictures
from dashboard.i18n.translation import _, number
from dashboard.markup import literal
from models.vision import images
from models.vision.images import MAX_SIDE

if TYPE_CHECKING:
    from models.vision.reader.rendering import TagLine

TYPES = ("png", "jpg", "jpeg", "tif", "tiff")
MAX_MB = 64
OPENING = threading.BoundedSemaphore(2)
"""Pictures that the whole program opens at once: the largest takes about 1 GB until it is shrunk."""
KEPT = 4
"""Brought pictures that a session keeps opened."""
OPENED, FILE = "vision_opened", "vision_file"
SAMPLES = Path(images.__file__).with_name("samples")


@dataclass(frozen=True)
class Chosen:
    """A picture to look at.

    pixels: uint8 (height, width, 3), shrunk where it is larger than the models look at; scale: its side over that of
    the picture brought; notes: codes of `images.Picture`; digest: of its pixels; address: what the browser is sent;
    origin: whose it is, "" for the reader's own; drawn: whether it is a drawing; lines: what is on it; truth: how
    many things of each kind are on it, where somebody counted or it was drawn so; page: its number in a stack, and how
    many pages that has.
    """

    name: str
    pixels: np.ndarray
    scale: float
    notes: tuple[str, ...]
    digest: str
    address: str
    origin: str = ""
    drawn: bool = False
    lines: "tuple[TagLine, ...]" = ()
    truth: tuple[tuple[str, int], ...] = ()
    page: tuple[int, int] = (1, 1)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the picture brought."""
        return round(self.pixels.shape[1] / self.scale), round(self.pixels.shape[0] / self.scale)


class Unread(ValueError):
    """A picture cannot be used; the message is in the reader's language."""


def way() -> str:
    """Where pictures come from: "sample", "file", "camera" or "files"."""
    ways = {
        "sample": _("A sample"), "file": _("Your picture"), "camera": _("Camera"), "files": _("Several files"),
    }  # fmt: skip
    return widgets.segmented(_("Picture from"), tuple(ways), "from", "sample", ways.get, label_visibility="collapsed")


def choose(task: str, origin: str, iso2: str) -> Chosen | None:
    """The picture; None while there is none, which is said. task: one of `vision_lab_answers`; iso2: of the tags."""
    if origin == "sample":
        return _sample(task, iso2)
    if origin == "camera":
        brought = st.camera_input(_("Take a picture"), key="vision_camera", label_visibility="collapsed", width=520)
    else:
        brought = st.file_uploader(
            _("PNG, JPEG or TIFF, to 50 megapixels"), type=list(TYPES), key=FILE, max_upload_size=MAX_MB
        )
    if brought is None:
        st.title(_("What would you like looked at?"))
        st.info(
            _("The picture is looked at on this machine, and forgotten when you remove it or close the page."),
            icon=":material/lock:",
        )
        return None
    try:
        return _brought(brought)
    except Unread as error:
        st.title(_("This picture cannot be looked at"))
        st.error(f"{literal(brought.name)}: {literal(error)}", icon=":material/broken_image:")
        return None


def _sample(task: str, iso2: str) -> Chosen | None:
    from models.vision.reader import fonts

    known = samples(task)
    key = f"vision_sample_{task}"
    if st.session_state.get(key) not in known:
        st.session_state[key] = next(iter(known))
    name = st.pills(
        _("Sample"), list(known), key=key, format_func=lambda k: known[k][0], label_visibility="collapsed",
        required=True, persist_state="session",
    )  # fmt: skip
    try:
        with st.spinner(_("Getting the picture"), show_time=True):
            return known[name][1](iso2)
    except fonts.FontError as error:
        st.title(_("This machine cannot write this market's price tags"))
        st.info(font_remedy(iso2, error), icon=":material/font_download:")
        return None


def font_remedy(iso2: str, error: Exception) -> str:
    """What a machine without a market's script needs, in the reader's language."""
    from models.prices import formats
    from models.vision.reader import fonts

    script = formats.script_of(formats.locale_of(iso2))
    if script is None:
        return _("The reader does not know the script of this market. Choose another market, or bring a picture.")
    if "Raqm" in str(error):
        told = _("Its letters join or stack, and this Pillow cannot shape them. Install one with Raqm: `{command}`.")
        return told.format(command="pip install --force-reinstall pillow")
    told = _(
        "No font on this machine writes its script. Install one and start again: `{command}`. Pictures that you bring "
        "can be read without."
    )
    return told.format(command=f"apt-get install {fonts.PACKAGES[script]}")


# ------------------------------------------------------------------ samples

Maker = Callable[[str], Chosen]


def samples(task: str) -> dict[str, tuple[str, Maker]]:
    """Samples of a task: title, and what makes the picture for a market, by key.

    Test pictures that people counted come first (models/vision/samples); other photographs come with scikit-image;
    drawings are drawn here and are called so.
    """
    found: dict[str, tuple[str, Maker]] = {}
    titles = {"nuclei": _("Microscope picture {n}"), "cells": _("Blood smear {n}")}
    for number_, sample in enumerate((one for one in test_pictures() if one["task"] == task), start=1):
        found[sample["file"]] = (
            titles[task].format(n=number_), lambda iso2, sample=sample: _test_picture(sample["file"])
        )  # fmt: skip
    if task == "nuclei":
        found["drawn"] = (_("Simulated fluorescence"), lambda iso2: _drawn("nuclei"))
        found["ihc"] = (_("Stained tissue"), lambda iso2: _photograph("ihc"))
    elif task == "cells":
        found["drawn"] = (_("Simulated smear"), lambda iso2: _drawn("smear"))
        found["ihc"] = (_("Stained tissue"), lambda iso2: _photograph("ihc"))
    elif task == "tags":
        for seed in range(3):
            title = _("Sample price tag {n}").format(n=seed + 1)
            found[f"tag{seed}"] = (title, lambda iso2, seed=seed: drawn_tag(iso2, seed))
        found["worn"] = (_("Price tag, badly photographed"), lambda iso2: drawn_tag(iso2, 3, worn=True))
        found["page"] = (_("Printed page"), lambda iso2: _photograph("page"))
    else:
        found["cat"] = (_("A cat"), lambda iso2: _photograph("chelsea"))
        found["coffee"] = (_("A cup of coffee"), lambda iso2: _photograph("coffee"))
        found["astronaut"] = (_("An astronaut"), lambda iso2: _photograph("astronaut"))
    found["coins"] = (_("Coins"), lambda iso2: _photograph("coins"))
    found["cat"] = (_("A cat"), lambda iso2: _photograph("chelsea"))
    found["empty"] = (_("Empty picture"), lambda iso2: _empty())
    return found


@cache
def test_pictures() -> tuple[dict[str, Any], ...]:
    """Pictures of the test splits that ship with the program: task, file, source, licence and what people counted."""
    return tuple(tomllib.loads((SAMPLES / "samples.toml").read_text(encoding="utf-8"))["picture"])


@lru_cache(maxsize=8)
def _test_picture(file: str) -> Chosen:
    sample = next(one for one in test_pictures() if one["file"] == file)
    origin = f"{sample['source']} ({sample['licence']})"
    return read(file, (SAMPLES / file).read_bytes(), origin=origin, truth=tuple(sample["truth"].items()))


@lru_cache(maxsize=8)
def _photograph(name: str) -> Chosen:
    content = resources.files("skimage").joinpath("data", f"{name}.png").read_bytes()
    return read(name, content, origin="scikit-image")


@lru_cache(maxsize=4)
def _drawn(kind: str) -> Chosen:
    from models.vision import sample_drawings

    pixels, truth = {"nuclei": sample_drawings.counted_nuclei, "smear": sample_drawings.counted_smear}[kind](1)
    return made(kind, pixels, drawn=True, truth=tuple(truth.items()))


@lru_cache(maxsize=2)
def _empty() -> Chosen:
    noise = np.random.default_rng(0).normal(0, 1.5, (240, 320, 1))
    return made("empty", np.clip(np.repeat(noise, 3, 2) + 200, 0, 255).astype(np.uint8), drawn=True)


@lru_cache(maxsize=32)
def drawn_tag(iso2: str, seed: int, worn: bool = False) -> Chosen:
    """A price tag as it could hang in the market. Raises fonts.FontError where no font has its script."""
    from models.vision.reader import rendering

    tag = rendering.tag(iso2, seed=seed, wear=rendering.USUAL if worn else rendering.CLEAN)
    return made(f"tag-{iso2}-{seed + 1}", np.asarray(tag.image.convert("RGB")), drawn=True, lines=tag.lines)


# ------------------------------------------------------------------ opening


def made(name: str, pixels: np.ndarray, notes: tuple[str, ...] = (), **more: Any) -> Chosen:
    """Pixels as a picture to look at: shrunk to what the models look at, with its digest."""
    longest = max(pixels.shape[:2])
    shown = images.shrunk(pixels, MAX_SIDE)
    digest = hashlib.sha256(shown.tobytes() + str(shown.shape).encode()).hexdigest()[:24]
    return Chosen(name, shown, max(shown.shape[:2]) / longest, notes, digest, pictures.encoded(shown), **more)


def read(name: str, content: bytes, page: tuple[int, int] = (1, 1), **more: Any) -> Chosen:
    """A picture's file, or a page of it as `Chosen` has it. Raises Unread with the reason in the reader's language."""
    with OPENING:
        try:
            frame = images.pages(content)[page[0] - 1] if page[1] > 1 else None
            picture = images.opened(content, frame)
        except images.PictureError as error:
            raise Unread(refusal(error)) from error
        return made(name, picture.pixels, picture.notes, page=page, **more)


def count_pages(content: bytes) -> int:
    """How many pages a picture's file has. Raises Unread with the reason in the reader's language."""
    try:
        return len(images.pages(content))
    except images.PictureError as error:
        raise Unread(refusal(error)) from error


def _brought(upload: Any) -> Chosen:
    """A brought picture, or the page of it that is wanted, opened once and kept while it is among the last few."""
    content = upload.getvalue()
    count = count_pages(content)
    page = (_page_wanted(upload.file_id, count), count) if count > 1 else (1, 1)
    kept: dict[tuple, Chosen] = st.session_state.setdefault(OPENED, {})
    if (key := (upload.file_id, page)) not in kept:
        with st.spinner(_("Opening the picture"), show_time=True):
            kept[key] = read(upload.name, content, page)
        while len(kept) > KEPT:
            kept.pop(next(iter(kept)))
    return kept[key]


def _page_wanted(file: str, count: int) -> int:
    return st.number_input(
        _("Page, of {n}").format(n=number(count, 9)), min_value=1, max_value=count, key=f"vision_page_{file}", width=160
    )


def refusal(error: images.PictureError) -> str:
    """Why a picture cannot be used, and what to do, in the reader's language."""
    told = {
        "empty": _("The file is empty. Choose it again, or export it anew."),
        "bytes": _("The file has {megabytes} MB; at most {most} MB are read. Save it smaller, or cut out a part."),
        "kind": _("This is not a PNG, JPEG or TIFF picture, whatever its name says. Save it as one of these."),
        "variant": _(
            "This TIFF is damaged or of a kind that cannot be read, such as one of 64-bit values. Save it as PNG."
        ),
        "pixels": _("The picture has too many pixels; at most {most} megapixels are read. Cut out a part of it."),
        "pages": _("The file has too many pages; at most {most} are looked at. Save it as several files."),
        "stack": _(
            "The pages of the file have too many pixels together; at most {most} megapixels are looked at. Save it as "
            "several files."
        ),
        "small": _("The picture has {width} x {height} pixels: too small to see anything in. Choose a larger one."),
        "narrow": _(
            "The picture has {width} x {height} pixels: too narrow to be looked at whole. Cut out a part of it."
        ),
        "broken": _("The picture is cut short or damaged. Copy or download it again."),
        "memory": _("There is too little memory to open the picture. Save it smaller, or try again later."),
    }[error.reason]
    return told.format(**{k: number(v, 9 if isinstance(v, int) else 3) for k, v in error.values.items()})


def noted(chosen: Chosen) -> str:
    """What was changed when the picture was opened, "" for nothing."""
    told = {
        "first frame": _("only its first frame is read"),
        "deep": _("its values, finer than a screen shows, were stretched to 8 bits"),
        "CMYK": _("its print colours became screen colours"),
        "transparency": _("what is transparent stands on white"),
        "turned": _("it was turned upright, as its camera says"),
    }
    changes = [told[note] for note in chosen.notes if note in told]
    if chosen.page[1] > 1:
        page, pages = (number(value, 9) for value in chosen.page)
        changes.insert(0, _("it is page {page} of {pages}").format(page=page, pages=pages))
    if chosen.scale < 1:
        sizes = [number(value, 9) for value in (*chosen.size, *chosen.pixels.shape[1::-1])]
        told_size = _("it has {size} pixels and is looked at in {shown}: cut out a part to see it in full")
        changes.append(told_size.format(size=" x ".join(sizes[:2]), shown=" x ".join(sizes[2:])))
    return _("About this picture: {changes}.").format(changes=_("; ").join(changes)) if changes else ""


def source(chosen: Chosen) -> str:
    """Whose picture it is, in words."""
    if chosen.drawn:
        return _("A drawing made by this program, not a photograph.")
    if chosen.truth:
        return _("Picture: {origin}; from the test set, not seen in training.").format(origin=chosen.origin)
    if chosen.origin:
        return _("Picture: {origin}, no known copyright restrictions.").format(origin=chosen.origin)
    return _("Picture: yours.")
