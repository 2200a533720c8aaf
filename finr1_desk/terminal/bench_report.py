"""What `finr1-desk bench` prints: a short table for people, one object for machines.

Owns the words and the names of the fields. It measures nothing.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from finr1_desk.core.plan import LoadPlan
from finr1_desk.core.wording import count_text, size_text
from finr1_desk.engine.bench.results import Comparison, FirstToken, Measured, Plan, Ratio
from finr1_desk.engine.bench.system import Machine
from finr1_desk.engine.bench.tuning import Tuning
from finr1_desk.terminal.output import one_line
from finr1_desk.terminal.voice import Voice


@dataclass(frozen=True, slots=True)
class BenchReport:
    """One run in words and as values; `threads_before` is what the settings said."""

    voice: Voice
    plan: Plan
    measured: Measured | None
    tuning: Tuning | None
    threads_before: int
    machine: Machine

    # -- for machines

    def values(self) -> dict[str, Any]:
        """Seconds, bytes, tokens per second; `ratio` is ours to bare, 1 being as quick."""
        model = self.plan.model
        found: dict[str, Any] = {
            "model": {
                "path": model.request.path,
                "name": model.name,
                "architecture": model.architecture,
                "quantisation": model.quantisation,
                "parameters": model.parameters,
            },
            "llama_cpp": dict(self.plan.llama_cpp),
            "plan": {
                "context_length": model.context_length,
                "trained_context": model.trained_context,
                "kv_type": self.plan.kv_type,
                "device": model.device,
                "layers": model.layers,
                "gpu_layers": model.gpu_layers,
                "threads": model.threads,
                "threads_prefill": self.plan.threads_prefill,
                "micro_batch": self.plan.micro_batch,
                "buffer_bytes": dict(model.memory_bytes),
                **_load_plan(model.plan),
            },
            "load": {"load_s": model.load_s, "ready_s": self.plan.ready_s},
            "machine": asdict(self.machine),
        }
        if self.measured is not None:
            found |= {
                "prefill": _comparison(self.measured.prefill),
                "decode": _comparison(self.measured.greedy),
                "decode_sampled": _comparison(self.measured.sampled),
                "follow_up": _first_token(self.measured.after_pause),
                "follow_up_at_once": _first_token(self.measured.at_once),
                "memory": asdict(self.measured.memory),
            }
            if self.measured.reopened is not None:
                found["reopened"] = _first_token(self.measured.reopened)
        if self.tuning is not None:
            found["tune"] = {
                "speeds": [
                    {"threads": threads, "tokens_per_s": speed} for threads, speed in self.tuning.speeds.items()
                ],
                "default": self.tuning.default,
                "best": self.tuning.best,
                "gain": asdict(self.tuning.gain),
                "setting_before": self.threads_before,
                "setting": self.tuning.threads,
            }
        return found

    # -- for people

    def print(self) -> None:
        """The table on standard output."""
        rows = [*self._plan_rows(), *self._measured_rows(), *self._tuning_rows()]
        width = max(_columns(title) for title, _ in rows)
        for title, text in rows:
            print(f"{title}{' ' * (width - _columns(title))}  {one_line(text)}")

    def _plan_rows(self) -> Iterator[tuple[str, str]]:
        translate, model, build = self.voice.translate, self.plan.model, self.plan.llama_cpp
        yield translate("Terminal", "Model"), f"{model.name} · {model.quantisation} · {model.file_name}"
        version = f"llama-cpp-python {build['llama_cpp_python']}, ggml {build['ggml']}, {' '.join(build['backends'])}"
        yield "llama.cpp", version
        if model.plan is not None:
            yield translate("Terminal", "Plan"), self.voice.plan_line(model.plan)
        yield (
            translate("Terminal", "Context"),
            translate(
                "Terminal",
                "%1 tokens, KV cache %2; threads %3, for prompts %4",
                count_text(model.context_length),
                self.plan.kv_type,
                str(model.threads),
                str(self.plan.threads_prefill),
            ),
        )
        yield (
            translate("Terminal", "Loading"),
            translate("Terminal", "%1 s; %2 s with the start of the engine", _s(model.load_s), _s(self.plan.ready_s)),
        )

    def _measured_rows(self) -> Iterator[tuple[str, str]]:
        if self.measured is None:
            return
        translate, measured = self.voice.translate, self.measured
        prompt = translate("Terminal", "Prompt of %1 tokens", count_text(measured.prefill.prompt_tokens))
        yield prompt, self._speeds(measured.prefill)
        tokens = count_text(measured.greedy.ours[0].tokens)
        yield translate("Terminal", "Answer of %1 tokens, likeliest", tokens), self._speeds(measured.greedy)
        tokens = count_text(measured.sampled.ours[0].tokens)
        yield translate("Terminal", "Answer of %1 tokens, sampled", tokens), self._speeds(measured.sampled)
        pause, at_once, reopened = measured.after_pause, measured.at_once, measured.reopened
        tokens = count_text(pause.prompt_tokens)
        yield translate("Terminal", "Follow-up at %1 tokens", tokens), self._first_token(pause)
        tokens = count_text(at_once.prompt_tokens)
        yield translate("Terminal", "Follow-up at once at %1 tokens", tokens), self._first_token(at_once)
        if reopened is not None:
            tokens = count_text(reopened.prompt_tokens)
            yield translate("Terminal", "Reopened at %1 tokens", tokens), self._first_token(reopened)
        yield translate("Terminal", "Memory"), self._memory()

    def _speeds(self, found: Comparison) -> str:
        return self.voice.translate(
            "Terminal",
            "%1 tokens/s, llama.cpp alone %2; ratio %3, of processor time %4",
            _rate(found.speed),
            _rate(found.bare_speed),
            _ratio(found.ratio),
            f"{found.processor_ratio.median:.3f}",
        )

    def _first_token(self, found: FirstToken) -> str:
        return self.voice.translate(
            "Terminal",
            "first token after %1 s, reading everything anew %2 s; ratio %3",
            _s(found.median_s),
            _s(found.whole_median_s),
            _ratio(found.ratio),
        )

    def _memory(self) -> str:
        assert self.measured is not None
        translate, memory = self.voice.translate, self.measured.memory
        devices = self.plan.model.memory_bytes.items()
        buffers = ", ".join(f"{device} {size_text(size)}" for device, size in devices)
        whole = size_text(memory.rss)
        if memory.beyond is None:
            return translate("Terminal", "the engine %1; llama.cpp's buffers %2", whole, buffers)
        beyond = size_text(memory.beyond)
        return translate("Terminal", "the engine %1; llama.cpp's buffers %2; %3 beyond them", whole, buffers, beyond)

    def _tuning_rows(self) -> Iterator[tuple[str, str]]:
        if self.tuning is None:
            return
        translate, tuning = self.voice.translate, self.tuning
        for threads in sorted(tuning.speeds):
            speed = translate("Terminal", "%1 tokens/s", _rate(tuning.speeds[threads]))
            yield translate("Terminal", "Threads: %1", str(threads)), speed
        if tuning.best == tuning.default:
            text = translate("Terminal", "%1 threads are the quickest, and the default.", str(tuning.best))
        else:
            text = translate(
                "Terminal", "%1 threads against the default of %2: %3 ×",
                str(tuning.best), str(tuning.default), _ratio(tuning.gain),
            )  # fmt: skip
        yield translate("Terminal", "Best"), text
        before, after = str(self.threads_before), str(tuning.threads)
        if before == after:
            text = translate("Terminal", "“Processor threads” stays at %1.", after)
        else:
            text = translate("Terminal", "“Processor threads” was %1 and is now %2.", before, after)
        yield translate("Terminal", "Settings"), text


def _load_plan(plan: LoadPlan | None) -> dict[str, Any]:
    """What was planned, in bytes by device, and what was given up for want of memory."""
    if plan is None:
        return {}
    return {
        "batch": plan.batch,
        "flash_attention": plan.flash_attention,
        "devices": [asdict(share) for share in plan.devices],
        "given_up": [asdict(given) for given in plan.given_up],
    }


def _comparison(found: Comparison) -> dict[str, Any]:
    return {
        "prompt_tokens": found.prompt_tokens,
        "tokens": found.ours[0].tokens,
        "tokens_per_s": found.speed,
        "bare_tokens_per_s": found.bare_speed,
        "ratio": asdict(found.ratio),
        "processor_ratio": asdict(found.processor_ratio),
        "rounds": [
            {"ours": asdict(ours), "bare": asdict(bare)} for ours, bare in zip(found.ours, found.bare, strict=True)
        ],
    }


def _first_token(found: FirstToken) -> dict[str, Any]:
    return {
        "prompt_tokens": found.prompt_tokens,
        "cached_tokens": found.cached_tokens,
        "first_token_s": found.median_s,
        "whole_first_token_s": found.whole_median_s,
        "ratio": asdict(found.ratio),
        "rounds": [
            {"first_token_s": at_once, "whole_first_token_s": whole}
            for at_once, whole in zip(found.seconds, found.whole_seconds, strict=True)
        ],
    }


def _columns(text: str) -> int:
    """How many columns of a terminal a text takes."""
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def _ratio(ratio: Ratio) -> str:
    return f"{ratio.median:.3f} ({ratio.least:.3f}–{ratio.greatest:.3f})"


def _rate(speed: float) -> str:
    return f"{speed:,.0f}" if speed >= 100 else f"{speed:.2f}"


def _s(seconds: float) -> str:
    return f"{seconds:.2f}" if seconds >= 0.1 else f"{seconds:.4f}"
