"""What is said about tasks: what is wrong with a form, a file or a run, and how a run stands.

Owns the wording, in English; the translation comes from whatever translator is installed. QtCore only, so that the
terminal can say the same.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QCoreApplication

from finr1_desk.core.errors import ErrorCode
from finr1_desk.core.tasks.reader import What
from finr1_desk.core.tasks.values import ProblemKind
from finr1_desk.core.wording import filled

translate = QCoreApplication.translate
Value = Callable[[str], str]  # the parameter of this name, as text


def task_sentence(code: ErrorCode, value: Value) -> tuple[str, str] | None:
    """The sentence and the hint of an error that concerns tasks; None for any other."""
    for group in (_task, _table, _run):
        found = group(code, value)
        if found is not None:
            return found
    return None


def _task(code: ErrorCode, value: Value) -> tuple[str, str] | None:
    match code:
        case ErrorCode.TASK_NOT_FOUND:
            return (
                filled(translate("Tasks", "There is no task “%1”."), value("name")),
                translate("Tasks", "“finr1-desk tasks list” shows what there is."),
            )
        case ErrorCode.TASK_DAMAGED:
            text = filled(translate("Tasks", "The task file %1 cannot be used."), value("path"))
            return f"{text} {file_problem(value('where'), value('what'), value('value'))}", translate(
                "Tasks", "Mend the file, or remove it; it was left alone."
            )
        case ErrorCode.TASK_FIELD:
            return (
                f"{filled(translate('Tasks', 'The field “%1” cannot be sent:'), value('field'))} "
                f"{field_problem(value('what'), value('bound'))}",
                translate("Tasks", "Correct the value and try again."),
            )
    return None


def file_problem(where: str, what: str, said: str) -> str:
    """What is wrong in a task file, as one short sentence."""
    match what:
        case What.NOT_TOML:
            return filled(translate("Tasks", "It is no TOML: %1."), said.rstrip("."))
        case What.TOO_LARGE:
            return filled(translate("Tasks", "Too much stands at “%1”."), where)
        case What.MISSING:
            return filled(translate("Tasks", "“%1” is missing."), where)
        case What.UNKNOWN_KEY:
            return filled(translate("Tasks", "Nothing is known by the name “%1”."), where)
        case What.WRONG_TYPE:
            return filled(translate("Tasks", "“%1” is of the wrong type."), where)
        case What.BAD_NAME:
            return filled(translate("Tasks", "“%1” cannot be a name."), said)
        case What.NO_FIELD:
            return filled(translate("Tasks", "“%1” speaks of a field “%2”, which does not exist."), where, said)
        case What.NOT_USED:
            return filled(translate("Tasks", "The field “%1” stands in no prompt."), said)
        case What.TWICE:
            return filled(translate("Tasks", "“%2” stands twice at “%1”."), where, said)
        case _:
            return filled(translate("Tasks", "“%2” is not possible at “%1”."), where, said)


def field_problem(what: str, limit: str) -> str:
    """What is wrong with a value, as one short sentence."""
    match what:
        case ProblemKind.MISSING:
            return translate("Tasks", "Something has to be entered.")
        case ProblemKind.TOO_LONG:
            return filled(translate("Tasks", "At most %1 characters."), limit)
        case ProblemKind.NOT_A_NUMBER:
            return translate("Tasks", "This is not a number.")
        case ProblemKind.TOO_SMALL:
            return filled(translate("Tasks", "At least %1."), limit)
        case ProblemKind.TOO_LARGE:
            return filled(translate("Tasks", "At most %1."), limit)
        case ProblemKind.NOT_A_CHOICE:
            return filled(translate("Tasks", "One of these: %1."), limit)
        case ProblemKind.TOO_FEW_OPTIONS:
            return filled(translate("Tasks", "At least %1 options."), limit)
        case ProblemKind.TOO_MANY:
            return filled(translate("Tasks", "At most %1 rows."), limit)
        case _:
            return filled(translate("Tasks", "It is out of bounds (%1)."), limit)


def _table(code: ErrorCode, value: Value) -> tuple[str, str] | None:
    match code:
        case ErrorCode.TABLE_UNREADABLE:
            return (
                filled(translate("Tasks", "The table %1 cannot be read: %2."), value("path"), _reason(value("reason"))),
                translate("Tasks", "Save it as CSV (UTF-8) or XLSX, with the headings in the first row."),
            )
        case ErrorCode.COLUMN_MISSING:
            return (
                filled(translate("Tasks", "No column fills the field “%1”."), value("field")),
                filled(
                    translate("Tasks", "Say which one does: --column %1=COLUMN. There are: %2."),
                    value("field"),
                    value("columns"),
                ),
            )
        case ErrorCode.COLUMN_UNKNOWN:
            return (
                filled(translate("Tasks", "The table has no column “%1”."), value("column")),
                filled(translate("Tasks", "There are: %1."), value("columns")),
            )
    return None


def _reason(reason: str) -> str:
    known = {
        "empty": translate("Tasks", "nothing stands in it"),
        "no_rows": translate("Tasks", "there is nothing below the headings"),
        "too_large": translate("Tasks", "it is too large"),
        "encoding": translate("Tasks", "it is neither UTF-8 nor GB18030"),
        "damaged": translate("Tasks", "it is damaged, or something else than its name says"),
    }
    return known.get(reason, reason)


def _run(code: ErrorCode, value: Value) -> tuple[str, str] | None:
    match code:
        case ErrorCode.OUTPUT_EXISTS:
            return (
                filled(translate("Tasks", "%1 is there already."), value("path")),
                translate("Tasks", "Choose another name, or replace it with --overwrite."),
            )
        case ErrorCode.RUN_EXISTS:
            return (
                filled(translate("Tasks", "A run into %1 was not finished."), value("path")),
                translate("Tasks", "Go on with --resume, or begin anew with --overwrite."),
            )
        case ErrorCode.RUN_CHANGED:
            return (
                filled(translate("Tasks", "The run of %1 cannot go on: %2."), value("path"), _changed(value("what"))),
                translate("Tasks", "Undo the change, or begin anew with --overwrite."),
            )
        case ErrorCode.RUN_BUSY:
            return (
                filled(translate("Tasks", "Another process is writing %1."), value("path")),
                translate("Tasks", "Wait until it is done, or end it."),
            )
        case ErrorCode.RUN_DAMAGED:
            return (
                filled(translate("Tasks", "The journal %1 is damaged at line %2."), value("path"), value("line")),
                translate("Tasks", "Begin anew with --overwrite; the table with what was done stays until then."),
            )
    return None


def _changed(what: str) -> str:
    known = {
        "input": translate("Tasks", "the table of inputs has changed"),
        "task": translate("Tasks", "the task has changed"),
        "options": translate("Tasks", "other columns, settings or sampling were chosen"),
        "model": translate("Tasks", "another model was chosen"),
    }
    return known.get(what, translate("Tasks", "something has changed"))


def time_left(seconds: float) -> str:
    """About how long something will take, in words that do not flicker."""
    if seconds < 60:
        return translate("Tasks", "less than a minute left")
    if seconds < 5400:
        return filled(translate("Tasks", "about %1 min left"), str(round(seconds / 60)))
    return filled(translate("Tasks", "about %1 h left"), f"{seconds / 3600:.1f}")
