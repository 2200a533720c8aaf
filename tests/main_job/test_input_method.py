"""Chinese typed with a real input method into the real window: what is composed is shown, and Enter never sends it."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from finr1_desk.store.database import Store
from finr1_desk.store.keys import obtain_key
from finr1_desk.store.paths import resolve_data_dir
from finr1_desk.store.writers import this_writer
from tests.main_job import input_method
from tests.main_job.desktop import Desktop, wait_for
from tests.main_job.input_method import InputMethod

pytestmark = [
    pytest.mark.slow,  # ibus comes to know of a window's focus when it likes, on a busy machine after minutes
    pytest.mark.x11,
    pytest.mark.skipif(shutil.which("xdotool") is None, reason="xdotool types into the window"),
    pytest.mark.skipif(not input_method.is_available(), reason="ibus with libpinyin is not installed"),
]


@pytest.fixture
def method(tmp_path: Path, x11_environment: Mapping[str, str]) -> Iterator[InputMethod]:
    with input_method.running(tmp_path / "ibus", x11_environment) as running:
        yield running


@pytest.fixture
def desktop(tmp_path: Path, method: InputMethod) -> Iterator[Desktop]:
    desktop = Desktop(tmp_path / "data", method.environment)
    yield desktop
    desktop.close()


def draft(desktop: Desktop) -> str:
    """What stands in the composer; a composition is no part of it."""
    paths = resolve_data_dir(desktop.data)
    store = Store.open(paths.database, obtain_key(paths).key, writer=this_writer())
    try:
        return "".join(draft.text for draft in store.drafts.all().values())
    finally:
        store.close()


def take_keys(desktop: Desktop, method: InputMethod) -> None:
    """Waits until the input method has the window's keys: on a busy machine it comes to know of the focus late."""

    def takes() -> bool:
        method.switch_on()
        desktop.type("a")
        end = time.monotonic() + 3.0
        while time.monotonic() < end:
            if method.candidates() is not None:
                desktop.press("Escape")
                return True
            time.sleep(0.1)
        desktop.press("ctrl+a")
        desktop.press("BackSpace")
        return False

    wait_for(takes, "the input method taking keys")
    wait_for(lambda: method.candidates() is None, "the end of the composition")


def type_syllables(desktop: Desktop, method: InputMethod, letters: str) -> tuple[int, int, int, int]:
    """Gives where the candidates were shown."""
    desktop.type(letters)
    return wait_for(method.candidates, "the window of candidates")


def test_pinyin_is_composed_and_enter_within_it_sends_nothing(desktop: Desktop, method: InputMethod) -> None:
    desktop.open()
    take_keys(desktop, method)
    x, y, _, height = type_syllables(desktop, method, "jingli")
    left, top, wide, high = desktop.geometry()
    assert draft(desktop) == "", "nothing is chosen yet"
    assert left < x < left + wide
    assert top + 0.8 * high < y + height, "the candidates stand at the composer: above it or below"
    assert y < top + high
    desktop.press("space")  # the first one
    word = wait_for(lambda: draft(desktop), "the word in the composer")
    assert len(word) == 2
    assert all("\u4e00" <= sign <= "\u9fff" for sign in word)

    again, *_ = type_syllables(desktop, method, "run")
    assert again > x, "they follow the caret"
    desktop.press("Return")
    wait_for(lambda: draft(desktop) == f"{word}run", "the letters as they are")
    type_syllables(desktop, method, "li")
    desktop.press("Escape")
    wait_for(lambda: method.candidates() is None, "the end of the composition")
    assert draft(desktop) == f"{word}run"
    assert desktop.run("conversations", "list", "--json") == []

    desktop.press("Return")
    assert wait_for(desktop.messages, "the question")[0]["answer"] == f"{word}run"
