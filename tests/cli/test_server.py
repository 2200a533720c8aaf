"""`finr1-desk ask --server`: the team server answers in the terminal."""

from __future__ import annotations

import json
import subprocess
from contextlib import closing

import pytest

from finr1_desk.core.remote import RemoteServer
from finr1_desk.store.database import Store
from finr1_desk.store.keys import obtain_key
from finr1_desk.store.paths import resolve_data_dir
from finr1_desk.store.server_file import save_server
from finr1_desk.store.writers import this_writer
from tests.cli.conftest import PATIENCE_S, Cli
from tests.helpers.scripted_server import MODEL, Reply, answered, serving


def _set_up(cli: Cli, url: str) -> None:
    save_server(resolve_data_dir(cli.data_dir), RemoteServer(url, MODEL))


def test_the_server_answers_and_is_named(cli: Cli) -> None:
    with serving(answered("<think>\n1\n</think>\n<answer>\n\\boxed{20\\%}\n</answer>")) as server:
        _set_up(cli, server.url)
        found = json.loads(cli.ok("ask", "--server", "--json", "--seed", "3", "Growth?"))
    assert found["boxed"] == "20%"
    assert found["model"]["server"] == server.url.split("/")[2]
    assert server.asked[0]["seed"] == 3


def test_without_a_server_it_says_where_to_set_one_up(cli: Cli) -> None:
    done = cli.run("ask", "--server", "Growth?")
    assert done.status == 1
    assert "No server has been set up." in done.err


def test_a_server_that_refuses_is_one_sentence(cli: Cli) -> None:
    with serving(Reply(401, body={"error": {"message": "no"}})) as server:
        _set_up(cli, server.url)
        done = cli.run("ask", "--server", "Growth?")
    assert done.status == 1
    assert "does not accept the key" in done.err


def test_a_chat_goes_to_the_server_and_is_kept(cli: Cli) -> None:
    with serving(answered("<think>\n1\n</think>\n<answer>\n20 %\n</answer>")) as server:
        _set_up(cli, server.url)
        out = cli.ok("chat", "--server", stdin=b"Growth?\nAnd then?\n")
    assert out.count("20 %") == 2
    assert f"{MODEL} · {server.url.split('/')[2]}" in out
    assert [turn["content"] for turn in server.asked[1]["messages"]][-3::2] == ["Growth?", "And then?"]
    paths = resolve_data_dir(cli.data_dir)
    with closing(Store.open(paths.database, obtain_key(paths).key, writer=this_writer())) as store:
        kept = store.messages(store.conversations()[0].id)
    assert [message.answer for message in kept] == ["Growth?", "20 %", "And then?", "20 %"]
    assert kept[1].generation is not None
    assert kept[1].generation.model.server == server.url.split("/")[2]


def test_a_chat_says_that_text_leaves(cli: Cli) -> None:
    _set_up(cli, "http://desk.invalid:8000/v1")
    out = cli.ok("chat", "--server", stdin=b"/quit\n")
    assert "Your questions are sent to desk.invalid:8000." in out
    assert "not encrypted" in out


@pytest.mark.slow  # the default run has the refusal alone
def test_a_server_that_was_changed_meanwhile_gets_nothing_until_it_is_asked_anew(cli: Cli) -> None:
    with serving(answered("one")) as first, serving(answered("two")) as second:
        _set_up(cli, first.url)
        process = cli.start("chat", "--server", stderr=subprocess.STDOUT)
        assert process.stdin is not None
        assert process.stdout is not None

        def say(line: bytes, wanted: str) -> None:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(line)
            process.stdin.flush()
            while wanted not in process.stdout.readline().decode():
                assert process.poll() is None

        say(b"Growth?\n", "one")
        _set_up(cli, second.url)
        say(b"Secret?\n", "nothing was sent")
        assert second.asked == []
        say(b"Known?\n", "two")
        process.communicate(timeout=PATIENCE_S)
    assert [body["messages"][-1]["content"] for body in first.asked] == ["Growth?"]
    assert [body["messages"][-1]["content"] for body in second.asked] == ["Known?"]
