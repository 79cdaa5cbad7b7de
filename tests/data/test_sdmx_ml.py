"""SDMX-ML: every observation with what its series, group and data set say of it, and no trick of XML."""

import pytest

from data import ingest, layouts, limits
from data.layouts import sdmxml, written
from tests.stored import landed

pytestmark = pytest.mark.usefixtures("home")
NAMESPACES = (
    'xmlns:mes="http://www.sdmx.org/resources/sdmxml/schemas/v2_1/message" '
    'xmlns:generic="http://www.sdmx.org/resources/sdmxml/schemas/v2_1/data/generic" '
    'xmlns:ss="http://www.sdmx.org/resources/sdmxml/schemas/v2_1/data/structurespecific" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:com="urn:common"'
)
MILLIONS = {("KEN", "X", 2019): 50.9e6, ("KEN", "X", 2020): 51.99e6, ("GHA", "X", 2020): 31.07e6}


def values(**said: str) -> str:
    return "".join(f'<generic:Value id="{key}" value="{text}"/>' for key, text in said.items())


def generic(observations: str, before: str = "", at: str = "TIME_PERIOD") -> str:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><mes:GenericData {NAMESPACES}><mes:Header><mes:Structure '
        f'structureID="S" dimensionAtObservation="{at}"/></mes:Header>'
        f'<mes:DataSet structureRef="S" action="Replace">{before}{observations}</mes:DataSet></mes:GenericData>'
    )


def series(cells: dict[str, str], attributes: str = values(UNIT_MULT="6"), flag: str = "A", **key: str) -> str:
    key = {"FREQ": "A", "INDICATOR": "X", "SEX": "_T"} | key
    rows = "".join(
        f'<generic:Obs><generic:ObsDimension value="{year}"/><generic:ObsValue value="{value}"/><generic:Attributes>'
        f"{values(OBS_STATUS=flag)}</generic:Attributes></generic:Obs>"
        for year, value in cells.items()
    )
    inside = f"<generic:Attributes>{attributes}</generic:Attributes>" if attributes else ""
    return f"<generic:Series><generic:SeriesKey>{values(**key)}</generic:SeriesKey>{inside}{rows}</generic:Series>"


KENYA, GHANA = ({"2019": "50.9", "2020": "51.99"}, {"2020": "31.07"})
GROUP = (
    f'<generic:Group type="Sibling"><generic:GroupKey>{values(REF_AREA="KEN")}</generic:GroupKey><generic:Attributes>'
    f"{values(UNIT_MULT='6')}</generic:Attributes></generic:Group>"
)
SPECIFIC = (
    f"<mes:StructureSpecificData {NAMESPACES}><mes:Header/><mes:DataSet ss:dataScope='DataStructure' "
    "xsi:type='ns1:DataSetType' {whole}>{inside}</mes:DataSet></mes:StructureSpecificData>"
)
OWN = (
    '<Series FREQ="A" REF_AREA="KEN" INDICATOR="X" {a}><Obs TIME_PERIOD="2019" OBS_VALUE="50.9" OBS_STATUS="A"/>'
    '<Obs TIME_PERIOD="2020" OBS_VALUE="51.99"/></Series><Series FREQ="A" REF_AREA="GHA" INDICATOR="X" {a}>'
    '<Obs TIME_PERIOD="2020" OBS_VALUE="31.07" OBS_STATUS="E"/><Obs TIME_PERIOD="2021" OBS_VALUE="NaN"/></Series>'
)
MESSAGES = {
    "generic by series": generic(series(KENYA, REF_AREA="KEN") + series(GHANA, REF_AREA="GHA")),
    "generic, multiplier in a group and in the data set": generic(
        series(KENYA, "", REF_AREA="KEN") + series(GHANA, "", REF_AREA="GHA"),
        f"<generic:Attributes>{values(UNIT_MULT='6')}</generic:Attributes>{GROUP}",
    ),
    "generic, flat": generic(
        "".join(
            f"<generic:Obs><generic:ObsKey>{values(REF_AREA=iso3, INDICATOR='X', TIME_PERIOD=year, UNIT_MULT='6')}"
            f'</generic:ObsKey><generic:ObsValue value="{value}"/></generic:Obs>'
            for iso3, cells in (("KEN", KENYA), ("GHA", GHANA))
            for year, value in cells.items()
        ),
        at="AllDimensions",
    ),
    "structure-specific": SPECIFIC.format(whole="", inside=OWN.format(a='UNIT_MULT="6"')),
    "structure-specific, multiplier of the data set": SPECIFIC.format(whole='UNIT_MULT="6"', inside=OWN.format(a="")),
    "structure-specific, multiplier in groups": SPECIFIC.format(
        whole="",
        inside='<Group xsi:type="x" REF_AREA="KEN" UNIT_MULT="6"/><Group REF_AREA="GHA" UNIT_MULT="6"/>'
        + OWN.format(a=""),
    ),
    "compact, 2.0": (
        '<CompactData xmlns="http://www.SDMX.org/resources/SDMXML/schemas/v2_0/message"><DataSet>'
        '<SiblingGroup INDICATOR="X" UNIT_MULT="6"/>' + OWN.format(a="") + "</DataSet></CompactData>"
    ),
    "generic, 2.0": generic(
        series(KENYA, REF_AREA="KEN").replace(" id=", " concept=")
        + series(GHANA, REF_AREA="GHA").replace(" id=", " concept=")
    )
    .replace('<generic:ObsDimension value="', "<generic:Time>")
    .replace('"/><generic:ObsValue', "</generic:Time><generic:ObsValue"),
}


def land(folder, text: str, **options) -> ingest.ImportReport:
    (folder / "figures").write_text(text)
    report = ingest.import_file(folder / "figures", **options)
    assert report.cells == sum(int(str(said).split()[0].replace(",", "")) for said in report.balance())
    return report


def refused(folder, text: str, **options) -> str:
    (folder / "figures").write_text(text)
    with pytest.raises((layouts.LayoutError, ingest.ImportRefused)) as error:
        ingest.import_file(folder / "figures", **options)
    report = getattr(error.value, "report", None)
    return str(error.value) + " ".join(f"{f.problem} {f.remedy}" for f in (report.row_faults if report else ()))


@pytest.mark.parametrize("message", MESSAGES)
def test_an_observation_lands_with_all_that_is_said_of_it(tmp_path, message):
    report = land(tmp_path, MESSAGES[message])
    assert (report.layout, landed()) == ("SDMX-ML", pytest.approx(MILLIONS))


def test_a_part_of_the_people_and_a_month_stay_out(tmp_path):
    assert "SEX is F" in refused(tmp_path, generic(series(KENYA, REF_AREA="KEN", SEX="F")))
    assert "FREQ is M" in refused(tmp_path, generic(series({"2020-M03": "1"}, REF_AREA="KEN", FREQ="M")))
    assert "not a year" in refused(tmp_path, generic(series({"2020-M03": "1"}, REF_AREA="KEN")))


def test_flags_of_observations_are_heard(tmp_path):
    report = land(tmp_path, generic(series(KENYA, REF_AREA="KEN", flag="F") + series(GHANA, REF_AREA="GHA", flag="E")))
    assert (dict(report.left_out), len(landed())) == ({"forecast": 2}, 1)
    assert "Estimates, as the file says: 1." in map(str, report.remarks())


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (generic(series(KENYA, REF_AREA="KEN"))[:-40], "cannot be read"),
        (generic(""), "without observations (GenericData)"),
        (f"<mes:Structure {NAMESPACES}><mes:Structures/></mes:Structure>", "without observations (Structure)"),
        (
            f'<mes:Error {NAMESPACES}><mes:ErrorMessage code="100"><com:Text>No records</com:Text></mes:ErrorMessage>'
            "</mes:Error>",
            "an answer of the service: No records",
        ),
        (generic(series(KENYA, REF_AREA="KEN")).replace("Replace", "Delete"), "asks to delete"),
        (generic(series(KENYA, "", REF_AREA="KEN") + GROUP), "a group stands behind its series"),
        (
            generic(series(KENYA, REF_AREA="KEN")).replace("<mes:Gen", "<!DOCTYPE x><mes:Gen", 1),
            "declares a document type",
        ),
        (SPECIFIC.format(whole="", inside='<Obs><Comp id="OBS_VALUE"/></Obs>'), "values as elements of their own"),
    ],
)
def test_a_message_without_data_or_against_the_rules_is_named_for_what_it_is(tmp_path, text, reason):
    assert reason in refused(tmp_path, text)


def test_depth_and_length_of_a_message_are_bounded(tmp_path, monkeypatch):
    monkeypatch.setattr(sdmxml, "MAX_DEPTH", 3)
    assert "nested deeper than 3" in refused(tmp_path, generic(series(KENYA, REF_AREA="KEN")))
    monkeypatch.undo()
    monkeypatch.setattr(limits, "MAX_CELL", 20)
    text = SPECIFIC.format(whole="", inside=OWN.format(a='TITLE="a title of more than twenty letters"'))
    assert "a cell of more than 20 characters" in refused(tmp_path, text)


def test_a_large_message_is_read_in_a_process_of_its_own_with_the_same_outcome(tmp_path, monkeypatch):
    monkeypatch.setattr(written, "LARGE", 10)
    land(tmp_path, MESSAGES["structure-specific"])
    assert landed() == pytest.approx(MILLIONS)
    assert "without observations (GenericData)" in refused(tmp_path, generic(""))
    no_code = MESSAGES["structure-specific"].replace('INDICATOR="X"', "")
    assert "--indicator" in refused(tmp_path, no_code)
