"""The fault matrix: endpoint × fault × before or after × which call, over the switches of the
sandbox, through the real client. Also a session that expires at every single request."""

import itertools
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from pinesync.app.sync.pull import pull
from pinesync.app.sync.push import push
from pinesync.cli.scripts.add import add
from pinesync.errors import EXIT_ACCESS
from pinesync.sandbox.faults import Fault, Switches
from tests.campaign.conftest import one_after_another
from tests.world import SETTLE
from tests.world.many_scripts import ManyScripts, opened

ENDPOINTS = ("list", "get", "check", "save_next", "save_new", "script_info")
KINDS = (
    "429", "500", "503", "html", "html-login", "redirect", "empty", "garbage", "reset",
    "truncate", "hang", "expire", "foreign", "foreign-rename", "delay",
)  # fmt: skip
CALLS = ("1", "2", "1+")
SWITCHES = (
    "",
    "eol=crlf,text=strip-trailing,ok=bare",
    "unknown_id=404,dead_session_writes=401-text,failed_save_has_result=true,gzip=false",
    "dead_session_writes=403-html,id_in=metaInfo.id,get_has_id=false",
    "list_names=escaped,conflict=text,bare_errors=all,text=tabs",
    "text=add-trailing,last_version_int=true,retry_after=false,epoch_times=true",
    "eol=crlf,history_available=false,get_has_title=false,bare_errors=none,unknown_id=404",
)
Worlds = Callable[[], AbstractContextManager[ManyScripts]]


@pytest.fixture
def worlds(home: Path, monkeypatch: pytest.MonkeyPatch) -> Worlds:
    return one_after_another(opened, home, monkeypatch)


def prepare_work(facade: ManyScripts) -> None:
    """Scripts to pull, push, merge and create, and one to leave alone."""
    facade.put("pulled", "pushed", "merged", "quiet")
    facade.web_save("pulled")
    facade.edit("pushed")
    facade.web_save("merged")
    facade.edit("merged")
    facade.edit("created")
    add(facade.setup(), ["indicators/created.pine"])


def cases(endpoint: str) -> Iterator[Fault]:
    for kind, calls, when in itertools.product(KINDS, CALLS, ("before", "after")):
        if kind.startswith("foreign") and endpoint in ("list", "check", "script_info"):
            continue  # the request names no script that somebody could have deleted
        yield Fault.parse(f"{endpoint}:{calls}:{kind}:{when}")


@pytest.mark.promise(9)
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_work_survives_every_fault_and_recovers(
    worlds: Worlds, endpoint: str, request: pytest.FixtureRequest
) -> None:
    """Each run tries every fault with one of the switches in turn; --deep tries all of them."""
    deep = request.config.getoption("--deep")
    for number, fault in enumerate(cases(endpoint)):
        for switches in SWITCHES if deep else [SWITCHES[number % len(SWITCHES)]]:
            with worlds() as facade:
                prepare_work(facade)
                facade.app.switches = Switches.parse(switches)
                if endpoint == "script_info":  # requested only if the list proves nothing
                    facade.plan.add(Fault("list", "answer", count=None, body=b"[]"))
                facade.plan.add(fault)
                try:
                    facade.sync()
                    facade.check_always()
                    facade.heal()
                    facade.check_converged()
                except BaseException as error:
                    error.add_note(f"{fault}, switches {switches!r}, codes {facade.codes}")
                    raise


# -- promise 24 -----------------------------------------------------------------------------------

BATCH = [f"script {number}" for number in range(5)]


def five_behind(facade: ManyScripts) -> None:
    facade.put(*BATCH)
    for name in BATCH:
        facade.web_save(name)


def five_edited(facade: ManyScripts) -> None:
    facade.put(*BATCH)
    for name in BATCH:
        facade.edit(name)


@pytest.mark.promise(24)
@pytest.mark.timeout(900)
@pytest.mark.parametrize("switches", ["", "eol=crlf,ok=bare", *SWITCHES[2:4]])
@pytest.mark.parametrize(("job", "verb"), [(five_behind, pull), (five_edited, push)])
def test_an_expired_session_at_any_request_is_survived(
    worlds: Worlds, job: Callable[[ManyScripts], None], verb: Callable, switches: str
) -> None:
    """The command exits with 5 unless it was done, and a later run finishes it."""
    with worlds() as facade:
        job(facade)
        before = len(facade.plan.log)
        assert facade.command(verb) == 0
        requests = [seen.endpoint for seen in facade.plan.log[before:]]
    for number in range(1, len(requests) + 1):
        with worlds() as facade:
            job(facade)
            facade.app.switches = Switches.parse(switches)
            facade.plan.add(f"*:{number}:expire")
            code = facade.command(verb)
            where = f"expired at request {number}, {requests[number - 1]} of {requests}"
            assert code == EXIT_ACCESS, where
            facade.check_always()
            facade.plan.clear()
            facade.clock.wait(SETTLE + 1)  # what got a web page as its answer may still arrive
            assert facade.command(verb) == 0, where
            assert [len(log) for log in facade.logs().values()] == [2] * len(BATCH), where
            facade.check_converged()
