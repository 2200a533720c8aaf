"""What can go wrong with a request, in the words and the shape of OpenAI's API.

Owns status, type and code of every refusal, and the English sentence with it: programs read it, not the window's user.
It decides nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from finr1_desk.core.errors import ErrorCode, Param

_TYPES: Final = {400: "invalid_request_error", 401: "authentication_error", 403: "permission_error"}
_TYPES_FROM_500: Final = "server_error"


class RefusalError(Exception):
    """A request that is not answered.

    Args:
        status: of HTTP.
        code: OpenAI's, where it has one.
        param: the field of the body that is meant.
    """

    def __init__(self, status: int, message: str, *, code: str | None = None, param: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.code = code
        self.param = param

    @property
    def body(self) -> dict[str, Any]:
        if self.status == 429:
            kind = "rate_limit_error"
        elif self.status >= 500:
            kind = _TYPES_FROM_500
        else:
            kind = _TYPES.get(self.status, "invalid_request_error")
        return {"error": {"message": self.message, "type": kind, "param": self.param, "code": self.code}}


def bad(message: str, param: str | None = None, code: str | None = None) -> RefusalError:
    """A body that says something that cannot be done."""
    return RefusalError(400, message, param=param, code=code)


def engine_refusal(code: ErrorCode, params: Mapping[str, Param]) -> RefusalError:
    """What the engine said, as an answer to a request."""
    match code:
        case ErrorCode.CONTEXT_TOO_LONG:
            return bad(
                f"The context holds {params.get('limit')} tokens, and the prompt has {params.get('tokens')}: "
                f"{params.get('over')} too many, with some room for an answer.",
                "messages",
                "context_length_exceeded",
            )
        case ErrorCode.EMPTY_QUESTION:
            return bad("There is no question: a message of the user, with text in it, is needed.", "messages")
        case ErrorCode.BAD_VALUE:
            return bad(f"{params.get('name')}: {params.get('value')}", _field(str(params.get("name"))))
        case ErrorCode.CONTEXT_INVALID:
            return RefusalError(
                503, "The model cannot be used with the context length that the server was started with."
            )
        case ErrorCode.OUT_OF_MEMORY:
            return RefusalError(503, "There is not enough memory.", code="out_of_memory")
        case ErrorCode.MODEL_NO_TEMPLATE:
            return RefusalError(501, "The model has no chat template that takes these messages; use /v1/completions.")
        case ErrorCode.DECODE_FAILED:
            return RefusalError(500, "The model could not compute the answer.", code=code.value)
        case _:
            return RefusalError(503, f"The engine does not answer ({code.value}).", code=code.value)


def _field(name: str) -> str:
    return "response_format" if name == "json_schema" else name
