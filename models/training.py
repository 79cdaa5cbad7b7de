"""The one training loop: AdamW with warm-up and cosine, early stopping, resumable checkpoints, bf16 where it helps.

theta <- theta - eta m / (sqrt(v) + eps) - eta lambda theta: weight decay decoupled from the gradient (Loshchilov and
Hutter 2019, "Decoupled weight decay regularization"), not applied to biases, norms and embeddings. Tables with sparse
gradients are stepped by SparseAdam. A checkpoint is safetensors and JSON, and a run resumed from it takes the
same steps as one that was never broken off.
"""

import json
import math
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import nullcontext
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor, nn


class TrainingError(RuntimeError):
    """A training cannot start or go on; the message says why and what to do."""


class Stopped(Exception):
    """Somebody asked the training to stop; what was learned so far is in the module."""


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
                "Settings need epochs >= 1, rate > 0, 0 <= warmup < 1 and weight_decay >= 0; "
                f"these are {self.epochs}, {self.rate}, {self.warmup}, {self.weight_decay}."
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


def device() -> str:
    """Where to train and serve: "cuda" where there is one, else "cpu"."""
    return "cuda" if torch.cuda.is_available() else "cpu"


def computes_bf16(where: str) -> bool:
    """Whether a device multiplies in bfloat16 itself; elsewhere torch emulates it, several times slower than fp32."""
    if where == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    able = torch.cpu.get_capabilities()
    return any(able.get(name) for name in ("amx_bf16", "avx512_bf16", "bf16", "sve_bf16"))


def precision(where: str, bf16: bool = True) -> Any:
    """The autocast context for a device: bfloat16 where asked for and computed by the device itself, else none."""
    return torch.autocast(where, torch.bfloat16) if bf16 and computes_bf16(where) else nullcontext()


def commit() -> str:
    """The commit the code is at, or "unknown" outside a repository."""
    try:
        done = subprocess.run(
            ["git", "rev-parse", "--short", "HEAD"],  # noqa: S607
            cwd=Path(__file__).parent, capture_output=True, text=True, timeout=10, check=True,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    return done.stdout.strip()


def fit(
    module: nn.Module,
    batches: Callable[[int], Iterable[Any]],
    steps_per_epoch: int,
    loss: Callable[[Any], Tensor],
    settings: Settings,
    *,
    score: Callable[[], float] | None = None,
    score_first: bool = False,
    on_progress: Callable[[Progress], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
    checkpoint: Path | None = None,
    log: Path | None = None,
    every: int = 50,
) -> Fit:
    """Train a module in place and leave its best weights in it (the last, without a score).

    batches(epoch): that epoch's batches, the same ones whenever it is asked for the same epoch. loss(batch): a scalar.
    score(): higher is better, after every epoch, usually macro-F1 on dev. score_first: ask before the first step too,
    and leave the module as it came where no epoch was better. checkpoint: a folder to save to and resume
    from. log: a folder for TensorBoard scalars. Raises TrainingError when the loss is not finite, Stopped when
    should_stop says so (checkpoint saved before).
    """
    where = next(module.parameters()).device.type
    torch.manual_seed(settings.seed)
    optimizers = _optimizers(module, settings)
    steps = settings.epochs * steps_per_epoch
    schedules = [torch.optim.lr_scheduler.LambdaLR(opt, _schedule(settings, steps)) for opt in optimizers]
    state = _State(module, optimizers, schedules, settings)
    if checkpoint:
        state.resume(checkpoint)
    writer = _writer(log)
    began = saved = time.monotonic()
    total, count, last_score = 0.0, 0, None
    try:
        if score and score_first and not state.step:
            module.eval()
            last_score = float(score())
            state.judge(last_score, None)
            state.result.curve.append((0, math.nan, last_score))
            if on_progress:
                on_progress(Progress(0, steps, 0, math.nan, last_score, 0.0))
        for epoch in range(state.epoch, settings.epochs):
            module.train()
            for index, batch in enumerate(batches(epoch)):
                if index < state.within:
                    continue
                with precision(where, settings.bf16):
                    value = loss(batch)
                if not torch.isfinite(value):
                    raise TrainingError(
                        f"The loss is {value.item()} at step {state.step}: lower the learning rate ({settings.rate}) "
                        "or look for broken rows."
                    )
                for optimizer in optimizers:
                    optimizer.zero_grad(set_to_none=True)
                value.backward()
                dense = [p for p in module.parameters() if p.grad is not None and not p.grad.is_sparse]
                torch.nn.utils.clip_grad_norm_(dense, settings.clip)
                for optimizer, schedule in zip(optimizers, schedules, strict=True):
                    optimizer.step()
                    schedule.step()
                state.step += 1
                state.within = index + 1
                total, count = total + value.item(), count + 1
                if state.step % every == 0 or state.step == steps:
                    seconds = state.seconds + time.monotonic() - began
                    state.result.curve.append((state.step, total / count, None))
                    if writer:
                        writer.add_scalar("loss", total / count, state.step)
                        writer.add_scalar("rate", schedules[0].get_last_lr()[0], state.step)
                    if on_progress:
                        on_progress(Progress(state.step, steps, epoch, total / count, last_score, seconds))
                    total, count = 0.0, 0
                if should_stop and should_stop():
                    raise Stopped
                if checkpoint and time.monotonic() - saved > settings.save_every_s:
                    state.save(checkpoint, time.monotonic() - began)
                    saved = time.monotonic()
            state.epoch, state.within = epoch + 1, 0
            if score:
                module.eval()
                last_score = float(score())
                better = state.judge(last_score, epoch)
                state.result.curve.append((state.step, math.nan, last_score))
                if writer:
                    writer.add_scalar("score", last_score, state.step)
                if on_progress:
                    seconds = state.seconds + time.monotonic() - began
                    on_progress(Progress(state.step, steps, epoch, math.nan, last_score, seconds))
                if not better and settings.patience and state.idle >= settings.patience:
                    state.result.ended = f"no better for {settings.patience} epochs"
                    break
            if checkpoint:
                state.save(checkpoint, time.monotonic() - began)
                saved = time.monotonic()
    except Stopped:
        if checkpoint:
            state.save(checkpoint, time.monotonic() - began)
        state.result.ended = "stopped"
        raise
    finally:
        if writer:
            writer.close()
        module.eval()
    state.restore_best()
    state.result.seconds = state.seconds + time.monotonic() - began
    state.result.device = where
    return state.result


def _schedule(settings: Settings, steps: int) -> Callable[[int], float]:
    """Linear warm-up, then half a cosine down to 2 % of the peak."""
    warm = max(1, round(settings.warmup * steps))

    def factor(step: int) -> float:
        if step < warm:
            return (step + 1) / warm
        return 0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * min(1.0, (step - warm) / max(1, steps - warm))))

    return factor


def _optimizers(module: nn.Module, settings: Settings) -> list[torch.optim.Optimizer]:
    tables = {
        id(part.weight) for part in module.modules() if isinstance(part, nn.Embedding | nn.EmbeddingBag) and part.sparse
    }
    embeddings = {id(part.weight) for part in module.modules() if isinstance(part, nn.Embedding | nn.EmbeddingBag)}
    learning = [p for p in module.parameters() if p.requires_grad]
    sparse = [p for p in learning if id(p) in tables]
    decayed = [p for p in learning if p.dim() > 1 and id(p) not in embeddings]
    kept = [p for p in learning if id(p) not in tables and not any(p is other for other in decayed)]
    if not learning:
        raise TrainingError("Nothing to train: every parameter is frozen.")
    made: list[torch.optim.Optimizer] = []
    if decayed or kept:
        groups = [{"params": decayed, "weight_decay": settings.weight_decay}, {"params": kept, "weight_decay": 0.0}]
        made.append(
            torch.optim.AdamW([g for g in groups if g["params"]], lr=settings.rate, betas=(0.9, 0.98), fused=True)
        )
    if sparse:
        made.append(torch.optim.SparseAdam(sparse, lr=settings.sparse_rate))
    return made


def _writer(log: Path | None) -> Any:
    if log is None:
        return None
    try:
        from torch.utils.tensorboard import SummaryWriter  # slow to import, only for runs that ask for it
    except ModuleNotFoundError as error:
        raise TrainingError("tensorboard is missing: pip install -r requirements-train.txt") from error
    return SummaryWriter(str(log))


class _State:
    """What a run has to remember to go on: weights, moments, schedules, random state, place, best so far."""

    def __init__(self, module: nn.Module, optimizers: list, schedules: list, settings: Settings) -> None:
        self.module, self.optimizers, self.schedules, self.settings = module, optimizers, schedules, settings
        self.step = self.epoch = self.within = self.idle = 0
        self.seconds = 0.0
        self.result = Fit()
        self.best: dict[str, Tensor] = {}

    def judge(self, score: float, epoch: int | None) -> bool:
        """Keep the weights when they are the best so far."""
        if self.result.best is not None and score <= self.result.best:
            self.idle += 1
            return False
        self.result.best, self.result.best_epoch, self.idle = score, epoch, 0
        self.best = {name: value.detach().cpu().clone() for name, value in self._learned()}
        return True

    def restore_best(self) -> None:
        with torch.no_grad():
            for name, value in self._learned():
                if name in self.best:
                    value.copy_(self.best[name])

    def _learned(self) -> list[tuple[str, Tensor]]:
        """What training changes: the parameters that are not frozen, and the statistics of batch norms."""
        found = [(name, p) for name, p in self.module.named_parameters() if p.requires_grad]
        for name, part in self.module.named_modules():
            if isinstance(part, nn.modules.batchnorm._BatchNorm) and part.track_running_stats:
                found += [(f"{name}.{key}", value) for key, value in part.named_buffers(recurse=False)]
        return found

    def save(self, folder: Path, seconds: float) -> None:
        """Write everything, then swap it in by one rename."""
        folder.mkdir(parents=True, exist_ok=True)
        tensors = {f"module/{name}": t.detach().cpu().contiguous() for name, t in self.module.state_dict().items()}
        tensors |= {f"best/{name}": t.contiguous() for name, t in self.best.items()}
        tensors["random"] = torch.get_rng_state()
        if torch.cuda.is_available():
            tensors["random_cuda"] = torch.cuda.get_rng_state()
        for number, optimizer in enumerate(self.optimizers):
            for index, entry in optimizer.state_dict()["state"].items():
                for key, value in entry.items():
                    tensors[f"optimizer/{number}/{index}/{key}"] = torch.as_tensor(value).cpu().clone().contiguous()
        notes = {
            "settings": asdict(self.settings),
            "step": self.step,
            "epoch": self.epoch,
            "within": self.within,
            "idle": self.idle,
            "seconds": self.seconds + seconds,
            "result": asdict(self.result),
        }
        save_file(tensors, folder / "state.tmp", metadata={"notes": json.dumps(notes)})
        (folder / "state.tmp").replace(folder / "state.safetensors")

    def resume(self, folder: Path) -> None:
        file = folder / "state.safetensors"
        if not file.exists():
            return
        notes = _notes(file)
        if notes["settings"] != asdict(self.settings):
            raise TrainingError(f"{file} was saved under other settings. Remove it, or train with the same settings.")
        tensors = load_file(file)
        _check_shapes(file, self.module, tensors)
        self.module.load_state_dict(
            {k.removeprefix("module/"): v for k, v in tensors.items() if k.startswith("module/")}
        )
        self.best = {k.removeprefix("best/"): v for k, v in tensors.items() if k.startswith("best/")}
        for number, (optimizer, schedule) in enumerate(zip(self.optimizers, self.schedules, strict=True)):
            found = optimizer.state_dict()
            entries: dict[int, dict[str, Any]] = {}
            for key, value in tensors.items():
                if key.startswith(f"optimizer/{number}/"):
                    index, name = key.split("/")[2:]
                    sparse = isinstance(optimizer, torch.optim.SparseAdam) and name == "step"
                    entries.setdefault(int(index), {})[name] = int(value) if sparse else value
            found["state"] = entries
            optimizer.load_state_dict(found)
            schedule.last_epoch = notes["step"]
            for group, base in zip(optimizer.param_groups, schedule.base_lrs, strict=True):
                group["lr"] = base * schedule.lr_lambdas[0](notes["step"])
        torch.set_rng_state(tensors["random"])
        if "random_cuda" in tensors and torch.cuda.is_available():
            torch.cuda.set_rng_state(tensors["random_cuda"])
        self.step, self.epoch, self.within, self.idle = (notes[k] for k in ("step", "epoch", "within", "idle"))
        self.seconds = notes["seconds"]
        self.result = Fit(**notes["result"] | {"curve": [tuple(point) for point in notes["result"]["curve"]]})


def _notes(file: Path) -> Mapping[str, Any]:
    with safe_open(file, "pt") as opened:
        return json.loads(opened.metadata()["notes"])


def _check_shapes(file: Path, module: nn.Module, tensors: Mapping[str, Tensor]) -> None:
    for name, tensor in module.state_dict().items():
        found = tensors.get(f"module/{name}")
        if found is None or found.shape != tensor.shape:
            raise TrainingError(f"{file} holds another network ({name} differs). Remove it to start anew.")
