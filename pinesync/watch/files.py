"""The watched files: decide what each change means, and which texts to hold back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from pinesync.errors import FileError
from pinesync.git import activity as git
from pinesync.model import Digest, RelPath
from pinesync.sync.watching import FileState, Meaning, meanings
from pinesync.text.canonical import Unreadable, decode, digest
from pinesync.text.filenames import shell_quote
from pinesync.watch.events import Event, Held, Notice
from pinesync.watch.user_saves import UserSaves
from pinesync.workspace.workspace import Workspace

BY_GIT = "written by git"
MANY = "changed at the same time"
BEFORE = "edited before watch started"
GIT_LOCK_SECONDS = 10.0
LOCK_SECONDS = 30.0
RECHECK_SECONDS = 1.0
"""A file that is missing or unreadable is checked again after this delay before it counts."""
BUSY_SECONDS = 10.0
"""A file open for writing longer than this is reported."""


@dataclass(frozen=True, slots=True)
class ScanResult:
    """The result of a scan: texts to send, events, and files to check again, those in `recheck`
    after a second and those in `recheck_soon` sooner. Files in `settled` have nothing left to
    send."""

    saved: tuple[tuple[RelPath, Digest], ...] = ()
    events: tuple[Event, ...] = ()
    recheck: tuple[RelPath, ...] = ()
    recheck_soon: tuple[RelPath, ...] = ()
    settled: tuple[RelPath, ...] = ()


class Files:
    """Every tracked file, with the last text handled, and the texts held until the user decides
    (`held`)."""

    def __init__(
        self, workspace: Workspace, clock: Callable[[], float], *, allow_many: bool
    ) -> None:
        self._workspace = workspace
        self._clock = clock
        self._allow_many = allow_many
        self._handled: dict[RelPath, Digest] = {}
        self._states: dict[RelPath, FileState] = {}
        self._since: dict[RelPath, float] = {}
        self._unsendable: dict[RelPath, FileState] = {}
        self._user_saves = UserSaves(workspace.tree.stat, self._is_idle)
        self._git: tuple[Path, ...] = ()
        self._mark = git.mark(self._git)
        self._waited: dict[str, float] = {}
        self.held: dict[RelPath, Digest] = {}

    def begin(self) -> Event | None:
        """Hold files edited before the watch began; only later changes count as saves."""
        self._find_git()
        edited = {}
        agreed = self._synced_digests()
        for path in self._workspace.manifest.entries():
            state = self._inspect(path)
            if state.digest and not state.problem:
                self._handled[path] = state.digest
                if state.digest != agreed.get(path):
                    edited[path] = state.digest
        return self._hold(edited, BEFORE) if edited else None

    def handled(self, path: RelPath, digest: Digest) -> None:
        """Record that this text of the file was handled."""
        self._handled[path] = digest

    def held_count(self) -> int:
        """The number of held texts, without those pushed by hand since."""
        if self.held:
            agreed = self._synced_digests()
            self.held = {path: d for path, d in self.held.items() if d != agreed.get(path)}
        return len(self.held)

    def note_changes(self, paths: Iterable[RelPath], *, in_order: bool = False) -> None:
        """These files just changed. With `in_order`, the system's events reported them, otherwise
        a poll. Any thread may call this."""
        for path in paths:
            if path in self._states:
                self._user_saves.note_change(path, in_order=in_order)
            elif path == self._user_saves.lock:
                self._user_saves.note_git_lock()

    def git_ran(self) -> bool:
        """Whether git ran since the last scan, so that all files must be checked."""
        if bool(self._git) != self._workspace.manifest.has_history():
            self._find_git()
        mark = git.mark(self._git)
        return not self._waits_for_git(mark) and mark != self._mark

    def scan(self, paths: Iterable[RelPath]) -> ScanResult:
        """Read the files and decide what each change means."""
        locks = self._user_saves.locks
        mark = git.mark(self._git)
        if self._waits_for_git(mark):
            return ScanResult(recheck_soon=tuple(paths))
        if mark != self._mark:
            self._workspace.manifest.reload_side_record()
        entries = self._workspace.manifest.entries()
        known = [path for path in paths if path in entries and self._is_known(path)]
        states = {path: self._inspect(path) for path in known}
        other_process_writes = self._has_news(states) and self._waits_for_others()
        agreed, git_written = self._synced_digests(), frozenset[RelPath]()
        if mark != self._mark or mark.busy:
            # Git ran since the last look. Events for other files it wrote may not have arrived.
            others = self._states.keys() & entries.keys() - states.keys()
            seen = states | {path: self._workspace.tree.inspect(path) for path in others}
            git_written = self._written_by_git(seen, agreed, mark)
            states |= {path: seen[path] for path in others & git_written}
        after = git.mark(self._git)
        if after != mark or self._waits_for_git(after):
            return ScanResult(recheck_soon=tuple(paths))
        by_path = meanings(states, agreed, self._handled, git_written, allow_many=self._allow_many)
        if other_process_writes and {Meaning.SAVE, Meaning.MANY} & set(by_path.values()):
            return ScanResult(recheck_soon=tuple(paths))
        self._mark = mark
        self._user_saves.mark_read(locks)
        return self._result(by_path, states)

    def release(self, *, send: bool) -> ScanResult:
        """Release all held texts: send them, or leave them to a manual push."""
        held, self.held = self.held, {}
        if not send:
            return ScanResult()
        same = {path: digest for path, digest in held.items() if self._is_still(path, digest)}
        return ScanResult(
            saved=tuple(sorted(same.items())), recheck_soon=tuple(p for p in held if p not in same)
        )

    def _result(
        self, by_path: dict[RelPath, Meaning], states: dict[RelPath, FileState]
    ) -> ScanResult:
        by_meaning: dict[Meaning, list[RelPath]] = {what: [] for what in Meaning}
        for path, what in sorted(by_path.items()):
            by_meaning[what].append(path)
        agreed = [
            path for path in by_meaning[Meaning.NOTHING] if self._is_in_sync(path, states[path])
        ]
        for path in by_meaning[Meaning.SAVE]:
            self._unsendable.pop(path, None)
        unsendable = (*by_meaning[Meaning.UNSENDABLE], *by_meaning[Meaning.VANISHED])
        busy = [path for path in by_meaning[Meaning.WAIT] if self._is_kept_open(path, states[path])]
        events = [self._report_unsendable(path, states[path]) for path in (*unsendable, *busy)]
        for what, why in ((Meaning.BY_GIT, BY_GIT), (Meaning.MANY, MANY)):
            if by_meaning[what]:
                events.append(
                    self._hold({path: states[path].digest for path in by_meaning[what]}, why)
                )
        saves = ((path, states[path].digest) for path in by_meaning[Meaning.SAVE])
        return ScanResult(
            saved=tuple((path, digest) for path, digest in saves if digest),
            events=tuple(event for event in events if event),
            recheck=tuple(by_meaning[Meaning.WAIT]),
            settled=(*agreed, *by_meaning[Meaning.BY_GIT], *by_meaning[Meaning.MANY]),
        )

    def _find_git(self) -> None:
        """Look for a git repository: it may have been created or deleted."""
        root = self._workspace.root
        self._git = git.mark_paths(root) if self._workspace.manifest.has_history() else ()
        lock = self._git[-1].relative_to(root).as_posix() if _below(root, self._git) else None
        self._user_saves.lock = lock
        self._user_saves.mark_read(self._user_saves.locks)
        self._mark = git.mark(self._git)

    def _is_idle(self) -> bool:
        mark = git.mark(self._git)
        return mark == self._mark and not mark.busy

    def _written_by_git(
        self,
        seen: Mapping[RelPath, FileState],
        agreed: Mapping[RelPath, Digest],
        mark: git.ActivityMark,
    ) -> frozenset[RelPath]:
        """The files whose new text git wrote, as far as its traces show. A text that a person saved
        before git began is theirs, even if git stores it now."""
        news = {
            path: state.digest
            for path, state in seen.items()
            if state.digest and not state.problem
            if state.digest not in (agreed.get(path), self._handled.get(path))
        }
        if not news:
            return frozenset()
        root = self._workspace.root
        user_saved = {path for path in news if self._user_saves.has(path)}
        undecidable = git.undecidable(root, news.keys() - user_saved)
        candidates = news.keys() - undecidable
        if mark.explains_no_write(self._mark):
            candidates -= user_saved
        texts = {path: self._data(path, news[path]) for path in candidates}
        stored = git.stored_in_git(root, {path: data for path, data in texts.items() if data})
        return frozenset(path for path in news if path in undecidable or path in stored)

    def _data(self, path: RelPath, wanted: Digest) -> bytes | None:
        """The bytes of the file if it still has that text."""
        with suppress(FileError, Unreadable):
            data = self._workspace.tree.read(path)
            if data is not None and digest(decode(data)) == wanted:
                return data
        return None

    def _is_known(self, path: RelPath) -> bool:
        """Whether the file was tracked at the last look. The text of a file that has just become
        tracked does not count as a save."""
        if path in self._states:
            return True
        state = self._inspect(path)
        if state.digest:
            self._handled[path] = state.digest
        return False

    def _is_kept_open(self, path: RelPath, state: FileState) -> bool:
        return state.busy and self._clock() - self._since[path] >= BUSY_SECONDS

    def _is_still(self, path: RelPath, digest: Digest) -> bool:
        state = self._inspect(path)
        return state.digest == digest and not state.problem

    def _inspect(self, path: RelPath) -> FileState:
        before, state = self._states.get(path), self._workspace.tree.inspect(path)
        if before != state:
            self._since[path] = self._clock()
        self._states[path] = state
        return replace(state, is_stable=self._clock() - self._since[path] >= RECHECK_SECONDS)

    def _waits_for_git(self, mark: git.ActivityMark) -> bool:
        """Whether to wait for git's lock; a stale lock is ignored after GITS_SECONDS."""
        return self._waits("git", mark.busy, GIT_LOCK_SECONDS)

    def _waits_for_others(self) -> bool:
        """Whether to wait for another pinesync: a pull writes a file before it records the base."""
        return self._waits("pinesync", self._workspace.log.is_locked(), LOCK_SECONDS)

    def _has_news(self, states: Mapping[RelPath, FileState]) -> bool:
        return any(g.digest not in (None, self._handled.get(p)) for p, g in states.items())

    def _waits(self, who: str, busy: bool, limit: float) -> bool:
        if not busy:
            self._waited.pop(who, None)
            return False
        return self._clock() - self._waited.setdefault(who, self._clock()) < limit

    def _synced_digests(self) -> dict[RelPath, Digest]:
        """The text of each file when it is in sync."""
        entries = self._workspace.manifest.entries().values()
        return {e.path: e.base.sent or e.base.digest for e in entries if e.base}

    def _is_in_sync(self, path: RelPath, state: FileState) -> bool:
        """Whether the file has the agreed text. If so, stop holding it."""
        self._unsendable.pop(path, None)
        if state.digest is None or state.digest != self._synced_digests().get(path):
            return False
        self._handled[path] = state.digest
        self.held.pop(path, None)
        return True

    def _hold(self, digests: Mapping[RelPath, Digest | None], why: str) -> Event:
        for path, text in digests.items():
            if text:
                self.held[path] = self._handled[path] = text
        return Held(tuple(sorted(digests)), why)

    def _report_unsendable(self, path: RelPath, state: FileState) -> Event | None:
        same = replace(state, is_stable=False)
        if self._unsendable.get(path) == same:
            return None
        self._unsendable[path] = same
        if state.busy:
            why, hint = "a program has it open for writing", "it is sent once that closes it"
            return Notice(path, "not sent", why, hint)
        if state.problem:
            return Notice(path, "not sent", state.problem, "fix it and save it again to send it")
        hint = f"`pinesync restore {shell_quote(path)}` brings it back; `pinesync rm` forgets it"
        return Notice(path, "missing", "the file is gone; the script on TradingView stays", hint)


def _below(root: Path, paths: tuple[Path, ...]) -> bool:
    return bool(paths) and ".." not in paths[-1].parts and paths[-1].is_relative_to(root)
