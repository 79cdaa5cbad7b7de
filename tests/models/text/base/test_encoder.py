"""The same network from the package's file and from the hub's own files; padding and windows change nothing."""

import json

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from models.errors import ModelError
from models.text.base import encoder, packed, place, shared, tokens
from tests.encoders import HEADS, HIDDEN, LAYERS, PIECES, POSITIONS, WIDTH, packed_file


@pytest.fixture
def plain():
    return encoder.of_packed(packed.read(packed_file()))


def hub_tensors() -> dict[str, torch.Tensor]:
    """The tiny encoder under the names that the hub's file has."""
    found = packed.read(packed_file()).tensors
    values = {
        name: torch.from_numpy(np.array(value.plain() if isinstance(value, packed.Blocks) else value))
        for name, value in found.items()
    }
    named = {
        "embeddings.word_embeddings.weight": values["emb.word"],
        "embeddings.position_embeddings.weight": values["emb.pos"],
        "embeddings.token_type_embeddings.weight": values["emb.type"],
        "embeddings.LayerNorm.weight": values["emb.ln.w"],
        "embeddings.LayerNorm.bias": values["emb.ln.b"],
    }
    for layer in range(LAYERS):
        for ours, theirs in (
            ("q", "attention.self.query"), ("k", "attention.self.key"), ("v", "attention.self.value"),
            ("ao", "attention.output.dense"), ("aln", "attention.output.LayerNorm"), ("fi", "intermediate.dense"),
            ("fo", "output.dense"), ("oln", "output.LayerNorm"),
        ):  # fmt: skip
            for part, long in (("w", "weight"), ("b", "bias")):
                named[f"encoder.layer.{layer}.{theirs}.{long}"] = values[f"l{layer}.{ours}.{part}"]
    return named


def reference(ids: list[int]) -> np.ndarray:
    """BERT by the book (Devlin et al. 2019), one text without padding, in numpy: the mean of its last states."""
    named = {name: tensor.numpy().astype(np.float64) for name, tensor in hub_tensors().items()}

    def norm(x, name):
        x = (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-12)
        return x * named[f"{name}.weight"] + named[f"{name}.bias"]

    def dense(x, name):
        return x @ named[f"{name}.weight"].T + named[f"{name}.bias"]

    x = named["embeddings.word_embeddings.weight"][ids] + named["embeddings.position_embeddings.weight"][: len(ids)]
    x = norm(x + named["embeddings.token_type_embeddings.weight"][0], "embeddings.LayerNorm")
    erf = np.vectorize(__import__("math").erf)
    for layer in range(LAYERS):
        at = f"encoder.layer.{layer}"
        q, k, v = (
            dense(x, f"{at}.attention.self.{part}").reshape(len(ids), HEADS, -1) for part in ("query", "key", "value")
        )
        scores = np.einsum("qhd,khd->hqk", q, k) / np.sqrt(WIDTH // HEADS)
        shares = np.exp(scores - scores.max(-1, keepdims=True))
        shares /= shares.sum(-1, keepdims=True)
        mixed = np.einsum("hqk,khd->qhd", shares, v).reshape(len(ids), WIDTH)
        x = norm(x + dense(mixed, f"{at}.attention.output.dense"), f"{at}.attention.output.LayerNorm")
        up = dense(x, f"{at}.intermediate.dense")
        x = norm(x + dense(up * 0.5 * (1 + erf(up / np.sqrt(2))), f"{at}.output.dense"), f"{at}.output.LayerNorm")
    return x.mean(0)


def test_it_is_bert_by_the_book(plain):
    ids = [0, 6, 5, 9, 20, 2]
    found = plain(torch.tensor([ids]), torch.ones(1, len(ids)))[0, 1]
    np.testing.assert_allclose(found.numpy(), reference(ids), atol=2e-5)


def test_padding_changes_nothing(plain):
    rows = [[0, 6, 9, 2], [0, 7, 8, 9, 10, 11, 2]]
    together = plain(*map(torch.from_numpy, tokens.padded(rows)))
    for row, found in zip(rows, together, strict=True):
        alone = plain(torch.tensor([row]), torch.ones(1, len(row)))[0]
        torch.testing.assert_close(found, alone, atol=1e-5, rtol=1e-5)


def test_the_hubs_own_files_make_the_same_network(plain, tmp_path, monkeypatch):
    save_file({f"bert.{name}": tensor for name, tensor in hub_tensors().items()}, tmp_path / "model.safetensors")
    tokens.of_pieces(PIECES, 3).save(str(tmp_path / "tokenizer.json"))
    shape = {
        "hidden_size": WIDTH, "num_hidden_layers": LAYERS, "num_attention_heads": HEADS, "intermediate_size": HIDDEN,
        "max_position_embeddings": POSITIONS, "layer_norm_eps": 1e-12,
    }  # fmt: skip
    (tmp_path / "config.json").write_text(json.dumps(shape))
    monkeypatch.setenv(place.VARIABLE, str(tmp_path))
    network, reader = shared.untouched(place.place())
    ids, mask = map(torch.from_numpy, tokens.padded(reader.first(["the day was good"], 32)))
    torch.testing.assert_close(network(ids, mask), plain(ids, mask), atol=2e-3, rtol=1e-2)


@pytest.mark.parametrize("broken", ["model.safetensors", "tokenizer.json", "config.json"])
def test_a_folder_with_a_broken_file_is_named(broken, tmp_path, monkeypatch):
    for name in place.FOLDER_FILES:
        (tmp_path / name).write_text("{}" if name != broken else "no such thing")
    monkeypatch.setenv(place.VARIABLE, str(tmp_path))
    with pytest.raises(ModelError, match=f"The encoder in {tmp_path} cannot be loaded"):
        shared.untouched(place.place())


def test_the_bf16_form_says_nearly_the_same_and_leaves_the_other_alone(plain):
    ids, mask = torch.tensor([[0, 6, 9, 2]]), torch.ones(1, 4)
    before = plain(ids, mask)
    small = shared.in_bf16(plain)(ids, mask)
    torch.testing.assert_close(plain(ids, mask), before)
    assert torch.cosine_similarity(small.flatten(), before.flatten(), dim=0) > 0.995
