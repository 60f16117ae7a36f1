"""The sandbox as a WSGI application, with fault injection.

Reach it in process through `adapter`, or over a socket through `serve`. Resets, hangs, truncation
and delays happen in the transport, which finds a `Disturbance` in the WSGI environment.
"""

from __future__ import annotations

import gzip
import itertools
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial
from http import HTTPStatus
from http.cookies import CookieError, SimpleCookie
from typing import IO, Any
from urllib.parse import quote

from pinesync.errors import NameTaken, NotAccessible, PinesyncError, Refused
from pinesync.protocol import server_responses
from pinesync.sandbox import endpoints, forms
from pinesync.sandbox.call import NOT_READER, Call, DeadSession, Reply, answer
from pinesync.sandbox.faults import TRANSPORT, Disturbance, Fault, FaultPlan, Seen, Switches
from pinesync.sandbox.routes import ALERTS_PATH, Route, route_of
from pinesync.sandbox.store import NOT_OWNER, Store, User

BASE_PATH = "/pine-facade"
MAX_BODY = 16 * 1024 * 1024
"""A source of 5 MB, escaped."""
_MAY_HIDE_4XX = ("get", "newest", "history", "translate")

_CHECK_PAGE = b"<!DOCTYPE html><html><head><title>Just a moment...</title></head></html>\n"
_LOGIN_PAGE = (
    b"<!DOCTYPE html><html><head><title>Sign in</title></head><body>Sign in</body></html>\n"
)
_SIGN_IN = "https://www.tradingview.com/accounts/signin/"

Environ = dict[str, Any]
StartResponse = Callable[[str, list[tuple[str, str]]], object]


@dataclass(slots=True)
class _Exchange:
    """A response, and how the transport disturbs it."""

    reply: Reply
    disturbance: Disturbance | None = None
    repeat: int = 1


class SandboxApp:
    """The facade on a store. `switches` may be replaced while it runs. `plan` holds the planned
    faults and the request log."""

    def __init__(
        self, store: Store, switches: Switches | None = None, plan: FaultPlan | None = None
    ) -> None:
        self.store = store
        self.switches = switches or Switches()
        self.plan = plan or FaultPlan()

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        sent = self._answer(environ)
        reply, body = sent.reply, sent.reply.body
        headers = [("Content-Type", reply.content_type), *reply.headers]
        named = {name.lower() for name, _ in reply.headers}
        if self._zips(environ) and "content-encoding" not in named:
            body = gzip.compress(body, 5, mtime=0)
            headers.append(("Content-Encoding", "gzip"))
        headers.append(("Content-Length", str(len(body) * sent.repeat)))
        if sent.disturbance:
            environ[TRANSPORT] = sent.disturbance
        start_response(_status_line(reply.status), headers)
        return itertools.repeat(body, sent.repeat)

    def _zips(self, environ: Environ) -> bool:
        accepted = str(environ.get("HTTP_ACCEPT_ENCODING", "")).lower()
        words = (word.partition(";") for word in accepted.split(","))
        return self.switches.gzip and any(
            name.strip() == "gzip" and rest.replace(" ", "") not in ("q=0", "q=0.0")
            for name, _, rest in words
        )

    # -- a request ------------------------------------------------------------------------------

    def _answer(self, environ: Environ) -> _Exchange:
        method = str(environ["REQUEST_METHOD"])
        path = str(environ.get("PATH_INFO", "")).encode("latin-1").decode("utf-8", "replace")
        query = str(environ.get("QUERY_STRING", ""))
        try:
            is_below = path.startswith(BASE_PATH + "/")
            # The list of alerts alone is at the origin itself, and nothing else is.
            if is_below == (path.removeprefix(BASE_PATH) == ALERTS_PATH):
                raise Refused(404, "Not Found")
            path = path.removeprefix(BASE_PATH)
            route, pine_id, version = route_of(method, path)
        except Refused as error:
            self._note(Seen("", method, path, ""), query)
            return _Exchange(_text(error.status, error.reason))
        self._note(Seen(route.endpoint, method, path, pine_id), query)
        faults = self.plan.next(route.endpoint)
        try:
            body = _body(environ)
            call = Call(
                store=self.store,
                switches=self.switches,
                user=None,
                query=forms.urlencoded(query.encode("latin-1")),
                form=forms.read(body, str(environ.get("CONTENT_TYPE", ""))) if body else {},
                pine_id=pine_id,
                version=version,
            )
        except Refused as error:
            return _Exchange(_text(error.status, error.reason))
        cookie = str(environ.get("HTTP_COOKIE", ""))
        return self._with_faults(route, call, cookie, faults)

    def _note(self, seen: Seen, query: str) -> None:
        path = quote(seen.path, safe="/")
        self.plan.note(seen, f"{path}?{query}" if query else path)

    def _with_faults(self, route: Route, call: Call, cookie: str, faults: list[Fault]) -> _Exchange:
        sent: _Exchange | None = None
        owner = self._user(cookie)
        for fault in (f for f in faults if _replaces_response(route, f)):
            if fault.kind == "expire":
                self.plan.expire()
            elif fault.kind == "delay":
                late = replace(call, user=self._session(owner))
                self.plan.postpone(partial(self._dispatch, route, late), fault.later)
                sent = self._disturbed(replace(fault, kind=fault.then), None)
            elif fault.kind.startswith("foreign"):
                self._save_concurrently(fault, owner, call, call.pine_id)
            elif fault.kind != "slow":
                sent = self._disturbed(fault, None)
        if sent is None:
            reply = self._dispatch(route, replace(call, user=self._session(owner)))
            sent = _Exchange(reply)
            for fault in (f for f in faults if not _replaces_response(route, f)):
                if fault.kind == "expire":
                    self.plan.expire()
                elif fault.kind.startswith("foreign"):
                    self._save_concurrently(fault, owner, call, reply.pine_id or call.pine_id)
                elif fault.kind not in ("slow", "delay"):
                    sent = self._disturbed(fault, reply)
        for fault in (f for f in faults if f.kind == "slow"):
            sent.disturbance = Disturbance("slow", fault.duration)
        return sent

    def _user(self, cookie: str) -> User | None:
        """The user that the cookie belongs to, even if the session has expired."""
        try:
            jar = SimpleCookie(cookie)
        except CookieError:
            return None
        if "sessionid" not in jar or "sessionid_sign" not in jar:
            return None
        return self.store.user_of(jar["sessionid"].value, jar["sessionid_sign"].value)

    def _session(self, user: User | None) -> User | None:
        return None if self.plan.expired else user

    def _dispatch(self, route: Route, call: Call) -> Reply:
        """Run the operation. A refusal becomes the response that the service gives."""
        try:
            return route.handler(call)
        except Refused as error:
            reply, reason = self._refusal(route, error)
        except NameTaken as error:
            reply, reason = self._conflict(error.message), error.message
        except PinesyncError as error:
            return _text(500, error.message)
        if route.endpoint in _MAY_HIDE_4XX and call.query.get("no_4xx") == "true":
            return answer({"success": False, "reason": reason})
        return reply

    def _refusal(self, route: Route, error: Refused) -> tuple[Reply, str]:
        if isinstance(error, DeadSession):
            return self._dead_session_reply(error), error.reason
        if not isinstance(error, NotAccessible):
            return _text(error.status, error.reason), error.reason
        status = int(self.switches.unknown_id) if error.status == 404 else error.status
        words = NOT_READER if route.method == "GET" else NOT_OWNER
        reason = words if status == 401 else error.reason
        return _json(status, reason), reason

    def _dead_session_reply(self, error: Refused) -> Reply:
        match self.switches.dead_session_writes:
            case "401-text":
                return _text(401, endpoints.NO_USER)
            case "403-html":
                return _page(403, _LOGIN_PAGE)
            case _:
                return _json(401, error.reason)

    def _conflict(self, reason: str) -> Reply:
        return _text(409, reason) if self.switches.conflict == "text" else _json(409, reason)

    # -- faults ---------------------------------------------------------------------------------

    def _disturbed(self, fault: Fault, reply: Reply | None) -> _Exchange:
        """Turn the real response into the faulty one. `reply` is None if the operation did not
        run."""
        status, headers = fault.status, fault.headers
        match fault.kind:
            case "429":
                if self.switches.retry_after and not headers:
                    headers = (("Retry-After", str(int(fault.duration))),)
                return _Exchange(replace(_text(429, "Too Many Requests"), headers=headers))
            case "500" | "503":
                code = int(fault.kind)
                return _Exchange(replace(_text(code, HTTPStatus(code).phrase), headers=headers))
            case "html" | "html-login":
                page = _CHECK_PAGE if fault.kind == "html" else _LOGIN_PAGE
                return _Exchange(replace(_page(status or 200, page), headers=headers))
            case "redirect":
                to = headers or (("Location", _SIGN_IN),)
                return _Exchange(Reply(status or 302, b"", headers=to))
            case "empty":
                return _Exchange(Reply(status or 200, b"", headers=headers))
            case "garbage":
                return _Exchange(
                    Reply(status or 200, b'{"success":true,"result":', headers=headers)
                )
            case "answer":
                return _Exchange(
                    Reply(status or 200, fault.body, headers=headers), repeat=fault.repeat
                )
            case "reset" | "hang" | "truncate":
                stored = reply or answer(server_responses.stored({"IL": server_responses.OPAQUE}))
                return _Exchange(stored, Disturbance(fault.kind, fault.duration))
            case _:
                raise AssertionError(f"{fault.kind} is no answer")

    def _save_concurrently(self, fault: Fault, user: User | None, call: Call, pine_id: str) -> None:
        """Act as another user of the account in the web editor: save, rename or delete the script
        or, before a create, create a script of the same name."""
        if user is None:
            return
        by = "web editor"
        try:
            if not pine_id:
                name = call.query.get("name", "")
                if not name:
                    return  # no script is about to be created
                text = fault.source or call.form.get("source", "")
                self.store.save_new(user, name, text, overwrite=True, author=by)
            elif fault.kind == "foreign-rename":
                self.store.rename(user, pine_id, fault.name)
            elif fault.kind == "foreign-delete":
                self.store.delete(user, pine_id)
            else:
                source = fault.source
                if source is None:
                    newest = self.store.get(pine_id, user=user)
                    edit = f"// edited in the web editor after {newest.version}\n"
                    source = newest.source.rstrip("\n") + "\n" + edit
                self.store.save_next(user, pine_id, source, author=by)
        except (NotAccessible, NameTaken):
            return


def _replaces_response(route: Route, fault: Fault) -> bool:
    """Whether the fault replaces the operation. For a read, it damages the real response
    instead."""
    return fault.when == "before" and not (fault.kind == "truncate" and route.method == "GET")


def _body(environ: Environ) -> bytes:
    try:
        length = int(environ.get("CONTENT_LENGTH") or 0)
    except ValueError:
        raise Refused(400, "wrong Content-Length") from None
    if length > MAX_BODY:
        raise Refused(413, "Request Entity Too Large")
    stream: IO[bytes] = environ["wsgi.input"]
    body = stream.read(length) if length > 0 else b""
    if len(body) != max(0, length):
        raise Refused(400, "the body is not complete")
    return body


def _status_line(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return f"{status} Refused"


def _text(status: int, words: str) -> Reply:
    return Reply(status, words.encode())


def _json(status: int, words: str) -> Reply:
    return Reply(status, json.dumps(server_responses.refused(status, words)).encode())


def _page(status: int, page: bytes) -> Reply:
    return Reply(status, page, content_type="text/html; charset=utf-8")
