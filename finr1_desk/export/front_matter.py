"""The YAML at the head of a Markdown file: what a person or a tool wants to know of a conversation.

Owns its keys and their written form. It is read as text only: no tags, no aliases, no types, so a file of any origin
can do no more than hold other text.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, Final

import yaml

from finr1_desk.core.choices import UNCHOSEN, preset_of
from finr1_desk.core.conversation import Conversation, Generation
from finr1_desk.core.text import well_formed

FORMAT: Final = "Fin-R1 Desk conversation"
FORMAT_VERSION: Final = 1
FENCE: Final = "---"
_OTHER_BREAKS: Final = frozenset("\x85\u2028\u2029")


def iso(seconds: float) -> str:
    """Seconds since the epoch as ISO 8601 in UTC, to the microsecond."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="microseconds")


def seconds_of(text: object) -> float:
    """
    Raises:
        ValueError: this is no date.
    """
    if not isinstance(text, str):
        raise ValueError("a date is text")
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def describe(
    conversation: Conversation,
    generation: Generation | None,
    *,
    boundary: str,
    head: int | None,
    all_branches: bool,
    application_version: str,
    exported_at: float,
) -> str:
    """The front matter with its fences. `generation` is the newest: its model, its sampling, what it left out."""
    values: dict[str, Any] = {
        "title": well_formed(conversation.title),
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "application_version": application_version,
        "exported_at": iso(exported_at),
        "created_at": iso(conversation.created_at),
        "updated_at": iso(conversation.updated_at),
        "title_is_own": conversation.title_is_own,
        **({"folder": well_formed(conversation.folder)} if conversation.folder is not None else {}),
        **({"pinned": True} if conversation.pinned else {}),
        "branches": "all" if all_branches else "current",
        "boundary": boundary,
    }
    if head is not None:
        values["head"] = head
    if generation is not None:
        model = asdict(generation.model)
        values["model"] = {name: well_formed(value) for name, value in model.items() if value}
        if not generation.is_foreign:
            values["sampling"] = asdict(generation.sampling)
            values["seed"] = generation.seed
        if generation.left_out.turns:
            values["left_out"] = asdict(generation.left_out)
    if conversation.choices != UNCHOSEN:
        preset = preset_of(conversation.choices)
        values["choices"] = ({"preset": preset} if preset else {}) | conversation.choices.to_json()
    if conversation.system_prompt is not None:
        values["system_prompt"] = well_formed(conversation.system_prompt)
    body = yaml.dump(values, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=1 << 30)
    return f"{FENCE}\n{body}{FENCE}\n"


def read(text: str) -> Mapping[str, Any]:
    """The keys and values, every scalar as text.

    Raises:
        yaml.YAMLError: this is no YAML.
        ValueError: this is no mapping, or has aliases.
    """
    values = yaml.load(text, Loader=_Loader)  # a BaseLoader makes nothing but text, lists and mappings
    if not isinstance(values, dict):
        raise ValueError("front matter is a mapping")
    return values


class _Dumper(yaml.SafeDumper):
    """Writes text of several lines as a block that can be read."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _represent_text(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    if _OTHER_BREAKS.intersection(text):  # PyYAML writes them as they are, and reads them as spaces
        style = '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _represent_text)


class _Loader(yaml.BaseLoader):
    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):  # a few lines of them can stand for gigabytes
            raise ValueError("aliases are not used here")
        return super().compose_node(parent, index)
