"""Folders, pins, the trash and narrowed searches on the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from finr1_desk.core.conversation import Conversation, Message, MessageState, Part, PartKind, Role
from finr1_desk.export.markdown import to_markdown
from tests.cli.conftest import Cli


@pytest.fixture
def kept(cli: Cli, tmp_path: Path) -> list[str]:
    """The ids of two conversations, of which the first is about 净利润."""
    files = []
    for number, text in enumerate(("What is 净利润?", "And the margin?")):
        question = Message("q", "c", None, Role.USER, (Part(PartKind.TEXT, text),), MessageState.COMPLETE, 1e9)
        conversation = Conversation("c", text, None, "q", 1e9, 1e9 + number)
        whole = to_markdown(conversation, [question], application_version="1", exported_at=2e9, all_branches=True)
        files.append(tmp_path / f"{number}.md")
        files[-1].write_text(whole, "utf-8")
    return [line.split()[0] for line in cli.ok("import", *files).splitlines()]


def test_conversations_go_into_a_folder_and_out_of_it(cli: Cli, kept: list[str]) -> None:
    first, second = kept
    done = cli.run("conversations", "move", first, "--to", "年报")
    assert (done.status, done.out) == (1, "")
    assert "There is no folder" in done.err
    assert cli.ok("conversations", "move", first, second[:10], "--to", "年报", "--create").split() == [first, second]
    [folder] = cli.run("conversations", "folders", "--json").json
    assert folder == {"name": "年报", "count": 2}
    [moved] = cli.run("conversations", "move", second, "--out", "--json").json
    assert (moved["id"], moved["folder"]) == (second, None)
    [line] = cli.ok("conversations", "list", "--folder", "年报").splitlines()
    assert line.startswith(first)
    assert line.endswith("[年报]")
    assert cli.ok("conversations", "folders").split() == ["1", "年报"]


def test_a_pin_is_said_in_the_list(cli: Cli, kept: list[str]) -> None:
    id = kept[1]
    cli.ok("conversations", "pin", id)
    assert "[pinned]" in cli.ok("conversations", "list")
    [unpinned] = cli.run("conversations", "pin", id, "--off", "--json").json
    assert unpinned["pinned"] is False
    assert "pinned" not in cli.ok("conversations", "list")


def test_what_is_deleted_lies_in_the_trash_until_it_is_restored_or_removed_for_good(cli: Cli, kept: list[str]) -> None:
    first, second = kept
    [deleted] = cli.run("conversations", "delete", first, "--json").json
    assert deleted["deleted_at"] is not None
    assert [item["id"] for item in cli.run("conversations", "list", "--json").json] == [second]
    [line] = cli.ok("conversations", "list", "--trash").splitlines()
    assert line.startswith(first)
    assert "days left: 30" in line
    cli.ok("conversations", "restore", first[:12])
    assert cli.ok("conversations", "list", "--trash") == ""
    for words in (["delete", first, "--for-good", "--yes"], ["restore", first]):  # it is not in the trash
        assert cli.run("conversations", *words).status == 1
    cli.ok("conversations", "delete", first, second)
    done = cli.run("conversations", "delete", first, "--for-good")  # nobody is there to be asked
    assert (done.status, done.out) == (1, "")
    assert "--yes" in done.err
    assert cli.ok("conversations", "delete", first, "--for-good", "--yes").strip() == first
    assert [item["id"] for item in cli.run("conversations", "list", "--trash", "--json").json] == [second]


def test_nothing_changes_where_one_of_several_is_not_there(cli: Cli, kept: list[str]) -> None:
    first = kept[0]
    assert cli.run("conversations", "delete", first, "zzz").status == 1
    assert len(cli.run("conversations", "list", "--json").json) == 2


def test_a_search_is_narrowed(cli: Cli, kept: list[str]) -> None:
    asked = kept[0]
    cli.ok("conversations", "move", asked, "--to", "A", "--create")

    def found(*options: str) -> set[str]:
        hits = cli.run("conversations", "search", "净利润", *options, "--json").json
        return {hit["conversation_id"] for hit in hits}

    assert found() == {asked}
    assert found("--folder", "a", "--after", "2001-01-01", "--in", "question") == {asked}
    assert found("--before", "2001-01-01") == found("--in", "thinking") == found("--model", "nobody") == set()
    for bad in (("--folder", "nowhere"), ("--after", "yesterday"), ("--before", "2026-02-30")):
        done = cli.run("conversations", "search", "净利润", *bad)
        assert (done.status, done.out) == (1, "")
        assert bad[1] in done.err
