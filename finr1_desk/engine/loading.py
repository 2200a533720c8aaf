"""From a request for a model to a model in memory, or to the reason why not.

Owns the order of planning, loading and, where memory runs out nevertheless, loading by a lesser plan. It runs nothing
and keeps nothing: the caller closes what it gets.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from finr1_desk.core.errors import ErrorCode, UserError
from finr1_desk.core.events import LoadedModel, ModelRequest
from finr1_desk.core.plan import LoadPlan
from finr1_desk.core.quantisation import label_of
from finr1_desk.core.sampling import GGUF_SAMPLING_KEYS
from finr1_desk.engine import llama, llama_devices
from finr1_desk.engine.cache.cells import PrefixCache
from finr1_desk.engine.llama_log import by_device
from finr1_desk.engine.plan.gguf_facts import read_facts
from finr1_desk.engine.plan.load_plan import load_plan
from finr1_desk.engine.plan.planning import effective_context, given_up, lowered
from finr1_desk.engine.prompt.building import PromptBuilder, builder_for
from finr1_desk.engine.prompt.template import TemplateProcess
from finr1_desk.engine.survival.diagnosis import diagnosed, ran_out_of_memory
from finr1_desk.engine.survival.safe_mode import SafeMode, Subject

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
        longest = max(self.facts.context_length, own.context_length)  # memory may not have sufficed for what was asked
        return (
            replace(request, context_length=own.context_length) == own
            and effective_context(request.context_length, self.facts.trained_context) <= longest
            and Identity.of(request.path) == self.identity
        )

    @property
    def given_back(self) -> dict[str, int]:
        """Bytes by device that can be had again when this is closed; what is mapped of the file counts as free."""
        shares = self.facts.plan.devices if self.facts.plan is not None else ()
        return {
            share.name: share.needed if share.is_gpu else share.cache + share.compute + share.spare for share in shares
        }

    def close(self) -> None:
        self.context.close()
        self.model.close()


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
    model, context, plan = _as_memory_allows(request, log, mode, on_progress, should_abort)
    try:
        prompts = builder_for(model, request.path, templates)
    except BaseException:
        context.close()
        model.close()
        raise
    on_progress(1.0)
    described = replace(
        _describe(request, model, plan, prompts),
        load_s=time.monotonic() - started,
        memory_bytes=by_device(log.take_buffers(), llama_devices.by_buffers(llama_devices.devices())),
        safe_mode=mode.value,
    )
    return Loaded(identity, model, context, PrefixCache(context), prompts, described, _recommended(model))


def _as_memory_allows(
    request: ModelRequest,
    log: llama.LlamaLog,
    mode: SafeMode,
    on_progress: Callable[[float], bool],
    should_abort: Callable[[], bool],
) -> tuple[llama.Model, llama.Context, LoadPlan]:
    """By the plan, or by lesser ones where memory runs out all the same: it may have shrunk since.

    Raises:
        UserError, llama.LoadCancelledError: as `load`.
    """
    first = plan = load_plan(request, log, mode)
    asked = request
    while True:
        try:
            model, context = _by_plan(request.path, plan, log, mode, on_progress, should_abort)
        except llama.LlamaError as error:
            if not ran_out_of_memory(error):
                raise diagnosed(request.path, error) from error
            lesser = lowered(asked, plan)
            if lesser is None:
                raise UserError(ErrorCode.OUT_OF_MEMORY, context=plan.context_length) from error
            asked, plan = lesser, load_plan(lesser, log, mode)
        else:
            if plan is not first:
                wanted = min(request.context_length, plan.trained_context)
                plan = replace(plan, given_up=given_up(request, wanted, first.gpu_layers, plan))
            return model, context, plan


def _by_plan(
    path: str,
    plan: LoadPlan,
    log: llama.LlamaLog,
    mode: SafeMode,
    on_progress: Callable[[float], bool],
    should_abort: Callable[[], bool],
) -> tuple[llama.Model, llama.Context]:
    """Raises llama.LlamaError, llama.LoadCancelledError, UserError: the file cannot be read."""
    read_before = _SHARE_OF_READING if plan.gpu_layers == 0 and sys.platform == "linux" else 0.0
    if read_before:
        try:
            _read_into_page_cache(path, lambda fraction: on_progress(fraction * read_before))
        except OSError as error:
            raise UserError(ErrorCode.MODEL_UNREADABLE, path=path, reason=str(error)) from error
    model = llama.Model(
        path,
        log,
        gpu_layers=-1 if mode is SafeMode.NO_GPU else plan.gpu_layers,
        extra_buffers=mode is SafeMode.NONE,
        on_progress=lambda fraction: on_progress(read_before + (1 - read_before) * fraction),
    )
    try:
        return model, llama.Context(
            model,
            length=plan.context_length,
            threads=plan.threads,
            threads_prefill=plan.threads_prefill,
            micro_batch=plan.micro_batch,
            should_abort=should_abort,
            kv_type=plan.kv_type,
            flash_attention="on" if plan.flash_attention else "off",
        )
    except BaseException:
        model.close()
        raise


def load_vocabulary(path: str, log: llama.LlamaLog) -> llama.Model:
    """A model without weights: enough for building prompts.

    Raises:
        UserError: any of the model codes.
    """
    read_facts(path)
    try:
        return llama.Model(path, log, vocabulary_only=True)
    except llama.LlamaError as error:
        raise diagnosed(path, error) from error


def _describe(request: ModelRequest, model: llama.Model, plan: LoadPlan, prompts: PromptBuilder) -> LoadedModel:
    file_type = model.metadata.get("general.file_type", "")
    quantisation = label_of(int(file_type)) if file_type.isdecimal() else None
    return LoadedModel(
        request=request,
        name=model.metadata.get("general.name") or Path(request.path).stem,
        file_name=Path(request.path).name,
        architecture=model.architecture,
        quantisation=quantisation or "",
        parameters=model.parameters,
        context_length=plan.context_length,
        trained_context=model.trained_context,
        device=next((share.description for share in plan.devices if share.is_gpu and share.layers), "CPU"),
        layers=plan.layers,
        gpu_layers=plan.gpu_layers,
        threads=plan.threads,
        load_s=0.0,
        starts_in_think=prompts.starts_in_think,
        plan=plan,
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
