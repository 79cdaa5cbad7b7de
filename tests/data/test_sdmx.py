"""The SDMX connector against a service of our own: both editions of SDMX-CSV, each fault, and an end in mid-refresh."""

import importlib.util
import itertools
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from data import __main__ as command
from data import catalog, ingest, private, store
from data.sources import client, collected, publishers, sdmx
from data.sources.client import Answer, FetchError
from data.sources.sdmx import answers, series
from data.sources.sdmx.kept import Kept
from tests.commands import called
from tests.stored import rows_of, stored

AI, RESEARCHERS, RULES = "oecd:ai_use", "oecd:researchers", "oecd:pmr"
NOW = datetime(2027, 1, 5, 12, tzinfo=UTC)


def _server_module():
    spec = importlib.util.spec_from_file_location("sdmx_server", Path(__file__).with_name("sdmx_server.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


sdmx_server = _server_module()
YEARS = sdmx_server.YEARS


@pytest.fixture(autouse=True)
def at_home(home, monkeypatch):
    """A store of the embedded facts, and no address from outside."""
    for service in sdmx.SERVICES.values():
        monkeypatch.delenv(service.address.variable, raising=False)


@pytest.fixture
def service():
    with sdmx_server.Service() as server:
        yield server


@pytest.fixture
def waits():
    return []


@pytest.fixture
def refresh(service, waits):
    """sdmx.refresh of OECD against the server, a day later each time, and without the waiting."""
    days = itertools.count()
    patience = sdmx.Patience(read=2, pause=0, sleep=waits.append)

    def call(codes=(AI,), key="oecd", **options):
        arguments = {"base_url": service.url, "now": NOW + timedelta(days=next(days)), "patience": patience}
        return sdmx.refresh(key, codes, **(arguments | options))

    return call


# ------------------------------------------------------------------ what lands


@pytest.mark.parametrize("version", ["1.0", "2.0"])
def test_a_first_refresh_lands_the_markets_and_leaves_groups_out_in_both_editions_of_sdmx_csv(
    version, refresh, service
):
    service.version = version
    report = refresh()
    assert not report.failed, report.sentence()
    [landed] = report.landed
    assert (landed.rows, landed.added, landed.left_out) == (4 * len(YEARS), 4 * len(YEARS), len(YEARS))
    assert stored(AI)[2019] == service.value(AI, "FRA", 2019)
    assert report.sentence().startswith("OECD, ")


def test_the_arrival_names_service_and_licence(refresh):
    report = refresh()
    query = f"SELECT source, licence, status, rows FROM snapshots WHERE id = '{report.snapshot}'"
    assert rows_of(query) == [("OECD API", "CC BY 4.0", "complete", 4 * len(YEARS))]
    assert {row[0] for row in rows_of(f"SELECT DISTINCT source FROM observations WHERE indicator = '{AI}'")} == {
        "OECD API"
    }


def test_what_is_refreshed_twice_changes_nothing(refresh, service):
    refresh([AI, RULES])
    version = store.version()
    report = refresh([AI, RULES])
    assert report.unchanged == (AI, RULES)
    assert (report.landed, report.failed, report.snapshot) == ((), (), None)
    assert store.version() == version


def test_a_value_the_service_revised_is_changed_and_one_it_withdrew_is_taken_out(refresh, service):
    refresh()
    before = stored(AI)
    service.edits = {(AI, "FRA", 2019): 12.5, (AI, "FRA", 2020): None}
    [landed] = refresh().landed
    assert (landed.added, landed.changed, landed.withdrawn) == (0, 1, 1)
    assert stored(AI)[2019] == 12.5
    assert 2020 not in stored(AI)
    assert rows_of("SELECT year, old_value, new_value FROM revisions ORDER BY year") == [
        (2019, before[2019], 12.5),
        (2020, before[2020], None),
    ]


def test_a_multiplier_beside_the_values_is_applied_as_in_a_file(refresh, service):
    service.multiplier = "1"
    refresh()
    assert stored(AI)[2019] == pytest.approx(10 * service.value(AI, "FRA", 2019))


def test_a_place_that_is_no_market_of_ours_is_left_out_and_counted(refresh, service):
    service.elsewhere = ("QQQ",)
    [landed] = refresh().landed
    assert (landed.rows, landed.left_out) == (4 * len(YEARS), 2 * len(YEARS))


@pytest.mark.parametrize("key", sdmx.SERVICES)
def test_every_series_of_every_service_lands_from_an_answer_of_the_standard(key, refresh, service):
    report = refresh(None, key)
    assert not report.failed, report.sentence()
    assert [row.code for row in report.landed] == [one.code for one in sdmx.of_service(key)]
    assert service.busiest == 1, "one at a time"
    [(agent, accepted)] = service.agents
    assert agent == f"lepton-atlas/0.1 ({sdmx.SERVICES[key].publisher} refresh)"
    assert accepted.startswith("application/vnd.sdmx.data+csv")


def test_rows_of_other_codes_than_the_series_has_are_not_read():
    one = sdmx.load()[RULES]
    table = answers.Table(
        ("REF_AREA", "MEASURE", "FREQ", "TIME_PERIOD", "OBS_VALUE"),
        [["DEU", "PMR", "A", "2023", "1.2"], ["DEU", "PMR_1", "A", "2023", "4.2"], ["DEU", "PMR", "Q", "2023", "9"]],
    )
    found = answers.of_series(table, one, "")
    assert found == answers.Table(("REF_AREA", "TIME_PERIOD", "OBS_VALUE"), [["DEU", "2023", "1.2"]])


def test_a_dimension_the_catalog_leaves_open_must_have_one_value():
    one = sdmx.load()["oecd:stri"]
    columns = (*one.dimensions, "TIME_PERIOD", "OBS_VALUE")
    rows = [["A", "DEU", "STRI", sector, "_Z", "_Z", "W", "2023", "0.2"] for sector in ("J61", "J62")]
    assert answers.of_series(answers.Table(columns, rows[:1]), one, "").rows
    with pytest.raises(FetchError, match=r"ACTIVITY has several values \(J61, J62\)"):
        answers.of_series(answers.Table(columns, rows), one, "")


def test_a_column_before_the_value_that_nobody_knows_is_judged_by_the_check_of_files(refresh, service):
    one = sdmx.load()[AI]
    text = service.table(one, 2015, 2024, None)
    rows = [line.split(",") for line in text.splitlines()]
    columns = (*rows[0][:7], "HOUSEHOLD_TYPE", *rows[0][7:9])
    table = answers.Table(columns, [[*row[:7], "SINGLE", *row[7:9]] for row in rows[1:]])
    assert "HOUSEHOLD_TYPE" in answers.of_series(table, one, "").columns
    with private.scratch("test") as folder:
        answers.write(answers.of_series(table, one, ""), folder / "answer.csv")
        report = ingest.import_file(folder / "answer.csv", mapping={"indicator": f"={AI}"}, preview=True)
    assert "HOUSEHOLD_TYPE is SINGLE" in str(report.row_faults[0].problem)


# ------------------------------------------------------------------ faults

FAULTS = {
    "404": ("has no values under this key (404 Not Found: No results found)", "data/sources/sdmx/series.toml"),
    "400": ("does not understand the request (400 Bad Request: Not enough key values in query", "series.toml"),
    "403": ("refused the request (403 Forbidden)", "ATLAS_OECD_URL"),
    "413-always": ("says that the answer is too large (413)", "import a file downloaded from"),
    "429": ("refused it as too many requests (429), 4 times over", "Wait some minutes, then refresh again."),
    "500": ("had an error of its own (503), 4 times over", "Refresh again later."),
    "broken-off": ("broke the answer off, 4 times over", "Refresh again later."),
    "truncated": ("the answer is cut short: row ", "Refresh again later."),
    "unended": ("the answer is cut short: ", "Refresh again later."),
    "html": ("the answer is a web page, not data, 4 times over", "open the indicator's page in a browser"),
    "ml": ("the answer is SDMX-ML, and SDMX-CSV was asked for", "update Lepton Atlas"),
    "json": ("the answer is JSON, and SDMX-CSV was asked for", "update Lepton Atlas"),
    "empty": ("the answer has a header and no rows", "series.toml"),
    "nothing": ("the answer is empty", "series.toml"),
    "renamed": ("the answer has no dimension SIZE_CLASS any more; it has: DATAFLOW, REF_AREA", "series.toml"),
    "recoded": ("no row has A as its FREQ; it has: A_2", "series.toml"),
    "added": ("DEU has two values for 2015; the dataset has a dimension more (SIZE_CLASS_2)", "series.toml"),
    "text": ("text in a number: about half", "None of it was taken."),
    "bounds": ("unit mismatch: Firms that use AI (OECD) (oecd:ai_use) is in % of firms", "None of it was taken."),
    "quarterly": ("not a year: 2015-Q1", "None of it was taken."),
    "redirect": ("sends the request on to http://elsewhere.invalid, which is not followed", "ATLAS_OECD_URL"),
    "latin": ("the answer is not UTF-8 text", "import a file downloaded from"),
}


@pytest.mark.parametrize("kind", FAULTS)
def test_a_fault_of_the_service_is_named_with_its_remedy_and_nothing_lands(kind, refresh, service):
    version = store.version()
    service.faults["DF_BUSINESSES"] = kind
    report = refresh()
    [failure] = report.failed
    what, remedy = FAULTS[kind]
    assert what in str(failure.what)
    assert remedy in str(failure.remedy)
    assert (failure.code, failure.name) == (AI, "Firms that use AI (OECD)")
    assert str(failure.what) in report.sentence()
    assert store.version() == version


def test_a_series_that_fails_keeps_what_is_stored_and_the_others_land(refresh, service):
    refresh()
    before = stored(AI)
    service.faults["DF_BUSINESSES"] = "recoded"
    report = refresh([AI, RULES])
    assert [row.code for row in report.landed] == [RULES]
    assert [failure.code for failure in report.failed] == [AI]
    assert stored(AI) == before
    service.faults.clear()
    assert refresh([AI, RULES]).unchanged == (AI, RULES)


def test_an_answer_that_is_too_large_is_asked_for_in_pieces_of_years(refresh, service):
    service.faults["DF_BUSINESSES"] = "413"
    [landed] = refresh().landed
    assert landed.added == 4 * len(YEARS)
    periods = [(query["startPeriod"], query.get("endPeriod")) for _, query in service.requests]
    assert periods[0] == ("1990", None)
    assert len(set(periods)) == len(periods), "no piece is asked for twice"


def test_an_answer_larger_than_is_read_is_asked_for_in_pieces_too(refresh, service, monkeypatch):
    monkeypatch.setattr(sdmx.client, "MAX_ANSWER_BYTES", 2_000)
    [landed] = refresh().landed
    assert landed.added == 4 * len(YEARS)


def test_a_service_that_asks_to_wait_is_obeyed_and_a_fault_that_passes_is_not_reported(refresh, service, waits):
    service.faults["DF_BUSINESSES"] = "429-once"
    assert len(refresh().landed) == 1
    assert waits[0] == 7.0


def test_a_service_out_of_reach_is_asked_once_and_told_in_one_line(refresh):
    report = refresh(None, base_url="http://127.0.0.1:9/rest")
    assert len(report.failed) == len(sdmx.of_service("oecd"))
    assert len(report.sentence().splitlines()) == 1
    assert "127.0.0.1 cannot be reached" in report.sentence()
    assert "ATLAS_OECD_URL" in report.sentence()


def test_a_service_that_fails_again_and_again_is_left_in_peace(refresh, service):
    service.faults["DSD"] = "500"
    patience = sdmx.Patience(pause=0, attempts=1, give_up_after=2, sleep=lambda _: None)
    report = refresh(None, patience=patience)
    assert len(service.requests) == 2
    assert "not asked for, after 2 failures in a row" in str(report.failed[-1].what)


def test_a_fault_of_the_table_of_series_is_listed(tmp_path):
    file = tmp_path / "series.toml"
    file.write_text(
        '[series.a]\nservice = "moon"\nflow = "X"\nkey = "A..B."\n'
        '[series.b]\nservice = "oecd"\nflow = ""\ndimensions = "FREQ.REF_AREA.SEX"\nkey = "A."\n'
    )
    with pytest.raises(series.SeriesError) as refused:
        series.load(file)
    for part in ("'moon' is not one of oecd", "leaves 2 places empty", "b: no flow", "3 dimensions and 2 places"):
        assert part in str(refused.value)


# ------------------------------------------------------------------ interruptions, addresses, arguments


def test_a_refresh_that_was_broken_off_is_taken_up_from_the_answers_it_had(refresh, service, monkeypatch):
    def broken_off(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(answers, "of_series", broken_off)
        with pytest.raises(KeyboardInterrupt):
            refresh()
    assert len(service.requests) == 1
    report = refresh()
    assert report.resumed == (AI,)
    assert len(service.requests) == 1, "the answer was kept"
    assert stored(AI)[2019] == service.value(AI, "FRA", 2019)
    assert not (store.home() / "refresh").exists(), "and is let go when its values have landed"
    refresh(force=True)
    assert len(service.requests) == 2


def test_an_answer_is_kept_for_a_day_for_the_same_address_and_only_whole(home):
    kept = Kept("http://a.invalid", NOW)
    kept.put("query", b"body")
    assert kept.get("query") == b"body"
    assert Kept("http://a.invalid", NOW + timedelta(days=2)).get("query") is None
    assert Kept("http://b.invalid", NOW).get("query") is None
    [file] = (store.home() / "refresh").glob("*.answer")
    file.write_bytes(file.read_bytes()[:-1])
    assert kept.get("query") is None
    assert file.stat().st_mode & 0o77 == 0, "closed to other accounts"


def test_the_address_of_a_service_comes_from_its_variable(refresh, service, monkeypatch):
    monkeypatch.setenv("ATLAS_OECD_URL", service.url + "/")
    assert len(refresh(base_url=None).landed) == 1


def test_an_address_that_is_none_is_refused_and_its_password_not_quoted():
    with pytest.raises(store.StoreError, match=r"is not a web address\. Set ATLAS_ECB_URL") as refused:
        sdmx.refresh("ecb", base_url="me:secret@host")
    assert "secret" not in str(refused.value)


def test_a_source_and_a_code_that_are_not_offered_are_named_with_those_that_are():
    with pytest.raises(store.StoreError, match=r"moon is no source to refresh from\. Choose from: worldbank, oecd, "):
        sdmx.refresh("moon")
    with pytest.raises(store.StoreError, match=r"OECD is not asked for SP\.POP\.TOTL.*oecd:ai_use"):
        sdmx.refresh("oecd", ["SP.POP.TOTL"])


def test_the_command_says_what_landed_what_failed_and_what_was_unchanged(service):
    service.faults["bd_size"] = "recoded"
    words = ("refresh", "--from", "eurostat", "--base-url", service.url, "--only", "eurostat:ai_use")
    done = called(command.main, *words)
    assert done.returncode == 0, done.stderr
    assert "Eurostat, " in done.stdout and "1 indicator landed (30 values added" in done.stdout
    done = called(command.main, *words, "eurostat:firm_births")
    assert done.returncode == 1
    assert "1 indicator unchanged since the last fetch, 1 failed (what was stored stays):" in done.stdout
    assert "- eurostat:firm_births (Births of firms): no row has A as its freq; it has: A_2." in done.stdout
    assert called(command.main, "refresh", "--from", "moon").returncode == 2


def test_two_refreshes_at_once_do_not_mix(refresh):
    with collected.alone(), pytest.raises(store.StoreBusy, match="under way already"):
        refresh()


def test_every_publisher_is_offered_under_one_name_and_asks_what_the_catalog_describes():
    known = publishers.all_of_them()
    assert tuple(known) == ("worldbank", *sdmx.SERVICES)
    assert all(publisher.codes and set(publisher.codes) <= set(catalog.load()) for publisher in known.values())
    assert len({publisher.variable for publisher in known.values()}) == len(known)


def test_no_recipe_needs_what_other_services_bring():
    from analytics.index import recipe

    used = {code for name in recipe.NAMES for code in recipe.load(name).codes}
    assert not used & set(sdmx.load())


BESIDE = """
title = "Beside"
question = "Where do rules keep competitors out?"
outcome = "oecd:pmr"
minimum_weight = 0.3
minimum_markets = 2
[dimension]
policy = 1.0
competition = 1.0
[indicator."oecd:digital_stri"]
dimension = "policy"
[indicator."eurostat:foreign_value_added"]
dimension = "competition"
denominator = "eurostat:value_added"
direction = "up"
"""


def test_a_recipe_of_ones_own_ranks_what_has_landed(refresh, service, tmp_path):
    from analytics.index import composite, recipe

    refresh(["oecd:digital_stri"])
    (tmp_path / "beside.toml").write_text(BESIDE)
    chosen = recipe.load("beside", tmp_path)
    connection = store.connect()
    try:
        found = store.market_panel(connection, chosen.codes, 2024, chosen.window)
    finally:
        connection.close()
    ranking = composite.score(found, chosen)
    values = {iso3: service.value("oecd:digital_stri", iso3, 2024) for iso3 in ("DEU", "FRA", "KEN", "USA")}
    assert ranking.scores["score"].idxmax() == min(values, key=values.get), "the least restrictive comes first"


def test_a_whole_answer_without_a_last_line_break_is_read_where_its_length_was_announced():
    text = b"REF_AREA,TIME_PERIOD,OBS_VALUE\nDEU,2023,1.25"
    assert answers.read(Answer(text, "text/csv", True), "").rows == [["DEU", "2023", "1.25"]]
    with pytest.raises(FetchError, match="its last row has no end"):
        answers.read(Answer(text, "text/csv", False), "")


def test_a_page_of_a_proxy_is_told_from_a_table_by_its_content():
    assert client.is_web_page(Answer(b"\n<!DOCTYPE html><p>Sign in", "text/csv", True))
    assert not client.is_web_page(Answer(b"a,b\n", "text/csv", True))
