"""Create files that never change an existing one, and check that pine.toml can be replaced."""

from __future__ import annotations

import os

from pinesync.atomic import create_file, temporary_name, write_temp
from pinesync.workspace.files.exchange import file_error
from pinesync.workspace.files.tree import MODE, Tree
from pinesync.workspace.files.walk import MANIFEST


def is_taken(tree: Tree, path: str) -> bool:
    """Whether the path exists, even as a link or a folder. Raises FileError if a folder on the way
    is a link."""
    return os.path.lexists(tree.root / path) or tree.read(path) is not None


def make_file(tree: Tree, path: str, data: bytes) -> bool:
    """Create a file atomically, with its parent folders. False if the path exists. Raises FileError
    if it cannot be created."""
    above, _, name = path.rpartition("/")
    try:
        with tree.opened(above, make=True) as folder:
            return create_file(folder, name, data, MODE)
    except OSError as error:
        raise file_error(path, error) from error


def refuse_unwritable(tree: Tree) -> None:
    """Raise FileError if pine.toml cannot be replaced, because no file of its size can be
    written."""
    data = tree.read(MANIFEST) or b""
    temp = temporary_name()
    try:
        with tree.opened("") as folder:
            write_temp(folder, temp, data, MODE)
            folder.unlink(temp)
    except OSError as error:
        raise file_error(MANIFEST, error) from error
