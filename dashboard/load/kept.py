"""Answers that all sessions share, kept while what they were made from stands, and no longer.

The standard library's cache forgets by count; this one forgets by version too: when the store is replaced, whatever was
made from the one before is let go, its open file included, as soon as its last reader has done with it. Streamlit's
cache takes 0.2 ms a call to hash what is hashable already: a page loads a dozen of these on every rerun.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from functools import update_wrapper, wraps
from threading import Lock
from typing import Any
from weakref import WeakValueDictionary, ref

MAX_ANSWERS = 128
"""Answers a function keeps of one version."""


class Kept:
    """A function whose answers are kept by arguments, of the newest version only.

    A kept answer is given at once, whatever else is being computed; the same question is computed by one thread while
    the others wait for it; different questions are computed side by side. Answers are not copied: never change them.
    """

    every: "list[Kept]" = []  # noqa: RUF012 (one list for all, on purpose)

    def __init__(
        self,
        function: Callable[..., Any],
        stamp_now: Callable[[], Hashable],
        most: int = MAX_ANSWERS,
        sweeps: bool = False,
        stands: Callable[[Any], bool] | None = None,
    ) -> None:
        """stamp_now: the version that answers are made from now. most: answers that are kept. sweeps: when an answer of
        a new version is kept here, every cache lets go of what was replaced. stands: whether what a version was made
        from is still there, where stamp_now() asks other caches: a sweep may begin in the middle of their answer."""
        self._function, self._stamp_now, self._most, self._sweeps = function, stamp_now, most, sweeps
        self._stands = stands or (lambda stamp: stamp == stamp_now())
        self._stamp: Hashable = None
        self._answers: OrderedDict[tuple[Hashable, ...], Any] = OrderedDict()
        self._looking = Lock()
        self._computing: WeakValueDictionary[tuple[Hashable, ...], Any] = WeakValueDictionary()
        update_wrapper(self, function)
        Kept.every.append(self)

    def __call__(self, *arguments: Hashable) -> Any:
        stamp = self._stamp_now()
        found = self._look(stamp, arguments)
        if found:
            return found[0]
        with self._looking:
            mine = self._computing.setdefault((stamp, *arguments), Lock())
        with mine:
            found = self._look(stamp, arguments)
            if found:
                return found[0]
            answer = self._function(*arguments)
            self._keep(stamp, arguments, answer)
            return answer

    def forget(self) -> None:
        """Let every answer go."""
        with self._looking:
            self._answers.clear()

    def __len__(self) -> int:
        return len(self._answers)

    def _look(self, stamp: Hashable, arguments: tuple[Hashable, ...]) -> tuple[Any] | None:
        """The kept answer in a tuple of one, since it may be None; None without one."""
        with self._looking:
            if stamp != self._stamp or arguments not in self._answers:
                return None
            self._answers.move_to_end(arguments)
            return (self._answers[arguments],)

    def _keep(self, stamp: Hashable, arguments: tuple[Hashable, ...], answer: Any) -> None:
        if stamp != self._stamp_now():
            return  # the store was replaced while this was computed: nobody can ask for it again
        with self._looking:
            replaced = stamp != self._stamp
            if replaced:
                self._answers.clear()
                self._stamp = stamp
            self._answers[arguments] = answer
            while len(self._answers) > self._most:
                self._answers.popitem(last=False)
        if replaced and self._sweeps:
            forget_replaced()

    def _forget_replaced(self) -> None:
        if self._answers and not self._stands(self._stamp):
            self.forget()


def forget_replaced() -> None:
    """Let go of what was made from replaced versions, in every cache: some may not be asked again for long."""
    for cache in Kept.every:
        cache._forget_replaced()


def of_result(function: Callable[..., Any]) -> Callable[..., Any]:
    """Keep what a function makes of one result, its first argument, for as long as that very result is kept somewhere:
    a page asks the same of a ranking at every rerun. The other arguments are hashable; answers are not copied."""
    kept: dict[int, tuple[ref, dict[tuple[Hashable, ...], Any]]] = {}

    @wraps(function)
    def asked(result: Any, *arguments: Hashable) -> Any:
        number = id(result)
        entry = kept.get(number)
        if entry is None or entry[0]() is not result:
            entry = kept[number] = (ref(result, lambda _gone: kept.pop(number, None)), {})
        answers = entry[1]
        if arguments not in answers:
            answers[arguments] = function(result, *arguments)
        return answers[arguments]

    return asked
