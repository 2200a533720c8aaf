"""llama.cpp reads texts from a converted file as Hugging Face's tokeniser reads them from the checkpoint."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import llama_cpp
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer

from finr1_convert.conversion import convert
from tests.convert.checkpoints import Variant, make_checkpoint

TEXTS = [
    "The revenue growth rate of the company",
    "净利润增长了 12.5%，营业收入为 1,234,567 元。",
    "don't THINK'LL  \n\n\t x = 3.14159\r\n  ",
    "<|im_start|>user\n1+1?<|im_end|>",
    "<tool_call>{}</tool_call> <think>",
    "🚀 naïve café ＡＢＣ",
]


@llama_cpp.llama_log_callback
def _silent(level: int, text: bytes, data: ctypes.c_void_p) -> None:
    """llama.cpp logs every key; nobody reads it here."""


@contextmanager
def vocabulary_of(path: Path) -> Iterator[ctypes.c_void_p]:
    llama_cpp.llama_log_set(_silent, ctypes.c_void_p(0))
    parameters = llama_cpp.llama_model_default_params()
    parameters.vocab_only = True
    model = llama_cpp.llama_model_load_from_file(bytes(path), parameters)
    assert model
    try:
        yield llama_cpp.llama_model_get_vocab(model)
    finally:
        llama_cpp.llama_model_free(model)


def tokenise(vocabulary: ctypes.c_void_p, text: str, special: bool) -> list[int]:
    data = text.encode()
    tokens = (llama_cpp.llama_token * (len(data) + 8))()
    count = llama_cpp.llama_tokenize(vocabulary, data, len(data), tokens, len(tokens), False, special)
    assert count >= 0
    return list(tokens[:count])


@pytest.fixture(scope="module", params=["chatml", "deepseek"])
def both(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[ctypes.c_void_p, Tokenizer]]:
    folder = tmp_path_factory.mktemp("tokenising")
    checkpoint = make_checkpoint(folder, Variant(deepseek=request.param == "deepseek"))
    convert(checkpoint, folder / "model.gguf", "f16")
    with vocabulary_of(folder / "model.gguf") as vocabulary:
        yield vocabulary, Tokenizer.from_file(str(checkpoint / "tokenizer.json"))


@pytest.mark.parametrize("text", TEXTS)
def test_known_texts(text: str, both: tuple[ctypes.c_void_p, Tokenizer]) -> None:
    vocabulary, tokenizer = both
    expected = tokenizer.encode(text, add_special_tokens=False).ids
    assert tokenise(vocabulary, text, special=True) == expected


def test_merges_are_in_force(both: tuple[ctypes.c_void_p, Tokenizer]) -> None:
    vocabulary, _ = both
    text = "the revenue growth rate 净利润增长"
    assert len(tokenise(vocabulary, text, special=True)) < len(text.encode()) / 2


@given(text=st.text(alphabet=st.sampled_from("the revenue growth 净利润增长0123456789.,%'s\n\t  RATE|<>"), max_size=60))
def test_any_text(text: str, both: tuple[ctypes.c_void_p, Tokenizer]) -> None:
    vocabulary, tokenizer = both
    assert tokenise(vocabulary, text, special=True) == tokenizer.encode(text, add_special_tokens=False).ids


def test_markers_end_generation(both: tuple[ctypes.c_void_p, Tokenizer]) -> None:
    vocabulary, tokenizer = both
    end = next(token for token in ("<|im_end|>", "<｜end▁of▁sentence｜>") if tokenizer.token_to_id(token) is not None)
    assert llama_cpp.llama_vocab_is_eog(vocabulary, tokenizer.token_to_id(end))
    assert llama_cpp.llama_vocab_eos(vocabulary) == tokenizer.token_to_id(end)
    assert llama_cpp.llama_vocab_get_add_bos(vocabulary) is (end != "<|im_end|>")
