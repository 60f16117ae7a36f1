"""doctor: every area, healthy and broken. Each problem has a hint, and private data is never
shown."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from pinesync.app.doctor import machine
from pinesync.model import Digest, PineId, RelPath, Version
from pinesync.sync.intents import Now, Upload
from pinesync.text.unicode import escape_controls
from pinesync.workspace.state import State
from pinesync.workspace.state.codec import Replaced
from tests.cli.cases import MARKERS, flags, records_a_pull
from tests.world import BREAKOUT_PATH, TOOLS_PATH, TREND_PATH, Ran, World, both_ways
from tests.world.repository import git_code, start
from tests.world.scripts import BREAKOUT, LONGER, SLOWER, TOOLS, TREND
from tests.world.tradingview import TradingView

HERE = ["lock", "state", "writes", "conflicts", "permissions", "leftovers"]
AREAS = ["session", "sign-in", "probe", "clock", "git", "manifest", *HERE, "bugs", "versions"]
SOURCES = {line for text in (TREND, BREAKOUT, TOOLS, LONGER, SLOWER) for line in text.splitlines()}
DIGEST = Digest("sha256:" + "0" * 64)
KEPT_COOKIE = "canary0000cookie"

posix = pytest.mark.skipif(os.name != "posix", reason="modes and links are POSIX's")
over_http = pytest.mark.parametrize("world", ["facade"], indirect=True)


@dataclass(frozen=True)
class Report:
    """The output of doctor, area by area."""

    ran: Ran
    findings: list[dict[str, str]]

    def of(self, area: str) -> list[tuple[str, str, str]]:
        found = [f for f in self.findings if f["area"] == area]
        return [(f["level"], f["message"], f["hint"]) for f in found]

    def wrong(self) -> dict[str, str]:
        """The areas with a problem, and all their messages."""
        found: dict[str, str] = {}
        for one in self.findings:
            if one["level"] == "wrong":
                text = f"{one['message']}; {one['hint']}\n"
                found[one["area"]] = found.get(one["area"], "") + text
        return found

    def notes(self) -> dict[str, str]:
        return {
            f["area"]: f"{f['message']}; {f['hint']}" for f in self.findings if f["level"] == "note"
        }


def look(world: World, *options: str, cwd: Path | None = None) -> Report:
    """Run doctor with and without --json. In any case both agree, all areas are listed, every
    problem has a hint, nothing changes, and no private data is shown."""
    before = everything(world)
    ran, as_json = world("doctor", *options, cwd=cwd), world("doctor", "--json", *options, cwd=cwd)
    assert everything(world) == before
    for one in (ran, as_json):
        private(world, one)
    assert as_json.err == ""
    found = as_json.json
    assert ran.code == as_json.code == found["exit_code"]
    findings = found["findings"]
    areas = list(dict.fromkeys(f["area"] for f in findings))
    assert areas in (AREAS, [area for area in AREAS if area not in HERE])
    for one in findings:
        assert bool(one["hint"]) == (one["level"] != "ok"), one
    assert (ran.code == 1) == any(f["level"] == "wrong" for f in findings)
    assert ran.err.splitlines()[-1].startswith("safe to share: ")
    same_for_people(ran, findings)
    return Report(ran, findings)


def only_wrong(world: World, area: str, *options: str) -> str:
    """Return doctor's finding in this area, which must be the only one with a problem."""
    found = look(world, *options).wrong()
    assert set(found) == {area}
    return found[area]


def noted(world: World, area: str) -> str:
    """Return doctor's note in this area; no area may have a problem."""
    found = look(world)
    assert found.ran.code == 0
    return found.notes()[area]


def everything(world: World) -> tuple[Any, ...]:
    folder = world.files() if world.folder.is_dir() else {}
    sandbox = world.home / "pinesync" / "sandbox"
    return folder, world.state_files(), sorted(sandbox.glob("*.sqlite3")), world.account()


def private(world: World, ran: Ran) -> None:
    for secret in (world.user.sessionid, world.user.sessionid_sign, KEPT_COOKIE):
        assert secret not in ran.output
    for line in SOURCES:
        assert len(line) < 8 or line not in ran.output
    assert str(world.home) not in ran.output


def same_for_people(ran: Ran, findings: list[dict[str, str]]) -> None:
    lines = iter(ran.out.splitlines())
    for one in findings:
        message = re.escape(timeless(escape_controls(one["message"])))
        assert re.fullmatch(rf"{one['level']} +{one['area']} +{message}", timeless(next(lines)))
        if one["hint"]:
            assert next(lines) == f"  hint: {escape_controls(one['hint'])}"


def timeless(line: str) -> str:
    """Replace times: a minute or a second may end between two runs."""
    line = re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d UTC", "some minute", line)
    return re.sub(r"at least \d+ seconds? ago", "a while ago", line)


def commit(world: World) -> None:
    if not (world.folder / ".git").exists():
        world.git("init", "-q")
    world.git("add", ".")
    world.git("commit", "-qm", "as they are")


def shown(world: World, path: Path) -> str:
    return f"~/{path.relative_to(world.home).as_posix()}"


@pytest.fixture
def healthy(clone: World) -> World:
    """A clone in git without any finding."""
    commit(clone)
    return clone


# -- all is well ----------------------------------------------------------------------------------


@both_ways
def test_a_healthy_workspace_has_no_findings(healthy: World) -> None:
    found = look(healthy)
    assert found.ran.code == 0
    assert {level for f in found.findings for level in [f["level"]]} == {"ok"}
    assert found.ran.requests == ("list", "script_info")
    ((_, session, _),) = found.of("session")
    assert session.startswith("sandbox on ")
    assert "3 saved scripts, cookie: " in session
    ((_, manifest, _),) = found.of("manifest")
    assert manifest == f"pine.toml: 3 scripts of {healthy.remote_name}, account sandbox, schema 1"
    ((_, state, _),) = found.of("state")
    assert state == f"{shown(healthy, healthy.state_folder)}: 3 kept texts, 1 KB"
    assert found.ran.out.splitlines()[-1] == "14 ok"


@both_ways
def test_doctor_works_in_a_subfolder_and_after_edits(healthy: World) -> None:
    healthy.write_and_push(LONGER)
    healthy.web_save(SLOWER)
    healthy.write(BREAKOUT + "// mine\n", BREAKOUT_PATH)
    found = look(healthy, cwd=healthy.folder / "indicators")
    assert found.ran.code == 0
    assert found.wrong() == found.notes() == {}


def test_doctor_works_outside_a_workspace(world: World) -> None:
    found = look(world)
    assert (found.ran.code, found.ran.requests) == (0, ())
    assert set(found.notes()) == {"session", "manifest"}
    assert "not signed in" in found.notes()["session"]
    assert "not in a workspace" in found.notes()["manifest"]
    assert not {f["area"] for f in found.findings} & set(HERE)


@both_ways
def test_a_fresh_git_clone_is_healthy(healthy: World) -> None:
    healthy.forget()
    found = look(healthy)
    assert found.ran.code == 0
    assert found.of("state")[0][1].endswith("nothing is kept yet")
    assert not (healthy.home / "pinesync" / "state").exists()


def test_versions_of_all_dependencies_are_listed(healthy: World) -> None:
    project = tomllib.loads(Path(__file__).parents[2].joinpath("pyproject.toml").read_text("utf-8"))
    needed = {re.split("[<>=]", line)[0] for line in project["project"]["dependencies"]}
    assert set(machine.NEEDED) == needed
    versions = healthy("doctor", "--json").json["versions"]
    assert {"pinesync", "python", "system", "git", *needed} <= set(versions)
    assert all(isinstance(version, str) for version in versions.values())
    lines = healthy("doctor").out.splitlines()
    assert any(f"python {versions['python']}" in line for line in lines)
    assert any(f"requests {versions['requests']}" in line for line in lines)


def test_a_missing_package_is_reported(healthy: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from importlib.metadata import PackageNotFoundError, version

    def without(name: str) -> str:
        if name in ("tomlkit", "keyring", "pygls"):
            raise PackageNotFoundError(name)
        return version(name)

    monkeypatch.setattr(machine, "version_of", without)
    found = look(healthy)
    assert found.wrong() == {"versions": "not installed: tomlkit; install pinesync again\n"}
    assert "tomlkit missing" in found.ran.out
    assert "pygls" not in found.ran.out  # an extra, which need not be there


# -- session --------------------------------------------------------------------------------------


@both_ways
def test_an_expired_session_is_reported(healthy: World) -> None:
    healthy.plan.expire()
    assert "cookie" in only_wrong(healthy, "session")


@over_http
def test_a_missing_cookie_is_reported(healthy: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PINESYNC_COOKIE")
    for options in ([], ["--offline"]):
        found = look(healthy, *options)
        assert set(found.wrong()) == {"session"}
        assert "set PINESYNC_COOKIE" in found.wrong()["session"]
        assert found.ran.requests == ()
    monkeypatch.delenv("PINESYNC_FACADE_URL")
    assert "`pinesync login`" in look(healthy).wrong()["session"]


@over_http
def test_a_cookie_is_checked_outside_a_workspace(world: World) -> None:
    found = look(world)
    assert found.of("session")[0][0] == "ok"
    world.plan.expire()
    assert set(look(world).wrong()) == {"session"}


@over_http
def test_another_accounts_cookie_is_reported(
    healthy: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = healthy.store.ensure_user("somebody-else")
    healthy.store.save_new(other, "Mine", TREND)
    monkeypatch.setenv("PINESYNC_COOKIE", other.cookie)
    found = look(healthy)
    assert set(found.wrong()) == {"session"}
    assert "belongs to the account sandbox, but the cookie to somebody-else" in found.ran.out


@over_http
def test_an_unreachable_service_is_reported(
    healthy: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pinesync.tradingview.http.PAUSES", ())
    monkeypatch.setenv("PINESYNC_FACADE_URL", "http://127.0.0.1:9/pine-facade")
    message = only_wrong(healthy, "session")
    assert message.startswith("could not be checked: no connection to 127.0.0.1:9")
    assert "--offline" in message


@both_ways
@pytest.mark.parametrize("fault", ["list:*:429:seconds=3600", "list:*:html", "list:*:garbage"])
def test_an_invalid_response_is_reported(healthy: World, fault: str) -> None:
    healthy.plan.add(fault)
    only_wrong(healthy, "session")


@both_ways
def test_offline_sends_no_request(healthy: World) -> None:
    healthy.plan.expire()
    found = look(healthy, "--offline")
    assert (found.ran.code, found.ran.requests) == (0, ())
    assert set(found.notes()) == {"session"}


@both_ways
def test_an_empty_account_is_healthy(clone: World) -> None:
    clone.store.reset(clone.user)
    ((level, message, _),) = look(clone).of("session")
    assert (level, message.split(",")[0]) == (
        "ok",
        "an account without saved scripts on "
        + (clone.server.url if clone.server else clone.remote_name),
    )


def test_a_missing_sandbox_is_reported_and_not_created(healthy: World) -> None:
    sandbox = healthy.home / "pinesync" / "sandbox"
    sandbox.rename(sandbox.with_name("elsewhere"))
    try:
        ran = healthy("doctor", "--json", code=1)
        assert "another PINESYNC_HOME" in ran.json["findings"][0]["hint"]
        assert not sandbox.exists()
    finally:
        sandbox.with_name("elsewhere").rename(sandbox)


def test_a_sandbox_without_the_scripts_is_reported(healthy: World) -> None:
    text = (healthy.folder / "pine.toml").read_text("utf-8")
    ids = iter(f'"USER;{number:032x}"' for number in range(9))
    healthy.write(re.sub(r'"USER;[0-9a-f]{32}"', lambda _: next(ids), text), "pine.toml")
    found = look(healthy)
    assert "has none of its 3 scripts" in found.wrong()["session"]


# -- kept sign-ins --------------------------------------------------------------------------------


def sign_in(world: World, name: str = "session.json", mode: int = 0o600) -> Path:
    folder = world.home / "pinesync" / "config"
    folder.mkdir(mode=0o700, exist_ok=True)
    file = folder / name
    content = {"sessionid": KEPT_COOKIE, "sessionid_sign": f"v3:{KEPT_COOKIE}", "saved_at": 1}
    file.write_text(json.dumps({**content, "name": "sandbox", "user_id": "1"}))
    file.chmod(mode)
    return file


def test_a_private_sign_in_is_healthy(healthy: World) -> None:
    file = sign_in(healthy)
    message = f"{shown(healthy, file.parent)}: 1 sign-in stored, readable by you alone"
    assert look(healthy).of("sign-in") == [("ok", message, "")]


def test_named_sign_ins_are_checked(world: World, tradingview: TradingView) -> None:
    """The account of the workspace is found among them, and an unknown name is reported."""
    world("login", "--as", "work", stdin=world.user.cookie)
    world("clone", "--as", "work", "scripts")
    commit(world)
    found = look(world)
    assert found.wrong() == found.notes() == {}
    line = "sandbox on tradingview, 3 saved scripts, cookie: stored"
    assert found.of("session") == [("ok", line, "")]
    assert set(look(world, "--as", "nobody").wrong()) == {"session"}
    assert set(look(world, "--as", "nobody", cwd=world.place).wrong()) == {"session"}
    ((_, message, _),) = look(world, cwd=world.place).of("session")
    assert message == "no default sign-in for TradingView"


@posix
@pytest.mark.parametrize("mode", [0o604, 0o640, 0o666])
def test_a_sign_in_readable_by_others_is_fixed_by_the_hint(healthy: World, mode: int) -> None:
    file = sign_in(healthy, mode=mode)
    found = look(healthy)
    assert set(found.wrong()) == {"sign-in"}
    type_in_a_shell(found.of("sign-in")[0][2])
    assert file.stat().st_mode & 0o777 == 0o600
    assert look(healthy).wrong() == {}


@posix
def test_a_sign_in_folder_open_to_others_is_fixed_by_the_hint(healthy: World) -> None:
    """The command in the hint works, even if the folder's name contains a space."""
    home = healthy.home / "pinesync"
    spaced = home.rename(healthy.home / "my pinesync")
    healthy.monkeypatch.setenv("PINESYNC_HOME", str(spaced))
    try:
        folder = spaced / "config"
        folder.mkdir()
        (folder / "session-other.json").write_text("{}")
        (folder / "session-other.json").chmod(0o600)
        folder.chmod(0o755)
        found = look(healthy)
        assert set(found.wrong()) == {"sign-in"}
        ((_, message, hint),) = found.of("sign-in")
        assert (message.split(":")[0], hint) == (
            "~/my pinesync/config",
            "run `chmod 700 ~/'my pinesync/config'`",
        )
        type_in_a_shell(hint)
        assert folder.stat().st_mode & 0o777 == 0o700
    finally:
        spaced.rename(home)


def test_leftovers_of_an_interrupted_login_are_removed_by_the_hint(healthy: World) -> None:
    leftover = sign_in(healthy, ".session-4711.tmp")
    found = look(healthy)
    assert set(found.wrong()) == {"sign-in"}
    assert "may contain a cookie" in found.wrong()["sign-in"]
    type_in_a_shell(found.of("sign-in")[0][2])
    assert not leftover.exists()


@posix
def test_a_linked_sign_in_is_reported(healthy: World) -> None:
    file = sign_in(healthy)
    file.rename(file.with_name("elsewhere"))
    file.symlink_to("elsewhere")
    assert "not a plain file" in look(healthy).wrong()["sign-in"]


def type_in_a_shell(hint: str) -> None:
    """Run the command in a hint, with the test's home."""
    command = re.search(r"`(.*?)`", hint)
    assert command
    subprocess.run(["sh", "-c", command[1]], check=True)


# -- clock ----------------------------------------------------------------------------------------


def test_a_commit_from_the_future_is_reported(
    healthy: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_COMMITTER_DATE", "2099-05-01T12:00:00Z")
    healthy.git("commit", "-q", "--allow-empty", "-m", "later")
    assert "the last commit is of 2099-05-01 12:00 UTC" in only_wrong(healthy, "clock")


@pytest.mark.parametrize("wall", [4e9, 1e300, float("inf")])
def test_an_intent_from_the_future_is_reported(healthy: World, wall: float) -> None:
    State(healthy.state_folder).log.write(
        begun(healthy, state="landed", landed=Version(2), wall=wall)
    )
    assert "a record of a write is of " in only_wrong(healthy, "clock")


def test_a_reset_clock_is_reported(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "now", lambda: Now(0.0, 1.0, ""))
    found = look(world)
    assert set(found.wrong()) == {"clock"}
    assert found.of("clock")[0][1].startswith("it is 1970-01-01 00:00 UTC, and this pinesync is of")


# -- git ------------------------------------------------------------------------------------------


def test_missing_git_is_reported(healthy: World, monkeypatch: pytest.MonkeyPatch) -> None:
    (healthy.place / "bin").mkdir()
    ran = healthy.process("doctor", "--json", PATH=str(healthy.place / "bin"))
    assert ran.code == 1
    found = {f["area"]: f for f in ran.json["findings"] if f["level"] == "wrong"}
    assert set(found) == {"git"}
    assert "install git" in found["git"]["hint"]
    assert ran.json["versions"]["git"] is None


def test_a_workspace_outside_git_is_noted(clone: World) -> None:
    assert "`git init`" in noted(clone, "git")


def test_an_uncommitted_pine_toml_is_noted(clone: World) -> None:
    clone.git("init", "-q")
    assert "pine.toml is not in git yet; commit it" in noted(clone, "git")


@both_ways
def test_an_ignored_pine_toml_is_reported(clone: World) -> None:
    clone.write("pine.*\n", ".gitignore")
    commit(clone)
    message = only_wrong(clone, "git")
    assert "git ignores pine.toml" in message
    assert "`git check-ignore -v pine.toml`" in message


def test_ignored_scripts_are_reported(clone: World) -> None:
    clone.write("indicators/\nlibraries/*\n", ".gitignore")
    clone.write(TREND, "libraries/unlisted.pine")
    commit(clone)
    assert f"git ignores listed scripts: {TREND_PATH}, {TOOLS_PATH};" in only_wrong(clone, "git")


def test_a_workspace_in_a_subfolder_of_a_repository_is_checked(clone: World) -> None:
    start(clone, clone.place)
    assert look(clone).wrong() == {}
    (clone.place / ".gitignore").write_text("Trend.pine\n")
    clone.git("rm", "-q", "--cached", TREND_PATH)
    assert TREND_PATH in look(clone).wrong()["git"]


def test_an_uncommitted_script_is_noted(healthy: World) -> None:
    healthy.web_save_and_pull(SLOWER.replace("Trend", "Extra"), "Extra")
    assert noted(healthy, "git").startswith("not in git yet: indicators/Extra.pine")


def test_an_unfinished_git_merge_is_reported(healthy: World) -> None:
    healthy.git("checkout", "-q", "-b", "other")
    for branch, text in (("other", SLOWER), ("main", LONGER.replace("20", "7"))):
        healthy.git("checkout", "-q", branch)
        healthy.write(text)
        manifest = healthy.folder.joinpath("pine.toml").read_text("utf-8")
        healthy.write(re.sub(r"(?m)^id = .*", f'id = "{branch}"', manifest), "pine.toml")
        healthy.git("commit", "-qam", branch)
    assert git_code(healthy, "merge", "-q", "other") == 1
    found = look(healthy)
    assert set(found.wrong()) == {"git", "manifest", "conflicts"}
    assert f"an unfinished merge in {TREND_PATH}, pine.toml" in found.wrong()["git"]
    assert "git left conflict markers here" in found.wrong()["manifest"]
    assert f"{TREND_PATH}: the file contains conflict markers" in found.wrong()["conflicts"]


def test_autocrlf_is_harmless(healthy: World) -> None:
    assert "autocrlf" not in look(healthy).of("git")[0][1]
    healthy.git("config", "core.autocrlf", "true")
    ((level, message, _),) = look(healthy).of("git")
    assert level == "ok"
    assert "core.autocrlf is harmless" in message


def test_no_program_of_the_repository_is_run(healthy: World) -> None:
    """A repository's config can name a program for nearly everything."""
    hook = healthy.place / "hook"
    hook.write_text(f"#!/bin/sh\ntouch {healthy.place}/was-run\n")
    hook.chmod(0o755)
    for setting in ("core.fsmonitor", "gpg.program", "core.pager", "diff.external"):
        healthy.git("config", setting, str(hook))
    healthy.git("config", "log.showSignature", "true")
    assert look(healthy).wrong() == {}
    assert not (healthy.place / "was-run").exists()


# -- pine.toml ------------------------------------------------------------------------------------


@both_ways
@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[workspace\n", "pine.toml:1: not TOML"),
        ("[workspace]\nschema = 99\n", "pine.toml:2: "),
        ("<<<<<<< HEAD\n=======\n>>>>>>> x\n", "pine.toml:1: git left conflict markers here"),
        ("\n[workspace]\nschema = 1\nurl = 'https://evil.invalid'\n", "pine.toml:4: unknown key"),
    ],
)
def test_an_invalid_pine_toml_is_reported_and_the_rest_is_checked(
    healthy: World, text: str, message: str
) -> None:
    """The line is reported, and everything that needs no pine.toml is checked."""
    healthy.write(text, "pine.toml")
    healthy.write(MARKERS)
    (healthy.folder / ".pinesync-1.tmp").write_text("left")
    found = look(healthy)
    assert set(found.wrong()) == {"manifest", "conflicts"}
    assert found.wrong()["manifest"].startswith(message)
    notes = found.notes()
    assert {area for area, words in notes.items() if "fix pine.toml first" in words} == {
        "lock",
        "state",
        "writes",
    }
    assert ".pinesync-1.tmp" in notes["leftovers"]
    assert found.of("git")[0][0] == found.of("permissions")[0][0] == "ok"


def test_a_missing_file_is_noted(healthy: World) -> None:
    healthy.remove()
    message = noted(healthy, "manifest")
    assert f"the file is missing: {TREND_PATH}" in message
    assert f"`pinesync restore {TREND_PATH}`" in message


# -- lock -----------------------------------------------------------------------------------------

HOLDS = """
import pathlib, sys
from pinesync.workspace.lock import writing
with writing(pathlib.Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@both_ways
def test_a_running_writer_is_noted(healthy: World) -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", HOLDS, str(healthy.state_folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with child:
        assert child.stdout
        assert child.stdout.readline() == "held\n"
        assert "another pinesync process is writing to this workspace" in only_wrong(
            healthy, "lock"
        )
        child.kill()
    assert look(healthy).wrong() == {}
    healthy.write(LONGER)
    assert healthy("push").code == 0  # doctor does not keep the lock


# -- state ----------------------------------------------------------------------------------------


@posix
def test_a_state_open_to_others_is_fixed_by_the_hint(healthy: World) -> None:
    healthy.state_folder.chmod(0o755)
    found = look(healthy)
    assert set(found.wrong()) == {"state"}
    type_in_a_shell(found.of("state")[0][2])
    assert look(healthy).wrong() == {}


def test_damaged_stored_texts_are_reported(healthy: World) -> None:
    first, second, *_ = sorted(healthy.state_folder.glob("objects/*/*"))
    first.write_bytes(first.read_bytes()[:-1])
    second.rename(second.with_name("stranger"))
    found = look(healthy)
    assert set(found.wrong()) == {"state"}
    message = found.wrong()["state"]
    assert "2 of 3 kept texts damaged: " in message
    assert first.relative_to(healthy.state_folder).as_posix() in message
    assert "stranger" in message


@posix
def test_a_linked_stored_text_is_reported(healthy: World) -> None:
    stored = next(healthy.state_folder.glob("objects/*/*"))
    stored.rename(healthy.place / "moved")
    stored.symlink_to(healthy.place / "moved")
    assert "1 of 3 kept texts damaged" in look(healthy).wrong()["state"]


def test_a_damaged_intent_is_reported_and_the_texts_are_checked(healthy: World) -> None:
    """The texts are still checked, and no other area has findings."""
    state = State(healthy.state_folder)
    state.log.write(begun(healthy))
    (file,) = healthy.state_folder.glob("records/*")
    file.write_text(file.read_text("utf-8").replace("sent", "SENT"))
    found = look(healthy)
    assert set(found.wrong()) == {"state"}
    assert f"{shown(healthy, file)}: damaged" in found.wrong()["state"]
    assert "fix `state` first" in found.notes()["writes"]
    assert "3 kept texts" in found.of("state")[-1][1]


def test_a_damaged_backup_note_is_reported(healthy: World) -> None:
    State(healthy.state_folder).backups.note(Replaced("1-a", RelPath(TREND_PATH), DIGEST, 1.0))
    assert look(healthy).wrong() == {}
    (file,) = healthy.state_folder.glob("replaced/*")
    file.write_text("{")
    assert f"{shown(healthy, file)}: damaged" in look(healthy).wrong()["state"]


@posix
@pytest.mark.parametrize("kind", ["objects", "records", "tmp"])
def test_a_link_in_the_state_is_reported(healthy: World, kind: str) -> None:
    (healthy.state_folder / "tmp").mkdir(exist_ok=True)
    place = healthy.state_folder / kind
    if place.exists():
        place.rename(healthy.place / kind)
    else:
        (healthy.place / kind).mkdir()
    place.symlink_to(healthy.place / kind)
    assert f"{kind}: a link, but pinesync creates none there" in only_wrong(healthy, "state")


@posix
@both_ways
def test_an_unusable_state_hides_no_other_finding(healthy: World) -> None:
    place = healthy.state_folder
    place.rename(healthy.place / "state")
    place.symlink_to(healthy.place / "state")
    healthy.write(MARKERS)
    found = look(healthy)
    assert set(found.wrong()) == {"state", "conflicts"}
    assert "not pinesync's folder" in found.wrong()["state"]
    assert set(found.notes()) == {"lock", "writes"}
    assert found.of("session")[0][0] == "ok"


# -- begun writes ---------------------------------------------------------------------------------


def begun(world: World, **changes: Any) -> Upload:
    upload = Upload(
        key="0001-aa",
        state="sent",
        path=RelPath(TREND_PATH),
        name="Trend",
        digest=DIGEST,
        pine_id=PineId(world.id_of()),
        account="sandbox",
        parent=Version(1),
        wall=1.0,
    )
    return replace(upload, **changes)


@both_ways
def test_a_save_without_a_response_is_reported_until_it_is_given_up(
    healthy: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pinesync.app.project.PAUSES", ())
    healthy.write(LONGER)
    healthy.plan.add("save_next:1:reset")
    assert healthy("push").code == 7
    found = look(healthy)
    assert set(found.wrong()) == {"writes"}
    message = found.wrong()["writes"]
    assert re.match(rf"{TREND_PATH}: a save was sent at least \d seconds? ago", message)
    assert "run `pinesync push`" in message
    monkeypatch.setenv("PINESYNC_SETTLE_SECONDS", "0")
    assert healthy("push").code == 0
    found = look(healthy)
    assert found.wrong() == {}
    assert "1 save given up" in found.of("writes")[0][1]


def test_an_unsent_save_is_noted(healthy: World) -> None:
    State(healthy.state_folder).log.write(begun(healthy, state="prepared"))
    assert "never sent" in noted(healthy, "writes")
    assert healthy("push").code == 0
    assert look(healthy).notes() == {}


def test_an_interrupted_pull_is_reported_until_pull_finishes_it(healthy: World) -> None:
    healthy.web_save(SLOWER)
    temp = records_a_pull(healthy, SLOWER)
    (healthy.folder / "indicators" / temp).write_text(SLOWER)
    found = look(healthy)
    assert set(found.wrong()) == {"writes"}
    assert "run `pinesync pull`" in found.wrong()["writes"]
    assert f"indicators/{temp}" in found.notes()["leftovers"]
    assert healthy("pull").code == 0
    assert healthy.read() == SLOWER
    commit(healthy)
    assert look(healthy).notes() == {}


# -- conflicts ------------------------------------------------------------------------------------


@both_ways
def test_a_flagged_script_is_reported(healthy: World) -> None:
    flags(healthy)
    commit(healthy)
    message = only_wrong(healthy, "conflicts")
    assert "hides 1.0, which somebody else saved" in message
    assert f"`pinesync resolve {TREND_PATH}` with --ours" in message


def test_conflict_markers_are_reported(healthy: World) -> None:
    healthy.write(MARKERS)
    healthy.write(MARKERS, "notes of mine.pine")
    found = look(healthy)
    assert set(found.wrong()) == {"conflicts"}
    assert f"{TREND_PATH}: the file contains conflict markers" in found.wrong()["conflicts"]
    assert "notes of mine" not in found.ran.out  # it is not listed


# -- permissions ----------------------------------------------------------------------------------


@posix
def test_a_linked_script_is_reported(healthy: World) -> None:
    (healthy.folder / TREND_PATH).rename(healthy.place / "moved.pine")
    (healthy.folder / TREND_PATH).symlink_to(healthy.place / "moved.pine")
    assert f"{TREND_PATH}: a link is in the way" in only_wrong(healthy, "permissions")


@posix
def test_skipped_links_are_noted(healthy: World) -> None:
    (healthy.folder / "linked.pine").symlink_to(healthy.folder / TREND_PATH)
    (healthy.folder / "folder").symlink_to(healthy.place)
    (healthy.folder / "notes.txt").symlink_to(healthy.folder / TREND_PATH)
    (healthy.folder / ".hidden").symlink_to(healthy.place)
    assert "not followed: folder, linked.pine;" in noted(healthy, "permissions")


def test_an_undecodable_script_is_reported(healthy: World) -> None:
    healthy.write(b"plot(\xff)")
    assert only_wrong(healthy, "permissions").startswith(f"{TREND_PATH}: not UTF-8")


def test_untrackable_files_are_noted(healthy: World) -> None:
    healthy.write(TREND, "drafts/-odd.pine")
    healthy.write(TREND, "con.pine")
    found = look(healthy)
    assert found.ran.code == 0
    assert "cannot be tracked: a part that begins with -" in found.ran.out
    assert "con.pine: cannot be tracked" in found.ran.out
    text = (healthy.folder / "pine.toml").read_text("utf-8")
    assert "ignore = []" in text
    healthy.write(text.replace("ignore = []", 'ignore = ["drafts/**"]'), "pine.toml")
    assert "-odd" not in look(healthy).ran.out


@posix
def test_world_writable_files_are_noted(healthy: World) -> None:
    (healthy.folder / TREND_PATH).chmod(0o666)
    assert f"can write them: {TREND_PATH};" in noted(healthy, "permissions")


@posix
def test_an_unwritable_folder_is_reported(healthy: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """`os.access` is patched, because root may write everywhere."""
    shut, access = healthy.folder / "indicators", os.access
    monkeypatch.setattr("os.access", lambda path, mode: path != shut and access(path, mode))
    assert f"cannot be written: {shut}" in only_wrong(healthy, "permissions")


# -- what is left behind --------------------------------------------------------------------------


@both_ways
def test_leftovers_of_a_killed_process_are_noted(healthy: World) -> None:
    (healthy.folder / "indicators" / ".pinesync-0001-aa.tmp").write_text(LONGER)
    (healthy.state_folder / "tmp").mkdir(exist_ok=True)
    (healthy.state_folder / "tmp" / "0123456789abcdef").write_text(LONGER)
    assert "indicators/.pinesync-0001-aa.tmp, ~/" in noted(healthy, "leftovers")
    assert healthy("push").code == 0
    assert look(healthy).notes() == {}


def test_a_crash_log_is_noted(healthy: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr("pinesync.app.sync.status.take_snapshot", broken)
        assert healthy("status").code == 70
    assert re.match(r"1 log of bugs in pinesync: ~/.*/bug-.*\.log; check", noted(healthy, "bugs"))


def test_a_bug_in_doctor_is_not_a_finding(healthy: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("pinesync.workspace.state.intent_log.is_held", broken)
    assert healthy("doctor").code == 70


# -- all at once ----------------------------------------------------------------------------------


@posix
@both_ways
def test_every_problem_is_reported_in_one_run(
    healthy: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    healthy.plan.expire()
    sign_in(healthy, mode=0o644)
    monkeypatch.setenv("GIT_COMMITTER_DATE", "2099-05-01T12:00:00Z")
    healthy.write("pine.toml\n", ".gitignore")
    healthy.git("rm", "-q", "--cached", "pine.toml")
    healthy.git("commit", "-qam", "later")
    State(healthy.state_folder).log.write(begun(healthy))
    healthy.state_folder.chmod(0o750)
    healthy.write(MARKERS)
    (healthy.folder / BREAKOUT_PATH).unlink()
    (healthy.folder / BREAKOUT_PATH).symlink_to(healthy.place)
    found = look(healthy)
    assert set(found.wrong()) == {
        "session",
        "sign-in",
        "clock",
        "git",
        "state",
        "writes",
        "conflicts",
        "permissions",
    }
    assert found.ran.code == 1


@pytest.mark.parametrize("name", ["red\x1b[31m", "lev\u202eel", "a\nhint: rm -r .", "\udcff"])
def test_hostile_names_are_escaped(healthy: World, name: str) -> None:
    healthy.write(TREND, f"{name}.pine")
    found = look(healthy)
    assert found.ran.code == 0
    assert "cannot be tracked" in found.ran.out
    assert name not in found.ran.output


def test_doctor_has_colours_and_verbosity(healthy: World) -> None:
    healthy.write(MARKERS)
    assert "\x1b[31mwrong\x1b[0m" in healthy("--color", "always", "doctor").out
    traced = healthy("doctor", "-vv")
    assert "/pine-facade" in traced.err or "GET /" in traced.err
    private(healthy, traced)


def test_paths_are_not_shortened_for_the_root_home(healthy: World) -> None:
    healthy.monkeypatch.setenv("HOME", "/")
    ran = healthy("doctor", code=0)
    assert "~" not in ran.out
    assert str(healthy.home) in ran.out
