"""`init --template team`: all files are created, no existing one changes, and each one works."""

from __future__ import annotations

import json
import os
import re
import tomllib
from pathlib import Path

import pytest

from pinesync.app.workspace_templates import TEMPLATES
from tests.world import BROKEN, LONGER, TREND, TREND_PATH, World, git

FILES = list(TEMPLATES["team"])
ROOT = Path(__file__).parents[2]


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and ".git" not in path.parts
    }


def test_a_template_fills_an_empty_folder(world: World) -> None:
    ran = world("init", "--sandbox", "--template", "team", "new", code=0)
    assert ran.out.splitlines() == [f"written  {path}" for path in ["pine.toml", *FILES]]
    files = contents(world.place / "new")
    assert sorted(files) == sorted(["pine.toml", *FILES])
    assert tomllib.loads(files["pine.toml"].decode())["workspace"]["remote"] == "sandbox"
    workflow = files[".github/workflows/pinesync.yml"].decode()
    assert 'PINESYNC: ""\n' in workflow, "a name on no index is anybody's"
    assert b"{{released" not in b"".join(files.values())
    assert world("status", cwd=world.place / "new").code == 0


def test_the_agent_template_adds_read_only_mcp_servers(clone: World) -> None:
    """Each client starts a server that can push nothing, in the workspace."""
    before = clone.files()
    ran = clone("init", "--template", "agent", "--json", code=0)
    added = ["AGENTS.md", ".mcp.json", ".cursor/mcp.json", ".vscode/mcp.json"]
    assert (ran.json["written"], ran.json["below"]) == (added, "")
    files = clone.files()
    assert {path: files[path] for path in before} == before
    assert b"Never" in files["AGENTS.md"]
    for path in added[1:]:
        (servers,) = json.loads(files[path]).values()
        started = servers["pinesync"]
        assert (started["command"], started["args"][-1]) == ("pinesync", "mcp")
    assert clone("init", "--template", "agent", "--json").json["written"] == []


def test_a_template_leaves_existing_files(clone: World) -> None:
    clone.write("mine\n", ".gitignore")
    before = clone.files()
    ran = clone("init", "--template", "team", code=0)
    assert "pine.toml: exists, left as it is" in ran.err
    assert ".gitignore: exists, left as it is" in ran.err
    after = clone.files()
    assert {path: after[path] for path in before} == before
    assert sorted(set(after) - set(before)) == sorted(set(FILES) - {".gitignore"})
    again = clone("init", "--template", "team", "--json")
    assert (again.json["written"], again.json["already_there"]) == ([], ["pine.toml", *FILES])
    assert clone.files() == after


def test_a_template_can_be_combined_with_link(clone: World) -> None:
    (clone.folder / "pine.toml").unlink()
    ran = clone(
        "init", "--link", "--template", "team", "--remote", clone.remote_name, "--json", code=0
    )
    assert {link["path"] for link in ran.json["linked"]} >= {TREND_PATH}
    assert ran.json["written"] == ["pine.toml", *FILES]
    assert clone.statuses() == {}


def test_a_dry_run_lists_the_files_and_writes_nothing(world: World) -> None:
    ran = world("init", "--sandbox", "--template", "team", "-n", "new", code=0)
    assert ran.out.splitlines() == [f"to write  {path}" for path in ["pine.toml", *FILES]]
    assert "nothing was written" in ran.err
    assert not (world.place / "new").exists()


def test_init_in_a_workspace_is_refused(clone: World) -> None:
    for more in (["--template", "team", "--link"], ["--sandbox"], []):
        ran = clone("init", *more)
        assert (ran.code, "already a workspace" in ran.err) == (2, True)
    clone.write("broken = \n", "pine.toml")
    before = clone.files()
    assert clone("init", "--template", "team").code == 2
    assert clone.files() == before


@pytest.mark.skipif(os.name == "nt", reason="Windows restricts links")
def test_a_template_does_not_follow_links(clone: World) -> None:
    outside = clone.place / "outside"
    outside.mkdir()
    (outside / "ignored").write_text("theirs\n")
    (clone.folder / ".gitignore").symlink_to(outside / "ignored")
    assert clone("init", "--template", "team", "-n").code == 0
    (clone.folder / ".vscode").symlink_to(outside)
    before = clone.files()
    ran = clone("init", "--template", "team")
    assert (ran.code, ".vscode/tasks.json: a link is in the way" in ran.err) == (1, True)
    assert clone.files() == before, "nothing is made where one cannot be"
    (clone.folder / ".vscode").unlink()
    ran = clone("init", "--template", "team")
    assert (ran.code, ".gitignore: exists" in ran.err) == (0, True)
    assert contents(outside) == {"ignored": b"theirs\n"}
    assert not [path for path in clone.files() if path.endswith(".tmp")]


def test_a_workspace_below_a_repository_is_reported(clone: World) -> None:
    git(clone.place, "init", "-q")
    ran = clone("init", "--template", "team", "--json")
    assert (ran.code, ran.json["below"]) == (0, "scripts")
    ran = clone("init", "--template", "team", "-n")
    assert "hint: move .github and .pre-commit-config.yaml to its root" in ran.err


# -- what the files do ----------------------------------------------------------------------------


def test_line_ends_converted_by_git_do_not_matter(clone: World) -> None:
    assert clone("init", "--template", "team").code == 0
    git(clone, "init", "-q")
    clone.write(LONGER.replace("\n", "\r\n"))
    git(clone, "add", "--all")
    git(clone, "commit", "-qm", "with CRLF")
    assert git(clone, "show", f"HEAD:{TREND_PATH}") + "\n" == LONGER
    assert clone("push").code == 0
    assert clone.saved() == [TREND, LONGER]
    git(clone, "commit", "-qam", "recorded")
    git(clone.place, "clone", "-q", "--config", "core.eol=crlf", str(clone.folder), "windows")
    windows = clone.place / "windows"
    assert (windows / TREND_PATH).read_bytes() == LONGER.replace("\n", "\r\n").encode()
    assert b"\r" not in (windows / "pine.toml").read_bytes()
    assert clone("status", cwd=windows).out == "nothing to pull or push, 3 scripts clean\n"
    assert git(windows, "status", "--short") == ""


def test_the_template_ignores_secrets_and_temporary_files(clone: World) -> None:
    assert clone("init", "--template", "team").code == 0
    git(clone, "init", "-q")
    for name in (".env", "cookies.txt", ".pinesync-0a.tmp", "indicators/Trend.pine~"):
        clone.write("x", name)
    assert set(git(clone, "ls-files", "--others", "--exclude-standard").split("\n")) == {
        *FILES,
        "pine.toml",
        "indicators/Trend.pine",
        "libraries/Tools.pine",
        "strategies/Breakout.pine",
    }


def test_the_vs_code_tasks_find_errors_in_the_output(clone: World) -> None:
    assert clone("init", "--template", "team").code == 0
    tasks = {task["label"]: task for task in json.loads(clone.read(".vscode/tasks.json"))["tasks"]}
    clone.write(BROKEN)
    lines = clone(*tasks["pinesync check"]["args"]).out.splitlines()
    assert clone(*tasks["pinesync status"]["args"]).code == 0
    for label in ("pinesync check", "pinesync watch"):
        pattern = tasks[label]["problemMatcher"]["pattern"]
        (match,) = [match for line in lines if (match := re.match(pattern["regexp"], line))]
        found = {key: match[number] for key, number in pattern.items() if key != "regexp"}
        assert found == {
            "file": TREND_PATH,
            "line": "13",
            "column": "6",
            "severity": "error",
            "message": 'Undeclared identifier "undeclared" [CE10272]',
        }


def test_the_package_contains_every_template_file() -> None:
    """No name begins with a dot, because git and the build treat those specially."""
    place = ROOT / "templates"
    found = [
        path.relative_to(place).as_posix()
        for folder in ("workspace", "action")
        for path in (place / folder).rglob("*")
        if path.is_file()
    ]
    assert sorted(found) == sorted(name for files in TEMPLATES.values() for name in files.values())


def test_init_in_a_folder_of_a_workspace_makes_no_second_one(clone: World) -> None:
    below = clone.folder / "indicators"
    ran = clone("init", "--template", "agent", code=2, cwd=below)
    assert f"in the workspace {clone.folder}" in ran.err
    assert not (below / "pine.toml").exists()
    assert clone("init", "drafts", code=0, cwd=below).code == 0
