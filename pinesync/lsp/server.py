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
from pinesync.lsp import commands as acts
from pinesync.lsp.cancellation import Cancelled, Order
from pinesync.lsp.checking import Checking, Compiler
from pinesync.lsp.code_lens import StatusLines, title
from pinesync.lsp.diff_files import Shown
from pinesync.lsp.documents import is_script, named, path_of, root_of
from pinesync.lsp.findings import findings
from pinesync.lsp.protocol import Protocol, Writer
from pinesync.lsp.threads import Newest, in_thread, listening
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
Act = Callable[[Setup, Path, Mapping[Path, str]], acts.Answer]


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
            await run_async(ended, listening(read), server.protocol, None, server.report)
        await server.finish(_EXIT_SECONDS if ended.is_set() else None)
    finally:
        server.shown.close()
    return EXIT_DONE if ended.is_set() and server.asked_to_end else EXIT_FAILED


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
        self.shown = Shown()
        self._compiler = compiler
        self._checking = Checking(compiler, self._publish)
        self._status_lines = StatusLines(compiler.setup)
        self._one_at_a_time = asyncio.Lock()
        self._under_way: dict[asyncio.Task[Any], tuple[object, Order]] = {}
        self._saves: Counter[Path | None] = Counter()
        self._looks = Newest()
        self._troubles: dict[tuple[str, Path | None], str] = {}
        self._listen()

    def _listen(self) -> None:
        handlers: Mapping[str, Callable[..., Any]] = {
            types.TEXT_DOCUMENT_DID_OPEN: self._opened,
            types.TEXT_DOCUMENT_DID_CHANGE: self._changed,
            types.TEXT_DOCUMENT_DID_SAVE: self._saved,
            types.TEXT_DOCUMENT_DID_CLOSE: self._closed,
            types.TEXT_DOCUMENT_CODE_LENS: self._lenses,
        }
        for name, answer in handlers.items():
            self.feature(name)(partial(answer))  # pygls sets attributes on it
        commands: Mapping[str, Act] = {
            PUSH: acts.push_there,
            PULL: acts.pull_here,
            DIFF: acts.diff_with_remote,
        }
        for name, act in commands.items():
            self.command(name)(self._command(act))
        self.command(REFRESH)(partial(self._refresh))

    @property
    def asked_to_end(self) -> bool:
        """Whether the editor sent `shutdown` before the end, as it should."""
        return bool(self.protocol._shutdown)

    async def finish(self, seconds: float | None) -> None:
        """Wait at most `seconds` for running work to finish."""
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=seconds)

    def cancel_requests(self, request: object = None) -> bool:
        """Cancel the request, or all requests. Returns False if a save was already sent."""
        called = [o for name, o in self._under_way.values() if request in (None, name)]
        sent = [order for order in called if not order.cancel()]
        if sent:
            self._tell(acts.Answer(_SENT, "warning"))
        return not sent

    def report(self, error: Exception, source: Any) -> None:
        """Report a malformed message and read the next one."""
        self._report_server_error(error, source)

    # -- documents --------------------------------------------------------------------------------

    def _opened(self, params: types.DidOpenTextDocumentParams) -> None:
        uri = params.text_document.uri
        if self._is_script(uri):
            self._checking.now(uri, self._text(uri))

    def _changed(self, params: types.DidChangeTextDocumentParams) -> None:
        uri = params.text_document.uri
        if self._is_script(uri):
            self._checking.soon(uri, lambda: self._text(uri))

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
            await self._looks.do(root, lambda: self._look(path))
        self._renew_lenses()

    async def _compile(self, uri: str, path: Path | None) -> bool:
        """Compile the document's text. Returns False if the compiler is unavailable."""
        try:
            if not await self._checking.compile(uri, path, self._text(uri)):
                return True
            self._over("check", path)
        except PinesyncError as error:
            self._trouble("check", path, error)
            return False
        finally:
            if uri in self._open():
                self._checking.now(uri, self._text(uri))
            else:
                self._checking.close(uri)
        return True

    def _closed(self, params: types.DidCloseTextDocumentParams) -> None:
        uri = params.text_document.uri
        self._checking.close(uri)
        self.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, []))

    def _publish(self, uri: str, text: str, found: Checked) -> None:
        document = self._open().get(uri)
        if document is None:
            return
        shown = findings(found, text, document.position_codec)
        diagnostics = types.PublishDiagnosticsParams(uri, shown, document.version)
        self.text_document_publish_diagnostics(diagnostics)

    def _is_script(self, uri: str) -> bool:
        document = self._open().get(uri)
        return document is not None and is_script(uri, document.language_id)

    def _open(self) -> dict[str, TextDocument]:
        """The open documents by the URIs the editor sent; pygls normalizes its own keys."""
        return {one.uri: one for one in self.workspace.text_documents.values()}

    def _text(self, uri: str) -> str:
        """The text of an open document in the editor."""
        return str(self._open()[uri].source)

    def _texts(self) -> dict[Path, str]:
        open_ = {uri: path_of(uri) for uri in self._open()}
        return {path: self._text(uri) for uri, path in open_.items() if path}

    # -- code lenses ------------------------------------------------------------------------------

    async def _lenses(self, params: types.CodeLensParams) -> list[types.CodeLens]:
        uri = params.text_document.uri
        path = path_of(uri)
        if path is None or not is_script(uri):
            return []
        try:
            line = await in_thread(lambda: self._status_lines.of(path))
            self._over("folder", path)
        except PinesyncError as error:
            self._trouble("folder", path, error)
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
                types.Command(shown, command=name, arguments=[uri]),
                {"role": line.word.role.name.lower()} if name == REFRESH else None,
            )
            for shown, name in lenses.items()
        ]

    async def _look(self, path: Path) -> None:
        """Ask TradingView for the workspace's status. Stay silent if the user is not signed in."""
        try:
            await in_thread(lambda: self._status_lines.ask(path))
            self._over("look", path)
        except (Misuse, NotSignedIn):
            return
        except PinesyncError as error:
            self._trouble("look", path, error)

    def _renew_lenses(self) -> None:
        able = self.client_capabilities.workspace
        if able and able.code_lens and able.code_lens.refresh_support:
            self.workspace_code_lens_refresh(None)

    # -- commands ---------------------------------------------------------------------------------

    def _command(self, act: Act) -> Callable[..., Awaitable[dict[str, Any]]]:
        async def run(*arguments: Any) -> dict[str, Any]:
            order = Order()
            task = asyncio.ensure_future(self._act(act, arguments, order))
            self._under_way[task] = self.protocol.msg_id, order
            task.add_done_callback(self._under_way.pop)
            return await asyncio.shield(task)

        return run

    async def _refresh(self, *arguments: Any) -> None:
        """Ask TradingView, and report any error."""
        try:
            path = named(arguments)
            await in_thread(lambda: self._status_lines.ask(path))
        except PinesyncError as error:
            self._tell(acts.refused(error))
        self._renew_lenses()

    async def _act(self, act: Act, arguments: tuple[Any, ...], order: Order) -> dict[str, Any]:
        setup = replace(self._compiler.setup, before=order.before)
        try:
            path = named(arguments)
            async with self._one_at_a_time:
                if order.off:
                    raise Cancelled("cancelled before it began")
                texts = self._texts()
                answer = await in_thread(lambda: act(setup, path, texts))
        except (ActionRequired, Misuse) as error:
            answer = acts.refused(error)
        except PinesyncError as error:
            answer = acts.failed(error)
        self._found(answer)
        if not order.off or any(o.exit_code == EXIT_DONE for o in answer.outcomes):
            self._tell(answer)
        self._renew_lenses()
        said = acts.without_links(answer.message)
        return {"exit_code": answer.exit_code, "message": said, "diff": answer.diff}

    def _found(self, answer: acts.Answer) -> None:
        """Publish the compiler's findings of a push in their documents."""
        there = {path_of(uri): uri for uri in self._open()}
        for outcome in answer.outcomes:
            uri = there.get(answer.root / outcome.path) if answer.root else None
            if uri is None or not outcome.diagnostics:
                continue
            text = self._text(uri)
            if canonical(text) == outcome.source:
                found = Checked(outcome.path, outcome.diagnostics, outcome.source)
                self._checking.record(uri, text, found)
                self._checking.now(uri, text)

    def _tell(self, answer: acts.Answer) -> None:
        message = answer.message
        if answer.diff and answer.path:
            file = self.shown.diff(answer.path, answer.diff)
            if self._shows_documents():
                self.window_show_document(types.ShowDocumentParams(file.as_uri(), take_focus=True))
            else:
                message += f"\n{file}"
        self.window_show_message(types.ShowMessageParams(_LEVELS[answer.level], message))

    def window_show_message(self, params: types.ShowMessageParams) -> None:
        """All messages pass through here, including those of pygls."""
        message = acts.without_links(params.message)
        super().window_show_message(types.ShowMessageParams(params.type, message))

    def _shows_documents(self) -> bool:
        able = self.client_capabilities.window
        return bool(able and able.show_document and able.show_document.support)

    # -- trouble ----------------------------------------------------------------------------------

    def _trouble(self, doing: str, path: Path | None, error: PinesyncError) -> None:
        """Report an error once per workspace, until it is resolved."""
        root = root_of(path)
        reported = {said for (_, where), said in self._troubles.items() if where == root}
        self._troubles[doing, root] = error.message
        if error.message not in reported:
            self._tell(acts.refused(error))

    def _over(self, doing: str, path: Path | None) -> None:
        root = root_of(path)
        if said := self._troubles.pop((doing, root), None):
            same = [key for key, other in self._troubles.items() if (key[1], other) == (root, said)]
            for key in same:
                del self._troubles[key]
