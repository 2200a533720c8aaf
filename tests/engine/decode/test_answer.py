"""An answer while it is written: when text is given out."""

from __future__ import annotations

from finr1_desk.engine.decode.answer import _Text


def test_text_of_a_hurrying_model_waits_longer() -> None:
    text = _Text()
    for _ in range(12):
        assert text.patience_s == 1 / 20
        text.add(b"word ")
    assert text.patience_s == 1 / 20
    text.add(b"word ")
    assert text.patience_s == 1 / 10
    assert text.take() == "word " * 13
    assert text.patience_s == 1 / 20
