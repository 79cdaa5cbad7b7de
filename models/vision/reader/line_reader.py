"""Reads lines (`line_detection`): a convolutional network over them, `ctc`, how sure each character and the line are.

The network gives, every two pixels, a distribution over characters and "nothing". Lines in doubt are looked at again.
Characters come from left to right as drawn and are put in reading order (`bidi`). Made by
`python -m models train reader`; figures are in its card.
"""

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from data import store
from models import cards, devices, tensors
from models.cards import Card
from models.errors import ModelError
from models.precisions import Precisions
from models.prices import alphabet as prices_alphabet
from models.prices import bidi
from models.vision.reader import ctc, line_detection, onnx_runtime, unread
from models.vision.reader.character_lm import CharacterLM
from models.vision.reader.ctc import Path, log_odds
from models.vision.reader.line_detection import GROUND, HEIGHT, Line
from models.vision.reader.network import STEP, Config, Network

PRECISIONS = ("fp32", "bf16", "onnx")
"""onnx: fp32 under onnxruntime."""
CHUNK = 64
"""Lines that torch reads at a time; onnxruntime reads one, which is sooner than filling up others to its width."""
CERTAIN = 0.95
"""A line that is less likely than this among its rivals is looked at again."""
SPELLING = "spelling.json"


@dataclass(frozen=True)
class Character:
    """A character as drawn: its probability of being right, its left and right edge in the picture's pixels."""

    text: str
    confidence: float
    left: float
    right: float


@dataclass(frozen=True)
class Reading:
    """What a line says. text: in reading order. confidence: probability that all of it is right, calibrated.

    characters: from left to right as drawn. sure: whether it may be relied on. note: "" or why not: "empty" (no text),
    "unsure", "small" (lower than 10 pixels). box: left, top, right, bottom of the line in the picture's pixels.
    """

    text: str
    confidence: float
    characters: tuple[Character, ...] = ()
    sure: bool = False
    note: str = ""
    box: tuple[float, float, float, float] | None = None


@dataclass(frozen=True)
class Calibration:
    """From the decoder's certainty to a probability of being right (Platt 1999), found on lines not learnt from.

    line: weights of the log odds of the line among its rivals, of the log odds of its weakest character, of the number
    of characters, and a constant. character: slope and constant on the log odds. threshold: from where a line is sure:
    twice as often right as wrong.
    """

    line: tuple[float, ...] = (1.0, 0.0, 0.0, 0.0)
    character: tuple[float, ...] = (1.0, 0.0)
    threshold: float = 0.667


class LineReader(Precisions):
    """A network that reads pictures of lines. Reading is thread-safe.

    What a number format needs beside the weights is made when it is used for the first time and kept: changing between
    them costs nothing.
    """

    def __init__(
        self, card: Card, network: Network, device: str | None = None, spelling: CharacterLM | None = None
    ) -> None:
        self.spelling, self.weight = spelling, float(card.config.get("spelling", 0.0))
        self.card, self.name = card, card.name
        self.device = device or devices.device()
        self.network = network.to(self.device, memory_format=torch.channels_last).eval()
        self.families = ctc.families(network.config.alphabet)
        self.trust = Calibration(**card.config.get("trust", {}))
        self.forms: dict[str, nn.Module] = {"fp32": self.network}
        self._home = store.home()
        self.use(self.precisions()[-1] if self.device == "cuda" else "fp32")

    def precisions(self) -> tuple[str, ...]:
        """The number formats it can run in at present; onnx on a CPU, once its form was made."""
        useful = {
            "fp32": True,
            "bf16": devices.computes_bf16(self.device),
            "onnx": self.device == "cpu" and onnx_runtime.FORMS.find(self.card),
        }
        return tuple(name for name in PRECISIONS if useful[name])

    def make_precisions(self) -> bool:
        """Make the ONNX form where it can be of use and there is none: seconds, in another process.

        Returns whether `precisions` offers more now. Raises ModelError when it could not be made.
        """
        return self.device == "cpu" and onnx_runtime.FORMS.make_missing(self.card, self._home)

    def form_in(self, precision: str) -> nn.Module:
        """The network in bf16 or as an ONNX session."""
        if precision == "bf16":  # a copy takes half the time of autocast, which casts every call
            return copy.deepcopy(self.network).bfloat16()
        return onnx_runtime.network(self.card, self.network.config)

    @property
    def served(self) -> nn.Module:
        """The network in the number format that it runs in: torch's, or the ONNX form in its place."""
        return self.forms[self.precision]

    def predict(self, images: Sequence[np.ndarray], extra: Any = None) -> list[Reading]:
        """One reading a picture: uint8 (height, width, 3) or (height, width), one line or a small tag each.

        The lines of a tag are joined by line breaks; its confidence is that of all lines being right. extra is not
        used. Raises ValueError for an array that is no picture.
        """
        cut = [line_detection.parts(np.asarray(image)) for image in images]
        flat = self._read([line for found in cut for line in found])
        readings, at = [], 0
        for found in cut:
            readings.append(_together(flat[at : at + len(found)]))
            at += len(found)
        return readings

    def predict_tag(self, image: np.ndarray) -> list[Reading]:
        """Every line of a larger picture with its box, top to bottom; lines without text are left out."""
        return [reading for _, reading in self.seen(image)]

    def seen(self, image: np.ndarray) -> list[tuple[Line, Reading]]:
        """The lines of a larger picture that say something, cut out, and what they say.

        Where none is sure, sheets that lie on something else are looked at by themselves; those count on which
        something longer than a character is surely read.
        """
        image = np.asarray(image)
        found = self._said(line_detection.find(image))
        if any(reading.sure for _, reading in found):
            return found
        kept: list[tuple[Line, Reading]] = []
        for sheet in map(self._said, line_detection.sheets(image)):
            if any(reading.sure and len(reading.text) > 1 for _, reading in sheet):
                kept += [one for one in sheet if not any(_overlap(one[0].box, other.box) for other, _ in kept)]
        return sorted(kept, key=lambda one: one[0].box[1]) or found

    def _said(self, lines: Sequence[Line]) -> list[tuple[Line, Reading]]:
        return [(line, reading) for line, reading in zip(lines, self._read(lines), strict=True) if reading.text]

    def paths(self, lines: Sequence[Line | np.ndarray]) -> list[Path]:
        """What the network makes of lines cut out already, uint8 (32, width) each.

        At those it doubts it looks again, moved and widened: what looks alike once seldom does so every time.
        """
        pixels = [line.pixels if isinstance(line, Line) else line for line in lines]
        order = sorted(range(len(pixels)), key=lambda index: pixels[index].shape[1])
        found: dict[int, Path] = {}
        for start in range(0, len(order), CHUNK):
            group = order[start : start + CHUNK]
            found.update(zip(group, self._paths([pixels[index] for index in group]), strict=True))
        return [found[index] for index in range(len(pixels))]

    def _paths(self, pixels: Sequence[np.ndarray]) -> list[Path]:
        shares = self._shares(pixels)
        alphabet_ = self.network.config.alphabet
        found = [ctc.decoded([look], alphabet_, self.spelling, self.weight) for look in shares]
        doubted = [index for index, path in enumerate(found) if path.share < CERTAIN]
        again = [self._shares([look(pixels[index]) for index in doubted]) for look in (moved, widened)]
        for index, *looks in zip(doubted, *again, strict=True):
            found[index] = ctc.decoded([shares[index], *looks], alphabet_, self.spelling, self.weight)
        return found

    def _shares(self, pixels: Sequence[np.ndarray]) -> list[np.ndarray]:
        """The network's answers for lines of about one width, (steps, characters + 1) each, `consistent`."""
        precision = self.precision  # another thread may change it meanwhile
        network, at_once = self.forms[precision], 1 if precision == "onnx" else CHUNK
        kind = torch.bfloat16 if precision == "bf16" else torch.float32
        found = []
        for start in range(0, len(pixels), at_once):
            group = pixels[start : start + at_once]
            with torch.inference_mode():
                batch, widths = to_input(group, self.device)
                shares = network(batch.to(kind), widths).float().softmax(-1).cpu().numpy()
            found += [
                ctc.consistent(row[: -(-line.shape[1] // STEP)], self.families)
                for row, line in zip(shares, group, strict=True)
            ]
        return found

    def _read(self, lines: Sequence[Line]) -> list[Reading]:
        return [self._reading(line, path) for line, path in zip(lines, self.paths(lines), strict=True)]

    def confidence(self, path: Path) -> float:
        """The probability that a path is right, calibrated."""
        weights = self.trust.line
        return float(1 / (1 + np.exp(-np.clip(np.dot(weights[:3], path.evidence) + weights[3], -40, 40))))

    def _reading(self, line: Line, path: Path) -> Reading:
        text = prices_alphabet.spelled(bidi.logical(prices_alphabet.spelled(path.drawn.strip())))
        if not text:
            return Reading("", 0.0, note="empty", box=line.box)
        left, top, right, bottom = line.box
        scale = (right - left) / line.pixels.shape[1]
        middles = [(step + 0.5) * STEP for step in path.steps]
        characters = []
        for index, (char, middle, peak) in enumerate(zip(path.drawn, middles, path.peaks, strict=True)):
            before = (middles[index - 1] + middle) / 2 if index else middle - HEIGHT / 4
            after = (middles[index + 1] + middle) / 2 if index + 1 < len(middles) else middle + HEIGHT / 4
            low, high = max(0.0, before, middle - HEIGHT * 0.6), min(line.pixels.shape[1], after, middle + HEIGHT * 0.6)
            slope, constant = self.trust.character
            sure = 1 / (1 + np.exp(-(slope * log_odds(peak) + constant)))
            characters.append(Character(char, float(sure), left + low * scale, left + high * scale))
        confidence = self.confidence(path)
        if unread.has_unread_end(line.pixels, path.steps):
            confidence = min(confidence, unread.CONFIDENCE)
        small = bottom - top < 10
        sure = confidence >= self.trust.threshold and not small
        note = "small" if small else "" if sure else "unsure"
        return Reading(text, confidence, tuple(characters), sure, note, line.box)


def _overlap(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    """Whether the middle of one of two boxes lies in the other."""
    boxes = ((one, other), (other, one))
    return any(a[0] < (b[0] + b[2]) / 2 < a[2] and a[1] < (b[1] + b[3]) / 2 < a[3] for a, b in boxes)


def moved(pixels: np.ndarray) -> np.ndarray:
    """A line, uint8 (32, width), two pixels further right: the network's first layers halve its columns twice."""
    return np.pad(pixels, ((0, 0), (2, 0)), constant_values=GROUND)


def widened(pixels: np.ndarray) -> np.ndarray:
    """A line, uint8 (32, width), a fifth wider: narrow characters have more of the network's answers each."""
    width = round(1.2 * pixels.shape[1])
    return np.asarray(Image.fromarray(pixels).resize((width, HEIGHT), Image.BILINEAR))


def padded(pixels: Sequence[np.ndarray]) -> Tensor:
    """Lines side by side as one batch, (lines, 1, 32, widest), uint8, filled up with ground to a multiple of 32."""
    widest = -(-max(p.shape[1] for p in pixels) // 32) * 32
    batch = np.full((len(pixels), 1, HEIGHT, widest), GROUND, dtype=np.uint8)
    for row, line in enumerate(pixels):
        batch[row, 0, :, : line.shape[1]] = line
    return torch.from_numpy(batch)


def to_input(pixels: Sequence[np.ndarray], device: str = "cpu") -> tuple[Tensor, Tensor]:
    """What the network is given for lines: `padded` in 0..1, float32, on a device, and the width of each, (lines,)."""
    return padded(pixels).to(device).float() / 255, torch.tensor([line.shape[1] for line in pixels])


def _together(readings: Sequence[Reading]) -> Reading:
    """The lines of one picture as one reading."""
    said = [reading for reading in readings if reading.text]
    if not said:
        return Reading("", 0.0, note="empty", box=readings[0].box if readings else None)
    if len(said) == 1:
        return said[0]
    boxes = np.array([reading.box for reading in said])
    box = (*boxes[:, :2].min(0), *boxes[:, 2:].max(0))
    notes = [reading.note for reading in said if reading.note]
    return Reading(
        "\n".join(reading.text for reading in said),
        float(np.prod([reading.confidence for reading in said])),
        tuple(character for reading in said for character in reading.characters),
        not notes,
        notes[0] if notes else "",
        tuple(float(v) for v in box),
    )


def load(name: str = "reader", device: str | None = None) -> LineReader:
    """A reader by its name. Raises ModelError when it is missing, altered or not a reader."""
    card = cards.card(name)
    try:
        network = Network(Config.from_dict(card.config["network"]), fused=True)
        network.load_state_dict(tensors.weights(name))
        spelling = CharacterLM.from_bytes(cards.read(name, SPELLING)) if SPELLING in card.files else None
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise ModelError(
            "{name} cannot be built from its card: {error}. Train it again.",
            name=repr(name),
            error=str(error),
        ) from error
    return LineReader(card, network, device, spelling)
