"""Which JSON schemas an answer may be held to: a client's schema is a program by a stranger.

Owns the limits. What is within them becomes a grammar of a size that can be computed (see
`finr1_desk.engine.llama_grammar`); what is not is refused before anything is made of it. Nothing is ever fetched.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final

from finr1_desk.core.errors import ErrorCode, UserError

LONGEST: Final = 64 * 1024  # characters
DEEPEST: Final = 24
MOST_NODES: Final = 4000
MOST_PROPERTIES: Final = 100  # of one object
MOST_REPEATED: Final = 250  # items or characters, where a number of them is given

_COUNTS: Final = ("minItems", "maxItems", "minLength", "maxLength")
_LONGEST_PATTERN: Final = 200
# The parts of a pattern that are understood: an escaped character, a class, a number of times, a sign, a character.
_PART: Final = re.compile(r"\\.|\[\^?(?:\\.|[^\]\\])+\]|\{\d{1,3}(?:,\d{0,3})?\}|[?*+()|]|[^\\\[\]{}^$]")
_TIMES: Final = ("?", "*", "+", "{")


def checked_schema(text: str) -> Any:
    """The schema.

    Raises:
        UserError: `BAD_VALUE` of `json_schema`; the value says what is wrong.
    """
    if len(text) > LONGEST:
        raise refused(f"longer than {LONGEST} characters")
    try:
        schema = json.loads(text)
    except (ValueError, RecursionError):
        raise refused("not JSON") from None
    if not isinstance(schema, dict):
        raise refused("not an object")
    _check(schema)
    return schema


def refused(why: str) -> UserError:
    """The error for a schema that cannot be used."""
    return UserError(ErrorCode.BAD_VALUE, name="json_schema", value=why)


def _check(schema: dict[str, Any]) -> None:
    waiting: list[tuple[Any, int]] = [(schema, 1)]
    nodes = 0
    while waiting:
        node, depth = waiting.pop()
        nodes += 1
        if nodes > MOST_NODES:
            raise refused(f"more than {MOST_NODES} nodes")
        if depth > DEEPEST:
            raise refused(f"deeper than {DEEPEST} levels")
        if isinstance(node, dict):
            _check_object(node)
            waiting += [(value, depth + 1) for value in node.values()]
        elif isinstance(node, list):
            waiting += [(value, depth + 1) for value in node]


def _check_object(node: dict[str, Any]) -> None:
    properties = node.get("properties")
    if isinstance(properties, dict) and len(properties) > MOST_PROPERTIES:
        raise refused(f"more than {MOST_PROPERTIES} properties of one object")
    for name in _COUNTS:
        count = node.get(name)
        # Beside these names may also stand the schema of a property that is called so.
        if isinstance(count, int | float) and not (isinstance(count, int) and 0 <= count <= MOST_REPEATED):
            raise refused(f"{name} is not between 0 and {MOST_REPEATED}")
    for least, most in (("minItems", "maxItems"), ("minLength", "maxLength")):
        low, high = node.get(least), node.get(most)
        if isinstance(low, int) and isinstance(high, int) and low > high:
            raise refused(f"{least} is larger than {most}")
    reference = node.get("$ref")
    if isinstance(reference, str) and not reference.startswith("#/"):
        raise refused("a reference to somewhere else")
    pattern = node.get("pattern")
    if isinstance(pattern, str):
        _check_pattern(pattern)


def _check_pattern(pattern: str) -> None:
    """The converter goes on for ever with some patterns that are none, so what is not understood is refused here.

    A group that is repeated may match nothing, or one text in many ways: both make a grammar that takes for ever.
    """
    if len(pattern) > _LONGEST_PATTERN or not (pattern.startswith("^") and pattern.endswith("$")):
        raise refused("a pattern that is too long, or not from ^ to $")
    inside = pattern[1:-1]
    parts = _PART.findall(inside)
    if "".join(parts) != inside:
        raise refused("a pattern with signs that are not understood")
    depth, before = 0, "("
    for part in parts:
        if part[0] in _TIMES and (before[0] in _TIMES or before in ("(", "|", ")")):
            raise refused("a pattern that repeats a group or nothing")
        if part[0] == "{" and any(int(number) > MOST_REPEATED for number in re.findall(r"\d+", part)):
            raise refused(f"a pattern that repeats more than {MOST_REPEATED} times")
        depth += (part == "(") - (part == ")")
        if depth < 0:
            break
        before = part
    if depth != 0:
        raise refused("a pattern whose brackets do not match")
