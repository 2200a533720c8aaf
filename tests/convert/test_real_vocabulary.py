"""The real Qwen2 vocabulary, where it is at hand: the ids that llama.cpp's own test expects.

``FINR1_REAL_DATA`` names a folder with ``qwen2-tokenizer/ggml-vocab-qwen2.gguf``, ``….gguf.inp`` and ``….gguf.out``.
"""

from __future__ import annotations

import ctypes
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from gguf import GGUFReader, TokenType

from finr1_convert.conversion import convert
from tests.convert.checkpoints import Variant, edit_json, make_checkpoint, write_json
from tests.convert.test_tokenising import tokenise, vocabulary_of

DATA = os.environ.get("FINR1_REAL_DATA")
pytestmark = pytest.mark.skipif(not DATA, reason="FINR1_REAL_DATA is not set")
EMBEDDING_ROWS = 152_064


def _real(tmp_path: Path, source: Path) -> Path:
    """A tiny checkpoint with the tokeniser that the vocabulary file was made from."""
    fields = GGUFReader(source).fields
    tokens: list[str] = fields["tokenizer.ggml.tokens"].contents()
    types: list[int] = fields["tokenizer.ggml.token_type"].contents()
    names = {identifier: token for identifier, token in enumerate(tokens) if types[identifier] != TokenType.UNUSED}
    added = [identifier for identifier in names if types[identifier] != TokenType.NORMAL]
    checkpoint = make_checkpoint(tmp_path, Variant(layers=1, hidden=32, padding=EMBEDDING_ROWS - 321))
    flags = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    tokenizer: dict[str, Any] = {
        "added_tokens": [{"id": identifier, "content": names[identifier], **flags} for identifier in added],
        "normalizer": {"type": "NFC"},
        "pre_tokenizer": _kept(checkpoint, "pre_tokenizer"),
        "post_processor": _kept(checkpoint, "post_processor"),
        "decoder": _kept(checkpoint, "decoder"),
        "model": {
            "type": "BPE",
            "vocab": {token: identifier for identifier, token in names.items() if identifier not in added},
            "merges": fields["tokenizer.ggml.merges"].contents(),
        },
    }
    write_json(checkpoint / "tokenizer.json", tokenizer)
    edit_json(checkpoint / "config.json", bos_token_id=151643, eos_token_id=151645)
    return checkpoint


def _kept(checkpoint: Path, part: str) -> Any:
    return json.loads((checkpoint / "tokenizer.json").read_text(encoding="utf-8"))[part]


@pytest.fixture(scope="module")
def vocabulary(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ctypes.c_void_p]:
    folder = tmp_path_factory.mktemp("real")
    convert(_real(folder, Path(str(DATA)) / "qwen2-tokenizer" / "ggml-vocab-qwen2.gguf"), folder / "model.gguf", "f16")
    with vocabulary_of(folder / "model.gguf") as loaded:
        yield loaded


def test_ids_that_llama_cpps_test_expects(vocabulary: ctypes.c_void_p) -> None:
    folder = Path(str(DATA)) / "qwen2-tokenizer"
    texts = (folder / "ggml-vocab-qwen2.gguf.inp").read_text(encoding="utf-8").split("\n__ggml_vocab_test__\n")
    lines = (folder / "ggml-vocab-qwen2.gguf.out").read_text(encoding="utf-8").splitlines()
    pairs = list(zip(texts, lines, strict=False))
    assert len(pairs) > 40
    for text, line in pairs:
        assert tokenise(vocabulary, text, special=False) == [int(token) for token in line.split()]


def test_fin_r1s_tags_are_several_tokens(vocabulary: ctypes.c_void_p) -> None:
    assert tokenise(vocabulary, "<think>\n", special=True) == [13708, 766, 397]
    assert tokenise(vocabulary, "</answer>", special=True) == [522, 9217, 29]
    assert tokenise(vocabulary, "<|im_start|>", special=True) == [151644]
