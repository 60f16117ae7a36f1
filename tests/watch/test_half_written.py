"""A half-written, invalid or missing file is never sent; a complete one is one upload."""

import itertools
import os
from collections.abc import Callable
from pathlib import Path
from queue import SimpleQueue

import pytest

from pinesync.app.project import Places, Project, Setup, open_project
from pinesync.model import RelPath
from pinesync.sandbox.faults import Seen
from pinesync.sync.watching import FileState
from pinesync.watch import debouncer, files
from pinesync.watch.events import Checking, Notice
from pinesync.workspace.files import Tree
from tests.watch.conftest import TIMEOUT, Watching
from tests.watch.editors import (
    LAST,
    Looks,
    brisk,
    check_uploads,
    fence,
    jetbrains,
    once_asked,
    once_looked_at,
    truncates,
)
from tests.world import BREAKOUT_PATH, TOOLS_PATH, TREND_PATH, Clock, World
from tests.world.scripts import EXTRA, LONGER, SLOWER, TREND

HALF = SLOWER.replace("plot(slow)\n", "")
"""Of SLOWER: Pine that compiles."""


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> Looks:
    """The reads of a session that polls often."""
    brisk(monkeypatch)
    return Looks(monkeypatch)


def opened(world: World) -> Project:
    """The clone, as any command has it."""
    home = world.home / "pinesync"
    return open_project(Setup(world.folder, Places(home / "config", home / "state", home)))


@pytest.mark.promise(1, 32)
@pytest.mark.parametrize(
    "half",
    [b"", b"\n", HALF.encode(), HALF.encode() + "// \u20ac".encode()[:-1], SLOWER.encode()],
    ids=["none", "blank", "valid", "half a character", "all of it"],
)
def test_a_file_being_written_waits(watching: Watching, half: bytes, looks: Looks) -> None:
    world = watching.start().world
    whole = SLOWER.encode() + "// \u20ac\n".encode()
    with (world.folder / TREND_PATH).open("wb") as file:
        file.write(half)
        file.flush()
        fence(watching)
        looks.wait_for(2)
        fence(watching)
        assert world.saved() == [TREND]
        file.seek(0)
        file.write(whole)
    assert watching.done().done == "saved"
    check_uploads(watching, whole.decode())


def test_a_file_reopened_for_writing_waits(watching: Watching) -> None:
    world = watching.start().world
    file = world.folder / TREND_PATH
    file.write_bytes(b"")
    file.write_text(HALF)
    with file.open("a") as rest:
        fence(watching)
        assert world.saved() == [TREND]
        rest.write("plot(slow)\n")
    assert watching.done().done == "saved"
    check_uploads(watching, SLOWER)


def test_a_truncated_then_written_file_is_one_save(
    watching: Watching, monkeypatch: pytest.MonkeyPatch
) -> None:
    brisk(monkeypatch, again=60.0)
    world = watching.start().world
    world.write("")
    fence(watching)
    watching.saves(LONGER)
    check_uploads(watching, LONGER)


def test_a_file_written_during_the_read_waits(
    clone: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A read during an editor's write sees a part of the text, and reports nothing."""
    folder = opened(clone).workspace
    clone.write(SLOWER)
    writing = []

    def read(tree: Tree, path: RelPath) -> bytes | None:
        writing.append((clone.folder / path).open("wb"))
        writing[0].write(HALF.encode())
        writing[0].flush()
        return HALF.encode()

    monkeypatch.setattr(Tree, "read", read)
    seen = folder.tree.inspect(RelPath(TREND_PATH))
    writing[0].close()
    assert seen.busy
    assert seen.digest is None


def test_a_locked_file_is_reported_once(
    watching: Watching, looks: Looks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "BUSY_SECONDS", 0.2)
    world = watching.start().world
    with (world.folder / TREND_PATH).open("a") as file:
        file.write("plot(close)\n")
        file.flush()
        assert watching.news().message == "a program has it open for writing"
        looks.wait_for(3)
    assert watching.done().done == "saved"
    check_uploads(watching, LONGER, notices=1)


def test_a_half_written_file_is_not_saved_without_open_file_detection(
    watching: Watching, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A half is taken for the whole, but the text has changed before it would be saved."""
    monkeypatch.setattr(Tree, "is_busy", lambda tree, path: False)
    world = watching.start().world
    with (world.folder / TREND_PATH).open("wb", buffering=0) as file:
        once_asked(world, monkeypatch, "get", lambda: file.write(b"plot(slow)\n"))
        file.write(HALF.encode())
        assert watching.done().done == "saved"
    check_uploads(watching, SLOWER, again=1)


# -- one save after another -----------------------------------------------------------------------


def test_format_on_save_is_one_save(watching: Watching, monkeypatch: pytest.MonkeyPatch) -> None:
    """The editor saves, its formatter reads that and saves again."""
    monkeypatch.setattr(debouncer, "QUIET_SECONDS", 0.4)
    monkeypatch.setattr(debouncer, "MAX_SECONDS", 60.0)
    world = watching.start().world
    truncates(world.folder / TREND_PATH, SLOWER.encode())
    jetbrains(world.folder / TREND_PATH, LONGER.encode())
    truncates(world.folder / TREND_PATH, LAST.encode())
    assert watching.done().done == "saved"
    check_uploads(watching, LAST)


@pytest.mark.parametrize("endpoint", ["list", "check", "get"])
def test_a_slow_formatter_is_one_save(
    watching: Watching, endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the first text is being checked: it is not saved any more."""
    world = watching.start().world
    once_asked(world, monkeypatch, endpoint, lambda: world.write(LAST))
    watching.saves(SLOWER)
    check_uploads(watching, LAST, again=1)


@pytest.mark.parametrize("endpoint", ["list", "check"])
def test_a_slow_formatter_of_a_new_script_is_one_save(
    watching: Watching, endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = "indicators/Extra.pine"
    world = watching.start().world
    world.write(EXTRA, path)
    assert world("add", path).code == 0
    fence(watching)
    once_asked(world, monkeypatch, endpoint, lambda: world.write(EXTRA + "plot(close)\n", path))
    world.write(EXTRA + "plot( close )\n", path)
    assert watching.done(path).done == "created"
    fence(watching)
    assert world.saved("Extra") == [EXTRA + "plot(close)\n"]


def test_a_constantly_changing_file_costs_few_requests(
    watching: Watching, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An upload is retried once immediately, and then no sooner than another version may follow."""
    world = watching.start(min_interval=3600.0).world
    numbers = itertools.count()
    note = world.plan.note

    def noted(seen: Seen, url: str) -> None:
        note(seen, url)
        if seen.endpoint == "check":
            world.write(f"{TREND}// {next(numbers)}\n")

    monkeypatch.setattr(world.plan, "note", noted)
    world.write(LONGER)
    for path in (BREAKOUT_PATH, TOOLS_PATH):
        watching.saves(world.read(path) + "// more\n", path)
    assert world.saved() == [TREND]
    checked = [e for e in watching.stop() if isinstance(e, Checking) and e.path == TREND_PATH]
    assert len(checked) == 2


@pytest.mark.parametrize("moment", ["look", "list", "check", "get"])
@pytest.mark.parametrize("meanwhile", ["gone", "empty", "no text", "as before", "a link"])
def test_a_briefly_unreadable_file_is_checked_again(
    watching: Watching, moment: str, meanwhile: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The editor saves the same text again while the file is read."""
    looks = Looks(monkeypatch)
    world = watching.start().world
    acted: SimpleQueue[int] = SimpleQueue()
    texts = {"empty": b"", "no text": b"\xff", "as before": TREND.encode()}

    def act() -> None:
        world.remove()
        if meanwhile == "a link":
            (world.folder / TREND_PATH).symlink_to("elsewhere")
        elif meanwhile in texts:
            world.write(texts[meanwhile])
        acted.put(looks.count)

    if moment == "look":
        once_looked_at(monkeypatch, act)
    else:
        once_asked(world, monkeypatch, moment, act)
    world.write(LONGER)
    looks.wait_until(acted.get(timeout=TIMEOUT) + 1)
    (world.folder / TREND_PATH).unlink(missing_ok=True)
    watching.saves(LONGER)
    check_uploads(watching, LONGER, again=1)


# -- what is never sent ---------------------------------------------------------------------------

MARKED = TREND.replace(
    "plot(fast)\n", "<<<<<<< ours\nplot(fast)\n=======\nplot(slow)\n>>>>>>> theirs\n"
)


def linked(file: Path) -> None:
    other = file.with_name("other.txt")
    other.write_text(LONGER)
    file.unlink()
    file.symlink_to(other)


def made_folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


def made_pipe(file: Path) -> None:
    file.unlink()
    os.mkfifo(file)


def made_unreadable(file: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may read everything")
    file.chmod(0)


UNSENDABLE: dict[str, tuple[bytes | Callable[[Path], None], str]] = {
    "empty": (b"", "the file is empty"),
    "blank": (b" \n\t\r\n", "the file is empty"),
    "a mark of order alone": (b"\xef\xbb\xbf", "the file is empty"),
    "latin-1": (b"// \xe9\n" + TREND.encode(), "not UTF-8: byte 0xe9 at offset 3"),
    "utf-16": (TREND.encode("utf-16"), "not UTF-8: byte 0xff at offset 0"),
    "NUL": (TREND.encode() + b"\0\n", f"not text: a NUL byte at offset {len(TREND)}"),
    "markers": (MARKED.encode(), "the file contains conflict markers"),
    "9 MB": (TREND.encode() + b"/" * 9_000_000, "larger than 8388608 bytes"),
    "a folder": (made_folder, "not a plain file"),
    "a link": (linked, "a link is in the way, and links are not followed"),
    "a pipe": (made_pipe, "not a plain file"),
    "unreadable": (made_unreadable, "Permission denied"),
}


@pytest.mark.promise(32)
@pytest.mark.parametrize("kind", UNSENDABLE)
def test_an_invalid_file_is_reported_once_and_never_sent(
    watching: Watching, kind: str, looks: Looks
) -> None:
    world = watching.start().world
    file = world.folder / TREND_PATH
    made, message = UNSENDABLE[kind]
    made(file) if callable(made) else file.write_bytes(made)
    news = watching.news()
    assert (news.word, news.message) == ("not sent", message)
    looks.wait_for(1)
    os.utime(file, follow_symlinks=False)
    looks.wait_for(1)
    fence(watching)
    assert world.saved() == [TREND]
    file.rmdir() if file.is_dir() else file.unlink()
    watching.saves(LONGER)
    check_uploads(watching, LONGER, notices=1)


def test_a_file_that_becomes_invalid_again_is_reported_again(
    watching: Watching, monkeypatch: pytest.MonkeyPatch
) -> None:
    brisk(monkeypatch)
    world = watching.start().world
    for text in (LONGER, LAST):
        world.write("")
        assert watching.news().message == "the file is empty"
        watching.saves(text)
    check_uploads(watching, LONGER, LAST, notices=2)


def test_an_initially_empty_file_is_sent_once_written(watching: Watching) -> None:
    world = watching.world
    world.write("")
    watching.start()
    fence(watching)
    watching.saves(LONGER)
    check_uploads(watching, LONGER)


def test_other_files_next_to_a_script_are_ignored(watching: Watching) -> None:
    """Backups, swap and lock files, and an unlisted script."""
    world = watching.start().world
    beside = "#{}# {}~ {}.~1~ {}.orig {}.bak {}.rej .{}.swp .{}.un~ {}.save {}.AbCdEf .#{}".split()
    names = [name.format("Trend.pine") for name in beside]
    for name in [*names, "4913", ".goutputstream-X1Y2Z3", "copy.pine"]:
        world.write(LONGER, f"indicators/{name}")
    (world.folder / "libraries/.#Tools.pine").symlink_to("somebody@somewhere.1234")
    fence(watching)
    watching.saves(SLOWER)
    assert world.statuses() == {"indicators/copy.pine": "untracked"}
    (world.folder / "indicators/copy.pine").unlink()
    check_uploads(watching, SLOWER)


def test_reading_a_non_file_leaves_no_descriptor_open(clone: World) -> None:
    folder, file = opened(clone).workspace, clone.folder / TREND_PATH
    for made in (made_folder, made_pipe):
        made(file)
        before = len(os.listdir("/dev/fd"))
        for _ in range(3):
            assert folder.tree.inspect(RelPath(TREND_PATH)) == FileState(None, "not a plain file")
        assert len(os.listdir("/dev/fd")) == before
        file.rmdir() if file.is_dir() else file.unlink()
        clone.write(TREND)


# -- what is gone ---------------------------------------------------------------------------------


def test_a_missing_file_is_reported_once(watching: Watching, looks: Looks) -> None:
    world = watching.start().world
    world.remove()
    assert watching.news().word == "missing"
    looks.wait_for(1)
    world.write(TREND)
    looks.wait_for(1)
    world.remove()
    assert watching.news().word == "missing"
    watching.saves(LONGER)
    check_uploads(watching, LONGER, notices=2)


@pytest.mark.parametrize("text", [TREND, LONGER])
def test_a_briefly_missing_file_is_not_reported(
    watching: Watching, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    brisk(monkeypatch, again=60.0)
    looks = Looks(monkeypatch)
    world = watching.start().world
    file = world.folder / TREND_PATH
    file.rename(file.with_name("aside"))
    looks.wait_for(1)
    if text == TREND:
        file.with_name("aside").rename(file)
        looks.wait_for(1)
    else:
        watching.saves(text)
    check_uploads(watching, *([text] if text != TREND else []))


def test_a_briefly_missing_folder_is_not_reported(
    watching: Watching, monkeypatch: pytest.MonkeyPatch
) -> None:
    brisk(monkeypatch, again=60.0)
    looks = Looks(monkeypatch)
    world = watching.start().world
    folder = world.folder / "indicators"
    folder.rename(world.place / "away")
    looks.wait_for(1)
    (world.place / "away").rename(folder)
    fence(watching)
    watching.saves(LONGER)
    check_uploads(watching, LONGER)


# -- when a look counts ---------------------------------------------------------------------------


@pytest.mark.parametrize("made", ["gone", "empty"])
def test_a_missing_file_is_confirmed_a_second_later(clone: World, made: str) -> None:
    """Regardless of the number of events before: they are late, and several for one change."""
    clock = Clock(100.0)
    watched = files.Files(opened(clone).workspace, clock, allow_many=False)
    assert watched.begin() is None
    path = RelPath(TREND_PATH)
    clone.remove() if made == "gone" else clone.write("")
    for _ in range(5):
        assert watched.scan([path]) == files.ScanResult(recheck=(path,))
        clock.wait(0.15)
    clone.write(TREND)
    assert watched.scan([path]).events == ()
    clone.remove() if made == "gone" else clone.write("")
    clock.wait(1.0)
    assert watched.scan([path]).recheck == (path,)
    clock.wait(1.0)
    (event,) = watched.scan([path]).events
    assert isinstance(event, Notice)
    assert event.word == ("missing" if made == "gone" else "not sent")
    clock.wait(60.0)
    assert watched.scan([path]).events == ()


class Hearing:
    """Hints under control: which paths arrive in each call, and when."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.paths: set[str] = set()

    def wait(self, seconds: float) -> tuple[frozenset[str], list[str]]:
        paths, self.paths = self.paths, set()
        self._clock.wait(0.0 if paths else seconds)
        return frozenset(paths), []


def test_a_file_is_read_once_it_is_quiet(clone: World) -> None:
    """Every event delays the read by as long as an editor needs between two calls, up to half a
    second in total."""
    clock = Clock(100.0)
    hints = Hearing(clock)
    path = RelPath(TREND_PATH)
    looking = debouncer.Debouncer(hints, clock, lambda: {path: 1}, lambda paths: None)
    began, hints.paths = clock(), {path, "indicators/Trend.pine~"}
    assert [looking.due(3600.0)[0] for _ in range(2)] == [frozenset(), {path}]
    assert clock() - began == pytest.approx(debouncer.QUIET_SECONDS)
    began, read = clock(), frozenset[RelPath]()
    while not read and clock() < began + 5.0:
        hints.paths = {path}
        read = looking.due(3600.0)[0]
        clock.wait(0.05)
    assert read == {path}
    assert clock() - began == pytest.approx(debouncer.MAX_SECONDS, abs=0.1)
