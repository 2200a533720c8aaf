"""What goes wrong between here and a team server, as errors that a user can act on.

Owns the reading of the client library's exceptions. It retries nothing and logs nothing: what a server answers may
quote the question.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Mapping
from typing import Final

import httpx2
import openai

from finr1_desk.core.errors import ErrorCode, UserError
from finr1_desk.core.remote import ServerAccess

_LONGEST_REASON: Final = 300  # characters of what a server says
_FIRST_WAIT_S: Final = 2.0
_LONGEST_WAIT_S: Final = 60.0


def failure(error: Exception, access: ServerAccess) -> UserError:
    """The error for whatever was raised while a request ran; a `UserError` stays as it is.

    Raises:
        Exception: `error` itself, where it is none of the network's or the server's: a bug.
    """
    server = access.server
    host = server.host
    if isinstance(error, UserError):
        return error
    chain = list(_causes(error))
    if any(isinstance(cause, ssl.SSLError) for cause in chain):
        return UserError(ErrorCode.SERVER_CERTIFICATE, host=host, reason=_reason(chain[-1]))
    if any(isinstance(cause, openai.APITimeoutError | httpx2.TimeoutException) for cause in chain):
        connecting = any(isinstance(cause, httpx2.ConnectTimeout) for cause in chain)
        return UserError(
            ErrorCode.SERVER_TIMEOUT, host=host, seconds=server.connect_s if connecting else server.silence_s
        )
    if isinstance(error, openai.APIStatusError):
        return _refusal(error, access)
    if any(isinstance(cause, httpx2.ConnectError) for cause in chain):
        return UserError(ErrorCode.SERVER_UNREACHABLE, host=host, reason=_reason(chain[-1]))
    if isinstance(error, httpx2.HTTPError | httpx2.InvalidURL | openai.APIConnectionError | openai.APIError):
        return UserError(ErrorCode.SERVER_BROKE_OFF, host=host, reason=_reason(chain[-1]))
    if isinstance(error, ValueError):  # an event of the stream that is no JSON
        return UserError(ErrorCode.SERVER_BROKE_OFF, host=host, reason="not_json")
    raise error


def waits(error: Exception, attempt: int) -> float | None:
    """For how many seconds a busy server is to be left alone before it is asked again; None: it is not busy.

    `attempt` counts from 0. What the server asks for counts, up to a minute; else it is twice as long each time.
    """
    if not isinstance(error, openai.APIStatusError) or error.status_code not in (429, 503):
        return None
    asked = error.response.headers.get("retry-after", "")
    try:
        seconds = float(asked)
    except ValueError:  # nothing, or a date
        seconds = _FIRST_WAIT_S * 2**attempt
    return min(max(seconds, 0.5), _LONGEST_WAIT_S) if seconds == seconds else _FIRST_WAIT_S


def is_about_parameters(error: Exception) -> bool:
    """Whether the server may only have disliked a parameter beyond OpenAI's own."""
    return isinstance(error, openai.APIStatusError) and error.status_code in (400, 422)


def _refusal(error: openai.APIStatusError, access: ServerAccess) -> UserError:
    host, status = access.server.host, error.status_code
    match status:
        case 401 | 403:
            return UserError(ErrorCode.SERVER_KEY, host=host)
        case 404:
            return UserError(ErrorCode.SERVER_NO_MODEL, host=host, model=access.server.model)
        case 429 | 503:
            return UserError(ErrorCode.SERVER_BUSY, host=host)
        case _ if status >= 500 or 300 <= status < 400:
            return UserError(ErrorCode.SERVER_FAILED, host=host, status=status, reason=_said(error))
        case _:
            return UserError(ErrorCode.SERVER_REFUSED, host=host, status=status, reason=_said(error))


def _said(error: openai.APIStatusError) -> str:
    """What the server gave as its reason."""
    body = error.body
    for _ in range(2):  # {"error": {"message": …}}, and vLLM's {"message": …}
        if isinstance(body, Mapping):
            body = body.get("message") or body.get("error") or body.get("detail")
    text = body if isinstance(body, str) else ""
    return " ".join(text.split())[:_LONGEST_REASON]


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        yield current
        current = current.__cause__ or current.__context__


def _reason(error: BaseException) -> str:
    text = getattr(error, "verify_message", "") or getattr(error, "strerror", "") or str(error)
    return " ".join(str(text).split())[:_LONGEST_REASON]
