"""What is kept of computations, for all sessions: until what it was made from changes, and no longer."""

from collections.abc import Callable, Hashable
from functools import lru_cache
from typing import Any

from dashboard.load import kept
from data import store

RANKED_BY = ("home_market", "present_markets", "minimum_population", "minimum_known_pct")
"""Settings that a ranking depends on, or the advice that stands on it; the others are a matter of showing."""


def file_version() -> tuple[int, int]:
    """Changes when the store's file is replaced. Builds the store where there is none."""
    try:
        return store.version()
    except store.StoreError:
        store.ensure()
        return store.version()


def version() -> tuple[str, int]:
    """Part of every cache key: changes when the store's data do, not when somebody judges a reply or a model."""
    return _data_version(file_version())


@lru_cache(maxsize=8)
def _data_version(file: tuple[int, int]) -> tuple[str, int]:
    return str(store.path()), store.data_version(connection())


def cached(function: Callable[..., Any]) -> kept.Kept:
    """Cache by arguments and the version of the data: one uncopied result for all sessions, computed by one of them."""
    return kept.Kept(function, lambda: version())


def cached_by_file(function: Callable[..., Any]) -> kept.Kept:
    """The same by the version of the file: for what people said, and the company profile."""
    return kept.Kept(function, lambda: file_version())


def cached_by_profile(function: Callable[..., Any]) -> kept.Kept:
    """The same by the version of the data and of what the company profile says of who is ranked, and from where."""
    return kept.Kept(function, lambda: profile_version(), stands=lambda stamp: stamp[0] == version())


def profile_version() -> tuple[Hashable, ...]:
    profile = settings()
    return version(), *(profile[name] for name in RANKED_BY)


def _opened() -> store.Connection:
    return store.connect()


_connection = kept.Kept(_opened, file_version, sweeps=True)


def connection() -> store.Connection:
    """The open store, read-only; reopened when it was replaced. Raises store.StoreError.

    One that was replaced closes when its last reader lets go of it: hold it for one reading only.
    """
    return _connection()


@cached_by_file
def settings() -> dict[str, str]:
    return store.settings(connection())
