"""What a model would take on each device, as llama.cpp itself accounts for it, without loading its weights.

Owns simulated loads: llama.cpp reads the header, assigns layers to devices and lays out its buffers, and its log says
what they hold. The KV cache and the buffers for computing are its figures. Of the weights a simulated load says only
where each tensor goes; their sizes come from the file's own list. It decides nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from finr1_desk.engine import llama, llama_devices
from finr1_desk.engine.llama_log import KINDS, device_of
from finr1_desk.engine.plan.gguf_facts import TensorPlace
from finr1_desk.engine.survival.safe_mode import SafeMode

HOST: Final = "CPU"  # llama.cpp's name for the computer's own memory
_MIB: Final = 2**20
_LAYER: Final = re.compile(r"load_tensors: layer +(\d+) assigned to device (\S+?),")
_KIND: Final = re.compile(r"^tensor (\S+) \(\d+ MiB \S+\) buffer type overridden to (\S+)")
_CACHE_LAYER: Final = re.compile(r"layer +\d+: dev = (\S+)")
_CACHE: Final = re.compile(r"size = +([\d.]+) MiB \( *\d+ cells, +\d+ layers")
_WORKING: Final = re.compile(r"(\S+) +(compute|output) buffer size = +([\d.]+) MiB")
_FLASH: Final = re.compile(r"(?:flash_attn +=|Flash Attention) +(?:not supported, set to )?(enabled|disabled)")
_BLOCK: Final = re.compile(r"blk\.(\d+)\.")


@dataclass(frozen=True, slots=True)
class Candidate:
    """One way to load a model; `kv_type` and `flash_attention` as in a `ModelRequest`."""

    gpu_layers: int
    context_length: int
    kv_type: str
    flash_attention: str
    micro_batch: int


@dataclass(slots=True)
class Taken:
    """What one device holds, in bytes.

    llama.cpp's reports count as weights whatever is mapped of the file. `spare` is the part of it that is not needed
    once loading has ended, because it was repacked or lies on another device: the system may take it back.
    """

    layers: int = 0
    weights: int = 0
    cache: int = 0
    compute: int = 0
    spare: int = 0

    @property
    def bytes(self) -> int:
        return self.weights + self.cache + self.compute


@dataclass(frozen=True, slots=True)
class Account:
    """By ggml's names of the devices; `flash_attention` is what llama.cpp settled on."""

    devices: Mapping[str, Taken]
    flash_attention: bool


@dataclass(slots=True)
class _Assigned:
    """A simulated model: by layer number its device (the output layer is the last), and what its weights take."""

    model: llama.Model
    layers: list[str]
    weights: dict[str, int] = field(default_factory=dict)
    spare: int = 0


class Accounting:
    """The accounts of one file. To be closed; one at a time, as llama.cpp has one log.

    Args:
        tensors: of the file, or of all files where it is split.
        devices: that may be used.
        mode: what to do without, because it crashed.
    """

    def __init__(
        self,
        path: str,
        log: llama.LlamaLog,
        tensors: Sequence[TensorPlace],
        devices: Sequence[llama_devices.Device],
        mode: SafeMode = SafeMode.NONE,
    ) -> None:
        self._mode = mode
        self._path = path
        self._log = log
        self._tensors = tensors
        self._device_of_buffers = llama_devices.by_buffers(devices)
        self._kinds: dict[str, str] = {}
        self._assigned: _Assigned | None = None
        self._gpu_layers = -1

    def close(self) -> None:
        if self._assigned is not None:
            self._assigned.model.close()
            self._assigned = None

    def model(self) -> llama.Model:
        """The model without its weights; closed with this.

        Raises:
            llama.LlamaError: llama.cpp cannot load such a file.
        """
        return self._model(0).model

    def of(self, candidate: Candidate) -> Account:
        """What this way of loading takes.

        Raises:
            llama.LlamaError: llama.cpp refuses it.
        """
        assigned = self._model(candidate.gpu_layers)
        with self._log.everything() as lines:
            llama.Context(
                assigned.model,
                length=candidate.context_length,
                threads=1,
                threads_prefill=1,
                micro_batch=candidate.micro_batch,
                should_abort=lambda: False,
                kv_type=candidate.kv_type,
                flash_attention=candidate.flash_attention,
            ).close()
        self._log.take_buffers()
        taken: dict[str, Taken] = {HOST: Taken(spare=assigned.spare)}
        for device in assigned.layers[:-1]:
            taken.setdefault(device, Taken()).layers += 1
        for device, size in assigned.weights.items():
            taken.setdefault(device, Taken()).weights += size
        for device, kind, size in self._buffers(lines):
            held = taken.setdefault(device, Taken())
            setattr(held, kind, getattr(held, kind) + size)
        settled = [match[1] for line in lines if (match := _FLASH.search(line))]
        return Account(taken, bool(settled) and settled[-1] == "enabled")

    # -- simulated loads

    def _model(self, gpu_layers: int) -> _Assigned:
        if self._assigned is not None and self._gpu_layers == gpu_layers:
            return self._assigned
        if gpu_layers > 0 and not self._kinds:
            self._model(0)
        self.close()
        # Upon everything in memory llama.cpp says which tensors the processor repacks into buffers of another kind.
        overrides = llama_devices.all_in_memory() if gpu_layers == 0 else None
        with self._log.everything() as lines:
            model = llama.Model(
                self._path,
                self._log,
                gpu_layers=-1 if self._mode is SafeMode.NO_GPU else gpu_layers,
                extra_buffers=self._mode is SafeMode.NONE,
                simulated=True,
                overrides=overrides,
            )
        if gpu_layers == 0:
            self._kinds = {match[1]: match[2] for line in lines if (match := _KIND.match(line))}
        layers = {int(match[1]): match[2] for line in lines if (match := _LAYER.search(line))}
        self._assigned = _Assigned(model, [layers[number] for number in sorted(layers)])
        self._weigh(self._assigned)
        self._gpu_layers = gpu_layers
        return self._assigned

    def _weigh(self, assigned: _Assigned) -> None:
        weights: dict[str, int] = {HOST: 0}
        mapped: dict[int, tuple[int, int]] = {}  # llama.cpp maps from the first to the last byte that it needs
        used = 0
        for tensor in self._tensors:
            for device in self._places(tensor.name, assigned.layers):
                weights[device] = weights.get(device, 0) + tensor.bytes
                if device == HOST and self._kinds.get(tensor.name, HOST) == HOST:
                    first, last = mapped.get(tensor.file, (tensor.offset, 0))
                    mapped[tensor.file] = min(first, tensor.offset), max(last, tensor.offset + tensor.bytes)
                    used += tensor.bytes
        assigned.weights = weights
        assigned.spare = max(0, sum(last - first for first, last in mapped.values()) - used)

    def _places(self, name: str, layers: Sequence[str]) -> Iterator[str]:
        """Where a tensor lies; the embeddings lie in two places where they serve as the output layer too."""
        block = _BLOCK.match(name)
        last = layers[-1] if layers else HOST
        if block is not None:
            number = int(block[1])
            yield layers[number] if number < len(layers) else HOST
        elif name.startswith("output"):
            yield last
        else:
            yield HOST
            tied = name == "token_embd.weight" and not any(t.name == "output.weight" for t in self._tensors)
            if tied and last != HOST:
                yield last

    def _buffers(self, lines: Sequence[str]) -> Iterator[tuple[str, str, int]]:
        """Device, what for, and bytes."""
        cached: list[str] = []
        for line in lines:
            if match := _CACHE_LAYER.search(line):
                cached.append(match[1])
            elif match := _CACHE.search(line):  # of the layers named before, all alike
                for device in cached:
                    yield device, "cache", int(float(match[1]) * _MIB / len(cached))
                cached = []
            elif match := _WORKING.search(line):
                yield self.device(match[1]), KINDS[match[2]], int(float(match[3]) * _MIB)

    def device(self, buffers: str) -> str:
        """ggml's name of the device whose buffers llama.cpp's log calls so."""
        return self._device_of_buffers.get(buffers, device_of(buffers))
