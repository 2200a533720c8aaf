"""Ties the composer to what is being written in it: drafts, quoting, editing an earlier question, counting, asking.

Owns which conversation the field belongs to at the moment and what is edited in it. What becomes of a question is the
controllers' matter.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QLocale, QObject, QTimer

from finr1_desk.core.choices import Choices
from finr1_desk.core.draft import Draft
from finr1_desk.ui.dialogs.conversation_settings import ConversationSettingsDialog, shown_defaults

if TYPE_CHECKING:
    from finr1_desk.app.bootstrap import Application
    from finr1_desk.app.counting import Count
    from finr1_desk.ui.pane.pane import ChatPane
    from finr1_desk.ui.window import Window


NOTED_MS: Final = 100  # after a key; a part of the second after which a draft is on disk


class WritingBinding(QObject):
    def __init__(self, window: Window, pane: ChatPane, application: Application, parent: QObject) -> None:
        super().__init__(parent)
        self._window = window
        self._composer = window.composer
        self._pane = pane
        self._app = application
        self._place: str | None = None  # the conversation that the field belongs to
        self._editing: str | None = None  # the question that is edited in it
        self._before = ""  # what stood in the field before that
        self._putting = False
        self._count: Count | None = None
        application.drafts.loaded.connect(self._on_drafts_loaded)
        application.counting.counted.connect(self._on_counted)
        composer = self._composer
        self._soon = QTimer(self, singleShot=True, interval=NOTED_MS)
        self._soon.timeout.connect(self._note)
        composer.changed.connect(self._on_changed)
        window.closing.connect(self._note)
        composer.submitted.connect(lambda text: self._send(text, Choices()))
        composer.samplesSubmitted.connect(lambda text, samples: self._send(text, Choices(samples=samples)))
        composer.editingCancelled.connect(self.cancel_editing)
        composer.settingsWanted.connect(self.show_settings)
        window.actions_["quote"].triggered.connect(self.quote)
        window.actions_["conversation_settings"].triggered.connect(self.show_settings)

    # -- drafts

    def go_to(self, conversation_id: str | None, *, keep: bool) -> None:
        """The field belongs to another conversation from now on, and shows what was left there.

        `keep`: a first question has begun it, and what was typed since goes along.
        """
        if conversation_id == self._place:
            return
        if keep:
            self._app.drafts.note(self._place, Draft())
            self._place = conversation_id
            self._note()
            return
        self._note()
        self._place = conversation_id
        self._put(self._app.drafts.of(conversation_id))

    def _put(self, draft: Draft) -> None:
        self._soon.stop()
        self._putting = True
        self._editing, self._before = draft.editing, draft.before
        self._composer.set_editing(draft.editing is not None)
        self._composer.edit.put(draft)
        self._putting = False
        self._app.counting.set_text(draft.text, draft.editing)

    def _on_drafts_loaded(self) -> None:
        """What was left at the last end; what has been typed since then follows it."""
        draft = self._app.drafts.of(self._place)
        typed = self._composer.text()
        if draft.text and draft.text != typed:
            text = f"{draft.text}\n{typed}" if typed else draft.text
            end = len(text.encode("utf-16-le")) // 2
            self._put(Draft(text, end, end, 0, draft.editing, draft.before) if typed else draft)
            self._note()

    def _on_changed(self) -> None:
        """A key was pressed: what that costs must not depend on how long the text is."""
        if not self._putting and not self._soon.isActive():
            self._soon.start()

    def _note(self) -> None:
        """Tells of what stands in the field."""
        self._soon.stop()
        draft = self._composer.edit.draft()
        self._app.drafts.note(
            self._place,
            Draft(draft.text, draft.cursor, draft.anchor, draft.scroll, self._editing, self._before)
            if draft.text or self._editing
            else Draft(),
        )
        self._app.counting.set_text(draft.text, self._editing)

    # -- sending

    def _send(self, text: str, choices: Choices) -> None:
        editing = self._editing
        if editing is None:
            self._app.answers.ask(text, choices)
            self._note()  # after the question is on its way to the disk
            return
        self._end_editing()
        self._app.answers.edit(editing, text, choices)

    # -- editing

    def edit(self, question_id: str) -> None:
        """Puts an earlier question into the field, to be asked anew as a branch beside it."""
        message = self._app.conversations.messages.get(question_id)
        if message is None:
            return
        before = self._before if self._editing is not None else self._composer.text()
        end = len(message.raw.encode("utf-16-le")) // 2
        self._put(Draft(message.raw, end, end, 0, question_id, before))
        self._note()
        self._composer.edit.setFocus()

    def cancel_editing(self) -> None:
        """The earlier question stays as it is, and the field shows what stood there before."""
        if self._editing is not None:
            self._end_editing()
            self._composer.edit.setFocus()

    def _end_editing(self) -> None:
        before, self._before, self._editing = self._before, "", None
        end = len(before.encode("utf-16-le")) // 2
        self._put(Draft(before, end, end))
        self._note()

    # -- quoting

    def quote(self) -> None:
        """Puts what is selected in the conversation into the field, as a quotation."""
        text = self._pane.selected_text()
        if text.strip():
            self._composer.edit.quote(text)

    # -- what it takes

    def _on_counted(self, count: Count | None) -> None:
        self._count = count
        self.retranslate()

    def retranslate(self) -> None:
        """Says again what the question takes, and whether it fits."""
        count = self._count
        if count is None:
            self._window.status.show_question(None)
        else:
            self._window.status.show_question(count.question, is_about=count.is_about)
        warning = ""
        if count is not None and count.over and count.is_about:
            warning = self.tr(
                "Too long by about {over} tokens: the server takes {limit} with all of the conversation. Shorten it, "
                "or begin a new conversation."
            ).format(over=QLocale().toString(count.over), limit=QLocale().toString(count.limit))
        elif count is not None and count.over:
            warning = self.tr(
                "Too long by {over} tokens: the question does not fit into a context of {limit}. Shorten it, or choose "
                "a longer context in the settings."
            ).format(over=QLocale().toString(count.over), limit=QLocale().toString(count.limit))
        elif count is not None and count.crowded:
            warning = self.tr(
                "The context is nearly full: {whole} of {limit} tokens. The model will not see the oldest messages."
            ).format(whole=QLocale().toString(count.whole), limit=QLocale().toString(count.limit))
        self._composer.warn(warning, serious=count is not None and count.over > 0)

    # -- settings

    def show_settings(self) -> None:
        """How this conversation, or the next one, is answered."""
        manner = self._app.manner
        dialog = ConversationSettingsDialog(
            manner.value,
            shown_defaults(self._app.settings.value),
            self._window,
            is_new=self._app.conversations.current is None,
        )
        dialog.confirmed.connect(manner.set)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()
