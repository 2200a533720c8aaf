"""What may not lie in the project: paths of one machine, hosts of one network, large or foreign files."""

from __future__ import annotations

import re

import pytest

from tests.helpers.source_tree import ROOT, files, name

TOP_LEVEL = {
    "pyproject.toml",
    "README.md",
    "finr1_desk",
    "assets",
    "convert",
    "installers",
    "tests",
    "uv.lock",
    "LICENSE",
    "CHANGELOG.md",
}

# Put together from pieces, so that this file does not match itself.
FOREIGN = {
    "a folder of one machine": re.compile("(?<![\\w.])/" + "(?:work|root|home/[a-z]+|opt/wheels|opt/pypi)/"),
    "a temporary file of one machine": re.compile("/tmp/" + "(?:briefs|probe|inst|train)"),
    "a tracker's number": re.compile(r"\b[Ii]ssue[s]? #?" + r"\d"),
    "a package registry": re.compile("pypi" + r"\.org|pythonhosted" + r"\.org|registry\.npmjs"),
}
LOCK_FILES = {"uv.lock"}  # names where each package comes from; that is what it is for
LARGEST_TEXT_BYTES = 1_500_000


def texts() -> dict[str, str]:
    found = {}
    for path in files():
        if name(path) in LOCK_FILES or path.stat().st_size > LARGEST_TEXT_BYTES:
            continue
        data = path.read_bytes()
        if b"\0" not in data:
            found[name(path)] = data.decode("utf-8")
    return found


def test_the_top_level_is_fixed() -> None:
    present = {path.relative_to(ROOT).parts[0] for path in files()}
    assert {entry for entry in present if not entry.startswith(".")} <= TOP_LEVEL


@pytest.mark.parametrize("what", FOREIGN)
def test_nothing_names(what: str) -> None:
    found = [
        f"{file}:{number}: {line.strip()[:120]}"
        for file, text in texts().items()
        for number, line in enumerate(text.splitlines(), 1)
        if FOREIGN[what].search(line)
    ]
    assert not found


def test_the_patterns_match_what_they_are_for() -> None:
    examples = {
        "a folder of one machine": "open('/" + "work/main/x')",
        "a temporary file of one machine": "see /tmp/" + "probe/x",
        "a tracker's number": "closes issue" + " 12",
        "a package registry": "https://pypi" + ".org/simple",
    }
    assert all(FOREIGN[what].search(example) for what, example in examples.items())
    assert examples.keys() == FOREIGN.keys()


def test_text_files_end_with_one_line_break() -> None:
    own = (".py", ".md", ".toml", ".sh", ".ps1")
    ragged = [
        file for file, text in texts().items() if file.endswith(own) and text and not re.search(r"[^\n]\n\Z", text)
    ]
    assert not ragged
