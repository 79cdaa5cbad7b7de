"""How the price, number and date reader learns: `python -m models train reader` makes it.

Everything it learns from is drawn here (`synthetic_lines`). The figures are in its card.
"""

import math
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from models import devices, tensors
from models.cards import Card, Source
from models.prices import formats
from models.training import loop
from models.training.run_metadata import run_metadata
from models.training.settings import Fit, Progress, Settings
from models.vision.reader import evaluation, fonts, line_detection, line_reader, synthetic_lines
from models.vision.reader import network as reader_network
from models.vision.reader.calibration import calibrated
from models.vision.reader.character_lm import CharacterLM
from models.vision.reader.synthetic_lines import CONDITIONS, Lines, Round, rendered

MIN_DEV = 30
"""Development lines a condition, at least."""
STRETCH = 0.07
"""By how much of their width lines are stretched or squeezed at most while learning."""
LIMITS = (
    "Learnt from drawn lines only: photographs with glare, folds or handwriting are read less well than these figures.",
    "Knows digits, currency signs and words, and month names; other words on a tag come out wrong or not at all.",
    "Arabic and Persian digits that look the same (0-3, 7-9) are told apart by their neighbours only; hanging Nastaliq "
    "type is not read.",
    "Persian, Tamil, Bengali and Thai are read worst; strong blur, and currency signs in unfamiliar type, cost most of "
    "the errors: look at what is marked as unsure.",
    "A line that runs downwards, or is turned by more than about four degrees, is not read.",
    "A photograph without text mostly reads as nothing; what resembles digits (coins) is read, and marked as unsure. "
    "No distance from what it learnt from tells the two apart: worn lines lie as far.",
)


@dataclass(frozen=True)
class TrainingConfig:
    """How the reader is trained: round after round, each on lines of its own. network: sizes of its layers."""

    rounds: tuple[Round, ...] = (
        Round(Settings(epochs=6, rate=2e-3, weight_decay=0.02, warmup=0.03), 84, mild=0.25, hard=0.3, foreign=0.25),
        Round(Settings(epochs=4, rate=1e-3, weight_decay=0.02, seed=1), 42, mild=0.2, hard=0.55, foreign=0.25),
        Round(Settings(epochs=2, rate=3e-4, weight_decay=0.02, seed=2), 50, mild=0.2, hard=0.5, foreign=0.25),
    )
    network: dict[str, int] = field(default_factory=lambda: {"second": 128, "wide": 256})


CONFIG = TrainingConfig()


def _batches(held: Lines, part: Round, epoch: int) -> Iterator[tuple[Tensor, Tensor, tuple[str, ...]]]:
    """Every line once, lines of about one width together: pixels uint8, widths, what they say."""
    random = np.random.default_rng((part.settings.seed, epoch))
    starts = np.concatenate(([0], np.cumsum(held.widths)))
    order = random.permutation(len(held))
    order = order[np.argsort(held.widths[order] * random.uniform(0.9, 1.1, len(order)))]
    groups = [order[i : i + part.batch] for i in range(0, len(order) - part.batch + 1, part.batch)]
    random.shuffle(groups)
    for group in groups:
        pixels = line_reader.padded([held.pixels[:, starts[i] : starts[i + 1]] for i in group])
        yield pixels, torch.from_numpy(held.widths[group]), tuple(held.drawn[i] for i in group)


def augmented(x: Tensor, widths: Tensor, random: torch.Generator) -> tuple[Tensor, Tensor]:
    """Lines (batch, 1, 32, width) in 0..1 moved, stretched, sheared, dimmed, blurred and given noise.

    widths: (batch,), of each line. Returns the lines, wide enough for all of what was stretched, and their new widths.
    """
    count, room = len(x), math.ceil(STRETCH / (1 - STRETCH) * x.shape[3] / 32) * 32
    x = F.pad(x, (0, room), value=line_detection.GROUND / 255)

    def uniform(low: float, high: float) -> Tensor:
        return torch.rand(count, generator=random) * (high - low) + low

    width = x.shape[3]
    turn = torch.zeros(count, 2, 3)
    turn[:, 0, 0] = uniform(1 - STRETCH, 1 + STRETCH)
    turn[:, 0, 1] = uniform(-0.12, 0.12) * 32 / width
    turn[:, 0, 2] = turn[:, 0, 0] - 1 + uniform(-0.02, 0.02) * 32 / width  # its left edge stays
    turn[:, 1, 1] = uniform(0.85, 1.15)
    turn[:, 1, 2] = uniform(-0.12, 0.12)
    ground = line_detection.GROUND / 255
    grid = F.affine_grid(turn, list(x.shape), align_corners=False)
    x = F.grid_sample(x - ground, grid, padding_mode="zeros", align_corners=False)
    blurred = F.avg_pool2d(x, 3, 1, 1)
    x = torch.where((uniform(0, 1) < 0.1)[:, None, None, None], blurred, x)
    x = x * uniform(0.7, 1.2)[:, None, None, None] + uniform(-0.06, 0.06)[:, None, None, None]
    noise = torch.randn(x.shape, generator=random) * (uniform(-0.05, 0.05).clamp_min(0))[:, None, None, None]
    x = torch.where((uniform(0, 1) < 0.01)[:, None, None, None], 0.5 - x, x)  # taken for the wrong way round
    widths = (widths / turn[:, 0, 0]).ceil().int()
    return (x + noise + ground).clamp(0, 1)[..., : 4 * math.ceil(int(widths.max()) / 4)], widths


def new_network(plan: TrainingConfig) -> reader_network.Network:
    """A network that has learnt nothing yet, the same for the seed of the first round."""
    torch.manual_seed(plan.rounds[0].settings.seed)
    return reader_network.Network(reader_network.Config(formats.characters(), **plan.network))


def fit(
    network: reader_network.Network,
    held: Lines,
    part: Round,
    *,
    checkpoint: Path | None = None,
    on_progress: Callable[[Progress], None] | None = None,
) -> Fit:
    """Train a network on lines, in place. checkpoint: a folder to save to and go on from."""
    number = {char: index + 1 for index, char in enumerate(network.config.alphabet)}
    where = devices.device()
    network.to(where, memory_format=torch.channels_last)

    def batches(epoch: int) -> Iterator[tuple[Tensor, Tensor, Tensor, Tensor]]:
        random = torch.Generator().manual_seed(1_000 * part.settings.seed + epoch)
        for pixels, widths, drawn in _batches(held, part, epoch):
            x, widths = augmented(pixels.float() / 255, widths, random)
            targets = torch.tensor([number[char] for text in drawn for char in text])
            yield x.to(where), widths, targets, torch.tensor([len(text) for text in drawn])

    def loss(batch: tuple[Tensor, Tensor, Tensor, Tensor]) -> Tensor:
        x, widths, targets, lengths = batch
        steps = torch.div(widths + reader_network.STEP - 1, reader_network.STEP, rounding_mode="floor")
        found = network(x, widths).float().log_softmax(-1).transpose(0, 1)
        each = F.ctc_loss(found, targets.to(where), steps, lengths, reduction="none", zero_infinity=True)
        return (each / lengths.clamp_min(4).to(where)).mean()

    return loop.fit(
        network, batches, len(held) // part.batch, loss, part.settings, on_progress=on_progress, checkpoint=checkpoint
    )


def train(
    *,
    working: Path | None = None,
    root: Path | None = None,
    say: Callable[[str], None] = print,
    on_progress: Callable[[str, Progress], None] | None = None,
    plan: TrainingConfig = CONFIG,
    name: str = "reader",
) -> Path:
    """Draw lines, learn from them, calibrate, judge, save weights and card. Returns the model's folder.

    working: a folder for drawn lines and the checkpoint; a run broken off goes on from there. Raises FontError where a
    script has no font, TrainingError, ModelError.
    """
    began = time.monotonic()
    network, results, spelled = new_network(plan), [], []
    for number, part in enumerate(plan.rounds):
        with tempfile.TemporaryDirectory() as folder:
            held = rendered((working or Path(folder)) / "lines", part, part.settings.seed, say=say)
        title = f"reader, round {number + 1} of {len(plan.rounds)}"
        told = partial(on_progress, title) if on_progress else None
        checkpoint = working and working / f"checkpoint-{number}"
        results.append(fit(network, held, part, checkpoint=checkpoint, on_progress=told))
        spelled += held.drawn
    learnt, spelling = len(spelled), CharacterLM.learnt(text for text in spelled if text)
    network = network.cpu().eval().fuse()
    network.load_state_dict(tensors.unpack(tensors.pack(network.state_dict())))  # as it ships
    spoken = sorted({locale.split("_")[0] for names in formats.LOCALES.values() for locale in names})
    count = max(MIN_DEV, len(held) // 80)
    card = Card(
        name=name, task="reader", title="Prices, numbers and dates in 13 scripts",
        purpose="Reads a price tag's line in the local script and says how sure it is.",
        family="convolutional network with CTC, character n-grams", labels=tuple(synthetic_lines.SHARES),
        languages=tuple(spoken),
        data=(Source("Lines drawn by models.vision.renders in CLDR's formats, with the fonts of the machine",
                     "Unicode-3.0 (CLDR, through Babel)", "https://cldr.unicode.org", learnt),),
        splits={"train": learnt, "dev": len(CONDITIONS) * count,
                "test": len(CONDITIONS) * evaluation.TEST_LINES * len(synthetic_lines.SHARES)},
        metrics={},
        training={
            **run_metadata(f"python -m models train {name}", began), "device": results[-1].device,
            "seconds": round(sum(result.seconds for result in results)),
            "seconds_in_all": round(time.monotonic() - began),
            "rounds": [asdict(part) for part in plan.rounds],
            "curve": [[point[:2] for point in result.curve[:: max(1, len(result.curve) // 40)]]
                      for result in results],
            "fonts": {"learnt": _designs(False), "held_out": _designs(True)},
        },
        config={"network": network.config.to_dict()}, limits=LIMITS,
    )  # fmt: skip
    card = calibrated(card, network, spelling, count)
    metrics = evaluation.evaluate_held_out(line_reader.LineReader(card, network, spelling=spelling))
    say(
        f"{name}: character errors {metrics['cer']:.2%}, lines right {metrics['exact_match']:.2%}, calibration error "
        f"{metrics['ece']:.3f}, prices right {metrics['amounts_right']:.2%}"
    )
    others = {line_reader.SPELLING: spelling.to_bytes()}
    return tensors.save(replace(card, metrics=metrics), network.state_dict(), others, root=root)


def _designs(held_out: bool) -> dict[str, list[str]]:
    """Script -> the designs of its fonts on this machine."""
    return {
        script: sorted({fonts.stem(font) for font in fonts.split(held_out, script)})
        for script in synthetic_lines.SHARES
    }
