"""How to train, how far it is, and what came out: plain data, without torch."""

from dataclasses import dataclass, field

from models.errors import TrainingError


@dataclass(frozen=True)
class Settings:
    """How to train. rate: peak learning rate; warmup: share of all steps; patience: evaluations without a better
    score before stopping (0: never); clip: largest gradient norm; bf16: autocast to bfloat16."""

    epochs: int = 5
    rate: float = 1e-3
    sparse_rate: float = 2e-3
    weight_decay: float = 0.01
    warmup: float = 0.06
    clip: float = 1.0
    patience: int = 0
    seed: int = 0
    bf16: bool = True
    save_every_s: float = 60.0

    def __post_init__(self) -> None:
        if self.epochs < 1 or self.rate <= 0 or not 0 <= self.warmup < 1 or self.weight_decay < 0:
            raise TrainingError(
                "Settings need epochs >= 1, rate > 0, 0 <= warmup < 1 and weight_decay >= 0; these are {epochs}, "
                "{rate}, {warmup}, {weight_decay}.",
                epochs=self.epochs,
                rate=self.rate,
                warmup=self.warmup,
                weight_decay=self.weight_decay,
            )


@dataclass(frozen=True)
class Progress:
    """Where a training stands: loss is the mean since the last report, score that of the last evaluation on dev."""

    step: int
    steps: int
    epoch: int
    loss: float
    score: float | None
    seconds: float

    @property
    def eta_s(self) -> float:
        """Seconds to go at the pace so far."""
        return self.seconds / max(self.step, 1) * (self.steps - self.step)


@dataclass
class Fit:
    """What came out: the best score and its epoch (None: before any step), the curve [(step, loss, score)], seconds,
    why it ended."""

    best: float | None = None
    best_epoch: int | None = 0
    curve: list[tuple[int, float, float | None]] = field(default_factory=list)
    seconds: float = 0.0
    ended: str = "all epochs"
    device: str = "cpu"
