"""The settings as the window uses them: one value, a signal when it changes, saved as it changes.

Owns the current `Settings` and the window's own remembered state; the files are the store's.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from PySide6.QtCore import QObject, Signal

from finr1_desk.core.errors import UserError
from finr1_desk.core.settings import Settings, checked
from finr1_desk.store.paths import DataPaths
from finr1_desk.store.settings_file import load_settings, load_window_state, save_settings, save_window_state


class SettingsController(QObject):
    changed = Signal(object)  # Settings
    failed = Signal(object)  # UserError

    def __init__(self, paths: DataPaths, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._paths = paths
        self.value = Settings()

    def load(self) -> None:
        """Reads the file; a damaged one is reported and the defaults are used."""
        loaded = load_settings(self._paths)
        self.value = loaded.settings
        if loaded.problem is not None:
            self.failed.emit(loaded.problem)

    def set(self, **values: Any) -> None:
        """Changes settings and saves them; a value that may not be set is reported and nothing changes."""
        try:
            new = replace(self.value, **{name: checked(name, value) for name, value in values.items()})
            if new == self.value:
                return
            save_settings(self._paths, new)
        except UserError as error:
            self.failed.emit(error)
            return
        self.value = new
        self.changed.emit(new)

    def window_state(self) -> dict[str, Any]:
        return load_window_state(self._paths)

    def save_window_state(self, state: dict[str, Any]) -> None:
        try:
            save_window_state(self._paths, state)
        except UserError as error:
            self.failed.emit(error)
