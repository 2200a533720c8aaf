"""The process that runs a model file's chat template: a program by a stranger.

Owns a sandboxed Jinja environment and its limits: this process's memory, and processor time for each rendering. It
reads one JSON object a line and answers with one; it ends with its standard input. The worker kills it when it takes
too long. No text of a conversation ever gets here: contents are placeholders (see `finr1_desk.engine.prompt.template`).
"""

from __future__ import annotations

import json
import sys
from datetime import datetime
from typing import Any, Final, NoReturn

from jinja2 import TemplateError
from jinja2.ext import loopcontrols
from jinja2.sandbox import ImmutableSandboxedEnvironment

MEMORY_BYTES: Final = 256 * 2**20
SECONDS: Final = 2


def _raise(message: str) -> NoReturn:
    raise TemplateError(message)


def _environment() -> ImmutableSandboxedEnvironment:
    """Jinja as model authors expect it: what transformers gives to chat templates."""
    environment = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=[loopcontrols])
    environment.filters["tojson"] = lambda value, **options: json.dumps(value, ensure_ascii=False, **options)
    environment.globals["raise_exception"] = _raise
    environment.globals["strftime_now"] = lambda pattern: datetime.now().strftime(pattern)
    return environment


def _limit_memory() -> None:
    if sys.platform != "win32":
        import resource

        for kind in (resource.RLIMIT_AS, resource.RLIMIT_DATA):
            resource.setrlimit(kind, (MEMORY_BYTES, MEMORY_BYTES))


def _limit_time() -> None:
    """Allows this much processor time from now on; beyond it the system ends the process."""
    if sys.platform != "win32":
        import resource

        usage = resource.getrusage(resource.RUSAGE_SELF)
        soft = int(usage.ru_utime + usage.ru_stime) + SECONDS + 1
        resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.getrlimit(resource.RLIMIT_CPU)[1]))


def _render(environment: ImmutableSandboxedEnvironment, request: dict[str, Any]) -> dict[str, str]:
    try:
        template = environment.from_string(request.pop("template"))
        return {"text": template.render(**request)}
    except TemplateError as error:
        return {"error": f"{type(error).__name__}: {error}"}
    except (TypeError, ValueError, ArithmeticError, LookupError, AttributeError, RecursionError) as error:
        return {"error": f"{type(error).__name__}: {error}"}
    except MemoryError:
        return {"error": "MemoryError"}


def main() -> None:
    environment = _environment()
    _limit_memory()
    print(json.dumps({"ready": True}), flush=True)  # noqa: T201 - the answers go to standard output
    for line in sys.stdin:
        _limit_time()
        print(json.dumps(_render(environment, json.loads(line))), flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
