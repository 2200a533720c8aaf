"""Writes a GGUF of Fin-R1's shape and size with random weights, for what depends on size: loading, memory, speed.

Run: `python -m tests.benchmarks.random_7b OUT.gguf [--type Q4_K_M|Q8_0]`. 4.7 or 8.1 GB, about a minute; never
committed. What it says is noise.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import gguf
import numpy as np

from tests.helpers.tiny_models import CHATML_TEMPLATE

LAYERS, HIDDEN, FEED_FORWARD, HEADS, KV_HEADS, VOCABULARY = 28, 3584, 18944, 28, 4, 152_064
FIRST_CONTROL = 151_643
CONTROLS = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
Q4, Q6, Q8 = gguf.GGMLQuantizationType.Q4_K, gguf.GGMLQuantizationType.Q6_K, gguf.GGMLQuantizationType.Q8_0
# Weights and bytes of a block, and where its half-precision scales stand.
BLOCKS = {Q4: (256, 144, (0, 2)), Q6: (256, 210, (208,)), Q8: (32, 34, (0,))}
# Of most matrices, and of those that are kept with more bits.
TYPES = {
    "Q4_K_M": (gguf.LlamaFileType.MOSTLY_Q4_K_M, Q4, Q6),
    "Q8_0": (gguf.LlamaFileType.MOSTLY_Q8_0, Q8, Q8),
}
SCALE = np.float16(2e-4)


def random_blocks(random: np.random.Generator, kind: gguf.GGMLQuantizationType, rows: int, columns: int) -> np.ndarray:
    """Random quants under one small scale: any bytes are weights, but random scales would overflow."""
    weights, size, scales = BLOCKS[kind]
    blocks = random.integers(0, 256, (rows * columns // weights, size), dtype=np.uint8)
    for offset in scales:
        blocks[:, offset : offset + 2] = np.frombuffer(SCALE.tobytes(), np.uint8)
    return blocks.reshape(rows, columns // weights * size)


def vocabulary() -> tuple[list[str], list[int]]:
    """Every byte, fillers, and the control tokens at Qwen2's ids."""
    visible = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in visible]
    tokens = [chr(byte) for byte in visible] + [chr(256 + number) for number in range(len(others))]
    tokens += [f"filler{number}" for number in range(FIRST_CONTROL - len(tokens))]
    tokens += list(CONTROLS)
    tokens += [f"unused{number}" for number in range(VOCABULARY - len(tokens))]
    kinds = [gguf.TokenType.NORMAL] * VOCABULARY
    for number in range(len(CONTROLS)):
        kinds[FIRST_CONTROL + number] = gguf.TokenType.CONTROL
    return tokens, [int(kind) for kind in kinds]


def write(path: Path, type_name: str) -> None:
    file_type, usual, finer = TYPES[type_name]
    random = np.random.default_rng(1)
    writer = gguf.GGUFWriter(path, "qwen2", use_temp_file=True)
    writer.add_name("Random weights of a 7B shape")
    writer.add_context_length(32_768)
    writer.add_embedding_length(HIDDEN)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(FEED_FORWARD)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KV_HEADS)
    writer.add_rope_freq_base(1e6)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_file_type(file_type)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    tokens, kinds = vocabulary()
    writer.add_token_list(tokens)
    writer.add_token_types(kinds)
    writer.add_token_merges(["a b"])
    writer.add_eos_token_id(FIRST_CONTROL + 2)
    writer.add_bos_token_id(FIRST_CONTROL)
    writer.add_chat_template(CHATML_TEMPLATE)

    def matrix(name: str, rows: int, columns: int, kind: gguf.GGMLQuantizationType) -> None:
        writer.add_tensor(f"{name}.weight", random_blocks(random, kind, rows, columns), raw_dtype=kind)

    def vector(name: str, size: int, value: float) -> None:
        writer.add_tensor(name, np.full(size, value, dtype=np.float32))

    kv = HIDDEN // HEADS * KV_HEADS
    matrix("token_embd", VOCABULARY, HIDDEN, usual)
    vector("output_norm.weight", HIDDEN, 1.0)
    matrix("output", VOCABULARY, HIDDEN, finer)
    for layer in range(LAYERS):
        at = f"blk.{layer}"
        # As llama.cpp's Q4_K_M has it: about half of these two are kept in six bits.
        more_bits = finer if layer < LAYERS // 8 or layer >= 7 * LAYERS // 8 or layer % 3 == 2 else usual
        vector(f"{at}.attn_norm.weight", HIDDEN, 1.0)
        vector(f"{at}.ffn_norm.weight", HIDDEN, 1.0)
        for name, rows, kind in (("q", HIDDEN, usual), ("k", kv, usual), ("v", kv, more_bits)):
            matrix(f"{at}.attn_{name}", rows, HIDDEN, kind)
            vector(f"{at}.attn_{name}.bias", rows, 0.0)
        matrix(f"{at}.attn_output", HIDDEN, HIDDEN, usual)
        matrix(f"{at}.ffn_gate", FEED_FORWARD, HIDDEN, usual)
        matrix(f"{at}.ffn_up", FEED_FORWARD, HIDDEN, usual)
        matrix(f"{at}.ffn_down", HIDDEN, FEED_FORWARD, more_bits)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("out", type=Path)
    parser.add_argument("--type", choices=TYPES, default="Q4_K_M")
    options = parser.parse_args()
    write(options.out, options.type)
