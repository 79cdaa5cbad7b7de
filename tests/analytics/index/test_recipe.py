"""Recipes: the shipped ones are sound, and a bad one is told everything that is wrong with it."""

import pytest

from analytics.index import recipe
from data import catalog

GOOD = """
title = "Test"
question = "Which?"
outcome = "SP.POP.TOTL"
[dimension]
size = 3.0
risk = 1.0
[indicator."SP.POP.TOTL"]
dimension = "size"
[indicator."NY.GDP.MKTP.CD"]
dimension = "size"
weight = 0.5
[indicator."FP.CPI.TOTL.ZG"]
dimension = "risk"
direction = "down"
"""


def load(folder, text: str, name: str = "test") -> recipe.Recipe:
    (folder / f"{name}.toml").write_text(text)
    return recipe.load(name, folder)


def test_every_recipe_of_the_list_has_a_file_and_every_file_is_on_the_list():
    assert set(recipe.NAMES) == {file.stem for file in recipe.FOLDER.glob("*.toml")}


@pytest.mark.parametrize("name", recipe.NAMES)
def test_a_shipped_recipe_is_sound(name):
    found = recipe.load(name)
    assert found.name == name
    assert sum(found.weights().values()) == pytest.approx(1)
    assert {i.direction for i in found.ingredients} <= {1, -1}
    assert set(found.codes) <= set(catalog.load())


def test_weights_are_shares_of_shares_by_hand(tmp_path):
    found = load(tmp_path, GOOD).weights()
    assert found == pytest.approx({"SP.POP.TOTL": 0.5, "NY.GDP.MKTP.CD": 0.25, "FP.CPI.TOTL.ZG": 0.25})


def test_a_recipes_own_direction_overrides_the_catalogs(tmp_path):
    text = GOOD.replace('dimension = "size"\nweight', 'dimension = "size"\ndirection = "down"\nweight')
    directions = {i.key: i.direction for i in load(tmp_path, text).ingredients}
    assert directions == {"SP.POP.TOTL": 1, "NY.GDP.MKTP.CD": -1, "FP.CPI.TOTL.ZG": -1}


def test_codes_name_every_figure_once_with_stand_ins_and_denominators(tmp_path):
    text = (
        GOOD + 'alternatives = [{ code = "cldr:gdp_ppp", denominator = "cldr:population" }, { code = "SP.POP.TOTL" }]\n'
    )
    assert load(tmp_path, text).codes == (
        "SP.POP.TOTL", "NY.GDP.MKTP.CD", "FP.CPI.TOTL.ZG", "cldr:gdp_ppp", "cldr:population",
    )  # fmt: skip


BAD = """
title = "Test"
windw = 5
minimum_coverage = 60
outcome = "NO.SUCH"
[dimension]
size = 0
luck = 1.0
risk = "much"
[indicator."SP.POP.TOTL"]
dimension = "size"
weight = -1
wieght = 2
[indicator."NO.SUCH"]
dimension = "growth"
alternatives = [{ denominator = "SP.POP.TOTL", colour = "red" }]
[indicator."FP.CPI.TOTL.ZG"]
dimension = "size"
direction = "sideways"
"""


def test_every_fault_of_a_recipe_is_named_at_once(tmp_path):
    with pytest.raises(recipe.RecipeError) as refused:
        load(tmp_path, BAD)
    for fault in (
        "unknown key windw",
        "minimum_coverage: 60 is not a number from 0 to 1",
        "missing question",
        "unknown outcome NO.SUCH",
        "unknown indicator NO.SUCH",
        "dimension size: weight 0 is not positive",
        "unknown dimension luck",
        "dimension luck has no indicator",
        "dimension risk: weight 'much' is not a number",
        "SP.POP.TOTL: weight -1 is not positive",
        "SP.POP.TOTL: unknown key wieght",
        "NO.SUCH: dimension 'growth' has no weight",
        "NO.SUCH: say which direction is better",
        "NO.SUCH: unknown key colour of an alternative",
        "NO.SUCH: an alternative has no code",
        "FP.CPI.TOTL.ZG: direction 'sideways' is not up or down",
    ):
        assert fault in str(refused.value)


def test_a_file_that_is_no_toml_is_named(tmp_path):
    with pytest.raises(recipe.RecipeError, match=r"test\.toml is not valid TOML"):
        load(tmp_path, "title = ")


@pytest.mark.parametrize("name", ["nothing", "../general", "", "general.toml"])
def test_an_unknown_recipe_is_answered_with_the_known_ones(name):
    with pytest.raises(recipe.RecipeError, match="Known recipes: education, environment"):
        recipe.load(name)


POTENTIAL = """
[potential]
title = "Sales"
unit = "US$"
share_of = "NY.GDP.MKTP.CD"
excludes = ["SP.POP.*"]
features = ["RL.EST", { code = "NY.GDP.PCAP.CD", denominator = "NY.GDP.PCAP.PP.CD" }]
"""


def test_a_target_says_what_is_predicted_from_what(tmp_path):
    target = load(tmp_path, GOOD + POTENTIAL).target
    assert target.measure == recipe.Measure("SP.POP.TOTL", share_of="NY.GDP.MKTP.CD")
    assert [measure.codes for measure in target.features] == [("RL.EST",), ("NY.GDP.PCAP.CD", "NY.GDP.PCAP.PP.CD")]
    assert (target.transform, target.per_person, target.excludes) == ("log", False, ("SP.POP.*",))
    assert load(tmp_path, GOOD, "without").target is None


def test_a_faulty_target_is_told_every_fault(tmp_path):
    text = POTENTIAL.replace('"RL.EST"', '"NO.SUCH"') + 'transform = "root"\nscale = 2\n'
    with pytest.raises(recipe.RecipeError) as error:
        load(tmp_path, GOOD + text)
    for fault in ("unknown indicator NO.SUCH", "transform 'root' is not one of log, share, none", "unknown key scale"):
        assert f"potential: {fault}" in str(error.value)


PROPAGATION = """
[[propagation]]
from = "SP.POP.TOTL"
to = "NY.GDP.MKTP.CD"
why = "More people, more output."
[[propagation]]
from = "NY.GDP.MKTP.CD"
to = "FP.CPI.TOTL.ZG"
direction = "down"
why = "Larger markets have steadier prices."
"""


def test_links_say_what_moves_with_what_and_why(tmp_path):
    first, second = load(tmp_path, GOOD + PROPAGATION).propagation
    assert first == recipe.Link("SP.POP.TOTL", "NY.GDP.MKTP.CD", "More people, more output.", 1)
    assert (second.source, second.target, second.direction) == ("NY.GDP.MKTP.CD", "FP.CPI.TOTL.ZG", -1)
    assert load(tmp_path, GOOD, "without").propagation == ()


@pytest.mark.parametrize("name", recipe.NAMES)
def test_a_shipped_recipe_links_its_own_indicators_in_words(name):
    links = recipe.load(name).propagation
    assert 2 <= len(links) <= 4
    assert all("associated" in link.why and "cause" not in link.why for link in links)


def test_a_figure_used_within_another_only_is_no_end_of_a_link(tmp_path):
    text = GOOD.replace("weight = 0.5", 'weight = 0.5\ndenominator = "SP.POP.GROW"')
    with pytest.raises(recipe.RecipeError, match=r"SP.POP.GROW is not an indicator of this recipe"):
        load(tmp_path, text + '[[propagation]]\nfrom = "SP.POP.GROW"\nto = "SP.POP.TOTL"\nwhy = "Growth adds up."\n')


def test_every_fault_of_the_links_is_named_at_once(tmp_path):
    text = (
        PROPAGATION
        + """
[[propagation]]
from = "FP.CPI.TOTL.ZG"
to = "SP.POP.TOTL"
why = "Closes the circle."
[[propagation]]
from = "SP.POP.TOTL"
to = "SP.POP.TOTL"
why = "Itself."
[[propagation]]
from = "NO.SUCH"
to = "RL.EST"
wy = "Misspelt."
direction = "sideways"
[[propagation]]
from = "SP.POP.TOTL"
to = "NY.GDP.MKTP.CD"
why = "Again."
"""
    )
    with pytest.raises(recipe.RecipeError) as error:
        load(tmp_path, GOOD + text)
    for fault in (
        "propagation goes in a circle: ",
        "propagation SP.POP.TOTL -> SP.POP.TOTL: a figure cannot move itself",
        "propagation NO.SUCH -> RL.EST: unknown indicator NO.SUCH",
        "propagation NO.SUCH -> RL.EST: RL.EST is not an indicator of this recipe",
        "propagation NO.SUCH -> RL.EST: unknown key wy",
        "propagation NO.SUCH -> RL.EST: why is missing",
        "propagation NO.SUCH -> RL.EST: direction 'sideways' is not up or down",
        "propagation SP.POP.TOTL -> NY.GDP.MKTP.CD: named twice",
    ):
        assert fault in str(error.value)


def test_links_that_are_no_tables_are_refused(tmp_path):
    with pytest.raises(recipe.RecipeError, match=r"not a list of tables; write \[\[propagation\]\]"):
        load(tmp_path, 'propagation = "IT.NET.USER.ZS"\n' + GOOD)
