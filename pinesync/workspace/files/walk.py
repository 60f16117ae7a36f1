"""Open the folder of a file below a root, and walk all files, without following links."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pinesync.atomic import CLOEXEC, NOFOLLOW, Folder
from pinesync.workspace.files.exchange import file_error

MANIFEST = "pine.toml"
_BY_DESCRIPTOR = os.open in os.supports_dir_fd
_SKIPPED = frozenset(("node_modules", "__pycache__"))


@contextmanager
def folder_of(root: Path, path: str, *, make: bool = False) -> Iterator[tuple[Folder, str]]:
    """The file's open folder, and its name in that folder."""
    *parts, name = path.split("/")
    if not _BY_DESCRIPTOR:
        yield Folder(_plain_folder(root, parts, make), None), name
        return
    descriptor = os.open(root, os.O_RDONLY | os.O_DIRECTORY | CLOEXEC)
    try:
        for part in parts:
            if make:
                with suppress(FileExistsError):
                    os.mkdir(part, 0o755, dir_fd=descriptor)
                    os.fsync(descriptor)
            flags = os.O_RDONLY | os.O_DIRECTORY | NOFOLLOW | CLOEXEC
            below = os.open(part, flags, dir_fd=descriptor)
            os.close(descriptor)
            descriptor = below
        yield Folder(root.joinpath(*parts), descriptor), name
    finally:
        os.close(descriptor)


def _plain_folder(root: Path, parts: list[str], make: bool) -> Path:
    """Like `folder_of`, but by name, for systems that cannot open folders."""
    folder = root
    for part in parts:
        folder = folder / part
        if make:
            folder.mkdir(exist_ok=True)
        if folder.is_symlink():
            raise OSError(errno.ELOOP, "a link, which is not followed")
    return folder


def plain_files(root: Path) -> Iterator[tuple[str, str]]:
    """The path and name of each plain file, except in nested workspaces."""
    pending = [""]
    while pending:
        prefix = pending.pop()
        try:
            with folder_of(root, prefix) as (folder, _):
                files, below = _listed(folder, is_root=not prefix)
        except OSError as error:
            raise file_error(prefix or ".", error) from error
        pending += [f"{prefix}{name}/" for name in below]
        yield from ((prefix + name, name) for name in files)


def _listed(folder: Folder, *, is_root: bool) -> tuple[list[str], list[str]]:
    """The names of the folder's plain files and of its subfolders that may hold scripts. Excludes
    links, hidden folders, tools' folders and everything in a nested workspace."""
    files, below = [], []
    at = folder.path if folder.descriptor is None else folder.descriptor
    with os.scandir(at) as items:
        for item in items:
            if item.name == MANIFEST and not is_root:
                return [], []
            if item.is_file(follow_symlinks=False):
                files.append(item.name)
            elif item.is_dir(follow_symlinks=False):
                below.append(item.name)
    return files, [n for n in below if not n.startswith(".") and n not in _SKIPPED]
