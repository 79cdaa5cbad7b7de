"""What a training run has to remember to go on as if it had never been broken off: safetensors and JSON."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from models.errors import TrainingError
from models.training.settings import Fit, Settings


class TrainingState:
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
            raise TrainingError(
                "{file} was saved under other settings. Remove it, or train with the same settings.",
                file=str(file),
            )
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
            raise TrainingError(
                "{file} holds another network ({name} differs). Remove it to start anew.",
                file=str(file),
                name=name,
            )
