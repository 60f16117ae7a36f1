"""Syntax findings while the user types, compiler findings on save."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pinesync.app.check import Checked, base_of, checked
from pinesync.app.project import DEFAULT_REMOTE, Setup, open_remote
from pinesync.lsp.documents import find_target
from pinesync.lsp.threads import LatestOnly, run_in_thread

DEBOUNCE_SECONDS = 0.25
"""The delay between the last key and the findings."""


@dataclass(frozen=True, slots=True)
class Compiler:
    """The service's compiler, or with `offline` only the syntax check. `remote` overrides the
    workspace's own."""

    setup: Setup
    remote: str | None = None
    offline: bool = False

    def __call__(self, path: Path | None, text: str) -> Checked:
        """Check a document's text. Sends no cookie."""
        data = _bytes(text)
        target = find_target(self.setup, path) if path else None
        base = base_of(target.project, path, data) if target and path else None
        if self.offline:
            return checked(_name(path), data, base=base)
        workspace_remote = target.project.settings.remote if target else DEFAULT_REMOTE
        client = open_remote(self.setup, self.remote or workspace_remote, signed_in=False)
        try:
            return checked(_name(path), data, client, base=base)
        finally:
            client.close()


class DocumentChecks:
    """The findings of open documents, by URI. `publish` receives a document's text and its
    findings. The compiler checks one text of a document at a time, and no more documents at once
    than parallel requests are allowed."""

    def __init__(self, compiler: Compiler, publish: Callable[[str, str, Checked], None]) -> None:
        self._compiler = compiler
        self._publish = publish
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._newest = LatestOnly()
        self._parallel = asyncio.Semaphore(compiler.setup.jobs)
        self._compiled: dict[str, tuple[str, Checked]] = {}

    def check_later(self, uri: str, read: Callable[[], str]) -> None:
        """Check the text once the user stops typing."""
        self._stop(uri)
        loop = asyncio.get_running_loop()
        self._timers[uri] = loop.call_later(DEBOUNCE_SECONDS, lambda: self.check_now(uri, read()))

    def check_now(self, uri: str, text: str) -> None:
        """Publish the compiler's findings for exactly this text, else the syntax findings."""
        self._stop(uri)
        known = self._compiled.get(uri)
        same = known is not None and known[0] == text
        result = known[1] if known and same else checked(_name(None), _bytes(text))
        self._publish(uri, text, result)

    async def compile(self, uri: str, path: Path | None, text: str) -> bool:
        """Compile a saved text, then the newest text saved in the meantime. Returns False if a
        running call does that. Raises PinesyncError if the compiler is unavailable."""
        self._stop(uri)

        async def compile_one() -> None:
            async with self._parallel:
                result = await run_in_thread(lambda: self._compiler(path, text))
            self.record(uri, text, result)

        return await self._newest.run_latest(uri, compile_one)

    def record(self, uri: str, text: str, result: Checked) -> None:
        """Record and publish the compiler's findings for a text of the document."""
        self._compiled[uri] = text, result

    def close(self, uri: str) -> None:
        """The document was closed: clear its findings, and ignore results still to come."""
        self._stop(uri)
        self._newest.drop_pending(uri)
        self._compiled.pop(uri, None)

    def _stop(self, uri: str) -> None:
        if timer := self._timers.pop(uri, None):
            timer.cancel()


def _name(path: Path | None) -> str:
    return path.name if path else ""


def _bytes(text: str) -> bytes:
    """The bytes of a file with this text. A lone surrogate becomes invalid UTF-8, which the check
    reports."""
    return text.encode("utf-8", "surrogatepass")
