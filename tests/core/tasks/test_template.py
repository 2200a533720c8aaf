"""The template language: fields once, conditional lines, and everything else as it stands."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finr1_desk.core.tasks.template import filled, names


@pytest.mark.parametrize(
    ("template", "values", "text"),
    [
        ("Text: {text}", {"text": "a"}, "Text: a"),
        ("{text}{text}", {"text": "ab"}, "abab"),
        (r"put it into \boxed{}", {}, r"put it into \boxed{}"),
        ("{{text}} is {text}", {"text": "a"}, "{text} is a"),
        ("a\n{?b}B: {b}\nc", {"b": ""}, "a\nc"),
        ("a\n{?b}B: {b}\nc", {"b": " \n"}, "a\nc"),
        ("a\n{?b}B: {b}\nc", {"b": "x"}, "a\nB: x\nc"),
        ("{问题}", {"问题": "甲"}, "甲"),
        ("{a}", {}, ""),
        ("{ a }{1}{a-b}", {"a": "x"}, "{ a }{1}{a-b}"),
    ],
)
def test_what_a_template_makes(template: str, values: dict[str, str], text: str) -> None:
    assert filled(template, values) == text


@given(st.text(), st.text())
def test_a_value_is_never_read_as_a_template(first: str, second: str) -> None:
    first, second = first.strip("\n"), second.strip("\n")
    assert filled("a{x}b{y}c", {"x": first, "y": second}) == f"a{first}b{second}c"


@given(st.text(alphabet="{}?ab \n\\"))
def test_any_text_is_a_template(template: str) -> None:
    used = names(template)
    text = filled(template, dict.fromkeys(used, "v"))
    assert len(text) <= len(template) + len(used) * len(template)
    if not used and "{{" not in template:
        assert text == template.strip("\n")


def test_names_come_once_in_their_order() -> None:
    assert names("{b} {a} {?c}{c} {b} {{d}}") == ("b", "a", "c")
