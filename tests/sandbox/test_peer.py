"""tv-scraper's `Pine`, a client that users run, unchanged except for the address."""

from collections.abc import Iterator
from typing import Any

import pytest

from pinesync.sandbox.app import SandboxApp
from pinesync.sandbox.serve import Server
from pinesync.sandbox.store import Store, User

peer = pytest.importorskip("tv_scraper.scrapers.scripts.pine", reason="tv-scraper is not installed")


@pytest.fixture
def server(store: Store, home: object, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """`home`: the peer lets requests look for a .netrc."""
    with Server(SandboxApp(store)) as server:
        monkeypatch.setattr(peer, "PINE_FACADE_BASE_URL", server.url)
        yield server


@pytest.fixture
def pine(server: Server, user: User) -> Any:
    return peer.Pine(cookie=user.cookie)


def test_the_six_methods_work(pine: Any, store: Store, user: User, good: str) -> None:
    assert pine.list_saved_scripts()["data"] == []
    created = pine.create_script("Ünï & 測", good)
    assert created["status"] == "success", created
    pine_id = created["data"]["id"]
    assert created["data"]["name"] == "Good one"

    (listed,) = pine.list_saved_scripts()["data"]
    assert listed == {
        "id": pine_id,
        "name": "Ünï & 測",
        "version": "1.0",
        "modified": 1_700_000_000,
    }

    edited = pine.edit_script(pine_id, "Renamed", good + "// more\r\n")
    assert edited["data"]["id"] == pine_id
    fetched = pine.get_script(pine_id, "last")["data"]
    assert (fetched["version"], fetched["name"], fetched["source"]) == (
        "2.0",
        "Renamed",
        good + "// more\r\n",
    )
    assert pine.get_script(pine_id, "1.0")["data"]["source"] == good

    assert pine.delete_script(pine_id)["data"] == {"id": pine_id}
    assert pine.get_script(pine_id, "last")["status"] == "failed"
    assert store.list(user) == ()


def test_a_text_that_does_not_compile_is_refused_before_it_is_saved(
    pine: Any, store: Store, user: User, broken: str
) -> None:
    assert pine.validate_script(broken)["data"]["errors"][0]["code"] == "CE10272"
    assert pine.create_script("B", broken)["status"] == "failed"
    assert store.list(user) == ()


def test_good_texts_validate(pine: Any, good: str) -> None:
    assert pine.validate_script(good) == {**pine.validate_script(good), "status": "success"}


def test_creating_a_taken_name_saves_over_it(
    pine: Any, store: Store, user: User, good: str
) -> None:
    """Like the service, it stores another version."""
    first = pine.create_script("A", good)["data"]["id"]
    assert pine.create_script("A", good + "// other\n")["data"]["id"] == first
    assert len(store.history(first)) == 2


def test_an_expired_cookie_lists_and_saves_nothing(
    server: Server, store: Store, user: User, good: str
) -> None:
    store.save_new(user, "A", good)
    pine = peer.Pine(cookie="sessionid=dead; sessionid_sign=dead")
    assert pine.list_saved_scripts()["data"] == []
    assert pine.create_script("B", good)["status"] == "failed"
