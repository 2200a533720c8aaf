"""Plotting a table: tidy axes, sensible first choices, pictures that show something."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from finr1_desk.core.errors import UserError
from finr1_desk.core.tables import TextTable
from finr1_desk.ui.dialogs.asking import Dialogs
from finr1_desk.ui.look.theme import DARK, LIGHT, Theme
from finr1_desk.ui.plot.axis import axis_for, thinned
from finr1_desk.ui.plot.chart import Kind
from finr1_desk.ui.plot.data import first_choice, plot_data
from finr1_desk.ui.plot.dialog import PlotDialog

TABLE = TextTable(
    ("项目", "2022", "2023", "Change"),
    (("营业收入", "1.2亿", "2亿", "15.1%"), ("净利润", "9,000万", "-", "(3%)"), ("费用", "(0.5亿)", "1亿", "-5%")),
)


@pytest.mark.parametrize(
    ("values", "with_zero", "marks"),
    [
        ([0, 10], True, [0, 2, 4, 6, 8, 10]),
        ([1204.5, 1386.2], True, [0, 500, 1000, 1500]),
        ([-3, 7], True, [-4, -2, 0, 2, 4, 6, 8]),
        ([0.011, 0.019], False, [0.01, 0.012, 0.014, 0.016, 0.018, 0.02]),
        ([5, 5], False, [2, 3, 4, 5, 6, 7, 8]),
        ([0, 0], True, [-1, -0.5, 0, 0.5, 1]),
        ([-8, -2], True, [-8, -6, -4, -2, 0]),
    ],
)
def test_marks_are_round_and_hold_the_values(values: list[float], with_zero: bool, marks: list[float]) -> None:
    axis = axis_for(values, with_zero=with_zero)
    assert axis.marks == pytest.approx(marks)
    assert axis.low <= min(values)
    assert max(values) <= axis.high


def test_marks_are_written_with_as_many_decimals_as_they_need() -> None:
    assert axis_for([0, 10], with_zero=True).decimals == 0
    assert axis_for([0, 1.2], with_zero=True).decimals == 2
    assert axis_for([0.0001, 0.0003], with_zero=False).decimals == 5


def test_labels_are_thinned_to_the_room() -> None:
    assert thinned(3, 10) == [0, 1, 2]
    assert thinned(10, 4) == [0, 3, 6, 9]
    assert thinned(5, 0) == [0]


def test_columns_of_one_unit_are_drawn_first() -> None:
    assert first_choice(TABLE) == (0, [1, 2])
    assert first_choice(TextTable(("Year", "a"), (("2022", "1"), ("2023", "2")))) == (0, [1])


def test_values_come_in_the_unit_of_the_first_column() -> None:
    data = plot_data(TABLE, 0, [1, 2])
    assert data.unit == "亿"
    assert data.labels == ("营业收入", "净利润", "费用")
    assert data.series[0].values == pytest.approx((1.2, 0.9, -0.5))
    assert data.series[1].values == (2.0, None, 1.0)


def _dialog(qtbot: QtBot, table: TextTable = TABLE, theme: Theme = LIGHT) -> PlotDialog:
    parent = QWidget()
    qtbot.addWidget(parent)
    dialog = PlotDialog(table, theme, Dialogs(parent))
    qtbot.addWidget(dialog)
    return dialog


def _colours(image: QImage) -> set[str]:
    step = 3
    return {
        QColor(image.pixel(x, y)).name() for x in range(0, image.width(), step) for y in range(0, image.height(), step)
    }


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("kind", list(Kind))
def test_the_picture_shows_every_series(qtbot: QtBot, theme: Theme, kind: Kind) -> None:
    dialog = _dialog(qtbot, theme=theme)
    (dialog._bars if kind is Kind.BARS else dialog._lines).setChecked(True)
    assert dialog.chosen() == (kind, 0, [1, 2])
    colours = _colours(dialog._picture())
    assert {theme.series[0], theme.series[1], theme.window} <= colours
    assert theme.series[2] not in colours


def test_pictures_are_saved_and_copied(qtbot: QtBot, tmp_path: Path) -> None:
    dialog = _dialog(qtbot)
    dialog.save_picture(tmp_path / "chart.png")
    assert QImage(str(tmp_path / "chart.png")).width() == 1920
    dialog.save_picture(tmp_path / "chart.svg")
    assert "<svg" in (tmp_path / "chart.svg").read_text(encoding="utf-8")
    dialog.copy_picture()
    assert QApplication.clipboard().image().width() == 1920
    with pytest.raises(UserError):
        dialog.save_picture(tmp_path / "missing" / "chart.png")


def test_without_values_there_is_nothing_to_save(qtbot: QtBot) -> None:
    dialog = _dialog(qtbot)
    for row in range(dialog._values.count()):
        dialog._values.item(row).setCheckState(Qt.CheckState.Unchecked)
    assert not dialog._save.isEnabled()
    assert not dialog._copy.isEnabled()


def test_many_rows_begin_as_a_line(qtbot: QtBot) -> None:
    rows = tuple((str(2000 + number), str(number)) for number in range(24))
    assert _dialog(qtbot, TextTable(("Year", "Value"), rows)).chosen()[0] is Kind.LINES
