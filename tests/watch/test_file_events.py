"""Events are hints, and reading is reliable: a change without an event is found too.

First the rules of time, with a manual clock; then sessions with missing, late or too many events.
"""

import errno
import json
import os
import signal
import subprocess
import sys
import threading
import types
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any, Self

import pytest
from hypothesis import given
from hypothesis import strategies as st
from watchdog.events import FileDeletedEvent, FileModifiedEvent, FileMovedEvent, FileOpenedEvent

from pinesync.app.project import open_project
from pinesync.errors import EXIT_LATER, EXIT_USAGE, ManifestError
from pinesync.model import RelPath
from pinesync.sandbox.faults import Fault, Switches
from pinesync.sync.watching import MANY
from pinesync.text.canonical import digest
from pinesync.watch import debouncer
from pinesync.watch import files as files_module
from pinesync.watch import uploader as sending_module
from pinesync.watch.debouncer import Debouncer
from pinesync.watch.events import Began, Checking, Done, Held, Notice, Trouble
from pinesync.watch.files import Files, ScanResult
from pinesync.watch.uploader import Uploader
from pinesync.workspace.file_events import FileEvents
from pinesync.workspace.lock import writing
from pinesync.workspace.manifest_file import ManifestFile
from pinesync.workspace.working_tree import WorkingTree
from tests.watch.conftest import TIMEOUT, Watching
from tests.watch.processes import idle_watch
from tests.world import BREAKOUT_PATH, COMMAND, TREND_PATH, World
from tests.world.scripts import BREAKOUT, BROKEN, EXTRA, LONGER, SLOWER, TREND

ONE, TWO, THREE = RelPath("one.pine"), RelPath("two.pine"), RelPath("three.pine")
PINE = (ONE, TWO, THREE)
linux = pytest.mark.skipif(sys.platform != "linux", reason="inotify exists only on Linux")


# -- the rules of time ----------------------------------------------------------------------------


@dataclass
class Hand:
    """The clock and all events under control: `coming` has the hints and keys by time, `stats`
    what the file system reports of each file."""

    now: float = 1000.0
    coming: list[tuple[float, set[str], list[str]]] = field(default_factory=list)
    stats: dict[RelPath, object] = field(default_factory=lambda: dict.fromkeys(PINE, 0))
    looks: list[float] = field(default_factory=list)
    heard: list[tuple[float, set[str]]] = field(default_factory=list)
    fails: bool = False

    def __post_init__(self) -> None:
        self.debouncer = Debouncer(self, lambda: self.now, self._stats, self._hear)
        self.looks.clear()

    def _stats(self) -> dict[RelPath, object]:
        self.looks.append(self.since())
        if self.fails:
            raise ManifestError("cannot be read")
        return dict(self.stats)

    def _hear(self, paths: Any) -> None:
        self.heard.append((self.since(), set(paths)))

    def wait(self, seconds: float) -> tuple[frozenset[str], list[str]]:
        until = self.now + seconds
        if self.coming and self.coming[0][0] <= until:
            at, paths, keys = self.coming.pop(0)
            self.now = max(self.now, at)
            return frozenset(paths), keys
        self.now = until
        return frozenset(), []

    def since(self) -> float:
        return round(self.now - 1000.0, 4)

    def hints(self, *moments: tuple[float, str]) -> Self:
        self.coming += [(1000.0 + at, {path}, []) for at, path in moments]
        return self

    def due(self) -> tuple[float, set[str]]:
        """Return when files are due next, and which."""
        while True:
            paths, _ = self.debouncer.due(3600.0)
            if paths:
                return self.since(), set(paths)


def test_a_file_is_due_once_it_is_quiet() -> None:
    assert Hand().hints((0.1, ONE)).due() == (0.16, {ONE})
    assert Hand().hints((0.0, ONE), (0.05, ONE), (0.1, ONE)).due() == (0.16, {ONE})


def test_a_changing_file_is_due_after_half_a_second() -> None:
    hand = Hand().hints(*((number * 0.05, ONE) for number in range(20)))
    assert hand.due() == (0.5, {ONE})
    at, paths = hand.due()
    assert (paths, at) == ({ONE}, 1.01)  # the last hint is of 0.95


def test_changes_in_one_window_are_due_together() -> None:
    hand = Hand().hints((0.0, ONE), (0.04, TWO), (0.08, THREE))
    assert hand.due() == (0.14, {ONE, TWO, THREE})
    hand = Hand().hints((0.0, ONE), (0.07, TWO))
    assert hand.due() == (0.06, {ONE})
    assert hand.due() == (0.13, {TWO})
    hand = Hand().hints((0.45, TWO), *((number * 0.04, ONE) for number in range(15)))
    hand.coming.sort(key=lambda event: event[0])
    assert hand.due() == (0.5, {ONE, TWO})


def test_an_untracked_file_is_never_due() -> None:
    hand = Hand().hints(*((number * 0.05, "other.pine") for number in range(100)), (5.0, ONE))
    assert hand.due() == (5.06, {ONE})
    assert hand.heard == [(5.0, {ONE})]


def test_a_change_is_reported_immediately() -> None:
    hand = Hand().hints((0.2, ONE), (0.21, TWO))
    assert hand.due() == (0.27, {ONE, TWO})
    assert hand.heard == [(0.2, {ONE}), (0.21, {TWO})]


def test_a_key_ends_the_wait_and_makes_nothing_due() -> None:
    hand = Hand()
    hand.coming = [(1000.3, set(), ["p"]), (1000.31, {ONE}, ["n"])]
    assert hand.debouncer.due(3600.0) == (frozenset(), ["p"])
    assert hand.since() == 0.3
    assert hand.debouncer.due(3600.0) == (frozenset(), ["n"])
    assert hand.due() == (0.37, {ONE})


def test_a_wait_with_a_limit_returns_nothing_at_its_end() -> None:
    hand = Hand()
    assert hand.debouncer.due(0.25) == (frozenset(), [])
    assert hand.since() == 0.25
    assert hand.debouncer.due(0.0) == (frozenset(), [])
    idle = [hand.debouncer.idle]
    hand.hints((0.3, ONE))
    assert hand.debouncer.due(0.06) == (frozenset(), [])
    idle.append(hand.debouncer.idle)
    assert hand.due() == (0.36, {ONE})
    idle.append(hand.debouncer.idle)
    assert idle == [True, False, True]


def test_a_file_to_check_again_is_due_once() -> None:
    hand = Hand()
    hand.debouncer.schedule([ONE, TWO], 0.7)
    hand.hints((0.2, TWO))
    assert hand.due() == (0.26, {TWO})
    assert hand.due() == (0.7, {ONE})
    hand.debouncer.schedule([ONE], 0.0)
    assert hand.due() == (0.7, {ONE})
    hand.debouncer.schedule([ONE], 30.0)
    assert hand.due() == (30.7, {ONE})
    hand.debouncer.schedule([ONE], 0.5)
    hand.hints((31.1, TWO))
    assert hand.due() == (31.16, {TWO})
    assert hand.due() == (31.2, {ONE})


@pytest.mark.promise(31)
def test_file_times_are_polled_every_second() -> None:
    hand = Hand()
    hand.debouncer.due(0.5)
    hand.stats[ONE] = 1
    assert hand.due() == (1.06, {ONE})
    assert (hand.looks, hand.heard) == ([1.0], [(1.0, {ONE})])
    del hand.stats[TWO]
    hand.stats[RelPath("four.pine")] = 1
    assert hand.due() == (2.06, {TWO, "four.pine"})
    hand.hints((2.5, "four.pine"), (2.5, TWO))
    assert hand.due() == (2.56, {"four.pine"})
    hand.hints(*((3.0 + number * 0.3, "noise") for number in range(20)))
    hand.debouncer.schedule([ONE], 6.44)
    assert hand.due() == (9.0, {ONE})
    assert hand.looks == [float(second) for second in range(1, 10)]


def test_a_change_with_an_event_is_not_found_again_by_polling() -> None:
    hand = Hand().hints((0.99, ONE))
    hand.stats[ONE] = 1
    assert hand.due() == (1.05, {ONE})
    hand.debouncer.schedule([TWO], 3.0)
    assert hand.due() == (4.05, {TWO})
    assert len(hand.heard) == 1


def test_a_change_to_pine_toml_reads_it_again() -> None:
    hand = Hand()
    hand.stats[four := RelPath("four.pine")] = 1
    hand.hints((0.2, "pine.toml"), (0.3, four))
    assert hand.due() == (0.26, {four})
    assert hand.due() == (0.36, {four})
    assert hand.looks == [0.2]


def test_every_file_is_read_once_a_minute() -> None:
    hand = Hand()
    assert hand.due() == (60.0, set(PINE))
    hand.hints((119.97, ONE))
    assert hand.due() == (120.0, {TWO, THREE})
    assert hand.due() == (120.03, {ONE})
    assert hand.due() == (180.0, set(PINE))


@pytest.mark.promise(31)
@pytest.mark.parametrize("hinted", [True, False])
def test_every_file_is_read_after_the_machine_slept(hinted: bool) -> None:
    """Both if an event ends the wait, and if it times out."""
    hand = Hand()
    wait = hand.wait

    def asleep(seconds: float) -> tuple[frozenset[str], list[str]]:
        found = wait(seconds)
        hand.now += 10.0
        return found

    if hinted:
        hand.hints((0.2, "noise"))
    hand.wait = asleep  # type: ignore[method-assign]
    assert hand.due() == (10.2 if hinted else 11.0, set(PINE))
    hand.wait = wait  # type: ignore[method-assign]
    assert hand.due() == (70.2 if hinted else 71.0, set(PINE))


def test_a_short_pause_is_not_taken_for_sleep() -> None:
    hand = Hand()
    wait = hand.wait

    def slow(seconds: float) -> tuple[frozenset[str], list[str]]:
        hand.now += 8.9
        return wait(seconds)

    hand.wait = slow  # type: ignore[method-assign]
    assert hand.debouncer.due(3600.0) == (frozenset(), [])
    assert hand.since() == 9.9


def test_a_failed_poll_is_retried_after_a_second() -> None:
    """Earlier events are not forgotten."""
    hand = Hand().hints((0.2, ONE))
    hand.debouncer.due(0.21)
    hand.fails = True
    hand.hints((0.25, "pine.toml"))
    with pytest.raises(ManifestError):
        hand.due()
    hand.debouncer.postpone_poll()
    assert hand.due() == (0.26, {ONE})
    for second in (1.25, 2.25):
        with pytest.raises(ManifestError):
            hand.due()
        assert hand.since() == second
        hand.debouncer.postpone_poll()
    hand.fails = False
    hand.stats[TWO] = 1
    assert hand.due() == (3.31, {TWO})


@given(
    st.lists(
        st.tuples(st.floats(0, 5).map(lambda at: round(at, 3)), st.sampled_from(PINE)),
        min_size=1,
        max_size=40,
    )
)
def test_every_event_makes_its_file_due(moments: list[tuple[float, RelPath]]) -> None:
    """Each file is due at most half a second later, and not before it is quiet."""
    hand = Hand().hints(*sorted(moments))
    seen = []
    while hand.coming or not hand.debouncer.idle:
        seen.append(hand.due())
    for at, path in moments:
        assert any(path in paths and at <= when <= at + 0.5001 for when, paths in seen)
    for when, paths in seen:
        # An event during a poll is seen by it or by the next one.
        window = [at for at, path in moments if path in paths and when - 0.5001 <= at < when]
        assert max(window) <= when - 0.0599 or min(window) <= when - 0.4999


# -- what the system says -------------------------------------------------------------------------


@pytest.fixture
def hints(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FileEvents:
    """The events of `tmp_path`; the system itself sends none."""
    monkeypatch.setattr("watchdog.observers.api.BaseObserver.start", lambda self: None)
    return FileEvents(tmp_path)


def test_events_are_paths_below_the_root(hints: FileEvents, tmp_path: Path) -> None:
    folder = str(tmp_path)
    hints.on_any_event(FileModifiedEvent(f"{folder}/a/one.pine"))
    hints.on_any_event(FileMovedEvent(f"{folder}/a/two.pine", f"{folder}/b/two.pine"))
    hints.on_any_event(FileDeletedEvent(os.fsencode(f"{folder}/ü.pine")))
    hints.on_any_event(FileOpenedEvent(f"{folder}/read.pine"))
    paths, keys = hints.wait(60)
    assert (set(paths), keys) == ({"a/one.pine", "a/two.pine", "b/two.pine", "ü.pine"}, [])
    assert hints.wait(0) == (frozenset(), [])


def test_a_key_ends_a_wait_for_events(hints: FileEvents) -> None:
    threading.Thread(target=hints.press, args=("p",)).start()
    assert hints.wait(60) == (frozenset(), ["p"])


@linux
def test_a_file_moved_away_does_not_delay_other_events(tmp_path: Path) -> None:
    """watchdog waits for the other half of a move; every event behind it waits too. In 6 and in 7
    it is another class that has the time, and it is read when the class is made use of."""
    six = int(version("watchdog").split(".")[0]) < 7
    module = "inotify_buffer" if six else "inotify_move_event_grouper"
    name = "InotifyBuffer" if six else "InotifyMoveEventGrouper"
    grouping = getattr(import_module(f"watchdog.observers.{module}"), name)
    root = tmp_path / "root"
    root.mkdir()
    (root / "leaves.pine").touch()
    hints = FileEvents(root)
    try:
        assert (hints.works, grouping.delay) == (True, 0.02)
        (root / "leaves.pine").rename(tmp_path / "gone.pine")
        (root / "stays.pine").touch()
        seen: set[str] = set()
        while "stays.pine" not in seen:
            seen |= hints.wait(60)[0]
    finally:
        hints.close()


def test_watchdog_6_is_supported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module: Any = types.ModuleType("watchdog.observers.inotify_buffer")
    module.InotifyBuffer = type("InotifyBuffer", (), {"delay": 0.5})
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setitem(sys.modules, "watchdog.observers.inotify_move_event_grouper", None)
    monkeypatch.setattr("watchdog.observers.api.BaseObserver.start", lambda self: None)
    FileEvents(tmp_path)
    assert module.InotifyBuffer.delay == 0.02


# -- sessions that hear of nothing ----------------------------------------------------------------


@pytest.fixture
def deaf(watching: Watching, monkeypatch: pytest.MonkeyPatch) -> Watching:
    """A session that receives no events, not yet started."""
    monkeypatch.setattr(FileEvents, "on_any_event", lambda self, event: None)
    return watching


@pytest.mark.parametrize("function", ["api.EventEmitter.start", "api.BaseObserver.__init__"])
@pytest.mark.parametrize("reason", [errno.ENOSPC, errno.EMFILE, errno.ENOSYS])
def test_watch_polls_and_says_so_without_file_events(
    watching: Watching, monkeypatch: pytest.MonkeyPatch, reason: int, function: str
) -> None:
    """If no watches are left, or a drive does not support them, this is reported, and `watch`
    works."""

    def refused(*_: object, **__: object) -> None:
        raise OSError(reason, os.strerror(reason))

    monkeypatch.setattr(f"watchdog.observers.{function}", refused)
    monkeypatch.setattr(debouncer, "LOOK_SECONDS", 0.1)
    world = watching.start().world
    began = watching.events[0]
    assert isinstance(began, Began)
    assert began.by_looking
    watching.saves(LONGER)
    assert world.saved() == [TREND, LONGER]


@linux
def test_watch_polls_if_the_inotify_limit_is_exhausted(clone: World) -> None:
    """The real thing, in a user namespace whose limit is ours."""
    limit = "/proc/sys/user/max_inotify_instances"
    alone = ["unshare", "--user", "--map-root-user"]
    able = subprocess.run(
        [*alone, "sh", "-c", f"echo 0 > {limit}"], capture_output=True, check=False
    )
    if able.returncode:
        pytest.skip("needs user namespaces")
    words = f'echo 0 > {limit}; exec "$@"'
    command = [*alone, "sh", "-c", words, "-", *COMMAND, "watch", "--json"]
    pipes: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, cwd=clone.folder, **pipes) as child:
        assert child.stdout
        began = json.loads(child.stdout.readline())
        assert (began["event"], began["by_looking"]) == ("began", True)
        child.send_signal(signal.SIGINT)


@pytest.mark.promise(31)
def test_a_save_without_an_event_is_sent(deaf: Watching) -> None:
    world = deaf.start().world
    deaf.saves(LONGER)
    world.write(SLOWER)
    world.write(BREAKOUT + "// one\n", BREAKOUT_PATH)
    assert (deaf.done().done, deaf.done(BREAKOUT_PATH).done) == ("saved", "saved")
    assert world.saved() == [TREND, LONGER, SLOWER]


def test_a_save_with_unchanged_time_and_size_is_sent(
    deaf: Watching, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even if the file system reports no change: a network drive, a copy."""
    monkeypatch.setattr(debouncer, "LOOK_SECONDS", 0.05)
    world = deaf.start().world
    file = world.folder / TREND_PATH
    before = file.stat()
    world.write(SLOWER)
    assert len(SLOWER) == len(TREND)
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert deaf.done().done == "saved"
    assert world.saved() == [TREND, SLOWER]


def test_a_save_that_polling_misses_is_sent(
    deaf: Watching, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All files are read once a minute; here more often."""
    monkeypatch.setattr(debouncer, "READ_SECONDS", 0.3)
    entries = ManifestFile.entries
    same = lambda tree: dict.fromkeys(entries(tree._manifest), 0)
    monkeypatch.setattr(WorkingTree, "stats", same)
    world = deaf.start().world
    deaf.saves(LONGER)
    assert world.saved() == [TREND, LONGER]


def test_saves_in_a_new_folder_are_sent(watching: Watching) -> None:
    world = watching.start().world
    paths = ["new/Extra.pine", "new/deeper/More.pine"]
    for path in paths:
        world.write(EXTRA.replace("Extra", Path(path).stem), path)
    assert world("add", *paths).code == 0
    world.write(LONGER)
    watching.done()
    for path in paths:
        world.write(world.read(path) + "// saved\n", path)
    for path in sorted(paths, key=lambda path: path):
        assert watching.done(path).done == "created"
    (world.folder / "new").rename(world.folder / "old")
    assert watching.news(paths[0]).word == "missing"
    (world.folder / "old").rename(world.folder / "new")
    world.write(world.read(paths[0]) + "// again\n", paths[0])
    assert watching.done(paths[0]).done == "saved"


def test_a_briefly_invalid_pine_toml_loses_no_save(
    watching: Watching, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the middle of a merge: reported once; saves made meanwhile are sent once it is
    resolved."""
    monkeypatch.setattr(debouncer, "LOOK_SECONDS", 0.05)
    monkeypatch.setattr(debouncer, "READ_SECONDS", 3600.0)
    stats, failed = WorkingTree.stats, threading.Semaphore(0)

    def counted(self: WorkingTree) -> Any:
        try:
            return stats(self)
        except ManifestError:
            failed.release()
            raise

    monkeypatch.setattr(WorkingTree, "stats", counted)
    world = watching.start().world
    manifest = world.folder / "pine.toml"
    whole = manifest.read_bytes()
    other = manifest.with_name("other.toml")
    other.write_bytes(b"<<<<<<< HEAD\n" + whole + b"=======\n>>>>>>> other\n")
    other.replace(manifest)
    trouble = watching.trouble()
    assert (trouble.exit_code, trouble.message[:9]) == (EXIT_USAGE, "pine.toml")
    world.write(LONGER)
    for _ in range(5):
        assert failed.acquire(timeout=TIMEOUT)
    other.write_bytes(whole)
    other.replace(manifest)
    assert watching.done().done == "saved"
    assert sum(isinstance(event, Trouble) for event in watching.stop()) == 1
    assert world.saved() == [TREND, LONGER]


@pytest.mark.promise(31)
@linux
def test_an_overflowed_event_queue_loses_no_save(clone: World) -> None:
    """More events than the system queues: the text on disk afterwards is sent or reported."""
    most = int(Path("/proc/sys/fs/inotify/max_queued_events").read_text())
    if most > 200_000:
        pytest.skip("that takes too long")
    for number in range(MANY + 1):
        clone.web_save(EXTRA.replace("Extra", f"More {number}"), f"More {number}")
    assert clone("pull").code == 0
    more = [path for path in sorted(clone.files()) if "More" in path]
    noise, sound = clone.folder / "noise", clone.folder / "sound"
    noise.touch()
    with idle_watch(clone) as session:
        for paths in ([TREND_PATH, BREAKOUT_PATH], more):
            session.child.send_signal(signal.SIGSTOP)
            os.waitpid(session.child.pid, os.WUNTRACED)
            for _ in range(most // 4 + 1):  # two events each
                noise.rename(sound)
                sound.rename(noise)
            for path in paths:
                clone.write(clone.read(path) + "// while it was stopped\n", path)
            session.child.send_signal(signal.SIGCONT)
            remaining = set(paths)
            while remaining:  # found together or separately
                event = json.loads(session.next_line())
                if event["event"] == "held":
                    assert paths is more
                    remaining -= set(event["paths"])
                elif event["event"] == "done":
                    assert event["outcome"]["done"] == "saved"
                    remaining.remove(event["outcome"]["path"])
            session.next_event("quiet")
        clone.write(LONGER)
        session.next_event("done", TREND_PATH)
        session.stop_cleanly()
    assert clone.saved() == [TREND, TREND + "// while it was stopped\n", LONGER]


def test_a_failed_read_is_repeated(deaf: Watching, monkeypatch: pytest.MonkeyPatch) -> None:
    """Due paths are kept until all are read."""
    monkeypatch.setattr(debouncer, "READ_SECONDS", 3600.0)
    fails, look = [ManifestError("cannot be read")], Files.scan

    def failing(self: Files, paths: Collection[RelPath]) -> ScanResult:
        if paths and fails:
            raise fails.pop()
        return look(self, paths)

    monkeypatch.setattr(Files, "scan", failing)
    world = deaf.start().world
    world.write(LONGER)
    assert deaf.trouble().exit_code == EXIT_USAGE
    assert deaf.done().done == "saved"


# -- no ping-pong ---------------------------------------------------------------------------------


def rounds(watching: Watching, number: int) -> list[str]:
    """Save the one script this number of times, and return the texts."""
    world = watching.world
    texts = [f"{LONGER}// {count}\n" for count in range(number)]
    for text in texts:
        watching.saves(text)
        assert world.read() == text
    return texts


@pytest.mark.promise(34)
@pytest.mark.parametrize(("pull", "number"), [(True, 100), (False, 20)])
def test_a_service_that_rewrites_line_ends_causes_no_extra_versions(
    watching: Watching, pull: bool, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(debouncer, "QUIET_SECONDS", 0.01)
    world = watching.world
    world.app.switches = Switches(eol="crlf")
    watching.start(pull=pull, poll=0.01)
    texts = rounds(watching, number)
    assert world.saved() == [TREND, *texts]
    assert world.statuses() == {}
    events = [
        event for event in watching.stop() if isinstance(event, Done | Notice | Held | Trouble)
    ]
    assert len(events) == number


@pytest.mark.parametrize("text", ["strip-trailing", "add-trailing", "tabs"])
def test_a_service_that_rewrites_texts_causes_no_extra_versions(
    watching: Watching, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(debouncer, "QUIET_SECONDS", 0.01)
    world = watching.world
    world.app.switches = replace(Switches(), text=text)  # type: ignore[arg-type]
    world.write(TREND + "\tplot(open)\n")
    assert world("push").code == 0
    watching.start(pull=True, poll=0.01)
    rounds(watching, 5)
    assert len(world.saved()) == 7
    assert not any(isinstance(event, Notice | Held | Trouble) for event in watching.stop())


def test_files_pulled_by_another_process_are_not_sent(
    watching: Watching, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The files exist before pine.toml lists them, which is not an edit."""
    monkeypatch.setattr(debouncer, "MAX_SECONDS", 0.01)
    world = watching.world
    names = [f"More {number}" for number in range(40)]
    for name in names:
        world.web_save(EXTRA.replace("Extra", name), name)
    assert world("pull").code == 0
    watching.start()
    for name in names:
        world.web_save(EXTRA.replace("Extra", name) + "// there\n", name)
    assert world.process("pull").code == 0
    watching.saves(LONGER)
    events = watching.stop()
    assert not any(isinstance(event, Held | Trouble) for event in events)
    assert {event.path for event in events if isinstance(event, Checking)} == {TREND_PATH}


def test_a_save_waits_while_another_process_holds_the_lock(
    watching: Watching, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It waits; if that takes too long, it says so and keeps trying."""
    monkeypatch.setattr(sending_module, "_RETRY_SECONDS", (0.1,))
    world = watching.start().world
    folder = open_project(watching.setup).workspace.state.folder
    with writing(folder):
        world.write(LONGER)
        monkeypatch.setattr(files_module, "LOCK_SECONDS", 0.3)
        assert watching.trouble().exit_code == EXIT_LATER
    assert watching.done().done == "saved"
    with writing(folder):
        monkeypatch.setattr(files_module, "LOCK_SECONDS", 3600.0)
        world.write(SLOWER)
    assert watching.done().done == "saved"
    assert sum(isinstance(event, Trouble) for event in watching.stop()) == 1
    assert world.saved() == [TREND, LONGER, SLOWER]


# -- one save, one version ------------------------------------------------------------------------


def test_versions_of_one_script_are_spaced_apart(watching: Watching) -> None:
    """By hand: the second save is early and waits, another script's does not."""
    world = watching.world
    now = [1000.0]
    on_handled: list[RelPath] = []
    again: list[tuple[RelPath, float]] = []
    sending = Uploader(
        open_project(watching.setup),
        lambda: now[0],
        2.0,
        on_handled=lambda path, _: on_handled.append(path),
        schedule=lambda path, seconds: again.append((path, seconds)),
    )

    def save(text: str, path: str = TREND_PATH) -> list[str]:
        world.write(text, path)
        sending.add([(RelPath(path), digest(text))])
        return [event.event for event in sending.send()]

    assert save(LONGER) == ["checking", "done", "connected"]
    now[0] += 0.5
    assert save(SLOWER) == []
    assert again == [(TREND_PATH, 1.5)]
    assert save(BREAKOUT + "// one\n", BREAKOUT_PATH) == ["checking", "done"]
    now[0] += 1.5
    assert save(SLOWER) == ["checking", "done"]
    assert world.saved() == [TREND, LONGER, SLOWER]
    assert on_handled == [TREND_PATH, BREAKOUT_PATH, TREND_PATH]
    now[0] += 1.0
    assert save(BROKEN) == []
    now[0] += 1.0
    assert save(BROKEN) == ["checking", "done"]
    assert sending.broken == {TREND_PATH}


def test_many_quick_saves_send_the_last_text(watching: Watching) -> None:
    """Meanwhile another script is sent."""
    world = watching.start(min_interval=2.0).world
    texts = [f"{LONGER}// {number}\n" for number in range(20)]
    other = f"{BREAKOUT}// one\n"
    watching.saves(texts[0])
    for text in texts:
        world.write(text)
    watching.saves(other, BREAKOUT_PATH)
    while world.saved()[-1] != texts[-1]:
        assert watching.done().done == "saved"
    events = [event for event in watching.stop() if isinstance(event, Done)]
    assert [event.outcome.path for event in events] == [TREND_PATH, BREAKOUT_PATH, TREND_PATH]
    assert world.saved() == [TREND, texts[0], texts[-1]]
    assert world.saved("Breakout") == [BREAKOUT, other]
    assert world.statuses() == {}


def push_that_may_arrive(watching: Watching, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setattr("pinesync.app.project.PAUSES", ())
    watching.world.write(LONGER)
    watching.world.plan.add("save_next:1:503")
    assert watching.world("push").code == EXIT_LATER
    return watching.world


def test_a_pending_save_is_reported_once(
    watching: Watching, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A save of an earlier run is looked up with every poll of TradingView."""
    world = push_that_may_arrive(watching, monkeypatch)
    watching.start(poll=0.02)
    assert [e.outcome.done for e in watching.events if isinstance(e, Done)] == ["pending"]
    looked = world.plan.asked("get")
    while world.plan.asked("get") < looked + 5:
        world.web_save(f"{BREAKOUT}// {world.plan.asked('get')}\n", "Breakout")
        watching.news(BREAKOUT_PATH)
    world.web_save(LONGER)  # it arrives late
    recovered = watching.done()
    assert (recovered.done, str(recovered.version)) == ("recovered", "2.0")
    assert watching.until(lambda event: event.event == "quiet").waiting == 0
    of_trend = [e for e in watching.stop() if isinstance(e, Done) and e.outcome.path == TREND_PATH]
    assert len(of_trend) == 2


def test_a_save_pending_in_another_process_is_not_reported(
    watching: Watching, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A manual push holds the lock during its save, which is not an error of this session."""
    world = push_that_may_arrive(watching, monkeypatch)
    with writing(open_project(watching.setup).workspace.state.folder):
        watching.start(poll=0.02)
        listed = world.plan.asked("list")
        while world.plan.asked("list") < listed + 3:
            world.web_save(f"{BREAKOUT}// {world.plan.asked('list')}\n", "Breakout")
            watching.news(BREAKOUT_PATH)
        assert not any(isinstance(event, Trouble | Done) for event in watching.events)
    assert watching.done().done == "pending"


def test_a_failing_script_does_not_stop_the_others(
    watching: Watching, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether the save arrived is unknown each time: reported once, and again on the next try."""
    monkeypatch.setattr("pinesync.app.project.PAUSES", ())
    monkeypatch.setattr(sending_module, "_RETRY_SECONDS", (3600.0,))
    world = watching.start().world
    planned, trend = world.plan.next, world.id_of()

    def failing(endpoint: str) -> list[Fault]:
        struck = endpoint == "save_next" and world.plan.log[-1].pine_id == trend
        return [Fault("save_next", "503")] if struck else planned(endpoint)

    monkeypatch.setattr(world.plan, "next", failing)
    world.write(LONGER)
    assert watching.done().exit_code == EXIT_LATER
    for number in range(3):
        watching.saves(f"{BREAKOUT}// {number}\n", BREAKOUT_PATH)
        assert watching.until(lambda event: event.event == "quiet").waiting == 1
    assert world.saved() == [TREND]
    assert len(world.saved("Breakout")) == 4
    of_trend = [e for e in watching.stop() if isinstance(e, Done) and e.outcome.path == TREND_PATH]
    assert [event.outcome.done for event in of_trend] == ["pending"]
