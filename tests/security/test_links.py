"""No link below the root is followed: before each call, a folder, the file or pine.toml is
replaced once by a link that leads outside, or by a pipe."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from pinesync.errors import FileError
from pinesync.model import Digest, RelPath
from pinesync.sync.ports import ChangedMeanwhile
from pinesync.text.canonical import digest
from pinesync.workspace.files import MANIFEST, Tree, exchange, walk
from tests.security.twins import LEFT, OLD, PATH, SECRET, STRANGE, Twins

if os.open not in os.supports_dir_fd:
    pytest.skip("this system opens no file by its folder's descriptor", allow_module_level=True)

NEW = b"// new\n"
KEY = "0001-aa"
TEMP = f"a/b/.pinesync-{KEY}.tmp"
CALLS = "open mkdir stat lstat scandir link unlink replace fsync fchmod".split()


class Place(Twins):
    @property
    def tree(self) -> Tree:
        return Tree(self.root)

    def put(self, path: str, expected: Digest | None) -> None:
        try:
            self.tree.put(path, NEW, expected, KEY, lambda _: None, self.seen.append)
        except (FileError, ChangedMeanwhile):
            self.finish_write(path, expected)

    def finish_write(self, path: str, expected: Digest | None) -> None:
        brings, temp = digest(NEW.decode()), TEMP.rpartition("/")[2]
        told, nothing, kept = self.seen.append, lambda: None, lambda: False
        self.tree.finish_write(RelPath(path), temp, brings, expected, told, nothing, kept)


def reads(at: Place) -> None:
    at.seen += [at.tree.read(path) or b"" for path in (PATH, MANIFEST)]


def lists(at: Place) -> None:
    found = [*at.tree.scripts(), *at.tree.leftovers()]
    at.seen += [SECRET for path in found if path in STRANGE]


def replaces(at: Place) -> None:
    at.put(PATH, digest(OLD.decode()))


def creates(at: Place) -> None:
    at.put("a/b/New.pine", None)


def creates_with_a_folder(at: Place) -> None:
    at.put("a/b/c/New.pine", None)


def finishes(at: Place) -> None:
    """The process was killed right after the exchange."""
    (at.root / PATH).write_bytes(NEW)
    (at.root / TEMP).write_bytes(OLD)
    at.finish_write(PATH, digest(OLD.decode()))


def undoes(at: Place) -> None:
    """An editor saved during the exchange."""
    (at.root / PATH).write_bytes(NEW)
    (at.root / TEMP).write_bytes(b"edited\n")
    at.finish_write(PATH, digest(OLD.decode()))


def discards(at: Place) -> None:
    at.tree.discard(LEFT, at.seen.append)


def writes_the_manifest(at: Place) -> None:
    at.tree.write_manifest(NEW, OLD, KEY)


Act = Callable[[Place], None]
ACTS: tuple[Act, ...] = (
    reads,
    lists,
    replaces,
    creates,
    creates_with_a_folder,
    finishes,
    undoes,
    discards,
    writes_the_manifest,
)


def link(at: Place, name: str) -> None:
    """A link to the file of that name outside."""
    (at.root / name).symlink_to(at.outside / name)


def pipe(at: Place, name: str) -> None:
    os.mkfifo(at.root / name)


Make = Callable[[Place, str], None]


def calls_until(act: Act, at: Place, name: str, make: Make, last: int) -> int:
    """Do the act; right before that call, replace the name with something else. Returns the
    number of calls made until then."""
    calls = 0

    def seen(real: Callable[..., Any]) -> Callable[..., Any]:
        def run(*args: Any, **kwargs: Any) -> Any:
            nonlocal calls
            calls += 1
            if calls == last:
                patch.undo()
                with suppress(FileNotFoundError):
                    (at.root / name).rename(at.base / "away")
                with suppress(FileNotFoundError):
                    make(at, name)
            return real(*args, **kwargs)

        return run

    with pytest.MonkeyPatch.context() as patch, suppress(FileError, ChangedMeanwhile):
        for function in CALLS:
            patch.setattr(os, function, seen(getattr(os, function)))
        patch.setattr(exchange, "_renameat2", seen(exchange._renameat2))
        act(at)
    return calls


@pytest.mark.promise("S7")
@pytest.mark.parametrize("make", [link, pipe])
@pytest.mark.parametrize("name", ["a", "a/b", PATH, MANIFEST, LEFT, TEMP])
@pytest.mark.parametrize("act", ACTS)
def test_nothing_outside_is_read_or_written_at_any_call(
    tmp_path: Path, act: Act, name: str, make: Make
) -> None:
    for last in range(1, 100):
        at = Place(tmp_path / str(last))
        before = at.contents()
        made = calls_until(act, at, name, make, last)
        assert at.contents() == before, f"with {name} swapped before call {last}"
        assert SECRET not in at.seen, f"with {name} swapped before call {last}"
        if made < last:
            return
    raise AssertionError("the act has no end")


@pytest.mark.parametrize("make", [link, pipe])
@pytest.mark.parametrize(("act", "name"), [(replaces, PATH), (writes_the_manifest, MANIFEST)])
def test_a_link_in_the_files_place_is_put_back(
    tmp_path: Path, act: Act, name: str, make: Make
) -> None:
    """A link that came out of the exchange is put back, and ours is removed."""
    ends = set()
    for last in range(1, 100):
        at = Place(tmp_path / str(last))
        made = calls_until(act, at, name, make, last)
        ends.add((at.root / name).is_file() and (at.root / name).read_bytes() == NEW)
        leftovers = {path.name for path in at.root.rglob(f".pinesync-{KEY}*")}
        assert not leftovers, f"with {name} swapped before call {last}"
        if made < last:
            assert ends == {True, False}, "the text is there, or what had taken its place"
            return


def test_links_are_refused_without_descriptors(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On systems that open files only by path."""
    monkeypatch.setattr(walk, "_BY_DESCRIPTOR", False)
    for act in ACTS:
        for name in ("a", "a/b", PATH, MANIFEST, LEFT, TEMP):
            at = Place(tmp_path / f"{act.__name__}-{name.replace('/', '-')}")
            before = at.contents()
            calls_until(act, at, name, link, 1)
            assert at.contents() == before
            assert SECRET not in at.seen


@pytest.mark.parametrize(("act", "name"), [(replaces, PATH), (writes_the_manifest, MANIFEST)])
def test_the_mode_of_a_link_is_not_copied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, act: Act, name: str
) -> None:
    """Every link is world-writable. A link that is there for a moment must not make a file so."""
    at = Place(tmp_path / "place")
    real = os.stat

    def stat(path: Any, **how: Any) -> os.stat_result:
        monkeypatch.undo()
        (at.root / name).rename(at.base / "away")
        link(at, name)
        try:
            return real(path, **how)
        finally:
            (at.base / "away").replace(at.root / name)

    monkeypatch.setattr(os, "stat", stat)
    with suppress(FileError):
        act(at)
    assert not (at.root / name).stat().st_mode & 0o022
