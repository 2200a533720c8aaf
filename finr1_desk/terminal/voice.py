"""The language of the terminal, and how it reports what went wrong.

Owns the choice of the language and the two lines `error:` and `hint:`. Qt's translator is loaded only when something
must be said in Chinese: English is what the source says.
"""

from __future__ import annotations

import locale
import os
import sys
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Final

from finr1_desk.core.errors import ErrorCode, UserError
from finr1_desk.core.events import EngineDied
from finr1_desk.core.wording import filled
from finr1_desk.library.assets import asset
from finr1_desk.terminal.output import one_line

if TYPE_CHECKING:
    from PySide6.QtCore import QCoreApplication, QTranslator

    from finr1_desk.core.plan import LoadPlan
    from finr1_desk.export.options import Labels

SYSTEM: Final = "system"
_VARIABLES: Final = ("LC_ALL", "LC_MESSAGES", "LANG")


class CommandError(Exception):
    """A command cannot do what it was asked; for what no `UserError` exists. Both texts are translated already."""

    def __init__(self, text: str, hint: str) -> None:
        super().__init__(text)
        self.text = text
        self.hint = hint


class Voice:
    """Says things in the user's language.

    Args:
        chosen: `en`, `zh_CN` or `system` from the command line, else None.
        settings_language: the same from the settings; asked only where nothing was chosen.
    """

    def __init__(self, chosen: str | None, settings_language: Callable[[], str]) -> None:
        self._chosen = chosen
        self._settings_language = settings_language
        self._application: QCoreApplication | None = None
        self._translator: QTranslator | None = None

    @cached_property
    def language(self) -> str:
        """`en` or `zh_CN`."""
        choice = self._chosen or self._settings_language()
        return system_language() if choice == SYSTEM else choice

    def translate(self, context: str, text: str, *values: str) -> str:
        """The text in the user's language, with `%1`, `%2`, … replaced by the values."""
        if self.language != "en":
            self._install()
            from PySide6.QtCore import QCoreApplication

            text = QCoreApplication.translate(context, text)
        return filled(text, *values)

    def report(self, error: UserError | CommandError) -> None:
        """Two lines on standard error: what happened, and what to do about it."""
        text, hint = self.sentence(error)
        say(f"error: {one_line(text)}")
        say(f"hint: {one_line(hint)}")

    def note(self, text: str) -> None:
        """Something worth knowing that is not part of the result, on standard error."""
        say(f"note: {one_line(text)}")

    def note_retry(self, event: EngineDied) -> None:
        """The engine died and the question is asked again in a safe mode."""
        text, _ = self.sentence(UserError(ErrorCode.ENGINE_DIED, stage=event.stage, exit_code=event.exit_code))
        from finr1_desk.ui.words.sentences import safe_mode_text

        self.note(text)
        self.note(safe_mode_text(event.safe_mode))

    def words(self, make: Callable[[], str]) -> str:
        """What a function says that translates by itself."""
        self._install()
        return make()

    def plan_line(self, plan: LoadPlan) -> str:
        """Where a model's layers lie and what they take."""
        self._install()
        from finr1_desk.ui.words.plan import plan_line

        return plan_line(plan)

    def export_labels(self) -> Labels:
        """The words between the texts of an exported conversation."""
        self._install()
        from finr1_desk.ui.words.export import export_labels

        return export_labels(self.language)

    def note_given_up(self, plan: LoadPlan | None) -> None:
        """Says, where it is so, what memory did not suffice for."""
        if plan is not None and plan.given_up:
            self._install()
            from finr1_desk.ui.words.plan import given_up_line

            self.note(given_up_line(plan))
            self.note(self.plan_line(plan))

    def time_left(self, seconds: float) -> str:
        """About how long something will still take."""
        self._install()
        from finr1_desk.ui.words.tasks import time_left

        return time_left(seconds)

    def sentence(self, error: UserError | CommandError) -> tuple[str, str]:
        if isinstance(error, CommandError):
            return error.text, error.hint
        self._install()
        from finr1_desk.ui.words.sentences import sentence

        said = sentence(error)
        return said.text, said.hint

    def _install(self) -> None:
        """Makes Qt translate; English needs neither an application object nor a file."""
        if self.language == "en" or self._translator is not None:
            return
        from PySide6.QtCore import QCoreApplication, QTranslator, qInstallMessageHandler

        if QCoreApplication.instance() is None:
            # Qt warns of a locale that is not UTF-8; nothing here depends on it.
            before = qInstallMessageHandler(lambda *_: None)
            self._application = QCoreApplication(sys.argv[:1])
            qInstallMessageHandler(before)
        self._translator = QTranslator()
        if self._translator.load(str(asset("translations", f"finr1_desk_{self.language}.qm"))):
            QCoreApplication.installTranslator(self._translator)


def system_language() -> str:
    """`zh_CN` where the system speaks any Chinese, else `en`."""
    name = next((value for variable in _VARIABLES if (value := os.environ.get(variable))), "")
    if not name:  # Windows, and macOS outside of its terminal, keep it elsewhere
        try:
            name = locale.getlocale()[0] or ""
        except ValueError:
            name = ""
    return "zh_CN" if name.lower().startswith(("zh", "chinese")) else "en"


def say(line: str) -> None:
    """A line on standard error; nobody may be there to read it any more."""
    try:
        print(line, file=sys.stderr, flush=True)
    except (OSError, ValueError):
        return
