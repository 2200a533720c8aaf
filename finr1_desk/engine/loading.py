"""From a request for a model to a model in memory, or to the reason why not.

Owns the checks before loading, the choice of threads and layers, and the translation of llama.cpp's failures into
error codes. It runs nothing and keeps nothing: the caller closes what it gets.
"""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from finr1_desk.core.errors import ErrorCode, UserError
from finr1_desk.core.events import LoadedModel, ModelRequest
from finr1_desk.core.quantisation import label_of
from finr1_desk.core.sampling import GGUF_SAMPLING_KEYS
from finr1_desk.engine import llama, llama_devices, micro_batch, offload
from finr1_desk.engine.cache import PrefixCache
from finr1_desk.engine.gguf_facts import GgufFacts, missing_bytes, read_facts
from finr1_desk.engine.prompt import PromptBuilder, builder_for
from finr1_desk.engine.safe_mode import SafeMode, Subject
from finr1_desk.engine.template import TemplateProcess

_UNKNOWN_ARCHITECTURE: Final = re.compile(r"unknown model architecture: '([^']*)'")
_READ_BLOCK: Final = 8 * 2**20
_SHARE_OF_READING: Final = 0.9


@dataclass(frozen=True, slots=True)
class Identity:
    """A file at a moment: replaced or rewritten, it is another one."""

    path: str
    device: int
    inode: int
    size: int
    modified_ns: int

    @staticmethod
    def of(path: str) -> Identity:
        """Raises UserError: `MODEL_NOT_FOUND`, `MODEL_UNREADABLE`."""
        try:
            found = Path(path).stat()
        except FileNotFoundError as error:
            raise UserError(ErrorCode.MODEL_NOT_FOUND, path=path) from error
        except (OSError, ValueError) as error:
            raise UserError(ErrorCode.MODEL_UNREADABLE, path=path, reason=str(error)) from error
        return Identity(path, found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns)


@dataclass(slots=True)
class Loaded:
    """A model in memory with its context and what makes its prompts."""

    identity: Identity
    model: llama.Model
    context: llama.Context
    cache: PrefixCache
    prompts: PromptBuilder
    facts: LoadedModel
    recommended: Mapping[str, float]

    def is_overwritten(self) -> bool:
        """Whether the file whose pages are the weights was changed in place.

        One that was deleted or replaced by another file lives on for those who have it open.
        """
        try:
            now = Identity.of(self.identity.path)
        except UserError:
            return False
        own = self.identity
        same_file = (now.device, now.inode) == (own.device, own.inode)
        return same_file and (now.size, now.modified_ns) != (own.size, own.modified_ns)

    def serves(self, request: ModelRequest) -> bool:
        """Whether a request can be answered without loading again.

        Raises:
            UserError: the file is gone, or the context length is none.
        """
        own = self.facts.request
        return (
            (request.path, request.gpu_layers, request.threads) == (own.path, own.gpu_layers, own.threads)
            and effective_context(request.context_length, self.facts.trained_context) <= self.facts.context_length
            and Identity.of(request.path) == self.identity
        )

    def close(self) -> None:
        self.context.close()
        self.model.close()


def effective_context(asked: int, trained: int) -> int:
    """The context length that is used: never beyond what the model was trained for.

    Raises:
        UserError: `CONTEXT_INVALID`.
    """
    if asked < 1:
        raise UserError(ErrorCode.CONTEXT_INVALID, value=asked, limit=trained)
    return min(asked, trained)


def subject_of(request: ModelRequest) -> Subject:
    """What a safe mode is remembered for.

    Raises:
        UserError: `MODEL_NOT_FOUND`, `MODEL_UNREADABLE`.
    """
    identity = Identity.of(request.path)
    return Subject(
        path=identity.path,
        file_bytes=identity.size,
        modified_ns=identity.modified_ns,
        machine=", ".join(device.description for device in llama_devices.devices()),
        build=f"{llama.REQUIRED_VERSION} {llama_devices.ggml_version()} {llama_devices.build_info()}",
        uses_gpu=request.gpu_layers != 0 and llama_devices.supports_gpu_offload(),
    )


def load(
    request: ModelRequest,
    log: llama.LlamaLog,
    templates: TemplateProcess,
    *,
    on_progress: Callable[[float], bool],
    should_abort: Callable[[], bool],
    mode: SafeMode = SafeMode.NONE,
) -> Loaded:
    """Loads a model.

    Args:
        on_progress: gets a fraction from 0 to 1; returning False stops loading.
        should_abort: asked by the context in a prefill.
        mode: what to do without, because it crashed.

    Raises:
        UserError: any of the model codes, `CONTEXT_INVALID`, `OUT_OF_MEMORY`.
        llama.LoadCancelledError: `on_progress` returned False.
    """
    started = time.monotonic()
    identity = Identity.of(request.path)
    facts = read_facts(request.path)
    length = effective_context(request.context_length, facts.numbers.get("context_length") or request.context_length)
    usable = llama_devices.supports_gpu_offload() and mode is not SafeMode.NO_GPU
    gpus = [device for device in llama_devices.devices() if device.is_gpu] if usable else []
    need = offload.estimate(_bytes_of_all(request.path, facts), facts.numbers, length)
    layers = offload.choose_gpu_layers(
        request.gpu_layers, facts.numbers.get("block_count", 0), need, sum(gpu.free_bytes for gpu in gpus)
    )
    _check_memory(request.path, need, gpus)
    read_before = _SHARE_OF_READING if layers == 0 and sys.platform == "linux" else 0.0
    if read_before:
        _read_into_page_cache(request.path, lambda fraction: on_progress(fraction * read_before))
    model = _load_model(
        request.path,
        log,
        layers,
        lambda fraction: on_progress(read_before + (1 - read_before) * fraction),
        mode=mode,
    )
    try:
        threads = offload.choose_threads(request.threads, offload.usable_cores())
        length = effective_context(request.context_length, model.trained_context)
        prompts = builder_for(model, request.path, templates)
        described = _describe(request, model, length, threads.decode, layers, gpus, prompts)
        tokens = micro_batch.ON_GPU if layers > 0 else micro_batch.on_processor(facts.numbers, threads.prefill)
        context = _make_context(model, length, threads, should_abort, tokens)
    except BaseException:
        model.close()
        raise
    on_progress(1.0)
    described = replace(
        described, load_s=time.monotonic() - started, memory_bytes=log.take_buffers(), safe_mode=mode.value
    )
    return Loaded(identity, model, context, PrefixCache(context), prompts, described, _recommended(model))


def _load_model(
    path: str, log: llama.LlamaLog, layers: int, on_progress: Callable[[float], bool], *, mode: SafeMode
) -> llama.Model:
    try:
        return llama.Model(
            path,
            log,
            gpu_layers=-1 if mode is SafeMode.NO_GPU else layers,
            extra_buffers=mode is SafeMode.NONE,
            on_progress=on_progress,
        )
    except llama.LlamaError as error:
        raise _diagnosed(path, error) from error


def load_vocabulary(path: str, log: llama.LlamaLog) -> llama.Model:
    """A model without weights: enough for building prompts.

    Raises:
        UserError: any of the model codes.
    """
    read_facts(path)
    try:
        return llama.Model(path, log, vocabulary_only=True)
    except llama.LlamaError as error:
        raise _diagnosed(path, error) from error


def _make_context(
    model: llama.Model, length: int, threads: offload.Threads, should_abort: Callable[[], bool], tokens: int
) -> llama.Context:
    try:
        return llama.Context(
            model,
            length=length,
            threads=threads.decode,
            threads_prefill=threads.prefill,
            micro_batch=tokens,
            should_abort=should_abort,
        )
    except llama.LlamaError as error:
        raise UserError(ErrorCode.OUT_OF_MEMORY, context=length) from error


def _check_memory(path: str, need: offload.Need, gpus: list[llama_devices.Device]) -> None:
    available = offload.available_memory() + sum(gpu.free_bytes for gpu in gpus)
    if need.total > available:
        raise UserError(ErrorCode.MODEL_TOO_LARGE, path=path, needed_bytes=need.total, available_bytes=available)


def _bytes_of_all(path: str, facts: GgufFacts) -> int:
    """The size of the file, or of all files where the model is split."""
    if facts.split_count == 1:
        return facts.file_bytes
    first = Path(path)
    stem = re.sub(r"-\d{5}-of-\d{5}$", "", first.stem)
    return sum(part.stat().st_size for part in first.parent.glob(f"{stem}-*-of-*{first.suffix}"))


def _diagnosed(path: str, error: llama.LlamaError) -> UserError:
    """Which of the things that a user can understand llama.cpp's messages mean."""
    unknown = _UNKNOWN_ARCHITECTURE.search("\n".join(error.lines))
    if unknown:
        return UserError(ErrorCode.MODEL_UNKNOWN_ARCHITECTURE, path=path, architecture=unknown[1])
    missing = missing_bytes(path, llama_devices.tensor_bytes)
    if missing is not None:
        return missing
    reason = next((line.partition(": ")[2] or line for line in error.lines), "unknown")
    return UserError(ErrorCode.MODEL_LOAD_FAILED, path=path, reason=reason)


def _describe(
    request: ModelRequest,
    model: llama.Model,
    length: int,
    threads: int,
    gpu_layers: int,
    gpus: list[llama_devices.Device],
    prompts: PromptBuilder,
) -> LoadedModel:
    file_type = model.metadata.get("general.file_type", "")
    quantisation = label_of(int(file_type)) if file_type.isdecimal() else None
    return LoadedModel(
        request=request,
        name=model.metadata.get("general.name") or Path(request.path).stem,
        file_name=Path(request.path).name,
        architecture=model.architecture,
        quantisation=quantisation or "",
        parameters=model.parameters,
        context_length=length,
        trained_context=model.trained_context,
        device=gpus[0].description if gpu_layers and gpus else "CPU",
        layers=model.layers,
        gpu_layers=gpu_layers,
        threads=threads,
        load_s=0.0,
        starts_in_think=prompts.starts_in_think,
    )


def _recommended(model: llama.Model) -> dict[str, float]:
    """The sampling parameters that the file recommends; values that are no numbers are left out."""
    found: dict[str, float] = {}
    for key, name in GGUF_SAMPLING_KEYS.items():
        try:
            value = float(model.metadata[key])
        except (KeyError, ValueError):
            continue
        found[name] = int(value) if value.is_integer() and name == "top_k" else value
    return found


# -- the page cache


def _read_into_page_cache(path: str, on_progress: Callable[[float], bool]) -> None:
    """Reads a file once, so that mapping it does not block without progress or a way to stop.

    On Linux llama.cpp maps the file and the kernel fills the mapping within that one call, which takes as long as
    the disk needs. Blocks that are in memory already are skipped; other systems map lazily and need none of this.

    Raises:
        llama.LoadCancelledError: `on_progress` returned False.
    """
    if sys.platform != "linux":
        raise NotImplementedError
    descriptor = os.open(path, os.O_RDONLY)
    try:
        size = os.fstat(descriptor).st_size
        buffer = bytearray(_READ_BLOCK)
        for start in range(0, size, _READ_BLOCK):
            if not on_progress(start / size):
                raise llama.LoadCancelledError
            if not _in_page_cache(descriptor, start):
                os.preadv(descriptor, [buffer], start)
    finally:
        os.close(descriptor)


def _in_page_cache(descriptor: int, start: int) -> bool:
    if sys.platform != "linux":
        raise NotImplementedError
    try:
        return bool(os.preadv(descriptor, [bytearray(1)], start + _READ_BLOCK // 2, os.RWF_NOWAIT))
    except BlockingIOError:
        return False
    except OSError:  # the file system cannot tell
        return True
