"""The Data page: where numbers come from, how to bring more, what is wrong with them."""

import errno
import importlib.util
import re
from pathlib import Path

import pandas as pd
import pytest

from dashboard.datasets import refreshing
from dashboard.i18n import faults as sentences
from data import ingest, limits, store
from data.faults import Fault
from data.sources import worldbank
from data.sources.report import Failure, RefreshReport

SECTIONS = ("sources", "refresh", "import", "export", "coverage", "findings", "rows", "settings")
HEADER = "iso3,indicator,year,value\n"
GOOD = HEADER + "DEU,SP.POP.TOTL,2024,84000000\nFRA,SP.POP.TOTL,2024,68000000\n"
FAULTY = (
    HEADER
    + "DEU,SP.POP.TOTL,2024,84000000\n"
    + "Germoney,SP.POP.TOTL,2024,1\n"
    + 'FRA,SP.POP.TOTL,2024,"68,000,000"\n'
    + "ITA,IT.NET.USER.ZS,2024,812\n"
    + "ESP,SP.POP.TOTL,20x4,47000000\n"
    + "ESP,SP.POP.TOTL,1066,47000000\n"
    + "DEU,SP.POP.TOTL,2024,85000000\n"
)


@pytest.fixture
def sdmx_service():
    """A service of our own that speaks SDMX, on 127.0.0.1."""
    spec = importlib.util.spec_from_file_location("sdmx_server", Path(__file__).parents[1] / "data" / "sdmx_server.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    with module.Service() as server:
        yield server


@pytest.mark.parametrize("section", SECTIONS)
@pytest.mark.parametrize("filled", ["home", "full_home"])
def test_every_section_opens(request, open_page, filled, section):
    request.getfixturevalue(filled)
    app = open_page("data", section=section)
    assert app.segmented_control(key="section").value == section
    assert any(" observations of " in caption.value for caption in app.caption)


def test_the_title_says_how_much_there_is(home, open_page):
    facts = store.status(store.connect())
    assert open_page("data").caption[1].value == (
        f"{facts['observations']:,} observations of {facts['indicators']} indicators in {facts['markets']} markets, "
        f"{facts['first_year']} to {facts['last_year']}"
    )


def test_sections_change_with_a_click_and_stand_in_the_address(home, open_page):
    app = open_page("data")
    assert app.segmented_control(key="section").value == "sources"
    for section in (*SECTIONS[1:], "sources"):
        app.segmented_control(key="section").set_value(section).run()
        assert not app.exception
        assert app.query_params.get("section") == (None if section == "sources" else section)


def test_an_unknown_section_is_ignored(home, open_page):
    app = open_page("data", section="<script>", market="nowhere", indicator="' OR 1=1 --")
    assert app.segmented_control(key="section").value == "sources"


def test_sources_lists_arrivals_and_indicators(full_home, open_page):
    arrivals, indicators = (frame.value for frame in open_page("data").dataframe)
    assert list(arrivals["Source"]) == ["file made-up.csv", "embedded reference"]
    assert list(arrivals["State"]) == ["Complete", "Complete"]
    population = indicators.set_index("Code").loc["SP.POP.TOTL"]
    assert (population["Indicator"], population["Observations"], population["Markets"]) == ("Population", 800, 80)
    assert population["Described"] == "Described"


def test_coverage_names_what_has_no_figure(full_home, open_page):
    app = open_page("data", section="coverage")
    app.selectbox(key="dimension").set_value("health").run()
    assert app.query_params["dimension"] == "health"
    assert app.get("plotly_chart")
    assert any(c.value.startswith("No figure at all: Nurses and midwives (SH.MED.NUMW.P3)") for c in app.caption)


def test_coverage_of_a_dimension_without_figures_says_what_to_do(home, open_page):
    app = open_page("data", section="coverage", dimension="openness")
    assert app.info[0].value == "The store has no figures of this dimension since 1990. Refresh or import them."


def test_findings_are_filtered_by_kind(home, open_page):
    app = open_page("data", section="findings")
    everything = app.dataframe[0].value
    assert {"Missing", "Stale"} & set(everything["Kind"])
    kind = everything["Kind"].iloc[0].lower()
    app.multiselect(key="kinds").set_value([kind]).run()
    assert set(app.dataframe[0].value["Kind"]) == {kind.capitalize()}
    assert app.query_params["kinds"] == kind
    assert any(caption.value.endswith(" low.") for caption in app.caption)


def test_rows_show_every_stored_row_with_its_arrival(full_home, open_page):
    app = open_page("data", section="rows", market="FRA", indicator="IT.NET.USER.ZS")
    rows = app.dataframe[0].value
    assert list(rows["year"]) == list(range(2024, 2014, -1))
    assert rows["retrieved_at"].notna().all()
    app.selectbox(key="market").set_value("GRL").run()
    assert any("no row for this market" in element.value for element in app.markdown)


# ------------------------------------------------------------------ import


def upload(app, name: str, text: str):
    return app.file_uploader(key="upload").set_value((name, text.encode(), "text/csv")).run()


def test_a_description_without_a_data_file_is_not_taken_in_silence(home, open_page):
    app = open_page("data", section="import")
    app.file_uploader(key="beside").set_value([("indicators.csv", b"code,name\n", "text/csv")]).run()
    assert not app.exception
    assert app.info[0].value == "Descriptions alone bring no data: add the data file above."


def test_a_good_file_is_checked_then_landed(home, open_page):
    app = upload(open_page("data", section="import"), "good.csv", GOOD)
    assert app.success[0].value == "No problems found."
    before = store.status(store.connect())["observations"]
    app.button(key="land").click().run()
    assert not app.exception
    assert store.status(store.connect())["observations"] == before + 2
    assert app.success[-1].value == "good.csv: 2 values added, 0 changed, 0 as before, 0 skipped."


def test_a_faulty_file_shows_every_fault_and_lands_nothing(home, open_page):
    app = upload(open_page("data", section="import"), "faulty.csv", FAULTY)
    assert app.warning[0].value.startswith("Problems found: 6. ")
    faults = app.dataframe[0].value
    assert list(faults["line"]) == [3, 4, 5, 6, 7, 8]
    assert list(faults["problem"])[:2] == ["unknown country", "text in a number"]
    assert faults["remedy"].iloc[0].startswith("Did you mean Germany (DEU)?")
    assert app.button(key="land").disabled
    assert store.status(store.connect())["snapshots"] == 1


def test_faults_are_explained_in_chinese(home, open_page):
    app = upload(open_page("data", section="import", lang="zh"), "faulty.csv", FAULTY)
    faults = app.dataframe[0].value
    for column in ("problem", "remedy"):
        assert faults[column].str.contains("[\u4e00-\u9fff]").all()
    assert app.warning[0].value.startswith("发现 6 个问题。")


def test_rows_without_faults_land_when_the_others_are_skipped(home, open_page):
    unambiguous = FAULTY.rpartition("DEU")[0]
    app = upload(open_page("data", section="import"), "faulty.csv", unambiguous)
    app.checkbox(key="skip_invalid").check().run()
    app.button(key="land").click().run()
    assert not app.exception
    arrived = store.snapshots(store.connect()).iloc[0]
    assert (arrived["source"], arrived["status"]) == ("file faulty.csv", "partial")
    assert app.success[-1].value == "faulty.csv: 1 values added, 0 changed, 0 as before, 5 skipped."


def test_columns_with_names_of_their_own_are_asked_for(home, open_page):
    text = "land;reihe;jahr;wert\nDEU;SP.POP.TOTL;2024;84000000\n"
    app = upload(open_page("data", section="import"), "eigen.csv", text)
    assert app.info[0].value.startswith("This table has column names of its own.")
    for field, column in {"market": "land", "indicator": "reihe", "year": "jahr", "value": "wert"}.items():
        app.selectbox(key=f"map_{field}").set_value(column)
    app.run()
    assert app.success[0].value == "No problems found."


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("empty.csv", "   \n", "is empty"),
        ("page.csv", "<!DOCTYPE html><html></html>", "is a web page or XML, not a table"),
        ("pointer.csv", "version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "is a Git LFS pointer"),
        ("old.csv", "\x00\x01\x02", "is not UTF-8 text"),
        ("header.csv", HEADER, "has a header and no rows"),
    ],
)
def test_what_is_no_data_is_refused_with_a_reason(home, open_page, name, text, said):
    app = upload(open_page("data", section="import"), name, text)
    assert said in app.error[0].value
    assert not app.exception
    assert store.status(store.connect())["snapshots"] == 1


def test_a_file_of_undescribed_indicators_says_how_to_describe_them(home, open_page):
    app = upload(open_page("data", section="import"), "own.csv", HEADER + "DEU,OUR.SALES,2024,12\n")
    app.button(key="land").click().run()
    assert app.info[0].value.startswith("New indicators without a description were added: `OUR.SALES`.")
    app.segmented_control(key="section").set_value("sources").run()
    indicators = app.dataframe[1].value.set_index("Code")
    assert indicators.at["OUR.SALES", "Described"] == "Undescribed"


def test_a_store_that_stays_busy_is_named_and_nothing_is_lost(home, open_page, monkeypatch):
    app = upload(open_page("data", section="import"), "good.csv", GOOD)
    with store.writing(Fault("a review")), monkeypatch.context() as patch:
        patch.setattr(store.writer, "WAIT_S", 0.0)
        app.button(key="land").click().run()
        assert app.error[0].value.startswith("The store is being written to: a review, since")
    assert not app.exception
    app.run()
    app.button(key="land").click().run()
    assert app.success[-1].value.startswith("good.csv: 2 values added")


@pytest.mark.parametrize("name", ["图" * 86 + ".csv", "a\0b.csv", "..", "panel[1]*?.csv"])
def test_an_upload_of_any_name_is_checked_and_landed(home, open_page, name):
    app = upload(open_page("data", section="import"), name, GOOD)
    app.button(key="land").click().run()
    assert "2 values added" in app.success[-1].value
    assert not app.exception


def test_a_file_with_more_faults_than_are_counted_cannot_be_landed_in_part(home, open_page, monkeypatch):
    monkeypatch.setattr(ingest.checking, "MAX_FAULTS", 3)
    rows = "".join(f"nowhere {number},SP.POP.TOTL,2020,1\n" for number in range(9))
    app = upload(open_page("data", section="import"), "customers.csv", HEADER + rows)
    assert app.warning[0].value.startswith("More than 3 problems found; the check stopped there.")
    assert app.button(key="land").disabled
    assert not [box for box in app.checkbox if box.key == "skip_invalid"]


def test_after_an_import_the_faults_are_gone_and_the_box_is_empty(home, open_page):
    app = upload(open_page("data", section="import"), "faulty.csv", FAULTY)
    app.checkbox(key="skip_invalid").check().run()
    app.button(key="land").click().run()
    assert "skipped." in app.success[-1].value
    assert not app.warning
    assert not any("problem" in frame.value.columns for frame in app.dataframe)


def test_a_misspelt_code_is_landed_only_when_it_is_said_to_be_new(home, open_page):
    app = upload(open_page("data", section="import"), "slip.csv", HEADER + "DEU,SP.POP.TOTAL,2023,84000000\n")
    assert app.button(key="land").disabled
    app.checkbox(key="new_indicators").check().run()
    app.button(key="land").click().run()
    assert app.success[-1].value.startswith("slip.csv: 1 values added")


def test_what_a_file_leaves_open_is_asked_and_every_cell_is_told(home, open_page):
    text = "geo;sex;year;value\nKE;F;2020;46.749\nGH;F;2020;39\nKE;M;2020;1\nEU27_2020;F;2020;9\nGH;F;2090;3\n"
    app = upload(open_page("data", section="import"), "one.csv", text)
    indicator = next(box for box in app.text_input if box.label == "Code of the indicator")
    indicator.set_value("OUR.OWN").run()
    assert app.button(key="land").disabled
    next(box for box in app.selectbox if box.label.endswith("sex is")).set_value("F").run()
    next(box for box in app.get("button_group") if box.label == "Decimal sign in this file").set_value(",").run()
    told = " ".join(caption.value for caption in app.caption)
    assert all(
        words in told
        for words in (
            "Cells of the file: 5.",
            "1 projections for years to come left out",
            "1 values of other rows than those to keep left out",
            "1 values of regions and income groups left out",
        )
    )
    app.button(key="land").click().run()
    assert app.success[-1].value.startswith("one.csv: 2 values added")


def test_columns_with_unknown_headings_are_asked_about_one_by_one(home, open_page):
    text = "country,year,Population,staff,stores\nKenya,2020,51985780,7,2\nGhana,2020,31072945,9,3\n"
    app = upload(open_page("data", section="import"), "panel.csv", text)
    boxes = {box.label: box for box in app.text_input}
    assert {"staff", "stores"} <= set(boxes)
    boxes["staff"].set_value("OUR.STAFF").run()
    assert any("Columns not read: stores." in caption.value for caption in app.caption)
    app.button(key="land").click().run()
    assert app.success[-1].value.startswith("panel.csv: 4 values added")


def test_an_arrival_is_removed_after_asking(home, open_page):
    app = upload(open_page("data", section="import"), "good.csv", GOOD)
    before = store.status(store.connect())["observations"]
    app.button(key="land").click().run()
    app = open_page("data")
    assert app.button(key="remove_now").disabled
    next(box for box in app.checkbox if box.label == "Yes, remove this arrival").check().run()
    app.button(key="remove_now").click().run()
    assert any(said.value == "Removed: 2 values; 0 earlier values restored." for said in app.success)
    assert store.status(store.connect())["observations"] == before


def test_each_section_has_a_title_of_its_own(home, open_page):
    sections = ("sources", "refresh", "import", "export", "coverage", "findings", "rows", "settings")
    titles = [open_page("data", section=section).title[0].value for section in sections]
    assert len(set(titles)) == len(sections)


# ------------------------------------------------------------------ export, settings, trouble


def test_the_export_is_offered_with_its_size(home, open_page):
    app = open_page("data", section="export")
    app.button(key="prepare_export").click().run()
    rows = store.status(store.connect())["observations"]
    labels = [button.proto.label for button in app.get("download_button")]
    assert [label.endswith(f" MB, {rows:,} observations") for label in labels] == [True]


def test_settings_are_saved_and_shape_what_a_new_visitor_sees(home, open_page):
    app = open_page("data", section="settings")
    app.selectbox(key="set_home_market").set_value("DEU")
    app.selectbox(key="set_home_currency").set_value("EUR")
    app.selectbox(key="set_language").set_value("zh")
    app.button(key="save_settings").click().run()
    assert app.success[0].value == "Saved."
    assert store.settings(store.connect()) == store.DEFAULT_SETTINGS | {
        "home_market": "DEU",
        "home_currency": "EUR",
        "language": "zh",
    }
    assert "领先" in open_page("overview").title[0].value


def test_a_form_of_settings_writes_only_what_its_reader_changed(home, open_page):
    app = open_page("data", section="settings")
    store.put_settings({"home_market": "CHN"})  # somebody else, meanwhile
    app.selectbox(key="set_home_currency").set_value("EUR")
    app.button(key="save_settings").click().run()
    assert app.success[0].value == "Saved."
    kept = store.settings(store.connect())
    assert (kept["home_market"], kept["home_currency"]) == ("CHN", "EUR")
    assert app.selectbox(key="set_home_market").value == "CHN"


def test_a_setting_that_somebody_else_changed_meanwhile_is_refused_once_and_then_replaced(home, open_page):
    app = open_page("data", section="settings")
    store.put_settings({"home_market": "CHN"})
    app.selectbox(key="set_home_market").set_value("DEU")
    app.button(key="save_settings").click().run()
    assert "Somebody else changed the same setting meanwhile" in app.error[0].value
    assert store.settings(store.connect())["home_market"] == "CHN"
    app.button(key="save_settings").click().run()
    assert app.success[0].value == "Saved."
    assert store.settings(store.connect())["home_market"] == "DEU"


def test_the_first_visit_builds_the_store(empty_home, open_page):
    app = open_page("overview")
    assert app.title[0].value.startswith("Judged on 41 % of the score, ")
    assert (empty_home / "atlas.duckdb").exists()


def test_a_damaged_store_says_what_happened_and_what_to_do(home, open_page):
    (home / "atlas.duckdb").write_bytes(b"not a database" * 1000)
    app = open_page("overview")
    assert app.title[0].value == "The store cannot be opened"
    assert "python -m data build" in app.error[0].value


def test_an_address_without_http_is_an_error_in_words_and_its_password_is_not_shown(home, open_page, monkeypatch):
    monkeypatch.setenv(worldbank.URL_VARIABLE, "me:secret@bank.invalid/v2")
    app = open_page("data", section="refresh")
    app.button(key="refresh_now").click().run()
    assert app.error[0].value.startswith("The address to refresh from is not a web address.")
    assert "secret" not in app.error[0].value
    assert not app.exception


def test_a_reader_chooses_whose_figures_to_fetch_and_is_told_what_landed_and_what_failed(
    home, open_page, monkeypatch, sdmx_service
):
    monkeypatch.setenv("ATLAS_ILO_URL", sdmx_service.url)
    app = open_page("data", section="refresh", refresh_from="ilo")
    assert app.selectbox(key="refresh_from").value == "ilo"
    assert any("Collective bargaining coverage" in text.value for text in app.markdown)
    app.button(key="refresh_now").click().run()
    assert re.fullmatch(
        r"ILO, \d s: indicators landed: 1 \(40 values added, 0 changed, 0 withdrawn\)\.", app.success[0].value
    )
    sdmx_service.faults["DF_ILR"] = "recoded"
    app.button(key="refresh_now").click().run()
    assert app.warning[0].value == "Nothing was refreshed and nothing was changed."
    [what] = app.dataframe[0].value["what"]
    assert what == "no row has A as its FREQ; it has: A_2"
    app.selectbox(key="refresh_from").set_value("worldbank").run()
    assert not app.warning, "what came of another source is not shown here"
    assert app.query_params.get("refresh_from") is None


def test_what_failed_in_a_refresh_is_told_in_the_readers_language(home, speak):
    speak("zh")
    what, remedy = Fault("the answer is empty"), Fault("Refresh again later.")
    report = RefreshReport(
        (), (), (Failure("ilo:bargaining", "ICT specialists", what, remedy),), (), 0, None, 1.0, "ILO"
    )
    assert refreshing.failures(report).values.tolist() == [
        ["ilo:bargaining", "信息通信技术专业人员", "答复为空", sentences.told(remedy)]
    ]
    assert sentences.told(remedy) != str(remedy)
    assert sentences.said("OECD API") == "经合组织的 API"


FAULTS_OF_THE_STORE = (
    store.unwritten(OSError(errno.ENOSPC, "full")),
    store.unwritten(OSError(errno.EROFS, "read-only")),
    store.unwritten(OSError(errno.EIO, "broken")),
    limits.long_cell("a.csv"),
    limits.too_slow("a.csv"),
)  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS_OF_THE_STORE, ids=lambda fault: str(fault)[:40])
def test_faults_of_the_store_are_told_in_chinese(home, speak, fault):
    speak("zh")
    told = sentences.told(fault)
    assert re.search("[\u4e00-\u9fff]", told)
    assert not re.search("[a-z]{3,} [a-z]{2,} [a-z]{2,}", re.sub(r"/\S+|python -m data \w+", "", told))


def test_a_refresh_that_reaches_nobody_says_so_and_keeps_everything(home, open_page, monkeypatch):
    from data.sources import worldbank

    monkeypatch.setenv("ATLAS_WORLD_BANK_URL", "http://127.0.0.1:9/v2")
    quick = worldbank.Patience(connect=1, attempts=1, pause=0, give_up_after=1)
    monkeypatch.setattr(worldbank.Client.__init__, "__defaults__", (None, quick))
    app = open_page("data", section="refresh")
    app.button(key="refresh_now").click().run()
    assert not app.exception
    assert app.warning[0].value == "Nothing was refreshed and nothing was changed."
    assert isinstance(app.dataframe[0].value, pd.DataFrame)
    assert app.dataframe[0].value["what"].str.contains("cannot be reached|not asked for").all()
