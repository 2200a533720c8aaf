"""llama.cpp's low-level API as a few objects; beside `llama_devices` the only importer of llama_cpp.

Owns every pointer into llama.cpp: the log, a model with its vocabulary, a context with its KV cache. It knows nothing
of conversations, sampling or clients. `llama_cpp` is pinned exactly, because ctypes accepts wrong argument lists
silently; the version is checked here before anything is called.

Not thread-safe but for `Vocabulary.tokenise`, which llama.cpp allows from any thread.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import llama_cpp
import numpy as np
import numpy.typing as npt

from finr1_desk.core.reasoning import TAGS
from finr1_desk.engine.llama_devices import type_name
from finr1_desk.engine.llama_log import LogLines

REQUIRED_VERSION: Final = "0.3.36"

if llama_cpp.__version__ != REQUIRED_VERSION:
    raise ImportError(f"llama-cpp-python {REQUIRED_VERSION} is needed, {llama_cpp.__version__} is installed")

Logits = npt.NDArray[np.float32]


class LlamaError(Exception):
    """llama.cpp refused something; `lines` are the errors it logged meanwhile."""

    def __init__(self, what: str, lines: Sequence[str] = ()) -> None:
        super().__init__(f"{what}: {'; '.join(lines)}" if lines else what)
        self.lines = tuple(lines)


class LoadCancelledError(Exception):
    """The progress callback asked to stop loading."""


class LlamaLog(LogLines):
    """Receives llama.cpp's log for as long as it lives.

    llama.cpp has one log for the process, so there is one of these, made by the process's entry point.
    """

    def __init__(self, sink: Callable[[str], None]) -> None:
        super().__init__(sink)
        self._callback = llama_cpp.llama_log_callback(lambda level, text, _data: self.receive(level, text))
        llama_cpp.llama_log_set(self._callback, None)


# -- models


class Vocabulary:
    """Text to token ids and back. The pieces of tokens are remembered, so the second look-up costs a dictionary's."""

    def __init__(self, pointer: int, metadata: Mapping[str, str]) -> None:
        self._pointer = pointer
        self._pieces: dict[int, bytes] = {}
        self._ends: dict[int, bool] = {}
        self.size = int(llama_cpp.llama_vocab_n_tokens(pointer))
        self.pre = metadata.get("tokenizer.ggml.pre", "")
        self.bos = bos if (bos := int(llama_cpp.llama_vocab_bos(pointer))) >= 0 else None
        self.eos = eos if (eos := int(llama_cpp.llama_vocab_eos(pointer))) >= 0 else None
        self.adds_bos = bool(llama_cpp.llama_vocab_get_add_bos(pointer))

    def tokenise(self, text: str, *, parse_special: bool) -> list[int]:
        """Token ids of the text alone: no token is added at either end.

        `parse_special=False` takes the text of control tokens for what it is: text.
        """
        raw = text.encode("utf-8", "replace")  # a lone surrogate has no UTF-8
        room = len(raw) + 8
        while True:
            buffer = (llama_cpp.llama_token * room)()
            count = llama_cpp.llama_tokenize(self._pointer, raw, len(raw), buffer, room, False, parse_special)
            if count >= 0:
                return list(buffer[:count])
            room = -count

    def control_token(self, text: str) -> int | None:
        """The id of a control token by its text; None where the vocabulary has none of that name."""
        ids = self.tokenise(text, parse_special=True)
        if len(ids) == 1 and llama_cpp.llama_vocab_is_control(self._pointer, ids[0]):
            return ids[0]
        return None

    def is_control(self, token: int) -> bool:
        return bool(llama_cpp.llama_vocab_is_control(self._pointer, token))

    def text(self, token: int) -> str:
        """How the vocabulary spells a token, control tokens included."""
        return self._piece(token, special=True).decode("utf-8", "replace")

    def is_end(self, token: int) -> bool:
        """Whether generation ends with this token."""
        end = self._ends.get(token)
        if end is None:
            end = self._ends[token] = bool(llama_cpp.llama_vocab_is_eog(self._pointer, token))
        return end

    def ignore_ends(self) -> None:
        """No token ends generation from now on: what measures speed needs answers of a given length."""
        is_end = llama_cpp.llama_vocab_is_eog
        self._ends = {token: False for token in range(self.size) if is_end(self._pointer, token)}

    def piece(self, token: int) -> bytes:
        """The bytes that a token adds to the output: none for a control token, unless it spells a reasoning tag."""
        piece = self._pieces.get(token)
        if piece is None:
            piece = self._piece(token, special=False)
            if not piece:
                spelled = self._piece(token, special=True)
                piece = spelled if spelled.decode("utf-8", "replace") in TAGS else b""
            self._pieces[token] = piece
        return piece

    def _piece(self, token: int, *, special: bool) -> bytes:
        room = 64
        while True:
            buffer = ctypes.create_string_buffer(room)
            count = llama_cpp.llama_token_to_piece(self._pointer, token, buffer, room, 0, special)
            if count >= 0:
                return buffer.raw[:count]
            room = -count


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
        on_progress: Callable[[float], bool] | None = None,
    ) -> None:
        """Loads the file, which takes from a moment to minutes.

        Args:
            gpu_layers: how many layers go to the GPU; -1 leaves it alone, 0 lets it help with prompts.
            extra_buffers: whether weights may be rearranged for the processor.
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
        params.n_gpu_layers = max(0, gpu_layers)
        params.use_extra_bufts = extra_buffers
        no_devices = (ctypes.c_void_p * 1)()
        params.devices = ctypes.addressof(no_devices) if gpu_layers < 0 else None
        params.vocab_only = vocabulary_only
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
    ) -> None:
        """Makes a context for `length` tokens.

        Args:
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
        self.kv_type = type_name(params.type_k)
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
        return self.kv_type

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
        start, last = len(held), len(tokens) - 1
        for index, token in enumerate(tokens):
            batch.token[index] = token
            batch.pos[index] = start + index
            batch.n_seq_id[index] = 1
            batch.seq_id[index][0] = sequence
            batch.logits[index] = want_logits and index == last
        batch.n_tokens = len(tokens)
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

    def extend(self, rows: Sequence[tuple[int, int]]) -> int:
        """Appends a token for each row, with the logits of all: `logits(n)` gives those of row n. Can be aborted.

        Args:
            rows: sequence and token; several of one sequence follow each other. At most `sequence_limit`.

        Upon any status but 0 every sequence holds what it held before, or nothing where it cannot be cut.
        """
        batch, before = self._batch, {sequence: len(self.sequences[sequence]) for sequence, _ in rows}
        for index, (sequence, token) in enumerate(rows):
            held = self.sequences[sequence]
            batch.token[index], batch.pos[index] = token, len(held)
            batch.n_seq_id[index] = batch.logits[index] = 1
            batch.seq_id[index][0] = sequence
            held.append(token)
        batch.n_tokens = len(rows)
        llama_cpp.llama_set_abort_callback(self._pointer, self._abort, None)
        status = self._compute(batch)
        llama_cpp.llama_set_abort_callback(self._pointer, self._no_abort, None)
        for sequence, length in before.items() if status != 0 else ():
            self.cut(sequence, length)
        return status

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
