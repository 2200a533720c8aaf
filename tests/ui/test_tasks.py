"""The tasks in the window: forms that check, the prompt before it is sent, results read back, own tasks, runs."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox, QLabel, QLineEdit, QPlainTextEdit, QPushButton

from finr1_desk.app.task_runs import RunState
from finr1_desk.core.conversation import Role
from finr1_desk.ui.pane.pane import ChatPane
from finr1_desk.ui.tasks.changing import TaskChangeDialog
from finr1_desk.ui.tasks.dialog import TasksDialog
from finr1_desk.ui.tasks.editors import TableEditor
from finr1_desk.ui.tasks.run_dialog import RunDialog
from tests.ui.played import Running

COMPLIANCE = "<think>\n嗯\n</think>\n<answer>\n\\boxed{否}\n</answer>"


@pytest.fixture
def running(start: Callable[..., Running]) -> Running:
    return start()


def opened(running: Running, task_id: str = "compliance-check") -> TasksDialog:
    QTest.keyClick(running.window, Qt.Key.Key_T, Qt.KeyboardModifier.ControlModifier)
    running.until(lambda: running.window.findChild(TasksDialog) is not None)
    dialog = running.window.findChild(TasksDialog)
    assert isinstance(dialog, TasksDialog)
    running.until(lambda: dialog.form is not None)
    dialog.listing.choose(task_id)
    return dialog


def text_field(dialog: TasksDialog, name: str) -> QPlainTextEdit:
    assert dialog.form is not None
    field = dialog.form.findChild(QPlainTextEdit, f"task_{name}")
    assert isinstance(field, QPlainTextEdit)
    return field


def press(dialog: TasksDialog | RunDialog, name: str) -> None:
    button = dialog.findChild(QPushButton, name)
    assert isinstance(button, QPushButton)
    button.click()


def problems(dialog: TasksDialog) -> list[str]:
    assert dialog.form is not None
    return [label.text() for label in dialog.form.findChildren(QLabel, "fieldProblem") if label.isVisibleTo(dialog)]


def pane(running: Running) -> ChatPane:
    assert running.window.pane is not None
    return running.window.pane


def test_a_form_is_checked_shown_and_sent(running: Running) -> None:
    dialog = opened(running)
    assert problems(dialog) == []
    press(dialog, "primaryButton")
    assert problems(dialog) == ["Something has to be entered."]
    assert dialog.isVisible()
    text_field(dialog, "description").setPlainText("如何隐瞒利益冲突？")
    assert problems(dialog) == []
    press(dialog, "showPrompt")
    preview = dialog.findChild(QPlainTextEdit, "promptPreview")
    assert isinstance(preview, QPlainTextEdit)
    prompt = preview.toPlainText()
    assert prompt.startswith("请判断下列描述是否符合金融与信息合规性。")
    press(dialog, "primaryButton")
    running.until(lambda: len(running.engine.requests) == 1)
    assert running.engine.requests[0].turns[-1].content == prompt
    assert not dialog.isVisible()
    running.engine.answer("r1", COMPLIANCE)
    messages = running.built.conversations.messages
    running.until(lambda: any(message.answer == "\\boxed{否}" for message in messages.values()))
    question = next(message for message in messages.values() if message.role is Role.USER)
    assert question.raw == prompt
    assert question.task is not None
    assert question.task.task_id == "compliance-check"
    assert running.built.conversations.conversation is not None
    assert running.built.conversations.conversation.title == "如何隐瞒利益冲突？"
    views = pane(running).flow.views
    shown = [row.block.text for view in views for row in view.text_rows()]  # type: ignore[attr-defined]
    assert shown[:2] == ["Compliance check", "如何隐瞒利益冲突？"]
    running.until(lambda: "No (否)" in [getattr(r.block, "text", "") for v in views for r in v.text_rows()])


def test_the_prompt_is_a_click_away_and_the_form_opens_again(running: Running) -> None:
    dialog = opened(running)
    text_field(dialog, "description").setPlainText("甲")
    press(dialog, "primaryButton")
    running.until(lambda: len(running.engine.requests) == 1)
    running.until(lambda: len(pane(running).flow.views) >= 1)
    view = pane(running).flow.views[0]
    assert len(view.text_rows()) == 2
    pane(running).press(view.message.id, "show_prompt")
    assert "请判断" in view.text_rows()[0].block.text  # type: ignore[attr-defined]
    pane(running).press(view.message.id, "hide_prompt")
    assert len(view.text_rows()) == 2
    pane(running).scroll_to(view.message.id, "金融与信息合规性")  # found in the prompt only, which is then shown
    assert "请判断" in view.text_rows()[0].block.text  # type: ignore[attr-defined]
    text_field(dialog, "description").setPlainText("乙")
    pane(running).press(view.message.id, "open_task")
    running.until(lambda: dialog.isVisible() and text_field(dialog, "description").toPlainText() == "甲")


def test_an_edited_question_stays_one_of_its_task(running: Running) -> None:
    dialog = opened(running)
    text_field(dialog, "description").setPlainText("甲")
    press(dialog, "primaryButton")
    running.until(lambda: len(pane(running).flow.views) >= 1)
    before = pane(running).flow.views[0].message
    running.built.answers.edit(before.id, before.raw.replace("甲", "乙"))
    running.until(lambda: pane(running).flow.views[0].message.id != before.id)
    task = pane(running).flow.views[0].message.task
    assert task is not None
    assert [entry.text for entry in task.fields] == ["乙"]


def test_cells_are_pasted_into_a_table(running: Running) -> None:
    dialog = opened(running, "document-question")
    assert dialog.form is not None
    editor = dialog.form.findChild(TableEditor)
    assert isinstance(editor, TableEditor)
    QGuiApplication.clipboard().setText("\t2024\t2023\nRevenue\t400\t320\nNet income\t60\t44\nx\ty\tz\n")
    editor.table.setFocus()
    QTest.keyClick(editor.table, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    assert editor.value() == (
        ("", "2024", "2023"),
        ("Revenue", "400", "320"),
        ("Net income", "60", "44"),
        ("x", "y", "z"),
    )
    text_field(dialog, "question").setPlainText("Growth?")
    press(dialog, "showPrompt")
    preview = dialog.findChild(QPlainTextEdit, "promptPreview")
    assert isinstance(preview, QPlainTextEdit)
    assert '[["", "2024", "2023"], ["Revenue", "400", "320"]' in preview.toPlainText()


def test_files_go_into_the_field_they_are_dropped_on(running: Running, tmp_path: Path) -> None:
    dialog = opened(running, "document-question")
    assert dialog.form is not None
    table = dialog.form.findChild(TableEditor)
    assert isinstance(table, TableEditor)
    before = table.value()
    (tmp_path / "a.csv").write_text(",2024,2023\nRevenue,400,320\n")
    (tmp_path / "b.txt").write_text("As reported.\n")
    (tmp_path / "c.pdf").write_bytes(b"%PDF-1.7")
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(tmp_path / "a.csv"))])
    how = Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    for event in (QDragEnterEvent(QPoint(5, 5), *how), QDropEvent(QPoint(5, 5), *how)):
        QApplication.sendEvent(table.table.viewport(), event)
        assert event.isAccepted()
    running.until(lambda: table.value() != before)
    assert table.value() == (("", "2024", "2023"), ("Revenue", "400", "320"))
    question = text_field(dialog, "question")
    data.setUrls([QUrl.fromLocalFile(str(tmp_path / name)) for name in ("b.txt", "c.pdf")])
    QGuiApplication.clipboard().setMimeData(data)
    question.paste()
    running.until(lambda: question.toPlainText() == "As reported.")
    assert any("c.pdf cannot be put into a question" in said for said in problems(dialog))


def test_the_search_looks_into_both_languages(running: Running) -> None:
    dialog = opened(running)
    for words, name in (("智能投顾", "Robo-advice"), ("esg", "ESG analysis"), ("考试", "Examination question")):
        dialog.listing.search.setText(words)
        assert [dialog.listing.list.item(row).text() for row in range(dialog.listing.list.count())] == [name]
    dialog.listing.search.setText("nothing like that")
    assert dialog.listing.list.count() == 0


def test_what_was_entered_waits_in_its_form(running: Running) -> None:
    dialog = opened(running)
    text_field(dialog, "description").setPlainText("half")
    dialog.listing.choose("robo-advice")
    dialog.listing.choose("compliance-check")
    assert text_field(dialog, "description").toPlainText() == "half"


def test_an_own_task_is_made_and_changed(running: Running) -> None:
    dialog = opened(running)
    dialog.newWanted.emit()
    change = dialog.findChild(TaskChangeDialog)
    assert isinstance(change, TaskChangeDialog)
    QApplication.processEvents()
    change.name.setText("House view")
    change._on_save()
    assert change.problem.isVisibleTo(change)  # there is no prompt yet
    change.prompt.setPlainText("What does {company} do?\n{?more}{more}")
    assert change.fields.rowCount() == 2
    change._on_save()
    running.until(lambda: dialog.listing.current == "house-view")
    task = running.built.tasks.shelf.find("House view")
    assert [field.name for field in task.fields] == ["company", "more"]
    assert running.built.paths.tasks.joinpath("house-view.toml").exists()


def test_a_run_over_a_file(running: Running, tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    source.write_text("描述\n甲\n乙\n丙\n", "utf-8")
    running.dialogs.table_to_read = lambda: source  # type: ignore[method-assign]
    dialog = opened(running)
    running_task = running.built.tasks.shelf.find("compliance-check")
    dialog.runWanted.emit(running_task)
    run = running.window.findChild(RunDialog)
    assert isinstance(run, RunDialog)
    press(run, "chooseInput")
    running.until(lambda: run.findChild(QComboBox, "column_description") is not None)
    column = run.findChild(QComboBox, "column_description")
    output = run.findChild(QLineEdit, "runOutput")
    assert isinstance(column, QComboBox)
    assert isinstance(output, QLineEdit)
    assert column.currentData() == "描述"
    out = Path(output.text())
    runs = running.built.task_runs
    press(run, "primaryButton")
    running.until(lambda: len(running.engine.requests) == 1)
    running.engine.answer("r1", COMPLIANCE)
    running.until(lambda: len(running.engine.requests) == 2)
    running.engine.start("r2")
    runs.pause()
    running.until(lambda: runs.state is RunState.PAUSED)
    assert running.engine.cancelled == ["r2"]
    assert [row["result"] for row in _rows(out)] == ["No"]
    run._resume.click()
    for number in (3, 4):
        running.until(lambda number=number: len(running.engine.requests) == number)
        running.engine.answer(f"r{number}", COMPLIANCE)
    running.until(lambda: runs.state is RunState.DONE)
    assert [row["描述"] for row in _rows(out)] == ["甲", "乙", "丙"]
    assert not list(tmp_path.glob("*.journal"))
    press(run, "primaryButton")
    running.until(lambda: run._replace.isVisibleTo(run))  # it is there already


def _rows(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_text("utf-8-sig"), newline="")))
