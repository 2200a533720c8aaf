"""Pairs of small models, one quantised from the other, and a text: what the tests of verification compare.

The models are random but decided: their output weights are large enough for some tokens to be likely and most not, as
with a trained model. Equal on every run.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from finr1_convert.conversion import convert
from tests.convert.checkpoints import Variant, make_checkpoint, random_weights, write_safetensors

SHAPE = Variant(dtypes=("F32",), hidden=256, feed_forward=256, heads=4, layers=2)
_SUBJECTS = ("Revenue", "The company", "Net profit", "营业收入", "毛利率", "净利润", "Interest", "The growth rate")
_VERBS = (" rose to", " is", " fell below", " 增长", " of the year is", "，同比下降", " was about")


@dataclass(frozen=True)
class Case:
    """A run of the reference tool: the type that was quantised to, the tokens a chunk, and the kind of model."""

    type: str
    context: int
    deepseek: bool = False  # its vocabulary asks for a BOS at the start of each chunk

    @property
    def name(self) -> str:
        return f"{self.type}-{self.context}{'-bos' if self.deepseek else ''}"


CASES = (Case("Q4_K_M", 512), Case("Q8_0", 128), Case("Q2_K", 1024), Case("Q4_K_M", 256, deepseek=True))


def write_checkpoint(folder: Path, variant: Variant = SHAPE, seed: int = 7) -> Path:
    """A checkpoint of decided random weights; its folder."""
    checkpoint = make_checkpoint(folder, variant, seed)
    weights = random_weights(variant, _rows(checkpoint), seed)
    weights["lm_head.weight"] *= np.float32(3)
    write_safetensors(checkpoint / "model.safetensors", weights, variant.dtypes)
    return checkpoint


def write_pair(folder: Path, kind: str, *, deepseek: bool = False) -> tuple[Path, Path]:
    """The quantised model and its float32 reference, in ``folder``."""
    checkpoint = write_checkpoint(folder / "checkpoint", replace(SHAPE, deepseek=deepseek))
    model, reference = folder / f"model-{kind}.gguf", folder / "reference.gguf"
    convert(checkpoint, model, kind)
    convert(checkpoint, reference, "f32")
    return model, reference


def write_text(path: Path, sentences: int = 160) -> Path:
    """Lines in both languages, with figures, the same on every run."""
    lines = [
        f"{_SUBJECTS[number % 8]}{_VERBS[number * 5 % 7]} {number * 7919 % 10_000 / 100}%, {number * 104_729 % 99_991}."
        for number in range(sentences)
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def _rows(checkpoint: Path) -> int:
    import json

    rows: int = json.loads((checkpoint / "config.json").read_text(encoding="utf-8"))["vocab_size"]
    return rows
