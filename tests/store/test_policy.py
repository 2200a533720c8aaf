"""What the policy file forbids, and that one which cannot be read forbids rather than allows."""

from __future__ import annotations

from pathlib import Path

import pytest

from finr1_desk.core.errors import ErrorCode, UserError
from finr1_desk.store.policy import load_policy

ELSEWHERE = "https://llm.example:8000/v1"
HERE = "http://127.0.0.1:8000/v1"


@pytest.mark.parametrize(
    ("text", "allowed"),
    [
        (None, True),
        ("", True),
        ("[servers]\nallow = true", True),
        ("[servers]\nallow = false", False),
        ('[servers]\nhosts = ["LLM.example:8000"]', True),
        ('[servers]\nhosts = ["llm.example"]', True),
        ('[servers]\nhosts = ["llm.example:9000", "other.example"]', False),
        ("[servers]\nhosts = []", False),
        ('[servers]\nallow = "no"', False),
        ("[servers]\nhosts = 3", False),
        ("servers = 1", False),
        ("[servers", False),
        ("\udcff", False),
    ],
)
def test_a_policy_decides_about_other_machines(tmp_path: Path, text: str | None, allowed: bool) -> None:
    path = tmp_path / "policy.toml"
    if text is not None:
        path.write_bytes(text.encode("utf-8", "surrogateescape"))
    policy = load_policy(path)
    assert policy.allows(ELSEWHERE) is allowed
    assert policy.allows(HERE)
    if not allowed:
        with pytest.raises(UserError) as caught:
            policy.check(ELSEWHERE)
        assert caught.value.code is ErrorCode.SERVER_FORBIDDEN
        assert caught.value.params == {"host": "llm.example:8000", "policy": str(path)}
