"""How many tokens a question has that is being written, and whether it fits into the context.

Owns when that is asked of the engine: a moment after the last key, one count at a time. The engine counts beside what
it is writing. It is always this machine's that counts, also where a team server answers: a draft was not asked, so it
does not leave. The server's own model may count otherwise, so the figure is about right then and says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QObject, QTimer, Signal

from finr1_desk.app.conversations import Conversations
from finr1_desk.app.engine_link import EngineLink
from finr1_desk.app.manner import Manner
from finr1_desk.app.models import Models
from finr1_desk.app.settings import SettingsController
from finr1_desk.core.events import EngineEvent, Finished, TokensCounted
from finr1_desk.core.prompts import Turn, build_turns
from finr1_desk.core.remote import is_remote
from finr1_desk.core.settings import sampling_overrides
from finr1_desk.core.token_estimate import about_tokens

DELAY_MS: Final = 300
LEAST_ROOM: Final = 64  # tokens that the engine keeps free for an answer, at the very least


@dataclass(frozen=True, slots=True)
class Count:
    """What a question takes, in tokens.

    Attributes:
        question: with the markers around it.
        whole: the prompt with all of the conversation.
        limit: of the context.
        over: by how much it does not fit even alone, with the system prompt; 0 where it does. A server leaves nothing
            out: there it has to fit with all of the conversation.
        crowded: it fits, but the oldest messages will be left out for it.
        is_about: a server answers, and counts by itself.
    """

    question: int
    whole: int
    limit: int
    over: int
    crowded: bool
    is_about: bool = False


class Counting(QObject):
    counted = Signal(object)  # Count | None

    def __init__(
        self,
        conversations: Conversations,
        models: Models,
        settings: SettingsController,
        manner: Manner,
        link: EngineLink,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._conversations = conversations
        self._models = models
        self._settings = settings
        self._manner = manner
        self._link = link
        self._text = ""
        self._before: str | None = None  # the question that this one is to stand beside
        self._asked: dict[str, str] = {}  # request → `bare`, `alone` or `whole`
        self._is_about = False
        self._found: dict[str, int] = {}
        self._stale = False
        self._later = QTimer(self, singleShot=True, interval=DELAY_MS)
        self._later.timeout.connect(self._ask)
        link.received.connect(self._on_event)
        models.changed.connect(lambda _: self.again())
        manner.changed.connect(self.again)

    def set_text(self, text: str, editing: str | None = None) -> None:
        """The question as it stands now; `editing` is the earlier one in whose place it will stand."""
        if (text, editing) == (self._text, self._before):
            return
        self._text, self._before = text, editing
        if text.strip():
            self._later.start()
        else:
            self._later.stop()
            self.counted.emit(None)

    def again(self) -> None:
        """The conversation, the model or the system prompt changed."""
        if self._text.strip():
            self._later.start()

    def _ask(self) -> None:
        """Asks for three counts: without the question, with it alone, and with all of the conversation."""
        asked = self._models.request()
        if asked is None or not self._text.strip():
            return
        if self._asked:  # the last one is still being counted
            self._stale = True
            return
        self._stale = False
        system = build_turns(self._manner.value.system_prompt, [])
        question = Turn("user", self._text)
        shown = self._conversations.shown()
        if self._before is not None:
            place = next((n for n, message in enumerate(shown) if message.id == self._before), len(shown))
            shown = shown[:place]
        turns = build_turns(self._manner.value.system_prompt, shown)
        wanted = {"bare": [*system, Turn("user", "")], "alone": [*system, question]}
        if len(turns) > len(system):
            wanted["whole"] = [*turns, question]
        self._is_about = is_remote(asked.path)
        model = self._models.local_request()
        # Good enough where a server answers, should there be no vocabulary here to count with.
        self._found = {name: about_tokens(each) for name, each in wanted.items()} if self._is_about else {}
        if model is None:
            self._tell()
            return
        client = self._link.client
        self._asked = {client.count(model, tuple(each)): name for name, each in wanted.items()}

    def _on_event(self, event: EngineEvent) -> None:
        if isinstance(event, TokensCounted) and event.request in self._asked:
            self._found[self._asked.pop(event.request)] = event.tokens
        elif isinstance(event, Finished) and event.request in self._asked:
            del self._asked[event.request]  # the engine died, or the model has gone: the next key asks again
        else:
            return
        if not self._asked:
            self._tell()

    def _tell(self) -> None:
        if self._stale:
            self._ask()
            return
        found = self._found
        if not self._text.strip() or "bare" not in found or "alone" not in found:
            return
        limit = self._models.context_limit
        whole = found.get("whole", found["alone"])
        needed = whole if self._is_about else found["alone"]
        wanted = sampling_overrides(self._settings.value, self._manner.value.choices)["max_tokens"]
        room = max(min(int(wanted), limit // 4), LEAST_ROOM)
        over = max(needed + min(LEAST_ROOM, max(1, limit // 8)) - limit, 0) if limit else 0
        crowded = not self._is_about and not over and whole > found["alone"] and whole + room > limit
        question = found["alone"] - found["bare"]
        self.counted.emit(Count(question, whole, limit, over, crowded, self._is_about))
