"""llama.cpp's low-level API as a few objects; it alone imports it, with `llama_devices`, `_grammar` and `_vocabulary`.

Owns every pointer into llama.cpp: the log, a model with its vocabulary, a context with its KV cache. It knows nothing
of conversations, sampling or clients. `llama_cpp` is pinned exactly, because ctypes accepts wrong argument lists
silently; the version is checked here before anything is called.

Not thread-safe but for `Vocabulary.tokenise`, which llama.cpp allows from any thread.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Final

import llama_cpp
import numpy as np
import numpy.typing as npt

from finr1_desk.engine.llama_log import LogLines
from finr1_desk.engine.llama_vocabulary import Vocabulary

REQUIRED_VERSION: Final = "0.3.36"

if llama_cpp.__version__ != REQUIRED_VERSION:
    raise ImportError(f"llama-cpp-python {REQUIRED_VERSION} is needed, {llama_cpp.__version__} is installed")

Logits = npt.NDArray[np.float32]

_KV_TYPES: Final = {"f16": llama_cpp.GGML_TYPE_F16, "q8_0": llama_cpp.GGML_TYPE_Q8_0}
_FLASH_ATTENTION: Final = {
    "auto": llama_cpp.LLAMA_FLASH_ATTN_TYPE_AUTO,
    "on": llama_cpp.LLAMA_FLASH_ATTN_TYPE_ENABLED,
    "off": llama_cpp.LLAMA_FLASH_ATTN_TYPE_DISABLED,
}


class LlamaError(Exception):
    """llama.cpp refused something; `lines` are the errors it logged meanwhile."""

    def __init__(self, what: str, lines: Sequence[str] = ()) -> None:
        super().__init__(f"{what}: {'; '.join(lines)}" if lines else what)
        self.lines = tuple(lines)


class LoadCancelledError(Exception):
    """The progress callback asked to stop loading."""


class LlamaLog(LogLines):
    """Receives llama.cpp's log until another is made.

    llama.cpp has one log for the process, so there is one of these, made by the process's entry point.
    """

    # What llama.cpp calls: freed with the object that made it, it would end the process at the next line of the log.
    _installed: ClassVar[object] = None

    def __init__(self, sink: Callable[[str], None]) -> None:
        super().__init__(sink)
        callback = llama_cpp.llama_log_callback(lambda level, text, _data: self.receive(level, text))
        llama_cpp.llama_log_set(callback, None)
        LlamaLog._installed = callback


# -- models


class Model:
    """A loaded model. `close` frees it; contexts made from it must be closed before."""

    def __init__(
        self,
        path: str,
        log: LlamaLog,
        *,
        gpu_layers: int = 0,
        extra_buffers: bool = True,
        vocabulary_only: bool = False,
        simulated: bool = False,
        overrides: ctypes.Array[Any] | None = None,
        on_progress: Callable[[float], bool] | None = None,
    ) -> None:
        """Loads the file, which takes from a moment to minutes.

        Args:
            gpu_layers: how many layers go to the GPU, the output layer with the first of them; -1 leaves it alone,
                0 lets it help with prompts.
            extra_buffers: whether weights may be rearranged for the processor.
            simulated: reads the header only; contexts made from it tell what they would take, and compute nothing.
            overrides: which tensor lies where, as `llama_devices.all_in_memory` makes it; kept while loading.
            on_progress: called with a fraction from 0 to 1; returning False stops loading.

        Raises:
            LoadCancelledError: `on_progress` returned False.
            LlamaError: llama.cpp could not load it.
        """
        stopped = False

        def progress(fraction: float, _user_data: object) -> bool:
            nonlocal stopped
            stopped = on_progress is not None and not on_progress(fraction)
            return not stopped

        params = llama_cpp.llama_model_default_params()
        params.n_gpu_layers = gpu_layers + 1 if gpu_layers > 0 else 0
        params.use_extra_bufts = extra_buffers
        no_devices = (ctypes.c_void_p * 1)()
        params.devices = ctypes.addressof(no_devices) if gpu_layers < 0 else None
        params.vocab_only = vocabulary_only
        if simulated:
            params.no_alloc = True
            params.load_mode = llama_cpp.LLAMA_LOAD_MODE_NONE
        if overrides is not None:
            params.tensor_buft_overrides = ctypes.addressof(overrides)
        params.progress_callback = llama_cpp.llama_progress_callback(progress)
        log.take_errors()
        log.take_buffers()
        pointer = llama_cpp.llama_model_load_from_file(path.encode("utf-8", "surrogateescape"), params)
        if stopped:
            if pointer:
                llama_cpp.llama_model_free(pointer)
            raise LoadCancelledError
        if not pointer:
            raise LlamaError("loading failed", log.take_errors())
        self._pointer: int | None = pointer
        self.log = log
        self.metadata = self._read_metadata(pointer)
        self.vocabulary = Vocabulary(llama_cpp.llama_model_get_vocab(pointer), self.metadata)
        self.architecture = self.metadata.get("general.architecture", "")
        self.trained_context = int(llama_cpp.llama_model_n_ctx_train(pointer))
        self.layers = int(llama_cpp.llama_model_n_layer(pointer))
        self.parameters = int(llama_cpp.llama_model_n_params(pointer))
        self.window = int(llama_cpp.llama_model_n_swa(pointer))
        self.is_recurrent = bool(
            llama_cpp.llama_model_is_recurrent(pointer) or llama_cpp.llama_model_is_hybrid(pointer)
        )
        template = llama_cpp.llama_model_chat_template(pointer, None)
        self.template = None if template is None else template.decode("utf-8", "replace")

    @property
    def pointer(self) -> int:
        if self._pointer is None:
            raise LlamaError("the model was closed")
        return self._pointer

    def close(self) -> None:
        """Gives the memory back; a second call does nothing."""
        if self._pointer is not None:
            llama_cpp.llama_model_free(self._pointer)
            self._pointer = None

    @staticmethod
    def _read_metadata(pointer: int) -> dict[str, str]:
        """The scalar metadata of the file as llama.cpp prints it; arrays come as text too and are left out."""
        room = 1024
        buffer = ctypes.create_string_buffer(room)
        metadata = {}
        for index in range(llama_cpp.llama_model_meta_count(pointer)):
            if llama_cpp.llama_model_meta_key_by_index(pointer, index, buffer, room) < 0:
                continue
            key = buffer.value.decode("utf-8", "replace")
            if llama_cpp.llama_model_meta_val_str_by_index(pointer, index, buffer, room) < 0:
                continue
            metadata[key] = buffer.value.decode("utf-8", "replace")
        return metadata


# -- contexts

DECODE_NO_ROOM: Final = 1
DECODE_ABORTED: Final = 2
_COUNTED_PARAMETERS: Final = 1_000_000_000  # from here on a token takes long enough for its nodes to be counted
SEQUENCES: Final = 16  # of one context; more cost memory for the logits of a token of each

# The same function as llama_cpp's, giving an address instead of a pointer object: this is called for every token.
_logits_address = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int32)(
    ("llama_get_logits_ith", llama_cpp.llama_cpp._lib)
)


class Context:
    """A KV cache and the computation over it.

    `sequences` is what the cache holds: for each sequence id the tokens whose cells are valid, in order. They all share
    the cells; `make_room` is asked to drop one that can be spared when a token finds none, and says whether it did.
    """

    def __init__(
        self,
        model: Model,
        *,
        length: int,
        threads: int,
        threads_prefill: int,
        micro_batch: int,
        should_abort: Callable[[], bool],
        kv_type: str = "f16",
        flash_attention: str = "auto",
    ) -> None:
        """Makes a context for `length` tokens.

        Args:
            kv_type: `f16` or `q8_0`.
            flash_attention: `on`, `off`, or `auto` where the devices can.
            micro_batch: tokens that are computed at once; small ones let a prefill be stopped sooner.
            should_abort: asked between the operations of a prefill.

        Raises:
            LlamaError: there is not enough memory for it.
        """
        params = llama_cpp.llama_context_default_params()
        params.n_ctx = length
        params.n_batch = params.n_ubatch = micro_batch
        # A recurrent state cannot be cut, and a sliding window's cells may be gone where another sequence was written.
        plain = not model.is_recurrent and model.window == 0
        self.sequence_limit = SEQUENCES if plain else 1
        params.n_seq_max = self.sequence_limit
        params.n_outputs_max = self.sequence_limit  # at least that; the buffers shrink by vocabulary × batch
        params.n_threads = threads
        params.n_threads_batch = threads_prefill
        params.kv_unified = True
        params.swa_full = True
        params.no_perf = True
        params.type_k = params.type_v = _KV_TYPES[kv_type]
        params.flash_attn_type = _FLASH_ATTENTION[flash_attention]
        self.kv_type, self.flash_attention = kv_type, flash_attention
        model.log.take_errors()
        pointer = llama_cpp.llama_init_from_model(model.pointer, params)
        if not pointer:
            raise LlamaError("no context", model.log.take_errors())
        self._pointer: int | None = pointer
        self._memory = llama_cpp.llama_get_memory(pointer)
        self._size = model.vocabulary.size
        self.micro_batch = micro_batch
        self.length = int(llama_cpp.llama_n_ctx(pointer))
        self.sequences: dict[int, list[int]] = {}
        self.make_room: Callable[[], bool] = lambda: False
        self._abort = llama_cpp.ggml_abort_callback(lambda _data: should_abort())
        counting = [lambda _data: should_abort() and False] * (model.parameters >= _COUNTED_PARAMETERS)
        self._no_abort = llama_cpp.ggml_abort_callback(*counting)
        self._batch = llama_cpp.llama_batch_init(micro_batch, 0, 1)
        # Written to as arrays: a prompt of thousands of tokens, one by one, takes as long as a few decoded ones.
        fields = (self._batch.token, self._batch.pos, self._batch.n_seq_id, self._batch.logits)
        views = (np.ctypeslib.as_array(field, shape=(micro_batch,)) for field in fields)
        self._tokens, self._positions, sequence_counts, self._wanted = views
        sequence_counts[:] = 1
        self._single = llama_cpp.llama_batch_init(1, 0, 1)
        self._single.n_tokens = self._single.n_seq_id[0] = self._single.logits[0] = 1
        self._single_token, self._single_position = self._single.token, self._single.pos
        self._logits: dict[int, Logits] = {}  # by address

    def close(self) -> None:
        """Gives the memory back; a second call does nothing."""
        if self._pointer is not None:
            llama_cpp.llama_batch_free(self._batch)
            llama_cpp.llama_batch_free(self._single)
            llama_cpp.llama_free(self._pointer)
            self._pointer = None
            self._logits.clear()
            self.sequences.clear()

    @property
    def kind(self) -> str:
        """What states of this context's sequences are made of; of another kind, they mean nothing to it."""
        return f"{self.kv_type} {self.flash_attention}"  # without flash attention the values lie otherwise

    def cut(self, sequence: int, length: int) -> int:
        """Drops what the sequence holds beyond `length` tokens; returns how many it holds then.

        A sequence that cannot be cut, as a recurrent state, is emptied.
        """
        held = self.sequences.setdefault(sequence, [])
        if not llama_cpp.llama_memory_seq_rm(self._memory, sequence, length, -1):
            llama_cpp.llama_memory_seq_rm(self._memory, sequence, -1, -1)
            length = 0
        del held[length:]
        return len(held)

    def copy(self, source: int, target: int, length: int) -> None:
        """Lets an empty sequence begin with another one's first `length` tokens, whose cells both share then."""
        llama_cpp.llama_memory_seq_cp(self._memory, source, target, 0, length)
        self.sequences[target] = self.sequences[source][:length]

    def drop(self, sequence: int) -> None:
        """Empties a sequence; cells that no other one shares are free then."""
        self.sequences.pop(sequence, None)
        llama_cpp.llama_memory_seq_rm(self._memory, sequence, -1, -1)

    def state_bytes(self, sequence: int) -> int:
        return int(llama_cpp.llama_state_seq_get_size(self._pointer, sequence))

    def state(self, sequence: int) -> bytearray:
        """The sequence's cells as llama.cpp writes them out; `restore` in a context of the same kind takes them back.

        Raises:
            LlamaError: llama.cpp wrote less than it had announced.
        """
        size = self.state_bytes(sequence)
        state = bytearray(size)
        buffer = (ctypes.c_uint8 * size).from_buffer(state)
        if llama_cpp.llama_state_seq_get_data(self._pointer, buffer, size, sequence) != size:
            raise LlamaError("the state could not be read")
        return state

    def restore(self, sequence: int, tokens: Sequence[int], state: bytearray) -> bool:
        """Fills an empty sequence with cells that `state` gave, of these tokens; False where they do not fit."""
        buffer = (ctypes.c_uint8 * len(state)).from_buffer(state)
        if not llama_cpp.llama_state_seq_set_data(self._pointer, buffer, len(state), sequence):
            return False
        if llama_cpp.llama_memory_seq_pos_max(self._memory, sequence) != len(tokens) - 1:
            llama_cpp.llama_memory_seq_rm(self._memory, sequence, -1, -1)
            return False
        self.sequences[sequence] = list(tokens)
        return True

    def prefill(self, sequence: int, tokens: Sequence[int], *, want_logits: bool) -> int:
        """Appends up to `micro_batch` tokens to the sequence; can be aborted. Returns llama.cpp's status.

        Upon any status but 0 the sequence holds what it held before, or nothing where it cannot be cut.
        """
        batch, held = self._batch, self.sequences.setdefault(sequence, [])
        start, count = len(held), len(tokens)
        self._tokens[:count], self._positions[:count] = tokens, np.arange(start, start + count)
        self._wanted[: count - 1], self._wanted[count - 1] = 0, want_logits
        for index in range(count):
            batch.seq_id[index][0] = sequence
        batch.n_tokens = count
        llama_cpp.llama_set_abort_callback(self._pointer, self._abort, None)
        status = self._compute(batch)
        llama_cpp.llama_set_abort_callback(self._pointer, self._no_abort, None)
        if status == 0:
            held.extend(tokens)
        else:
            self.cut(sequence, start)
        return status

    def append(self, sequence: int, token: int) -> int:
        """Appends one token and computes its logits. Returns llama.cpp's status; the sequence grows upon 0."""
        held = self.sequences[sequence]
        self._single_token[0] = token
        self._single_position[0] = len(held)
        self._single.seq_id[0][0] = sequence
        status = self._compute(self._single)
        if status == 0:
            held.append(token)
        return status

    def _compute(self, batch: llama_cpp.llama_batch) -> int:
        """`llama_decode`; where there are no free cells, which changes nothing, again after room was made."""
        status: int = llama_cpp.llama_decode(self._pointer, batch)
        while status == DECODE_NO_ROOM and self.make_room():
            status = llama_cpp.llama_decode(self._pointer, batch)
        return status

    def extend(self, rows: Sequence[tuple[int, int]], read: tuple[int, Sequence[int], bool] | None = None) -> int:
        """Appends a token for each row, with the logits of all: `logits(n)` gives those of row n. Can be aborted.

        Args:
            rows: sequence and token; several of one sequence follow each other. At most `sequence_limit`.
            read: a sequence of its own, tokens that are appended to it in the same batch, and whether the logits of the
                last of them are wanted too, which has the last row's number then.

        Upon any status but 0 every sequence holds what it held before, or nothing where it cannot be cut.
        """
        batch, before = self._batch, {sequence: len(self.sequences[sequence]) for sequence, _ in rows}
        for index, (sequence, token) in enumerate(rows):
            held = self.sequences[sequence]
            batch.token[index], batch.pos[index] = token, len(held)
            batch.logits[index] = 1
            batch.seq_id[index][0] = sequence
            held.append(token)
        batch.n_tokens = len(rows)
        if read is not None:
            before[read[0]] = len(self.sequences[read[0]])
            self._add_read(*read)
        llama_cpp.llama_set_abort_callback(self._pointer, self._abort, None)
        status = self._compute(batch)
        llama_cpp.llama_set_abort_callback(self._pointer, self._no_abort, None)
        for sequence, length in before.items() if status != 0 else ():
            self.cut(sequence, length)
        return status

    def _add_read(self, sequence: int, tokens: Sequence[int], want_logits: bool) -> None:
        """Appends tokens of one sequence to the batch that is being made."""
        batch, held = self._batch, self.sequences[sequence]
        start, end = batch.n_tokens, batch.n_tokens + len(tokens)
        self._tokens[start:end], self._positions[start:end] = tokens, np.arange(len(held), len(held) + len(tokens))
        self._wanted[start:end] = 0
        self._wanted[end - 1] = want_logits
        for index in range(start, end):
            batch.seq_id[index][0] = sequence
        batch.n_tokens = end
        held.extend(tokens)

    def decode_bare(self, tokens: Sequence[int], *, want_logits: bool) -> int:
        """`llama_decode` into sequence 0 and nothing else: what `prefill` and `append` cost is measured against it."""
        array = (llama_cpp.llama_token * len(tokens))(*tokens)  # the batch only points to it
        batch = llama_cpp.llama_batch_get_one(array, len(tokens))
        if not want_logits:  # llama.cpp gives those of the last token where nothing is said
            batch.logits = (ctypes.c_int8 * len(tokens))()
        return int(llama_cpp.llama_decode(self._pointer, batch))

    def logits(self, row: int = -1) -> Logits:
        """The logits of a row, shape (vocabulary,): llama.cpp's own buffer, valid until the next call.

        Args:
            row: as `extend` was given them; -1 for the last token computed.

        Raises:
            LlamaError: the last call computed none.
        """
        address = _logits_address(self._pointer, row)
        if not address:
            raise LlamaError("no logits")
        logits = self._logits.get(address)
        if logits is None:
            buffer = ctypes.cast(address, ctypes.POINTER(ctypes.c_float))
            logits = self._logits[address] = np.ctypeslib.as_array(buffer, shape=(self._size,))
        return logits
