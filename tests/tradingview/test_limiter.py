"""How many requests run at the same time, as the service sees it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from pinesync.app.parallel import Pool
from pinesync.protocol import Request
from pinesync.tradingview.http import Session, Transport

JOBS = 4
LONG = 20.0
READ = Request("GET", "/list", cap=100)


class Crowded(ThreadingHTTPServer):
    """Waits for this number of concurrent requests, rejects all with `status`, and then
    responds; `together` is set if two run at the same time after that."""

    daemon_threads = True

    def __init__(self, status: int) -> None:
        super().__init__(("127.0.0.1", 0), Answering)
        self.status = status
        self.crowd = threading.Barrier(JOBS)
        self.together = threading.Event()
        self.answered = 0
        self.there = 0
        self.lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/pine-facade"


class Answering(BaseHTTPRequestHandler):
    server: Crowded

    def do_GET(self) -> None:
        server = self.server
        with server.lock:
            server.answered += 1
            first = server.answered <= JOBS
        if first:
            server.crowd.wait(LONG)
            self._answer(server.status)
            return
        with server.lock:
            server.there += 1
            if server.there > 1:
                server.together.set()
        server.together.wait(0.2)
        with server.lock:
            server.there -= 1
        self._answer(200)

    def _answer(self, status: int) -> None:
        self.send_response(status)
        self.send_header("Retry-After", "0")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """The log is not read."""


@contextmanager
def crowded(status: int) -> Iterator[Crowded]:
    with Crowded(status) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize("status", [429, 503])
def test_a_429_lowers_the_number_of_requests_at_once(status: int) -> None:
    with crowded(status) as server:
        session = Session(server.url, None, Transport(jobs=JOBS))
        answers = Pool(JOBS)(lambda _: session.send(READ).status, range(JOBS))
        session.close()
    assert answers == [200] * JOBS
    assert not server.together.is_set()


def test_other_failures_do_not_lower_the_limit() -> None:
    with crowded(500) as server:
        session = Session(server.url, None, Transport(jobs=JOBS, sleep=lambda _: None))
        answers = Pool(JOBS)(lambda _: session.send(READ).status, range(JOBS))
        session.close()
    assert answers == [200] * JOBS
    assert server.together.is_set()
