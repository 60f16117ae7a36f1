"""Options before and after the verb, colours, help, and exit codes."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

import pinesync
from pinesync import __version__
from pinesync.cli.group import VERBS
from tests.cli.cases import edits, first, saves
from tests.world import BREAKOUT_PATH, BROKEN, LONGER, SLOWER, TREND_PATH, World

ESCAPE = "\x1b["


@pytest.mark.parametrize("where", ["before", "after"])
@pytest.mark.parametrize("verb", ["status", "diff", "push"])
def test_color_works_before_and_after_the_command(clone: World, verb: str, where: str) -> None:
    def run(*options: str) -> str:
        clone.write(LONGER + f"// {options}\n")
        arguments = [*options, verb] if where == "before" else [verb, *options]
        return clone(*arguments).out

    assert ESCAPE in run("--color", "always")
    assert ESCAPE not in run("--color", "never")
    assert ESCAPE not in run()  # no terminal
    assert ESCAPE not in run("--color", "auto")


def test_colours_mark_differences(clone: World, monkeypatch: pytest.MonkeyPatch) -> None:
    clone.write(LONGER)
    shown = clone("--color", "always", "diff").out
    assert "\x1b[32m+plot(close)\x1b[0m" in shown
    assert "\x1b[36m@@" in shown
    plain = clone("diff").out
    assert re.sub(r"\x1b\[[0-9;]*m", "", shown) == plain
    monkeypatch.setenv("NO_COLOR", "1")
    assert clone("diff").out == plain
    assert clone("--color", "always", "diff").out == shown  # asked for by name


def test_an_invalid_color_value_is_refused(clone: World) -> None:
    assert clone("--color", "sometimes", "status").code == 2


def test_verbose_lists_clean_scripts(clone: World) -> None:
    for arguments in (["-v", "status"], ["status", "-v"], ["status", "--verbose"]):
        assert f"clean  {TREND_PATH}" in clone(*arguments).out
    assert TREND_PATH not in clone("status").out


@pytest.mark.parametrize("arguments", [["--help"], ["-h"], []])
def test_help_lists_every_command(world: World, arguments: list[str]) -> None:
    shown = world(*arguments)
    assert shown.code in (0, 2)
    assert all(f"  {verb} " in shown.output for verb in VERBS)


@pytest.mark.parametrize(
    "verb",
    [
        *VERBS,
        *(f"sandbox {word}" for word in ("serve", "seed", "reset")),
        *(f"hooks {word}" for word in ("install", "remove", "status", "run")),
        "history import",
    ],
)
def test_every_command_has_help(world: World, verb: str) -> None:
    shown = world(*verb.split(), "--help", code=0)
    assert shown.out.startswith(f"Usage: pinesync {verb}")
    for option in re.findall(r"^  (--?[a-z-]+)[^\n]*", shown.out, re.M):
        described = re.search(rf"^  {option}.*?  \S|^  {option}[^\n]*\n {{10,}}\S", shown.out, re.M)
        assert described, f"{option} of {verb} says nothing"


def test_the_version_comes_with_python_and_the_place(world: World) -> None:
    python = ".".join(map(str, sys.version_info[:3]))
    place = Path(pinesync.__file__).parent
    assert world("-V").out == f"pinesync {__version__} (Python {python}) from {place}\n"


# -- exit codes -----------------------------------------------------------------------------------


HISTORIES = {
    "nothing": first(),
    "diverges": first(edits(LONGER), saves(SLOWER)),
    "breaks": edits(BROKEN),
    "breaks_and_diverges": first(
        edits(BROKEN.replace("Trend", "Breakout"), BREAKOUT_PATH), edits(LONGER), saves(SLOWER)
    ),
    "spoils_the_manifest": edits("[workspace\n", "pine.toml"),
    "expires": lambda world: world.plan.expire(),
    "busy_service": lambda world: world.plan.add("list:*:429:seconds=3600"),
    "unreadable": edits(b"\xff"),
}


@pytest.mark.promise(30, "S8")
@pytest.mark.parametrize(
    ("happened", "command", "code"),
    [
        ("nothing", "status", 0),
        ("nothing", "push", 0),
        ("nothing", "status --exit-code", 0),
        ("unreadable", "check", 1),
        ("spoils_the_manifest", "status", 2),
        ("nothing", "frobnicate", 2),
        ("nothing", "status nothing.pine", 2),
        ("diverges", "push", 3),
        ("diverges", "pull --no-merge", 3),
        ("breaks", "check", 4),
        ("breaks", "push", 4),
        ("breaks_and_diverges", "push", 4),  # 4 comes before 3
        ("expires", "status", 5),
        ("expires", "push", 5),
        ("diverges", "status --exit-code", 6),
        ("diverges", "diff --exit-code", 6),
        ("busy_service", "status", 7),
        ("busy_service", "pull", 7),
        ("busy_service", "push", 7),
    ],
    ids=str,
)
def test_each_outcome_has_its_exit_code(
    clone: World, happened: str, command: str, code: int
) -> None:
    HISTORIES[happened](clone)
    assert clone(*command.split(), code=code).err or code in (0, 4, 6)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[workspace\n", "pine.toml:1:"),
        ("[workspace]\nschema = 99\n", "schema"),
        ("<<<<<<< HEAD\n", "pine.toml:1:"),
        ('[workspace]\nschema = 1\nurl = "https://evil.invalid"\n', "url"),
    ],
)
def test_an_invalid_manifest_is_reported_with_its_line(
    clone: World, text: str, message: str
) -> None:
    clone.write(text, "pine.toml")
    before = clone.files(), clone.account(), clone.state()
    for verb in ("status", "pull", "push", "diff", "check", "list", "whoami"):
        refused = clone(verb, code=2)
        assert refused.err.startswith("error: pine.toml")
        assert message in refused.err
        assert refused.requests == ()
    assert (clone.files(), clone.account(), clone.state()) == before


def test_a_bug_exits_with_70_and_names_its_log(
    clone: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        secret = "the source of a script"  # noqa: F841 - a variable that no log may show
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr("pinesync.app.sync.status.take_snapshot", broken)
    ran = clone("status", code=70)
    assert ran.err.startswith("error: a bug in pinesync: ZeroDivisionError\n")
    match = re.search(r"the details are in (\S+\.log)", ran.err)
    assert match
    log = (clone.home / "pinesync" / "state" / match[1].rsplit("/", 1)[-1]).read_text("utf-8")
    assert "ZeroDivisionError: a bug" in log
    assert "status.py" in log
    assert "Traceback" not in ran.output
    assert clone.user.sessionid not in log
    as_json = clone("status", "--json")
    assert (as_json.code, as_json.json["exit_code"]) == (70, 70)
    assert "ZeroDivisionError" in as_json.json["error"]["message"]


def test_a_second_writer_is_refused(clone: World) -> None:
    from filelock import FileLock

    clone.write_and_push(LONGER)
    (lock,) = (clone.home / "pinesync" / "state").glob("*/lock*")
    with FileLock(lock):
        clone("push", code=7)
        assert clone("status").code == 0
        assert clone("diff").code == 0


def test_an_unwritable_home_is_reported(clone: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file is in the folder's place, so not even root can create it."""
    (clone.place / "file").write_text("")
    monkeypatch.setenv("PINESYNC_HOME", str(clone.place / "file" / "home"))
    refused = clone("sandbox", "seed", code=1)
    assert refused.err.startswith("error: ")
    assert "bug" not in refused.err


def test_a_deleted_current_folder_is_reported(world: World) -> None:
    gone = world.place / "gone"
    gone.mkdir()
    ran = world.process("-C", ".", "status", cwd=gone)
    assert ran.code == 2


@pytest.mark.parametrize("value", ["soon", "-1", "nan", "1e9"])
def test_invalid_seconds_are_refused(
    clone: World, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("PINESYNC_SETTLE_SECONDS", value)
    assert clone("push").code == 2
