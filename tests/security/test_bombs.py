"""Responses that exhaust memory, have two meanings, or are malformed: each ends with a
documented exit code and a clear message, in less than 200 MB; nothing changes."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from pinesync.protocol import MAX_LIST
from pinesync.text.canonical import MAX_SOURCE
from tests.security.bombs import (
    MOST,
    Answers,
    Hostile,
    Measured,
    Pieces,
    as_json,
    endless_trailers,
    long_headers,
    measured,
    much,
    much_in_chunks,
    much_until_the_end,
    plain,
    zipped,
)
from tests.world import TREND_PATH, World

pytestmark = pytest.mark.promise("S11")

if not sys.platform.startswith("linux"):
    pytest.skip("the memory of a process is read from /proc", allow_module_level=True)

over_http = pytest.mark.parametrize("world", ["facade"], indirect=True)
ID = "USER;0123456789abcdef0123456789abcdef"
ROW = b'{"scriptIdPart":"' + ID.encode() + b'","version":"1.0","scriptName":"A"%s}'
DEEP = 100_000

Bomb = Callable[[], Pieces]


def full(item: bytes) -> Bomb:
    """A list of these items with the maximum length."""
    return lambda: plain(b"[" + b",".join([item] * (MAX_LIST // (len(item) + 1) - 1)) + b"]")


def rows() -> Pieces:
    """Scripts, each as short as possible, and all valid."""
    row = b'{"scriptIdPart":"USER;%032x","version":1}'
    return plain(b"[" + b",".join(row % number for number in range(MAX_LIST // 70)) + b"]")


# The response for the list, and the words of the error.
LISTS: dict[str, tuple[Bomb, str]] = {
    "gzip of 10 GB": (lambda: zipped(10), "larger than"),
    "200 MB": (lambda: much(200), "larger than"),
    "200 MB without a length": (lambda: much_until_the_end(200), "larger than"),
    "200 MB in chunks": (lambda: much_in_chunks(200), "larger than"),
    "long headers": (long_headers, "connection"),
    "lines without end after the last chunk": (endless_trailers, "broke off"),
    "deep arrays": (lambda: plain(b"[" * DEEP + b"]" * DEEP), "nested"),
    "deep objects": (lambda: plain(b'{"a":' * DEEP + b"1" + b"}" * DEEP), "nested"),
    "empty objects": (full(b"{}"), "commas and brackets"),
    "objects": (full(b'{"":0}'), "commas and brackets"),
    "lists": (full(b"[]"), "commas and brackets"),
    "texts": (full(b'"ab"'), "commas and brackets"),
    "texts with commas": (full(b'"a,b"'), "commas and brackets"),
    "numbers": (full(b"1.5"), "commas and brackets"),
    "scripts": (rows, "commas and brackets"),
    "NaN": (lambda: plain(b"[%s]" % (ROW % b',"modified":NaN')), "NaN"),
    "no end": (lambda: plain(b"[%s]" % (ROW % b',"modified":-Infinity')), "Infinity"),
    "a number too large": (lambda: plain(b"[%s]" % (ROW % b',"modified":1e999')), "1e999"),
    "a number too long": (
        lambda: plain(b"[%s]" % (ROW % (b',"modified":' + b"9" * 10_001))),
        "digits",
    ),
    "a version twice": (lambda: plain(b"[%s]" % (ROW % b',"version":"2.0"')), "'version' comes"),
    "a version too high": (
        lambda: plain(b"[%s]" % ROW.replace(b"1.0", b"999999999.0") % b""),
        "not a version",
    ),
    "an id with half a character": (
        lambda: plain(b'[{"scriptIdPart":"USER;\\ud800","version":1}]'),
        "not a script id",
    ),
    "not UTF-8": (lambda: plain(b'["\xff"]'), "utf-8"),
    "not JSON": (lambda: plain(b"[" + b" " * 1000), "JSON"),
}


def text(source: object = "x", **more: object) -> dict[str, object]:
    return {"scriptIdPart": None, "version": "9.0", "scriptName": "A", "source": source, **more}


TEXTS: dict[str, tuple[Bomb, str]] = {
    "gzip of 10 GB": (lambda: zipped(10), "larger than"),
    "200 MB": (lambda: much(200, b'"'), "larger than"),
    "a source too large": (lambda: as_json(text("x" * (MAX_SOURCE + 1))), "larger than"),
    "a source as large as the answer": (
        lambda: plain(json.dumps(text("a" * MAX_SOURCE + "😀"), ensure_ascii=False).encode()),
        "larger than",
    ),
    "deep": (lambda: plain(b'{"source":"x","extra":' + b"[" * DEEP), "nested"),
    "not so deep": (
        lambda: plain(b'{"source":"x","extra":' + b"[" * 70 + b"]" * 70 + b"}"),
        "nested",
    ),
    "many values": (lambda: as_json(text(extra=[0] * 2_000_000)), "commas and brackets"),
    "half a character": (lambda: as_json(text("a\ud800")), "a lone surrogate"),
    "NUL": (lambda: as_json(text("a\0b")), "NUL"),
    "a source twice": (
        lambda: plain(b'{"source":"a","version":"9.0","source":"b"}'),
        "'source' comes twice",
    ),
    "a version twice": (
        lambda: plain(b'{"version":"9.0","source":"a","version":"8.0"}'),
        "'version' comes twice",
    ),
    "another version": (lambda: as_json(text(version="8.0")), "8.0"),
    "another script": (lambda: as_json(text(scriptIdPart="USER;" + "f" * 32)), "another script"),
    "a version of 5,000 digits": (
        lambda: plain(b'{"source":"a","version":' + b"9" * 5000 + b"}"),
        "digits",
    ),
}


def routed(list_: Bomb, get: Bomb, check: Bomb | None = None) -> Answers:
    def answers(path: str) -> Pieces:
        if "translate_light" in path:
            return check() if check else []
        return get() if "/get/" in path else list_()

    return answers


def listed(world: World, more: Sequence[object] = (), version: str = "1.0") -> Bomb:
    """The account's list; with that version of one script, and more."""
    rows = [
        {
            "scriptIdPart": row.pine_id,
            "version": version if row.name == "Trend" else "1.0",
            "scriptName": row.name,
        }
        for row in world.store.list(world.user)
    ]
    return lambda: as_json([*rows, *more])


def run(world: World, answers: Answers, *command: str) -> Measured:
    """Run the command, which must not change any file or the account."""
    before = world.files(), world.records(), world.account()
    with Hostile(answers) as server:
        result = measured(command, world.folder, PINESYNC_FACADE_URL=server.url)
    assert result.peak < MOST, result
    assert (world.files(), world.records(), world.account()) == before
    return result


@over_http
@pytest.mark.parametrize("name", LISTS)
def test_a_hostile_list_is_refused(clone: World, name: str) -> None:
    bomb, words = LISTS[name]
    result = run(clone, routed(bomb, bomb), "pull")
    assert result.code == (7 if bomb in (long_headers, endless_trailers) else 1), result
    assert words in result.output, result
    assert len(result.output) < 1000, result


@pytest.mark.promise("S15")
@over_http
@pytest.mark.parametrize("name", TEXTS)
def test_a_hostile_text_is_refused_and_its_script_named(clone: World, name: str) -> None:
    bomb, words = TEXTS[name]
    result = run(clone, routed(listed(clone, version="9.0"), bomb), "pull")
    assert result.code == 1, result
    assert f"{TREND_PATH}: " in result.output
    assert words in result.output, result
    assert len(result.output) < 1000, result


@over_http
def test_the_longest_allowed_list_is_read(clone: World) -> None:
    """A valid list with the maximum number of scripts."""
    more = [
        {"scriptIdPart": f"USER;{n:032x}", "version": 1, "scriptName": str(n)}
        for n in range(55_000)
    ]
    result = run(clone, routed(listed(clone, more), list), "status")
    assert result.code == 0
    assert "55000 remote-only" in result.output


@over_http
def test_many_large_scripts_fit_in_memory(clone: World) -> None:
    """Together they are as large as the memory limit of a process."""
    more = [{"scriptIdPart": f"USER;{n:032x}", "version": 1} for n in range(100)]
    body = {"version": 1, "source": ("//" + "x" * 1021 + "\n") * 2048}
    with Hostile(routed(listed(clone, more), lambda: as_json(body))) as server:
        result = measured(["pull"], clone.folder, PINESYNC_FACADE_URL=server.url)
    assert result.code == 0, result.output[-500:]
    assert len(clone.files()) == 4 + 100
    assert result.peak < MOST


def finding(**more: object) -> dict[str, object]:
    return {"message": "m", "start": {"line": 1, "column": 1}, **more}


def findings(*errors: object) -> Bomb:
    return lambda: as_json({"success": True, "result": {"errors": errors}})


CHECKS: dict[str, Bomb] = {
    "a message that grows": findings(finding(message="{a}" * 500_000, ctx={"a": "x" * 2_000_000})),
    "a value that grows": findings(finding(message="{a}" * 300, ctx={"a": [0] * 200_000})),
    "twenty thousand": findings(*[finding()] * 20_000),
    "too many": findings(*[{}] * 200_000),
    "far away": findings(finding(start={"line": 10**90, "column": -(10**90)})),
    "odd": findings(*[finding(**{key: [[[{}]]]}) for key in ("code", "message", "ctx", "start")]),
}


@over_http
@pytest.mark.parametrize("name", CHECKS)
def test_findings_are_reported_within_bounds(clone: World, name: str) -> None:
    result = run(clone, routed(list, list, CHECKS[name]), "check", TREND_PATH)
    assert result.code == (1 if name == "too many" else 4), result.output[:500]
    assert max(map(len, result.output.split("\n"))) < 1200


CLIENT = """
import sys
from pinesync.errors import PinesyncError
from pinesync.model import PineId
from pinesync.tradingview.client import PineClient
from pinesync.tradingview.http import Session, Transport

report, url, bombs = sys.argv[1:]
one = PineId("USER;" + "0" * 32)
for number in range(int(bombs)):
    client = PineClient(Session(f"{url}/{number}", None, Transport(sleep=lambda _: None)))
    for name, call in {
        "list": client.list_scripts,
        "get": lambda: client.get(one),
        "check": lambda: client.check("x"),
        "whoami": lambda: client.whoami(one),
        "save_new": lambda: client.save_new("A", "x"),
        "save_next": lambda: client.save_next(one, None, "x"),
        "delete": lambda: client.delete(one),
    }.items():
        try:
            call()
        except PinesyncError as error:
            print(number, name, type(error).__name__)
        else:
            print(number, name, "took it")
    client.close()
with open("/proc/self/status") as status, open(report, "w") as file:
    file.write(next(line.split()[1] for line in status if line.startswith("VmHWM")))
"""


OF_EACH_KIND = (
    *("gzip of 10 GB", "200 MB without a length", "lines without end after the last chunk"),
    *("deep arrays", "objects", "NaN", "a version twice", "a number too long", "not UTF-8"),
)


def test_every_client_request_survives_hostile_responses(tmp_path: Path) -> None:
    """One process handles all of them in turn."""
    bombs = [LISTS[name][0] for name in OF_EACH_KIND] + list(CHECKS.values())

    def answers(path: str) -> Pieces:
        return bombs[int(path.split("/")[2])]()

    with Hostile(answers) as server:
        arguments = [server.url, str(len(bombs))]
        result = measured(arguments, tmp_path, CLIENT)
    assert result.code == 0, result.output[-2000:]
    assert result.peak < MOST
    ends = [line.split(" ", 2) for line in result.output.splitlines()]
    assert len(ends) == 7 * len(bombs)
    taken = {call for number, call, end in ends if end == "took it"}
    assert taken <= {"check", "get", "list"}, ends
    assert {end for _, _, end in ends} <= {"took it", "BadResponse", "NetworkError", "Refused"}
