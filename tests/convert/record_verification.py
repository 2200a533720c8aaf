"""Records what llama.cpp's own perplexity tool says of the test models in `verification.json`, for the tests.

Run: `python -m tests.convert.record_verification LLAMA_PERPLEXITY` when llama-cpp-python is updated, with the tool
built from the sources inside it.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.convert.verification_models import CASES, Case, write_pair, write_text

_TRIES = 10
RECORD = Path(__file__).with_name("verification.json")
# Our name of a figure, the tool's line for it, and what to multiply with.
_LINES = {
    "perplexity": (r"Mean PPL\(Q\) +: +([\d.]+) ±", 1),
    "divergence": (r"Mean +KLD: +([-\d.]+) ±", 1),
    "divergence_uncertainty": (r"Mean +KLD: +[-\d.]+ ± +([\d.]+)", 1),
    "divergence_median": (r"Median +KLD: +([-\d.]+)", 1),
    "divergence_p95": (r"95\.0% +KLD: +([-\d.]+)", 1),
    "divergence_p99": (r"99\.0% +KLD: +([-\d.]+)", 1),
    "divergence_max": (r"Maximum KLD: +([-\d.]+)", 1),
    "same_first_choice": (r"Same top p: +([\d.]+) ±", 0.01),
    "same_first_choice_uncertainty": (r"Same top p: +[\d.]+ ± +([\d.]+)", 0.01),
}


def figures(tool: str, model: Path, reference: Path, text: Path, context: int, chunks: int = -1) -> dict[str, float]:
    """The tool's figures. It is given the batch that verification uses: another one rounds otherwise, and on models as
    close as these that is seen in the third digit.
    """
    with tempfile.TemporaryDirectory() as folder:
        common = ["-c", str(context), "-b", "512", "-t", "2", "--kl-divergence-base", str(Path(folder) / "base")]
        common += ["--chunks", str(chunks)]
        # The reference's perplexity is taken from its own run: the file between both runs cuts unlikely tokens off.
        alone = _numbers(
            {"reference_perplexity": (r"Final estimate: PPL = ([\d.]+)", 1)}, tool, reference, "-f", text, *common
        )
        return alone | _numbers(_LINES, tool, model, "--kl-divergence", *common)


def _numbers(lines: dict[str, tuple[str, float]], tool: str, model: Path, *arguments: str | Path) -> dict[str, float]:
    """What the tool says. It may end before all that it logged is written: then it is run again."""
    for _ in range(_TRIES):
        done = subprocess.run([tool, "-m", model, *arguments], capture_output=True, text=True, check=True)
        said = done.stdout + done.stderr
        found = {name: (re.search(pattern, said), factor) for name, (pattern, factor) in lines.items()}
        if all(match for match, _ in found.values()):
            return {name: float(match.group(1)) * factor for name, (match, factor) in found.items() if match}
    raise SystemExit(f"the tool does not say what it should:\n{said}")


def _case(tool: str, case: Case, folder: Path) -> dict[str, float]:
    model, reference = write_pair(folder / case.name, case.type, deepseek=case.deepseek)
    return figures(tool, model, reference, write_text(folder / "text.txt"), case.context)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        record = {case.name: _case(sys.argv[1], case, Path(folder)) for case in CASES}
    RECORD.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
