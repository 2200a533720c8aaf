"""How often the engine has died of late, and the report about it.

Owns the rule after which a client stops starting it again, and what the report says: versions, what was loaded, when
and at what the engine died, and the end of its log. It holds nothing that a user wrote or read.
"""

from __future__ import annotations

import contextlib
import platform
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from finr1_desk.core.events import LoadedModel
from finr1_desk.core.version import VERSION
from finr1_desk.engine import endpoint

REPORT_FILE: Final = "engine-crash.txt"
CRASHES: Final = 3
WITHIN_S: Final = 60.0
_LOG_BYTES: Final = 16_000


@dataclass(frozen=True, slots=True)
class Crash:
    """One death of the engine. `exit_code` as in `EngineDied`; `hung` says that it was ended because it hung."""

    stage: str
    exit_code: int | None
    hung: bool = False

    def __str__(self) -> str:
        how = "hung" if self.hung else f"exit status {'unknown' if self.exit_code is None else self.exit_code}"
        return f"stage {self.stage}, {how}"


class Crashes:
    """The crashes that one client has seen.

    Args:
        runtime: where the report goes.
    """

    def __init__(self, runtime: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._runtime = runtime
        self._clock = clock
        self._seen: deque[tuple[float, str, Crash]] = deque(maxlen=CRASHES)

    @property
    def report_path(self) -> Path:
        return self._runtime / REPORT_FILE

    @property
    def too_many(self) -> bool:
        """Whether there were three within a minute, and that no more than a minute ago."""
        if len(self._seen) < CRASHES:
            return False
        first, last = self._seen[0][0], self._seen[-1][0]
        return last - first <= WITHIN_S and self._clock() - last <= WITHIN_S

    def note(self, crash: Crash, model: LoadedModel | None) -> None:
        """Adds a crash; the one that is too many writes the report."""
        self._seen.append((self._clock(), time.strftime("%Y-%m-%d %H:%M:%S"), crash))
        if self.too_many:
            with contextlib.suppress(OSError):  # the disk is full: then the log alone tells
                self.report_path.write_text(self._report(model), encoding="utf-8")

    def forget(self) -> None:
        """The engine works again."""
        self._seen.clear()

    def _report(self, model: LoadedModel | None) -> str:
        parts = [f"Fin-R1 Desk {VERSION}, Python {platform.python_version()}, {platform.platform()}", *_about(model)]
        parts += [f"{when}  {crash}" for _, when, crash in self._seen]
        parts += ["", f"== {endpoint.LOG_FILE}", endpoint.log_tail(self._runtime, _LOG_BYTES)]
        return "\n".join(parts) + "\n"


def _about(model: LoadedModel | None) -> list[str]:
    if model is None:
        return ["no model was loaded"]
    return [
        f"{model.architecture} {model.quantisation}, {model.parameters} parameters, {model.layers} layers, "
        f"{model.gpu_layers} on a GPU, {model.device}, context {model.context_length}, {model.threads} threads, "
        f"safe mode {model.safe_mode or 'none'}"
    ]
