"""One suite for the port `sync.ports.Remote`, run three times: on the fake that other tests use,
on the client with the sandbox in process, and on the client over a loopback socket."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from pinesync.errors import NameTaken, NotAccessible, Refused, SessionExpired
from pinesync.model import PineId, Verdict, Version
from pinesync.sandbox.adapter import IN_PROCESS_URL, WSGIAdapter
from pinesync.sandbox.app import SandboxApp
from pinesync.sandbox.faults import Switches
from pinesync.sandbox.serve import Server
from pinesync.sandbox.store import Store
from pinesync.sync.ports import Remote
from pinesync.text.canonical import digest
from pinesync.text.filenames import unescape_name
from pinesync.tradingview.client import PineClient
from pinesync.tradingview.cookies import parse
from pinesync.tradingview.http import Session, Transport
from tests.fakes import FakeRemote

GOOD = "//@version=6\nindicator('Good one')\nplot(close)\n"
OTHER = "//@version=6\nindicator('Good one')\nplot(open)\n"
BROKEN = "//@version=6\nindicator('Broken')\nplot(clsoe)\n"
STRANGE = PineId("USER;" + "f" * 32)


@dataclass
class World:
    """A remote, and what users do in the web editor."""

    remote: Remote
    add: Callable[..., PineId]
    web_save: Callable[[PineId, str], object]
    web_rename: Callable[[PineId, str], object]
    web_delete: Callable[[PineId], object]
    end_session: Callable[[], object]
    tell_failed_result: Callable[[], object]


def _fake() -> World:
    fake = FakeRemote()
    return World(
        fake,
        fake.add,
        fake.web_save,
        fake.web_rename,
        fake.web_delete,
        lambda: setattr(fake, "signed_in", False),
        lambda: setattr(fake, "failed_save_has_result", True),
    )


def _sandbox(app: SandboxApp, url: str, transport: Transport) -> World:
    store = app.store
    user = store.ensure_user("trader42")

    def add(name: str, *texts: str) -> PineId:
        first = store.save_new(user, name, texts[0])
        for text in texts[1:]:
            store.save_next(user, first.pine_id, text)
        return first.pine_id

    return World(
        PineClient(Session(url, parse(user.cookie, url), transport)),
        add,
        lambda pine_id, text: store.save_next(user, pine_id, text),
        lambda pine_id, name: store.rename(user, pine_id, name),
        lambda pine_id: store.delete(user, pine_id),
        app.plan.expire,
        lambda: setattr(app, "switches", Switches(failed_save_has_result=True)),
    )


@pytest.fixture(params=["fake", "in process", "loopback"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    if request.param == "fake":
        yield _fake()
        return
    store = Store(tmp_path / "sandbox.sqlite3", lambda: 1_700_000_000.0)
    app = SandboxApp(store)
    if request.param == "in process":
        made = _sandbox(app, IN_PROCESS_URL, Transport(adapter=WSGIAdapter(app)))
        yield made
        _close(made)
    else:
        with Server(app) as server:
            made = _sandbox(app, server.url, Transport())
            yield made
            _close(made)
    store.close()


def _close(world: World) -> None:
    assert isinstance(world.remote, PineClient)
    world.remote.close()


# -- reading --------------------------------------------------------------------------------------


def test_an_empty_account_lists_nothing(world: World) -> None:
    assert world.remote.list_scripts() == ()


def test_the_list_has_the_newest_version_of_each(world: World) -> None:
    one, two = world.add("One", GOOD, OTHER), world.add("Zwei & <drei>", GOOD)
    listed = {info.pine_id: info for info in world.remote.list_scripts()}
    assert {i: (s.name, s.version) for i, s in listed.items()} == {
        one: ("One", Version(2)),
        two: ("Zwei & <drei>", Version(1)),
    }


def test_every_version_stays_readable(world: World) -> None:
    pine_id = world.add("One", GOOD, OTHER, GOOD)
    newest = world.remote.get(pine_id)
    assert (newest.version, newest.last_version, newest.source) == (Version(3), Version(3), GOOD)
    old = world.remote.get(pine_id, Version(2))
    assert (old.pine_id, old.version, old.last_version) == (pine_id, Version(2), Version(3))
    assert (old.source, old.digest) == (OTHER, digest(OTHER))


def test_get_escapes_the_name_and_never_the_source(world: World) -> None:
    source = GOOD + "// a < b && c > d &amp; 'q' \"r\" Ünï 測\n"
    pine_id = world.add("A & <B> 'C'", source)
    saved = world.remote.get(pine_id)
    assert saved.name != "A & <B> 'C'"
    assert unescape_name(saved.name) == "A & <B> 'C'"
    assert saved.source == source


@pytest.mark.parametrize("version", [None, Version(1)])
def test_an_unknown_id_is_not_accessible(world: World, version: Version | None) -> None:
    world.add("One", GOOD)
    with pytest.raises(NotAccessible) as caught:
        world.remote.get(STRANGE, version)
    assert caught.value.status in (401, 403, 404)


def test_an_unknown_version_is_not_accessible(world: World) -> None:
    pine_id = world.add("One", GOOD)
    with pytest.raises(NotAccessible):
        world.remote.get(pine_id, Version(2))
    assert world.remote.get(pine_id).version == Version(1)


def test_a_deleted_script_is_not_listed_and_not_accessible(world: World) -> None:
    pine_id, other = world.add("One", GOOD), world.add("Two", GOOD)
    world.web_delete(pine_id)
    assert [info.pine_id for info in world.remote.list_scripts()] == [other]
    with pytest.raises(NotAccessible):
        world.remote.get(pine_id)
    with pytest.raises(NotAccessible):
        world.remote.save_next(pine_id, None, OTHER)


# -- checking -------------------------------------------------------------------------------------


def test_every_version_has_its_time(world: World) -> None:
    pine_id = world.add("One", GOOD, OTHER, GOOD)
    times = world.remote.versions(pine_id)
    assert list(times) == [Version(1), Version(2), Version(3)]
    assert all(1_600_000_000 < when < 2_000_000_000 for when in times.values())
    with pytest.raises(NotAccessible):
        world.remote.versions(STRANGE)


def test_a_good_text_has_no_errors(world: World) -> None:
    assert world.remote.check(GOOD) == Verdict()


def test_errors_have_a_position_and_a_filled_in_message(world: World) -> None:
    (error,) = world.remote.check(BROKEN).errors
    assert (error.severity, error.line, error.column, error.code) == ("error", 3, 6, "CE10272")
    assert (error.end_line, error.end_column) == (3, 10)
    assert "clsoe" in error.message
    assert "{" not in error.message


def test_checking_needs_no_session_and_stores_nothing(world: World) -> None:
    world.end_session()
    assert world.remote.check(BROKEN).errors
    assert world.remote.list_scripts() == ()


def test_an_empty_text_cannot_be_checked(world: World) -> None:
    with pytest.raises(Refused) as caught:
        world.remote.check("")
    assert caught.value.status == 400


# -- saving ---------------------------------------------------------------------------------------


def test_creating_makes_version_1(world: World) -> None:
    answer = world.remote.save_new("Ünï & 測", GOOD)
    assert (answer.accepted, answer.version) == (True, Version(1))
    assert answer.pine_id
    assert world.remote.get(answer.pine_id).source == GOOD
    (listed,) = world.remote.list_scripts()
    assert (listed.pine_id, listed.name) == (answer.pine_id, "Ünï & 測")


def test_a_taken_name_is_refused_and_nothing_is_overwritten(world: World) -> None:
    pine_id = world.add("One", GOOD)
    with pytest.raises(NameTaken):
        world.remote.save_new("One", OTHER)
    (listed,) = world.remote.list_scripts()
    assert (listed.pine_id, listed.version) == (pine_id, Version(1))
    assert world.remote.get(pine_id).source == GOOD


def test_names_are_case_sensitive(world: World) -> None:
    world.add("one", GOOD)
    assert world.remote.save_new("One", GOOD).accepted
    assert len(world.remote.list_scripts()) == 2


@pytest.mark.parametrize("name", ["", " ", "n" * 129])
def test_a_bad_name_is_refused(world: World, name: str) -> None:
    with pytest.raises(Refused):
        world.remote.save_new(name, GOOD)
    assert world.remote.list_scripts() == ()


def test_each_accepted_save_is_one_version_even_of_the_same_text(world: World) -> None:
    pine_id = world.add("One", GOOD)
    for number in (2, 3):
        answer = world.remote.save_next(pine_id, None, OTHER)
        assert (answer.accepted, answer.pine_id) == (True, pine_id)
        assert answer.version == Version(number)
    assert world.remote.get(pine_id, Version(1)).source == GOOD


def test_a_save_without_a_name_keeps_the_name(world: World) -> None:
    pine_id = world.add("A &amp; B", GOOD)
    world.web_rename(pine_id, "Renamed &lt;")
    world.remote.save_next(pine_id, None, OTHER)
    (listed,) = world.remote.list_scripts()
    assert listed.name == "Renamed &lt;"


def test_a_save_with_a_name_renames(world: World) -> None:
    pine_id = world.add("One", GOOD)
    world.remote.save_next(pine_id, "Two", OTHER)
    (listed,) = world.remote.list_scripts()
    assert (listed.name, listed.version) == ("Two", Version(2))


def test_a_save_under_the_name_of_another_script_is_refused(world: World) -> None:
    pine_id, other = world.add("One", GOOD), world.add("Two", GOOD)
    with pytest.raises(NameTaken):
        world.remote.save_next(pine_id, "Two", OTHER)
    assert {i.pine_id: i.version for i in world.remote.list_scripts()} == {
        pine_id: Version(1),
        other: Version(1),
    }


# -- renaming, deleting ---------------------------------------------------------------------------


def test_a_rename_makes_no_version(world: World) -> None:
    pine_id = world.add("One", GOOD, OTHER)
    world.remote.rename_script(pine_id, "Ünï & 測")
    (listed,) = world.remote.list_scripts()
    assert (listed.pine_id, listed.name, listed.version) == (pine_id, "Ünï & 測", Version(2))
    assert world.remote.get(pine_id).source == OTHER


def test_a_rename_to_a_taken_name_is_refused(world: World) -> None:
    pine_id = world.add("One", GOOD)
    world.add("Two", GOOD)
    with pytest.raises(NameTaken):
        world.remote.rename_script(pine_id, "Two")
    world.remote.rename_script(pine_id, "One")
    assert {info.name for info in world.remote.list_scripts()} == {"One", "Two"}


@pytest.mark.parametrize("name", ["", " ", "n" * 129])
def test_a_rename_to_an_empty_name_is_refused(world: World, name: str) -> None:
    pine_id = world.add("One", GOOD)
    with pytest.raises(Refused):
        world.remote.rename_script(pine_id, name)
    assert world.remote.list_scripts()[0].name == "One"


def test_a_deletion_removes_one_script_and_all_its_versions(world: World) -> None:
    pine_id, other = world.add("One", GOOD, OTHER), world.add("Two", GOOD)
    world.remote.delete(pine_id)
    assert [info.pine_id for info in world.remote.list_scripts()] == [other]
    for version in (None, Version(1), Version(2)):
        with pytest.raises(NotAccessible):
            world.remote.get(pine_id, version)
    with pytest.raises(NotAccessible):
        world.remote.delete(pine_id)
    with pytest.raises(NotAccessible):
        world.remote.rename_script(pine_id, "Three")


def test_rename_and_delete_without_a_session_are_refused(world: World) -> None:
    pine_id = world.add("One", GOOD)
    world.end_session()
    with pytest.raises(NotAccessible):
        world.remote.rename_script(pine_id, "Two")
    with pytest.raises(NotAccessible):
        world.remote.delete(pine_id)


# -- who saves last -------------------------------------------------------------------------------


def test_the_last_writer_wins(world: World) -> None:
    pine_id = world.add("One", GOOD)
    world.web_save(pine_id, "// theirs\n")
    assert world.remote.save_next(pine_id, None, OTHER).version == Version(3)
    assert world.remote.get(pine_id, Version(2)).source == "// theirs\n"


def test_saving_an_unknown_id_creates_nothing(world: World) -> None:
    with pytest.raises(NotAccessible):
        world.remote.save_next(STRANGE, "One", GOOD)
    assert world.remote.list_scripts() == ()


@pytest.mark.parametrize("has_result", [False, True])
def test_a_broken_text_is_refused_but_stored(world: World, has_result: bool) -> None:
    if has_result:
        world.tell_failed_result()
    pine_id = world.add("One", GOOD)
    answer = world.remote.save_next(pine_id, None, BROKEN)
    assert not answer.accepted
    assert "clsoe" in answer.reason
    assert answer.verdict.errors[0].line == 3
    place = (pine_id, Version(2)) if has_result else (None, None)
    assert (answer.pine_id, answer.version) == place
    assert world.remote.get(pine_id, Version(2)).source == BROKEN


def test_a_broken_create_still_makes_a_script(world: World) -> None:
    assert not world.remote.save_new("Broken", BROKEN).accepted
    (listed,) = world.remote.list_scripts()
    assert world.remote.get(listed.pine_id).source == BROKEN


# -- the session ----------------------------------------------------------------------------------


def test_whoami_names_the_account_of_the_session(world: World) -> None:
    assert world.remote.whoami(world.add("One", GOOD)).name == "trader42"
    assert world.remote.whoami("STD;RSI").name == "trader42"


def test_an_expired_session_looks_like_an_empty_account_until_it_is_probed(world: World) -> None:
    pine_id = world.add("One", GOOD)
    world.end_session()
    assert world.remote.list_scripts() == ()
    with pytest.raises(SessionExpired):
        world.remote.whoami(pine_id)
    with pytest.raises(NotAccessible):
        world.remote.get(pine_id)


def test_an_expired_session_saves_nothing(world: World) -> None:
    pine_id = world.add("One", GOOD)
    world.end_session()
    with pytest.raises(NotAccessible):
        world.remote.save_next(pine_id, None, OTHER)
    with pytest.raises(NotAccessible):
        world.remote.save_new("Two", OTHER)
