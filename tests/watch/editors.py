"""How editors save: real ones on their own terminals, and the calls that others make."""

import mmap
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from pinesync.model import RelPath
from pinesync.sandbox.faults import Seen
from pinesync.sync.planner import LocalText
from pinesync.sync.watching import FileState
from pinesync.watch import debouncer, files, session
from pinesync.watch.events import Checking, Held, Notice, Trouble
from pinesync.workspace.working_tree import WorkingTree
from tests.cli.terminal import TIMEOUT, Terminal
from tests.watch.conftest import Watching
from tests.world import BREAKOUT_PATH, LONGER, PATHS, TREND, TREND_PATH, World

# An editor asks for /dev/tty, so the pty must be the terminal of its session.
_AT_A_TERMINAL = """
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execvp(sys.argv[1], sys.argv[1:])
"""

Save = Callable[[Path, bytes], None]

LAST = LONGER + "plot(open)\n"


class Programs:
    """Starts any installed editor for a `Terminal`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def spawn(self, *command: object, **more: Any) -> Any:
        words = [sys.executable, "-c", _AT_A_TERMINAL, *map(str, command)]
        return subprocess.Popen(words, cwd=self._folder, **more)


def at_terminal(file: Path, *command: str) -> Terminal:
    """Start the editor on the file, in the file's folder."""
    return Terminal(Programs(file.parent), *command, file.name)


# -- editors that no machine has that runs these tests --------------------------------------------


def _written(file: Path, text: bytes, flags: int = os.O_CREAT | os.O_EXCL) -> None:
    """Written in two pieces, to the disk."""
    descriptor = os.open(file, os.O_WRONLY | flags, 0o644)
    os.write(descriptor, text[:100])
    os.write(descriptor, text[100:])
    os.fsync(descriptor)
    os.close(descriptor)


def truncates(file: Path, text: bytes) -> None:
    """VS Code, Sublime Text, gedit on a network drive, `cat >`."""
    _written(file, text, os.O_CREAT | os.O_TRUNC)


def truncates_later(file: Path, text: bytes) -> None:
    """VS Code for a hidden or protected file: opened without truncation, and truncated
    afterwards."""
    descriptor = os.open(file, os.O_RDWR)
    os.ftruncate(descriptor, 0)
    os.write(descriptor, text)
    os.close(descriptor)


def cuts_at_the_end(file: Path, text: bytes) -> None:
    """Overwritten in place, then truncated."""
    descriptor = os.open(file, os.O_WRONLY)
    os.write(descriptor, text)
    os.ftruncate(descriptor, len(text))
    os.close(descriptor)


def vscode_atomic(file: Path, text: bytes) -> None:
    beside = file.with_name(file.name + ".vsctmp")
    _written(beside, text)
    beside.rename(file)


def jetbrains(file: Path, text: bytes) -> None:
    """A safe write."""
    new = file.with_name(file.name + "___jb_tmp___")
    old = file.with_name(file.name + "___jb_old___")
    _written(new, text)
    file.rename(old)
    new.rename(file)
    old.unlink()


def jetbrains_backup(file: Path, text: bytes) -> None:
    """A safe write of newer editors: the old text stays next to the file until the new one is
    written."""
    backup = file.with_name(file.name + "~")
    shutil.copy2(file, backup)
    truncates(file, text)
    backup.unlink()


def gnome(file: Path, text: bytes) -> None:
    beside = file.with_name(".goutputstream-A1B2C3")
    _written(beside, text)
    beside.rename(file)


def gnome_backup(file: Path, text: bytes) -> None:
    """A backup by a hard link first."""
    beside, backup = file.with_name(".goutputstream-D4E5F6"), file.with_name(file.name + "~")
    _written(beside, text)
    backup.unlink(missing_ok=True)
    os.link(file, backup)
    beside.rename(file)


def sublime_atomic(file: Path, text: bytes) -> None:
    beside = file.with_name(".subl1a2.tmp")
    _written(beside, text)
    shutil.copymode(file, beside)
    beside.rename(file)


def kate(file: Path, text: bytes) -> None:
    """Qt's QSaveFile."""
    beside = file.with_name(file.name + ".AbCdEf")
    _written(beside, text)
    beside.chmod(0o644)
    beside.rename(file)


def unlinks(file: Path, text: bytes) -> None:
    """The old file is removed, a new one made: git, patch, and editors without a rename."""
    file.unlink()
    _written(file, text)


def swaps_by_a_folder(file: Path, text: bytes) -> None:
    """macOS: written in a folder next to it; the old file is moved there."""
    folder = file.with_name(f"{file.name}.sb-1a2b3c4d-AbCdEf")
    folder.mkdir()
    _written(folder / file.name, text)
    file.rename(folder / "old")
    (folder / file.name).rename(file)
    shutil.rmtree(folder)


def copied_over(file: Path, text: bytes) -> None:
    elsewhere = file.parents[2] / "elsewhere.txt"
    elsewhere.write_bytes(text)
    subprocess.run(["cp", elsewhere, file], check=True)


def moved_in(file: Path, text: bytes) -> None:
    """From an unwatched folder."""
    elsewhere = file.parents[2] / "elsewhere.txt"
    elsewhere.write_bytes(text)
    elsewhere.rename(file)


def by_memory(file: Path, text: bytes) -> None:
    """Mapped into memory: the system reports only the close."""
    with file.open("r+b") as mapped:
        mapped.truncate(len(text))
        with mmap.mmap(mapped.fileno(), len(text)) as memory:
            memory[:] = text


def same_size_and_time(file: Path, text: bytes) -> None:
    """Like rsync and unpackers: the new file has the old one's time."""
    beside, times = file.with_name(f".{file.name}.x7Zq1a"), file.stat()
    _written(beside, text)
    os.utime(beside, ns=(times.st_atime_ns, times.st_mtime_ns))
    beside.rename(file)


CALLS: tuple[Save, ...] = (
    truncates,
    truncates_later,
    cuts_at_the_end,
    vscode_atomic,
    jetbrains,
    jetbrains_backup,
    gnome,
    gnome_backup,
    sublime_atomic,
    kate,
    unlinks,
    swaps_by_a_folder,
    copied_over,
    moved_in,
    by_memory,
    same_size_and_time,
)


# -- what a test has to wait for ------------------------------------------------------------------


def fence(watching: Watching) -> None:
    """Wait for a save of another script: all earlier events are then handled."""
    world = watching.world
    watching.saves(world.read(BREAKOUT_PATH) + "// more\n", BREAKOUT_PATH)


def brisk(patch: pytest.MonkeyPatch, again: float = 0.2) -> None:
    """Poll and read files more often, with `again` seconds before a second read."""
    patch.setattr(debouncer, "LOOK_SECONDS", 0.2)
    patch.setattr(debouncer, "READ_SECONDS", 0.2)
    patch.setattr(files, "RECHECK_SECONDS", again)
    patch.setattr(session, "RECHECK_SECONDS", again)


def check_uploads(watching: Watching, *texts: str, notices: int = 0, again: int = 0) -> None:
    """Check the versions since the first: each was sent once, and nothing else happened except this
    number of notices and of texts replaced by the next."""
    fence(watching)
    world = watching.world
    assert world.saved() == [TREND, *texts]
    assert set(world.account()) == {"Trend", "Breakout", "Tools"}
    assert world.statuses() == {}
    assert all(world.entry(path)["version"] for path in PATHS)
    events = watching.events
    sent = [e.path for e in events if isinstance(e, Checking) and e.path != BREAKOUT_PATH]
    assert sent == [TREND_PATH] * (len(texts) + again)
    assert sum(isinstance(event, Notice | Held | Trouble) for event in events) == notices


class Looks:
    """Counts the reads of one script, so that no test sleeps."""

    def __init__(self, patch: pytest.MonkeyPatch, path: str = TREND_PATH) -> None:
        self._news = threading.Condition()
        self.count = 0
        inspect = WorkingTree.inspect

        def counted(folder: WorkingTree, seen: RelPath) -> FileState:
            found = inspect(folder, seen)
            with self._news:
                self.count += seen == path
                self._news.notify_all()
            return found

        patch.setattr(WorkingTree, "inspect", counted)

    def wait_for(self, more: int) -> None:
        """Wait for this number of further reads."""
        self.wait_until(self.count + more)

    def wait_until(self, count: int) -> None:
        with self._news:
            assert self._news.wait_for(lambda: self.count >= count, TIMEOUT)


def once_asked(
    world: World, patch: pytest.MonkeyPatch, endpoint: str, act: Callable[[], object]
) -> None:
    """Act when the service first receives this request."""
    note, acts = world.plan.note, [act]

    def noted(seen: Seen, url: str) -> None:
        note(seen, url)
        if seen.endpoint == endpoint and acts:
            acts.pop()()

    patch.setattr(world.plan, "note", noted)


def once_looked_at(patch: pytest.MonkeyPatch, act: Callable[[], object]) -> None:
    """Act right before an upload first reads the folder."""
    texts, acts = WorkingTree.local_texts, [act]

    def seen(folder: WorkingTree, *only: Any) -> Mapping[RelPath, LocalText]:
        if acts:
            acts.pop()()
        return texts(folder, *only)

    patch.setattr(WorkingTree, "local_texts", seen)
