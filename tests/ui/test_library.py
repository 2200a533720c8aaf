"""The model library in a window: what is on this computer, the one button, a download, and what is said of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton, QTreeWidget

from finr1_desk.app.model_work import Counsel
from finr1_desk.library.advice import Advice, BandwidthSource, MachineFacts, Offer, advise
from finr1_desk.library.catalogue import load_catalogue
from finr1_desk.store.paths import resolve_data_dir
from finr1_desk.ui.model_library.dialog import LibraryDialog
from tests.helpers.hub_server import HubServer, running
from tests.library.downloading import REPOSITORY
from tests.library.test_discovery import write
from tests.ui.played import Running

FILE = "SUFE-AIFLM-Lab_Fin-R1-Q8_0.gguf"


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[HubServer]:
    model = write(tmp_path / "published.gguf", width=50_000)
    with running(HubServer({REPOSITORY: {FILE: model.read_bytes()}})) as server:
        monkeypatch.setenv("HF_ENDPOINT", server.endpoint)
        monkeypatch.setenv("HF_HUB_OFFLINE", "0")
        yield server


def opened(running: Running) -> LibraryDialog:
    running.window.actions_["library"].trigger()
    dialog = running.window.findChild(LibraryDialog)
    assert isinstance(dialog, LibraryDialog)
    return dialog


def rows(dialog: LibraryDialog, name: str) -> list[list[str]]:
    tree = dialog.findChild(QTreeWidget, name)
    assert isinstance(tree, QTreeWidget)
    items = [tree.topLevelItem(number) for number in range(tree.topLevelItemCount())]
    return [[item.text(column) for column in range(5)] for item in items if item is not None]


def button(dialog: LibraryDialog, name: str) -> QPushButton:
    found = dialog.findChild(QPushButton, name)
    assert isinstance(found, QPushButton)
    return found


def counsel(memory: int) -> Counsel:
    machine = MachineFacts(memory, 300e9, BandwidthSource.MEASURED)
    advice: Advice = advise([Offer(e.quantisation, e.bytes) for e in load_catalogue().offers()], machine)
    return Counsel(advice, machine)


def test_what_is_on_this_computer_is_shown_and_taken(start: Callable[..., Running], data_dir: Path) -> None:
    models = resolve_data_dir(data_dir).models
    path = write(models / "Fin-R1-Q4_K_M.gguf")
    write(models / "Other.gguf", "Other", layers=2)
    running = start()
    dialog = opened(running)
    running.until(lambda: len(rows(dialog, "modelList")) == 3)
    assert [row[4] for row in rows(dialog, "modelList")] == ["very likely", "", ""]
    tree = dialog.findChild(QTreeWidget, "modelList")
    assert tree is not None
    item = tree.topLevelItem(1)
    assert item is not None
    tree.setCurrentItem(item)
    QTest.mouseClick(button(dialog, "useModel"), Qt.MouseButton.LeftButton)
    choice = running.built.models
    running.until(lambda: choice.choice is not None and choice.choice.path == models / "Other.gguf")
    assert path.exists()
    dialog.reject()


def test_the_one_button_fetches_what_suits(start: Callable[..., Running], hub: HubServer) -> None:
    running = start()
    dialog = opened(running)
    running.built.jobs.advised.emit(counsel(64 * 2**30))
    get = button(dialog, "getFinR1")
    assert "Q8_0" in get.text()
    assert hub.seen == []
    get.click()
    assert button(dialog, "jobStop").isVisibleTo(dialog)
    assert not get.isEnabled()
    dialog.reject()  # it goes on without the dialog
    notice = running.window.notice
    running.until(lambda: FILE in notice.text())
    assert (running.built.paths.models / FILE).exists()
    notice._on_action()
    choice = running.built.models
    running.until(lambda: choice.choice is not None and choice.choice.path.name == FILE)


def test_a_machine_that_is_too_small_is_told(start: Callable[..., Running]) -> None:
    running = start()
    dialog = opened(running)
    running.built.jobs.advised.emit(counsel(2 * 2**30))
    assert not button(dialog, "getFinR1").isEnabled()
    assert {row[2] for row in rows(dialog, "offerList")} == {"does not fit"}
    dialog.reject()


def test_what_was_interrupted_is_offered_at_the_next_start(
    start: Callable[..., Running], hub: HubServer, data_dir: Path
) -> None:
    hub.pause_s = 0.05
    first = start()
    dialog = opened(first)
    first.built.jobs.advised.emit(counsel(64 * 2**30))
    button(dialog, "getFinR1").click()
    parts = resolve_data_dir(data_dir).models
    first.until(lambda: any(path.stat().st_size > 0 for path in parts.rglob("*.part")))
    dialog.reject()
    first.close()
    hub.pause_s = 0
    second = start()
    second.until(lambda: "interrupted" in second.window.notice.text())
    second.window.notice._on_action()
    second.until(lambda: (parts / FILE).exists())
    found = second.window.findChild(LibraryDialog)
    assert found is not None
    found.reject()
