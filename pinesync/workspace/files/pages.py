"""Write HTML pages. Only an earlier page is ever replaced, recognised by how it begins."""

from __future__ import annotations

import os
import stat
from contextlib import suppress

from pinesync.atomic import Folder, create_file, temporary_name, write_temp
from pinesync.workspace.files.exchange import exchange_files, file_error
from pinesync.workspace.files.tree import MODE, Tree


def is_page(tree: Tree, name: str, mark: bytes) -> bool | None:
    """Whether the file begins with the mark; None if it does not exist. Raises FileError unless it
    is a plain file."""
    try:
        with tree.opened("") as folder:
            return _begins(folder, name, mark)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise file_error(name, error) from error


def put_page(tree: Tree, name: str, data: bytes, mark: bytes) -> bool:
    """Write the page atomically. False if another file is there, which stays. Raises FileError if
    the page cannot be written."""
    try:
        with tree.opened("") as folder:
            return create_file(folder, name, data, MODE) or _put_over(folder, name, data, mark)
    except OSError as error:
        raise file_error(name, error) from error


def _put_over(folder: Folder, name: str, data: bytes, mark: bytes) -> bool:
    if not _begins(folder, name, mark):
        return False
    temp = temporary_name()
    write_temp(folder, temp, data, MODE)
    try:
        exchange_files(folder, temp, name)
        done = _begins(folder, temp, mark)
        if not done:
            # Another program wrote the file in between: restore it.
            exchange_files(folder, temp, name)
    finally:
        with suppress(FileNotFoundError):
            folder.unlink(temp)
    folder.sync()
    return done


def _begins(folder: Folder, name: str, mark: bytes) -> bool:
    """Whether a plain file begins with the mark. Raises OSError for a link, a pipe or a folder."""
    if not stat.S_ISREG(folder.stat(name).st_mode):
        return False
    descriptor = folder.open(name, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    with os.fdopen(descriptor, "rb") as file:
        return file.read(len(mark)) == mark
