"""Every saved version as a commit, on a branch that only grows and is the same on every machine."""

from __future__ import annotations

import json
import os
import shutil
import signal
from collections.abc import Iterable
from pathlib import Path

import pytest

from pinesync.sandbox.app import Environ, StartResponse
from pinesync.workspace.manifest import dump_new, parse
from tests.cli.past import BEGAN, fill, moments, saves, tree
from tests.world import BREAKOUT_PATH, TOOLS_PATH, TREND_PATH, Ran, Watched, World, both_ways, git
from tests.world.repository import start
from tests.world.scripts import BREAKOUT, LONGER, SLOWER, TREND

BRANCH = "tradingview/history"
REF = f"refs/remotes/{BRANCH}"
SAVED = "refs/remotes/tradingview/saved"
HOSTILE = json.loads((Path(__file__).parents[1] / "data" / "hostile_names.json").read_text("utf-8"))


def tip(world: World, name: str = BRANCH) -> str:
    return git(world.folder, "rev-parse", name)


def later(world: World, text: str = SLOWER) -> None:
    """Save in the web editor some minutes later: the other saves have the same second."""
    when = int(world.store.now()) + 600
    world.store.save_next(world.user, world.id_of(), text, created=when)


def imported(world: World) -> Ran:
    return world("history", "import", code=0)


def subjects(world: World, *words: str) -> list[str]:
    return git(world.folder, "log", "--format=%s", *words).split("\n")


# -- what is on it --------------------------------------------------------------------------------


def test_six_hundred_versions_are_imported(world: World) -> None:
    """They include renames, deletions, CRLF, same-second saves and broken versions."""
    fill(world, 40, 600)
    made = world("clone", "--history", "--remote", world.remote_name, "scripts", code=0)
    assert made.out.endswith(f"imported 600 versions of 40 scripts onto {BRANCH}\n")
    folder, expected = world.folder, list(moments(world))
    assert git(folder, "status", "--porcelain") == ""
    assert git(folder, "fsck", "--strict") == ""
    lines = git(folder, "log", "--reverse", "--format=%H|%at|%ct|%s").split("\n")
    assert [row.split("|", 3)[1:] for row in lines] == [
        [str(one.when), str(one.when), one.subject] for one in expected
    ]
    commits = [row.partition("|")[0] for row in lines]
    for number in [*range(0, 600, 10), 599]:
        git(folder, "checkout", "-q", "--detach", commits[number])
        files = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*.pine")}
        texts = {name: path.read_bytes().decode() for name, path in files.items()}
        assert texts == expected[number].texts
        text = (folder / "pine.toml").read_text("utf-8")
        manifest = parse(text)
        assert text == dump_new(manifest)
        assert set(manifest.entries) == set(texts)
    assert world("status", "--offline").out.startswith("nothing to push, 40 scripts clean")
    git(folder, "checkout", "-q", commits[20])
    words_then = {line["word"] for line in world("status", "--json").json["lines"]}
    assert words_then == {"behind", "remote-only"}
    git(folder, "checkout", "-q", "main")
    _grows(world, commits)


def _grows(world: World, before: list[str]) -> None:
    """The branch grows by exactly the new versions, and no text is read twice."""
    ids = [script.pine_id for script in world.store.list(world.user)][:7]
    for number, pine_id in enumerate(ids):
        world.store.save_next(world.user, pine_id, TREND + f"// {number}\n", created=BEGAN)
    ran = imported(world)
    assert ran.out == f"imported 7 versions of 7 scripts onto {BRANCH}\n"
    assert sorted(ran.requests) == sorted(["list", *["history", "get"] * 7])
    after = git(world.folder, "rev-list", "--reverse", BRANCH).split("\n")
    assert after[:600] == before
    assert len(after) == 607
    again = world("history", "import")
    assert (again.code, again.out, again.requests) == (0, "", ("list",))
    assert tip(world) == after[-1]


def test_every_committed_pine_toml_is_well_formed(world: World) -> None:
    fill(world, 6, 30)
    world("clone", "--history", "--sandbox", "scripts")
    for commit in git(world.folder, "rev-list", "HEAD").split("\n"):
        files = tree(world.folder, commit)
        manifest = parse(files["pine.toml"])
        assert files["pine.toml"] == dump_new(manifest)
        assert set(manifest.entries) == set(files) - {"pine.toml"}


def test_git_log_and_bisect_work_on_the_history(world: World) -> None:
    """log --follow, blame and bisect."""
    text = TREND
    for number in range(12):
        text += f"// line {number}\n"
        world.web_save(text)
    world("clone", "--history", "--sandbox", "scripts")
    folder = world.folder
    assert len(subjects(world, "--follow", "--", TREND_PATH)) == 13
    blamed = git(folder, "blame", "--porcelain", "-L", "/line 7/,+1", TREND_PATH)
    assert "summary Trend 9.0" in blamed
    first = git(folder, "rev-list", "--max-parents=0", "HEAD")
    git(folder, "bisect", "start", "HEAD", first)
    found = git(folder, "bisect", "run", "sh", "-c", f"! grep -q 'line 4$' {TREND_PATH}")
    assert "Trend 6.0" in found
    git(folder, "bisect", "reset")


def test_an_old_commit_is_a_workspace_behind(repo: World) -> None:
    later(repo)
    imported(repo)
    git(repo.folder, "checkout", "-q", f"{BRANCH}~1")
    assert repo.statuses() == {TREND_PATH: "behind"}
    assert repo.version() == "1.0"


@both_ways
def test_a_clone_with_history_continues(world: World) -> None:
    made = world("clone", "--history", "--remote", world.remote_name, "scripts", "--json")
    assert (made.code, made.json["history"]["versions"]) == (0, 3)
    assert git(world.folder, "symbolic-ref", "HEAD") == "refs/heads/main"
    assert tip(world, "HEAD") == tip(world)
    assert git(world.folder, "status", "--porcelain") == ""
    assert world.statuses() == {}
    world.write_and_push(LONGER)
    assert imported(world).out == f"imported 1 version of 1 script onto {BRANCH}\n"
    assert git(world.folder, "diff", BRANCH) == ""


def test_a_partial_clone_has_a_partial_history(world: World) -> None:
    world("clone", "--history", "--sandbox", "--only", "T*", "scripts")
    assert sorted(subjects(world)) == ["Tools 1.0", "Trend 1.0"]
    world.web_save(LONGER, "Breakout")
    assert "nothing new" in world("history", "import").err


def test_an_empty_account_has_an_empty_history(world: World) -> None:
    world.store.reset(world.user)
    world("clone", "--history", "--sandbox", "scripts", code=0)
    assert git(world.folder, "status", "--porcelain") == "?? pine.toml"
    world.web_save(TREND, "First")
    assert imported(world).code == 0
    assert subjects(world, BRANCH) == ["First 1.0"]


# -- the folder that was there --------------------------------------------------------------------


def test_an_import_changes_no_file_index_or_branch(repo: World) -> None:
    repo.write(LONGER)
    repo.write("staged", "staged.txt")
    repo.git("add", "staged.txt")
    before = git(repo.folder, "status", "--porcelain=v2", "--branch"), repo.state()
    index = (repo.folder / ".git" / "index").read_bytes()
    files = {name: body for name, body in repo.files().items() if ".git/" not in name}
    imported(repo)
    after = {name: body for name, body in repo.files().items() if ".git/" not in name}
    assert after == files
    assert (repo.folder / ".git" / "index").read_bytes() == index
    assert git(repo.folder, "status", "--porcelain=v2", "--branch") == before[0]
    assert repo.state() == before[1]


def test_a_dry_run_reads_and_writes_nothing(repo: World) -> None:
    ran = repo("history", "import", "--dry-run")
    assert ran.out == f"would import 3 versions of 3 scripts onto {BRANCH}\n"
    assert ran.requests == ("list",)
    git(repo.folder, "rev-parse", "--verify", "--quiet", BRANCH, code=1)


def test_a_moved_script_moves_with_the_next_import(repo: World) -> None:
    """It moves with the next import that has new versions; existing commits are not rewritten."""
    imported(repo)
    before = tip(repo)
    (repo.folder / "mine").mkdir()
    repo.git("mv", TREND_PATH, "mine/Trend.pine")
    manifest = repo.read("pine.toml")
    repo.write(manifest.replace(TREND_PATH, "mine/Trend.pine"), "pine.toml")
    assert "nothing new" in repo("history", "import").err
    repo.web_save(SLOWER)
    imported(repo)
    assert tip(repo, f"{BRANCH}~1") == before
    files = tree(repo.folder, BRANCH)
    assert (files["mine/Trend.pine"], TREND_PATH in files) == (SLOWER, False)
    assert subjects(repo, "--follow", BRANCH, "--", "mine/Trend.pine") == [
        "Trend 2.0",
        "Trend 1.0",
    ]


def test_two_scripts_that_swapped_paths_are_imported(repo: World) -> None:
    imported(repo)
    manifest = repo.read("pine.toml")
    for old, new in ((TREND_PATH, "a"), (BREAKOUT_PATH, TREND_PATH), ("a", BREAKOUT_PATH)):
        manifest = manifest.replace(f'"{old}"', f'"{new}"')
    repo.write(manifest, "pine.toml")
    before = tree(repo.folder, BRANCH)
    repo.web_save(LONGER, "Tools")
    imported(repo)
    after = tree(repo.folder, BRANCH)
    assert after[TREND_PATH] == before[BREAKOUT_PATH]
    assert after[BREAKOUT_PATH] == before[TREND_PATH]
    names = {path: entry.name for path, entry in parse(after["pine.toml"]).entries.items()}
    assert names == {TREND_PATH: "Breakout", BREAKOUT_PATH: "Trend", TOOLS_PATH: "Tools"}
    git(repo.folder, "fsck", "--strict")


def test_a_deleted_script_stays_until_its_path_is_needed(repo: World) -> None:
    imported(repo)
    repo.web_delete("Trend")
    repo.web_save(LONGER, "Tools")
    imported(repo)
    assert tree(repo.folder, BRANCH)[TREND_PATH] == TREND
    repo("rm", TREND_PATH)
    repo.web_save(SLOWER, "Trend")
    imported(repo)
    files = tree(repo.folder, BRANCH)
    assert files[TREND_PATH] == SLOWER
    assert parse(files["pine.toml"]).entries.keys() == {*files} - {"pine.toml"}
    assert subjects(repo, BRANCH)[0] == "Trend 1.0"
    assert "nothing new" in repo("history", "import").err


def test_a_late_script_with_an_old_date_is_appended(repo: World) -> None:
    imported(repo)
    before = tip(repo)
    repo.store.save_new(repo.user, "Older", TREND, created=5)
    imported(repo)
    assert tip(repo, f"{BRANCH}~1") == before
    assert git(repo.folder, "log", "-1", "--format=%s %ct", BRANCH) == "Older 1.0 5"


def test_a_workspace_in_a_subfolder_is_imported(clone: World) -> None:
    git(clone.place, "init", "-q")
    imported(clone)
    files = tree(clone.place, BRANCH)
    assert files[f"scripts/{TREND_PATH}"] == TREND
    assert set(files) == {
        "scripts/pine.toml",
        *(f"scripts/{path}" for path in parse(files["scripts/pine.toml"]).entries),
    }


def test_a_sha256_repository_is_supported(clone: World) -> None:
    clone.git("init", "-q", "--object-format=sha256")
    imported(clone)
    clone.web_save(SLOWER)
    imported(clone)
    assert len(tip(clone)) == 64
    assert git(clone.folder, "fsck", "--strict") == ""


# -- refused --------------------------------------------------------------------------------------


def test_an_import_outside_git_is_refused(clone: World) -> None:
    ran = clone("history", "import")
    assert (ran.code, ran.requests) == (2, ())
    assert "`git init`" in ran.err


def test_a_checked_out_history_is_not_moved(repo: World) -> None:
    """It is not a local branch: git detaches HEAD, and an import moves only the ref."""
    imported(repo)
    repo.git("checkout", "-q", BRANCH)
    repo.git("worktree", "add", "-q", "../other", BRANCH)
    before = tip(repo, "HEAD")
    repo.web_save(SLOWER)
    imported(repo)
    assert (tip(repo, "HEAD"), tip(repo, f"{BRANCH}~1")) == (before, before)
    assert git(repo.place / "other", "rev-parse", "HEAD") == before
    assert git(repo.folder, "status", "--porcelain") == ""


@pytest.mark.parametrize("how", ["commit", "amend", "merge", "less", "spoil"])
def test_a_history_with_foreign_commits_is_refused(repo: World, how: str) -> None:
    later(repo)
    imported(repo)
    repo.git("checkout", "-q", BRANCH)
    if how == "commit":
        repo.git("commit", "--allow-empty", "-qm", "by hand")
    elif how == "amend":
        repo.git("commit", "--amend", "-qm", "by hand")
    elif how == "merge":
        repo.git("merge", "-q", "--allow-unrelated-histories", "-s", "ours", "main")
    elif how == "spoil":
        repo.write("[workspace]\n", "pine.toml")
        repo.git("commit", "--amend", "-q", "--all", "--no-edit")
    else:
        repo.git("reset", "-q", "--hard", "HEAD~2")
        message = git(repo.folder, "log", "-1", "--format=%B", "ORIG_HEAD")
        repo.git("commit", "--allow-empty", "-qm", message)
    repo.git("update-ref", REF, "HEAD")
    repo.git("checkout", "-q", "main")
    before = tip(repo)
    ran = repo("history", "import")
    assert (ran.code, ran.requests) == (3, ())
    assert "no import made" in ran.err
    assert tip(repo) == before


def test_a_shallow_history_is_refused_until_complete(repo: World) -> None:
    for name in ("Tools", "Breakout"):
        repo.web_delete(name)  # so that the last commits have all that is on the branch
    for number in range(3):
        repo.web_save(TREND + f"// {number}\n")
    imported(repo)
    other = repo.place / "other"
    source = f"file://{repo.folder}"
    repo.git("branch", BRANCH, REF)
    repo.git("clone", "-q", "--depth", "2", "--no-single-branch", source, str(other))
    git(other, "update-ref", REF, f"origin/{BRANCH}")
    assert "shallow" in repo("history", "import", cwd=other, code=3).err
    git(other, "fetch", "-q", "--unshallow")
    assert repo("history", "import", cwd=other).code == 0


@both_ways
@pytest.mark.parametrize(("fault", "code"), [("get:2+:html", 5), ("get:2+:500", 7), ("expire", 5)])
def test_an_interrupted_import_can_be_repeated(repo: World, fault: str, code: int) -> None:
    repo.monkeypatch.setattr("pinesync.tradingview.http.PAUSES", ())
    for number in range(6):
        repo.web_save(TREND + f"// {number}\n")
    if fault == "expire":
        repo.plan.expire()
    else:
        repo.plan.add(fault)
    assert repo("history", "import").code == code
    git(repo.folder, "rev-parse", "--verify", "--quiet", BRANCH, code=1)
    repo.plan.clear()
    assert imported(repo).out == f"imported 9 versions of 3 scripts onto {BRANCH}\n"


def test_a_script_with_an_unreadable_version_is_left_out(repo: World) -> None:
    repo.forget()
    repo.plan.add("get:1:foreign-delete")
    ran = repo("history", "import", "--jobs", "1", code=1)
    assert ran.out == f"imported 2 versions of 2 scripts onto {BRANCH}\n"
    assert "left out of the history" in ran.err


def test_a_version_with_a_nul_is_left_out(repo: World) -> None:
    repo.web_save("plot(\0)\n")
    repo.web_save(SLOWER)
    ran = repo("history", "import")
    assert (ran.code, len(subjects(repo, BRANCH))) == (1, 2)
    assert f"{TREND_PATH}: left out of the history: 2.0 has a NUL" in ran.err


def test_a_conflicting_ref_fails_the_import(repo: World) -> None:
    repo.git("update-ref", "refs/remotes/tradingview", "HEAD")
    assert "git fast-import failed" in repo("history", "import", code=1).err


# -- the same everywhere --------------------------------------------------------------------------


def test_two_machines_have_the_same_commits(world: World) -> None:
    fill(world, 5, 40)
    world.clone()
    start(world)
    imported(world)
    for pine_id in [save.pine_id for save in saves(world)][:3]:
        world.store.save_next(world.user, pine_id, TREND)
    other = world.place / "other"
    world.git("clone", "-q", ".", str(other))
    git(other, "fetch", "-q", "origin", f"{REF}:refs/remotes/origin/{BRANCH}")
    world.forget()
    assert world("history", "import", cwd=other).code == 0
    imported(world)
    git(other, "update-ref", REF, f"origin/{BRANCH}")
    world.forget()
    assert world("history", "import", cwd=other).code == 0
    assert git(other, "rev-parse", REF) == tip(world)


def test_two_clones_have_the_same_commits(world: World) -> None:
    fill(world, 5, 40)
    for name in ("one", "two"):
        assert world("clone", "--history", "--sandbox", name).code == 0
    one, two = (git(world.place / name, "rev-parse", "HEAD") for name in ("one", "two"))
    assert one == two


def test_a_repeated_import_makes_the_same_commits(repo: World) -> None:
    later(repo)
    imported(repo)
    before = tip(repo)
    repo.git("update-ref", "-d", REF)
    repo.forget()
    imported(repo)
    assert tip(repo) == before


def test_the_history_has_only_imported_commits(repo: World) -> None:
    """No commit, pull or fetch moves it either."""
    imported(repo)
    before = tip(repo)
    repo.write(LONGER)
    assert repo("push", "--commit").code == 0
    repo.web_save(BREAKOUT + "//\n", "Breakout")
    assert (repo("pull", "--commit").code, repo("fetch").code) == (0, 0)
    assert tip(repo) == before
    imported(repo)
    emails = git(repo.folder, "log", "--format=%ae", BRANCH).split("\n")
    assert {email.partition("@")[2] for email in emails} == {"users.noreply.tradingview.invalid"}
    assert sorted(subjects(repo, f"{before}..{BRANCH}")) == ["Breakout 2.0", "Trend 2.0"]


# -- beside what the service has ------------------------------------------------------------------


def test_a_clone_with_history_has_one_ref_for_log_and_saved(world: World) -> None:
    assert world("clone", "--history", "--sandbox", "scripts").code == 0
    made = {tip(world, name) for name in ("main", REF, SAVED)}
    assert len(made) == 1
    assert (world("fetch").code, world("pull").code) == (0, 0)
    assert {tip(world, name) for name in ("main", REF, SAVED)} == made


def test_fetch_reuses_the_imported_commits(world: World) -> None:
    """Unless the user adds commits. The log is the same everywhere, so it cannot tell whose saves
    these are; a commit on top does."""
    assert world("clone", "--history", "--sandbox", "scripts").code == 0
    world.write_and_push(LONGER, TREND_PATH)
    imported(world)
    assert world("fetch").code == 0
    assert tip(world, SAVED) == tip(world, REF)
    later(world, LONGER + "// theirs\n")
    assert world("fetch").code == 0
    assert subjects(world, f"{REF}..{SAVED}") == ["Trend 3.0"]
    imported(world)
    assert world("pull").code == 0
    assert subjects(world, f"{REF}..{SAVED}") == ["Which versions others saved"]
    assert subjects(world, f"main..{SAVED}")[1:] == ["Trend 3.0", "Trend 2.0"]
    assert git(world.folder, "diff", "--stat", SAVED) == ""
    before = tip(world, SAVED)
    world.forget()
    assert world("fetch").code == 0
    assert tip(world, SAVED) == before


def test_merging_the_branch_records_foreign_saves(world: World) -> None:
    """Otherwise git could revert the foreign save, and a push would not notice."""
    assert world("clone", "--history", "--sandbox", "scripts").code == 0
    later(world)
    imported(world)
    assert world("fetch").code == 0
    world.git("merge", "-q", "--ff-only", SAVED)
    assert (world.statuses(), world.read()) == ({}, SLOWER)
    world.git("checkout", "-q", "HEAD~2", "--", TREND_PATH)
    assert world.read() == TREND
    assert world.statuses() == {TREND_PATH: "undoes"}
    assert world("push", TREND_PATH).code == 3


def test_a_clone_without_tracking_has_no_branch(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    (world.place / "config").write_text("[pinesync]\n\ttrack = false\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(world.place / "config"))
    assert world("clone", "--history", "--sandbox", "scripts").code == 0
    git(world.folder, "rev-parse", "--verify", "--quiet", SAVED, code=1)


# -- what pinesync 0.1 left -----------------------------------------------------------------------


def as_of_0_1(world: World) -> str:
    """Make the log a local branch, with no other ref, and return its commit."""
    imported(world)
    before = tip(world)
    world.git("branch", BRANCH, REF)
    world.git("update-ref", "-d", REF)
    return before


def test_the_log_continues_a_local_branch_of_0_1(repo: World) -> None:
    before = as_of_0_1(repo)
    later(repo)
    dry = repo("history", "import", "--dry-run")
    assert (dry.out, "pinesync 0.1" in dry.err) == (
        f"would import 1 version of 1 script onto {BRANCH}\n",
        False,
    )
    ran = imported(repo)
    assert ran.out == f"imported 1 version of 1 script onto {BRANCH}\n"
    assert ran.err.count(f"The local branch {BRANCH}, made by pinesync 0.1, was left as it is") == 1
    assert tip(repo, f"refs/heads/{BRANCH}") == before
    assert tip(repo, f"{REF}~1") == before
    assert "pinesync 0.1" not in repo("history", "import").err


def test_a_local_branch_of_0_1_without_news_is_adopted(repo: World) -> None:
    """Also if it is checked out."""
    before = as_of_0_1(repo)
    repo.git("checkout", "-q", "-f", BRANCH)
    ran = repo("history", "import")
    assert (ran.code, ran.out, ran.requests) == (0, "", ("list",))
    assert f"nothing new for {BRANCH}" in ran.err
    assert (tip(repo, REF), tip(repo, f"refs/heads/{BRANCH}")) == (before, before)
    assert git(repo.folder, "symbolic-ref", "--short", "HEAD") == BRANCH


def test_a_local_branch_with_foreign_commits_is_left(repo: World) -> None:
    """A new log is started, and the old branch stays."""
    before = as_of_0_1(repo)
    repo.git("checkout", "-q", "-f", BRANCH)
    repo.git("commit", "--allow-empty", "-qm", "by hand")
    ran = repo("history", "import", "--json")
    assert (ran.code, ran.json["versions"], ran.json["tip"]) == (0, 3, before)
    assert "with commits that no import made, was left as it is" in ran.json["note"]
    assert tip(repo, REF) == before
    assert tip(repo, "HEAD~1") == before
    assert repo("history", "import", "--json").json["note"] == ""


def test_a_fetch_in_a_repository_of_0_1_leaves_its_branch(repo: World) -> None:
    before = as_of_0_1(repo)
    repo.web_save(SLOWER)
    assert repo("fetch").code == 0
    assert subjects(repo, f"main..{SAVED}") == ["Trend 2.0"]
    assert tip(repo, f"refs/heads/{BRANCH}") == before
    git(repo.folder, "rev-parse", "--verify", "--quiet", REF, code=1)


# -- hostile names --------------------------------------------------------------------------------


def test_hostile_names_forge_no_commit(world: World) -> None:
    forged = ["a\n\nPine-Id: USER;" + "0" * 32, "x\ncommit refs/heads/evil", 'a"b\\', "\x1b[31m"]
    names = dict.fromkeys(n for n in [*forged, *map(str, HOSTILE)] if n.strip())
    for number, name in enumerate(list(names)[:150]):
        world.store.save_new(world.user, name[:128], TREND + f"// {number}\n", overwrite=True)
    world("clone", "--history", "--sandbox", "scripts", code=0)
    assert git(world.folder, "fsck", "--strict") == ""
    assert git(world.folder, "status", "--porcelain") == ""
    form = "--format=%(trailers:key=Pine-Id,valueonly,separator=%x2C)"
    lines = git(world.folder, "log", "--reverse", form).split("\n")
    assert lines == [save.pine_id for save in saves(world)]
    refs = git(world.folder, "for-each-ref", "--format=%(refname)").split("\n")
    assert refs == ["refs/heads/main", REF, SAVED]
    assert "\x1b" not in git(world.folder, "log", "--format=%B")
    imported(world)


# -- kill -9 --------------------------------------------------------------------------------------

KILLING_GIT = """\
#!/bin/sh
for word; do
    if [ "$word" = fast-import ]; then
        head -c {size} | {git} "$@"
        kill -9 $PPID
        exit 1
    fi
done
exec {git} "$@"
"""


@pytest.fixture
def account(world: World) -> World:
    fill(world, 4, 24)
    return world


def _reference(world: World) -> tuple[str, str]:
    """The commits of a complete import: without the last two saves, and with them."""
    world("clone", "--sandbox", "scripts")
    world.git("init", "-q")
    imported(world)
    first = tip(world)
    for one in world.store.list(world.user)[:2]:
        world.store.save_next(world.user, one.pine_id, LONGER, created=BEGAN + 10_000_000)
    imported(world)
    return first, tip(world)


@pytest.mark.parametrize("size", [0, 90, 1_000, 6_000, 15_000, 10_000_000])
def test_an_import_killed_during_git_can_be_repeated(
    account: World, size: int, tmp_path: Path
) -> None:
    first, last = _reference(account)
    real, binary = shutil.which("git"), tmp_path / "bin"
    assert real
    binary.mkdir()
    (binary / "git").write_text(KILLING_GIT.format(size=size, git=real))
    (binary / "git").chmod(0o755)
    path = f"{binary}{os.pathsep}{os.environ['PATH']}"
    for begins in (None, first):
        account.git("update-ref", *(["-d", REF] if begins is None else
                                    [REF, begins]))  # fmt: skip
        killed = account.process("history", "import", PATH=path)
        assert killed.code == -signal.SIGKILL
        now = git(account.folder, "for-each-ref", "--format=%(objectname)", REF)
        assert now in (begins or "", last)
        assert git(account.folder, "fsck", "--strict", "--no-dangling") == ""
        assert account("history", "import").code == 0
        # Without the two, the order of a first import is that of the time: the same commits.
        assert tip(account) == last


@pytest.mark.parametrize("world", ["facade"], indirect=True)
@pytest.mark.parametrize("nth", [1, 2, 4, 7, 12, 20, 28, 30])
def test_an_import_killed_at_a_request_can_be_repeated(
    account: World, nth: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    account("clone", "--history", "--remote", account.remote_name, "reference")
    expected = git(account.place / "reference", "rev-parse", "HEAD")
    account.forget()
    requests: list[object] = []
    answer = Watched.__call__

    def counted(app: Watched, environ: Environ, start: StartResponse) -> Iterable[bytes]:
        requests.append(environ["PATH_INFO"])
        if len(requests) == nth:
            os.kill(child.pid, signal.SIGKILL)
        return answer(app, environ, start)

    monkeypatch.setattr(Watched, "__call__", counted)
    child = account.spawn("clone", "--history", "--remote", account.remote_name, "scripts")
    child.communicate()
    assert child.returncode == -signal.SIGKILL
    assert not account.folder.exists()
    again = account.process("clone", "--history", "--remote", account.remote_name, "scripts")
    assert again.code == 0
    assert tip(account) == expected
    # At most the interrupted requests are repeated.
    assert nth < 12 or again.requests.count("get") <= 24 - (nth - 2 - 4 - 4)


def test_a_clone_with_history_needs_git(world: World, tmp_path: Path) -> None:
    ran = world.process("clone", "--history", "--sandbox", "scripts", PATH=str(tmp_path))
    assert (ran.code, ran.requests) == (1, ())
    assert "git cannot be run" in ran.err
    assert not world.folder.exists()


def test_a_folder_name_with_a_newline_is_supported(clone: World) -> None:
    place = clone.folder / "a\nb"
    place.mkdir()
    for path in list(clone.folder.iterdir()):
        if path != place:
            path.rename(place / path.name)
    clone.git("init", "-q")
    ran = clone("history", "import", cwd=place)
    assert (ran.code, "a line break in its name" in ran.err) == (1, True)
    assert clone("pull", cwd=place).code == 0


@pytest.mark.parametrize("text", ["\ufeff" + TREND, "\ufeff\ufeff" + TREND, "", "\r", "a\x0cb"])
def test_the_files_of_a_clone_equal_its_last_commit(world: World, text: str) -> None:
    later(world, text)
    assert world("clone", "--history", "--sandbox", "scripts").code == 0
    assert git(world.folder, "status", "--porcelain") == ""
    assert world.statuses() == {}
