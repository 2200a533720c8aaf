"""What is said about models in the library: where they were found, whether they are Fin-R1, how they would run.

Owns the wording, in English; the translation comes from whatever translator is installed. QtCore only, so that the
terminal says the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication

from finr1_desk.core.wording import count_text, filled, size_text
from finr1_desk.library.advice import LAYERS, BandwidthSource, Fit, MachineFacts, Placement
from finr1_desk.library.download.progress import Phase
from finr1_desk.library.identity import Evidence, Identity, Verdict
from finr1_desk.library.places import ModelSource

if TYPE_CHECKING:
    from finr1_desk.library.discovery import FoundModel

translate = QCoreApplication.translate


def source_words(model: FoundModel) -> str:
    """Where the model was found."""
    names = {
        ModelSource.OWN: translate("Models", "own folder"),
        ModelSource.HUGGING_FACE: "Hugging Face",
        ModelSource.LM_STUDIO: "LM Studio",
        ModelSource.LLAMA_CPP: "llama.cpp",
        ModelSource.JAN: "Jan",
        ModelSource.GPT4ALL: "GPT4All",
        ModelSource.OLLAMA: "Ollama",
        ModelSource.FOLDER: translate("Models", "added folder"),
        ModelSource.FILE: translate("Models", "a file"),
        ModelSource.BUILT_IN: translate("Models", "built in"),
    }
    return f"{names[model.source]} ({model.label})" if model.label else names[model.source]


def verdict_words(identity: Identity) -> str:
    """Whether it is Fin-R1, in a word or two."""
    verdicts = {
        Verdict.CERTAIN: translate("Models", "yes"),
        Verdict.LIKELY: translate("Models", "very likely"),
        Verdict.SHAPE_ONLY: translate("Models", "it does not say so, but has the shape"),
        Verdict.NAME_ONLY: translate("Models", "no: it is called so, but has another shape"),
        Verdict.NO: translate("Models", "no"),
    }
    return verdicts[identity.verdict]


def identity_words(identity: Identity) -> str:
    """The verdict with its reasons, on one line."""
    reasons = {
        Evidence.HASH: translate("Models", "hash of a known conversion"),
        Evidence.NAME: translate("Models", "name"),
        Evidence.ORIGIN: translate("Models", "origin"),
        Evidence.SHAPE: translate("Models", "shape of Qwen2.5-7B"),
    }
    given = ", ".join(reasons[kind] for kind in identity.evidence)
    return f"{verdict_words(identity)} ({given})" if given else verdict_words(identity)


def parameters_words(count: int) -> str:
    """The number of weights: `7.62 B`, or `5.2 M` for a small model."""
    return f"{count / 1e9:.2f} B" if count >= 1e8 else f"{count / 1e6:.1f} M"


def placement_words(fit: Fit) -> str:
    """Where a file would run."""
    match fit.placement:
        case Placement.GPU:
            return translate("Models", "on the GPU")
        case Placement.PARTLY:
            return filled(translate("Models", "%1 of %2 layers on the GPU"), str(fit.gpu_layers), str(LAYERS))
        case Placement.CPU:
            return translate("Models", "on the processor")
    return translate("Models", "does not fit")


def speed_words(fit: Fit) -> str:
    """Tokens a second, roughly; empty where it does not fit."""
    if fit.placement is Placement.NONE:
        return ""
    speed = fit.tokens_per_second
    figure = f"{speed:.1f}" if speed < 10 else f"{speed:.0f}"
    return filled(translate("Models", "about %1 tokens/s"), figure)


def context_words(fit: Fit) -> str:
    """The longest context that fits; empty where nothing does."""
    if fit.placement is Placement.NONE:
        return ""
    text = count_text(fit.context)
    return filled(translate("Models", "%1 (8-bit cache)"), text) if fit.kv_8_bit else text


def basis_words(machine: MachineFacts) -> str:
    """What the expected speeds rest on."""
    figure = f"{machine.bandwidth / 1e9:.0f} GB/s"
    if machine.gpus:
        return translate("Models", "Speeds are estimated from what graphics cards of this kind usually reach.")
    if machine.source is BandwidthSource.MEASURED:
        return filled(translate("Models", "Speeds are estimated from memory bandwidth, measured just now: %1."), figure)
    return filled(translate("Models", "Speeds are estimated from a usual memory bandwidth: %1."), figure)


def progress_words(
    phase: str, done: int, total: int, bytes_per_s: float, left_s: float | None, wait_s: float, reason: str
) -> str:
    """One line: what is done, how far, how quickly, how long yet."""
    words = {
        Phase.ASKING: translate("Models", "Asking the hub"),
        Phase.CHECKING: translate("Models", "Reading what is there already"),
        Phase.WAITING: filled(translate("Models", "Waiting %1 s (%2)"), f"{wait_s:.0f}", reason),
        Phase.PLACING: translate("Models", "Putting it in its place"),
        "write": translate("Models", "Converting"),
        "quantise": translate("Models", "Quantising"),
        "copying": translate("Models", "Copying"),
    }
    parts = [words.get(phase, "")]
    if total:
        parts.append(f"{size_text(done)} / {size_text(total)}")
    if bytes_per_s:
        parts.append(f"{size_text(bytes_per_s)}/s")
    if left_s is not None:
        minutes, seconds = divmod(round(left_s), 60)
        if minutes:
            parts.append(filled(translate("Models", "%1 min %2 s left"), str(minutes), f"{seconds:02}"))
        else:
            parts.append(filled(translate("Models", "%1 s left"), str(seconds)))
    return " · ".join(part for part in parts if part)
