"""The model's file is deleted, replaced, cut short or written over while it is in use."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from finr1_desk.core.conversation import FinishReason
from finr1_desk.core.errors import ErrorCode
from finr1_desk.core.events import TextProduced
from tests.engine.conftest import MakeClient, MakeModel, ask
from tests.engine.survival.test_survival import prove
from tests.helpers.tiny_models import endless, speaking

ANSWER = speaking("<think>\nx\n</think>\n<answer>\n42\n</answer>")

pytestmark = pytest.mark.skipif(os.name != "posix", reason="Windows lets nobody touch a file that is mapped")


@pytest.fixture
def path(make_model: MakeModel, tmp_path: Path) -> Path:
    """A model's file that may be spoilt."""
    return Path(shutil.copy(make_model(endless()), tmp_path / "model.gguf"))


def test_a_deleted_file_serves_the_answer_that_is_written_and_no_other(make_client: MakeClient, path: Path) -> None:
    client, seen = make_client()
    prove(client, seen, path)
    request = client.generate(ask(path))
    seen.wait_for(TextProduced, lambda event: event.request == request)
    path.unlink()
    seen.wait_for(TextProduced, lambda event: event.request == request and event.tokens > 200)
    client.cancel(request)
    assert seen.finished(request).reason is FinishReason.CANCELLED
    assert seen.finished(client.generate(ask(path))).code is ErrorCode.MODEL_NOT_FOUND


def test_a_replaced_file_is_loaded_for_the_next_question(
    make_client: MakeClient, make_model: MakeModel, path: Path, tmp_path: Path
) -> None:
    client, seen = make_client()
    prove(client, seen, path)
    request = client.generate(ask(path))
    seen.wait_for(TextProduced, lambda event: event.request == request)
    Path(shutil.copy(make_model(ANSWER), tmp_path / "new.gguf")).replace(path)
    client.cancel(request)
    assert seen.finished(request).reason is FinishReason.CANCELLED
    again = client.generate(ask(path))
    assert seen.finished(again).timing.load_s > 0
    assert "42" in seen.text(again)


def test_a_file_written_over_ends_the_answer_with_a_sentence(
    make_client: MakeClient, make_model: MakeModel, path: Path
) -> None:
    """Its pages are the weights: what is written from then on is nobody's answer."""
    client, seen = make_client()
    prove(client, seen, path)
    request = client.generate(ask(path))
    seen.wait_for(TextProduced, lambda event: event.request == request)
    with path.open("r+b") as file:
        file.seek(-1, os.SEEK_END)
        file.write(b"\x01")
    finished = seen.finished(request)
    assert (finished.code, finished.params) == (ErrorCode.MODEL_CHANGED, {"path": str(path)})
    assert finished.usage.completion_tokens > 0
    assert seen.text(request)
    again = client.generate(ask(path, overrides={"max_tokens": 3}))
    assert seen.finished(again).timing.load_s > 0


def test_a_file_cut_short_ends_the_answer_and_then_is_incomplete(make_client: MakeClient, path: Path) -> None:
    client, seen = make_client()
    prove(client, seen, path)
    request = client.generate(ask(path))
    seen.wait_for(TextProduced, lambda event: event.request == request)
    os.truncate(path, path.stat().st_size // 3)
    assert seen.finished(request).code in (ErrorCode.ENGINE_DIED, ErrorCode.MODEL_CHANGED)  # by SIGBUS, or before it
    assert seen.finished(client.generate(ask(path))).code is ErrorCode.MODEL_TRUNCATED
