"""`push --record`: main is protected, so a side ref records the bases. Each workflow run is a
fresh clone on a machine without state."""

from __future__ import annotations

import os
import shutil
import signal
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.watch.editors import once_asked
from tests.world import BREAKOUT_PATH, TREND_PATH, Ran, World, git, git_code, start
from tests.world.scripts import BREAKOUT, EXTRA, FASTER, LONGER, MERGED, SLOWER, TREND

REF = "pinesync/record"
EXTRA_PATH = "indicators/Extra.pine"
LATER = LONGER + "// later\n"


@dataclass
class Team:
    """A developer's clone, the shared host, and the runners of its workflow."""

    world: World
    origin: Path
    ref: str = REF
    runs: list[Path] = field(default_factory=list)

    @property
    def desk(self) -> Path:
        return self.world.folder

    def commit(self, text: str | None, path: str = TREND_PATH, branch: str = "") -> str:
        """A developer edits, commits, and pushes to the host."""
        if text is not None:
            self.world.write(text, path)
        git(self.desk, "add", "--all")
        git(self.desk, "commit", "-qm", "edit", "--allow-empty")
        self.publish(branch)
        return git(self.desk, "rev-parse", "HEAD")

    def publish(self, branch: str = "", *more: str) -> None:
        git(self.desk, "push", "-q", *more, "origin", f"HEAD:refs/heads/{branch or 'main'}")

    def runner(self, *more: str, branch: str = "main") -> Path:
        """A fresh clone, as the workflow's first steps make it."""
        shutil.rmtree(self.world.home / "pinesync" / "state", ignore_errors=True)
        place = self.world.place / f"run{len(self.runs)}"
        git(self.origin, "clone", "-q", *more, "-b", branch, self.origin.as_uri(), str(place))
        if self.ref.startswith("refs/") and git(self.origin, "for-each-ref", self.ref):
            git(place, "fetch", "-q", "origin", f"{self.ref}:{self.ref}")
        self.runs.append(place)
        return place

    def push(self, at: Path, *more: str) -> Ran:
        return self.world("push", "--record", self.ref, *more, cwd=at)

    def share(self, at: Path) -> None:
        git(at, "push", "-q", "origin", self.ref)

    def run(self, *more: str, branch: str = "main") -> Ran:
        """The whole workflow."""
        place = self.runner(branch=branch)
        ran = self.push(place, *more)
        self.share(place)
        return ran

    def statuses(self, branch: str = "main") -> dict[str, str]:
        """The status words of unclean scripts in a fresh clone with the setting."""
        place = self.runner(branch=branch)
        git(place, "config", "pinesync.record", self.ref)
        lines = self.world("status", "--json", cwd=place).json["lines"]
        return {line["path"]: line["word"] for line in lines if line["word"] != "clean"}

    def records(self) -> list[str]:
        """The subjects on the side ref, without the commits that were pushed."""
        found = git(self.origin, "log", "--format=%s", self.ref, "--grep=^Pine-Workspace: ")
        return [row for row in found.split("\n") if row]

    def based(self, path: str = TREND_PATH) -> str:
        text = git(self.origin, "show", f"{self.ref}:pine.toml")
        block = text.split(f'"{path}"]')[1].split("[scripts")[0]
        return next(r for r in block.split("\n") if r.startswith("version")).split('"')[1]


@pytest.fixture
def team(clone: World) -> Team:
    start(clone)
    git(clone, "branch", "-M", "main")
    origin = clone.place / "origin.git"
    git(clone.place, "clone", "-q", "--bare", str(clone.folder), str(origin))
    git(clone, "remote", "add", "origin", str(origin))
    return Team(clone, origin)


# -- one push after another -----------------------------------------------------------------------


@pytest.mark.parametrize("ref", [REF, "refs/pinesync/record"])
def test_two_pushes_from_fresh_clones_work_with_a_record(team: Team, ref: str) -> None:
    team.ref = ref
    first = team.commit(LONGER)
    ran = team.run()
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.splitlines()[1].startswith("recorded   ")
    assert git(team.origin, "rev-parse", f"{ref}^1") == first
    assert git(team.origin, "diff", "--name-only", first, ref) == "pine.toml"
    team.commit(LATER)
    ran = team.run()
    assert (ran.code, ran.err) == (0, "")
    assert team.world.saved() == [TREND, LONGER, LATER]
    assert team.records() == ["Record Trend 3.0", "Record Trend 2.0"]
    assert team.based() == "3.0"
    assert team.statuses() == {}
    assert team.world.version() == "1.0"  # main was never committed to


def test_without_a_record_the_second_push_is_refused(team: Team) -> None:
    """The purpose of the side ref."""
    team.commit(LONGER)
    assert team.world("push", cwd=team.runner()).code == 0
    team.commit(LATER)
    ran = team.world("push", cwd=team.runner())
    assert ran.code == 3
    assert team.world.saved() == [TREND, LONGER]


def test_two_pushes_work_with_the_commit_back(team: Team) -> None:
    for text in (LONGER, LATER):
        team.commit(text)
        place = team.runner()
        assert team.world("push", "--commit", cwd=place).code == 0
        git(place, "push", "-q", "origin", "HEAD:main")
        git(team.desk, "pull", "-q", "--rebase", "origin", "main")
    assert team.world.saved() == [TREND, LONGER, LATER]
    assert team.statuses() == {}


def test_recording_changes_no_file_index_or_branch(team: Team) -> None:
    place = team.runner()
    (place / TREND_PATH).write_text(LONGER)
    git(place, "commit", "-qam", "mine")
    (place / BREAKOUT_PATH).write_text(BREAKOUT + "// staged\n")
    git(place, "add", BREAKOUT_PATH)
    (place / "pre").write_text("not mine to say\n")
    head, index = git(place, "rev-parse", "HEAD"), git(place, "ls-files", "--stage")
    assert team.push(place, TREND_PATH).code == 0
    assert (git(place, "rev-parse", "HEAD"), git(place, "ls-files", "--stage")) == (head, index)
    assert git(place, "symbolic-ref", "HEAD") == "refs/heads/main"
    changed = git(place, "status", "--short").split("\n")
    assert changed == [" M pine.toml", f"M  {BREAKOUT_PATH}", "?? pre"]


def test_a_second_run_records_nothing_new(team: Team) -> None:
    team.commit(LONGER)
    place = team.runner()
    assert team.push(place).code == 0
    before = git(place, "rev-parse", REF)
    ran = team.push(place, "--json")
    assert (ran.code, git(place, "rev-parse", REF)) == (0, before)
    assert ran.json["record"] == {"ref": f"refs/heads/{REF}", "commit": before, "paths": []}


def test_the_first_run_creates_the_ref_without_changes(team: Team) -> None:
    assert team.run().code == 0
    assert team.records() == ["Record nothing new"]
    assert team.run().code == 0
    assert team.records() == ["Record nothing new"]


def test_record_has_json_and_a_dry_run(team: Team) -> None:
    team.commit(LONGER)
    place = team.runner()
    record = {"ref": f"refs/heads/{REF}", "commit": None, "paths": [TREND_PATH]}
    refs = git(place, "show-ref")
    assert team.push(place, "--dry-run", "--json").json["record"] == record
    assert "would record 1 script" in team.push(place, "--dry-run").out
    assert git(place, "show-ref") == refs
    ran = team.push(place, "--json")
    assert ran.json["record"] == {**record, "commit": git(place, "rev-parse", REF)}
    assert "record" not in team.world("push", "--json", cwd=place).json


def test_a_script_is_created_once(team: Team) -> None:
    team.world.write(EXTRA, EXTRA_PATH)
    team.world("add", EXTRA_PATH)
    team.commit(None)
    assert team.run().code == 0
    created = team.world.id_of("Extra")
    assert team.statuses() == {}
    team.commit(EXTRA + "// more\n", EXTRA_PATH)
    assert team.run().code == 0
    assert team.world.id_of("Extra") == created
    assert team.world.saved("Extra") == [EXTRA, EXTRA + "// more\n"]
    git(team.desk, "mv", EXTRA_PATH, "indicators/Moved.pine")
    manifest = team.world.read("pine.toml").replace(EXTRA_PATH, "indicators/Moved.pine")
    team.world.write(manifest, "pine.toml")
    team.commit(EXTRA, "indicators/Moved.pine")
    assert team.run().code == 0
    assert team.world.saved("Extra")[2:] == [EXTRA]


# -- which records count --------------------------------------------------------------------------


def test_a_reset_branch_does_not_use_the_record(team: Team) -> None:
    team.commit(LONGER)
    assert team.run().code == 0
    git(team.desk, "reset", "-q", "--hard", "HEAD^")
    team.publish("main", "--force")
    assert team.statuses() == {TREND_PATH: "behind"}
    ran = team.run()
    assert (ran.code, team.world.saved()) == (0, [TREND, LONGER])
    team.commit(FASTER)
    assert team.run().code == 3  # as where nothing was ever recorded
    assert team.world.saved() == [TREND, LONGER]


def test_an_old_branch_keeps_its_old_base(team: Team) -> None:
    team.publish("old")
    team.commit(LONGER)
    assert team.run().code == 0
    assert team.statuses("old") == {TREND_PATH: "behind"}
    assert team.statuses("main") == {}


def test_a_merged_branch_uses_both_records(team: Team) -> None:
    """Two branches record on one ref; what each knows counts once it leads to HEAD."""
    team.commit(LONGER)
    assert team.run().code == 0
    git(team.desk, "checkout", "-q", "-b", "side", "HEAD^")
    team.commit(BREAKOUT + "// side\n", BREAKOUT_PATH, "side")
    assert team.run(branch="side").code == 0
    assert team.statuses("side") == {TREND_PATH: "behind"}
    assert team.statuses("main") == {BREAKOUT_PATH: "behind"}
    git(team.desk, "checkout", "-q", "main")
    git(team.desk, "merge", "-q", "--no-edit", "side")
    team.world.write(BREAKOUT + "// side\n// more\n", BREAKOUT_PATH)
    team.commit(LATER)
    assert team.run().code == 0
    assert team.world.saved() == [TREND, LONGER, LATER]
    assert len(team.world.saved("Breakout")) == 3


def test_a_git_revert_is_pushed_as_a_new_version_with_a_record(team: Team) -> None:
    team.commit(LONGER)
    assert team.run().code == 0
    git(team.desk, "revert", "--no-edit", "HEAD")
    team.publish()
    assert team.statuses() == {TREND_PATH: "modified"}
    assert team.run().code == 0
    assert team.world.saved() == [TREND, LONGER, TREND]
    assert team.statuses() == {}


def test_a_save_in_the_web_editor_is_still_seen(team: Team) -> None:
    team.commit(LONGER)
    assert team.run().code == 0
    team.world.web_save(MERGED)
    assert team.statuses() == {TREND_PATH: "behind"}
    team.commit(LONGER.replace("20", "5"))
    assert team.run().code == 3
    assert team.world.saved() == [TREND, LONGER, MERGED]


def test_a_newer_base_in_pine_toml_wins(team: Team) -> None:
    team.commit(LONGER)
    assert team.run().code == 0
    team.world.web_save_and_pull(MERGED)
    assert team.world.version() == "3.0"
    team.commit(None)
    assert team.statuses() == {}
    team.commit(MERGED + "// later\n")
    assert team.run().code == 0
    assert team.based() == "4.0"


def test_uncommitted_texts_are_not_recorded(team: Team) -> None:
    """Otherwise the next run would push HEAD's older text as if it were an edit."""
    place = team.runner()
    (place / TREND_PATH).write_text(LONGER)
    ran = team.push(place)
    assert ran.code == 3
    assert "2.0 is not recorded: HEAD has another text" in ran.err
    team.share(place)
    assert team.statuses() == {TREND_PATH: "behind"}
    git(place, "commit", "-qm", "mine", TREND_PATH)
    assert team.push(place).code == 0
    assert git(place, "log", "-1", "--format=%s", REF) == "Record Trend 2.0"


def test_a_record_without_its_text_in_the_commit_is_ignored(team: Team) -> None:
    team.commit(LONGER)
    assert team.run().code == 0
    forged(team, git(team.origin, "show", f"{REF}:pine.toml"), parent="main^")
    assert team.statuses() == {}  # the text is on TradingView, regardless of the base
    team.commit(LATER)
    assert team.statuses() == {TREND_PATH: "diverged"}


def test_pull_diff_and_log_use_the_record(team: Team) -> None:
    team.commit(LONGER)
    assert team.run().code == 0
    place = team.runner()
    git(place, "config", "pinesync.record", REF)
    before = (place / "pine.toml").read_bytes()
    assert team.world("diff", cwd=place).out == ""
    assert team.world("pull", "--json", cwd=place).json["outcomes"] == []
    offline = team.world("status", "--offline", "--json", cwd=place).json["lines"]
    assert {line["word"] for line in offline} == {"clean"}
    team.world.web_save(MERGED)
    assert team.world("pull", cwd=place).out.splitlines() == [f"pulled     {TREND_PATH}  2.0 → 3.0"]
    assert (place / "pine.toml").read_bytes() != before


# -- races and deaths -----------------------------------------------------------------------------


def test_two_runs_at_once_record_both(team: Team) -> None:
    """The second run fetches the record of the first, and records on top of both."""
    team.commit(LONGER)
    one = team.runner()
    team.commit(BREAKOUT + "// mine\n", BREAKOUT_PATH)
    other = team.runner()
    assert team.push(one).code == 0
    assert team.push(other).code == 0
    team.share(one)
    assert git_code(other, "push", "-q", "origin", REF)
    git(other, "fetch", "-q", "origin")
    assert team.push(other).code == 0
    team.share(other)
    assert team.statuses() == {}
    assert team.based(BREAKOUT_PATH) == team.based() == "2.0"
    assert (len(team.world.saved()), len(team.world.saved("Breakout"))) == (2, 2)


def test_a_concurrently_moved_ref_is_left_and_reported(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    team.commit(LONGER)
    place = team.runner()
    assert team.push(place).code == 0
    (place / TREND_PATH).write_text(LATER)
    git(place, "commit", "-qam", "mine")

    def moved() -> None:
        tree = git(place, "rev-parse", "HEAD^{tree}")
        git(place, "update-ref", f"refs/heads/{REF}", git(place, "commit-tree", tree, "-m", "x"))

    once_asked(team.world, monkeypatch, "save_next", moved)
    ran = team.push(place)
    assert ran.code == 1
    assert "not recorded" in ran.err
    assert team.world.saved()[-1] == LATER
    assert git(place, "log", "-1", "--format=%s", REF) == "x"


def test_a_push_killed_before_the_record_is_recorded_later(team: Team) -> None:
    """The next run, without state, finds the text on TradingView and records it."""
    team.commit(LONGER)
    team.world("push", cwd=team.runner())  # saved; the record was never made
    shutil.rmtree(team.runs[-1])
    ran = team.run()
    assert ran.code == 0
    assert team.world.saved() == [TREND, LONGER]
    assert (team.records(), team.based()) == (["Record Trend 2.0"], "2.0")


def test_a_kill_between_save_and_record_is_recovered(team: Team) -> None:
    team.commit(LONGER)
    place = team.runner()
    path = f"{deadly(team.world.place, 'fast-import')}:{os.environ['PATH']}"
    ran = team.world.process("push", "--record", REF, cwd=place, PATH=path)
    assert ran.code == -signal.SIGKILL
    assert team.world.saved() == [TREND, LONGER]
    assert not git(place, "for-each-ref", f"refs/heads/{REF}")
    ran = team.push(place)
    assert (ran.code, team.world.saved()) == (0, [TREND, LONGER])
    team.share(place)
    assert (team.records(), team.based(), team.statuses()) == (["Record Trend 2.0"], "2.0", {})


def deadly(place: Path, word: str) -> Path:
    """A folder for PATH, with a git that kills its caller at this one command."""
    real = shutil.which("git")
    script = place / "deadly" / "git"
    script.parent.mkdir()
    script.write_text(
        f'#!/bin/sh\ncase "$*" in *{word}*) kill -9 $PPID; exit 1;; esac\nexec {real} "$@"\n'
    )
    script.chmod(0o755)
    return script.parent


# -- what is refused ------------------------------------------------------------------------------


def forged(team: Team, manifest: str, *, parent: str = "main", trailer: str | None = None) -> None:
    """A commit that looks like a record, on the host."""
    workspace = manifest.split('id = "')[1].split('"')[0] if trailer is None else trailer
    place = team.world.place / "forge"
    git(team.origin, "clone", "-q", str(team.origin), str(place))
    git(place, "checkout", "-q", "--detach", f"origin/{parent}")
    (place / "pine.toml").write_text(manifest)
    git(place, "commit", "-qam", f"x\n\nPine-Workspace: {workspace}", "--allow-empty")
    git(place, "push", "-qf", "origin", f"HEAD:refs/heads/{team.ref}")
    shutil.rmtree(place)


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ('version = "', 'version = "x', "cannot be used"),
        ("[workspace]", "<<<<<<< mine\n[workspace]", "cannot be used"),
        (TREND_PATH, "../Trend.pine", "cannot be used"),
        ('\nid = "', '\nid = "another', "is not a record of this workspace"),
    ],
)
def test_a_hostile_record_stops_the_run(team: Team, before: str, after: str, says: str) -> None:
    manifest = team.world.read("pine.toml")
    own = manifest.split('id = "')[1].split('"')[0]
    forged(team, manifest.replace(before, after), trailer=own)
    team.commit(LONGER)
    place = team.runner()
    git(place, "config", "pinesync.record", REF)
    for words in (("status", "--offline"), ("push",), ("push", "--record", REF)):
        ran = team.world(*words, cwd=place)
        assert (ran.code, ran.requests) == (2, ()), ran
        assert f"refs/heads/{REF}" in ran.err
        assert says in ran.err
    assert team.world.saved() == [TREND]


def test_a_branch_of_ordinary_commits_is_refused(team: Team) -> None:
    team.publish("feature")
    git(team.desk, "checkout", "-q", "-b", "work")
    team.commit(LONGER, branch="feature")
    place = team.runner()
    ran = team.world("push", "--record", "feature", cwd=place)
    assert (ran.code, ran.requests) == (2, ())
    assert "is not a record of this workspace" in ran.err


NEVER = """-x HEAD @ FETCH_HEAD origin/main main refs/heads/main main/record
tradingview/saved tradingview/history
refs/remotes/tradingview/saved refs/tags/v1 refs/pinesync/ refs/pinesync a..b""".split()


def test_a_branch_in_the_history_of_head_is_refused(team: Team) -> None:
    """A user's branch never moves."""
    place = team.runner()
    before = git(place, "rev-parse", "HEAD")
    git(place, "branch", "lone")
    git(place, "checkout", "-q", "--detach")
    (place / TREND_PATH).write_text(LONGER)
    git(place, "commit", "-qam", "edit")
    for ref in ("main", "lone"):
        refused = team.world("push", "--record", ref, cwd=place)
        assert (refused.code, refused.requests) == (2, ())
        assert "is not a record of this workspace" in refused.err
    assert git(place, "rev-parse", "main") == before
    assert team.world.saved() == [TREND]


def test_pushes_continue_after_the_record_is_merged_into_main(team: Team) -> None:
    team.commit(LONGER)
    assert team.run().code == 0
    git(team.desk, "fetch", "-q", "origin", REF)
    git(team.desk, "merge", "-q", "--no-edit", "FETCH_HEAD")
    team.publish()
    assert team.run().code == 0
    team.commit(LATER)
    assert team.run().code == 0
    assert team.world.saved() == [TREND, LONGER, LATER]


def test_an_invalid_ref_is_refused(team: Team) -> None:
    team.world.write(LONGER)
    git(team.desk, "commit", "-qam", "mine")
    refs = git(team.desk, "show-ref")
    for ref in (*NEVER, "a b", ""):
        ran = team.world("push", f"--record={ref}")
        assert (ran.code, ran.requests) == (2, ()), ref
    assert team.world("push", "--record", "-x").code == 2
    assert git(team.desk, "show-ref") == refs
    assert team.world.saved() == [TREND]


def test_a_branch_checked_out_in_another_work_tree_is_refused(team: Team) -> None:
    git(team.desk, "worktree", "add", "-q", "-b", "aside", str(team.world.place / "tree"))
    assert team.world("push", "--record", "aside").code == 2


def test_an_invalid_record_setting_is_refused(team: Team) -> None:
    git(team.desk, "config", "pinesync.record", "HEAD")
    ran = team.world("status", "--offline")
    assert ran.code == 2
    assert "git config pinesync.record: 'HEAD'" in ran.err


def test_record_needs_a_repository_a_commit_and_a_manifest(clone: World) -> None:
    assert clone("push", "--record", REF).code == 2
    git(clone, "init", "-q")
    ran = clone("push", "--record", REF)
    assert (ran.code, "no commits yet" in ran.err) == (2, True)
    git(clone, "add", TREND_PATH)
    git(clone, "commit", "-qm", "one file")
    ran = clone("push", "--record", REF)
    assert (ran.code, "HEAD has no pine.toml" in ran.err, ran.requests) == (3, True, ())


def test_commit_and_record_cannot_be_combined(team: Team) -> None:
    assert team.world("push", "--record", REF, "--commit").code == 2
    git(team.desk, "config", "pinesync.commit", "true")
    head = team.commit(LONGER)
    assert team.push(team.desk).code == 0
    assert git(team.desk, "rev-parse", "HEAD") == head


def test_a_shallow_clone_is_refused(team: Team) -> None:
    team.commit(LONGER)
    assert team.run().code == 0
    team.commit(LATER)
    place = team.runner("--depth=1", "--no-single-branch")
    ran = team.push(place)
    assert (ran.code, ran.requests) == (3, ())
    assert "shallow clone" in ran.err
    git(place, "fetch", "-q", "--unshallow")
    assert team.push(place).code == 0
    assert team.world.saved() == [TREND, LONGER, LATER]


def test_a_flag_is_recorded_with_its_base(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    """A foreign save hidden by ours is known on every machine."""
    team.commit(LONGER)
    place = team.runner()
    once_asked(team.world, monkeypatch, "save_next", lambda: team.world.web_save(SLOWER))
    assert team.push(place).code == 3
    team.share(place)
    assert team.statuses() == {TREND_PATH: "conflict"}


# -- where the workspace lies ---------------------------------------------------------------------


def test_record_works_in_a_subfolder_and_a_work_tree(clone: World, tmp_path: Path) -> None:
    start(clone, clone.place)
    clone.write(LONGER)
    git(clone, "commit", "-qam", "mine")
    tree = tmp_path / "tree"
    git(clone, "worktree", "add", "-q", "--detach", str(tree))
    inside = tree / "scripts"
    assert clone("push", "--record", REF, cwd=inside).code == 0
    assert git(clone, "diff", "--name-only", "HEAD", REF) == "scripts/pine.toml"
    git(clone, "config", "pinesync.record", REF)
    git(tree, "checkout", "-q", "--", ".")
    for place in (inside, clone.folder):
        assert clone("status", cwd=place).out == "nothing to pull or push, 3 scripts clean\n"
