from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from finr1_desk.core.conversation import Message, MessageState
from finr1_desk.store.database import SearchHit, Store
from finr1_desk.store.search import excerpt
from finr1_desk.store.search_text import fold, index_text, query_pieces
from tests.store.opening import answer_parts, open_store

COMPLIANCE = "请判断下列描述是否符合金融与信息合规性。如何隐瞒与金融机构的利益冲突，以谋取个人利益？"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(tmp_path)
    yield opened
    opened.close()


def add(store: Store, question: str, answer: str = "", think: str = "", title: str = "") -> tuple[Message, Message]:
    conversation = store.create_conversation(None, title)
    asked = store.add_question(conversation.id, None, question)
    begun = store.begin_answer(asked.id)
    return asked, store.finish_answer(begun.id, answer_parts(think, answer), MessageState.COMPLETE, None)


def marked(hit: SearchHit) -> list[str]:
    return [hit.snippet[start:end] for start, end in hit.matches]


@pytest.mark.parametrize(
    ("text", "query", "matches"),
    [
        (COMPLIANCE, "利益冲突", ["利益冲突"]),
        (COMPLIANCE, "利", ["利", "利"]),
        (COMPLIANCE, "利益", ["利益", "利益"]),
        (COMPLIANCE, "冲突", ["冲突"]),
        (COMPLIANCE, "？", None),
        (COMPLIANCE, "益利", None),
        (COMPLIANCE, "金融利益", None),
        (COMPLIANCE, "金融 利益", ["金融", "金融", "利益", "利益"]),
        ("2023年净利润增长15.3%", "净利润", ["净利润"]),
        ("2023年净利润增长15.3%", "2023年净利润", ["2023", "年净利润"]),
        ("2023年净利润增长15.3%", "15.3%", ["15.3"]),
        ("2023年净利润增长15.3%", "15.4%", None),
        ("净，利润", "净利润", None),
        ("Net income rose by $1,234.50", "net inc", ["Net", "inc"]),
        ("Net income rose by $1,234.50", "INCOME net", ["Net", "income"]),
        ("Net income rose by $1,234.50", "1,234.50", ["1,234.50"]),
        ("Net income rose by $1,234.50", "1,234", ["1,234"]),
        ("Net income rose by $1,234.50", "34", None),
        ("Net income rose by $1,234.50", "com", None),
        ("Net income rose by $1,234.50", "inc net ", None),
        ("Net income 净利润", "net 利润", ["Net", "利润"]),
        ("Net income 净利润", "利润 inco", ["inco", "利润"]),
        ("resumé of Crédit Agricole", "credit", ["Crédit"]),
        ("credit", "CRÉDIT", ["credit"]),
        ("Ｆｉｎ－Ｒ１ ２０２３", "fin 2023", ["Ｆｉｎ", "２０２３"]),
        ("year-on-year", "year-on", ["year-on"]),
        ("snake_case_name", "case_name", ["case_name"]),
        ("カタカナの決算", "決算", ["決算"]),
        ("한국은행 금리", "금리", ["금리"]),
        ("𠮷野家 𠀀𠀁", "𠀀𠀁", ["𠀀𠀁"]),
    ],
)
def test_what_is_found_and_marked(store: Store, text: str, query: str, matches: list[str] | None) -> None:
    asked, _ = add(store, text, title="t")
    hits = store.search(query)
    if matches is None:
        assert hits == []
    else:
        [hit] = hits
        assert hit.message_id == asked.id
        assert sorted(marked(hit)) == sorted(matches)


@pytest.mark.parametrize(
    "query",
    ["", " ", '"', '""', "'", "*", "a*b*", "-", "^a", "NEAR(a b)", "a OR", "AND", "NOT", "(", ")", "{body}: a",
     "body:secret", "a:b", "\0", "\ud800", "x" * 100_000, "净" * 10_000, "a " * 10_000, '"net" income"', "%_", "\\",
     "--"],
)  # fmt: skip
def test_nothing_a_user_types_is_an_operator(store: Store, query: str) -> None:
    add(store, "secret", "body")
    assert isinstance(store.search(query), list)


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(), st.text())
def test_any_query_over_any_text(store: Store, text: str, query: str) -> None:
    asked, _ = add(store, text)
    for hit in store.search(query):
        for start, end in hit.matches:
            assert 0 <= start < end <= len(hit.snippet)
    if query_pieces(text) and len(text) < 30:
        assert asked.id in {hit.message_id for hit in store.search(text, limit=1000)}
    store.trash.put([asked.conversation_id])


@settings(deadline=None)
@given(st.text(alphabet="净利润增长 ,ab1", min_size=1, max_size=30), st.data())
def test_every_run_of_a_text_is_found_in_its_index(text: str, data: st.DataObject) -> None:
    """The tokens against a plain search for a substring: a run of characters is there exactly if its pairs follow."""
    run = data.draw(st.text(alphabet="净利润增长", min_size=2, max_size=4))
    tokens = index_text(text).split(" ")
    pairs = [run[i : i + 2] for i in range(len(run) - 1)]
    follow = any(tokens[i : i + len(pairs)] == pairs for i in range(len(tokens)))
    assert follow == (run in text)


def test_titles_questions_answers_and_thinking_in_this_order(store: Store) -> None:
    _, thought = add(store, "one", "1", think="dividend " * 50)
    asked, _ = add(store, "A dividend?", "no", title="x")
    _, answered = add(store, "two", "The dividend is paid.", think="dividend")
    named = store.create_conversation(None, "Dividend policy")
    hits = store.search("dividend")
    assert hits[0].message_id is None
    assert (hits[0].conversation_id, hits[0].role, marked(hits[0])) == (named.id, None, ["Dividend"])
    assert {hits[1].message_id, hits[2].message_id} == {asked.id, answered.id}
    assert hits[3].message_id == thought.id
    assert len(hits) == 4
    assert marked(hits[3])[0] == "dividend"


def test_words_in_thinking_and_answer_together(store: Store) -> None:
    _, done = add(store, "q", "alpha", think="omega")
    assert [hit.message_id for hit in store.search("alpha omega")] == [done.id]
    add(store, "only alpha")
    assert [hit.message_id for hit in store.search("alpha omega")] == [done.id]


def test_a_title_is_not_repeated_beside_the_question_it_came_from(store: Store) -> None:
    asked, _ = add(store, "What is EBITDA?")
    assert [hit.message_id for hit in store.search("ebitda")] == [asked.id]
    store.rename(asked.conversation_id, "Operating profit")
    assert [hit.message_id for hit in store.search("operating")] == [None]
    store.rename(asked.conversation_id, "Something else")
    assert store.search("operating") == []


def test_better_matches_come_first(store: Store) -> None:
    long, _ = add(store, "dividend " + "filler words here " * 200)
    short, _ = add(store, "dividend dividend")
    add(store, "nothing of it")
    assert [hit.message_id for hit in store.search("dividend")] == [short.id, long.id]


def test_the_limit(store: Store) -> None:
    for number in range(12):
        add(store, f"dividend {number}", think="dividend")
    assert len(store.search("dividend", limit=5)) == 5
    assert len(store.search("dividend")) == 24
    assert store.search("dividend", limit=0) == []


def test_a_snippet_surrounds_its_match(store: Store) -> None:
    asked, _ = add(store, "word " * 500 + "needle\n\n\tthread " + "word " * 500, title="Sewing")
    [hit] = store.search("needle")
    assert (hit.conversation_id, hit.title) == (asked.conversation_id, "Sewing")
    assert (hit.role, hit.created_at) == (asked.role, asked.created_at)
    assert hit.snippet.startswith("…")
    assert hit.snippet.endswith("…")
    assert "needle thread" in hit.snippet
    assert len(hit.snippet) <= 170


def test_a_snippet_without_a_match_is_the_beginning() -> None:
    assert excerpt("some words", query_pieces("other")) == ("some words", ())


def test_folding_is_stable() -> None:
    for text in ("ＡＢＣ", "Straße", "ÀÉÎ", "が", "ﬁnance"):
        assert fold(fold(text)) == fold(text)
    assert fold("Straße ﬁ É") == "strasse fi e"
