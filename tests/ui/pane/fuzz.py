"""Makes messages that no model should write, the same ones for the same seed."""

from __future__ import annotations

import random
from collections.abc import Iterator

FRAGMENTS = [
    *(
        "word ",
        "净利润增长，",
        "\n",
        "\n\n",
        "  ",
        "\t",
        "\r\n",
        "**",
        "*",
        "_",
        "~~",
        "`",
        "``",
        "<b>",
        "</td>",
        "&amp;",
        "\\",
    ),
    *("- ", "  - ", "1. ", "- [ ] ", "- [x] t\n", "> ", "> > ", "# ", "###### ", "---\n", "===\n", "    code\n", "+\n"),
    *(
        "> | a | b |\n> |---|--:|\n",
        "> | 1 | 2 |\n",
        "> ```\n",
        "- | a |\n  |---|\n",
        "  | 1 |\n",
        "- ```py\n",
        "  x = 1\n",
    ),
    *("```python\n", "```\n", "~~~\n", "| a | b |\n|---|--:|\n", "| 1 | $x$ |\n", "|", "||||\n", "|:-:|\n"),
    *(
        "[a](",
        "[a](http://e.example)",
        "![i](file:///etc/passwd)",
        "![i](http://e.example/x.png)",
        "[r]",
        "[r]: http://e.example\n",
    ),
    *("[^1]", "[^1]: note\n", "[^", "<script>", "<img src='http://e.example/x'>", "http://e.example "),
    *(
        "$",
        "$$",
        "$x^2$",
        "$1,000",
        " US$5 ",
        "\\(",
        "\\)",
        "\\[",
        "\\]",
        "\\frac{a}{b}",
        "{",
        "}",
        "x_{1}",
        "\\text{营收}",
    ),
    *("\\boxed{", "boxed{5\\%}", "\\boxed{\\text{No}}", "\\begin{aligned}", "\\end{aligned}", "&", "\\\\"),
    *(
        "\x00",
        "\ud800",
        "\udc00",
        "\u202e",
        "\u05d0\u05d1",
        "\u2028",
        "\u2029",
        "\ufdd0",
        "\ufffc",
        "\x0b",
        "\x85",
        "😀",
        "é",
        "e\u0301",
    ),
]


def message(seed: int) -> str:
    """A text of up to some hundred pieces; now and then one of them is repeated very often."""
    chance = random.Random(seed)
    pieces = chance.choices(FRAGMENTS, k=chance.randint(1, 60))
    if chance.random() < 0.05:
        at = chance.randrange(len(pieces))
        pieces[at] *= chance.randint(100, 2000)
    if chance.random() < 0.05:
        pieces.append("x" * chance.randint(1000, 20_000))
    return "".join(pieces)


def messages(first: int, count: int) -> Iterator[tuple[int, str]]:
    return ((seed, message(seed)) for seed in range(first, first + count))
