"""The types that a GGUF can be written in: their names, and llama.cpp's numbers for them.

Owns the list that the command line offers, and which of the types are useless without an importance matrix.
"""

from __future__ import annotations

from dataclasses import dataclass

from .errors import ConvertError


@dataclass(frozen=True, slots=True)
class FileType:
    """``number`` is llama.cpp's ``llama_ftype``. A type that ``needs_imatrix`` has so few bits that llama.cpp refuses
    to guess which weights matter.
    """

    name: str
    number: int
    is_float: bool = False
    needs_imatrix: bool = False


FLOAT_TYPES = (
    FileType("f32", 0, is_float=True),
    FileType("f16", 1, is_float=True),
    FileType("bf16", 32, is_float=True),
)
QUANTISED_TYPES = (
    FileType("Q8_0", 7),
    FileType("Q6_K", 18),
    FileType("Q5_K_M", 17),
    FileType("Q5_K_S", 16),
    FileType("Q5_1", 9),
    FileType("Q5_0", 8),
    FileType("Q4_K_M", 15),
    FileType("Q4_K_S", 14),
    FileType("Q4_1", 3),
    FileType("Q4_0", 2),
    FileType("IQ4_NL", 25),
    FileType("IQ4_XS", 30),
    FileType("Q3_K_L", 13),
    FileType("Q3_K_M", 12),
    FileType("Q3_K_S", 11),
    FileType("IQ3_M", 27),
    FileType("IQ3_S", 26),
    FileType("IQ3_XS", 22, needs_imatrix=True),
    FileType("IQ3_XXS", 23, needs_imatrix=True),
    FileType("Q2_K", 10),
    FileType("Q2_K_S", 21, needs_imatrix=True),
    FileType("IQ2_M", 29, needs_imatrix=True),
    FileType("IQ2_S", 28, needs_imatrix=True),
    FileType("IQ2_XS", 20, needs_imatrix=True),
    FileType("IQ2_XXS", 19, needs_imatrix=True),
    FileType("IQ1_M", 31, needs_imatrix=True),
    FileType("IQ1_S", 24, needs_imatrix=True),
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
