"""Generated conversations with hostile texts, and what it means that two are equal."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import strategies as st

from finr1_desk.core.choices import PRESETS, Choices
from finr1_desk.core.conversation import (
    Conversation,
    FinishReason,
    Generation,
    LeftOut,
    Message,
    MessageState,
    ModelIdentity,
    Part,
    PartKind,
    Role,
    Timing,
    Usage,
)
from finr1_desk.core.keeping import folder_name
from finr1_desk.core.sampling import Sampling
from finr1_desk.core.tasks.note import NotedField, TaskNote
from finr1_desk.core.tasks.task import NO_RESULT, Label, ResultKind, ResultRule, Tone
from finr1_desk.core.tasks.words import Words
from finr1_desk.core.text import well_formed

HOSTILE = [
    "---", "---\n", "\n---\ntitle: x\n---\n", "## ", "# Other branches\n", "</details>", "</DETAILS >", "&lt;/details>",
    "<details>\n<summary>x</summary>\n", "```", "```python\n", "~~~~", "`", "<!--", "-->", "--", "finr1:",
    "<!-- finr1:00000000 text -->", "<!-- finr1:00000000 /text -->", '<!-- finr1:00000000 end {"messages": 1} -->',
    "<pre>", "<script>", "<?php", "<![CDATA[", "\r", "\r\n", "\n", "\n\n", " ", "  \n", "\t", "\0", "\ud800", "\udfff",
    "\u2028", "\u2029", "\x85", "\x0b", "\x0c", "\x1b", "\x7f", "\ufeff", "\u202e", "\ufffe", "😀", "净利润", "$1,000",
    "\\[ x^2 \\]", "| a | b |\n|---|---|\n| 1 | 2 |", "\\boxed{\\text{是}}", "<think>", "</think>", "<answer>", "word",
    "format: Fin-R1 Desk conversation", "- [ ] a", "    code", "*", "_", "%%", "$$", "[^1]: x", "&amp;", "'", '"', ": ",
    "#", "|", ">", "!!python/object:os.system", "&a", "*a",
]  # fmt: skip

texts = st.lists(st.one_of(st.sampled_from(HOSTILE), st.text(max_size=8)), max_size=8).map("".join)
lines = st.one_of(texts, st.just("净利润是多少？"))
moments = st.floats(946_684_800, 4_102_444_800)

generations = st.builds(
    Generation,
    model=st.builds(
        ModelIdentity,
        name=texts,
        file_name=texts,
        quantisation=st.just("Q4_K_M"),
        sha256=st.none() | st.just("ab" * 32),
    ),
    sampling=st.builds(Sampling, temperature=st.floats(0, 5), top_k=st.integers(0, 1000)),
    seed=st.integers(0, 2**64 - 1),
    application_version=st.just("0.1.0"),
    usage=st.builds(Usage, prompt_tokens=st.integers(0, 10**6), think_tokens=st.integers(0, 10**6)),
    timing=st.builds(Timing, think_s=st.floats(0, 1e5), decode_s=st.floats(0, 1e5)),
    finish_reason=st.none() | st.sampled_from(FinishReason),
    error=st.none() | texts,
    left_out=st.builds(LeftOut, turns=st.integers(0, 1000), tokens=st.integers(0, 10**6)),
    think_cut=st.booleans(),
)

CHOICES = st.builds(
    Choices,
    temperature=st.none() | st.floats(0, 5),
    top_p=st.none() | st.floats(0, 1),
    max_tokens=st.none() | st.integers(1, 10**6),
    seed=st.none() | st.integers(0, 2**64 - 1),
    max_think=st.none() | st.integers(0, 32768),
    samples=st.none() | st.integers(1, 64),
) | st.sampled_from([Choices(), *PRESETS.values()])

words = st.builds(Words, texts.map(well_formed).map("x".__add__), texts.map(well_formed))
notes = st.none() | st.builds(
    TaskNote,
    st.just("compliance-check"),
    words,
    st.just("zh_CN"),
    st.lists(st.builds(NotedField, st.just("a"), words, texts.map(well_formed)), max_size=2).map(tuple),
    st.just(NO_RESULT)
    | st.builds(
        ResultRule,
        st.just(ResultKind.LABEL),
        words,
        st.just((Label("是", Words("Yes", "是")), Label("否", Words("No", "否"), ("不合规",), Tone.BAD))),
    ),
    texts.map(well_formed),
)

final_states = st.sampled_from([state for state in MessageState if state is not MessageState.WRITING])


@st.composite
def conversations(draw: st.DrawFn) -> tuple[Conversation, list[Message]]:
    """A tree of up to eight messages in any order of the stored kind, with its head."""
    count = draw(st.integers(0, 8))
    messages: list[Message] = []
    for number in range(count):
        role = draw(st.sampled_from(Role))
        kinds = [PartKind.TEXT] if role is Role.USER else [PartKind.TAG, PartKind.THINK, PartKind.ANSWER]
        tasks = notes if role is Role.USER else st.none()
        parts = draw(st.lists(st.builds(Part, st.sampled_from(kinds), texts, tasks), max_size=5))
        parents = [None, *(message.id for message in messages)]
        messages.append(
            Message(
                id=f"m{number}",
                conversation_id="c",
                parent_id=draw(st.sampled_from(parents)),
                role=role,
                parts=tuple(parts),
                state=draw(final_states),
                created_at=draw(moments),
                generation=draw(st.none() | generations) if role is Role.ASSISTANT else None,
                thinking_open=draw(st.none() | st.booleans()),
            )
        )
    head = draw(st.sampled_from([message.id for message in messages])) if messages else None
    conversation = Conversation(
        "c",
        draw(lines),
        draw(st.none() | texts),
        head,
        draw(moments),
        draw(moments),
        draw(st.booleans()),
        folder=folder_name(draw(lines)) or None,
        choices=draw(CHOICES),
        pinned=draw(st.booleans()),
    )
    # A question may be older than the answer it follows: it waited for it.
    order = draw(st.permutations(messages)) if draw(st.booleans()) else messages
    return conversation, list(order)


def canonical(conversation: Conversation, messages: list[Message]) -> tuple[Conversation, list[Message]]:
    """The form in which equal conversations are the same.

    Equal means: the same title and whether it is the user's own, folder, pin, choices, system prompt and head; the same
    messages in the same order, with parents, roles, parts (kinds, every character, notes of tasks), states,
    generations and folding. Ids do not count: they become positions. Dates count to the microsecond. A lone surrogate
    counts as U+FFFD, which the store makes of it before anything is exported.
    """
    places = {message.id: str(place) for place, message in enumerate(messages)}
    plain = [
        replace(
            message,
            id=places[message.id],
            conversation_id="",
            parent_id=None if message.parent_id is None else places[message.parent_id],
            parts=tuple(replace(part, text=well_formed(part.text)) for part in message.parts),
            created_at=_to_microseconds(message.created_at),
            generation=None if message.generation is None else _canonical_generation(message.generation),
        )
        for message in messages
    ]
    head = conversation.head_id
    prompt = conversation.system_prompt
    return (
        replace(
            conversation,
            id="",
            title=well_formed(conversation.title),
            system_prompt=None if prompt is None else well_formed(prompt),
            head_id=None if head is None else places[head],
            created_at=_to_microseconds(conversation.created_at),
            updated_at=_to_microseconds(conversation.updated_at),
        ),
        plain,
    )


def _to_microseconds(seconds: float) -> float:
    return datetime.fromtimestamp(seconds, UTC).timestamp()


def _canonical_generation(generation: Generation) -> Generation:
    model = generation.model
    return replace(
        generation,
        model=replace(model, name=well_formed(model.name), file_name=well_formed(model.file_name)),
        error=None if generation.error is None else well_formed(generation.error),
    )
