"""Words in every script: no mark is lost, none begins a word, known words come out whole.

The words and sentences are our own; the rows of SIB-200, where ../shared holds them, are read only.
"""

import re
import sys
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data import words

TOPICS = Path(__file__).parents[3] / "shared" / "data" / "text" / "topics.parquet"
KNOWN = {
    "Arab": ("الطَّبِيبُ لَطِيفٌ جِدًّا.", ["الطَّبِيبُ", "لَطِيفٌ", "جِدًّا"]),
    "Arab with a joiner": ("من می‌خواهم کتاب بخوانم.", ["من", "می‌خواهم", "کتاب", "بخوانم"]),
    "Armn": ("Բժիշկը շատ լավն է։", ["Բժիշկը", "շատ", "լավն", "է"]),
    "Beng": ("আমি বাজারে যাই।", ["আমি", "বাজারে", "যাই"]),
    "Bugi": ("ᨕᨙᨔᨘ ᨕᨅᨙᨋ", ["ᨕᨙᨔᨘ", "ᨕᨅᨙᨋ"]),
    "Cher": ("ᏣᎳᎩ ᎦᏬᏂᎯᏍᏗ", ["ᏣᎳᎩ", "ᎦᏬᏂᎯᏍᏗ"]),
    "Cyrl": ("Врач был добр, но й\u0306 и э\u0301то", ["Врач", "был", "добр", "но", "й\u0306", "и", "э\u0301то"]),
    "Deva": ("बाज़ार में हिन्दी की किताब है।", ["बाज़ार", "में", "हिन्दी", "की", "किताब", "है"]),
    "Ethi": ("ሐኪሙ በጣም ጥሩ ነው።", ["ሐኪሙ", "በጣም", "ጥሩ", "ነው"]),
    "Geor": ("ექიმი ძალიან კეთილია.", ["ექიმი", "ძალიან", "კეთილია"]),
    "Grek": ("Ο γιατρός ήταν καλός.", ["Ο", "γιατρός", "ήταν", "καλός"]),
    "Gujr": ("ગુજરાતી ભાષા સુંદર છે.", ["ગુજરાતી", "ભાષા", "સુંદર", "છે"]),
    "Guru": ("ਪੰਜਾਬੀ ਬੋਲੀ ਮਿੱਠੀ ਹੈ।", ["ਪੰਜਾਬੀ", "ਬੋਲੀ", "ਮਿੱਠੀ", "ਹੈ"]),
    "Hang": ("의사가 매우 친절했다.", ["의사가", "매우", "친절했다"]),
    "Hans": ("医生很好。我喜欢！", ["医生很好", "我喜欢"]),
    "Hant": ("醫生很好，謝謝。", ["醫生很好", "謝謝"]),
    "Hebr": ("הָרוֹפֵא הָיָה נֶחְמָד.", ["הָרוֹפֵא", "הָיָה", "נֶחְמָד"]),
    "Java": ("ꦧꦱꦗꦮ ꦲꦤꦕꦫꦏ꧉", ["ꦧꦱꦗꦮ", "ꦲꦤꦕꦫꦏ"]),
    "Jpan": ("がっこうは、たのしい。", ["がっこうは", "たのしい"]),
    "Khmr": ("ភាសាខ្មែរ ពិរោះ។", ["ភាសាខ្មែរ", "ពិរោះ"]),
    "Knda": ("ಕನ್ನಡ ಭಾಷೆ ಸುಂದರ.", ["ಕನ್ನಡ", "ಭಾಷೆ", "ಸುಂದರ"]),
    "Laoo": ("ພາສາລາວ ມ່ວນຫຼາຍ", ["ພາສາລາວ", "ມ່ວນຫຼາຍ"]),
    "Latn": ("Naïve cafe\u0301, 2 tasses!", ["Naïve", "cafe\u0301", "2", "tasses"]),
    "Latn in Yoruba": ("Ẹ ṣé o\u0323\u0301pọ\u0300.", ["Ẹ", "ṣé", "o\u0323\u0301pọ\u0300"]),
    "Mlym": ("മലയാളം സുന്ദരമാണ്. അവന്\u200d വന്നു", ["മലയാളം", "സുന്ദരമാണ്", "അവന്\u200d", "വന്നു"]),
    "Mong": ("ᠮᠣᠩᠭᠣᠯ ᠬᠡᠯᠡ", ["ᠮᠣᠩᠭᠣᠯ", "ᠬᠡᠯᠡ"]),
    "Mtei": ("ꯃꯤꯇꯩ ꯂꯣꯟ꯫", ["ꯃꯤꯇꯩ", "ꯂꯣꯟ"]),
    "Mymr": ("မြန်မာစာ ကောင်းသည်။", ["မြန်မာစာ", "ကောင်းသည်"]),
    "Nkoo": ("ߒߞߏ ߞߊ߲ ߧߋ߫", ["ߒߞߏ", "ߞߊ߲", "ߧߋ߫"]),
    "Olck": ("ᱥᱟᱱᱛᱟᱲᱤ ᱯᱟᱹᱨᱥᱤ᱾", ["ᱥᱟᱱᱛᱟᱲᱤ", "ᱯᱟᱹᱨᱥᱤ"]),
    "Orya": ("ଓଡ଼ିଆ ଭାଷା ସୁନ୍ଦର।", ["ଓଡ଼ିଆ", "ଭାଷା", "ସୁନ୍ଦର"]),
    "Sinh": ("ශ්\u200dරී ලංකාව ලස්සනයි.", ["ශ්\u200dරී", "ලංකාව", "ලස්සනයි"]),
    "Sund": ("ᮘᮞ ᮞᮥᮔ᮪ᮓ", ["ᮘᮞ", "ᮞᮥᮔ᮪ᮓ"]),
    "Syrc": ("ܠܫܢܐ ܣܘܪܝܝܐ ܫܠܵܡܵܐ", ["ܠܫܢܐ", "ܣܘܪܝܝܐ", "ܫܠܵܡܵܐ"]),
    "Taml": ("தமிழ் மொழி இனிமையானது.", ["தமிழ்", "மொழி", "இனிமையானது"]),
    "Telu": ("తెలుగు భాష అందమైనది.", ["తెలుగు", "భాష", "అందమైనది"]),
    "Tfng": ("ⵜⴰⵎⴰⵣⵉⵖⵜ ⴷ ⵓⵜⵍⴰⵢⵜ", ["ⵜⴰⵎⴰⵣⵉⵖⵜ", "ⴷ", "ⵓⵜⵍⴰⵢⵜ"]),
    "Thaa": ("ދިވެހި ބަހެއް.", ["ދިވެހި", "ބަހެއް"]),
    "Thai": ("คุณหมอใจดี มากๆ", ["คุณหมอใจดี", "มากๆ"]),
    "Tibt": ("བོད་སྐད་ཡག་པོ།", ["བོད", "སྐད", "ཡག", "པོ"]),
}


def letters_of(text: str) -> str:
    """What no cut may lose: letters, digits, and the marks behind them or behind one another."""
    kept, goes_on = [], False
    for character in text:
        mark = unicodedata.category(character)[0] == "M"
        goes_on = character.isalnum() or (goes_on and (mark or character in words.JOINERS))
        if goes_on and character not in words.JOINERS:
            kept.append(character)
    return "".join(kept)


def without_joiners(parts: list[str]) -> str:
    return re.sub(f"[{words.JOINERS}]", "", "".join(parts))


@pytest.mark.parametrize("script", KNOWN)
def test_words_come_out_whole_in_every_script(script):
    text, expected = KNOWN[script]
    assert words.words(text) == expected


@pytest.mark.parametrize("text", [text for text, _expected in KNOWN.values()])
def test_known_sentences_lose_no_letter_and_no_mark(text):
    assert without_joiners(words.words(text)) == letters_of(text)


@given(st.text(max_size=80))
def test_no_text_loses_a_letter_or_its_mark_and_no_word_begins_with_one(text):
    found = words.words(text)
    assert without_joiners(found) == letters_of(text)
    assert all(word[0].isalnum() for word in found)


@given(st.text(max_size=80))
def test_clusters_put_together_are_the_run(text):
    assert "".join(words.clusters(text)) == text


@pytest.mark.parametrize(
    ("run", "clusters"),
    [
        ("กู้ภัย", ["กู้", "ภั", "ย"]),
        ("ខ្មែរ", ["ខ្មែ", "រ"]),
        ("မန္တလေး", ["မ", "န္တ", "လေး"]),
        ("医生", ["医", "生"]),
        ("ສະບາຍ", ["ສ", "ະ", "ບ", "າ", "ຍ"]),
        ("", []),
    ],
)
def test_a_cluster_is_a_letter_with_its_marks(run, clusters):
    assert words.clusters(run) == clusters


def test_every_mark_of_unicode_is_known():
    marks = [chr(code) for code in range(sys.maxunicode + 1) if unicodedata.category(chr(code))[0] == "M"]
    assert re.fullmatch(f"[{words.MARKS}]*", "".join(marks))
    assert not re.search(f"[{words.MARKS}]", "".join(map(chr, range(0x300))))


@pytest.mark.parametrize(
    ("character", "is_letter"), [("a", True), ("ी", True), ("ั", False), ("1", False), ("-", False)]
)
def test_a_word_goes_on_beside_letters_and_marks_where_words_are_written_apart(character, is_letter):
    assert words.is_letter(character) == is_letter


@pytest.mark.skipif(not TOPICS.exists(), reason="needs ../shared")
def test_sentences_of_205_languages_are_cut_without_loss():
    import pandas as pd

    rows = pd.read_parquet(TOPICS)
    texts = rows.groupby("language")["text"].head(20)
    assert rows["language"].nunique() > 200
    for text in texts:
        found = words.words(text)
        assert without_joiners(found) == letters_of(text)
        assert all(word[0].isalnum() for word in found)
