"""Nobody's save is reverted: histories in which plain commands used to save an older text over
somebody else's save. "S0" of each is Trend, cloned at 1.0 and committed."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from tests.world import BREAKOUT_PATH, TREND_PATH, World, git, start
from tests.world.scripts import BREAKOUT, EXTRA, FASTER, LONGER, MERGED, SLOWER, TREND

pytestmark = pytest.mark.promise(37)

FIRST = SLOWER.replace("plot(slow)", "plot(slow, color = color.red)")
"""A second foreign save, on another line than SLOWER."""
TWICE = TREND.replace("20", "7")
"""A second foreign save on the line that SLOWER changed."""


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)


def discard(world: World) -> None:
    git(world, "checkout", "--", TREND_PATH)


def stash(world: World) -> None:
    git(world, "stash", "push", "-q", "--", TREND_PATH)


def refused(world: World, *, newest: str, naming: str) -> None:
    """A bare push is refused, names both solutions, and saves nothing."""
    before = world.saved()
    pushed = world("push", code=3)
    assert world.saved() == before
    assert before[-1] == newest
    assert "pinesync pull" in pushed.err
    assert f"--over {naming}" in pushed.err
    assert "save_next" not in pushed.requests


# -- a. git puts the file back, and pine.toml not -------------------------------------------------


@pytest.mark.parametrize("saves", [(SLOWER, TWICE), (SLOWER, FIRST)])
@pytest.mark.parametrize("pulls", ["after each", "after both"])
@pytest.mark.parametrize("back", [discard, stash])
def test_a_file_discarded_after_two_foreign_saves_is_refused(
    repo: World, saves: tuple[str, str], pulls: str, back
) -> None:
    for text in saves:
        repo.web_save(text)
        if pulls == "after each":
            assert repo("pull").code == 0
    assert repo("pull").code == 0
    back(repo)
    assert repo.read() == TREND
    assert repo.statuses() == {TREND_PATH: "undoes"}
    refused(repo, newest=saves[-1], naming="3.0")
    pulled = repo("pull")
    assert (pulled.code, repo.read()) == (0, saves[-1])
    assert "brought back what was saved as 2.0 and 3.0" in pulled.err
    assert repo("push").code == 0
    assert repo.saved() == [TREND, *saves]


def test_a_discarded_then_edited_file_is_refused(repo: World) -> None:
    for text in (SLOWER, FIRST):
        repo.web_save_and_pull(text)
    discard(repo)
    repo.write(LONGER)
    refused(repo, newest=FIRST, naming="3.0")
    assert repo("pull").code == 3  # the edit is next to a line of theirs
    assert {"50", "red", "plot(close)"} <= set(re.findall(r"50|red|plot\(close\)", repo.read()))
    assert repo("push").code == 3
    assert repo.saved() == [TREND, SLOWER, FIRST]


def test_an_older_file_under_a_newer_pine_toml_is_refused_in_a_fresh_clone(
    repo: World, tmp_path: Path
) -> None:
    repo.web_save(SLOWER)
    repo.web_save_and_pull(TWICE)
    git(repo, "commit", "-qm", "the record alone", "--", "pine.toml")
    git(repo, "clone", "-q", ".", str(tmp_path / "fresh"))
    repo.forget()
    elsewhere = tmp_path / "fresh"
    assert (elsewhere / TREND_PATH).read_text() == TREND
    pushed = repo("push", cwd=elsewhere)
    assert (pushed.code, repo.saved()[-1]) == (3, TWICE)
    assert repo("pull", cwd=elsewhere).code == 0
    assert (elsewhere / TREND_PATH).read_text() == TWICE


def test_a_push_of_ours_between_two_foreign_saves_protects_both(repo: World) -> None:
    """Their second save is based on ours, and ours on their first: none can be removed alone."""
    repo.web_save_and_pull(SLOWER)
    repo.write_and_push(FASTER)
    repo.web_save_and_pull(TWICE)
    discard(repo)
    refused(repo, newest=TWICE, naming="4.0")
    assert repo("pull").code == 0
    assert repo.read() == TWICE


def test_foreign_saves_beyond_the_remembered_ones_are_protected(repo: World) -> None:
    text = TREND
    for number in range(11):
        text = text.replace("\n\n", f"\n// theirs {number}\n\n", 1)
        repo.web_save_and_pull(text)
    discard(repo)
    repo.write(LONGER)
    refused(repo, newest=text, naming="12.0")
    assert repo("pull").code == 0
    assert repo.read() == text + "plot(close)\n"


def test_an_edit_of_foreign_lines_is_saved_and_reported(repo: World) -> None:
    repo.web_save_and_pull(SLOWER)
    repo.write(FASTER)
    pushed = repo("push", code=0)
    line = SLOWER.split("\n")[3]
    assert f"replaces what somebody else saved: `{line}` (2.0)" in pushed.err


# -- b. what cannot be read is not passed over ----------------------------------------------------


@pytest.mark.promise(38)
@pytest.mark.parametrize("fault", ["500", "429", "truncate", "html"])
def test_unreadable_older_versions_stop_a_push(repo: World, fault: str) -> None:
    repo.web_save_and_pull(SLOWER)
    discard(repo)
    repo.forget()
    repo.plan.add(f"get:1+:{fault}:before")
    pushed = repo("push", code=5 if fault == "html" else 7)
    assert repo.saved() == [TREND, SLOWER]
    assert "save_next" not in pushed.requests
    repo.plan.clear()
    assert repo("push").code == 3


def test_a_text_too_long_to_compare_is_not_sent(repo: World) -> None:
    repo.web_save_and_pull(SLOWER)
    repo.write(SLOWER + "\n" * 100_001)
    pushed = repo("push")
    assert (pushed.code, repo.saved()) == (7, [TREND, SLOWER])
    assert "the file has more than 100000 lines" in pushed.err
    assert repo("push", "--over", "2.0", TREND_PATH).code == 0


def test_status_offline_says_that_it_did_not_compare(repo: World) -> None:
    repo.web_save_and_pull(SLOWER)
    repo.write(LONGER)
    repo.forget()
    (line,) = (line for line in repo("status", "--offline", "--json").json["lines"] if line["note"])
    assert line["word"] == "modified"
    assert "not compared with others' saves" in line["note"]


@pytest.mark.promise(38)
def test_an_unreadable_base_stops_a_push(repo: World) -> None:
    repo.web_save_and_pull(SLOWER)
    discard(repo)
    repo.forget()
    repo.plan.add("get:1-6:truncate:before")  # both versions that are compared, three times each
    pushed = repo("push")
    assert (pushed.code, pushed.requests.count("get")) == (7, 6), pushed.output
    assert repo.saved() == [TREND, SLOWER]
    assert repo("push").code == 3


# -- c. git goes back behind a foreign version ----------------------------------------------------


def test_an_undone_and_committed_pull_is_refused(repo: World) -> None:
    repo.web_save(SLOWER)
    assert repo("pull", "--commit").code == 0
    assert repo("undo").code == 0
    assert repo.statuses() == {TREND_PATH: "rolled-back"}
    refused(repo, newest=SLOWER, naming="2.0")
    git(repo, "commit", "-qam", "as it was")
    refused(repo, newest=SLOWER, naming="2.0")
    assert repo("pull").code == 0
    assert repo.read() == SLOWER


def test_a_revert_of_our_pushes_is_pushed_from_any_machine(repo: World) -> None:
    repo.write(LONGER)
    assert repo("push", "--commit").code == 0
    git(repo, "revert", "--no-edit", "HEAD")
    repo.forget()
    assert repo("push").code == 0
    assert repo.saved() == [TREND, LONGER, TREND]


def test_a_revert_of_our_push_keeps_the_foreign_save_below(repo: World) -> None:
    """The reverted save is ours; the one it is based on is theirs, and stays."""
    repo.web_save(SLOWER)
    assert repo("pull", "--commit").code == 0
    repo.write(SLOWER + "plot(close)\n")
    assert repo("push", "--commit").code == 0
    git(repo, "revert", "--no-edit", "HEAD")
    assert repo("push").code == 0
    assert repo.saved()[-1] == SLOWER


# -- d. a link ------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["init", "add"])
def test_a_linked_file_with_another_text_is_refused(world: World, command: str) -> None:
    """This machine has never read the only version."""
    folder = world.place / "scripts"
    folder.mkdir()
    mine = '//@version=6\nindicator("Trend", overlay = true)\nplot(high)\n'
    (folder / "Trend.pine").write_text(mine)
    if command == "init":
        assert world("init", "--link", "--remote", world.remote_name).code == 0
    else:
        assert world("init", "--remote", world.remote_name).code == 0
        assert world("add", "--id", world.id_of(), "Trend.pine").code == 0
    assert world.statuses()["Trend.pine"] == "diverged"
    pushed = world("push")
    assert (pushed.code, world.saved()) == (3, [TREND])
    assert "linked with a script that has a different text (1.0)" in pushed.err
    assert world("pull").code in (0, 3)
    text = world.read("Trend.pine")
    assert all(line in text for line in (*mine.split("\n"), *TREND.split("\n")))


def test_a_linked_file_that_only_adds_lines_is_pushed(world: World) -> None:
    world.web_save(SLOWER)
    folder = world.place / "scripts"
    folder.mkdir()
    (folder / "Trend.pine").write_text(SLOWER + "plot(close)\n")
    assert world("init", "--link", "--remote", world.remote_name).code == 0
    assert world.version("Trend.pine") == "2.0"
    assert world("push").code == 0
    assert world.saved()[-1] == SLOWER + "plot(close)\n"


def test_a_linked_file_reset_to_an_older_text_is_refused(repo: World) -> None:
    repo.web_save_and_pull(SLOWER)
    assert repo("rm", TREND_PATH).code == 0
    assert repo("add", "--id", repo.id_of(), TREND_PATH).code == 0
    assert repo.version() == "2.0"
    discard(repo)
    refused(repo, newest=SLOWER, naming="2.0")


# -- e. repair ------------------------------------------------------------------------------------


def test_a_repaired_merge_reverts_no_save(repo: World) -> None:
    git(repo, "checkout", "-qb", "other")
    repo.write(LONGER)
    assert repo("push", "--commit").code == 0
    repo.write(LONGER.replace("rises =", "rising ="))
    git(repo, "commit", "-qam", "renamed")
    git(repo, "checkout", "-q", "main")
    repo.write(BREAKOUT + "// more\n", BREAKOUT_PATH)
    assert repo("push", "--commit", BREAKOUT_PATH).code == 0
    repo.web_save(MERGED)
    assert repo("pull", "--commit").code == 0
    with pytest.raises(Exception, match="merge"):
        git(repo, "merge", "-q", "other")
    assert repo("repair").code == 0
    git(repo, "commit", "-qam", "merged")
    assert repo.statuses() == {TREND_PATH: "rolled-back"}
    merged = MERGED.replace("rises =", "rising =")
    refused(repo, newest=MERGED, naming="3.0")
    pulled = repo("pull")
    assert (pulled.code, repo.read()) == (0, merged)
    assert repo("push").code == 0
    assert repo.saved()[-1] == merged


# -- g. the flag ----------------------------------------------------------------------------------


@pytest.mark.promise(12)
@pytest.mark.parametrize("back", ["pine.toml", ".", "stash"])
def test_a_flag_survives_an_older_pine_toml(repo: World, back: str) -> None:
    repo.write(LONGER)
    repo.plan.add("save_next:1:foreign:before:source=" + SLOWER)
    assert repo("push").code == 3
    assert repo.saved() == [TREND, SLOWER, LONGER]
    git(repo, *(("stash", "-q") if back == "stash" else ("checkout", "--", back)))
    assert repo.statuses() == {TREND_PATH: "conflict"}
    for verb in ("push", "pull", "push"):
        assert repo(verb).code == 3
    assert repo.saved() == [TREND, SLOWER, LONGER]
    assert repo.entry()["hidden"] == "2.0"
    assert repo("resolve", "--theirs", TREND_PATH).code == 0
    git(repo, "checkout", "--", "pine.toml")
    assert repo.statuses().get(TREND_PATH) != "conflict"  # it was settled here


# -- h. ours --------------------------------------------------------------------------------------


def conflicted(world: World) -> None:
    world.write(FASTER)
    world.web_save(SLOWER)
    assert world("pull").code == 3
    assert "<<<<<<<" in world.read()


def test_resolve_ours_works_after_undoing_resolve_theirs(repo: World) -> None:
    conflicted(repo)
    assert repo("resolve", "--theirs", TREND_PATH).code == 0
    assert repo("undo").code == 0
    assert repo("resolve", "--ours", TREND_PATH).code == 0
    assert repo.read() == FASTER
    assert repo("push").code == 0
    assert repo.saved()[-1] == FASTER


def test_ours_is_found_after_a_git_merge(repo: World) -> None:
    """A text discarded with `restore` is not a side of the merge."""
    repo.write(EXTRA)
    assert repo("restore", TREND_PATH).code == 0
    git(repo, "checkout", "-qb", "other")
    repo.write(FASTER)
    git(repo, "commit", "-qam", "faster")
    git(repo, "checkout", "-q", "main")
    repo.write(TWICE)
    git(repo, "commit", "-qam", "twice")
    with pytest.raises(Exception, match="merge"):
        git(repo, "merge", "-q", "other")
    assert repo("resolve", "--ours", TREND_PATH).code == 0
    assert repo.read() == TWICE


def test_ours_is_found_after_a_pull_merge_and_a_git_merge(repo: World) -> None:
    """A text replaced by an earlier conflict is not a side of this one."""
    conflicted(repo)
    assert repo("resolve", "--ours", TREND_PATH).code == 0
    assert repo("push", "--commit").code == 0
    git(repo, "checkout", "-qb", "other")
    repo.write(FASTER.replace("(5,", "(6,"))
    git(repo, "commit", "-qam", "six")
    git(repo, "checkout", "-q", "main")
    repo.write(FASTER.replace("(5,", "(9,"))
    git(repo, "commit", "-qam", "nine")
    with pytest.raises(Exception, match="merge"):
        git(repo, "merge", "-q", "other")
    assert repo("resolve", "--ours", TREND_PATH).code == 0
    assert repo.read() == FASTER.replace("(5,", "(9,")


def test_ours_is_found_although_the_clock_was_ahead(repo: World) -> None:
    repo.write(EXTRA)
    assert repo("restore", TREND_PATH).code == 0
    (note,) = (repo.home / "pinesync" / "state").glob("*/replaced/*.json")
    import json

    content = json.loads(note.read_text())
    note.write_text(json.dumps({**content, "when": content["when"] + 1e9}))
    conflicted(repo)
    assert repo("resolve", "--ours", TREND_PATH).code == 0
    assert repo.read() == FASTER


def test_resolve_ours_refuses_and_names_the_candidates_if_ours_is_ambiguous(repo: World) -> None:
    """The candidates are named."""
    repo.write(EXTRA)
    assert repo("restore", TREND_PATH).code == 0
    conflicted(repo)
    state = repo.state_folder
    for note in (state / "replaced").glob("*.json"):
        if "conflict" in note.read_text():
            note.unlink()
    marked = repo.read()
    refused = repo("resolve", "--ours", TREND_PATH, code=3)
    assert f"`pinesync restore --back 1 {TREND_PATH}` or `git checkout HEAD -- " in refused.err
    assert repo.read() == marked


# -- i. a create that is still open ---------------------------------------------------------------


def test_a_file_with_a_pending_create_is_not_linked(clone: World) -> None:
    clone.write(EXTRA, "Extra.pine")
    assert clone("add", "Extra.pine").code == 0
    clone.web_save(TREND, "Other")
    clone.plan.add("save_new:1:reset:before")
    assert clone("push").code == 7
    linked = clone("add", "--id", clone.id_of("Other"), "Extra.pine")
    assert (linked.code, "is not settled yet" in linked.err) == (7, True)
    assert clone.entry("Extra.pine")["pine_id"] is None


# -- what a person chose by name ------------------------------------------------------------------


def test_a_restored_version_can_be_pushed(repo: World) -> None:
    repo.web_save_and_pull(SLOWER)
    assert repo("restore", f"{TREND_PATH}@1").code == 0
    assert repo.statuses() == {TREND_PATH: "modified"}
    repo.write(repo.read() + "plot(close)\n")
    assert repo.statuses() == {TREND_PATH: "modified"}
    assert repo("push").code == 0
    assert repo.saved()[-1] == LONGER


def test_restore_push_saves_an_older_version(repo: World) -> None:
    repo.web_save_and_pull(SLOWER)
    assert repo("restore", f"{TREND_PATH}@1", "--push").code == 0
    assert repo.saved() == [TREND, SLOWER, TREND]


def test_a_later_restore_ends_the_permission_to_revert(repo: World) -> None:
    repo.web_save_and_pull(SLOWER)
    assert repo("restore", f"{TREND_PATH}@1").code == 0
    assert repo("restore", TREND_PATH).code == 0
    discard(repo)
    refused(repo, newest=SLOWER, naming="2.0")


def test_a_text_chosen_by_pull_ours_can_be_pushed(repo: World) -> None:
    repo.write(LONGER)
    repo.web_save(SLOWER)
    assert repo("pull", "--ours").code == 0
    assert repo("push").code == 0
    assert repo.saved() == [TREND, SLOWER, LONGER]


def test_the_permission_to_revert_ends_once_the_file_is_clean(repo: World) -> None:
    repo.web_save(SLOWER)
    assert repo("pull", "--commit").code == 0
    assert repo("restore", f"{TREND_PATH}@1").code == 0
    discard(repo)
    assert repo("pull").code == 0
    git(repo, "checkout", "HEAD~1", "--", TREND_PATH)
    refused(repo, newest=SLOWER, naming="2.0")


def test_a_manual_merge_can_be_pushed_once_resolved(repo: World) -> None:
    """The merge has neither side, but the line from before; it is saved if named."""
    conflicted(repo)
    repo.write(TREND)
    refused(repo, newest=SLOWER, naming="2.0")
    assert repo("resolve", "--merged", TREND_PATH).code == 0
    assert repo("push").code == 0
    assert repo.saved()[-1] == TREND


# -- what is lacked is not the newest -------------------------------------------------------------


def test_a_text_with_only_the_later_foreign_save_is_refused(repo: World) -> None:
    """Like the result of a cherry-pick, without an edit."""
    repo.web_save_and_pull(SLOWER)
    repo.web_save_and_pull(SLOWER + "\n// theirs\n")
    repo.write(TREND + "\n// theirs\n")
    refused(repo, newest=SLOWER + "\n// theirs\n", naming="3.0")
    assert repo("pull").code == 0
    assert repo.read() == SLOWER + "\n// theirs\n"


def test_a_removed_script_pulled_again_is_protected(clone: World) -> None:
    """Git restores an older text of a pulled file."""
    start(clone)
    clone.web_save(SLOWER)
    assert clone("rm", TREND_PATH).code == 0
    clone.remove()
    assert clone("pull").code == 0
    assert clone.read() == SLOWER
    discard(clone)
    refused(clone, newest=SLOWER, naming="2.0")


# -- ordinary work meets no new refusal -----------------------------------------------------------


def test_ordinary_edits_are_pushed(repo: World) -> None:
    repo.web_save_and_pull(SLOWER)
    added = SLOWER + "plot(close)\n"
    for text in (added, SLOWER, added, SLOWER.replace("ta.ema", "ta.rma"), SLOWER):
        repo.write(text)
        assert repo("push").code == 0, text
    assert repo.saved()[-1] == SLOWER


def test_moving_a_foreign_line_does_not_revert_it(repo: World) -> None:
    added = TREND.replace("plot(fast)\n", "plot(high)\nplot(fast)\n")
    repo.web_save_and_pull(added)
    moved = TREND.replace("rises =", "plot(high)\nrises =")
    repo.write_and_push(moved)
    assert repo.saved()[-1] == moved


def test_blanks_do_not_count_as_foreign_work(repo: World) -> None:
    """An editor adds the final newline and removes trailing blanks."""
    repo.web_save_and_pull(TREND.removesuffix("\n").replace("plot(fast)", "plot(fast)  "))
    repo.write_and_push(LONGER)
    assert repo.saved()[-1] == LONGER


def test_undoing_our_own_edit_of_a_foreign_line_is_pushed(repo: World) -> None:
    repo.web_save_and_pull(SLOWER)
    for text in (FASTER, TREND):
        repo.write_and_push(text)
    assert repo.saved() == [TREND, SLOWER, FASTER, TREND]


def test_a_push_of_an_edit_costs_five_requests(repo: World) -> None:
    repo.web_save_and_pull(SLOWER)
    repo.write(SLOWER + "plot(close)\n")
    assert repo("status").requests == ("list",)
    assert repo("push").requests == ("list", "check", "get", "save_next", "get")


def test_an_old_pine_toml_is_read(repo: World) -> None:
    repo.web_save_and_pull(SLOWER)
    file = repo.folder / "pine.toml"
    file.write_text(file.read_text("utf-8").replace('theirs = "2.0"', 'pulled = "2.0"'), "utf-8")
    discard(repo)
    refused(repo, newest=SLOWER, naming="2.0")
    assert repo("pull").code == 0
    repo.write_and_push(repo.read() + "plot(close)\n")
    assert 'theirs = "2.0"' in file.read_text("utf-8")
    shutil.rmtree(repo.folder / ".git")
