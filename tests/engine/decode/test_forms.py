"""Texts that end an answer, probabilities of tokens, prompts as they are, and answers of a given form."""

from __future__ import annotations

import json
import math
import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finr1_desk.core.conversation import FinishReason, PartKind
from finr1_desk.core.errors import ErrorCode, UserError
from finr1_desk.core.events import GenerateRequest, ModelRequest, TextProduced
from finr1_desk.core.prompts import Turn
from finr1_desk.core.reasoning import split
from finr1_desk.engine.decode.stop_texts import StopTexts
from finr1_desk.engine.json_schema import MOST_REPEATED, checked_schema
from finr1_desk.engine.llama_grammar import grammar_of
from finr1_desk.library.assets import asset
from tests.engine.conftest import MakeClient, MakeModel, ask, model_request
from tests.helpers.tiny_models import endless

# -- texts that end an answer


@given(
    st.text(alphabet="ab", max_size=40), st.lists(st.text(alphabet="ab", min_size=1, max_size=4), max_size=3), st.data()
)
def test_a_text_ends_before_the_first_stop_however_it_comes(text: str, stops: list[str], data: st.DataObject) -> None:
    found = [place for stop in stops if (place := text.find(stop)) >= 0]
    texts = StopTexts(stops)
    given_out, start = "", 0
    while start < len(text) and not texts.found:
        end = data.draw(st.integers(start + 1, len(text)))
        given_out += texts.feed(text[start:end])
        start = end
    if not texts.found:
        given_out += texts.end()
    # A piece may bring two of them: then the one that stands first ends the text.
    assert texts.found is bool(found)
    if found:
        assert text.startswith(given_out)
        assert not any(stop in given_out for stop in stops)
        assert any(text[len(given_out) :].startswith(stop) for stop in stops)
    else:
        assert given_out == text


def test_an_answer_ends_at_a_text(make_client: MakeClient, make_model: MakeModel) -> None:
    client, seen = make_client()
    path = make_model(endless())
    request = client.generate(ask(path, stop=("never", "rd007 wo"), logprobs=0))
    finished = seen.finished(request)
    assert finished.reason is FinishReason.STOP
    assert seen.text(request) == "".join(f" word{n:03d}" for n in range(7)) + " wo"
    told = [each for event in seen.of(TextProduced, request) for each in event.likelihoods]
    assert [bytes.fromhex(each.drawn.piece).decode() for each in told] == [f" word{n:03d}" for n in range(8)]


@pytest.mark.parametrize("options", [{"stop": ("",)}, {"stop": ("x",) * 17}, {"logprobs": 21}, {"logprobs": -1}])
def test_what_is_out_of_bounds_is_refused(
    make_client: MakeClient, make_model: MakeModel, options: dict[str, object]
) -> None:
    client, seen = make_client()
    finished = seen.finished(client.generate(ask(make_model(endless()), **options)))
    assert finished.code is ErrorCode.BAD_VALUE
    assert finished.params["name"] in options


# -- probabilities


def test_probabilities_are_the_models_own(make_client: MakeClient, make_model: MakeModel) -> None:
    client, seen = make_client()
    path = make_model(endless(words=5))
    request = client.generate(ask(path, logprobs=3, overrides={"max_tokens": 12, "temperature": 0.2}))
    seen.finished(request)
    events = seen.of(TextProduced, request)
    told = [each for event in events for each in event.likelihoods]
    assert b"".join(bytes.fromhex(each.drawn.piece) for each in told).decode() == seen.text(request)
    for each in told:
        assert len(each.likeliest) == 3
        assert each.drawn == each.likeliest[0]
        assert sum(math.exp(other.logprob) for other in each.likeliest) <= 1.0 + 1e-6
        assert [other.logprob for other in each.likeliest] == sorted(
            (other.logprob for other in each.likeliest), reverse=True
        )
    assert math.exp(told[0].drawn.logprob) > 0.5


# -- prompts as they are


def test_a_prompt_may_be_given_as_it_is(make_client: MakeClient, make_model: MakeModel) -> None:
    client, seen = make_client()
    path = make_model(endless())
    turns = client.generate(ask(path, "Hi", overrides={"max_tokens": 4}))
    raw = "<|im_start|>system\nYou answer.<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n"
    text = client.generate(GenerateRequest(model_request(path), (), text=raw, overrides={"max_tokens": 4}))
    of_turns, of_text = seen.finished(turns), seen.finished(text)
    assert of_text.usage.prompt_tokens == of_turns.usage.prompt_tokens
    assert seen.text(text) == seen.text(turns)
    empty = client.generate(GenerateRequest(model_request(path), (), text=""))
    assert seen.finished(empty).code is ErrorCode.EMPTY_QUESTION


def test_nothing_is_left_out_where_it_may_not_be(make_client: MakeClient, make_model: MakeModel) -> None:
    client, seen = make_client()
    path = make_model(endless())
    turns = tuple(Turn(role, "word " * 30) for _ in range(6) for role in ("user", "assistant"))
    model = model_request(path, 512)
    short = client.generate(GenerateRequest(model, (*turns, Turn("user", "?")), overrides={"max_tokens": 3}))
    assert seen.finished(short).reason is FinishReason.LENGTH
    whole = client.generate(GenerateRequest(model, (*turns, Turn("user", "?")), may_leave_out=False))
    assert seen.finished(whole).code is ErrorCode.CONTEXT_TOO_LONG


# -- JSON

SCHEMA = {
    "type": "object",
    "properties": {
        "结论": {"enum": ["是", "否", "\U0001f600", 'a"b\\c']},
        "figures": {"type": "array", "items": {"type": "integer"}, "minItems": 1, "maxItems": 3},
        "note": {"type": "string", "maxLength": 12},
    },
    "required": ["结论", "figures", "note"],
    "additionalProperties": False,
}


@pytest.mark.parametrize("temperature", [0.0, 1.5])
def test_an_answer_is_what_the_schema_describes(make_client: MakeClient, temperature: float) -> None:
    client, seen = make_client()
    (path,) = asset("builtin_model").glob("*.gguf")
    request = client.generate(
        GenerateRequest(
            ModelRequest(str(path), 2048, threads=1),
            (Turn("user", "Is it compliant?"),),
            overrides={"temperature": temperature, "top_p": 1.0, "max_tokens": 400},
            json_schema=json.dumps(SCHEMA),
        )
    )
    finished = seen.finished(request)
    assert finished.reason is FinishReason.STOP
    value = json.loads(seen.text(request))
    assert list(value) == ["结论", "figures", "note"]
    assert value["结论"] in SCHEMA["properties"]["结论"]["enum"]  # type: ignore[index]
    assert 1 <= len(value["figures"]) <= 3
    assert all(isinstance(figure, int) for figure in value["figures"])
    # Bytes that are no letter count as one for the grammar, and each stands as a sign of its own.
    assert len(value["note"].replace("\ufffd", "")) <= 12


SLOW = pytest.mark.slow


@pytest.mark.parametrize(
    "options",
    [pytest.param({}, marks=SLOW), {"max_think": 6}, pytest.param({"samples": 2}, marks=SLOW), {"max_tokens": 120}],
)
def test_a_model_thinks_before_it_answers_as_the_schema_describes(
    make_client: MakeClient, options: dict[str, int]
) -> None:
    client, seen = make_client()
    (path,) = asset("builtin_model").glob("*.gguf")
    most = options.pop("max_tokens", 400)
    request = client.generate(
        GenerateRequest(
            ModelRequest(str(path), 2048, threads=1),
            (Turn("user", "净利润从100万元变为80万元，增长率是多少？"),),
            overrides={"temperature": 0.9, "top_p": 1.0, "max_tokens": most},
            seed=5,
            json_schema=json.dumps({"type": "object", "properties": {"是": {"type": "boolean"}}, "required": ["是"]}),
            free_thinking=True,
            **options,
        )
    )
    finished = seen.finished(request)
    assert finished.reason is FinishReason.STOP
    texts = [""] * options.get("samples", 1)
    for event in seen.of(TextProduced, request):
        texts[event.sample] += event.text
    for text in texts:
        parts = split(text)
        assert parts[0].text == "<think>"
        assert isinstance(json.loads("".join(p.text for p in parts if p.kind is PartKind.ANSWER))["是"], bool)
        assert len("".join(p.text for p in parts if p.kind is PartKind.THINK)) > 5
    assert finished.think_cut is bool(most == 120 or "max_think" in options)
    assert finished.usage.think_tokens <= 96 or most > 120  # three quarters, and what closes it


@pytest.mark.parametrize(
    "schema",
    [
        "",
        "[]",
        "{",
        "true",
        json.dumps({"type": "nonsense"}),
        json.dumps({"$ref": "https://example.com/schema.json"}),
        json.dumps({"$ref": "#/$defs/none", "$defs": {}}),
        json.dumps({"type": "array", "items": {}, "minItems": MOST_REPEATED + 1}),
        json.dumps({"type": "string", "maxLength": 1e300}),
        json.dumps({"type": "string", "minLength": 5, "maxLength": 1}),
        json.dumps({"type": "string", "pattern": "^((a?)(b?))*$"}),
        json.dumps({"type": "string", "pattern": "^a{9999}$"}),
        *(
            json.dumps({"pattern": f"^{inside}$"})
            for inside in ("}", "a]", "a**", "(a", "a)", "*", "a{300}", "{a}", "(?=a)")
        ),
        json.dumps({"properties": {f"p{n}": {} for n in range(101)}}),
        '{"items":' * 30 + "{}" + "}" * 30,
        json.dumps({"enum": ["x" * 70_000]}),
    ],
)
def test_a_schema_that_cannot_be_used_is_refused(schema: str) -> None:
    with pytest.raises(UserError) as caught:
        grammar_of(schema)
    assert caught.value.params["name"] == "json_schema"


def test_llama_cpp_refuses_what_has_no_end(make_client: MakeClient, make_model: MakeModel) -> None:
    client, seen = make_client()
    path = make_model(endless())
    loop = json.dumps({"$defs": {"a": {"$ref": "#/$defs/a"}}, "$ref": "#/$defs/a"})
    assert seen.finished(client.generate(ask(path, json_schema=loop))).code is ErrorCode.BAD_VALUE
    assert seen.finished(client.generate(ask(path, overrides={"max_tokens": 2}))).code is None


_TYPES = ["type", "format", "$ref", "enum", "const", "pattern"]
_PARTS = ["properties", "items", "prefixItems", "additionalProperties", "anyOf", "oneOf", "allOf", "required", "a"]
_KEYS = st.sampled_from([*_TYPES, *_PARTS, "minItems", "maxItems", "minLength"])
_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-2, 300)
    | st.floats()
    | st.text(string.printable + "中\udc80", max_size=6)
    | st.sampled_from(["object", "array", "string", "integer", "#/a", "^a+$", "date", "uuid"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(_KEYS, _VALUES, max_size=4))
def test_any_schema_becomes_a_grammar_or_is_refused(schema: dict[str, object]) -> None:
    text = json.dumps(schema)
    try:
        checked_schema(text)
        grammar = grammar_of(text)
    except UserError:  # and nothing else
        return
    assert "root ::=" in grammar
