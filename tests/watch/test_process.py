"""The command as people and editors run it: lines in a pipe, a terminal with keys, Ctrl-C, and
the `--on-error` command."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from pinesync.cli.on_error import error_notifier
from pinesync.cli.watch_output import EventPrinter
from pinesync.model import RelPath
from pinesync.sandbox.faults import Fault
from pinesync.watch.events import Notice
from tests.cli.answers import answering, finding
from tests.security.hostile import EVIL, MARK, PAYLOADS, SPOOF, raw
from tests.world import BREAKOUT_PATH, TOOLS_PATH, TREND_PATH, World
from tests.world.scripts import BREAKOUT, BROKEN, EXTRA, LONGER, MERGED, SLOWER, TOOLS, TREND
from tests.world.tradingview import TradingView

if sys.platform == "win32":
    pytest.skip("signals and a pty are things of POSIX", allow_module_level=True)

from tests.cli.terminal import Terminal
from tests.watch.editors import Programs
from tests.watch.processes import WatchProcess, idle_watch

ROOT = Path(__file__).parents[2]
served = pytest.mark.parametrize("world", ["facade"], indirect=True)
"""The account is in this process, so that requests can be recorded and can fail."""


# -- lines ----------------------------------------------------------------------------------------


def matcher() -> dict[str, Any]:
    """Of the task that the guide has for VS Code."""
    guide = (ROOT / "docs/guides/watch.md").read_text("utf-8")
    blocks = re.findall(r"```json\n(.*?)```", guide, re.DOTALL)
    (task,) = (json.loads(block)["tasks"][0] for block in blocks if "problemMatcher" in block)
    assert (task["command"], task["args"]) == ("pinesync", ["watch"])
    found: dict[str, Any] = task["problemMatcher"]
    return found


def test_the_vs_code_problem_matcher_sees_begin_and_end(clone: World) -> None:
    found = matcher()
    begins, ends = (
        re.compile(found["background"][key]) for key in ("beginsPattern", "endsPattern")
    )
    problem = re.compile(found["pattern"]["regexp"])
    broken = BREAKOUT + "plot(undeclared)\n"
    saves = {TREND_PATH: LONGER, TOOLS_PATH: TOOLS + "// on\n", BREAKOUT_PATH: broken}
    with WatchProcess(clone) as task:
        task.line_until(ends.search)
        for path, text in saves.items():
            clone.write(text, path)
            before = len(task.lines)
            task.line_until(ends.search)
            first, *others = task.lines[before:]
            assert begins.search(first)
            assert first.endswith(f"  checking  {path}")
            assert not any(begins.search(line) for line in others)
            assert any(problem.search(line) for line in others) is (text == broken)
        (shown,) = (match for line in task.lines if (match := problem.search(line)))
        keys = [shown[found["pattern"][key]] for key in ("file", "line", "column", "severity")]
        assert keys == [BREAKOUT_PATH, "6", "6", "error"]
        assert "undeclared" in shown[found["pattern"]["message"]]
        assert task.interrupt() == 0
    assert task.lines[-1] == "stopped"
    assert clone.saved() == [TREND, LONGER]
    assert len(clone.saved("Tools")) == 2
    assert raw("\n".join(task.lines)) is None


def test_watch_starts_with_folder_account_and_keys(clone: World) -> None:
    with WatchProcess(clone) as session:
        session.line_until(lambda line: line.startswith("watching: "))
        assert session.interrupt() == 0
    first, second, third, *_ = session.lines
    assert first == f"watching {clone.folder}: 3 scripts, account sandbox"
    assert second == "Ctrl-C ends it"
    assert re.fullmatch(r"\d\d:\d\d:\d\d  connected", third)
    assert session.lines[-2:] == ["watching: connected", "stopped"]


@served
def test_json_output_is_one_object_per_line(clone: World) -> None:
    clone.web_save(EXTRA, "Größe")
    assert clone("pull").code == 0
    path = "indicators/Größe.pine"
    with idle_watch(clone) as session:
        clone.write(EXTRA + "// größer\n", path)
        done = session.next_event("done", path)
        assert (done["outcome"]["done"], done["outcome"]["version"]) == ("saved", "2.0")
        clone.write(BROKEN)
        (found,) = session.next_event("done", TREND_PATH)["outcome"]["diagnostics"]
        assert found["line"] == 13
        clone.plan.add(Fault("list", "503", count=None))
        clone.write(BREAKOUT + "// on\n", BREAKOUT_PATH)
        assert session.next_event("trouble")["exit_code"] == 7
        session.stop_cleanly()
    events = [json.loads(line) for line in session.lines]
    assert all(line.isascii() for line in session.lines)
    assert all(event["schema"] == 1 and event["command"] == "watch" for event in events)
    assert [event["event"] for event in events][:3] == ["began", "connected", "quiet"]
    assert events[-1]["event"] == "ended"


def test_watch_ends_when_its_reader_closes_the_pipe(clone: World) -> None:
    with idle_watch(clone) as session:
        session.child.stdout.close()
        clone.write(LONGER)
        assert session.child.wait(60) == 0
        assert session.stderr() == ""
    assert clone.saved() in ([TREND], [TREND, LONGER])
    assert clone("push").code == 0
    assert clone.saved() == [TREND, LONGER]


# -- Ctrl-C, and worse ----------------------------------------------------------------------------


@served
def test_ctrl_c_while_idle_ends_watch(clone: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also if it could not finish what an earlier run began."""
    monkeypatch.setattr("pinesync.app.project.PAUSES", ())
    clone.write(LONGER)
    clone.plan.add("save_next:1:503")
    assert clone("push").code == 7
    clone.plan.add(Fault("get", "500", count=None))
    with WatchProcess(clone, "--json") as session:
        assert session.next_event("trouble")["exit_code"] == 7
        session.next_event("quiet")
        assert session.interrupt() == 0
    assert clone.saved() == [TREND]


@served
@pytest.mark.parametrize(
    ("how", "when"),
    [(signal.SIGINT, "after"), (signal.SIGKILL, "after"), (signal.SIGKILL, "before")],
)
def test_an_interrupted_upload_is_finished_by_the_next_session(
    clone: World, how: signal.Signals, when: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next session finishes it: there is one version, whenever it was stored."""
    clone.plan.add(f"save_next:1:hang:{when}")
    with WatchProcess(clone) as session:
        session.line_until(lambda line: line.startswith("watching: "))
        clone.app.forget()
        clone.write(LONGER)
        clone.app.wait_for("/save/next/")
        session.child.send_signal(how)
        assert session.wait_for_exit() == (130 if how == signal.SIGINT else -signal.SIGKILL)
    if how == signal.SIGINT:
        assert session.lines[-2] == "error: interrupted"
    assert [record["state"] for record in clone.records()] == ["sent"]
    with WatchProcess(clone, "--json", PINESYNC_SETTLE_SECONDS="0") as session:
        recovered = session.next_event("done", TREND_PATH)["outcome"]
        assert recovered["done"] == "recovered"
        if when == "before":
            assert clone.saved() == [TREND]
            clone.write(LONGER + "// again\n")
            assert session.next_event("done", TREND_PATH)["outcome"]["done"] == "saved"
        else:
            assert session.next_event("quiet")["waiting"] == 0
        assert session.interrupt() == 0
    texts = [LONGER + "// again\n"] if when == "before" else [LONGER]
    assert clone.saved() == [TREND, *texts]
    assert clone.statuses() == {}
    assert clone("push").requests == ("list",)


# -- beside it ------------------------------------------------------------------------------------


def test_other_commands_run_while_watch_is_idle(clone: World) -> None:
    """It holds the lock only while it writes, so other commands can run."""
    with idle_watch(clone) as session:
        clone.web_save(SLOWER)
        assert clone("pull").code == 0
        clone.write(f"{BREAKOUT}// by hand\n", BREAKOUT_PATH)
        pushed = clone("push")
        assert pushed.code == 0, pushed
        second = clone("watch")
        assert second.code == 7
        assert "another `pinesync watch` is running in this workspace" in second.err
        clone.write(MERGED)
        assert session.next_event("done", TREND_PATH)["outcome"]["version"] == "3.0"
        session.child.kill()
        session.child.wait()
    with idle_watch(clone):
        pass
    assert len(clone.saved("Breakout")) == 2
    assert clone.saved() == [TREND, SLOWER, MERGED]


# -- what it does not begin with ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--on-error", "no-such-command-here"], "no such command"),
        (["--on-error", "'"], "No closing quotation"),
        (["--on-error", ""], ""),
        (["--notify"], "no notify-send"),
        (["--poll", "9.9"], "9.9"),
        (["--poll", "nan"], "--poll"),
        (["--poll", "soon"], "--poll"),
    ],
)
def test_invalid_options_are_refused(
    clone: World,
    arguments: list[str],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "platform", "linux")
    if arguments == ["--on-error", ""]:  # an empty variable: as if it were not there
        arguments = [*arguments, "--poll", "1"]
    refused = clone("watch", *arguments)
    assert refused.code == 2
    assert message in refused.err


def test_watch_refuses_a_folder_without_scripts(world: World) -> None:
    refused = world("watch")
    assert refused.code == 2
    assert "not in a workspace" in refused.err


@served
def test_watch_refuses_to_start_without_a_cookie(
    clone: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It cannot work, and says so at once."""
    monkeypatch.delenv("PINESYNC_COOKIE")
    refused = clone("watch")
    assert (refused.code, refused.requests) == (5, ())
    assert refused.err.startswith("error: no cookie for http://127.0.0.1")
    refused = clone("watch", "--json")
    assert refused.json["exit_code"] == 5


def test_watch_works_without_git(clone: World, tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q"], cwd=clone.folder, check=True)
    with idle_watch(clone, PATH=str(tmp_path)) as session:
        clone.write(LONGER)
        assert session.next_event("done", TREND_PATH)["outcome"]["done"] == "saved"
        session.stop_cleanly()


def test_watch_refuses_a_missing_sandbox(clone: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PINESYNC_HOME", str(clone.home / "another"))
    assert clone("watch").code == 3


# -- a session that ends --------------------------------------------------------------------------


def test_watch_continues_with_a_new_cookie(world: World, tradingview: TradingView) -> None:
    world.remote_name = "tradingview"
    assert world("login", stdin=world.user.cookie).code == 0
    world.clone()
    with idle_watch(world) as session:
        world.plan.expire()
        world.write(LONGER)
        trouble = session.next_event("trouble")
        assert (trouble["exit_code"], trouble["hint"][:20]) == (5, "run `pinesync login`")
        assert session.next_event("quiet")["waiting"] == 1
        world.plan.clear()
        assert world("login", stdin=world.user.cookie).code == 0
        assert session.next_event("done", TREND_PATH)["outcome"]["done"] == "saved"
        quiet = session.next_event("quiet")
        assert (quiet["waiting"], quiet["connected"]) == (0, True)
        session.stop_cleanly()
    assert world.saved() == [TREND, LONGER]
    assert sum('"trouble"' in line for line in session.lines) == 1


# -- when something goes wrong --------------------------------------------------------------------


RECORDS = """#!/bin/sh
printf '%s\\n' "$@" > "{folder}/words"
env > "{folder}/environment"
"""


def recording(folder: Path, name: str) -> Path:
    """A program that records its arguments and environment."""
    program = folder / name
    program.write_text(RECORDS.format(folder=folder))
    program.chmod(0o755)
    return program


def was_started(folder: Path) -> tuple[list[str], dict[str, str]]:
    words = (folder / "words").read_text().splitlines()
    lines = (folder / "environment").read_text().splitlines()
    return words, dict(line.split("=", 1) for line in lines if "=" in line)


def test_new_scripts_on_tradingview_cause_no_notification(tmp_path: Path) -> None:
    ring = error_notifier(str(recording(tmp_path, "tell.sh")), notify=False)
    for word in ("behind", "remote-only"):
        ring(Notice(RelPath(TREND_PATH), word, "saved on TradingView"))
    assert not (tmp_path / "words").exists()
    ring(Notice(RelPath(TREND_PATH), "diverged", "and edited here"))
    assert (tmp_path / "words").exists()


@served
def test_the_on_error_command_runs_without_the_cookie(clone: World, tmp_path: Path) -> None:
    folder = tmp_path / "a folder"
    folder.mkdir()
    program = recording(folder, "tell.sh")
    command = f"'{program}' --loud 'two words' $HOME"
    cookie = clone.user.cookie
    cookies = {"TRADINGVIEW_COOKIE": cookie}
    with idle_watch(clone, "--on-error", command, **cookies) as session:
        clone.write(BREAKOUT + "// on\n", BREAKOUT_PATH)
        session.next_event("done")
        assert not (folder / "words").exists()
        clone.write(BROKEN)
        session.next_event("done")
        session.next_event("quiet")
        words, environment = was_started(folder)
        assert words == ["--loud", "two words", "$HOME"]
        assert environment["PINESYNC_PATH"] == TREND_PATH
        assert "does not compile" in environment["PINESYNC_MESSAGE"]
        assert "undeclared" in environment["PINESYNC_MESSAGE"]
        assert "(line 13)" in environment["PINESYNC_MESSAGE"]
        assert not {"TRADINGVIEW_COOKIE", "PINESYNC_COOKIE"} & environment.keys()
        assert clone.user.sessionid not in (folder / "environment").read_text()
        clone.plan.add(Fault("list", "503", count=None))
        clone.write(TOOLS + "// on\n", TOOLS_PATH)
        session.next_event("trouble")
        session.next_event("quiet")
        _, environment = was_started(folder)
        assert environment["PINESYNC_PATH"] == ""
        assert environment["PINESYNC_MESSAGE"]
        session.interrupt()


def test_a_notification_is_shown_on_errors(clone: World, tmp_path: Path) -> None:
    folder = tmp_path / "bin"
    folder.mkdir()
    recording(folder, "notify-send")
    path = f"{folder}{os.pathsep}{os.environ['PATH']}"
    with idle_watch(clone, "--notify", PATH=path) as session:
        clone.remove()
        session.next_event("told", TREND_PATH)
        session.next_event("quiet")
        dashes, title, text = was_started(folder)[0]
        assert (dashes, title) == ("--", TREND_PATH)
        assert "the file is gone" in text
        session.interrupt()


def test_a_failing_on_error_command_is_ignored(clone: World, tmp_path: Path) -> None:
    program = tmp_path / "fails.sh"
    program.write_text("#!/bin/sh\necho out\necho err >&2\nkill -9 $$\n")
    program.chmod(0o755)
    with idle_watch(clone, "--on-error", str(program)) as session:
        clone.write(BROKEN)
        session.next_event("done")
        clone.write(BREAKOUT + "// on\n", BREAKOUT_PATH)
        assert session.next_event("done")["outcome"]["done"] == "saved"
        session.stop_cleanly()


def test_ctrl_c_while_the_on_error_command_runs_ends_watch(clone: World, tmp_path: Path) -> None:
    pipe, program = tmp_path / "pipe", tmp_path / "slow.sh"
    os.mkfifo(pipe)
    program.write_text(f"#!/bin/sh\necho begun > '{pipe}'\nexec sleep 60\n")
    program.chmod(0o755)
    with WatchProcess(clone, "--on-error", str(program)) as session:
        session.line_until(lambda line: line.startswith("watching: "))
        clone.write(BROKEN)
        assert pipe.read_text() == "begun\n"
        assert session.interrupt() == 0
    assert session.lines[-1] == "stopped"


# -- a terminal -----------------------------------------------------------------------------------


OBEYED = re.compile("\x07|\x1b[^\\[]|\x1b\\[[0-9;?]*[^0-9;?m]")
"""A bell, a title, anything but a colour."""


@contextmanager
def terminal(world: World, *arguments: object, **env: str) -> Iterator[Terminal]:
    """Run `watch` at a terminal, whose modes must be restored at the end."""
    with Terminal(world, "watch", *arguments, env=env) as shown:
        before = shown.modes
        yield shown
        assert shown.interrupt() == 0
        assert shown.seen.endswith("stopped\r\n")
        assert shown.modes == before
    assert not OBEYED.search(shown.seen), ascii(shown.seen)


def test_a_status_line_is_drawn_and_erased(clone: World) -> None:
    with terminal(clone) as shown:
        shown.wait_for("watching: connected$")
        clone.write(BROKEN)
        shown.wait_for("watching: connected, 1 broken$")
        clone.write(BREAKOUT + "// on\n", BREAKOUT_PATH)
        shown.wait_for("saved.*ms\r\n(.|\n)*watching: connected, 1 broken$")
    drawn = [piece for piece in re.split("[\r\n]", shown.seen) if piece.startswith("watching: ")]
    assert len(drawn) == 3
    for line in drawn:
        assert f"{line}\r{' ' * len(line)}" in shown.seen


def test_no_status_line_is_drawn_for_line_based_terminals(clone: World) -> None:
    """A VS Code task has a terminal as well."""
    for env in ({"TERM_PROGRAM": "vscode"}, {"TERM": "dumb"}):
        with terminal(clone, **env) as shown:
            shown.wait_for("\nwatching: connected\r\n")
    with terminal(clone, "-vv") as shown:
        shown.wait_for("\nwatching: connected\r\n")


@pytest.mark.parametrize("key", ["p", "Y", "n"])
def test_a_key_works_without_return(clone: World, key: str) -> None:
    clone.write(LONGER)
    with terminal(clone) as shown:
        shown.wait_for("held: 1 file edited before watch started: .*Trend.pine\r\n")
        shown.wait_for("hint: press p to send them, n to leave them; `pinesync push` sends them")
        shown.wait_for("watching: connected, 1 waiting$")
        shown.type(f"x{key}")
        if key == "n":
            shown.wait_for("watching: connected$")
        else:
            shown.wait_for("saved.* 2.0")
            shown.wait_for("watching: connected$")
        assert f"x{key}" not in shown.seen
    assert clone.saved() == ([TREND] if key == "n" else [TREND, LONGER])
    assert clone.read() == LONGER


@served
def test_terminal_modes_are_restored_at_any_end(
    clone: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    clone.plan.add("save_next:1:hang:after")
    with Terminal(clone, "watch") as shown:
        before = shown.modes
        shown.wait_for("watching: connected$")
        assert shown.modes != before
        clone.app.forget()
        clone.write(LONGER)
        clone.app.wait_for("/save/next/")
        assert shown.interrupt() == 130
        assert shown.modes == before
    with Terminal(clone, "watch", "--poll", "9") as shown:
        assert shown.end() == 2
        assert shown.modes == before


# Also where the tests were started by something that ignores Ctrl-C.
INTERRUPTED = """
import runpy, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
sys.argv[0] = "pinesync"
runpy.run_module("pinesync", run_name="__main__", alter_sys=True)
"""


def test_a_background_job_is_not_stopped_by_the_shell(clone: World) -> None:
    """It would be stopped as soon as it read from the terminal."""
    if not shutil.which("bash"):
        pytest.skip("needs the program bash")
    script = 'set -m; "$@" & wait; echo ended'
    command = ("bash", "-c", script, "bash", sys.executable, "-c", INTERRUPTED, "watch")
    with Terminal(Programs(clone.folder), *command) as shown:
        shown.wait_for("watching: connected")
        clone.write(LONGER)
        shown.wait_for("saved.* 2.0")
        os.killpg(job_of(shown.child.pid), signal.SIGINT)
        shown.wait_for("stopped\r\n(.|\n)*ended")
    assert clone.saved() == [TREND, LONGER]


def job_of(shell: int) -> int:
    """The one process that it started."""
    listed = subprocess.run(["ps", "-o", "pid=", "--ppid", str(shell)], capture_output=True)
    return int(listed.stdout)


# -- what others wrote ----------------------------------------------------------------------------


def everything_is_hostile(world: World) -> str:
    """Plant a hostile name and compiler message; return the path of the script of that name."""
    world.web_save(EXTRA, EVIL + SPOOF)
    assert world("pull").code == 0
    found = finding(f"{EVIL}{SPOOF} {{identifier}}", line=4, identifier=EVIL)
    world.plan.add(answering("check", found))
    (path,) = (path for path in world.files() if MARK in path)
    return path


HIDDEN = f"{EXTRA}plot(close) // {MARK}{PAYLOADS['override']}\n"
"""A source with reordered characters."""


@served
@pytest.mark.parametrize("mode", [["-vv"], ["--json", "-vv"]], ids=["loud", "json"])
def test_hostile_text_is_escaped_in_a_pipe(clone: World, mode: list[str]) -> None:
    path = everything_is_hostile(clone)
    with WatchProcess(clone, *mode) as session:
        session.line_until(lambda line: "watching: " in line or '"quiet"' in line)
        clone.write(HIDDEN, path)
        session.line_until(lambda line: "does not compile" in line)
        (clone.folder / path).unlink()
        session.line_until(lambda line: "the file is gone" in line)
        fault = Fault("list", "answer", count=None, status=403, body=(EVIL + SPOOF).encode())
        clone.plan.add(fault)
        clone.write(LONGER)
        session.line_until(lambda line: "error: " in line or '"trouble"' in line)
        assert session.interrupt() == 0
        shown = "\n".join(session.lines) + "\n" + session.stderr()
    assert MARK in shown
    assert raw(shown) is None
    assert not any(secret in shown for secret in (clone.user.sessionid, clone.user.sessionid_sign))
    if "--json" in mode:
        assert shown.isascii()


@served
def test_hostile_text_is_escaped_on_a_terminal(clone: World) -> None:
    path = everything_is_hostile(clone)
    with Terminal(clone, "watch", "-v") as shown:
        shown.wait_for("watching: connected")
        clone.write(HIDDEN, path)
        shown.wait_for("1 broken$")
        assert shown.interrupt() == 0
    seen = shown.seen.replace("\r\n", "\n")
    seen = re.sub("\r *\r", "\n", seen)  # its own line of standing
    assert MARK in seen
    assert raw(seen, coloured=True) is None


@served
def test_the_on_error_command_gets_escaped_text(clone: World, tmp_path: Path) -> None:
    path = everything_is_hostile(clone)
    folder = tmp_path / "bin"
    folder.mkdir()
    program = recording(folder, "notify-send")
    path_of = f"{folder}{os.pathsep}{os.environ['PATH']}"
    with idle_watch(clone, "--notify", "--on-error", str(program), PATH=path_of) as session:
        clone.write(HIDDEN, path)
        session.next_event("quiet")
        session.interrupt()
    words, environment = was_started(folder)
    for text in (*words, environment["PINESYNC_PATH"], environment["PINESYNC_MESSAGE"]):
        assert raw(text) is None
    assert MARK in environment["PINESYNC_MESSAGE"]


def test_a_hint_for_several_scripts_is_shown_once(capsys: pytest.CaptureFixture[str]) -> None:
    screen = EventPrinter(status_line=False, keys=False)
    for name in ("One", "Two"):
        path = RelPath(f"indicators/{name}.pine")
        screen.print_event(
            Notice(path, "remote-only", "saved on TradingView", "run `pinesync pull`")
        )
    shown = capsys.readouterr().err
    assert shown.count("saved on TradingView") == 2
    assert shown.count("hint:") == 1
