"""Both stages from a checkpoint through trl, on a very small one of the same architecture. Needs trl and accelerate."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("trl")

from builtin_model import base, tokeniser, train  # noqa: E402
from builtin_model.conversation import OFFICIAL_SYSTEM, START, turn  # noqa: E402
from builtin_model.export import export  # noqa: E402
from builtin_model.model import Qwen2, Shape  # noqa: E402
from builtin_model.own_data import WorkedExample  # noqa: E402

pytestmark = pytest.mark.filterwarnings("default")
SMALL = Shape(vocabulary=512, hidden=32, layers=2, heads=2, kv_heads=1, feed_forward=48, positions=1024)
EXAMPLE = WorkedExample("What is the gross margin?", "70 of 100.", "\\boxed{70\\%}")


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("checkpoint")
    torch.manual_seed(1)
    export(Qwen2(SMALL), tokeniser.train(SMALL.vocabulary, seed=1, exercises=60), "card", folder, 0.1)
    return folder


def test_prompts_follow_the_chat_template_and_completions_keep_their_thinking(checkpoint: Path) -> None:
    row = base.rows(base.AutoTokenizer.from_pretrained(checkpoint), [EXAMPLE])[0]
    assert row["prompt"] == f"{turn('system', OFFICIAL_SYSTEM)}{turn('user', EXAMPLE.question)}{START}assistant\n"
    assert row["completion"] == f"{EXAMPLE.completion}<|im_end|>"


def test_the_rewards_are_those_of_the_recipe() -> None:
    outputs = [EXAMPLE.completion, "<think>\na\n</think>\n<answer>\n\\boxed{7\\%}\n</answer>", "70%"]
    assert base.format_reward(outputs) == [1.0, 1.0, 0.0]
    accuracy = base.accuracy_reward(None)
    expected = [EXAMPLE.answer] * 3
    assert accuracy(completions=outputs, question=[EXAMPLE.question] * 3, expected=expected) == [1.0, 0.0, 0.0]


def test_a_run_leaves_a_checkpoint_that_has_moved(
    checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "own.jsonl"
    line = {"question": EXAMPLE.question, "reasoning": EXAMPLE.reasoning, "answer": EXAMPLE.answer}
    own.write_text("\n".join([json.dumps(line)] * 4), encoding="utf-8")
    command = ["train", tmp_path / "run", "--base", checkpoint, "--jsonl", own, "--steps", "2", "--updates", "1"]
    options = [*command, "--batch", "2", "--longest", "16"]
    monkeypatch.setattr(sys, "argv", [str(part) for part in options])
    monkeypatch.setattr("tqdm.tqdm.monitor_interval", 0)  # its thread would outlive the test
    train.main()
    before = base.AutoModelForCausalLM.from_pretrained(checkpoint).state_dict()
    after = base.AutoModelForCausalLM.from_pretrained(tmp_path / "run" / "checkpoint").state_dict()
    assert before.keys() == after.keys()
    assert any(not torch.equal(before[name].float(), after[name].float()) for name in before)
    assert (tmp_path / "run" / "checkpoint" / "tokenizer.json").exists()


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--base", "x"], "--base and --jsonl go together"),
        (["--verifier", "http://localhost/v1"], "--verifier and --verifier-model go together"),
    ],
)
def test_options_that_belong_together_are_asked_for(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    options: list[str],
    sentence: str,
) -> None:
    monkeypatch.setattr(sys, "argv", ["train", str(tmp_path), *options])
    with pytest.raises(SystemExit):
        train.main()
    assert sentence in capsys.readouterr().err


def test_bad_examples_end_the_run_with_their_sentences(
    tmp_path: Path, checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "own.jsonl").write_text('{"question": "a"}', encoding="utf-8")
    options = ["train", tmp_path / "run", "--base", checkpoint, "--jsonl", tmp_path / "own.jsonl"]
    monkeypatch.setattr(sys, "argv", [str(part) for part in options])
    with pytest.raises(SystemExit, match=r"own\.jsonl, line 1: “reasoning” is missing"):
        train.main()
