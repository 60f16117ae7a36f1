"""`fetch`, and the remote-tracking branch that it and every pull move: git knows what the service
has, and nothing of the person's is touched."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.past import tree
from tests.world import (
    BREAKOUT,
    BREAKOUT_PATH,
    EXTRA,
    LONGER,
    MERGED,
    SLOWER,
    TOOLS_PATH,
    TREND,
    TREND_PATH,
    World,
    both_ways,
    git,
)

SAVED = "tradingview/saved"
EXTRA_PATH = "indicators/Extra.pine"


@pytest.fixture
def repository(clone: World) -> World:
    """A clone in git, all of it committed."""
    clone.git("init", "-q")
    committed(clone, "As they were saved")
    return clone


def committed(world: World, message: str = "more") -> None:
    world.git("add", "--all")
    world.git("commit", "-qm", message)


def saved(world: World) -> str:
    return git(world.folder, "rev-parse", SAVED)


def ahead(world: World, range_: str = f"..{SAVED}") -> list[str]:
    return [row for row in git(world.folder, "log", "--format=%s", range_).split("\n") if row]


def differs(world: World) -> list[str]:
    return [row for row in git(world.folder, "diff", "--name-only", SAVED).split("\n") if row]


def untouched(world: World) -> object:
    """What a fetch must leave alone: files, index, branches, records."""
    files = {path: body for path, body in world.files().items() if not path.startswith(".git/")}
    index = (world.folder / ".git" / "index").read_bytes()
    heads = git(world.folder, "for-each-ref", "refs/heads", "refs/tags")
    return files, index, heads, (world.folder / ".git" / "HEAD").read_bytes(), world.state()


# -- what it reads --------------------------------------------------------------------------------


@both_ways
def test_each_text_that_is_not_held_is_read_once(clone: World) -> None:
    clone.web_save(SLOWER)
    clone.web_save(EXTRA, "Extra")
    before = clone.files(), clone.state()
    ran = clone("fetch")
    assert (ran.code, sorted(ran.asked)) == (0, ["get", "get", "list"])
    assert ran.out.splitlines() == [
        f"remote-only  {EXTRA_PATH}  1.0",
        f"behind       {TREND_PATH}  1.0 → 2.0",
    ]
    assert clone("fetch").asked == ("list",)
    assert (clone.files(), clone.state()) == before
    assert clone("pull").asked == ("list",)
    assert clone.read() == SLOWER


def test_nothing_new(clone: World) -> None:
    ran = clone("fetch")
    assert (ran.code, ran.out, ran.err) == (0, "", "nothing new on TradingView\n")
    assert ran.asked == ("list",)


def test_a_merge_needs_nothing_more(clone: World) -> None:
    """Also on a machine that has never seen the base."""
    clone.forget()
    clone.write(LONGER)
    clone.web_save(SLOWER)
    assert clone("fetch").code == 0
    assert clone("pull").asked == ("list",)
    assert clone.read() == MERGED


def test_a_text_that_cannot_be_read_is_told(repository: World) -> None:
    repository.web_save(SLOWER)
    repository.web_save(BREAKOUT + "//\n", "Breakout")
    repository.plan.add("get:1:foreign-delete")
    ran = repository("fetch", "--jobs", "1")
    assert (ran.code, ran.err.count("TradingView refused")) == (1, 1)
    assert len(ran.out.splitlines()) == 2
    assert len(ahead(repository)) == 1


@pytest.mark.parametrize(("fault", "code"), [("expire", 5), ("list:1:html", 5)])
def test_a_session_that_ended_moves_nothing(repository: World, fault: str, code: int) -> None:
    repository("fetch")
    before = saved(repository)
    repository.web_save(SLOWER)
    if fault == "expire":
        repository.plan.expire()
    else:
        repository.plan.add(fault)
    assert repository("fetch").code == code
    assert saved(repository) == before


# -- the branch -----------------------------------------------------------------------------------


@both_ways
def test_what_differs_is_shown_by_git(repository: World) -> None:
    before = untouched(repository)
    assert repository("fetch").code == 0
    assert saved(repository) == git(repository.folder, "rev-parse", "HEAD")
    repository.web_save(SLOWER)
    repository.web_save(EXTRA, "Extra")
    repository("fetch")
    assert untouched(repository) == before
    assert sorted(ahead(repository)) == ["Extra 1.0", "Trend 2.0"]
    assert sorted(differs(repository)) == sorted([EXTRA_PATH, TREND_PATH, "pine.toml"])
    assert git(repository.folder, "diff", SAVED, "--", TREND_PATH).count("\n-") == 2
    told = git(repository.folder, "log", "-1", "--format=%(trailers)", "--grep=^Trend", SAVED)
    assert told == f"Pine-Id: {repository.id_of()}\nPine-Version: 2.0\n"


def test_a_pull_moves_it_and_a_commit_closes_the_gap(repository: World) -> None:
    repository.web_save(SLOWER)
    repository.web_save(EXTRA, "Extra")
    assert repository("pull").code == 0
    assert sorted(ahead(repository)) == ["Extra 1.0", "Trend 2.0"]
    repository.git("add", "--intent-to-add", ".")
    assert differs(repository) == []
    committed(repository)
    repository("pull")
    assert (ahead(repository), differs(repository)) == ([], [])
    assert saved(repository) == git(repository.folder, "rev-parse", "HEAD")


def test_a_pull_that_commits_leaves_no_gap(repository: World) -> None:
    repository.web_save(SLOWER)
    assert repository("pull", "--commit").code == 0
    assert saved(repository) == git(repository.folder, "rev-parse", "HEAD")
    assert (ahead(repository), differs(repository)) == ([], [])
    git(repository.folder, "config", "pinesync.track", "false")
    before = saved(repository)
    repository.web_save(SLOWER + "// more\n")
    assert repository("pull", "--commit").code == 0
    assert saved(repository) == before


def test_it_stays_where_it_is_while_nothing_changes(repository: World) -> None:
    repository.web_save(SLOWER)
    repository("fetch")
    before = saved(repository)
    repository("pull")
    repository("pull")
    repository.forget()
    repository("fetch")
    assert saved(repository) == before
    assert len(git(repository.folder, "reflog", "show", SAVED).split("\n")) == 1


def test_a_merge_of_it_takes_nothing_back(repository: World) -> None:
    """What was committed and not pushed stays, and what was saved there comes."""
    repository.write(LONGER)
    committed(repository, "mine")
    repository.write("notes", "NOTES")
    committed(repository, "notes")
    repository.web_save(SLOWER)
    repository.web_save(BREAKOUT + "// theirs\n", "Breakout")
    repository("fetch")
    assert sorted(ahead(repository)) == ["Breakout 2.0", "Trend 2.0"]
    assert ahead(repository, f"{SAVED}..") == ["notes", "mine"]
    repository.git("merge", "-q", SAVED, "-m", "merged")
    assert repository.read() == MERGED
    assert repository.read(BREAKOUT_PATH) == BREAKOUT + "// theirs\n"
    assert repository.words() == {TREND_PATH: "modified"}
    repository("fetch")
    assert (ahead(repository), differs(repository)) == ([], [TREND_PATH, "NOTES"][::-1])
    assert repository("push").code == 0
    committed(repository)
    repository("fetch")
    assert differs(repository) == []


def test_an_edit_that_was_committed_with_pine_toml(repository: World) -> None:
    """HEAD is no state that both sides agreed on, and none to go on from."""
    repository.web_save(BREAKOUT + "// theirs\n", "Breakout")
    repository("pull")
    repository.write(LONGER)
    committed(repository)
    repository("fetch")
    assert ahead(repository, f"{SAVED}..") == ["more"]
    assert differs(repository) == [TREND_PATH]
    repository.git("merge", "-q", SAVED, "-m", "merged")
    assert repository.read() == LONGER


def test_before_a_first_commit(clone: World) -> None:
    clone.git("init", "-q")
    clone("fetch")
    assert ahead(clone, SAVED) == ["3 scripts as they are saved"]
    clone.git("add", "--all")
    assert differs(clone) == []
    assert git(clone.folder, "log", "-1", "--format=%b", SAVED).count(" 1.0") == 3


def test_pine_toml_is_not_committed(clone: World) -> None:
    clone.git("init", "-q")
    clone.write("notes", "NOTES")
    clone.git("add", "NOTES")
    clone.git("commit", "-qm", "notes")
    clone("fetch")
    clone.git("add", "--all")
    assert differs(clone) == []
    git(clone.folder, "merge-base", "HEAD", SAVED, code=1)


def test_many_scripts_are_one_commit(repository: World) -> None:
    for number in range(51):
        repository.web_save(EXTRA + f"// {number}\n", f"Extra {number}")
    repository("fetch")
    assert ahead(repository) == ["51 scripts as they are saved"]
    assert len(differs(repository)) == 52


def test_a_file_keeps_its_own_line_ends(repository: World) -> None:
    """Tools came with CRLF and is LF here; one that a person made CRLF stays so."""
    repository.write(TREND.replace("\n", "\r\n"))
    committed(repository)
    repository("fetch")
    assert differs(repository) == []
    repository.web_save(SLOWER)
    repository("fetch")
    told = git(repository.folder, "diff", "--numstat", SAVED, "--", TREND_PATH)
    assert told == f"1\t1\t{TREND_PATH}"


def test_as_git_would_store_it(clone: World) -> None:
    """Line ends as .gitattributes has them."""
    clone.git("init", "-q")
    clone.write("*.pine text eol=crlf\n", ".gitattributes")
    committed(clone)
    for path in (TREND_PATH, BREAKOUT_PATH, TOOLS_PATH):
        (clone.folder / path).unlink()
    clone.git("checkout", "--", ".")
    assert "\r\n" in clone.read()
    clone.web_save(SLOWER)
    clone("fetch")
    assert tree(clone.folder, SAVED)[TREND_PATH] == SLOWER
    assert git(clone.folder, "diff", "--numstat", SAVED, "--", "*.pine") == f"1\t1\t{TREND_PATH}"


def test_a_script_that_moved_here(repository: World) -> None:
    (repository.folder / "mine").mkdir()
    repository.git("mv", TREND_PATH, "mine/Trend.pine")
    manifest = repository.read("pine.toml")
    repository.write(manifest.replace(TREND_PATH, "mine/Trend.pine"), "pine.toml")
    repository.web_save(SLOWER)
    repository("fetch")
    assert TREND_PATH not in tree(repository.folder, SAVED)
    assert tree(repository.folder, SAVED)["mine/Trend.pine"] == SLOWER


def test_a_workspace_below_the_top(clone: World) -> None:
    for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "all"]):
        git(clone.place, *words)
    clone.web_save(SLOWER)
    clone("fetch")
    assert tree(clone.place, SAVED)[f"scripts/{TREND_PATH}"] == SLOWER
    assert git(clone.place, "diff", "--name-only", "HEAD", SAVED).split("\n") == [
        f"scripts/{TREND_PATH}",
        "scripts/pine.toml",
    ]


# -- off, and what goes wrong ---------------------------------------------------------------------


def test_it_is_switched_off_by_a_setting(repository: World) -> None:
    repository.git("config", "pinesync.track", "false")
    for verb in ("fetch", "pull"):
        assert repository(verb).code == 0
        git(repository.folder, "rev-parse", "--verify", "--quiet", SAVED, code=1)
    assert repository("fetch", "--json").json["saved"] is None
    repository.git("config", "pinesync.track", "true")
    assert repository("fetch", "--json").json["saved"] == saved(repository)


def test_a_dry_run_moves_nothing(repository: World) -> None:
    repository("pull", "--dry-run")
    git(repository.folder, "rev-parse", "--verify", "--quiet", SAVED, code=1)


def test_a_pull_does_not_fail_with_git(repository: World) -> None:
    repository.git("update-ref", "refs/remotes/tradingview", "HEAD")
    repository.web_save(SLOWER)
    ran = repository("pull")
    assert (ran.code, repository.read()) == (0, SLOWER)
    assert f"{SAVED}: not moved: git fast-import failed: " in ran.err
    assert repository("fetch").code == 1


def test_a_repository_that_is_broken(repository: World) -> None:
    repository.web_save(SLOWER)
    (repository.folder / ".git" / "HEAD").write_text("broken")
    ran = repository("pull")
    assert (ran.code, repository.read()) == (0, SLOWER)
    assert f"{SAVED}: not moved: git refuses to read " in ran.err


def test_no_program_of_the_repository_is_run(repository: World, tmp_path: Path) -> None:
    hook = tmp_path / "hook"
    hook.write_text(f"#!/bin/sh\ntouch {tmp_path}/was-run\ncat\n")
    hook.chmod(0o755)
    repository.write("*.pine filter=shown\npine.toml filter=shown\n", ".gitattributes")
    committed(repository)
    (repository.folder / "hooks").mkdir()
    for name in ("reference-transaction", "post-index-change", "post-checkout"):
        (repository.folder / "hooks" / name).symlink_to(hook)
    for name in ("core.fsmonitor", "filter.shown.clean", "filter.shown.process"):
        repository.git("config", name, str(hook))
    repository.git("config", "filter.shown.required", "true")
    repository.git("config", "core.hooksPath", str(repository.folder / "hooks"))
    (tmp_path / "was-run").unlink(missing_ok=True)
    repository.web_save(SLOWER)
    assert repository("fetch").code == 0
    assert repository("history", "import").code == 0
    assert tree(repository.folder, SAVED)[TREND_PATH] == SLOWER
    assert not (tmp_path / "was-run").exists()


@pytest.mark.parametrize("where", [".gitattributes", "not committed", ".git/info/attributes"])
@pytest.mark.parametrize("attributes", ["ident", "text eol=crlf", "ident text eol=lf"])
def test_what_git_would_store_is_what_it_is_compared_with(
    repository: World, attributes: str, where: str
) -> None:
    """Line ends and `$Id$`, which need no program."""
    file = ".gitattributes" if where == "not committed" else where
    repository.write(f"*.pine {attributes}\n", file)
    if where == ".gitattributes":
        committed(repository)
    for text in (SLOWER + "// $Id: 12345 $\n", LONGER + "// $Id$\n"):
        repository.web_save(text)
        assert repository("pull").code == 0
        git(repository.folder, "diff", "--exit-code", "--stat", SAVED, "--", TREND_PATH)
        assert repository("fetch").code == 0
        git(repository.folder, "diff", "--exit-code", "--stat", SAVED, "--", TREND_PATH)


@pytest.mark.parametrize("first", ["fetch", "pull"])
def test_a_branch_that_no_filter_went_over_is_told_once(repository: World, first: str) -> None:
    repository.write("*.pine filter=words\n", ".gitattributes")
    committed(repository)
    # Attributes name it, and nobody set a program for it: git compares the files as they are.
    assert "filter" not in repository(first).err
    repository.git("config", "filter.words.clean", "sed s/fast/quick/")
    repository.web_save(SLOWER)
    ran = repository(first)
    assert (ran.code, repository("fetch").code) == (0, 0)
    assert f"{SAVED}: has the files exactly as TradingView has them" in ran.err
    for again in ("fetch", "pull"):
        repository.web_save(LONGER + f"// {again}\n")
        assert "filter" not in repository(again).err
    assert tree(repository.folder, SAVED)[TREND_PATH] == LONGER + "// pull\n"


def test_attributes_above_the_workspace(clone: World) -> None:
    """Of the whole repository, and not committed."""
    git(clone.place, "init", "-q")
    git(clone.place, "add", "scripts")
    git(clone.place, "commit", "-q", "-m", "As they were saved")
    (clone.place / ".gitattributes").write_text("*.pine ident\n")
    clone.web_save(SLOWER + "// $Id: 12345 $\n")
    assert clone("pull").code == 0
    assert tree(clone.place, SAVED)[f"scripts/{TREND_PATH}"] == SLOWER + "// $Id$\n"
    git(clone.folder, "diff", "--exit-code", "--stat", SAVED, "--", TREND_PATH)
