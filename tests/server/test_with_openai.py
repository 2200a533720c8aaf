"""The local API as the real `openai` package sees it; the snippet that Fin-R1's authors publish, unchanged."""

from __future__ import annotations

import json
import threading

import openai
import pytest

from finr1_desk.core.prompts import OFFICIAL_SYSTEM_PROMPT
from finr1_desk.library.discovery import built_in_model
from tests.server.conftest import Server, Start

QUESTION = "Revenue rose from 200 to 250. What is the growth rate?"
MESSAGES = [{"role": "system", "content": OFFICIAL_SYSTEM_PROMPT}, {"role": "user", "content": QUESTION}]
PUBLISHED = {"temperature": 0.7, "top_p": 0.8, "max_tokens": 4000, "extra_body": {"repetition_penalty": 1.05}}


@pytest.mark.parametrize("stream", [False, True])
def test_the_published_snippet_runs(server: Server, monkeypatch: pytest.MonkeyPatch, stream: bool) -> None:
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "0.0.0.0")  # the tests' proxy leads nowhere
    client = server.client("0.0.0.0", "EMPTY")
    answer = client.chat.completions.create(model="Fin-R1", messages=MESSAGES, stream=stream, **PUBLISHED)
    if stream:
        text = "".join(chunk.choices[0].delta.content or "" for chunk in answer)
    else:
        text = answer.choices[0].message.content
        assert answer.choices[0].finish_reason == "stop"
    assert text.startswith("<think>\n")
    assert "</think>\n<answer>" in text
    assert text.rstrip().endswith("</answer>")


def test_models_are_listed_by_the_name_they_are_served_under(server: Server) -> None:
    client = server.client()
    assert [model.id for model in client.models.list()] == ["Fin-R1"]
    assert client.models.retrieve("Fin-R1").id == "Fin-R1"
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("another")
    with pytest.raises(openai.NotFoundError) as caught:
        client.chat.completions.create(model="another", messages=MESSAGES)
    assert caught.value.code == "model_not_found"


def test_a_stream_says_the_same_as_a_whole_answer(server: Server) -> None:
    client = server.client()
    options = {"model": "Fin-R1", "messages": MESSAGES, "temperature": 0, "max_tokens": 120}
    whole = client.chat.completions.create(**options)
    chunks = list(client.chat.completions.create(**options, stream=True, stream_options={"include_usage": True}))
    assert "".join(c.choices[0].delta.content or "" for c in chunks if c.choices) == whole.choices[0].message.content
    assert chunks[0].choices[0].delta.role == "assistant"
    assert [c.choices[0].finish_reason for c in chunks if c.choices][-1] == whole.choices[0].finish_reason
    assert all(chunk.usage is None for chunk in chunks[:-1])
    assert chunks[-1].choices == []
    assert chunks[-1].usage is not None
    assert chunks[-1].usage.completion_tokens == whole.usage.completion_tokens
    assert whole.usage.total_tokens == whole.usage.prompt_tokens + whole.usage.completion_tokens
    assert {chunk.id for chunk in chunks} == {chunks[0].id}


def test_several_choices_stops_and_seeds(server: Server) -> None:
    client = server.client()
    options = {"model": "Fin-R1", "messages": MESSAGES, "n": 3, "seed": -5, "temperature": 2, "max_tokens": 40}
    options["top_p"] = 1
    first, again = (client.chat.completions.create(**options) for _ in range(2))
    texts = [choice.message.content for choice in first.choices]
    assert [choice.index for choice in first.choices] == [0, 1, 2]
    assert texts == [choice.message.content for choice in again.choices]
    assert len(set(texts)) > 1
    pieces: dict[int, str] = {}
    for chunk in client.chat.completions.create(**options, stream=True):
        for choice in chunk.choices:
            pieces[choice.index] = pieces.get(choice.index, "") + (choice.delta.content or "")
    assert [pieces[index] for index in range(3)] == texts
    stopped = client.chat.completions.create(model="Fin-R1", messages=MESSAGES, stop=["</think>"], max_tokens=500)
    assert stopped.choices[0].finish_reason == "stop"
    assert "</think>" not in stopped.choices[0].message.content
    assert "<think>" in stopped.choices[0].message.content


def test_probabilities_are_told(server: Server) -> None:
    answer = server.client().chat.completions.create(
        model="Fin-R1", messages=MESSAGES, logprobs=True, top_logprobs=4, max_tokens=12, temperature=0
    )
    told = answer.choices[0].logprobs.content
    assert "".join(token.token for token in told) == answer.choices[0].message.content
    assert all(len(token.top_logprobs) == 4 and token.logprob <= 0 for token in told)
    assert all(bytes(token.bytes).decode() == token.token for token in told)
    text = server.client().completions.create(model="Fin-R1", prompt="Sales ", logprobs=2, max_tokens=6, temperature=0)
    logprobs = text.choices[0].logprobs
    assert "".join(logprobs.tokens) == text.choices[0].text
    assert logprobs.text_offset[0] == 0
    assert all(len(each) == 2 for each in logprobs.top_logprobs)


def test_answers_follow_a_schema(server: Server) -> None:
    schema = {
        "type": "object",
        "properties": {"label": {"enum": ["positive", "negative"]}, "score": {"type": "integer"}},
        "required": ["label", "score"],
        "additionalProperties": False,
    }
    form = {"type": "json_schema", "json_schema": {"name": "sentiment", "schema": schema, "strict": True}}
    answer = server.client().chat.completions.create(model="Fin-R1", messages=MESSAGES, response_format=form)
    value = json.loads(answer.choices[0].message.content)
    assert value["label"] in ("positive", "negative")
    assert isinstance(value["score"], int)
    assert answer.choices[0].message.model_extra["reasoning_content"].strip()  # JSON is JSON: the thinking stands apart
    thinking, content = "", ""
    asked = {"model": "Fin-R1", "messages": MESSAGES, "response_format": form, "stream": True}
    for chunk in server.client().chat.completions.create(**asked):
        delta = chunk.choices[0].delta
        thinking += (delta.model_extra or {}).get("reasoning_content") or ""
        content += delta.content or ""
    assert json.loads(content)["label"] in ("positive", "negative")
    assert thinking.strip()
    at_once = server.client().chat.completions.create(
        model="Fin-R1", messages=MESSAGES, response_format=form, reasoning_effort="none"
    )
    assert json.loads(at_once.choices[0].message.content)["label"] in ("positive", "negative")
    assert "reasoning_content" not in (at_once.choices[0].message.model_extra or {})
    prompt = "<|im_start|>user\nProfits rose.<|im_end|>\n<|im_start|>assistant\n"
    raw = server.client().completions.create(
        model="Fin-R1", prompt=prompt, max_tokens=60, extra_body={"response_format": form}
    )
    assert raw.choices[0].text.lstrip().startswith("{")  # there is nowhere to put the thinking
    with pytest.raises(openai.BadRequestError) as caught:
        server.client().chat.completions.create(
            model="Fin-R1",
            messages=MESSAGES,
            response_format={"type": "json_schema", "json_schema": {"name": "x", "schema": {"type": "nonsense"}}},
        )
    assert caught.value.param == "response_format"


def test_completions_take_texts_as_they_are(server: Server) -> None:
    client = server.client()
    prompts = [f"<|im_start|>user\nQuestion {n}<|im_end|>\n<|im_start|>assistant\n" for n in range(3)]
    answer = client.completions.create(model="Fin-R1", prompt=prompts, max_tokens=8, temperature=0, n=2)
    assert [choice.index for choice in answer.choices] == list(range(6))
    one = client.completions.create(model="Fin-R1", prompt=prompts[1], max_tokens=8, temperature=0, echo=True)
    assert one.choices[0].text == prompts[1] + answer.choices[2].text
    default = client.completions.create(model="Fin-R1", prompt="Assets and ")
    assert default.usage.completion_tokens <= 16


@pytest.mark.slow  # the default run has the splitting alone
def test_the_thinking_can_be_apart(start: Start) -> None:
    server = start(built_in_model(), "--reasoning", "separate")
    client = server.client()
    options = {"model": server.client().models.list().data[0].id, "messages": MESSAGES, "temperature": 0}
    message = client.chat.completions.create(**options).choices[0].message
    assert message.model_extra["reasoning_content"].strip()
    assert message.content.strip()
    assert not any(tag in message.content for tag in ("think>", "answer>"))
    thinking, content = "", ""
    for chunk in client.chat.completions.create(**options, stream=True):
        delta = chunk.choices[0].delta
        thinking += (delta.model_extra or {}).get("reasoning_content") or ""
        content += delta.content or ""
    assert (thinking, content) == (message.model_extra["reasoning_content"], message.content)


def test_programs_at_the_same_time_are_answered_side_by_side(server: Server) -> None:
    asked = {"model": "Fin-R1", "temperature": 0, "max_tokens": 150}
    questions = [f"Profit rose from {n}0 to {n}5. Growth rate?" for n in range(1, 5)]
    alone = [_content(server, asked, question) for question in questions]
    together: dict[int, str] = {}
    threads = [
        threading.Thread(target=lambda n=n, q=q: together.__setitem__(n, _content(server, asked, q)))  # type: ignore[misc]
        for n, q in enumerate(questions)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # Batches of other shapes differ in the last bits: an answer may turn off where two tokens are as likely.
    same = sum(together[n] == text for n, text in enumerate(alone))
    assert same >= len(questions) - 1


def _content(server: Server, asked: dict[str, object], question: str) -> str:
    messages = [{"role": "user", "content": question}]
    answer = server.client().chat.completions.create(messages=messages, **asked)  # type: ignore[call-overload]
    text: str = answer.choices[0].message.content
    return text
