"""The drawings of docs/design.md match the code."""

import _thread
import re
import sys
import threading
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from pinesync.tradingview.http import Session
from tests.docs.pages import ROOT, blocks, page
from tests.world import LONGER, TREND_PATH, World

DESIGN = "docs/design.md"
PACKAGE = ROOT / "pinesync"
MOST_MODULES = 10
"""Between the verb and the request."""


def drawing(first: str) -> list[tuple[int, str, str]]:
    """The drawing that begins with that word: the depth, the name and the words of each line."""
    (text,) = [block.text for block in blocks(page(DESIGN)) if block.text.startswith(first)]
    lines = [re.fullmatch(r"( *)(\S+) *(.*)", line) for line in text.splitlines()]
    return [(len(line[1]) // 2, line[2], line[3]) for line in lines if line]


def paths(first: str) -> Iterator[tuple[list[str], str]]:
    """Each line's path from the root of the drawing, and its words."""
    path: list[str] = []
    for depth, name, words in drawing(first):
        path = [*path[:depth], name]
        yield path, words


def test_the_drawing_has_every_package() -> None:
    drawn = {"".join(way) for way, _ in paths("pinesync/\n")}
    packages = {path.parent for path in PACKAGE.rglob("__init__.py")}
    front = {path for path in PACKAGE.glob("*.py") if not path.name.startswith("__")}
    stands = {f"{path.relative_to(ROOT).as_posix()}/" for path in packages}
    assert drawn == stands | {path.relative_to(ROOT).as_posix() for path in front}


def test_the_line_of_layers_matches_the_import_contract() -> None:
    (line,) = re.findall(r"^    (cli → .+)$", page(DESIGN), re.MULTILINE)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = project["tool"]["importlinter"]["contracts"]
    (layers,) = [c["layers"] for c in contracts if c["id"] == "layers"]
    drawn = [set(re.findall(r"\w+", layer)) for layer in line.split(" → ")]
    assert drawn == [set(re.findall(r"\w+", layer)) for layer in layers]
    order = [
        name.rstrip("/").removesuffix(".py")
        for depth, name, _ in drawing("pinesync/\n")
        if depth == 1
    ]
    rank = {name: number for number, layer in enumerate(drawn) for name in layer}
    assert order == sorted(order, key=rank.__getitem__)


def test_contributing_does_not_repeat_the_layer_diagram() -> None:
    assert not re.search(r"^    cli → ", page("CONTRIBUTING.md"), re.MULTILINE)


def test_the_call_diagram_matches_a_real_push(clone: World) -> None:
    clone.write(LONGER)
    with walked() as walks:
        assert clone("push", TREND_PATH).code == 0
    drawn = [path for path, _ in paths("cli/sync/push ") if path[-1] == "tradingview/client"]
    assert len(walks) == 5
    assert sorted(walks) == sorted(drawn), "\n".join(" → ".join(walk) for walk in walks)
    between = {module for walk in walks for module in walk} - {"cli/sync/push"}
    assert len(between) <= MOST_MODULES


@contextmanager
def walked() -> Iterator[list[list[str]]]:
    """Record the modules that each request passes, from the command to the last before the session.
    A thread continues the path of its starter."""
    walks: list[list[str]] = []
    started: dict[int, list[str]] = {}
    start = _thread.start_new_thread

    def start_noted(act: Callable[[], None], arguments: tuple[()]) -> int:
        path = way_to(sys._getframe(1))

        def noted() -> None:
            started[threading.get_ident()] = path
            sys.setprofile(note)
            act()

        return start(noted, arguments)

    def note(frame: FrameType, event: str, _: Any) -> None:
        if event == "call" and frame.f_code is Session.send.__code__:
            whole = [*started.get(threading.get_ident(), []), *way_to(frame)]
            walk = list(dict.fromkeys(whole))
            walks.append(walk[walk.index("cli/sync/push") : walk.index("tradingview/http")])

    before = sys.getprofile()
    sys.setprofile(note)
    _thread.start_new_thread = start_noted  # type: ignore[assignment]
    try:
        yield walks
    finally:
        sys.setprofile(before)
        _thread.start_new_thread = start


def way_to(frame: FrameType | None) -> list[str]:
    """The modules of pinesync that called each other down to this frame, the first one first."""
    way = []
    while frame:
        path = Path(frame.f_code.co_filename)
        if path.is_relative_to(PACKAGE):
            way.append(path.relative_to(PACKAGE).with_suffix("").as_posix())
        frame = frame.f_back
    return way[::-1]
