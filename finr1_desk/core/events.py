"""What an engine tells its clients while it works, as values.

Owns the vocabulary between engine and application; local and remote engines speak it alike. Events carry codes
and numbers, never sentences.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from finr1_desk.core.conversation import FinishReason, LeftOut, Timing, Usage
from finr1_desk.core.errors import ErrorCode, Param
from finr1_desk.core.plan import AUTO, LoadPlan
from finr1_desk.core.prompts import Turn
from finr1_desk.core.sampling import Sampling

# -- requests


@dataclass(frozen=True, slots=True)
class ModelRequest:
    """Which model, and how it is to be loaded. Two requests that are equal share one loaded model.

    Attributes:
        path: the GGUF file, absolute; or the address of a server (`core.remote`).
        context_length: tokens; the engine lowers it to what the model was trained for.
        gpu_layers: layers on the GPU; -1 leaves it to the engine.
        threads: for generation; 0 leaves it to the engine.
        kv_type: of the KV cache, `f16` or `q8_0`; `auto` leaves it to the engine.
        flash_attention: `on` or `off`; `auto` leaves it to llama.cpp.
        micro_batch: tokens computed at once; 0 leaves it to the engine.
    """

    path: str
    context_length: int = 16384
    gpu_layers: int = -1
    threads: int = 0
    kv_type: str = AUTO
    flash_attention: str = AUTO
    micro_batch: int = 0


@dataclass(frozen=True, slots=True)
class SnapshotPlace:
    """Where the engine may keep what it computed of a conversation, for when its memory is gone.

    Attributes:
        path: the file, in a folder that holds nothing else than such files.
        key: 64 hexadecimal digits; made from the store's key, which the engine never sees.
        budget_bytes: of all files of the folder; the oldest go first.
        model_sha256: the hash of the model's file, where it is known.
    """

    path: str
    key: str = field(repr=False)
    budget_bytes: int = 4 * 2**30
    model_sha256: str = ""


@dataclass(frozen=True, slots=True)
class GenerateRequest:
    """One answer to be written.

    Attributes:
        turns: the prompt, oldest first.
        prefix: text that the answer already begins with, as produced («Continue»); it is not sent back.
        overrides: the sampling parameters asked for; the model's own and the defaults fill in the rest.
        seed: 64 bits; None lets the engine choose one, which `Started` tells.
        max_think: tokens after which the thinking is closed and the answer asked for; 0 for no such limit.
        stop_loops: an answer that repeats the same passage over and over is ended, thinking that does is closed.
        prompt_lookup: tokens that repeat what stands above are computed several at once; the answer is the same.
        samples: so many answers to the same question, written side by side.
        conversation: what it belongs to, as the client names it; empty for a question that stands alone.
        snapshot: where the conversation may be kept; None where it may not.
        text: the prompt itself, markers and all, in place of `turns`.
        may_leave_out: the oldest turns, where they do not all fit; else that is an error.
        stop: texts that end the answer; neither they nor what follows is given out. `MOST_STOPS` at most.
        logprobs: tells the probability of every token, and of so many others that were likeliest there; None does not.
        json_schema: as text; the answer is JSON that it describes.
        free_thinking: what the model thinks before such an answer is no part of it. A quarter of the tokens is left to
            the answer.
    """

    model: ModelRequest
    turns: tuple[Turn, ...]
    prefix: str = ""
    overrides: Mapping[str, float | int] = field(default_factory=dict)
    seed: int | None = None
    max_think: int = 0
    stop_loops: bool = False
    prompt_lookup: bool = True
    samples: int = 1
    conversation: str = ""
    snapshot: SnapshotPlace | None = None
    text: str | None = None
    may_leave_out: bool = True
    stop: tuple[str, ...] = ()
    logprobs: int | None = None
    json_schema: str | None = None
    free_thinking: bool = False


MOST_STOPS: Final = 16
LONGEST_STOP: Final = 256  # characters
MOST_LOGPROBS: Final = 20


# -- facts


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """The model in memory, as the engine reports it.

    `memory_bytes` maps a device's name to what llama.cpp says it holds there; `device` is the one to show.
    `starts_in_think` says that the template opens the thinking itself. `safe_mode` names what is done without because
    the engine crashed with it; empty where everything is used. `gpu_layers` does not count the output layer. `plan` is
    how it was loaded.
    """

    request: ModelRequest
    name: str
    file_name: str
    architecture: str
    quantisation: str
    parameters: int
    context_length: int
    trained_context: int
    device: str
    layers: int
    gpu_layers: int
    threads: int
    load_s: float
    starts_in_think: bool = False
    memory_bytes: Mapping[str, int] = field(default_factory=dict)
    safe_mode: str = ""
    plan: LoadPlan | None = None


# -- events; `request` is the id the client gave, `sequence` the engine's sequence


@dataclass(frozen=True, slots=True)
class Queued:
    """The request waits; `ahead` others come before it."""

    request: str
    ahead: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """A server has no time for the request now; it is asked again in `seconds`."""

    request: str
    seconds: float


@dataclass(frozen=True, slots=True)
class LoadProgress:
    """A model is being loaded; `fraction` from 0 to 1. Sent to every client."""

    path: str
    fraction: float


@dataclass(frozen=True, slots=True)
class ModelLoaded:
    """Sent to every client when a model has been loaded, and to a new client if one is."""

    model: LoadedModel


@dataclass(frozen=True, slots=True)
class ModelUnloaded:
    """Sent to every client: no model is in memory any more."""


@dataclass(frozen=True, slots=True)
class Started:
    """The prompt was built and its prefill begins; `left_out` of the turns did not fit into the context."""

    request: str
    sequence: int
    prompt_tokens: int
    cached_tokens: int
    sampling: Sampling
    seed: int
    load_s: float
    model: LoadedModel
    left_out: LeftOut = field(default_factory=LeftOut)


@dataclass(frozen=True, slots=True)
class PrefillProgress:
    """`done` of `total` prompt tokens are in the KV cache."""

    request: str
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Likelihood:
    """A token that could stand at a place. `piece` has its bytes in hexadecimal: a token need not be whole characters.

    `logprob` is the natural logarithm of its probability as the model gave it, before any sampling parameter.
    """

    piece: str
    logprob: float


@dataclass(frozen=True, slots=True)
class TokenLikelihood:
    """The token that was drawn, and the likeliest ones at its place."""

    drawn: Likelihood
    likeliest: tuple[Likelihood, ...] = ()


@dataclass(frozen=True, slots=True)
class TextProduced:
    """New text, coalesced by the engine. `tokens` and `think_tokens` count from the answer's start.

    `context_used` is the number of tokens that the sequence occupies; `think_cut` says that the thinking was closed in
    the model's place; `sample` is which of the answers asked for this belongs to. `likelihoods` has the tokens of this
    text, where they were asked for.
    """

    request: str
    text: str
    tokens: int
    think_tokens: int
    tokens_per_s: float
    context_used: int
    think_cut: bool = False
    sample: int = 0
    likelihoods: tuple[TokenLikelihood, ...] = ()


@dataclass(frozen=True, slots=True)
class SampleFinished:
    """One of several answers ended; comes for each of them, where more than one was asked for, before `Finished`.

    `usage` counts the shared prompt in each. The last `Finished` adds all answers up.
    """

    request: str
    sample: int
    reason: FinishReason
    usage: Usage = field(default_factory=Usage)
    timing: Timing = field(default_factory=Timing)
    think_cut: bool = False


@dataclass(frozen=True, slots=True)
class Finished:
    """The request ended. `code` and `params` are set where `reason` is `ERROR`; `think_cut` as in `TextProduced`.

    Of `drafted_tokens`, guessed by looking them up in the text above, `accepted_tokens` were right.
    """

    request: str
    reason: FinishReason
    usage: Usage = field(default_factory=Usage)
    timing: Timing = field(default_factory=Timing)
    code: ErrorCode | None = None
    params: Mapping[str, Param] = field(default_factory=dict)
    think_cut: bool = False
    drafted_tokens: int = 0
    accepted_tokens: int = 0


@dataclass(frozen=True, slots=True)
class TokensCounted:
    """The answer to a count: tokens of the whole prompt."""

    request: str
    tokens: int


@dataclass(frozen=True, slots=True)
class Planned:
    """How a model would be loaded now."""

    request: str
    plan: LoadPlan


@dataclass(frozen=True, slots=True)
class EngineDied:
    """The worker ended without being asked. Every open request has got its `Finished` before this, or is asked again.

    Attributes:
        exit_code: negative for a signal, None where it could not be learnt.
        stage: how far the furthest request had come: `start`, `load`, `prefill`, `decode`, or `idle` without any.
        hung: it did not end by itself: it had stopped moving.
        safe_mode: in which mode the open requests are asked again; empty where they are not.
        report: the file with a report, where it has died so often that it is not started again for now.
    """

    exit_code: int | None
    stage: str
    hung: bool = False
    safe_mode: str = ""
    report: str = ""


EngineEvent = (
    Queued
    | Waiting
    | LoadProgress
    | ModelLoaded
    | ModelUnloaded
    | Started
    | PrefillProgress
    | TextProduced
    | SampleFinished
    | Finished
    | TokensCounted
    | Planned
    | EngineDied
)
