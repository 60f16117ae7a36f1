"""An editor: a real client of the real server process, and what it displays."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

from lsprotocol import types
from pygls.lsp.client import LanguageClient

from pinesync.sync.words import Status
from tests.world import COMMAND

T = TypeVar("T")

TIMEOUT = 60.0


class Editor:
    """`messages` are the displayed messages, `found` the last findings of each document, `opened`
    the files that the server opened, `renewed` how often it requested new lenses."""

    def __init__(self, cwd: Path, *arguments: str, **env: str) -> None:
        self._runner = asyncio.Runner()
        self._client = LanguageClient("editor", "1")
        self._news = asyncio.Event()
        self.messages: list[types.ShowMessageParams] = []
        self.found: dict[str, list[types.Diagnostic]] = {}
        self.published: list[types.PublishDiagnosticsParams] = []
        self.opened: list[str] = []
        self.renewed = 0
        self._versions: dict[str, int] = {}
        self._asked: dict[str, asyncio.Future[Any]] = {}
        self._hear()
        command = [*COMMAND, "lsp", *arguments]
        more: dict[str, Any] = {"cwd": cwd, "env": env} if env else {"cwd": cwd}
        self._runner.run(self._client.start_io(*command, **more))

    def _hear(self) -> None:
        handlers: dict[str, Callable[[Any], Any]] = {
            types.WINDOW_SHOW_MESSAGE: self.messages.append,
            types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS: self._published,
            types.WINDOW_SHOW_DOCUMENT: self._shown,
            types.WORKSPACE_CODE_LENS_REFRESH: self._refreshed,
        }

        def telling(act: Callable[[Any], Any]) -> Callable[[Any], Any]:
            def notified(params: Any) -> Any:
                answer = act(params)
                self._news.set()
                return answer

            return notified

        for name, act in handlers.items():
            self._client.feature(name)(telling(act))

    def _published(self, params: types.PublishDiagnosticsParams) -> None:
        self.published.append(params)
        self.found[params.uri] = list(params.diagnostics)

    def _shown(self, params: types.ShowDocumentParams) -> types.ShowDocumentResult:
        self.opened.append(params.uri)
        return types.ShowDocumentResult(success=True)

    def _refreshed(self, _: object) -> None:
        self.renewed += 1

    # -- the session ------------------------------------------------------------------------------

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        return self._runner.run(asyncio.wait_for(coroutine, TIMEOUT))

    def meanwhile(self, act: Callable[[], object]) -> None:
        """Run the event loop until the call is done."""
        self.run(asyncio.to_thread(act))

    def ask(self, method: str, *arguments: Any) -> Any:
        """Send a request of the client, or a notification."""

        async def asked() -> Any:
            answer = getattr(self._client, method)(*arguments)
            return await answer if inspect.isawaitable(answer) else answer

        return self.run(asked())

    def begin(
        self,
        *encodings: types.PositionEncodingKind,
        able: bool = True,
        folders: tuple[Path, ...] = (),
    ) -> types.InitializeResult:
        """`able`: it shows documents and renews lenses, as VS Code does, and others do not."""
        asks = types.CodeLensWorkspaceClientCapabilities(refresh_support=able)
        shows = types.ShowDocumentClientCapabilities(support=able)
        able_to = types.ClientCapabilities(
            general=types.GeneralClientCapabilities(position_encodings=list(encodings) or None),
            workspace=types.WorkspaceClientCapabilities(code_lens=asks),
            window=types.WindowClientCapabilities(show_document=shows),
        )
        named = [types.WorkspaceFolder(folder.as_uri(), folder.name) for folder in folders]
        params = types.InitializeParams(able_to, workspace_folders=named or None)
        answer: types.InitializeResult = self.ask("initialize_async", params)
        self.ask("initialized", types.InitializedParams())
        return answer

    def until(self, condition: Callable[[], object]) -> None:
        """Wait until something arrives."""

        async def wait() -> None:
            while not condition():
                assert self._client._server is not None
                assert self._client._server.returncode is None, await self._errors()
                self._news.clear()
                await self._news.wait()

        self.run(wait())

    async def _errors(self) -> str:
        assert self._client._server is not None
        assert self._client._server.stderr is not None
        return (await self._client._server.stderr.read()).decode()

    @property
    def process(self) -> asyncio.subprocess.Process:
        assert self._client._server is not None
        return self._client._server

    def leave(self) -> int:
        """Shutdown, then exit, as an editor should; return the exit code."""
        self.ask("shutdown_async", None)
        self.ask("exit", None)
        return self.ended()

    def hang_up(self) -> int:
        """The editor disappears without a shutdown."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        return self.ended()

    def ended(self) -> int:
        return self.run(self.process.wait())

    def close(self) -> None:
        if self.process.returncode is None:
            self.process.kill()
        self.run(self._client.stop())
        self._runner.close()

    # -- documents --------------------------------------------------------------------------------

    def open(self, file: Path | str, text: str | None = None, language: str = "pine") -> str:
        """Opens a file, or another document by its address; its address."""
        uri = file.as_uri() if isinstance(file, Path) else file
        if text is None:
            assert isinstance(file, Path)
            text = file.read_bytes().decode()
        self._versions[uri] = 1
        item = types.TextDocumentItem(uri, language, 1, text)
        self.ask("text_document_did_open", types.DidOpenTextDocumentParams(item))
        return uri

    def type(self, uri: str, text: str) -> int:
        """The document has this text now; its new version."""
        self._versions[uri] += 1
        which = types.VersionedTextDocumentIdentifier(self._versions[uri], uri)
        change = types.TextDocumentContentChangeWholeDocument(text)
        self.ask("text_document_did_change", types.DidChangeTextDocumentParams(which, [change]))
        return self._versions[uri]

    def save(self, uri: str) -> None:
        which = types.TextDocumentIdentifier(uri)
        self.ask("text_document_did_save", types.DidSaveTextDocumentParams(which))

    def forget(self, uri: str) -> None:
        which = types.TextDocumentIdentifier(uri)
        self.ask("text_document_did_close", types.DidCloseTextDocumentParams(which))

    def findings(self, uri: str, version: int) -> list[types.Diagnostic]:
        """Return the findings of a version of the document, once they are published."""
        self.until(
            lambda: any(
                (notification.uri, notification.version) == (uri, version)
                for notification in self.published
            )
        )
        return self.found[uri]

    def was_renewed(self, before: int) -> bool:
        return self.renewed > before

    # -- what else there is -----------------------------------------------------------------------

    def lenses(self, uri: str) -> list[str]:
        which = types.TextDocumentIdentifier(uri)
        found = self.ask("text_document_code_lens_async", types.CodeLensParams(which)) or []
        assert all(item.range.start.line == 0 for item in found)
        assert all(list(item.command.arguments) == [uri] for item in found)
        titles = [item.command.title for item in found]
        for one, title in zip(found[:1], titles, strict=False):
            assert one.data == {
                "role": Status[title.split()[0].upper().replace("-", "_")].role.name.lower()
            }
        return titles

    def do(self, command: str, *arguments: str) -> Any:
        params = types.ExecuteCommandParams(f"pinesync.{command}", list(arguments))
        return self.ask("workspace_execute_command_async", params)

    def begin_to(self, command: str, *arguments: str) -> None:
        """The same, without waiting for the result."""
        params = types.ExecuteCommandParams(f"pinesync.{command}", list(arguments))

        async def asked() -> None:
            self._client.workspace_execute_command(params)
            await asyncio.sleep(0)

        self.run(asked())

    def request(self, name: str, method: str, params: Any) -> None:
        """Send a request under a name by which it can be cancelled."""

        async def asked() -> None:
            asking = self._client.protocol.send_request_async(method, params, msg_id=name)
            self._asked[name] = asyncio.ensure_future(asking)
            await asyncio.sleep(0)

        self.run(asked())

    def cancel(self, name: str) -> None:
        self.ask("cancel_request", types.CancelParams(name))

    def answer(self, name: str) -> Any:
        """The result."""

        async def answered() -> Any:
            return await self._asked.pop(name)

        return self.run(answered())


def spot(found: types.Diagnostic) -> tuple[int, int, int, int]:
    """The line and column of its first character, and of the one after its last."""
    start, end = found.range.start, found.range.end
    return start.line, start.character, end.line, end.character
