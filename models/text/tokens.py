"""Byte-level BPE (Sennrich et al. 2016, over bytes as in GPT-2), trained by us with Hugging Face `tokenizers`."""

from collections.abc import Iterable, Sequence

import numpy as np
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

SPECIAL = ("<pad>", "<mask>", "<first>")
PAD, MASK, FIRST = range(3)


def train(texts: Iterable[str], vocabulary: int = 32_000) -> Tokenizer:
    """Learn merges from texts: NFC, lower case, no unknown token because every byte is one."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFC(), normalizers.Lowercase()])
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=list(SPECIAL),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        min_frequency=3,
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def encode(tokenizer: Tokenizer, texts: Sequence[str], longest: int) -> list[list[int]]:
    """Token numbers of each text, the first token FIRST, at most `longest` of them."""
    encoded = tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)
    return [[FIRST, *found.ids[: longest - 1]] for found in encoded]


def padded(rows: Sequence[Sequence[int]]) -> tuple[np.ndarray, np.ndarray]:
    """Rows of token numbers as one int64 array (texts, tokens), and where a token stands (float32, 0 or 1)."""
    width = max(map(len, rows), default=1)
    ids = np.full((len(rows), width), PAD, dtype=np.int64)
    mask = np.zeros((len(rows), width), dtype=np.float32)
    for index, row in enumerate(rows):
        ids[index, : len(row)] = row
        mask[index, : len(row)] = 1
    return ids, mask
