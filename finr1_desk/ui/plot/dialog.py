"""The dialog that plots columns of a table, and saves or copies the picture.

Owns the choices (kind, labels, values) and the picture's files. The drawing is `chart`'s.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QGuiApplication, QImage, QPainter, QPaintEvent
from PySide6.QtSvg import QSvgGenerator
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QRadioButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from finr1_desk.core.errors import ErrorCode, UserError
from finr1_desk.core.tables import TextTable
from finr1_desk.ui.dialogs.asking import Dialogs
from finr1_desk.ui.look.theme import GRID, Theme
from finr1_desk.ui.plot.chart import Chart, ChartStyle, Kind
from finr1_desk.ui.plot.data import first_choice, plot_data, value_columns
from finr1_desk.ui.words.sentences import sentence

PICTURE: Final = QSize(960, 600)  # of a saved or copied picture
SHARPNESS: Final = 2  # dots of a pixel picture for each of those
LINES_FROM: Final = 13  # rows; as many are time rather than things, and are drawn as a line at first


class ChartView(QWidget):
    """Shows a chart in the room it has."""

    def __init__(self, style: ChartStyle, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.style_ = style
        self.chart: Chart | None = None
        self.setMinimumSize(56 * GRID, 36 * GRID)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        if self.chart is not None:
            self.chart.draw(painter, QRectF(self.rect()))
        painter.end()


class PlotDialog(QDialog):
    """
    Args:
        table: with at least one column of figures.
        theme: whose colours the picture has.
        dialogs: ask where to save it.
    """

    def __init__(self, table: TextTable, theme: Theme, dialogs: Dialogs, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("plotDialog")
        self.setWindowTitle(self.tr("Plot a table"))
        self._table = table
        self._dialogs = dialogs
        self._view = ChartView(ChartStyle(theme, self.font()), self)
        self._bars = QRadioButton(self.tr("&Bars"), self)
        self._lines = QRadioButton(self.tr("&Lines"), self)
        self._labels = QComboBox(self)
        self._labels.setObjectName("plotLabels")
        self._values = QListWidget(self)
        self._values.setObjectName("plotValues")
        self._failure = QLabel(self)
        self._failure.setWordWrap(True)
        self._failure.setTextFormat(Qt.TextFormat.PlainText)
        self._failure.hide()
        self._copy = QPushButton(self.tr("&Copy picture"), self)
        self._save = QPushButton(self.tr("&Save picture…"), self)
        self._fill()
        self._build()
        for button in (self._bars, self._lines):
            button.toggled.connect(self._on_chosen)
        self._labels.currentIndexChanged.connect(self._on_chosen)
        self._values.itemChanged.connect(self._on_chosen)
        self._copy.clicked.connect(self.copy_picture)
        self._save.clicked.connect(self._on_save)
        self._on_chosen()

    def _fill(self) -> None:
        label, values = first_choice(self._table)
        for index, title in enumerate(self._table.header):
            self._labels.addItem(title or self.tr("Column {number}").format(number=index + 1))
        self._labels.setCurrentIndex(label)
        for index in value_columns(self._table):
            item = QListWidgetItem(self._labels.itemText(index), self._values)
            item.setData(Qt.ItemDataRole.UserRole, index)
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
            item.setCheckState(Qt.CheckState.Checked if index in values else Qt.CheckState.Unchecked)
        (self._lines if len(self._table.rows) >= LINES_FROM else self._bars).setChecked(True)

    def _build(self) -> None:
        kinds = QHBoxLayout()
        kinds.addWidget(self._bars)
        kinds.addWidget(self._lines)
        kinds.addStretch(1)
        form = QFormLayout()
        form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapAllRows)
        form.setSpacing(GRID)
        form.addRow(kinds)
        form.addRow(self.tr("L&abels"), self._labels)
        form.addRow(self.tr("&Values"), self._values)
        side = QVBoxLayout()
        side.addLayout(form, 1)
        side.addWidget(self._copy)
        side.addWidget(self._save)
        choices = QWidget(self)
        choices.setLayout(side)
        choices.setFixedWidth(24 * GRID)
        side.setContentsMargins(0, 0, 0, 0)
        frame = QFrame(self)
        frame.setObjectName("plotFrame")
        framed = QVBoxLayout(frame)
        framed.setContentsMargins(1, 1, 1, 1)
        framed.addWidget(self._view)
        middle = QHBoxLayout()
        middle.setSpacing(2 * GRID)
        middle.addWidget(choices)
        middle.addWidget(frame, 1)
        close = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, self)
        close.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, 2 * GRID)
        column.setSpacing(2 * GRID)
        column.addLayout(middle, 1)
        column.addWidget(self._failure)
        column.addWidget(close)
        self.resize(112 * GRID, 64 * GRID)

    # -- choices

    def chosen(self) -> tuple[Kind, int, list[int]]:
        """The kind, the column of labels and those of values."""
        items = [self._values.item(row) for row in range(self._values.count())]
        values = [item.data(Qt.ItemDataRole.UserRole) for item in items if item.checkState() is Qt.CheckState.Checked]
        return Kind.BARS if self._bars.isChecked() else Kind.LINES, self._labels.currentIndex(), values

    def _on_chosen(self) -> None:
        kind, label, values = self.chosen()
        data = plot_data(self._table, label, values)
        self._view.chart = Chart(data, kind, self._view.style_)
        self._view.setAccessibleName(
            self.tr("Chart of {columns}").format(columns=", ".join(series.name for series in data.series))
        )
        self._view.update()
        for button in (self._copy, self._save):
            button.setEnabled(bool(values))

    # -- the picture

    def copy_picture(self) -> None:
        QGuiApplication.clipboard().setImage(self._picture())

    def save_picture(self, path: Path) -> None:
        """Writes the picture in the format that the name says.

        Raises:
            UserError: `FILE_UNWRITABLE`.
        """
        is_svg = path.suffix.casefold() == ".svg"
        if not (self._write_svg(path) if is_svg else self._picture().save(str(path))):
            raise UserError(ErrorCode.FILE_UNWRITABLE, path=str(path), reason=None)

    def _picture(self) -> QImage:
        image = QImage(PICTURE * SHARPNESS, QImage.Format.Format_RGB32)
        image.setDevicePixelRatio(SHARPNESS)
        painter = QPainter(image)
        self._draw(painter)
        painter.end()
        return image

    def _write_svg(self, path: Path) -> bool:
        generator = QSvgGenerator()
        generator.setFileName(str(path))
        generator.setSize(PICTURE)
        generator.setViewBox(QRect(0, 0, PICTURE.width(), PICTURE.height()))
        generator.setTitle(self.windowTitle())
        painter = QPainter()
        if not painter.begin(generator):
            return False
        self._draw(painter)
        return painter.end()

    def _draw(self, painter: QPainter) -> None:
        if self._view.chart is not None:
            self._view.chart.draw(painter, QRectF(0, 0, PICTURE.width(), PICTURE.height()))

    def _on_save(self) -> None:
        kinds = self.tr("PNG picture (*.png);;SVG drawing (*.svg)")
        path = self._dialogs.file_to_save(self.tr("Save picture"), self.tr("chart") + ".png", kinds)
        if path is None:
            return
        self._failure.hide()
        try:
            self.save_picture(path)
        except UserError as error:
            self._failure.setText(sentence(error).text)
            self._failure.show()
