"""A verification as a table and a sentence on a terminal.

Owns the wording and the layout; the figures come from ``verification.py``. Text of the files is printed as text, never
as markup.
"""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from .verification import Subject, Verification
from .verification_statistics import Estimate


def show_verification(verification: Verification, console: Console) -> None:
    """Print both models side by side, what lies between them, and the line that says it in short."""
    figures = verification.figures
    console.print(
        Text(
            f"{verification.text}: {verification.chunks} chunks of {verification.context} tokens,"
            f" {figures.tokens:,} predictions compared"
        )
    )
    console.print(_sides(verification))
    between = _table("", "from the reference")
    between.add_row("perplexity, ratio", _shown(figures.ratio, 5))
    between.add_row("KL divergence, mean", _shown(figures.divergence, 6))
    for name, value in (
        ("median", figures.divergence_median),
        ("95 %", figures.divergence_p95),
        ("99 %", figures.divergence_p99),
        ("largest", figures.divergence_max),
    ):
        between.add_row(f"KL divergence, {name}", f"{value:.6f}")
    console.print(between)
    console.print(Text(summary(verification)))


def summary(verification: Verification) -> str:
    """What the quantisation cost, in one line."""
    same = verification.figures.same_first_choice
    return (
        f"{verification.model.file_type}: same first choice on {same.value * 100:.1f} % of tokens"
        f" (± {same.uncertainty * 100:.1f}), compared with {verification.reference.file_type}"
    )


def _sides(verification: Verification) -> Table:
    model, reference = verification.model, verification.reference
    figures = verification.figures
    table = _table("", "model", "reference")

    def row(title: str, of_model: str, of_reference: str) -> None:
        table.add_row(title, Text(of_model), Text(of_reference))

    row("file", model.file, reference.file)
    row("type", model.file_type, reference.file_type)
    row("size (MB)", *(f"{side.bytes / 1e6:,.1f}" for side in (model, reference)))
    row("bits a weight", *(_bits(side) for side in (model, reference)))
    row("perplexity", *(_shown(value, 4) for value in (figures.perplexity, figures.reference_perplexity)))
    row("prompt tokens/s", *(f"{side.tokens_per_second:,.1f}" for side in (model, reference)))
    return table


def _table(*names: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for number, name in enumerate(names):
        table.add_column(name, justify="right" if number else "left", overflow="fold")
    return table


def _bits(side: Subject) -> str:
    return f"{side.bytes * 8 / side.parameters:.2f}" if side.parameters else "–"


def _shown(estimate: Estimate, digits: int) -> str:
    return f"{estimate.value:,.{digits}f} ± {estimate.uncertainty:,.{digits}f}"
