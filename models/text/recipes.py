"""Which members each text model has, and how they are trained: `python -m models train NAME` follows these."""

from dataclasses import replace

from models.text import corpora, encoder
from models.text.abstention import AbstentionRule
from models.text.network import BagConfig, EncoderConfig, LstmConfig
from models.text.ngrams import Grams
from models.text.training import TrainingConfig, TrainingRecipe
from models.training.settings import Settings

SHAPE = encoder.Config()
LINEAR = Settings(epochs=4, sparse_rate=0.02, rate=1e-3, bf16=False)
WIDE = Settings(epochs=3, sparse_rate=2e-3, rate=2e-3, bf16=False)
NGRAM_LIMITS = "Reads letters and words: it is misled by irony, distant negation and unusual spelling."
BASELINE = TrainingConfig(
    "char n-gram logistic regression",
    BagConfig(Grams(longest=5, words=0, bits=20), dropout=0.0),
    LINEAR,
    blind=True,
    shipped=False,
)

SCOPED = TrainingConfig("n-grams, shared and per language", BagConfig(Grams(bits=21, scoped=True), dropout=0.2), LINEAR)

SENTIMENT_BASELINE = TrainingRecipe(
    name="sentiment-baseline",
    task="sentiment",
    title="Sentiment: the baseline",
    purpose="What the sentiment model is compared with: logistic regression on characters, all languages as one.",
    family="char n-gram logistic regression",
    corpus=corpora.sentiment,
    plans=(replace(BASELINE, shipped=True),),
    limits=(NGRAM_LIMITS, "Is not told the language, nor which labels a language has."),
)

SENTIMENT = TrainingRecipe(
    name="sentiment",
    task="sentiment",
    title="Sentiment in 64 languages",
    purpose="Says whether a short text (a post, a subtitle line, a review) sounds negative, neutral or positive.",
    family="n-gram bags and a Transformer encoder, added as logits",
    corpus=corpora.sentiment,
    masked=True,
    plans=(
        BASELINE,
        TrainingConfig(
            "character and word n-grams, told the language",
            BagConfig(Grams(bits=19), dropout=0.1),
            replace(LINEAR, epochs=8),
            shipped=False,
        ),
        SCOPED,
        TrainingConfig(
            "the same, longer n-grams, another seed",
            BagConfig(Grams(longest=6, bits=20, scoped=True), dropout=0.4),
            replace(LINEAR, epochs=5, seed=1),
            shipped=False,
        ),
        TrainingConfig(
            "hashed n-gram bag with a hidden layer",
            BagConfig(Grams(bits=18), width=32, hidden=128, dropout=0.4),
            replace(WIDE, epochs=2),
            smoothing=0.05,
            shipped=False,
        ),
        TrainingConfig(
            "LSTM (embedding 128, LSTM 64, dense)",
            LstmConfig(),
            Settings(epochs=2, rate=2e-3),
            shipped=False,
        ),
        TrainingConfig(
            "Transformer encoder, pre-trained and aligned (cross-cultural fusion)",
            EncoderConfig(replace(SHAPE, longest=64)),
            Settings(epochs=2, rate=5e-4, patience=2),
            batch=256,
            smoothing=0.05,
            pretrained=True,
        ),
    ),
    limits=(
        NGRAM_LIMITS,
        "XED's lines are film subtitles, and translations of one line stand in several languages on both sides of the "
        "split: its figures are better than new text would give.",
        "Oromo and Tigrinya have no training rows: their figures are what carries over from other languages.",
        "Languages whose training rows have no neutral ones (37 of XED) are never called neutral.",
    ),
    abstention=AbstentionRule(threshold=0.5),
)

TOPIC = TrainingRecipe(
    name="topic",
    task="topic",
    title="Topic in 205 languages",
    purpose="Says which of seven topics a sentence is about, in any of 205 languages.",
    family="n-gram logistic regression by rarity, shared, per language and over scripts",
    corpus=corpora.topics,
    plans=(
        TrainingConfig(
            "n-grams by their rarity, shared and per language, every script in Latin letters too",
            BagConfig(Grams(longest=4, words=1, bits=21, scoped=True, latin=True, idf=True), dropout=0.2),
            replace(LINEAR, epochs=2),
        ),
        TrainingConfig(
            "n-grams, shared and per language, every script in Latin letters too",
            BagConfig(Grams(bits=21, scoped=True, latin=True), dropout=0.2),
            replace(LINEAR, epochs=2),
            shipped=False,
        ),
        TrainingConfig(
            "n-grams, shared and per language",
            BagConfig(Grams(bits=21, scoped=True), dropout=0.2),
            replace(LINEAR, epochs=2),
            shipped=False,
        ),
        TrainingConfig(
            "hashed n-gram bag with a hidden layer",
            BagConfig(Grams(bits=17), width=32, dropout=0.4),
            replace(WIDE, epochs=2),
            shipped=False,
        ),
        TrainingConfig(
            "LSTM (embedding 128, LSTM 64, dense)",
            LstmConfig(longest=96),
            Settings(epochs=3, rate=2e-3),
            shipped=False,
        ),
        TrainingConfig(
            "Transformer encoder, pre-trained and aligned (cross-cultural fusion)",
            EncoderConfig(replace(SHAPE, longest=96)),
            Settings(epochs=1, rate=3e-4),
            pretrained=True,
            most=50_000,
            shipped=False,
        ),
    ),
    limits=(
        NGRAM_LIMITS,
        "Learned from 701 sentences of news and travel writing, the same in every language: other kinds of text, and "
        "texts on several topics, are less sure than the figures say.",
        "Weakest for languages in a script that few others share, such as Santali and Hebrew.",
    ),
    abstention=AbstentionRule(threshold=0.4),
)  # fmt: skip

LANGUAGE = TrainingRecipe(
    name="language",
    task="language",
    title="Language of a text, 205 languages",
    purpose="Says which language and script a text is in, and when it cannot tell.",
    family="hashed n-gram bag",
    corpus=corpora.languages,
    plans=(
        TrainingConfig(
            "hashed n-gram bag",
            BagConfig(Grams(longest=5, words=1, bits=17), width=48, dropout=0.3),
            Settings(epochs=3, sparse_rate=3e-3, rate=3e-3, bf16=False),
            crop=0.5,
        ),
    ),
    limits=(
        "Sentences of clean prose: short chat, mixed languages and transliteration are told apart less well.",
        "Written Arabic of the Gulf, the Levant and the standard language, and Chinese in traditional characters "
        "(Mandarin or Cantonese), often cannot be told apart from one sentence.",
        "Where a text leaves it open, languages that more people speak are preferred: short texts in rare ones are "
        "taken for common ones.",
        "A word or two is mostly too little to tell, greetings above all: it then says that it is not sure.",
    ),
    abstention=AbstentionRule(threshold=0.5),
)


def _intents(
    name: str,
    title: str,
    purpose: str,
    epochs: int,
    abstention: AbstentionRule,
    limits: tuple[str, ...],
    bits: int = 15,
) -> TrainingRecipe:
    settings = Settings(epochs=epochs, sparse_rate=2e-3, rate=2e-3, bf16=False)
    wide = BagConfig(Grams(bits=bits), width=128, dropout=0.4)
    return TrainingRecipe(
        name=name,
        task="intent",
        title=title,
        purpose=purpose,
        family="hashed n-gram bags, added as logits",
        corpus=lambda where: corpora.intents(name, where),
        languages=("en",),
        refit=True,
        plans=(
            TrainingConfig(
                "n-gram logistic regression",
                BagConfig(Grams(bits=bits), dropout=0.3),
                replace(settings, sparse_rate=0.01),
                batch=128,
                shipped=False,
            ),
            TrainingConfig("hashed n-gram bag, 128 wide", wide, settings, batch=128),
            TrainingConfig(
                "the same, longer n-grams",
                replace(wide, grams=Grams(longest=6, bits=min(bits, 14))),
                replace(settings, seed=1),
                batch=128,
            ),
        ),
        limits=(NGRAM_LIMITS, "English only.", *limits),
        abstention=abstention,
    )


BANKING77 = _intents(
    "banking77", "Banking questions, 77 intents", "Says what a bank's customer asks for.", 14,
    AbstentionRule(threshold=0.5),
    ("Knows questions to a bank only; what is none is told by low confidence, and one such request in seven passes.",),
)  # fmt: skip
CLINC150 = _intents(
    "clinc150", "Assistant requests, 150 intents or none", "Says what a user asks an assistant for, or that it is "
    "nothing the assistant knows.", 12, AbstentionRule(threshold=0.4, outside="oos"),
    ("What is out of scope is known from 100 examples and from low confidence: expect misses.",),
)  # fmt: skip
BITEXT = _intents(
    "bitext", "Customer-support requests, 27 intents", "Says what an online shop's customer wants.", 5,
    AbstentionRule(threshold=0.95),
    (
        "Sentences made from templates: real customers write differently.",
        "What no shop's customer wants is told by low confidence, and one such request in five passes.",
    ),
    bits=12,
)  # fmt: skip

RECIPES = {
    recipe.name: recipe for recipe in (LANGUAGE, SENTIMENT, SENTIMENT_BASELINE, TOPIC, BANKING77, CLINC150, BITEXT)
}
