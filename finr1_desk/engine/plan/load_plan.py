"""The plan of a model on this machine, as it is now.

Owns what is put together for it: the file's facts, ggml's devices, free memory and llama.cpp's accounts. The choice is
`planning`'s; nothing is loaded.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from finr1_desk.core.events import ModelRequest
from finr1_desk.core.plan import LoadPlan
from finr1_desk.engine import llama, llama_devices
from finr1_desk.engine.plan import micro_batch, offload
from finr1_desk.engine.plan.accounting import HOST, Account, Accounting, Candidate
from finr1_desk.engine.plan.gguf_facts import read_facts, tensor_places
from finr1_desk.engine.plan.planning import Machine, Planner, effective_context
from finr1_desk.engine.survival.diagnosis import diagnosed
from finr1_desk.engine.survival.safe_mode import SafeMode


def load_plan(
    request: ModelRequest,
    log: llama.LlamaLog,
    mode: SafeMode = SafeMode.NONE,
    held: Mapping[str, int] | None = None,
) -> LoadPlan:
    """How a model would be loaded now.

    Args:
        mode: what to do without, because it crashed.
        held: bytes by device that will be given back before: those of the model that is loaded.

    Raises:
        UserError: any of the model codes, `CONTEXT_INVALID`.
    """
    facts = read_facts(request.path)
    effective_context(request.context_length, facts.numbers.get("context_length") or request.context_length)
    back = held or {}
    devices = [
        replace(device, free_bytes=min(device.total_bytes, device.free_bytes + back.get(device.name, 0)))
        for device in llama_devices.devices()
        if not device.is_gpu or mode is not SafeMode.NO_GPU
    ]
    threads = offload.choose_threads(request.threads, offload.usable_cores())
    machine = Machine(devices, offload.available_memory() + back.get(HOST, 0), threads)
    tensors = tensor_places(request.path, facts.split_count, llama_devices.tensor_bytes)
    accounting = Accounting(request.path, log, tensors, devices, mode)

    def account(candidate: Candidate) -> Account | None:
        try:
            return accounting.of(candidate)
        except llama.LlamaError:
            return None

    try:
        model = accounting.model()
        batch = micro_batch.on_processor(facts.numbers, threads.prefill)
        return Planner(request, model.layers, model.trained_context, machine, account, batch).plan()
    except llama.LlamaError as error:
        raise diagnosed(request.path, error) from error
    finally:
        accounting.close()
