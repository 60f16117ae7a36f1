"""`oplog` lists the operations, and `undo` reverts one if nothing is lost by it."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from pinesync.errors import FileError, NotSignedIn
from pinesync.sandbox.faults import Switches
from pinesync.workspace.state.store import Store
from tests.world import BREAKOUT_PATH, TREND_PATH, World, both_ways
from tests.world.scripts import BREAKOUT, BROKEN, EXTRA, FASTER, LONGER, MERGED, SLOWER, TREND


def verbs(world: World) -> list[str]:
    found = world("oplog", "--json").json["operations"]
    return [each["verb"] + " undone" * each["undone"] for each in found]


def test_operations_are_listed(clone: World) -> None:
    assert clone("oplog").err == "nothing was done here on this machine yet\n"
    clone.write_and_push(LONGER)
    clone.web_save_and_pull(BREAKOUT + "// web\n", "Breakout")
    clone("pull")
    clone("status")
    assert verbs(clone) == ["pull", "push"]
    pulled, pushed = clone("oplog").out.splitlines()
    assert "1 file written" in pulled
    assert f"saved {TREND_PATH}@2.0" in pushed


def test_oplog_lists_the_first_files_and_counts_the_rest(clone: World) -> None:
    names = [f"{name}.pine" for name in "abcde"]
    for name in names:
        clone.write(TREND.replace("Trend", name), name)
    clone("add", *names, code=0)
    clone("push", code=0)
    pushed, added = clone("oplog").out.splitlines()
    assert pushed.endswith("saved a.pine@1.0, b.pine@1.0, c.pine@1.0 and 2 more")
    assert added.endswith("a.pine, b.pine, c.pine and 2 more")


@both_ways
def test_undoing_a_push_saves_a_new_version(clone: World) -> None:
    clone.write_and_push(LONGER)
    ran = clone("undo", code=0)
    assert ran.out == f"saved      {TREND_PATH}  2.0 → 3.0\n"
    assert "undoing what `push` did" in ran.err
    assert clone.saved() == [TREND, LONGER, TREND]
    assert clone.read() == LONGER
    assert clone.statuses() == {TREND_PATH: "modified"}
    assert "a push would save it again" in ran.err
    assert f"hint: `pinesync restore {TREND_PATH}` restores the saved text" in ran.err
    assert clone("restore", TREND_PATH).code == 0
    assert (clone.statuses(), clone("push").requests) == ({}, ("list",))


def test_an_undo_reports_a_rewritten_text(clone: World) -> None:
    clone.write_and_push(LONGER)
    clone.app.switches = Switches(text="strip-trailing")
    ran = clone("undo", code=0)
    assert "a slightly different text; both are recorded; the file keeps the undone text" in ran.err


def test_an_undo_can_be_undone(clone: World) -> None:
    clone.write_and_push(LONGER)
    clone("undo")
    assert clone("undo").code == 2  # nothing else was done
    assert "would save it again" not in clone("undo", "--redo", code=0).err
    assert clone.saved() == [TREND, LONGER, TREND, LONGER]
    assert clone.statuses() == {}
    assert clone("undo", "--redo").code == 2
    assert clone("undo").code == 0
    assert clone.saved()[-1] == TREND
    assert clone("undo").code == 2
    assert clone("undo", "--redo").code == 0
    assert clone.saved()[-1] == LONGER


def test_a_second_undo_reverts_the_operation_before(clone: World) -> None:
    clone.web_save_and_pull(SLOWER)
    clone("restore", f"{TREND_PATH}@1")
    assert clone("undo").code == 0
    assert clone.read() == SLOWER
    assert clone("undo").code == 0
    assert (clone.read(), clone.version()) == (TREND, "1.0")
    assert clone.statuses() == {TREND_PATH: "behind"}
    assert verbs(clone) == ["undo", "undo", "restore undone", "pull undone"]
    assert clone("undo", "--redo").code == 0
    assert (clone.read(), clone.version()) == (SLOWER, "2.0")
    assert clone.statuses() == {}


def test_a_merge_is_undone(clone: World) -> None:
    clone.write(LONGER)
    clone.web_save_and_pull(SLOWER)
    assert clone.read() == MERGED
    assert clone("undo").code == 0
    assert (clone.read(), clone.version()) == (LONGER, "1.0")
    assert clone.statuses() == {TREND_PATH: "diverged"}


def test_undo_is_refused_over_a_foreign_save(clone: World) -> None:
    clone.write_and_push(LONGER)
    clone.web_save(FASTER)
    ran = clone("undo", code=3)
    assert "saved on TradingView since you pulled (2.0 → 3.0)" in ran.err
    assert f"`pinesync restore {TREND_PATH}@1 --push` makes 1.0 the newest" in ran.err
    assert clone.saved() == [TREND, LONGER, FASTER]
    clone("pull", "--theirs")
    clone("undo")
    clone("undo", code=3)
    assert len(clone.saved()) == 3


def test_undo_keeps_a_later_edit(clone: World) -> None:
    clone.web_save_and_pull(SLOWER)
    clone.write(FASTER)
    assert "the file has changed since" in clone("undo", code=3).err
    assert (clone.read(), clone.version()) == (FASTER, "2.0")
    assert verbs(clone) == ["pull"]
    clone.write(SLOWER)
    assert clone("undo").code == 0
    assert clone.read() == TREND


def test_undo_keeps_an_edited_entry(clone: World) -> None:
    clone.write(EXTRA, "extra.pine")
    clone("add", "extra.pine")
    manifest = clone.folder / "pine.toml"
    mine = manifest.read_text("utf-8").replace('"Extra"', '"Mine"')
    manifest.write_text(mine, "utf-8")
    assert "its entry in pine.toml has changed since" in clone("undo", code=3).err
    assert manifest.read_text("utf-8") == mine


def test_undo_of_an_older_push_is_refused_over_later_saves(clone: World) -> None:
    clone.write_and_push(LONGER)
    (pushed,) = clone("oplog", "--json").json["operations"]
    clone.web_save_and_pull(FASTER)
    assert "2.0 is not its base any more" in clone("undo", pushed["key"], code=3).err
    assert clone.saved() == [TREND, LONGER, FASTER]


def test_a_partial_undo_can_be_completed(clone: World) -> None:
    clone.write(EXTRA, "extra.pine")
    clone("add", "extra.pine")
    clone.web_save(SLOWER)
    clone.web_save_and_pull(BREAKOUT + "// web\n", "Breakout")
    clone.write(FASTER)
    assert clone("undo").code == 3
    assert verbs(clone) == ["undo", "pull", "add"]
    clone.write(SLOWER)
    assert clone("undo").code == 0
    assert (clone.read(), clone.read(BREAKOUT_PATH)) == (TREND, BREAKOUT)
    assert verbs(clone) == ["undo", "undo", "pull undone", "add"]


def test_an_interrupted_undo_of_two_saves_can_be_completed(
    clone: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PINESYNC_SETTLE_SECONDS", "0")
    other = BREAKOUT + "// mine\n"
    clone.write(EXTRA, "extra.pine")
    clone("add", "extra.pine")
    clone.write(LONGER)
    clone.write(other, BREAKOUT_PATH)
    clone("push", TREND_PATH, BREAKOUT_PATH)
    clone.plan.add("save_next:2:500:before")
    assert clone("undo").code == 7
    ran = clone("undo")
    assert (ran.code, ran.requests.count("save_next")) == (3, 0)
    assert "an earlier save never arrived and is given up" in ran.err
    assert clone("undo").code == 0
    assert clone.saved() == [TREND, LONGER, TREND]
    assert clone.saved("Breakout") == [BREAKOUT, other, BREAKOUT]


def test_undo_finishes_interrupted_work_first(
    clone: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last operation is a push with a lost response: an undo reverts nothing else."""
    clone.write_and_push(LONGER)
    other = BREAKOUT + "// mine\n"
    clone.write(other, BREAKOUT_PATH)
    with monkeypatch.context() as patch:
        patch.setattr("pinesync.sync.engine.uploads.resolve_upload.settle_upload", _killed)
        assert clone("push").code == 130
    assert "an interrupted run came first" in clone("undo", code=3).err
    assert (clone.saved(), clone.saved("Breakout")) == ([TREND, LONGER], [BREAKOUT, other])
    assert verbs(clone) == ["recovery", "push"]
    assert clone("undo").code == 0
    assert (clone.saved(), clone.saved("Breakout")) == (
        [TREND, LONGER],
        [BREAKOUT, other, BREAKOUT],
    )


@pytest.mark.parametrize("where", ["write_manifest", "put", "_replace"])
def test_a_killed_undo_is_finished_by_the_next(clone: World, where: str) -> None:
    clone.web_save(SLOWER)
    clone.web_save_and_pull(BREAKOUT + "// web\n", "Breakout")
    with clone.monkeypatch.context() as patch:
        patch.setattr(f"pinesync.workspace.files.tree.Tree.{where}", _killed)
        assert clone("undo").code == 130
    assert clone("undo").code == 0
    assert (clone.read(), clone.read(BREAKOUT_PATH)) == (TREND, BREAKOUT)
    assert clone.statuses() == {TREND_PATH: "behind", BREAKOUT_PATH: "behind"}
    assert clone("undo").code == 2


def test_the_oldest_operations_are_dropped(clone: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pinesync.workspace.state.operations.KEPT", 3)
    for number in range(5):
        clone.write_and_push(f"{TREND}// {number}\n")
    found = clone("oplog", "--json").json["operations"]
    assert [each["saves"] for each in found] == [[f"{TREND_PATH}@{n}.0"] for n in (6, 5, 4)]


def test_operations_are_ordered_despite_wrong_clocks(
    clone: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    clone.web_save(SLOWER)
    with monkeypatch.context() as patch:
        ahead = time.time() + 10 * 365 * 86400
        patch.setattr("pinesync.app.project.time.time", lambda: ahead)
        clone("pull")
    clone("restore", f"{TREND_PATH}@1")
    assert verbs(clone) == ["restore", "pull"]
    assert clone("undo").code == 0
    assert clone.read() == SLOWER


def test_undo_refuses_a_flagged_script(clone: World) -> None:
    clone.write(LONGER)
    clone.plan.add("save_next:1:foreign")
    assert clone("push").code == 3
    before = clone.saved()
    assert "a conflict is not resolved" in clone("undo", code=3).err
    assert clone.saved() == before


def test_undo_of_a_push_finds_a_moved_file(clone: World) -> None:
    clone.write_and_push(LONGER)
    (pushed,) = clone("oplog", "--json").json["operations"]
    clone("mv", TREND_PATH, "other/")
    clone.plan.add("check:1:garbage")
    assert clone("undo", pushed["key"]).code in (1, 7)
    assert clone.saved() == [TREND, LONGER]
    assert clone("undo", pushed["key"]).code == 0
    assert clone.saved() == [TREND, LONGER, TREND]


def test_undo_restores_unedited_files_and_keeps_edited_ones(clone: World) -> None:
    clone.web_save(SLOWER)
    clone.web_save_and_pull(BREAKOUT + "// web\n", "Breakout")
    clone.write(FASTER)
    assert clone("undo", code=3).out == f"restored   {BREAKOUT_PATH}  1.0\n"
    assert clone.read(BREAKOUT_PATH) == BREAKOUT
    assert clone.read() == FASTER


def test_undo_without_a_sign_in_changes_nothing(clone: World) -> None:
    """The push saved one script, and adopted another that was saved alike in the web editor."""
    clone.web_save(BREAKOUT + "// alike\n", "Breakout")
    clone.write(BREAKOUT + "// alike\n", BREAKOUT_PATH)
    clone.write_and_push(LONGER)
    before = clone.files()

    def signed_out(*_: object, **__: object) -> None:
        raise NotSignedIn("not signed in")

    with clone.monkeypatch.context() as patch:
        patch.setattr("pinesync.app.project.open_remote", signed_out)
        assert clone("undo").code == 5
    assert clone.files() == before
    assert clone("undo").code == 0
    assert clone.saved() == [TREND, LONGER, TREND]


def test_undo_keeps_a_script_created_on_tradingview(clone: World) -> None:
    clone.write(EXTRA, "extra.pine")
    clone("add", "extra.pine")
    clone("push")
    assert "was created on TradingView; only deleting it undoes that" in clone("undo", code=3).err
    assert clone.saved("Extra") == [EXTRA]


def test_undo_keeps_a_downloaded_new_file(clone: World) -> None:
    clone.web_save_and_pull(EXTRA, "Extra")
    assert "the file did not exist before; it stays" in clone("undo", code=0).err
    assert clone.read("indicators/Extra.pine") == EXTRA
    assert clone("pull").code == 0
    assert clone.statuses() == {}


@pytest.mark.parametrize(
    "words", [["add", "extra.pine"], ["rm", TREND_PATH], ["add", "--id", "Extra", "extra.pine"]]
)
def test_undo_adds_and_removes_entries(clone: World, words: list[str]) -> None:
    clone.write(EXTRA, "extra.pine")
    clone.web_save(EXTRA, "Extra")
    before = (clone.folder / "pine.toml").read_bytes()
    words = [clone.id_of("Extra") if word == "Extra" else word for word in words]
    assert clone(*words).code == 0
    after = (clone.folder / "pine.toml").read_bytes()
    assert clone("undo").code == 0
    assert (clone.folder / "pine.toml").read_bytes() == before
    assert clone("undo", "--redo").code == 0
    assert (clone.folder / "pine.toml").read_bytes() == after
    assert clone.read("extra.pine") == EXTRA


def test_undoing_a_resolve_restores_the_flag(clone: World) -> None:
    clone.write(LONGER)
    clone.plan.add("save_next:1:foreign")
    assert clone("push").code == 3
    shadowed = clone.entry()["hidden"]
    assert shadowed
    assert clone("resolve", "--ours", TREND_PATH).code == 0
    assert clone("undo").code == 0
    assert clone.entry()["hidden"] == shadowed


def test_undo_to_a_broken_version_needs_allow_broken(clone: World) -> None:
    clone.web_save_and_pull(BROKEN)
    clone.write_and_push(LONGER)
    assert clone("undo").code == 4
    assert len(clone.saved()) == 3
    assert clone("undo", "--allow-broken").code == 4  # stored, and reported
    assert clone.saved()[-1] == BROKEN


def test_undo_accepts_a_short_operation_id(clone: World) -> None:
    clone.web_save_and_pull(SLOWER)
    clone.write_and_push(BREAKOUT + "// mine\n", BREAKOUT_PATH)
    pushed, pulled = clone("oplog", "--json").json["operations"]
    shown = [line.split()[0] for line in clone("oplog").out.splitlines()]
    assert shown == [pushed["short"], pulled["short"]]
    ran = clone("undo", pulled["short"])
    assert (ran.code, f"({pulled['short']})" in ran.err) == (0, True)
    assert clone.read() == TREND
    assert clone("undo", pulled["key"]).code == 2
    assert clone("undo", "nothing").code == 2
    many = clone("undo", pushed["key"][:9])  # both keys begin with the time
    assert (many.code, many.out) == (2, "")
    assert f"(undo), {pushed['short']} (push) or {pulled['short']} (pull)" in many.err
    assert clone.saved("Breakout") == [BREAKOUT, BREAKOUT + "// mine\n"]


@both_ways
def test_a_lost_response_makes_no_second_version(clone: World) -> None:
    clone.write_and_push(LONGER)
    clone.plan.add("save_next:1:reset:after")
    clone("undo", code=0)
    assert clone.saved() == [TREND, LONGER, TREND]
    assert clone("push").code == 0


def test_an_interrupted_pull_can_be_undone_once_finished(
    clone: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    clone.web_save(SLOWER)
    with monkeypatch.context() as patch:
        patch.setattr("pinesync.workspace.files.tree.Tree.write_manifest", _killed)
        assert clone("pull").code == 130
    assert clone.read() == SLOWER
    assert clone("pull").code == 0
    assert clone("undo").code == 0
    assert (clone.read(), clone.version()) == (TREND, "1.0")


def _killed(*_: object) -> None:
    raise KeyboardInterrupt


def test_a_full_disk_loses_only_the_operation_log(clone: World) -> None:
    def full(*_: object) -> None:
        raise FileError("no space left")

    clone.write(LONGER)
    with clone.monkeypatch.context() as patch:
        patch.setattr(Store, "write_json", full)
        assert clone("push").code == 0
    assert clone.saved() == [TREND, LONGER]
    assert verbs(clone) == []


@pytest.mark.parametrize(
    "damage",
    [
        b"",
        b"{}",
        b"[]",
        {"verb": "\x1b[2J"},
        {"when": 1e300},
        {"undoes": 5},
        {"entries": [["../x.pine", None, None]]},
        {"entries": [[TREND_PATH, {"name": 5}, None]]},
        {"entries": [5]},
        {"files": [[TREND_PATH, None, "sha256:"]]},
        {"saves": [[TREND_PATH, "USER;", "1.0", None]]},
        {"saves": [[TREND_PATH, "USER;" + "f" * 32, "0.0", None]]},
        {"key": "another"},
    ],
)
def test_a_damaged_log_is_reported_and_does_not_stop_a_push(clone: World, damage: object) -> None:
    clone.write_and_push(LONGER)
    (path,) = (Path(clone.home) / "pinesync" / "state").glob("*/operations/*.json")
    if isinstance(damage, bytes):
        path.write_bytes(damage)
    else:
        assert isinstance(damage, dict)
        path.write_text(json.dumps({**json.loads(path.read_bytes()), **damage}))
    for words in (["oplog"], ["undo"], ["undo", "--redo"]):
        assert "damaged, or not written by pinesync" in clone(*words, code=1).err
    clone.write_and_push(LONGER + "// more\n")
    assert len(clone.saved()) == 3


def test_a_move_is_undone(clone: World) -> None:
    before = clone.files()
    clone("mv", TREND_PATH, "other/")
    after = clone.files()
    assert clone("undo").code == 0
    assert clone.files() == before
    assert clone("undo", "--redo").code == 0
    assert clone.files() == after
    assert clone.statuses() == {}


def test_a_move_is_not_undone_over_another_file(clone: World) -> None:
    clone("mv", TREND_PATH, "other/")
    clone.write(EXTRA)
    clone("undo", code=3)
    assert (clone.read(), clone.read("other/Trend.pine")) == (EXTRA, TREND)
    clone.remove()
    clone.remove("other/Trend.pine")
    assert "the file is gone" in clone("undo", code=3).err


def test_undo_of_add_moved_leaves_the_file(clone: World) -> None:
    (clone.folder / TREND_PATH).rename(clone.folder / "t.pine")
    assert clone("add", "--moved", "t.pine").code == 0
    assert clone("undo").code == 0
    assert clone.statuses() == {TREND_PATH: "missing", "t.pine": "untracked"}
    assert clone.read("t.pine") == TREND


def test_undo_of_new_unlists_the_script_and_keeps_its_file(clone: World) -> None:
    clone("new", "Idea")
    assert clone("undo", code=0).out == "forgotten  indicators/Idea.pine\n"
    assert clone.statuses() == {"indicators/Idea.pine": "untracked"}


def test_undo_keeps_a_restored_missing_file(clone: World) -> None:
    clone.remove()
    clone("restore", TREND_PATH)
    ran = clone("undo")
    assert (ran.code, ran.out) == (0, "")
    assert f"{TREND_PATH}: the file did not exist before; it stays" in ran.err
    assert clone.read() == TREND


def test_undo_reports_remote_renames_and_deletions(clone: World) -> None:
    clone("rename", TREND_PATH, "Another")
    ran = clone("undo", code=3)
    assert "was renamed on TradingView" in ran.err
    assert f"hint: `pinesync rename {TREND_PATH} Trend` renames it back" in ran.err
    assert clone("rm", "--remote", "--yes", "Breakout", BREAKOUT_PATH).code == 0
    assert "was deleted on TradingView, which cannot be undone" in clone("undo", code=3).err
    assert clone.read(BREAKOUT_PATH) == BREAKOUT
