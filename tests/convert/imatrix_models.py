"""The models and the text whose importance matrices llama.cpp's own tool has recorded, in ``imatrix_reference``."""

from __future__ import annotations

from pathlib import Path

from tests.convert.checkpoints import Variant

FOLDER = Path(__file__).with_name("imatrix_reference")
CONTEXT = 128
# Rows of whole 256-value blocks, as the smallest types need; the other one begins every chunk with BOS.
MODELS: dict[str, Variant] = {
    "wide": Variant(hidden=256, feed_forward=512),
    "bos": Variant(deepseek=True),
}


def text() -> str:
    """Some thousand tokens in two languages that no line repeats."""
    return "".join(
        f"In {1950 + year} the revenue of the company increased by {year * 37 % 29} %, net profit by {year * 11 % 17}."
        f" 第{year}年营业收入增长{year * 53 % 31}%，毛利率{year * 7 % 60}.{year % 10}%。\n"
        for year in range(40)
    )
