"""A model that judges answers, behind any server that speaks OpenAI's chat completions.

Owns the question put to it, the reading of its verdict and what happens when the server does not answer. It decides
nothing that the rule in ``rewards`` can decide; no torch here.
"""

from __future__ import annotations

import json
import os
import re
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

KEY_VARIABLE = "VERIFIER_API_KEY"
ASKED = """You check answers. Say whether the given answer means the same as the reference answer: equal figures count
as the same however they are written; another figure, another choice or a missing answer does not.

Question:
{question}

Reference answer:
{expected}

Given answer:
{answer}

Reply with one word: yes or no."""
_VERDICT = re.compile(r"\b(yes|no)\b", re.IGNORECASE)


class VerifierError(Exception):
    """The server gave no verdict; the message says why in a sentence."""


@dataclass(frozen=True)
class Claim:
    """An answer to be judged against what was expected."""

    question: str
    expected: str
    answer: str


@dataclass(frozen=True)
class Verifier:
    """One model of one server. ``address`` is the base that ``/chat/completions`` is added to.

    The key, where the server wants one, comes from the environment variable ``VERIFIER_API_KEY``.
    """

    address: str
    model: str
    seconds: float = 120.0
    tries: int = 3
    pause: float = 2.0
    at_once: int = 4
    longest: int = 1024

    def judge(self, claims: Sequence[Claim]) -> list[bool]:
        """Whether each claim is accepted, ``at_once`` of them asked at a time; raises ``VerifierError``."""
        with ThreadPoolExecutor(self.at_once) as pool:
            return list(pool.map(self.accepts, claims))

    def accepts(self, claim: Claim) -> bool:
        """Whether the model takes the answer for the expected one."""
        content = ASKED.format(question=claim.question, expected=claim.expected, answer=claim.answer)
        body = {
            "model": self.model,
            "messages": [{"role": "user", "content": content}],
            "temperature": 0,
            "max_tokens": self.longest,
        }
        return verdict(self._post(json.dumps(body).encode()))

    def _post(self, body: bytes) -> str:
        """The content of the reply. A server that is busy or away is asked again; one that refuses is not."""
        for attempt in range(1, self.tries + 1):
            try:
                with urllib.request.urlopen(self._request(body), timeout=self.seconds) as reply:
                    return content_of(reply.read())
            except urllib.error.HTTPError as error:
                error.close()
                if error.code < 500 and error.code != 429:
                    raise VerifierError(f"the verifier at {self.address} refused the request: {error}") from error
                last: Exception = error
            except (OSError, urllib.error.URLError) as error:
                last = error
            if attempt < self.tries:
                time.sleep(self.pause * attempt)
        raise VerifierError(f"the verifier at {self.address} did not answer (tried {self.tries}×): {last}") from last

    def _request(self, body: bytes) -> urllib.request.Request:
        headers = {"Content-Type": "application/json"}
        if key := os.environ.get(KEY_VARIABLE):
            headers["Authorization"] = f"Bearer {key}"
        return urllib.request.Request(f"{self.address.rstrip('/')}/chat/completions", body, headers)


def verifier_at(address: str, model: str) -> Verifier:
    """A verifier; ``VerifierError`` where the address is none of http or https."""
    if not re.match(r"https?://[^/]", address):
        raise VerifierError(f"the verifier's address must begin with http:// or https://, not {address!r}")
    return Verifier(address, model)


def content_of(reply: bytes) -> str:
    """The text of a chat completion; ``VerifierError`` where the reply is none."""
    try:
        decoded: Any = json.loads(reply)
        content = decoded["choices"][0]["message"]["content"]
    except (ValueError, KeyError, IndexError, TypeError) as error:
        raise VerifierError(f"the verifier's reply is no chat completion: {reply[:80]!r}") from error
    if not isinstance(content, str):
        raise VerifierError("the verifier's reply has no text")
    return content


def verdict(content: str) -> bool:
    """The last yes or no after the thinking; no where there is neither, so that rambling earns nothing."""
    found = _VERDICT.findall(content.rpartition("</think>")[2])
    return bool(found) and found[-1].lower() == "yes"
