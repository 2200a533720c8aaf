"""Which language the interface speaks: English as written, or Simplified Chinese from the translation file.

Owns the installed translators, and the locale that figures and dates follow. Widgets say their texts again when Qt
tells them that the language changed.
"""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QCoreApplication, QLibraryInfo, QLocale, QTranslator


def language_of(choice: str, system: list[str]) -> str:
    """`en` or `zh_CN`: the choice, or for `system` the first of the user's languages that there is."""
    if choice != "system":
        return choice
    for name in system:
        if name.split("-")[0].split("_")[0] == "zh":
            return "zh_CN"
        if name.split("-")[0].split("_")[0] == "en":
            return "en"
    return "en"


def locale_of(language: str, system: QLocale) -> QLocale:
    """How figures and dates are written beside text in `language`: as the system does where it speaks that language.

    A German system with this application in English would otherwise show «1.234,5 tokens» and «22. November».
    """
    spoken = QLocale(language)
    return system if system.language() is spoken.language() else spoken


def spoken_language() -> str:
    """`en` or `zh_CN`, whichever the interface speaks: for texts that come in both and not from the translations."""
    return "zh_CN" if QLocale().language() is QLocale.Language.Chinese else "en"


class Language:
    """Installs and replaces the translators of one application."""

    def __init__(self, application: QCoreApplication, directory: Path, forced: str | None = None) -> None:
        """`forced` is shown instead of the settings' language, until another one is chosen there."""
        self._application = application
        self._forced = forced
        self._choice: str | None = None
        self._directory = directory
        self._installed: list[QTranslator] = []
        self.current = ""

    def apply(self, choice: str) -> None:
        """Shows this language; every widget gets a `LanguageChange` event if it is another one than before."""
        if self._choice is not None and choice != self._choice:
            self._forced = None
        self._choice = choice
        wanted = language_of(self._forced or choice, QLocale.system().uiLanguages())
        if wanted == self.current:
            return
        self.remove()
        self.current = wanted
        QLocale.setDefault(locale_of(wanted, QLocale.system()))  # before widgets are told to say their texts again
        qt_directory = Path(QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath))
        self._install(qt_directory / f"qtbase_{wanted}.qm")
        self._install(self._directory / f"finr1_desk_{wanted}.qm")  # English: its plurals

    def remove(self) -> None:
        """Back to the texts as they are written."""
        for translator in self._installed:
            self._application.removeTranslator(translator)
        self._installed = []
        self.current = ""
        QLocale.setDefault(QLocale.system())

    def _install(self, file: Path) -> None:
        translator = QTranslator(self._application)
        if translator.load(str(file)):
            self._application.installTranslator(translator)
            self._installed.append(translator)
