"""Scenarios as data: kept, carried in a link and read back equal; whatever is wrong with one is named."""

import base64
import contextlib
import json
import tracemalloc
import zlib
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics import json_documents
from analytics.json_documents import DocumentError
from analytics.scenario import document as scenario_document
from analytics.scenario.document import Base, BaseKey, Scenario, Shock, Uncertain

DOCS = Path(__file__).parents[3] / "docs"
BASE = Base("healthcare", 2023)
FASTER = Scenario("India goes online", BASE, (Shock("indicator", "IT.NET.USER.ZS", "set", 75.0, ("IND",)),))

words = st.text(st.characters(codec="utf-8", exclude_categories=("Cs",)), max_size=40)
names = words.map(str.strip).filter(bool)
amounts = st.floats(-1e9, 1e9)
positive = st.floats(0.001, 1e6)
codes = st.from_regex(r"[A-Z]{2}\.[A-Z]{3}", fullmatch=True)
who = {
    "markets": st.lists(st.from_regex(r"[A-Z]{3}", fullmatch=True), unique=True, max_size=4).map(tuple),
    "regions": st.lists(st.from_regex(r"[0-9]{3}", fullmatch=True), unique=True, max_size=3).map(tuple),
}
moves = st.one_of(
    st.builds(Shock, st.just("indicator"), codes, st.sampled_from(("set", "add")), amounts, **who),
    st.builds(Shock, st.just("indicator"), codes, st.just("scale"), positive, **who),
    st.builds(Shock, st.just("exchange rate"), st.just(""), st.just("scale"), positive, **who),
    st.builds(Shock, st.just("weight"), codes, st.sampled_from(scenario_document.HOWS), positive),
)
triangles = st.tuples(amounts, positive, positive).map(
    lambda t: {"low": t[0] - t[1], "mode": t[0], "high": t[0] + t[2]}
)
doubts = st.one_of(
    st.builds(Uncertain, codes, st.sampled_from(scenario_document.HOWS), st.just("triangular"), triangles, **who),
    st.builds(
        Uncertain, codes, st.sampled_from(scenario_document.HOWS), st.just("normal"),
        st.fixed_dictionaries({"mean": amounts, "sd": positive}), **who,
    ),
    st.builds(
        Uncertain, codes, st.sampled_from(("add", "scale")), st.just("bootstrap"),
        st.fixed_dictionaries({"years": st.integers(1, 10)}), **who,
    ),
)  # fmt: skip
bases = st.builds(
    Base,
    st.sampled_from(("general", "healthcare")),
    st.integers(1900, 2100),
    st.sampled_from(("best", "ridge")),
    st.sampled_from(("", "20261121T101500Z-1a2b3c4d")),
)
scenarios = st.builds(
    Scenario,
    name=names,
    base=bases,
    shocks=st.lists(moves, max_size=6, unique_by=lambda shock: shock.place).map(tuple),
    horizon=st.integers(0, 10),
    seed=st.integers(0, 2**31 - 1),
    author=words,
    note=words,
    uncertain=st.lists(doubts, max_size=3).map(tuple),
)


@settings(max_examples=60)
@given(scenarios)
def test_a_scenario_comes_back_equal_from_json_and_from_a_link(made):
    text = scenario_document.to_json(made)
    assert scenario_document.from_json(text) == scenario_document.from_json(text.encode()) == made
    jsonschema.validate(json.loads(text), json.loads((DOCS / "schemas" / scenario_document.SCHEMA).read_text("utf-8")))
    link = scenario_document.to_link(made)
    assert set(link) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
    assert scenario_document.from_link(link) == made


def test_what_is_empty_is_left_out_of_the_json():
    assert json.loads(scenario_document.to_json(FASTER)) == {
        "version": 1,
        "name": "India goes online",
        "base": {"recipe": "healthcare", "year": 2023, "learner": "best"},
        "shocks": [
            {"kind": "indicator", "target": "IT.NET.USER.ZS", "how": "set", "value": 75.0, "markets": ["IND"]}
        ],
    }  # fmt: skip


def test_a_shock_of_nothing_is_kept_all_the_same():
    zero = replace(FASTER, shocks=(Shock("indicator", "RL.EST", "set", 0.0),))
    assert scenario_document.from_json(scenario_document.to_json(zero)) == zero


def test_a_number_that_is_none_is_not_written():
    with pytest.raises(ValueError, match="Out of range float"):
        scenario_document.to_json(replace(FASTER, shocks=(Shock("indicator", "RL.EST", "set", float("nan")),)))


@pytest.mark.parametrize("file", sorted((DOCS / "examples").glob("scenario*.json")), ids=lambda file: file.stem)
def test_the_published_example_is_a_scenario(file):
    assert scenario_document.from_json(file.read_bytes()).shocks


# ------------------------------------------------------------------ putting shocks together


def test_a_shock_about_the_same_thing_takes_the_others_place():
    first, second = FASTER.shocks[0], Shock("weight", "digital", "scale", 1.5)
    both = FASTER.with_shock(second)
    assert both.shocks == (first, second)
    assert both.with_shock(replace(first, how="add", value=3.0)).shocks == (
        replace(first, how="add", value=3.0),
        second,
    )
    assert both.without(first.place).shocks == (second,)
    assert FASTER.shocks == (first,)


def test_the_same_figure_elsewhere_is_another_thing():
    elsewhere = replace(FASTER.shocks[0], markets=("BRA",))
    assert len(FASTER.with_shock(elsewhere).shocks) == 2


@pytest.mark.parametrize(("how", "after"), [("set", 3.0), ("add", 13.0), ("scale", 30.0)])
def test_a_value_is_set_added_or_a_factor(how, after):
    assert Shock("indicator", "RL.EST", how, 3.0).moved(10.0) == after


# ------------------------------------------------------------------ faults of what people wrote by hand


def refused(**changes: object) -> list[str]:
    """The faults named when the example is changed like this."""
    document = json.loads(scenario_document.to_json(FASTER)) | changes
    with pytest.raises(DocumentError) as fault:
        scenario_document.from_json(json.dumps(document))
    return str(fault.value).splitlines()[1:]


def shock(**entry: object) -> dict:
    return {"kind": "indicator", "target": "RL.EST", "how": "set", "value": 1} | entry


def test_all_faults_of_a_hand_edited_file_are_named_with_their_place():
    assert refused(
        shocks=[
            shock(target=""),
            shock(kind="exchange rate", target="", how="add"),
            shock(kind="exchange rate", target="INR", how="scale"),
            shock(kind="weight", target="digital", markets=["IND"]),
            shock(kind="weight", target="risk", value=-1),
            shock(how="scale", value=-2, regions=["142"]),
            shock(how="add"),
        ]
    ) == [
        "shocks[0]: target is missing; name an indicator, or a dimension for a weight",
        "shocks[1]: an exchange rate is scaled by a positive number, and has no target",
        "shocks[2]: an exchange rate is scaled by a positive number, and has no target",
        "shocks[3]: a weight holds for all markets; leave out markets and regions",
        "shocks[4]: a weight cannot be negative",
        "shocks[5]: a scale cannot be negative",
    ]


def test_a_currency_worth_nothing_is_refused():
    assert "positive" in refused(shocks=[shock(kind="exchange rate", target="", how="scale", value=0)])[0]


def test_a_number_beyond_all_numbers_is_refused():
    text = scenario_document.to_json(FASTER).replace("75.0", "1e999")
    with pytest.raises(DocumentError, match=r"shocks\[0\]: inf is not a number"):
        scenario_document.from_json(text)
    with pytest.raises(DocumentError, match="more than 18 digits"):
        scenario_document.from_json(text.replace("1e999", "1" + "0" * 400))


def test_a_number_larger_than_any_figure_is_refused():
    assert refused(
        shocks=[shock(value=1e300), shock(kind="exchange rate", target="", how="scale", value=1e19)],
        uncertain=[doubt(distribution="normal", mean=-1e300, sd=1)],
    ) == [
        "shocks[0]: 1e+300 is too large; give at most 1e+18",
        "shocks[1]: 1e+19 is too large; give at most 1e+18",
        "uncertain[0]: every parameter must be a number of at most 1e+18",
    ]


def test_two_shocks_about_the_same_thing_are_refused():
    assert refused(shocks=[shock(), shock(markets=["IND"]), shock(how="add")]) == [
        "shocks[2]: says again what shocks[0] says; keep one of them"
    ]


def doubt(**entry: object) -> dict:
    return {"target": "RL.EST", "how": "add"} | entry


def test_parameters_that_do_not_fit_their_distribution_are_named():
    assert refused(
        uncertain=[
            doubt(distribution="triangular", low=1, high=2, sd=3),
            doubt(distribution="triangular", low=2, mode=1, high=3),
            doubt(distribution="triangular", low=1, mode=1, high=1),
            doubt(distribution="normal"),
            doubt(distribution="bootstrap", how="set", years=3),
        ]
    ) == [
        "uncertain[0]: triangular needs mode",
        "uncertain[0]: triangular has no sd",
        "uncertain[1]: low <= mode <= high must hold, and low < high",
        "uncertain[2]: low <= mode <= high must hold, and low < high",
        "uncertain[3]: normal needs mean",
        "uncertain[3]: normal needs sd",
        "uncertain[4]: a bootstrap draws changes; choose add or scale",
    ]


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"name": ""}, "name: '' "),
        ({"name": "x" * 81}, "name: "),
        ({"horizon": 11}, "horizon: 11 is greater than the maximum of 10"),
        ({"horizon": 1.5}, "horizon: 1.5 is not of type 'integer'"),
        ({"base": {"recipe": "../../etc/passwd", "year": 2023}}, "base.recipe: "),
        ({"base": {"recipe": "general", "year": "2023"}}, "base.year: '2023' is not of type 'integer'"),
        ({"shocks": [shock(value="75")]}, "shocks[0].value: '75' is not of type 'number'"),
        ({"shocks": [shock(value=True)]}, "shocks[0].value: True is not of type 'number'"),
        ({"shocks": [shock(value=None)]}, "shocks[0].value: None is not of type 'number'"),
        ({"shocks": [shock(markets=["India"])]}, "shocks[0].markets[0]: 'India' does not match"),
        ({"shocks": [shock(regions=["Asia"])]}, "shocks[0].regions[0]: 'Asia' does not match"),
        ({"shocks": [shock(__class__="x")]}, "shocks[0]: Additional properties"),
    ],
)
def test_what_the_schema_does_not_allow_is_named_with_its_place(changes, place):
    assert refused(**changes)[0].startswith(place)


def test_whole_numbers_written_with_a_point_are_whole_numbers():
    document = json.loads(scenario_document.to_json(FASTER)) | {"seed": 7.0, "horizon": 2.0}
    document["base"]["year"] = 2023.0
    found = scenario_document.from_json(json.dumps(document))
    assert found == replace(FASTER, seed=7, horizon=2)
    assert [type(number) for number in (found.seed, found.horizon, found.base.year)] == [int, int, int]


def test_a_name_of_blanks_gets_a_name_and_a_market_named_twice_counts_once():
    document = json.loads(scenario_document.to_json(FASTER)) | {"name": "   "}
    document["shocks"][0]["markets"] = ["IND", "BRA", "IND"]
    found = scenario_document.from_json(json.dumps(document))
    assert (found.name, found.shocks[0].markets) == ("Scenario", ("IND", "BRA"))


# ------------------------------------------------------------------ links


def link_of(text: str | bytes) -> str:
    packed = zlib.compress(text.encode() if isinstance(text, str) else text, 9)
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def test_a_scenario_too_long_for_a_link_says_to_send_the_file():
    long = replace(FASTER, shocks=tuple(Shock("indicator", f"A{n * 7919}", "set", n / 7) for n in range(900)))
    with pytest.raises(DocumentError, match=r"too long for a link \([\d,]+ characters, 6,000 fit\).*send the file"):
        scenario_document.to_link(long)


def test_a_link_longer_than_ours_can_be_is_not_unpacked(monkeypatch):
    monkeypatch.setattr(base64, "b64decode", lambda *a, **k: pytest.fail("it was unpacked"))
    with pytest.raises(DocumentError, match="The link is 100,000 characters long; one of ours has at most 6,000"):
        scenario_document.from_link("A" * 100_000)


@pytest.mark.parametrize("megabytes", [4, 100])
def test_a_link_that_would_unpack_to_megabytes_takes_none(megabytes, monkeypatch):
    monkeypatch.setattr(json_documents, "MAX_LINK", 200_000)  # 100 MB do not fit into 6,000 characters
    bomb = link_of(b'{"name": "' + b"0" * megabytes * 1_000_000)
    tracemalloc.start()
    with pytest.raises(DocumentError, match="holds more than a scenario"):
        scenario_document.from_link(bomb)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2_000_000


@pytest.mark.parametrize(
    "damage",
    [
        lambda link: link[: len(link) // 2],
        lambda link: link[:-3],
        lambda link: link[5:],
        lambda link: link[:20] + "!" + link[21:],
        lambda link: link[:20] + "é" + link[21:],
        lambda link: link + " ",
        lambda link: "",
        lambda link: "A",
        lambda link: link[::-1],
    ],
)
def test_a_damaged_link_is_refused_with_a_remedy(damage):
    with pytest.raises(DocumentError, match=r"Copy it again|Ask for the file"):
        scenario_document.from_link(damage(scenario_document.to_link(FASTER)))


@settings(max_examples=200)
@given(st.text(max_size=300) | st.binary(max_size=300).map(lambda b: base64.urlsafe_b64encode(b).decode()))
def test_no_text_whatever_is_anything_but_a_scenario_or_a_fault(text):
    with pytest.raises(DocumentError):
        scenario_document.from_link(text)


@settings(max_examples=100)
@given(st.integers(0, 10_000), st.characters(codec="ascii"))
def test_a_link_with_one_character_changed_is_refused_or_the_same(at, other):
    link = scenario_document.to_link(FASTER)
    at %= len(link)
    with contextlib.suppress(DocumentError):
        assert scenario_document.from_link(link[:at] + other + link[at + 1 :]) == FASTER


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('touch /tmp/never')",
        "!!python/object/apply:os.system ['true']",
        b"\x80\x04cos\nsystem\n.",
    ],
)
def test_nothing_in_a_link_is_executed(text, monkeypatch):
    for name in ("system", "popen"):
        monkeypatch.setattr(f"os.{name}", lambda *a: pytest.fail("it was executed"))
    with pytest.raises(DocumentError, match="not valid JSON"):
        scenario_document.from_link(link_of(text))


def test_a_link_of_another_version_says_so():
    with pytest.raises(DocumentError, match="has version '2'; this program reads version 1"):
        scenario_document.from_link(link_of(json.dumps({"version": 2, "name": "x"})))


def test_what_to_json_writes_is_within_what_is_read():
    assert json_documents.MAX_FROM_LINK < json_documents.MAX_BYTES


@given(st.floats(-99, 1e4), st.sampled_from(["indicator", "exchange rate"]))
def test_a_percent_more_is_a_scale_and_comes_back(percent, kind):
    shock = Shock.from_percent(kind, "", percent, ("IND",))
    assert (shock.how, shock.markets) == ("scale", ("IND",))
    assert shock.percent == pytest.approx(percent, abs=1e-9)
    assert shock.moved(200.0) == pytest.approx(200.0 * (1 + percent / 100))


def test_the_key_of_a_base_is_what_it_depends_on_and_nothing_of_the_assumptions():
    later = replace(FASTER, base=Base("healthcare", 2023, "ridge", "arrival"), horizon=5)
    key = BaseKey.of(later, "next")
    assert (
        key
        == BaseKey("healthcare", 2023, 5, "next", "ridge")
        == BaseKey.of(replace(later, shocks=(), name="Other"), "next")
    )
    assert key.without_potential == BaseKey("healthcare", 2023, 5, "next")
    assert len({key, BaseKey.of(later, "next"), key.without_potential}) == 2


def test_a_scenario_is_checked_without_writing_it_and_found_wrong_where_its_file_would_be():
    scenario_document.check(FASTER)
    flat = Uncertain("IT.NET.USER.ZS", "add", "triangular", {"low": 3.0, "mode": 1.0, "high": 2.0}, ("IND",))
    wrong = replace(FASTER, uncertain=(flat,))
    with pytest.raises(DocumentError) as checked:
        scenario_document.check(wrong)
    with pytest.raises(DocumentError) as read:
        scenario_document.from_json(scenario_document.to_json(wrong))
    assert checked.value == read.value
