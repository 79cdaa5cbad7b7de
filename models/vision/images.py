"""Pictures that people bring: opened within limits, turned upright, as RGB.

PNG, JPEG and TIFF up to 50 megapixels and 64 MiB. What a file claims to be is not believed: the decoders are asked for
these three formats only, so an SVG, a PDF or an archive under a picture's name is refused. The header's size is checked
before a pixel is decoded, so that a decompression bomb costs no memory.
"""

import io
import warnings
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageOps

FORMATS = ("PNG", "JPEG", "TIFF")
MOST_PIXELS = 50_000_000
MOST_BYTES = 64 * 2**20
SMALLEST = 8


class PictureError(ValueError):
    """A picture cannot be used. reason: one of "empty", "bytes", "kind", "pixels", "small", "broken"; values: what a
    message about it needs."""

    def __init__(self, reason: str, **values: object) -> None:
        super().__init__(f"{reason}: {values}")
        self.reason, self.values = reason, values


@dataclass(frozen=True)
class Picture:
    """pixels: uint8 RGB (height, width, 3), upright. notes: what was changed on the way, of "first frame", "16 bit",
    "CMYK", "transparency", "turned". size: width and height in the file."""

    pixels: np.ndarray
    notes: tuple[str, ...]
    size: tuple[int, int]
    format: str


def opened(content: bytes) -> Picture:
    """Read a picture's file. Raises PictureError for one that is none, too large, too small or broken."""
    if not content:
        raise PictureError("empty")
    if len(content) > MOST_BYTES:
        raise PictureError("bytes", megabytes=len(content) / 2**20, most=MOST_BYTES // 2**20)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # the limit below is stricter
            image = Image.open(io.BytesIO(content), formats=FORMATS)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        if isinstance(error, Image.DecompressionBombError):
            raise PictureError("pixels", most=MOST_PIXELS / 1e6) from error
        raise PictureError("kind", formats=", ".join(FORMATS)) from error
    width, height = image.size
    if width * height > MOST_PIXELS:
        raise PictureError("pixels", width=width, height=height, most=MOST_PIXELS / 1e6)
    if min(width, height) < SMALLEST:
        raise PictureError("small", width=width, height=height, least=SMALLEST)
    notes = ["first frame"] if getattr(image, "n_frames", 1) > 1 else []
    try:
        image.load()
        upright = ImageOps.exif_transpose(image)
        if image.getexif().get(ImageOps.ExifTags.Base.Orientation, 1) != 1:
            notes.append("turned")
        pixels = np.array(_rgb(upright, notes))
    except (OSError, ValueError, SyntaxError, EOFError, IndexError, MemoryError) as error:
        raise PictureError("broken", detail=str(error)) from error
    return Picture(pixels, tuple(notes), (width, height), str(image.format))


def _rgb(image: Image.Image, notes: list[str]) -> Image.Image:
    if image.mode in ("I;16", "I;16B", "I;16L", "I;16N", "I", "F"):
        notes.append("16 bit")
        values = np.asarray(image, dtype=np.float32)
        low, high = np.percentile(values, (0.1, 99.9))  # microscopes use a small part of the range
        return Image.fromarray((np.clip((values - low) / max(high - low, 1), 0, 1) * 255).astype(np.uint8)).convert(
            "RGB"
        )
    if image.mode in ("CMYK", "YCCK"):
        notes.append("CMYK")
        return image.convert("RGB")
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        notes.append("transparency")
        clear = image.convert("RGBA")
        white = Image.new("RGBA", clear.size, "white")
        return Image.alpha_composite(white, clear).convert("RGB")
    return image.convert("RGB")
