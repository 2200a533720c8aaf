"""Conversations listed, shown, found, exported and imported by the command."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import ANSWER, THINK, Cli, make_cli


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory, speaking_model: Path) -> Cli:
    """A data folder in which two questions were asked, to be copied."""
    cli = make_cli(tmp_path_factory.mktemp("asked"))
    for question in ("What is 净利润?", "And the margin?"):
        cli.ok("ask", question, "--model", speaking_model, "--save")
    return cli


@pytest.fixture
def kept(cli: Cli, asked: Cli) -> dict[str, str]:
    """Two conversations: title → id."""
    shutil.copytree(asked.data_dir, cli.data_dir, dirs_exist_ok=True, ignore=shutil.ignore_patterns("runtime"))
    return {item["title"]: item["id"] for item in cli.run("conversations", "list", "--json").json}


def test_nothing_is_listed_at_first(cli: Cli) -> None:
    done = cli.run("conversations", "list")
    assert (done.status, done.out) == (0, "")
    assert "no conversations" in done.err
    assert cli.run("conversations", "list", "--json").json == []
    assert cli.run("conversations", "search", "anything", "--json").json == []


def test_conversations_are_listed_newest_first(cli: Cli, kept: dict[str, str]) -> None:
    lines = cli.ok("conversations", "list").splitlines()
    assert [line.split("  ")[2] for line in lines] == ["And the margin?", "What is 净利润?"]
    assert [line.split("  ")[0] for line in lines] == [kept["And the margin?"], kept["What is 净利润?"]]
    assert len(cli.ok("conversations", "list", "--limit", "1").splitlines()) == 1
    [first] = cli.run("conversations", "list", "--limit", "1", "--json").json
    assert set(first) == {"id", "title", "system_prompt", "head_id", "created_at", "updated_at"} | {
        "folder",
        "pinned",
        "deleted_at",
    }


def test_a_conversation_is_shown_by_the_beginning_of_its_id(cli: Cli, kept: dict[str, str]) -> None:
    one, other = kept.values()
    prefix = next(one[:length] for length in range(1, 20) if not other.startswith(one[:length]))
    assert f"{ANSWER}\n" in cli.ok("conversations", "show", prefix)
    assert THINK not in cli.ok("conversations", "show", prefix)
    assert THINK in cli.ok("conversations", "show", prefix, "--think")
    assert cli.run("conversations", "show", prefix, "--json").json["id"] == one


def test_ids_that_fit_none_or_several_are_errors(cli: Cli, kept: dict[str, str]) -> None:
    for bad in ("zzz", "", "%"):
        done = cli.run("conversations", "show", bad)
        assert (done.status, done.out) == (1, "")
        assert "error: There is no conversation" in done.err


def test_a_prefix_of_several_ids_is_refused(cli: Cli, speaking_model: Path) -> None:
    ids = [cli.run("ask", "Hi", "--model", speaking_model, "--save", "--json").json["conversation"]]
    exported = cli.data_dir / "out"
    cli.ok("export", "--all", "--to", exported)
    while len({id[0] for id in ids}) == len(ids):  # sixteen first characters there are
        ids.append(cli.ok("import", *([next(exported.iterdir())] * 8)).split()[0])
        ids = [item["id"] for item in cli.run("conversations", "list", "--json").json]
    first = next(id[0] for id in ids if sum(other[0] == id[0] for other in ids) > 1)
    done = cli.run("conversations", "show", first)
    assert done.status == 1
    assert "Give more characters" in done.err


def test_words_in_both_languages_are_found(cli: Cli, kept: dict[str, str]) -> None:
    id = kept["What is 净利润?"]
    hits = cli.run("conversations", "search", "净利润", "--json").json
    assert id in {hit["conversation_id"] for hit in hits}
    start, end = hits[0]["matches"][0]
    assert hits[0]["snippet"][start:end].lower() in ("净利润", "净利", "净")
    assert id in cli.ok("conversations", "search", "净利")
    assert kept["And the margin?"] in cli.ok("conversations", "search", "margin")


def test_exported_conversations_come_back_equal(cli: Cli, kept: dict[str, str], tmp_path: Path) -> None:
    folder = tmp_path / "markdown"
    paths = cli.ok("export", "--all", "--to", folder, "--all-branches").splitlines()
    assert sorted(map(Path, paths)) == sorted(folder.iterdir())
    assert len(paths) == 2
    lines = cli.ok("import", *paths).splitlines()
    for line in lines:
        new_id, path = line.split("  ")
        new = cli.run("conversations", "show", new_id, "--json").json
        old = cli.run("conversations", "show", kept[new["title"]], "--json").json
        assert path in paths
        assert new["id"] != old["id"]
        for new_message, old_message in zip(new["messages"], old["messages"], strict=True):
            for name in ("role", "parts", "state", "generation", "created_at"):
                assert new_message[name] == old_message[name], name


def test_one_conversation_is_exported_by_its_id(cli: Cli, kept: dict[str, str], tmp_path: Path) -> None:
    [path] = cli.ok("export", kept["And the margin?"], "--to", tmp_path / "a" / "b").splitlines()
    text = Path(path).read_text("utf-8")
    assert ANSWER in text
    assert json.dumps(THINK)[1:-1] in text


def test_export_wants_one_or_all(cli: Cli, tmp_path: Path) -> None:
    for words in (["export", "--to", tmp_path], ["export", "abc", "--all", "--to", tmp_path]):
        done = cli.run(*words)
        assert done.status == 1
        assert "--all" in done.err


def test_a_folder_that_cannot_be_written_is_an_error(cli: Cli, kept: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = cli.run("export", "--all", "--to", tmp_path / "file")
    assert done.status == 1
    assert "cannot be written" in done.err


def test_bad_files_do_not_keep_good_ones_from_being_imported(cli: Cli, kept: dict[str, str], tmp_path: Path) -> None:
    [good] = cli.ok("export", kept["And the margin?"], "--to", tmp_path).splitlines()
    (tmp_path / "other.md").write_text("# Something else\n")
    (tmp_path / "binary.md").write_bytes(b"\xff\xfe\x00")
    done = cli.run("import", tmp_path / "none.md", tmp_path / "other.md", tmp_path / "binary.md", good, tmp_path)
    assert done.status == 1
    assert [line.split("  ")[1] for line in done.out.splitlines()] == [good, str(tmp_path)]
    assert done.err.count("error: ") == done.err.count("hint: ") == 3
    assert len(cli.run("conversations", "list", "--json").json) == 4
