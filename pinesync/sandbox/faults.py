"""What a sandbox does differently on purpose: switches for what is unknown of the service, faults
for what goes wrong, and the log of what was asked.

A fault as text is `ENDPOINT:CALLS:KIND[:before|after][:key=value…]`, where calls are counted from
when the fault was planned: `3`, `2-4`, `5+` or `*`. `save_next:1:reset:after` stores the first
update and then resets the connection; `get:*:slow:seconds=2` makes every read slow.
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
)  # fmt: skip
Kind = Literal[
    "429", "500", "503", "html", "html-login", "redirect", "empty", "garbage", "answer",
    "reset", "hang", "truncate", "slow",
    "expire", "delay", "foreign", "foreign-rename", "foreign-delete",
]  # fmt: skip
When = Literal["before", "after"]

ALWAYS = None
"""The `count` of a fault that does not end."""
_SECONDS = {"hang": 600.0, "slow": 5.0}


@dataclass(frozen=True, slots=True)
class Switches:
    """Each thing that is unknown of the service, one way or the other."""

    eol: Literal["kept", "crlf"] = "kept"
    """The line ends of what `get` answers."""
    text: Literal["kept", "strip-trailing", "add-trailing", "tabs"] = "kept"
    """What a save does to the text: drops or adds the last line's end, or turns tabs to spaces."""
    dead_session_writes: Literal["401-json", "401-text", "403-html"] = "401-json"
    unknown_id: Literal["401", "404"] = "401"
    failed_save_has_result: bool = False
    id_in: Literal["scriptIdPart", "metaInfo.id"] = "scriptIdPart"
    list_names: Literal["raw", "escaped"] = "raw"
    conflict: Literal["json", "text"] = "json"
    retry_after: bool = True
    ok: Literal["json", "bare"] = "json"
    bare_errors: Literal["save", "all", "none"] = "save"
    """Which answers have their findings without code and ctx."""
    hidden_inputs: bool = False
    """Whether the inputs in metaInfo begin with text, pineId and pineVersion, as clients expect
    that put a compiled script on a chart."""
    translate_last: Literal["newest", "before"] = "newest"
    """Which version `translate/{id}/last` is: the service compiles a save with some delay."""
    old_pine: Literal["full", "refused", "checked"] = "full"
    """Who compiles Pine below v5: the full compile alone, neither it nor the check, or both."""
    epoch_times: bool = False
    get_has_id: bool = True
    get_has_title: bool = True
    last_version_int: bool = False
    history_available: bool = True
    script_info_of: Literal["session", "owner"] = "session"
    gzip: bool = True

    @classmethod
    def parse(cls, text: str) -> Switches:
        """From `eol=crlf,unknown_id=404`; Misuse for a switch or value that there is not."""
        hints = get_type_hints(cls)
        chosen: dict[str, Any] = {}
        for part in filter(None, (part.strip() for part in text.split(","))):
            name, _, value = part.partition("=")
            if name not in hints:
                raise Misuse(f"no switch is called {name!r}", f"there are: {', '.join(hints)}")
            allowed = get_args(hints[name]) or ("true", "false")
            if value not in allowed:
                raise Misuse(f"{name} cannot be {value!r}", f"it is one of: {', '.join(allowed)}")
            chosen[name] = value == "true" if hints[name] is bool else value
        return cls(**chosen)


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong, at certain calls of one endpoint (`*`: of any).

    Calls count from 1 since the fault was planned; it strikes `count` of them from `first` on.
    `before` happens instead of the operation, `after` once it is done, so that a save is stored.
    `seconds`: how long a hang or a slow answer lasts, and the Retry-After of a 429.
    `source`: the text of a foreign save, None for a small edit of the newest; `name`: of a
    foreign rename. `body`, `status`, `headers`: of an `answer`, the latter two of any other kind
    that answers; the body is sent `repeat` times. `then`: what the client of a delayed save gets;
    `later`: after how many further requests it is stored, None: by `FaultPlan.release`.
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
            raise Misuse(f"no endpoint is called {self.endpoint!r}", "; ".join(ENDPOINTS))
        for kind in (self.kind, self.then):
            if kind not in get_args(Kind):
                raise Misuse(f"no fault is called {kind!r}", "; ".join(get_args(Kind)))
        if self.when not in get_args(When):
            raise Misuse(f"a fault happens before or after, not {self.when!r}")
        if self.then in _NO_ANSWER:
            raise Misuse(f"a delayed save cannot end with {self.then}")

    def strikes(self, call: int) -> bool:
        """Whether the nth call is one of those that go wrong."""
        return call >= self.first and (self.count is None or call < self.first + self.count)

    @property
    def duration(self) -> float:
        """`seconds`, or what is usual for the kind."""
        return _SECONDS.get(self.kind, 1.0) if self.seconds is None else self.seconds

    @classmethod
    def parse(cls, text: str) -> Fault:
        """From its text form; Misuse where it is none."""
        endpoint, calls, kind, rest = [*text.split(":", 3), "", "", ""][:4]
        if not kind:
            raise Misuse(
                f"{text}: not a fault",
                "it is written ENDPOINT:CALLS:KIND, as in save_next:1:reset:after or list:2+:html",
            )
        first, count = _calls(calls, text)
        options: dict[str, Any] = {}
        while rest:
            part, colon, rest = rest.partition(":")
            if part.startswith(("source=", "name=")):  # may hold colons, so it is the last one
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
        raise Misuse(f"{whole}: {calls!r} is no call, such as 3, 2-4, 5+ or *")
    if calls.endswith("+"):
        return int(start), ALWAYS
    return int(start), int(end) - int(start) + 1 if dash else 1


class Seen(NamedTuple):
    """One request that came. `pine_id` is empty where the path has none."""

    endpoint: str
    method: str
    path: str
    pine_id: str


@dataclass(frozen=True, slots=True)
class Disturbance:
    """What a transport has to do with an answer, found in the WSGI environment under TRANSPORT:
    reset the connection, hang without an answer, send half of it, or send it slowly."""

    kind: Literal["reset", "hang", "truncate", "slow"]
    seconds: float = 0.0


TRANSPORT = "pinesync.transport"


def slices(whole: bytes, count: int = 10) -> list[bytes]:
    """The bytes in at most `count` pieces, for a transport that is slow."""
    size = max(1, -(-len(whole) // count))
    return [whole[start : start + size] for start in range(0, len(whole), size)]


@dataclass(slots=True)
class _Planned:
    fault: Fault
    calls: int = 0


@dataclass(slots=True)
class _Late:
    act: Callable[[], object]
    left: int | None


class FaultPlan:
    """The faults to come and the requests that came; safe to use from several threads."""

    def __init__(self, faults: Iterable[Fault | str] = ()) -> None:
        self._lock = threading.RLock()
        self._planned: list[_Planned] = []
        self._late: list[_Late] = []
        self.log: list[Seen] = []
        """Every request, in the order in which they came."""
        self.urls: list[str] = []
        """The same requests as path and query, as sent."""
        self.expired = False
        """Whether every session is dead."""
        self.add(*faults)

    def add(self, *faults: Fault | str) -> None:
        """Plans faults, as values or in their text form. Their calls count from now on."""
        chosen = [Fault.parse(one) if isinstance(one, str) else one for one in faults]
        with self._lock:
            self._planned += map(_Planned, chosen)

    def clear(self) -> None:
        """Nothing more goes wrong, and sessions live again; late saves stay to be released."""
        with self._lock:
            self._planned.clear()
            self.expired = False

    def expire(self) -> None:
        """Every session is dead from now on."""
        self.expired = True

    def next(self, endpoint: str) -> list[Fault]:
        """Counts one call of an endpoint; the faults that strike it, in the order planned."""
        struck = []
        with self._lock:
            for planned in self._planned:
                if planned.fault.endpoint in ("*", endpoint):
                    planned.calls += 1
                    if planned.fault.strikes(planned.calls):
                        struck.append(planned.fault)
        return struck

    def note(self, seen: Seen, url: str) -> None:
        """Adds a request to the log, and carries out the late saves that are due by it."""
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
            late.act()

    def postpone(self, act: Callable[[], object], later: int | None) -> None:
        """Keeps an act until `later` further requests came, or for `release`."""
        with self._lock:
            self._late.append(_Late(act, later))

    def release(self) -> int:
        """Carries out all late saves now; how many there were."""
        with self._lock:
            due, self._late = self._late, []
        for late in due:
            late.act()
        return len(due)

    def asked(self, endpoint: str) -> int:
        """How many requests of an endpoint came."""
        with self._lock:
            return sum(seen.endpoint == endpoint for seen in self.log)
