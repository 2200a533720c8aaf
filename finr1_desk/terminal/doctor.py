"""`finr1-desk doctor`: what the application needs, and whether it is there.

Owns the order and the words of the checks. Each one looks at a single thing and tells facts for machines and a line
for people. Nothing here loads llama.cpp, a model or a window.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any, Final

from finr1_desk.core.errors import ErrorCode, UserError
from finr1_desk.core.version import VERSION
from finr1_desk.core.wording import filled, percent_text, size_text
from finr1_desk.engine.survival.safe_mode import SafeMode, SafeModes
from finr1_desk.terminal.conversations import print_json
from finr1_desk.terminal.display import has_display
from finr1_desk.terminal.fonts import chinese_fonts
from finr1_desk.terminal.output import one_line
from finr1_desk.terminal.workspace import Workspace

_PROBE_TIMEOUT_S: Final = 120
_PACKAGES: Final = ("llama-cpp-python", "PySide6-Essentials", "sqlcipher3", "keyring", "numpy")
_FONTS_NAMED: Final = 3
_FILES_COUNTED: Final = 10_000


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found.

    `text` and `hint` are for people; `essential` says that the application cannot answer a question without it.
    """

    ok: bool
    text: str
    hint: str = ""
    essential: bool = False
    facts: dict[str, Any] = field(default_factory=dict)


def doctor(workspace: Workspace, *, as_json: bool, forget_safe_modes: bool = False) -> int:
    """Checks everything and prints what was found; 1 where something essential is missing."""
    if forget_safe_modes:
        SafeModes(workspace.paths.runtime).forget()
    findings: dict[str, Finding] = {}
    for name, title, check in _checks(workspace):
        findings[name] = finding = _guarded(workspace, check)
        if not as_json:
            _print(workspace, title, finding)
    healthy = all(finding.ok or not finding.essential for finding in findings.values())
    if as_json:
        print_json(_json(findings, healthy))
    return 0 if healthy else 1


Check = Callable[[Workspace], Finding]


def _checks(workspace: Workspace) -> Iterator[tuple[str, str, Check]]:
    """The name for machines, the title for people, and the check."""
    translate = workspace.voice.translate
    yield "versions", translate("Terminal", "Versions"), _versions
    yield "llama_cpp", translate("Terminal", "Engine"), _llama_cpp
    yield "data_folder", translate("Terminal", "Data folder"), _data_folder
    yield "keychain", translate("Terminal", "Keychain"), _keychain  # before the store, which makes a key if need be
    yield "store", translate("Terminal", "Conversations"), _store
    yield "model", translate("Terminal", "Model"), _model
    yield "safe_modes", translate("Terminal", "Safe mode"), _safe_modes
    yield "fonts", translate("Terminal", "Chinese fonts"), _fonts
    yield "display", translate("Terminal", "Display"), _display


def _guarded(workspace: Workspace, check: Check) -> Finding:
    try:
        return check(workspace)
    except UserError as error:
        text, hint = workspace.voice.sentence(error)
        facts = {"error": {"code": error.code.value, "params": dict(error.params)}}
        return Finding(False, text, hint, essential=True, facts=facts)


def _print(workspace: Workspace, title: str, finding: Finding) -> None:
    translate = workspace.voice.translate
    mark = translate("Terminal", "ok") if finding.ok else translate("Terminal", "problem")
    print(f"{mark:<8} {title}: {one_line(finding.text)}")
    if finding.hint:
        print(f"{'':<8} {one_line(finding.hint)}")


def _json(findings: dict[str, Finding], healthy: bool) -> dict[str, Any]:
    values: dict[str, Any] = {"ok": healthy}
    for name, finding in findings.items():
        values[name] = {"ok": finding.ok, "essential": finding.essential} | finding.facts
        if not finding.ok:
            values[name] |= {"text": finding.text, "hint": finding.hint}
    return values


# -- the checks


def _versions(_workspace: Workspace) -> Finding:
    packages = {name: _version(name) for name in _PACKAGES}
    facts = {
        "finr1_desk": VERSION,
        "python": platform.python_version(),
        "system": platform.platform(),
        "packages": packages,
    }
    named = ", ".join(f"{name} {version}" for name, version in packages.items() if version)
    text = f"Fin-R1 Desk {VERSION}, Python {platform.python_version()}, {named}; {platform.platform()}"
    return Finding(True, text, facts=facts)


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _llama_cpp(workspace: Workspace) -> Finding:
    """Asked from a process of its own: if llama.cpp cannot be loaded, that must not take the doctor with it."""
    command = [sys.executable, "-P", "-m", "finr1_desk.engine.plan.probe"]
    try:
        done = subprocess.run(command, capture_output=True, timeout=_PROBE_TIMEOUT_S, stdin=subprocess.DEVNULL)
        facts = json.loads(done.stdout) if done.returncode == 0 else None
    except (OSError, subprocess.SubprocessError, ValueError):
        facts, done = None, None
    if not isinstance(facts, dict):
        lines = done.stderr.decode("utf-8", "replace").strip().splitlines() if done is not None else []
        reason = lines[-1] if lines else (f"exit {done.returncode}" if done is not None else "timeout")
        raise UserError(ErrorCode.ENGINE_START_FAILED, reason=reason)
    devices = "; ".join(
        workspace.voice.translate(
            "Terminal",
            "%1 (%2; %3), %4 free",
            device["name"],
            device["description"],
            device["backend"],
            size_text(device["free_bytes"]),
        )
        for device in facts["devices"]
    )
    backends = " ".join(facts["backends"])
    text = f"llama-cpp-python {facts['llama_cpp_python']}, ggml {facts['ggml']}, {backends}. {devices}"
    return Finding(True, text, essential=True, facts=facts)


def _data_folder(workspace: Workspace) -> Finding:
    root = workspace.paths.root
    used, free = _folder_bytes(root), shutil.disk_usage(root).free
    text = workspace.voice.translate(
        "Terminal", "%1 (%2 used, %3 free on the disk)", str(root), size_text(used), size_text(free)
    )
    facts = {"path": str(root), "writable": True, "bytes": used, "free_bytes": free}
    return Finding(True, text, essential=True, facts=facts)


def _folder_bytes(root: Path) -> int:
    total = 0
    for number, path in enumerate(root.rglob("*")):
        if number >= _FILES_COUNTED:
            break
        try:
            status = path.lstat()
        except OSError:
            continue
        total += status.st_size
    return total


def _store(workspace: Workspace) -> Finding:
    from finr1_desk.store.migrations import MIGRATIONS

    with workspace.store() as store:
        count = len(store.conversations())
    path = workspace.paths.database
    text = workspace.voice.translate(
        "Terminal", "%1 in all, encrypted, schema %2, in %3", str(count), str(len(MIGRATIONS)), str(path)
    )
    facts = {"path": str(path), "opens": True, "schema": len(MIGRATIONS), "conversations": count}
    return Finding(True, text, essential=True, facts=facts)


def _keychain(workspace: Workspace) -> Finding:
    from finr1_desk.store.keys import obtain_key

    key = obtain_key(workspace.paths)
    facts = {"state": key.place, "note": key.note}
    translate = workspace.voice.translate
    if key.place == "keychain":
        return Finding(True, translate("Terminal", "The key of the conversations is in it."), facts=facts)
    return Finding(
        False,
        translate("Terminal", "The key of the conversations is in a file that only you can read."),
        translate("Terminal", "With a keychain (a Secret Service such as GNOME Keyring or KWallet) it is safer."),
        facts=facts,
    )


def _model(workspace: Workspace) -> Finding:
    model = workspace.model(None)
    header = model.header
    facts = {
        "name": header.name,
        "path": str(model.path),
        "quantisation": header.quantisation,
        "file_bytes": header.file_bytes,
        "source": model.source.value,
        "is_fin_r1": model.is_fin_r1,
        "verification": asdict(model.verification) if model.verification else None,
    }
    text = f"{header.name} · {header.quantisation} · {size_text(header.file_bytes)} · {model.path}"
    if model.verification:
        template = workspace.voice.translate("Terminal", "%1: same first choice on %2 % of tokens")
        measured = filled(template, header.quantisation, percent_text(model.verification.same_first_choice))
        text += f" · {measured}"
    if model.is_built_in:
        hint = workspace.voice.translate(
            "Terminal", "No Fin-R1 was found; put its GGUF into the models folder: %1", str(workspace.paths.models)
        )
        return Finding(True, text, hint, essential=True, facts=facts)
    return Finding(True, text, essential=True, facts=facts)


def _safe_modes(workspace: Workspace) -> Finding:
    """Models that are run with care since the engine crashed with them."""
    found = SafeModes(workspace.paths.runtime).remembered()
    translate = workspace.voice.translate
    models = [
        {"path": entry.subject.path, "mode": entry.mode.value, "machine": entry.subject.machine, "proven": entry.proven}
        for entry in found
    ]
    if not found:
        return Finding(True, translate("Terminal", "No model needs it."), facts={"models": models})
    words = {
        SafeMode.NO_EXTRA_BUFFERS: translate("Terminal", "weights not rearranged"),
        SafeMode.NO_GPU: translate("Terminal", "without the GPU"),
    }
    named = "; ".join(f"{Path(entry.subject.path).name} ({words[entry.mode]})" for entry in found)
    return Finding(
        True,
        translate("Terminal", "The engine crashed with these models and runs them more slowly since: %1", named),
        translate("Terminal", "To try again in full: finr1-desk doctor --forget-safe-modes"),
        facts={"models": models},
    )


def _fonts(workspace: Workspace) -> Finding:
    families = chinese_fonts()
    translate = workspace.voice.translate
    if families is None:
        return Finding(False, translate("Terminal", "It could not be found out."), facts={"families": None})
    if not families:
        return Finding(
            False,
            translate("Terminal", "There are none."),
            translate(
                "Terminal",
                "Install fonts-noto-cjk (Debian, Ubuntu) or google-noto-sans-cjk-fonts (Fedora).",
            ),
            facts={"families": []},
        )
    return Finding(True, ", ".join(families[:_FONTS_NAMED]), facts={"families": families})


def _display(workspace: Workspace) -> Finding:
    kinds = {"WAYLAND_DISPLAY": "wayland", "DISPLAY": "x11"}
    kind = next((kind for name, kind in kinds.items() if os.environ.get(name)), None)
    if kind is None and has_display():
        kind = os.environ.get("QT_QPA_PLATFORM") or sys.platform
    facts = {"available": kind is not None, "kind": kind}
    if kind is not None:
        return Finding(True, kind, facts=facts)
    translate = workspace.voice.translate
    return Finding(
        False,
        translate("Terminal", "There is none."),
        translate("Terminal", "Use “finr1-desk chat” or “finr1-desk ask”."),
        facts=facts,
    )
