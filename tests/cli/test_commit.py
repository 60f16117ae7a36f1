"""`--commit` commits exactly the scripts that a run changed, and only their entries in
pine.toml."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from pathlib import Path

import pytest

from pinesync.model import PineId, Version
from pinesync.workspace.state import State
from tests.watch.editors import once_asked
from tests.world import BREAKOUT_PATH, TOOLS_PATH, TREND_PATH, World
from tests.world.repository import (
    git,
    git_code,
    head,
    hook,
    start,
    status,
    submodule,
    touched,
    trailers,
)
from tests.world.scripts import BREAKOUT, EXTRA, FASTER, LONGER, MERGED, SLOWER, TREND

EDITED = BREAKOUT + "// mine\n"


def noted(world: World, version: int, name: str = "Trend") -> str | None:
    folder = world.state_folder
    return State(folder).texts.commit_of(PineId(world.id_of(name)), Version(version))


# -- what is in it --------------------------------------------------------------------------------


def test_a_push_commits_its_scripts_and_nothing_else(repo: World) -> None:
    repo.write(LONGER)
    repo.write(EDITED, BREAKOUT_PATH)
    repo.write("staged\n", "notes.txt")
    repo.write(repo.read(TOOLS_PATH) + "// staged\r\n", TOOLS_PATH)
    git(repo, "add", "notes.txt", TOOLS_PATH)
    repo.write("edited since\n", "notes.txt")
    repo.write("# a remark\n" + repo.read("pine.toml"), "pine.toml")
    ran = repo("push", "--commit", TREND_PATH)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.splitlines()[1] == f"committed  {head(repo)[:10]}  Trend 2.0"
    assert touched(repo) == [TREND_PATH, "pine.toml"]
    assert git(repo, "show", f"HEAD:{TREND_PATH}") + "\n" == LONGER
    assert trailers(repo) == [f"Pine-Id: {repo.id_of()}", "Pine-Version: 2.0"]
    uncommitted = {f"M  {TOOLS_PATH}", " M pine.toml", f" M {BREAKOUT_PATH}", "AM notes.txt"}
    assert set(status(repo)) == uncommitted
    assert "a remark" not in git(repo, "show", "HEAD:pine.toml")
    assert git(repo, "diff", "--numstat", "pine.toml").split() == ["1", "0", "pine.toml"]
    assert git(repo, "show", ":notes.txt") == "staged"
    assert noted(repo, 2) == head(repo)


def test_a_custom_message_keeps_the_trailers(repo: World) -> None:
    repo.write(LONGER)
    repo.write(EDITED, BREAKOUT_PATH)
    ran = repo("push", "--commit", "-m", "Longer\n", "-m", "# 12: both\n\nPine-Version: 9.0")
    assert f"committed  {head(repo)[:10]}  Longer" in ran.out.splitlines()
    own, both, claimed, *_ = git(repo, "log", "-1", "--format=%B").split("\n\n")
    assert (own, both, claimed) == ("Longer", "# 12: both", "Pine-Version: 9.0")
    assert sorted(trailers(repo)) == sorted(
        [f"Pine-Id: {repo.id_of(name)}" for name in ("Trend", "Breakout")]
        + ["Pine-Version: 2.0"] * 2
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([], "-m goes with --commit"),
        (["--no-commit"], "-m goes with --commit"),
        (["--record", "refs/heads/saved"], "-m goes with --commit"),
        (["--commit", "-m", " "], "an empty commit message"),
    ],
    ids=" ".join,
)
def test_a_message_without_commit_is_refused(repo: World, options: list[str], message: str) -> None:
    repo.write(LONGER)
    ran = repo("push", *options, "-m", "Longer")
    assert (ran.code, ran.requests, message in ran.err) == (2, (), True)
    assert repo.saved() == [TREND]


def test_a_message_works_with_the_git_setting(repo: World) -> None:
    git(repo, "config", "pinesync.commit", "true")
    repo.write(LONGER)
    assert repo("push", "-m", "Longer").code == 0
    assert git(repo, "log", "-1", "--format=%s") == "Longer"


def test_several_scripts_have_a_line_and_trailers_each(repo: World) -> None:
    repo.web_save(SLOWER)
    repo.web_save(EDITED, "Breakout")
    repo.web_save(EXTRA, "Extra")
    ran = repo("pull", "--commit", "--json", code=0)
    made = ran.json["commit"]
    assert made["commit"] == head(repo)
    assert set(made["paths"]) == {TREND_PATH, BREAKOUT_PATH, "indicators/Extra.pine"}
    assert made["subject"] == git(repo, "log", "-1", "--format=%s") == "3 scripts from TradingView"
    body = git(repo, "log", "-1", "--format=%b").split("\n\n")[0].splitlines()
    assert sorted(body) == ["Breakout 2.0", "Extra 1.0", "Trend 2.0"]
    pairs = trailers(repo)
    for name, version in (("Trend", "2.0"), ("Breakout", "2.0"), ("Extra", "1.0")):
        at = pairs.index(f"Pine-Id: {repo.id_of(name)}")
        assert pairs[at + 1] == f"Pine-Version: {version}"
    assert status(repo) == []


def test_a_merge_has_no_version_trailer_and_a_conflict_is_not_committed(repo: World) -> None:
    repo.write(LONGER)
    repo.web_save(SLOWER)
    assert repo("pull", "--commit").code == 0
    assert repo.read() == MERGED
    assert git(repo, "log", "-1", "--format=%s") == "Trend 2.0, merged"
    assert trailers(repo) == []
    assert status(repo) == []
    assert noted(repo, 2) is None
    before = head(repo)
    repo.write(MERGED.replace("50", "51"))
    repo.web_save(FASTER)
    ran = repo("pull", "--commit", "--json")
    assert (ran.code, head(repo)) == (3, before)
    assert "commit" not in ran.json


def test_an_interrupted_push_commits_what_it_saved(repo: World) -> None:
    repo.write(LONGER)
    repo.write(EDITED, BREAKOUT_PATH)
    repo.plan.add("save_next:2:429:seconds=3600")
    assert "committed" in repo("push", "--commit", code=7).out
    assert len(trailers(repo)) == 2
    assert len(touched(repo)) == 2


def test_an_unchanged_workspace_makes_no_commit(repo: World) -> None:
    before = head(repo)
    assert repo("push", "--commit").code == 0
    assert repo("pull", "--commit").code == 0
    repo.write(LONGER)
    assert repo("push", "--commit", "--dry-run").code == 0
    assert head(repo) == before


def test_new_and_moved_scripts_are_committed(repo: World) -> None:
    repo("new", "Fresh")
    repo("push", "--commit")
    assert touched(repo) == ["indicators/Fresh.pine", "pine.toml"]
    moved = "indicators/Moved.pine"
    os.rename(repo.folder / TREND_PATH, repo.folder / moved)
    repo.write(repo.read("pine.toml").replace(TREND_PATH, moved), "pine.toml")
    repo.write(LONGER, moved)
    repo("push", "--commit", moved, code=0)
    assert set(touched(repo)) == {TREND_PATH, moved, "pine.toml"}
    assert status(repo) == []


def test_an_edit_during_the_upload_stays_an_edit(
    repo: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo.write(LONGER)
    once_asked(repo, monkeypatch, "save_next", lambda: repo.write(LONGER + "// newer\n"))
    assert repo("push", "--commit").code == 0
    assert git(repo, "show", f"HEAD:{TREND_PATH}") + "\n" == LONGER
    assert status(repo) == [f" M {TREND_PATH}"]
    assert repo.read().endswith("// newer\n")


@pytest.mark.parametrize(
    "name",
    [
        "# a comment",
        "--- a divider",
        "fixup! Trend",
        "Two\nPine-Version: 9.0",
        "Pine-Id: USER;" + "0" * 32,
        "\u202eolleh\x1b[2J",
    ],
)
def test_a_hostile_name_stays_in_the_subject(repo: World, name: str) -> None:
    """Editing such a commit, as with `git commit --amend`, keeps the message."""
    repo.write(LONGER)
    text = repo.read("pine.toml")
    assert text.count('name = "Trend"') == 1
    escaped = name.encode("unicode_escape").decode().replace("\\x", "\\u00")
    repo.write(text.replace('name = "Trend"', f'name = "{escaped}"'), "pine.toml")
    assert repo("push", "--commit").code == 0
    message = git(repo, "log", "-1", "--format=%B")
    assert trailers(repo) == [f"Pine-Id: {repo.id_of()}", "Pine-Version: 2.0"]
    subject, blank, *_ = message.split("\n")
    assert subject.strip('"').isprintable()
    assert subject[0] not in "#-"
    assert not subject.startswith("fixup!")
    assert blank == ""
    git(repo, "-c", "core.editor=true", "commit", "--amend", "-q")
    assert git(repo, "log", "-1", "--format=%B") == message


# -- what was staged ------------------------------------------------------------------------------


def test_staged_scripts_are_committed(repo: World) -> None:
    repo.write(LONGER)
    repo.write(EXTRA, "indicators/Extra.pine")
    repo("add", "indicators/Extra.pine")
    git(repo, "add", "--all")
    assert repo("push", "--commit").code == 0
    assert status(repo) == []


def test_a_different_staged_text_stays_staged(repo: World) -> None:
    repo.write(TREND + "// half of it\n")
    repo.write("# staged\n" + repo.read("pine.toml"), "pine.toml")
    git(repo, "add", "--all")
    repo.write(LONGER)
    assert f"{TREND_PATH}: another text was staged" in repo("push", "--commit", code=0).err
    assert git(repo, "show", f":{TREND_PATH}").endswith("// half of it")
    # only the comment in pine.toml is still staged
    assert git(repo, "diff", "--cached", "--numstat", "pine.toml").split() == [
        "1",
        "0",
        "pine.toml",
    ]
    assert git(repo, "diff", "--numstat", "pine.toml") == ""


def test_a_running_git_process_stops_the_push(repo: World) -> None:
    repo.write(LONGER)
    (repo.folder / ".git" / "index.lock").write_text("")
    ran = repo("push", "--commit")
    assert (ran.code, ran.requests) == (3, ())
    assert "another git process is running" in ran.err
    assert repo.saved() == [TREND]


def test_an_index_locked_during_the_commit_is_repaired_by_the_hint(repo: World) -> None:
    """The stale index would revert the commit with the next one."""
    repo.write(LONGER)
    hook(repo, "post-commit", "touch .git/index.lock")
    ran = repo("push", "--commit", code=1)
    assert "git's index is locked and still has the old files" in ran.err
    (repo.folder / ".git" / "index.lock").unlink()
    assert touched(repo) == [TREND_PATH, "pine.toml"]
    (command,) = re.findall(r"run `(git reset [^`]*)`", ran.err)
    git(repo, *shlex.split(command)[1:])
    assert status(repo) == []


def test_ignored_files_are_not_committed(repo: World) -> None:
    repo.write("*.pine\n", ".gitignore")
    git(repo, "add", ".gitignore")
    git(repo, "commit", "-qm", "ignore")
    repo.write(LONGER)
    repo("new", "Secret")
    ran = repo("push", "--commit", code=0)
    assert "indicators/Secret.pine: not committed: git ignores it" in ran.err
    assert touched(repo) == [TREND_PATH, "pine.toml"]  # tracked, so not ignored
    assert "Secret" not in git(repo, "show", "HEAD:pine.toml")


def test_an_ignored_pine_toml_stops_the_push(clone: World) -> None:
    git(clone, "init", "-q")
    clone.write("pine.toml\n", ".gitignore")
    clone.write(LONGER)
    ran = clone("push", "--commit")
    assert (ran.code, ran.requests) == (3, ())
    assert "git ignores pine.toml" in ran.err


# -- the setting ----------------------------------------------------------------------------------


def test_an_option_overrides_the_git_setting(repo: World) -> None:
    git(repo, "config", "pinesync.commit", "true")
    before = head(repo)
    repo.write(LONGER)
    assert repo("push", "--no-commit").code == 0
    assert head(repo) == before
    repo.web_save(SLOWER)
    git(repo, "commit", "-qam", "mine")
    assert repo("pull").code == 0
    assert trailers(repo) == [f"Pine-Id: {repo.id_of()}", "Pine-Version: 3.0"]
    git(repo, "config", "pinesync.commit", "sometimes")
    ran = repo("push")
    assert (ran.code, ran.requests) == (2, ())
    assert "pinesync.commit" in ran.err


def test_pine_toml_cannot_turn_commits_on(repo: World) -> None:
    repo.write(
        repo.read("pine.toml").replace("[workspace]", "[workspace]\ncommit = true"), "pine.toml"
    )
    assert repo("push").code == 2


# -- hooks ----------------------------------------------------------------------------------------


def test_hooks_run_on_the_commit(repo: World) -> None:
    hook(repo, "pre-commit", f"git diff --cached --name-only > {repo.place}/seen")
    hook(repo, "commit-msg", 'echo "Ticket: 7" >> "$1"')
    repo.write(EDITED, BREAKOUT_PATH)
    git(repo, "add", BREAKOUT_PATH)
    repo.write(LONGER)
    assert repo("push", "--commit", TREND_PATH).code == 0
    assert (repo.place / "seen").read_text().split() == [TREND_PATH, "pine.toml"]
    assert trailers(repo)[-1] == "Ticket: 7"
    assert status(repo) == [f"M  {BREAKOUT_PATH}"]


@pytest.mark.parametrize(
    "script", ["echo no good >&2; exit 1", f"echo '// x' >> {TREND_PATH}; git add {TREND_PATH}"]
)
def test_a_refusing_or_changing_hook_leaves_the_commit_out(repo: World, script: str) -> None:
    hook(repo, "pre-commit", script)
    before, tree = head(repo), git(repo, "write-tree")
    repo.write(LONGER)
    ran = repo("push", "--commit", code=1)
    assert f"saved      {TREND_PATH}  1.0 → 2.0" in ran.out
    assert "pine.toml: not committed: " in ran.err
    assert ("no good" in ran.err) == ("no good" in script)
    assert (head(repo), git(repo, "write-tree")) == (before, tree)
    assert repo.saved() == [TREND, LONGER]
    assert repo.version() == "2.0"
    assert repo.read().startswith(LONGER)


def test_a_hook_that_commits_again_is_reported(repo: World) -> None:
    more = "git commit --quiet --allow-empty --message more"
    hook(repo, "post-commit", f'[ "$(git log -1 --format=%s)" = more ] || {more}')
    repo.write(LONGER)
    assert "something else moved HEAD" in repo("push", "--commit", code=1).err
    assert git(repo, "log", "-2", "--format=%s").split("\n") == ["more", "Trend 2.0"]


def test_a_missing_signing_key_stops_the_commit(repo: World) -> None:
    """Commits are signed as configured, and a failure is reported."""
    git(repo, "config", "commit.gpgSign", "true")
    git(repo, "config", "gpg.program", "/nowhere/gpg")
    before = head(repo)
    repo.write(LONGER)
    ran = repo("push", "--commit")
    assert (ran.code, head(repo)) == (1, before)
    assert "gpg" in ran.err


def test_a_changing_hook_leaves_the_first_commit_out(clone: World) -> None:
    git(clone, "init", "-q")
    hook(clone, "pre-commit", "echo x > more.txt; git add more.txt")
    clone.write(LONGER)
    assert clone("push", "--commit").code == 1
    assert git(clone, "for-each-ref") == ""


def test_programs_of_a_repository_run_only_for_a_commit(repo: World) -> None:
    """An unpacked archive may contain a .git with foreign settings."""
    program = repo.place / "program"
    program.write_text(f"#!/bin/sh\necho ran >> {repo.place}/ran\n")
    program.chmod(0o755)
    (repo.folder / ".git" / "hooks").mkdir(exist_ok=True)
    for name in ("pre-commit", "post-commit", "post-index-change", "reference-transaction"):
        (repo.folder / ".git" / "hooks" / name).symlink_to(program)
    repo.write("*.pine filter=x diff=x\npine.toml filter=x diff=x\n", ".git/info/attributes")
    for setting in (
        "core.fsmonitor",
        "gpg.program",
        "core.pager",
        "diff.external",
        "filter.x.clean",
    ):
        git(repo, "config", setting, str(program))
    for setting in ("filter.x.smudge", "diff.x.textconv", "diff.x.command"):
        git(repo, "config", setting, str(program))
    git(repo, "config", "log.showSignature", "true")
    repo.write(LONGER)
    for command in ("push", "pull", f"blame-version {TREND_PATH}", "hooks status", "repair"):
        ran = repo(*command.split())
        assert (ran.code in (0, 3), (repo.place / "ran").exists()) == (True, False), command
    repo.write(FASTER)
    repo("push", "--commit")
    assert (repo.place / "ran").exists()


# -- repositories of every kind -------------------------------------------------------------------


def test_commit_needs_a_repository(clone: World) -> None:
    clone.write(LONGER)
    ran = clone("push", "--commit")
    assert (ran.code, ran.requests) == (2, ())
    assert "not in a git repository" in ran.err
    assert "hint: run `git init`" in ran.err
    assert clone("push").code == 0


def test_commit_needs_an_author(repo: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    git(repo, "config", "user.useConfigOnly", "true")
    repo.write(LONGER)
    ran = repo("push", "--commit")
    assert (ran.code, ran.requests) == (2, ())
    assert "git config user.email" in ran.err


@pytest.mark.parametrize("operation", ["merge", "rebase", "cherry-pick", "revert"])
def test_an_unfinished_git_operation_stops_the_push(repo: World, operation: str) -> None:
    git(repo, "checkout", "-qb", "other")
    for branch, text in (("other", "2"), ("main", "3")):
        git(repo, "checkout", "-q", branch)
        for line in ("1", text):
            repo.write(line, "notes.txt")
            git(repo, "add", "notes.txt")
            git(repo, "commit", "-qm", line)
    words = {"revert": ["revert", "--no-edit", "HEAD~1"]}.get(operation, [operation, "other"])
    assert git_code(repo, *words) == 1
    repo.write(LONGER)
    ran = repo("push", "--commit")
    assert (ran.code, ran.requests) == (3, ())
    assert f"a {operation} is under way" in ran.err
    assert repo("push", "--no-commit").code == 0


@pytest.mark.parametrize("verb", ["push", "pull"])
@pytest.mark.parametrize("where", ["repository", "worktree"])
@pytest.mark.parametrize("operation", ["bisect", "bisect that only began", "rebase"])
def test_a_detached_head_in_a_bisect_or_rebase_stops_the_push(
    repo: World, tmp_path: Path, verb: str, where: str, operation: str
) -> None:
    """HEAD is detached in a bisect or a rebase, and returns to its branch at the end."""
    for line in ("1", "2", "3"):
        repo.write(line, "notes.txt")
        git(repo, "add", "notes.txt")
        git(repo, "commit", "-qm", line)
    work_tree = repo.folder
    if where == "worktree":
        work_tree = tmp_path / "beside"
        git(repo, "worktree", "add", "-q", "-b", "other", str(work_tree))
    if operation == "rebase":
        stops = ["git", "rebase", "-q", "--exec", "false", "HEAD~2"]
        assert subprocess.run(stops, cwd=work_tree, check=False, capture_output=True).returncode
    else:
        git(work_tree, "bisect", "start", *(["HEAD", "HEAD~3"] if operation == "bisect" else []))
    (work_tree / TREND_PATH).write_text(LONGER)
    repo.web_save(EDITED, "Breakout")
    before = git(work_tree, "rev-parse", "HEAD")
    ran = repo(verb, "--commit", cwd=work_tree)
    assert (ran.code, ran.requests) == (3, ())
    assert f"a {operation.split()[0]} is under way" in ran.err
    assert git(work_tree, "rev-parse", "HEAD") == before
    assert (work_tree / BREAKOUT_PATH).read_text() == BREAKOUT
    assert repo(verb, "--no-commit", cwd=work_tree).code == 0


@pytest.mark.parametrize("verb", ["push", "pull"])
def test_a_commit_on_a_detached_head_is_made_with_a_hint_to_keep_it(repo: World, verb: str) -> None:
    """As in a submodule: the commit is made, with a hint how to keep it."""
    git(repo, "checkout", "-q", "--detach")
    repo.write(LONGER)
    repo.web_save(EDITED, "Breakout")
    before = head(repo)
    ran = repo(verb, "--commit", code=0)
    assert git(repo, "rev-parse", "HEAD~1") == before
    assert f"the commit {head(repo)[:9]} is on no branch" in ran.err
    git(repo, *shlex.split(ran.err.partition("`git ")[2].partition("`")[0]))
    assert git(repo, "rev-parse", "NAME") == head(repo)
    git(repo, "checkout", "-q", "NAME")
    repo.web_save(EDITED + "// more\n", "Breakout")
    assert "on no branch" not in repo("pull", "--commit").err


def test_a_commit_on_a_submodules_detached_head_is_made(repo: World, tmp_path: Path) -> None:
    around = tmp_path / "around"
    around.mkdir()
    git(around, "init", "-q")
    added = ("-c", "protocol.file.allow=always", "submodule", "add", "-q")
    git(around, *added, str(repo.folder), "scripts")
    git(around, "commit", "-qm", "a submodule")
    submodule = around / "scripts"
    git(submodule, "checkout", "-q", "--detach")
    repo.web_save(SLOWER)
    assert "is on no branch" in repo("pull", "--commit", cwd=submodule, code=0).err
    assert git(around, "status", "--short") == " M scripts"


def test_an_invalid_pine_toml_in_head_stops_the_push(repo: World) -> None:
    good = repo.read("pine.toml")
    repo.write("<<<<<<< HEAD\n", "pine.toml")
    git(repo, "commit", "-qam", "broken")
    repo.write(good, "pine.toml")
    repo.write(LONGER)
    ran = repo("push", "--commit")
    assert (ran.code, ran.requests) == (3, ())
    assert "in HEAD is not valid" in ran.err


def test_the_first_commit_can_be_made(clone: World) -> None:
    git(clone, "init", "-q")
    clone.write("staged\n", "notes.txt")
    git(clone, "add", "notes.txt")
    clone.write(LONGER)
    assert clone("push", "--commit").code == 0
    assert touched(clone) == [TREND_PATH, "pine.toml"]
    assert git(clone, "show", "HEAD:pine.toml").count("[scripts.") == 1
    assert {"A  notes.txt", " M pine.toml"} <= set(status(clone))


def test_a_detached_head_gets_the_commit(repo: World) -> None:
    git(repo, "checkout", "-q", "--detach")
    repo.write(LONGER)
    assert repo("push", "--commit").code == 0
    assert touched(repo) == [TREND_PATH, "pine.toml"]
    assert git(repo, "rev-parse", "main") == git(repo, "rev-parse", "HEAD^")


def test_a_workspace_in_a_subfolder_is_committed(clone: World) -> None:
    start(clone, clone.place)
    clone.write(LONGER)
    assert clone("push", "--commit").code == 0
    assert touched(clone) == [f"scripts/{TREND_PATH}", "scripts/pine.toml"]
    assert status(clone) == []


def test_a_linked_work_tree_is_committed(repo: World) -> None:
    git(repo, "worktree", "add", "-q", "../other")
    other = repo.place / "other"
    (other / TREND_PATH).write_text(LONGER)
    assert repo("push", "--commit", cwd=other).code == 0
    assert git(other, "log", "-1", "--format=%s") == "Trend 2.0"
    assert (git(other, "status", "--short"), status(repo)) == ("", [])


def test_a_submodule_is_committed(repo: World) -> None:
    inner = submodule(repo, repo.place / "above")
    (inner / TREND_PATH).write_text(LONGER)
    assert repo("push", "--commit", cwd=inner).code == 0
    assert git(inner, "log", "-1", "--format=%s") == "Trend 2.0"
    assert git(inner, "status", "--short") == ""


def test_files_with_converted_line_ends_are_committed(repo: World) -> None:
    git(repo, "config", "core.autocrlf", "true")
    for path in (TREND_PATH, "pine.toml"):
        repo.remove(path)
    git(repo, "checkout", "-q", "--", ".")
    assert b"\r\n" in (repo.folder / "pine.toml").read_bytes()
    repo.write(LONGER.replace("\n", "\r\n"))
    assert repo("push", "--commit").code == 0
    assert git(repo, "show", f"HEAD:{TREND_PATH}") + "\n" == LONGER
    assert git(repo, "diff", "HEAD~1", "--numstat", "--", "pine.toml").split()[:2] == ["2", "2"]
    assert status(repo) == []


# -- without a commit -----------------------------------------------------------------------------


def test_a_push_of_a_committed_text_is_noted(repo: World) -> None:
    repo.write(LONGER)
    git(repo, "commit", "-qam", "longer")
    repo.write_and_push(EDITED, BREAKOUT_PATH)
    assert noted(repo, 2) == head(repo)
    assert noted(repo, 2, "Breakout") is None


def test_a_push_outside_git_notes_no_commit(clone: World) -> None:
    clone.write_and_push(LONGER)
    assert not [path for path in clone.state() if "/commits/" in path]
    assert Path(clone.folder, "pine.toml").exists()
