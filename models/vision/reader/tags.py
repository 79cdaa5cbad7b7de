"""Every line of a picture, for a server: what `Reader.predict_tag` gives, a picture at a time."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from models.vision.reader import line_detection, line_reader
from models.vision.reader.line_reader import HEIGHT, LineReader, Reading
from models.vision.saliency import strokes


class TagReader:
    """A reader that answers for whole pictures: the lines of each, from top to bottom. Reading is thread-safe."""

    batch_largest = 1

    def __init__(self, reader: LineReader) -> None:
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

    def explain(self, picture: np.ndarray, label: str | None = None, language: str | None = None) -> np.ndarray:
        """Which strokes speak for the characters that the network reads, line by line, (height, width), 0..1."""
        heat = np.zeros(picture.shape[:2], np.float32)
        for line, _ in self.reader.seen(picture):
            entering, width = line_reader.to_input([line.pixels], self.device)
            parts = strokes(entering, line_detection.GROUND / 255, self._told(entering, width), line.pixels.shape)
            left, top, right, bottom = (round(side) for side in line.box)
            grown = np.asarray(Image.fromarray(parts).resize((right - left, bottom - top), Image.BILINEAR))
            rows, columns = slice(max(0, top), bottom), slice(max(0, left), right)
            shown = heat[rows, columns]
            inside = grown[max(0, -top) :, max(0, -left) :][: shown.shape[0], : shown.shape[1]]
            heat[rows, columns] = np.maximum(shown, inside)
        return heat

    def _told(self, entering: Tensor, width: Tensor) -> Callable[[Tensor], Tensor]:
        """The logits of the characters that are read of a line, summed, for other levels of the same line."""
        network = self.reader.network
        with torch.no_grad():
            read = network(entering, width).argmax(-1, keepdim=True)

        def told(pixels: Tensor) -> Tensor:
            count = len(pixels)
            logits = network(pixels, width.expand(count)).float().gather(2, read.expand(count, -1, -1))
            return torch.where(read > 0, logits, 0).sum((1, 2))

        return told
