"""A model is Fin-R1 where its name or origin says so and its shape agrees, or where its hash is known."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from finr1_desk.library.catalogue import load_catalogue, quantisation_of
from finr1_desk.library.gguf_header import GgufHeader, read_header
from finr1_desk.library.identity import Evidence, Verdict, identify
from tests.library.test_discovery import write


@pytest.fixture
def fin_r1(tmp_path: Path) -> GgufHeader:
    header = read_header(write(tmp_path / "model.gguf", "Fin-R1"))
    return replace(header, feed_forward_length=18944, parameters=7_615_616_512, kv_heads=112)


def test_name_and_shape_make_it_likely(fin_r1: GgufHeader) -> None:
    found = identify(fin_r1)
    assert found.verdict is Verdict.LIKELY
    assert found.evidence == (Evidence.NAME, Evidence.SHAPE)
    assert found.is_fin_r1


def test_what_it_was_made_from_counts_as_a_name(fin_r1: GgufHeader) -> None:
    header = replace(fin_r1, name="model", origins=("https://huggingface.co/SUFE-AIFLM-Lab/Fin-R1",))
    assert identify(header).evidence == (Evidence.ORIGIN, Evidence.SHAPE)
    assert identify(header).is_fin_r1
    assert header.is_fin_r1


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        ({"name": "DeepSeek R1 Distill Qwen 7B"}, Verdict.SHAPE_ONLY),
        ({"layers": 24}, Verdict.NAME_ONLY),
        ({"feed_forward_length": 13824}, Verdict.NAME_ONLY),
        ({"parameters": 8_000_000_000}, Verdict.NAME_ONLY),
        ({"kv_heads": 28 * 28}, Verdict.NAME_ONLY),
        ({"architecture": "llama"}, Verdict.NAME_ONLY),
        ({"name": "Llama", "architecture": "llama"}, Verdict.NO),
    ],
)
def test_one_without_the_other_is_not_enough(fin_r1: GgufHeader, change: dict[str, object], verdict: Verdict) -> None:
    header = replace(fin_r1, **change)  # type: ignore[arg-type]
    assert identify(header).verdict is verdict
    assert not identify(header).is_fin_r1
    assert not header.is_fin_r1


def test_a_known_hash_is_certain_whatever_the_name(fin_r1: GgufHeader) -> None:
    known = load_catalogue().hashes()
    sha256 = next(iter(known))
    found = identify(replace(fin_r1, name="renamed"), sha256, known)
    assert found.verdict is Verdict.CERTAIN
    assert identify(fin_r1, "0" * 64, known).verdict is Verdict.LIKELY


def test_the_catalogue_is_whole() -> None:
    catalogue = load_catalogue()
    assert catalogue.checkpoint.huggingface == "SUFE-AIFLM-Lab/Fin-R1"
    assert catalogue.checkpoint.modelscope == "AI-ModelScope/Fin-R1"
    offers = {offer.quantisation: offer for offer in catalogue.offers()}
    assert set(offers) == {"Q2_K", "Q3_K_M", "IQ4_XS", "Q4_K_S", "Q4_K_M", "Q5_K_M", "Q6_K", "Q8_0"}
    assert offers["Q4_K_M"].exact
    assert catalogue.by_hash(offers["Q4_K_M"].sha256) == offers["Q4_K_M"]
    assert catalogue.by_hash("") is None
    for entry in catalogue.conversions:
        assert entry.repository.count("/") == 1
        assert not entry.file or quantisation_of(entry.file)[:4] == entry.quantisation[:4]


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ("SUFE-AIFLM-Lab_Fin-R1-Q4_K_M.gguf", "Q4_K_M"),
        ("sub/Fin-R1.IQ4_XS.gguf", "IQ4_XS"),
        ("Fin-R1-q4_k.gguf", "Q4_K"),
        ("Fin-R1.i1-Q2_K.gguf", "Q2_K"),
        ("Fin-R1-bf16.gguf", "BF16"),
        ("model.gguf", ""),
    ],
)
def test_a_files_name_tells_its_quantisation(file: str, expected: str) -> None:
    assert quantisation_of(file) == expected
