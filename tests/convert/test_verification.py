"""Verifying real models through real llama.cpp: the figures of its own tool, and a sentence for what cannot be done."""

from __future__ import annotations

import json
import math
import os
import signal
import struct
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from gguf import GGUFWriter

from finr1_convert.conversion import convert
from finr1_convert.errors import CancelledError, ConvertError
from finr1_convert.gguf_header import read_header
from finr1_convert.progress import Progress
from finr1_convert.verification import verify
from finr1_convert.verification_sidecar import fingerprint, sidecar_path, write_sidecar
from finr1_desk.library.verification import read_verification
from tests.convert.checkpoints import small_bpe
from tests.convert.conftest import Run
from tests.convert.record_verification import RECORD
from tests.convert.verification_models import CASES, SHAPE, Case, write_checkpoint, write_pair, write_text

Pair = tuple[Path, Path]


@pytest.fixture(scope="module")
def text(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_text(tmp_path_factory.mktemp("text") / "text.txt")


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Pair:
    """A model and its reference, which no test changes."""
    return write_pair(tmp_path_factory.mktemp("pair"), "Q4_K_M")


# -- the figures. One thread everywhere: on a busy machine, several wait for each other longer than they compute.


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_figures_are_those_of_llama_cpps_tool(case: Case, tmp_path: Path, text: Path) -> None:
    model, reference = write_pair(tmp_path, case.type, deepseek=case.deepseek)
    figures = verify(model, reference, text, context=case.context, threads=1).figures
    expected = json.loads(RECORD.read_text(encoding="utf-8"))[case.name]
    found = {
        "reference_perplexity": figures.reference_perplexity.value,
        "perplexity": figures.perplexity.value,
        "divergence": figures.divergence.value,
        "divergence_uncertainty": figures.divergence.uncertainty,
        "divergence_median": figures.divergence_median,
        "divergence_p95": figures.divergence_p95,
        "divergence_p99": figures.divergence_p99,
        "divergence_max": figures.divergence_max,
        "same_first_choice": figures.same_first_choice.value,
        "same_first_choice_uncertainty": figures.same_first_choice.uncertainty,
    }
    assert found.keys() == expected.keys()
    for name, value in found.items():
        # The tool prints six decimals, and five for uncertainties.
        assert value == pytest.approx(expected[name], rel=0.01, abs=1e-6), name


def test_a_model_compared_with_itself_differs_in_nothing(pair: Pair, text: Path) -> None:
    figures = verify(pair[0], pair[0], text, chunks=2, threads=1).figures
    assert figures.divergence_max == pytest.approx(0, abs=1e-6)
    assert (figures.same_first_choice.value, figures.ratio.value) == (1, pytest.approx(1))


def test_the_record_says_what_was_compared(pair: Pair, text: Path) -> None:
    model, reference = pair
    seen: list[Progress] = []
    found = verify(model, reference, text, context=64, chunks=9, threads=1, on_progress=seen.append)
    assert (found.context, found.chunks, found.figures.tokens) == (64, 9, 9 * 31)
    assert (found.model.file_type, found.reference.file_type) == ("Q4_K_M", "F32")
    assert found.model.bytes == model.stat().st_size
    assert found.model.fingerprint == fingerprint(model) != found.reference.fingerprint
    assert found.model.tokens_per_second > 0 < found.reference.tokens_per_second
    assert [progress.stage for progress in seen] == ["verify"] * len(seen)
    assert [progress.done for progress in seen] == sorted(progress.done for progress in seen)
    assert (seen[-1].done, seen[-1].total) == (9 * 64, 9 * 64)


def test_the_text_that_comes_with_the_program_is_the_default(pair: Pair) -> None:
    found = verify(*pair, chunks=1, threads=1)
    assert found.text == "evaluation.txt"
    assert found.chunks == 1


# -- the command and its file


def command(pair: Pair, text: Path, *more: object) -> tuple[object, ...]:
    return ("verify", pair[0], "--against", pair[1], "--text", text, "--ctx", 64, "--chunks", 4, "--threads", 1, *more)


@pytest.fixture
def copies(pair: Pair, tmp_path: Path) -> Pair:
    """The pair in a folder of its own."""
    folder = tmp_path / "models"
    folder.mkdir()
    for path in pair:
        (folder / path.name).write_bytes(path.read_bytes())
    return folder / pair[0].name, folder / pair[1].name


def test_the_table_the_json_and_the_file_say_the_same(copies: Pair, text: Path, run: Run) -> None:
    code, stdout, stderr = run(*command(copies, text, "--json"))
    assert (code, stderr) == (0, "")
    record = json.loads(stdout)
    sidecar = sidecar_path(copies[0])
    assert json.loads(sidecar.read_text(encoding="utf-8")) == record
    assert sorted(path.name for path in sidecar.parent.iterdir()) == [
        "model-Q4_K_M.gguf",
        "model-Q4_K_M.verify.json",
        "reference.gguf",
    ]
    assert (record["format"], record["version"]) == ("finr1-verification", 1)
    assert str(copies[0].parent) not in stdout
    read = read_verification(copies[0])  # as the application does
    assert read is not None
    assert (read.reference, read.tokens) == ("F32", record["figures"]["tokens"])
    assert read.same_first_choice == record["figures"]["same_first_choice"]["value"]
    assert read.divergence == record["figures"]["divergence"]["value"]
    code, stdout, _ = run(*command(copies, text, "--no-sidecar"))
    assert code == 0
    share = record["figures"]["same_first_choice"]["value"] * 100
    assert f"Q4_K_M: same first choice on {share:.1f} % of tokens" in stdout
    assert f"{record['figures']['divergence']['value']:.6f}" in stdout
    assert f"{record['figures']['perplexity']['value']:,.4f}" in stdout


def test_the_file_can_go_elsewhere_or_nowhere(copies: Pair, text: Path, tmp_path: Path, run: Run) -> None:
    assert run(*command(copies, text, "--no-sidecar"))[0] == 0
    assert run(*command(copies, text, "--to", tmp_path / "result.json"))[0] == 0
    assert not sidecar_path(copies[0]).exists()
    first = json.loads((tmp_path / "result.json").read_text(encoding="utf-8"))
    assert run(*command(copies, text, "--to", tmp_path / "result.json"))[0] == 0  # an old result is replaced
    assert json.loads((tmp_path / "result.json").read_text(encoding="utf-8"))["figures"] == first["figures"]


@pytest.mark.skipif(sys.platform != "linux", reason="file names are text elsewhere")
def test_names_that_are_no_text(copies: Pair, text: Path, run: Run) -> None:
    odd = copies[0].rename(copies[0].with_name(os.fsdecode(b"model-\xff.gguf")))
    for form in ("--json", "--no-sidecar"):
        code, stdout, stderr = run(*command((odd, copies[1]), text, form))
        assert (code, stderr) == (0, "")
        assert "model-?.gguf" in stdout
    assert read_verification(odd) is not None


def test_a_place_that_cannot_be_written_is_told_before_the_work(pair: Pair, text: Path, run: Run) -> None:
    code, stdout, stderr = run(*command(pair, text, "--to", "/nowhere/at/all.json"))
    assert (code, stdout) == (1, "")
    assert "/nowhere/at/all.json cannot be written" in stderr
    assert "--no-sidecar" in stderr


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    target = tmp_path / "model.verify.json"
    write_sidecar({"a": 1}, target)
    before = target.read_bytes()
    with pytest.raises(ValueError, match="JSON compliant"):
        write_sidecar({"a": math.nan}, target)
    assert target.read_bytes() == before
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize(
    "arguments",
    [
        ("verify", "a.gguf"),
        ("verify", "a.gguf", "--against"),
        ("verify", "a.gguf", "--against", "b.gguf", "--ctx", "0"),
        ("verify", "a.gguf", "--against", "b.gguf", "--chunks", "-1"),
        ("verify", "a.gguf", "--against", "b.gguf", "--threads", "many"),
        ("verify", "a.gguf", "--against", "b.gguf", "--to", "c.json", "--no-sidecar"),
    ],
)
def test_wrong_usage_exits_with_2(arguments: tuple[str, ...], run: Run) -> None:
    code, stdout, stderr = run(*arguments)
    assert (code, stdout) == (2, "")
    assert "usage: finr1-convert verify" in stderr


# -- what cannot be done


def refused(run: Run, *arguments: object) -> str:
    """The error and the hint of a refused command, of which nothing is left."""
    model = arguments[1]
    code, stdout, stderr = run(*arguments)
    assert (code, stdout) == (1, ""), stderr
    lines = stderr.splitlines()
    assert lines[0].startswith("error: ")
    assert len(lines) == 1 or (len(lines) == 2 and lines[1].startswith("hint: "))
    assert not sidecar_path(Path(str(model))).exists()
    return stderr


def test_a_reference_with_a_vocabulary_of_another_size(pair: Pair, text: Path, tmp_path: Path, run: Run) -> None:
    convert(write_checkpoint(tmp_path / "other", replace(SHAPE, padding=9)), tmp_path / "other.gguf", "f16")
    stderr = refused(run, *command((pair[0], tmp_path / "other.gguf"), text))
    assert "different vocabularies: 326 and 330 tokens" in stderr
    assert "hint: compare with the float conversion of the same checkpoint" in stderr


def test_a_reference_with_other_tokens(pair: Pair, text: Path, tmp_path: Path, run: Run) -> None:
    data = pair[1].read_bytes()
    word = max(small_bpe()[0], key=lambda token: len(token.encode())).encode()
    assert data.count(word) == 1
    (tmp_path / "other.gguf").write_bytes(data.replace(word, word[:-1] + b"#"))
    stderr = refused(run, *command((pair[0], tmp_path / "other.gguf"), text))
    assert "different vocabularies: some of their tokens differ" in stderr


def test_filling_tokens_may_have_other_names(pair: Pair, text: Path, tmp_path: Path, run: Run) -> None:
    data = bytearray(pair[1].read_bytes())
    at = data.index(b"[PAD")
    data[at : at + 4] = b"[pad"
    (tmp_path / "other.gguf").write_bytes(data)
    assert run(*command((pair[0], tmp_path / "other.gguf"), text, "--no-sidecar"))[0] == 0


def test_a_file_without_a_vocabulary(pair: Pair, text: Path, tmp_path: Path, run: Run) -> None:
    writer = GGUFWriter(tmp_path / "adapter.gguf", "qwen2")
    writer.add_type("adapter")
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.close()
    assert "adapter.gguf has no vocabulary" in refused(run, *command((tmp_path / "adapter.gguf", pair[1]), text))


@pytest.mark.parametrize("of_reference", [False, True])
@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda path: path.unlink(), "does not exist"),
        (lambda path: path.write_bytes(b"GGML" + bytes(1000)), "is not a GGUF file"),
        (lambda path: path.write_bytes(path.read_bytes()[:-5000]), "is truncated"),
        (lambda path: path.write_bytes(path.read_bytes()[:3000]), "damaged or cut off"),
    ],
    ids=["missing", "no-gguf", "truncated", "cut-off"],
)
def test_a_model_that_cannot_be_read(
    damage: Callable[[Path], object], words: str, of_reference: bool, copies: Pair, text: Path, run: Run
) -> None:
    damage(copies[of_reference])
    stderr = refused(run, *command(copies, text))
    assert words in stderr
    assert copies[of_reference].name in stderr


def test_a_gguf_that_llama_cpp_does_not_know(copies: Pair, text: Path, run: Run) -> None:
    data = copies[0].read_bytes()
    copies[0].write_bytes(data.replace(b"qwen2", b"qwenx", 1))
    assert "llama.cpp cannot load model-Q4_K_M.gguf" in refused(run, *command(copies, text))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "cannot be read: No such file"),
        (b"\xff\xfe" + "收入".encode("utf-16-le") * 3000, "is not UTF-8"),
        (b"", "the text has 0 tokens, and 128 are needed"),
        (b"too short", "and 128 are needed"),
    ],
    ids=["missing", "utf-16", "empty", "short"],
)
def test_a_text_that_cannot_be_used(content: bytes | None, words: str, pair: Pair, tmp_path: Path, run: Run) -> None:
    text = tmp_path / "text.txt"
    if content is not None:
        text.write_bytes(content)
    assert words in refused(run, *command(pair, text))


@pytest.mark.parametrize(("context", "words"), [(15, "too short to compare"), (4097, "was trained on 4096")])
def test_chunks_of_a_length_that_makes_no_sense(context: int, words: str, pair: Pair, text: Path, run: Run) -> None:
    assert words in refused(run, "verify", pair[0], "--against", pair[1], "--text", text, "--ctx", context)


@pytest.mark.parametrize(
    ("of_reference", "at", "nan"),
    # The scale of a block of Q6_K, a half-precision number behind 208 bytes; or a weight of F32.
    [(False, 208, struct.pack("<e", math.nan)), (True, 0, struct.pack("<f", math.nan))],
)
def test_weights_that_are_no_numbers(
    of_reference: bool, at: int, nan: bytes, copies: Pair, text: Path, run: Run
) -> None:
    damaged = copies[of_reference]
    tensor = next(tensor for tensor in read_header(damaged).tensors if tensor.name == "output.weight")
    assert tensor.type == ("F32" if of_reference else "Q6_K")
    with damaged.open("rb+") as file:
        file.seek(tensor.offset + at)
        file.write(nan)
    stderr = refused(run, *command(copies, text))
    assert f"{damaged.name} computes values that are no numbers" in stderr


# -- interruptions


def children() -> list[psutil.Process]:
    return [child for child in psutil.Process().children() if "verification_worker" in " ".join(child.cmdline())]


def test_a_killed_process_is_told_and_memory_suspected(pair: Pair, text: Path) -> None:
    def kill(progress: Progress) -> None:
        for child in children():
            os.kill(child.pid, signal.SIGKILL)

    with pytest.raises(ConvertError, match="ended with signal 9 while verifying") as caught:
        verify(*pair, text, context=64, threads=1, on_progress=kill)
    assert caught.value.hint == "there may be too little memory"
    assert children() == []


def test_it_can_be_cancelled(pair: Pair, text: Path) -> None:
    seen: list[Progress] = []
    with pytest.raises(CancelledError):
        verify(*pair, text, context=64, threads=1, on_progress=seen.append, cancelled=lambda: bool(seen))
    assert seen[-1].done < seen[-1].total
    assert children() == []


def test_an_interruption_leaves_nothing(copies: Pair, text: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("finr1_convert.verification._Run.on_message", interrupted)
    code, _, stderr = run(*command(copies, text))
    assert (code, "interrupted" in stderr) == (130, True)
    assert children() == []
    assert not sidecar_path(copies[0]).exists()
