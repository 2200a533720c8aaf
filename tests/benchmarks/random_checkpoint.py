"""Writes a Qwen2 checkpoint of random bf16 weights, for what depends on size: converting, its speed and memory.

Run: `python -m tests.benchmarks.random_checkpoint FOLDER [--shape small|fin-r1] [--zeros]`. ``small`` is 1.5 GB, in
two shards; ``fin-r1`` has the shapes of Fin-R1's 339 tensors (15.2 GB, four shards). With ``--zeros`` every weight is
zero and the shards are sparse: they take no room where the file system knows holes. The tokeniser is Qwen2's own where
``FINR1_REAL_DATA`` is set, else a small one among empty rows, which llama.cpp's script does not take.
"""

from __future__ import annotations

import argparse
import json
import sys
from math import prod
from pathlib import Path

import numpy as np

from finr1_convert.checkpoint import INDEX_NAME
from tests.convert.checkpoints import Variant, make_checkpoint, tensor_shapes, write_json
from tests.convert.real_vocabulary import EMBEDDING_ROWS, vocabulary_folder, write_real_tokeniser

SHAPES = {
    "small": (Variant(hidden=1024, layers=28, heads=16, key_value_heads=8, feed_forward=4096), 2),
    "fin-r1": (Variant(hidden=3584, layers=28, heads=28, key_value_heads=4, feed_forward=18944), 4),
}
CHUNK_VALUES = 1 << 22


def write(folder: Path, shape: str = "small", zeros: bool = False) -> Path:
    """Write the checkpoint below ``folder`` and return its own folder."""
    variant, shards = SHAPES[shape]
    tiny = make_checkpoint(folder, Variant(name="Random-Qwen2", layers=1, padding=EMBEDDING_ROWS - 321))
    vocabulary = vocabulary_folder()
    if vocabulary is not None:
        write_real_tokeniser(tiny, vocabulary / "ggml-vocab-qwen2.gguf")
    (tiny / "model.safetensors").unlink()
    config = json.loads((tiny / "config.json").read_text(encoding="utf-8"))
    config.update(
        hidden_size=variant.hidden,
        num_hidden_layers=variant.layers,
        num_attention_heads=variant.heads,
        num_key_value_heads=variant.key_value_heads,
        intermediate_size=variant.feed_forward,
        max_position_embeddings=32_768,
    )
    write_json(tiny / "config.json", config)
    shapes = tensor_shapes(variant, EMBEDDING_ROWS)
    names = list(shapes)
    weight_map: dict[str, str] = {}
    random = None if zeros else np.random.default_rng(1)
    for number in range(shards):
        file = f"model-{number + 1:05}-of-{shards:05}.safetensors"
        mine = {
            name: shapes[name] for name in names[number * len(names) // shards : (number + 1) * len(names) // shards]
        }
        _write_shard(tiny / file, mine, random)
        weight_map.update(dict.fromkeys(mine, file))
    total = sum(2 * prod(shape) for shape in shapes.values())
    write_json(tiny / INDEX_NAME, {"metadata": {"total_size": total}, "weight_map": weight_map})
    return tiny


def _write_shard(path: Path, shapes: dict[str, tuple[int, ...]], random: np.random.Generator | None) -> None:
    header: dict[str, object] = {"__metadata__": {"format": "pt"}}
    end = 0
    for name, shape in shapes.items():
        begin, end = end, end + 2 * prod(shape)
        header[name] = {"dtype": "BF16", "shape": list(shape), "data_offsets": [begin, end]}
    raw = json.dumps(header).encode()
    raw += b" " * (-len(raw) % 8)
    with path.open("wb") as file:
        file.write(len(raw).to_bytes(8, "little") + raw)
        if random is None:
            file.truncate(8 + len(raw) + end)
            return
        for name, shape in shapes.items():
            for first in range(0, prod(shape), CHUNK_VALUES):
                count = min(CHUNK_VALUES, prod(shape) - first)
                values = random.standard_normal(count, dtype=np.float32) * np.float32(0.02)
                values += np.float32("norm" in name)
                file.write((values.view(np.uint32) >> 16).astype("<u2").tobytes())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=sys.modules[__name__].__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--shape", choices=SHAPES, default="small")
    parser.add_argument("--zeros", action="store_true")
    arguments = parser.parse_args()
    print(write(arguments.folder, arguments.shape, arguments.zeros))
