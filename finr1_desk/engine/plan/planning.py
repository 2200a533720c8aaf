"""How a model is to be loaded on this machine: the choice of layers, context, KV cache and batch that fits.

Owns the order in which things are given up where memory does not suffice: first half of the KV cache's bits, if that
places everything that was wanted; then layers on the GPU; then the context, halved down to 2,048 tokens. What was
chosen by hand is an upper bound; the type of the cache stays as chosen. A plan never counts on swapped memory. What a
way of loading takes is asked of a function, so that nothing here knows llama.cpp.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from finr1_desk.core.errors import ErrorCode, UserError
from finr1_desk.core.events import ModelRequest
from finr1_desk.core.plan import AUTO, DeviceShare, GivenUp, LoadPlan
from finr1_desk.engine.llama_devices import Device
from finr1_desk.engine.plan.accounting import HOST, Account, Candidate
from finr1_desk.engine.plan.micro_batch import LEAST, ON_GPU
from finr1_desk.engine.plan.offload import Threads

SHORTEST_CONTEXT: Final = 2048  # to which it is shortened for want of memory; the user may ask for less

_STEP: Final = 256  # llama.cpp makes contexts in steps of so many tokens
_HOST_MARGIN: Final = 128 * 2**20  # for what is no buffer of llama.cpp's
_GPU_MARGIN: Final = 256 * 2**20  # the driver's and the desktop's
_GPU_MARGIN_SHARE: Final = 0.03
_BYTES_OF_CELL: Final = 64  # llama.cpp's own book-keeping of a token's place, which a simulated context has too
_SHARE_OF_CELLS: Final = 0.25
_UPWARDS: Final = 2  # layers more are tried than the first guess


@dataclass(frozen=True, slots=True)
class Machine:
    """What there is to load a model on.

    Attributes:
        devices: as llama.cpp sees them, with their free memory.
        available: bytes of the computer's own memory that can be had without swapping.
    """

    devices: Sequence[Device]
    available: int
    threads: Threads

    @property
    def gpus(self) -> list[Device]:
        """Those that can be used: one that does not tell its memory cannot be planned for."""
        return [device for device in self.devices if device.is_gpu and device.total_bytes > 0]


@dataclass(frozen=True, slots=True)
class _Fit:
    candidate: Candidate
    account: Account


class Planner:
    """Plans one request.

    Args:
        layers: of the model, without the output layer.
        trained: tokens of context that the model was trained for.
        account: what a candidate takes; None for what llama.cpp refuses.
        batch: tokens that are computed at once on a processor.
    """

    def __init__(
        self,
        request: ModelRequest,
        layers: int,
        trained: int,
        machine: Machine,
        account: Callable[[Candidate], Account | None],
        batch: int,
    ) -> None:
        self._batch = batch
        self._request = request
        self._layers = layers
        self._trained = trained
        self._machine = machine
        self._account = account
        self._gpus = machine.gpus
        self._known: dict[Candidate, Account | None] = {}

    def plan(self) -> LoadPlan:
        """The best plan that fits.

        Raises:
            UserError: `CONTEXT_INVALID`, `MODEL_TOO_LARGE`, or `MODEL_LOAD_FAILED` where llama.cpp refuses every
                way of loading it.
        """
        asked = effective_context(self._request.context_length, self._trained)
        for length in _lengths(asked):
            if length * _BYTES_OF_CELL > _SHARE_OF_CELLS * self._machine.available:
                continue  # too long to be even tried
            found = self._best_with(length)
            if found is not None:
                return self._plan_of(found, asked)
        raise self._too_large()

    def wanted_layers(self) -> int:
        """Layers on GPUs, were there memory enough."""
        if not self._gpus:
            return 0
        asked = self._request.gpu_layers
        return self._layers if asked < 0 else min(asked, self._layers)

    # -- the search

    def _best_with(self, length: int) -> _Fit | None:
        found = []
        for kv_type in self._kv_types():
            fit = self._most_layers(length, kv_type)
            if fit is not None and self._fits_host(fit.account):
                if fit.candidate.gpu_layers == self.wanted_layers():
                    return fit
                found.append(fit)
        return max(found, key=lambda fit: fit.candidate.gpu_layers, default=None)  # of equals the first: more bits

    def _kv_types(self) -> tuple[str, ...]:
        asked = self._request.kv_type
        if asked == AUTO:
            return ("f16",) if self._request.flash_attention == "off" else ("f16", "q8_0")
        return (asked, "f16") if asked != "f16" else (asked,)

    def _most_layers(self, length: int, kv_type: str) -> _Fit | None:
        """The most layers on GPUs for which these have room; None where llama.cpp refuses this cache."""
        wanted = self.wanted_layers()
        fit = self._try(wanted, length, kv_type)
        if fit is None or wanted == 0 or self._fits_gpus(fit.account):
            return fit
        shares = [
            self._room(gpu) / max(1, fit.account.devices[gpu.name].bytes)
            for gpu in self._gpus
            if gpu.name in fit.account.devices
        ]
        layers = max(0, min(wanted - 1, int(wanted * min(shares, default=0.0))))
        fit = self._try(layers, length, kv_type)
        while layers > 0 and (fit is None or not self._fits_gpus(fit.account)):
            layers -= 1
            fit = self._try(layers, length, kv_type)
        for more in range(layers + 1, min(wanted, layers + 1 + _UPWARDS)):
            higher = self._try(more, length, kv_type)
            if higher is None or not self._fits_gpus(higher.account):
                break
            fit = higher
        return fit

    def _try(self, gpu_layers: int, length: int, kv_type: str) -> _Fit | None:
        flash = self._request.flash_attention
        if kv_type != "f16" and flash == "off":
            flash = AUTO  # llama.cpp computes with quantised values only so
        chosen = self._request.micro_batch or (ON_GPU if gpu_layers else self._batch)
        micro_batch = max(LEAST, chosen)
        candidate = Candidate(gpu_layers, length, kv_type, flash, micro_batch)
        if candidate not in self._known:
            self._known[candidate] = self._account(candidate)
        account = self._known[candidate]
        return None if account is None else _Fit(candidate, account)

    # -- what fits

    @staticmethod
    def _room(gpu: Device) -> float:
        return max(0.0, gpu.free_bytes - max(_GPU_MARGIN, _GPU_MARGIN_SHARE * gpu.total_bytes))

    def _fits_gpus(self, account: Account) -> bool:
        return all(
            account.devices[gpu.name].bytes <= self._room(gpu) for gpu in self._gpus if gpu.name in account.devices
        )

    def _host_bytes(self, account: Account) -> int:
        """What the computer's own memory has to hold, also for GPUs that have none of their own."""
        sharing = [gpu.name for gpu in self._gpus if gpu.shares_memory]
        return sum(account.devices[name].bytes for name in (HOST, *sharing) if name in account.devices)

    def _fits_host(self, account: Account) -> bool:
        return self._host_bytes(account) + _HOST_MARGIN <= self._machine.available

    def _too_large(self) -> UserError:
        needs = [self._host_bytes(account) for account in self._known.values() if account is not None]
        if not needs:
            return UserError(ErrorCode.MODEL_LOAD_FAILED, path=self._request.path, reason="no context")
        return UserError(
            ErrorCode.MODEL_TOO_LARGE,
            path=self._request.path,
            needed_bytes=min(needs) + _HOST_MARGIN,
            available_bytes=self._machine.available,
        )

    # -- the result

    def _plan_of(self, fit: _Fit, asked: int) -> LoadPlan:
        candidate = fit.candidate
        plan = LoadPlan(
            layers=self._layers,
            gpu_layers=candidate.gpu_layers,
            context_length=candidate.context_length,
            trained_context=self._trained,
            kv_type=candidate.kv_type,
            flash_attention=fit.account.flash_attention,
            batch=candidate.micro_batch,
            micro_batch=candidate.micro_batch,
            threads=self._machine.threads.decode,
            threads_prefill=self._machine.threads.prefill,
            devices=tuple(self._shares(fit.account)),
        )
        return replace(plan, given_up=given_up(self._request, asked, self._request.gpu_layers, plan))

    def _shares(self, account: Account) -> Iterator[DeviceShare]:
        known = {device.name: device for device in self._machine.devices}
        for name, taken in sorted(account.devices.items(), key=lambda item: item[0] == HOST):
            device = known.get(name)
            if name != HOST and not taken.bytes:
                continue
            yield DeviceShare(
                name=name,
                description=device.description if device is not None else name,
                is_gpu=name != HOST,
                free=self._machine.available if name == HOST or device is None else device.free_bytes,
                total=device.total_bytes if device is not None else 0,
                layers=taken.layers,
                weights=taken.weights,
                cache=taken.cache,
                compute=taken.compute,
                spare=taken.spare,
            )


def effective_context(asked: int, trained: int) -> int:
    """The context length that is used: never beyond what the model was trained for.

    Raises:
        UserError: `CONTEXT_INVALID`.
    """
    if asked < 1:
        raise UserError(ErrorCode.CONTEXT_INVALID, value=asked, limit=trained)
    return min(asked, trained)


def given_up(request: ModelRequest, context: int, gpu_layers: int, plan: LoadPlan) -> tuple[GivenUp, ...]:
    """What a plan lacks of what was wanted.

    Args:
        context: tokens that were wanted, within what the model was trained for.
        gpu_layers: that were wanted; -1 where any number would have done.
    """
    lacking = []
    kv_type = "f16" if request.kv_type == AUTO else request.kv_type
    if plan.kv_type != kv_type:
        lacking.append(GivenUp("kv_type", kv_type, plan.kv_type))
    if plan.gpu_layers < min(gpu_layers, plan.layers):
        lacking.append(GivenUp("gpu_layers", str(min(gpu_layers, plan.layers)), str(plan.gpu_layers)))
    if plan.context_length < context:
        lacking.append(GivenUp("context_length", str(context), str(plan.context_length)))
    if request.flash_attention != AUTO and (request.flash_attention == "on") != plan.flash_attention:
        lacking.append(GivenUp("flash_attention", request.flash_attention, "on" if plan.flash_attention else "off"))
    return tuple(lacking)


def lowered(request: ModelRequest, plan: LoadPlan) -> ModelRequest | None:
    """The next thing to try where loading by this plan ran out of memory all the same; None where nothing is left."""
    if request.kv_type == AUTO and plan.kv_type == "f16" and request.flash_attention != "off":
        return replace(request, kv_type="q8_0")
    if plan.gpu_layers > 0:
        return replace(request, gpu_layers=plan.gpu_layers - max(1, plan.gpu_layers // 4))
    if plan.context_length > SHORTEST_CONTEXT:
        return replace(request, context_length=max(SHORTEST_CONTEXT, plan.context_length // 2))
    return None


def _lengths(asked: int) -> Iterator[int]:
    """The length that was asked for, then its halves."""
    yield asked
    length = asked
    while length > SHORTEST_CONTEXT:
        length = max(SHORTEST_CONTEXT, length // 2 // _STEP * _STEP)
        yield length
