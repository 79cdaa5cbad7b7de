"""Languages by code: every FLORES code has a code of its own in BCP 47, a name, and a direction."""

import pytest

from models.text import languages


@pytest.mark.parametrize(
    ("flores", "code"),
    [
        ("swh_Latn", "sw"),
        ("zho_Hans", "zh"),
        ("zho_Hant", "zh-Hant"),
        ("arb_Arab", "ar"),
        ("arb_Latn", "ar-Latn"),
        ("prs_Arab", "fa-AF"),
        ("twi_Latn", "tw"),
        ("acm_Arab", "acm"),
        ("pt-BR", "pt-BR"),
        ("zh_TW", "zh-TW"),
    ],
)
def test_a_code_in_bcp_47(flores, code):
    assert languages.bcp47(flores) == code


def test_every_language_has_its_own_code_and_name():
    assert len(set(languages.FLORES)) == len(languages.FLORES) == 205
    assert len({languages.bcp47(code) for code in languages.FLORES}) == 205
    names = {code: languages.name(code) for code in languages.FLORES}
    assert [code for code, name in names.items() if name in (code, code[:3])] == []
    assert len(set(names.values())) == 205


def test_names_are_the_readers_and_tell_scripts_apart():
    assert languages.name("swh_Latn", "zh_Hans_CN") == "斯瓦希里语"
    assert languages.name("zho_Hant") == "Chinese (Traditional)"
    assert languages.name("hne_Deva", "zh_Hans_CN") == "恰蒂斯加尔语"  # CLDR names it in no language
    assert languages.name("sw") == "Swahili"
    assert languages.name("xyz") == "xyz"


def test_direction():
    assert all(map(languages.is_rtl, ("arb_Arab", "ar", "heb_Hebr", "ydd_Hebr", "nqo_Nkoo", "ur", "kas_Arab")))
    assert not any(map(languages.is_rtl, ("arb_Latn", "eng_Latn", "hi", "kas_Deva", "amh_Ethi")))


@pytest.mark.parametrize(
    ("text", "script"),
    [
        ("医生讲解得很耐心", "Hans"),
        ("醫生講解得很耐心", "Hant"),
        ("你好", ""),
        ("国家 and 國家", ""),
        ("the doctor", ""),
        ("", ""),
    ],
)
def test_chinese_characters_say_whether_they_are_simplified(text, script):
    assert languages.chinese_script(text) == script


@pytest.mark.parametrize(
    ("code", "other"),
    [("acm_Arab", "ar"), ("yue_Hant", "zh-TW"), ("aka_Latn", "tw"), ("en-GB", "en"), ("nno_Latn", "nb")],
)
def test_a_variety_is_read_as_its_macrolanguage(code, other):
    assert languages.instead(code)[0] == code and other in languages.instead(code)
    assert "en" not in languages.instead("fra_Latn")


def test_varieties_of_one_macrolanguage_settle_it_together():
    arabic = {"acm_Arab": 0.3, "ars_Arab": 0.3, "pes_Arab": 0.25, "urd_Arab": 0.15}
    assert languages.settled(arabic, ["ar"]) == "acm_Arab"
    assert languages.settled({"pes_Arab": 0.4, "urd_Arab": 0.35, "snd_Arab": 0.25}, ["fa"]) is None


def test_a_known_language_that_may_well_be_meant_stands_for_one_that_is_not_known():
    shares = {"ast_Latn": 0.52, "spa_Latn": 0.46, "glg_Latn": 0.02}
    assert languages.settled(shares, ["es"]) == "spa_Latn"
    assert languages.settled(shares, ["es", "ast"]) == "ast_Latn"
    assert languages.settled({"ast_Latn": 0.9, "spa_Latn": 0.1}, ["es"]) == "ast_Latn"


@pytest.mark.parametrize(
    ("character", "code"), [("a", "Latn"), ("я", "Cyrl"), ("ک", "Arab"), ("가", "Kore"), ("医", "Hant"), ("ᱚ", "Olck")]
)
def test_a_letter_is_of_its_script(character, code):
    assert code in languages.scripts(character)


def test_what_is_no_letter_or_of_a_script_nobody_here_writes_has_none():
    assert not any(map(languages.scripts, "1 .😀Ꮳ"))


def test_every_language_has_a_script_of_which_letters_are_known():
    known = set(languages.NAMED_SCRIPTS.values()) | languages.HAN
    assert {languages.script(code) for code in languages.FLORES} <= known
    assert languages.script("kor_Hang") == languages.script("ko") == "Kore"


def test_languages_that_cldr_names_in_english_only_have_chinese_names():
    ascii_only = [code for code in languages.FLORES if languages.name(code, "zh_Hans_CN").isascii()]
    assert ascii_only == []


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("zh", "Simplified Chinese"),
        ("zh-TW", "Traditional Chinese"),
        ("pt", "European Portuguese"),
        ("pt-BR", "Brazilian Portuguese"),
        ("pt-MZ", "Portuguese (Mozambique)"),
    ],
)
def test_varieties_of_a_language_have_names_of_their_own(code, name):
    assert languages.variety(code) == name


NETWORK = {
    "labels": ["negative", "neutral", "positive"],
    "languages": ["de", "en", "zh"],
    "allowed": {"de": ["negative", "positive"], "zh": ["negative", "positive"]},
}


@pytest.mark.parametrize(
    ("code", "missing"),
    [("de", ("neutral",)), ("deu_Latn", ("neutral",)), ("zho_Hans", ("neutral",)), ("en", ()), ("tlh", ()), (None, ())],
)
def test_a_class_that_a_language_had_no_rows_of_is_not_offered_there(code, missing):
    assert languages.not_offered(NETWORK, code) == missing


def test_a_card_without_a_network_offers_every_class():
    assert languages.not_offered({}, "de") == ()
