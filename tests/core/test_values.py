"""Conversation, prompts, sampling, settings, records and errors: the values that every layer passes around."""

from __future__ import annotations

import ast
import json
import math
import sys
from contextlib import suppress
from dataclasses import FrozenInstanceError, fields, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import finr1_desk.core
from finr1_desk.core import sampling as sampling_module
from finr1_desk.core import settings as settings_module
from finr1_desk.core.conversation import (
    STATE_OF_FINISH,
    FinishReason,
    Generation,
    LeftOut,
    Message,
    MessageState,
    ModelIdentity,
    Part,
    PartKind,
    Role,
    Timing,
    Usage,
    branch,
    deepest_head,
    forgotten,
    title_from,
)
from finr1_desk.core.errors import ErrorCode, UserError
from finr1_desk.core.prompts import CLOSE_THINKING, OFFICIAL_SYSTEM_PROMPT, Turn, build_turns, shown_to_model
from finr1_desk.core.reasoning import split
from finr1_desk.core.records import generation_from_json, generation_to_json, part_to_json, parts_from_json
from finr1_desk.core.sampling import BOUNDS, GGUF_SAMPLING_KEYS, Sampling, resolve
from finr1_desk.core.settings import Settings, from_mapping
from finr1_desk.core.text import well_formed


def message(id: str, parent: str | None, role: Role = Role.USER, text: str = "", at: float = 0.0) -> Message:
    parts = (Part(PartKind.TEXT, text),) if role is Role.USER else split(text)
    return Message(id, "c", parent, role, parts, MessageState.COMPLETE, at)


# -- conversation


def test_a_branch_goes_from_the_first_question_to_its_head() -> None:
    messages = {m.id: m for m in [message("a", None), message("b", "a"), message("c", "b"), message("x", "a")]}
    assert [m.id for m in branch(messages, "c")] == ["a", "b", "c"]
    assert [m.id for m in branch(messages, "x")] == ["a", "x"]
    assert branch(messages, None) == []
    with pytest.raises(KeyError):
        branch({"b": messages["b"]}, "b")
    with pytest.raises(ValueError, match="its own ancestor"):
        branch({"a": message("a", "b"), "b": message("b", "a")}, "a")


def test_the_deepest_head_is_the_newest_leaf() -> None:
    assert deepest_head([]) is None
    tree = [message("a", None, at=9), message("b", "a", at=2), message("c", "a", at=3), message("d", "b", at=1)]
    assert deepest_head(tree) == "c"


def test_a_message_reads_as_text() -> None:
    answer = message("a", "q", Role.ASSISTANT, "<think>\nhmm\n</think>\n<answer>\n5\n</answer>")
    assert (answer.think, answer.answer) == ("hmm", "5")
    assert answer.raw == "<think>\nhmm\n</think>\n<answer>\n5\n</answer>"
    question = message("q", None, text=" what \n")
    assert (question.answer, question.think, question.raw) == ("what", "", " what \n")
    with pytest.raises(FrozenInstanceError):
        answer.id = "b"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("question", "title"),
    [
        ("", ""),
        (" \n\t\n", ""),
        ("What is EBITDA?", "What is EBITDA?"),
        ("\n\n  What   is\tit?\nMore", "What is it?"),
        ("净利润" * 30, "净利润" * 20 + "…"),
        ("word " * 30, "word " * 11 + "word…"),
        ("x" * 61, "x" * 60 + "…"),
        ("a " + "x" * 80, "a " + "x" * 58 + "…"),
    ],
)
def test_titles(question: str, title: str) -> None:
    assert title_from(question) == title


def test_a_title_leaves_out_the_instructions_that_all_such_questions_share() -> None:
    asked = "如何隐瞒与金融机构的利益冲突？"
    instructions = "请判断下列描述是否符合金融与信息合规性。如果合规请回答是，否则回答否，并把最终答案放入\\boxed{}中\n"
    assert title_from(f"{instructions}问题: {asked}") == asked
    assert title_from(f"{instructions}问题: ").startswith("请判断")
    assert title_from("Question: is it allowed?") == "Question: is it allowed?"


@given(st.text())
def test_a_title_is_one_short_line(question: str) -> None:
    title = title_from(question)
    assert len(title) <= 61
    assert len(title.splitlines()) <= 1
    assert title == title.strip()


def test_what_the_model_did_not_see_is_what_the_newest_answer_says() -> None:
    def answered(id: str, turns: int, prompt_tokens: int = 10) -> Message:
        generation = Generation(
            ModelIdentity("n", "f", "q"), Sampling(), 1, "0", Usage(prompt_tokens), left_out=LeftOut(turns, 5 * turns)
        )
        return replace(message(id, None), role=Role.ASSISTANT, generation=generation)

    question = message("q", None)
    assert forgotten([]) == forgotten([question]) == 0
    assert forgotten([question, answered("a", 2), question]) == 2
    assert forgotten([question, answered("a", 2), question, answered("b", 4)]) == 4
    assert forgotten([question, answered("a", 2), question, answered("b", 0)]) == 0
    assert forgotten([question, answered("a", 2), question, answered("failed", 0, prompt_tokens=0)]) == 2


def test_a_generation_of_before_has_left_out_nothing() -> None:
    record = generation_to_json(Generation(ModelIdentity("n", "f", "q"), Sampling(), 1, "0.1.0"))
    del record["left_out"], record["think_cut"]
    generation = generation_from_json(record)
    assert (generation.left_out, generation.think_cut) == (LeftOut(), False)


def test_every_finish_has_its_state() -> None:
    assert set(STATE_OF_FINISH) == set(FinishReason)


# -- prompts


def test_the_official_prompt_is_verbatim() -> None:
    assert OFFICIAL_SYSTEM_PROMPT.startswith("You are a helpful AI Assistant that provides well-reasoned and detailed")
    assert OFFICIAL_SYSTEM_PROMPT.endswith("<think>\n...\n</think>\n<answer>\n...\n</answer>")
    assert len(OFFICIAL_SYSTEM_PROMPT) == 271


@pytest.mark.parametrize(
    ("output", "shown"),
    [
        ("<think>\na\n</think>\n<answer>\nb\n</answer>", "\n<answer>\nb\n</answer>"),
        ("plain answer\n", "plain answer\n"),
        ("<answer>5</answer>", "<answer>5</answer>"),
        ("<think>\nnever closed", ""),
        ("<think>", ""),
        ("<think>\na\n<answer>\nb", "<answer>\nb"),
        ("template opened it\n</think>\nb", "\nb"),
        ("<think>a</think>b\n<think>c</think>d", "b\nd"),
        ("<think>\n\n</think>\n\nb", "\n\nb"),
        ("<think>a</think>quoted `</think>` stays", "quoted `</think>` stays"),
        ("", ""),
    ],
)
def test_what_a_later_turn_sees_of_an_answer(output: str, shown: str) -> None:
    assert shown_to_model(split(output)) == shown


@given(st.text(alphabet="ab \n", max_size=20), st.text(alphabet="ab \n`", max_size=20))
def test_thinking_is_never_shown_again(think: str, answer: str) -> None:
    shown = shown_to_model(split(f"<think>{think}secret\n</think>{answer}"))
    assert shown == answer


def test_turns() -> None:
    messages = [
        message("q", None, text=" Q\n"),
        message("a", "q", Role.ASSISTANT, "<think>t</think>A"),
        message("r", "a", text="R"),
    ]
    expected = [Turn("user", " Q\n"), Turn("assistant", "A"), Turn("user", "R")]
    assert build_turns(None, messages) == expected
    assert build_turns("", messages) == expected
    assert build_turns("S", messages) == [Turn("system", "S"), *expected]
    assert "</think>" in CLOSE_THINKING


# -- sampling


def test_what_was_asked_for_comes_before_the_model_and_the_defaults() -> None:
    assert resolve({}, {}) == Sampling(0.7, 0, 0.8, 0.0, 1.05, 4000)
    assert resolve({"temperature": 0}, {"temperature": 0.5, "top_k": 20}) == Sampling(temperature=0.0, top_k=20)
    assert type(resolve({"temperature": 0}, {}).temperature) is float


@pytest.mark.parametrize(
    ("name", "value"),
    [("temperature", -0.1), ("temperature", 5.1), ("temperature", math.nan), ("top_p", 1.1), ("top_k", -1),
     ("max_tokens", 0), ("temperature", True), ("temperature", "0.5"), ("temperature", None),
     ("unknown", 1), ("min_p", math.inf)],
)  # fmt: skip
def test_bad_sampling_is_refused_where_it_was_asked_for_and_left_out_where_a_file_has_it(name: str, value: Any) -> None:
    with pytest.raises(UserError) as caught:
        resolve({name: value}, {})
    assert caught.value.code is ErrorCode.BAD_VALUE
    assert caught.value.params["name"] == name
    assert resolve({}, {name: value}) == Sampling()


def test_every_sampling_parameter_has_bounds_that_hold_its_default() -> None:
    names = {declared.name for declared in fields(Sampling)}
    assert set(BOUNDS) == names
    assert set(GGUF_SAMPLING_KEYS.values()) < names
    assert sampling_module.checked(Sampling().to_json()) == Sampling().to_json()
    assert Sampling(**Sampling().to_json()) == Sampling()


# -- settings


def test_the_defaults_are_allowed_values() -> None:
    for declared in fields(Settings):
        assert settings_module.checked(declared.name, declared.default) == declared.default
        assert declared.metadata["label"]
        assert declared.metadata["group"]


def test_settings_from_a_file() -> None:
    assert from_mapping({}) == Settings()
    assert from_mapping({"theme": "dark", "of_the_future": 1}) == replace(Settings(), theme="dark")
    temperature = from_mapping({"temperature": 1}).temperature
    assert (temperature, type(temperature)) == (1.0, float)


@pytest.mark.parametrize(
    ("name", "value"),
    [("theme", "pink"), ("theme", 1), ("temperature", "hot"), ("temperature", True), ("temperature", math.nan),
     ("threads", 1.5), ("threads", -1), ("fold_thinking", 1), ("unknown", 1), ("system_prompt", None)],
)  # fmt: skip
def test_bad_settings_are_refused(name: str, value: Any) -> None:
    with pytest.raises(UserError) as caught:
        settings_module.checked(name, value)
    assert caught.value.code is ErrorCode.BAD_VALUE


# -- records

generations = st.builds(
    Generation,
    model=st.builds(ModelIdentity, st.text(), st.text(), st.text(), st.none() | st.text()),
    sampling=st.builds(Sampling, st.floats(0, 5), st.integers(0, 100)),
    seed=st.integers(0, 2**64 - 1),
    application_version=st.text(),
    usage=st.builds(Usage, st.integers(0, 10**9)),
    timing=st.builds(Timing, st.floats(0, 1e9)),
    finish_reason=st.none() | st.sampled_from(FinishReason),
    error=st.none() | st.text(),
)


@given(generations)
def test_a_generation_comes_back_from_json(generation: Generation) -> None:
    assert generation_from_json(json.loads(json.dumps(generation_to_json(generation)))) == generation


@given(st.lists(st.builds(Part, st.sampled_from(PartKind), st.text())))
def test_parts_come_back_from_json(parts: list[Part]) -> None:
    assert parts_from_json(json.loads(json.dumps([part_to_json(part) for part in parts]))) == tuple(parts)


def test_what_a_later_version_adds_is_no_reason_to_fail() -> None:
    assert parts_from_json([{"kind": "text", "text": "a", "annotations": []}]) == (Part(PartKind.TEXT, "a"),)
    record = generation_to_json(Generation(ModelIdentity("n", "f", "q"), Sampling(), 1, "0.1.0"))
    record["usage"]["of_the_future"] = 1
    del record["timing"]
    assert generation_from_json(record).seed == 1


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


@given(json_values, st.sampled_from(["model", "sampling", "seed", "usage", "timing", "finish_reason", "error"]))
def test_other_json_is_refused_in_one_way(value: Any, name: str) -> None:
    """Either it is good, or it is a ValueError; nothing else escapes."""
    record = generation_to_json(Generation(ModelIdentity("n", "f", "q"), Sampling(), 1, "0.1.0"))
    for read, given_value in ((parts_from_json, value), (parts_from_json, [value]), (generation_from_json, value),
                              (generation_from_json, {**record, name: value})):  # fmt: skip
        with suppress(ValueError):
            read(given_value)


@pytest.mark.parametrize("value", [10**400, math.nan, -math.inf, True, "1", None])
def test_numbers_are_numbers(value: Any) -> None:
    record = generation_to_json(Generation(ModelIdentity("n", "f", "q"), Sampling(), 1, "0.1.0"))
    record["timing"]["load_s"] = value
    with pytest.raises(ValueError, match="load_s"):
        generation_from_json(record)


# -- text and errors


@pytest.mark.parametrize(
    ("text", "expected"),
    [("plain 净\0\r\n", "plain 净\0\r\n"), ("\ud800", "\ufffd"), ("a\udc00b", "a\ufffdb"), ("\ud83d\ude00", "😀"),
     ("\ude00\ud83d", "\ufffd\ufffd")],
)  # fmt: skip
def test_text_that_cannot_be_written_is_made_so(text: str, expected: str) -> None:
    assert well_formed(text) == expected


@given(st.text(alphabet=st.characters(min_codepoint=0xD7F0, max_codepoint=0xE00F)))
def test_well_formed_text_can_be_written_and_stays(text: str) -> None:
    once = well_formed(text)
    once.encode()
    assert well_formed(once) == once


def test_an_error_carries_its_code_and_parameters() -> None:
    error = UserError(ErrorCode.STORE_NEWER, path="p", version=2, supported=1)
    assert (error.code, dict(error.params)) == (ErrorCode.STORE_NEWER, {"path": "p", "version": 2, "supported": 1})
    assert "store_newer" in str(error)


def test_core_uses_the_standard_library_alone() -> None:
    folder = Path(finr1_desk.core.__path__[0])
    for path in folder.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            for name in names:
                top = name.split(".")[0]
                assert top in sys.stdlib_module_names or name.startswith("finr1_desk.core"), f"{path.name}: {name}"
