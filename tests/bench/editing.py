"""The memory of the language server during an hour of typing."""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.bench.rows import PINESYNC, Environment, Row

CHANGES = 72_000
"""An hour of them, twenty a second."""
DOCUMENTS = 2_000
DIFFS = 300
_AT_ONCE = 500
_MOST_GROWTH = 4.0
_TEXT = '//@version=6\nindicator("Bench")\n' + "plot(close)\n" * 250


def rows(folder: Path, environment: Environment) -> Iterator[Row]:
    """Growth of the resident size, once the server is warm. `folder` is a clone of a sandbox."""
    if not Path("/proc/self/status").exists():
        return
    with _Editor(folder, environment) as editor:
        file = sorted(folder.rglob("*.pine"))[0]
        typing = _Typing(editor, file.as_uri())
        typing.opens()
        yield _row(editor, "change", CHANGES, typing.changes)
        typing.closes()
        yield _row(editor, "open and close", DOCUMENTS, typing.opens_and_closes)
        yield _row(editor, "diff", DIFFS, typing.diffs)


def _row(editor: _Editor, label: str, times: int, act: Any) -> Row:
    act(times // 10)  # until it is warm
    before = editor.memory()
    act(times)
    grown = editor.memory() - before
    each = f"{grown * 1024 / times:.2f} KB for each"
    measured = f"{editor.memory():.0f} MB, {grown:+.1f} MB"
    aim = f"≤ {_MOST_GROWTH:g} MB more"
    return Row(
        f"server, {times:,} times: {label}", measured, each, None, aim, grown <= _MOST_GROWTH
    )


class _Typing:
    def __init__(self, editor: _Editor, uri: str) -> None:
        self._editor = editor
        self._uri = uri
        self._version = 0

    def opens(self) -> None:
        self._version += 1
        item = {"uri": self._uri, "languageId": "pine", "version": self._version, "text": _TEXT}
        self._editor.tells("textDocument/didOpen", {"textDocument": item})

    def closes(self) -> None:
        self._editor.tells("textDocument/didClose", {"textDocument": {"uri": self._uri}})

    def changes(self, times: int) -> None:
        for _ in range(times):
            self._version += 1
            which = {"uri": self._uri, "version": self._version}
            change = {"text": f"{_TEXT}// {self._version}\n"}
            params = {"textDocument": which, "contentChanges": [change]}
            self._editor.tells("textDocument/didChange", params)
            if self._version % _AT_ONCE == 0:
                self._editor.keeps_up()
        self._editor.keeps_up()

    def opens_and_closes(self, times: int) -> None:
        for _ in range(times):
            self.opens()
            self.closes()
            if self._version % _AT_ONCE == 0:
                self._editor.keeps_up()
        self._editor.keeps_up()

    def diffs(self, times: int) -> None:
        params = {"command": "pinesync.diff", "arguments": [self._uri]}
        for _ in range(times):
            self._editor.asks("workspace/executeCommand", params)


class _Editor:
    """Talks to the process, and ignores everything but responses."""

    def __init__(self, folder: Path, environment: Environment) -> None:
        pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        command = (*PINESYNC, "lsp", "--offline")
        self._child: Any = subprocess.Popen(command, cwd=folder, env=environment, **pipes)
        self._asked = 0
        self._answered = threading.Semaphore(0)
        threading.Thread(target=self._listen, daemon=True).start()

    def __enter__(self) -> _Editor:
        self.asks("initialize", {"processId": None, "rootUri": None, "capabilities": {}})
        return self

    def __exit__(self, *_: object) -> None:
        self._child.kill()
        self._child.wait()

    def tells(self, method: str, params: object, **more: object) -> None:
        message = {"jsonrpc": "2.0", "method": method, "params": params, **more}
        body = json.dumps(message).encode()
        self._child.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self._child.stdin.flush()

    def asks(self, method: str, params: object) -> None:
        self._asked += 1
        self.tells(method, params, id=self._asked)
        self._answered.acquire()

    def keeps_up(self) -> None:
        """Wait until everything sent so far is handled."""
        self.asks("textDocument/codeLens", {"textDocument": {"uri": "file:///none.txt"}})

    def memory(self) -> float:
        """Its resident size, in MB."""
        status = Path(f"/proc/{self._child.pid}/status").read_text()
        row = next(row for row in status.split("\n") if row.startswith("VmRSS"))
        return int(row.split()[1]) / 1024

    def _listen(self) -> None:
        stream = self._child.stdout
        while head := stream.readline():
            length = int(head.split(b":")[1])
            while stream.readline().strip():
                pass
            body = json.loads(stream.read(length))
            if "id" in body and "method" not in body:
                self._answered.release()
