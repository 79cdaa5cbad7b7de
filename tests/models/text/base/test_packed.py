"""The package's file is read as it is written; what is no such file is refused with a cause."""

import numpy as np
import pytest

from models.errors import ModelError
from models.text.base import packed
from tests.encoders import NORMAL, PIECES, WIDTH, packed_file, quantised, tensors


def test_every_tensor_comes_back_to_the_width_of_four_bits():
    found, given = packed.read(packed_file()), tensors()
    assert (found.width, found.layers, found.heads) == (WIDTH, 2, 2)
    for name, value in given.items():
        read = found.tensors[name]
        if isinstance(read, packed.Blocks):
            worst = np.abs(value).reshape(-1, packed.BLOCK).max(1).max() / 7
            assert np.abs(read.plain() - value).max() <= worst
        else:
            np.testing.assert_array_equal(read, value)


def test_a_block_is_a_scale_and_two_halves():
    """16 weights in the lower halves of the bytes, 16 in the upper ones, each less 8 (llama.cpp's Q4_0)."""
    weights = np.concatenate((np.arange(-8, 8), np.full(16, 3))).astype(np.float32)[None]
    blocks = np.frombuffer(quantised(weights), packed.Q4)
    assert float(blocks["scale"][0]) == 1
    assert packed.Blocks(blocks["codes"], blocks["scale"][None]).plain().tolist() == weights.tolist()


def test_vocabulary_and_normaliser_come_along():
    found = packed.read(packed_file())
    assert [piece for piece, _score in found.pieces] == [piece for piece, _score in PIECES]
    assert found.pieces[5][1] == pytest.approx(-4)
    assert (dict(found.normal), found.unknown) == (NORMAL, 3)


@pytest.mark.parametrize(
    "content", [b"", b"E5S1", b"PK\x03\x04" + bytes(200), packed_file()[:300], packed_file()[:-2000]]
)
def test_what_is_no_such_file_is_refused(content):
    with pytest.raises(ModelError, match="The packed encoder cannot be read"):
        packed.read(content)


def test_no_single_altered_byte_of_the_head_makes_it_crash():
    whole = packed_file()
    for place_of in range(0, 900, 7):
        altered = bytearray(whole)
        altered[place_of] ^= 0xFF
        try:
            packed.read(bytes(altered))
        except ModelError:
            continue
