"""Makes the fixture database of the current schema version: run once, when a version is released.

    python -m tests.store.make_fixture

A fixture is what that version really wrote; it is never made again by later code.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from finr1_desk.core.choices import Choices
from finr1_desk.core.conversation import MessageState
from finr1_desk.core.draft import Draft
from finr1_desk.store.migrations import MIGRATIONS
from tests.store.opening import GENERATION, answer_parts, open_store


def main() -> None:
    target = Path(__file__).parent / "fixtures" / f"version_{len(MIGRATIONS)}.db"
    if target.exists():
        raise SystemExit(f"{target.name} is there already")
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(Path(folder))
        conversation = store.create_conversation("Be brief.")
        question = store.add_question(conversation.id, None, "净利润是多少？")
        answer = store.begin_answer(question.id, GENERATION)
        parts = answer_parts("Let me see.", "\\boxed{5}")
        store.finish_answer(answer.id, parts, MessageState.COMPLETE, GENERATION)
        store.set_state("last", conversation.id)
        store.folders.create("研究")
        store.folders.move([conversation.id], "研究")
        store.pin([conversation.id], True)
        store.set_choices(conversation.id, "Be brief.", Choices(temperature=0.0, seed=7))
        store.drafts.keep(conversation.id, Draft("> 净利润\n\n", 7, 7))
        store.branches.delete(store.add_question(conversation.id, answer.id, "deleted").id)
        store.close()
        target.write_bytes((Path(folder) / "conversations.db").read_bytes())


if __name__ == "__main__":
    main()
