"""Which state of the store a deck's figures are of."""

from dashboard import load
from dashboard.i18n.translation import _, day


def state_of_the_store(snapshot: str) -> str:
    """Which arrival of data the figures are of, for engineers."""
    arrived = day(load.snapshots().set_index("id").at[snapshot, "retrieved_at"])
    return _("State of the store: snapshot {snapshot}, arrived {day}.").format(snapshot=snapshot, day=arrived)
