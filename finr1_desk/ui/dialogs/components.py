"""What the application is made of: every library with its version and licence.

Owns the collection, from the metadata of the installed packages; it imports none of them.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from importlib.metadata import Distribution, PackageNotFoundError, distribution

from PySide6.QtCore import qVersion

from finr1_desk.core.version import VERSION

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_LICENCE_FILE = re.compile(r"(?i)(licen[cs]e|copying|notice|authors)[^/]*$")
_TEXT_LIMIT = 200_000


@dataclass(frozen=True, slots=True)
class Component:
    """`licence` is the short name; `text` the licence as the package carries it, empty where it carries none."""

    name: str
    version: str
    licence: str
    text: str = ""


def components() -> list[Component]:
    """The application, what it is built on, and every package it needs, by name."""
    found: dict[str, Component] = {}
    waiting = ["finr1-desk"]
    while waiting:
        name = waiting.pop()
        key = re.sub(r"[-_.]+", "-", name).lower()
        if key in found:
            continue
        try:
            package = distribution(name)
        except PackageNotFoundError:  # needed on other systems only
            continue
        found[key] = _component(package)
        for requirement in package.requires or ():
            match = _NAME.match(requirement)
            if match is not None and "extra ==" not in requirement.replace("extra==", "extra =="):
                waiting.append(match.group())
    own = found.pop("finr1-desk", Component("finr1-desk", VERSION, "Apache-2.0"))
    return [own, *_built_in(), *sorted(found.values(), key=lambda component: component.name.lower())]


def _built_in() -> list[Component]:
    """Parts that come inside packages and have no metadata of their own."""
    return [
        Component("Python", sys.version.split()[0], "PSF-2.0"),
        Component("Qt", qVersion(), "LGPL-3.0-only"),
        Component("llama.cpp", "", "MIT"),
        Component("SQLite", "", "blessing"),
        Component("SQLCipher", "", "BSD-3-Clause"),
        Component("OpenSSL", "", "Apache-2.0"),
    ]


def _component(package: Distribution) -> Component:
    texts = []
    for file in package.files or ():
        if _LICENCE_FILE.search(str(file)) and file.suffix not in {".py", ".pyc"}:
            try:
                texts.append(file.read_text(encoding="utf-8"))
            except (OSError, UnicodeDecodeError):
                continue
    return Component(package.name, package.version, _licence(package), "\n\n".join(texts)[:_TEXT_LIMIT])


def _licence(package: Distribution) -> str:
    about = package.metadata
    for field in ("License-Expression", "License"):
        stated = str(about[field]) if field in about else ""
        if stated and "\n" not in stated and len(stated) < 60:
            return stated
    names = [line.rpartition(" :: ")[2] for line in about.get_all("Classifier") or () if line.startswith("License ::")]
    return ", ".join(names) or "–"
