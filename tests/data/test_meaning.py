"""What the columns beside a value make of it: read rightly, or refused with cause and remedy; never silently else."""

import pytest

from data import ingest, store, units
from data.ingest import meaning

pytestmark = pytest.mark.usefixtures("home")
GDP, POPULATION, UNEMPLOYMENT = "NY.GDP.MKTP.CD", "SP.POP.TOTL", "SL.UEM.TOTL.ZS"


def land(folder, text: str, name: str = "figures.csv", **options) -> ingest.ImportReport:
    (folder / name).write_text(text, encoding="utf-8")
    return ingest.import_file(folder / name, **options)


def faults(folder, text: str, name: str = "figures.csv", **options) -> list[tuple[str, str, str]]:
    """(kind, problem, remedy) of each fault; the file is refused."""
    (folder / name).write_text(text, encoding="utf-8")
    with pytest.raises(ingest.ImportRefused) as refused:
        ingest.import_file(folder / name, **options)
    return [(f.kind, str(f.problem), str(f.remedy)) for f in refused.value.report.row_faults]


def stored(name: str = "figures.csv") -> dict[tuple[str, int], float]:
    connection = store.connect()
    connection.execute("USE atlas")
    query = "SELECT iso3, year, value FROM observations WHERE source = $source"
    return {row[:2]: row[2] for row in connection.execute(query, {"source": f"file {name}"}).fetchall()}


# ------------------------------------------------------------------ multipliers


@pytest.mark.parametrize(
    ("text", "power"),
    [
        ("6", 6), ("6.0", 6), ("6: Millions", 6), ("Millions", 6), ("million", 6), ("10^6", 6), ("1E6", 6), ("10⁹", 9),
        ("'000", 3), ("000s", 3), ("1,000", 3), ("1 000 000", 6), ("bn", 9), ("bln", 9), ("mrd", 9), ("mld", 9),
        ("lakh", 5), ("crore", 7), ("tn", 12), ("Thousands (3)", 3), ("Units", 0), ("Unit", 0), ("0", 0), ("", 0),
        ("_Z", 0), ("dozen", None), ("-3", None), ("99", None), ("x", None),
    ],
)  # fmt: skip
def test_a_multiplier_is_understood_in_every_spelling_or_not_at_all(text, power):
    assert units.power(text) == power


@pytest.mark.parametrize(
    ("unit", "power"),
    [
        ("million US$", 6), ("US$ bn", 9), ("US$m", 6), ("$bn", 9), ("thousand persons", 3), ("'000 persons", 3),
        ("1000 persons", 3), ("1,000 ha", 3), ("persons (in thousands)", 3), ("THS_PER", 3), ("MIO_USD", 6),
        ("US$ million per year", 6), ("10^6 persons", 6), ("INR crore", 7), ("lakh rupees", 5), ("10⁹ US$", 9),
        ("per 1,000 people", 0), ("births per thousand", 0), ("per million people", 0), ("ATMs per 100,000 adults", 0),
        ("Mt CO2e", 0), ("metric tons per capita", 0), ("million billion US$", None),
    ],
)  # fmt: skip
def test_a_units_multiplier_is_told_from_what_stands_behind_per(unit, power):
    assert units.split(unit)[0] == power


@pytest.mark.parametrize("column", ["UNIT_MULT", "Unit multiplier", "UNIT_MULTIPLIER", "PowerCode", "Scale", "SCALE"])
def test_values_are_multiplied_as_their_column_says_and_the_report_tells_it(tmp_path, column):
    report = land(tmp_path, f"REF_AREA,INDICATOR,TIME_PERIOD,OBS_VALUE,{column}\nKEN,{POPULATION},2020,51.99,6\n")
    assert stored() == {("KEN", 2020): 51_990_000.0}
    assert "Values multiplied by 10^6, as the file says: 1." in map(str, report.remarks())


def test_a_multiplier_is_found_in_the_header_of_the_values_and_in_a_column_of_any_name(tmp_path):
    land(tmp_path, f"iso3,indicator,year,value (millions)\nKEN,{POPULATION},2020,51.99\n")
    assert stored() == {("KEN", 2020): 51_990_000.0}
    land(tmp_path, f"iso3,indicator,year,value,figures in\nGHA,{POPULATION},2020,31072,thousands\n", name="b.csv")
    assert stored("b.csv") == {("GHA", 2020): 31_072_000.0}


def test_values_are_multiplied_as_their_unit_says(tmp_path):
    land(
        tmp_path, f"country,indicator,year,value,unit\nKenya,{GDP},2020,100.67,US$ bn\nGhana,{GDP},2020,70.04,bn US$\n"
    )
    assert stored() == {("KEN", 2020): 100_670_000_000.0, ("GHA", 2020): 70_040_000_000.0}


def test_a_multiplier_nobody_understands_is_a_fault_that_names_its_column(tmp_path):
    text = f"country,indicator,year,value,scale\nKenya,{POPULATION},2020,52,dozens\nGhana,{POPULATION},2020,31,6\n"
    [(kind, problem, remedy)] = faults(tmp_path, text)
    assert (kind, "dozens" in problem, "column scale" in problem) == ("multiplier", True, True)
    assert "power of ten" in remedy
    land(tmp_path, text, skip_invalid=True)
    assert stored() == {("GHA", 2020): 31_000_000.0}


def test_values_beside_a_multiplier_that_is_in_them_already_are_a_fault_and_land_nowhere(tmp_path):
    """As the IMF's data portal writes them (WEO, NGDPD of the United Kingdom: 3644636000000 beside SCALE 9)."""
    head = "country,indicator,year,value,SCALE\n"
    kind, problem, remedy = faults(tmp_path, f"{head}United Kingdom,{GDP},2024,3644636000000,9\n")[0]
    assert kind == "multiplied already"
    assert "column SCALE says 9" in problem
    assert "leave the column SCALE out" in remedy


def test_two_multipliers_of_a_row_are_one_when_they_agree_and_a_fault_when_they_do_not(tmp_path):
    head = "country,indicator,year,value,unit,scale\n"
    land(tmp_path, f"{head}Kenya,{GDP},2020,100,million US$,6\n")
    assert stored() == {("KEN", 2020): 100e6}
    assert faults(tmp_path, f"{head}Kenya,{GDP},2020,100,million US$,3\n")[0][0] == "two multipliers"


def test_a_unit_described_in_millions_is_not_multiplied_again(tmp_path):
    (tmp_path / "indicators.csv").write_text("indicator,name,unit\nOUR.SALES,Sales,million US$\n")
    land(tmp_path, "country,indicator,year,value,unit\nKenya,OUR.SALES,2020,12,million US$\n")
    assert stored() == {("KEN", 2020): 12.0}
    wrong = "country,indicator,year,value,unit\nKenya,OUR.COST,2020,12,EUR\n"
    (tmp_path / "indicators.csv").write_text("indicator,name,unit\nOUR.COST,Costs,million US$\n")
    assert [kind for kind, *_ in faults(tmp_path, wrong, name="b.csv")] == ["unit"]


@pytest.mark.parametrize(
    ("stated", "known", "same"),
    [
        ("USD", "current US$", True), ("US dollars", "current US$", True), ("U.S. dollars", "current US$", True),
        ("percent", "% of population", True), ("Percent of population", "% of total", True), ("PS", "persons", True),
        ("Years", "years", True), ("PC_ACT", "% of total labor force", True), ("Number", "persons", True),
        ("USD_PPP", "current international $", True), ("per 100 inhabitants", "per 100 people", True),
        ("EUR", "current US$", False), ("constant 2015 US$", "current US$", False), ("% of GDP", "% of total", False),
        ("international $", "current US$", False), ("per 1,000 people", "per 100 people", False),
        ("% of female labor force", "% of total labor force", False), ("Number", "% of GDP", False),
        ("women", "persons", False), ("kWh", "kWh per capita", False),
    ],
)  # fmt: skip
def test_units_in_other_words_are_the_same_and_other_units_are_not(stated, known, same):
    assert units.agree(stated, known) is same


# ------------------------------------------------------------------ dimensions and flags


@pytest.mark.parametrize(
    ("column", "cell"),
    [
        ("SEX", "SEX_F"), ("Sex", "Female"), ("AGE", "Y15T24"), ("URBANISATION", "R"), ("COMP_BREAKDOWN_1", "MS_MIL"),
        ("PRICE_BASE", "Q"), ("ADJUSTMENT", "Y"), ("FREQ", "Q"), ("WEALTH_QUINTILE", "Q1"), ("SOMETHING", "NEW"),
        ("ACTION", "D"), ("COUNTERPART_AREA", "USA"), ("classif1", "AGE_YTHADULT_Y15-24"), ("sex.label", "Female"),
    ],
)  # fmt: skip
def test_a_row_that_is_not_the_total_is_a_fault_naming_column_and_value(tmp_path, column, cell):
    head = f"REF_AREA,INDICATOR,{column},TIME_PERIOD,OBS_VALUE\n"
    rows = f"KEN,{UNEMPLOYMENT},{cell},2020,6.1\nGHA,{UNEMPLOYMENT},{cell},2020,3.2\n"
    [(kind, problem, remedy)] = faults(tmp_path, head + rows)
    assert (kind, problem) == ("dimension", f"these figures are not the total: {column} is {cell}")
    assert f"--keep {column}=" in remedy
    choices = ingest.Choices(keep=((column, cell),))
    land(tmp_path, head + rows, choices=choices, mapping={"indicator": "=OUR.OWN"})
    assert stored() == {("KEN", 2020): 6.1, ("GHA", 2020): 3.2}


def test_rows_of_the_total_land_whatever_the_publisher_calls_it(tmp_path):
    head = "REF_AREA,INDICATOR,FREQ,SEX,AGE,URBANISATION,ADJUSTMENT,DECIMALS,TIME_PERIOD,OBS_VALUE\n"
    rows = [
        f"KEN,{UNEMPLOYMENT},A,_T,_T,_T,N,1,2020,6.1",
        f"GHA,{UNEMPLOYMENT},A,SEX_T,AGE_TOTAL,_Z,_Z,1,2020,3.2",
        f"PER,{UNEMPLOYMENT},Annual,Both sexes,All ages,Total,Not seasonally adjusted,1,2020,4",
    ]
    land(tmp_path, head + "\n".join(rows))
    assert len(stored()) == 3


def test_rows_to_keep_are_read_and_the_others_counted(tmp_path):
    text = "country,indicator,year,value,sex\nKenya,X,2020,1,F\nKenya,X,2020,2,M\nGhana,X,2020,3,F\n"
    report = land(tmp_path, text, choices=ingest.Choices(keep=(("sex", "f"),)))
    assert (stored(), report.left_out) == ({("KEN", 2020): 1.0, ("GHA", 2020): 3.0}, (("kept", 1),))


@pytest.mark.parametrize(
    ("flag", "meant"),
    [
        ("A", "normal"), ("E", "estimate"), ("Estimated value", "estimate"), ("P", "provisional"), ("b", "break"),
        ("bp", "break"), ("F", "forecast"), ("M", "missing"), ("Normal value", "normal"), ("final", "normal"),
        ("approved by the board", "other"),
    ],
)  # fmt: skip
def test_a_flag_has_one_meaning(flag, meant):
    assert meaning.status(flag) == meant


def test_forecasts_and_values_said_to_be_missing_do_not_land_and_flags_are_told(tmp_path):
    head = "REF_AREA,INDICATOR,TIME_PERIOD,OBS_VALUE,OBS_STATUS\n"
    cells = (("KEN", 1, "A"), ("GHA", 2, "E"), ("PER", 3, "F"), ("CHL", 4, "M"), ("UGA", 5, "B"), ("TZA", 6, "P"))
    report = land(tmp_path, head + "".join(f"{iso3},X,2020,{value},{flag}\n" for iso3, value, flag in cells))
    assert {iso3 for iso3, _ in stored()} == {"KEN", "GHA", "UGA", "TZA"}
    assert dict(report.left_out) == {"forecast": 1, "missing": 1}
    told = " ".join(map(str, report.remarks()))
    assert all(word in told for word in ("Estimates", "Provisional", "break in their series"))


# ------------------------------------------------------------------ markets


def test_a_code_and_a_name_of_two_countries_are_a_fault(tmp_path):
    for head, code, name in (("code,country", "AUS", "Austria"), ("Country Name,Country Code", "Kenya", "GH")):
        [(kind, problem, remedy)] = faults(tmp_path, f"{head},indicator,year,value\n{code},{name},X,2020,1\n")
        assert (kind, bool(remedy)) == ("at odds", True)
        assert "Austria" in problem or "Ghana" in problem
    wide = "Country Name,Country Code,Indicator Name,Indicator Code,2019,2020\nKenya,GHA,Things,X,1,2\n"
    assert faults(tmp_path, wide)[0][0] == "at odds"


def test_codes_of_continents_are_groups_and_no_countries(tmp_path):
    rows = {"AF": "Africa", "AS": "Asia", "SA": "South America", "NA": "North America"}
    named = "".join(f"{code},{name},X,2020,1\n" for code, name in rows.items())
    report = land(tmp_path, f"code,country,indicator,year,value\n{named}KE,Kenya,X,2020,2\n")
    assert (stored(), report.aggregates) == ({("KEN", 2020): 2.0}, 4)
    alone = "".join(f"{code},X,2020,1\n" for code in ("AF", "AS", "EU", "NA", "OC", "SA"))
    assert land(tmp_path, f"code,indicator,year,value\n{alone}", name="alone.csv").aggregates == 6


def test_a_name_stands_in_for_a_code_we_do_not_know(tmp_path):
    text = (
        "Area Code,code,Area,indicator,year,value\n114,404,Kenya,X,2020,1\n81,GMY,Germany,X,2020,2\n9,,Ghana,X,2020,3\n"
    )
    land(tmp_path, text, mapping={"market": "code"})
    assert stored() == {("KEN", 2020): 1.0, ("DEU", 2020): 2.0, ("GHA", 2020): 3.0}


def test_china_is_a_sum_beside_its_mainland_and_a_country_without(tmp_path):
    names = [
        "China",
        '"China, mainland"',
        '"China, Hong Kong SAR"',
        '"China, Macao SAR"',
        '"China, Taiwan Province of"',
    ]
    rows = "".join(f"{name},X,2020,{i}\n" for i, name in enumerate(names))
    report = land(tmp_path, f"Area,Indicator,Year,Value\n{rows}")
    assert {iso3 for iso3, _ in stored()} == {"CHN", "HKG", "MAC", "TWN"}
    assert (stored()["CHN", 2020], report.aggregates) == (1.0, 1)
    land(tmp_path, "Area,Indicator,Year,Value\nChina,X,2020,7\n", name="b.csv")
    assert stored("b.csv") == {("CHN", 2020): 7.0}


def test_groups_are_left_out_by_code_or_name_and_former_states_named_as_such(tmp_path):
    groups = ("EU27_2020", "EA20", "OWID_WRL", "XD", "XM", "Oceania", "Polynesia", "Advanced economies", "WLD")
    former = ("USSR", "Czechoslovakia", "Yugoslav SFR", "Belgium-Luxembourg")
    countries = ("OWID_KOS", "EL", "UK", "XK", "KEN")
    rows = "".join(f"{name},X,2020,1\n" for name in (*groups, *former, *countries))
    report = land(tmp_path, f"geo,indicator,year,value\n{rows}", skip_invalid=True)
    assert (report.aggregates, dict(report.left_out)) == (len(groups), {"former": len(former)})
    assert {iso3 for iso3, _ in stored()} == {"XKX", "GRC", "GBR", "KEN"}
    assert "4 values of states that no longer exist left out" in report.sentence()


@pytest.mark.parametrize(
    "name", ["Nigera Delta", "Former Something", "Region of Waterloo", "EMEA 2", "ASEAN plus 3", "Kuwaiti Dinar"]
)
def test_nothing_is_suggested_across_a_distance(tmp_path, name):
    [(kind, _, remedy)] = faults(tmp_path, f"country,indicator,year,value\n{name},X,2020,1\n")
    assert (kind, "Did you mean" in remedy) == ("unknown country", False)


def test_the_names_of_many_publishers_are_known(tmp_path):
    names = {
        "Bolivia (Plurinational State of)": "BOL", "Iran (Islamic Republic of)": "IRN", "Lao P.D.R.": "LAO",
        "Kosovo (under UNSC res. 1244)": "XKX", "Taiwan Province of China": "TWN", "Korea, South": "KOR",
        "Democratic Republic of Congo": "COD", "The former Yugoslav Republic of Macedonia": "MKD",
        "United States Virgin Islands": "VIR", "U.R. of Tanzania: Mainland": "TZA", "China, P.R.: Mainland": "CHN",
        "Micronesia (country)": "FSM", "Türkiye, Rep of": "TUR", "Venezuela (Bolivarian Republic of)": "VEN",
        "Germany (until 1990 former territory of the FRG)": "DEU", "Netherlands (Kingdom of the)": "NLD",
    }  # fmt: skip
    rows = "".join(f'"{name}",X,{1950 + i},1\n' for i, name in enumerate(names))
    land(tmp_path, f"country,indicator,year,value\n{rows}")
    assert {year: iso3 for iso3, year in stored()} == {1950 + i: iso3 for i, iso3 in enumerate(names.values())}


# ------------------------------------------------------------------ numbers


def test_thousands_points_are_read_by_the_other_cells_or_asked_about(tmp_path):
    head = "Country;Indicator;Year;Value\n"
    land(tmp_path, f"{head}Germany;X;2020;46.749\nFrance;X;2020;39.055,4\nItaly;X;2020;7\n")
    assert stored() == {("DEU", 2020): 46_749.0, ("FRA", 2020): 39_055.4, ("ITA", 2020): 7.0}
    land(tmp_path, f"{head}Germany;Y;2020;46.749\nFrance;Y;2020;39.05\n", name="points.csv")
    assert stored("points.csv") == {("DEU", 2020): 46.749, ("FRA", 2020): 39.05}
    alone = f"{head}Germany;Z;2020;46.749\nFrance;Z;2020;39\n"
    [(kind, _, remedy)] = faults(tmp_path, alone, name="alone.csv")
    assert (kind, "--decimal" in remedy) == ("separator", True)
    commas = f"{head}Germany;W;2020;46,749\nFrance;W;2020;39\n"
    assert [kind for kind, *_ in faults(tmp_path, commas, name="commas.csv")] == ["either"]
    land(tmp_path, alone, name="alone.csv", choices=ingest.Choices(decimal=","))
    assert stored("alone.csv") == {("DEU", 2020): 46_749.0, ("FRA", 2020): 39.0}


def test_a_doubtful_point_beside_a_refused_comma_does_not_land_either(tmp_path):
    text = 'country,indicator,year,value\nGermany,X,2020,46.749\nFrance,X,2020,"39,5"\nItaly,X,2020,5\n'
    land(tmp_path, text, skip_invalid=True)
    assert stored() == {("ITA", 2020): 5.0}


def test_a_single_value_a_hundred_times_the_stored_one_is_asked_about(tmp_path):
    land(tmp_path, f"country,indicator,year,value\nKenya,{POPULATION},2020,51990000\n", name="first.csv")
    [(kind, _, remedy)] = faults(tmp_path, f"country,indicator,year,value\nKenya,{POPULATION},2020,51.99\n")
    assert (kind, "--as-stated" in remedy) == ("scale", True)


# ------------------------------------------------------------------ editions and the balance


def test_a_value_whose_cell_is_empty_in_the_next_edition_is_withdrawn_and_one_without_a_row_is_told(tmp_path):
    head = "country,indicator,year,value\n"
    land(tmp_path, f"{head}Kenya,X,2020,1\nGhana,X,2020,22040\nPeru,X,2020,3\n", name="a.csv")
    report = ingest.import_file(_write(tmp_path, f"{head}Kenya,X,2020,1\nGhana,X,2020,\n"), name="a.csv")
    assert (report.withdrawn, report.unstated) == (1, 1)
    assert stored("a.csv") == {("KEN", 2020): 1.0, ("PER", 2020): 3.0}
    assert "no longer stated in this file: 1." in " ".join(map(str, report.remarks()))
    store.remove(report.snapshot)
    assert stored("a.csv")["GHA", 2020] == 22040.0
    wide = "Country Name,Country Code,Indicator Name,Indicator Code,2019,2020\n"
    land(tmp_path, f"{wide}Kenya,KEN,Things,Y,1,2\n", name="w.csv")
    assert land(tmp_path, f"{wide}Kenya,KEN,Things,Y,,2\n", name="w.csv").withdrawn == 1


def _write(folder, text: str):
    (folder / "next.csv").write_text(text)
    return folder / "next.csv"


def test_the_balance_adds_up_to_the_cells_of_the_file(tmp_path):
    head = "country,indicator,year,value,sex,OBS_STATUS\n"
    rows = ["Kenya,X,2020,1,_T,A", "Kenya,X,2020,1,F,A", "World,X,2020,9,_T,A", "USSR,X,1980,2,_T,A",
            "Ghana,X,2020,,_T,A", "Ghana,X,2019,3,_T,F", "Ghana,X,2090,3,_T,A", "Atlantis,X,2020,3,_T,A",
            "Peru,X,2020,two,_T,A", "Chile,X,2020,5,_T,A", "Chile,X,2020,6,_T,A"]  # fmt: skip
    report = land(tmp_path, head + "\n".join(rows), skip_invalid=True)
    told = [int(str(said).split()[0]) for said in report.balance()]
    assert report.cells == len(rows) == sum(told)
    assert report.added == 1
