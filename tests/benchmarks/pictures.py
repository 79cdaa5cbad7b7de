"""Vision models as they are served: one picture and many, against onnxruntime on the same network, on a GPU if any."""

import sys

import numpy as np
import torch
from stores import row
from texts import a_home_of_its_own
from torch import Tensor, nn

SLOWEST = 1 / 0.9
"""Our time over onnxruntime's at most: nine tenths of its pictures a second."""
SIZES = {"nuclei": (256, 256), "blood_cells": (480, 640), "reader": (48, 320)}
MANY = 8
Given = tuple[Tensor, ...]
"""What a network is given: pictures, for the reader also how wide each line is."""


def pictures() -> list[dict]:
    """Each model that there is: one picture, pictures a second, onnxruntime, a GPU where there is one."""
    from models import cards

    torch.set_num_threads(2)
    found = []
    with a_home_of_its_own():
        for name, size in SIZES.items():
            if name not in cards.names():
                print(f"  left out: there is no model {name}", file=sys.stderr)
                continue
            found += one_model(name, size)
    return found


def one_model(name: str, size: tuple[int, int]) -> list[dict]:
    """A model in its fastest number format, whole (reading the picture and finding things) and its network alone.

    The fastest is that of the network alone: the rest is the same in all of them, and takes longer.
    """
    from models.onnx import variants

    model, entering, onnx = parts(name, "cpu", size)
    if hasattr(model, "make_precisions"):
        model.make_precisions()
    pixels = picture(name, size)
    seconds = {precision: alone(model, precision, [entering], 15) for precision in model.precisions()}
    theirs = variants.timed(lambda: onnx(*entering), 15)
    fastest = min(seconds, key=seconds.__getitem__)
    batches = [entering] * MANY if fastest == "onnx" else [repeated(entering, MANY)]  # as the reader reads many lines
    many = alone(model, fastest, batches, 6)
    whole = variants.timed(lambda: model.predict([pixels]), 15)
    title = f"{name}, {size[1]} x {size[0]}"
    found = [
        row(f"{title}: one picture, whole ({fastest})", 1000 * whole, "ms"),
        row(f"{title}: {MANY} at once, the network alone", MANY / many, "/s"),
        row(
            f"{title}: the network's time as served ({fastest}) / in onnxruntime (fp32)",
            seconds[fastest] / theirs,
            "x",
            SLOWEST,
        ),
    ]
    return found + (on_gpu(name, size, MANY / many) if torch.cuda.is_available() else [])


def alone(model: object, precision: str, batches: list[Given], times: int) -> float:
    """Seconds that a model's network takes for some batches in a number format; the model is left in it."""
    from models.onnx import variants

    model.use(precision)
    network = getattr(model, "served", model.network)
    return variants.timed(lambda: [forward(network, batch, precision) for batch in batches], times)


def on_gpu(name: str, size: tuple[int, int], cpu_rate: float) -> list[dict]:
    """Pictures a second of the network alone on the GPU in bf16, batches of 64, and against the CPU."""
    from models.onnx import variants

    model, entering, _ = parts(name, "cuda", size)
    network = getattr(model, "served", model.network)
    batch = tuple(x.to("cuda") for x in repeated(entering, 64))

    def run() -> None:
        forward(network, batch, "bf16")
        torch.cuda.synchronize()

    rate = 64 / variants.timed(run, 20)
    return [row(f"{name} on the GPU: pictures a second", rate, "/s"), row(f"{name}: GPU / CPU", rate / cpu_rate, "x")]


def repeated(entering: Given, count: int) -> Given:
    """What a network is given, so many times over."""
    return tuple(x.expand(count, *x.shape[1:]).contiguous() for x in entering)


def forward(network: nn.Module, given: Given, precision: str) -> None:
    """The network once, as it is served: the reader's has a copy in bf16 and an ONNX form, the others use autocast."""
    pictures, *rest = given
    pictures = pictures.to(next((p.dtype for p in network.parameters()), torch.float32))
    with torch.inference_mode(), torch.autocast(pictures.device.type, torch.bfloat16, enabled=precision == "bf16"):
        network(pictures.contiguous(memory_format=torch.channels_last), *rest)


def parts(name: str, device: str, size: tuple[int, int]) -> tuple[object, Given, nn.Module]:
    """The model, what its network is given for a picture, and the same network under onnxruntime."""
    from models.vision import load, onnx_export
    from models.vision.reader import line_detection, line_reader, onnx_make

    if name == "reader":
        model = line_reader.load(name, device)
        pixels = line_detection.whole(picture(name, size)).pixels
        entering = line_reader.to_input([pixels])
        content = onnx_make.lines_to_onnx(line_reader.load(name, "cpu").network)
    else:
        model = load.model(name, device)
        entering = (model.entering(picture(name, size)),)
        content = onnx_export.to_onnx(load.model(name, "cpu").network, model.network.config.multiple)
    return model, entering, onnx_export.Session(content, model.network.config, 2)


def picture(name: str, size: tuple[int, int]) -> np.ndarray:
    """Something to look at of a size, uint8 (height, width, 3)."""
    from PIL import Image, ImageDraw, ImageFont

    from models.vision import sample_drawings

    if name == "reader":
        line = Image.new("RGB", (size[1], size[0]), "white")
        ImageDraw.Draw(line).text((12, 6), "1.299,00 EUR", "black", ImageFont.load_default(size=32))
        return np.asarray(line)
    return {"nuclei": sample_drawings.nuclei, "blood_cells": sample_drawings.smear}[name](1, size)
