"""Prompts of models that bring a chat template of their own.

Owns the use of a model file's Jinja template: it is rendered in a process with limits, around placeholders instead of
contents. So a template sees no conversation, and what a user typed is never parsed for control tokens.
"""

from __future__ import annotations

import json
import queue
import re
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from finr1_desk.core.prompts import Turn
from finr1_desk.engine.prompt import template_process

_START_TIMEOUT: Final = 60.0
# Elsewhere than on Windows the process limits its own processor time; waiting longer spares a busy machine.
_RENDER_TIMEOUT: Final = template_process.SECONDS * (1.0 if sys.platform == "win32" else 5.0)
_MAX_ANSWER: Final = 16 * 2**20

# A placeholder is a number between private-use characters, in exotic white space: what a template strips from it,
# it would have stripped from the content.
_PAD: Final = "\u2003"
_OPEN, _CLOSE = "\ue000", "\ue001"
_PLACEHOLDER: Final = re.compile(f"({_PAD}?){_OPEN}(\\d+){_CLOSE}({_PAD}?)")


class TemplateFailedError(Exception):
    """The template raised, took too long or too much memory, or lost a turn."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of a rendered prompt: the template's own text, or the content of a turn, given by its number.

    Content stays text whatever it contains.
    """

    text: str
    turn: int | None = None

    @property
    def is_content(self) -> bool:
        return self.turn is not None


class TemplateProcess:
    """One limited process, started when first needed and again after it was ended. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[str] | None = None
        self._answers: queue.SimpleQueue[str] = queue.SimpleQueue()

    def render(self, template: str, **variables: Any) -> str:
        """The rendered template.

        Raises:
            TemplateFailedError: it raised, or broke a limit.
        """
        with self._lock:
            if self._process is None or self._process.poll() is not None:
                self._start()
            assert self._process is not None
            assert self._process.stdin is not None
            try:
                self._process.stdin.write(json.dumps({"template": template, **variables}) + "\n")
                self._process.stdin.flush()
            except OSError:
                self._stop()
                raise TemplateFailedError("the template's process ended") from None
            answer = self._answer(_RENDER_TIMEOUT, "the template took too long or too much memory")
        if "error" in answer:
            raise TemplateFailedError(str(answer["error"]))
        return str(answer["text"])

    def close(self) -> None:
        with self._lock:
            self._stop()

    def _start(self) -> None:
        self._stop()
        self._answers = queue.SimpleQueue()
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "finr1_desk.engine.prompt.template_process"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        threading.Thread(
            target=self._read, args=(self._process, self._answers), name="template-reader", daemon=True
        ).start()
        self._answer(_START_TIMEOUT, "the template's process did not start")

    @staticmethod
    def _read(process: subprocess.Popen[str], answers: queue.SimpleQueue[str]) -> None:
        assert process.stdout is not None
        with process.stdout:
            while line := process.stdout.readline(_MAX_ANSWER):
                answers.put(line)
        answers.put("")

    def _answer(self, timeout: float, otherwise: str) -> dict[str, Any]:
        try:
            answer = json.loads(self._answers.get(timeout=timeout))
        except (queue.Empty, ValueError):
            self._stop()
            raise TemplateFailedError(otherwise) from None
        return dict(answer)

    def _stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            assert self._process.stdin is not None
            self._process.stdin.close()
            self._process = None


def render_turns(
    process: TemplateProcess, template: str, turns: Sequence[Turn], *, bos: str, eos: str
) -> list[Segment]:
    """The prompt for the next assistant turn, as segments in order.

    A system turn that the template refuses or forgets is put in front of the first question.

    Raises:
        TemplateFailedError: no prompt could be made.
    """
    contents = [turn.content for turn in turns]
    roles = [turn.role for turn in turns]
    marks = [_placeholder(index) for index in range(len(turns))]
    try:
        text = _render(process, template, roles, marks, bos, eos)
    except TemplateFailedError:
        if "system" not in roles:
            raise
        text = ""
    if "system" in roles and not _complete(text, len(turns)):
        roles, marks = _without_system(roles, marks)
        text = _render(process, template, roles, marks, bos, eos)
    if not _complete(text, len(turns)):
        raise TemplateFailedError("the template leaves out a turn")
    return _segments(text, contents)


def _placeholder(index: int) -> str:
    return f"{_PAD}{_OPEN}{index}{_CLOSE}{_PAD}"


def _render(
    process: TemplateProcess, template: str, roles: Sequence[str], marks: Sequence[str], bos: str, eos: str
) -> str:
    messages = [{"role": role, "content": mark} for role, mark in zip(roles, marks, strict=True)]
    return process.render(template, messages=messages, add_generation_prompt=True, bos_token=bos, eos_token=eos)


def _without_system(roles: Sequence[str], marks: Sequence[str]) -> tuple[list[str], list[str]]:
    system = "\n\n".join(mark for role, mark in zip(roles, marks, strict=True) if role == "system")
    kept = [(role, mark) for role, mark in zip(roles, marks, strict=True) if role != "system"]
    first = next((index for index, (role, _) in enumerate(kept) if role == "user"), None)
    if first is None:
        raise TemplateFailedError("the template refuses the system prompt")
    kept[first] = ("user", f"{system}\n\n{kept[first][1]}")
    return [role for role, _ in kept], [mark for _, mark in kept]


def _complete(text: str, count: int) -> bool:
    return {int(match[2]) for match in _PLACEHOLDER.finditer(text)} == set(range(count))


def _segments(text: str, contents: Sequence[str]) -> list[Segment]:
    segments = []
    position = 0
    for match in _PLACEHOLDER.finditer(text):
        if match.start() > position:
            segments.append(Segment(text[position : match.start()]))
        turn = int(match[2])
        content = contents[turn]
        content = content if match[1] else content.lstrip()
        content = content if match[3] else content.rstrip()
        segments.append(Segment(content, turn))
        position = match.end()
    if position < len(text):
        segments.append(Segment(text[position:]))
    return segments
