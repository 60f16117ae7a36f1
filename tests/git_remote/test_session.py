"""Sessions with git alone, and TradingView as its remote."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.git_remote.conftest import Folder, cloned
from tests.world import World, both_ways, git
from tests.world.scripts import (
    BREAKOUT_PATH,
    BROKEN,
    EXTRA,
    FASTER,
    LONGER,
    MERGED,
    SLOWER,
    TREND,
    TREND_PATH,
)

pytestmark = pytest.mark.promise(39)
HOSTILE = json.loads((Path(__file__).parents[1] / "data" / "hostile_names.json").read_text("utf-8"))
over_http = pytest.mark.parametrize("world", ["facade"], indirect=True)
"""Where the requests are counted: another process cannot be watched on the sandbox."""


@both_ways
def test_a_day_of_work_with_git_alone(folder: Folder, world: World) -> None:
    """Clone, edit, push, again without a pull; a foreign save, a rejected push, a pull with a
    merge; log, blame, a second clone, and bisect over the saved versions."""
    for text in (LONGER, LONGER + "plot(open)\n"):
        folder.edit(text, TREND_PATH)
        folder.git("push")
        assert folder.is_sound()
    world.web_save(SLOWER + "plot(close)\nplot(open)\n")
    folder.edit(LONGER + "plot(open)\nplot(high)\n", TREND_PATH)
    folder.git("push", code=1)
    assert folder.is_sound()
    folder.git("pull", "--no-rebase", "--no-edit")
    folder.git("push")
    assert folder.is_sound()
    assert world.saved()[-1] == SLOWER + "plot(close)\nplot(open)\nplot(high)\n"
    assert folder.log("--no-merges", "-2", "origin/main", "--", TREND_PATH)[-1] == "Trend 4.0"
    folder.git("blame", "-s", TREND_PATH)
    assert "plot(high)" in folder.output
    second = cloned(world, "second")
    assert second.read(TREND_PATH) == folder.read(TREND_PATH)
    assert second.is_sound()
    second.git("bisect", "start", "HEAD", second.log_of("Trend 1.0"))
    second.git("bisect", "run", "sh", "-c", f"! grep -q 'plot(open)' {TREND_PATH}")
    second.git("log", "-1", "--format=%s", "refs/bisect/bad")
    assert second.output == "Trend 3.0\n"
    second.git("bisect", "reset", "-q", code=None)
    assert second.is_sound()


@both_ways
def test_two_pushes_work_without_a_pull(folder: Folder, world: World) -> None:
    folder.edit(LONGER, TREND_PATH)
    folder.git("push")
    pushed = folder.ref("HEAD")
    assert world.saved() == [TREND, LONGER]
    assert folder.ref("origin/main") == pushed
    folder.edit(MERGED, TREND_PATH)
    folder.git("push")
    assert world.saved() == [TREND, LONGER, MERGED]
    assert folder.is_sound()


def test_a_foreign_save_must_be_fetched_and_merged_first(folder: Folder, world: World) -> None:
    folder.edit(LONGER, TREND_PATH)
    world.web_save(SLOWER)
    folder.git("push", code=1)
    assert "fetch first" in folder.output
    assert world.saved() == [TREND, SLOWER]
    folder.git("pull", "--no-rebase", "--no-edit")
    assert folder.read(TREND_PATH) == MERGED
    folder.git("push")
    assert world.saved() == [TREND, SLOWER, MERGED]
    assert folder.is_sound()


def test_a_second_clone_has_the_same_commits(folder: Folder, world: World) -> None:
    world.web_save(SLOWER)
    first, second = cloned(world, "first"), cloned(world, "second")
    assert first.ref("HEAD") == second.ref("HEAD")
    assert first.log()[0] == "Trend 2.0"
    assert first.is_sound()


@over_http
def test_an_idle_fetch_or_push_costs_one_request(folder: Folder) -> None:
    assert folder.git("fetch") == ("list",)
    folder.edit("notes\n", "notes.md")
    assert folder.git("push") == ("list",)


@over_http
def test_a_push_is_rejected_after_a_failed_probe(folder: Folder, world: World) -> None:
    world.plan.add("get:4:answer:status=404")  # version 1.0 cannot be read by its number
    world("probe", "--yes", "--pace", 0, code=6)
    folder.edit(LONGER, TREND_PATH)
    folder.git("push", code=1)
    assert "read-by-number: refused" in folder.output
    assert world.saved() == [TREND]


@over_http
def test_a_broken_script_is_rejected_before_anything_is_sent(folder: Folder, world: World) -> None:
    (folder.root / BREAKOUT_PATH).write_text(EXTRA)
    folder.edit(BROKEN, TREND_PATH)
    requests = folder.git("push", code=1)
    assert not [request for request in requests if request.startswith("save")]
    assert f"{TREND_PATH}:13:6: error" in folder.output
    assert "does not compile" in folder.output
    assert folder.is_sound()


def test_an_unsupported_push_option_is_refused(folder: Folder, world: World) -> None:
    folder.edit(LONGER, TREND_PATH)
    folder.git("push", "--atomic", code=128)
    folder.git("push", "origin", ":main", code=1)
    assert "cannot be deleted" in folder.output
    assert world.saved() == [TREND]


@over_http
def test_a_missing_sign_in_is_explained(folder: Folder, world: World) -> None:
    world.monkeypatch.delenv("PINESYNC_COOKIE")
    folder.git("fetch", code=128)
    assert "PINESYNC_COOKIE" in folder.output
    folder.edit(LONGER, TREND_PATH)
    folder.git("push", code=1)
    assert "PINESYNC_COOKIE" in folder.output


def _can_be_saved(name: str) -> bool:
    return bool(name.strip()) and name.encode("utf-8", "ignore").decode() == name


def test_hostile_names_stay_names(world: World) -> None:
    for name in ("Trend", "Tools", "Breakout"):
        world.web_delete(name)
    names = [row["name"] for row in HOSTILE["remote_names"]]
    for number, name in enumerate(dict.fromkeys(filter(_can_be_saved, names))):
        world.store.save_new(world.user, name, f"{EXTRA}// {number}\n")
    folder = cloned(world, "hostile")
    assert folder.is_sound()
    listed = git(folder.root, "ls-files", "-z").split("\0")
    pine = [path for path in listed if path.endswith(".pine")]
    assert len(pine) == len(world.account())
    for path in pine:
        (folder.root / path).write_text(folder.read(path) + "// mine\n")
    folder.git("commit", "-qam", "done\n\nfeature done\nreset refs/heads/main")
    folder.git("push")
    assert all(texts[-1].endswith("// mine\n") for texts in world.account().values())
    folder.git("fetch")
    assert folder.is_sound()


def test_a_forced_push_deletes_nothing(folder: Folder, world: World) -> None:
    world.web_save(SLOWER)
    folder.edit(LONGER, TREND_PATH)
    folder.git("push", "--force", code=1)
    assert "saves on TradingView cannot be taken away" in folder.output
    assert world.saved() == [TREND, SLOWER]


def test_a_renamed_and_a_deleted_script_are_commits(folder: Folder, world: World) -> None:
    world.store.rename(world.user, world.id_of(), "Trend 2")
    world.web_delete("Breakout")
    folder.git("pull", "--ff-only")
    assert folder.log()[:2] == ["Rename Trend to Trend 2", "Delete Breakout"]
    assert folder.read("indicators/Trend 2.pine") == TREND
    assert not (folder.root / BREAKOUT_PATH).exists()
    assert folder.is_sound()


def test_a_moved_file_keeps_its_script(folder: Folder, world: World) -> None:
    folder.git("mv", TREND_PATH, "Mine.pine")
    folder.edit(LONGER, "Mine.pine")
    folder.git("push")
    assert world.saved() == [TREND, LONGER]
    folder.edit(MERGED, "Mine.pine")
    folder.git("push")
    assert world.saved() == [TREND, LONGER, MERGED]
    world.web_save(FASTER)
    folder.git("pull", "--ff-only")
    assert folder.read("Mine.pine") == FASTER
    assert 'scripts."Mine.pine"' in folder.read("pine.toml")
    assert folder.is_sound()


def test_a_removed_file_does_not_delete_its_script(folder: Folder, world: World) -> None:
    git(folder.root, "rm", "-q", TREND_PATH)
    git(folder.root, "commit", "-qm", "Not mine any more")
    folder.git("push")
    assert "the script on TradingView stays" in folder.output
    assert world.saved() == [TREND]


def test_a_new_file_is_created_once_it_is_listed(folder: Folder, world: World) -> None:
    folder.edit(EXTRA, "indicators/Extra.pine")
    folder.git("push")
    assert "not listed" in folder.output
    assert world.store.find(world.user, "Extra") is None
    assert world("add", "indicators/Extra.pine", cwd=folder.root).code == 0
    folder.git("commit", "-qam", "List it")
    folder.git("push")
    assert world.saved("Extra") == [EXTRA]
    folder.edit(EXTRA + "plot(close)\n", "indicators/Extra.pine")
    folder.git("push")
    assert world.saved("Extra") == [EXTRA, EXTRA + "plot(close)\n"]


@over_http
def test_a_dry_run_sends_nothing(folder: Folder, world: World) -> None:
    folder.edit(LONGER, TREND_PATH)
    assert folder.git("push", "--dry-run") == ("list",)
    assert world.saved() == [TREND]


def test_status_and_push_see_a_git_push(folder: Folder, world: World) -> None:
    folder.edit(LONGER, TREND_PATH)
    folder.git("push")
    assert world("status", cwd=folder.root).out == "nothing to pull or push, 3 scripts clean\n"
    (folder.root / TREND_PATH).write_text(MERGED)
    assert world("push", cwd=folder.root).code == 0
    assert world.saved() == [TREND, LONGER, MERGED]


def test_git_sees_a_pinesync_push(folder: Folder, world: World) -> None:
    (folder.root / TREND_PATH).write_text(LONGER)
    assert world("push", cwd=folder.root).code == 0
    assert folder.log("-1", "origin/main") == ["Trend 2.0"]
    folder.git("commit", "-qam", "Longer")
    folder.git("pull", "--no-rebase", "--no-edit")
    folder.git("push")
    assert world.saved() == [TREND, LONGER]


@pytest.mark.parametrize("verb", ["push", "pull"])
def test_a_commit_by_push_or_pull_is_on_the_tracking_branch(
    folder: Folder, world: World, verb: str
) -> None:
    if verb == "push":
        (folder.root / TREND_PATH).write_text(LONGER)
    else:
        world.web_save(LONGER)
    assert world(verb, "--commit", cwd=folder.root).code == 0
    assert folder.ref("origin/main") == folder.ref("HEAD")
    assert "refs/remotes/tradingview/saved" not in git(folder.root, "for-each-ref")
    folder.git("push")
    folder.git("fetch")
    assert folder.ref("origin/main") == folder.ref("HEAD")
    assert world.saved() == [TREND, LONGER]
    assert folder.is_sound()


def test_a_remote_cannot_change_its_account(folder: Folder, world: World) -> None:
    folder.git("remote", "set-url", "origin", "pinesync::sandbox:other")
    folder.git("fetch", code=128)
    assert "git remote add NAME pinesync::sandbox:other" in folder.output
    folder.git("remote", "set-url", "origin", "pinesync::elsewhere")
    folder.git("fetch", code=128)
    assert "not an address" in folder.output


def test_an_empty_account_can_be_cloned(world: World) -> None:
    for name in ("Trend", "Tools", "Breakout"):
        world.web_delete(name)
    empty = cloned(world, "empty")
    assert empty.log() == ["What is saved on TradingView"]
    world.web_save(TREND)
    empty.git("pull", "--ff-only")
    assert empty.read(TREND_PATH) == TREND


def test_a_bare_repository_and_a_linked_work_tree_are_supported(
    folder: Folder, world: World
) -> None:
    bare = cloned(world, "bare.git", "--bare")
    assert git(bare.root, "fsck", "--strict") == ""
    folder.git("worktree", "add", "-q", "-b", "side", "../side")
    side = Folder(world, world.place / "side")
    side.edit(LONGER, TREND_PATH)
    side.git("push", "origin", "side:main")
    assert world.saved() == [TREND, LONGER]
    side.git("push", "origin", "side", code=1)
    assert "only main can be pushed" in side.output


def test_a_shallow_clone_has_one_commit(world: World) -> None:
    world.web_save(SLOWER)
    shallow = cloned(world, "shallow", "--depth", "1")
    assert len(shallow.log()) == 1
    shallow.edit(MERGED, TREND_PATH)
    shallow.git("push")
    assert world.saved() == [TREND, SLOWER, MERGED]
    shallow.git("fetch", "--depth", "5", code=None)
    assert "clone again without --depth" in shallow.output
