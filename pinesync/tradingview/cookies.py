"""The session cookie: its valid values, and the origin it belongs to.

A `Secret` knows its origin, so that the one function that attaches it can refuse any other.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from pinesync.errors import Misuse
from pinesync.protocol import BASE_URL

# A Cookie header, JSON, or a tab-separated row from the browser's table or a cookies.txt.
_PAIR = re.compile(
    r"(?<![\w.%-])(sessionid_sign|sessionid)(?:[\"']?[ \t]*[=:][ \t]*[\"']?|\t)([^\s;,\"']+)"
)
_HOST = re.compile(r"[a-z0-9._-]+|[0-9a-f:.]+")
_VALUE = re.compile(r"[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]{1,512}")

HOW_TO_SIGN_IN = "run `pinesync login`, or set TRADINGVIEW_COOKIE"


@dataclass(frozen=True, slots=True, repr=False)
class Secret:
    """A session's two cookies, for one exact origin. Neither repr nor str shows them."""

    sessionid: str
    sign: str
    origin: str

    def __repr__(self) -> str:
        return f"Secret(for {self.origin})"

    __str__ = __repr__

    def reveal(self) -> str:
        """The value of the Cookie header. Only `session` calls this."""
        return f"sessionid={self.sessionid}; sessionid_sign={self.sign}"


def origin_of(url: str) -> str:
    """`scheme://host:port` in lower case. Raises Misuse unless https, or http on loopback."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise Misuse(f"not an address: {_without_user(url)!r}") from None
    host = (parts.hostname or "").lower()
    loopback = host in ("127.0.0.1", "::1", "localhost")
    # Reject what another parser could read as a different host: user@, \, tabs, look-alikes.
    plain = url.isascii() and url.isprintable() and not set(url) & set("\\@?# ")
    if not plain or not _HOST.fullmatch(host) or port == 0:
        raise Misuse(f"not the address of a facade: {_without_user(url)!r}")
    if parts.scheme != "https" and not (parts.scheme == "http" and loopback):
        raise Misuse(
            f"not the address of a facade: {_without_user(url)!r}",
            "it must be https, or http on this machine (127.0.0.1)",
        )
    default = 443 if parts.scheme == "https" else 80
    return f"{parts.scheme}://{host}:{port or default}"


def _without_user(url: str) -> str:
    """The URL for a message, without what precedes an @: it may be a password."""
    _, at, rest = url.rpartition("@")
    return f"…@{rest[:100]}" if at else rest[:100]


def parse(pasted: str, base_url: str = BASE_URL) -> Secret:
    """Parse a whole Cookie header, or the two cookies in any form that browsers copy. Other cookies
    are dropped. Raises Misuse if one is missing or malformed; the message never shows a value."""
    cookies = dict(_PAIR.findall(pasted))
    for name in ("sessionid", "sessionid_sign"):
        if name not in cookies:
            raise Misuse(
                f"no cookie called {name} in the given text",
                "give both, as in: sessionid=…; sessionid_sign=…",
            )
    return checked(cookies["sessionid"], cookies["sessionid_sign"], base_url)


def checked(sessionid: object, sign: object, base_url: str = BASE_URL) -> Secret:
    """The two values as a Secret. Misuse, not showing the value, for what no cookie can contain."""
    for name, value in (("sessionid", sessionid), ("sessionid_sign", sign)):
        if not isinstance(value, str) or not _VALUE.fullmatch(value):
            raise Misuse(f"the value of {name} is not valid in a cookie")
    return Secret(str(sessionid), str(sign), origin_of(base_url))
