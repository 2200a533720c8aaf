r"""The template of a task's prompt: text with the names of fields in braces.

Owns the template language, which is this and nothing more:

- `{name}` is replaced by the value of the field, once: a value that looks like a template stays as it is.
- `{?name}` writes nothing, and takes its whole line away where the field is empty.
- `{{name}}` writes `{name}`. Every other brace is itself: `\boxed{}` needs no care.

It knows neither fields nor tasks. A prompt is text: markers such as `<|im_start|>` in it are told from real ones by
the engine, which writes those by number.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

_NAME: Final = r"[^\W\d]\w*"
NAME: Final = re.compile(_NAME)
_PLACE: Final = re.compile(rf"\{{\{{(?P<literal>{_NAME})\}}\}}|(?<!\{{)\{{(?P<ask>\??)(?P<name>{_NAME})\}}(?!\}})")


def names(template: str) -> tuple[str, ...]:
    """The fields that a template uses, in the order of their first use."""
    found = (match["name"] for match in _PLACE.finditer(template))
    return tuple(dict.fromkeys(name for name in found if name is not None))


def filled(template: str, values: Mapping[str, str]) -> str:
    """The template with its fields filled in. A field that has no value is empty."""
    lines = (_line(line, values) for line in template.split("\n"))
    return "\n".join(line for line in lines if line is not None).strip("\n")


def _line(line: str, values: Mapping[str, str]) -> str | None:
    """One line filled in; None where it falls away."""
    for match in _PLACE.finditer(line):
        if match["ask"] and not values.get(match["name"], "").strip():
            return None

    def value(match: re.Match[str]) -> str:
        if match["literal"]:
            return f"{{{match['literal']}}}"
        return "" if match["ask"] else values.get(match["name"], "")

    return _PLACE.sub(value, line)
