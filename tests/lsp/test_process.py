"""How the server starts and ends, and what can prevent it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.lsp.conftest import OnTrend, Opening
from tests.lsp.editor import Editor
from tests.world import LONGER, TREND, World

served = pytest.mark.parametrize("world", ["facade"], indirect=True)


def framed(*messages: object) -> bytes:
    bodies = [json.dumps(message).encode() for message in messages]
    return b"".join(b"Content-Length: %d\r\n\r\n%s" % (len(body), body) for body in bodies)


def spoken(answer: bytes) -> list[dict[str, object]]:
    """The messages; no other output may be between them."""
    found = []
    while answer:
        head, _, rest = answer.partition(b"\r\n\r\n")
        fields = dict(line.split(b": ", 1) for line in head.split(b"\r\n"))
        length = int(fields[b"Content-Length"])
        found.append(json.loads(rest[:length]))
        answer = rest[length:]
    return found


INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {"processId": None, "rootUri": None, "capabilities": {}},
}
SHUTDOWN = {"jsonrpc": "2.0", "id": 2, "method": "shutdown"}
EXIT = {"jsonrpc": "2.0", "method": "exit"}


def test_the_server_ends_with_the_right_exit_code(clone: World, opening: Opening) -> None:
    assert opening(clone.folder).leave() == 0
    editor = opening(clone.folder)
    editor.ask("exit", None)
    assert editor.ended() == 1, "exit without shutdown"
    assert opening(clone.folder).hang_up() == 1, "an editor that died"
    assert opening(clone.folder, begun=False).hang_up() == 1


def test_exit_does_not_wait_for_the_end_of_input(clone: World) -> None:
    """An editor may keep its end of the pipe open."""
    with clone.spawn("lsp", stdin=subprocess.PIPE, text=False) as child:
        child.stdin.write(framed(INITIALIZE, SHUTDOWN, EXIT))
        child.stdin.flush()
        assert child.wait(60) == 0
        answers = spoken(child.stdout.read())
        assert [answer["id"] for answer in answers] == [1, 2]
        child.stdin.close()


@pytest.mark.parametrize(
    "noise",
    [
        b"Content-Length: 9\r\n\r\nnot json!",
        framed({"jsonrpc": "2.0", "id": 7, "method": "no/such"}),
        framed({"jsonrpc": "2.0", "method": "textDocument/didOpen", "params": {"x": 1}}),
        framed({"jsonrpc": "2.0", "id": 8, "method": "textDocument/codeLens", "params": []}),
    ],
    ids=["no json", "unknown", "no document", "no params"],
)
def test_unknown_messages_are_ignored(clone: World, noise: bytes) -> None:
    with clone.spawn("lsp", stdin=subprocess.PIPE, text=False) as child:
        out, _ = child.communicate(framed(INITIALIZE) + noise + framed(SHUTDOWN, EXIT), 60)
    assert child.returncode == 0
    assert [message["id"] for message in spoken(out) if message.get("id") in (1, 2)] == [1, 2]


@pytest.mark.parametrize("noise", [b"x" * 200_000, b"Content-Length: 500\r\n\r\n{", b"\x00\xff\n"])
def test_malformed_input_ends_the_server(clone: World, noise: bytes) -> None:
    with clone.spawn("lsp", stdin=subprocess.PIPE, text=False) as child:
        out, err = child.communicate(noise, 60)
    assert (child.returncode, out) == (1, b"")
    assert b"Traceback" not in err


def pushing(world: World, on_trend: OnTrend, fault: str, until: str) -> tuple[Editor, str]:
    """Start a push from an editor, and wait for the given request."""
    world.write(LONGER)
    editor, uri = on_trend()
    world.plan.add(fault)
    world.app.forget()
    editor.begin_to("push", uri)
    editor.meanwhile(lambda: world.app.wait_for(until))
    return editor, uri


@served
def test_a_running_push_finishes_before_the_server_ends(clone: World, on_trend: OnTrend) -> None:
    editor, _ = pushing(clone, on_trend, "save_next:1:slow:seconds=0.5", "/translate_light")
    assert editor.hang_up() == 1
    assert clone.saved() == [TREND, LONGER]
    assert clone.version() == "2.0"
    assert clone.statuses() == {}


@served
def test_a_kill_during_a_push_loses_nothing(clone: World, on_trend: OnTrend) -> None:
    editor, _ = pushing(clone, on_trend, "save_next:1:hang:after", "/save/next/")
    editor.process.kill()
    editor.ended()
    assert clone.read() == LONGER
    assert clone.saved() == [TREND, LONGER]
    again, uri = on_trend()
    answer = again.do("push", uri)
    assert answer["exit_code"] == 0
    assert "recovered 1.0 → 2.0" in answer["message"]
    assert clone.saved() == [TREND, LONGER]


def _without_the_library(cwd: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the command without the optional library."""
    hide = (
        "import sys; sys.modules['pygls'] = None; sys.modules['lsprotocol'] = None; "
        "from pinesync.cli import main; sys.exit(main())"
    )
    return subprocess.run(
        [sys.executable, "-c", hide, "lsp", *words],
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_missing_pygls_is_reported(home, tmp_path) -> None:
    for options in ([], ["--json"]):
        ran = _without_the_library(tmp_path, *options)
        assert ran.returncode == 2
        assert "pipx inject pinesync 'pygls>=2'" in (ran.stdout if options else ran.stderr)
        assert "Traceback" not in ran.stderr


def test_help_works_without_pygls(home, tmp_path) -> None:
    ran = _without_the_library(tmp_path, "--help")
    assert ran.returncode == 0
    assert "Language Server Protocol" in ran.stdout
