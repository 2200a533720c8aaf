"""The settings and the window's state as files.

Owns reading and writing `settings.json`, `window.json` and `model-settings.json`, and how such a file is kept. A file
that cannot be read is moved aside, never overwritten; names that this version does not know are kept. Secrets and
texts do not belong here.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from itertools import count
from pathlib import Path
from typing import Any

from finr1_desk.core.errors import ErrorCode, UserError
from finr1_desk.core.settings import LOADING, Settings, checked, from_mapping
from finr1_desk.store.atomic_file import replace_file
from finr1_desk.store.paths import DataPaths


@dataclass(frozen=True, slots=True)
class LoadedSettings:
    """What the file gives; `problem` says that it was damaged, or a value in it was."""

    settings: Settings
    problem: UserError | None = None


def load_settings(paths: DataPaths) -> LoadedSettings:
    """The settings of the file; the default for everything it lacks or gives a bad value for."""
    values, problem = read_values(paths.settings)
    good: dict[str, Any] = {}
    for name, value in values.items():
        try:
            from_mapping({name: value})
        except UserError:
            problem = UserError(ErrorCode.SETTINGS_DAMAGED, path=str(paths.settings), reason=name)
        else:
            good[name] = value
    return LoadedSettings(from_mapping(good), problem)


def save_settings(paths: DataPaths, settings: Settings) -> None:
    """Writes what differs from the defaults, so that a better default reaches everybody who never chose.

    Raises:
        UserError: `FILE_UNWRITABLE`.
    """
    known = {declared.name for declared in fields(Settings)}
    values = {name: value for name, value in read_values(paths.settings)[0].items() if name not in known}
    default = asdict(Settings())
    values |= {name: value for name, value in asdict(settings).items() if value != default[name]}
    write_values(paths.settings, values)


def load_window_state(paths: DataPaths) -> dict[str, Any]:
    """What the window remembers; empty where there is nothing to be read."""
    return read_values(paths.window)[0]


def save_window_state(paths: DataPaths, state: Mapping[str, Any]) -> None:
    """
    Raises:
        UserError: `FILE_UNWRITABLE`.
    """
    write_values(paths.window, state)


def load_model_settings(paths: DataPaths, model: Path) -> dict[str, Any]:
    """How this model is loaded on this machine where that differs from the settings; values that cannot be are left
    out.
    """
    machines = read_values(paths.model_settings)[0]
    found = _folded(_folded(machines, _machine()), str(model))
    good: dict[str, Any] = {}
    for declared in LOADING:
        with contextlib.suppress(UserError):
            if declared.name in found:
                good[declared.name] = checked(declared.name, found[declared.name])
    return good


def save_model_settings(paths: DataPaths, model: Path, values: Mapping[str, Any]) -> None:
    """Remembers it: all values that are to differ from the settings, none of them to forget the model.

    A data folder may be used from several machines, whose memory and devices differ.

    Raises:
        UserError: `BAD_VALUE`, `FILE_UNWRITABLE`.
    """
    good = {name: checked(name, value) for name, value in values.items()}
    machines = read_values(paths.model_settings)[0]
    models = _folded(machines, _machine()) | {str(model): good}
    if not good:
        del models[str(model)]
    write_values(paths.model_settings, machines | {_machine(): models})


def _machine() -> str:
    import platform  # long to import, and wanted only when a model is chosen

    return platform.node()


def _folded(values: Mapping[str, Any], name: str) -> dict[str, Any]:
    found = values.get(name)
    return found if isinstance(found, dict) else {}


def read_values(path: Path) -> tuple[dict[str, Any], UserError | None]:
    """The values of a file and what was wrong with it; none where there is no file."""
    try:
        values = json.loads(path.read_bytes())
        if not isinstance(values, dict):
            raise ValueError("no object")
    except FileNotFoundError:
        return {}, None
    except OSError as error:
        return {}, UserError(ErrorCode.SETTINGS_DAMAGED, path=str(path), reason=error.strerror)
    except (ValueError, RecursionError):
        return {}, UserError(ErrorCode.SETTINGS_DAMAGED, path=str(_set_aside(path)), reason="not_json")
    return values, None


def _set_aside(path: Path) -> Path:
    """Renames the file to the first free `.damaged-N`; returns where it is now."""
    for number in count(1):
        aside = path.with_name(f"{path.name}.damaged-{number}")
        if not aside.exists():
            try:
                return path.rename(aside)
            except OSError:
                break
    return path


def write_values(path: Path, values: Mapping[str, Any]) -> None:
    """
    Raises:
        UserError: `FILE_UNWRITABLE`.
    """
    try:
        replace_file(path, json.dumps(values, ensure_ascii=False, indent=2, sort_keys=True).encode() + b"\n")
    except OSError as error:
        raise UserError(ErrorCode.FILE_UNWRITABLE, path=str(path), reason=error.strerror) from None
