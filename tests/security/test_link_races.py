"""While files are read and written, a part of the folder is constantly exchanged for a link that
leads outside: nothing is read or written there."""

from __future__ import annotations

import os
import random
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path

import pytest

from pinesync.errors import FileError
from pinesync.model import RelPath
from pinesync.sync.ports import ChangedMeanwhile
from pinesync.text.canonical import Unreadable, decode, digest
from pinesync.workspace.files import MANIFEST, Tree
from pinesync.workspace.files.exchange import _renameat2
from pinesync.workspace.files.new_workspace import staged_folder
from tests.security.twins import LEFT, PATH, SECRET, Twins
from tests.world import SLOWER, TREND, TREND_PATH, World

if not sys.platform.startswith("linux"):
    pytest.skip("two names are exchanged by a system call of Linux", allow_module_level=True)

ROUNDS = 10_000
PULLS = 40


class Swapper(threading.Thread):
    """Exchange two names repeatedly; at the end, each is in its place."""

    def __init__(self, folder: Path, name: str, other: str) -> None:
        super().__init__(daemon=True)
        self._names = (name, other)
        self._folder = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        self._done = threading.Event()
        self._swaps = 0

    def run(self) -> None:
        lot = random.Random(1)
        while not self._done.is_set() or self._swaps % 2:
            for _ in range(lot.randrange(1, 4)):  # never in step with the other thread
                with suppress(FileNotFoundError):
                    _renameat2(self._folder, *self._names)
                    self._swaps += 1
            for _ in range(lot.randrange(300)):
                pass  # now and then long enough for a whole act

    def __enter__(self) -> Swapper:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self.join()
        os.close(self._folder)


class Place(Twins):
    def __post_init__(self) -> None:
        super().__post_init__()
        self.files = os.open(self.root / "a/b", os.O_RDONLY | os.O_DIRECTORY)
        """The real folder, wherever it is."""

    def swapped(self, name: str) -> Swapper:
        """An attacker who exchanges the name with a link to its twin outside."""
        target = self.root / name
        target.with_name(".swapped").symlink_to(self.outside / name)
        return Swapper(target.parent, target.name, ".swapped")


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    place = Place(tmp_path)
    yield place
    os.close(place.files)
    sys.setswitchinterval(interval)


def reads(at: Place, tree: Tree, key: str) -> None:
    at.seen += [tree.read(path) or b"" for path in (PATH, MANIFEST)]


def lists(at: Place, tree: Tree, key: str) -> None:
    at.seen += [SECRET for path in tree.scripts() if "Strange" in path]


def puts(at: Place, tree: Tree, key: str) -> None:
    before = tree.read(PATH)
    assert before is not None
    at.seen.append(before)
    expected, text = digest(decode(before)), f"// {key}\n"
    temp = f".pinesync-{key}.tmp"
    try:
        tree.put(PATH, text.encode(), expected, key, lambda _: None, at.seen.append)
    except (FileError, ChangedMeanwhile):
        kept = at.seen.append
        tree.finish_write(PATH, temp, digest(text), expected, kept, lambda: None, lambda: False)
        raise


def creates(at: Place, tree: Tree, key: str) -> None:
    tree.put(RelPath(f"a/b/{key}/New.pine"), b"// new\n", None, key, lambda _: None, print)


def discards(at: Place, tree: Tree, key: str) -> None:
    name = LEFT.rpartition("/")[2]
    os.close(os.open(name, os.O_WRONLY | os.O_CREAT, dir_fd=at.files))
    tree.discard(LEFT, at.seen.append)


def writes_the_manifest(at: Place, tree: Tree, key: str) -> None:
    before = tree.read(MANIFEST)
    assert before is not None
    at.seen.append(before)
    tree.write_manifest(f"# {key}\n".encode(), before, key)


ACTS = (reads, lists, puts, creates, discards, writes_the_manifest)
SWAPPED = {
    "a": ACTS[:5],
    "a/b": ACTS[:5],
    PATH: (reads, puts),
    MANIFEST: (reads, writes_the_manifest),
}
PAIRS = [(name, act) for name, acts in SWAPPED.items() for act in acts]

Act = Callable[[Place, Tree, str], None]


@pytest.mark.promise("S7")
@pytest.mark.parametrize(("name", "act"), PAIRS)
def test_nothing_outside_is_read_or_written_in_a_race(place: Place, name: str, act: Act) -> None:
    before, tree, keys = place.contents(), Tree(place.root), count()
    ends: Counter[bool] = Counter()
    least = ROUNDS // len(PAIRS) + 1
    with place.swapped(name):
        while ends.total() < least or (len(ends) < 2 and ends.total() < 10 * least):
            try:
                act(place, tree, f"k{next(keys)}")
                ends[True] += 1
            except (FileError, ChangedMeanwhile, Unreadable):
                ends[False] += 1
    assert place.contents() == before
    assert SECRET not in place.seen
    assert len(ends) == 2, f"no race at all: {ends}"


@pytest.mark.promise("S7")
def test_pulls_stay_inside_during_a_race(clone: World) -> None:
    """The whole command: each failure is a refusal with the path, and in the end it succeeds."""
    outside = clone.place / "outside"
    (outside / "indicators").mkdir(parents=True)
    (outside / TREND_PATH).write_bytes(SECRET)
    codes: Counter[int] = Counter()
    (clone.folder / ".swapped").symlink_to(outside / "indicators")
    with Swapper(clone.folder, "indicators", ".swapped"):
        while codes.total() < PULLS or (len(codes) < 2 and codes.total() < 10 * PULLS):
            clone.web_save(TREND if codes.total() % 2 else SLOWER)
            result = clone("pull")
            codes[result.code] += 1
            assert result.code in (0, 1, 3), result
            assert result.code != 1 or "indicators" in result.output, result
    assert {p: p.read_bytes() for p in outside.rglob("*") if p.is_file()} == {
        outside / TREND_PATH: SECRET
    }
    assert not any(SECRET in body for body in clone.state_files().values())
    (clone.folder / ".swapped").unlink()
    assert clone("pull").code == 0
    assert clone.read() == clone.saved()[-1]
    assert len(codes) > 1, f"no race at all: {codes}"


def built(target: Path, meanwhile: Callable[[], object]) -> None:
    with staged_folder(target) as folder:
        (folder / MANIFEST).write_text("ours")
        meanwhile()


def test_a_new_workspace_does_not_follow_a_link(tmp_path: Path) -> None:
    """The empty folder that a clone should fill is replaced by a link meanwhile."""
    target, outside = tmp_path / "scripts", tmp_path / "outside"
    target.mkdir()
    outside.mkdir()

    def exchange() -> None:
        target.rmdir()
        target.symlink_to(outside)

    with pytest.raises(FileError, match="link"):
        built(target, exchange)
    assert not list(outside.iterdir())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["outside", "scripts"]


def test_a_new_workspace_replaces_nothing(tmp_path: Path) -> None:
    """Somebody saves into the empty folder meanwhile."""
    target = tmp_path / "scripts"
    target.mkdir()
    with pytest.raises(FileError):
        built(target, lambda: (target / MANIFEST).write_text("theirs"))
    assert (target / MANIFEST).read_text() == "theirs"
