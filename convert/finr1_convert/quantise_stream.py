"""Quantising a checkpoint's tensors while they are read, a slab of rows at a time on every core.

Owns the threads, the slabs and the order in which they are written. Holds a few slabs in memory, never a tensor. What
type a tensor gets is in its plan (``quantise_plan.py``).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import BinaryIO

import numpy as np

from .errors import ConvertError
from .ggml_rows import Floats, RowQuantiser
from .quantise_plan import PlannedTensor, QuantisationPlan
from .safetensors_files import BYTES_PER_VALUE
from .streaming import TensorCopier

# Long enough (some 20 ms of work) for Python's share to vanish, short enough for a hundred threads' worth of memory.
SLAB_VALUES = 1 << 19


@dataclass(frozen=True, slots=True)
class Slab:
    """Some whole rows of a tensor."""

    tensor: PlannedTensor
    first_row: int
    rows: int


def write_quantised(
    file: BinaryIO,
    plan: QuantisationPlan,
    importance: Mapping[str, Floats],
    threads: int,
    on_bytes: Callable[[int], None],
) -> None:
    """Write the planned file to ``file``, quantising with ``threads`` threads.

    ``importance`` gives, by a tensor's name, a value for each of its columns; tensors without one are quantised
    without. ``on_bytes`` is called with the bytes of the checkpoint that are done. Raises ConvertError for weights that
    cannot be used, and when what comes out does not begin as llama.cpp's own answer does; OSError when the disk is
    full.
    """
    quantiser = RowQuantiser()
    # As GGML takes them: it is given an address, and nobody checks what lies there.
    columns = {name: np.ascontiguousarray(values, dtype=np.float32) for name, values in importance.items()}
    workers = [_Worker(quantiser, columns) for _ in range(threads)]
    idle: SimpleQueue[_Worker] = SimpleQueue()
    for worker in workers:
        idle.put(worker)

    def quantised(slab: Slab) -> bytes:
        worker = idle.get()
        try:
            return worker.quantised(slab)
        finally:
            idle.put(worker)

    file.write(plan.header)
    done = 0
    pool = ThreadPoolExecutor(threads, thread_name_prefix="quantise")
    try:
        for slab, data in _in_order(pool, quantised, _slabs(plan), 2 * threads):
            _check_first_rows(slab, data)
            file.write(data)
            if slab.first_row + slab.rows == slab.tensor.rows:
                file.write(bytes(slab.tensor.padding))
            done += slab.rows * slab.tensor.columns * BYTES_PER_VALUE[slab.tensor.source.dtype]
            on_bytes(done)
    finally:
        pool.shutdown(cancel_futures=True)
        for worker in workers:
            worker.close()


def _slabs(plan: QuantisationPlan) -> Iterator[Slab]:
    for tensor in plan.tensors:
        step = max(1, SLAB_VALUES // tensor.columns)
        for first in range(0, tensor.rows, step):
            yield Slab(tensor, first, min(step, tensor.rows - first))


def _in_order(
    pool: ThreadPoolExecutor, work: Callable[[Slab], bytes], slabs: Iterator[Slab], ahead: int
) -> Iterator[tuple[Slab, bytes]]:
    """The slabs with their results, in order, at most ``ahead`` of them in work."""
    waiting: deque[tuple[Slab, Future[bytes]]] = deque()
    for slab in slabs:
        waiting.append((slab, pool.submit(work, slab)))
        if len(waiting) >= ahead:
            first, result = waiting.popleft()
            yield first, result.result()
    while waiting:
        first, result = waiting.popleft()
        yield first, result.result()


def _check_first_rows(slab: Slab, data: bytes) -> None:
    expected = slab.tensor.first_rows
    if slab.first_row == 0 and data[: len(expected)] != expected[: len(data)]:
        raise ConvertError(
            f"llama.cpp's own quantisation of the tensor {slab.tensor.name} begins with other bytes than this one",
            "llama-cpp-python is another than this program was made for: install the version that it names",
        )


class _Worker:
    """What one thread needs: an open file, buffers, and GGML."""

    def __init__(self, quantiser: RowQuantiser, importance: Mapping[str, Floats]) -> None:
        self._quantiser = quantiser
        self._importance = importance
        self._copier = TensorCopier()
        self._values = np.empty(0, dtype=np.float32)
        self._open: tuple[Path, BinaryIO] | None = None

    def quantised(self, slab: Slab) -> bytes:
        tensor = slab.tensor
        values = self._floats(slab).reshape(slab.rows, tensor.columns)
        data = self._quantiser.quantise(tensor.kind, values, self._importance.get(tensor.name))
        if data is None:
            raise ConvertError(
                f"the tensor {tensor.source.name} holds weights that are too large for {tensor.kind.name}",
                "take a larger type, or the checkpoint is damaged: fetch it again",
            )
        return data

    def _floats(self, slab: Slab) -> Floats:
        """The slab's weights in single precision, in a buffer that the next call overwrites."""
        columns = slab.tensor.columns
        count = slab.rows * columns
        if len(self._values) < count:
            self._values = np.empty(count, dtype=np.float32)
        target = self._values.view(np.uint8)
        filled = 0

        def take(piece: memoryview) -> None:
            nonlocal filled
            target[filled : filled + len(piece)] = np.frombuffer(piece, dtype=np.uint8)
            filled += len(piece)

        source = slab.tensor.source
        self._copier.copy(self._file(source.file), source, "F32", take, slab.first_row * columns, count)
        return self._values[:count]

    def _file(self, path: Path) -> BinaryIO:
        if self._open is None or self._open[0] != path:
            self.close()
            self._open = (path, path.open("rb", buffering=0))
        return self._open[1]

    def close(self) -> None:
        if self._open is not None:
            self._open[1].close()
            self._open = None
