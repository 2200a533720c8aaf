"""Where the form of an answer begins, token by token, with a vocabulary whose tokens straddle every border."""

from __future__ import annotations

import numpy as np
import pytest

from finr1_desk.core.sampling import Sampling
from finr1_desk.engine.decode.late_form import LateForm
from finr1_desk.engine.decode.sampler import Logits, Sampler

END = 0
PIECES = [
    *("", "<", "<think>", "think", ">\n", ">", "so ", "</think>", "</", "think>{", "\n", "\n\n\n\n\n"),
    *("<answer>", "answer", ">{", "{", "}", "{}", "no", "`", "```\n", "<table>", "\n<answer>{", "\n<answer>\n", "是"),
]
IDS = {piece: number for number, piece in enumerate(PIECES)}


class Vocabulary:
    def piece(self, token: int) -> bytes:
        return PIECES[token].encode()

    def is_end(self, token: int) -> bool:
        return token == END

    def tokenise(self, text: str, *, parse_special: bool) -> list[int]:
        assert not parse_special
        best = max((piece for piece in PIECES[1:] if text.startswith(piece)), key=len)
        return [IDS[best]]


class Braces:
    """A form that is `{`, then `}`, then the end; or both at once. Given anything else it fails, as llama.cpp does."""

    def __init__(self) -> None:
        self.text = ""

    def allows(self, token: int) -> bool:
        if token == END:
            return self.text == "{}"
        return PIECES[token] != "" and "{}".startswith(self.text + PIECES[token])

    def forbid(self, logits: Logits) -> None:
        for token in range(len(PIECES)):
            if not self.allows(token):
                logits[token] = -np.inf

    def accept(self, token: int) -> None:
        assert self.allows(token), PIECES[token]
        self.text += PIECES[token]


def written(*wishes: str, starts_in_think: bool = False, forced: tuple[str, ...] = ()) -> str:
    """What comes of a model that wishes for these tokens, one after the other, the last one for ever.

    Where a wish is not granted, the likeliest other token is the one that is first in the vocabulary.
    """
    braces = Braces()
    form = LateForm(braces, Vocabulary(), starts_in_think=starts_in_think)
    sampling = Sampling(temperature=0.0, repetition_penalty=1.0)
    sampler = Sampler(sampling, 1, len(PIECES), (), form=form)
    text = ""
    for step in range(60):
        if forced and step == 3:
            assert form.thinking
            for piece in forced:
                form.accept(IDS[piece])
                text += piece
            continue
        logits = -np.arange(len(PIECES), dtype=np.float32)
        logits[IDS[wishes[min(step, len(wishes) - 1)]]] = 10.0
        token = sampler.sample(logits, step)
        if token == END:
            assert braces.text == "{}"
            return text
        text += PIECES[token]
    raise AssertionError(f"no end: {text[:80]}")


@pytest.mark.parametrize(
    ("wishes", "text"),
    [
        (("<think>", "so ", "</think>", "{", "}", ""), "<think>so </think>{}"),
        (
            ("<", "think", ">\n", "so ", "</think>", "\n", "<answer>", "\n", "{}", ""),
            "<think>\nso </think>\n<answer>\n{}",
        ),
        (("<think>", "so ", "\n<answer>\n", "{}", ""), "<think>so \n<answer>\n{}"),  # never closed
        (("no", ""), "{}"),  # does not think: held to the form at once
        (("{", "}", ""), "{}"),
        (("", ""), "{}"),
    ],
)
def test_the_form_begins_behind_the_thinking(wishes: tuple[str, ...], text: str) -> None:
    assert written(*wishes) == text


def test_a_token_that_straddles_the_border_is_not_taken() -> None:
    text = written("<think>", "so ", "</", "think>{", "</think>", "{}", "")
    assert text.startswith("<think>so </")
    assert text.endswith("</think>{}")
    assert "think>{" not in text.removesuffix("</think>{}")
    text = written("<think>", "so ", "\n<answer>{", "</think>", "{}", "")
    assert text.startswith("<think>so ")
    assert text.endswith("</think>{}")


def test_what_looks_like_a_tag_becomes_one() -> None:
    """A `<` cannot be the form's: once it stands there it is the thinking's."""
    assert written("<", "no", "so ", "</think>", "{}", "").startswith("<think>")
    assert written("<", "think", ">{", "so ", "</think>", "{}", "").startswith("<think>")


def test_the_answer_does_not_end_in_the_thinking() -> None:
    text = written("<think>", "", "", "so ", "</think>", "{}", "")
    assert text.endswith("</think>{}")


def test_white_space_before_the_form_has_an_end() -> None:
    assert written("<think>", "so ", "</think>", *["\n"] * 20, "") == "<think>so </think>\n\n\n\n{}"


def test_a_template_may_have_opened_the_thinking() -> None:
    assert written("so ", "</think>", "{}", "", starts_in_think=True) == "so </think>{}"


def test_a_tag_in_code_ends_nothing() -> None:
    text = written("<think>", "```\n", "</think>", "\n", "```\n", "so ", "</think>", "{}", "")
    assert text == "<think>```\n</think>\n```\nso </think>{}"


def test_thinking_that_is_closed_from_outside_leads_to_the_form() -> None:
    forced = ("\n", "</think>", "\n", "<answer>", "\n")
    text = written("<think>", "so ", "so ", "so ", "no", "", forced=forced)
    assert text == "<think>so so \n</think>\n<answer>\n{}"
