"""Holidays are said in the reader's language, whatever language the server speaks."""

from datetime import date

import pytest

from dashboard.i18n import calendar as calendar_words


@pytest.mark.parametrize("server", ["th_TH.UTF-8", "de_DE.UTF-8", "zh_CN.UTF-8", ""])
def test_the_language_of_the_server_does_not_matter(monkeypatch, server):
    """The holidays library falls back to gettext's own choice (LANGUAGE, LANG) for a language it does not have."""
    for name in ("LANGUAGE", "LC_ALL", "LANG"):
        monkeypatch.setenv(name, server)
    assert calendar_words.public_holidays("DE", 2026, "zh")[date(2026, 4, 3)] == "Good Friday"
    assert calendar_words.public_holidays("CN", 2026, "zh")[date(2026, 1, 1)] == "元旦"
    assert calendar_words.public_holidays("CN", 2026, "en")[date(2026, 1, 1)] == "New Year's Day"


def test_common_holidays_are_chinese_for_a_chinese_reader(speak):
    speak("zh")
    assert calendar_words.holiday("Christmas Day; New Year's Day") == "圣诞节；元旦"
    assert calendar_words.holiday("Eid al-Fitr (estimated)") == "开斋节（日期为估计）"
    assert calendar_words.holiday("Day off (substituted from 01/04/2026)").startswith("调休")
    assert not calendar_words.untranslated("Good Friday")
    assert calendar_words.untranslated("Queen Sirikit The Queen Mother's Birthday")


def test_english_stays_as_the_library_says_it(speak):
    speak("en")
    assert calendar_words.holiday("Christmas Day; Good Friday") == "Christmas Day; Good Friday"
    assert "Sunday, " not in calendar_words.holiday("Day off (substituted from 01/04/2026)")
    assert not calendar_words.untranslated("Anything at all")


def test_a_country_the_library_does_not_know_has_no_holidays():
    assert calendar_words.public_holidays("XX", 2026, "en") == {}
    assert calendar_words.weekend("XX") == ()
