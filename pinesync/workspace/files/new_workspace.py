"""Build a new workspace next to its target and move it there once it is complete."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from pinesync.workspace.files.exchange import file_error
from pinesync.workspace.files.tree import Tree
from pinesync.workspace.files.walk import MANIFEST


def is_free(target: Path) -> bool:
    """Whether a new folder can go there: nothing exists, or an empty folder."""
    if not os.path.lexists(target):
        return True
    return target.is_dir() and not target.is_symlink() and not any(target.iterdir())


def make_folder(target: Path) -> None:
    """Create the folder if it does not exist. Raises FileError if it cannot be created."""
    try:
        target.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise file_error(str(target), error) from error


@contextmanager
def staged_folder(target: Path, begun: Callable[[Path], object] = lambda _: None) -> Iterator[Path]:
    """A folder next to `target` to fill. It replaces `target` at the end and is removed after an
    error. `begun` is called with the folder before it is created: a killed process leaves it for
    `remove_built`."""
    import shutil

    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        # A folder outside a mounted volume cannot be renamed into it.
        parent = target if os.path.ismount(target) else target.parent
        place = parent / f"{_prefix(target)}{os.urandom(8).hex()}"
        begun(place)
        place.mkdir(0o700)
        place.chmod(0o755)
    except OSError as error:
        raise file_error(str(target), error) from error
    try:
        yield place
        try:
            if os.path.lexists(target):
                _fill(target, place)
            else:
                place.rename(target)
        except OSError as error:
            raise file_error(str(target), error) from error
    finally:
        shutil.rmtree(place, ignore_errors=True)


def remove_built(target: Path, place: Path) -> None:
    """Remove the folder in which a killed process was building `target`. Never removes a link, or a
    folder with another name or in another place."""
    import shutil

    is_near = place.parent in (target, target.parent)
    named = re.fullmatch(f"{re.escape(_prefix(target))}[0-9a-f]{{16}}", place.name)
    if is_near and named and place.is_dir() and not place.is_symlink():
        shutil.rmtree(place, ignore_errors=True)


def _prefix(target: Path) -> str:
    return f".{target.name[:60]}-"


def _fill(target: Path, place: Path) -> None:
    """Move the files into the empty folder, because it may be a shell's working directory.
    pine.toml goes first: after a kill, the workspace reports its missing files. The folder stays
    open, so that no link can replace it meanwhile. After an error it is empty again."""
    with Tree(target.parent).opened(target.name) as folder:
        if set(folder.names()) - {place.name}:
            raise OSError(errno.ENOTEMPTY, "a file appeared in it meanwhile")
        names = [MANIFEST, *(item.name for item in place.iterdir() if item.name != MANIFEST)]
        try:
            for name in names:
                os.rename(place / name, folder.at(name), dst_dir_fd=folder.descriptor)
        except BaseException:
            for name in names:
                if not os.path.lexists(place / name):
                    os.rename(folder.at(name), place / name, src_dir_fd=folder.descriptor)
            raise
