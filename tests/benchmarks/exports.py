"""How long the export of a long conversation takes in each format, and how long an import of many.

    python -m tests.benchmarks.exports [--turns 500]

The conversation has two messages a turn: 2 MB of Markdown with tables, code and formulas at 500 turns. A second export
by the same process shows what the formulas cost that were drawn already.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path

from finr1_desk.core.conversation import Conversation, Message, MessageState, Part, PartKind, Role
from finr1_desk.core.reasoning import split
from finr1_desk.export.importing import read_conversations
from finr1_desk.export.options import ExportOptions, Format
from finr1_desk.export.writing import Exporter

ANSWER = r"""<think>
The margin is income over revenue, 净利率 {n}. Let me check each step of it before I answer. {filler}
</think>
## Result {n}

**净利润**增长 {n}%: from ${n},200 to $10,000, so \( m_{{{n}}} = \frac{{{n}}}{{10000}} \).

| Year | Revenue | Margin |
|---|---|---|
| 2021 | 1,234.{n} | 11.2% |
| 2022 | ({n}) | -5% |

```python
def margin_{n}(income: float, revenue: float) -> float:
    return income / revenue
```

{filler}

\[ NPV = \sum_{{t=1}}^{{{n}}} \frac{{CF_t}}{{(1+r)^t}} \]

\boxed{{{n}\%}}
"""
FILLER = (
    "A sentence about revenue, cost and cash flow that goes on for a while. 营业收入同比增长，毛利率保持稳定。" * 14
)


def conversation(turns: int) -> tuple[Conversation, list[Message]]:
    messages: list[Message] = []
    for number in range(turns):
        for role in Role:
            text = f"What is the margin of year {number}? 净利率是多少？"
            parts = split(ANSWER.format(n=number, filler=FILLER)) if messages and role is Role.ASSISTANT else ()
            parent = messages[-1].id if messages else None
            asked = (Part(PartKind.TEXT, text),) if role is Role.USER else parts
            id = str(len(messages))
            messages.append(Message(id, "c", parent, role, asked, MessageState.COMPLETE, 1.75e9 + len(messages)))
    return Conversation("c", "Margins", None, messages[-1].id, 1.75e9, 1.75e9), messages


def chatgpt(conversations: int, turns: int) -> str:
    nodes = {}
    for number in range(2 * turns):
        message = {
            "author": {"role": ("user", "assistant")[number % 2]},
            "create_time": 1.7e9 + number,
            "content": {"content_type": "text", "parts": [FILLER]},
        }
        nodes[str(number)] = {"id": str(number), "parent": str(number - 1) if number else None, "message": message}
    one = {"title": "t", "mapping": nodes, "current_node": str(2 * turns - 1)}
    return json.dumps([one] * conversations, ensure_ascii=False)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--turns", type=int, default=500)
    turns = options.parse_args().turns
    pair = conversation(turns)
    size = sum(len(message.raw.encode()) for message in pair[1])
    print(f"{len(pair[1])} messages, {size / 1e6:.1f} MB")
    with tempfile.TemporaryDirectory() as folder:
        for kind in Format:
            with Exporter(ExportOptions(kind)) as exporter:
                taken = []
                for _ in range(2):
                    begun = time.perf_counter()
                    path = exporter.write(Path(folder), *pair, 1.75e9)
                    taken.append(time.perf_counter() - begun)
            print(f"{kind.value:9} {taken[0]:6.2f} s, again {taken[1]:6.2f} s, {path.stat().st_size / 1e6:6.2f} MB")
        path = Path(folder) / "conversations.json"
        path.write_text(chatgpt(1000, 10), "utf-8")
        begun = time.perf_counter()
        count = len(read_conversations(path, 1.75e9).conversations)
        seconds = time.perf_counter() - begun
        print(f"import    {seconds:6.2f} s for {count} conversations, {path.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
