"""`Pine`: six methods on a user's own saved scripts that answer in one envelope and never raise
for what the service or the network does.

    {"status": "success" | "failed", "data": …, "metadata": {the arguments that were given},
     "warnings": [...], "error": None | "why"}

Long because the docstrings of the six methods are the library's reference.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from pinesync.errors import (
    ActionRequired,
    BadResponse,
    BotCheck,
    DoesNotCompile,
    Misuse,
    NameTaken,
    NetworkError,
    NoAccess,
    NotSignedIn,
    PinesyncError,
    RateLimited,
    Refused,
    SessionExpired,
    TryLater,
)
from pinesync.model import Diagnostic, PineId, SaveAnswer, Verdict, Version
from pinesync.protocol import BASE_URL
from pinesync.text.canonical import MAX_SOURCE, Unreadable, check_encodable
from pinesync.text.filenames import unescape_name

if TYPE_CHECKING:
    from requests.adapters import BaseAdapter

    from pinesync.tradingview.client import PineClient

Envelope = dict[str, Any]


class Pine:
    """The account that `cookie` opens, or the variable TRADINGVIEW_COOKIE where it is None.

    `base_url` names another facade, a sandbox say; the variable's cookie is never sent there, so
    `cookie` must then be given. `adapter` is a requests adapter for one that is not on a port.
    Without a cookie every method fails, and no request is made."""

    def __init__(
        self,
        cookie: str | None = None,
        *,
        base_url: str = BASE_URL,
        adapter: BaseAdapter | None = None,
    ) -> None:
        if cookie is None and base_url == BASE_URL:
            cookie = os.environ.get("TRADINGVIEW_COOKIE")
        self._cookie = cookie
        self._base_url = base_url
        self._adapter = adapter
        self._opened: PineClient | None = None

    def __repr__(self) -> str:
        return f"Pine({self._base_url})"

    def list_saved_scripts(self) -> Envelope:
        """All saved scripts: data is [{"id", "name", "version", "modified"}], version as
        "5.0", modified in epoch seconds. An empty list is confirmed with the session probe."""
        return self._answer({}, self._list)

    def validate_script(self, source: str) -> Envelope:
        """The compiler's verdict: data is None, or {"errors": [...]} and failed. An error or
        warning is {"line", "column", "end_line", "end_column", "message", "code"}. Fails with the
        service's reason for Pine below v5, which the compiler does not look at."""
        return self._answer({"source": source}, lambda: (None, self._validate(source)))

    def create_script(self, name: str, source: str) -> Envelope:
        """Check and create: data is {"id", "name"}. Never over a script that has the name. Pine
        below v5 cannot be checked: it is saved, and a warning says so."""
        return self._answer({"name": name, "source": source}, lambda: self._create(name, source))

    def edit_script(
        self, pine_id: str, name: str, source: str, *, expected_version: str | int | None = None
    ) -> Envelope:
        """Check, as `create_script` does, and save the next version, under that name: data is
        {"id", "name"}. With `expected_version` nothing is saved where the newest is another."""
        metadata: Envelope = {"pine_id": pine_id, "name": name, "source": source}
        if expected_version is not None:
            metadata["expected_version"] = expected_version
        return self._answer(metadata, lambda: self._edit(pine_id, name, source, expected_version))

    def get_script(self, pine_id: str, version: str | int) -> Envelope:
        """One version ("5.0", "5" or 5), or "last": data is id, name, title, version ("5.0"),
        last_version (int),
        created and updated (epoch seconds), source, extra."""
        metadata = {"pine_id": pine_id, "version": version}
        return self._answer(metadata, lambda: self._get(pine_id, version))

    def delete_script(self, pine_id: str) -> Envelope:
        """Delete the script with all its versions, for good: data is {"id"}. Success only where
        the service says ok."""
        return self._answer({"pine_id": pine_id}, lambda: self._delete(pine_id))

    # -- what each does, in exceptions --------------------------------------------------------

    def _list(self) -> tuple[Any, list[Envelope]]:
        from pinesync.sync.engine.account import read_account

        return [
            {
                "id": str(info.pine_id),
                "name": unescape_name(info.name),
                "version": str(info.version),
                "modified": info.modified,
            }
            for info in read_account(self._client).scripts.values()
        ], []

    def _validate(self, source: str) -> list[Envelope]:
        verdict = self._checked(source)
        if verdict.unchecked:
            raise Refused(200, verdict.unchecked)
        return _passed(verdict)

    def _checked(self, source: str) -> Verdict:
        _check_text("source", source)
        if len(source.encode()) > MAX_SOURCE:
            raise Misuse("source is larger than 2 MiB")
        return self._client.check(source)

    def _compiled(self, source: str) -> list[Envelope]:
        """The warnings of a text that may be saved."""
        verdict = self._checked(source)
        if verdict.unchecked:
            from pinesync.text.pine_syntax import check

            verdict = replace(verdict, errors=check(source))
        return _passed(verdict)

    def _create(self, name: str, source: str) -> tuple[Any, list[Envelope]]:
        _check_text("name", name)
        warnings = self._compiled(source)
        with _sent_once():
            answer = self._client.save_new(name, source)
        _check_accepted(answer, warnings)
        if answer.pine_id is None:
            raise BadResponse(
                "the script was created, but TradingView did not return its id",
                "list_saved_scripts shows it",
            )
        return {"id": str(answer.pine_id), "name": name}, warnings

    def _edit(
        self, raw_id: str, name: str, source: str, expected: str | int | None
    ) -> tuple[Any, list[Envelope]]:
        pine_id = _pine_id(raw_id)
        _check_text("name", name)
        wanted = _version(expected) if expected is not None else None
        warnings = self._compiled(source)
        if wanted is not None:
            newest = self._client.get(pine_id).version
            if newest != wanted:
                raise ActionRequired(
                    f"the newest version is {newest}, not {wanted}; nothing was saved"
                )
        with _sent_once():
            answer = self._client.save_next(pine_id, name, source)
        _check_accepted(answer, warnings)
        return {"id": str(answer.pine_id or pine_id), "name": name}, warnings

    def _get(self, raw_id: str, raw_version: str | int) -> tuple[Any, list[Envelope]]:
        pine_id = _pine_id(raw_id)
        version = None if raw_version == "last" else _version(raw_version)
        saved = self._client.get(pine_id, version)
        return {
            "id": str(saved.pine_id),
            "name": unescape_name(saved.name),
            "title": saved.title,
            "version": str(saved.version),
            "last_version": saved.last_version.major,
            "created": saved.created,
            "updated": saved.updated,
            "source": saved.source,
            "extra": saved.extra,
        }, []

    def _delete(self, raw_id: str) -> tuple[Any, list[Envelope]]:
        pine_id = _pine_id(raw_id)
        with _sent_once():
            self._client.delete(pine_id)
        return {"id": str(pine_id)}, []

    # -- what they share ----------------------------------------------------------------------

    @property
    def _client(self) -> PineClient:
        if self._opened is None:
            from pinesync.tradingview import cookies
            from pinesync.tradingview.client import PineClient
            from pinesync.tradingview.http import Session, Transport

            if not isinstance(self._base_url, str):
                raise Misuse("base_url is not a string")
            if not isinstance(self._cookie, str) or not self._cookie.strip():
                also = ", or set TRADINGVIEW_COOKIE" if self._base_url == BASE_URL else ""
                raise NotSignedIn(f"a TradingView cookie is needed: give `cookie`{also}")
            secret = cookies.parse(self._cookie, self._base_url)
            transport = Transport(adapter=self._adapter)
            self._opened = PineClient(Session(self._base_url, secret, transport))
        return self._opened

    def _answer(
        self, metadata: dict[str, Any], action: Callable[[], tuple[Any, list[Envelope]]]
    ) -> Envelope:
        try:
            self._client  # noqa: B018 - no cookie, no request, whatever the arguments are
            data, warnings = action()
        except _Broken as broken:
            errors = [_plain(error) for error in broken.errors]
            return _envelope(metadata, {"errors": errors}, broken.warnings, broken.message)
        except PinesyncError as error:
            return _envelope(metadata, None, [], _why(error))
        return _envelope(metadata, data, warnings, None)


def _passed(verdict: Verdict) -> list[Envelope]:
    """The warnings. Raises if there are errors."""
    warnings = [_plain(warning) for warning in verdict.warnings]
    if verdict.errors:
        raise _Broken(verdict.errors, warnings)
    return warnings


class _Broken(DoesNotCompile):
    """The text has errors; nothing was saved, unless the message says so."""

    def __init__(
        self,
        errors: tuple[Diagnostic, ...],
        warnings: list[Envelope],
        message: str = "the script does not compile",
    ) -> None:
        super().__init__(message)
        self.errors = errors
        self.warnings = warnings


def _envelope(
    metadata: dict[str, Any], data: Any, warnings: list[Envelope], error: str | None
) -> Envelope:
    return {
        "status": "failed" if error else "success",
        "data": data,
        "metadata": metadata,
        "warnings": warnings,
        "error": error,
    }


_HINTS: dict[type[PinesyncError], str | None] = {
    BotCheck: "open TradingView in the browser, pass its check or sign in, and give a fresh "
    "cookie; if the site is down, try again later",
    SessionExpired: "give a fresh cookie from the browser",
    NotSignedIn: None,
    NoAccess: "check whether the account works in the browser",
    NameTaken: "choose another name",
    RateLimited: "wait a while, then try again",
    NetworkError: "check the connection, then try again",
}
"""For a program, where the error's own hint is for a person at the command line. The first kind
that fits counts."""


class _Unknown(TryLater):
    """A write was sent and its outcome is unknown."""


@contextmanager
def _sent_once() -> Iterator[None]:
    """Wrap a write: if its response is lost, the hint says what to do first."""
    try:
        yield
    except TryLater as error:
        if isinstance(error, NetworkError) and not error.sent:
            raise
        look = "it may have taken effect: check with get_script or list_saved_scripts"
        raise _Unknown(error.message, f"{look} before you try again") from None


def _why(error: PinesyncError) -> str:
    """The message and what to do."""
    hints = (hint for kind, hint in _HINTS.items() if isinstance(error, kind))
    hint = next(hints, error.hint)
    return f"{error.message} ({hint})" if hint else error.message


def _plain(diagnostic: Diagnostic) -> Envelope:
    fields = asdict(diagnostic)
    del fields["severity"]
    return fields


def _check_accepted(answer: SaveAnswer, warnings: list[Envelope]) -> None:
    """A text that passes the check may fail the full compiler, and is stored anyway."""
    if not answer.accepted:
        where = f" (stored as {answer.version})" if answer.version else " (it may be stored)"
        raise _Broken(answer.verdict.errors, warnings, f"TradingView: {answer.reason}{where}")


def _check_text(what: str, value: object) -> None:
    if not isinstance(value, str):
        raise Misuse(f"{what} is not a string")
    if not value.strip():
        raise Misuse(f"{what} is empty")
    try:
        check_encodable(value)
    except Unreadable as error:
        why = str(error).removeprefix("not text: ")
        raise Misuse(f"{what} is not a string that can be sent: {why}") from None


def _pine_id(raw: object) -> PineId:
    _check_text("pine_id", raw)
    try:
        return PineId(str(raw))
    except ValueError as error:
        raise Misuse(str(error)) from None


def _version(raw: object) -> Version:
    try:
        return Version.parse(raw)
    except ValueError as error:
        raise Misuse(str(error)) from None
