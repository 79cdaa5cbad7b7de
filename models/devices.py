"""Where to compute, and in which number format."""

from contextlib import nullcontext
from typing import Any

import torch


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
