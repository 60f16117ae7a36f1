"""Processes as a shell starts them: a served sandbox, closed pipes, Ctrl-C."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.world import COMMAND, World
from tests.world.scripts import EXTRA, LONGER, MERGED, SLOWER, TREND, TREND_PATH


@contextmanager
def serving(world: World, *options: object) -> Iterator[dict[str, str]]:
    """`pinesync sandbox serve` in its own process; yield the two exported variables."""
    with world.spawn("sandbox", "serve", *options) as server:
        lines = [server.stdout.readline() for _ in range(2)]
        try:
            exported = dict(shlex.split(line)[0].split("=", 1) for line in lines)
            yield exported
        finally:
            server.send_signal(signal.SIGINT)
            rest, stderr = server.communicate(timeout=60)
        assert (server.returncode, rest) == (0, "")
        assert stderr.splitlines() == ["serving until Ctrl-C", "stopped"]


def test_serve_prints_lines_to_export(world: World) -> None:
    with world.spawn("sandbox", "serve", "--port", 0) as server:
        url, cookie = (server.stdout.readline() for _ in range(2))
        server.send_signal(signal.SIGINT)
        assert server.communicate(timeout=60)[0] == ""
    assert server.returncode == 0
    assert re.fullmatch(r"PINESYNC_FACADE_URL=http://127\.0\.0\.1:\d+/pine-facade\n", url)
    assert cookie == f"PINESYNC_COOKIE='{world.user.cookie}'\n"


def test_serve_logs_requests_with_verbose(world: World) -> None:
    with world.spawn("sandbox", "serve", "-vv", "--fault", "list:2:reset") as server:
        for _ in range(2):
            world.monkeypatch.setenv(*shlex.split(server.stdout.readline())[0].split("=", 1))
        assert world.process("list").code == 0
        assert world.process("list").code == 0  # after the fault the list is requested again
        server.send_signal(signal.SIGINT)
        _, stderr = server.communicate(timeout=60)
    requests = [line for line in stderr.splitlines() if line.startswith("GET ")]
    listed = "GET /pine-facade/list?filter=saved: 200"
    assert requests == [listed, f"{listed}, disturbed", listed]
    assert "sessionid" not in stderr


def test_every_command_works_against_a_served_sandbox(world: World) -> None:
    """Every command and the sandbox run in separate processes."""
    with serving(world) as exported:
        assert set(exported) == {"PINESYNC_FACADE_URL", "PINESYNC_COOKIE"}
        for name, value in exported.items():
            world.monkeypatch.setenv(name, value)

        def status() -> str:
            return world.process("status").out.splitlines()[-1]

        assert world.process("clone", "scripts", cwd=world.place).code == 0
        assert status() == "nothing to pull or push, 3 scripts clean"

        world.write(LONGER)
        assert status() == "2 clean, 1 modified"
        assert world.process("push").code == 0
        assert world.saved() == [TREND, LONGER]
        again = world.process("push")
        assert (again.code, again.out, again.err) == (0, "", "nothing to push\n")

        world.web_save(SLOWER + "plot(close)\n")
        assert status() == "1 behind, 2 clean"
        world.write(LONGER + "plot(open)\n")
        assert status() == "2 clean, 1 diverged"
        assert world.process("push").code == 3
        assert world.process("pull").code == 0
        assert world.read() == MERGED + "plot(open)\n"
        assert world.process("push").code == 0
        assert len(world.saved()) == 4

        good = world.read()
        world.write(good + "plot(undeclared)\n")
        for verb in ("check", "push"):
            refused = world.process(verb)
            assert refused.code == 4
            assert f"{TREND_PATH}:15:6: error: " in refused.output
        assert len(world.saved()) == 4
        assert world.process("restore", TREND_PATH).code == 0
        assert status() == "nothing to pull or push, 3 scripts clean"
    gone = world.process("status")
    assert gone.code == 7
    assert "Traceback" not in gone.err


def test_clone_without_a_valid_cookie_creates_no_folder(world: World) -> None:
    with serving(world) as exported:
        world.monkeypatch.setenv("PINESYNC_FACADE_URL", exported["PINESYNC_FACADE_URL"])
        missing = world.process("clone", "scripts")
        assert missing.code == 5
        assert "set PINESYNC_COOKIE" in missing.err
        world.monkeypatch.setenv("PINESYNC_COOKIE", "sessionid=0; sessionid_sign=0")
        assert world.process("clone", "scripts").code == 5
    assert not world.folder.exists()


def test_a_port_in_use_is_reported(world: World) -> None:
    with serving(world) as exported:
        port = exported["PINESYNC_FACADE_URL"].split(":")[2].split("/")[0]
        refused = world.process("sandbox", "serve", "--port", port)
        assert refused.code == 2
        assert "choose another --port" in refused.err


# -- pipes ----------------------------------------------------------------------------------------

pipes = pytest.mark.skipif(sys.platform == "win32", reason="needs the program head")


@pipes
@pytest.mark.parametrize("command", [["status", "--json"], ["list"], ["status", "-v"], ["diff"]])
def test_a_closed_pipe_ends_the_command(clone: World, command: list[str]) -> None:
    """More output than a pipe can buffer, and a reader that reads one line."""
    big = "".join(f"// {number} {'x' * 90}\n" for number in range(3000))
    clone.write(TREND + big)
    for number in range(300):
        clone.web_save(EXTRA, f"{number} {'long name ' * 11}")
    writer = subprocess.Popen(
        [*COMMAND, *command],
        cwd=clone.folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    with writer, subprocess.Popen(["head", "-c", "1"], stdin=writer.stdout, stdout=-1) as reader:
        assert writer.stdout
        assert writer.stderr
        writer.stdout.close()
        assert len(reader.communicate(timeout=60)[0]) == 1
        stderr = writer.stderr.read().decode()
        assert writer.wait(60) == 0
    assert stderr == ""


@pipes
def test_a_closed_pipe_ends_json_output(clone: World) -> None:
    line = f"{shlex.join([*COMMAND, 'status', '--json'])} | head -1"
    result = subprocess.run(
        ["bash", "-o", "pipefail", "-c", line], cwd=clone.folder, capture_output=True, check=False
    )
    assert (result.returncode, result.stderr) == (0, b"")
    assert result.stdout.startswith(b'{"schema": 1, "command": "status"')


@pipes
@pytest.mark.parametrize("words", [["check", "--offline"], ["status", "--exit-code"]])
def test_the_exit_code_survives_a_closed_pipe(clone: World, words: list[str]) -> None:
    for number in range(2000):
        (clone.folder / f"a rather long name {number}.pine").write_text("plot((\n")
    line = f"{shlex.join([*COMMAND, *words])} | head -1"
    result = subprocess.run(
        ["bash", "-o", "pipefail", "-c", line], cwd=clone.folder, capture_output=True, check=False
    )
    assert result.returncode == (4 if words[0] == "check" else 6)
    assert result.stdout.count(b"\n") == 1


@pipes
def test_a_full_disk_fails_without_a_traceback(clone: World) -> None:
    if not os.path.exists("/dev/full"):
        pytest.skip("no /dev/full here")
    with open("/dev/full", "w") as full, clone.spawn("list", stdout=full) as child:
        _, stderr = child.communicate(timeout=60)
    assert child.returncode not in (0, 70)
    assert "Traceback" not in stderr


# -- Ctrl-C ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("world", ["facade"], indirect=True)
@pytest.mark.parametrize("when", ["before", "after"])
def test_ctrl_c_during_a_save_is_recovered(clone: World, when: str) -> None:
    """Then it is unknown whether the save was stored; the next push finds out, and there is one
    version."""
    # Do not wait while a push looks for a lost save.
    clone.monkeypatch.setattr("pinesync.app.project.PAUSES", ())
    clone.write(LONGER)
    clone.plan.add(f"save_next:1:hang:{when}")
    with clone.spawn("push") as child:
        clone.app.wait_for("/save/next/")
        child.send_signal(signal.SIGINT)
        _, err = child.communicate(timeout=60)
    assert child.returncode == 130
    assert err.splitlines() == [
        "error: interrupted",
        "hint: nothing is lost: run the same command again to finish",
    ]
    assert [record["state"] for record in clone.records()] == ["sent"]
    assert clone.version() == "1.0"
    assert "an interrupted write is pending" in clone("status").out

    if when == "after":
        settled = clone("push", code=0)
        assert settled.out == f"recovered  {TREND_PATH}  1.0 → 2.0\n"
        assert "save_next" not in settled.requests
    else:
        assert "save_next" not in clone("push", code=7).requests
        clone.monkeypatch.setenv("PINESYNC_SETTLE_SECONDS", "0")
        assert clone("push").code == 0
    assert clone.saved() == [TREND, LONGER]
    assert clone.statuses() == {}
    assert clone("push").requests == ("list",)


@pytest.mark.parametrize("world", ["facade"], indirect=True)
def test_ctrl_c_during_a_create_is_recovered(clone: World) -> None:
    clone.write(EXTRA, "mine.pine")
    clone("add", "mine.pine")
    clone.plan.add("save_new:1:hang:after")
    with clone.spawn("push") as child:
        clone.app.wait_for("/save/new")
        child.send_signal(signal.SIGINT)
        child.communicate(timeout=60)
    assert child.returncode == 130
    assert clone("push").code == 0
    assert clone.saved("Extra") == [EXTRA]
    assert set(clone.account()) == {"Trend", "Breakout", "Tools", "Extra"}
    assert clone.statuses() == {}


@pytest.mark.parametrize("world", ["facade"], indirect=True)
@pytest.mark.parametrize("verb", ["status", "pull", "push", "check"])
def test_ctrl_c_during_a_read_ends_the_command(clone: World, verb: str) -> None:
    clone.web_save(SLOWER)
    clone.write(LONGER)
    before = clone.files(), clone.account()
    endpoint = {"check": "check"}.get(verb, "list")
    clone.plan.add(f"{endpoint}:*:hang")
    path = "/translate_light" if verb == "check" else "/list"
    with clone.spawn(verb) as child:
        clone.app.wait_for(path)
        child.send_signal(signal.SIGINT)
        _, err = child.communicate(timeout=60)
    assert child.returncode == 130
    assert err.startswith("error: interrupted\n")
    assert "Traceback" not in err
    assert (clone.files(), clone.account()) == before
    clone.plan.clear()
    assert clone("pull").code == 0


@pytest.mark.parametrize("world", ["facade"], indirect=True)
def test_ctrl_c_during_a_clone_leaves_no_folder(world: World) -> None:
    world.plan.add("get:1:hang")
    with world.spawn("clone", "scripts", cwd=world.place) as child:
        world.app.wait_for("/get/")
        child.send_signal(signal.SIGINT)
        child.communicate(timeout=60)
    assert child.returncode == 130
    assert list(world.place.iterdir()) == []
    world.plan.clear()
    world.clone()
    assert world.statuses() == {}


@pytest.mark.parametrize("world", ["facade"], indirect=True)
def test_a_killed_push_is_recovered(clone: World) -> None:
    clone.write(LONGER)
    clone.plan.add("save_next:1:hang:after")
    with clone.spawn("push") as child:
        clone.app.wait_for("/save/next/")
        child.kill()
        child.communicate(timeout=60)
    assert clone("push").code == 0  # no lock is left behind
    assert clone.saved() == [TREND, LONGER]
    assert clone.statuses() == {}
