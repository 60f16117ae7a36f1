"""A probe over HTTP as a real process, killed at each of its requests."""

from __future__ import annotations

import signal

import pytest

from tests.campaign.conftest import noting
from tests.campaign.served import program
from tests.world import World

pytestmark = pytest.mark.promise(40)

KILLED_AT = """
import os, signal
from pinesync.cli.error_handler import run
from pinesync.tradingview.http import Session

number, when, sent, send = int(sys.argv[1]), sys.argv[2], 0, Session._exchange

def sending(session, request):
    global sent
    sent += 1
    if (sent, when) == (number, "before"):
        os.kill(os.getpid(), signal.SIGKILL)
    answer = send(session, request)
    if sent == number:
        os.kill(os.getpid(), signal.SIGKILL)
    return answer

Session._exchange = sending
sys.exit(run(sys.argv[3:]))
"""
PROBE = ("probe", "--yes", "--pace", 0)
CLEAN = ("probe", "--clean", "--pace", 0)


@pytest.mark.timeout(900)
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_probe_killed_at_any_request_is_cleaned_up(served: World, when: str) -> None:
    before, number = served.account(), 0
    while True:
        number += 1
        with program(served, KILLED_AT, number, when, *PROBE) as child:
            _, err = child.communicate(timeout=60)
        if child.returncode == 0:
            break
        with noting(f"killed {when} request {number}"):
            assert child.returncode == -signal.SIGKILL, err
            leftovers = served.account().keys() - before.keys()
            assert len(leftovers) <= 1
            assert all(name.startswith("pinesync probe ") for name in leftovers)
            cleaned = served(*CLEAN, code=0)
            assert cleaned.requests.count("delete") == len(leftovers)
            assert served.account() == before
            assert served(*CLEAN, code=0).requests == ()
    assert number > 28
