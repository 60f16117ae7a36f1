"""The working tree in memory, with the temporary files of a running `put`."""

import re
from collections.abc import Callable, Collection, Mapping

from pinesync.errors import FileError
from pinesync.model import Digest, RelPath
from pinesync.sync.intents import Download
from pinesync.sync.planner import LocalText
from pinesync.sync.ports import ChangedMeanwhile, IntentLog, TextStore
from pinesync.text.canonical import (
    Unreadable,
    decode,
    digest,
    digest_of_any,
    digest_or_none,
    encode_like,
    has_conflict_markers,
)
from pinesync.text.filenames import SUFFIX, BadPath, check_path

_TEMPORARY = re.compile(r"(.*/)?\.pinesync-[0-9a-z-]+\.tmp")


class FakeTree:
    """Fits `sync.ports.Tree`. `listed` gives the paths that pine.toml lists; what leaves a file is
    kept in `texts`, and what is done goes into the journal of `log`."""

    def __init__(
        self, listed: Callable[[], Collection[RelPath]], texts: TextStore, log: IntentLog
    ) -> None:
        self._listed, self._texts, self._log = listed, texts, log
        self.files: dict[str, bytes | None] = {}
        """The files by path: bytes, or None for anything but a plain file."""
        self.ignored: set[str] = set()
        self._kept: set[tuple[str, str, Digest | None]] = set()
        self._puts = 0

    def local_texts(self, only: Collection[RelPath] | None = None) -> Mapping[RelPath, LocalText]:
        scripts = {*self.files} - self.ignored if only is None else only
        paths = {*scripts, *(self._listed() if only is None else ())}
        return {
            RelPath(path): self._local_text(path)
            for path in sorted(paths)
            if path in self.files and (path in self._listed() or _may_be_tracked(path))
        }

    def _local_text(self, path: str) -> LocalText:
        try:
            text = decode(self._bytes(path))
        except Unreadable as error:
            return LocalText(None, problem=str(error))
        except FileError as error:
            return LocalText(None, problem=error.message.removeprefix(f"{path}: "))
        return LocalText(digest(text), has_conflict_markers(text))

    def is_occupied(self, path: RelPath) -> bool:
        return path in self.files

    def read(self, path: RelPath) -> bytes | None:
        return self._bytes(path) if path in self.files else None

    def put(
        self,
        path: RelPath,
        text: str,
        expected: Digest | None,
        begun: Callable[[str], None],
        *,
        conflict: bool = False,
    ) -> None:
        old = self.read(path)
        if old is None and expected is not None:
            raise FileError(f"{path}: no such file")
        if digest_or_none(old) != expected or (old is None) != (expected is None):
            raise ChangedMeanwhile
        self._puts += 1
        name = f".pinesync-{self._puts}.tmp"
        temp = _beside(path, name)
        self.files[temp] = new = encode_like(text, old)
        begun(name)
        if self.files.get(path) != old:
            raise ChangedMeanwhile
        self.files[path] = new
        if old is not None:
            self.files[temp] = old
            try:
                self._keep(name, path, old)
            except FileError:
                self.files[path], self.files[temp] = old, new
                raise
        del self.files[temp]
        self._log.journal.wrote(path, expected, digest(text))

    def finish_write(self, intent: Download) -> bool:
        path, temp = intent.path, _beside(intent.path, intent.temp)
        here, left = digest_or_none(self.read(path)), self.files.pop(temp, None)
        if left is None:
            was_kept = (intent.temp, path, intent.replaces) in self._kept
            done = here == intent.brings or (here != intent.replaces and was_kept)
        elif intent.replaces is None:
            done = here == intent.brings
        else:
            done = digest_or_none(left) == intent.replaces
            if done:
                self._keep(intent.temp, path, left)
            elif digest_or_none(left) != intent.brings:
                # An editor saved in between: its text is restored or backed up.
                if here == intent.brings:
                    self.files[path] = left
                else:
                    self._keep(intent.temp, path, left)
        if not done:
            self._log.drop([intent])
        elif intent.landed:
            self._log.journal.wrote(path, intent.replaces, intent.brings)
        return done

    def add_new_name(self, old: RelPath, new: RelPath) -> None:
        if old not in self.files:
            raise FileError(f"{new}: no such file")
        data = self._bytes(old)
        if self.files.setdefault(new, data) != data:
            raise ChangedMeanwhile
        self._log.journal.moved(old, new)

    def is_moved(self, old: RelPath, new: RelPath, text: Digest) -> bool:
        if new not in self.files:
            return False
        if old in self.files:
            return self._bytes(old) == self._bytes(new)
        return digest_of_any(self._bytes(new)) == text

    def remove_old_name(self, old: RelPath, new: RelPath, key: str) -> bool:
        if old in self.files:
            if self.read(new) != self._bytes(old):
                return False
            del self.files[old]
        return True

    def revert_move(self, old: RelPath, new: RelPath, text: Digest, key: str) -> None:
        if new not in self.files:
            return
        if old not in self.files:
            self.files[old] = self.files.pop(new)
        elif digest_of_any(self._bytes(new)) == text:
            del self.files[new]

    def clear_leftovers(self) -> None:
        for path in [path for path in self.files if _TEMPORARY.fullmatch(path)]:
            self._texts.keep(_as_text(self._bytes(path)))
            del self.files[path]

    def _bytes(self, path: str) -> bytes:
        data = self.files[path]
        if data is None:
            raise FileError(f"{path}: not a plain file")
        return data

    def _keep(self, temp: str, path: str, old: bytes) -> None:
        self._texts.keep(_as_text(old))
        self._kept.add((temp, path, digest_or_none(old)))


def _as_text(data: bytes) -> str:
    """Undecodable bytes are stored as Latin-1."""
    try:
        return decode(data)
    except Unreadable:
        return data.decode("latin-1")


def _beside(path: str, name: str) -> str:
    return path[: path.rfind("/") + 1] + name


def _may_be_tracked(path: str) -> bool:
    if not path.endswith(SUFFIX) or path.rpartition("/")[2].startswith("."):
        return False
    try:
        check_path(path)
    except BadPath:
        return False
    return True
