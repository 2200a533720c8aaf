"""Small random Qwen2 checkpoints for the converter's tests, made from nothing and the same on every run.

Owns a safetensors writer, a tiny byte-level BPE and the JSON files around them. A test asks for the variant it needs
and may then damage it.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field, replace
from itertools import pairwise
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

QWEN2_SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
CHATML = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
_ENGLISH = "the revenue of net profit margin growth rate is and think answer company increased interest year"
_CHINESE = "净利润增长营业收入毛利率"


@dataclass(frozen=True)
class Variant:
    """One kind of checkpoint. ``dtypes`` are taken in turn by the tensors; ``shards`` 1 means a single file."""

    name: str = "Tiny-Fin-0.1M-Instruct"
    dtypes: tuple[str, ...] = ("BF16",)
    shards: int = 1
    tied: bool = False
    transformers: int = 4
    rope_scaling: dict[str, Any] | None = None
    tokeniser: str = "json"
    deepseek: bool = False
    template: str = "config"
    hidden: int = 64
    layers: int = 2
    heads: int = 4
    key_value_heads: int = 2
    feed_forward: int = 96
    padding: int = 5
    config: dict[str, Any] = field(default_factory=dict)
    card: str | None = (
        "---\nlicense: apache-2.0\nbase_model:\n- Qwen/Qwen2.5-7B-Instruct\nlanguage:\n- en\n- zh\n"
        "tags:\n- finance\ndatasets:\n- example/finance-qa\n---\n# Tiny\n"
    )
    generation: dict[str, Any] | None = field(
        default_factory=lambda: {
            "bos_token_id": 0,
            "do_sample": True,
            "repetition_penalty": 1.05,
            "temperature": 0.7,
            "top_p": 0.8,
            "top_k": 20,
        }
    )

    def but(self, **changes: Any) -> Variant:
        return replace(self, **changes)


YARN = {"type": "yarn", "factor": 4.0, "original_max_position_embeddings": 1024}
YARN_IN_FULL = {
    "rope_type": "yarn",
    "factor": 4.0,
    "original_max_position_embeddings": 1024,
    "beta_fast": 32.0,
    "beta_slow": 1.0,
    "attention_factor": 1.1,
}
CARD_IN_FULL = (
    "---\nlicense: [mit, apache-2.0]\nlicense_name: both\nmodel_name: A Tiny Model\nversion: '2.0'\nauthor: someone\n"
    "base_model: https://huggingface.co/Qwen/Qwen2.5-7B\nlanguage: zh\npipeline_tag: text-generation\n---\n"
)
# Each of these was converted by llama.cpp's own script; what came out is in reference.json.
RECORDED: dict[str, Variant] = {
    "plain": Variant(),
    "sharded": Variant(shards=3, dtypes=("BF16", "F16", "F32")),
    "tied": Variant(tied=True, dtypes=("F32",)),
    "transformers5": Variant(transformers=5, template="jinja", dtypes=("F16",)),
    "yarn": Variant(rope_scaling=YARN),
    "yarn5": Variant(transformers=5, rope_scaling=YARN_IN_FULL),
    "linear": Variant(rope_scaling={"type": "linear", "factor": 2.0}),
    "files": Variant(tokeniser="files"),
    "deepseek": Variant(deepseek=True),
    "head_dim": Variant(config={"head_dim": 32}),
    "card": Variant(name="Fin-R1-7B", card=CARD_IN_FULL),
    "bare": Variant(name="abc", card=None, generation=None, template="none"),
    "eos_list": Variant(config={"eos_token_id": [1, 2], "pad_token_id": 3}),
}


def make_checkpoint(parent: Path, variant: Variant | None = None, seed: int = 7) -> Path:
    """Write the checkpoint below ``parent`` and return its folder."""
    variant = variant or Variant()
    folder = parent / variant.name
    folder.mkdir(parents=True)
    rows = _write_tokeniser(folder, variant) + variant.padding
    write_json(folder / "config.json", _config(variant, rows))
    if variant.generation is not None:
        write_json(folder / "generation_config.json", variant.generation)
    if variant.card is not None:
        (folder / "README.md").write_text(variant.card, encoding="utf-8")
    _write_weights(folder, variant, random_weights(variant, rows, seed))
    return folder


def write_json(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1), encoding="utf-8")


def edit_json(path: Path, **changes: Any) -> None:
    """Replace entries of a JSON object in place; None removes one."""
    value = json.loads(path.read_text(encoding="utf-8"))
    value.update(changes)
    write_json(path, {key: item for key, item in value.items() if item is not None})


def random_weights(variant: Variant, rows: int, seed: int) -> dict[str, NDArray[np.float32]]:
    """All tensors of the variant in F32, small enough for a forward pass to stay finite."""
    return {
        name: _noise(shape, seed + number) + np.float32("norm" in name)
        for number, (name, shape) in enumerate(tensor_shapes(variant, rows).items())
    }


def tensor_shapes(variant: Variant, rows: int) -> dict[str, tuple[int, ...]]:
    """All tensors of the variant, whose vocabulary has ``rows`` rows, and their shapes."""
    hidden, wide = variant.hidden, variant.feed_forward
    head = variant.config.get("head_dim") or hidden // variant.heads
    queries, keys = head * variant.heads, head * variant.key_value_heads
    shapes: dict[str, tuple[int, ...]] = {"model.embed_tokens.weight": (rows, hidden), "model.norm.weight": (hidden,)}
    if not variant.tied:
        shapes["lm_head.weight"] = (rows, hidden)
    for layer in range(variant.layers):
        of_a_layer: dict[str, tuple[int, ...]] = {
            "input_layernorm.weight": (hidden,),
            "post_attention_layernorm.weight": (hidden,),
            "self_attn.q_proj.weight": (queries, hidden),
            "self_attn.q_proj.bias": (queries,),
            "self_attn.k_proj.weight": (keys, hidden),
            "self_attn.k_proj.bias": (keys,),
            "self_attn.v_proj.weight": (keys, hidden),
            "self_attn.v_proj.bias": (keys,),
            "self_attn.o_proj.weight": (hidden, queries),
            "mlp.gate_proj.weight": (wide, hidden),
            "mlp.up_proj.weight": (wide, hidden),
            "mlp.down_proj.weight": (hidden, wide),
        }
        shapes.update({f"model.layers.{layer}.{name}": shape for name, shape in of_a_layer.items()})
    return shapes


def _noise(shape: tuple[int, ...], seed: int) -> NDArray[np.float32]:
    """Even noise in ±0.1 by integer arithmetic alone, so that no version of numpy changes the recorded results."""
    steps = np.arange(prod(shape), dtype=np.uint64) + np.uint64(seed << 32)
    mixed = (steps * np.uint64(6364136223846793005) + np.uint64(1442695040888963407)) ^ (steps >> np.uint64(7))
    mixed = (mixed * np.uint64(2685821657736338717)) >> np.uint64(40)
    values: NDArray[np.float32] = (mixed.astype(np.float32) / np.float32(1 << 24) - np.float32(0.5)) * np.float32(0.2)
    return values.reshape(shape)


def write_safetensors(path: Path, tensors: dict[str, NDArray[np.float32]], dtypes: tuple[str, ...] = ("F32",)) -> None:
    """A safetensors file of ``tensors``, stored as ``dtypes`` in turn."""
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    blobs: list[bytes] = []
    position = 0
    for number, (name, values) in enumerate(tensors.items()):
        dtype = dtypes[number % len(dtypes)]
        blob = _stored(values, dtype)
        header[name] = {"dtype": dtype, "shape": list(values.shape), "data_offsets": [position, position + len(blob)]}
        blobs.append(blob)
        position += len(blob)
    raw = json.dumps(header).encode()
    raw += b" " * (-len(raw) % 8)
    path.write_bytes(len(raw).to_bytes(8, "little") + raw + b"".join(blobs))


def _stored(values: NDArray[np.float32], dtype: str) -> bytes:
    if dtype == "BF16":
        return (values.view(np.uint32) >> 16).astype("<u2").tobytes()
    return values.astype({"F16": "<f2", "F32": "<f4"}[dtype]).tobytes()


def _write_weights(folder: Path, variant: Variant, tensors: dict[str, NDArray[np.float32]]) -> None:
    if variant.shards == 1:
        write_safetensors(folder / "model.safetensors", tensors, variant.dtypes)
        return
    names = list(tensors)
    weight_map: dict[str, str] = {}
    for number in range(variant.shards):
        file = f"model-{number + 1:05}-of-{variant.shards:05}.safetensors"
        mine = {name: tensors[name] for name in names[number :: variant.shards]}
        write_safetensors(folder / file, mine, variant.dtypes)
        weight_map.update(dict.fromkeys(mine, file))
    total = sum(values.nbytes for values in tensors.values())
    write_json(folder / "model.safetensors.index.json", {"metadata": {"total_size": total}, "weight_map": weight_map})


def _config(variant: Variant, rows: int) -> dict[str, Any]:
    config: dict[str, Any] = {
        "architectures": ["Qwen2ForCausalLM"],
        "model_type": "qwen2",
        "hidden_act": "silu",
        "hidden_size": variant.hidden,
        "intermediate_size": variant.feed_forward,
        "max_position_embeddings": 4096,
        "num_attention_heads": variant.heads,
        "num_hidden_layers": variant.layers,
        "num_key_value_heads": variant.key_value_heads,
        "rms_norm_eps": 1e-6,
        "sliding_window": 131072,
        "tie_word_embeddings": variant.tied,
        "use_sliding_window": False,
        "vocab_size": rows,
        "bos_token_id": rows - variant.padding - 5,
        "eos_token_id": rows - variant.padding - 3,
    }
    if variant.transformers == 5:
        config["dtype"] = "bfloat16"
        config["rope_parameters"] = {"rope_theta": 1000000.0, "rope_type": "default", **(variant.rope_scaling or {})}
    else:
        config["torch_dtype"] = "bfloat16"
        config["rope_theta"] = 1000000.0
        if variant.rope_scaling is not None:
            config["rope_scaling"] = variant.rope_scaling
    return {**config, **variant.config}


def small_bpe() -> tuple[dict[str, int], list[tuple[str, str]]]:
    """A byte-level vocabulary and its merges, learnt from a few words in both languages."""
    letters = _letters_of_bytes()
    pieces = [f" {word}" for word in _ENGLISH.split()] + [a + b for a, b in pairwise(_CHINESE)]
    words = [[letters[byte] for byte in piece.encode()] for piece in pieces]
    vocabulary = {letter: number for number, letter in enumerate(sorted(letters))}
    merges: list[tuple[str, str]] = []
    for _ in range(60):
        pairs = Counter(pair for word in words for pair in pairwise(word))
        if not pairs:
            break
        best = min(pairs, key=lambda pair: (-pairs[pair], pair))
        merges.append(best)
        vocabulary["".join(best)] = len(vocabulary)
        words = [_merged(word, best) for word in words]
    return vocabulary, merges


def _letters_of_bytes() -> list[str]:
    """The letter of each byte from 0 to 255."""
    printable = {*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
    spare = iter(range(256, 512))
    return [chr(byte) if byte in printable else chr(next(spare)) for byte in range(256)]


def _merged(word: list[str], pair: tuple[str, str]) -> list[str]:
    merged: list[str] = []
    for letter in word:
        if merged and (merged[-1], letter) == pair:
            merged[-1] += letter
        else:
            merged.append(letter)
    return merged


def _added(variant: Variant) -> list[tuple[str, bool]]:
    """The added tokens in order of id, with whether they are declared special."""
    if variant.deepseek:
        return [
            ("<｜begin▁of▁sentence｜>", True),
            ("<｜User｜>", False),
            ("<｜end▁of▁sentence｜>", True),
            ("<think>", False),
            ("</think>", False),
        ]
    return [
        ("<|endoftext|>", True),
        ("<|im_start|>", True),
        ("<|im_end|>", True),
        ("<tool_call>", False),
        ("<|fim_pad|>", False),
    ]


def _write_tokeniser(folder: Path, variant: Variant) -> int:
    """Write the tokeniser's files; the number of its tokens."""
    vocabulary, merges = small_bpe()
    added = [
        {
            "id": len(vocabulary) + number,
            "content": content,
            "single_word": False,
            "lstrip": False,
            "rstrip": False,
            "normalized": False,
            "special": special,
        }
        for number, (content, special) in enumerate(_added(variant))
    ]
    first, _, last = (str(entry["content"]) for entry in added[:3])
    settings: dict[str, Any] = {
        "bos_token": first if variant.deepseek else None,
        "eos_token": last,
        "pad_token": last if variant.deepseek else first,
        "clean_up_tokenization_spaces": False,
        "model_max_length": 4096,
        "tokenizer_class": "LlamaTokenizerFast" if variant.deepseek else "Qwen2Tokenizer",
        "add_bos_token": variant.deepseek,
        "unk_token": None,
        **({"legacy": True} if variant.deepseek else {"add_prefix_space": False}),
    }
    if variant.template == "config":
        settings["chat_template"] = CHATML
    elif variant.template == "jinja":
        (folder / "chat_template.jinja").write_text(CHATML, encoding="utf-8")
    if variant.tokeniser == "json":
        write_json(folder / "tokenizer.json", _tokenizer_json(variant, vocabulary, merges, added))
    else:
        write_json(folder / "vocab.json", vocabulary)
        lines = ["#version: 0.2", *(f"{left} {right}" for left, right in merges)]
        (folder / "merges.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
        settings["added_tokens_decoder"] = {
            str(entry["id"]): {key: value for key, value in entry.items() if key != "id"} for entry in added
        }
    write_json(folder / "tokenizer_config.json", settings)
    return len(vocabulary) + len(added)


def _tokenizer_json(
    variant: Variant, vocabulary: dict[str, int], merges: list[tuple[str, str]], added: list[dict[str, Any]]
) -> dict[str, Any]:
    byte_level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": False, "use_regex": False}
    bos = str(added[0]["content"])
    template = {
        "type": "TemplateProcessing",
        "single": [{"SpecialToken": {"id": bos, "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
        "pair": [
            {"SpecialToken": {"id": bos, "type_id": 0}},
            {"Sequence": {"id": "A", "type_id": 0}},
            {"SpecialToken": {"id": bos, "type_id": 1}},
            {"Sequence": {"id": "B", "type_id": 1}},
        ],
        "special_tokens": {bos: {"id": bos, "ids": [added[0]["id"]], "tokens": [bos]}},
    }
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": added,
        "normalizer": None if variant.deepseek else {"type": "NFC"},
        "pre_tokenizer": {
            "type": "Sequence",
            "pretokenizers": [
                {"type": "Split", "pattern": {"Regex": QWEN2_SPLIT}, "behavior": "Isolated", "invert": False},
                byte_level,
            ],
        },
        "post_processor": template if variant.deepseek else byte_level,
        "decoder": byte_level,
        "model": {
            "type": "BPE",
            "dropout": None,
            "unk_token": None,
            "continuing_subword_prefix": "",
            "end_of_word_suffix": "",
            "fuse_unk": False,
            "byte_fallback": False,
            "ignore_merges": False,
            "vocab": vocabulary,
            # transformers 4.45 began to write pairs instead of texts.
            "merges": [list(merge) for merge in merges] if variant.transformers == 5 else [" ".join(m) for m in merges],
        },
    }
