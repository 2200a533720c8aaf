"""The converter's expected failures.

Owns the one exception type that a caller shows to a person: a sentence that says what is wrong, and a hint
that says what to do about it. Anything else that escapes is a bug and keeps its traceback. This module must
not print.
"""

from __future__ import annotations


class ConvertError(Exception):
    """A failure that the person at the keyboard can understand and act on.

    ``message`` is one sentence without a trailing full stop, ``hint`` one more (or empty). Neither has line
    breaks.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = " ".join(message.split())
        self.hint = " ".join(hint.split())


class OutputExistsError(ConvertError):
    """The output file is already there and the caller did not say that it may be replaced."""


class CancelledError(ConvertError):
    """The caller's ``cancelled`` callback asked for the conversion to stop; everything written was removed."""


class OtherVocabularyError(ConvertError):
    """Two models whose predictions are about different tokens were to be compared; ``how`` says what differs."""

    def __init__(self, how: str) -> None:
        super().__init__(
            f"the model and its reference have different vocabularies: {how}",
            "compare with the float conversion of the same checkpoint",
        )
