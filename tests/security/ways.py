"""Every way in which foreign text reaches the terminal, as short histories: each plants the text,
and names the commands that show it."""

from __future__ import annotations

import json
import os
import stat
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import NoReturn

import pytest

from pinesync.sandbox.faults import ALWAYS, Fault
from tests.cli.answers import answering, finding, listing
from tests.security.hostile import EVIL, MARK, PAYLOADS, SPOOF
from tests.world import BROKEN, EXTRA, LONGER, SLOWER, TREND, TREND_PATH, World

Commands = list[list[str]]
Plant = Callable[[World, pytest.MonkeyPatch], Commands]

WAYS: dict[str, Plant] = {}
IN_FILE_NAME = EVIL.replace("/", "-")
SHORT = f"{MARK}{PAYLOADS['no width']}"
"""For texts that are shortened."""


def way(plant: Plant) -> Plant:
    WAYS[plant.__name__] = plant
    return plant


def escaped(text: str) -> str:
    """The text as a TOML string."""
    return '"' + "".join(f"\\U{ord(char):08X}" for char in text) + '"'


# -- what the service says ------------------------------------------------------------------------


@way
def saved_name(world: World, patch: pytest.MonkeyPatch) -> Commands:
    world.web_save(EXTRA, EVIL + SPOOF)
    again = ["clone", "--sandbox", "again"]
    last = ["rename", TREND_PATH, EVIL + SPOOF]
    return [["list"], ["status"], ["pull", "-n"], ["pull"], ["status", "-v"], again, last]


@way
def new_name_of_a_script(world: World, patch: pytest.MonkeyPatch) -> Commands:
    world.store.rename(world.user, world.id_of(), f"2 {EVIL}{SPOOF}")
    world.write(LONGER)
    named = ["rm", "--remote", TREND_PATH, "--yes", "x"]
    return [["status"], ["push"], ["verify"], ["list"], named, ["mv", "--follow"]]


@way
def reason_of_a_refused_rename(world: World, patch: pytest.MonkeyPatch) -> Commands:
    body = (EVIL + SPOOF).encode()
    for endpoint in ("rename", "delete"):
        world.plan.add(Fault(endpoint, "answer", count=ALWAYS, status=400, body=body))
    return [["rename", TREND_PATH, "New"], ["rm", "--remote", TREND_PATH, "--yes", "Trend"]]


@way
def account(world: World, patch: pytest.MonkeyPatch) -> Commands:
    body = {"userId": 1, "userName": EVIL + SPOOF, "chartImageUrl": ""}
    world.plan.add(answering("script_info", body))
    return [["whoami"], ["clone", "--sandbox", "again"]]


@way
def another_account(world: World, patch: pytest.MonkeyPatch) -> Commands:
    body = {"userId": 9, "userName": EVIL + SPOOF, "chartImageUrl": ""}
    world.plan.add(answering("script_info", body), answering("list", []))
    return [["status"], ["pull"], ["push"], ["list"], ["verify"], ["diff", "--remote"]]


@way
def message_of_the_compiler(world: World, patch: pytest.MonkeyPatch) -> Commands:
    world.write(LONGER)
    message = f"{EVIL}{SPOOF} {{identifier}}"
    world.plan.add(answering("check", finding(message, identifier=EVIL)))
    return [["check"], ["push"], ["check", TREND_PATH]]


@way
def code_of_the_compiler(world: World, patch: pytest.MonkeyPatch) -> Commands:
    world.write(LONGER)
    where = {"line": 1, "column": 1}
    error = {"code": SHORT, "start": where, "end": where, "message": "no"}
    world.plan.add(answering("check", {"success": True, "result": {"errors": [error]}}))
    return [["check"], ["push"]]


@way
def reason_of_a_refused_save(world: World, patch: pytest.MonkeyPatch) -> Commands:
    # A refused save may have been stored: do not wait for it here.
    patch.setattr("pinesync.app.project.PAUSES", ())
    world.write(LONGER)
    world.plan.add(answering("save_next", {"success": False, "reason": EVIL + SPOOF}))
    return [["push"]]


@way
def reason_of_a_save_that_was_stored(world: World, patch: pytest.MonkeyPatch) -> Commands:
    world.write(LONGER)
    fault = answering("save_next", {"success": False, "reason": EVIL + SPOOF})
    world.plan.add(replace(fault, when="after"))
    return [["push"]]


@way
def reason_of_a_refused_read(world: World, patch: pytest.MonkeyPatch) -> Commands:
    body = (EVIL + SPOOF).encode()
    world.plan.add(Fault("list", "answer", count=ALWAYS, status=403, body=body))
    return [["status"], ["pull"], ["push"], ["list"], ["whoami"], ["verify"]]


@way
def error_in_an_answer(world: World, patch: pytest.MonkeyPatch) -> Commands:
    world.web_save(SLOWER)
    world.plan.add(answering("get", {"error": EVIL + SPOOF}))
    return [["pull"], ["diff", "--remote"], ["verify"]]


@way
def name_that_is_taken(world: World, patch: pytest.MonkeyPatch) -> Commands:
    world.write(EXTRA.replace("Extra", EVIL.replace("\r", "").replace("\\", "\\\\")), "x.pine")
    world.plan.add(Fault("save_new", "answer", count=ALWAYS, status=409, body=b"is there"))
    return [["add", "x.pine"], ["push"]]


@way
def version_in_the_list(world: World, patch: pytest.MonkeyPatch) -> Commands:
    rows = json.loads(listing(world.store.list(world.user)).body)
    rows[0]["version"] = SHORT
    world.plan.add(answering("list", rows))
    return [["status"], ["pull"], ["push"]]


@way
def encoding_of_an_answer(world: World, patch: pytest.MonkeyPatch) -> Commands:
    headers = (("Content-Encoding", MARK + "\x1b]52;c;x\x07\ufe0f\u3164"),)
    world.plan.add(Fault("list", "answer", count=ALWAYS, body=b"[]", headers=headers))
    return [["status"], ["list"]]


# -- sources --------------------------------------------------------------------------------------


@way
def line_of_a_source(world: World, patch: pytest.MonkeyPatch) -> Commands:
    world.write(f"{TREND}plot(undeclared) // {EVIL}\n")
    return [["check"], ["check", "--offline"], ["diff"], ["diff", "--remote"], ["push"]]


@way
def title_of_a_source(world: World, patch: pytest.MonkeyPatch) -> Commands:
    title = EVIL.replace("\r", "").replace("\\", "\\\\")
    world.write(EXTRA.replace("Extra", title), "x.pine")
    world.write(EXTRA.replace("Extra", title), "y.pine")
    return [["add", "x.pine", "y.pine"], ["add", "x.pine"], ["add", "y.pine"]]


@way
def source_that_comes(world: World, patch: pytest.MonkeyPatch) -> Commands:
    world.web_save(f"{TREND}// {EVIL}\n")
    return [["diff", "--remote"], ["pull"], ["check"]]


@way
def source_that_cannot_be_merged(world: World, patch: pytest.MonkeyPatch) -> Commands:
    world.write(TREND.replace("20", f'"{EVIL}"'))
    world.web_save(TREND.replace("20", f"5 // {EVIL}"))
    return [["pull"], ["check"], ["diff"], ["push"], ["status"]]


@way
def marker_of_a_conflict(world: World, patch: pytest.MonkeyPatch) -> Commands:
    world.write(f"<<<<<<< {EVIL}\na\n=======\nb\n>>>>>>> {EVIL}\n")
    return [["check"], ["check", "--offline"], ["diff"], ["push"]]


# -- the folder -----------------------------------------------------------------------------------


@way
def name_of_a_file(world: World, patch: pytest.MonkeyPatch) -> Commands:
    name = f"{IN_FILE_NAME}.pine"
    world.write(BROKEN, name)
    world.write(BROKEN, f"{SHORT}{SPOOF}/x.pine")
    linked = ["init", "--link", "--sandbox", "-n", "../other"]
    (world.place / "other").mkdir()
    (world.place / "other" / name).write_text(EXTRA)
    return [
        *(["check"], ["check", "."], ["check", name], ["check", "--offline", name], linked),
        *([verb, name] for verb in ("add", "status", "push", "pull", "restore", "rm", "diff")),
        *(["resolve", "--ours", name], ["mv", name, "x.pine"], ["mv", TREND_PATH, name]),
        *(["add", "--moved", name], ["rename", name, "x"]),
    ]


@way
def name_of_a_file_that_is_no_text(world: World, patch: pytest.MonkeyPatch) -> Commands:
    folder = os.fsencode(world.folder)
    with open(os.path.join(folder, b"MARK\x9b2J.pine"), "wb") as file:
        file.write(b"x = (\n")
    return [["check"], ["check", "--offline", "."], ["status"]]


@way
def link_with_a_name(world: World, patch: pytest.MonkeyPatch) -> Commands:
    link = f"2{IN_FILE_NAME}.pine"
    (world.folder / link).symlink_to(world.folder / TREND_PATH)
    return [["check", link], ["check"], ["status"]]


@way
def key_of_the_manifest(world: World, patch: pytest.MonkeyPatch) -> Commands:
    _manifest(world, "[workspace]\n", f"[workspace]\n{escaped(EVIL + SPOOF)} = 1\n")
    return _all_verbs_of_a_folder()


@way
def value_of_the_manifest(world: World, patch: pytest.MonkeyPatch) -> Commands:
    entry = f'[scripts."x.pine"]\nname = "x"\npine_id = {escaped(SHORT)}\n'
    _manifest(world, "[scripts.", f"{entry}[scripts.", 1)
    return _all_verbs_of_a_folder()


@way
def path_of_the_manifest(world: World, patch: pytest.MonkeyPatch) -> Commands:
    entry = f'[scripts.{escaped(EVIL + SPOOF + ".pine")}]\nname = "x"\n'
    _manifest(world, "[scripts.", f"{entry}[scripts.", 1)
    return _all_verbs_of_a_folder()


@way
def name_in_the_manifest(world: World, patch: pytest.MonkeyPatch) -> Commands:
    # What may be in a path of pine.toml, and is still not seen.
    entry = f'[scripts."indicators/MARK\ufe0f\u3164.pine"]\nname = {escaped(EVIL)}\n'
    _manifest(world, "[scripts.", f"{entry}[scripts.", 1)
    world.write(EXTRA, "indicators/MARK\ufe0f\u3164.pine")
    world.plan.add(Fault("save_new", "answer", count=ALWAYS, status=409, body=b"is there"))
    return [["status"], ["status", "--offline"], ["diff"], ["push"], ["verify"], ["list"]]


@way
def account_in_the_manifest(world: World, patch: pytest.MonkeyPatch) -> Commands:
    _manifest(world, 'account = "sandbox"', f"account = {escaped(EVIL + SPOOF)}")
    world.plan.add(answering("list", []))
    return [["status"], ["pull"], ["list"]]


def _manifest(world: World, old: str, new: str, count: int = -1) -> None:
    text = world.read("pine.toml")
    assert old in text
    world.write(text.replace(old, new, count), "pine.toml")


def _all_verbs_of_a_folder() -> Commands:
    alone = ("status", "diff", "pull", "push", "verify", "list", "whoami", "check", "doctor")
    named = ("add", "restore", "rm", "mv")
    return [*([verb] for verb in alone), *([verb, TREND_PATH] for verb in named)]


# -- the command line and the environment ---------------------------------------------------------


@way
def arguments(world: World, patch: pytest.MonkeyPatch) -> Commands:
    evil, path = EVIL + SPOOF, f"{IN_FILE_NAME}{SPOOF.replace('/', '-')}.pine"
    with_paths = ("status", "diff", "check", "pull", "push", "add", "restore", "rm", "verify")
    return [
        *([verb, path] for verb in with_paths),
        *([verb, f"--{evil}"] for verb in with_paths),
        [evil],
        ["pushh" + evil],
        ["-C", evil, "status"],
        ["status", "-C", evil],
        ["--color", evil, "status"],
        ["--as", evil, "list", "--remote", "tradingview"],
        ["clone", "--remote", evil],
        ["clone", "--sandbox", "--only", evil, "again"],
        ["clone", "--sandbox", IN_FILE_NAME],
        ["init", IN_FILE_NAME + "2"],
        ["init", "--link", "--sandbox", evil],
        ["new", evil],
        ["mv", TREND_PATH, path],
        ["mv", path, "x.pine"],
        ["mv", "--follow", path],
        ["add", "--moved", path],
        ["rename", TREND_PATH, evil],
        ["rm", "--remote", TREND_PATH, "--yes", evil],
        ["new", "x", "--template", evil],
        ["add", "--id", evil, TREND_PATH],
        ["restore", "--back", evil, TREND_PATH],
        ["resolve", "--ours", path],
        ["push", "--over", evil, TREND_PATH],
        ["push", "--jobs", evil],
        ["check", "--format", evil],
        ["login", "--from-browser", evil],
        ["login", "--from-browser", f"firefox:{evil}"],
        ["login", "--cookie-file", evil],
        ["sandbox", evil],
        ["sandbox", "path", "--name", evil],
        ["sandbox", "serve", "--fault", evil],
        ["sandbox", "serve", "--fault", f"list:1:{evil}"],
        ["sandbox", "serve", "--fault", f"list:1:429:{evil}"],
        ["sandbox", "serve", "--fault", f"list:1:429:status={evil}"],
        ["sandbox", "serve", "--switches", evil],
        ["sandbox", "serve", "--switches", f"eol={evil}"],
    ]


@way
def what_git_tells(world: World, patch: pytest.MonkeyPatch) -> Commands:
    world.git("init", "-q")
    world.git("add", ".")
    world.git("commit", "-qm", EVIL)
    hook = world.folder / ".git" / "hooks" / "pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\ncat <<'END' >&2\n{EVIL}\nEND\nexit 1\n")
    hook.chmod(0o755)
    world.write(LONGER)
    world.git("config", "core.hooksPath", f"../{IN_FILE_NAME}")
    return [
        ["blame-version", TREND_PATH],
        ["blame-version", f"{EVIL}@7"],
        ["hooks", "status"],
        ["push", "--commit"],
    ]


@way
def address_in_the_environment(world: World, patch: pytest.MonkeyPatch) -> Commands:
    patch.setenv("PINESYNC_FACADE_URL", EVIL + SPOOF)
    patch.setenv("PINESYNC_COOKIE", "sessionid=x; sessionid_sign=y")
    return [[verb, "--remote", "tradingview"] for verb in ("list", "whoami", "clone", "check")]


@way
def seconds_in_the_environment(world: World, patch: pytest.MonkeyPatch) -> Commands:
    patch.setenv("PINESYNC_SETTLE_SECONDS", SHORT)
    return [["status"], ["push"], ["sandbox", "path"]]


@way
def home_in_the_environment(world: World, patch: pytest.MonkeyPatch) -> Commands:
    home = world.place / (IN_FILE_NAME + SPOOF.replace("/", "-"))
    patch.setenv("PINESYNC_HOME", str(home))
    return [["sandbox", "path"], ["sandbox", "seed"], ["status"], ["logout"], ["login"], ["doctor"]]


@way
def home_that_is_no_folder(world: World, patch: pytest.MonkeyPatch) -> Commands:
    home = world.place / IN_FILE_NAME
    home.write_text("")
    patch.setenv("PINESYNC_HOME", str(home / "below"))
    return [["status"], ["sandbox", "path"], ["whoami"], ["doctor"]]


@way
def folder_that_commands_run_in(world: World, patch: pytest.MonkeyPatch) -> Commands:
    other = world.place / IN_FILE_NAME
    other.mkdir()
    (other / "x.pine").write_text(BROKEN)
    # A second -C is relative to the first, and the first command makes the folder a workspace.
    inside = ["-C", str(other)]
    return [
        *([*inside, verb] for verb in ("status", "push", "doctor")),
        [*inside, "check", "--sandbox", "."],
        [*inside, "init", "--link", "--sandbox"],
        [*inside, "init"],
        *([*inside, *more] for more in (["status", "../outside.pine"], ["doctor"])),
        ["check", "--offline", str(other)],
    ]


# -- what goes wrong ------------------------------------------------------------------------------


@way
def log_of_a_bug(world: World, patch: pytest.MonkeyPatch) -> Commands:
    def failing(*_: object, **__: object) -> NoReturn:
        raise RuntimeError(EVIL)

    patch.setattr("pinesync.app.sync.status.status", failing)
    return home_in_the_environment(world, patch)[2:3]


@way
def words_of_git(world: World, patch: pytest.MonkeyPatch) -> Commands:
    folder = world.place / "bin"
    folder.mkdir()
    git = folder / "git"
    text = (EVIL + SPOOF).encode()
    git.write_text(
        f"#!{sys.executable}\nimport sys\nsys.stderr.buffer.write({text!r})\nsys.exit(200)\n"
    )
    git.chmod(git.stat().st_mode | stat.S_IXUSR)
    patch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    world.write(LONGER)
    world.web_save(SLOWER)
    return [["pull"]]


def everything(world: World, patch: pytest.MonkeyPatch) -> None:
    """Everything that can be planted together in a usable folder."""
    for plant in (
        *(saved_name, new_name_of_a_script, account, message_of_the_compiler),
        *(line_of_a_source, name_of_a_file, link_with_a_name),
    ):
        plant(world, patch)
    world.write(EXTRA, "new.pine")
