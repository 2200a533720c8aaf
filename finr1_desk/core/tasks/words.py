"""A text in the two languages of the application.

Owns the choice between them. It translates nothing: who wrote the text wrote both, or one that serves for both.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

LANGUAGES: Final = ("en", "zh_CN")


@dataclass(frozen=True, slots=True)
class Words:
    """A text in English and in Chinese; one of them may be empty."""

    en: str = ""
    zh_CN: str = ""

    def said(self, language: str) -> str:
        """The text in this language (`en` or `zh_CN`), in the other one where there is none."""
        return (self.zh_CN or self.en) if language == "zh_CN" else (self.en or self.zh_CN)

    @property
    def all(self) -> tuple[str, ...]:
        """Both texts, without empty ones."""
        return tuple(text for text in (self.en, self.zh_CN) if text)

    def __bool__(self) -> bool:
        return bool(self.en or self.zh_CN)

    def to_json(self) -> dict[str, str]:
        return {language: text for language in LANGUAGES if (text := getattr(self, language))}

    @classmethod
    def of(cls, texts: Mapping[str, str]) -> Words:
        return cls(texts.get("en", ""), texts.get("zh_CN", ""))


NO_WORDS: Final = Words()
