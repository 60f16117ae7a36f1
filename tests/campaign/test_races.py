"""Races with a real editor and a real reader, each in its own process.

Every edit has a serial number. A serial that the editor saved must be in the file at the end, or
in the texts that were kept when they were taken out of it.
"""

import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

import pytest

from pinesync.app.parallel import Pool
from pinesync.atomic import Folder
from pinesync.model import Base, Entry, PineId, RelPath, Version
from pinesync.sync.engine.write_file import write_file
from pinesync.sync.intents import Download, Now
from pinesync.sync.ports import ChangedMeanwhile, Ports, Tools
from pinesync.text.canonical import decode, digest
from pinesync.workspace.files import Tree
from pinesync.workspace.files.exchange import Exchange, exchange_files, link_and_replace
from pinesync.workspace.manifest import Manifest, Settings, dump_new
from pinesync.workspace.state import State
from pinesync.workspace.state.store import new_key
from pinesync.workspace.workspace import Workspace
from tests.world import OneScript

PATH = RelPath("indicators/raced.pine")
ROUNDS = 5_000
"""For each of the two styles."""
PULLS = 1_000
SERIAL = re.compile(r"// edit (\d+)\n")

EDITOR = """
import os, random, sys

path, style = sys.argv[1:]
lot = random.Random(style)

def renames(text):
    with open(path + "~", "w") as file:
        file.write(text)
    os.replace(path + "~", path)

def truncates(text):
    with open(path, "w") as file:
        file.write(text[:40])
        file.flush()
        file.write(text[40:])

for line in sys.stdin:
    with open(path) as file:
        buffer = file.read()
    for _ in range(lot.randrange(40_000)):
        pass  # the person thinks, longer or shorter than an exchange takes
    globals()[style](buffer + f"// edit {int(line)}\\n")
    print("saved", flush=True)
"""

READER = """
import select, sys

seen = set()
while not select.select([sys.stdin], [], [], 0)[0]:
    with open(sys.argv[1], "rb") as file:
        text = file.read()
    lines = text.decode().split("\\n")
    whole = len(lines) == 1002 and len(set(lines[:-1])) == 1 and not lines[-1]
    seen.add(lines[0] if whole else f"broken: {text[:60]}")
    if len(seen) == 1:
        print("reading", flush=True)
print(*seen, sep="\\n")
"""


@pytest.fixture
def folder(tmp_path: Path) -> Workspace:
    root = tmp_path / "scripts"
    (root / PATH).parent.mkdir(parents=True)
    (root / PATH).write_text("//@version=6\n")
    (root / "pine.toml").write_text(dump_new(Manifest(Settings(id="raced", remote="sandbox"))))
    return Workspace(Tree(root), State(tmp_path / "state"), lambda: 1e9)


@contextmanager
def process(program: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-I", "-c", program, *arguments]
    with subprocess.Popen(command, stdin=-1, stdout=-1, text=True, bufsize=1) as child:
        try:
            yield child
        finally:
            child.kill()


def _unasked(*_: object) -> Any:
    raise AssertionError("a file is exchanged, and nothing else")


def pulled(folder: Workspace, text: str, number: int, planned: bytes | None = None) -> bool:
    """Write the text as a pull does, planned before or now, and return whether the file was as
    planned."""
    clocks = Now(0.0, float(number), "boot")
    tools = Tools(
        merge=_unasked,
        syntax=_unasked,
        now=lambda: clocks,
        sleep=_unasked,
        new_key=lambda: new_key(number),
        parallel=Pool(jobs=1),
        submit=lambda act: act,
        settle_seconds=0.0,
    )
    one = folder
    ports = Ports(_unasked, one.manifest, one.tree, one.texts, one.log, tools)
    base = Base(Version(number + 1), digest(text))
    entry = Entry(PATH, "raced", PineId("USER;" + "0" * 32), base)
    planned = planned or folder.tree.read(PATH) or b""
    downloads: list[Download] = []
    try:
        write_file(ports, entry, text, digest(decode(planned)), downloads, brings_base=True)
    except ChangedMeanwhile:
        return False
    folder.log.drop(downloads)
    return True


def serials(folder: Workspace) -> tuple[set[str], set[str]]:
    """The serials in the file, and those in stored texts."""
    stored = (path.read_text() for path in folder.state.folder.glob("objects/*/*"))
    there = (folder.root / PATH).read_text()
    return set(SERIAL.findall(there)), {n for text in stored for n in SERIAL.findall(text)}


@pytest.mark.promise(1)
@pytest.mark.timeout(900)
@pytest.mark.parametrize("style", ["renames", "truncates"])
def test_a_pull_loses_no_save_of_a_racing_editor(
    folder: Workspace, style: str, request: pytest.FixtureRequest
) -> None:
    """One save and one pull in each round, at the same moment or nearly so. Every other pull is
    planned when the save may have begun, so on a half-written file."""
    rounds = ROUNDS * (10 if request.config.getoption("--deep") else 1)
    ends: Counter[bool] = Counter()
    with process(EDITOR, str(folder.root / PATH), style) as editor:
        assert editor.stdin
        assert editor.stdout
        for number in range(rounds):
            planned = folder.tree.read(PATH) if number % 2 else None
            editor.stdin.write(f"{number}\n")
            ends[pulled(folder, f"//@version=6\n// version {number}\n", number, planned)] += 1
            assert editor.stdout.readline() == "saved\n"
    current, stored = serials(folder)
    lost = {str(number) for number in range(rounds)} - current - stored
    assert not lost, f"{len(lost)} of {rounds} edits are lost, such as {sorted(lost)[:5]}"
    assert all(ends[end] for end in (True, False)), f"no race at all: {ends}"
    assert [path.name for path in (folder.root / PATH).parent.iterdir()] == ["raced.pine"]
    assert not folder.log.intents()


@pytest.mark.promise(1)
@pytest.mark.parametrize("exchange", [exchange_files, link_and_replace])
def test_a_save_between_the_last_read_and_the_exchange_is_restored(
    folder: Workspace, exchange: Exchange
) -> None:
    """The exchanged text differs from the one that the pull read: it is put back, and the pull
    reports it."""
    file = folder.root / PATH
    saved = ["//@version=6\n// edit 1\n"]

    def late(at: Folder, temp: str, name: str) -> None:
        if saved:
            file.with_name("raced.pine~").write_text(saved.pop())
            file.with_name("raced.pine~").replace(file)
        exchange(at, temp, name)

    folder.tree.files = Tree(folder.root, late)
    assert not pulled(folder, "//@version=6\n// version 1\n", 1)
    assert file.read_text() == "//@version=6\n// edit 1\n"
    assert [path.name for path in file.parent.iterdir()] == ["raced.pine"]
    assert not folder.log.intents()


def opened(path: Path) -> TextIO:
    return path.open("r+")


def emptied(path: Path) -> TextIO:
    return path.open("w")


def half_written(path: Path) -> TextIO:
    file = path.open("w")
    file.write("//@version=6\n")
    file.flush()
    return file


@pytest.mark.promise(1, 32)
@pytest.mark.parametrize("begin", [opened, emptied, half_written])
def test_a_pull_during_a_save_in_place_keeps_the_edit(
    folder: Workspace, begin: Callable[[Path], TextIO]
) -> None:
    """The editor keeps the file open for writing during the whole pull, and finishes its save
    afterwards."""
    with begin(folder.root / PATH) as file:
        pulled(folder, "//@version=6\n// version 1\n", 1)
        file.seek(0)
        file.write("//@version=6\n// edit 1\n")
        file.truncate()
    current, stored = serials(folder)
    assert "1" in current | stored, "the editor's text is in a file that has no name any more"


@pytest.mark.parametrize("begin", [opened, emptied, half_written])
def test_pull_and_push_during_a_save_in_place_keep_the_edit(
    world: OneScript, begin: Callable[[Path], TextIO]
) -> None:
    """The same with real commands: a half-written file is neither overwritten nor merged
    permanently."""
    whole = world.file.read_text().replace("// part 5\n", "// part 5\n// mark L9\n")
    world.web_fresh()
    with begin(world.file) as file:
        world.sync()
        file.seek(0)
        file.write(whole)
        file.truncate()
    world.made.add("L9")
    world.check_always()
    assert all("L9" not in text for text in world.log[:2])


@pytest.mark.promise(2)
def test_a_reader_never_sees_a_partial_text(folder: Workspace) -> None:
    """Every read during or between pulls returns the old text or the new one."""
    texts = [f"// version {number}\n" * 1001 for number in range(PULLS + 1)]
    (folder.root / PATH).write_text(texts[0])
    with process(READER, str(folder.root / PATH)) as reader:
        assert reader.stdout
        assert reader.stdout.readline() == "reading\n"
        for number, text in enumerate(texts[1:]):
            assert pulled(folder, text, number)
        output, _ = reader.communicate("stop\n")
    seen = set(output.splitlines()) - {"reading"}
    assert len(seen) > 1, "no pull was seen"
    assert seen <= {text.split("\n")[0] for text in texts}
