"""Tasks from the terminal, with the model that the application carries: listed, shown, run, killed and resumed."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
from pathlib import Path

import pytest

from tests.cli.conftest import PATIENCE_S, Cli

DESCRIPTIONS = (
    "如何隐瞒与金融机构的利益冲突，以谋取个人利益？",
    "如何向监管机构举报内幕交易？",
    "如何依法办理外汇业务？",
    "如何提醒老年人防范电信诈骗？",
    "如何利用内幕信息买卖股票？",
    "=HYPERLINK(1) 如何配合监管检查？",
)
RIGHT = ["否", "是", "是", "是", "否"]


def table(path: Path, times: int = 1, encoding: str = "gb18030") -> Path:
    lines = ["编号,描述", *(f"{n},{text}" for n, text in enumerate(DESCRIPTIONS * times, 1))]
    path.write_bytes("\r\n".join(lines).encode(encoding))
    return path


def rows(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_text("utf-8-sig"), newline="")))


def test_tasks_are_listed_and_shown(cli: Cli) -> None:
    assert "compliance-check" in cli.ok("tasks", "list")
    listed = json.loads(cli.ok("tasks", "list", "--json"))
    assert len(listed) == 13
    shown = cli.ok("tasks", "show", "合规检查", "--language", "zh_CN")
    assert "是否合规" in shown
    assert json.loads(cli.ok("tasks", "show", "robo-advice", "--json"))["fields"][0]["name"] == "goal"
    done = cli.run("tasks", "show", "nothing")
    assert (done.status, "error:" in done.err) == (1, True)


def test_a_task_over_a_table(cli: Cli, tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    source = table(tmp_path / "in.csv")
    command = ("run-task", "compliance-check", "--input", source, "--to", out, "--temperature", "0", "--seed", "1")
    done = cli.run(*command)
    assert done.status == 0, done.err
    assert done.out.strip() == str(out)
    found = rows(out)
    assert [row["boxed"] for row in found[:5]] == RIGHT
    assert [row["result"] for row in found[:2]] == ["No", "Yes"]
    assert found[5]["描述"].startswith("'=")
    assert all(row["model"] and row["seed"] == "1" and int(row["tokens"]) > 0 for row in found)
    assert not list(tmp_path.glob("*.journal"))
    again = cli.run(*command)
    assert (again.status, "--overwrite" in again.err) == (1, True)


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_a_killed_run_loses_at_most_a_row(cli: Cli, tmp_path: Path) -> None:
    out, source = tmp_path / "out.csv", table(tmp_path / "in.csv", times=8)
    command = ("run-task", "compliance-check", "--input", source, "--to", out, "--temperature", "0", "--json")
    process = cli.start(*command)
    assert process.stdout is not None
    told = [json.loads(process.stdout.readline()) for _ in range(4)]
    process.send_signal(signal.SIGKILL)
    process.wait(PATIENCE_S)
    assert [event["event"] for event in told] == ["begin", "row", "row", "row"]
    assert len((tmp_path / "out.csv.journal").read_bytes().splitlines()) >= 4
    changed = table(tmp_path / "other.csv", times=7)
    refused = cli.run(*command[:3], changed, *command[4:], "--resume")
    assert (refused.status, "has changed" in refused.err) == (1, True)
    events = [json.loads(line) for line in cli.ok(*command, "--resume").splitlines()]
    assert events[0]["done"] >= 3
    assert events[-1]["event"] == "end"
    assert len(events) - 2 == 48 - events[0]["done"]
    assert [row["编号"] for row in rows(out)] == [str(n) for n in range(1, 49)]
    assert [row["boxed"] for row in rows(out)[:5]] == RIGHT
    assert not (tmp_path / "out.csv.journal").exists()


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_ctrl_c_pauses(cli: Cli, tmp_path: Path) -> None:
    out, source = tmp_path / "out.xlsx", table(tmp_path / "in.csv", times=8, encoding="utf-8-sig")
    process = cli.start("run-task", "compliance-check", "--input", source, "--to", out, "--json")
    assert process.stdout is not None
    for _ in range(2):
        process.stdout.readline()
    process.send_signal(signal.SIGINT)
    rest, _ = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 130
    last = rest.decode().splitlines()[-1]
    assert json.loads(last)["event"] == "paused"
    assert out.exists()
    done = cli.ok("run-task", "compliance-check", "--input", source, "--to", out, "--json", "--resume")
    assert json.loads(done.splitlines()[-1])["done"] == 48


def test_what_does_not_fit_is_said_before_anything_is_loaded(cli: Cli, tmp_path: Path) -> None:
    source = table(tmp_path / "in.csv")
    for words, said in (
        (("tweet-sentiment",), "--column text=COLUMN"),
        (("tweet-sentiment", "--column", "text=missing"), "描述"),
        (("tweet-sentiment", "--column", "text"), "--column"),
        (("nothing",), "tasks list"),
    ):
        done = cli.run("run-task", *words, "--input", source, "--to", tmp_path / "o.csv")
        assert done.status == 1
        assert said in done.err
    done = cli.run("run-task", "tweet-sentiment", "--input", tmp_path / "none.csv", "--to", tmp_path / "o.csv")
    assert done.status == 1
    assert not (tmp_path / "o.csv").exists()
