"""Rate-limited reads wait as the service asks, within a total. The clocks are injected, so no
test waits."""

import pytest

from pinesync.tradingview.http import PAUSES
from pinesync.tradingview.limiter import MAX_RETRY_AFTER
from tests.tradingview.conftest import Open, RawServer, Ticking, answer
from tests.tradingview.test_http import FINE, READ, WRITES, attempt


class Lasting(Ticking):
    """A clock that advances when code sleeps."""

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds)
        self.now += seconds


@pytest.fixture
def ticking() -> Ticking:
    return Lasting()


def limited(seconds: object, status: int = 429) -> bytes:
    return answer(b"", status, f"Retry-After: {seconds}")


@pytest.mark.parametrize("status", [429, 503])
def test_a_read_waits_for_retry_after(opened: Open, ticking: Ticking, status: int) -> None:
    """Even for more than half a minute, and as often as necessary."""
    reported: list[float] = []
    waits = [45, 7, 1, 20, 3]
    with RawServer(*(limited(wait, status) for wait in waits), FINE) as server:
        session = opened(server.url, timeout=600.0, waits=reported.append)
        assert session.send(READ).body == b"[]"
    # From the third wait in a row on, waits are longer: the first two were too short.
    assert ticking.slept == [45.0, 7.0, 8.0, 30.0, 30.0]
    assert reported == ticking.slept


@pytest.mark.promise(25)
def test_a_read_waits_no_longer_than_the_total(opened: Open, ticking: Ticking) -> None:
    with RawServer(limited(45)) as server:
        session = opened(server.url, timeout=100.0)
        assert session.send(READ).status == 429
        assert ticking.slept == [45.0, 45.0]
        assert session.send(READ).status == 429
        assert ticking.slept == [45.0, 45.0], "the total is that of the session, not of a read"
        assert server.connections == 4


@pytest.mark.parametrize("seconds", ["601", "999999999"])
def test_a_wait_longer_than_the_total_is_not_started(
    opened: Open, ticking: Ticking, seconds: str
) -> None:
    with RawServer(limited(seconds)) as server:
        assert opened(server.url, timeout=600.0).send(READ).status == 429
        assert server.connections == 1
    assert ticking.slept == []


@pytest.mark.parametrize("response", [limited(0), limited("soon"), answer(b"", 429)])
def test_without_a_retry_time_each_wait_is_longer(
    opened: Open, ticking: Ticking, response: bytes
) -> None:
    with RawServer(response) as server:
        assert opened(server.url, timeout=600.0).send(READ).status == 429
        assert server.connections < 25
    first = [0.0, 0.0] if response == limited(0) else list(PAUSES)
    assert ticking.slept[:5] == [*first, 8.0, MAX_RETRY_AFTER, MAX_RETRY_AFTER]
    assert 600 - MAX_RETRY_AFTER < sum(ticking.slept) <= 600


@pytest.mark.parametrize(
    ("response", "timeout", "pauses"),
    [
        *((response, 600.0, PAUSES) for response in (answer(b"", 500), answer(b"", 503), None)),
        *((response, 0.0, ()) for response in (limited(1), answer(b"", 500), None)),
    ],
)
def test_other_failures_are_tried_three_times_within_the_total(
    opened: Open,
    ticking: Ticking,
    response: bytes | None,
    timeout: float,
    pauses: tuple[float, ...],
) -> None:
    with RawServer(response) as server:
        attempt(opened(server.url, timeout=timeout), READ)
        assert server.connections == len(pauses) + 1
    assert ticking.slept == list(pauses)


@pytest.mark.parametrize("write", WRITES)
def test_a_write_is_never_retried(opened: Open, ticking: Ticking, write: str) -> None:
    with RawServer(limited(1)) as server:
        assert opened(server.url, timeout=600.0).send(WRITES[write]).status == 429
        assert server.connections == 1
    assert ticking.slept == []


def test_other_reads_wait_for_the_same_moment(opened: Open, ticking: Ticking) -> None:
    """One read must wait; another thread's next read is not sent before it."""
    waits: list[float] = []
    with RawServer(limited(20), FINE) as server:
        session = opened(server.url, timeout=600.0, waits=waits.append)
        begins = ticking.sleep

        def meanwhile(seconds: float) -> None:
            object.__setattr__(session._transport, "sleep", begins)
            assert session.send(READ).status == 200
            assert ticking.slept == [20.0], "it was sent at once"

        object.__setattr__(session._transport, "sleep", meanwhile)
        assert session.send(READ).status == 200
        assert server.connections == 3
    assert waits == [20.0]
