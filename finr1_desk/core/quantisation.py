"""The names of quantisations, as they stand in file names and as users know them.

Owns the table from GGUF's number of a file type to its label. It knows nothing of blocks and bits.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

# llama.cpp's number of a file type (`general.file_type`) → the label users know.
FILE_TYPES: Final[Mapping[int, str]] = {
    0: "F32",
    1: "F16",
    2: "Q4_0",
    3: "Q4_1",
    7: "Q8_0",
    8: "Q5_0",
    9: "Q5_1",
    10: "Q2_K",
    11: "Q3_K_S",
    12: "Q3_K_M",
    13: "Q3_K_L",
    14: "Q4_K_S",
    15: "Q4_K_M",
    16: "Q5_K_S",
    17: "Q5_K_M",
    18: "Q6_K",
    19: "IQ2_XXS",
    20: "IQ2_XS",
    21: "Q2_K_S",
    22: "IQ3_XS",
    23: "IQ3_XXS",
    24: "IQ1_S",
    25: "IQ4_NL",
    26: "IQ3_S",
    27: "IQ3_M",
    28: "IQ2_S",
    29: "IQ2_M",
    30: "IQ4_XS",
    31: "IQ1_M",
    32: "BF16",
    36: "TQ1_0",
    37: "TQ2_0",
    38: "MXFP4_MOE",
    39: "NVFP4",
    40: "Q1_0",
}
_GUESSED: Final = 1024  # a flag in `general.file_type`: the type was not stated but inferred


def label_of(file_type: int) -> str | None:
    """`Q4_K_M` for the 15 of a file's `general.file_type`; None for a number that is not known."""
    return FILE_TYPES.get(file_type & ~_GUESSED)
