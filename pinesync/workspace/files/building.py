"""A new workspace is built beside its place and put there when it is whole."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pinesync.workspace.files.folder import file_error
from pinesync.workspace.files.tree import MANIFEST


def is_free(target: Path) -> bool:
    """Whether a new folder can be put there: nothing is there, or an empty folder."""
    if not os.path.lexists(target):
        return True
    return target.is_dir() and not target.is_symlink() and not any(target.iterdir())


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
            if target.is_dir():
                # Somebody may stand in it, so it is filled; pine.toml makes it whole, and is last.
                names = [item.name for item in place.iterdir() if item.name != MANIFEST]
                for name in [*names, MANIFEST]:
                    (place / name).rename(target / name)
            else:
                place.rename(target)
        except OSError as error:
            raise file_error(str(target), error) from error
    finally:
        shutil.rmtree(place, ignore_errors=True)
