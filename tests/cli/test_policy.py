"""Every row of the policy table, reached through commands: its status word, the result of pull
and push, and their exit codes. The histories are in `cases`."""

from __future__ import annotations

import pytest

from pinesync.sync.policy import POLICY, LocalSide
from tests.cli.cases import CASES, CREATED, FLAGGED, SAVED, Case, Told, commits, pulls, reverts
from tests.world import BREAKOUT_PATH, TREND_PATH, World, both_ways
from tests.world.scripts import BREAKOUT, EXTRA, LONGER, MERGED, SLOWER, TREND

pytestmark = pytest.mark.promise(30, 38)

every_case = pytest.mark.parametrize(
    "case",
    [
        *(pytest.param(case, id=case.id) for case in CASES),
        *(pytest.param(case, id=f"{case.id}-flagged-{n}") for n, case in enumerate(FLAGGED)),
    ],
)
_CHANGES = ("pulled", "merged", "conflict", "restored", "written", "saved", "created")
_LEFT_TO_A_PERSON = {
    "missing": "restore",
    "gone": "push --recreate",
    "name-taken": "add --id",
    "untracked": "add",
}
# A status that wins over any remote side needs no history for each of them.
_WINS = (LocalSide.MARKED, LocalSide.UNREADABLE)


def outcome(ran, path: str) -> Told:
    outcomes = [outcome["done"] for outcome in ran.json["outcomes"] if outcome["path"] == path]
    assert len(outcomes) <= 1, outcomes
    return ran.code, outcomes[0] if outcomes else None


def leads_to(case: Case) -> str | None:
    """The command that status suggests: the first that changes something, or one for a manual
    decision."""
    if case.word == "conflict":
        return "resolve"
    for verb, (code, done) in (("pull", case.pull), ("push", case.push)):
        if code == 7 or done in _CHANGES:
            return verb
    return _LEFT_TO_A_PERSON.get(case.word)


def test_every_policy_row_has_a_history() -> None:
    reached = {case.row for case in CASES}
    assert {row for row in POLICY if row[0] not in _WINS} - reached == set()
    assert reached - set(POLICY) == set()


@every_case
def test_pull_changes_the_file_or_nothing_and_never_the_account(clone: World, case: Case) -> None:
    case.happened(clone)
    account, files = clone.account(), clone.files()
    assert outcome(clone("pull", "--json"), case.path) == case.pull
    assert clone.account() == account
    after = clone.files()
    if case.pulled is None:
        assert after.get(case.path) == files.get(case.path)
    else:
        assert clone.read(case.path) == case.pulled
    others = {path for path in (*files, *after) if path not in (case.path, "pine.toml")}
    others = {path for path in others if not path.startswith(".git/")}  # its tracking branch
    assert all(after.get(path) == files.get(path) for path in others)


@every_case
def test_push_changes_the_account_or_nothing_and_never_a_file(clone: World, case: Case) -> None:
    case.happened(clone)
    account, files = clone.account(), clone.files()
    assert outcome(clone("push", "--json"), case.path) == case.push
    after = clone.files()
    assert {**after, "pine.toml": b""} == {**files, "pine.toml": b""}
    if case.push == CREATED:
        assert clone.account() == {**account, "Extra": [EXTRA]}
    elif case.push == SAVED:
        assert clone.account() == {**account, "Trend": [*account["Trend"], clone.read()]}
    else:
        assert clone.account() == account


@every_case
def test_after_two_rounds_pull_and_push_change_nothing(clone: World, case: Case) -> None:
    """A second run repeats nothing that the first one did or left."""
    case.happened(clone)
    for verb in ("pull", "push", "pull", "push"):
        clone(verb)
    account, files, records = clone.account(), clone.files(), clone.records()
    for verb in ("pull", "push"):
        again = clone(verb, "--json")
        done = {outcome["done"] for outcome in again.json["outcomes"]}
        assert done <= {"refused", "kept", "told", "skipped"}
    assert clone.account() == account
    assert clone.files() == files
    assert clone.records() == records


@every_case
def test_each_status_is_shown_and_a_dry_run_does_nothing(clone: World, case: Case) -> None:
    case.happened(clone)
    before = clone.account(), clone.files(), clone.state()
    assert clone.statuses() == ({} if case.word == "clean" else {case.path: case.word})
    step = clone("status", "--json").json["next_step"]
    assert step is None if leads_to(case) is None else step["command"] == leads_to(case)
    assert POLICY[case.row].word == case.word
    assert clone("status", "--exit-code").code == (0 if case.word == "clean" else 6)
    for verb in ("pull", "push"):
        planned = clone(verb, "--dry-run", "--json", code=0)
        assert planned.json["outcomes"] == []
        rows = [(step["path"], step["word"]) for step in planned.json["planned"]]
        expected = getattr(case, verb)
        assert rows == ([(case.path, case.word)] if expected[1] else [])
        assert not {"save_next", "save_new", "rename", "delete"} & set(planned.requests)
    for command in ("diff", "check", "list"):
        clone(command)
    assert (clone.account(), clone.files(), clone.state()) == before


def test_push_of_a_named_behind_script_is_refused(clone: World) -> None:
    clone.web_save(SLOWER)
    for name in (TREND_PATH, "./indicators/../indicators/Trend.pine"):
        refused = clone("push", name, code=3)
        assert "not edited here, and saved on TradingView since you pulled" in refused.err
    assert "run `pinesync pull`" in clone("push", code=0).err


def test_a_gone_script_can_be_created_again(clone: World) -> None:
    clone.write(LONGER)
    old = clone.entry()["pine_id"]
    clone.web_delete()
    assert clone("push", "--recreate", code=0).out == f"created    {TREND_PATH}  1.0\n"
    assert clone.saved() == [LONGER]
    assert clone.entry()["pine_id"] == clone.id_of() != old
    assert clone.statuses() == {}
    assert clone("push", "--recreate").requests == ("list",)


def test_recreate_needs_a_file(clone: World) -> None:
    clone.remove()
    clone.web_delete()
    assert clone("push", "--recreate").code == 3
    assert set(clone.account()) == {"Breakout", "Tools"}


def test_an_untracked_file_becomes_new_then_clean(clone: World) -> None:
    clone.write(EXTRA, "ideas/Anything.pine")
    assert clone.statuses() == {"ideas/Anything.pine": "untracked"}
    added = clone("add", "ideas/Anything.pine")
    assert added.out == "ideas/Anything.pine: push will save it as Extra\n"
    assert clone.statuses() == {"ideas/Anything.pine": "new"}
    assert clone("push").code == 0
    assert clone.statuses() == {}
    assert clone.saved("Extra") == [EXTRA]


def test_ignored_files_have_no_status(clone: World) -> None:
    file = clone.folder / "pine.toml"
    file.write_text(file.read_text("utf-8").replace("ignore = []", 'ignore = ["drafts/**"]'))
    clone.write(EXTRA, "drafts/deep/Idea.pine")
    assert clone.statuses() == {}


def test_a_refused_script_does_not_stop_the_others(clone: World) -> None:
    clone.write(LONGER)
    clone.write(BREAKOUT + "// more\n", BREAKOUT_PATH)
    clone.web_save(SLOWER)
    clone("push", code=3)
    assert len(clone.saved("Breakout")) == 2
    assert clone.saved() == [TREND, SLOWER]


@both_ways
def test_push_over_saves_a_reverted_text(clone: World) -> None:
    clone.web_save(SLOWER)
    pulls(clone)
    clone.write(TREND)
    assert f"`pinesync push --over 2.0 {TREND_PATH}` overwrites it" in clone("push", code=3).err
    assert clone("push", "--over", "2.0", TREND_PATH).code == 0
    assert clone.saved() == [TREND, SLOWER, TREND]
    assert clone.statuses() == {}


@both_ways
def test_push_over_accepts_only_the_newest_version(clone: World) -> None:
    clone.write(LONGER)
    clone.web_save(SLOWER)
    clone.web_save(MERGED)
    for wrong in ("1.0", "2.0", "4.0"):
        refused = clone("push", "--over", wrong, TREND_PATH, code=3)
        assert f"the newest version on TradingView is 3.0, not {wrong}" in refused.err
        assert "save_next" not in refused.requests
    for misused in (["--over", "3.0"], ["--over", "new", TREND_PATH], ["--over", "3.0", "a", "b"]):
        assert clone("push", *misused).code == 2
    assert clone("push", "--over", "3.0", TREND_PATH).code == 0
    assert clone.saved() == [TREND, SLOWER, MERGED, LONGER]
    assert clone.statuses() == {}


def test_a_git_revert_is_pushed_as_a_new_version(clone: World) -> None:
    reverts(clone)
    assert clone.statuses() == {TREND_PATH: "rolled-back"}
    assert clone("push").code == 0
    assert clone.saved() == [TREND, SLOWER, TREND]
    assert clone.statuses() == {}


def test_an_old_branch_is_behind_and_not_an_edit(clone: World) -> None:
    """Its file and its entry are equally old, so it is a plain fast-forward."""
    commits(clone)
    clone.git("branch", "old")
    clone.web_save(SLOWER)
    pulls(clone)
    clone.git("commit", "-qam", "pull")
    clone.git("checkout", "-q", "old")
    assert clone.statuses() == {TREND_PATH: "behind"}
    assert clone("push").code == 0
    assert clone.saved() == [TREND, SLOWER]
    assert clone("pull").code == 0
    assert clone.read() == SLOWER


def test_a_file_discarded_by_git_is_not_an_edit(clone: World) -> None:
    commits(clone)
    clone.web_save(SLOWER)
    pulls(clone)
    clone.git("checkout", "--", TREND_PATH)
    assert clone.statuses() == {TREND_PATH: "undoes"}
    assert clone("push").code == 3
    assert clone("pull").out == f"restored   {TREND_PATH}  2.0\n"
    assert clone.read() == SLOWER
    assert clone.statuses() == {}
