"""A whole application without its window, over a temporary folder and real small models."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from finr1_desk.app.bootstrap import Application, build
from finr1_desk.app.store_access import Opening
from tests.helpers.tiny_models import QWEN2, endless, speaking, write_model

WAIT_MS = 60_000  # the machines are shared; what takes long is a defect of another kind
THOUGHT = "<think>\nCosts rose by 15%, sales did not.\n</think>\n<answer>\nMargins fell. \\boxed{-15\\%}\n</answer>"


@pytest.fixture(autouse=True)
def _one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of llama.cpp's: two in lockstep are slow where others compute beside them."""
    monkeypatch.setenv("OMP_THREAD_LIMIT", "1")


@pytest.fixture(scope="session")
def speaking_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that thinks, answers and ends."""
    return write_model(tmp_path_factory.mktemp("models") / "speaking.gguf", speaking(THOUGHT))


@pytest.fixture(scope="session")
def endless_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that opens its thinking and never stops, large enough to write for many seconds before its limit."""
    shape = replace(QWEN2, layers=12, embedding=512, feed_forward=2048, context=8192)
    model = endless(model=shape, opening=("<think>\n",), words=1500)  # more than could be said three times
    return write_model(tmp_path_factory.mktemp("models") / "endless.gguf", model)


@pytest.fixture(scope="session")
def quick_endless_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One that never stops either, for what takes thousands of characters; it reaches its limit within seconds."""
    return write_model(tmp_path_factory.mktemp("models") / "quick.gguf", endless(opening=("<think>\n",), words=1500))


@pytest.fixture
def start(tmp_path: Path, qtbot: QtBot) -> Iterator[Callable[..., Application]]:
    """Builds and opens an application; all of them are left at the end of the test."""
    running: list[Application] = []

    def make(model: Path | None, *, data_dir: Path | None = None, wait: bool = True) -> Application:
        application = build(data_dir or tmp_path / "data", model)
        running.append(application)
        application.open()
        if wait:
            qtbot.waitUntil(lambda: not isinstance(application.store.status, Opening), timeout=WAIT_MS)
            qtbot.waitUntil(lambda: application.models.choice is not None, timeout=WAIT_MS)
        return application

    yield make
    for application in running:
        application.quit()
