"""The Market page: one market's rank, figures, profile, peers, languages and calendar."""

import numpy as np
import pytest
from babel.core import get_cldr_version

from data import ingest


def test_a_market_of_the_embedded_facts(home, open_page, text_of):
    app = open_page("market", market="DEU")
    assert app.title[0].value == "Germany"
    said = text_of(app)
    assert "Western Europe · capital Berlin · Euro (EUR)" in said
    assert any(text.startswith("**Ranked ") and " for general (2023 data); " in text for text in said)
    assert [metric.label for metric in app.metric][:2] == ["Population (CLDR)", "GDP, PPP (CLDR)"]
    assert any(text.startswith("- Weekend: Saturday and Sunday") for text in said)
    assert any("- Member of " in text and "EU" in text for text in said)
    assert "Language" not in said or app.dataframe


def test_what_a_publisher_says_of_a_figure_stands_with_its_year(home, open_page, text_of, tmp_path):
    marks = {2022: "P", 2023: "P"}
    rows = "".join(f"DEU,SP.POP.TOTL,{year},{83e6 + year},{marks.get(year, 'A')}\n" for year in range(2015, 2024))
    (tmp_path / "a.csv").write_text(f"iso3,indicator,year,value,obs_status\n{rows}")
    ingest.import_file(tmp_path / "a.csv")
    said = text_of(open_page("market", market="DEU"))
    assert any(text.startswith("persons, 2023 (provisional) · ") for text in said)
    assert "Provisional: 2022, 2023" in said
    chinese = text_of(open_page("market", market="DEU", lang="zh"))
    assert any("2023" in text and "（暂定）" in text for text in chinese)


def test_neighbours_are_links(home, open_page):
    labels = {link.proto.label for link in open_page("market", market="DEU").get("page_link")}
    assert {"France", "Poland", "Austria"} <= labels


def test_no_page_shows_a_flag(home, open_page):
    """Windows shows letters instead, and for some places a flag is a statement."""
    for iso3 in ("DEU", "TWN", "HKG", "PSE"):
        assert not any(0x1F1E6 <= ord(letter) <= 0x1F1FF for letter in open_page("market", market=iso3).title[0].value)


def test_a_capital_is_named_of_states_only_and_not_where_it_is_contested(home, open_page, text_of):
    named = {iso3: any("首都" in text for text in text_of(open_page("market", market=iso3, lang="zh")))
             for iso3 in ("JPN", "CHN", "TWN", "HKG", "MAC", "PSE", "ISR", "XKX", "ESH")}  # fmt: skip
    assert [iso3 for iso3, there in named.items() if there] == ["JPN", "CHN"]


def test_chinese_names_capitals_in_chinese_and_speaks_of_markets_not_states_beside(home, open_page, text_of):
    said = text_of(open_page("market", market="CHN", lang="zh"))
    assert any("首都 北京" in text for text in said)
    assert "- 相邻市场：" in said
    assert not any("邻国" in text for text in said)


def test_clocks_differ_by_one_number_everywhere(home, open_page, text_of, monkeypatch):
    """From the east of the United States to Japan: 13 hours in summer, 14 in winter, never 10 or 11."""
    from dashboard import load

    said = next(
        text for text in text_of(open_page("market", market="JPN")) if "office hours with United States" in text
    )
    hours = float(load.distances("USA", 2023).at["JPN", "time zone"])
    assert hours in (13.0, 14.0)
    assert f"({hours:g} hours ahead)" in said


def test_a_weekend_the_sources_disagree_on_is_told_by_both(home, open_page, text_of):
    said = text_of(open_page("market", market="BGD"))
    assert any("Weekend: Saturday and Sunday (CLDR) or Friday and Saturday (holidays library)" in text for text in said)


def test_a_language_in_two_scripts_says_in_which(home, open_page):
    table = next(frame.value for frame in open_page("market", market="CHN", lang="zh").dataframe
                 if "language" in frame.value.columns)  # fmt: skip
    assert table["language"].is_unique


def test_without_an_address_the_first_market_is_shown(home, open_page):
    app = open_page("market")
    assert app.title[0].value == "China"
    assert app.selectbox(key="market").value == "CHN"
    assert app.query_params["market"] == "CHN"  # tomorrow another market may be the first


def test_a_market_on_a_full_store_shows_figures_with_years_and_strengths(full_home, open_page, text_of):
    app = open_page("market", market="FRA", recipe="healthcare")
    said = text_of(app)
    assert any(text.startswith("**Ranked ") and "for healthcare (2024 data)" in text for text in said)
    assert [m.label for m in app.metric] == [
        "Population",
        "GDP",
        "GDP per person, PPP",
        "Internet users",
        "Life expectancy 1952-2007 (Gapminder)",  # no recipe of this made-up store asks for another
    ]
    assert any(
        caption.value.startswith("persons, 2024 · [source](data?section=rows&market=FRA") for caption in app.caption
    )
    assert any(metric.delta.endswith(" since 2019") for metric in app.metric)
    assert {"Strengths", "Weaknesses"} <= {heading.value for heading in app.subheader}
    assert any("scores better than" in text for text in said)
    assert any(text.startswith("Peers are the nearest in population") for text in said)


def test_choosing_another_market_changes_page_and_address(full_home, open_page):
    app = open_page("market", market="FRA")
    app.selectbox(key="market").set_value("JPN").run()
    assert app.title[0].value == "Japan"
    assert app.query_params["market"] == "JPN"


def test_a_market_that_cannot_be_ranked_says_why(full_home, open_page):
    app = open_page("market", market="GRL", recipe="healthcare")
    assert app.title[0].value == "Greenland"
    assert app.info[0].value == "Too little is known about this country to rank it for this industry."


def test_an_industry_that_cannot_rank_still_shows_the_market(home, open_page):
    app = open_page("market", recipe="healthcare")
    assert app.title[0].value == "United States"
    assert app.info[0].value == "This industry cannot be ranked yet; see Overview for what is missing."
    assert len(app.metric) == 5


def test_a_figure_is_traced_to_its_rows(full_home, open_page):
    app = open_page("market", market="FRA")
    app.selectbox(key="indicator").set_value("SP.POP.TOTL").run()
    rows = next(frame.value for frame in app.dataframe if "snapshot" in frame.value.columns)
    assert list(rows["year"]) == list(range(2024, 2014, -1))
    assert set(rows["source"]) == {"file made-up.csv"}


def test_the_year_limits_what_is_known(full_home, open_page):
    app = open_page("market", market="FRA", year="2018")
    assert any(caption.value.startswith("persons, 2018") for caption in app.caption)


def test_small_and_odd_markets_open(home, open_page):
    for iso3 in ("CHI", "TKL", "VAT", "XKX", "PSE", "TWN"):
        app = open_page("market", market=iso3)
        assert app.title[0].value


@pytest.mark.parametrize("market", ["<script>", "deu", "Germany", "A" * 10_000, "DEU,FRA", ""])
def test_an_unknown_market_in_the_address_is_told_or_ignored_when_empty(home, open_page, market):
    app = open_page("market", market=market)
    assert app.title[0].value == "China"


# ------------------------------------------------------------------ how a price and a date look


def as_written(app) -> dict[str, str]:
    table = next(frame.value for frame in app.dataframe if "As it is written" in frame.value.columns)
    return dict(table.to_numpy().tolist())


def test_a_price_is_shown_as_the_market_writes_it(home, open_page, text_of):
    """Unicode CLDR, de_DE: the comma parts decimals, the point thousands, the sign stands behind."""
    app = open_page("market", market="DEU")
    assert "Local price and date formats" in text_of(app)
    assert as_written(app)["Price"] == "1.299,50\xa0€"
    assert as_written(app)["Number"] == "1.234.567,8"
    assert any(f"formats of Unicode CLDR {get_cldr_version()} (Unicode-3.0)" in text for text in text_of(app))


def test_bulgarian_prices_are_in_euros(home, open_page):
    """Since 1 January 2026: Council of the EU, 8 July 2025."""
    assert as_written(open_page("market", market="BGR"))["Price"] == "1\xa0299,50\xa0€"


def test_each_market_has_its_own_formats(home, open_page):
    assert as_written(open_page("market", market="JPN"))["Price"].lstrip("￥¥") in {"1,300", "1,299", "1,299.50"}
    assert as_written(open_page("market", market="IND"))["Number"] == "12,34,567.8"


def test_the_drawn_tag_is_read_back_beside_what_was_drawn(home, open_page, monkeypatch):
    from dashboard.vision import answers as vision_lab_answers
    from dashboard.vision import pictures as vision_lab_pictures
    from dashboard.vision.answers import Seen
    from models.vision.reader import rendering
    from models.vision.reader.line_reader import Reading

    def tag(iso2: str, seed: int):
        line = rendering.TagLine("1.299,50 €", "amount", (10, 10, 90, 40))
        return vision_lab_pictures.made("tag", np.full((60, 100, 3), 250, np.uint8), drawn=True, lines=(line,))

    reading = Reading("1.299,50 €", 0.97, sure=True, box=(12.0, 12.0, 88.0, 38.0))
    monkeypatch.setattr(vision_lab_pictures, "drawn_tag", tag)
    monkeypatch.setattr(vision_lab_answers, "ask", lambda task, chosen: Seen("reader", (reading,)))
    monkeypatch.setattr(vision_lab_answers, "cost", lambda seen, chosen: "cost")
    app = open_page("market", market="DEU")
    assert not [frame for frame in app.dataframe if "Drawn" in frame.value.columns]
    app.toggle(key="market_tag_read").set_value(True).run()
    assert not app.exception
    row = next(frame.value for frame in app.dataframe if "Drawn" in frame.value.columns).iloc[0]
    assert (row["Drawn"], row["Read"], row["Matches the drawing"]) == ("1.299,50 €", "1.299,50 €", "matches")
    assert row["In this market"] == "€1,299.50, Euro"


def test_a_machine_without_a_font_says_which_to_install(home, open_page, monkeypatch):
    from dashboard.vision import pictures as vision_lab_pictures
    from models.vision.reader.fonts import FontError

    def none(iso2: str, seed: int):
        raise FontError("no font")

    monkeypatch.setattr(vision_lab_pictures, "drawn_tag", none)
    app = open_page("market", market="DEU")
    assert any("apt-get install" in info.value for info in app.info)
    assert as_written(app)["Price"]
