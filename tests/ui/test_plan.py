"""The plan in the window: shown before loading, set for one model, and said where memory did not suffice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from PySide6.QtWidgets import QComboBox, QDialog, QLabel, QMenu, QPushButton, QSpinBox

from finr1_desk.core.conversation import FinishReason
from finr1_desk.core.errors import ErrorCode
from finr1_desk.core.events import Finished, ModelLoaded, Planned
from finr1_desk.core.plan import DeviceShare, GivenUp, LoadPlan
from finr1_desk.store.settings_file import load_model_settings
from finr1_desk.ui.words.plan import given_up_line, plan_line, plan_lines
from tests.ui.played import PlayedEngine, Running

GIB = 2**30
GPU = DeviceShare("CUDA0", "NVIDIA RTX 4070", True, 11 * GIB, 12 * GIB, 28, int(4.4 * GIB), int(0.9 * GIB), GIB // 3)
PROCESSOR = DeviceShare("CPU", "CPU", False, 14 * GIB, 32 * GIB, 28, int(4.4 * GIB), int(0.9 * GIB), GIB // 50)
PLAN = LoadPlan(28, 0, 16384, 32768, "f16", True, 128, 128, 7, 8, (PROCESSOR,))


def test_a_plan_in_words() -> None:
    on_gpu = replace(PLAN, gpu_layers=28, devices=(GPU, replace(PROCESSOR, layers=0)))
    assert plan_line(on_gpu) == "28 of 28 layers on NVIDIA RTX 4070, 12 GB: weights 4.4, KV 0.9, compute 0.3 GiB"
    assert plan_line(PLAN) == "All layers on the processor: weights 4.4, KV 0.9, compute 0.02 GiB; 14.0 GiB free"
    shared = replace(PLAN, gpu_layers=10, devices=(replace(GPU, layers=10), replace(PROCESSOR, layers=18)))
    assert len(plan_lines(shared)) == 3
    assert plan_lines(shared)[1].startswith("18 of 28 layers on the processor")
    assert "Context 16,384 tokens, KV cache f16, flash attention on" in plan_lines(PLAN)[-1]


def test_what_was_given_up_in_words() -> None:
    assert given_up_line(PLAN) == ""
    lacking = (
        GivenUp("kv_type", "f16", "q8_0"),
        GivenUp("gpu_layers", "28", "12"),
        GivenUp("context_length", "16384", "8192"),
        GivenUp("flash_attention", "off", "on"),
    )
    line = given_up_line(replace(PLAN, given_up=lacking))
    for words in ("q8_0 instead of f16", "12 instead of 28 layers", "8,192 instead of 16,384", "on instead of off"):
        assert words in line


def opened(running: Running) -> QDialog:
    running.binding._model_menu.show_plan()
    dialog = running.window.findChild(QDialog, "planDialog")
    assert dialog is not None
    return dialog


def text(dialog: QDialog) -> str:
    label = dialog.findChild(QLabel, "planText")
    assert label is not None
    return label.text()


def answer(running: Running, plan: LoadPlan) -> None:
    running.engine.emit(Planned(f"p{len(running.engine.planned)}", plan))


def editor(dialog: QDialog, name: str) -> Any:
    found = dialog.findChild(QSpinBox, f"setting_{name}") or dialog.findChild(QComboBox, f"setting_{name}")
    assert found is not None
    return found


def test_the_plan_is_shown_before_loading_and_in_the_menu(start: Callable[..., Running]) -> None:
    running = start()
    dialog = opened(running)
    assert running.built.models.loaded is None
    assert len(running.engine.planned) == 1
    answer(running, PLAN)
    assert text(dialog).startswith("All layers on the processor: weights 4.4")
    menu = QMenu(running.window)
    running.binding._model_menu.fill(menu)
    assert plan_line(PLAN) in [action.text() for action in menu.actions()]
    running.engine.emit(Planned("p0", replace(PLAN, kv_type="q8_0")))  # an answer to nothing that was asked last
    assert running.built.models.plan == PLAN
    dialog.close()


def test_what_is_set_is_remembered_for_this_model_and_planned_anew(start: Callable[..., Running]) -> None:
    running = start()
    models = running.built.models
    dialog = opened(running)
    editor(dialog, "context_length").setValue(4096)
    kv_type = editor(dialog, "kv_type")
    kv_type.setCurrentIndex(kv_type.findData("q8_0"))
    kv_type.activated.emit(kv_type.currentIndex())
    assert models.choice is not None
    assert load_model_settings(running.built.paths, models.choice.path) == {"context_length": 4096, "kv_type": "q8_0"}
    asked = running.engine.planned[-1]
    assert (asked.context_length, asked.kv_type) == (4096, "q8_0")
    assert models.request() == asked
    assert running.built.settings.value.context_length == 16384  # the settings are those of all models
    restore = next(button for button in dialog.findChildren(QPushButton) if button.text() == "As in the settings")
    restore.click()
    assert load_model_settings(running.built.paths, models.choice.path) == {}
    assert editor(dialog, "context_length").value() == 16384
    dialog.close()


def test_a_model_that_cannot_be_planned_gives_a_sentence(start: Callable[..., Running]) -> None:
    running = start()
    dialog = opened(running)
    params = {"path": "/m.gguf", "needed_bytes": 8 * GIB, "available_bytes": GIB}
    running.engine.emit(Finished("p1", FinishReason.ERROR, code=ErrorCode.MODEL_TOO_LARGE, params=params))
    assert "8.59 GB" in text(dialog)
    dialog.close()


def test_what_was_given_up_while_loading_is_said_once(start: Callable[..., Running]) -> None:
    running = start()
    request = running.built.models.request()
    assert request is not None
    lesser = replace(PLAN, kv_type="q8_0", given_up=(GivenUp("kv_type", "f16", "q8_0"),))
    loaded = ModelLoaded(replace(PlayedEngine.model(request), plan=lesser))
    running.engine.emit(loaded)
    notice = running.window.notice
    assert notice.isVisible()
    assert any("q8_0 instead of f16" in label.text() for label in notice.findChildren(QLabel))
    notice.hide()
    running.engine.emit(loaded)
    assert not notice.isVisible()
