"""An inspection as tables on a terminal.

Owns the wording and the layout; the figures come from ``inspection.py``. Text of the file is printed as text,
never as markup.
"""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from .gguf_header import ArrayOf, Value
from .inspection import Inspection

_MAX_VALUE_CHARACTERS = 100


def show_inspection(inspection: Inspection, console: Console) -> None:
    """Print keys, tensors by type and memory by context length."""
    header = inspection.header
    console.print(
        Text(
            f"{inspection.path.name}: {header.nbytes / 1e6:,.1f} MB, GGUF {header.version}, {inspection.file_type},"
            f" {inspection.parameters / 1e6:,.1f} M weights in {len(header.tensors)} tensors"
        )
    )
    keys = _table("key", "value")
    for key, value in header.keys.items():
        keys.add_row(Text(key), Text(_shown(value)))
    console.print(keys)
    types = _table("type", "tensors", "weights (M)", "MB", "bits a weight")
    for share in inspection.types:
        bits = f"{share.bytes * 8 / share.values:.2f}" if share.values else "–"
        types.add_row(share.type, str(share.tensors), f"{share.values / 1e6:,.2f}", f"{share.bytes / 1e6:,.2f}", bits)
    console.print(types)
    if inspection.cache_bytes:
        memory = _table("context (tokens)", "KV cache, f16 (MB)", "with the weights (MB)")
        for context, cache in inspection.cache_bytes.items():
            total = inspection.weight_bytes + cache
            memory.add_row(f"{context:,}", f"{cache / 1e6:,.1f}", f"{total / 1e6:,.1f}")
        console.print(memory)


def _table(first: str, *others: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(first, overflow="fold")
    for name in others:
        table.add_column(name, justify="left" if name == "value" else "right", overflow="fold")
    return table


def _shown(value: Value) -> str:
    if isinstance(value, ArrayOf):
        return f"{value.length:,} × {value.type}"
    if isinstance(value, float):
        # The key was a float32: more digits than these are an artefact of widening it.
        return f"{value:.7g}"
    text = value.replace("\n", "⏎") if isinstance(value, str) else str(value)
    return text if len(text) <= _MAX_VALUE_CHARACTERS else f"{text[: _MAX_VALUE_CHARACTERS - 1]}…"
