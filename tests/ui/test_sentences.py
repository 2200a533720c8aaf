"""Every error a user can meet has a sentence and a hint, and says the parameters that its code carries."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finr1_desk.core import errors
from finr1_desk.core.errors import ErrorCode, Param, UserError
from finr1_desk.core.wording import count_text, filled, percent_text, size_text
from finr1_desk.ui.words.sentences import describe, sentence
from finr1_desk.ui.words.server import server_words
from finr1_desk.ui.words.serving import serving_words
from finr1_desk.ui.words.tasks import task_sentence
from finr1_desk.ui.words.transfer import transfer_sentence

# A value for each parameter name, and how it must appear in the sentence or the hint.
SAMPLES: dict[str, tuple[Param, str]] = {
    "path": ("/models/Fin-R1.gguf", "/models/Fin-R1.gguf"),
    "reason": ("permission denied", "permission denied"),
    "expected_bytes": (4_683_073_600, "4.68 GB"),
    "actual_bytes": (1_250_000_000, "1.25 GB"),
    "needed_bytes": (8_100_000_000, "8.10 GB"),
    "available_bytes": (3_000_000_000, "3.00 GB"),
    "format": ("pdf", "PDF"),
    "limit_bytes": (536_870_912, "0.54 GB"),
    "architecture": ("mamba9", "mamba9"),
    "expected": ("0.3.36", "0.3.36"),
    "actual": ("0.3.35", "0.3.35"),
    "tokens": (20_000, "20,000"),
    "limit": (16_384, "16,384"),
    "over": (3_616, "3,616"),
    "context": (32_768, "32,768"),
    "status": (-3, "-3"),
    "name": ("temperature", "temperature"),
    "value": ("9", "9"),
    "version": (7, "7"),
    "supported": (5, "5"),
    "id": ("0f3a", "0f3a"),
    "line": (12, "12"),
    "where": ("prompt.en", "prompt.en"),
    "field": ("amount", "amount"),
    "bound": ("16", "16"),
    "column": ("Betrag", "Betrag"),
    "columns": ("Date, Sum", "Date, Sum"),
    "signal": (6, "6"),
    "exit_code": (3, "3"),
    "address": ("127.0.0.1:8000", "127.0.0.1:8000"),
    "host": ("desk.example:8000", "desk.example:8000"),
    "policy": ("/etc/finr1-desk/policy.toml", "/etc/finr1-desk/policy.toml"),
    "seconds": (300.0, "300"),
    "model": ("Fin-R1", "Fin-R1"),
    "what": ("someone/Fin-R1-GGUF", "someone/Fin-R1-GGUF"),
    "free_bytes": (2_500_000_000, "2.50 GB"),
    "report": ("/data/engine-crash.txt", "/data/engine-crash.txt"),
}
DOCUMENTED = re.compile(r'^    ([A-Z_]+) = "[a-z_]+"  # (.*)$', re.MULTILINE)


def documented_parameters() -> dict[ErrorCode, list[str]]:
    """The parameters of each code, as the comments beside the codes name them."""
    source = Path(errors.__file__).read_text("utf-8")
    found = {}
    for name, comment in DOCUMENTED.findall(source):
        without_values = re.sub(r"\([^)]*\)", "", comment)
        found[ErrorCode[name]] = [
            part for part in re.split(r",\s*|\s+or\s+|\s+", without_values) if part not in ("", "-")
        ]
    return found


PARAMETERS = documented_parameters()


def test_every_code_documents_its_parameters() -> None:
    assert set(PARAMETERS) == set(ErrorCode)
    assert {name for names in PARAMETERS.values() for name in names} <= {*SAMPLES, "stage", "cause", "what"}


@pytest.mark.parametrize("code", list(ErrorCode))
def test_a_code_has_one_sentence_and_one_hint_with_all_its_parameters(code: ErrorCode) -> None:
    names = PARAMETERS[code]
    said = sentence(UserError(code, **{name: SAMPLES[name][0] for name in names if name in SAMPLES}))
    for text in (said.text, said.hint):
        assert text.endswith(".")
        assert "!" not in text
        assert "\n" not in text
        assert not re.search(r"%\d", text)
    alternatives = {"signal", "exit_code"} & set(names)  # one or the other
    for name in set(names) - alternatives - {"stage", "cause", "what"}:
        assert SAMPLES[name][1] in said.text + said.hint, name
    if alternatives:
        assert any(SAMPLES[name][1] in said.hint for name in alternatives)


@pytest.mark.parametrize("code", list(ErrorCode))
def test_a_missing_parameter_never_breaks_a_sentence(code: ErrorCode) -> None:
    for params in ({}, dict.fromkeys(SAMPLES, None), dict.fromkeys(SAMPLES, ""), dict.fromkeys(SAMPLES, "x")):
        said = describe(code, params)
        assert said.text
        assert said.hint
        assert "None" not in said.text + said.hint


@pytest.mark.parametrize("stage", ["load", "prefill", "decode", "idle"])
def test_the_end_of_the_engine_is_told_apart_by_stage(stage: str) -> None:
    others = {"load", "prefill", "decode", "idle"} - {stage}
    text = describe(ErrorCode.ENGINE_DIED, {"stage": stage, "exit_code": 1}).text
    assert all(text != describe(ErrorCode.ENGINE_DIED, {"stage": other, "exit_code": 1}).text for other in others)


def test_a_killed_engine_is_explained_by_memory() -> None:
    assert "memory" in describe(ErrorCode.ENGINE_DIED, {"stage": "decode", "exit_code": -9}).hint
    assert "memory" in describe(ErrorCode.ENGINE_DIED, {"stage": "decode", "signal": 9}).hint
    assert "memory" not in describe(ErrorCode.ENGINE_DIED, {"stage": "decode", "exit_code": -6}).hint


@pytest.mark.parametrize("reason", ["no_keychain", "locked", "timeout", "failed", "missing", "file_damaged"])
def test_reasons_that_are_codes_become_words(reason: str) -> None:
    said = describe(ErrorCode.KEY_UNAVAILABLE, {"reason": reason})
    assert "_" not in said.text
    assert said.text != describe(ErrorCode.KEY_UNAVAILABLE, {}).text


def test_a_header_that_is_cut_off_has_no_expected_size() -> None:
    said = describe(ErrorCode.MODEL_TRUNCATED, {"path": "m.gguf", "expected_bytes": None, "actual_bytes": 5_000_000})
    assert "5.0 MB" in said.text


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0.0 MB"), (11_500_000, "11.5 MB"), (100_000_000, "0.10 GB"), (4_683_073_600, "4.68 GB")],
)
def test_sizes_are_decimal(size: int, text: str) -> None:
    assert size_text(size) == text


def test_counts_have_separators() -> None:
    assert count_text(16_384) == "16,384"


@pytest.mark.parametrize(
    ("share", "text"), [(0, "0.0"), (0.57, "57.0"), (0.97999, "97.9"), (0.9999, "99.9"), (1, "100.0")]
)
def test_a_hundred_per_cent_is_all_of_it(share: float, text: str) -> None:
    assert percent_text(share) == text


@given(st.text(), st.text())
def test_filling_replaces_markers_of_the_template_only(first: str, second: str) -> None:
    assert filled("a %2 b %1 c %3 d %", first, second) == f"a {second} b {first} c %3 d %"


def test_sentences_are_what_lupdate_extracts(tmp_path: Path) -> None:
    """Each text must be a literal in a call that lupdate understands, or it could never be translated."""
    makers = (describe, server_words, serving_words, transfer_sentence, task_sentence)
    modules = tuple(maker.__module__ for maker in makers)
    sources = [Path(sys.modules[module].__file__ or "") for module in modules]
    target = tmp_path / "texts.ts"
    lupdate = Path(sys.executable).with_name("pyside6-lupdate")
    if not lupdate.exists():
        pytest.skip("lupdate is not installed")
    subprocess.run([lupdate, *sources, "-ts", target], check=True, capture_output=True, timeout=60)
    extracted = set(re.findall(r"<source>(.*?)</source>", target.read_text("utf-8"), re.DOTALL))
    assert len(extracted) >= 2 * len(ErrorCode)
    calls = sum(len(re.findall(r'"(?:Sentences|Tasks)"', source.read_text("utf-8"))) for source in sources)
    assert len(extracted) >= calls - 3  # a few sentences share their hint
