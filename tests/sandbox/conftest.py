"""One facade, reached in process and over a socket; hand-written requests and bodies."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote_from_bytes

import pytest
import requests

import pinesync
from pinesync.sandbox.adapter import IN_PROCESS_ORIGIN, IN_PROCESS_URL, WSGIAdapter
from pinesync.sandbox.faults import FaultPlan, Switches
from pinesync.sandbox.serve import Server
from pinesync.sandbox.store import Store, User
from tests.world import Clock, Watched

GOOD = "//@version=6\nindicator('Good one')\nplot(close)\n"
BROKEN = "//@version=6\nindicator('Broken')\nplot(clsoe)\n"


def multipart(source: bytes, **fields: str) -> tuple[bytes, str]:
    """A body as today's editor sends it."""
    parts = {"source": source, **{name: value.encode() for name, value in fields.items()}}
    body = b"".join(
        b'--BoundaryX\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n'
        % (name.encode(), value)
        for name, value in parts.items()
    )
    return body + b"--BoundaryX--\r\n", "multipart/form-data; boundary=BoundaryX"


def urlencoded(source: bytes, **fields: str) -> tuple[bytes, str]:
    """A body as the older editor sent it."""
    parts = {"source": source, **{name: value.encode() for name, value in fields.items()}}
    body = "&".join(
        f"{name}={quote_from_bytes(value, safe='')}" for name, value in parts.items()
    ).replace("%20", "+")
    return body.encode(), "application/x-www-form-urlencoded"


ENCODINGS = {"multipart": multipart, "urlencoded": urlencoded}


@dataclass
class Facade:
    """A facade, and a client with the account's cookie."""

    url: str
    http: requests.Session
    app: Watched
    user: User
    clock: Clock
    slash: str = ""
    encoding: str = "multipart"
    extra: dict[str, str] = field(default_factory=dict)

    @property
    def store(self) -> Store:
        return self.app.store

    @property
    def plan(self) -> FaultPlan:
        return self.app.plan

    def switch(self, text: str) -> None:
        self.app.switches = Switches.parse(text)

    def ask(
        self,
        method: str,
        path: str,
        source: str | bytes | None = None,
        *,
        cookie: str | None = None,
        fields: dict[str, str] | None = None,
        headers: dict[str, str] | None = None,
        stream: bool = False,
    ) -> requests.Response:
        """Send one request; `path` with its query is as in protocol.md."""
        where, mark, query = path.partition("?")
        sent = {
            "Cookie": self.user.cookie if cookie is None else cookie,
            "Origin": "https://www.tradingview.com",
            "Accept-Encoding": "identity",
            **(headers or {}),
        }
        body = None
        if source is not None:
            raw = source.encode() if isinstance(source, str) else source
            body, sent["Content-Type"] = ENCODINGS[self.encoding](raw, **(fields or {}))
        return self.http.request(
            method,
            f"{self.url}{where}{self.slash}{mark}{query}",
            data=body,
            headers=sent,
            allow_redirects=False,
            timeout=60,
            stream=stream,
        )

    def json(self, method: str, path: str, source: str | None = None, **more: Any) -> Any:
        """The JSON of a response that must be a 200."""
        answer = self.ask(method, path, source, **more)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def make(self, name: str = "One", source: str = GOOD) -> str:
        """Create a script before the test begins, and return its id."""
        return self.store.save_new(self.user, name, source).pine_id


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(tmp_path: Path, clock: Clock) -> Iterator[Store]:
    store = Store(tmp_path / "sandbox" / "default.sqlite3", clock)
    yield store
    store.close()


@pytest.fixture
def user(store: Store) -> User:
    return store.ensure_user("sandbox")


@pytest.fixture(params=["adapter", "socket"])
def facade(
    request: pytest.FixtureRequest, store: Store, user: User, clock: Clock
) -> Iterator[Facade]:
    """The same facade over both transports."""
    app = Watched(store)
    with requests.Session() as http:
        http.trust_env = False
        if request.param == "adapter":
            http.mount(IN_PROCESS_ORIGIN, WSGIAdapter(app))
            yield Facade(IN_PROCESS_URL, http, app, user, clock)
        else:
            with Server(app) as server:
                yield Facade(server.url, http, app, user, clock)


@pytest.fixture
def good() -> str:
    return GOOD


@pytest.fixture
def broken() -> str:
    return BROKEN


def two_processes(code: str, database: Path) -> list[subprocess.Popen[str]]:
    """Two interpreters that run this code on the database, with pipes for input and output."""
    command = [sys.executable, "-c", code, str(database)]
    env = {"PYTHONPATH": str(Path(pinesync.__file__).parents[1])}
    pipe = subprocess.PIPE
    return [
        subprocess.Popen(command, env=env, stdin=pipe, stdout=pipe, text=True) for _ in range(2)
    ]
