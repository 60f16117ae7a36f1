"""A new workspace is built beside its place and put there when it is whole."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pinesync.workspace.files.folder import file_error
from pinesync.workspace.files.tree import MANIFEST, Tree


def is_free(target: Path) -> bool:
    """Whether a new folder can be put there: nothing is there, or an empty folder."""
    if not os.path.lexists(target):
        return True
    return target.is_dir() and not target.is_symlink() and not any(target.iterdir())


def make_folder(target: Path) -> None:
    """The folder is there; FileError where it cannot be made."""
    try:
        target.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise file_error(str(target), error) from error


@contextmanager
def building(target: Path) -> Iterator[Path]:
    """A folder beside `target` to fill, which takes its place at the end, and leaves nothing
    behind where that is not reached."""
    import shutil
    import tempfile

    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        place = Path(tempfile.mkdtemp(prefix=f".{target.name[:60]}-", dir=target.parent))
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


def _fill(target: Path, place: Path) -> None:
    """Somebody may stand in an empty folder, so what was built moves into it; pine.toml makes it
    whole, and is last. The folder is held, so that no link can take its place meanwhile."""
    with Tree(target.parent).opened(target.name) as folder:
        if os.listdir(folder.path if folder.descriptor is None else folder.descriptor):
            raise OSError(errno.ENOTEMPTY, "something came into it meanwhile")
        names = [item.name for item in place.iterdir() if item.name != MANIFEST]
        for name in [*names, MANIFEST]:
            os.rename(place / name, folder.at(name), dst_dir_fd=folder.descriptor)
