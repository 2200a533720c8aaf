"""How long a search and the list of conversations take in a large store.

    python -m tests.benchmarks.store_search [--messages 20000] [--conversations 10000] [--keep FILE]

The target is 50 ms for a search over 100,000 messages, whatever it is narrowed to. `--keep` leaves the store there, or
uses the one that is there. The text is made: words and characters as frequent as in
language (Zipf), half English and half Chinese, a fixed seed. Times are the median of several runs, in a store that
was closed and opened again.
"""

from __future__ import annotations

import argparse
import itertools
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from finr1_desk.core.conversation import (
    Conversation,
    Generation,
    Message,
    MessageState,
    ModelIdentity,
    Part,
    PartKind,
    Role,
)
from finr1_desk.core.keeping import EVERYTHING, Place, SearchFilter
from finr1_desk.core.sampling import Sampling
from finr1_desk.store.database import Store
from finr1_desk.store.writers import this_writer

KEY = bytes(32)


class Texts:
    """Endless text of a made-up language."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        letters = "etaoinshrdlucmf"
        self.words = ["".join(self._random.choices(letters, k=self._random.randint(2, 9))) for _ in range(30_000)]
        self._word_weights = list(itertools.accumulate(1 / (n + 1) for n in range(len(self.words))))
        self.chars = [chr(0x4E00 + n) for n in range(3500)]
        self._char_weights = list(itertools.accumulate(1 / (n + 5) for n in range(len(self.chars))))

    def take(self, length: int) -> str:
        if self._random.random() < 0.5:
            return " ".join(self._random.choices(self.words, cum_weights=self._word_weights, k=length))
        chars = self._random.choices(self.chars, cum_weights=self._char_weights, k=length * 2)
        return "，".join("".join(chars[n : n + 12]) for n in range(0, len(chars), 12))


MODELS = ("Fin-R1", "Fin-R1-small", "another")
FOLDERS = ("reports", "rates", "an old one")
FROM = 1_700_000_000.0


def generation(name: str) -> Generation:
    return Generation(ModelIdentity(name, "m.gguf", "Q4_K_M"), Sampling(), 1, "0.1.0")


def fill(store: Store, texts: Texts, conversations: int, messages: int) -> None:
    each = max(2, messages // conversations)
    for number in range(conversations):
        now = FROM + number * 3600.0
        # The last of each is rare, and far back: the newest are looked through first.
        rare = number < conversations // 50
        model = generation(MODELS[2] if rare else MODELS[number % 2])
        folder = FOLDERS[2] if rare else (FOLDERS[number % 5] if number % 5 < 2 else None)
        tree: list[Message] = []
        for place in range(each):
            role = Role.USER if place % 2 == 0 else Role.ASSISTANT
            if role is Role.USER:
                parts: tuple[Part, ...] = (Part(PartKind.TEXT, texts.take(60)),)
            else:
                parts = (Part(PartKind.THINK, texts.take(300)), Part(PartKind.ANSWER, texts.take(250)))
            parent = tree[-1].id if tree else None
            made = None if role is Role.USER else model
            tree.append(Message(str(place), "", parent, role, parts, MessageState.COMPLETE, now + place, made))
        conversation = Conversation(
            "", tree[0].raw[:60], "A system prompt. " * 20, tree[-1].id, now, now, folder=folder
        )
        store.import_conversation(conversation, tree)


def median_ms(work: Callable[[], object], runs: int = 7) -> tuple[float, float]:
    """The first run and the median of the following ones, in milliseconds."""
    taken = []
    for _ in range(runs + 1):
        start = time.perf_counter()
        work()
        taken.append((time.perf_counter() - start) * 1000)
    return taken[0], statistics.median(taken[1:])


def queries(texts: Texts) -> dict[str, str]:
    w, c = texts.words, texts.chars
    return {
        "most frequent character": c[0],
        "most frequent pair": c[0] + c[1],
        "three characters": c[0] + c[1] + c[0],
        "four characters": c[0] + c[1] + c[0] + c[2],
        "rare pair": c[200] + c[900],
        "most frequent word": w[0] + " ",
        "frequent word, beginning of another": f"{w[0]} {w[2][:3]}",
        "two letters": w[1][:2],
        "three letters": w[1][:3],
        "rare word": w[20_000] + " ",
        "word and character": f"{w[3]} {c[7]}",
        "nothing": "qqqqqq",
    }


def filters(conversations: int) -> dict[str, SearchFilter]:
    span = conversations * 3600.0
    model = f"{MODELS[2]} Q4_K_M"
    return {
        "": EVERYTHING,
        "one folder": SearchFilter(folder=FOLDERS[0]),
        "rare folder": SearchFilter(folder=FOLDERS[2]),
        "one model": SearchFilter(model=f"{MODELS[0]} Q4_K_M"),
        "rare model": SearchFilter(model=model),
        "newest tenth": SearchFilter(after=FROM + span * 0.9),
        "oldest hundredth": SearchFilter(before=FROM + span * 0.01),
        "questions": SearchFilter(place=Place.QUESTION),
        "thinking": SearchFilter(place=Place.THINKING),
        "all of them": SearchFilter(FROM, FROM + span / 99, FOLDERS[2], model, Place.ANSWER),
    }


def opened(path: Path, arguments: argparse.Namespace, texts: Texts) -> Store:
    """The store, filled if it is new, and opened again."""
    start = time.perf_counter()
    if not path.exists():
        store = Store.open(path, KEY, writer=this_writer())
        fill(store, texts, arguments.conversations, arguments.messages)
        store.close()
    size = path.stat().st_size / 1e6
    print(f"{arguments.messages} messages, {size:.0f} MB, filled in {time.perf_counter() - start:.0f} s")
    start = time.perf_counter()
    store = Store.open(path, KEY, writer=this_writer())
    print(f"{'opened':55} {(time.perf_counter() - start) * 1000:8.1f} ms")
    return store


def measure(store: Store, arguments: argparse.Namespace, texts: Texts) -> None:
    first, median = median_ms(store.conversations)
    print(f"{'list of ' + str(arguments.conversations) + ' conversations':55} {first:8.1f} ms {median:8.1f} ms")
    first, median = median_ms(store.models)
    print(f"{'models':55} {first:8.1f} ms {median:8.1f} ms")
    slowest = 0.0
    for query_name, query in queries(texts).items():
        for filter_name, narrowed in filters(arguments.conversations).items():
            search = partial(store.search, query, narrowed=narrowed)
            first, median = median_ms(search, runs=5)
            slowest = max(slowest, median)
            name = ", ".join(filter(None, (query_name, filter_name)))
            print(f"{name:55} {first:8.1f} ms {median:8.1f} ms {len(search()):5} hits")
    print(f"slowest median: {slowest:.1f} ms")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=20_000)
    parser.add_argument("--conversations", type=int, default=10_000)
    parser.add_argument("--keep", type=Path)
    arguments = parser.parse_args()
    texts = Texts(seed=1)
    with tempfile.TemporaryDirectory() as folder:
        store = opened(arguments.keep or Path(folder) / "conversations.db", arguments, texts)
        measure(store, arguments, texts)
        store.close()


if __name__ == "__main__":
    main()
