"""What each client from PyPI is asked to do. Runs in the clients' own interpreter:

    python calls.py NAME ADDRESS COOKIE PINE_ID FOLDER

prints a JSON list of [call, "" or why it failed]. Nothing but loopback can be reached.
"""

import asyncio
import json
import socket
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

GOOD = "//@version=6\nindicator('Good')\nplot(close)\n"
BAD = "//@version=6\nindicator('Bad')\nplot(clsoe)\n"
BUILT_IN = "STD;SMA"
LIBRARY = "PUB;5a6d3c1e9f8b4a7d8c2e1f0b9a8d7c6e"

Calls = dict[str, Callable[[], Any]]


def only_loopback() -> None:
    real = socket.getaddrinfo

    def looked_up(host: Any, *more: Any, **named: Any) -> Any:
        if host not in ("127.0.0.1", "localhost"):
            raise OSError(f"asks {host}")
        return real(host, *more, **named)

    socket.getaddrinfo = looked_up


def tv_scraper(cookie: str, pine_id: str, folder: Path) -> Calls:
    pine = import_module("tv_scraper.scrapers.scripts.pine").Pine(cookie=cookie)
    streaming = import_module("tv_scraper.streaming.utils")
    made: list[str] = []

    def done(answer: dict[str, Any]) -> Any:
        assert answer["status"] == "success", answer["error"]
        return answer["data"]

    def create() -> None:
        made.append(done(pine.create_script("Made by a peer", GOOD))["id"])

    def refused() -> None:
        assert pine.validate_script(BAD)["data"]["errors"][0]["code"] == "CE10272"

    return {
        "list_saved_scripts": lambda: done(pine.list_saved_scripts())[0]["id"],
        "validate_script": lambda: done(pine.validate_script(GOOD)),
        "validate_script of an error": refused,
        "create_script": create,
        "edit_script": lambda: done(pine.edit_script(made[0], "Made by a peer", GOOD + "// x\n")),
        "get_script": lambda: done(pine.get_script(made[0], "2.0"))["source"],
        "delete_script": lambda: done(pine.delete_script(made[0])),
        "fetch_indicator_metadata": lambda: done(
            streaming.fetch_indicator_metadata(BUILT_IN, "1.0", "cs_1")
        ),
        "fetch_indicator_metadata of one's own": lambda: done(
            streaming.fetch_indicator_metadata(pine_id, "last", "cs_1", cookie)
        ),
    }


def pynescript(cookie: str, pine_id: str, folder: Path) -> Calls:
    facade = import_module("pynescript.util.pine_facade")

    def download() -> None:
        facade.download_builtin_scripts(folder)
        assert list(folder.glob("*.pine"))

    return {
        "list_builtin_scripts": lambda: facade.list_builtin_scripts()[0]["scriptName"],
        "get_script": lambda: facade.get_script(BUILT_IN, "1.0")["source"],
        "download_builtin_scripts": download,
    }


def tradingview_scraper(cookie: str, pine_id: str, folder: Path) -> Calls:
    streaming = import_module("tradingview_scraper.symbols.stream.utils")
    return {
        "fetch_indicator_metadata": lambda: streaming.fetch_indicator_metadata(
            BUILT_IN, "1.0", "cs_1"
        )["p"]
    }


def tradingview_sdk(cookie: str, pine_id: str, folder: Path) -> Calls:
    def source() -> None:
        with import_module("tradingview_sdk").TradingView() as client:
            assert client.get_pine_source(LIBRARY).source_text.startswith("//@version=6")

    return {"get_pine_source of a published script": source}


def tradingview_api_python(cookie: str, pine_id: str, folder: Path) -> Calls:
    requests = import_module("tradingviewApiPython.misc_requests")
    session, sign = (part.partition("=")[2] for part in cookie.split("; "))
    return {
        "get_indicator": lambda: requests.get_indicator(BUILT_IN, "last"),
        "get_indicator of one's own": lambda: requests.get_indicator(
            pine_id, "last", session, sign
        ),
        "get_private_indicators": lambda: requests.get_private_indicators(session, sign)[0]["id"],
        "search_indicator": lambda: requests.search_indicator("average"),
    }


def pinescript_syntax_checker(cookie: str, pine_id: str, folder: Path) -> Calls:
    checker = import_module("pinescript_syntax_checker.pinescript_checker").PineScriptChecker()

    def found(source: str, count: int) -> None:
        answer = asyncio.run(checker.check_syntax(source))
        assert answer["success"], answer
        assert len(answer["result"].get("errors", [])) == count

    return {
        "check_syntax": lambda: found(GOOD, 0),
        "check_syntax of an error": lambda: found(BAD, 1),
    }


def pinescript_claude_hook(cookie: str, pine_id: str, folder: Path) -> Calls:
    compiler = import_module("pinescript_claude_hook.compile")

    def found(source: str, success: bool) -> None:
        (folder / "x.pine").write_text(source)
        assert compiler.compile_file(str(folder / "x.pine"))["success"] is success

    return {
        "compile_file": lambda: found(GOOD, True),
        "compile_file of an error": lambda: found(BAD, False),
    }


def main(name: str, cookie: str, pine_id: str, folder: str) -> None:
    only_loopback()
    results = []
    for call, act in globals()[name](cookie, pine_id, Path(folder)).items():
        try:
            act()
            results.append([call, ""])
        except Exception as error:
            results.append([call, f"{type(error).__name__}: {error}"])
    sys.stdout.write("\n" + json.dumps(results))


if __name__ == "__main__":
    main(*sys.argv[1:])
