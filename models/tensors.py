"""Tensors of trained models: safetensors beside the card, packed small on disk, whole or not at all."""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors

from data import private
from models.cards import CARD, FILE, NAME, WEIGHTS, Card, card, folder, own, read
from models.errors import ModelError


def weights(name: str) -> dict[str, torch.Tensor]:
    """A model's tensors in fp32, unpacked. Raises ModelError when the file is altered or not safetensors."""
    try:
        return unpack(load_tensors(read(name, WEIGHTS)))
    except SafetensorError as error:
        raise ModelError(
            "The weights of {name} are not safetensors: {error}. Train the model again.",
            name=repr(name),
            error=str(error),
        ) from error


def save(
    made: Card,
    tensors: Mapping[str, torch.Tensor],
    others: Mapping[str, bytes] | None = None,
    *,
    root: Path | None = None,
    packed: bool = True,
) -> Path:
    """Write weights, other files and card into one folder, whole or not at all. Returns the folder.

    Tables over 4,096 values are kept as int8 with one scale a row, the rest in fp16 (packed), else all in fp32.
    root: None for the data folder. Raises ModelError for a name that cannot be one, or when it cannot be written.
    """
    if not NAME.fullmatch(made.name):
        raise ModelError(
            "{name} is no model's name: lower-case letters, digits, '.', '_' and '-' only.",
            name=repr(made.name),
        )
    if odd := [name for name in others or {} if not FILE.fullmatch(name)]:
        raise ModelError(
            "{name} is no name of a model's file.",
            name=repr(odd[0]),
        )
    root = own() if root is None else root
    content = {WEIGHTS: save_tensors(pack(tensors) if packed else {k: v.contiguous() for k, v in tensors.items()})}
    content |= dict(others or {})
    hashes = {name: hashlib.sha256(data).hexdigest() for name, data in content.items()}
    whole = Card(**{entry.name: getattr(made, entry.name) for entry in fields(Card)} | {"files": hashes})
    try:
        root.mkdir(parents=True, exist_ok=True)
        working = Path(tempfile.mkdtemp(prefix=f".{made.name}-", dir=root))
        for name, data in (content | {CARD: whole.to_json().encode()}).items():
            with (working / name).open("wb") as opened:
                opened.write(data)
                opened.flush()
                os.fsync(opened.fileno())
        working.chmod(0o755)
        private.sync(working)
        _swap(working, root / made.name)
        private.sync(root)
    except OSError as error:
        raise ModelError(
            "{name} cannot be saved in {folder}: {error}.",
            name=repr(made.name),
            folder=str(root),
            error=str(error),
        ) from error
    return root / made.name


def _swap(working: Path, target: Path) -> None:
    old = target.with_name(f".{target.name}-old-{os.getpid()}")
    if target.exists():
        target.rename(old)
    working.rename(target)
    shutil.rmtree(old, ignore_errors=True)


SCALE = "::scale"
SMALL = 4096


def pack(tensors: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Tables of over 4,096 values as int8 with one fp16 scale a row (symmetric), other floats as fp16.

    Rows of a narrow table share their scale with their neighbours, so that scales stay small beside what they scale.
    """
    packed = {}
    for name, tensor in tensors.items():
        tensor = tensor.detach().cpu()
        if tensor.is_floating_point() and tensor.dim() == 2 and tensor.numel() > SMALL:
            blocks = tensor.reshape(len(tensor) // _sharing(tensor), -1)
            scale = (blocks.abs().amax(1, keepdim=True) / 127).clamp_min(1e-7).half()
            whole = (blocks / scale.float()).round().clamp(-127, 127).to(torch.int8)
            packed[name] = whole.reshape(tensor.shape).contiguous()
            packed[name + SCALE] = scale.contiguous()
        else:
            packed[name] = (tensor.half() if tensor.is_floating_point() else tensor).contiguous()
    return packed


def _sharing(tensor: torch.Tensor) -> int:
    """How many rows share a scale: the largest power of two that divides their number and holds at most 32 values."""
    rows = 1
    while 2 * rows * tensor.shape[1] <= 32 and len(tensor) % (2 * rows) == 0:
        rows *= 2
    return rows


def unpack(tensors: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """What `pack` made, in fp32; integers that were integers stay so."""
    found = {}
    for name, tensor in tensors.items():
        if name.endswith(SCALE):
            continue
        scale = tensors.get(name + SCALE)
        if scale is not None:
            tensor = (tensor.float().reshape(len(scale), -1) * scale.float()).reshape(tensor.shape)
        found[name] = tensor.float() if tensor.is_floating_point() else tensor
    return found


def size(name: str) -> dict[str, int]:
    """Bytes on disk and number of parameters of a model."""
    tensors = weights(name)
    return {
        "bytes": sum((folder(name) / file).stat().st_size for file in card(name).files),
        "parameters": int(np.sum([tensor.numel() for tensor in tensors.values()])),
    }
