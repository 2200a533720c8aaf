"""The questions that need the system's own windows: which file, which folder, whether to follow a link.

Owns the asking, so that everything else can be tried without a person who answers.
"""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QCoreApplication, QLocale, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFileDialog, QInputDialog, QMessageBox, QWidget

from finr1_desk.core.keeping import folder_name

_translate = QCoreApplication.translate


class Dialogs:
    """Each method asks the user and returns the answer; None or an empty list where the user changed their mind."""

    def __init__(self, parent: QWidget) -> None:
        self._parent = parent

    def model_file(self, start: Path | None) -> Path | None:
        title = _translate("Dialogs", "Choose a model file")
        kinds = _translate("Dialogs", "GGUF models (*.gguf);;All files (*)")
        chosen, _ = QFileDialog.getOpenFileName(self._parent, title, str(start or Path.home()), kinds)
        return Path(chosen) if chosen else None

    def files_to_import(self) -> list[Path]:
        title = _translate("Dialogs", "Import conversations")
        kinds = _translate("Dialogs", "Exported conversations (*.md *.json *.jsonl *.zip *.chat);;All files (*)")
        chosen, _ = QFileDialog.getOpenFileNames(self._parent, title, str(Path.home()), kinds)
        return [Path(name) for name in chosen]

    def files_to_add(self) -> list[Path]:
        title = _translate("Dialogs", "Put files into the question")
        kinds = _translate("Dialogs", "Text and tables (*.txt *.md *.csv *.tsv *.xlsx *.json);;All files (*)")
        chosen, _ = QFileDialog.getOpenFileNames(self._parent, title, str(Path.home()), kinds)
        return [Path(name) for name in chosen]

    def file_to_save(self, title: str, name: str, kinds: str) -> Path | None:
        """A file that may be written, with a suffix of the chosen kind; `name` is what is offered."""
        chosen, kind = QFileDialog.getSaveFileName(self._parent, title, str(Path.home() / name), kinds)
        if not chosen:
            return None
        path = Path(chosen)
        return path if path.suffix else path.with_suffix(kind.rpartition("*")[2].rstrip(")"))

    def export_folder(self) -> Path | None:
        return self._folder(_translate("Dialogs", "Export into this folder"))

    def table_to_read(self) -> Path | None:
        title = _translate("Dialogs", "Choose a table of inputs")
        kinds = _translate("Dialogs", "Tables (*.csv *.tsv *.txt *.xlsx);;All files (*)")
        chosen, _ = QFileDialog.getOpenFileName(self._parent, title, str(Path.home()), kinds)
        return Path(chosen) if chosen else None

    def table_to_write(self, start: Path | None) -> Path | None:
        """Where a table goes. What is there already is asked about when it is written."""
        title = _translate("Dialogs", "Write the answers to")
        kinds = _translate("Dialogs", "Tables (*.csv *.xlsx)")
        options = QFileDialog.Option.DontConfirmOverwrite
        chosen, _ = QFileDialog.getSaveFileName(self._parent, title, str(start or Path.home()), kinds, "", options)
        return Path(chosen) if chosen else None

    def task_to_import(self) -> Path | None:
        title = _translate("Dialogs", "Import a task")
        kinds = _translate("Dialogs", "Tasks (*.toml);;All files (*)")
        chosen, _ = QFileDialog.getOpenFileName(self._parent, title, str(Path.home()), kinds)
        return Path(chosen) if chosen else None

    def task_to_export(self, name: str) -> Path | None:
        title = _translate("Dialogs", "Export a task")
        kinds = _translate("Dialogs", "Tasks (*.toml)")
        chosen, _ = QFileDialog.getSaveFileName(self._parent, title, str(Path.home() / name), kinds)
        return Path(chosen) if chosen else None

    def may_delete_task(self, name: str) -> bool:
        box = QMessageBox(self._parent)
        box.setWindowTitle(_translate("Dialogs", "Delete a task"))
        box.setText(_translate("Dialogs", "Delete the task “%1”?").replace("%1", name))
        box.setInformativeText(_translate("Dialogs", "Its file is kept in the folder “removed” beside the others."))
        box.setStandardButtons(QMessageBox.StandardButton.Yes | QMessageBox.StandardButton.Cancel)
        box.button(QMessageBox.StandardButton.Yes).setText(_translate("Dialogs", "Delete"))
        box.setDefaultButton(QMessageBox.StandardButton.Cancel)
        return box.exec() == QMessageBox.StandardButton.Yes

    def data_folder(self) -> Path | None:
        return self._folder(_translate("Dialogs", "Choose a data folder"))

    def folder_with_models(self) -> Path | None:
        return self._folder(_translate("Dialogs", "Choose a folder with models"))

    def checkpoint_folder(self) -> Path | None:
        return self._folder(_translate("Dialogs", "Choose the folder of a checkpoint (config.json, *.safetensors)"))

    def may_delete_file(self, path: Path) -> bool:
        box = QMessageBox(self._parent)
        box.setWindowTitle(_translate("Dialogs", "Remove a model"))
        box.setText(_translate("Dialogs", "Delete this file from the disk?"))
        box.setInformativeText(str(path))
        remove = box.addButton(_translate("Dialogs", "Delete"), QMessageBox.ButtonRole.DestructiveRole)
        box.setDefaultButton(box.addButton(QMessageBox.StandardButton.Cancel))
        box.exec()
        return box.clickedButton() is remove

    def may_open_link(self, address: str) -> bool:
        box = QMessageBox(self._parent)
        box.setWindowTitle(_translate("Dialogs", "Open a link"))
        box.setText(_translate("Dialogs", "Open this address in the browser?"))
        box.setInformativeText(address)
        box.setStandardButtons(QMessageBox.StandardButton.Open | QMessageBox.StandardButton.Cancel)
        box.setDefaultButton(QMessageBox.StandardButton.Cancel)
        return box.exec() == QMessageBox.StandardButton.Open

    def folder_name(self) -> str:
        """The name of a new folder; empty where the user changed their mind."""
        title = _translate("Dialogs", "New folder")
        name, accepted = QInputDialog.getText(self._parent, title, _translate("Dialogs", "Name of the folder:"))
        return folder_name(name) if accepted else ""

    def may_remove(self, count: int) -> bool:
        """Whether so many conversations may be removed for good."""
        box = QMessageBox(self._parent)
        box.setIcon(QMessageBox.Icon.Warning)
        box.setWindowTitle(_translate("Dialogs", "Delete for good"))
        box.setText(_translate("Dialogs", "Delete for good?"))
        words = _translate("Dialogs", "Conversations: {count}. What is deleted for good cannot be brought back.")
        box.setInformativeText(words.format(count=QLocale().toString(count)))
        remove = box.addButton(_translate("Dialogs", "Delete for good"), QMessageBox.ButtonRole.DestructiveRole)
        cancel = box.addButton(QMessageBox.StandardButton.Cancel)
        box.setDefaultButton(cancel)
        box.setEscapeButton(cancel)
        box.exec()
        return box.clickedButton() is remove

    def open_link(self, address: str) -> None:
        QDesktopServices.openUrl(QUrl(address))

    def open_folder(self, folder: Path) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))

    def _folder(self, title: str) -> Path | None:
        chosen = QFileDialog.getExistingDirectory(self._parent, title, str(Path.home()))
        return Path(chosen) if chosen else None
