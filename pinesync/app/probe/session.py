"""Send a probe's requests: within the budget, at the pace, and each write recorded beforehand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from pinesync.app.probe.record import Record, Records
from pinesync.errors import FacadeError
from pinesync.model import Account, PineId, ScriptInfo
from pinesync.protocol import Request, Response, requests, responses, safe_json
from pinesync.protocol.envelope import is_html, payload
from pinesync.text.plural import pluralize
from pinesync.tradingview.http import Session

MAX_REQUESTS = 30
"""The most requests of one probe, including those that remove its script."""
_BUILT_IN = "STD;SMA"
Cookie = Literal["own", "none", "invalid"]
_KEYS = frozenset(
    """
    code ctx created end error errors errors2 extra functions id IL ilTemplate inputs kind
    lastVersionMaj message metaInfo pine reason reason2 result scriptAccess scriptIdPart scriptName
    scriptTitle source start success types updated userId userName version warnings warnings2
    """.split()
)
"""The keys that may be quoted. Any other key may be private, so those are only counted."""


class OutOfRequests(FacadeError):
    """The budget is used up; nothing more was sent."""


class Limiter:
    """Called before every request: waits `seconds` between two, and refuses more than
    `MAX_REQUESTS`."""

    def __init__(self, seconds: float, sleep: Callable[[float], None]) -> None:
        self.seconds = seconds
        self.sleep = sleep
        self.sent = 0

    def __call__(self, writes: bool) -> None:  # noqa: ARG002 - both kinds wait alike
        if self.sent >= MAX_REQUESTS:
            raise OutOfRequests(f"the probe has sent its {MAX_REQUESTS} requests")
        if self.sent:
            self.sleep(self.seconds)
        self.sent += 1


@dataclass(frozen=True, slots=True)
class ProbeResponse:
    """A response: the status, the form of the body, and its value if it is JSON."""

    status: int
    form: Literal["JSON", "text", "page", "empty"]
    value: Any
    answer: Response

    @property
    def ok(self) -> bool:
        """Whether this is a 2xx response that reports no error."""
        said_no = self.get("success") is False or bool(self.get("error"))
        return 200 <= self.status < 300 and self.form != "page" and not said_no

    @property
    def described(self) -> str:
        """The status, the form and the known keys: safe to show to anybody."""
        words = [f"status {self.status}", self.form]
        if isinstance(self.value, dict):
            known = sorted(key for key in self.value if key in _KEYS)
            others = len(self.value) - len(known)
            words += [f"keys {' '.join(known)}"] if known else []
            words += [pluralize(others, "unknown key")] if others else []
        elif self.form == "JSON":
            words[-1] = f"JSON {type(self.value).__name__}"
        return ", ".join(words)

    def get(self, *path: str) -> Any:
        """The value at this path of keys, or None."""
        value = self.value
        for key in path:
            value = value.get(key) if isinstance(value, dict) else None
        return value


def parse_response(response: Response) -> ProbeResponse:
    if is_html(response.body):
        return ProbeResponse(response.status, "page", None, response)
    try:
        return ProbeResponse(response.status, "JSON", safe_json.loads(response.body), response)
    except ValueError:
        form: Literal["text", "empty"] = "text" if response.body.strip() else "empty"
        return ProbeResponse(response.status, form, None, response)


class ProbeSession:
    """Sends requests to the account and keeps the record of the probe. Never retries."""

    def __init__(self, session: Session, records: Records, pace: Limiter) -> None:
        self._sessions: dict[Cookie, Session] = {
            cookie: session.unretried(cookie) for cookie in ("own", "none", "invalid")
        }
        self.records = records
        self.record: Record | None = None
        """The record of the running probe, as stored on disk. Required for every write."""
        self.pace = pace

    def read(
        self, request: Request, cookie: Cookie = "own", *, pages: bool = False
    ) -> ProbeResponse:
        """Send a request that changes nothing. Raises if the probe must end: no response, a rate
        limit, a server error, or a web page unless `pages` is set."""
        assert request.effect == "read"
        return self._send(request, cookie, pages=pages)

    def write(
        self, request: Request, cookie: Cookie = "own", *, pages: bool = False
    ) -> ProbeResponse:
        """Record the write, then send it."""
        assert self.record
        what = request.path.partition("/USER")[0].strip("/")
        self.record = self.records.begin_write(self.record, what)
        return self._send(request, cookie, pages=pages)

    def _send(self, request: Request, cookie: Cookie, *, pages: bool) -> ProbeResponse:
        response = self._sessions[cookie].send(request)
        parsed = parse_response(response)
        moved = 300 <= response.status < 400
        if (
            response.status == 429
            or response.status >= 500
            or moved
            or (parsed.form == "page" and not pages)
        ):
            payload(response)
        return parsed

    def listed(self) -> tuple[ScriptInfo, ...]:
        return responses.scripts(self.read(requests.list_scripts()).answer)

    def account(self, pine_id: PineId | None = None) -> tuple[ProbeResponse, Account | None]:
        """The account that the session probe names, using a script of the probe or a built-in one;
        None if the response names nobody. SessionExpired without a session."""
        response = self.read(requests.script_info(pine_id or _BUILT_IN))
        try:
            return response, responses.account(response.answer)
        except FacadeError:
            return response, None
