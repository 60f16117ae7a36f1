"""The team's workflow, step by step in a shell: pull requests, pushes, races, drift."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from pinesync.workspace.manifest import parse
from tests.cli.schemas import validator
from tests.cli.workflow import COOKIE, SECRET, WORKFLOW, Team, together
from tests.world import BREAKOUT_PATH, TREND_PATH, World, git, touched
from tests.world.scripts import BREAKOUT, BROKEN, EXTRA, LONGER, MERGED, SLOWER, TREND

pytestmark = [
    pytest.mark.parametrize("world", ["facade"], indirect=True),
    pytest.mark.skipif(not shutil.which("bash"), reason="needs the program bash"),
]
ROOT = Path(__file__).parents[2]
UP_TO_WRITING = {
    f"PIP_{name}": value
    for name, value in {
        "DRY_RUN": "1",
        "NO_DEPS": "1",
        "NO_INDEX": "1",
        "NO_BUILD_ISOLATION": "0",
        "ROOT_USER_ACTION": "ignore",
    }.items()
}
"""pip goes as far as it can without an index, and installs nothing."""
OTHER = BREAKOUT + "// another\n"


@pytest.fixture
def team(clone: World) -> Team:
    return together(clone)


def recorded(team: Team) -> dict[str, str]:
    """The version of every script in main's pine.toml."""
    text = git(team.origin, "show", "main:pine.toml") + "\n"
    return {path: str(e.base.version) for path, e in parse(text).entries.items() if e.base}


def subjects(team: Team) -> list[str]:
    """The subjects of main, the newest first."""
    return git(team.origin, "log", "--format=%s", "main").split("\n")


RECORDED = "Record what TradingView has [skip ci]"


# -- a pull request -------------------------------------------------------------------------------


def test_a_pull_request_with_a_broken_script_is_annotated(team: Team) -> None:
    git(team.world, "checkout", "-qb", "idea")
    team.world.write(BROKEN)
    git(team.world, "commit", "-qam", "an idea")
    git(team.world, "push", "-q", "origin", "idea")
    job = team.run("check", branch="idea")
    assert job.codes == {"Check": 4}
    assert f"::error file={TREND_PATH},line=13," in job.printed["Check"]
    assert team.run("check").codes == {"Check": 0}
    assert team.world.saved() == [TREND]


def test_the_workflow_matches_its_schema(team: Team) -> None:
    written = team.workflow
    written["on"] = written.pop(True)  # YAML 1.1 reads the word as a truth value
    schema = validator("https://json.schemastore.org/github-workflow.json")
    assert list(schema.iter_errors(written)) == []
    written["jobs"]["push"]["step"] = written["jobs"]["push"].pop("steps")
    assert list(schema.iter_errors(written))


def test_each_job_has_minimal_secrets_and_permissions(team: Team) -> None:
    jobs: dict[str, Any] = team.workflow["jobs"]
    assert "secrets." not in str(jobs["check"])
    assert "environment" not in jobs["check"]
    assert COOKIE not in str({key: value for key, value in team.workflow.items() if key != "jobs"})
    assert set(team.workflow[True]) == {"pull_request", "push", "schedule", "workflow_dispatch"}
    assert team.workflow["permissions"] == {}
    may = {name: job["permissions"] for name, job in jobs.items()}
    assert may == {
        "check": {"contents": "read"},
        "push": {"contents": "write"},
        "drift": {"contents": "read"},
    }
    handed = {name: team.inputs(name) for name in jobs}
    assert {name: one["run"] for name, one in handed.items()} == {name: name for name in jobs}
    cookies = {name: one["cookie"] for name, one in handed.items()}
    assert cookies == {"check": "", "push": SECRET, "drift": SECRET}
    steps = team.action["runs"]["steps"]
    assert [one["name"] for one in steps if "inputs.cookie" in str(one)] == ["Push", "Drift"]
    assert not any("${{" in one.get("run", "") for one in steps), "an input is no script"
    assert jobs["push"]["concurrency"]["cancel-in-progress"] is False
    checkouts = {name: job["steps"][0]["with"] for name, job in jobs.items()}
    assert checkouts["check"] == {"fetch-depth": 0, "persist-credentials": False}
    assert checkouts["push"]["fetch-depth"] == checkouts["drift"]["fetch-depth"] == 0


def test_the_action_matches_its_schema(team: Team) -> None:
    validator("https://json.schemastore.org/github-action.json").validate(team.action)
    folders = {one.get("working-directory") for one in team.action["runs"]["steps"][2:]}
    assert folders == {"${{ inputs.working-directory }}"}


@pytest.mark.parametrize(
    ("job", "instead", "code", "printed"),
    [
        ("check", "run: check\n          args: --offline --strict", 4, "is never closed"),
        ("push", "run: push\n          args: --dry-run", 0, "would be saved"),
        ("drift", "run: drift\n          args: --offline", 6, "offline"),
    ],
)
def test_the_action_passes_its_args_to_the_command(
    team: Team, job: str, instead: str, code: int, printed: str
) -> None:
    team.world.write(team.world.read(WORKFLOW).replace(f"run: {job}", instead), WORKFLOW)
    team.merge(TREND + ("plot((close)\n" if job == "check" else "// more\n"), TREND_PATH)
    ran = team.run(job)
    (name,) = (one for one in ran.codes if one != "Record")
    assert (ran.codes[name], printed in ran.printed[name]) == (code, True), ran
    assert team.world.saved() == [TREND]


@pytest.mark.parametrize(
    ("inputs", "wanted"),
    [
        ({"run": "check", "version": ""}, "::error::What to install is not set"),
        ({"run": "pull", "version": "1.2.3"}, "::error::run is none of check, push and drift"),
        (
            {"run": "check", "version": "1.2.3"},
            "No matching distribution found for pinesync==1.2.3",
        ),
    ],
)
def test_invalid_inputs_of_the_action_are_refused(
    team: Team, inputs: dict[str, str], wanted: str
) -> None:
    done = team.install(inputs, **UP_TO_WRITING)
    assert (done.returncode, wanted in done.stdout) == (1, True), done.stdout


def test_the_action_of_a_checkout_installs_that_pinesync(team: Team) -> None:
    place = str(ROOT / "templates" / "action")
    inputs = {"run": "check", "version": ""}
    done = team.install(inputs, GITHUB_ACTION_PATH=place, **UP_TO_WRITING)
    assert (done.returncode, done.stdout) == (0, "")


# -- main -----------------------------------------------------------------------------------------


def test_each_push_records_its_save_and_an_unchanged_push_sends_nothing(team: Team) -> None:
    team.merge(LONGER, TREND_PATH)
    assert not team.run("push").failed
    assert (recorded(team)[TREND_PATH], subjects(team)[0]) == ("2.0", RECORDED)
    team.merge(MERGED, TREND_PATH)
    assert not team.run("push").failed
    assert recorded(team)[TREND_PATH] == "3.0"
    assert team.world.saved() == [TREND, LONGER, MERGED]
    assert touched(team.world, git(team.origin, "rev-parse", "main~1")) == [TREND_PATH]
    head = git(team.origin, "rev-parse", "main")
    assert not team.run("push").failed
    assert (git(team.origin, "rev-parse", "main"), len(team.world.saved())) == (head, 3)


def test_a_reverted_commit_is_a_new_version(team: Team) -> None:
    team.merge(LONGER, TREND_PATH)
    assert not team.run("push").failed
    git(team.world, "pull", "-q", "--rebase")
    git(team.world, "revert", "--no-edit", "HEAD~1")
    git(team.world, "push", "-q")
    assert not team.run("push").failed
    assert team.world.saved() == [TREND, LONGER, TREND]
    assert recorded(team)[TREND_PATH] == "3.0"


def test_without_the_recorded_base_a_second_push_of_a_script_is_refused(team: Team) -> None:
    team.merge(LONGER, TREND_PATH)
    assert not team.run("push", without=("Record",)).failed
    team.merge(OTHER, BREAKOUT_PATH)
    assert not team.run("push", without=("Record",)).failed
    assert (team.world.saved(), team.world.saved("Breakout")) == (
        [TREND, LONGER],
        [BREAKOUT, OTHER],
    )
    # The newest version is not recorded as main's own, so another edit is refused.
    team.merge(MERGED, TREND_PATH)
    refused = team.run("push", without=("Record",))
    assert refused.codes == {"Push": 3}
    assert "pinesync pull" in refused.printed["Push"]
    assert team.world.saved() == [TREND, LONGER]
    assert team.world("pull").code == 0
    team.merge(MERGED, TREND_PATH)
    assert not team.run("push").failed
    assert team.world.saved() == [TREND, LONGER, MERGED]


def test_a_partly_failed_push_records_what_it_saved(team: Team) -> None:
    team.merge(LONGER, TREND_PATH)
    team.merge(BREAKOUT + "plot(undeclared)\n", BREAKOUT_PATH)
    job = team.run("push")
    assert job.codes == {"Push": 4, "Record": 0}
    assert (recorded(team)[TREND_PATH], recorded(team)[BREAKOUT_PATH]) == ("2.0", "1.0")
    assert team.world.saved("Breakout") == [BREAKOUT]


def test_a_missing_secret_records_nothing(team: Team) -> None:
    team.merge(LONGER, TREND_PATH)
    team.world.user = team.world.store.ensure_user("nobody")
    job = team.run("push")
    assert (job.failed, job.codes["Record"], subjects(team)[0]) == (True, 0, "a change")


# -- races ----------------------------------------------------------------------------------------


def test_a_concurrent_commit_is_kept(team: Team) -> None:
    team.merge(LONGER, TREND_PATH)
    job = team.run("push", before={"Record": lambda: team.merge(OTHER, BREAKOUT_PATH, "meanwhile")})
    assert not job.failed, job
    assert subjects(team)[:3] == [RECORDED, "meanwhile", "a change"]
    assert recorded(team)[TREND_PATH] == "2.0"
    assert not team.run("push").failed
    assert (recorded(team)[BREAKOUT_PATH], team.world.saved("Breakout")[-1]) == ("2.0", OTHER)


def test_conflicting_records_are_repaired(team: Team) -> None:
    """The run saved 2.0; the browser saved 3.0, which somebody pulled and recorded first."""
    team.merge(LONGER, TREND_PATH)

    def meanwhile() -> None:
        team.world.web_save_and_pull(MERGED)
        team.share("from my machine")

    job = team.run("push", before={"Record": meanwhile})
    assert not job.failed, job
    assert "pine.toml is merged" in job.printed["Record"]
    assert recorded(team)[TREND_PATH] == "3.0"
    assert git(team.origin, "show", f"main:{TREND_PATH}") + "\n" == MERGED
    assert not team.run("push").failed
    assert team.world.saved() == [TREND, LONGER, MERGED]


def test_two_new_scripts_are_recorded(team: Team) -> None:
    def listed(name: str) -> None:
        team.world.write(EXTRA.replace("Extra", name), f"{name}.pine")
        assert team.world("add", f"{name}.pine").code == 0
        team.share(name)

    listed("One")
    job = team.run("push", before={"Record": lambda: listed("Other")})
    assert not job.failed, job
    assert (recorded(team)["One.pine"], "Other.pine" in recorded(team)) == ("1.0", False)
    assert not team.run("push").failed
    assert recorded(team)["Other.pine"] == "1.0"
    assert sorted(team.world.account()) == ["Breakout", "One", "Other", "Tools", "Trend"]


def test_an_already_recorded_save_needs_no_commit(team: Team) -> None:
    team.merge(LONGER, TREND_PATH)

    def meanwhile() -> None:
        assert team.world("pull").code == 0
        team.share("from my machine")

    job = team.run("push", before={"Record": meanwhile})
    assert not job.failed, job
    assert (subjects(team)[0], recorded(team)[TREND_PATH]) == ("from my machine", "2.0")


def test_a_protected_main_fails_the_record_after_the_save(team: Team) -> None:
    team.merge(LONGER, TREND_PATH)
    guard = team.origin / "hooks" / "pre-receive"
    guard.parent.mkdir(exist_ok=True)
    guard.write_text("#!/bin/sh\necho protected branch >&2\nexit 1\n")
    guard.chmod(0o755)
    job = team.run("push")
    assert job.codes == {"Push": 0, "Record": 1}
    assert "::error::pine.toml is not recorded." in job.printed["Record"]
    assert team.world.saved() == [TREND, LONGER]


def test_a_protected_main_has_its_record_on_a_side_ref(team: Team) -> None:
    team.protected = True
    assert team.inputs("push")["record"] == "pinesync/record"
    team.merge(LONGER, TREND_PATH)
    head = git(team.origin, "rev-parse", "main")
    first = team.run("push")
    assert first.codes == {"Push": 0, "Record": 0}, first
    assert git(team.origin, "rev-parse", "main") == head
    assert git(team.origin, "rev-parse", "pinesync/record^1") == head
    assert not team.run("drift").failed
    team.merge(MERGED, TREND_PATH)
    again = team.run("push")
    assert again.codes == {"Push": 0, "Record": 0}, again
    assert team.world.saved() == [TREND, LONGER, MERGED]
    assert recorded(team)[TREND_PATH] == "1.0"
    assert not team.run("push").failed
    assert len(team.world.saved()) == 3


# -- drift ----------------------------------------------------------------------------------------


def test_drift_reports_web_changes_and_changes_nothing(team: Team) -> None:
    clean = team.run("drift")
    assert clean.codes == {"Drift": 0}
    assert "    nothing to pull or push, 3 scripts clean" in clean.summary
    team.world.web_save(SLOWER)
    team.world.web_save(EXTRA, "`Extra`\n# big")
    account, head = team.world.account(), git(team.origin, "rev-parse", "main")
    drift = team.run("drift")
    assert drift.codes == {"Drift": 6}
    assert f"    behind       {TREND_PATH}" in drift.summary
    assert f"    {TREND_PATH}  +1 -1" in drift.summary
    assert "remote-only" in drift.summary
    first, _, *rows = drift.summary.rstrip("\n").split("\n")
    assert first == "### main and TradingView"
    assert all(row.startswith("    ") for row in rows), drift.summary
    assert git(drift.folder, "status", "--short") == ""
    assert (team.world.account(), git(team.origin, "rev-parse", "main")) == (account, head)


def test_drift_reports_an_expired_session(team: Team) -> None:
    team.world.user = team.world.store.ensure_user("nobody")
    job = team.run("drift")
    assert job.codes["Drift"] not in (0, 6)
    assert "    error: " in job.summary
