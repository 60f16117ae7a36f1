"""Fault injection: switches for unknown details of the service, planned faults, and the request
log.

A fault as text is `ENDPOINT:CALLS:KIND[:before|after][:key=value…]`. CALLS counts from when the
fault was planned: `3`, `2-4`, `5+` or `*`. `save_next:1:reset:after` stores the first update and
then resets the connection; `get:*:slow:seconds=2` makes every read slow.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any, Literal, NamedTuple, get_args, get_type_hints

from pinesync.errors import Misuse

ENDPOINTS = (
    "list", "get", "newest", "history", "translate", "check", "compile", "title", "save_new",
    "save_next", "rename", "label", "delete", "convert", "script_info", "lib_list", "may_read",
    "alerts",
)  # fmt: skip
Kind = Literal[
    "429", "500", "503", "html", "html-login", "redirect", "empty", "garbage", "answer",
    "reset", "hang", "truncate", "slow",
    "expire", "delay", "foreign", "foreign-rename", "foreign-delete",
]  # fmt: skip
When = Literal["before", "after"]

ALWAYS = None
"""The `count` of a fault that never ends."""
_SECONDS = {"hang": 600.0, "slow": 5.0}


@dataclass(frozen=True, slots=True)
class Switches:
    """One setting for each unknown detail of the service."""

    eol: Literal["kept", "crlf"] = "kept"
    """The line endings of the source that `get` returns."""
    text: Literal["kept", "strip-trailing", "add-trailing", "tabs"] = "kept"
    """How a save changes the source: strip or add the final line break, or turn tabs into
    spaces."""
    dead_session_writes: Literal["401-json", "401-text", "403-html"] = "401-json"
    unknown_id: Literal["401", "404"] = "401"
    failed_save_has_result: bool = False
    id_in: Literal["scriptIdPart", "metaInfo.id"] = "scriptIdPart"
    list_names: Literal["raw", "escaped"] = "raw"
    conflict: Literal["json", "text"] = "json"
    retry_after: bool = True
    ok: Literal["json", "bare"] = "json"
    bare_errors: Literal["save", "all", "none"] = "save"
    """Which responses send findings without code and ctx."""
    hidden_inputs: bool = False
    """Whether the inputs in metaInfo begin with text, pineId and pineVersion. Clients that put a
    compiled script on a chart expect them."""
    translate_last: Literal["newest", "before"] = "newest"
    """Which version `translate/{id}/last` returns: the service compiles a save with some delay."""
    old_pine: Literal["full", "refused", "checked"] = "full"
    """Which compilers accept Pine below v5: only the full compile, neither it nor the check, or
    both."""
    epoch_times: bool = False
    get_has_id: bool = True
    get_has_title: bool = True
    last_version_int: bool = False
    history_available: bool = True
    script_info_of: Literal["session", "owner"] = "session"
    gzip: bool = True

    @classmethod
    def parse(cls, text: str) -> Switches:
        """Parse `eol=crlf,unknown_id=404`. Raises Misuse for an unknown switch or value."""
        hints = get_type_hints(cls)
        chosen: dict[str, Any] = {}
        for part in filter(None, (part.strip() for part in text.split(","))):
            name, _, value = part.partition("=")
            if name not in hints:
                raise Misuse(f"unknown switch {name!r}", f"switches: {', '.join(hints)}")
            allowed = get_args(hints[name]) or ("true", "false")
            if value not in allowed:
                raise Misuse(f"{name} cannot be {value!r}", f"allowed: {', '.join(allowed)}")
            chosen[name] = value == "true" if hints[name] is bool else value
        return cls(**chosen)


@dataclass(frozen=True, slots=True)
class Fault:
    """A planned fault in calls of one endpoint, or of any for `*`.

    Calls count from 1 since the fault was planned. The fault strikes `count` calls, starting with
    `first`. `before` replaces the operation; `after` follows it, so a save is stored. `seconds` is
    how long a hang or a slow response lasts, and the Retry-After of a 429. `source` is the text of
    a foreign save, None for a small edit of the newest version; `name` is the name in a foreign
    rename. `body`, sent `repeat` times, is for an `answer`; `status` and `headers` are for every
    kind that responds. `then` is what the client of a delayed save receives. The save is stored
    after `later` further requests or, if None, by `FaultPlan.release`.
    """

    endpoint: str
    kind: Kind
    first: int = 1
    count: int | None = 1
    when: When = "before"
    seconds: float | None = None
    source: str | None = None
    name: str = "renamed elsewhere"
    status: int | None = None
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    repeat: int = 1
    then: Kind = "reset"
    later: int | None = None

    def __post_init__(self) -> None:
        if self.endpoint != "*" and self.endpoint not in ENDPOINTS:
            raise Misuse(f"unknown endpoint {self.endpoint!r}", "; ".join(ENDPOINTS))
        for kind in (self.kind, self.then):
            if kind not in get_args(Kind):
                raise Misuse(f"unknown fault {kind!r}", "; ".join(get_args(Kind)))
        if self.when not in get_args(When):
            raise Misuse(f"a fault happens 'before' or 'after', not {self.when!r}")
        if self.then in _NO_ANSWER:
            raise Misuse(f"a delayed save cannot end with {self.then}")

    def applies_to(self, call: int) -> bool:
        """Whether the fault strikes the nth call."""
        return call >= self.first and (self.count is None or call < self.first + self.count)

    @property
    def duration(self) -> float:
        """`seconds`, or the default of the kind."""
        return _SECONDS.get(self.kind, 1.0) if self.seconds is None else self.seconds

    @classmethod
    def parse(cls, text: str) -> Fault:
        """Parse the text form. Raises Misuse if it is malformed."""
        endpoint, calls, kind, rest = [*text.split(":", 3), "", "", ""][:4]
        if not kind:
            raise Misuse(
                f"{text}: not a fault",
                "the form is ENDPOINT:CALLS:KIND, as in save_next:1:reset:after or list:2+:html",
            )
        first, count = _calls(calls, text)
        options: dict[str, Any] = {}
        while rest:
            part, colon, rest = rest.partition(":")
            if part.startswith(("source=", "name=")):  # may contain colons, so it must come last
                part, rest = part + colon + rest, ""
            key, equals, value = part.partition("=")
            if not equals and key in get_args(When):
                key, value = "when", key
            if key not in _OPTIONS:
                raise Misuse(f"{text}: cannot read {part!r}", f"options: {', '.join(_OPTIONS)}")
            try:
                options[key] = _OPTIONS[key](value)
            except ValueError:
                raise Misuse(f"{text}: {key} cannot be {value!r}") from None
        return cls(endpoint, kind, first, count, **options)  # type: ignore[arg-type]


_NO_ANSWER = ("slow", "expire", "delay", "foreign", "foreign-rename", "foreign-delete")
_OPTIONS: dict[str, Callable[[str], Any]] = {
    "when": str, "seconds": float, "source": str, "name": str, "status": int, "then": str,
    "later": int,
}  # fmt: skip


def _calls(calls: str, whole: str) -> tuple[int, int | None]:
    """`3` → (3, 1), `2-4` → (2, 3), `5+` → (5, None), `*` → (1, None)."""
    if calls == "*":
        return 1, ALWAYS
    start, dash, end = calls.removesuffix("+").partition("-")
    usable = start.isdecimal() and (not dash or end.isdecimal()) and int(start) >= 1
    if not usable or (dash and int(end) < int(start)):
        raise Misuse(f"{whole}: {calls!r} is not a call count such as 3, 2-4, 5+ or *")
    if calls.endswith("+"):
        return int(start), ALWAYS
    return int(start), int(end) - int(start) + 1 if dash else 1


class Seen(NamedTuple):
    """A received request. `pine_id` is empty if the path has none."""

    endpoint: str
    method: str
    path: str
    pine_id: str


@dataclass(frozen=True, slots=True)
class Disturbance:
    """How a transport disturbs a response: reset the connection, hang, send half the response or
    send it slowly. It is in the WSGI environment under TRANSPORT."""

    kind: Literal["reset", "hang", "truncate", "slow"]
    seconds: float = 0.0


TRANSPORT = "pinesync.transport"


def slices(whole: bytes, count: int = 10) -> list[bytes]:
    """Split the bytes into at most `count` pieces, for a slow transport."""
    size = max(1, -(-len(whole) // count))
    return [whole[start : start + size] for start in range(0, len(whole), size)]


@dataclass(slots=True)
class _Planned:
    fault: Fault
    calls: int = 0


@dataclass(slots=True)
class _Late:
    job: Callable[[], object]
    left: int | None


class FaultPlan:
    """The planned faults and the request log. Safe to use from several threads."""

    def __init__(self, faults: Iterable[Fault | str] = ()) -> None:
        self._lock = threading.RLock()
        self._planned: list[_Planned] = []
        self._late: list[_Late] = []
        self.log: list[Seen] = []
        """Every request, in order of arrival."""
        self.urls: list[str] = []
        """The same requests as path and query, as sent."""
        self.expired = False
        """Whether every session is dead."""
        self.add(*faults)

    def add(self, *faults: Fault | str) -> None:
        """Plan faults, as values or as text. Their calls count from now on."""
        chosen = [Fault.parse(fault) if isinstance(fault, str) else fault for fault in faults]
        with self._lock:
            self._planned += map(_Planned, chosen)

    def clear(self) -> None:
        """Drop all faults and revive the sessions. Delayed saves still wait for `release`."""
        with self._lock:
            self._planned.clear()
            self.expired = False

    def expire(self) -> None:
        """Make every session dead from now on."""
        self.expired = True

    def next(self, endpoint: str) -> list[Fault]:
        """Count one call of an endpoint. Returns the faults that strike it, in the order
        planned."""
        struck = []
        with self._lock:
            for planned in self._planned:
                if planned.fault.endpoint in ("*", endpoint):
                    planned.calls += 1
                    if planned.fault.applies_to(planned.calls):
                        struck.append(planned.fault)
        return struck

    def note(self, seen: Seen, url: str) -> None:
        """Log a request and perform the delayed saves that are now due."""
        with self._lock:
            self.log.append(seen)
            self.urls.append(url)
            due = [late for late in self._late if late.left == 0]
            self._late = [
                late if late.left is None else replace(late, left=late.left - 1)
                for late in self._late
                if late.left != 0
            ]
        for late in due:
            late.job()

    def postpone(self, job: Callable[[], object], later: int | None) -> None:
        """Delay a job by `later` further requests or, if None, until `release`."""
        with self._lock:
            self._late.append(_Late(job, later))

    def release(self) -> int:
        """Perform all delayed saves now. Returns their number."""
        with self._lock:
            due, self._late = self._late, []
        for late in due:
            late.job()
        return len(due)

    def asked(self, endpoint: str) -> int:
        """How many requests an endpoint has received."""
        with self._lock:
            return sum(seen.endpoint == endpoint for seen in self.log)
