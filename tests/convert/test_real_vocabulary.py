"""The real Qwen2 vocabulary, where it is at hand: the ids that llama.cpp's own test expects.

``FINR1_REAL_DATA`` names a folder with ``qwen2-tokenizer/ggml-vocab-qwen2.gguf``, ``….gguf.inp`` and ``….gguf.out``.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator

import pytest

from finr1_convert.conversion import convert
from tests.convert.checkpoints import Variant, make_checkpoint
from tests.convert.real_vocabulary import EMBEDDING_ROWS, vocabulary_folder, write_real_tokeniser
from tests.convert.test_tokenising import tokenise, vocabulary_of

FOLDER = vocabulary_folder()
pytestmark = pytest.mark.skipif(FOLDER is None, reason="FINR1_REAL_DATA is not set")


@pytest.fixture(scope="module")
def vocabulary(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ctypes.c_void_p]:
    assert FOLDER is not None
    folder = tmp_path_factory.mktemp("real")
    checkpoint = make_checkpoint(folder, Variant(layers=1, hidden=32, padding=EMBEDDING_ROWS - 321))
    write_real_tokeniser(checkpoint, FOLDER / "ggml-vocab-qwen2.gguf")
    convert(checkpoint, folder / "model.gguf", "f16")
    with vocabulary_of(folder / "model.gguf") as loaded:
        yield loaded


def test_ids_that_llama_cpps_test_expects(vocabulary: ctypes.c_void_p) -> None:
    assert FOLDER is not None
    texts = (FOLDER / "ggml-vocab-qwen2.gguf.inp").read_text(encoding="utf-8").split("\n__ggml_vocab_test__\n")
    lines = (FOLDER / "ggml-vocab-qwen2.gguf.out").read_text(encoding="utf-8").splitlines()
    pairs = list(zip(texts, lines, strict=False))
    assert len(pairs) > 40
    for text, line in pairs:
        assert tokenise(vocabulary, text, special=False) == [int(token) for token in line.split()]


def test_fin_r1s_tags_are_several_tokens(vocabulary: ctypes.c_void_p) -> None:
    assert tokenise(vocabulary, "<think>\n", special=True) == [13708, 766, 397]
    assert tokenise(vocabulary, "</answer>", special=True) == [522, 9217, 29]
    assert tokenise(vocabulary, "<|im_start|>", special=True) == [151644]
