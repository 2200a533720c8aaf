"""What a GGUF says about itself in ``general.*``: name, licence, base model, recommended sampling.

Owns the use of the ``gguf`` package's reader of model cards and generation configurations, and the repair of
values of a wrong type, which people write into model cards all the time. A damaged card or generation
configuration costs its keys and a warning, never the conversion.
"""

from __future__ import annotations

import reprlib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import yaml
from gguf import Metadata, size_label

_LISTS = ("tags", "languages")
_ENTRIES = ("base_models", "datasets")
_WHOLE_NUMBERS = ("sampling_top_k", "sampling_penalty_last_n", "sampling_mirostat")


@dataclass(frozen=True, slots=True)
class Description:
    """``metadata`` is ready to be written; ``warnings`` are sentences about what was left out."""

    metadata: Metadata
    warnings: tuple[str, ...]


def read_description(directory: Path, parameters: int) -> Description:
    """Collect what README.md, generation_config.json, config.json and the folder's name tell about the model.

    ``parameters`` is the number of weights: it decides whether a "7B" in a name is believed, and is the size
    label where no name states one.
    """
    warnings: list[str] = []
    try:
        metadata = Metadata.load(None, directory, None, parameters)
        generation = Metadata.load_generation_config(directory)
        if metadata.sampling_penalty_repeat is None:
            # Hugging Face's name for it, which versions of the gguf package before 0.20 do not read.
            metadata.sampling_penalty_repeat = generation.get("repetition_penalty")
    except (
        yaml.YAMLError,
        ValueError,
        TypeError,
        AttributeError,
        KeyError,
        IndexError,
        OSError,
        RecursionError,
    ):
        warnings.append("the model card or generation_config.json is malformed, so licence and sampling are left out")
        metadata = Metadata()
    for field in fields(metadata):
        value = getattr(metadata, field.name)
        repaired = _repaired(field.name, value)
        setattr(metadata, field.name, repaired)
        if value and repaired is None:
            warnings.append(
                f"the checkpoint gives {field.name.replace('_', ' ')} as {reprlib.repr(value)}, which is left out"
            )
    metadata.name = metadata.name or directory.name or "model"
    metadata.size_label = metadata.size_label or size_label(parameters, parameters, 0, 0)
    return Description(metadata, tuple(warnings))


def _repaired(name: str, value: Any) -> Any:
    """The value as its field needs it, or None where nothing can be made of it."""
    if value is None:
        return None
    if name in _LISTS:
        return (
            [str(item) for item in value if isinstance(item, (str, int, float))] or None
            if isinstance(value, list)
            else None
        )
    if name in _ENTRIES:
        return [_entry(item) for item in value if isinstance(item, dict)] if isinstance(value, list) else None
    if name.startswith("sampling_") and name != "sampling_sequence":
        return _number(value, whole=name in _WHOLE_NUMBERS)
    if name == "license" and isinstance(value, list):
        return [str(item) for item in value if isinstance(item, (str, int, float))] or None
    return str(value) if isinstance(value, (str, int, float)) else None


def _entry(item: dict[Any, Any]) -> dict[str, str]:
    return {str(key): str(value) for key, value in item.items() if isinstance(value, (str, int, float))}


def _number(value: Any, whole: bool) -> int | float | None:
    # The comparison also refuses NaN.
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) < 2**31:
        return None
    if whole:
        return int(value) if value == int(value) else None
    return float(value)
