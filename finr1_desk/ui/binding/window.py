"""Ties the window to the controllers: what the user wants goes down, what happened comes up.

Owns the connections and small states of the window's own. Decisions are the controllers'.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QApplication

from finr1_desk.core.conversation import Conversation, Message, Role
from finr1_desk.core.errors import ErrorCode, UserError
from finr1_desk.ui.binding.api import ApiBinding
from finr1_desk.ui.binding.branches import BranchBinding
from finr1_desk.ui.binding.chat import ChatBinding
from finr1_desk.ui.binding.given import GivenBinding
from finr1_desk.ui.binding.keeping import KeepingBinding
from finr1_desk.ui.binding.library import LibraryBinding
from finr1_desk.ui.binding.reading import ReadingDesk
from finr1_desk.ui.binding.server import ServerBinding
from finr1_desk.ui.binding.transfer import TransferBinding
from finr1_desk.ui.binding.writing import WritingBinding
from finr1_desk.ui.dialogs.asking import Dialogs
from finr1_desk.ui.model_menu import ModelMenu
from finr1_desk.ui.process.keep_awake import KeepAwake
from finr1_desk.ui.process.notifier import Notifier
from finr1_desk.ui.tasks.binding import TasksBinding
from finr1_desk.ui.window import Window
from finr1_desk.ui.words.engine_notices import EngineNotices
from finr1_desk.ui.words.sentences import sentence

if TYPE_CHECKING:
    from finr1_desk.app.bootstrap import Application
    from finr1_desk.app.store_access import StoreStatus
    from finr1_desk.core.events import LoadedModel
    from finr1_desk.library.discovery import FoundModel
    from finr1_desk.store.search import SearchHit
    from finr1_desk.ui.pane.pane import ChatPane

WAIT_FOR_LAST_MS = 1000  # after the list is there, for the conversation that was open last
_MODEL_ERRORS = {code for code in ErrorCode if code.name.startswith(("MODEL_", "NO_MODEL"))}


class Binding(QObject):
    """One window and the services behind it, from `open` to the end."""

    def __init__(
        self,
        window: Window,
        pane: ChatPane,
        application: Application,
        dialogs: Dialogs,
        notifier: Notifier,
        keep_awake: KeepAwake,
    ) -> None:
        super().__init__(window)
        self._window = window
        self._pane = pane
        self._app = application
        self._dialogs = dialogs
        self._notifier = notifier
        self._keep_awake = keep_awake
        self._busy: set[str] = set()
        self._open_id: str | None = None
        self._built_in = False
        self._server = ServerBinding(application.server, window, self.show_error, self)
        self._library = LibraryBinding(application, window, dialogs, self)
        self._model_menu = ModelMenu(application.models, window, dialogs, lambda: bool(self._busy), self._server, self)
        self._reading = ReadingDesk(pane, window, dialogs, application.pool, self.show_error)
        self._chat = ChatBinding(pane, application.conversations, application.answers, self)
        self._transfers = TransferBinding(window, dialogs, application.transfers, application.conversations, self)
        GivenBinding(application, window, dialogs, self)
        self._api = ApiBinding(application.local_api, application.settings, window, self.show_error, self)
        self._writing = WritingBinding(window, pane, application, self)
        self._branches = BranchBinding(window, pane, application, self._writing, self)
        KeepingBinding(
            window.sidebar,
            application,
            dialogs,
            self._transfers.export,
            lambda: self._busy,
            self,
        )
        self._engine_notices = EngineNotices(application.models, window.notice, self.show_error, self)
        self._tasks = TasksBinding(window, application, dialogs, self.show_error)
        self._connect_conversations()
        self._connect_answers()
        self._connect_models()
        self._connect_actions()
        application.store.changed.connect(self._on_store_changed)
        for told in (application.branches, application.drafts):
            told.failed.connect(self.show_error)
        application.settings.failed.connect(self.show_error)

    # -- connections

    def _connect_conversations(self) -> None:
        conversations, sidebar = self._app.conversations, self._window.sidebar
        conversations.listed.connect(self._on_listed)
        conversations.opened.connect(self._on_opened)
        conversations.closed.connect(self._on_closed)
        conversations.conversationChanged.connect(self._on_conversation_changed)
        conversations.failed.connect(self.show_error)
        self._app.transfers.failed.connect(self.show_error)
        self._app.keeping.failed.connect(self.show_error)
        sidebar.newRequested.connect(self._on_new)
        sidebar.openRequested.connect(self._on_open_requested)
        sidebar.hitRequested.connect(self._on_hit)
        self._pane.thinkingToggled.connect(conversations.set_thinking_open)

    def _connect_answers(self) -> None:
        answers, composer = self._app.answers, self._window.composer
        answers.busyChanged.connect(self._on_busy_changed)
        answers.grew.connect(self._on_grew)
        answers.finished.connect(self._on_finished)
        answers.unread.connect(lambda id: self._window.sidebar.model.set_unread(id, True))
        answers.contextUsed.connect(self._window.status.show_context)
        answers.speed.connect(self._window.status.show_speed)
        answers.refused.connect(self._on_refused)
        answers.failed.connect(self.show_error)
        composer.stopRequested.connect(self._on_stop)
        self._window.empty.exampleChosen.connect(composer.set_text)
        self._window.empty.modelWanted.connect(lambda: self._library.show(get=True))
        self._pane.actionTriggered.connect(self._on_message_action)
        self._pane.linkActivated.connect(self._on_link)
        self._notifier.clicked.connect(self._on_notification_clicked)

    def _connect_models(self) -> None:
        models, status = self._app.models, self._window.status
        models.chosen.connect(self._on_model_chosen)
        self._app.server.changed.connect(lambda _: self.retranslate())
        models.changed.connect(self._on_model_changed)
        models.loading.connect(status.show_loading)
        models.failed.connect(self.show_error)
        status.modelMenuWanted.connect(self._model_menu.fill)
        menu = self._window.actions_.menus["models"]
        menu.aboutToShow.connect(lambda: self._model_menu.fill(menu))

    def _connect_actions(self) -> None:
        actions = self._window.actions_
        handlers: dict[str, Callable[[], object]] = {
            "import_files": self._transfers.import_files,
            "export": self._export_open,
            "export_all": lambda: self._transfers.export(None),
            "library": self._library.show,
            "choose_model": self._model_menu.choose_file,
            "copy": self._on_copy,
            "select_all": self._on_select_all,
            "answer_now": lambda: self._app.answers.answer_now(self._open_id or ""),
            "rename": self._on_rename,
            "delete": lambda: self._delete(self._open_id or ""),
            "previous": lambda: self._step(-1),
            "next": lambda: self._step(1),
        }
        for name, handler in handlers.items():
            actions[name].triggered.connect(lambda _=False, handler=handler: handler())
        self._window.header.exportRequested.connect(actions["export"].trigger)
        self._update_actions()

    # -- errors

    def show_error(self, error: UserError) -> None:
        """One sentence and one hint at the top of the page; the window goes on."""
        said = sentence(error)
        action = self._engine_notices.action_for(error)
        if error.code in _MODEL_ERRORS:
            action = (self.tr("Choose a model…"), self._model_menu.choose_file)
        self._window.notice.show_notice(said.text, said.hint, action=action)

    # -- the store

    def _on_store_changed(self, status: StoreStatus) -> None:
        from finr1_desk.app.store_access import Failed, Open

        if isinstance(status, Open):
            self._window.status.show_lock(status.place)
        elif isinstance(status, Failed):
            said = sentence(status.error)
            self._window.status.show_lock("failed", said.text)
            self._window.show_failure(said.text, said.hint)
            self._update_actions(failed=True)

    # -- conversations

    def _on_listed(self, listed: list[Conversation], _folders: list[object]) -> None:
        self._window.empty.set_newcomer(not listed)
        self._window.sidebar.show_current(self._open_id)
        QTimer.singleShot(WAIT_FOR_LAST_MS, self._window, self._window.end_waiting)

    def _on_conversation_changed(self, conversation: Conversation) -> None:
        if conversation.id == self._app.conversations.current:
            self._show_open(conversation, begun=self._open_id is None)

    def _on_opened(self, conversation: Conversation, _messages: list[Message]) -> None:
        self._window.sidebar.model.set_unread(conversation.id, False)
        self._show_open(conversation, begun=False)

    def _show_open(self, conversation: Conversation, *, begun: bool) -> None:
        """The chat of this conversation, with the draft that was left in it, or what was typed since it was begun."""
        if self._open_id != conversation.id:
            self._swap_draft(conversation.id, keep=begun)
        self._window.header.show_title(conversation.title)
        self._window.sidebar.show_current(conversation.id)
        self._window.show_chat()
        self._update_composer()
        self._update_actions()

    def _on_closed(self) -> None:
        self._swap_draft(None, keep=False)
        self._window.header.show_title(None)
        self._window.sidebar.show_current(None)
        self._window.show_empty()
        self._update_composer()
        self._update_actions()

    def _swap_draft(self, id: str | None, *, keep: bool) -> None:
        """Each conversation has its own unsent text; a first question that begins one takes the rest along."""
        self._writing.go_to(id, keep=keep)
        self._open_id = id

    def _on_new(self) -> None:
        self._app.conversations.start_new()
        self._window.composer.edit.setFocus()

    def _on_open_requested(self, id: str) -> None:
        if id != self._open_id:
            self._app.conversations.open(id)
        self._window.composer.edit.setFocus()

    def _on_hit(self, hit: SearchHit, query: str) -> None:
        if hit.message_id is not None and self._chat.seek(hit.conversation_id, hit.message_id, query):
            return
        if hit.message_id is not None or hit.conversation_id != self._open_id:
            self._app.conversations.open(hit.conversation_id, hit.message_id)

    def _step(self, step: int) -> None:
        id = self._window.sidebar.model.neighbour(self._open_id, step)
        if id is not None:
            self._app.conversations.open(id)

    def _on_rename(self) -> None:
        if self._open_id is not None:
            self._window.actions_["sidebar"].setChecked(True)
            self._window.sidebar.rename(self._open_id)

    def _delete(self, id: str) -> None:
        if id:
            self._app.keeping.delete([id])

    # -- answers

    def _on_busy_changed(self, ids: set[str]) -> None:
        self._busy = set(ids)
        self._window.sidebar.model.set_writing(self._busy)
        self._keep_awake.set_working(bool(self._busy))
        self._update_composer()
        self._update_actions()

    def _on_grew(self, message: Message, _live: object) -> None:
        if message.role is Role.USER:  # a question that waits
            self._update_composer()

    def _on_finished(self, message: Message) -> None:
        if message.conversation_id == self._open_id:
            self._window.composer.set_stopped()
        elsewhere = message.conversation_id != self._open_id or not self._window.isActiveWindow()
        if elsewhere and self._app.settings.value.notify:
            self._notifier.tell(message.conversation_id)

    def _on_notification_clicked(self, conversation_id: str) -> None:
        self._notifier.withdraw()
        self._window.bring_to_front()
        self._on_open_requested(conversation_id)

    def _on_refused(self, text: str, error: UserError) -> None:
        """The question could not be kept: it goes back where it came from, before what was typed since."""
        composer = self._window.composer
        typed = composer.text()
        composer.set_text(f"{text}\n{typed}" if typed else text)
        self.show_error(error)

    def _on_stop(self) -> None:
        if self._open_id is not None:
            self._app.answers.stop(self._open_id)

    def _on_message_action(self, message_id: str, action: str) -> None:
        answers, message = self._app.answers, self._app.conversations.messages.get(message_id)
        if self._branches.press(message_id, action):
            return
        match action:
            case "regenerate":
                answers.regenerate(message_id)
            case "continue":
                answers.continue_answer(message_id)
            case "answer_now":
                answers.answer_now(self._open_id or "")
            case "open_task" if message is not None and message.task is not None:
                self._tasks.open_again(message.task)
            case "take_back":
                if message is not None and not self._window.composer.text().strip():
                    self._window.composer.set_text(message.raw)
                answers.take_back(message_id)
            case "export":
                self._export_open()
            case "copy_answer" | "copy_question" if message is not None:
                QApplication.clipboard().setText(message.answer)
            case "copy_all" if message is not None:
                QApplication.clipboard().setText("\n\n".join(filter(None, (message.think, message.answer))))

    def _on_link(self, address: str) -> None:
        if self._dialogs.may_open_link(address):
            self._dialogs.open_link(address)

    def _update_composer(self) -> None:
        id = self._app.conversations.current
        if id is None:
            self._window.composer.set_writing(False)
            return
        live = self._app.answers.live_messages(id)
        waiting = [other for other in self._app.answers.live_statuses(id) if other not in live]
        self._window.composer.set_writing(id in self._busy, len(waiting))

    # -- models

    def _on_model_chosen(self, model: FoundModel | None) -> None:
        self._built_in = model is not None and model.is_built_in
        self._window.status.show_chosen(model.header.name or model.path.name if model is not None else None)
        self.retranslate()

    def _on_model_changed(self, model: LoadedModel | None) -> None:
        if model is None:
            self._window.status.show_unloaded()
        else:
            self._window.status.show_loaded(model.name, model.quantisation, model.device)
            self._model_menu.tell_given_up(model.plan)

    def retranslate(self) -> None:
        """The note about the demonstration model, said again."""
        self._writing.retranslate()
        note = None
        if self._built_in and not self._app.server.value.in_use:
            note = self.tr(
                "The small built-in demonstration model answers. It shows how the application works; its figures "
                "and judgements are not to be relied on. To work with Fin-R1, get it by the menu “Models”."
            )
        self._pane.set_banner(note)
        self._window.empty.set_demonstration(note)

    # -- files

    def _export_open(self) -> None:
        if self._open_id is not None:
            self._transfers.export([self._open_id])

    # -- edit

    def _on_copy(self) -> None:
        copy = getattr(QApplication.focusWidget(), "copy", None)
        if callable(copy):
            copy()
        else:
            self._pane.copy()

    def _on_select_all(self) -> None:
        widget = QApplication.focusWidget()
        select_all = getattr(widget, "selectAll", None) or getattr(widget, "select_all", None)
        if callable(select_all):
            select_all()
        else:
            self._pane.select_all()

    def _update_actions(self, *, failed: bool = False) -> None:
        actions, open_ = self._window.actions_, self._open_id is not None
        for name in ("export", "rename", "delete", "select_all", "previous_version", "next_version"):
            actions[name].setEnabled(open_ and not failed)
        for name in ("new", "add_files", "import_files", "export_all", "previous", "next", "find"):
            actions[name].setEnabled(not failed)
        for name in ("stop", "answer_now"):
            actions[name].setEnabled(self._open_id in self._busy)
