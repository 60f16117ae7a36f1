"""`fetch` and the remote-tracking branch that it and every pull move: git knows what the service
has, and the work of the person stays untouched."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.past import tree
from tests.world import BREAKOUT_PATH, TOOLS_PATH, TREND_PATH, World, both_ways, git
from tests.world.scripts import BREAKOUT, EXTRA, LONGER, MERGED, SLOWER, TREND

SAVED = "tradingview/saved"
EXTRA_PATH = "indicators/Extra.pine"


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
    """The parts that a fetch must leave alone: files, index, branches, intents."""
    files = {path: body for path, body in world.files().items() if not path.startswith(".git/")}
    index = (world.folder / ".git" / "index").read_bytes()
    heads = git(world.folder, "for-each-ref", "refs/heads", "refs/tags")
    return files, index, heads, (world.folder / ".git" / "HEAD").read_bytes(), world.state()


# -- what it reads --------------------------------------------------------------------------------


@both_ways
def test_each_missing_text_is_read_once(clone: World) -> None:
    clone.web_save(SLOWER)
    clone.web_save(EXTRA, "Extra")
    before = clone.files(), clone.state()
    ran = clone("fetch")
    assert (ran.code, sorted(ran.requests)) == (0, ["get", "get", "list"])
    assert ran.out.splitlines() == [
        f"remote-only  {EXTRA_PATH}  1.0",
        f"behind       {TREND_PATH}  1.0 → 2.0",
    ]
    assert clone("fetch").requests == ("list",)
    assert (clone.files(), clone.state()) == before
    assert clone("pull").requests == ("list",)
    assert clone.read() == SLOWER


def test_nothing_new_is_one_request(clone: World) -> None:
    ran = clone("fetch")
    assert (ran.code, ran.out, ran.err) == (0, "", "nothing new on TradingView\n")
    assert ran.requests == ("list",)


def test_a_merge_after_a_fetch_reads_no_texts(clone: World) -> None:
    """Also on a machine that has never seen the base."""
    clone.forget()
    clone.write(LONGER)
    clone.web_save(SLOWER)
    assert clone("fetch").code == 0
    assert clone("pull").requests == ("list",)
    assert clone.read() == MERGED


def test_fetch_skips_and_reports_an_unreadable_text(repo: World) -> None:
    repo.web_save(SLOWER)
    repo.web_save(BREAKOUT + "//\n", "Breakout")
    repo.plan.add("get:1:foreign-delete")
    ran = repo("fetch", "--jobs", "1")
    assert (ran.code, ran.err.count("TradingView refused")) == (1, 1)
    assert len(ran.out.splitlines()) == 2
    assert len(ahead(repo)) == 1


@pytest.mark.parametrize(("fault", "code"), [("expire", 5), ("list:1:html", 5)])
def test_an_expired_session_moves_nothing(repo: World, fault: str, code: int) -> None:
    repo("fetch")
    before = saved(repo)
    repo.web_save(SLOWER)
    if fault == "expire":
        repo.plan.expire()
    else:
        repo.plan.add(fault)
    assert repo("fetch").code == code
    assert saved(repo) == before


# -- the branch -----------------------------------------------------------------------------------


@both_ways
def test_git_diff_shows_what_differs(repo: World) -> None:
    before = untouched(repo)
    assert repo("fetch").code == 0
    assert saved(repo) == git(repo.folder, "rev-parse", "HEAD")
    repo.web_save(SLOWER)
    repo.web_save(EXTRA, "Extra")
    repo("fetch")
    assert untouched(repo) == before
    assert sorted(ahead(repo)) == ["Extra 1.0", "Trend 2.0"]
    assert sorted(differs(repo)) == sorted([EXTRA_PATH, TREND_PATH, "pine.toml"])
    assert git(repo.folder, "diff", SAVED, "--", TREND_PATH).count("\n-") == 2
    message = git(repo.folder, "log", "-1", "--format=%(trailers)", "--grep=^Trend", SAVED)
    assert message == f"Pine-Id: {repo.id_of()}\nPine-Version: 2.0\n"


def test_a_pull_moves_the_branch_and_a_commit_catches_up(repo: World) -> None:
    repo.web_save(SLOWER)
    repo.web_save_and_pull(EXTRA, "Extra")
    assert sorted(ahead(repo)) == ["Extra 1.0", "Trend 2.0"]
    repo.git("add", "--intent-to-add", ".")
    assert differs(repo) == []
    committed(repo)
    repo("pull")
    assert (ahead(repo), differs(repo)) == ([], [])
    assert saved(repo) == git(repo.folder, "rev-parse", "HEAD")


def test_a_pull_with_commit_is_level_with_the_branch(repo: World) -> None:
    repo.web_save(SLOWER)
    assert repo("pull", "--commit").code == 0
    assert saved(repo) == git(repo.folder, "rev-parse", "HEAD")
    assert (ahead(repo), differs(repo)) == ([], [])
    git(repo.folder, "config", "pinesync.track", "false")
    before = saved(repo)
    repo.web_save(SLOWER + "// more\n")
    assert repo("pull", "--commit").code == 0
    assert saved(repo) == before


def test_the_branch_stays_while_nothing_changes(repo: World) -> None:
    repo.web_save(SLOWER)
    repo("fetch")
    before = saved(repo)
    repo("pull")
    repo("pull")
    repo.forget()
    repo("fetch")
    assert saved(repo) == before
    assert len(git(repo.folder, "reflog", "show", SAVED).split("\n")) == 1


def test_merging_the_branch_reverts_nothing(repo: World) -> None:
    """Unpushed commits stay, and new versions arrive."""
    repo.write(LONGER)
    committed(repo, "mine")
    repo.write("notes", "NOTES")
    committed(repo, "notes")
    repo.web_save(SLOWER)
    repo.web_save(BREAKOUT + "// theirs\n", "Breakout")
    repo("fetch")
    assert sorted(ahead(repo)) == ["Breakout 2.0", "Trend 2.0"]
    assert ahead(repo, f"{SAVED}..") == ["notes", "mine"]
    repo.git("merge", "-q", SAVED, "-m", "merged")
    assert repo.read() == MERGED
    assert repo.read(BREAKOUT_PATH) == BREAKOUT + "// theirs\n"
    assert repo.statuses() == {TREND_PATH: "modified"}
    repo("fetch")
    assert (ahead(repo), differs(repo)) == ([], [TREND_PATH, "NOTES"][::-1])
    assert repo("push").code == 0
    committed(repo)
    repo("fetch")
    assert differs(repo) == []


def test_a_commit_with_an_edit_is_not_a_merge_base(repo: World) -> None:
    """HEAD is not a state both sides agreed on, so the branch does not start from it."""
    repo.web_save_and_pull(BREAKOUT + "// theirs\n", "Breakout")
    repo.write(LONGER)
    committed(repo)
    repo("fetch")
    assert ahead(repo, f"{SAVED}..") == ["more"]
    assert differs(repo) == [TREND_PATH]
    repo.git("merge", "-q", SAVED, "-m", "merged")
    assert repo.read() == LONGER


def test_fetch_works_before_the_first_commit(clone: World) -> None:
    clone.git("init", "-q")
    clone("fetch")
    assert ahead(clone, SAVED) == ["3 scripts as they are saved"]
    clone.git("add", "--all")
    assert differs(clone) == []
    assert git(clone.folder, "log", "-1", "--format=%b", SAVED).count(" 1.0") == 3


def test_fetch_works_with_an_uncommitted_pine_toml(clone: World) -> None:
    clone.git("init", "-q")
    clone.write("notes", "NOTES")
    clone.git("add", "NOTES")
    clone.git("commit", "-qm", "notes")
    clone("fetch")
    clone.git("add", "--all")
    assert differs(clone) == []
    git(clone.folder, "merge-base", "HEAD", SAVED, code=1)


def test_many_scripts_are_one_commit(repo: World) -> None:
    for number in range(51):
        repo.web_save(EXTRA + f"// {number}\n", f"Extra {number}")
    repo("fetch")
    assert ahead(repo) == ["51 scripts as they are saved"]
    assert len(differs(repo)) == 52


def test_a_file_keeps_its_own_line_ends(repo: World) -> None:
    """Tools was saved with CRLF and is LF here; a file changed to CRLF stays so."""
    repo.write(TREND.replace("\n", "\r\n"))
    committed(repo)
    repo("fetch")
    assert differs(repo) == []
    repo.web_save(SLOWER)
    repo("fetch")
    changes = git(repo.folder, "diff", "--numstat", SAVED, "--", TREND_PATH)
    assert changes == f"1\t1\t{TREND_PATH}"


def test_texts_are_committed_as_git_stores_them(clone: World) -> None:
    """Line ends are converted according to .gitattributes."""
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


def test_a_moved_script_moves_on_the_branch(repo: World) -> None:
    (repo.folder / "mine").mkdir()
    repo.git("mv", TREND_PATH, "mine/Trend.pine")
    manifest = repo.read("pine.toml")
    repo.write(manifest.replace(TREND_PATH, "mine/Trend.pine"), "pine.toml")
    repo.web_save(SLOWER)
    repo("fetch")
    assert TREND_PATH not in tree(repo.folder, SAVED)
    assert tree(repo.folder, SAVED)["mine/Trend.pine"] == SLOWER


def test_a_workspace_in_a_subfolder_is_tracked(clone: World) -> None:
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


def test_tracking_can_be_turned_off(repo: World) -> None:
    repo.git("config", "pinesync.track", "false")
    for verb in ("fetch", "pull"):
        assert repo(verb).code == 0
        git(repo.folder, "rev-parse", "--verify", "--quiet", SAVED, code=1)
    assert repo("fetch", "--json").json["saved"] is None
    repo.git("config", "pinesync.track", "true")
    assert repo("fetch", "--json").json["saved"] == saved(repo)


def test_a_dry_run_moves_nothing(repo: World) -> None:
    repo("pull", "--dry-run")
    git(repo.folder, "rev-parse", "--verify", "--quiet", SAVED, code=1)


def test_a_pull_succeeds_although_git_fails(repo: World) -> None:
    repo.git("update-ref", "refs/remotes/tradingview", "HEAD")
    repo.web_save(SLOWER)
    ran = repo("pull")
    assert (ran.code, repo.read()) == (0, SLOWER)
    assert f"{SAVED}: not moved: git fast-import failed: " in ran.err
    assert repo("fetch").code == 1


def test_a_broken_repository_does_not_stop_a_pull(repo: World) -> None:
    repo.web_save(SLOWER)
    (repo.folder / ".git" / "HEAD").write_text("broken")
    ran = repo("pull")
    assert (ran.code, repo.read()) == (0, SLOWER)
    assert f"{SAVED}: not moved: git refuses to read " in ran.err


@pytest.mark.promise("S14")
def test_no_program_of_the_repository_is_run(repo: World, tmp_path: Path) -> None:
    hook = tmp_path / "hook"
    hook.write_text(f"#!/bin/sh\ntouch {tmp_path}/was-run\ncat\n")
    hook.chmod(0o755)
    repo.write("*.pine filter=shown\npine.toml filter=shown\n", ".gitattributes")
    committed(repo)
    (repo.folder / "hooks").mkdir()
    for name in ("reference-transaction", "post-index-change", "post-checkout"):
        (repo.folder / "hooks" / name).symlink_to(hook)
    for name in ("core.fsmonitor", "filter.shown.clean", "filter.shown.process"):
        repo.git("config", name, str(hook))
    repo.git("config", "filter.shown.required", "true")
    repo.git("config", "core.hooksPath", str(repo.folder / "hooks"))
    (tmp_path / "was-run").unlink(missing_ok=True)
    repo.web_save(SLOWER)
    assert repo("fetch").code == 0
    assert repo("history", "import").code == 0
    assert tree(repo.folder, SAVED)[TREND_PATH] == SLOWER
    assert not (tmp_path / "was-run").exists()


@pytest.mark.parametrize("where", [".gitattributes", "not committed", ".git/info/attributes"])
@pytest.mark.parametrize("attributes", ["ident", "text eol=crlf", "ident text eol=lf"])
def test_texts_are_compared_as_git_stores_them(repo: World, attributes: str, where: str) -> None:
    """Line ends and `$Id$`, which git converts itself."""
    file = ".gitattributes" if where == "not committed" else where
    repo.write(f"*.pine {attributes}\n", file)
    if where == ".gitattributes":
        committed(repo)
    for text in (SLOWER + "// $Id: 12345 $\n", LONGER + "// $Id$\n"):
        repo.web_save_and_pull(text)
        git(repo.folder, "diff", "--exit-code", "--stat", SAVED, "--", TREND_PATH)
        assert repo("fetch").code == 0
        git(repo.folder, "diff", "--exit-code", "--stat", SAVED, "--", TREND_PATH)


@pytest.mark.parametrize("first", ["fetch", "pull"])
def test_an_unfiltered_branch_is_reported_once(repo: World, first: str) -> None:
    repo.write("*.pine filter=words\n", ".gitattributes")
    committed(repo)
    # Attributes name a filter without a program: git compares the files unfiltered.
    assert "filter" not in repo(first).err
    repo.git("config", "filter.words.clean", "sed s/fast/quick/")
    repo.web_save(SLOWER)
    ran = repo(first)
    assert (ran.code, repo("fetch").code) == (0, 0)
    assert f"{SAVED}: has the files exactly as TradingView has them" in ran.err
    for again in ("fetch", "pull"):
        repo.web_save(LONGER + f"// {again}\n")
        assert "filter" not in repo(again).err
    assert tree(repo.folder, SAVED)[TREND_PATH] == LONGER + "// pull\n"


def test_attributes_above_the_workspace_are_applied(clone: World) -> None:
    """An attributes file of the whole repository, not committed."""
    git(clone.place, "init", "-q")
    git(clone.place, "add", "scripts")
    git(clone.place, "commit", "-q", "-m", "As they were saved")
    (clone.place / ".gitattributes").write_text("*.pine ident\n")
    clone.web_save_and_pull(SLOWER + "// $Id: 12345 $\n")
    assert tree(clone.place, SAVED)[f"scripts/{TREND_PATH}"] == SLOWER + "// $Id$\n"
    git(clone.folder, "diff", "--exit-code", "--stat", SAVED, "--", TREND_PATH)
