"""The process that gathers an importance matrix.

Owns the evaluation callback: which matrix multiplications count, and the sums of the squared activations that meet each
column. Tells its parent ``{"done": tokens, "total": tokens}`` and writes the finished matrix to the file it is given.
Run by ``imatrix.py`` only.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .errors import ConvertError
from .evaluation import Evaluator, LlamaLog, Window, read_text
from .ggml_tensor import F32, Ggml, GgmlTensor
from .imatrix_file import Entry, ImportanceMatrix, write_imatrix
from .output import disk_error
from .worker import Parent, run_worker


def work(parent: Parent, arguments: Sequence[str]) -> None:
    """``model output context chunks threads dataset text``: see ``imatrix.make_imatrix``."""
    model, output = map(Path, arguments[:2])
    context, limit, threads = map(int, arguments[2:5])
    dataset, text = arguments[5], read_text(Path(arguments[6]))
    collector = Collector(Ggml())
    # As many tokens a decode as llama.cpp's tool takes: other shapes round otherwise, in the third digit of some sums.
    with Evaluator(model, Window(context), LlamaLog(), threads, collector.on_tensor) as evaluator:
        chunks = evaluator.chunks(evaluator.tokenise(text), limit)
        parent.tell(done=0, total=chunks.size)
        for done in evaluator.decode(chunks):
            collector.check()
            parent.tell(done=done, total=chunks.size)
    matrix = ImportanceMatrix(collector.entries(), len(chunks), context, (dataset,))
    try:
        write_imatrix(output, matrix)
    except OSError as error:
        raise disk_error(error, output) from error


class Collector:
    """Sums of squares, column by column, for every matrix of the model's blocks."""

    def __init__(self, ggml: Ggml) -> None:
        self._ggml = ggml
        self._sums: dict[str, NDArray[np.float64]] = {}
        self._counts: dict[str, int] = {}
        # The input that was squared last: the matrices of a layer that share one come one after the other.
        self._squared: tuple[int, NDArray[np.float32], int] | None = None
        # The matrices with which a graph begins and ends.
        self._first = self._last = ""
        self._failure: Exception | None = None

    def on_tensor(self, address: int, asking: bool, _: Any) -> bool:
        """llama.cpp's evaluation callback: whether the tensor is wanted, and then whether to go on computing."""
        try:
            tensor = self._ggml.tensor(address)
            return self._wanted(tensor) if asking else self._collect(tensor)
        except Exception as error:  # An exception cannot cross llama.cpp; ``check`` raises it again.
            self._failure = error
            return False

    def check(self) -> None:
        """Raise what went wrong in the callback, which could not."""
        if self._failure is not None:
            raise self._failure

    def entries(self) -> dict[str, Entry]:
        """What has been gathered. Raises ConvertError when that is nothing, or no numbers."""
        if not self._sums:
            raise ConvertError("no matrix of this model met the text", "only dense models are supported")
        for name, sums in self._sums.items():
            if not np.isfinite(sums).all():
                raise ConvertError(
                    f"the activations that meet {name} are not finite numbers", "the model is damaged: convert it again"
                )
        return {name: Entry(sums.astype(np.float32), self._counts[name]) for name, sums in self._sums.items()}

    def _wanted(self, tensor: GgmlTensor) -> bool:
        if tensor.op != self._ggml.mul_mat:
            return False
        weight, activations = (self._ggml.tensor(tensor.src[number]) for number in range(2))
        return activations.type == F32 and _weight_name(weight).startswith("blk.")

    def _collect(self, tensor: GgmlTensor) -> bool:
        name = _weight_name(self._ggml.tensor(tensor.src[0]))
        if name == self._first:
            # A new graph: what lies at an address is no longer what lay there.
            self._squared = None
        sums, rows = self._squares(tensor.src[1])
        first_pass = name not in self._sums
        if first_pass:
            self._first = self._first or name
            self._sums[name] = np.zeros(len(sums))
            self._counts[name] = 0
            self._last = name
        self._sums[name] += sums
        self._counts[name] += rows
        # What follows the last matrix is the vocabulary's logits, which nobody reads here.
        return first_pass or name != self._last

    def _squares(self, address: int) -> tuple[NDArray[np.float32], int]:
        if self._squared is None or self._squared[0] != address:
            values = self._ggml.rows(address)
            self._squared = (address, np.einsum("ij,ij->j", values, values), len(values))
        return self._squared[1:]


def _weight_name(weight: GgmlTensor) -> str:
    """The tensor's name in the file: a copy on a GPU is called ``CUDA0#blk.0.attn_q.weight#0``."""
    name: str = weight.name.decode("utf-8", errors="replace")
    return name.split("#")[1] if "#" in name else name


if __name__ == "__main__":
    run_worker(work)
