"""The state directory of a workspace, outside its tree, mode 0700. Losing it loses no work.

    objects/ab/cdef…        a canonical text, named by its sha256
    saved/<32 hex>/<N>      version N.0 of a script: digest, time, name, kind
    commits/<32 hex>/<N>    the commit that held version N.0 when it was saved
    records/<key>.json      one intent: a write that is prepared, sent, landed or abandoned
    replaced/<key>.json     what a pull replaced: path, digest, when
    operations/<key>.json   what one command did (`operations`)
    clone/begun.json        a clone that has not come to its end (`clone_note`)
    tmp/                    files that are being written

Each file is written under a temporary name, then renamed. None is modified in place.
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
"""Most bytes of one operation; ten thousand scripts take ten megabytes."""
_NOTED = ("saved", "commits")
"""Where a folder for each script holds what may be lost: only a durable note makes it last."""
_PLACES = (
    *("objects", "saved", "commits", "records", "replaced", "operations"),
    *("clone", "told", "tmp", "lock", "watch"),
)


def folder_name(workspace_id: str, root: Path) -> str:
    """The name of the state directory. Two copies of a workspace get two names."""
    place = hashlib.sha256(os.fsencode(root.resolve())).hexdigest()[:16]
    return f"{workspace_id}-{place}"


def other_states(folder: Path) -> list[Path]:
    """The state directories of the other workspaces on this machine."""
    try:
        names = sorted(os.listdir(folder.parent))
    except OSError:
        return []
    return [folder.parent / n for n in names if n != folder.name and _STATE.search(n)]


def new_key(wall: float) -> str:
    """A unique file name. Names sort by creation time."""
    return f"{int(max(wall, 0) * 1000):015d}-{os.urandom(4).hex()}"


class Store:
    """The files below `folder`. The first write creates the directory; reads never do."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
            raise StateError(f"{folder}: not pinesync's folder", "move it away")
        if os.name == "posix" and folder.exists() and folder.stat().st_uid != os.geteuid():
            raise StateError(f"{folder}: belongs to another user", "move it away")
        for name in _PLACES:
            _refuse_link(folder / name)

    def clear_leftovers(self) -> None:
        """Remove the temporary files of killed processes."""
        folder = self.folder / "tmp"
        if folder.is_dir():
            for left in folder.iterdir():
                with suppress(OSError):
                    left.unlink()

    def write_json(
        self, kind: str, key: str, value: Mapping[str, Any], *, durably: bool = False
    ) -> None:
        """Write one record of the log `kind` to its own file; by default not durable."""
        body = json.dumps(value).encode()
        self.write(self.folder / kind / f"{key}.json", body, durably=durably)

    def keys(self, kind: str) -> list[str]:
        """The keys of the records of a log, newest last."""
        try:
            names = os.listdir(self.folder / kind)
        except FileNotFoundError:
            return []
        except OSError as error:
            raise file_error(self.folder / kind, error) from error
        return sorted(name.removesuffix(".json") for name in names if name.endswith(".json"))

    def drop_json(self, kind: str, keys: Iterable[str]) -> None:
        """Remove these records of a log."""
        for key in keys:
            with suppress(OSError):
                (self.folder / kind / f"{key}.json").unlink()

    def read_json(self, kind: str, most: int) -> Iterator[tuple[Path, Any]]:
        """The newest `most` records of a log, oldest first by key."""
        return self.json_files(kind, most, _MAX_LINE)

    def json_files(
        self, kind: str, most: int = 0, cap: int = MAX_RECORD
    ) -> Iterator[tuple[Path, Any]]:
        """Each file with its parsed JSON, or only the last `most`. Skips files that vanish."""
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
        """Create the directory, and its parents durably."""
        _refuse_link(folder)
        if folder.is_dir():
            return
        self._make(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)
        if durably:
            sync_folder(folder.parent)


def _refuse_link(path: Path) -> None:
    if path.is_symlink():
        raise StateError(f"{path}: a link, but pinesync creates none there", "move it away")


def read_body(path: Path, most: int) -> bytes | None:
    """The content of the file; None if it does not exist. Empty if it exceeds `most` bytes, so that
    it counts as damaged."""
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
        return StateError(f"{path}: a link, but pinesync creates none there", "move it away")
    return FileError(
        f"{path}: {error.strerror or error}",
        "nothing more was done; free disk space or fix the permissions",
    )
