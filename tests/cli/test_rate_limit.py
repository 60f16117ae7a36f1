"""A service that limits its rate of reads, timed by a clock of the tests."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable
from functools import partial
from typing import Any

import pytest

from pinesync.tradingview import http
from tests.world import SLOWER, TREND, Watched, World

SECONDS = 30.0
"""In which the reads count."""


class Limit:
    """A clock, and the service's rate limit on it."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.now = 0.0
        self.answered: list[float] = []
        self.refused = 0
        self._lock = threading.Lock()

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self.now += seconds

    def wait(self) -> int:
        """Seconds until one more read is served; 0 if it is served now."""
        with self._lock:
            recent = [when for when in self.answered if when > self.now - SECONDS]
            if len(recent) < self.most:
                self.answered.append(self.now)
                return 0
            self.refused += 1
            return int(recent[-self.most] + SECONDS - self.now) + 1


@pytest.fixture
def limit(world: World, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Limit:
    deep = request.config.getoption("--deep")
    scripts, limit = (2000, Limit(600)) if deep else (50, Limit(15))
    for number in range(scripts):
        world.web_save(f"{TREND}// {number}\n", f"Script {number}")
    real = Watched.__call__

    def call(self: Watched, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if "/get/" in environ["PATH_INFO"] and (wait := limit.wait()):
            start_response("429 Too Many Requests", [("Retry-After", str(wait))])
            return [b""]
        return real(self, environ, start_response)

    monkeypatch.setattr(Watched, "__call__", call)
    patient = partial(http.Transport, clock=limit.clock, sleep=limit.sleep)
    monkeypatch.setattr(http, "Transport", patient)
    return limit


def clone(world: World, *options: object) -> Any:
    return world("clone", "--remote", world.remote_name, "scripts", *options, cwd=world.place)


@pytest.mark.parametrize("jobs", [1, 4])
def test_a_clone_waits_for_the_rate_limit(world: World, limit: Limit, jobs: int) -> None:
    count = len(world.account())
    made = clone(world, "--jobs", jobs)
    assert made.code == 0, made
    # While one thread sleeps, the clock also advances for the requests of others.
    assert 0 <= made.requests.count("get") - count <= (jobs - 1) * limit.refused
    assert count / limit.most - 1 < limit.now / SECONDS < count / limit.most + 1
    assert limit.refused <= jobs * (count // limit.most + 1)
    assert made.err.count("limits the number of requests: waiting") <= count // limit.most + 1
    assert "waiting" in made.err
    assert world.statuses() == {}


def test_a_clone_without_waiting_is_finished_by_later_ones(world: World, limit: Limit) -> None:
    count, read, tries = len(world.account()), 0, 0
    while (made := clone(world, "--timeout", 0, "--jobs", 1)).code == 7:
        assert "what was read is kept" in made.err
        assert made.requests.count("get") == limit.most
        assert not world.folder.exists()
        read += made.requests.count("get")
        tries += 1
        limit.now += SECONDS + 1
    assert made.code == 0, made
    assert (read + made.requests.count("get"), tries) == (count, count // limit.most)
    assert world.statuses() == {}


def test_a_clone_that_times_out_says_how_long_to_wait(world: World, limit: Limit) -> None:
    made = clone(world, "--timeout", int(SECONDS) + 5)
    assert made.code == 7
    assert re.search(r"hint: wait 3[01] s, then .* again; what was read is kept", made.err)
    assert SECONDS <= limit.now <= SECONDS + 5


def test_a_pull_waits_for_the_rate_limit(world: World, limit: Limit) -> None:
    limit.most *= 100
    assert clone(world).code == 0
    limit.most //= 100
    names = [name for name in world.account() if name.startswith("Script")]
    for name in names:
        world.web_save(SLOWER, name)
    limit.now += SECONDS + 1
    early = world("pull", "--timeout", 0, "--jobs", 1, code=7)
    assert world.read("indicators/Script 1.pine") == f"{TREND}// 1\n"
    brought = world("pull", "--jobs", 1, code=0)
    assert early.requests.count("get") + brought.requests.count("get") == len(names)
    assert world.statuses() == {}
    assert world.read("indicators/Script 1.pine") == SLOWER
