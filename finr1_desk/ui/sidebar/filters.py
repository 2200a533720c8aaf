"""What a search is narrowed to, as a row of quiet chips: when, which folder, which model, where.

Owns the chips and the filter they make together. Searching is the controller's.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import replace
from enum import Enum

from PySide6.QtCore import QDate, QEvent, QLocale, Qt, Signal
from PySide6.QtGui import QAction, QActionGroup, QResizeEvent
from PySide6.QtWidgets import QDateEdit, QDialog, QDialogButtonBox, QFormLayout, QMenu, QToolButton, QWidget

from finr1_desk.core.keeping import EVERYTHING, Place, SearchFilter
from finr1_desk.ui.look.theme import GRID
from finr1_desk.ui.named import named
from finr1_desk.ui.sidebar.flow import FlowLayout

Choice = tuple[str, Callable[[], object] | None, bool]  # label, what it does (None: a line between), whether it holds


class Period(Enum):
    ANY = "any"
    TODAY = "today"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"
    OWN = "own"


def start_of(period: Period, now: dt.datetime) -> float | None:
    """When a period that lasts until now began, as seconds since the epoch."""
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    match period:
        case Period.TODAY:
            return today.timestamp()
        case Period.WEEK:
            return (today - dt.timedelta(days=7)).timestamp()
        case Period.MONTH:
            return (today - dt.timedelta(days=30)).timestamp()
        case Period.YEAR:
            return today.replace(month=1, day=1).timestamp()
        case _:
            return None


class Chip(QToolButton):
    """A small button with a menu; `active` where it narrows the search."""

    def __init__(self, name: str, parent: QWidget, choices: Callable[[], Sequence[Choice]]) -> None:
        super().__init__(parent)
        self.setObjectName("chip")
        self._name = name
        self._choices = choices
        self._menu = QMenu(self)
        self._menu.aboutToShow.connect(self._fill)
        self.setMenu(self._menu)
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def show_state(self, text: str, tip: str, *, active: bool) -> None:
        self.setText(self.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, 18 * GRID) + " ▾")
        self.setToolTip(f"{tip}: {text}")
        self.setAccessibleName(f"{tip}: {text}")
        if self.property("active") != active:
            self.setProperty("active", active)
            self.style().polish(self)
        self.updateGeometry()

    def _fill(self) -> None:
        self._menu.clear()
        group = QActionGroup(self._menu)
        for label, act, holds in self._choices():
            if act is None:
                self._menu.addSeparator()
                continue
            action = QAction(label.replace("&", "&&"), self._menu)
            action.setCheckable(True)
            action.setChecked(holds)
            action.triggered.connect(lambda _=False, act=act: act())
            group.addAction(action)
            self._menu.addAction(action)


class DateRangeDialog(QDialog):
    """Asks for a first and a last day."""

    def __init__(self, first: QDate, last: QDate, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Dates"))
        self.first, self.last = QDateEdit(first, self), QDateEdit(last, self)
        form = QFormLayout(self)
        form.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, 2 * GRID)
        form.setSpacing(GRID)
        for edit, label in ((self.first, self.tr("From")), (self.last, self.tr("Until"))):
            edit.setCalendarPopup(True)
            edit.setMaximumDate(QDate.currentDate())
            edit.setAccessibleName(label)
            form.addRow(label, edit)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel, self)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        form.addRow(buttons)
        self.first.dateChanged.connect(self.last.setMinimumDate)
        self.last.setMinimumDate(first)


class FilterChips(QWidget):
    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._filter = EVERYTHING
        self._period = Period.ANY
        self._first, self._last = QDate.currentDate().addMonths(-1), QDate.currentDate()
        self._folders: list[str] = []
        self._models: list[str] = []
        self._when = Chip("when", self, self._periods)
        self._folder = Chip("folder", self, self._folder_choices)
        self._model = Chip("model", self, self._model_choices)
        self._place = Chip("place", self, self._place_choices)
        self._clear = named(QToolButton(self), "chipClear")
        self._clear.setText("✕")
        self._clear.clicked.connect(self.reset)
        self._clear.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._row = FlowLayout(self, spacing=GRID // 2)
        for chip in (self._when, self._folder, self._model, self._place, self._clear):
            self._row.addWidget(chip)
        self._show()

    def filter(self) -> SearchFilter:
        """What is chosen; a period that lasts until now is counted from now on."""
        if self._period is Period.OWN:
            after, before = _midnight(self._first), _midnight(self._last.addDays(1))
            return replace(self._filter, after=after, before=before)
        return replace(self._filter, after=start_of(self._period, dt.datetime.now()), before=None)

    def is_narrowed(self) -> bool:
        return self._filter != EVERYTHING or self._period is not Period.ANY

    def set_known(self, folders: Sequence[str], models: Sequence[str]) -> None:
        """What there is to choose from; a chip with nothing to choose is not shown."""
        self._folders, self._models = list(folders), list(models)
        gone = SearchFilter(
            folder=self._filter.folder if self._filter.folder in self._folders else None,
            model=self._filter.model if self._filter.model in self._models else None,
            place=self._filter.place,
        )
        self._set(gone, self._period)

    def reset(self) -> None:
        self._set(EVERYTHING, Period.ANY)

    def set_period(self, first: QDate, last: QDate) -> None:
        """These days, the last one included."""
        self._first, self._last = first, last
        self._set(self._filter, Period.OWN, again=True)

    # -- choices

    def _periods(self) -> list[Choice]:
        found: list[Choice] = [
            (self._period_text(period), lambda period=period: self._set(self._filter, period), self._period is period)  # type: ignore[misc]
            for period in Period
            if period is not Period.OWN
        ]
        return [*found, ("", None, False), (self.tr("Other dates…"), self._ask_dates, self._period is Period.OWN)]

    def _folder_choices(self) -> list[Choice]:
        return self._choices(self.tr("All folders"), self._folders, self._filter.folder, "folder")

    def _model_choices(self) -> list[Choice]:
        return self._choices(self.tr("All models"), self._models, self._filter.model, "model")

    def _choices(self, all_: str, names: Sequence[str], chosen: str | None, field: str) -> list[Choice]:
        def choose(name: str | None) -> Callable[[], None]:
            return lambda: self._set(replace(self._filter, **{field: name}), self._period)  # type: ignore[arg-type]

        return [(all_, choose(None), chosen is None), *((name, choose(name), chosen == name) for name in names)]

    def _place_choices(self) -> list[Choice]:
        def choose(place: Place | None) -> Callable[[], None]:
            return lambda: self._set(replace(self._filter, place=place), self._period)

        return [
            (self._place_text(place), choose(place), self._filter.place is place)
            for place in (None, Place.QUESTION, Place.ANSWER, Place.THINKING)
        ]

    def _ask_dates(self) -> None:
        dialog = DateRangeDialog(self._first, self._last, self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.accepted.connect(lambda: self.set_period(dialog.first.date(), dialog.last.date()))
        dialog.open()

    # -- what is shown

    def _set(self, chosen: SearchFilter, period: Period, *, again: bool = False) -> None:
        changed = again or (chosen, period) != (self._filter, self._period)
        self._filter, self._period = chosen, period
        self._show()
        if changed:
            self.changed.emit()

    def _show(self) -> None:
        narrowed, period = self._filter, self._period
        self._when.show_state(self._period_text(period), self.tr("Date"), active=period is not Period.ANY)
        self._folder.show_state(
            narrowed.folder or self.tr("All folders"), self.tr("Folder"), active=narrowed.folder is not None
        )
        self._model.show_state(
            narrowed.model or self.tr("All models"), self.tr("Model"), active=narrowed.model is not None
        )
        self._place.show_state(self._place_text(narrowed.place), self.tr("Where"), active=narrowed.place is not None)
        self._folder.setVisible(bool(self._folders))
        self._model.setVisible(len(self._models) > 1)
        self._clear.setVisible(self.is_narrowed())
        self._clear.setToolTip(self.tr("Search everything again"))
        self._clear.setAccessibleName(self.tr("Search everything again"))
        self._fit()

    def _period_text(self, period: Period) -> str:
        match period:
            case Period.ANY:
                return self.tr("Any time")
            case Period.TODAY:
                return self.tr("Today")
            case Period.WEEK:
                return self.tr("Last 7 days")
            case Period.MONTH:
                return self.tr("Last 30 days")
            case Period.YEAR:
                return self.tr("This year")
            case Period.OWN:
                short = QLocale.FormatType.ShortFormat
                return f"{QLocale().toString(self._first, short)} – {QLocale().toString(self._last, short)}"

    def _place_text(self, place: Place | None) -> str:
        match place:
            case None:
                return self.tr("Everywhere")
            case Place.QUESTION:
                return self.tr("Questions")
            case Place.ANSWER:
                return self.tr("Answers")
            case Place.THINKING:
                return self.tr("Reasoning")

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self._show()
        super().changeEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """As high as its lines: what is around it keeps the height of another width otherwise."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        wanted = self._row.heightForWidth(self.width())
        if wanted > 0 and self.height() != wanted:
            self.setFixedHeight(wanted)


def _midnight(day: QDate) -> float:
    return dt.datetime(day.year(), day.month(), day.day()).timestamp()
