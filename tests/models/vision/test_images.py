"""Whatever people bring is opened, or refused with the reason, and never costs more memory than a picture may."""

import io
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from models.vision import images
from models.vision.images import PictureError

NOISE = Image.fromarray(np.random.default_rng(0).integers(0, 256, (40, 60, 3), dtype=np.uint8))


def file(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_a_lossless_picture_comes_out_as_it_went_in(kind):
    found = images.opened(file(NOISE, kind))
    assert (found.pixels == np.asarray(NOISE)).all()
    assert (found.notes, found.size, found.format) == ((), (60, 40), kind)


def test_a_photograph_taken_upright_stands_upright():
    exif = Image.Exif()
    exif[0x0112] = 6
    found = images.opened(file(NOISE, "JPEG", exif=exif))
    assert found.pixels.shape == (60, 40, 3)
    assert found.notes == ("turned",)


def test_a_16_bit_picture_keeps_its_contrast():
    values = np.linspace(1_000, 3_000, 40 * 60).reshape(40, 60).astype(np.uint16)
    found = images.opened(file(Image.fromarray(values)))
    assert found.notes == ("16 bit",)
    assert found.pixels.min() == 0
    assert found.pixels.max() == 255


def test_cmyk_becomes_rgb_and_is_told():
    found = images.opened(file(NOISE.convert("CMYK"), "JPEG"))
    assert (found.pixels.shape, found.notes) == ((40, 60, 3), ("CMYK",))


def test_what_is_transparent_is_shown_on_white():
    clear = Image.new("P", (20, 20), 0)
    found = images.opened(file(clear, transparency=0))
    assert (found.pixels == 255).all()
    assert found.notes == ("transparency",)


def test_of_an_animated_picture_the_first_frame_is_taken_and_told():
    frames = file(Image.new("RGB", (20, 20), "red"), save_all=True, append_images=[Image.new("RGB", (20, 20), "blue")])
    found = images.opened(frames)
    assert found.notes == ("first frame",)
    assert tuple(found.pixels[5, 5]) == (255, 0, 0)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"hello", "kind"),
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "kind"),
        (b"%PDF-1.7 " + b"x" * 100, "kind"),
        (file(NOISE, "GIF"), "kind"),
        (file(NOISE, "BMP"), "kind"),
        (file(NOISE.resize((1, 1))), "small"),
        (file(NOISE, "JPEG")[:700], "broken"),
        (file(NOISE)[:300], "broken"),
        (b"\x89PNG\r\n\x1a\n" + b"\x00" * 50, "kind"),
    ],
)
def test_what_is_no_usable_picture_is_refused_with_the_reason(content, reason):
    with pytest.raises(PictureError) as caught:
        images.opened(content)
    assert caught.value.reason == reason


def test_a_decompression_bomb_is_refused_before_it_costs_memory():
    bomb = file(Image.new("1", (20_000, 20_000)))
    assert len(bomb) < 200_000
    tracemalloc.start()
    with pytest.raises(PictureError) as caught:
        images.opened(bomb)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert caught.value.reason == "pixels"
    assert peak < 10 * 2**20


def test_a_file_of_too_many_bytes_is_refused(monkeypatch):
    monkeypatch.setattr(images, "MOST_BYTES", 1_000)
    with pytest.raises(PictureError) as caught:
        images.opened(file(NOISE))
    assert caught.value.reason == "bytes"


def test_a_picture_with_a_script_behind_it_is_read_as_the_picture():
    """A polyglot file: the decoder stops at the picture's end, and nothing else looks at the rest."""
    found = images.opened(file(NOISE) + b"<script>alert(1)</script>")
    assert (found.pixels == np.asarray(NOISE)).all()


@given(st.binary(max_size=400))
def test_random_bytes_are_refused_not_crashed_on(content):
    with pytest.raises(PictureError):
        images.opened(content)


@given(st.integers(30, 3_000), st.integers(0, 255))
def test_a_damaged_file_is_opened_or_refused(place, value):
    damaged = bytearray(file(NOISE, "JPEG"))
    damaged[place % len(damaged)] = value
    try:
        assert images.opened(bytes(damaged)).pixels.dtype == np.uint8
    except PictureError as error:
        assert error.reason in {"kind", "broken", "pixels", "small"}
