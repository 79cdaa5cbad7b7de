"""Every line of a picture, for a server: what `Reader.predict_tag` gives, a picture at a time."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from models.vision.lines import HEIGHT, Reader, Reading


class TagReader:
    """A reader that answers for whole pictures: the lines of each, from top to bottom. Reading is thread-safe."""

    batch_largest = 1

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self.card, self.name, self.labels, self.device = reader.card, reader.name, reader.card.labels, reader.device

    @property
    def precision(self) -> str:
        """The number format it runs in."""
        return self.reader.precision

    def precisions(self) -> tuple[str, ...]:
        """The number formats it can run in at present."""
        return self.reader.precisions()

    def make_precisions(self) -> bool:
        """Have those made that take long, as `Reader.make_precisions` does: whether there is one more now."""
        return self.reader.make_precisions()

    def use(self, precision: str) -> None:
        """Run in another number format. Raises ValueError for one it does not offer."""
        self.reader.use(precision)

    def sample(self) -> Sequence[np.ndarray]:
        """A picture to warm up with, uint8 (64, 256, 3): bars where a line's characters would be."""
        picture = np.full((2 * HEIGHT, 8 * HEIGHT, 3), 235, np.uint8)
        for left in range(24, 230, 20):
            picture[18:46, left : left + 8] = 30
        return [picture]

    def predict(self, pictures: Sequence[np.ndarray], extra: Any = None) -> list[tuple[Reading, ...]]:
        """uint8 RGB (height, width, 3) each -> the lines of each. Raises ValueError for an array that is no picture."""
        return [tuple(self.reader.predict_tag(picture)) for picture in pictures]
