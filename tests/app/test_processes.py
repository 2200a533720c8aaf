"""Several processes over one data folder: what one writes another sees, and none takes text with it when it dies."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from finr1_desk.app.bootstrap import Application
from finr1_desk.core.conversation import MessageState
from finr1_desk.store.database import Store
from finr1_desk.store.keys import obtain_key
from finr1_desk.store.paths import resolve_data_dir
from finr1_desk.store.writers import this_writer
from tests.app.conftest import WAIT_MS

Start = Callable[..., Application]

WRITE = """
import sys
from pathlib import Path
from finr1_desk.store.database import Store
from finr1_desk.store.keys import obtain_key
from finr1_desk.store.paths import resolve_data_dir
from finr1_desk.store.writers import this_writer
paths = resolve_data_dir(Path(sys.argv[1]))
store = Store.open(paths.database, obtain_key(paths).key, writer=this_writer())
conversation = store.create_conversation(None)
store.add_question(conversation.id, None, sys.argv[2])
store.close()
"""


def test_a_killed_window_loses_at_most_the_last_second(
    start: Start, qtbot: QtBot, endless_model: Path, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    command = [sys.executable, "-m", "tests.app.window_process", str(data), str(endless_model), "如何隐瞒利益冲突？"]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    try:
        conversation_id = child.stdout.readline().strip()
        counts = [int(child.stdout.readline()) for _ in range(3)]
    finally:
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
        child.stdout.close()
    application = start(endless_model, data_dir=data)
    with qtbot.waitSignal(application.conversations.opened, timeout=WAIT_MS):
        application.conversations.open(conversation_id)
    question, answer = application.conversations.shown()
    assert question.answer == "如何隐瞒利益冲突？"
    assert answer.state is MessageState.INTERRUPTED
    assert len(answer.raw) >= counts[-2], "text that had been shown for a second was lost"
    with qtbot.waitSignal(application.conversations.found, timeout=WAIT_MS) as found:
        application.conversations.search("利益冲突")
    assert [hit.conversation_id for hit in found.args[1]] == [conversation_id]


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_windows_killed_at_random_moments_lose_at_most_the_last_second(endless_model: Path, tmp_path: Path) -> None:
    choose, paths, acknowledged, lost = random.Random(3), resolve_data_dir(tmp_path / "data"), 0, 0
    for number in range(20):
        command = [sys.executable, "-m", "tests.app.window_process", str(paths.root), str(endless_model), f"{number}?"]
        child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert child.stdout is not None
        try:
            conversation_id = child.stdout.readline().strip()
            counts = [int(child.stdout.readline()) for _ in range(choose.choice((1, 2, 3)))]
            threading.Event().wait(choose.uniform(0.0, 1.0))
        finally:
            os.kill(child.pid, signal.SIGKILL)
            child.wait()
            child.stdout.close()
        store = Store.open(paths.database, obtain_key(paths).key, writer=this_writer())
        try:
            store.recover()
            answer = store.messages(conversation_id)[-1]
        finally:
            store.close()
        assert answer.state is MessageState.INTERRUPTED
        if len(counts) > 1:
            acknowledged += counts[-2]
            lost += max(0, counts[-2] - len(answer.raw))
    print(f"20 kills of the window, {lost} of {acknowledged} acknowledged characters lost")
    assert lost == 0


def _something(listed: list[object], _folders: list[object]) -> bool:
    return bool(listed)


def test_what_another_process_writes_is_seen(start: Start, qtbot: QtBot, endless_model: Path, tmp_path: Path) -> None:
    application = start(endless_model)
    # The first list, of its own start, may still be on its way.
    with qtbot.waitSignal(application.conversations.listed, timeout=WAIT_MS, check_params_cb=_something) as listed:
        subprocess.run([sys.executable, "-c", WRITE, str(tmp_path / "data"), "from the terminal"], check=True)
    assert [conversation.title for conversation in listed.args[0]] == ["from the terminal"]
