"""Evaluating text with a GGUF through llama.cpp, for the importance matrix and for verification.

Owns the model and its context, the way a text becomes tokens and chunks (as llama.cpp's own tools do it: one trailing
newline dropped, text that looks like a special token stays text, the first token of every chunk replaced by BOS where
the vocabulary asks for one) and the decoding with logits. Imports llama.cpp, so it belongs in a worker process
(``worker.py``): GGML aborts its process on a failed assertion. What the logits say, the callers compute.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar, Self

import llama_cpp
import numpy as np
from numpy.typing import NDArray

from .errors import ConvertError

REQUIRED_VERSION = "0.3.36"
_LEVEL_ERROR = 4

Tokens = NDArray[np.int32]
Logits = NDArray[np.float32]
# llama.cpp's evaluation callback: (address of the ggml_tensor, whether it only asks, unused) → bool.
OnTensor = Callable[[int, bool, Any], bool]


@dataclass(frozen=True, slots=True)
class Window:
    """How text is cut and computed: ``context`` tokens a chunk, at most ``batch`` tokens a decode.

    Several chunks go into one decode as sequences of their own while they fit, and a chunk longer than ``batch`` takes
    several decodes. ``first`` is the position in a chunk from which on logits are wanted.
    """

    context: int = 512
    first: int = 0
    batch: int = 2048
    micro_batch: int = 512

    @property
    def sequences(self) -> int:
        """Chunks a decode."""
        return max(1, self.batch // self.context)

    @property
    def decode_tokens(self) -> int:
        """Tokens a decode at most: whole chunks, or a part of one."""
        return min(self.batch, self.sequences * self.context)

    @property
    def decode_outputs(self) -> int:
        """Logits rows a decode at most."""
        return min(self.decode_tokens, self.sequences * (self.context - self.first))


@dataclass(frozen=True, slots=True)
class Piece:
    """Logits of consecutive positions of one chunk: row r, shape (rows, vocabulary), belongs to ``position + r`` and
    so predicts the token after it.

    ``logits`` is llama.cpp's own buffer: it is valid until the evaluator goes on.
    """

    chunk: int
    position: int
    logits: Logits


def read_text(path: Path) -> str:
    """The text of a UTF-8 file without its last newline, otherwise as it is. Raises ConvertError."""
    try:
        text = path.read_bytes().decode("utf-8")
    except OSError as error:
        raise ConvertError(f"the text {path} cannot be read: {error.strerror or error}") from None
    except UnicodeDecodeError as error:
        raise ConvertError(
            f"the text {path} is not UTF-8 (byte {error.start:,})", "save it as UTF-8, or choose another text"
        ) from None
    return text.removesuffix("\n")


class LlamaLog:
    """The last error that llama.cpp logged in this process; everything else it says is dropped.

    llama.cpp has one log a process: make one of these, before anything else.
    """

    # What llama.cpp calls: freed with the object that made it, it would end the process at the next line of the log.
    _installed: ClassVar[object] = None

    def __init__(self) -> None:
        self._last = ""
        callback = llama_cpp.llama_log_callback(self._receive)
        llama_cpp.llama_log_set(callback, ctypes.c_void_p(0))
        LlamaLog._installed = callback

    def take_error(self, otherwise: str) -> str:
        """The last error since the last call, or ``otherwise``."""
        error, self._last = self._last, ""
        return error or otherwise

    def _receive(self, level: int, text: bytes, _: ctypes.c_void_p) -> None:
        line = text.decode("utf-8", errors="replace").strip()
        if level == _LEVEL_ERROR and line:
            self._last = line


class Evaluator:
    """A GGUF, opened to evaluate text; a context manager. Not thread-safe."""

    def __init__(
        self, path: Path, window: Window, log: LlamaLog, threads: int = 0, on_tensor: OnTensor | None = None
    ) -> None:
        """Load the model, which takes from a moment to minutes, and make its context.

        ``threads`` 0 means all cores. The weights stay in the computer's memory; where llama.cpp was built for a GPU,
        it sends the multiplications there by itself. Raises ConvertError.
        """
        if llama_cpp.__version__ != REQUIRED_VERSION:
            raise ConvertError(
                f"llama-cpp-python {llama_cpp.__version__} is installed, {REQUIRED_VERSION} is needed",
                f"install llama-cpp-python=={REQUIRED_VERSION}",
            )
        self.window = window
        self._log = log
        parameters = llama_cpp.llama_model_default_params()
        parameters.n_gpu_layers = 0
        self._model = llama_cpp.llama_model_load_from_file(os.fsencode(path), parameters)
        if not self._model:
            raise ConvertError(f"llama.cpp cannot load {path.name}: {log.take_error('it gives no reason')}")
        self._vocabulary = llama_cpp.llama_model_get_vocab(self._model)
        self.vocabulary_size = int(llama_cpp.llama_vocab_n_tokens(self._vocabulary))
        trained = int(llama_cpp.llama_model_n_ctx_train(self._model))
        if not 2 <= window.context <= trained:
            raise ConvertError(
                f"chunks of {window.context} tokens do not suit {path.name}, which was trained on {trained}",
                f"choose a context length from 2 to {trained}",
            )
        self._context = self._make_context(path, threads or os.cpu_count() or 1, on_tensor)
        self._batch = llama_cpp.llama_batch_init(window.decode_tokens, 0, 1)

    def _make_context(self, path: Path, threads: int, on_tensor: OnTensor | None) -> Any:
        parameters = llama_cpp.llama_context_default_params()
        window = self.window
        parameters.n_ctx = window.sequences * window.context
        parameters.n_seq_max = window.sequences
        parameters.n_batch = window.decode_tokens
        parameters.n_ubatch = min(window.micro_batch, window.decode_tokens)
        # The buffers of the logits weigh rows × vocabulary × 4 bytes, three times over.
        parameters.n_outputs_max = max(window.decode_outputs, window.sequences)
        parameters.n_threads = parameters.n_threads_batch = threads
        parameters.no_perf = True
        # Kept here: llama.cpp calls it for as long as the context lives.
        kind = llama_cpp.ggml_backend_sched_eval_callback
        self._on_tensor = kind(on_tensor) if on_tensor else kind()
        parameters.cb_eval = self._on_tensor
        context = llama_cpp.llama_init_from_model(self._model, parameters)
        if not context:
            reason = self._log.take_error("there may be too little memory")
            raise ConvertError(f"llama.cpp cannot make a context for {path.name}: {reason}")
        return context

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: object, trace: TracebackType | None) -> None:
        llama_cpp.llama_batch_free(self._batch)
        llama_cpp.llama_free(self._context)
        llama_cpp.llama_model_free(self._model)

    def vocabulary(self) -> list[bytes]:
        """The text of every token as the file writes it; empty for one that only fills the vocabulary up."""
        texts = []
        for token in range(self.vocabulary_size):
            unused = llama_cpp.llama_vocab_get_attr(self._vocabulary, token) & llama_cpp.LLAMA_TOKEN_ATTR_UNUSED
            texts.append(b"" if unused else llama_cpp.llama_vocab_get_text(self._vocabulary, token) or b"")
        return texts

    def tokenise(self, text: str) -> Tokens:
        """The tokens of ``text``, with BOS in front where the vocabulary asks for one; shape (tokens,)."""
        data = text.encode("utf-8")
        room = len(data) + 2
        tokens = np.empty(room, dtype=np.int32)
        pointer = tokens.ctypes.data_as(ctypes.POINTER(llama_cpp.llama_token))
        count = llama_cpp.llama_tokenize(self._vocabulary, data, len(data), pointer, room, True, False)
        if count < 0:
            raise ConvertError("llama.cpp cannot turn the text into tokens", "is it longer than 2 GB?")
        return tokens[:count].copy()

    def chunks(self, tokens: Tokens, limit: int = 0) -> Tokens:
        """Cut ``tokens`` into whole chunks, shape (chunks, context); at most ``limit`` of them, 0 for all.

        The rest of the text that fills no chunk is left out. Raises ConvertError where there are fewer than two chunks.
        """
        context = self.window.context
        if len(tokens) < 2 * context:
            raise ConvertError(
                f"the text has {len(tokens)} tokens, and {2 * context} are needed with chunks of {context}",
                "give a longer text or a smaller context length",
            )
        count = len(tokens) // context
        count = min(count, limit) if limit else count
        return tokens[: count * context].reshape(count, context)

    def decode(self, chunks: Tokens) -> Iterator[int]:
        """Compute the chunks; after each decode, the number of tokens computed so far. For the tensor callback's sake:
        logits are not handed out.
        """
        done = 0
        for group in range(0, len(chunks), self.window.sequences):
            for _, tokens in self._decode_group(chunks[group : group + self.window.sequences]):
                done += tokens
                yield done

    def logits(self, chunks: Tokens) -> Iterator[Piece]:
        """Compute the chunks and yield the logits from position ``window.first`` on, chunk by chunk in order."""
        for group in range(0, len(chunks), self.window.sequences):
            members = chunks[group : group + self.window.sequences]
            for start, tokens in self._decode_group(members):
                position = max(start, self.window.first)
                rows = start + tokens // len(members) - position
                if rows <= 0:
                    continue
                pointer = llama_cpp.llama_get_logits(self._context)
                values = np.ctypeslib.as_array(pointer, (len(members), rows, self.vocabulary_size))
                for number in range(len(members)):
                    yield Piece(group + number, position, values[number])

    def _decode_group(self, members: Tokens) -> Iterator[tuple[int, int]]:
        """Decode chunks side by side; (first position, tokens) of each decode that has just been done."""
        llama_cpp.llama_memory_clear(llama_cpp.llama_get_memory(self._context), True)
        if llama_cpp.llama_vocab_get_add_bos(self._vocabulary):
            members = members.copy()
            members[:, 0] = llama_cpp.llama_vocab_bos(self._vocabulary)
        width = min(self.window.decode_tokens, self.window.context)
        for start in range(0, self.window.context, width):
            part = members[:, start : start + width]
            self._fill_batch(part, start)
            status = llama_cpp.llama_decode(self._context, self._batch)
            llama_cpp.llama_synchronize(self._context)
            if status != 0:
                reason = self._log.take_error("there may be too little memory")
                raise ConvertError(f"llama.cpp could not compute the text (status {status}): {reason}")
            yield start, part.size

    def _fill_batch(self, part: Tokens, start: int) -> None:
        """Put tokens of shape (sequences, positions from ``start`` on) into the batch."""
        batch, count = self._batch, part.size
        positions = np.tile(np.arange(start, start + part.shape[1], dtype=np.int32), len(part))
        np.ctypeslib.as_array(batch.token, (count,))[:] = part.ravel()
        np.ctypeslib.as_array(batch.pos, (count,))[:] = positions
        np.ctypeslib.as_array(batch.n_seq_id, (count,))[:] = 1
        np.ctypeslib.as_array(batch.logits, (count,))[:] = positions >= self.window.first
        for index in range(count):
            batch.seq_id[index][0] = index // part.shape[1]
        batch.n_tokens = count
