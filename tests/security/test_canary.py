"""The cookie turns up nowhere but in the header that it is for, and where `login` keeps it.

Every verb runs under every failure that the sandbox knows, with full verbosity; then all that was
printed and written is searched for the two values, plain and as they look in an address. Once more
as real processes: what the system shows of them, and what they hand to theirs, is searched as well.
"""

from __future__ import annotations

import base64
import logging
import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args
from urllib.parse import quote

import pytest

from pinesync.cli.group import VERBS
from pinesync.sandbox.faults import Fault, Kind
from pinesync.tradingview.client import PineClient
from tests.world import BREAKOUT_PATH, TOOLS_PATH, TREND_PATH, World
from tests.world.scripts import BREAKOUT, EXTRA, LONGER, SLOWER, TREND
from tests.world.tradingview import TradingView

COOKIE = "TRADINGVIEW_COOKIE"
COMMANDS: dict[str, list[list[str]]] = {
    "clone": [["clone", "../again"], ["clone", "../whole", "--history"]],
    "init": [["init", "../linked", "--link", "--remote", "tradingview"]],
    "status": [["status"], ["status", "--html", "page.html"]],
    "diff": [["diff", "--remote"]],
    "check": [["check"]],
    "pull": [["pull", "--dry-run"], ["pull"]],
    "push": [["push", "--dry-run"], ["push"]],
    "add": [["add", "indicators/Extra.pine"]],
    "new": [["new", "Fresh"]],
    "list": [["list"]],
    "alerts": [["alerts"]],
    "log": [["log"], ["log", TREND_PATH]],
    "show": [["show", f"{TREND_PATH}@1"]],
    "grep": [["grep", "--all-versions", "plot"]],
    "restore": [["restore", TREND_PATH], ["restore", f"{TREND_PATH}@1", "--push"]],
    "undo": [["undo"], ["undo", "--redo"]],
    "oplog": [["oplog"]],
    "resolve": [["resolve", TREND_PATH, "--ours"]],
    "rename": [["rename", TREND_PATH, "Trend two"], ["rename", TREND_PATH, "Trend"]],
    "mv": [
        ["mv", TOOLS_PATH, "moved/"],
        ["mv", "--follow"],
        ["mv", "moved/Tools.pine", TOOLS_PATH],
    ],
    "rm": [["rm", "--remote", BREAKOUT_PATH, "--yes", "Breakout"], ["rm", TOOLS_PATH]],
    "fetch": [["fetch"]],
    "history": [["history", "import", "-n"], ["history", "import"]],
    "verify": [["verify"]],
    "login": [["login"], ["login", "--as", "work"]],
    "logout": [["logout", "--as", "work"]],
    "whoami": [["whoami"]],
    "sandbox": [["sandbox", "path"]],
    "demo": [["demo", "--help"]],
    "mcp": [["mcp", "--help"]],  # the rest is in tests/mcp/test_read.py
    "lsp": [["lsp", "--help"]],  # the rest is in tests/lsp/test_commands.py
    "watch": [["watch", "--help"]],  # the rest is in tests/watch/test_process.py
    "blame-version": [["blame-version", TREND_PATH]],
    "repair": [["repair"]],
    "hooks": [["hooks", "install"], ["hooks", "run", "pre-push"], ["hooks", "remove"]],
    "probe": [["probe", "--sandbox", "--yes", "--report", "report.md"]],
    "doctor": [["doctor"]],
    "vscode": [["vscode", "package", "pinesync.vsix"]],
    "completion": [["completion", "zsh"]],
}
FAILURES: tuple[Kind | None, ...] = (
    None,
    *(kind for kind in get_args(Kind) if kind not in ("hang", "slow")),
)


def forms(world: World) -> list[bytes]:
    """The possible spellings of the two values."""
    found = []
    for value in (world.user.sessionid, world.user.sessionid_sign):
        found += [value, quote(value, safe=""), repr(value)[1:-1], value[3:]]
        found.append(base64.b64encode(value.encode()).decode().rstrip("=")[:-1])
    return [text.encode() for text in found]


def hits(world: World, *texts: str | bytes) -> list[bytes]:
    data = b"\n".join(t.encode("utf-8", "replace") if isinstance(t, str) else t for t in texts)
    return [form for form in forms(world) if form in data]


def written(world: World) -> Iterator[Path]:
    """Every file that a command can have created, except the stored sign-ins and the service."""
    for root in (world.home, world.place):
        for path in root.rglob("*"):
            below = path.relative_to(root).as_posix()
            signed_in = below.startswith("pinesync/config/session")
            if path.is_file() and not signed_in and not below.startswith("pinesync/sandbox/"):
                yield path


def work(world: World, number: int) -> None:
    """Work for every command: edits, foreign saves, and both."""
    (world.place / "linked").mkdir(exist_ok=True)
    (world.place / "linked" / "Trend.pine").write_text(TREND)
    world.write(LONGER + f"// {number}\n")
    world.write(EXTRA, "indicators/Extra.pine")
    world.web_save(BREAKOUT + f"// {number}\n", "Breakout")
    if number % 2:
        world.web_save(SLOWER + f"// {number}\n")


@pytest.fixture
def signed_in(world: World, tradingview: TradingView, monkeypatch: pytest.MonkeyPatch) -> World:
    """A clone of TradingView's account, in git, with a stored sign-in."""
    assert world("login", stdin=world.user.cookie).code == 0
    assert world("clone", "scripts").code == 0
    world.git("init", "-q")
    world.git("add", ".")
    world.git("commit", "-qm", "clone")
    monkeypatch.setattr("pinesync.tradingview.http.PAUSES", ())
    monkeypatch.setattr("pinesync.app.project.PAUSES", ())
    return world


def test_every_command_has_its_examples() -> None:
    assert set(COMMANDS) == set(VERBS)


SOURCES = ("kept", "variable", "json")


@pytest.mark.promise("S3")
@pytest.mark.parametrize("source", SOURCES)
def test_no_output_and_no_file_contains_the_cookie(
    signed_in: World,
    source: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    request: pytest.FixtureRequest,
) -> None:
    """Each run tries every failure with one of the three sources; --deep tries all of them."""
    world = signed_in
    deep = request.config.getoption("--deep")
    failures = FAILURES if deep else FAILURES[SOURCES.index(source) :: len(SOURCES)]
    caplog.set_level(logging.DEBUG)
    if source == "variable":
        monkeypatch.setenv(COOKIE, f"other=1; {world.user.cookie}; more=2")
    options = ["--json"] if source == "json" else ["--color", "always"]
    failing = 0
    for number, kind in enumerate(failures):
        for verb, commands in COMMANDS.items():
            work(world, number)
            hurried = ["--timeout", "0"] if verb in ("clone", "pull") else []
            for command in commands:
                world.plan.clear()
                if kind:
                    world.plan.add(Fault("*", kind, count=None))
                ran = world(*command, *hurried, "-vv", *options, stdin=world.user.cookie)
                assert hits(world, ran.out, ran.err) == [], (verb, kind, ran)
                failing += ran.code != 0
    assert failing > len(failures) * 3
    assert hits(world, caplog.text) == []
    files = list(written(world))
    assert len(files) > 20
    for path in files:
        assert hits(world, path.read_bytes(), path.name) == [], path


@pytest.mark.promise("S3")
def test_a_crash_log_does_not_contain_the_cookie(
    signed_in: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A traceback has lines of code and the error's message, but no values."""
    world = signed_in

    def broken(self: PineClient, *_: object) -> Any:
        secret = self._session._secret
        raise RuntimeError(f"{self} {self._session} {vars(self)} {secret} {[secret]!r}")

    monkeypatch.setattr(PineClient, "list_scripts", broken)
    ran = world("status", "-vv")
    assert ran.code == 70
    (log,) = (world.home / "pinesync" / "state").glob("bug-*.log")
    assert "Secret(for https" in log.read_text()
    assert hits(world, log.read_bytes(), ran.output) == []
    assert stat.S_IMODE(log.stat().st_mode) & 0o077 == 0


# -- as the system sees it ------------------------------------------------------------------------

SPY = """#!{python}
import glob, os, sys
with open({seen!r}, "ab") as seen:
    for path in ["/proc/self/environ", *glob.glob("/proc/[0-9]*/cmdline")]:
        try:
            with open(path, "rb") as file:
                seen.write(file.read() + b"\\n")
        except OSError:
            pass
os.execv({git!r}, ["git", *sys.argv[1:]])
"""


@pytest.mark.promise("S3")
@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
@pytest.mark.parametrize("source", ["kept", "variable"])
def test_no_child_process_or_command_line_contains_the_cookie(
    signed_in: World, source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fake git records its environment and the whole list of processes."""
    from shutil import which

    world = signed_in
    seen = tmp_path / "seen"
    spy = tmp_path / "bin" / "git"
    spy.parent.mkdir()
    spy.write_text(SPY.format(python=sys.executable, seen=str(seen), git=which("git")))
    spy.chmod(0o755)
    env: dict[str, Any] = {"PATH": f"{spy.parent}{os.pathsep}{os.environ['PATH']}"}
    if source == "variable":
        env |= {COOKIE: world.user.cookie, "PINESYNC_COOKIE": world.user.cookie}
    for number, verb in enumerate(("status", "diff", "pull", "push", "verify", "doctor")):
        work(world, number)
        before = seen.stat().st_size if seen.exists() else 0
        for command in COMMANDS[verb]:
            ran = world.process(*command, "-vv", **env)
            assert ran.code in (0, 1, 3, 6), ran
            assert hits(world, ran.out, ran.err) == []
        if verb in ("pull", "status", "doctor"):
            assert seen.stat().st_size > before, f"{verb} ran no git"
    assert b"PATH=" in seen.read_bytes()
    assert hits(world, seen.read_bytes()) == []


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
def test_a_hanging_command_does_not_show_the_cookie(signed_in: World) -> None:
    world = signed_in
    world.plan.add(Fault("list", "hang", count=None))
    with world.spawn("status", "-vv") as child:
        world.app.wait_for("/list")
        shown = Path(f"/proc/{child.pid}/cmdline").read_bytes()
        environ = Path(f"/proc/{child.pid}/environ").read_bytes()
        child.send_signal(15)
        out, err = child.communicate(timeout=60)
    assert hits(world, shown, environ, out, err) == []
