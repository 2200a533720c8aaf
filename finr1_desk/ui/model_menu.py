"""The menu of models, and what can be asked of the user about them.

Owns the menu's entries, which are made each time it is shown, and the way to the plan. Choosing and loading is the
models' controller's.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QMenu

from finr1_desk.ui.binding.server import ServerBinding
from finr1_desk.ui.dialogs.asking import Dialogs
from finr1_desk.ui.window import Window
from finr1_desk.ui.words.model import verification_text
from finr1_desk.ui.words.plan import given_up_line, plan_line

if TYPE_CHECKING:
    from finr1_desk.app.models import Models
    from finr1_desk.core.plan import GivenUp, LoadPlan


class ModelMenu(QObject):
    """`busy` tells whether an answer is being written, for which the model has to stay."""

    def __init__(
        self,
        models: Models,
        window: Window,
        dialogs: Dialogs,
        busy: Callable[[], bool],
        server: ServerBinding,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._models = models
        self._window = window
        self._dialogs = dialogs
        self._is_busy = busy
        self._server = server
        self._told: tuple[GivenUp, ...] = ()
        for name in ("library", "choose_model"):  # their keys work before the menu was ever shown
            window.addAction(window.actions_[name])

    def fill(self, menu: QMenu) -> None:
        """What is on the machine, how the chosen model is loaded, and what can be done with it."""
        models = self._models
        menu.clear()
        menu.addAction(self._window.actions_["library"])
        menu.addAction(self._window.actions_["choose_model"])
        found = [model for model in models.found() if model.same_as is None]
        if found:
            menu.addSeparator()
        for model in found:
            words = (model.shown_name, model.header.quantisation)
            action = menu.addAction(" · ".join(word for word in words if word))
            action.triggered.connect(self._chooser(model.path))
            action.setToolTip("\n".join(filter(None, (str(model.path), verification_text(model)))))
            action.setCheckable(True)
            action.setChecked(models.choice is not None and models.choice.path == model.path)
        menu.setToolTipsVisible(True)
        menu.addSeparator()
        self._server.fill(menu)
        menu.addSeparator()
        measured = verification_text(models.choice) if models.choice is not None else ""
        if measured:
            menu.addAction(measured).setEnabled(False)
        if models.plan is not None:
            menu.addAction(plan_line(models.plan)).setEnabled(False)
        plan = menu.addAction(self.tr("How the model is loaded…"), self.show_plan)
        plan.setEnabled(models.choice is not None)
        load = menu.addAction(self.tr("Load now"), models.load)
        load.setEnabled(models.loaded is None and models.choice is not None)
        unload = menu.addAction(self.tr("Unload"), models.unload)
        unload.setEnabled(models.loaded is not None and not self._is_busy())

    def _chooser(self, path: Path) -> Callable[[], None]:
        return lambda: self._models.choose(path)

    def choose_file(self) -> None:
        choice = self._models.choice
        own = choice is not None and not choice.is_built_in
        path = self._dialogs.model_file(choice.path.parent if choice is not None and own else None)
        if path is not None:
            self._models.choose(path)

    def show_plan(self) -> None:
        from finr1_desk.ui.dialogs.plan import PlanDialog

        dialog = PlanDialog(self._models, self._window)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    def tell_given_up(self, plan: LoadPlan | None) -> None:
        """Says once what memory did not suffice for."""
        if plan is not None and plan.given_up and plan.given_up != self._told:
            self._window.notice.show_notice(given_up_line(plan), plan_line(plan), tone="info")
        self._told = plan.given_up if plan is not None else ()
