"""Whatever people bring is opened, or refused with the reason, and never costs more memory than a picture may."""

import io
import struct
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, TiffImagePlugin

from models.vision import images
from models.vision.images import PictureError

NOISE = Image.fromarray(np.random.default_rng(0).integers(0, 256, (40, 60, 3), dtype=np.uint8))


def file(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def held(orientation: int) -> Image.Exif:
    """How the camera was held, as EXIF tells it."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_a_lossless_picture_comes_out_as_it_went_in(kind):
    found = images.opened(file(NOISE, kind))
    assert (found.pixels == np.asarray(NOISE)).all()
    assert (found.notes, found.size, found.format) == ((), (60, 40), kind)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF"])
def test_a_photograph_taken_upright_stands_upright(kind):
    found = images.opened(file(NOISE, kind, exif=held(6)))
    assert found.pixels.shape == (60, 40, 3)
    assert found.notes == ("turned",)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF"])
@pytest.mark.parametrize("orientation", [0, 1, 9])
def test_a_picture_that_was_not_turned_is_not_said_to_be(kind, orientation):
    found = images.opened(file(NOISE, kind, exif=held(orientation)))
    assert (found.pixels.shape, found.notes) == ((40, 60, 3), ())


@pytest.mark.parametrize(
    ("kind", "low", "high"),
    [(np.uint16, 1_000, 3_000), (np.int32, -70_000, 70_000), (np.float32, 0, 1), (np.float32, -0.002, 0.001)],
)
def test_a_picture_of_finer_values_keeps_its_contrast(kind, low, high):
    values = np.linspace(low, high, 40 * 60).reshape(40, 60).astype(kind)
    found = images.opened(file(Image.fromarray(values), "TIFF"))
    assert found.notes == ("deep",)
    assert found.pixels.min() == 0
    assert found.pixels.max() == 255


def test_values_that_are_no_numbers_leave_the_others_their_contrast():
    values = np.linspace(0, 1, 40 * 60, dtype=np.float32).reshape(40, 60)
    plain = images.opened(file(Image.fromarray(values), "TIFF")).pixels
    values[3, 3:6] = np.nan, np.inf, -np.inf
    found = images.opened(file(Image.fromarray(values), "TIFF")).pixels
    assert found[3, 3:6, 0].tolist() == [0, 255, 0]
    assert np.abs(found[4:].astype(int) - plain[4:]).max() <= 1


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


def stack(pages: int, **options: object) -> bytes:
    """A TIFF of that many pages."""
    return file(NOISE, "TIFF", save_all=True, append_images=[NOISE] * (pages - 1), **options)


def test_of_a_stack_only_the_first_page_is_read_however_many_follow(monkeypatch):
    headers = []
    load = TiffImagePlugin.ImageFileDirectory_v2.load
    monkeypatch.setattr(
        TiffImagePlugin.ImageFileDirectory_v2, "load", lambda self, fp: (headers.append(fp.tell()), load(self, fp))[1]
    )
    content = stack(40)
    headers.clear()
    found = images.opened(content)
    assert found.notes == ("first frame",)
    assert len(set(headers)) == 1


@pytest.mark.parametrize("beyond", [0, 50, 7_000])
def test_a_stack_cut_behind_its_first_page_is_that_page(beyond):
    found = images.opened(stack(3)[: len(file(NOISE, "TIFF")) + beyond])
    assert (found.pixels == np.asarray(NOISE)).all()
    assert found.notes == ("first frame",)


def test_every_page_of_a_stack_is_a_picture_and_none_is_called_the_first():
    colours = ("red", "lime", "blue")
    pages = [Image.new("RGB", (20 + n, 20), colour) for n, colour in enumerate(colours)]
    for kind in ("TIFF", "PNG"):
        alike = [page.resize((20, 20)) for page in pages] if kind == "PNG" else pages
        content = file(alike[0], kind, save_all=True, append_images=alike[1:])
        found = [images.opened(content, page) for page in images.pages(content)]
        assert [tuple(one.pixels[5, 5]) for one in found] == [(255, 0, 0), (0, 255, 0), (0, 0, 255)]
        assert [one.size for one in found] == [page.size for page in alike]
        assert not any(one.notes for one in found)


def test_a_picture_by_itself_has_one_page():
    for kind in ("PNG", "JPEG", "TIFF"):
        assert images.pages(file(NOISE, kind)) == (0,)


def test_a_smaller_copy_of_a_page_is_no_page():
    copy = TiffImagePlugin.ImageFileDirectory_v2()
    copy[images.SUBFILE] = images.REDUCED
    small = NOISE.resize((30, 20))
    small.encoderinfo = {"tiffinfo": copy}
    content = file(NOISE, "TIFF", save_all=True, append_images=[small, NOISE])
    assert images.pages(content) == (0, 2)


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
def test_the_pages_of_a_stack_cut_short_are_read_until_there_and_then_refused():
    whole = stack(4)
    content = whole[: len(whole) * 5 // 8]
    readable, *damaged = images.pages(content)[1:]
    assert (images.opened(content, readable).pixels == np.asarray(NOISE)).all()
    assert damaged
    for page in damaged:
        with pytest.raises(PictureError) as caught:
            images.opened(content, page)
        assert caught.value.reason == "broken"


@pytest.mark.parametrize(
    ("limit", "most", "reason", "told"),
    [
        ("MAX_PAGES", 3, "pages", "The file has too many pages; at most 3 are looked at."),
        ("MAX_STACK_PIXELS", 3 * 40 * 60, "stack", "The pages of the file have too many pixels together; at most 0 "),
    ],
)
def test_a_stack_beyond_the_limits_is_refused_and_one_within_is_not(monkeypatch, limit, most, reason, told):
    monkeypatch.setattr(images, limit, most)
    for kind in ("TIFF", "PNG"):
        within, beyond = (
            file(NOISE, kind, save_all=True, append_images=[NOISE.rotate(turn) for turn in range(9, 9 * pages, 9)])
            for pages in (3, 4)
        )
        assert images.pages(within) == (0, 1, 2)
        with pytest.raises(PictureError) as caught:
            images.pages(beyond)
        assert caught.value.reason == reason and str(caught.value).startswith(told)


def of_doubles() -> bytes:
    """A TIFF whose values have 64 bits: its header says so, which is as far as decoders come."""
    content = file(Image.fromarray(np.zeros((40, 60), np.float32)), "TIFF")
    bits = struct.pack("<HHI", 258, 3, 1)
    return content.replace(bits + struct.pack("<H", 32), bits + struct.pack("<H", 64))


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
        (file(NOISE.resize((30_000, 8))), "narrow"),
        (file(NOISE.resize((9, 3_000))), "narrow"),
        (of_doubles(), "variant"),
        (file(NOISE, "TIFF")[:7_330], "broken"),
        (stack(3)[:7_330], "broken"),
        (file(Image.fromarray(np.full((40, 60), np.nan, np.float32)), "TIFF"), "broken"),
        (file(NOISE, "JPEG")[:700], "broken"),
        (file(NOISE)[:300], "broken"),
        (b"\x89PNG\r\n\x1a\n" + b"\x00" * 50, "kind"),
    ],
)
def test_what_is_no_usable_picture_is_refused_with_the_reason(content, reason):
    with pytest.raises(PictureError) as caught:
        images.opened(content)
    assert caught.value.reason == reason
    assert str(caught.value).endswith(".")


def test_a_narrow_picture_is_read_while_something_can_be_seen_on_it():
    assert images.opened(file(NOISE.resize((2_048, 8)))).size == (2_048, 8)
    assert images.shrunk(images.opened(file(NOISE.resize((3_000, 12)))).pixels, images.MAX_SIDE).shape[0] == 8


def test_a_refusal_is_a_sentence_with_its_figures():
    with pytest.raises(PictureError, match=r"^The picture has 30000 x 8 pixels: too narrow to be looked at whole\."):
        images.opened(file(NOISE.resize((30_000, 8))))


def test_too_little_memory_is_not_called_damage(monkeypatch):
    def full(image):
        raise MemoryError

    monkeypatch.setattr(images.ImageOps, "exif_transpose", full)
    with pytest.raises(PictureError) as caught:
        images.opened(file(NOISE))
    assert caught.value.reason == "memory"


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
    monkeypatch.setattr(images, "MAX_BYTES", 1_000)
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
        images.pages(content)
    with pytest.raises(PictureError):
        images.opened(content)


WHOLE = {
    "PNG": file(NOISE),
    "JPEG": file(NOISE, "JPEG", exif=held(6)),
    "TIFF": file(NOISE, "TIFF"),
    "stack": stack(3),
    "packed stack": stack(2, compression="tiff_deflate"),
}


@pytest.mark.filterwarnings("ignore::UserWarning")  # what Pillow says of the damage
@pytest.mark.parametrize("kind", WHOLE)
@settings(max_examples=200, derandomize=True)
@given(st.lists(st.tuples(st.floats(-1, 1), st.integers(0, 255)), max_size=4), st.floats(0, 1))
def test_a_damaged_file_is_opened_or_refused(kind, bytes_wrong, kept):
    """Damage is likelier near the ends, where headers lie; kept: how much is left of the file, all of it from 0.5."""
    damaged = bytearray(WHOLE[kind])
    for place, value in bytes_wrong:
        damaged[int(abs(place) * place * (len(damaged) - 1))] = value
    try:
        found = images.opened(bytes(damaged[: round(min(1.0, 2 * kept) * len(damaged))]))
    except PictureError as error:
        assert error.reason in images.REASONS
    else:
        assert found.pixels.dtype == np.uint8
