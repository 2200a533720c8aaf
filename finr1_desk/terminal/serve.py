"""`finr1-desk serve`: the local API, in this process, until it is interrupted.

Owns what is decided before it listens (model, name, key, address) and what is said about it. Where a window started
it, it is told its key on standard input, tells how it stands on standard output, a JSON object a line, and ends with
its standard input.
"""

from __future__ import annotations

import json
import re
import secrets
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from finr1_desk.core.errors import ErrorCode, UserError
from finr1_desk.core.events import EngineEvent
from finr1_desk.engine.client import EngineClient
from finr1_desk.engine.interface import Engine
from finr1_desk.library.discovery import FoundModel
from finr1_desk.server.answering import Served
from finr1_desk.server.serving import Place, Serving
from finr1_desk.terminal.output import discard_output
from finr1_desk.terminal.voice import Voice
from finr1_desk.terminal.workspace import Workspace

FIN_R1: Final = "Fin-R1"
_KEY_BYTES: Final = 32
_SHORTEST_KEY: Final = 16  # where other computers can reach it
_LONGEST_KEY: Final = 512
_HOST: Final = re.compile(r"[A-Za-z0-9._-]{1,253}|\[?[0-9A-Fa-f:]{2,45}\]?")
_KEY: Final = re.compile(rf"[!-~]{{1,{_LONGEST_KEY}}}")  # what a header can carry


@dataclass(frozen=True, slots=True)
class ServeOptions:
    """What the command line asks for; None leaves it to the settings.

    Attributes:
        names: what the Host header may say as well.
        served_name: what programs call the model.
        attached: a window started this and ends it.
    """

    model: Path | None = None
    host: str = "127.0.0.1"
    port: int | None = None
    key: str | None = None
    names: tuple[str, ...] = ()
    served_name: str | None = None
    reasoning: str | None = None
    loading: Mapping[str, Any] = field(default_factory=dict)
    attached: bool = False


def serve(workspace: Workspace, options: ServeOptions) -> int:
    """Serves until it is interrupted. Returns the exit status.

    Raises:
        UserError: it cannot be served.
    """
    key = sys.stdin.readline().strip() if options.attached else options.key
    place = _place(workspace, options, key or secrets.token_hex(_KEY_BYTES))
    model = workspace.model(options.model)
    reasoning = options.reasoning or workspace.settings.serve_reasoning
    request = workspace.model_request(model, options.loading)
    served = Served(options.served_name or served_name(model), request, separate=reasoning == "separate")
    teller: _Teller = _ForWindow() if options.attached else _ForTerminal(workspace.voice, place, served.name, options)

    def make_engine(on_event: Callable[[EngineEvent], None]) -> Engine:
        return EngineClient(workspace.paths.runtime, on_event, kind="server")

    # A window has the model loaded when it is needed, and so does what it starts.
    serving = Serving(place, served, make_engine, teller.ready, None if options.attached else teller.loaded)
    if options.attached:
        threading.Thread(target=_follow, args=(serving,), name="window", daemon=True).start()
    try:
        serving.run()
    except UserError as error:
        if not options.attached:
            raise
        teller.loaded(error)
        return 1
    return 0


def served_name(model: FoundModel) -> str:
    """What programs call a model: by the name that Fin-R1's authors serve it under, or by its file's."""
    return FIN_R1 if model.is_fin_r1 else model.path.stem


def _place(workspace: Workspace, options: ServeOptions, key: str) -> Place:
    """Raises UserError: `BAD_VALUE`, `KEY_NEEDED`."""
    port = workspace.settings.serve_port if options.port is None else options.port
    if not 0 <= port <= 65535:
        raise UserError(ErrorCode.BAD_VALUE, name="--port", value=str(port))
    for name, values in (("--host", (options.host,)), ("--allow-host", options.names)):
        for value in values:
            if not _HOST.fullmatch(value):
                raise UserError(ErrorCode.BAD_VALUE, name=name, value=value)
    if not _KEY.fullmatch(key):
        raise UserError(ErrorCode.BAD_VALUE, name="--api-key", value="…")
    place = Place("127.0.0.1" if options.host == "localhost" else options.host.strip("[]"), port, key, options.names)
    if not place.is_loopback and len(key) < _SHORTEST_KEY:
        raise UserError(ErrorCode.KEY_NEEDED, address=place.host)
    return place


def _follow(serving: Serving) -> None:
    """Ends the server when the window has gone, or asks for it by closing the pipe."""
    try:
        while sys.stdin.readline():
            pass
    except (OSError, ValueError):
        pass
    serving.stop()


class _Teller:
    """Says how the server stands."""

    def ready(self, port: int) -> None:
        raise NotImplementedError

    def loaded(self, error: UserError | None) -> None:
        raise NotImplementedError


class _ForWindow(_Teller):
    def ready(self, port: int) -> None:
        self._tell({"ready": port})

    def loaded(self, error: UserError | None) -> None:
        self._tell({"loaded": error is None, "error": None if error is None else json.loads(error.to_json())})

    @staticmethod
    def _tell(value: dict[str, Any]) -> None:
        try:
            print(json.dumps(value), flush=True)
        except OSError:  # the window has gone, and so will this
            discard_output()


class _ForTerminal(_Teller):
    def __init__(self, voice: Voice, place: Place, name: str, options: ServeOptions) -> None:
        self._voice = voice
        self._place = place
        self._name = name
        self._options = options

    def ready(self, port: int) -> None:
        voice, place = self._voice, self._place
        host = f"[{place.host}]" if ":" in place.host else place.host
        print(voice.translate("Terminal", "Serving %1 at %2", self._name, f"http://{host}:{port}/v1"))
        print(voice.translate("Terminal", "API key: %1", place.key), flush=True)
        if not place.is_loopback:
            voice.note(
                voice.translate(
                    "Terminal",
                    "Other computers can reach it: who has the key can use the model; what is sent is not encrypted.",
                )
            )
            names = ", ".join(sorted(place.hosts(port)))
            voice.note(
                voice.translate("Terminal", "Only requests to these names are answered: %1. See --allow-host.", names)
            )
        voice.note(voice.translate("Terminal", "Ctrl-C ends it."))

    def loaded(self, error: UserError | None) -> None:
        if error is None:
            self._voice.note(self._voice.translate("Terminal", "The model is loaded."))
        else:
            self._voice.report(error)
