"""Vision models as they are served: one picture and many, against onnxruntime on the same network, on a GPU if any."""

import sys
from collections.abc import Callable

import numpy as np
import torch
from stores import row
from torch import Tensor, nn

SLOWEST = 1 / 0.9
"""Our time over onnxruntime's at most: nine tenths of its pictures a second."""
SIZES = {"nuclei": (256, 256), "blood_cells": (480, 640), "reader": (48, 320)}
MANY = 8


def pictures() -> list[dict]:
    """Each model that there is: one picture, pictures a second, onnxruntime, a GPU where there is one."""
    from models import registry

    torch.set_num_threads(2)
    found = []
    for name, size in SIZES.items():
        if name not in registry.names():
            print(f"  left out: there is no model {name}", file=sys.stderr)
            continue
        found += one_model(name, size)
    return found


def one_model(name: str, size: tuple[int, int]) -> list[dict]:
    """A model in its fastest number format, whole (reading the picture and finding things) and its network alone."""
    from models import compress

    model, network, entering, onnx = parts(name, "cpu", size)
    pixels = picture(name, size)
    seconds = {}
    for precision in model.precisions():
        model.use(precision)
        seconds[precision] = compress.timed(lambda: model.predict([pixels]), 15)
    fastest = min(seconds, key=seconds.__getitem__)
    model.use(fastest)
    batch = entering.expand(MANY, *entering.shape[1:]).contiguous()
    alone, theirs = (
        compress.timed(lambda: forward(network, entering, fastest), 15),
        compress.timed(lambda: onnx(entering), 15),
    )
    many = compress.timed(lambda: forward(network, batch, fastest), 6)
    title = f"{name}, {size[1]} x {size[0]}"
    found = [
        row(f"{title}: one picture, whole ({fastest})", 1000 * seconds[fastest], "ms"),
        row(f"{title}: {MANY} at once, the network alone", MANY / many, "/s"),
        row(f"{title}: the network's time in torch ({fastest}) / in onnxruntime (fp32)", alone / theirs, "x", SLOWEST),
    ]
    return found + (on_gpu(name, size, MANY / many) if torch.cuda.is_available() else [])


def on_gpu(name: str, size: tuple[int, int], cpu_rate: float) -> list[dict]:
    """Pictures a second of the network alone on the GPU in bf16, batches of 64, and against the CPU."""
    from models import compress

    _, network, entering, _ = parts(name, "cuda", size)
    batch = entering.expand(64, *entering.shape[1:]).contiguous().to("cuda")

    def run() -> None:
        forward(network, batch, "bf16")
        torch.cuda.synchronize()

    rate = 64 / compress.timed(run, 20)
    return [row(f"{name} on the GPU: pictures a second", rate, "/s"), row(f"{name}: GPU / CPU", rate / cpu_rate, "x")]


def forward(network: nn.Module, batch: Tensor, precision: str) -> None:
    """The network once, as it is served."""
    form = torch.channels_last if batch.dim() == 4 else torch.contiguous_format
    with torch.inference_mode(), torch.autocast(batch.device.type, torch.bfloat16, enabled=precision == "bf16"):
        network(batch.contiguous(memory_format=form))


def parts(
    name: str, device: str, size: tuple[int, int]
) -> tuple[object, nn.Module, Tensor, Callable[[Tensor], object]]:
    """The model, its network, what the network is given for a picture, and the same network under onnxruntime."""
    from models import compress
    from models.vision import compress as forms
    from models.vision import lines, loading

    if name == "reader":
        model = lines.load(name, device)
        entering = torch.rand(1, 1, lines.HEIGHT, 320)
        content = compress.exported(model.network.cpu(), (entering,), ({},))
        model.network.to(device)
    else:
        model = loading.model(name, device)
        entering = model.entering(picture(name, size))
        content = forms.to_onnx(loading.model(name, "cpu").network, model.network.config.multiple)
    session = compress.session(content)
    first = session.get_inputs()[0].name
    return model, model.network, entering, lambda batch: session.run(None, {first: batch.cpu().numpy()})


def picture(name: str, size: tuple[int, int]) -> np.ndarray:
    """Something to look at of a size, uint8 (height, width, 3)."""
    from PIL import Image, ImageDraw, ImageFont

    from models.vision import drawn

    if name == "reader":
        line = Image.new("RGB", (size[1], size[0]), "white")
        ImageDraw.Draw(line).text((12, 6), "1.299,00 EUR", "black", ImageFont.load_default(size=32))
        return np.asarray(line)
    return {"nuclei": drawn.nuclei, "blood_cells": drawn.smear}[name](1, size)
