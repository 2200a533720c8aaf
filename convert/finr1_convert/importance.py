"""What an importance matrix means for one model.

Owns the check that a matrix belongs to a model, the weight of each column, and the keys by which a quantised file tells
what it was made with (the same as ``llama-quantize --imatrix`` writes). Reads no files: that is ``imatrix_file.py``.
Must not import llama.cpp: how this gets there is in ``importance_parameters.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .errors import ConvertError
from .imatrix_file import Floats, ImportanceMatrix

# llama.cpp's room for a text in a key, its end included.
_TEXT_BYTES = 128


@dataclass(frozen=True, slots=True)
class Importance:
    """``weights`` by tensor name, shape (columns,) each, and ``keys`` for the result's header, in their order."""

    weights: dict[str, Floats]
    keys: dict[str, str | int]


def importance_of(matrix: ImportanceMatrix, given_name: str, shapes: Mapping[str, tuple[int, ...]]) -> Importance:
    """What ``matrix``, read from the file called ``given_name``, says about a model with tensors of these ``shapes``.

    Raises ConvertError when it was made with another model: when it names a tensor that is not there or counts its
    columns differently, or when it is silent about one of the blocks' matrices.
    """
    for name, entry in matrix.entries.items():
        shape = shapes.get(name)
        if shape is None:
            raise _other_model(given_name, f"it holds {name}, which this model does not have")
        if shape[-1] != len(entry.sums):
            raise _other_model(given_name, f"{name} has {len(entry.sums)} columns in it and {shape[-1]} in this model")
    missing = [name for name, shape in shapes.items() if _is_block_matrix(name, shape) and name not in matrix.entries]
    if missing:
        more = f" (and {len(missing) - 1} more)" if len(missing) > 1 else ""
        raise _other_model(given_name, f"it says nothing about {missing[0]}{more}")
    keys: dict[str, str | int] = {"quantize.imatrix.file": _fitting(given_name)}
    if matrix.datasets:
        keys["quantize.imatrix.dataset"] = _fitting(matrix.datasets[0])
    keys["quantize.imatrix.entries_count"] = len(matrix.entries)
    if matrix.chunks > 0:
        keys["quantize.imatrix.chunks_count"] = matrix.chunks
    return Importance({name: entry.weights for name, entry in matrix.entries.items()}, keys)


def _is_block_matrix(name: str, shape: tuple[int, ...]) -> bool:
    return len(shape) > 1 and name.startswith("blk.")


def _other_model(given_name: str, reason: str) -> ConvertError:
    return ConvertError(
        f"{given_name} is an importance matrix of another model: {reason}",
        "make one with `finr1-convert imatrix` from this model, converted to f16 or bf16",
    )


def _fitting(text: str) -> str:
    """``text``, cut to what llama.cpp's override of a key can hold."""
    return text.encode("utf-8", errors="replace")[: _TEXT_BYTES - 1].decode("utf-8", errors="ignore")
