"""Text as a picture, in a font that every machine has."""

from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont


@pytest.fixture(scope="session")
def picture() -> Callable[..., np.ndarray]:
    """Draws text in Pillow's own font, (height, width, 3)."""

    def drawn(text, size=40, pad=20, ink=20, ground=240):
        font = ImageFont.load_default(size)
        left, top, right, bottom = font.getbbox(text)
        image = Image.new("RGB", (int(right - left) + 2 * pad, int(bottom - top) + 2 * pad), (ground,) * 3)
        ImageDraw.Draw(image).text((pad - left, pad - top), text, fill=(ink,) * 3, font=font)
        return np.asarray(image)

    return drawn
