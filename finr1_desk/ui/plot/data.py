"""From a table to what is plotted: which columns can be, and their series.

Owns the choice of columns that makes sense before anybody chose, and the unit that all values share. It draws nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from finr1_desk.core.figures import Figure
from finr1_desk.core.tables import TextTable


@dataclass(frozen=True, slots=True)
class Series:
    """The values of one column; None where a cell is empty."""

    name: str
    values: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class PlotData:
    """Labels along the axis and the series above them; `unit` is written beside the figures of the axis."""

    labels: tuple[str, ...]
    series: tuple[Series, ...]
    unit: str


def value_columns(table: TextTable) -> list[int]:
    """The columns of figures."""
    return [index for index in range(len(table.header)) if table.is_figures(index)]


def first_choice(table: TextTable) -> tuple[int, list[int]]:
    """The column of labels and those of values with which a plot begins.

    Labels are the first column of text, or the first at all (years are figures). Values are the columns of figures
    that have the unit of the first one: euros and per cent are not drawn on one scale.
    """
    figures = value_columns(table)
    label = next((index for index in range(len(table.header)) if index not in figures), 0)
    values = [index for index in figures if index != label]
    unit = unit_of(table.figures(values[0])) if values else ""
    alike = [index for index in values if unit_of(table.figures(index)) == unit]
    return label, alike


def plot_data(table: TextTable, label: int, columns: Sequence[int]) -> PlotData:
    """The series of these columns, in the unit of the first one."""
    figures = {index: table.figures(index) for index in columns}
    unit = unit_of(figures[columns[0]]) if columns else ""
    scale = _scale_of(figures[columns[0]]) if columns else 1.0
    series = tuple(
        Series(
            table.header[index],
            tuple(None if figure is None else figure.value / scale for figure in figures[index]),
        )
        for index in columns
    )
    return PlotData(table.column(label), series, unit)


def unit_of(figures: Sequence[Figure | None]) -> str:
    """The unit most of the figures are written in, currency first."""
    units = Counter(figure.prefix + figure.suffix for figure in figures if figure is not None)
    return units.most_common(1)[0][0] if units else ""


def _scale_of(figures: Sequence[Figure | None]) -> float:
    unit = unit_of(figures)
    return next((figure.scale for figure in figures if figure and figure.prefix + figure.suffix == unit), 1.0)
