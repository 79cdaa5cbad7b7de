"""Pictures that people bring: opened within limits, turned upright, as RGB; of a stack, one page after the other.

PNG, JPEG and TIFF up to 50 megapixels and 64 MiB, stacks up to 100 pages and 200 megapixels together. What a file
claims to be is not believed: the decoders are asked for these three formats only, so an SVG, a PDF or an archive under
a picture's name is refused. The header's size is checked before a pixel is decoded, so that a decompression bomb costs
no memory.
"""

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageOps

from data.faults import Fault

FORMATS = ("PNG", "JPEG", "TIFF")
TIFF_STARTS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
MAX_PIXELS = 50_000_000
MAX_BYTES = 64 * 2**20
MAX_PAGES = 100
MAX_STACK_PIXELS = 200_000_000
"""Of all pages of a file together."""
SUBFILE, REDUCED = 254, 1
"""The tag of a TIFF's page, and its bit, that say that it shows another page smaller (TIFF 6.0, section 8)."""
MIN_SIDE = 8
MAX_SIDE = 2048
"""Longest side that a picture is looked at in: 4 megapixels take a CPU some ten seconds and 1 GB. Larger are shrunk."""
TURNS = range(2, 9)
"""EXIF orientations of pictures that lie on a side, stand on their head or are mirrored."""
REASONS = ("empty", "bytes", "kind", "variant", "pixels", "pages", "stack", "small", "narrow", "broken", "memory")


class PictureError(Fault, ValueError):
    """A picture cannot be used. reason: one of REASONS."""

    def __init__(self, template: str, *, reason: str, **values: object) -> None:
        super().__init__(template, **values)
        self.reason = reason


@dataclass(frozen=True)
class Picture:
    """pixels: uint8 RGB (height, width, 3), upright. notes: what was changed on the way, of "first frame" (of several,
    and no page was asked for), "deep" (over 8 bits a value), "CMYK", "transparency", "turned". size: width and height
    in the file."""

    pixels: np.ndarray
    notes: tuple[str, ...]
    size: tuple[int, int]
    format: str


def opened(content: bytes, page: int | None = None) -> Picture:
    """Read a picture's file. page: one of `pages`, None for the first frame.

    Raises PictureError for one that is none, too large, too small, too narrow or broken.
    """
    with _reading(content) as image:
        if page:
            image.seek(page)
        _check(*image.size)
        return _decoded(image, page)


def pages(content: bytes) -> tuple[int, ...]:
    """The frames of a file that are pictures of their own, by their place; a single picture's is (0,).

    Left out are a TIFF's smaller copies of its pages and what a camera's JPEG holds beside its picture. Damaged pages
    are the last ones, and refused by `opened`. Raises PictureError for a file that is no picture, or whose pages are
    too many or have too many pixels together.
    """
    with _reading(content) as image:
        if image.format == "TIFF":
            return tuple(_pages(image)) or (0,)
        count = getattr(image, "n_frames", 1) if image.format == "PNG" else 1
        _check_stack(count, count * image.width * image.height)
        return tuple(range(count))


@contextmanager
def _reading(content: bytes) -> Iterator[Image.Image]:
    """A file as Pillow opens it, before a pixel is decoded; whatever goes wrong with it is a PictureError."""
    if not content:
        raise PictureError("The file is empty.", reason="empty")
    if len(content) > MAX_BYTES:
        raise PictureError(
            "The file has {megabytes} MB; at most {most} MB are read.",
            reason="bytes",
            megabytes=round(len(content) / 2**20, 1),
            most=MAX_BYTES // 2**20,
        )
    try:
        yield _identified(content)
    except PictureError:
        raise
    except MemoryError as error:
        raise PictureError("There is too little memory to open the picture.", reason="memory") from error
    except Exception as error:  # decoders raise much on damaged data: TypeError, KeyError, struct.error
        raise PictureError("The picture is cut short or damaged.", reason="broken") from error


def _pages(image: Image.Image) -> Iterator[int]:
    """The frames of a TIFF that are no smaller copies of others, up to the first damaged one."""
    count = pixels = frame = 0
    while True:
        try:
            image.seek(frame)
            reduced = bool(image.tag_v2.get(SUBFILE, 0) & REDUCED)
        except EOFError:
            return
        except Exception:  # as in `_reading`
            yield frame
            return
        if not reduced:
            count, pixels = count + 1, pixels + image.width * image.height
            _check_stack(count, pixels)
            yield frame
        frame += 1


def _check_stack(pages: int, pixels: int) -> None:
    if pages > MAX_PAGES:
        raise PictureError("The file has too many pages; at most {most} are looked at.", reason="pages", most=MAX_PAGES)
    if pages > 1 and pixels > MAX_STACK_PIXELS:
        raise PictureError(
            "The pages of the file have too many pixels together; at most {most} megapixels are looked at.",
            reason="stack",
            most=MAX_STACK_PIXELS // 1_000_000,
        )


def shrunk(pixels: np.ndarray, most: int) -> np.ndarray:
    """The picture with no side over `most` pixels, uint8 (height, width, 3)."""
    if max(pixels.shape[:2]) <= most:
        return pixels
    image = Image.fromarray(pixels)
    image.thumbnail((most, most), Image.Resampling.BICUBIC, reducing_gap=2.0)
    return np.asarray(image)


def resized(pixels: np.ndarray, factor: float) -> np.ndarray:
    """The picture with `factor` times its sides, uint8 (height, width, 3)."""
    height, width = (max(1, round(side * factor)) for side in pixels.shape[:2])
    return np.asarray(Image.fromarray(pixels).resize((width, height), Image.Resampling.BICUBIC))


def _identified(content: bytes) -> Image.Image:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # `_check` is stricter
            return Image.open(io.BytesIO(content), formats=FORMATS)
    except Image.DecompressionBombError as error:
        raise _too_many_pixels() from error
    except (OSError, ValueError, SyntaxError) as error:
        if content.startswith(TIFF_STARTS):
            raise PictureError(
                "This TIFF is damaged or of a kind that cannot be read, such as one of 64-bit values: save it as PNG.",
                reason="variant",
            ) from error
        raise PictureError("This is not a PNG, JPEG or TIFF picture, whatever its name says.", reason="kind") from error


def _too_many_pixels() -> PictureError:
    most = MAX_PIXELS / 1e6
    return PictureError(
        "The picture has too many pixels; at most {most} megapixels are read.",
        reason="pixels",
        most=int(most) if most.is_integer() else most,
    )


def _check(width: int, height: int) -> None:
    if width * height > MAX_PIXELS:
        raise _too_many_pixels()
    if min(width, height) < MIN_SIDE:
        raise PictureError(
            "The picture has {width} x {height} pixels: too small to see anything in.",
            reason="small",
            width=width,
            height=height,
        )
    if min(width, height) * MAX_SIDE < MIN_SIDE * max(width, height, MAX_SIDE):  # it would be small once it is shrunk
        raise PictureError(
            "The picture has {width} x {height} pixels: too narrow to be looked at whole. Cut out a part of it.",
            reason="narrow",
            width=width,
            height=height,
        )


def _decoded(image: Image.Image, page: int | None) -> Picture:
    size, several = image.size, getattr(image, "is_animated", False)  # n_frames would read every page's header
    notes = ["first frame"] if several and page is None else []
    if image.getexif().get(ImageOps.ExifTags.Base.Orientation) in TURNS:  # asked first: a TIFF is turned on loading
        notes.append("turned")
    pixels = np.array(_rgb(ImageOps.exif_transpose(image), notes))
    return Picture(pixels, tuple(notes), size, str(image.format))


def _rgb(image: Image.Image, notes: list[str]) -> Image.Image:
    if image.mode in ("I;16", "I;16B", "I;16L", "I;16N", "I", "F"):
        notes.append("deep")
        return Image.fromarray(_stretched(np.asarray(image, dtype=np.float32))).convert("RGB")
    if image.mode in ("CMYK", "YCCK"):
        notes.append("CMYK")
        return image.convert("RGB")
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        notes.append("transparency")
        clear = image.convert("RGBA")
        white = Image.new("RGBA", clear.size, "white")
        return Image.alpha_composite(white, clear).convert("RGB")
    return image.convert("RGB")


def _stretched(values: np.ndarray) -> np.ndarray:
    """float32 -> uint8 over the range that is used, of which microscopes' is small; what is no number becomes 0."""
    low, high = map(float, np.percentile(values[np.isfinite(values)], (0.1, 99.9)))
    scaled = np.clip((values - low) / (high - low or 1.0), 0, 1)
    return (np.nan_to_num(scaled, copy=False) * 255).astype(np.uint8)
