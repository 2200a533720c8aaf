"""Formulas in one pane: what draws them is started in time, and blocks that waited for them are laid out again.

Owns the client of the drawing process, which works while the pane is seen, and when it is warmed up. A block whose
formulas come is laid out anew; what stands at the upper edge of the pane stays there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QCoreApplication, QEvent, QObject, QTimer
from PySide6.QtWidgets import QWidget

from finr1_desk.ui.pane.documents import Documents
from finr1_desk.ui.pane.flow import Flow
from finr1_desk.ui.pane.formula_client import FormulaClient
from finr1_desk.ui.pane.formula_objects import Formulas

WARM_UP_MS: Final = 4000  # after the first message: a window that has just opened has other things to do


class Typesetting(QObject):
    """The formulas of a pane.

    Args:
        pane: with which the process ends.
        changed: is called when heights changed.
    """

    def __init__(self, pane: QWidget, flow: Flow, documents: Documents, changed: Callable[[], None]) -> None:
        super().__init__(pane)
        self._flow = flow
        self._documents = documents
        self._changed = changed
        client = self._client = FormulaClient()
        client.arrived.connect(self._on_arrived)
        client.rest()  # until the pane is seen
        self.formulas = Formulas(client)
        self._warm_up = QTimer(self)
        self._warm_up.setSingleShot(True)
        self._warm_up.setInterval(WARM_UP_MS)
        self._warm_up.timeout.connect(client.warm_up)
        pane.installEventFilter(self)
        if (app := QCoreApplication.instance()) is not None:
            app.aboutToQuit.connect(client.close)

    def eventFilter(self, _pane: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Show:
            self._client.work()
        elif event.type() == QEvent.Type.Hide:
            self._warm_up.stop()
            self._client.rest()
        return False

    def expect(self) -> None:
        """Messages are shown: formulas may follow."""
        if not self._client.is_running and not self._warm_up.isActive():
            self._warm_up.start()

    def _on_arrived(self, sources: set[str]) -> None:
        rows = set(self._documents.awaiting(sources))
        if not rows:
            return
        for index, view in enumerate(self._flow.views):
            if view.has_rows and (found := rows.intersection(view.text_rows())):
                for row in found:
                    row.rendered = None
                    row.measured = False
                self._flow.touch(index)
        self._changed()
