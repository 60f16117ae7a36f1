"""A slow or hanging service gets few requests, and never blocks the editor."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException

from pinesync.app.project import Places, Setup
from pinesync.lsp.checking import Compiler
from pinesync.lsp.server import Server
from tests.lsp.conftest import OnTrend
from tests.lsp.editor import Editor
from tests.world import LONGER, PATHS, SLOWER, TREND, TREND_PATH, World

pytestmark = pytest.mark.parametrize("world", ["facade"], indirect=True)


def count_of(world: World, endpoint: str) -> int:
    return [request.endpoint for request in world.plan.log].count(endpoint)


# -- what is asked --------------------------------------------------------------------------------


def test_a_document_is_compiled_once_at_a_time(clone: World, on_trend: OnTrend) -> None:
    """The newest of the texts saved meanwhile is compiled next."""
    editor, uri = on_trend()
    clone.plan.add("check:1:slow:seconds=3")
    clone.app.forget()
    editor.save(uri)
    editor.meanwhile(lambda: clone.app.wait_for("/translate_light"))
    for number in range(20):
        editor.type(uri, f"{TREND}// {number}\n")
        editor.save(uri)
    version = editor.type(uri, TREND + "plot(undeclared)\n")
    editor.save(uri)
    editor.until(
        lambda: any("undeclared" in finding.message for finding in editor.found.get(uri, []))
    )
    assert editor.published[-1].version == version
    assert count_of(clone, "check") == 2


def test_the_list_is_requested_once_after_many_saves(clone: World, editor: Editor) -> None:
    uris = [editor.open(clone.folder / path) for path in PATHS]
    before = count_of(clone, "list")
    clone.plan.add("check:*:slow:seconds=1")
    for uri in uris:
        editor.save(uri)
    editor.until(lambda: editor.renewed)
    editor.do("refresh", uris[0])
    assert count_of(clone, "check") == len(PATHS)
    assert count_of(clone, "list") == before + 2


def test_a_failed_check_is_reported_and_a_newer_save_checked(
    clone: World, on_trend: OnTrend
) -> None:
    editor, uri = on_trend()
    clone.plan.add("check:1:garbage")
    editor.save(uri)
    editor.until(lambda: editor.messages)
    editor.type(uri, TREND + "plot(undeclared)\n")
    editor.save(uri)
    editor.until(
        lambda: any("undeclared" in finding.message for finding in editor.found.get(uri, []))
    )


# -- what is called off ---------------------------------------------------------------------------


def begun(editor: Editor, world: World, verb: str, uri: str, fault: str, until: str) -> None:
    """Start the command, and wait for the given request."""
    world.plan.add(fault)
    world.app.forget()
    params = types.ExecuteCommandParams(f"pinesync.{verb}", [uri])
    editor.request("mine", "workspace/executeCommand", params)
    editor.meanwhile(lambda: world.app.wait_for(until))


def pushed(editor: Editor, world: World, fault: str, until: str) -> str:
    """Start a push of the script, wait for the given request, and return the script's address."""
    world.write(LONGER)
    uri = editor.open(world.folder / TREND_PATH)
    begun(editor, world, "push", uri, fault, until)
    return uri


def test_a_push_can_be_cancelled_before_it_sends(clone: World, editor: Editor) -> None:
    uri = pushed(editor, clone, "check:1:slow:seconds=2", "/translate_light")
    editor.cancel("mine")
    with pytest.raises(JsonRpcException) as refused:
        editor.answer("mine")
    assert refused.value.code == types.LSPErrorCodes.RequestCancelled
    assert editor.messages == []
    # The next one waits for it, and finds that nothing was sent.
    assert editor.do("push", uri)["message"] == f"{TREND_PATH}: saved 1.0 → 2.0"
    assert clone.saved() == [TREND, LONGER]
    assert count_of(clone, "save_next") == 1


def test_a_waiting_command_can_be_cancelled(clone: World, editor: Editor) -> None:
    uri = pushed(editor, clone, "save_next:1:slow:seconds=2", "/save/next/")
    params = types.ExecuteCommandParams("pinesync.pull", [uri])
    editor.request("other", "workspace/executeCommand", params)
    editor.cancel("other")
    with pytest.raises(JsonRpcException):
        editor.answer("other")
    assert editor.answer("mine")["exit_code"] == 0
    assert [message.message for message in editor.messages] == [f"{TREND_PATH}: saved 1.0 → 2.0"]


def test_a_sent_save_cannot_be_cancelled(clone: World, editor: Editor) -> None:
    pushed(editor, clone, "save_next:1:slow:seconds=2", "/save/next/")
    editor.cancel("mine")
    assert editor.answer("mine")["exit_code"] == 0
    assert [message.type for message in editor.messages] == [
        types.MessageType.Warning,
        types.MessageType.Info,
    ]
    assert "has been sent" in editor.messages[0].message
    assert clone.saved() == [TREND, LONGER]
    assert clone.statuses() == {}


def test_a_cancelled_push_sends_no_further_save(clone: World, editor: Editor) -> None:
    for path in PATHS:
        clone.write(clone.read(path) + "// mine\n", path)
    begun(editor, clone, "push", clone.folder.as_uri(), "save_next:1:slow:seconds=2", "/save/next/")
    editor.cancel("mine")
    assert editor.answer("mine")["exit_code"] == 7
    assert count_of(clone, "save_next") == 1
    assert sorted(len(clone.saved(name)) for name in ("Trend", "Tools", "Breakout")) == [1, 1, 2]
    assert clone("push").code == 0
    assert all(len(clone.saved(name)) == 2 for name in ("Trend", "Tools", "Breakout"))


def test_a_shutdown_cancels_an_unsent_push(clone: World, editor: Editor) -> None:
    pushed(editor, clone, "check:1:slow:seconds=2", "/translate_light")
    assert editor.leave() == 0
    assert clone.saved() == [TREND]
    assert clone("push").code == 0
    assert clone.saved() == [TREND, LONGER]


def test_a_shutdown_is_refused_while_a_save_awaits_its_response(
    clone: World, editor: Editor
) -> None:
    pushed(editor, clone, "save_next:1:hang:after", "/save/next/")
    with pytest.raises(JsonRpcException, match="a save was sent") as refused:
        editor.ask("shutdown_async", None)
    assert refused.value.code == types.LSPErrorCodes.RequestFailed
    editor.ask("exit", None)
    assert editor.ended() == 1
    assert clone("push").code == 0
    assert clone.saved() == [TREND, LONGER]


@pytest.mark.parametrize("fault", ["save_next:1:hang:after", "list:*:hang", "check:*:hang"])
def test_an_exit_does_not_wait_for_a_hanging_request(
    clone: World, editor: Editor, fault: str
) -> None:
    """The request hangs for longer than a test may take, and the lock is free."""
    endpoint = {"save_next": "/save/next/", "list": "/list", "check": "/translate_light"}
    uri = pushed(editor, clone, fault, endpoint[fault.partition(":")[0]])
    editor.save(uri)
    editor.ask("exit", None)
    assert editor.ended() == 1
    clone.plan.clear()
    assert clone("push").code == 0
    assert clone.saved() == [TREND, LONGER]


def test_an_exit_does_not_wait_for_pool_threads(clone: World, editor: Editor) -> None:
    """Python itself would wait for them at exit."""
    for name, text in (("Trend", SLOWER), ("Breakout", LONGER), ("Tools", SLOWER)):
        clone.web_save(text, name)
    begun(editor, clone, "pull", clone.folder.as_uri(), "get:*:hang", "/get/")
    editor.ask("exit", None)
    assert editor.ended() == 1
    clone.plan.clear()
    assert clone("pull").code == 0
    assert clone.read() == SLOWER


def test_a_request_after_the_shutdown_is_refused(clone: World, on_trend: OnTrend) -> None:
    editor, uri = on_trend()
    editor.ask("shutdown_async", None)
    with pytest.raises(JsonRpcException) as refused:
        editor.lenses(uri)
    assert refused.value.code == types.ErrorCodes.InvalidRequest
    editor.type(uri, SLOWER)  # a notification is dropped
    editor.ask("exit", None)
    assert editor.ended() == 0


# -- what is kept ---------------------------------------------------------------------------------


def test_notifications_leave_nothing_in_memory(clone: World, tmp_path: Path) -> None:
    """pygls would keep a future for each notification, and with it the document's text."""
    places = Places(tmp_path / "config", tmp_path / "state", tmp_path / "sandboxes")
    uri = (clone.folder / TREND_PATH).as_uri()
    item = {"uri": uri, "languageId": "pine", "version": 1, "text": TREND}
    which = {"uri": uri, "version": 2}
    changes = [{"text": LONGER}]

    async def session() -> dict[Any, Any]:
        server = Server(Compiler(Setup(clone.folder, places), offline=True), threading.Event())
        try:
            for method, params in (
                ("initialize", {"processId": None, "rootUri": None, "capabilities": {}}),
                ("textDocument/didOpen", {"textDocument": item}),
                ("textDocument/didChange", {"textDocument": which, "contentChanges": changes}),
                ("textDocument/didSave", {"textDocument": {"uri": uri}}),
                ("textDocument/didClose", {"textDocument": {"uri": uri}}),
            ):
                message: dict[str, Any] = {"jsonrpc": "2.0", "method": method, "params": params}
                if method == "initialize":
                    message["id"] = 1
                server.protocol.handle_message(server.protocol.structure_message(message))
            while server.protocol._request_futures:
                await asyncio.sleep(0)
            return dict(server.protocol._request_futures)
        finally:
            server.diff_files.close()

    assert asyncio.run(asyncio.wait_for(session(), 60)) == {}
