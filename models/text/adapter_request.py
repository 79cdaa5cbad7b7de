"""What the Adapt page asks for, and what it gets: an adapter trained on a customer's rows."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from models.cards import Source
    from models.errors import ModelError
    from models.text.adapter_checks import Checked
    from models.text.adapter_training import TrainedAdapter
    from models.training.settings import Progress, Settings


@dataclass(frozen=True)
class AdapterRequest:
    """What to train: the model under it, the language (BCP 47), the rows and whose they are, and how."""

    base: str
    language: str
    checked: "Checked"
    source: "Source"
    settings: "Settings"
    rank: int


@dataclass(frozen=True)
class Learned:
    """What a training left, without the rows it learned from. general: rows of other languages that were repeated
    while learning; missing: why there were none, None else."""

    base: str
    language: str
    source: "Source"
    settings: "Settings"
    made: "TrainedAdapter"
    general: int
    missing: "ModelError | None"


def learn(request: AdapterRequest, report: "Callable[[Progress], None]", should_stop: Callable[[], bool]) -> Learned:
    """Train it, beside general rows where there are any. Raises AdapterError, and Stopped when should_stop says so."""
    from models.errors import ModelError
    from models.text import adapter_rows, adapter_training
    from models.text.lora import Lora

    general: pd.DataFrame | None = None
    missing: ModelError | None = None
    try:
        general = adapter_rows.general(request.language)
    except ModelError as error:
        missing = error
    made = adapter_training.train(
        request.base,
        request.checked,
        request.language,
        general,
        config=Lora(rank=request.rank, alpha=2.0 * request.rank),
        settings=request.settings,
        on_progress=report,
        should_stop=should_stop,
    )
    repeated = int((general["split"] == "train").sum()) if general is not None else 0
    return Learned(request.base, request.language, request.source, request.settings, made, repeated, missing)
