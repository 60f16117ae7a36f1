"""The one place that sends a request, and the one place that attaches the cookie.

Reads are retried; a write is sent exactly once. The session follows no redirect, ignores .netrc and
the environment, and decodes no body beyond the request's cap.
"""

from __future__ import annotations

import ssl
import time
import zlib
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from http.cookiejar import DefaultCookiePolicy
from itertools import count
from typing import Any, Literal
from urllib.parse import urlencode

import requests
from requests.adapters import BaseAdapter
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    NameResolutionError,
    NewConnectionError,
    ProtocolError,
    ReadTimeoutError,
    SSLError,
)

from pinesync.clock import monotonic
from pinesync.errors import BadResponse, Misuse, NetworkError
from pinesync.protocol import BASE_URL, Request, Response
from pinesync.protocol.envelope import retry_seconds
from pinesync.tradingview.cookies import Secret, origin_of
from pinesync.tradingview.deadlines import DeadlineAdapter
from pinesync.tradingview.decoding import Inflate, decoder
from pinesync.tradingview.limiter import ConcurrencyLimit, RetryPolicy

_SITE = "https://www.tradingview.com"
_HEADERS = {
    "Accept": "*/*",
    "Accept-Encoding": "identity",
    "Origin": _SITE,
    "Referer": f"{_SITE}/",
    # Without a browser's name an HTML page may come instead of an answer.
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/130.0 Safari/537.36",
}
_NEVER_LEFT = (NewConnectionError, NameResolutionError, ConnectTimeoutError)
CONNECT_SECONDS = 10.0
READ_SECONDS = 30.0
WRITE_SECONDS = 60.0
PAUSES = (0.5, 2.0)
"""Seconds before the second and the third try of a read."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its result without secrets: no header, no source. `status` is None if no
    response came; `size` is the body's size in bytes."""

    method: str
    target: str
    status: int | None
    size: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Transport:
    """How requests are sent; settings that usually come from the environment are arguments here.
    `timeout` is the total time in seconds that reads may wait when the service asks them to, and
    `pauses` the seconds before each further try of a read, PAUSES if None; `waits` is called with
    each wait. Each request is sent inside `awaiting`, called with what the request is for."""

    adapter: BaseAdapter | None = None
    proxies: Mapping[str, str] = field(default_factory=dict)
    ca_bundle: str | None = None
    jobs: int = 4
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = monotonic
    trace: Callable[[Exchange], None] | None = None
    timeout: float | None = None
    pauses: tuple[float, ...] | None = None
    waits: Callable[[float], None] | None = None
    before: Callable[[bool], None] | None = None
    awaiting: Callable[[str], AbstractContextManager[object]] = nullcontext


class Session:
    """A thread-safe session with one facade. At most `transport.jobs` reads run at a time; each
    429 or 503 response halves that limit."""

    def __init__(
        self,
        base_url: str = BASE_URL,
        secret: Secret | None = None,
        transport: Transport | None = None,
    ) -> None:
        self._transport = transport = transport or Transport()
        self._origin = origin_of(base_url)
        self._host = self._origin.partition("://")[2].removesuffix(":443")
        self._base_url = base_url.rstrip("/")
        self._secret = secret
        self._limit = ConcurrencyLimit(transport.jobs)
        pauses = PAUSES if transport.pauses is None else transport.pauses
        self._retry_policy = RetryPolicy(
            pauses, transport.clock, transport.timeout, transport.waits
        )
        self._http = http = _Unredirected()
        http.trust_env = False
        http.headers.clear()
        http.headers.update(_HEADERS)
        http.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        http.proxies = dict(transport.proxies)
        http.verify = transport.ca_bundle or True
        adapter = transport.adapter or DeadlineAdapter(
            pool_connections=1, pool_maxsize=transport.jobs, max_retries=0
        )
        http.mount("https://", adapter)
        http.mount("http://", adapter)

    def close(self) -> None:
        self._http.close()

    def unretried(self, cookie: Literal["own", "none", "invalid"] = "own") -> Session:
        """The same service with its cookie, none or an invalid one. Nothing is sent again."""
        invalid = Secret("0" * 32, "0" * 44, self._origin)
        secret = {"own": self._secret, "none": None, "invalid": invalid}[cookie]
        return Session(self._base_url, secret, replace(self._transport, pauses=()))

    def send(self, request: Request) -> Response:
        """Send the request and read the whole response. Raises NetworkError if none came,
        BadResponse if it exceeds the request's cap."""
        with self._transport.awaiting(request.what):
            return self._send_with_retries(request)

    def _send_with_retries(self, request: Request) -> Response:
        self._before(request)
        if request.effect == "write":
            return self._send_once(request)
        for tries in count(1):
            if rest := self._retry_policy.cool_down():
                self._transport.sleep(rest)
            try:
                with self._limit:
                    response = self._send_once(request)
            except NetworkError:
                pause = self._retry_policy.pause(tries)
                if pause is None:
                    raise
            else:
                if response.status not in (429, 500, 502, 503, 504):
                    return response
                if response.status in (429, 503):
                    self._limit.halve()
                retry_after = retry_seconds(response.retry_after)
                is_throttled = response.status == 429 or (
                    response.status == 503 and retry_after is not None
                )
                pause = self._retry_policy.pause(tries, retry_after, often=is_throttled)
                if pause is None:
                    return response
            self._transport.sleep(pause)
            self._before(request)
        raise AssertionError("a count never ends")

    def _before(self, request: Request) -> None:
        if self._transport.before:
            self._transport.before(request.effect == "write")

    def _send_once(self, request: Request) -> Response:
        trace, began = self._transport.trace, self._transport.clock()
        if trace is None:
            return self._exchange(request)
        response = None
        try:
            response = self._exchange(request)
        finally:
            took = self._transport.clock() - began
            query = urlencode(request.query)
            target = f"{request.path}?{query}" if query else request.path
            status = response.status if response is not None else None
            size = len(response.body) if response is not None else 0
            trace(Exchange(request.method, target, status, size, took))
        return response

    def _exchange(self, request: Request) -> Response:
        seconds = WRITE_SECONDS if request.effect == "write" else READ_SECONDS
        end = self._transport.clock() + seconds
        try:
            response = self._http.request(
                request.method,
                self._base_url + request.path,
                params=list(request.query),
                files=_form(request),
                headers=self._cookie(),
                timeout=(CONNECT_SECONDS, seconds),
                allow_redirects=False,
                stream=True,
            )
            with response:
                body = self._body(response, request, end)
        except (requests.RequestException, HTTPError) as error:
            raise _network_error(error, self._host, _retry_hint(request)) from error
        except OSError as error:
            # requests raises a plain OSError for a missing or invalid CA bundle.
            raise Misuse(
                f"{self._transport.ca_bundle}: cannot be used to verify the server: {error}",
                "REQUESTS_CA_BUNDLE or SSL_CERT_FILE names it: fix or unset the variable",
            ) from None
        return Response(response.status_code, body, response.headers.get("Retry-After"))

    def _cookie(self) -> dict[str, str]:
        """The Cookie header, if the secret's origin is exactly this session's."""
        if self._secret is None or self._secret.origin != self._origin:
            return {}
        return {"Cookie": self._secret.reveal()}

    def _body(self, response: requests.Response, request: Request, end: float) -> bytes:
        """The whole body, decoded. Both the raw and the decoded size are limited to the request's
        cap, and reading stops at `end`."""
        cap, hint = request.cap, _retry_hint(request)
        parts: list[bytes] = []
        taken = size = 0
        decode = decoder(response.headers.get("Content-Encoding", ""))
        try:
            while raw := response.raw.read1(65536, decode_content=False):
                part = decode(raw, cap - size + 1)
                parts.append(part)
                taken += len(raw)
                size += len(part)
                if max(taken, size) > cap:
                    raise BadResponse(
                        f"the response is larger than {cap} bytes and was dropped",
                        "nothing was changed",
                    )
                if self._transport.clock() > end:
                    raise NetworkError("the response did not end in time", hint)
        except ReadTimeoutError as error:
            raise NetworkError("the response did not end in time", hint) from error
        except (HTTPError, OSError, zlib.error) as error:
            raise NetworkError(f"the response broke off ({type(error).__name__})", hint) from error
        if isinstance(decode, Inflate) and parts and not decode.ended:
            raise NetworkError("the response broke off (inside its compressed text)", hint)
        return b"".join(parts)


class _Unredirected(requests.Session):
    """A session for which no response is a redirect. Even with allow_redirects=False, requests
    reads a redirect's whole body without a limit and parses its Location."""

    def get_redirect_target(self, resp: requests.Response) -> None:  # noqa: ARG002
        return None


def _retry_hint(request: Request) -> str:
    """The hint after a network error. A failed write may still have arrived."""
    hint = "check the connection, then run the same command again"
    return f"{hint}: it finds out what arrived" if request.effect == "write" else hint


def _form(request: Request) -> dict[str, tuple[None, bytes]] | None:
    if request.source is None:
        return None
    fields = (("source", request.source), *request.fields)
    return {name: (None, value.encode("utf-8")) for name, value in fields}


def _network_error(
    error: requests.RequestException | HTTPError, host: str, hint: str
) -> NetworkError:
    """Translate the error without quoting its URL: a proxy URL may hold a password."""
    inner: Any = error.args[0] if error.args else error
    reason = getattr(inner, "reason", inner)
    # Certificate verification fails before the body is sent; other TLS errors may come later.
    unverified = isinstance(reason, SSLError) and any(
        isinstance(arg, ssl.SSLCertVerificationError) for arg in reason.args
    )
    sent = not (unverified or isinstance(reason, _NEVER_LEFT))
    if isinstance(error, requests.Timeout):
        what = f"{host} did not respond in time"
    elif isinstance(reason, NameResolutionError):
        what = f"the name of {host} cannot be resolved"
    elif isinstance(reason, SSLError) or isinstance(error, requests.exceptions.SSLError):
        what = f"no secure connection to {host}"
    elif isinstance(reason, ProtocolError):
        what = f"{host} closed the connection without a response"
    else:
        what = f"no connection to {host} ({type(reason).__name__})"
    return NetworkError(what, hint, sent=sent)
