"""The language server: it handles an editor's messages and replies. Long because everything that an
editor may say arrives at one object, which knows what is open, running and already reported."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

from lsprotocol import types
from pygls.io_ import run_async
from pygls.lsp.server import LanguageServer
from pygls.protocol import default_converter
from pygls.workspace import TextDocument

from pinesync import __version__
from pinesync.app.check import Checked
from pinesync.app.project import Setup
from pinesync.errors import (
    EXIT_DONE,
    EXIT_FAILED,
    ActionRequired,
    Misuse,
    NotSignedIn,
    PinesyncError,
)
from pinesync.lsp import commands
from pinesync.lsp.cancellation import Cancellation, Cancelled
from pinesync.lsp.checking import Compiler, DocumentChecks
from pinesync.lsp.code_lens import StatusLines, title
from pinesync.lsp.diff_files import DiffFiles
from pinesync.lsp.documents import is_script, path_argument, path_of, root_of
from pinesync.lsp.findings import findings
from pinesync.lsp.protocol import Protocol, Writer
from pinesync.lsp.threads import LatestOnly, open_reader, run_in_thread
from pinesync.sync.words import Status
from pinesync.text.canonical import canonical

PUSH, PULL, DIFF, REFRESH = (f"pinesync.{verb}" for verb in ("push", "pull", "diff", "refresh"))
_LEVELS = {
    "info": types.MessageType.Info,
    "warning": types.MessageType.Warning,
    "error": types.MessageType.Error,
}
_SENT = "a save has been sent: waiting for it, nothing else is sent"
_EXIT_SECONDS = 0.7
"""How long an exit waits for running work."""
CommandAction = Callable[[Setup, Path, Mapping[Path, str]], commands.CommandResult]


def serve(compiler: Compiler, read: int, write: BinaryIO) -> int:
    """Serve the editor over two pipes until it sends exit or is gone; return the exit code. If the
    editor is gone, finish a running push first. An exit waits less than a second for it; the next
    command then recovers it."""
    return asyncio.run(_serve(compiler, read, write))


async def _serve(compiler: Compiler, read: int, write: BinaryIO) -> int:
    ended = threading.Event()
    server = Server(compiler, ended)
    server.protocol.set_writer(Writer(write))
    try:
        # The editor vanished in the middle of a message, or never spoke the protocol.
        with suppress(asyncio.IncompleteReadError, ValueError):
            await run_async(ended, open_reader(read), server.protocol, None, server.report)
        await server.finish(_EXIT_SECONDS if ended.is_set() else None)
    finally:
        server.diff_files.close()
    return EXIT_DONE if ended.is_set() and server.shutdown_received else EXIT_FAILED


class Server(LanguageServer):
    """The server of one editor. Everything runs on the loop, except disk and network access."""

    def __init__(self, compiler: Compiler, ended: threading.Event) -> None:
        # Sync the whole text with each change: editors count positions differently if a line
        # contains a form feed or U+2028.
        super().__init__(
            "pinesync",
            __version__,
            types.TextDocumentSyncKind.Full,
            protocol_cls=Protocol,
            converter_factory=default_converter,
        )
        self.ended = ended
        self.diff_files = DiffFiles()
        self._compiler = compiler
        self._checks = DocumentChecks(compiler, self._publish)
        self._status_lines = StatusLines(compiler.setup)
        self._command_lock = asyncio.Lock()
        self._running: dict[asyncio.Task[Any], tuple[object, Cancellation]] = {}
        self._saves: Counter[Path | None] = Counter()
        self._status_requests = LatestOnly()
        self._errors: dict[tuple[str, Path | None], str] = {}
        self._register_handlers()

    def _register_handlers(self) -> None:
        handlers: Mapping[str, Callable[..., Any]] = {
            types.TEXT_DOCUMENT_DID_OPEN: self._opened,
            types.TEXT_DOCUMENT_DID_CHANGE: self._changed,
            types.TEXT_DOCUMENT_DID_SAVE: self._saved,
            types.TEXT_DOCUMENT_DID_CLOSE: self._closed,
            types.TEXT_DOCUMENT_CODE_LENS: self._lenses,
        }
        for name, handler in handlers.items():
            self.feature(name)(partial(handler))  # pygls sets attributes on it
        self.command(PUSH)(self._command(commands.push_command))
        self.command(PULL)(self._command(commands.pull_command))
        self.command(DIFF)(self._command(commands.diff_command))
        self.command(REFRESH)(partial(self._refresh))

    @property
    def shutdown_received(self) -> bool:
        """Whether the editor sent `shutdown` before the end, as it should."""
        return bool(self.protocol._shutdown)

    async def finish(self, seconds: float | None) -> None:
        """Wait at most `seconds` for running work to finish."""
        if self._running:
            await asyncio.wait(self._running, timeout=seconds)

    def cancel_requests(self, request: object = None) -> bool:
        """Cancel the request, or all requests. Returns False if a save was already sent."""
        running = [each for name, each in self._running.values() if request in (None, name)]
        sent = [each for each in running if not each.cancel()]
        if sent:
            self._show_result(commands.CommandResult(_SENT, "warning"))
        return not sent

    def report(self, error: Exception, source: Any) -> None:
        """Report a malformed message and read the next one."""
        self._report_server_error(error, source)

    # -- documents --------------------------------------------------------------------------------

    def _opened(self, params: types.DidOpenTextDocumentParams) -> None:
        uri = params.text_document.uri
        if self._is_script(uri):
            self._checks.check_now(uri, self._text(uri))

    def _changed(self, params: types.DidChangeTextDocumentParams) -> None:
        uri = params.text_document.uri
        if self._is_script(uri):
            self._checks.check_later(uri, lambda: self._text(uri))

    async def _saved(self, params: types.DidSaveTextDocumentParams) -> None:
        """Publish the compiler's findings. Then request TradingView's state, once after the last
        of several saves."""
        uri = params.text_document.uri
        if not self._is_script(uri):
            return
        path = path_of(uri)
        root = root_of(path)
        self._saves[root] += 1
        try:
            reached = await self._compile(uri, path)
        finally:
            self._saves[root] -= 1
        if self._saves[root]:
            return
        if path and reached and not self._compiler.offline:
            await self._status_requests.run_latest(root, lambda: self._request_status(path))
        self._refresh_lenses()

    async def _compile(self, uri: str, path: Path | None) -> bool:
        """Compile the document's text. Returns False if the compiler is unavailable."""
        try:
            if not await self._checks.compile(uri, path, self._text(uri)):
                return True
            self._clear_error("check", path)
        except PinesyncError as error:
            self._report_error("check", path, error)
            return False
        finally:
            if uri in self._open():
                self._checks.check_now(uri, self._text(uri))
            else:
                self._checks.close(uri)
        return True

    def _closed(self, params: types.DidCloseTextDocumentParams) -> None:
        uri = params.text_document.uri
        self._checks.close(uri)
        self.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, []))

    def _publish(self, uri: str, text: str, result: Checked) -> None:
        document = self._open().get(uri)
        if document is None:
            return
        diagnostics = findings(result, text, document.position_codec)
        params = types.PublishDiagnosticsParams(uri, diagnostics, document.version)
        self.text_document_publish_diagnostics(params)

    def _is_script(self, uri: str) -> bool:
        document = self._open().get(uri)
        return document is not None and is_script(uri, document.language_id)

    def _open(self) -> dict[str, TextDocument]:
        """The open documents by the URIs the editor sent; pygls normalizes its own keys."""
        return {document.uri: document for document in self.workspace.text_documents.values()}

    def _text(self, uri: str) -> str:
        """The text of an open document in the editor."""
        return str(self._open()[uri].source)

    def _texts(self) -> dict[Path, str]:
        paths = {uri: path_of(uri) for uri in self._open()}
        return {path: self._text(uri) for uri, path in paths.items() if path}

    # -- code lenses ------------------------------------------------------------------------------

    async def _lenses(self, params: types.CodeLensParams) -> list[types.CodeLens]:
        uri = params.text_document.uri
        path = path_of(uri)
        if path is None or not is_script(uri):
            return []
        try:
            line = await run_in_thread(lambda: self._status_lines.of(path))
            self._clear_error("folder", path)
        except PinesyncError as error:
            self._report_error("folder", path, error)
            return []
        if line is None:
            return []
        start = types.Position(0, 0)
        lenses = {title(line): REFRESH}
        if line.word is not Status.UNTRACKED:
            lenses |= {"push": PUSH, "pull": PULL, "diff": DIFF}
        return [
            types.CodeLens(
                types.Range(start, start),
                types.Command(label, command=name, arguments=[uri]),
                {"role": line.word.role.name.lower()} if name == REFRESH else None,
            )
            for label, name in lenses.items()
        ]

    async def _request_status(self, path: Path) -> None:
        """Ask TradingView for the workspace's status. Stay silent if the user is not signed in."""
        try:
            await run_in_thread(lambda: self._status_lines.request(path))
            self._clear_error("look", path)
        except (Misuse, NotSignedIn):
            return
        except PinesyncError as error:
            self._report_error("look", path, error)

    def _refresh_lenses(self) -> None:
        workspace = self.client_capabilities.workspace
        if workspace and workspace.code_lens and workspace.code_lens.refresh_support:
            self.workspace_code_lens_refresh(None)

    # -- commands ---------------------------------------------------------------------------------

    def _command(self, action: CommandAction) -> Callable[..., Awaitable[dict[str, Any]]]:
        async def run(*arguments: Any) -> dict[str, Any]:
            cancellation = Cancellation()
            task = asyncio.ensure_future(self._run_command(action, arguments, cancellation))
            self._running[task] = self.protocol.msg_id, cancellation
            task.add_done_callback(self._running.pop)
            return await asyncio.shield(task)

        return run

    async def _refresh(self, *arguments: Any) -> None:
        """Ask TradingView, and report any error."""
        try:
            path = path_argument(arguments)
            await run_in_thread(lambda: self._status_lines.request(path))
        except PinesyncError as error:
            self._show_result(commands.refused(error))
        self._refresh_lenses()

    async def _run_command(
        self, action: CommandAction, arguments: tuple[Any, ...], cancellation: Cancellation
    ) -> dict[str, Any]:
        setup = replace(self._compiler.setup, before=cancellation.before_request)
        try:
            path = path_argument(arguments)
            async with self._command_lock:
                if cancellation.is_cancelled:
                    raise Cancelled("cancelled before it began")
                texts = self._texts()
                result = await run_in_thread(lambda: action(setup, path, texts))
        except (ActionRequired, Misuse) as error:
            result = commands.refused(error)
        except PinesyncError as error:
            result = commands.failed(error)
        self._publish_findings(result)
        if not cancellation.is_cancelled or any(o.exit_code == EXIT_DONE for o in result.outcomes):
            self._show_result(result)
        self._refresh_lenses()
        message = commands.without_links(result.message)
        return {"exit_code": result.exit_code, "message": message, "diff": result.diff}

    def _publish_findings(self, result: commands.CommandResult) -> None:
        """Publish the compiler's findings of a push in their documents."""
        uris = {path_of(uri): uri for uri in self._open()}
        for outcome in result.outcomes:
            uri = uris.get(result.root / outcome.path) if result.root else None
            if uri is None or not outcome.diagnostics:
                continue
            text = self._text(uri)
            if canonical(text) == outcome.source:
                checked = Checked(outcome.path, outcome.diagnostics, outcome.source)
                self._checks.record(uri, text, checked)
                self._checks.check_now(uri, text)

    def _show_result(self, result: commands.CommandResult) -> None:
        message = result.message
        if result.diff and result.path:
            file = self.diff_files.write(result.path, result.diff)
            if self._shows_documents():
                self.window_show_document(types.ShowDocumentParams(file.as_uri(), take_focus=True))
            else:
                message += f"\n{file}"
        self.window_show_message(types.ShowMessageParams(_LEVELS[result.level], message))

    def window_show_message(self, params: types.ShowMessageParams) -> None:
        """All messages pass through here, including those of pygls."""
        message = commands.without_links(params.message)
        super().window_show_message(types.ShowMessageParams(params.type, message))

    def _shows_documents(self) -> bool:
        window = self.client_capabilities.window
        return bool(window and window.show_document and window.show_document.support)

    # -- trouble ----------------------------------------------------------------------------------

    def _report_error(self, activity: str, path: Path | None, error: PinesyncError) -> None:
        """Report an error once per workspace, until it is resolved."""
        root = root_of(path)
        reported = {message for (_, where), message in self._errors.items() if where == root}
        self._errors[activity, root] = error.message
        if error.message not in reported:
            self._show_result(commands.refused(error))

    def _clear_error(self, activity: str, path: Path | None) -> None:
        root = root_of(path)
        if message := self._errors.pop((activity, root), None):
            for key, other in tuple(self._errors.items()):
                if (key[1], other) == (root, message):
                    del self._errors[key]
