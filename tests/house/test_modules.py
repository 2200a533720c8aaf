"""Modules keep the shape that lets a newcomer read them: small, introduced, and named after the field's things."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.source_tree import name, parsed, python_files

LONGEST_MODULE = 450
LONGEST_TEST_MODULE = 600
LONGEST_FUNCTION = 60
EMPTY_NAMES = {"utils", "util", "helpers", "common", "misc", "stuff"}
SOURCES = ("finr1_desk", "convert")
RUN_AS_A_PROGRAM = {"finr1_desk/terminal/fonts.py"}  # in a process of its own, which asks Qt for its fonts and ends


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def body_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of the body without its docstring."""
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    return body[-1].end_lineno - body[0].lineno + 1 if body and body[-1].end_lineno else 0


def imported_modules(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def test_the_package_is_found() -> None:
    assert "finr1_desk/core/conversation.py" in map(name, python_files("finr1_desk"))


def test_every_module_says_what_it_owns() -> None:
    """A test module is introduced by its name; everything else, the tests' helpers too, by a paragraph."""
    silent = [
        name(path)
        for path in python_files()
        if path.name != "__init__.py" and not path.name.startswith("test_") and not ast.get_docstring(parsed(path))
    ]
    assert not silent


def test_modules_are_short() -> None:
    def length(path: Path) -> int:
        return len(path.read_text("utf-8").splitlines())

    long = {name(path): length(path) for path in python_files(*SOURCES) if length(path) > LONGEST_MODULE}
    long |= {name(path): length(path) for path in python_files("tests") if length(path) > LONGEST_TEST_MODULE}
    assert not long


def test_functions_are_short() -> None:
    long = {
        f"{name(path)}:{function.lineno} {function.name}": body_lines(function)
        for path in python_files(*SOURCES)
        for function in functions(path)
        if body_lines(function) > LONGEST_FUNCTION
    }
    assert not long


def test_packages_hold_no_code() -> None:
    def is_docstring(node: ast.stmt) -> bool:
        return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)

    with_code = [
        name(path)
        for path in python_files()
        if path.name == "__init__.py" and not all(map(is_docstring, parsed(path).body))
    ]
    assert not with_code


def test_no_module_is_named_after_nothing() -> None:
    assert not [name(path) for path in python_files(*SOURCES) if EMPTY_NAMES & {path.stem, path.parent.name}]


def test_annotations_are_not_evaluated() -> None:
    def postponed(path: Path) -> bool:
        return "__future__.annotations" in imported_modules(path)

    assert not [name(path) for path in python_files() if parsed(path).body[1:] and not postponed(path)]


@pytest.mark.parametrize(
    ("place", "allowed"),
    [
        # Controllers and the terminal are run without a screen; sentences are shared by both surfaces.
        ("finr1_desk/app/", {"PySide6.QtCore"}),
        ("finr1_desk/terminal/", {"PySide6.QtCore"}),  # but see RUN_AS_A_PROGRAM
        ("finr1_desk/ui/words/sentences.py", {"PySide6.QtCore"}),
    ],
)
def test_qt_outside_the_widgets_is_its_core(place: str, allowed: set[str]) -> None:
    offenders: dict[str, set[str]] = {}
    for path in python_files("finr1_desk"):
        if not name(path).startswith(place) or name(path) in RUN_AS_A_PROGRAM:
            continue
        modules = {".".join(module.split(".")[:2]) for module in imported_modules(path) if module.startswith("PySide6")}
        if modules - {"PySide6"} - allowed:
            offenders[name(path)] = modules - allowed
    assert not offenders
