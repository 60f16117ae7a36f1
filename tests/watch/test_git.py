"""A file that git wrote is not a save: it is reported, and held until somebody releases it. Real
git, in every way in which it writes files."""

import os
import threading
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

import pytest

from pinesync.app.project import open_project
from pinesync.git.activity import mark, stored_in_git
from pinesync.model import RelPath
from pinesync.watch import files as files_module
from pinesync.watch.events import Checking, Event, Held, Notice
from pinesync.watch.files import BY_GIT, GIT_LOCK_SECONDS, Files, ScanResult
from pinesync.workspace.working_tree import WorkingTree
from tests.watch.conftest import Watching
from tests.world import BREAKOUT_PATH, TOOLS_PATH, TREND_PATH, World, git
from tests.world.scripts import BROKEN, EXTRA, LONGER, MERGED, SLOWER, TREND

pytestmark = pytest.mark.promise(33)

TREND_FILE = RelPath(TREND_PATH)
TOOLS_FILE = RelPath(TOOLS_PATH)


def commit(world: World, cwd: Path | None = None) -> None:
    git(cwd or world, "add", "-A")
    git(cwd or world, "commit", "-q", "-m", "all")


def committed(world: World, text: str, path: str = TREND_PATH) -> None:
    world.write(text, path)
    commit(world)


def branch(world: World, name: str, text: str) -> None:
    """Another branch, with this text; `main` is checked out again."""
    git(world, "checkout", "-q", "-b", name)
    committed(world, text)
    git(world, "checkout", "-q", "main")


def pulled(world: World, text: str, name: str = "Trend") -> None:
    world.web_save(text, name)
    assert world("pull").code == 0


@pytest.fixture
def repo(watching: Watching) -> Watching:
    """Not yet started, in a repository with one commit."""
    git(watching.world, "init", "-q")
    commit(watching.world)
    return watching


def look_at_all(watching: Watching) -> list[Event]:
    """Read all files once more, so that all work is done. Return every event so far."""
    world = watching.world
    for path in sorted(world.files()):
        if path.endswith(".pine"):
            os.utime(world.folder / path)
    watching.saves(world.read(BREAKOUT_PATH) + f"// {len(watching.events)}\n", BREAKOUT_PATH)
    return watching.events


def checked(events: Iterable[Event]) -> set[str]:
    return {str(event.path) for event in events if isinstance(event, Checking)}


def held_files(events: Iterable[Event]) -> set[str]:
    """The files held because git wrote them."""
    return {p for e in events if isinstance(e, Held) and e.why == BY_GIT for p in e.paths}


def stays_held(watching: Watching, text: str, path: str = TREND_PATH) -> None:
    """Git wrote this text: it is reported and not sent."""
    before, begun = watching.world.account(), len(watching.events)
    assert path in watching.held().paths
    events = look_at_all(watching)[begun:]
    assert watching.world.read(path) == text
    assert path not in checked(events)
    after = watching.world.account()
    assert {name for name in after if after[name] != before[name]} == {"Breakout"}


# -- a branch -------------------------------------------------------------------------------------


def many(world: World, *verbs: str) -> list[str]:
    """Ten more scripts, as of the last pull; all of them are edited on the branch `other`."""
    names = [f"More {number}" for number in range(10)]
    for name in names:
        world.web_save(EXTRA.replace("Extra", name), name)
    assert world("pull").code == 0
    git(world, "init", "-q")
    commit(world)
    git(world, "checkout", "-q", "-b", "other")
    paths = [f"indicators/{name}.pine" for name in names]
    for path in paths:
        world.write(world.read(path) + "// other\n", path)
    for verb in verbs:
        assert world(verb).code == 0
    commit(world)
    git(world, "checkout", "-q", "main")
    return paths


def test_another_branch_is_reported_and_not_uploaded(watching: Watching) -> None:
    world = watching.world
    paths = many(world)
    watching.start()
    before = world.account()
    git(world, "checkout", "-q", "other")
    while not held_files(watching.events) >= set(paths):
        assert watching.held().why == BY_GIT
    assert checked(look_at_all(watching)) == {BREAKOUT_PATH}
    assert all(world.account()[name] == before[name] for name in before if name != "Breakout")
    watching.press("p")
    for path in paths:
        assert watching.done(path).done == "saved"
    assert world.statuses() == {}


def test_a_branch_with_its_own_pine_toml_is_not_held(watching: Watching) -> None:
    world = watching.world
    many(world, "push")
    watching.start()
    for branch in ("other", "main", "other"):
        git(world, "checkout", "-q", branch)
    events = look_at_all(watching)
    assert not any(isinstance(event, Held) for event in events)
    assert checked(events) == {BREAKOUT_PATH}


# -- one file -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words", [("checkout", "--", TREND_PATH), ("restore", TREND_PATH), ("checkout", "-q", "-f")]
)
def test_a_file_discarded_after_a_pull_is_held(repo: Watching, words: tuple[str, ...]) -> None:
    world = repo.world
    pulled(world, SLOWER)
    if words[-1] == "-f":  # all of it but pine.toml
        git(world, "add", "pine.toml")
        git(world, "commit", "-q", "-m", "pulled")
    repo.start()
    git(world, *words)
    stays_held(repo, TREND)
    assert world.statuses() == {TREND_PATH: "undoes"}
    repo.press("p")
    refused = repo.done()
    assert (refused.done, refused.exit_code) == ("refused", 3)
    assert world.saved() == [TREND, SLOWER]


def test_a_discarded_file_is_held_every_time(repo: Watching) -> None:
    """In any order: the event, git's lock, its index."""
    world = repo.world
    pulled(world, SLOWER)
    repo.start()
    for _ in range(10):
        git(world, "checkout", "--", TREND_PATH)
        assert repo.until(lambda e: isinstance(e, Held | Checking)).event == "held"
        assert world("pull", TREND_PATH).code == 0
        assert world.read() == SLOWER
        os.utime(world.folder / TREND_PATH)
        repo.until(lambda event: event.event == "quiet" and event.waiting == 0)


def test_a_file_stays_held_until_a_push(repo: Watching, monkeypatch: pytest.MonkeyPatch) -> None:
    """Even if the file itself is not read again."""
    monkeypatch.setattr("pinesync.watch.debouncer.LOOK_SECONDS", 0.05)
    scanned, stats = threading.Semaphore(0), WorkingTree.stats

    def counting(self: WorkingTree) -> Mapping[RelPath, object]:
        scanned.release()
        return stats(self)

    monkeypatch.setattr(WorkingTree, "stats", counting)
    world = repo.world
    branch(world, "other", LONGER)
    repo.start()
    git(world, "checkout", "-q", "other")
    stays_held(repo, LONGER)
    assert repo.until(lambda event: event.event == "quiet").waiting == 1
    while scanned.acquire(blocking=False):
        pass
    for _ in range(5):
        assert scanned.acquire(timeout=60)
    assert world("push", TREND_PATH).code == 0
    assert world.saved() == [TREND, LONGER]
    assert repo.until(lambda event: event.event == "quiet").waiting == 0
    repo.saves(MERGED)


def test_a_held_file_is_sent_once_saved(repo: Watching) -> None:
    world = repo.world
    branch(world, "other", LONGER)
    repo.start()
    git(world, "checkout", "-q", "other")
    stays_held(repo, LONGER)
    repo.saves(MERGED)
    assert world.saved() == [TREND, MERGED]


# -- all the other ways ---------------------------------------------------------------------------


WRITES: dict[str, tuple[str, str]] = {
    "merge": ("merge -q --no-edit other", MERGED),
    "fast-forward": ("merge -q ahead", SLOWER + "// ahead\n"),
    "cherry-pick": ("cherry-pick other", MERGED),
    "rebase": ("rebase -q other", MERGED),
    "reset": ("reset -q --hard other", LONGER),
    "revert": ("revert --no-edit ahead", SLOWER),
    "checkout of a commit": ("checkout -q other", LONGER),
    "checkout of a file": ("checkout other -- .", LONGER),
    "restore of a commit": ("restore --staged --worktree -s other .", LONGER),
    "pull": ("pull -q --no-rebase . other", MERGED),
}


@pytest.mark.parametrize("command", WRITES)
def test_files_that_git_writes_are_held(repo: Watching, command: str) -> None:
    """`other` has the line at the end, `main` the number near the top, `ahead` one line more."""
    world = repo.world
    branch(world, "other", LONGER)
    committed(world, SLOWER)
    git(world, "checkout", "-q", "-b", "ahead")
    committed(world, SLOWER + "// ahead\n")
    if command != "revert":
        git(world, "checkout", "-q", "main")
    repo.start()
    words, text = WRITES[command]
    git(world, *words.split())
    while world.read() != text or TREND_PATH not in held_files(repo.events):
        repo.until(lambda event: isinstance(event, Held))
    events = look_at_all(repo)
    assert checked(events) == {BREAKOUT_PATH}
    assert world.saved() == [TREND]


def test_a_merge_conflict_is_reported_and_its_resolution_sent(repo: Watching) -> None:
    world = repo.world
    branch(world, "other", LONGER)
    committed(world, TREND + "plot(open)\n")
    repo.start()
    git(world, "merge", "other", code=1)
    assert "conflict markers" in repo.news().message
    repo.saves(LONGER + "plot(open)\n")
    git(world, "commit", "-q", "-a", "-m", "merged")
    assert world.saved() == [TREND, LONGER + "plot(open)\n"]


def test_a_revert_of_everything_pulled_is_reported_and_not_sent(repo: Watching) -> None:
    """pine.toml goes back as well: the file matches its base."""
    world = repo.world
    pulled(world, SLOWER)
    commit(world)
    repo.start(poll=0.05)
    git(world, "revert", "--no-edit", "HEAD")
    assert repo.news().word == "rolled-back"
    look_at_all(repo)
    assert TREND_PATH not in checked(repo.events)
    assert world.saved() == [TREND, SLOWER]
    assert world("push", TREND_PATH).code == 3
    assert world.saved() == [TREND, SLOWER]


# -- the stash ------------------------------------------------------------------------------------


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("which", [0, 1])
def test_a_file_from_the_stash_is_held(repo: Watching, which: int, packed: bool) -> None:
    """The newest and an older one; and after `git gc` no file has the stash's name."""
    world = repo.world
    texts = [LONGER + "// second\n", LONGER]
    repo.start()
    git(world, "config", "core.logAllRefUpdates", "false")
    for text in reversed(texts):
        world.write(text + "plot(undeclared)\n")  # no version of it ever
        assert repo.done().exit_code == 4
        git(world, "stash", "-q")
        assert world.read() == TREND
    if packed:
        git(world, "gc", "-q")
    look_at_all(repo)
    commit(world)
    git(world, "stash", "pop", "-q", f"stash@{{{which}}}")
    stays_held(repo, texts[which] + "plot(undeclared)\n")


def test_a_stash_including_pine_toml_is_not_held(repo: Watching) -> None:
    world = repo.start().world
    repo.saves(LONGER)
    git(world, "stash", "-q")
    assert world.read() == TREND
    git(world, "stash", "pop", "-q")
    assert world.read() == LONGER
    events = look_at_all(repo)
    assert not any(isinstance(event, Held) for event in events)
    assert world.saved() == [TREND, LONGER]


def test_a_file_stashed_alone_is_held(repo: Watching) -> None:
    """Without its pine.toml: the restored text is not the last saved one."""
    world = repo.start().world
    world.write(LONGER)
    repo.done()
    git(world, "stash", "push", "-q", TREND_PATH)
    stays_held(repo, TREND)
    git(world, "stash", "pop", "-q")
    look_at_all(repo)
    assert repo.until(lambda event: event.event == "quiet").waiting == 0
    assert world.saved() == [TREND, LONGER]


# -- repositories of other shapes -----------------------------------------------------------------


def test_a_git_write_in_a_subfolder_is_held(watching: Watching) -> None:
    world = watching.world
    git(world.place, "init", "-q")
    commit(world, world.place)
    pulled(world, SLOWER)
    watching.start()
    git(world.place, "checkout", "--", f"scripts/{TREND_PATH}")
    stays_held(watching, TREND)


def test_a_checkout_in_a_second_work_tree_is_held(watching: Watching) -> None:
    """Its index and HEAD lie elsewhere, and .git is a file."""
    world = watching.world
    world.folder.rename(world.place / "first")
    git(world.place / "first", "init", "-q")
    commit(world, world.place / "first")
    git(world.place / "first", "worktree", "add", "-q", "../scripts")
    assert (world.folder / ".git").is_file()
    pulled(world, SLOWER)
    watching.start()
    git(world, "checkout", "--", TREND_PATH)
    stays_held(watching, TREND)


def test_a_work_tree_inside_the_workspace_is_ignored(repo: Watching) -> None:
    world = repo.start().world
    git(world, "worktree", "add", "-q", "inside")
    assert (world.folder / "inside" / TREND_PATH).is_file()
    events = look_at_all(repo)
    assert not any(isinstance(event, Held | Notice) for event in events)
    assert checked(events) == {BREAKOUT_PATH}


def test_a_file_with_line_ends_converted_by_git_is_held(repo: Watching) -> None:
    world = repo.world
    git(world, "config", "core.autocrlf", "true")
    branch(world, "other", LONGER)
    repo.start()
    git(world, "checkout", "-q", "other")
    stays_held(repo, LONGER.replace("\n", "\r\n"))
    git(world, "checkout", "-q", "-f", "main")
    assert world.read() == TREND.replace("\n", "\r\n")


def test_a_pull_by_watch_moves_the_tracking_branch(repo: Watching) -> None:
    """It moves nothing that would make its own files look like git's."""
    world = repo.start(pull=True, poll=0.05).world
    world.web_save(SLOWER)
    assert repo.done().done == "pulled"
    repo.stop()
    git(world, "log", "-1", "--format=%s", "tradingview/saved", stdin="Trend 2.0")
    git(world, "diff", "--quiet", "tradingview/saved")


def test_a_repository_created_while_watching_is_found(watching: Watching) -> None:
    world = watching.start().world
    world.web_save(SLOWER)
    git(world, "init", "-q")
    commit(world)
    assert world("pull").code == 0
    look_at_all(watching)
    git(world, "checkout", "--", TREND_PATH)
    stays_held(watching, TREND)


def test_without_git_a_save_is_sent(
    repo: Watching, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    world = repo.start().world
    repo.saves(LONGER)
    assert world.saved() == [TREND, LONGER]


# -- what is a save all the same ------------------------------------------------------------------


class Moment:
    """Pauses between the save of a file and its read."""

    def __init__(self, watching: Watching, monkeypatch: pytest.MonkeyPatch) -> None:
        self._watching = watching
        self._patch = monkeypatch
        self._heard = threading.Semaphore(0)
        heard = Files.note_changes

        def telling(files: Files, paths: Collection[RelPath], **how: bool) -> None:
            heard(files, paths, **how)
            for path in paths:
                if path in (TREND_FILE, TOOLS_FILE):
                    self._heard.release()

        monkeypatch.setattr(Files, "note_changes", telling)
        for name in ("QUIET_SECONDS", "MAX_SECONDS"):
            monkeypatch.setattr(f"pinesync.watch.debouncer.{name}", 3600.0)

    def begins(self, text: str) -> None:
        """Save this text, and wait for its event."""
        file = self._watching.world.folder / TREND_PATH
        other = file.with_name("other")
        other.write_text(text)
        other.replace(file)
        self.is_heard()

    def is_heard(self) -> None:
        assert self._heard.acquire(timeout=60)

    def was_heard(self) -> bool:
        """Whether there were more events than expected."""
        return self._heard.acquire(blocking=False)

    def ends(self) -> None:
        self._patch.setattr("pinesync.watch.debouncer.QUIET_SECONDS", 0.05)
        self._watching.press(" ")


@pytest.fixture
def moment(repo: Watching, monkeypatch: pytest.MonkeyPatch) -> Moment:
    return Moment(repo, monkeypatch)


def test_a_save_followed_by_a_commit_is_sent(repo: Watching, moment: Moment) -> None:
    """An editor saves all files before it commits: the text was saved before git had it."""
    world = repo.start().world
    moment.begins(LONGER)
    commit(world)
    moment.ends()
    assert repo.done().done == "saved"
    commit(world)
    repo.saves(SLOWER)
    git(world, "commit", "-q", "--allow-empty", "-m", "nothing")
    assert world.saved() == [TREND, LONGER, SLOWER]
    assert not held_files(repo.events)


def test_a_save_overwritten_by_git_is_not_sent(repo: Watching, moment: Moment) -> None:
    """The saved text is gone before it was read; also if git's text is committed."""
    world = repo.world
    pulled(world, SLOWER)
    repo.start()
    moment.begins(LONGER)
    git(world, "checkout", "--", TREND_PATH)
    commit(world)
    moment.ends()
    stays_held(repo, TREND)
    assert world.saved() == [TREND, SLOWER]


def test_a_write_before_the_index_lock_is_held(repo: Watching, moment: Moment) -> None:
    """Programs other than git do this: it is not a save unless it is committed."""
    world = repo.world
    pulled(world, SLOWER)
    repo.start()
    moment.begins(TREND)
    git(world, "update-index", "-q", "--refresh")
    moment.ends()
    stays_held(repo, TREND)
    assert world.saved() == [TREND, SLOWER]


def test_a_commit_does_not_delay_saves(repo: Watching) -> None:
    world = repo.start().world
    for number in range(3):
        repo.saves(f"{LONGER}// {number}\n")
        commit(world)
    git(world, "commit", "-q", "--amend", "-m", "again")
    git(world, "tag", "one")
    git(world, "gc", "-q")
    repo.saves(SLOWER)
    assert len(world.saved()) == 5
    assert not held_files(repo.events)


def test_a_save_while_git_writes_other_files_is_sent(repo: Watching) -> None:
    world = repo.world
    pulled(world, TREND + "// there\n", "Tools")
    repo.start()
    git(world, "checkout", "--", TOOLS_PATH)
    repo.saves(LONGER)
    look_at_all(repo)
    assert held_files(repo.events) == {TOOLS_PATH}
    assert world.saved() == [TREND, LONGER]


def test_the_committed_text_is_sent_if_git_did_not_write_it(repo: Watching) -> None:
    """The edit is undone in the editor."""
    world = repo.start().world
    world.write(LONGER)
    repo.done()
    repo.saves(TREND)
    assert world.saved() == [TREND, LONGER, TREND]
    world.write(BROKEN)
    assert repo.done().exit_code == 4
    world.write(TREND)
    assert repo.until(lambda event: event.event == "quiet" and not event.broken)
    assert len(world.saved()) == 3


def test_a_finished_git_operation_does_not_hold_later_saves(
    repo: Watching, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is recognized once everything is quiet, and later saves are not taken for git's."""
    looked, look = threading.Semaphore(0), Files.scan

    def telling(self: Files, paths: Iterable[RelPath]) -> ScanResult:
        found = look(self, paths)
        if not paths:
            looked.release()
        return found

    monkeypatch.setattr(Files, "scan", telling)
    world = repo.world
    branch(world, "other", LONGER)
    repo.start()
    git(world, "reset", "-q", "other", "--", TREND_PATH)  # the index alone
    assert looked.acquire(timeout=60)
    repo.saves(LONGER)


def test_a_change_of_the_index_holds_nothing(repo: Watching) -> None:
    world = repo.start().world
    world.write(MERGED)
    repo.done()
    git(world, "add", "-p", TREND_PATH, stdin="y\nn\n")
    git(world, "add", "-A")
    git(world, "reset", "-q")
    events = look_at_all(repo)
    assert not any(isinstance(event, Held) for event in events)
    assert world.saved() == [TREND, MERGED]


@pytest.mark.parametrize("adds", [True, False])
def test_text_formatted_by_a_hook_is_an_edit_until_committed(repo: Watching, adds: bool) -> None:
    """Uncommitted formatting is an edit; committed formatting is git's text, or an edit."""
    world = repo.world
    hook = world.folder / ".git" / "hooks" / "pre-commit"
    hook.parent.mkdir(exist_ok=True)
    ending = "git add -A" if adds else "exit 1"
    hook.write_text(f"#!/bin/sh\necho '// formatted' >> {TREND_PATH}\n{ending}\n")
    hook.chmod(0o755)
    repo.start()
    world.write(LONGER)
    repo.done()
    git(world, "add", "-A")
    git(world, "commit", "-q", "-m", "one", code=0 if adds else 1)
    formatted = LONGER + "// formatted\n"
    assert world.read() == formatted
    if adds:
        look_at_all(repo)
        assert (TREND_PATH in held_files(repo.events)) is (world.saved() == [TREND, LONGER])
    else:
        assert repo.done().done == "saved"
        assert world.saved() == [TREND, LONGER, formatted]


# -- the moment, by hand --------------------------------------------------------------------------


class Hand:
    """The files of a workspace, and a manual clock."""

    def __init__(self, watching: Watching) -> None:
        self.now = 0.0
        self.folder = open_project(watching.setup).workspace
        self.files = Files(self.folder, lambda: self.now, allow_many=False)
        self.files.begin()


def test_a_stale_index_lock_is_ignored_after_a_while(repo: Watching) -> None:
    hand = Hand(repo)
    lock = repo.world.folder / ".git" / "index.lock"
    lock.touch()
    for text in (LONGER, SLOWER):
        repo.world.write(text)
        if text == LONGER:
            assert hand.files.scan([TREND_FILE]).recheck_soon == (TREND_FILE,)
            hand.now += GIT_LOCK_SECONDS - 1
            assert hand.files.scan([TREND_FILE]).recheck_soon == (TREND_FILE,)
            assert not hand.files.git_ran()
            hand.now += 1
        ((path, _),) = hand.files.scan([TREND_FILE]).saved
        assert path == TREND_FILE
    lock.unlink()
    assert hand.files.git_ran()
    hand.files.scan(())
    assert not hand.files.git_ran()
    lock.touch()
    repo.world.write(MERGED)
    assert hand.files.scan([TREND_FILE]).recheck_soon == (TREND_FILE,)


def test_a_save_is_sent_despite_a_stale_index_lock(
    repo: Watching, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files_module, "GIT_LOCK_SECONDS", 0.3)
    world = repo.start().world
    (world.folder / ".git" / "index.lock").touch()
    repo.saves(LONGER)


def test_a_git_write_is_recognized_before_its_event(repo: Watching) -> None:
    """Git wrote two files, and there is an event for one: the other is recognized too."""
    world = repo.world
    git(world, "checkout", "-q", "-b", "other")
    world.write(LONGER)
    committed(world, EXTRA, TOOLS_PATH)
    git(world, "checkout", "-q", "main")
    hand = Hand(repo)
    git(world, "checkout", "-q", "other")
    assert hand.files.git_ran()
    found = hand.files.scan([TREND_FILE])
    assert held_files(found.events) == {TREND_PATH, TOOLS_PATH}
    assert not hand.files.git_ran()
    hand.files.note_changes([TOOLS_FILE])
    assert hand.files.scan([TOOLS_FILE]).saved == ()


LOCK = RelPath(".git/index.lock")


def test_the_order_of_events_separates_a_save_from_a_commit(repo: Watching) -> None:
    """Git finished a commit before the files were read."""
    world, hand = repo.world, Hand(repo)
    world.write(LONGER)
    commit(world)
    hand.files.note_changes([TREND_FILE], in_order=True)
    hand.files.note_changes([LOCK], in_order=True)
    ((path, _),) = hand.files.scan([TREND_FILE]).saved
    assert path == TREND_FILE


@pytest.mark.parametrize("events", [(LOCK, TREND_FILE), (TREND_FILE, LOCK, TREND_FILE, LOCK)])
def test_a_git_write_followed_by_a_commit_is_held(
    repo: Watching, events: tuple[RelPath, ...]
) -> None:
    """Also over a save: when its event arrives, the file is already git's."""
    world = repo.world
    committed(world, LONGER)
    committed(world, SLOWER)
    hand = Hand(repo)
    world.write(MERGED)
    git(world, "checkout", "-q", "HEAD^", "--", TREND_PATH)
    git(world, "commit", "-q", "-m", "back")
    for path in events:
        hand.files.note_changes([path], in_order=True)
    found = hand.files.scan([TREND_FILE])
    assert (found.saved, held_files(found.events)) == ((), {TREND_PATH})


def test_a_git_write_during_a_read_is_recognized(
    repo: Watching, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = repo.world
    committed(world, LONGER)
    committed(world, TREND)
    hand = Hand(repo)
    inspect = hand.folder.tree.inspect
    acts = [lambda: git(world, "checkout", "-q", "HEAD^", "--", TREND_PATH)]

    def meanwhile(path: RelPath) -> object:
        while acts:
            acts.pop()()
        return inspect(path)

    monkeypatch.setattr(hand.folder.tree, "inspect", meanwhile)
    found = hand.files.scan([TREND_FILE])
    assert (found.saved, found.recheck_soon) == ((), (TREND_FILE,))
    assert held_files(hand.files.scan([TREND_FILE]).events) == {TREND_PATH}


def test_a_git_write_that_ends_during_the_check_is_recognized(tmp_path: Path) -> None:
    """Once the lock is gone, files read afterwards are as git left them."""
    index, other = tmp_path / "index", tmp_path / "other"
    index.write_text("before")

    class Lock(type(tmp_path)):  # type: ignore[misc]
        def exists(self, **_: object) -> bool:
            index.write_text("after it")
            return False

    before = mark((index, other, other, other))
    after = mark((index, other, other, Lock(other)))
    assert before != after
    assert after == mark((index, other, other, other))


def test_an_index_lock_is_not_a_change_of_the_index(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    paths = (*[tmp_path / "none"] * 3, lock)
    lock.touch()
    busy = mark(paths)
    assert busy.busy
    assert busy == mark((*paths[:3], tmp_path / "no lock"))


def test_a_text_stored_in_git_is_recognized(repo: Watching) -> None:
    """With any line endings and `$Id$`; a text that git does not have is not held."""
    world = repo.world
    git(world, "add", "-A")
    marked = TREND + "// $Id$\n"
    committed(world, marked)
    committed(world, TREND.replace("\n", "\r\n", 3))
    for held_text in (
        marked,
        marked.replace("$Id$", "$Id: 0123456789 $").replace("\n", "\r\n"),
        TREND.replace("\n", "\r\n", 3),
        TREND.replace("\n", "\r\n", 5),  # equal to the index except for line ends
        TREND,
    ):
        assert stored_in_git(world.folder, {TREND_PATH: held_text.encode()}) == {TREND_PATH}
    for other in (LONGER, TREND + "// $Id\n", marked.replace("$Id$", "$Id: two\n$")):
        assert stored_in_git(world.folder, {TREND_PATH: other.encode()}) == frozenset()
    assert stored_in_git(world.folder, {}) == frozenset()
    assert stored_in_git(world.place, {TREND_PATH: TREND.encode()}) == frozenset()
