"""What the tests of the Markdown dialect share."""

from __future__ import annotations

import pytest

from finr1_desk.markup.markdown import Markdown


@pytest.fixture(scope="session")
def markdown() -> Markdown:
    return Markdown()
