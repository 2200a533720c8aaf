"""What a GGUF holds, for people and as JSON: keys, tensors by type, memory by context length.

Owns the interpretation of a header and its wording. Reads the file through ``gguf_header.py`` only.
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

from gguf import LlamaFileType

from .gguf_header import ArrayOf, Header, Value, read_header

_CONTEXTS = (4096, 8192, 16384, 32768, 65536, 131072)
_KEY_VALUE_BYTES = 2  # llama.cpp's cache is F16 unless told otherwise.


@dataclass(frozen=True, slots=True)
class TypeShare:
    """The tensors of one type: how many, how many values, how many bytes."""

    type: str
    tensors: int
    values: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Inspection:
    """``cache_bytes`` maps a context length in tokens to the bytes of its F16 KV cache; empty where unknown."""

    path: Path
    header: Header
    file_type: str
    types: tuple[TypeShare, ...]
    cache_bytes: dict[int, int]

    @property
    def weight_bytes(self) -> int:
        return sum(share.bytes for share in self.types)

    @property
    def parameters(self) -> int:
        return sum(share.values for share in self.types)

    def as_json(self) -> dict[str, Any]:
        """The inspection as JSON values; an array's contents are given as its element type and length."""
        return {
            "file": str(self.path),
            "bytes": self.header.nbytes,
            "gguf_version": self.header.version,
            "file_type": self.file_type,
            "parameters": self.parameters,
            "weight_bytes": self.weight_bytes,
            "keys": {key: _json_value(value) for key, value in self.header.keys.items()},
            "types": [
                {"type": share.type, "tensors": share.tensors, "values": share.values, "bytes": share.bytes}
                for share in self.types
            ],
            "tensors": [
                {"name": tensor.name, "type": tensor.type, "shape": list(tensor.shape), "bytes": tensor.nbytes}
                for tensor in self.header.tensors
            ],
            "memory": [
                {"context": context, "cache_bytes": cache, "total_bytes": self.weight_bytes + cache}
                for context, cache in self.cache_bytes.items()
            ],
        }


def inspect(path: Path) -> Inspection:
    """Read and interpret the header of ``path``. Raises ConvertError as ``gguf_header.read_header`` does."""
    header = read_header(path)
    shares: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for tensor in header.tensors:
        shares[tensor.type].append((prod(tensor.shape), tensor.nbytes))
    types = [
        TypeShare(kind, len(items), sum(values for values, _ in items), sum(nbytes for _, nbytes in items))
        for kind, items in shares.items()
    ]
    types.sort(key=lambda share: -share.bytes)
    return Inspection(path, header, _file_type(header.keys), tuple(types), _cache_bytes(header.keys))


def _file_type(keys: dict[str, Value]) -> str:
    number = keys.get("general.file_type")
    try:
        name: str = LlamaFileType(number).name
        return name.removeprefix("MOSTLY_").removeprefix("ALL_")
    except ValueError:
        return "unknown" if number is None else f"unknown ({number})"


def _cache_bytes(keys: dict[str, Value]) -> dict[int, int]:
    """The KV cache by context length, from the attention keys of the architecture."""
    architecture = keys.get("general.architecture")

    def number(key: str) -> int:
        value = keys.get(f"{architecture}.{key}")
        return value if type(value) is int else 0

    heads = number("attention.head_count")
    head_size = number("embedding_length") // heads if heads else 0
    key_size = number("attention.key_length") or head_size
    value_size = number("attention.value_length") or head_size
    key_value_heads = number("attention.head_count_kv") or heads
    a_token = number("block_count") * key_value_heads * (key_size + value_size) * _KEY_VALUE_BYTES
    limit = number("context_length")
    if not a_token or not limit:
        return {}
    contexts = [context for context in _CONTEXTS if context < limit]
    return {context: context * a_token for context in [*contexts, limit]}


def _json_value(value: Value) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return {"array_of": value.type, "length": value.length} if isinstance(value, ArrayOf) else value
