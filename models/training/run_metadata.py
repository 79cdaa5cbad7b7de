"""How and where a model was trained, for its card."""

import platform
import subprocess
import time
from pathlib import Path
from typing import Any

import torch

from models import devices


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


def run_metadata(command: str, began: float) -> dict[str, Any]:
    """How and where a model was trained, for its card. began: time.monotonic() at the start."""
    return {
        "command": command, "device": devices.device(),
        "machine": f"{platform.machine()}, {torch.get_num_threads()} threads",
        "seconds": round(time.monotonic() - began), "commit": commit(), "torch": torch.__version__,
    }  # fmt: skip
