"""Files that a workspace begins with, beside its scripts: made where nothing is, never changed.
And whether its first file, pine.toml, could be written anew."""

from __future__ import annotations

import os

from pinesync.atomic import create_file, temporary_name, write_temp
from pinesync.workspace.files.exchange import file_error
from pinesync.workspace.files.tree import MODE, Tree
from pinesync.workspace.files.walk import MANIFEST


def is_taken(tree: Tree, path: str) -> bool:
    """Whether something is there, a link or a folder too. FileError where a link stands in the
    way there."""
    return os.path.lexists(tree.root / path) or tree.read(path) is not None


def make_file(tree: Tree, path: str, data: bytes) -> bool:
    """A new file, whole from its first moment, with the folders above it; False where something
    is there. FileError where it cannot be made."""
    above, _, name = path.rpartition("/")
    try:
        with tree.opened(above, make=True) as folder:
            return create_file(folder, name, data, MODE)
    except OSError as error:
        raise file_error(path, error) from error


def refuse_unwritable(tree: Tree) -> None:
    """FileError where pine.toml could not be replaced: its folder takes no file of that size."""
    data = tree.read(MANIFEST) or b""
    temp = temporary_name()
    try:
        with tree.opened("") as folder:
            write_temp(folder, temp, data, MODE)
            folder.unlink(temp)
    except OSError as error:
        raise file_error(MANIFEST, error) from error
