"""What the vision models say of a picture, in words; a model that is missing or fails says so and stops no other."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from dashboard import fitness_words, load
from dashboard.charts import pictures
from dashboard.i18n.faults import told
from dashboard.i18n.translation import _, number, share
from dashboard.inference import text as language_lab_answers
from models import errors, fitness, hub
from models.fitness import Fitness
from models.vision import images

if TYPE_CHECKING:
    from dashboard.vision.pictures import Chosen
    from models.serving.server import Served

MODELS = {"nuclei": "nuclei", "cells": "blood_cells", "tags": "reader"}
HUB = {"whole": hub.CLASSIFIER, "objects": hub.DETECTOR}
"""What is asked of models that are not ours, and the variable that names each."""
COUNTED = ("nuclei", "cells")
KEPT = 8
"""Pictures whose answers a session remembers, so that a slider does not run the network again."""
SAMPLES_KEPT = 64
SEEN, HEAT = "vision_seen", "vision_heat"
TIMEOUT_S = 180
ROUGH = 0.2
"""A count that is usually further off than this share is said with "about"."""
LIKELY = 0.5
"""Where nothing is at least that likely, nothing is there."""
HEAT_SIDE = 1024
"""Longest side that Grad-CAM is computed at: it keeps every layer's maps."""
CONTOUR_ERROR = 0.35
"""How far, in pixels, a simplified outline may lie from the exact one."""
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Thing:
    """One thing found. outline: x and y of its edge, in the pixels looked at; centre: x, y, box: left, top, right,
    bottom, and area: in pixels of the picture brought; second: the kind that another model sees, and how likely."""

    number: int
    kind: str
    confidence: float
    outline: tuple[np.ndarray, np.ndarray]
    centre: tuple[float, float]
    box: tuple[float, float, float, float]
    area: float
    second: tuple[str, float] | None = None


@dataclass(frozen=True)
class Seen:
    """What a model says of one picture: things (lines of text, `lines.Reading`; labels, `hub.Label`), or the problem in
    the reader's language. served: what it cost, without the answers; ours: whether we trained the model; kind: of the
    picture, as the model's card names it."""

    model: str
    found: tuple[Any, ...] = ()
    unlike: bool = False
    served: "Served | None" = None
    problem: str = ""
    ours: bool = True
    kind: str = ""


def ask(task: str, chosen: "Chosen") -> Seen:
    """One picture, one model; remembered for this session as long as the model stays the same."""
    return _remembered(SEEN, task, chosen, lambda: look(task, chosen))


def look(task: str, chosen: "Chosen") -> Seen:
    """The same, without remembering."""
    ours = task in MODELS
    try:
        server = load.vision_server(MODELS[task]) if ours else load.hub_server(HUB[task])
        served = server.ask([chosen.pixels], timeout_s=TIMEOUT_S)
        made = {"nuclei": _nuclei, "cells": _cells, "objects": _objects}.get(task, _as_told)
        found = made(server.classifier, served.answers[0], chosen)
        unlike = task in COUNTED and server.classifier.is_unlike(served.answers[0])
    except _failures() as error:
        return Seen(MODELS.get(task, ""), problem=language_lab_answers.fault(error), ours=ours)
    except errors.HubError as error:
        return Seen("", problem=told(error), ours=ours)
    except ValueError as error:  # a picture of an unforeseen shape
        log.warning("%s: %s", task, error)
        return Seen(MODELS.get(task, ""), problem=cannot_look(), ours=ours)
    kind = kind_of(chosen.pixels) if task == "nuclei" else ""
    return Seen(server.classifier.name, found, unlike, replace(served, answers=()), ours=ours, kind=kind)


def kind_of(pixels: np.ndarray) -> str:
    """What a microscope picture was taken of, by its colours."""
    from models.vision.nuclei import network as nuclei_network

    return nuclei_network.kind(pixels)


def cannot_look() -> str:
    """What is said of a picture at which looking failed in an unforeseen way."""
    return _("This picture cannot be looked at: something went wrong. Choose another, or cut out a part of it.")


def heat(task: str, chosen: "Chosen", label: str | None) -> np.ndarray | str:
    """Where the network looked, uint8 (height, width), for a kind or for all; or why that cannot be told."""

    def explained() -> np.ndarray | str:
        try:
            small = images.shrunk(chosen.pixels, HEAT_SIDE) if task in COUNTED else chosen.pixels
            values = load.vision_server(MODELS[task]).explain(small, label, timeout_s=TIMEOUT_S).answers
        except _failures() as error:
            return language_lab_answers.fault(error)
        return (np.clip(values, 0, 1) * 255).astype(np.uint8)

    return _remembered(HEAT, f"{task} {label}", chosen, explained)


def _remembered(what: str, about: str, chosen: "Chosen", run: Callable[[], Any]) -> Any:
    """The last answers of this session, of our own samples those of all; a problem is not kept, but met again."""
    ours = bool(chosen.origin or chosen.drawn)
    kept: dict[tuple, Any] = _of_samples(what) if ours else st.session_state.setdefault(what, {})
    key = (about, chosen.digest, chosen.scale, _version(about.split()[0]))
    if (found := kept.get(key)) is not None:
        return found
    told = _("Looking") if about.split()[0] in MODELS else _("Analysing; the first time, the model has to be loaded")
    with st.spinner(told, show_time=True):
        found = run()
    if not (isinstance(found, str) or getattr(found, "problem", "")):
        kept[key] = found
        while len(kept) > (SAMPLES_KEPT if ours else KEPT):
            kept.pop(next(iter(kept)), None)
    return found


@st.cache_resource(show_spinner=False)
def _of_samples(what: str) -> dict[tuple, Any]:
    """What the models say of the pictures that come with the program: the same to every reader."""
    return {}


def _version(task: str) -> tuple[Any, ...]:
    """Changes when the model of a task does."""
    from models.errors import ModelError

    if task in HUB:
        return (hub.wanted(HUB[task]),)
    try:
        return tuple(sorted(load.model_card(MODELS[task]).files.items()))
    except ModelError:
        return ()


def _failures() -> tuple[type[Exception], ...]:
    from models.errors import ModelError, ServingError

    return ModelError, ServingError


# ------------------------------------------------------------------ from a model's answer to things


def _nuclei(model: Any, maps: Any, chosen: "Chosen") -> tuple[Thing, ...]:
    from models.vision.nuclei import instances
    from models.vision.nuclei import network as nuclei_network

    found = instances.instances(maps, model.rule)
    scale = chosen.scale * maps.zoom
    things = []
    for one in nuclei_network.described(maps, found, model.rule):
        left, top, right, bottom = one.box
        outline = _outline(found[top:bottom, left:right] == one.number)
        things.append(
            Thing(
                one.number, "nucleus", one.confidence,
                ((outline[:, 1] + left) / maps.zoom, (outline[:, 0] + top) / maps.zoom),
                (one.centre[1] / scale, one.centre[0] / scale), tuple(v / scale for v in one.box), one.area / scale**2,
            )
        )  # fmt: skip
    return tuple(things)


def _outline(inside: np.ndarray) -> np.ndarray:
    """The longest edge of a shape, (points, 2) as row and column, closed."""
    from skimage.measure import approximate_polygon, find_contours

    edges = find_contours(np.pad(inside, 1).astype(np.float32), 0.5)
    longest = max(edges, key=len) - 1
    return approximate_polygon(longest, CONTOUR_ERROR).astype(np.float32)


def _cells(model: Any, found: Any, chosen: "Chosen") -> tuple[Thing, ...]:
    chances = model.kinds(chosen.pixels, found.boxes) if len(found.boxes) else np.zeros((0, len(model.labels)))
    things = []
    for place, (box, kind, sure, chance) in enumerate(
        zip(found.boxes.tolist(), found.classes.tolist(), found.confidence.tolist(), chances, strict=True)
    ):
        best = int(chance.argmax())
        left, top, right, bottom = (v / chosen.scale for v in box)
        xs, ys = pictures.box(*box)
        things.append(
            Thing(
                place + 1, model.labels[kind], sure, (np.array(xs), np.array(ys)),
                ((left + right) / 2, (top + bottom) / 2), (left, top, right, bottom), (right - left) * (bottom - top),
                (model.labels[best], float(chance[best])),
            )
        )  # fmt: skip
    return tuple(things)


def _objects(model: Any, found: Any, chosen: "Chosen") -> tuple[Thing, ...]:
    things = []
    for place, one in enumerate(found):
        left, top, right, bottom = (v / chosen.scale for v in one.box)
        things.append(
            Thing(
                place + 1, one.label, one.score, pictures.box(*one.box), ((left + right) / 2, (top + bottom) / 2),
                (left, top, right, bottom), (right - left) * (bottom - top),
            )
        )  # fmt: skip
    return tuple(things)


def _as_told(model: Any, found: Any, chosen: "Chosen") -> tuple[Any, ...]:
    return tuple(found)


# ------------------------------------------------------------------ words


def kinds(task: str) -> tuple[str, ...]:
    """The kinds of things of a task, in the order they are told."""
    return ("nucleus",) if task == "nuclei" else ("RBC", "WBC", "Platelets")


def kind_name(kind: str) -> str:
    """One thing of a kind, in the reader's language."""
    return {
        "nucleus": _("nucleus"), "RBC": _("red cell"), "WBC": _("white cell"), "Platelets": _("platelet"),
    }.get(kind, kind)  # fmt: skip


def kinds_name(kind: str) -> str:
    """Things of a kind, as a heading."""
    return {
        "nucleus": _("Nuclei"), "RBC": _("Red cells"), "WBC": _("White cells"), "Platelets": _("Platelets"),
    }.get(kind, kind)  # fmt: skip


def counted(kind: str, count: float) -> str:
    """A number of things of a kind: 1 white cell, 17 red cells."""
    n = number(count, 9)
    one = {
        "nucleus": _("{n} nucleus"),
        "RBC": _("{n} red cell"),
        "WBC": _("{n} white cell"),
        "Platelets": _("{n} platelet"),
    }
    more = {
        "nucleus": _("{n} nuclei"),
        "RBC": _("{n} red cells"),
        "WBC": _("{n} white cells"),
        "Platelets": _("{n} platelets"),
    }
    return (one if count == 1 else more)[kind].format(n=n)  # fmt: skip


def expected(task: str, things: Sequence[Thing]) -> dict[str, tuple[float, float, float]]:
    """How many things of each kind are there, with a 95 % interval: every candidate counts as much as it is likely.

    Nothing, where none of a kind is at least `LIKELY`.
    """
    from models.vision import counts

    card, told = load.model_card(MODELS[task]), {}
    for kind in kinds(task):
        sure = [one.confidence for one in things if one.kind == kind]
        likely = max(sure, default=0.0) >= LIKELY
        told[kind] = counts.count_interval(sure, card.config["counts"][kind]) if likely else (0.0, 0.0, 0.0)
    return told


def headline(task: str, seen: Seen) -> str:
    """The answer in a line."""
    if seen.problem:
        return _("No model has looked at this yet")
    if seen.unlike:
        return not_made_for(task)
    there = {kind: value for kind, value in expected(task, seen.found).items() if round(value[0]) > 0}
    if not there:
        return _("No nucleus found") if task == "nuclei" else _("No blood cell found")
    usual = usually_off(task)
    rough, plain = _("about {things}"), "{things}"
    told = _(", ").join(
        (rough if task != "nuclei" and usual.get(kind, 0.0) > ROUGH else plain).format(
            things=counted(kind, round(mean))
        )
        for kind, (mean, _low, _high) in there.items()
    )
    if not fit_for(task, seen.kind).ready:
        return _("Perhaps {what}").format(what=told)
    told = _("{things} counted").format(things=_begun(told))
    if "nucleus" in usual:
        return _("{counted}; usually right within {share}").format(counted=told, share=share(usual["nucleus"]))
    return told


def not_made_for(task: str) -> str:
    """What is said, and no number, of a picture unlike those a model learned from."""
    if task == "nuclei":
        return _("This model is made for fluorescence images and cannot count in this picture")
    return _("This model is made for stained blood smears and cannot count in this picture")


def usually_off(task: str) -> dict[str, float]:
    """By kind, how far four counts in five were off on test pictures, as a share; nothing where nobody measured."""
    card = language_lab_answers.card_of(MODELS[task])
    return dict(card.metrics.get("count_within") or {}) if card else {}


def fit_for(task: str, kind: str) -> Fitness:
    """Whether a model may be relied on for the kind of picture it was shown; of smears, its weakest kind of cell."""
    card = language_lab_answers.card_of(MODELS[task])
    if card is None:
        return Fitness(fitness.UNKNOWN)
    if task == "nuclei":
        return fitness.of_kind(card.metrics, kind)
    order = (fitness.UNKNOWN, fitness.WEAK, fitness.READY)
    judged = [fitness.of_kind(card.metrics, one) for one in kinds(task)]
    return min(judged, key=lambda one: (order.index(one.verdict), one.score or 0.0))


def picture_kind(kind: str) -> str:
    """A kind of picture in the reader's language, as one speaks of it."""
    return {
        "fluorescence": _("fluorescence pictures"),
        "bright field": _("bright-field pictures"),
        "stained on white": _("pictures stained on white"),
        "stained tissue": _("stained tissue"),
    }.get(kind, _("blood smears"))


def banner(task: str, seen: Seen) -> None:
    """That a kind of picture is not one to rely on, where it is not and something was counted."""
    if task in COUNTED and not seen.problem and not seen.unlike:
        fitness_words.banner(fit_for(task, seen.kind), picture_kind(seen.kind))


def cost(seen: Seen, chosen: "Chosen") -> str:
    """Device, milliseconds, number format, size of the picture, model and its test figure: the line at the foot."""
    if seen.served is None:
        return ""
    card = language_lab_answers.card_of(seen.model) if seen.ours else None
    named = _("model {model} v{version}") if seen.ours else _("model {model}, not ours")
    height, width = chosen.pixels.shape[:2]
    parts = [
        language_lab_answers.computed_on(seen.served),
        _("{ms} ms for {width} x {height} pixels").format(
            ms=number(seen.served.latency_ms, 3), width=number(width, 9), height=number(height, 9)
        ),
        named.format(model=f"`{seen.model}`", version=card.version if card else "?"),
    ]
    return " · ".join(part for part in parts if part)


def quality(task: str, seen: Seen) -> str:
    """How good the model is on test pictures of the kind it was shown, in a sentence; "" where a banner says it, and
    where nobody measured."""
    if task in COUNTED and (seen.unlike or not (judged := fit_for(task, seen.kind)).ready):
        return ""
    if task == "nuclei":
        return _("{group}: {figure}").format(group=_begun(picture_kind(seen.kind)), figure=fitness_words.figure(judged))
    card = language_lab_answers.card_of(MODELS[task])
    found = card.metrics if card else {}
    if "exact_match" in found:
        return _("On {n} lines it never saw it reads {exact} without an error.").format(
            n=number(found.get("n", float("nan")), 9), exact=share(found["exact_match"])
        )
    if "map50" in found:
        return _("On {n} test smears its average precision is {ap}{interval}.").format(
            n=number(found.get("n", float("nan")), 9), ap=number(found["map50"], 3), interval=_interval(found, "map50")
        )
    return ""


def _begun(line: str) -> str:
    return line[:1].upper() + line[1:]


def _interval(found: Any, name: str) -> str:
    low, high = found.get(f"{name}_low"), found.get(f"{name}_high")
    if low is None or high is None:
        return ""
    return _(" (95 %: {low} to {high})").format(low=number(low, 3), high=number(high, 3))
