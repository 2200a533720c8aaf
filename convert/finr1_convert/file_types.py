"""The types that a GGUF can be written in: their names, llama.cpp's numbers for them, and about how large
they get.

Owns the list that the command line offers, and which of the types are useless without an importance matrix.
"""

from __future__ import annotations

from dataclasses import dataclass

from .errors import ConvertError


@dataclass(frozen=True, slots=True)
class FileType:
    """``number`` is llama.cpp's ``llama_ftype``; ``bits`` an upper estimate of the bits a weight takes.

    With so few bits that ``needs_imatrix``, llama.cpp refuses to guess which weights matter.
    """

    name: str
    number: int
    bits: float
    is_float: bool = False
    needs_imatrix: bool = False


FLOAT_TYPES = (
    FileType("f32", 0, 32.0, is_float=True),
    FileType("f16", 1, 16.0, is_float=True),
    FileType("bf16", 32, 16.0, is_float=True),
)
QUANTISED_TYPES = (
    FileType("Q8_0", 7, 8.5),
    FileType("Q6_K", 18, 6.6),
    FileType("Q5_K_M", 17, 5.8),
    FileType("Q5_K_S", 16, 5.6),
    FileType("Q5_1", 9, 6.1),
    FileType("Q5_0", 8, 5.6),
    FileType("Q4_K_M", 15, 5.0),
    FileType("Q4_K_S", 14, 4.7),
    FileType("Q4_1", 3, 5.1),
    FileType("Q4_0", 2, 4.7),
    FileType("IQ4_NL", 25, 4.7),
    FileType("IQ4_XS", 30, 4.5),
    FileType("Q3_K_L", 13, 4.4),
    FileType("Q3_K_M", 12, 4.1),
    FileType("Q3_K_S", 11, 3.7),
    FileType("IQ3_M", 27, 3.9),
    FileType("IQ3_S", 26, 3.7),
    FileType("IQ3_XS", 22, 3.5, needs_imatrix=True),
    FileType("IQ3_XXS", 23, 3.3, needs_imatrix=True),
    FileType("Q2_K", 10, 3.3),
    FileType("Q2_K_S", 21, 3.0, needs_imatrix=True),
    FileType("IQ2_M", 29, 3.0, needs_imatrix=True),
    FileType("IQ2_S", 28, 2.8, needs_imatrix=True),
    FileType("IQ2_XS", 20, 2.6, needs_imatrix=True),
    FileType("IQ2_XXS", 19, 2.4, needs_imatrix=True),
    FileType("IQ1_M", 31, 2.2, needs_imatrix=True),
    FileType("IQ1_S", 24, 2.0, needs_imatrix=True),
)
AUTOMATIC = "auto"
NAMES = (AUTOMATIC, *(kind.name for kind in FLOAT_TYPES + QUANTISED_TYPES))
_ALIASES = {"q3_k": "Q3_K_M", "q4_k": "Q4_K_M", "q5_k": "Q5_K_M"}


def file_type(name: str) -> FileType:
    """The type of that name, in any case. Raises ConvertError for an unknown one."""
    wanted = _ALIASES.get(name.lower(), name).lower()
    for kind in FLOAT_TYPES + QUANTISED_TYPES:
        if kind.name.lower() == wanted:
            return kind
    raise ConvertError(f"there is no type {name}", f"the types are {', '.join(NAMES)}")


def stored_type(dtypes: set[str]) -> FileType:
    """The float type that loses nothing of tensors stored as ``dtypes`` (BF16, F16, F32)."""
    name = "f32" if len(dtypes) != 1 else dtypes.pop().lower()
    return file_type(name)
