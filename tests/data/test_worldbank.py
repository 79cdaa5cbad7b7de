"""The World Bank connector against a server of our own: real layouts, each fault, and an end in mid-refresh."""

import gzip
import importlib.util
import itertools
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import httpx
import pytest
import trustme

from data import catalog, ingest, store
from data.sources import client, collected, worldbank
from tests.stored import rows_of, stored

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT.parent / "shared/data/indicators/worldbank-layouts/api-json"
GDP, POPULATION, INTERNET, RULE_OF_LAW = "NY.GDP.MKTP.CD", "SP.POP.TOTL", "IT.NET.USER.ZS", "RL.EST"
CODES = (GDP, POPULATION, INTERNET, RULE_OF_LAW)
MARKETS = (
    "DEU,DE,Germany",
    "FRA,FR,France",
    "KEN,KE,Kenya",
    "USA,US,United States",
    "VEN,VE,Venezuela",
    "VNM,VN,Viet Nam",
)
NOW = datetime(2027, 1, 5, 12, tzinfo=UTC)


def _server_module():
    spec = importlib.util.spec_from_file_location("worldbank_server", Path(__file__).with_name("worldbank_server.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


worldbank_server = _server_module()


@pytest.fixture(autouse=True)
def atlas(tmp_path, monkeypatch):
    """A store of six markets that has never been refreshed."""
    reference = tmp_path / "reference"
    reference.mkdir()
    heads = {
        "markets.csv": ("iso3,iso2,name,region,continent", *(f"{market},000,000" for market in MARKETS)),
        "languages.csv": ("iso3,language", "FRA,fr"),
        "neighbours.csv": ("iso3,neighbour", "FRA,DEU", "DEU,FRA"),
        "timezones.csv": ("iso3,timezone", "FRA,Europe/Paris"),
        "memberships.csv": ("iso3,organisation,source", "FRA,EU,made up"),
        "names.csv": ("iso3,language,name,kind", "FRA,fr,France,display"),
        "aggregates.csv": ("code,name", "WLD,World"),
        "old_codes.csv": ("code,iso3", "FXX,FRA"),
        "observations.csv": ("iso3,indicator,year,value", "FRA,area_km2,2020,551695"),
    }
    for name, lines in heads.items():
        (reference / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    monkeypatch.setattr(store.build, "REFERENCE", reference)
    monkeypatch.setenv("ATLAS_HOME", str(tmp_path / "home"))
    monkeypatch.delenv(worldbank.URL_VARIABLE, raising=False)
    assert store.ensure() == "built"
    return store.path()


@pytest.fixture
def bank():
    with worldbank_server.WorldBank() as server:
        yield server


@pytest.fixture
def waits():
    return []


@pytest.fixture
def refresh(bank, waits):
    """worldbank.refresh against the server, a day later each time, and without the waiting."""
    days = itertools.count()
    patience = worldbank.Patience(read=0.5, pause=0, sleep=waits.append)

    def call(codes=CODES, **options):
        arguments = {"base_url": bank.url, "now": NOW + timedelta(days=next(days)), "patience": patience}
        return worldbank.refresh(codes, **(arguments | options))

    return call


# ------------------------------------------------------------------ what lands


def test_a_first_refresh_lands_every_value_of_the_markets_and_leaves_aggregates_out(refresh, bank):
    report = refresh()
    years = len(worldbank_server.YEARS) - 1
    assert [row.code for row in report.landed] == [*CODES]
    assert {row.rows for row in report.landed} == {len(MARKETS) * years}
    assert report.landed[0].left_out == years * (
        len(worldbank_server.COUNTRIES) - len(MARKETS) + len(worldbank_server.AGGREGATES)
    )
    assert not report.failed
    assert not report.unchanged
    values = stored(GDP)
    assert values[2019] == bank.value(GDP, "FRA", 2019)
    assert 2024 not in values, "a year the API leaves empty is no observation"
    assert stored(GDP, "WLD") == {}


def test_every_refreshable_indicator_of_the_catalog_is_asked_for(refresh, bank):
    report = refresh(None)
    assert not report.failed, report.sentence()
    assert len(report.landed) == len(catalog.refreshable())
    sources = {code: query.get("source") for code, query in bank.requests}
    assert all(sources[i.code] == (None if i.api_source == 2 else "3") for i in catalog.refreshable())


def test_governance_is_asked_for_under_the_names_of_the_2025_revision():
    assert worldbank.api_code(catalog.load()["RL.EST"]) == "GOV_WGI_RL.EST"
    assert worldbank.api_code(catalog.load()["SP.POP.TOTL"]) == "SP.POP.TOTL"


def test_places_without_any_code_are_left_out_and_are_no_duplicates(refresh):
    report = refresh([RULE_OF_LAW])
    assert not report.failed
    assert report.landed[0].rows == len(MARKETS) * (len(worldbank_server.YEARS) - 1)


def test_all_pages_are_read_and_add_up(refresh, bank):
    bank.page_rows = 100
    report = refresh([GDP])
    assert len(stored(GDP)) == len(worldbank_server.YEARS) - 1
    assert report.landed[0].rows == len(MARKETS) * (len(worldbank_server.YEARS) - 1)
    assert bank.downloads(GDP) == 7


def test_the_snapshot_names_source_licence_and_what_arrived(refresh):
    report = refresh()
    [(key, source, licence, status, rows, note)] = rows_of(
        "SELECT id, source, licence, status, rows, note FROM snapshots WHERE source = 'World Bank API'"
    )
    assert (key, source, licence, status) == (report.snapshot, "World Bank API", "CC BY 4.0", "complete")
    assert key.startswith("20270105T120000Z-")
    assert rows == sum(row.rows for row in report.landed)
    assert note == "4 indicators fetched"
    assert {row[0] for row in rows_of("SELECT DISTINCT source FROM observations WHERE indicator = 'SP.POP.TOTL'")} == {
        "World Bank API"
    }


def test_income_groups_and_regions_come_along_and_unclassified_stays_empty(refresh):
    report = refresh([GDP])
    assert report.regrouped == len(MARKETS)
    groups = {iso3: rest for iso3, *rest in rows_of("SELECT iso3, income_group, wb_region FROM markets")}
    assert groups["KEN"] == ["Lower middle income", "Sub-Saharan Africa"]
    assert groups["VEN"] == [None, "Latin America & Caribbean"]
    assert refresh([GDP]).regrouped == 0


def test_progress_counts_up_to_all_and_names_each_outcome(refresh, bank):
    bank.faults[INTERNET] = "retired"
    seen = []
    refresh(on_progress=lambda *state: seen.append(state))
    assert [done for done, *_ in seen] == [1, 2, 3, 4]
    assert {total for _, total, *_ in seen} == {4}
    assert {code: outcome for *_, code, outcome in seen} == dict.fromkeys(CODES, "fetched") | {INTERNET: "failed"}


def test_never_more_than_four_requests_at_once_and_each_says_who_asks(refresh, bank):
    refresh(None, concurrency=50)
    assert 1 <= bank.busiest <= 4
    assert bank.agents == {"lepton-atlas/0.1 (World Bank refresh)"}


def test_requests_keep_the_pause_between_them(bank):
    sleeps = []
    with worldbank.Client(bank.url, worldbank.Patience(pause=5, sleep=sleeps.append)) as client:
        for _ in range(3):
            worldbank.income_groups(client)
    assert [round(wait) for wait in sleeps] == [5, 10]


# ------------------------------------------------------------------ only what changed


def test_a_second_refresh_downloads_nothing_and_leaves_the_file_alone(refresh, bank):
    refresh()
    version, downloads = store.version(), bank.downloads(GDP)
    report = refresh()
    assert report.unchanged == CODES
    assert not report.landed
    assert report.snapshot is None
    assert store.version() == version
    assert bank.downloads(GDP) == downloads
    assert report.sentence().endswith("4 indicators unchanged since the last fetch.")
    assert [file.name for file in store.home().iterdir() if file.name.startswith("atlas.duckdb")] == ["atlas.duckdb"]


def test_a_value_the_bank_changed_is_replaced_and_the_old_one_remembered(refresh, bank):
    first = refresh()
    before = stored(GDP)[2019]
    bank.edits[GDP, "FRA", 2019], bank.last_updated = 123.0, "2026-10-01"
    report = refresh()
    assert [row.changed for row in report.landed] == [1, 0, 0, 0]
    assert stored(GDP)[2019] == 123.0
    assert rows_of("SELECT iso3, year, old_value, old_snapshot, new_value, snapshot FROM revisions") == [
        ("FRA", 2019, before, first.snapshot, 123.0, report.snapshot)
    ]


def test_a_value_the_bank_withdrew_is_taken_out_and_remembered(refresh, bank):
    refresh()
    before = stored(GDP)[2019]
    bank.edits[GDP, "FRA", 2019], bank.last_updated = None, "2026-10-01"
    report = refresh()
    assert [row.withdrawn for row in report.landed] == [1, 0, 0, 0]
    assert 2019 not in stored(GDP)
    assert rows_of("SELECT year, old_value, new_value FROM revisions") == [(2019, before, None)]


def test_a_new_date_without_new_values_makes_no_snapshot_and_is_not_fetched_again(refresh, bank):
    refresh()
    bank.last_updated = "2026-10-01"
    report = refresh()
    assert len(report.landed) == 4
    assert report.snapshot is None
    assert refresh().unchanged == CODES


def test_force_downloads_what_did_not_change_as_well(refresh, bank):
    refresh()
    bank.edits[GDP, "FRA", 2019] = 5.0
    assert not refresh().landed
    assert sum(row.changed for row in refresh(force=True).landed) == 1
    assert stored(GDP)[2019] == 5.0


def test_a_change_lands_even_when_the_clock_went_back(refresh, bank):
    refresh()
    bank.edits[GDP, "FRA", 2019], bank.last_updated = 5.0, "2026-10-01"
    report = refresh(now=NOW - timedelta(days=400))
    assert sum(row.changed for row in report.landed) == 1
    assert stored(GDP)[2019] == 5.0


# ------------------------------------------------------------------ faults

FAULTS = {
    "timeout": ("did not answer within 0.5 s, 4 times over", "Refresh again later."),
    "429": ("refused it as too many requests (429), 4 times over", "Wait some minutes, then refresh again."),
    "500": ("had an error of its own (503), 4 times over", "Refresh again later."),
    "truncated": ("the answer is cut short or not JSON, 4 times over", "Refresh again later."),
    "broken-off": ("broke the answer off, 4 times over", "Refresh again later."),
    "shape": ("the answer's layout has changed: row 1 has no 'date'", "update Lepton Atlas"),
    "object": ("the answer's layout has changed: it is not a header and a list of rows", "update Lepton Atlas"),
    "retired": ("the World Bank has retired it (The indicator was not found.", "mark it `retired`"),
    "refused": ("the API refused the request (message 120: The provided parameter", "update Lepton Atlas"),
    "text": ("the value of VNM in 2023 is 'n/a', not a number", "import a file downloaded from"),
    "nan": ("the answer holds NaN for a value", "import a file downloaded from"),
    "short": ("674 rows arrived, 675 were announced", "import a file downloaded from"),
    "bounds": (
        "the value of VNM in 2023 is -1e+12, below the least its unit (% of population) allows, 0",
        "data/catalog.toml",
    ),
    "html": ("the answer is a web page, not data, 4 times over", "open the indicator's page in a browser"),
    "empty": ("the API has no value for any market", "Its stored values stay."),
    "quarterly": ("is for '2024Q1', not for a year", "import a file downloaded from"),
    "duplicate": ("VNM has two rows for 2023", "import a file downloaded from"),
    "other": ("row 1 is about 'XX.OTHER'", "update Lepton Atlas"),
    "redirect": (
        "sends the request on to http://elsewhere.invalid, which is",
        "ATLAS_WORLD_BANK_URL",
    ),
}


@pytest.mark.parametrize("kind", FAULTS)
def test_the_others_land_the_old_data_stays_and_the_report_says_what_to_do(kind, refresh, bank):
    refresh([INTERNET])
    before = stored(INTERNET)
    bank.last_updated = "2026-10-01"
    bank.faults[INTERNET] = kind
    report = refresh()
    [failure] = report.failed
    what, remedy = FAULTS[kind]
    assert what in str(failure.what)
    assert remedy in str(failure.remedy)
    assert (failure.code, failure.name) == (INTERNET, "Internet users")
    assert {row.code for row in report.landed} == {*CODES} - {INTERNET}
    assert len(stored(GDP)) == len(worldbank_server.YEARS) - 1
    assert stored(INTERNET) == before
    text = report.sentence()
    assert "1 failed (what was stored stays):\n- IT.NET.USER.ZS (Internet users): " in text
    assert str(failure.what) in text
    assert str(failure.remedy) in text
    assert rows_of(f"SELECT status, note FROM snapshots WHERE id = '{report.snapshot}'") == [
        ("partial", "failed: IT.NET.USER.ZS")
    ]


def test_after_a_fault_is_gone_only_the_failed_indicator_is_fetched(refresh, bank):
    bank.faults[INTERNET] = "truncated"
    refresh()
    bank.faults.clear()
    report = refresh()
    assert [row.code for row in report.landed] == [INTERNET]
    assert report.unchanged == tuple(code for code in CODES if code != INTERNET)


def test_pages_that_contradict_each_other_are_refused(refresh, bank):
    bank.page_rows, bank.faults[GDP] = 100, "contradiction"
    [failure] = refresh([GDP, POPULATION]).failed
    assert "page 2 contradicts page 1" in str(failure.what)
    assert "of 2026-07-02 against" in str(failure.what)
    assert str(failure.remedy) == "Refresh again."


def test_an_answer_that_is_too_large_is_not_read_to_the_end(refresh, bank, monkeypatch):
    monkeypatch.setattr(worldbank.client, "MAX_PAGE_BYTES", 20_000)
    report = refresh([GDP, POPULATION])
    assert {str(failure.what) for failure in report.failed} == {"a page of the answer is larger than 0.0191 MB"}


@pytest.mark.parametrize(
    ("body", "patience", "what"),
    [
        (gzip.compress(b" " * (2 << 20)), {}, "larger than 1 MB"),
        (gzip.compress(b"[[1]]"), {"page": -1}, "took longer than -1 s for a page"),
        (gzip.compress(b"[" * 40), {}, "cut short or not JSON"),
    ],
    ids=["unfolds", "drips", "breaks off"],  # a packed body holds the time it was packed at
)
def test_answers_that_unfold_drip_or_break_off_are_given_up(monkeypatch, body, patience, what):
    monkeypatch.setattr(worldbank.client, "MAX_PAGE_BYTES", 1 << 20)
    patience = worldbank.Patience(attempts=1, pause=0, sleep=lambda _: None, **patience)
    packed = {"Content-Encoding": "gzip", "Content-Type": "application/json"}
    with worldbank.Client("http://bank.invalid", patience) as client:
        client._http = httpx.Client(
            transport=httpx.MockTransport(lambda _: httpx.Response(200, content=body, headers=packed))
        )
        with pytest.raises(worldbank.FetchError, match=what):
            client.get("country")


def test_an_answer_of_too_many_pages_is_not_read(refresh, bank, monkeypatch):
    monkeypatch.setattr(worldbank.pages, "MAX_PAGES", 3)
    bank.page_rows = 50
    [failure] = refresh([GDP]).failed
    assert str(failure.what) == "the answer has 14 pages; at most 3 are read"
    assert bank.downloads(GDP) == 1


@pytest.mark.parametrize("kind", ["429-once", "500-once"])
def test_a_fault_that_passes_is_asked_again_and_not_reported(kind, refresh, bank, waits):
    bank.faults[GDP] = kind
    report = refresh()
    assert not report.failed
    assert len(report.landed) == 4
    assert waits, "and between the two requests there was a wait"


def test_a_server_that_asks_to_wait_is_obeyed_up_to_a_minute(refresh, bank, waits):
    bank.faults[GDP] = "429"
    refresh([GDP, POPULATION])
    assert waits.count(7.0) == 3
    bank.retry_after = "86400"
    refresh([GDP, POPULATION])
    assert max(waits) == 60


def test_a_wait_may_be_given_as_a_date_and_nonsense_falls_back_to_our_own():
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    assert client.seconds_of(soon, 60) == pytest.approx(30, abs=2)
    assert client.seconds_of(format_datetime(datetime.now(UTC) - timedelta(days=1)), 60) == 0
    assert client.seconds_of("soon", 60) is None
    assert client.seconds_of(None, 60) is None


def test_waits_grow_and_are_not_the_same_for_everybody(refresh, bank, waits):
    bank.faults[GDP] = "500"
    refresh([GDP])
    assert [int(wait) for wait in waits] == [1, 2, 4]
    assert all(wait % 1 for wait in waits), "jitter"


def test_a_fault_of_the_country_list_does_not_stop_the_indicators(refresh, bank):
    bank.faults["countries"] = "object"
    report = refresh()
    assert len(report.landed) == 4
    [failure] = report.failed
    assert (failure.code, failure.name) == ("countries", "income groups and regions")


def test_a_server_that_fails_again_and_again_is_left_in_peace(refresh, bank):
    codes = [indicator.code for indicator in catalog.refreshable()]
    bank.faults = dict.fromkeys(codes, "500")
    report = refresh(None)
    assert len(report.failed) == len(codes)
    assert len({code for code, _ in bank.requests}) < 20
    assert "not asked for, after 5 failures in a row (the last: 127.0.0.1 had an error of its own" in report.sentence()
    assert len(report.sentence().splitlines()) == 3


def test_when_everything_fails_the_store_is_untouched(refresh, bank):
    bank.faults = dict.fromkeys((*CODES, "countries"), "truncated")
    version = store.version()
    report = refresh()
    assert store.version() == version
    assert len(report.failed) == 5
    assert report.sentence().startswith("Nothing was refreshed, nothing was changed: the answer is cut short")
    assert not list(store.home().glob("*.refresh*"))


def test_a_server_out_of_reach_is_one_line_and_the_store_is_untouched(refresh):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    version = store.version()
    report = refresh(None, base_url=f"http://127.0.0.1:{port}/v2")
    assert store.version() == version
    assert report.sentence() == (
        "Nothing was refreshed, nothing was changed: 127.0.0.1 cannot be reached (Connection refused), 4 times over. "
        "Check the internet connection, the proxy settings and ATLAS_WORLD_BANK_URL, then refresh again."
    )
    assert len(report.failed) == len(catalog.refreshable())


@pytest.fixture
def signed():
    """A server with a certificate of a company's own authority, and that authority."""
    authority, tls = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(tls)
    with worldbank_server.WorldBank(tls=tls) as server:
        yield server, authority


def test_a_certificate_that_is_not_trusted_is_named_with_the_remedy_and_not_asked_again(refresh, signed):
    server, _authority = signed
    version = store.version()
    said = refresh((GDP,), base_url=server.url).sentence()
    assert store.version() == version
    assert said.startswith(
        "Nothing was refreshed, nothing was changed: the certificate of 127.0.0.1 is not trusted here"
    )
    assert "set SSL_CERT_FILE to its certificate file (.pem)" in said
    assert "times over" not in said
    assert server.requests == []


def test_a_companys_own_certificate_is_taken_where_it_is_named(refresh, signed, tmp_path, monkeypatch):
    server, authority = signed
    authority.cert_pem.write_to_path(tmp_path / "company.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "company.pem"))
    report = refresh((GDP,), base_url=server.url)
    assert [len(report.landed), len(report.failed)] == [1, 0]


# ------------------------------------------------------------------ an end in mid-refresh


def _killed_refresh(bank, codes):
    """Run a refresh in a process of its own, and kill it once all but the last code have landed."""
    bank.faults[codes[-1]] = "timeout"
    script = (
        "import sys\nfrom data.sources import worldbank\n"
        "worldbank.refresh(sys.argv[2:], base_url=sys.argv[1],"
        " on_progress=lambda done, total, code, outcome: print(code, outcome, flush=True))"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script, bank.url, *codes],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )
    watchdog = threading.Timer(60, process.kill)
    watchdog.start()
    try:
        landed = [process.stdout.readline().split() for _ in codes[:-1]]
    finally:
        watchdog.cancel()
        process.send_signal(signal.SIGKILL)
        process.wait(timeout=30)
        process.stdout.close()
    assert sorted(landed) == sorted([code, "fetched"] for code in codes[:-1])
    bank.faults.clear()


def test_a_killed_refresh_is_taken_up_where_it_stopped(refresh, bank):
    version = store.version()
    _killed_refresh(bank, CODES)
    assert store.version() == version
    assert stored(GDP) == {}, "readers see the old store until the refresh is whole"
    report = refresh()
    assert report.resumed == CODES[:-1]
    assert [row.code for row in report.landed] == [CODES[-1]]
    assert {bank.downloads(code) for code in CODES[:-1]} == {1}
    assert len(stored(GDP)) == len(worldbank_server.YEARS) - 1
    assert "3 indicators taken over from an interrupted refresh" in report.sentence()
    statuses = rows_of("SELECT status, note FROM snapshots WHERE source = 'World Bank API'")
    assert statuses == [("complete", "4 indicators fetched")]
    assert refresh().unchanged == CODES


def test_what_a_killed_refresh_had_landed_survives_a_day_without_network(refresh, bank):
    _killed_refresh(bank, CODES)
    bank.faults = dict.fromkeys((*CODES, "countries"), "html")
    version = store.version()
    assert len(refresh().failed) == 5
    assert store.version() == version
    bank.faults.clear()
    assert refresh().resumed == CODES[:-1]
    assert {bank.downloads(code) for code in CODES[:-1]} == {1}


def test_what_changed_since_a_killed_refresh_is_fetched_again(refresh, bank):
    _killed_refresh(bank, CODES)
    bank.last_updated, bank.edits[GDP, "FRA", 2019] = "2099-01-01", 9.0
    report = refresh(now=datetime.now(UTC) + timedelta(days=1))
    assert not report.resumed
    assert len(report.landed) == 4
    assert stored(GDP)[2019] == 9.0


# ------------------------------------------------------------------ addresses and arguments


def test_the_base_url_comes_from_the_setting(refresh, bank, monkeypatch):
    monkeypatch.setenv(worldbank.URL_VARIABLE, bank.url + "/")
    assert len(refresh(base_url=None).landed) == 4


@pytest.mark.parametrize(
    "url", ["api.worldbank.org", "ftp://api.worldbank.org", "http://", "http://[::1", "file:///v2", "me:secret@host"]
)
def test_a_base_url_that_is_no_web_address_is_refused_with_the_remedy(url):
    with pytest.raises(store.StoreError, match=r"is not a web address\. Set ATLAS_WORLD_BANK_URL") as refused:
        worldbank.Client(url)
    assert "secret" not in str(refused.value)


def test_the_password_of_an_address_is_never_quoted():
    with worldbank.Client("http://me:secret@bank.invalid/v2") as client:
        client._http = httpx.Client(transport=httpx.MockTransport(lambda _: httpx.Response(401)))
        with pytest.raises(worldbank.FetchError, match=r"See whether http://bank\.invalid is") as refused:
            client.get("country")
    assert "secret" not in str(refused.value)


def test_a_proxy_that_is_no_address_is_refused_without_quoting_it(monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "ftp://me:secret@proxy.invalid")
    with pytest.raises(store.StoreError, match="HTTPS_PROXY") as refused:
        worldbank.Client()
    assert "secret" not in str(refused.value)


def test_a_code_the_api_does_not_serve_is_named():
    with pytest.raises(store.StoreError, match=r"does not serve NO\.SUCH\.CODE, IC\.BUS\.EASE\.XQ\."):
        worldbank.refresh([GDP, "NO.SUCH.CODE", "IC.BUS.EASE.XQ"])


def test_two_refreshes_at_once_do_not_mix(refresh):
    with collected.alone(), pytest.raises(store.StoreBusy, match="under way already"):
        refresh()


def test_others_write_while_a_refresh_waits_for_the_bank(refresh):
    def write(done, total, code, outcome):
        if done == 1:
            store.put_feedback("a", asked_at=NOW, question="q", kind="answer", entries=[], confidence=1.0, verdict="up")

    assert len(refresh(on_progress=write).landed) == 4
    assert len(store.feedback(store.connect())) == 1


def test_an_export_of_a_refreshed_store_is_taken_elsewhere(refresh, tmp_path, monkeypatch):
    refresh(now=datetime.now(UTC))
    ingest.export(tmp_path / "a.parquet")
    monkeypatch.setenv("ATLAS_HOME", str(tmp_path / "another machine"))
    assert ingest.import_file(tmp_path / "a.parquet").fault_count == 0
    assert stored(GDP)


# ------------------------------------------------------------------ the Bank's own answers


def _recorded(answers):
    """A client whose network is a dictionary: (last part of the path, page) -> body."""
    client = worldbank.Client("http://recorded.test/v2", worldbank.Patience(pause=0, sleep=lambda _: None, attempts=1))

    def answer(request):
        key = request.url.path.rsplit("/", 1)[-1], request.url.params.get("page", "1")
        return httpx.Response(200, content=answers[key], headers={"Content-Type": "application/json"})

    client._http = httpx.Client(transport=httpx.MockTransport(answer))
    return client


@pytest.fixture
def samples():
    if not SAMPLES.is_dir():
        pytest.skip("needs ../shared")
    return SAMPLES


@pytest.mark.parametrize(("iso3", "code", "value"), [("FRA", GDP, 2779092236505.85), ("GBR", POPULATION, 66971395.0)])
def test_a_genuine_answer_about_one_country_is_read(iso3, code, value, samples):
    body = (samples / f"country-{iso3}-indicator-{code}.json").read_bytes()
    with _recorded({(code, "1"): body}) as client:
        fetched = worldbank.fetch(client, catalog.load()[code], {iso3})
    assert fetched.last_updated == "2024-03-28"
    assert len(fetched.frame) == 63
    assert fetched.frame.set_index("year")["value"][2022] == value
    assert fetched.left_out == 0


def test_a_genuine_first_page_is_read_and_a_missing_second_one_is_noticed(samples):
    body = gzip.decompress((samples / "country-all-indicator-NY.GDP.MKTP.CD.page1of2.json.gz").read_bytes())
    header, rows = json.loads(body)
    rest = json.dumps([header | {"page": 2}, rows[:24]]).encode()
    with (
        _recorded({(GDP, "1"): body, (GDP, "2"): rest}) as client,
        pytest.raises(worldbank.FetchError, match="10,024 rows arrived, 17,024 were announced"),
    ):
        worldbank.fetch(client, catalog.load()[GDP], {"FRA"})
    whole = json.dumps([header | {"pages": 1, "total": 10_000}, rows]).encode()
    with _recorded({(GDP, "1"): whole}) as client:
        fetched = worldbank.fetch(client, catalog.load()[GDP], {"AFG", "ALB"})
    assert set(fetched.frame["iso3"]) == {"AFG", "ALB"}
    assert fetched.left_out > 5000


def test_the_genuine_country_list_is_read(samples):
    with _recorded({("country", "1"): (samples / "countries.json").read_bytes()}) as client:
        groups = worldbank.income_groups(client).set_index("iso3")
    assert len(groups) == 296 - 79
    assert groups.loc["AFG"].tolist() == ["Low income", "South Asia"]
    assert groups["income_group"].isna().sum() == 1
    assert groups.loc["ABW", "wb_region"] == "Latin America & Caribbean"
