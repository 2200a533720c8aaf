"""Brings the translation files into step with the sources: `python -m tests.ui.translations` from the top level.

Owns the calls of Qt's own tools. New texts come into `assets/translations/*.ts` as unfinished, texts that are gone
are dropped; the `.qm` files that the application loads are made from what is finished. English has a file for its
plurals only.
"""

from __future__ import annotations

import ast
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
FOLDER = TOP / "assets" / "translations"
CHINESE = FOLDER / "finr1_desk_zh_CN.ts"
ENGLISH = FOLDER / "finr1_desk_en.ts"
SOURCES = ("finr1_desk/ui", "finr1_desk/terminal", "finr1_desk/core/settings.py", "finr1_desk/cli.py")


def tool(name: str) -> str:
    """The path of one of PySide's tools beside this interpreter."""
    suffix = ".exe" if sys.platform == "win32" else ""
    return str(Path(sysconfig.get_path("scripts")) / f"{name}{suffix}")


def source_files() -> list[Path]:
    """Every file that may hold a text for users, in a fixed order."""
    found: list[Path] = []
    for source in SOURCES:
        place = TOP / source
        found += sorted(place.rglob("*.py")) if place.is_dir() else [place] if place.is_file() else []
    return found


def literal_texts() -> Iterator[tuple[str, str, bool]]:
    """Context and text of every call that translates a literal, and whether Qt's tool overlooks it.

    It reads no calls inside f-strings, and none whose third argument is neither a string nor None.
    """
    for file in source_files():
        tree = ast.parse(file.read_text(encoding="utf-8"))
        inside = {id(node) for text in ast.walk(tree) if isinstance(text, ast.JoinedStr) for node in ast.walk(text)}
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call) or _name(node.func) not in {"translate", "_translate"}:
                continue
            match node.args:
                case [ast.Constant(value=str(context)), ast.Constant(value=str(text)), *more]:
                    yield context, text, id(node) in inside or bool(more and not isinstance(more[0], ast.Constant))


def _name(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def update(target: Path, *, plurals_only: bool) -> None:
    """Takes the texts of the sources into `target`."""
    with tempfile.TemporaryDirectory() as folder:
        overlooked = Path(folder, "overlooked.py")
        calls = [f"translate({context!r}, {text!r})" for context, text, hidden in literal_texts() if hidden]
        overlooked.write_text("\n".join(calls), encoding="utf-8")
        _update(target, [*source_files(), overlooked], plurals_only=plurals_only)


def _update(target: Path, sources: list[Path], *, plurals_only: bool) -> None:
    command = [tool("pyside6-lupdate"), "-tr-function-alias", "translate+=_translate", "-locations", "none"]
    command += ["-no-obsolete", "-source-language", "en"]
    command += ["-pluralonly"] if plurals_only else []
    command += [str(file) for file in sources]
    subprocess.run([*command, "-ts", str(target)], cwd=TOP, check=True, stdout=subprocess.DEVNULL)


def release(source: Path, target: Path) -> None:
    """Makes the file that the application loads."""
    command = [tool("pyside6-lrelease"), "-silent", str(source), "-qm", str(target)]
    subprocess.run(command, cwd=TOP, check=True, stdout=subprocess.DEVNULL)


def main() -> None:
    for file in (CHINESE, ENGLISH):
        update(file, plurals_only=file is ENGLISH)
        release(file, file.with_suffix(".qm"))


if __name__ == "__main__":
    main()
