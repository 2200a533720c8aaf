"""Importance matrices as files: llama.cpp's GGUF form, written and read, and its older form (``.dat``), read.

Owns the record ``ImportanceMatrix`` and the two formats. For each matrix of a model it holds how much every column of
it matters: the sum of the squared activations that met the column, and how many rows of activations there were. How
it is gathered is in ``imatrix_worker.py``, how it steers quantising in ``importance.py``. Every length in a file is
checked against the file before it is believed.
"""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from gguf import GGUFReader, GGUFWriter
from numpy.typing import NDArray

from .errors import ConvertError
from .gguf_header import read_header

Floats = NDArray[np.float32]

_SUMS, _COUNTS = ".in_sum2", ".counts"
_DATASETS, _CHUNKS, _CHUNK_SIZE = "imatrix.datasets", "imatrix.chunk_count", "imatrix.chunk_size"
_OTHER_FILE = "give a file that llama-imatrix or `finr1-convert imatrix` wrote"


@dataclass(frozen=True, slots=True)
class Entry:
    """One matrix: ``sums`` of squares, shape (columns,), over ``count`` rows of activations."""

    sums: Floats
    count: int

    @property
    def weights(self) -> Floats:
        """The mean square of each column's activations, as llama.cpp takes it; ones where nothing was seen."""
        if self.count <= 0:
            return np.ones_like(self.sums)
        mean: Floats = self.sums / np.float32(self.count)
        return mean


@dataclass(frozen=True, slots=True)
class ImportanceMatrix:
    """``entries`` by the name of the model's tensor; ``chunks`` of ``chunk_size`` tokens were evaluated (0 where the
    file does not say) out of ``datasets``, the names of the texts.
    """

    entries: dict[str, Entry]
    chunks: int
    chunk_size: int
    datasets: tuple[str, ...]


def write_imatrix(path: Path, matrix: ImportanceMatrix) -> None:
    """Write llama.cpp's GGUF form to ``path`` and force it to the disk. Raises OSError when the disk is full."""
    writer = GGUFWriter(path, "")
    # The package names an architecture in every file; an importance matrix has none.
    writer.kv_data[0].clear()
    writer.add_string("general.type", "imatrix")
    writer.add_array(_DATASETS, list(matrix.datasets))
    writer.add_uint32(_CHUNKS, matrix.chunks)
    writer.add_uint32(_CHUNK_SIZE, matrix.chunk_size)
    for name in sorted(matrix.entries):
        entry = matrix.entries[name]
        writer.add_tensor(name + _SUMS, entry.sums)
        writer.add_tensor(name + _COUNTS, np.array([entry.count], dtype=np.float32))
    try:
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        assert writer.fout is not None
        writer.fout[0].flush()
        os.fsync(writer.fout[0].fileno())
    finally:
        writer.close()


def read_imatrix(path: Path) -> ImportanceMatrix:
    """Read either form. Raises ConvertError when ``path`` is no importance matrix or holds unusable numbers."""
    try:
        with path.open("rb") as file:
            is_gguf = file.read(4) == b"GGUF"
            file.seek(0)
            matrix = _read_gguf(path) if is_gguf else _LegacyReader(path, file).matrix()
    except FileNotFoundError:
        raise ConvertError(f"{path} does not exist") from None
    except OSError as error:
        raise ConvertError(f"{path} cannot be read: {error.strerror or error}") from None
    for name, entry in matrix.entries.items():
        if not (np.isfinite(entry.sums).all() and (entry.sums >= 0).all()):
            raise ConvertError(
                f"{path.name} holds values for {name} that are no sums of squares (negative, infinite or NaN)",
                "make the importance matrix again",
            )
    return matrix


def _read_gguf(path: Path) -> ImportanceMatrix:
    header = read_header(path)
    if header.keys.get("general.type") != "imatrix" and not {_CHUNKS, _CHUNK_SIZE} <= header.keys.keys():
        raise ConvertError(f"{path.name} is a GGUF, but not an importance matrix", _OTHER_FILE)
    reader = GGUFReader(path)
    tensors = {tensor.name: tensor for tensor in reader.tensors}
    names = [name.removesuffix(_SUMS) for name in tensors if name.endswith(_SUMS)]
    if not names or any(name.endswith(_COUNTS) and name.removesuffix(_COUNTS) not in names for name in tensors):
        raise _damaged(path)
    entries = {name: _gguf_entry(path, name, tensors.get(name + _SUMS), tensors.get(name + _COUNTS)) for name in names}
    return ImportanceMatrix(entries, _number(header.keys, _CHUNKS), _number(header.keys, _CHUNK_SIZE), _texts(reader))


def _gguf_entry(path: Path, name: str, sums: Any, counts: Any) -> Entry:
    if counts is None or {sums.tensor_type.name, counts.tensor_type.name} != {"F32"}:
        raise _damaged(path)
    if counts.n_elements != 1:
        raise ConvertError(
            f"{path.name} holds {counts.n_elements} matrices for {name}: it is of a mixture of experts",
            "only dense Qwen2 models are converted here",
        )
    count = float(counts.data.ravel()[0])
    if not 0 <= count < float("inf"):
        raise _damaged(path)
    return Entry(np.array(sums.data, dtype=np.float32).ravel(), round(count))


def _number(keys: dict[str, Any], key: str) -> int:
    value = keys.get(key, 0)
    return value if type(value) is int and value >= 0 else 0


def _texts(reader: GGUFReader) -> tuple[str, ...]:
    field = reader.get_field(_DATASETS)
    contents = field.contents() if field is not None else []
    return tuple(str(text) for text in contents) if isinstance(contents, list) else ()


class _LegacyReader:
    """One pass over the older form: a number of entries, then for each its name, calls, and means times calls."""

    def __init__(self, path: Path, file: BinaryIO) -> None:
        self._path = path
        self._file = file
        self._left = path.stat().st_size

    def matrix(self) -> ImportanceMatrix:
        entries: dict[str, Entry] = {}
        for _ in range(self._count()):
            name = self._text()
            calls = self._count()
            values = np.frombuffer(self._bytes(4 * self._count()), dtype="<f4").astype(np.float32)
            entries[name] = Entry(values, calls)
        if not entries or not all(len(entry.sums) for entry in entries.values()):
            raise self._no_matrix()
        # What follows was added later and may be missing.
        chunks = self._count() if self._left >= 4 else 0
        datasets = (self._text(),) if self._left >= 4 else ()
        return ImportanceMatrix(entries, chunks, 0, tuple(filter(None, datasets)))

    def _text(self) -> str:
        return self._bytes(self._count()).decode("utf-8", errors="replace")

    def _count(self) -> int:
        value: int = struct.unpack("<i", self._bytes(4))[0]
        if value < 0:
            raise self._no_matrix()
        return value

    def _bytes(self, count: int) -> bytes:
        if count > self._left:
            raise self._no_matrix()
        self._left -= count
        return self._file.read(count)

    def _no_matrix(self) -> ConvertError:
        return ConvertError(f"{self._path.name} is no importance matrix, or is cut off", _OTHER_FILE)


def _damaged(path: Path) -> ConvertError:
    return ConvertError(f"the importance matrix {path.name} is damaged", "make or fetch it again")
