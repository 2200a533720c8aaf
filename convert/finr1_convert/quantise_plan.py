"""Which type each tensor of a quantised file gets, asked of llama.cpp itself.

Owns the question and the reading of the answer. The question is the model with all its keys and tensors, of which each
matrix has its first two rows only: llama.cpp chooses a type by a tensor's name, its row length and the keys, never by
the number of rows, so what it makes of that small file has the keys, the order and the types of the whole result, and
each tensor's first rows, with which what is quantised afterwards is compared. No table of types is kept here.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, replace
from math import prod
from pathlib import Path

from gguf import GGMLQuantizationType

from .errors import ConvertError
from .gguf_header import TensorHeader, data_bytes, read_header
from .qwen2 import ModelTensor
from .safetensors_files import BYTES_PER_VALUE, StoredTensor

_ALIGNMENT = 32
# Two, because llama.cpp takes a matrix of one row for a vector and does not quantise it.
_ROWS = 2


@dataclass(frozen=True, slots=True)
class PlannedTensor:
    """One tensor of the result: its data is ``source`` as type ``kind``, ``offset`` bytes after the header, and
    begins with ``first_rows``.
    """

    name: str
    kind: GGMLQuantizationType
    source: StoredTensor
    offset: int
    first_rows: bytes

    @property
    def columns(self) -> int:
        return self.source.shape[-1]

    @property
    def rows(self) -> int:
        return self.source.values // self.columns

    @property
    def nbytes(self) -> int:
        return data_bytes(self.kind, self.source.values)

    @property
    def padding(self) -> int:
        """The zeros that follow the data, so that the next tensor is aligned."""
        return _padded(self.nbytes) - self.nbytes


@dataclass(frozen=True, slots=True)
class QuantisationPlan:
    """The quantised file before its weights: ``header`` as it stands in the file, ``tensors`` in their order."""

    header: bytes
    tensors: tuple[PlannedTensor, ...]

    @property
    def nbytes(self) -> int:
        """The size of the complete file."""
        return len(self.header) + sum(tensor.nbytes + tensor.padding for tensor in self.tensors)


def first_rows(tensors: tuple[ModelTensor, ...]) -> tuple[ModelTensor, ...]:
    """The tensors with the first rows of each matrix only: what llama.cpp is asked with. Vectors stay whole."""
    return tuple(
        replace(tensor, source=_first_rows(tensor.source)) if len(tensor.source.shape) > 1 else tensor
        for tensor in tensors
    )


def _first_rows(source: StoredTensor) -> StoredTensor:
    shape = (min(_ROWS, source.shape[0]), *source.shape[1:])
    return replace(source, shape=shape, nbytes=prod(shape) * BYTES_PER_VALUE[source.dtype])


def read_plan(answer: Path, tensors: tuple[ModelTensor, ...]) -> QuantisationPlan:
    """The plan for ``tensors`` in ``answer``, the file that llama.cpp made of their ``first_rows``.

    Raises ConvertError when the answer is not about these tensors.
    """
    header = read_header(answer)
    sources = {tensor.name: tensor.source for tensor in tensors}
    if sorted(sources) != sorted(tensor.name for tensor in header.tensors):
        raise ConvertError("llama.cpp answered with other tensors than it was asked about", "please report this")
    planned: list[PlannedTensor] = []
    offset = 0
    with answer.open("rb") as file:
        keys = file.read(header.keys_end)
        for entry in header.tensors:
            file.seek(entry.offset)
            tensor = _planned(entry, sources[entry.name], offset, file.read(entry.nbytes))
            planned.append(tensor)
            offset += tensor.nbytes + tensor.padding
    head = keys + b"".join(_tensor_info(tensor) for tensor in planned)
    return QuantisationPlan(head.ljust(_padded(len(head)), b"\0"), tuple(planned))


def _planned(entry: TensorHeader, source: StoredTensor, offset: int, data: bytes) -> PlannedTensor:
    return PlannedTensor(entry.name, GGMLQuantizationType[entry.type], source, offset, data)


def _tensor_info(tensor: PlannedTensor) -> bytes:
    """Name, shape (row length first), type and offset, as GGUF has them."""
    name = tensor.name.encode()
    shape = tuple(reversed(tensor.source.shape))
    return struct.pack(
        f"<Q{len(name)}sI{len(shape)}QIQ", len(name), name, len(shape), *shape, tensor.kind.value, tensor.offset
    )


def _padded(nbytes: int) -> int:
    return -(-nbytes // _ALIGNMENT) * _ALIGNMENT
