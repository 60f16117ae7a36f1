"""Rename a file in two steps: create the new name, then remove the old one. The file never
disappears, and each step can be repeated."""

from __future__ import annotations

import errno
import os
import stat
from contextlib import suppress

from pinesync.atomic import Folder
from pinesync.model import Digest, RelPath
from pinesync.sync.ports import ChangedMeanwhile
from pinesync.text.canonical import digest_of_any
from pinesync.workspace.files.exchange import (
    file_error,
    is_being_written,
    is_listed,
    read,
    rename_noreplace,
)
from pinesync.workspace.files.tree import Tree

_NO_SECOND_NAMES = (errno.EPERM, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EMLINK)


def add_new_name(tree: Tree, old: RelPath, new: RelPath) -> None:
    """Give the file its new name as well, or instead if the disk allows only one name per file.
    ChangedMeanwhile rather than replace another file."""
    (above, name), (folder, new_name) = _split(old), _split(new)
    try:
        with tree.opened(above) as source, tree.opened(folder, make=True) as target:
            _add_new_name(source, name, target, new_name)
    except FileExistsError:
        raise ChangedMeanwhile from None
    except OSError as error:
        raise file_error(new, error) from error


def _add_new_name(source: Folder, name: str, target: Folder, new: str) -> None:
    if is_listed(target, new):
        if not _is_same(source, name, target, new):
            raise ChangedMeanwhile
        return
    if not stat.S_ISREG(source.stat(name).st_mode):
        raise OSError(errno.ELOOP, "not a plain file")
    try:
        source.link(name, new, target)
    except FileExistsError:
        if is_listed(target, new) or not os.path.samestat(source.stat(name), target.stat(new)):
            raise
        # On this disk both are the same name, in different letter case.
        os.rename(
            source.at(name),
            target.at(new),
            src_dir_fd=source.descriptor,
            dst_dir_fd=target.descriptor,
        )
    except OSError as error:
        if error.errno not in _NO_SECOND_NAMES:
            raise
        rename_noreplace(source, name, target, new)
    try:
        target.sync()
    except OSError:
        if is_listed(source, name):
            with suppress(OSError):
                target.unlink(new)
        raise


def is_moved(tree: Tree, old: RelPath, new: RelPath, text: Digest) -> bool:
    """Whether the new name is the same file as the old one or, if the old one is gone, has that
    text."""
    (above, name), (folder, new_name) = _split(old), _split(new)
    try:
        with tree.opened(folder) as target:
            if not is_listed(target, new_name):
                return False
            with suppress(FileNotFoundError), tree.opened(above) as source:
                if is_listed(source, name):
                    return _is_same(source, name, target, new_name)
            return digest_of_any(read(target, new_name)) == text
    except FileNotFoundError:
        return False
    except OSError as error:
        raise file_error(new, error) from error


def remove_old_name(tree: Tree, old: RelPath, new: RelPath, key: str) -> bool:
    """Remove the old name if the new one is the same file. False if the old name has a different
    text, which stays."""
    (above, name), (folder, new_name) = _split(old), _split(new)
    temp = f".pinesync-{key}.tmp"
    try:
        with tree.opened(folder) as target, tree.opened(above) as source:
            if name == new_name and _is_same_folder(source, target):
                return True
            if is_listed(source, name) and not is_listed(source, temp):
                if not _is_same(source, name, target, new_name):
                    return False
                source.replace(name, temp)
            if not is_listed(source, temp):
                return True
            if not _is_same(source, temp, target, new_name):
                # An editor saved between the check and the rename: give its text the old name back.
                rename_noreplace(source, temp, source, name)
                source.sync()
                return False
            source.unlink(temp)
            source.sync()
            return True
    except FileNotFoundError:
        return True
    except FileExistsError:
        return False  # saved again: the renamed file is kept like any leftover
    except OSError as error:
        raise file_error(old, error) from error


def revert_move(tree: Tree, old: RelPath, new: RelPath, text: Digest, key: str) -> None:
    """Undo `add_new_name`. If the old name has a file, remove the new one as long as it has this
    text. Otherwise rename it back."""
    (above, name), (folder, new_name) = _split(old), _split(new)
    temp = f".pinesync-{key}.tmp"
    try:
        with tree.opened(folder) as target, tree.opened(above) as source:
            if not is_listed(target, new_name) or (
                name == new_name and _is_same_folder(source, target)
            ):
                return
            if not is_listed(source, name):
                rename_noreplace(target, new_name, source, name)
                source.sync()
                return
            target.replace(new_name, temp)
            if not os.path.samestat(source.stat(name), target.stat(temp)) and (
                is_being_written(target, temp) or digest_of_any(read(target, temp)) != text
            ):
                rename_noreplace(target, temp, target, new_name)
            else:
                target.unlink(temp)
            target.sync()
    except (FileNotFoundError, FileExistsError):
        return  # the renamed file is kept like any leftover
    except OSError as error:
        raise file_error(new, error) from error


def _split(path: RelPath) -> tuple[str, str]:
    folder, _, name = path.rpartition("/")
    return folder, name


def _is_same_folder(one: Folder, other: Folder) -> bool:
    """Whether both are the same folder, which can have several spellings on some systems."""
    stats = [os.stat(f.path if f.descriptor is None else f.descriptor) for f in (one, other)]
    return os.path.samestat(*stats)


def _is_same(source: Folder, name: str, target: Folder, new: str) -> bool:
    """Whether both names are the same file or have the same bytes."""
    try:
        if os.path.samestat(source.stat(name), target.stat(new)):
            return True
        return read(source, name) == read(target, new)
    except FileNotFoundError:
        return False
