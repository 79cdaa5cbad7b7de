"""Every test has its own copy of a store that was built once.

A test of the dashboard that patches nothing finds its copy where the others of its worker do: what was computed on
these very data for one of them (`load.version`) serves the next, as it does for the readers of one server.
"""

import functools
import inspect
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import numpy as np
import pandas as pd
import pytest
from playwright.sync_api import Browser, sync_playwright
from streamlit.components.v2 import manifest_scanner

from analytics.index import recipe
from dashboard.i18n import translation
from data import apart, catalog, ingest, store
from tests.shifts import Shifts

TESTS = Path(__file__).parent
os.environ["ATLAS_TEXT_BASE"] = "off"  # in servers of journeys too; tests of the encoder ask for it
BROWSER = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> Shifts | None:
    """For `--dist loadfile`, which the Makefile asks for."""
    return Shifts(config, log) if config.getoption("dist") == "loadfile" else None


hypothesis.settings.register_profile("atlas", deadline=None)  # how long a case takes depends on the machine
hypothesis.settings.load_profile("atlas")


@pytest.fixture(scope="session", autouse=True)
def components() -> Iterator[None]:
    """Streamlit looks through every installed package for components at every page that a test opens: once will do
    (1.67.0: half a second of a processor each)."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            manifest_scanner, "scan_component_manifests", functools.cache(manifest_scanner.scan_component_manifests)
        )
        yield


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for all tests of a worker: a second Playwright in the same process is refused."""
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.fail("This test needs Chromium: apt-get install chromium", pytrace=False)
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=list(BROWSER))
        yield opened
        opened.close()


@pytest.fixture(autouse=True)
def not_apart(request, monkeypatch) -> None:
    """What pages have done in a process of its own is done here, where the imports are: journeys use the real thing."""
    if request.path.relative_to(TESTS).parts[0] in ("pages", "dashboard"):
        monkeypatch.setattr(apart, "run", _done_here)
        monkeypatch.setenv("ATLAS_LIVE", "off")  # Streamlit's test runner moves its own sliders only


def _done_here(
    function: Callable[..., Any], *arguments: Any, on_message=None, should_stop=None, seconds: float | None = None
) -> Any:
    return function(*arguments, *((on_message, should_stop) if on_message else ()))


@pytest.fixture(scope="session")
def built(tmp_path_factory) -> Path:
    """The folder of a store that holds the embedded facts only. Not to be written to."""
    home = tmp_path_factory.mktemp("built")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ATLAS_HOME", str(home))
        assert store.ensure() == "built"
    return home


@pytest.fixture(scope="session")
def places(tmp_path_factory) -> Path:
    """Where the copies of the stores lie that one test after the other finds in the same place."""
    return tmp_path_factory.mktemp("places")


def copied(source: Path, name: str, request: pytest.FixtureRequest) -> Path:
    """A fresh folder with a copy of the store in `source`; for tests of pages that patch nothing, in a common place."""
    patches = "monkeypatch" in inspect.signature(request.function).parameters
    draws = request.path.relative_to(TESTS).parts[0] in ("pages", "dashboard")
    folder = request.getfixturevalue("places" if draws and not patches else "tmp_path") / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    shutil.copyfile(source / "atlas.duckdb", folder / "atlas.duckdb")
    request.getfixturevalue("monkeypatch").setenv("ATLAS_HOME", str(folder))
    return folder


@pytest.fixture
def home(built, request) -> Path:
    """This test's own folder, with a store of the embedded facts."""
    return copied(built, "home", request)


@pytest.fixture
def empty_home(tmp_path, monkeypatch) -> Path:
    """This test's own folder, with no store in it yet."""
    folder = tmp_path / "empty"
    monkeypatch.setenv("ATLAS_HOME", str(folder))
    return folder


@pytest.fixture
def speak() -> Iterator[Callable[[str | None], None]]:
    """speak("zh") settles the language for this test."""
    yield translation.settle
    translation.settle(None)


@pytest.fixture(scope="session")
def synthetic(built, tmp_path_factory) -> Path:
    """The folder of a store in which every recipe ranks 80 markets on made-up, seeded values. Not to be written to."""
    home = tmp_path_factory.mktemp("synthetic")
    shutil.copyfile(built / "atlas.duckdb", home / "atlas.duckdb")
    observations, countries = made_up(seed=0)
    observations.to_csv(home / "made-up.csv", index=False)
    countries.to_csv(home / "countries.csv", index=False)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ATLAS_HOME", str(home))
        report = ingest.import_file(home / "made-up.csv")
    assert report.fault_count == 0
    return home


@pytest.fixture
def full_home(synthetic, request) -> Path:
    """This test's own folder, with a store in which every recipe ranks 80 markets."""
    return copied(synthetic, "full", request)


def made_up(seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Observations 2015-2024 of every World Bank indicator the recipes use, and the markets' income groups.

    A market's level is drawn once for each indicator and grows by 2 % a year, within the indicator's bounds.
    """
    random = np.random.default_rng(seed)
    known = pd.read_csv(store.REFERENCE / "markets.csv", keep_default_na=False)
    members = pd.read_csv(store.REFERENCE / "memberships.csv")
    wanted = ["USA", "CHN", "DEU", "FRA", "GBR", "JPN", "KOR", "IND", "BRA", "SGP"]
    others = sorted(set(members.loc[members["organisation"] == "UN", "iso3"]) & set(known["iso3"]) - set(wanted))
    markets = wanted + list(random.choice(others, 70, replace=False))
    codes = {code for name in recipe.NAMES for code in recipe.load(name).codes if ":" not in code}
    years, rows = range(2015, 2025), []
    for code in sorted(codes):
        entry = catalog.load()[code]
        low, high = entry.minimum, entry.maximum
        if entry.unit == "annual %":
            levels = random.normal(3, 2, len(markets))
        elif high is not None and low is not None:
            levels = random.uniform(low + 0.1 * (high - low), low + 0.6 * (high - low), len(markets))
        else:
            size = {"persons": 1e7, "current US$": 1e4}.get(entry.unit, 1e3)
            levels = random.lognormal(np.log(size), 1, len(markets))
        for iso3, level in zip(markets, levels, strict=True):
            rows += [(iso3, code, year, round(level * 1.02 ** (year - 2024), 4)) for year in years]
    groups = ["High income", "Upper middle income", "Lower middle income", "Low income"]
    countries = pd.DataFrame({"iso3": markets, "income_group": [groups[i % 4] for i in range(len(markets))]})
    return pd.DataFrame(rows, columns=["iso3", "indicator", "year", "value"]), countries
