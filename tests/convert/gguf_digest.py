"""A GGUF as comparable data: every key with its value, every tensor with a hash of its bytes, and the whole file's.

Uses the ``gguf`` package's reader, which shares no code with the converter's own.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from gguf import GGUFReader


def digest(path: Path) -> dict[str, Any]:
    """``keys``: name → [type, value or its sha256 where long]; ``tensors``: name → [type, shape, sha256]."""
    reader = GGUFReader(path)
    keys = {name: [_types(field), _short(field.contents())] for name, field in reader.fields.items()}
    tensors = {
        tensor.name: [tensor.tensor_type.name, [int(n) for n in tensor.shape], _sha256(tensor.data.tobytes())]
        for tensor in reader.tensors
    }
    return {"keys": keys, "tensors": tensors, "sha256": _sha256(path.read_bytes())}


def _types(field: Any) -> str:
    return " of ".join(kind.name for kind in field.types)


def _short(value: Any) -> Any:
    text = json.dumps(value, ensure_ascii=False)
    return value if len(text) < 120 else _sha256(text.encode())


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:24]
