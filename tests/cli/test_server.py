"""`finr1-desk ask --server`: the team server answers in the terminal."""

from __future__ import annotations

import json

from finr1_desk.core.remote import RemoteServer
from finr1_desk.store.paths import resolve_data_dir
from finr1_desk.store.server_file import save_server
from tests.cli.conftest import Cli
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
