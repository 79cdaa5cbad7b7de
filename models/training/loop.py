"""The one training loop: AdamW with warm-up and cosine, early stopping, resumable checkpoints, bf16 where it helps.

theta <- theta - eta m / (sqrt(v) + eps) - eta lambda theta: weight decay decoupled from the gradient (Loshchilov and
Hutter 2019, "Decoupled weight decay regularization"), not applied to biases, norms and embeddings. Tables with sparse
gradients are stepped by SparseAdam. A checkpoint is safetensors and JSON, and a run resumed from it takes the
same steps as one that was never broken off.
"""

import math
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from models.devices import precision
from models.errors import Stopped, TrainingError
from models.training.checkpoint import TrainingState
from models.training.settings import Fit, Progress, Settings


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
    state = TrainingState(module, optimizers, schedules, settings)
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
                        "The loss is {loss} at step {step}: lower the learning rate ({rate}) or look for broken rows.",
                        loss=value.item(),
                        step=state.step,
                        rate=settings.rate,
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
