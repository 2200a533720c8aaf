"""`finr1-desk bench` on a small model with a large vocabulary, where what is around llama.cpp weighs most.

Run: `python -m tests.benchmarks.engine_decode [--vocabulary N] [--layers N] [--embedding N] [--threads N]`, and any
option of `bench` besides, `--tokens 1500 --json` for example. Its logits are peaked. With `--merges-of FILE`, a GGUF
with Qwen2's vocabulary, texts have as many tokens as Fin-R1 gives them; else a byte is a token, and a question that is
to be read anew is three times as long. For Fin-R1's size, give
`finr1-desk bench --model` a file that `tests.benchmarks.random_7b` wrote.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import gguf

from finr1_desk.cli import main as finr1_desk
from tests.helpers.tiny_models import BYTES, QWEN2, endless, write_model


def merges_of(model: Path) -> list[tuple[bytes, bytes]]:
    """The merges of a byte-level vocabulary, as the bytes that they join."""
    byte_of = {character: byte for byte, character in BYTES.items()}
    merges: list[str] = gguf.GGUFReader(model).fields["tokenizer.ggml.merges"].contents()
    pairs = (merge.split(" ") for merge in merges)
    return [(bytes(byte_of[c] for c in left), bytes(byte_of[c] for c in right)) for left, right in pairs]


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--vocabulary", type=int, default=151_936)
    parser.add_argument("--layers", type=int, default=2)
    parser.add_argument("--embedding", type=int, default=64)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--merges-of", type=Path)
    arguments, options = parser.parse_known_args()
    shape = replace(
        QWEN2, vocabulary=arguments.vocabulary, layers=arguments.layers, embedding=arguments.embedding, context=8192
    )
    if arguments.merges_of is not None:
        shape = replace(shape, merges=merges_of(arguments.merges_of))
    with tempfile.TemporaryDirectory() as folder:
        model = write_model(Path(folder) / "model.gguf", endless(model=shape))
        data = Path(folder) / "data"
        data.mkdir()
        (data / "settings.json").write_text(json.dumps({"threads": arguments.threads}))
        return finr1_desk(["--data-dir", str(data), "bench", "--model", str(model), *options])


if __name__ == "__main__":
    sys.exit(main())
