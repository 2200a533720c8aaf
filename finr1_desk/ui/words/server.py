"""What is said when a team server does not answer as it should: a sentence and a hint for each code.

Owns the wording, in English; the translation comes from whatever translator is installed. QtCore only, so that the
terminal can say the same.
"""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QCoreApplication

from finr1_desk.core.errors import ErrorCode, Param
from finr1_desk.core.wording import filled

translate = QCoreApplication.translate


def server_words(code: ErrorCode, params: Mapping[str, Param]) -> tuple[str, str] | None:
    """The sentence and the hint; None for a code that is not about a server."""
    return _before_an_answer(code, params) or _of_an_answer(code, params)


def _before_an_answer(code: ErrorCode, params: Mapping[str, Param]) -> tuple[str, str] | None:
    """What keeps a question from being sent."""
    host, reason = str(params.get("host") or "?"), _reason(params)
    match code:
        case ErrorCode.SERVER_ADDRESS if not params.get("value"):
            return (
                translate("ServerWords", "No server has been set up."),
                translate("ServerWords", "Set one up in the window: Models, “Team server…”."),
            )
        case ErrorCode.SERVER_ADDRESS:
            return (
                filled(translate("ServerWords", "“%1” is no address of a server."), str(params.get("value") or "")),
                translate("ServerWords", "Write it as https://server.example:8000/v1, without user name or key in it."),
            )
        case ErrorCode.SERVER_FORBIDDEN:
            return (
                filled(translate("ServerWords", "This computer's policy forbids the server %1."), host),
                filled(
                    translate("ServerWords", "Whoever looks after this computer has decided so in %1."),
                    str(params.get("policy") or "?"),
                ),
            )
        case ErrorCode.SERVER_CHANGED:
            return (
                filled(translate("ServerWords", "%1 is no longer the server in use, so nothing was sent to it."), host),
                translate("ServerWords", "Ask again: the question goes to where questions go now."),
            )
        case ErrorCode.SERVER_UNREACHABLE:
            return (
                filled(translate("ServerWords", "The server %1 cannot be reached: %2."), host, reason),
                translate("ServerWords", "Check the address, the network, and that the server runs."),
            )
        case ErrorCode.SERVER_CERTIFICATE:
            return (
                filled(translate("ServerWords", "The certificate of %1 is not to be trusted: %2."), host, reason),
                translate(
                    "ServerWords",
                    "Nothing was sent. If your company issues its own certificates, have this system trust them.",
                ),
            )
        case _:
            return None


def _of_an_answer(code: ErrorCode, params: Mapping[str, Param]) -> tuple[str, str] | None:
    """What a server says instead of an answer, or in the middle of it."""
    host, reason = str(params.get("host") or "?"), _reason(params)
    match code:
        case ErrorCode.SERVER_TIMEOUT:
            seconds = params.get("seconds")
            figure = f"{seconds:.0f}" if isinstance(seconds, int | float) else "?"
            return (
                filled(translate("ServerWords", "The server %1 has said nothing for %2 seconds."), host, figure),
                translate("ServerWords", "Try again, or allow it more time in the server's settings."),
            )
        case ErrorCode.SERVER_KEY:
            return (
                filled(translate("ServerWords", "The server %1 does not accept the key."), host),
                translate("ServerWords", "Enter the key again in the server's settings."),
            )
        case ErrorCode.SERVER_NO_MODEL:
            return _no_model(host, str(params.get("model") or ""))
        case ErrorCode.SERVER_BUSY:
            return (
                filled(translate("ServerWords", "The server %1 has too much to do."), host),
                translate("ServerWords", "Ask again in a few minutes."),
            )
        case ErrorCode.SERVER_FAILED:
            return (
                filled(translate("ServerWords", "The server %1 failed (%2): %3."), host, _status(params), reason),
                translate("ServerWords", "Try again; if it stays so, ask whoever runs the server."),
            )
        case ErrorCode.SERVER_REFUSED:
            return (
                filled(
                    translate("ServerWords", "The server %1 refused the question (%2): %3."),
                    host,
                    _status(params),
                    reason,
                ),
                translate("ServerWords", "A shorter conversation or other sampling may help."),
            )
        case ErrorCode.SERVER_BROKE_OFF:
            return (
                filled(translate("ServerWords", "The connection to %1 broke off: %2."), host, reason),
                translate("ServerWords", "What had come is kept. “Continue” goes on from there."),
            )
        case _:
            return None


def _no_model(host: str, model: str) -> tuple[str, str]:
    hint = translate("ServerWords", "“Test” in the server's settings lists what it has.")
    if not model:
        return filled(translate("ServerWords", "The server %1 serves no model."), host), hint
    return filled(translate("ServerWords", "The server %1 has no model “%2”."), host, model), hint


def _status(params: Mapping[str, Param]) -> str:
    return str(params.get("status") or "?")


def _reason(params: Mapping[str, Param]) -> str:
    text = " ".join(str(params.get("reason") or "").split()).rstrip(".")
    known = {
        "": translate("ServerWords", "no reason was given"),
        "no_end": translate("ServerWords", "the answer ended in the middle"),
        "not_json": translate("ServerWords", "what came could not be read"),
    }
    return known.get(text, text)
