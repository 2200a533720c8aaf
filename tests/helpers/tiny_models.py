"""Small GGUF models with planted weights, for tests that need a real llama.cpp.

A model made here runs through llama.cpp like any other; attention and feed-forward layers are computed but add
nothing, so the next token is a function of the last one. What it says is planted as a chain: each piece of text is a
token of its own and the output matrix points from each piece to the next one. Nothing of this is known to the product.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import gguf
import numpy as np

CHATML_CONTROLS: Final = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
DEEPSEEK_CONTROLS: Final = ("<｜begin▁of▁sentence｜>", "<｜end▁of▁sentence｜>", "<｜User｜>", "<｜Assistant｜>")
LLAMA_CONTROLS: Final = ("<|begin_of_text|>", "<|eot_id|>", "<|start_header_id|>", "<|end_header_id|>")
MISTRAL_CONTROLS: Final = ("<s>", "</s>", "[INST]", "[/INST]")

CHATML_TEMPLATE: Final = (
    "{% for m in messages %}{{ '<|im_start|>' + m['role'] + '\n' + m['content'] + '<|im_end|>\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
DEEPSEEK_TEMPLATE: Final = (
    "{{ bos_token }}{% for m in messages %}{% if m['role'] == 'system' %}{{ m['content'] }}"
    "{% elif m['role'] == 'user' %}{{ '<｜User｜>' + m['content'] }}"
    "{% else %}{{ '<｜Assistant｜>' + m['content'] + '<｜end▁of▁sentence｜>' }}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<｜Assistant｜><think>\\n' }}{% endif %}"
)
LLAMA_TEMPLATE: Final = (
    "{{ bos_token }}{% for m in messages %}"
    "{{ '<|start_header_id|>' + m['role'] + '<|end_header_id|>\n\n' + m['content'] | trim + '<|eot_id|>' }}"
    "{% endfor %}{% if add_generation_prompt %}"
    "{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %}"
)
MISTRAL_TEMPLATE: Final = (
    "{{ bos_token }}{% for m in messages %}"
    "{% if m['role'] == 'system' %}{{ raise_exception('Only user and assistant roles are supported') }}{% endif %}"
    "{% if (m['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('Roles must alternate') }}{% endif %}"
    "{% if m['role'] == 'user' %}{{ '[INST] ' + m['content'] + ' [/INST]' }}"
    "{% else %}{{ m['content'] + eos_token }}{% endif %}{% endfor %}"
)


@dataclass(frozen=True)
class TinyModel:
    """What a model is to be like.

    Attributes:
        chains: from the text of a token to the pieces that follow it, one after the other. A piece that is text of
            a control token ends there (`<|im_end|>`); a chain whose last piece has a successor goes on with that.
        merges: pairs of byte-level pieces, so that longer tokens are reachable by tokenising.
        vocabulary: filled up to this size with tokens that nothing produces.
        mixing: how much attention has a say; with 0 a token follows from the one before alone.
    """

    chains: Mapping[str, Sequence[str | bytes]] = field(default_factory=dict)
    architecture: str = "qwen2"
    tokeniser_model: str = "gpt2"
    pre: str = "qwen2"
    controls: tuple[str, ...] = CHATML_CONTROLS
    user_defined: tuple[str, ...] = ()
    bos: str | None = None
    eos: str = "<|im_end|>"
    template: str | None = CHATML_TEMPLATE
    merges: Sequence[tuple[str | bytes, str | bytes]] = ((">", "\n"),)
    vocabulary: int = 0
    embedding: int = 256
    layers: int = 2
    feed_forward: int = 256
    context: int = 4096
    sharpness: float = 40.0
    file_type: int = 1
    metadata: Mapping[str, float | int] = field(default_factory=dict)
    mixing: float = 0.0
    seed: int = 1


QWEN2: Final = TinyModel()
DEEPSEEK: Final = TinyModel(
    pre="deepseek-r1-qwen",
    controls=DEEPSEEK_CONTROLS,
    user_defined=("<think>", "</think>"),
    bos="<｜begin▁of▁sentence｜>",
    eos="<｜end▁of▁sentence｜>",
    template=DEEPSEEK_TEMPLATE,
)
LLAMA: Final = TinyModel(
    architecture="llama",
    pre="llama-bpe",
    controls=LLAMA_CONTROLS,
    bos="<|begin_of_text|>",
    eos="<|eot_id|>",
    template=LLAMA_TEMPLATE,
    merges=(("\n", "\n"),),
)
MISTRAL: Final = TinyModel(
    architecture="llama",
    tokeniser_model="llama",
    pre="default",
    controls=MISTRAL_CONTROLS,
    bos="<s>",
    eos="</s>",
    template=MISTRAL_TEMPLATE,
    merges=(),
)


def unique_pieces(text: str, length: int = 4) -> list[str]:
    """The text cut into pieces of about this many characters, no piece twice: each can be a token of its own."""
    pieces: list[str] = []
    seen: set[str] = set()
    start = 0
    while start < len(text):
        end = min(start + length, len(text))
        while text[start:end] in seen and end < len(text):
            end += 1
        piece = text[start:end]
        if piece in seen:  # the rest repeats a piece: it goes to the one before
            pieces[-1] += piece
            break
        seen.add(piece)
        pieces.append(piece)
        start = end
    return pieces


def speaking(answer: str, *, model: TinyModel = QWEN2, after: str = "\n", length: int = 4) -> TinyModel:
    """A model that answers with this text and ends."""
    return replace(model, chains={**model.chains, after: [*unique_pieces(answer, length), model.eos]})


def endless(
    *,
    model: TinyModel = QWEN2,
    after: str = "\n",
    words: int = 50,
    paragraph: int | None = None,
    opening: Sequence[str] = (),
) -> TinyModel:
    """A model that never stops: after `opening`, words in a circle, with a new paragraph after so many of them."""
    circle = [f" word{i:03d}" for i in range(words)]
    if paragraph is not None:
        circle[paragraph - 1 :: paragraph] = [f"{word}.\n\n" for word in circle[paragraph - 1 :: paragraph]]
    return replace(model, chains={**model.chains, after: [*opening, *circle], circle[-1]: [circle[0]]})


def _byte_alphabet() -> dict[int, str]:
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    table = {byte: chr(byte) for byte in printable}
    for byte in range(256):
        if byte not in table:
            table[byte] = chr(0x100 + len(table) - len(printable))
    return table


BYTES: Final = _byte_alphabet()


def byte_text(piece: str | bytes) -> str:
    """A piece as a byte-level vocabulary spells it."""
    raw = piece.encode() if isinstance(piece, str) else piece
    return "".join(BYTES[byte] for byte in raw)


class _Vocabulary:
    def __init__(self, model: TinyModel) -> None:
        self.model = model
        self.tokens: list[str] = []
        self.types: list[int] = []
        self.ids: dict[str, int] = {}
        sentencepiece = model.tokeniser_model == "llama"
        if sentencepiece:
            self._add("<unk>", gguf.TokenType.UNKNOWN)
            for control in model.controls:
                self._add(control, gguf.TokenType.CONTROL)
            for byte in range(256):
                self._add(f"<0x{byte:02X}>", gguf.TokenType.BYTE)
            for code in range(0x20, 0x7F):
                self._add("▁" if code == 0x20 else chr(code), gguf.TokenType.NORMAL)
        else:
            for byte in range(256):
                self._add(BYTES[byte], gguf.TokenType.NORMAL)
            for left, right in model.merges:
                self._add(byte_text(left) + byte_text(right), gguf.TokenType.NORMAL)
            for control in model.controls:
                self._add(control, gguf.TokenType.CONTROL)
        for text in model.user_defined:
            self._add(text, gguf.TokenType.USER_DEFINED)
        for start, pieces in model.chains.items():
            for piece in (start, *pieces):
                self.id_of(piece, create=True)
        while len(self.tokens) < model.vocabulary:
            self._add(f"filler{len(self.tokens)}", gguf.TokenType.NORMAL)

    def spelling(self, piece: str | bytes) -> str:
        if isinstance(piece, str) and piece in (*self.model.controls, *self.model.user_defined):
            return piece
        if self.model.tokeniser_model == "llama":
            text = piece if isinstance(piece, str) else piece.decode()
            return f"<0x{ord(text):02X}>" if text == "\n" else text.replace(" ", "▁")
        return byte_text(piece)

    def id_of(self, piece: str | bytes, *, create: bool = False) -> int:
        text = self.spelling(piece)
        if text not in self.ids and create:
            self._add(text, gguf.TokenType.NORMAL)
        return self.ids[text]

    def _add(self, text: str, kind: gguf.TokenType) -> None:
        if text in self.ids:
            return
        self.ids[text] = len(self.tokens)
        self.tokens.append(text)
        self.types.append(int(kind))


def write_model(path: Path, model: TinyModel) -> Path:
    """Writes the GGUF file and returns its path."""
    vocabulary = _Vocabulary(model)
    writer = gguf.GGUFWriter(str(path), model.architecture)
    _write_metadata(writer, model, vocabulary)
    _write_tensors(writer, model, vocabulary)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _write_metadata(writer: gguf.GGUFWriter, model: TinyModel, vocabulary: _Vocabulary) -> None:
    writer.add_name("Tiny test model")
    writer.add_file_type(model.file_type)
    writer.add_context_length(model.context)
    writer.add_embedding_length(model.embedding)
    writer.add_block_count(model.layers)
    writer.add_feed_forward_length(model.feed_forward)
    writer.add_head_count(4)
    writer.add_head_count_kv(2)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_rope_freq_base(1e6)
    writer.add_vocab_size(len(vocabulary.tokens))
    writer.add_tokenizer_model(model.tokeniser_model)
    writer.add_tokenizer_pre(model.pre)
    writer.add_token_list(vocabulary.tokens)
    writer.add_token_types(vocabulary.types)
    if model.tokeniser_model == "llama":
        writer.add_token_scores([-float(i) for i in range(len(vocabulary.tokens))])
    else:
        writer.add_token_merges([f"{byte_text(left)} {byte_text(right)}" for left, right in model.merges])
    writer.add_eos_token_id(vocabulary.ids[model.eos])
    if model.bos is not None:
        writer.add_bos_token_id(vocabulary.ids[model.bos])
    writer.add_add_bos_token(model.bos is not None)
    if model.template is not None:
        writer.add_chat_template(model.template)
    for key, value in model.metadata.items():
        (writer.add_float32 if isinstance(value, float) else writer.add_int32)(key, value)


def _write_tensors(writer: gguf.GGUFWriter, model: TinyModel, vocabulary: _Vocabulary) -> None:
    size, width, feed = len(vocabulary.tokens), model.embedding, model.feed_forward
    random = np.random.default_rng(model.seed)
    embedding = random.standard_normal((size, width), dtype=np.float32)
    embedding /= np.linalg.norm(embedding, axis=1, keepdims=True) / np.sqrt(width)  # what the norm layer leaves alone
    output = np.zeros((size, width), dtype=np.float32)
    for start, pieces in model.chains.items():
        current = vocabulary.id_of(start)
        for piece in pieces:
            following = vocabulary.id_of(piece)
            output[following] += embedding[current] * (model.sharpness / width)
            current = following
    half = np.float16
    writer.add_tensor("token_embd.weight", embedding.astype(half))
    writer.add_tensor("output_norm.weight", np.ones(width, dtype=np.float32))
    writer.add_tensor("output.weight", output.astype(half))
    key_width = width // 2
    for layer in range(model.layers):
        prefix = f"blk.{layer}"
        writer.add_tensor(f"{prefix}.attn_norm.weight", np.ones(width, dtype=np.float32))
        writer.add_tensor(f"{prefix}.attn_q.weight", _noise(random, width, width))
        writer.add_tensor(f"{prefix}.attn_k.weight", _noise(random, key_width, width))
        writer.add_tensor(f"{prefix}.attn_v.weight", _noise(random, key_width, width))
        mixed = random.standard_normal((width, width), dtype=np.float32) if model.mixing else np.zeros((width, width))
        writer.add_tensor(f"{prefix}.attn_output.weight", (mixed * model.mixing).astype(half))
        if model.architecture == "qwen2":
            for name, length in (("q", width), ("k", key_width), ("v", key_width)):
                writer.add_tensor(f"{prefix}.attn_{name}.bias", np.zeros(length, dtype=np.float32))
        writer.add_tensor(f"{prefix}.ffn_norm.weight", np.ones(width, dtype=np.float32))
        writer.add_tensor(f"{prefix}.ffn_gate.weight", _noise(random, feed, width))
        writer.add_tensor(f"{prefix}.ffn_up.weight", _noise(random, feed, width))
        writer.add_tensor(f"{prefix}.ffn_down.weight", np.zeros((width, feed), dtype=half))


def _noise(random: np.random.Generator, rows: int, columns: int) -> np.ndarray:
    return (random.standard_normal((rows, columns), dtype=np.float32) * 0.02).astype(np.float16)


def slow_to_prefill(model: TinyModel) -> TinyModel:
    """The same with so much to compute that reading a few thousand tokens takes seconds."""
    return replace(model, layers=6, embedding=512, feed_forward=3072, context=8192)


def write_slow_to_load(path: Path, gigabytes: float = 1.5) -> Path:
    """A model whose weights are one large hole in the file: it takes a while to read and answers nothing sensible."""
    model = QWEN2
    feed = int(gigabytes * 2**30 / (3 * 2 * model.layers * model.embedding))
    writer = gguf.GGUFWriter(str(path), model.architecture)
    vocabulary = _Vocabulary(model)
    _write_metadata(writer, replace(model, feed_forward=feed), vocabulary)
    width, size = model.embedding, len(vocabulary.tokens)
    shapes: dict[str, tuple[tuple[int, ...], type]] = {
        "token_embd.weight": ((size, width), np.float16),
        "output_norm.weight": ((width,), np.float32),
        "output.weight": ((size, width), np.float16),
    }
    for layer in range(model.layers):
        for name, rows, columns in (
            ("attn_q", width, width),
            ("attn_k", width // 2, width),
            ("attn_v", width // 2, width),
            ("attn_output", width, width),
            ("ffn_gate", feed, width),
            ("ffn_up", feed, width),
            ("ffn_down", width, feed),
        ):
            shapes[f"blk.{layer}.{name}.weight"] = ((rows, columns), np.float16)
        for name, length in (("attn_q", width), ("attn_k", width // 2), ("attn_v", width // 2)):
            shapes[f"blk.{layer}.{name}.bias"] = ((length,), np.float32)
        for name in ("attn_norm", "ffn_norm"):
            shapes[f"blk.{layer}.{name}.weight"] = ((width,), np.float32)
    total = 0
    for name, (shape, kind) in shapes.items():
        length = int(np.prod(shape)) * np.dtype(kind).itemsize
        writer.add_tensor_info(name, shape, np.dtype(kind), length)
        total += -(-length // 32) * 32
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    writer.close()
    start = -(-path.stat().st_size // 32) * 32
    with path.open("r+b") as file:
        file.truncate(start + total)
    return path
