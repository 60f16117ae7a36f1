"""Each fault, before and after storing, over both transports."""

import threading
from typing import Any

import pytest
import requests

from pinesync.errors import Misuse
from pinesync.sandbox.faults import ALWAYS, Fault, FaultPlan

LIST = "/list?filter=saved"
OURS = "//@version=6\nindicator('Ours')\n"


def save(facade: Any, pine_id: str, source: str = OURS) -> requests.Response:
    """One update, as a client sends it."""
    answer = facade.ask("POST", f"/save/next/{pine_id}?allow_create_new=false", source)
    assert isinstance(answer, requests.Response)
    return answer


ANSWERED = {
    "429": (429, "Too Many Requests"),
    "500": (500, "Internal Server Error"),
    "503": (503, "Service Unavailable"),
    "html": (200, "<!DOCTYPE html>"),
    "html-login": (200, "<!DOCTYPE html>"),
    "redirect": (302, ""),
    "empty": (200, ""),
    "garbage": (200, '{"success":true,"result":'),
}


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("kind", ANSWERED)
def test_an_error_response_hides_whether_a_save_was_stored(
    facade: Any, kind: str, when: str
) -> None:
    pine_id = facade.make()
    facade.plan.add(f"save_next:1:{kind}:{when}")
    status, start = ANSWERED[kind]
    answer = save(facade, pine_id)
    assert answer.status_code == status
    assert answer.text.startswith(start)
    assert len(facade.store.history(pine_id)) == (2 if when == "after" else 1)
    assert save(facade, pine_id).json()["success"] is True


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(
    ("kind", "error"),
    [("reset", requests.ConnectionError), ("truncate", requests.exceptions.ChunkedEncodingError)],
)
def test_a_broken_connection_hides_whether_a_save_was_stored(
    facade: Any, kind: str, error: type[requests.RequestException], when: str
) -> None:
    pine_id = facade.make()
    facade.plan.add(f"save_next:1:{kind}:{when}")
    with pytest.raises(error):
        save(facade, pine_id)
    assert len(facade.store.history(pine_id)) == (2 if when == "after" else 1)
    assert save(facade, pine_id).json()["success"] is True


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_hang_ends_with_the_clients_timeout(facade: Any, when: str) -> None:
    pine_id = facade.make()
    facade.plan.add(f"save_next:1:hang:{when}")
    with pytest.raises(requests.ReadTimeout):
        facade.http.post(
            f"{facade.url}/save/next/{pine_id}",
            data="source=ours",
            headers={
                "Cookie": facade.user.cookie,
                "Content-Type": "application/x-www-form-urlencoded",
            },
            timeout=0.2,
        )
    facade.app.wait_for("/save/next/")  # a client that gave up may be ahead of the service
    assert len(facade.store.history(pine_id)) == (2 if when == "after" else 1)


def test_a_truncated_read_breaks_off(facade: Any) -> None:
    pine_id = facade.make(source="x" * 1000)
    whole = facade.ask("GET", f"/get/{pine_id}/last").content
    facade.plan.add("get:1:truncate")
    answer = facade.ask("GET", f"/get/{pine_id}/last", stream=True)
    assert answer.headers["content-length"] == str(len(whole))
    chunks: list[bytes] = []
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        chunks.extend(answer.iter_content(64))
    assert len(b"".join(chunks)) < len(whole)
    assert whole.startswith(b"".join(chunks))


def test_a_slow_response_is_complete(facade: Any) -> None:
    pine_id = facade.make()
    facade.plan.add("save_next:1:slow:seconds=0.05")
    assert save(facade, pine_id).json()["success"] is True
    assert save(facade, pine_id).json()["success"] is True


def test_a_429_has_retry_after(facade: Any) -> None:
    facade.plan.add("list:*:429:seconds=7")
    assert facade.ask("GET", LIST).headers["retry-after"] == "7"
    facade.switch("retry_after=false")
    assert "retry-after" not in facade.ask("GET", LIST).headers
    facade.plan.clear()
    facade.plan.add(Fault("list", "429", headers=(("Retry-After", "tomorrow"),)))
    assert facade.ask("GET", LIST).headers["retry-after"] == "tomorrow"


def test_a_redirect_fault_has_its_location(facade: Any) -> None:
    facade.plan.add(Fault("list", "redirect", status=308, headers=(("Location", "//evil/"),)))
    answer = facade.ask("GET", LIST)
    assert (answer.status_code, answer.headers["location"]) == (308, "//evil/")
    facade.plan.add("list:1:redirect")
    assert facade.ask("GET", LIST).headers["location"].startswith("https://www.tradingview.com/")


def test_a_response_can_have_any_bytes(facade: Any) -> None:
    facade.plan.add(Fault("list", "answer", body=b"[" * 1000, repeat=300))
    answer = facade.ask("GET", LIST)
    assert answer.content == b"[" * 300_000
    facade.plan.add(Fault("list", "answer", status=418, body=b"\xff", headers=(("X-Odd", "1"),)))
    answer = facade.ask("GET", LIST)
    assert (answer.status_code, answer.content, answer.headers["x-odd"]) == (418, b"\xff", "1")


@pytest.mark.parametrize("when", ["before", "after"])
def test_an_expire_fault_ends_the_session(facade: Any, when: str) -> None:
    pine_id = facade.make()
    facade.plan.add(f"*:2:expire:{when}")
    assert len(facade.json("GET", LIST)) == 1
    answer = save(facade, pine_id)
    assert answer.status_code == (200 if when == "after" else 401)
    assert facade.json("GET", LIST) == []
    facade.plan.clear()
    assert len(facade.json("GET", LIST)) == 1


def test_a_foreign_fault_saves_before_and_after_ours(facade: Any) -> None:
    pine_id = facade.make(source="base\n")
    facade.plan.add(Fault("save_next", "foreign", source="theirs"), "save_next:1:foreign:after")
    answer = save(facade, pine_id, "//@version=6\nindicator('x')\n")
    assert answer.json()["result"]["metaInfo"]["pine"]["version"] == "3.0"
    history = facade.store.history(pine_id)
    assert [version.author for version in history] == ["", "web editor", "", "web editor"]
    assert [version.source for version in history] == [
        "base\n",
        "theirs",
        "//@version=6\nindicator('x')\n",
        "//@version=6\nindicator('x')\n// edited in the web editor after 3.0\n",
    ]


def test_a_foreign_fault_saves_right_after_a_read(facade: Any) -> None:
    pine_id = facade.make()
    facade.plan.add("get:1:foreign:after:source=a:b")
    assert facade.json("GET", f"/get/{pine_id}/last")["version"] == "1.0"
    assert facade.json("GET", f"/get/{pine_id}/last")["source"] == "a:b"


def test_foreign_faults_create_rename_and_delete(facade: Any) -> None:
    facade.plan.add("save_new:1:foreign:source=theirs")
    assert facade.ask("POST", "/save/new?name=A&allow_overwrite=false", "ours").status_code == 409
    script = facade.store.find(facade.user, "A")
    assert (script.source, str(script.version)) == ("theirs", "1.0")
    facade.plan.add("save_next:1:foreign-rename:name=B: b")
    save(facade, script.pine_id)
    assert facade.store.get(script.pine_id).name == "B: b"
    facade.plan.add("save_next:1:foreign-delete")
    assert save(facade, script.pine_id).status_code == 401


def test_a_delayed_save_waits_to_be_released(facade: Any) -> None:
    pine_id = facade.make()
    facade.plan.add("save_next:1:delay")
    with pytest.raises(requests.ConnectionError):
        save(facade, pine_id, "late")
    save(facade, pine_id, "second")
    assert [version.source for version in facade.store.history(pine_id)][1:] == ["second"]
    assert facade.plan.release() == 1
    assert [version.source for version in facade.store.history(pine_id)][1:] == ["second", "late"]
    assert facade.plan.release() == 0


def test_a_delayed_save_lands_after_a_number_of_requests(facade: Any) -> None:
    pine_id = facade.make()
    facade.plan.add("save_next:1:delay:then=503:later=2")
    assert save(facade, pine_id, "late").status_code == 503
    path = f"/get/{pine_id}/last"
    versions = [facade.json("GET", path)["version"] for _ in range(3)]
    assert versions == ["1.0", "1.0", "2.0"]


@pytest.mark.parametrize("endpoint", ["save_new", "delete", "check", "list", "script_info"])
def test_every_endpoint_can_fail(facade: Any, endpoint: str) -> None:
    pine_id = facade.make()
    request = {
        "save_new": ("POST", "/save/new?name=N", "x"),
        "delete": ("POST", f"/delete/{pine_id}"),
        "check": ("POST", "/translate_light?v=3", "x"),
        "list": ("GET", LIST),
        "script_info": ("GET", f"/get_script_info/?pine_id={pine_id}"),
    }[endpoint]
    facade.plan.add(f"{endpoint}:1:500:after", f"{endpoint}:2:reset")
    assert facade.ask(*request).status_code == 500
    with pytest.raises(requests.ConnectionError):
        facade.ask(*request)
    assert (facade.store.find(facade.user, "N") is not None) == (endpoint == "save_new")
    assert (facade.store.find(facade.user, "One") is None) == (endpoint == "delete")


def test_calls_are_counted_from_when_the_fault_was_planned() -> None:
    plan = FaultPlan(["get:2:500"])
    kinds = [[fault.kind for fault in plan.next("get")] for _ in range(3)]
    assert kinds == [[], ["500"], []]
    plan.add("get:1:reset", "list:1:503")
    assert [fault.kind for fault in plan.next("get")] == ["reset"]
    assert plan.next("get") == []


def test_calls_are_counted_correctly_across_threads() -> None:
    plan = FaultPlan([Fault("get", "500", first=11, count=25)])
    struck: list[int] = []
    threads = [
        threading.Thread(target=lambda: struck.extend(len(plan.next("get")) for _ in range(50)))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(struck) == 25


def test_faults_are_parsed_from_text() -> None:
    assert Fault.parse("save_next:1:reset:after") == Fault("save_next", "reset", when="after")
    assert Fault.parse("get:2-4:slow:seconds=2") == Fault(
        "get", "slow", first=2, count=3, seconds=2.0
    )
    assert Fault.parse("*:5+:html:status=403") == Fault("*", "html", 5, ALWAYS, status=403)
    assert Fault.parse("list:*:empty") == Fault("list", "empty", 1, ALWAYS)
    assert Fault.parse("get:1:foreign:source=a:b=c:d").source == "a:b=c:d"
    for text in (
        "",
        "get",
        "get:1",
        "get:0:500",
        "get:x:500",
        "get:1-:500",
        "get:5-2:500",
        "nowhere:1:500",
        "get:1:explode",
        "get:1:500:sometimes",
        "get:1:slow:seconds=long",
        "get:1:500:when=never",
        "get:1:delay:then=slow",
    ):
        with pytest.raises(Misuse):
            Fault.parse(text)
