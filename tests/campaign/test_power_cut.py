"""Reported work survives a power cut: a layer tracks what was flushed.

A text is safe when its file was flushed after the last write, and a name when its folder was
flushed after the last change of names. What is not safe may be gone after a power cut.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from pinesync.app.project import open_project
from pinesync.sync.intents import Upload
from pinesync.workspace.files import exchange as exchanging
from pinesync.workspace.files.tree import Tree
from tests.campaign.test_disk import conflicts, merges, pulls, pulls_a_new_script, pushes
from tests.world import OneScript

Inode = tuple[int, int]


@dataclass
class Cache:
    """Data that is only in the disk's cache: contents of files, names in folders."""

    texts: dict[Inode, str] = field(default_factory=dict)
    names: dict[Inode, str] = field(default_factory=dict)

    def unsafe(self, *prefixes: str) -> list[str]:
        """Return the files in these folders that a power cut would lose."""
        found = [*self.texts.values(), *self.names.values()]
        return [place for place in found if any(word in place for word in prefixes)]


def inode(descriptor: int) -> Inode:
    found = os.fstat(descriptor)
    return found.st_dev, found.st_ino


@contextmanager
def cached(cache: Cache) -> Iterator[None]:
    real = {
        name: getattr(os, name)
        for name in ("open", "fdopen", "fsync", "replace", "rename", "link", "mkdir")
    }

    def place(descriptor: int) -> str:
        return os.readlink(f"/proc/self/fd/{descriptor}")

    def name_changed(path: Any, dir_fd: int | None) -> None:
        folder = place(dir_fd) if dir_fd is not None else os.path.dirname(os.path.abspath(path))
        cache.names[folder_of(path, dir_fd)] = f"{folder}/{os.path.basename(path)}"

    def folder_of(path: Any, dir_fd: int | None) -> Inode:
        folder = place(dir_fd) if dir_fd is not None else os.path.dirname(os.path.abspath(path))
        status = os.stat(folder)
        return status.st_dev, status.st_ino

    def naming(name: str) -> Callable[..., Any]:
        def call(source: Any, target: Any, **kwargs: Any) -> Any:
            result = real[name](source, target, **kwargs)
            name_changed(target, kwargs.get("dst_dir_fd"))
            status = os.stat(target, dir_fd=kwargs.get("dst_dir_fd"))
            if (status.st_dev, status.st_ino) in cache.texts:  # an unflushed text has a new name
                folder = cache.names.get(folder_of(target, kwargs.get("dst_dir_fd")), str(target))
                cache.texts[status.st_dev, status.st_ino] = folder
            return result

        return call

    def mkdir(path: Any, *args: Any, **kwargs: Any) -> None:
        real["mkdir"](path, *args, **kwargs)
        name_changed(path, kwargs.get("dir_fd"))

    def fdopen(descriptor: int, mode: str = "r", *args: Any, **kwargs: Any) -> Any:
        if "w" in mode:
            cache.texts[inode(descriptor)] = place(descriptor)
        return real["fdopen"](descriptor, mode, *args, **kwargs)

    def fsync(descriptor: int) -> None:
        real["fsync"](descriptor)
        cache.texts.pop(inode(descriptor), None)
        cache.names.pop(inode(descriptor), None)

    real_exchange = exchanging._renameat2

    def exchange(descriptor: int, temp: str, name: str) -> None:
        real_exchange(descriptor, temp, name)
        cache.names[inode(descriptor)] = f"{place(descriptor)}/{name}"

    with pytest.MonkeyPatch.context() as patch:
        for name in ("replace", "rename", "link"):
            patch.setattr(os, name, naming(name))
        patch.setattr(os, "mkdir", mkdir)
        patch.setattr(os, "fdopen", fdopen)
        patch.setattr(os, "fsync", fsync)
        patch.setattr(exchanging, "_renameat2", exchange)
        yield


JOBS = (pulls, pushes, merges, conflicts, pulls_a_new_script)


@pytest.mark.promise(5)
@pytest.mark.parametrize("job", JOBS)
def test_reported_work_is_flushed_to_disk(
    world: OneScript, job: Callable[[OneScript], None]
) -> None:
    """Files, pine.toml and records are safe when the run ends. Texts that can be read again from
    the service may be lost."""
    job(world)
    cache = Cache()
    with cached(cache):
        world.sync()
    assert not cache.unsafe("scripts/", "records", "replaced")


@pytest.mark.promise(9, "S13")
@pytest.mark.parametrize("job", [pushes, merges])
def test_the_intent_is_flushed_before_a_request_is_sent(
    world: OneScript, job: Callable[[OneScript], None]
) -> None:
    job(world)
    cache = Cache()
    seen: list[tuple[list[str], list[str]]] = []

    def look() -> None:
        records = open_project(world.setup()).workspace.log.intents()
        states: list[str] = [record.state for record in records if isinstance(record, Upload)]
        seen.append((states, cache.unsafe("records")))

    world.remote.at_next("save_next", look)
    with cached(cache):
        world.sync()
    assert seen == [(["sent"], [])]
    assert world.remote.posted


def unsafe_at_manifest(
    cache: Cache, monkeypatch: pytest.MonkeyPatch, *places: str
) -> list[list[str]]:
    """The files not yet safe on disk, at each write of pine.toml."""
    seen: list[list[str]] = []
    real = Tree.write_manifest

    def write_manifest(self: Tree, *args: Any) -> None:
        seen.append(cache.unsafe(*places))
        real(self, *args)

    monkeypatch.setattr(Tree, "write_manifest", write_manifest)
    return seen


@pytest.mark.parametrize("job", [pulls, merges, pulls_a_new_script])
def test_the_file_is_flushed_before_its_base(
    world: OneScript, job: Callable[[OneScript], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    job(world)
    cache = Cache()
    seen = unsafe_at_manifest(cache, monkeypatch, "indicators", "replaced")
    with cached(cache):
        world.sync()
    assert seen
    assert not any(seen)
