"""The state directory of a workspace, outside its tree: one folder, mode 0700; losing it loses no
work.

    objects/ab/cdef…        a canonical text, named by its sha256
    saved/<32 hex>/<N>      version N.0 of a script: digest, time, name, kind
    commits/<32 hex>/<N>    the commit that held version N.0 when it was saved
    records/<key>.json      one intent: a write that is prepared, sent, landed or abandoned
    replaced/<key>.json     what a pull replaced: path, digest, when
    operations/<key>.json   what one command did (`operations`)
    clone/begun.json        a clone that has not come to its end (`clone_note`)
    tmp/                    files that are being written

Files are written once, under another name, and renamed; none is modified in place.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from pinesync.atomic import Folder, replace_file, sync_folder
from pinesync.errors import FileError, StateError
from pinesync.workspace.files.exchange import read
from pinesync.workspace.state.codec import load

_STATE = re.compile(r"-[0-9a-f]{16}\Z")
MAX_RECORD = 4 * 1024 * 1024
_MAX_LINE = 64 * 1024 * 1024
"""Bytes of what one command did; ten thousand scripts have ten megabytes."""
_NOTED = ("saved", "commits")
"""Where a folder for each script holds what may be lost: only a durable note makes it last."""
_PLACES = (
    *("objects", "saved", "commits", "records", "replaced", "operations"),
    *("clone", "told", "tmp", "lock", "watch"),
)


def folder_name(workspace_id: str, root: Path) -> str:
    """The state folder's name: two copies of a workspace have two states."""
    place = hashlib.sha256(os.fsencode(root.resolve())).hexdigest()[:16]
    return f"{workspace_id}-{place}"


def other_states(folder: Path) -> list[Path]:
    """The state folders of the other workspaces of this machine, beside this one."""
    try:
        names = sorted(os.listdir(folder.parent))
    except OSError:
        return []
    return [folder.parent / n for n in names if n != folder.name and _STATE.search(n)]


def new_key(wall: float) -> str:
    """A name for a file here that no other has; they sort by the time they were made."""
    return f"{int(max(wall, 0) * 1000):015d}-{os.urandom(4).hex()}"


class Store:
    """The files below `folder`. The folder is made by the first write; reading makes nothing."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
            raise StateError(f"{folder}: not a folder of pinesync's", "move it away")
        if os.name == "posix" and folder.exists() and folder.stat().st_uid != os.geteuid():
            raise StateError(f"{folder}: belongs to another user", "move it away")
        for name in _PLACES:
            _refuse_link(folder / name)

    def clear_leftovers(self) -> None:
        """Remove what a killed process was about to write."""
        folder = self.folder / "tmp"
        if folder.is_dir():
            for left in folder.iterdir():
                with suppress(OSError):
                    left.unlink()

    def write_json(
        self, kind: str, key: str, held: Mapping[str, Any], *, durably: bool = False
    ) -> None:
        """A log's line in a file of its own; as a rule not durable."""
        body = json.dumps(held).encode()
        self.write(self.folder / kind / f"{key}.json", body, durably=durably)

    def keys(self, kind: str) -> list[str]:
        """The keys of such a log's lines, the newest last."""
        try:
            names = os.listdir(self.folder / kind)
        except FileNotFoundError:
            return []
        except OSError as error:
            raise file_error(self.folder / kind, error) from error
        return sorted(name.removesuffix(".json") for name in names if name.endswith(".json"))

    def drop_json(self, kind: str, keys: Iterable[str]) -> None:
        """Lines of such a log that nobody needs any more."""
        for key in keys:
            with suppress(OSError):
                (self.folder / kind / f"{key}.json").unlink()

    def read_json(self, kind: str, most: int) -> Iterator[tuple[Path, Any]]:
        """The newest so many lines of such a log, the oldest of them first, by their keys."""
        return self.json_files(kind, most, _MAX_LINE)

    def json_files(
        self, kind: str, most: int = 0, cap: int = MAX_RECORD
    ) -> Iterator[tuple[Path, Any]]:
        """Each file with the JSON in it, or the last so many; one that is gone by now is passed
        over."""
        folder = self.folder / kind
        if not folder.is_dir():
            return
        for path in sorted(p for p in folder.iterdir() if p.suffix == ".json")[-most:]:
            body = read_body(path, cap)
            if body is not None:
                yield path, load(path, body)

    def write(self, path: Path, body: bytes, *, durably: bool = True) -> None:
        temporary = self.folder / "tmp" / os.urandom(8).hex()
        try:
            self._make(path.parent, durably or path.parent.parent.name not in _NOTED)
            self._make(temporary.parent)
            replace_file(path, body, temporary, durably=durably)
        except OSError as error:
            raise file_error(path, error) from error

    def _make(self, folder: Path, durably: bool = True) -> None:
        """The folder exists, and those above it durably."""
        _refuse_link(folder)
        if folder.is_dir():
            return
        self._make(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)
        if durably:
            sync_folder(folder.parent)


def _refuse_link(path: Path) -> None:
    if path.is_symlink():
        raise StateError(f"{path}: a link, and pinesync makes none there", "move it away")


def read_body(path: Path, most: int) -> bytes | None:
    """What the file holds; None where there is none, nothing where it is more than was ever
    written, so that it counts as damaged."""
    try:
        return read(Folder(path.parent), path.name, most)
    except FileNotFoundError:
        return None
    except OSError as error:
        if error.errno == errno.EFBIG:
            return b""
        raise file_error(path, error) from None


def file_error(path: Path, error: OSError) -> FileError | StateError:
    if error.errno == errno.ELOOP:
        return StateError(f"{path}: a link, and pinesync makes none there", "move it away")
    return FileError(
        f"{path}: {error.strerror or error}", "nothing more was done; make room or give permission"
    )
