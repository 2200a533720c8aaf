"""`finr1-desk tasks`: which tasks there are, and what one of them asks for.

Owns what is printed of a task. Where tasks come from is the store's.
"""

from __future__ import annotations

from typing import Any

from finr1_desk.core.errors import ErrorCode, UserError
from finr1_desk.core.tasks.file import result_to_json
from finr1_desk.core.tasks.task import Field, FieldKind, ResultKind, Task
from finr1_desk.core.tasks.values import to_text
from finr1_desk.library.assets import asset
from finr1_desk.store.task_files import Shelf, TaskFiles
from finr1_desk.terminal.conversations import print_json
from finr1_desk.terminal.output import visible
from finr1_desk.terminal.voice import Voice
from finr1_desk.terminal.workspace import Workspace


def shelf_of(workspace: Workspace) -> Shelf:
    """The tasks of the application and the user's; files that hold none are named on standard error."""
    shelf = TaskFiles(asset("tasks"), workspace.paths.tasks).shelf()
    for problem in shelf.problems:
        workspace.voice.note(" ".join(workspace.voice.sentence(problem)))
    return shelf


def list_(workspace: Workspace, *, as_json: bool) -> int:
    """Prints every task: its id, name and description."""
    shelf, language = shelf_of(workspace), workspace.voice.language
    if as_json:
        print_json([_summary(task) for task in shelf.tasks])
        return 0
    width = max((len(task.id) for task in shelf.tasks), default=0)
    for task in shelf.tasks:
        print(visible(f"{task.id:<{width}}  {task.name.said(language)}: {task.description.said(language)}"))
    return 0


def show(workspace: Workspace, name: str, *, as_json: bool) -> int:
    """Prints what a task asks for, what it sends, and an example.

    Raises:
        UserError: there is no such task.
    """
    task = shelf_of(workspace).find(name)
    if as_json:
        print_json(_whole(task))
        return 0
    voice = workspace.voice
    print(visible("\n".join(_lines(task, voice))))
    return 0


def _summary(task: Task) -> dict[str, Any]:
    return {
        "id": task.id,
        "name": task.name.to_json(),
        "description": task.description.to_json(),
        "trained": task.trained,
        "own": task.is_own,
        "languages": list(task.languages),
    }


def _whole(task: Task) -> dict[str, Any]:
    fields = [
        {
            "name": declared.name,
            "kind": declared.kind.value,
            "label": declared.label.to_json(),
            "help": declared.help.to_json(),
            "required": declared.required,
            "default": declared.default,
            "choices": [choice.value for choice in declared.choices],
            "columns": [column.value for column in declared.columns],
        }
        for declared in task.fields
    ]
    examples = [
        {
            "language": example.language,
            "values": {name: to_text(task.field(name), value) for name, value in example.values.items()},
            "answer": example.answer,
        }
        for example in task.examples
    ]
    result = result_to_json(task.result)
    return _summary(task) | {"prompt": dict(task.prompts), "fields": fields, "result": result, "examples": examples}


def _lines(task: Task, voice: Voice) -> list[str]:
    said = voice.language
    lines = [f"{task.name.said(said)} ({task.id})", task.description.said(said), ""]
    lines.append(voice.translate("Terminal", "Fields:"))
    lines += [_field_line(declared, voice) for declared in task.fields]
    for language in task.languages:
        lines += ["", voice.translate("Terminal", "Prompt (%1):", language), task.prompts[language]]
    if task.result.kind is not ResultKind.NONE:
        labels = ", ".join(f"{label.value} = {label.words.said(said)}" for label in task.result.labels)
        name = task.result.name.said(said) or task.result.kind.value
        lines += ["", voice.translate("Terminal", "Result: %1", f"{name}: {labels}" if labels else name)]
    example = task.example_for(said)
    if example is not None:
        lines += ["", voice.translate("Terminal", "Example:")]
        for name, value in example.values.items():
            lines.append(f"  {name}: {to_text(task.field(name), value)}")
    return lines


def _field_line(declared: Field, voice: Voice) -> str:
    words = [declared.label.said(voice.language)]
    if declared.kind is FieldKind.CHOICE:
        words.append(" | ".join(choice.value for choice in declared.choices))
    if not declared.required:
        words.append(voice.translate("Terminal", "may be empty"))
    if declared.default:
        words.append(voice.translate("Terminal", "else %1", declared.default))
    return f"  {declared.name} ({declared.kind.value}): {'; '.join(words)}"


def read_pairs(pairs: list[str], option: str) -> dict[str, str]:
    """What was given as FIELD=TEXT, by field.

    Raises:
        UserError: `BAD_VALUE` where there is no `=`.
    """
    found: dict[str, str] = {}
    for pair in pairs:
        name, mark, text = pair.partition("=")
        if not mark or not name.strip():
            raise UserError(ErrorCode.BAD_VALUE, name=option, value=pair)
        found[name.strip()] = text
    return found
