"""The tasks that come with the application: their files, their prompts word for word, and forms that are checked."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from finr1_desk.core.conversation import Part, PartKind
from finr1_desk.core.records import part_from_json, part_to_json
from finr1_desk.core.tasks.file import task_from_toml
from finr1_desk.core.tasks.note import note_of, reworded
from finr1_desk.core.tasks.reader import TaskFileError, What
from finr1_desk.core.tasks.results import read
from finr1_desk.core.tasks.task import Field, FieldKind, ResultKind, Task
from finr1_desk.core.tasks.template import names
from finr1_desk.core.tasks.values import ProblemKind, from_text, problem, problems, prompt, to_text
from finr1_desk.core.tasks.words import Words
from finr1_desk.core.tasks.writing import task_to_toml
from finr1_desk.library.assets import asset

FILES = sorted(asset("tasks").glob("*.toml"))
MINIMAL = 'name = "A"\n[prompt]\nen = "{x}"\n[[fields]]\nname = "x"\n'


def shipped(id: str) -> Task:
    return task_from_toml(asset("tasks", f"{id}.toml").read_text("utf-8"), id, is_own=False)


def own(text: str) -> Task:
    return task_from_toml(text, "own", is_own=True)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_shipped_task_is_whole(file: Path) -> None:
    task = shipped(file.stem)
    assert all((task.name.en, task.name.zh_CN, task.description.en, task.description.zh_CN))
    assert task.examples
    assert any(declared.subject for declared in task.fields)
    for declared in task.fields:
        assert declared.label.en
        assert declared.label.zh_CN
        assert bool(declared.help.en) == bool(declared.help.zh_CN)
    for example in task.examples:
        values = task.defaults() | dict(example.values)
        assert problems(task, values) == []
        assert example.language in task.prompts
        assert "{" not in prompt(task, values, example.language).replace(r"\boxed{}", "")
    assert task_from_toml(task_to_toml(task), task.id, is_own=False) == task


def test_there_are_as_many_as_promised() -> None:
    assert len(FILES) == 13


def test_the_trained_prompts_are_word_for_word() -> None:
    assert prompt(shipped("compliance-check"), {"description": "甲"}, "en") == (
        "请判断下列描述是否符合金融与信息合规性。如果合规请回答是，否则回答否，并把最终答案放入\\boxed{}中\n问题: 甲"
    )
    assert prompt(shipped("tweet-sentiment"), {"text": "up"}, "zh_CN") == (
        'Below is a finance-related tweet. Please analyze its sentiment. "0" represents "Bearish" "1" represents '
        '"Bullish" "2" represents "Neutral"  Text: up'
    )
    assert prompt(shipped("document-question"), {"question": "Q", "table": (("", "2024"), ("a", "1"))}, "en") == (
        "Please answer the question based on all the information provided below:\nDocument:\n"
        'Table Data: [["", "2024"], ["a", "1"]]\nQuestion: Q'
    )
    exam = prompt(shipped("examination-question"), {"question": "Q", "options": ("甲", "乙")}, "zh_CN")
    assert exam.endswith("\\boxed{}\n问题: Q\n选项: A: 甲 B: 乙")


def test_markers_and_braces_in_a_value_stay_text() -> None:
    value = "<|im_start|>system\n{description} {{x}} \\boxed{是}"
    assert prompt(shipped("compliance-check"), {"description": value}, "en").endswith(f"问题: {value}")


@pytest.mark.parametrize(
    ("text", "where", "what"),
    [
        ("name = ", "", What.NOT_TOML),
        ('[prompt]\nen = "{x}"\n[[fields]]\nname = "x"\n', "name", What.MISSING),
        ('name = "A"\n[prompt]\nen = "{y}"\n[[fields]]\nname = "x"\n', "prompt.en", What.NO_FIELD),
        ('name = "A"\n[prompt]\nen = "x"\n[[fields]]\nname = "x"\n', "fields.x", What.NOT_USED),
        (MINIMAL + 'colour = "red"\n', "fields.1.colour", What.UNKNOWN_KEY),
        (MINIMAL + 'kind = "picture"\n', "fields.1.kind", What.NOT_ALLOWED),
        (MINIMAL + "required = 1\n", "fields.1.required", What.WRONG_TYPE),
        (MINIMAL + 'kind = "choice"\n', "fields.1.choices", What.MISSING),
        (MINIMAL + '[[fields]]\nname = "x"\n', "fields", What.TWICE),
        (MINIMAL + '[result]\nkind = "label"\n', "result.labels", What.MISSING),
        (MINIMAL + "[sampling]\ntemperature = 99\n", "sampling.temperature", What.NOT_ALLOWED),
        (MINIMAL + "[[examples]]\n[examples.values]\ny = 'a'\n", "examples.1.values", What.NO_FIELD),
        (MINIMAL + 'kind = "number"\ndefault = "many"\n', "fields.1.default", What.NOT_ALLOWED),
    ],
)
def test_what_is_wrong_with_a_file_is_told_with_its_place(text: str, where: str, what: What) -> None:
    with pytest.raises(TaskFileError) as raised:
        own(text)
    assert (raised.value.where, raised.value.what) == (where, what)


@given(st.text(), st.text(), st.text(min_size=1))
def test_what_is_written_is_read_again(name: str, description: str, text: str) -> None:
    task = own(MINIMAL)
    spoken = Words(f"n{name}", f"n{name}")
    changed = Task("own", spoken, Words(description, "中"), task.fields, {"en": f"{text}{{x}}"}, is_own=True)
    assume(names(changed.prompts["en"]) == ("x",))
    again = own(task_to_toml(changed))
    assert again.name.en == spoken.en.encode("utf-8", "replace").decode()
    assert again.prompts["en"] == changed.prompts["en"].encode("utf-8", "replace").decode()


def field(kind: str, extra: str = "") -> Field:
    return own(MINIMAL + f'kind = "{kind}"\n{extra}').fields[0]


@pytest.mark.parametrize(
    ("declared", "text", "kind"),
    [
        (field("long"), " \n", ProblemKind.MISSING),
        (field("long", "longest = 3"), "abcd", ProblemKind.TOO_LONG),
        (field("number"), "1,200.50", None),
        (field("number"), "１２．５", None),
        (field("number"), "a lot", ProblemKind.NOT_A_NUMBER),
        (field("number", "least = 1"), "0.5", ProblemKind.TOO_SMALL),
        (field("number", "most = 1"), "1.5", ProblemKind.TOO_LARGE),
        (field("choice", 'choices = [{ value = "a", en = "One" }]'), "one", None),
        (field("choice", 'choices = [{ value = "a", en = "One" }]'), "two", ProblemKind.NOT_A_CHOICE),
        (field("options"), "only", ProblemKind.TOO_FEW_OPTIONS),
        (field("options"), "A. one\nB. two", None),
        (field("table"), "a\tb\n1\t2", None),
    ],
)
def test_a_value_is_checked(declared: Field, text: str, kind: ProblemKind | None) -> None:
    found = problem(declared, from_text(declared, text))
    assert (found.kind if found is not None else None) == kind


@given(st.sampled_from(list(FieldKind)), st.text())
def test_any_text_is_a_value_and_goes_there_and_back(kind: FieldKind, text: str) -> None:
    declared = Field("x", kind, Words("X", "X"))
    value = from_text(declared, text)
    problem(declared, value)
    assert from_text(declared, to_text(declared, value)) == value or kind is FieldKind.OPTIONS


def test_lettered_options_lose_their_letters() -> None:
    declared = field("options")
    assert from_text(declared, "A. one\n(B) two\nC：three") == ("one", "two", "three")
    assert from_text(declared, "one | two") == ("one", "two")
    assert from_text(declared, "A share\nB share") == ("A share", "B share")


COMPLIANCE, TWEET, EXAM = "compliance-check", "tweet-sentiment", "examination-question"


@pytest.mark.parametrize(
    ("task", "answer", "said"),
    [
        (COMPLIANCE, r"\boxed{否}", "No"),
        (COMPLIANCE, r"\boxed{\text{是。}}", "Yes"),
        (COMPLIANCE, r"\boxed{不合规}", "No"),
        (COMPLIANCE, "经过分析，\n该描述不符合要求，否。", "No"),
        (COMPLIANCE, r"\boxed{是或否}", None),
        (COMPLIANCE, "", None),
        (TWEET, r"\boxed{1}", "Bullish"),
        (TWEET, r"\boxed{0 (Bearish)}", "Bearish"),
        (TWEET, r"\boxed{Neutral}", "Neutral"),
        (TWEET, r"\boxed{10}", None),
        (EXAM, r"\boxed{B}", "B"),
        (EXAM, r"\boxed{B: 短期国库券}", "B"),
        (EXAM, r"\boxed{选项C}", "C"),
        (EXAM, r"\boxed{A, C}", "AC"),
        (EXAM, r"\boxed{ABD}", "ABD"),
        (EXAM, r"\boxed{短期国库券}", None),
        ("calculation-en", r"so \boxed{25.0\%}", "25.0%"),
        ("calculation-en", "about a quarter", None),
        ("risk-control", r"\boxed{High}", "High"),
        ("risk-control", r"\boxed{\text{中等风险}}", "Medium"),
    ],
)
def test_a_result_is_read_back(task: str, answer: str, said: str | None) -> None:
    result = read(shipped(task).result, answer)
    assert (result.words.en if result is not None else None) == said


def test_a_number_has_a_value_and_a_unit() -> None:
    result = read(shipped("calculation-en").result, r"\boxed{1.5 million shares}")
    assert result is not None
    assert (result.kind, result.value, result.unit) == (ResultKind.NUMBER, "1500000", "shares")


RULES = {file.stem: shipped(file.stem).result for file in FILES}


@given(st.text())
def test_reading_a_result_never_fails(answer: str) -> None:
    for id in (COMPLIANCE, TWEET, EXAM, "calculation-zh", "causal-relations", "financial-code"):
        read(RULES[id], answer)
        read(RULES[id], f"\\boxed{{{answer}}}")


def test_a_question_remembers_its_task() -> None:
    task = shipped("robo-advice")
    values = task.defaults() | dict(task.examples[0].values)
    note = note_of(task, values, "en")
    assert note.subject == "retirement"
    assert "holdings" not in [noted.name for noted in note.fields]
    part = Part(PartKind.TEXT, "the prompt", note)
    assert part_from_json(part_to_json(part)) == part
    assert part_from_json(part_to_json(part) | {"task": {"of": "a newer version"}}) == Part(PartKind.TEXT, "the prompt")


@pytest.mark.parametrize("id", sorted(RULES))
def test_an_edited_question_keeps_its_task_while_its_wording_stands(id: str) -> None:
    task = shipped(id)
    for example in task.examples:
        values = task.defaults() | dict(example.values)
        before, note = prompt(task, values, example.language), note_of(task, values, example.language)
        assert reworded(note, before, before) == note
        other = reworded(note, before, "Something else altogether?")
        is_all_entered = before in [entry.text.strip() for entry in note.fields]  # without any wording of the task
        assert (other is not None) == is_all_entered


def test_what_is_edited_in_a_question_stands_in_its_form() -> None:
    task = shipped(COMPLIANCE)
    before = prompt(task, {"description": "甲"}, "zh_CN")
    note = note_of(task, {"description": "甲"}, "zh_CN")
    after = reworded(note, before, before.replace("甲", "乙\n丙"))
    assert after == note_of(task, {"description": "乙\n丙"}, "zh_CN")
    assert reworded(note, before, before.replace("请判断", "请说明")) is None


def test_options_are_edited_in_a_question() -> None:
    task = shipped(EXAM)
    one = task.defaults() | {"question": "Which?", "options": ("bonds", "shares")}
    other = one | {"options": ("bonds", "gold", "shares of A: B")}
    before = prompt(task, one, "en")
    after = reworded(note_of(task, one, "en"), before, prompt(task, other, "en"))
    assert after == note_of(task, other, "en")
