"""Findings while somebody types, and the compiler's when they save."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pinesync.app.check import Checked, checked
from pinesync.app.project import DEFAULT_REMOTE, Setup, open_remote
from pinesync.lsp.documents import place_of
from pinesync.lsp.threads import Newest, aside

DEBOUNCE_SECONDS = 0.25
"""Between the last key and the findings."""


@dataclass(frozen=True, slots=True)
class Compiler:
    """The service's, or with `offline` nobody's; `remote` where another than a workspace's own is
    asked."""

    setup: Setup
    remote: str | None = None
    offline: bool = False

    def __call__(self, path: Path | None, text: str) -> Checked:
        """What it says of a document's text. No cookie is sent."""
        data = _bytes(text)
        if self.offline:
            return checked(_name(path), data)
        place = place_of(self.setup, path) if path else None
        here = place.project.settings.remote if place else DEFAULT_REMOTE
        client = open_remote(self.setup, self.remote or here, signed_in=False)
        try:
            return checked(_name(path), data, client)
        finally:
            client.close()


class Checking:
    """The findings of open documents, by their addresses. `publish` is given a document's text
    and what is found in it. The compiler is asked about one text of a document at a time, and
    about no more documents at once than there may be requests."""

    def __init__(self, compiler: Compiler, publish: Callable[[str, str, Checked], None]) -> None:
        self._compiler = compiler
        self._publish = publish
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._newest = Newest()
        self._few = asyncio.Semaphore(compiler.setup.jobs)
        self._compiled: dict[str, tuple[str, Checked]] = {}

    def soon(self, uri: str, read: Callable[[], str]) -> None:
        """Look at the text once nobody has typed for a moment."""
        self._stop(uri)
        loop = asyncio.get_running_loop()
        self._timers[uri] = loop.call_later(DEBOUNCE_SECONDS, lambda: self.now(uri, read()))

    def now(self, uri: str, text: str) -> None:
        """What the compiler said of this very text, or else what the syntax alone tells."""
        self._stop(uri)
        known = self._compiled.get(uri)
        same = known is not None and known[0] == text
        found = known[1] if known and same else checked(_name(None), _bytes(text))
        self._publish(uri, text, found)

    async def compile(self, uri: str, path: Path | None, text: str) -> bool:
        """Ask the compiler about a text that was saved, and then about the newest that was saved
        meanwhile. False where that is left to a call that is under way. PinesyncError where it
        cannot be asked."""
        self._stop(uri)

        async def ask() -> None:
            async with self._few:
                found = await aside(lambda: self._compiler(path, text))
            self.told(uri, text, found)

        return await self._newest.do(uri, ask)

    def told(self, uri: str, text: str, found: Checked) -> None:
        """What a compiler said of a text of the document."""
        self._compiled[uri] = text, found

    def close(self, uri: str) -> None:
        """The document is open no more: nothing is shown for it, whatever is still on its way."""
        self._stop(uri)
        self._newest.forget(uri)
        self._compiled.pop(uri, None)

    def _stop(self, uri: str) -> None:
        if timer := self._timers.pop(uri, None):
            timer.cancel()


def _name(path: Path | None) -> str:
    return path.name if path else ""


def _bytes(text: str) -> bytes:
    """As a file would have it; half a character makes bytes that are no text, and is told so."""
    return text.encode("utf-8", "surrogatepass")
