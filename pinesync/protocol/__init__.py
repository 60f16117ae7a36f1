"""The service's requests and answers as pure functions, in both directions.

`asking` builds what a client sends, `reading` understands every form that an answer is known to
have, `serving` writes the answers, for a stand-in. Nothing here opens a connection.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from pinesync.text.canonical import MAX_SOURCE

BASE_URL = "https://pine-facade.tradingview.com/pine-facade"
"""The real service. Everything else that is asked is a stand-in that somebody named."""

MAX_LIST = 8 * 1024 * 1024
MAX_ANSWER = 4 * MAX_SOURCE
"""A source in JSON grows by its escapes, Cyrillic to three times its bytes."""

Effect = Literal["read", "write"]


@dataclass(frozen=True, slots=True)
class Request:
    """One request. `path` is below the base URL and quoted already; `source` is the body's field
    of that name, None where there is no body, and `fields` are those after it; `cap` the most
    bytes that the answer may have; `what` tells a person what is waited for."""

    method: Literal["GET", "POST"]
    path: str
    query: tuple[tuple[str, str], ...] = ()
    source: str | None = None
    effect: Effect = "read"
    fields: tuple[tuple[str, str], ...] = ()
    cap: int = MAX_ANSWER
    what: str = field(default="an answer", compare=False)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: the status, the body with its transfer encoding removed, and the
    Retry-After header as it was, if any."""

    status: int
    body: bytes
    retry_after: str | None = None
