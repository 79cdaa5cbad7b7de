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
    assert languages.name("hne_Deva", "zh_Hans_CN") == "Chhattisgarhi"  # CLDR names it in no language
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
