"""Which worker runs which tests: a file stays whole, and so do the journeys, which share a browser and a server.

They go first, since they take longest and mostly wait; the largest files of the others follow.
"""

from xdist.scheduler import LoadFileScheduling

JOURNEYS = "tests/journeys"


class Shifts(LoadFileScheduling):
    """`--dist loadfile`, with the journeys as one file, and that one first."""

    def _split_scope(self, nodeid: str) -> str:
        return JOURNEYS if nodeid.startswith(f"{JOURNEYS}/") else super()._split_scope(nodeid)

    def _assign_work_unit(self, node) -> None:
        if JOURNEYS in self.workqueue:
            self.workqueue.move_to_end(JOURNEYS, last=False)
        super()._assign_work_unit(node)
