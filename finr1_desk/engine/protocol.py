"""The language between engine clients and the worker: versioned JSON messages.

Owns what goes over the wire and how: dataclasses to JSON objects with a `type`, and back with every field checked.
It opens no connection and knows nothing of llama.cpp. Both sides refuse a peer of another version in the handshake.
"""

from __future__ import annotations

import json
import types
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from enum import Enum
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Final, Union, get_args, get_origin, get_type_hints

from finr1_desk.core.events import (
    EngineEvent,
    Finished,
    GenerateRequest,
    LoadProgress,
    ModelLoaded,
    ModelRequest,
    ModelUnloaded,
    Planned,
    PrefillProgress,
    Queued,
    SampleFinished,
    Started,
    TextProduced,
    TokensCounted,
)
from finr1_desk.core.prompts import Turn

PROTOCOL_VERSION: Final = 5
MAX_MESSAGE_BYTES: Final = 64 * 2**20


class ProtocolError(Exception):
    """A message that is not one: no JSON, an unknown type, a field missing or of the wrong type."""


def application_version() -> str:
    """The version of the installed application; client and worker must have the same."""
    try:
        return version("finr1-desk")
    except PackageNotFoundError:
        return "uninstalled"


# -- from client to worker


@dataclass(frozen=True, slots=True)
class Hello:
    """The first message of a client. `kind` names it in the log (`window`, `terminal`)."""

    protocol: int
    version: str
    kind: str
    pid: int


@dataclass(frozen=True, slots=True)
class Load:
    request: str
    model: ModelRequest


@dataclass(frozen=True, slots=True)
class Generate:
    request: str
    generate: GenerateRequest


@dataclass(frozen=True, slots=True)
class Count:
    request: str
    model: ModelRequest
    turns: tuple[Turn, ...]


@dataclass(frozen=True, slots=True)
class PlanLoad:
    """Asks how a model would be loaded now; `Planned` answers."""

    request: str
    model: ModelRequest


@dataclass(frozen=True, slots=True)
class AnswerNow:
    request: str


@dataclass(frozen=True, slots=True)
class Cancel:
    request: str


@dataclass(frozen=True, slots=True)
class Unload:
    request: str


@dataclass(frozen=True, slots=True)
class Forget:
    """Nothing of a conversation is to be kept, in memory or on disk; of none, where it is empty."""

    request: str
    conversation: str


@dataclass(frozen=True, slots=True)
class Bye:
    """The client is about to leave; `Farewell` answers."""


# -- from worker to client


@dataclass(frozen=True, slots=True)
class Welcome:
    """The client is accepted; `client` is its id at this worker."""

    protocol: int
    version: str
    pid: int
    client: int


@dataclass(frozen=True, slots=True)
class Refused:
    """The client speaks another version; the worker's own is told, and the connection ends."""

    protocol: int
    version: str


@dataclass(frozen=True, slots=True)
class Done:
    """A request that gives no answer ended well: the client may forget it."""

    request: str


@dataclass(frozen=True, slots=True)
class Farewell:
    """The answer to `Bye`: whether the worker ends with this client."""

    last: bool


@dataclass(frozen=True, slots=True)
class Pulse:
    """Sent to every client once a second while the worker computes.

    `steps` changes whenever something was finished: a node of a graph, a token, a piece of a file. Where it does not
    change for `patience_s` seconds, or no pulse comes at all, the worker hangs.
    """

    steps: int
    patience_s: float


Command = Load | Generate | Count | PlanLoad | AnswerNow | Cancel | Unload | Forget
Reply = Welcome | Refused | Done | Farewell | Pulse | EngineEvent

_TYPES: Final[Mapping[str, type]] = {
    cls.__name__: cls
    for cls in (
        Hello,
        Load,
        Generate,
        Count,
        PlanLoad,
        AnswerNow,
        Cancel,
        Unload,
        Forget,
        Bye,
        Welcome,
        Refused,
        Done,
        Farewell,
        Pulse,
        Queued,
        LoadProgress,
        ModelLoaded,
        ModelUnloaded,
        Started,
        PrefillProgress,
        TextProduced,
        SampleFinished,
        Finished,
        TokensCounted,
        Planned,
    )
}


def encode(message: Hello | Bye | Command | Reply) -> bytes:
    """One message as UTF-8 JSON; lone surrogates in texts survive as escapes."""
    return json.dumps({"type": type(message).__name__, **_plain(message)}, separators=(",", ":")).encode("ascii")


def decode(raw: bytes) -> Hello | Bye | Command | Reply:
    """The message of these bytes.

    Raises:
        ProtocolError: it is none.
    """
    try:
        data = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise ProtocolError(f"not JSON: {error}") from error
    if not isinstance(data, dict) or not isinstance(data.get("type"), str) or data["type"] not in _TYPES:
        raise ProtocolError("unknown message type")
    name = data.pop("type")
    message: Hello | Bye | Command | Reply = _typed(_TYPES[name], data, name)
    return message


def _plain(value: Any) -> Any:
    if is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    return value


@lru_cache(maxsize=64)
def _hints(cls: type) -> dict[str, Any]:
    return get_type_hints(cls)


def _typed(expected: Any, value: Any, where: str) -> Any:
    """`value`, as it came from JSON, as an instance of the annotation `expected`."""
    if is_dataclass(expected) and isinstance(expected, type):
        return _typed_dataclass(expected, value, where)
    origin = get_origin(expected)
    if origin in (Union, types.UnionType):
        return _typed_union(get_args(expected), value, where)
    if origin is tuple and isinstance(value, list):
        item = get_args(expected)[0]
        return tuple(_typed(item, each, where) for each in value)
    if origin is not None and issubclass(origin, Mapping) and isinstance(value, dict):
        item = get_args(expected)[1]
        return {key: _typed(item, each, where) for key, each in value.items()}
    if isinstance(expected, type) and issubclass(expected, Enum) and isinstance(value, str):
        try:
            return expected(value)
        except ValueError as error:
            raise ProtocolError(f"{where}: {error}") from error
    if expected is float and type(value) is int:
        return float(value)
    if type(value) is expected or (expected is types.NoneType and value is None):
        return value
    raise ProtocolError(f"{where}: {type(value).__name__} instead of {expected}")


def _typed_dataclass(expected: type, value: Any, where: str) -> Any:
    if not isinstance(value, dict):
        raise ProtocolError(f"{where}: not an object")
    hints = _hints(expected)
    unknown = value.keys() - hints.keys()
    if unknown:
        raise ProtocolError(f"{where}: unknown field {min(unknown)}")
    try:
        return expected(**{name: _typed(hints[name], item, f"{where}.{name}") for name, item in value.items()})
    except TypeError as error:
        raise ProtocolError(f"{where}: {error}") from error


def _typed_union(options: tuple[Any, ...], value: Any, where: str) -> Any:
    for option in sorted(options, key=lambda option: option is not type(value)):  # an int stays one where it may
        try:
            return _typed(option, value, where)
        except ProtocolError:
            continue
    raise ProtocolError(f"{where}: {type(value).__name__} is none of the allowed types")
