"""Which number format (precision) is fastest for so many items on this machine: measured once, kept, looked up."""

import json
import math
import platform
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import torch

from data import atomic
from models import cards, errors
from models.text.classifier import Classifier

PATIENCE_S = 1.0
"""Seconds after which a measurement is not repeated once more."""
MAX_BATCH = 64
PACES = "precision.json"
SAMPLE = (
    "The delivery came two days early and everything was in perfect order.",
    "Das Gerät war nach einer Woche kaputt und niemand antwortet auf meine Briefe.",
    "这家酒店的房间很安静，早餐也很好吃。",
    "كم يستغرق تحويل المال إلى حساب في بنك آخر؟",
    "Ninataka kujua jinsi ya kubadilisha nenosiri langu.",
    "¿Dónde puedo ver las facturas del mes pasado?",
    "यह किताब बहुत अच्छी है, मैं इसे सबको पढ़ने की सलाह दूँगा।",
    "The committee will meet on Thursday to discuss the new timetable.",
)
"""What precisions of text models are measured on: a batch as it comes, several scripts, about the usual length."""


@dataclass(frozen=True)
class LatencyProfile:
    """How long a precision takes on this machine. one: milliseconds for one item; batch: for so many `items`."""

    one: float
    batch: float
    items: int

    def ms(self, items: int) -> float:
        """Milliseconds for so many items, by the straight line through both; more items never take less than one."""
        each = (self.batch - self.one) / max(1, self.items - 1)
        return self.one + max(0.0, each) * (items - 1)


_measuring = threading.Lock()


def fastest(profiles: Mapping[str, LatencyProfile | None], items: int) -> str:
    """The precision that takes least time for so many items, "" of none; one without a pace only where all are."""

    def ms(precision: str) -> float:
        pace = profiles[precision]
        return math.inf if pace is None else pace.ms(items)

    return min(profiles, key=ms, default="")


def latency_profiles(
    classifier: Classifier | Any, clock: Callable[[], float] = time.perf_counter
) -> dict[str, LatencyProfile | None]:
    """How fast each precision that the classifier offers is on this machine, by name; empty where it offers none.

    None stands for one that failed, and for the only one there is, which need not be measured. Measured once for these
    weights, this torch, this processor and what is offered, then kept in the data folder. Measuring leaves the
    classifier in any of its precisions. clock: seconds.
    """
    if not (hasattr(classifier, "precisions") and hasattr(classifier, "use")):
        return {}
    offered = tuple(classifier.precisions())
    if len(offered) < 2:
        return dict.fromkeys(offered)
    with _measuring:
        key, kept = _machine(classifier), _kept()
        found = kept.get(key, {})
        if set(offered) - set(found):
            found = {precision: _measured(classifier, precision, clock) for precision in offered}
            if any(found.values()):
                _keep(kept | {key: found})
    return {precision: found[precision] for precision in offered}


def _measured(classifier: Classifier | Any, precision: str, clock: Callable[[], float]) -> LatencyProfile | None:
    """How fast one item and a batch of the sample, over and over, are; None where it fails.

    Each is the best of five after a run that is not counted, of fewer where that takes long: somebody is waiting.
    """
    with suppress(Exception):
        classifier.use(precision)
        sampled = sample(classifier)
        count = max(len(sampled), min(MAX_BATCH, getattr(classifier, "batch_largest", MAX_BATCH)))
        items = list(islice(cycle(sampled), count))
        one, batch = (1000 * _best(lambda part=part: classifier.predict(part), clock) for part in (items[:1], items))
        return LatencyProfile(round(one, 3), round(batch, 3), len(items))
    return None


def _best(call: Callable[[], Any], clock: Callable[[], float]) -> float:
    call()
    times: list[float] = []
    while len(times) < 5 and sum(times) < PATIENCE_S:
        started = clock()
        call()
        times.append(clock() - started)
    return min(times)


def sample(classifier: Classifier | Any) -> list[Any]:
    """What a classifier is warmed up and measured with: its own sample, else texts."""
    return list(classifier.sample() if hasattr(classifier, "sample") else SAMPLE)


def _machine(classifier: Classifier) -> str:
    """What a measurement holds for: weights, torch, processor."""
    weights = getattr(classifier, "sha256", "")
    if not weights:
        with suppress(errors.ModelError):
            weights = cards.card(classifier.name).files.get(cards.WEIGHTS, "")
    return " | ".join((classifier.name, weights, torch.__version__, processor(classifier.device)))


def processor(device: str) -> str:
    """The name of the GPU or CPU that computes."""
    if device.startswith("cuda") and torch.cuda.is_available():
        return torch.cuda.get_device_name(device)
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _kept() -> dict[str, dict[str, LatencyProfile | None]]:
    """What was measured before, by what it holds for; an entry that is damaged or of an older form is left out."""
    whole = {}
    with suppress(OSError, ValueError, AttributeError):
        for key, entry in json.loads((cards.own() / PACES).read_text(encoding="utf-8")).items():
            with suppress(KeyError, TypeError, ValueError, AttributeError):
                whole[key] = {precision: _profile(told) for precision, told in entry["paces"].items()}
    return whole


def _profile(told: dict[str, Any] | None) -> LatencyProfile | None:
    return None if told is None else LatencyProfile(float(told["one"]), float(told["batch"]), int(told["items"]))


def _keep(measured: Mapping[str, Mapping[str, LatencyProfile | None]]) -> None:
    """Write what was measured; where that cannot be, it is measured again next time."""
    told = {
        key: {"paces": {precision: pace and asdict(pace) for precision, pace in found.items()}}
        for key, found in measured.items()
    }
    with suppress(OSError):
        cards.own().mkdir(parents=True, exist_ok=True)
        atomic.put(cards.own() / PACES, json.dumps(told, indent=1, sort_keys=True).encode())
