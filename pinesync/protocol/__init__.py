"""The service's requests and responses as pure functions, in both directions.

`requests` builds requests, `responses` parses every known form of a response, and
`server_responses` writes responses for a stand-in. Nothing here opens a connection.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from pinesync.text.canonical import MAX_SOURCE

BASE_URL = "https://pine-facade.tradingview.com/pine-facade"
"""The real service. Any other address is a stand-in that somebody configured."""

MAX_LIST = 8 * 1024 * 1024
MAX_RESPONSE = 4 * MAX_SOURCE
"""JSON escapes enlarge a source, Cyrillic text to three times its bytes."""

Effect = Literal["read", "write"]


@dataclass(frozen=True, slots=True)
class Request:
    """One request. `path` is relative to the base URL and already quoted. `source` is the body's
    field of that name, None if there is no body; `fields` come after it. `cap` is the maximum
    size of the response in bytes; `what` tells a person what the wait is for."""

    method: Literal["GET", "POST", "PUT"]
    path: str
    query: tuple[tuple[str, str], ...] = ()
    source: str | None = None
    effect: Effect = "read"
    fields: tuple[tuple[str, str], ...] = ()
    cap: int = MAX_RESPONSE
    what: str = field(default="an answer", compare=False)


@dataclass(frozen=True, slots=True)
class Response:
    """A response: the status, the body without its transfer encoding, and the raw Retry-After
    header, if any."""

    status: int
    body: bytes
    retry_after: str | None = None
