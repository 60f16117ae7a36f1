"""The files that are watched: what each change of one means, and what is held back."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from pinesync.commands.watching.events import Event, Held, Told
from pinesync.model import Digest, RelPath
from pinesync.naming import typed
from pinesync.sync.watching import Glance, Meaning, meanings
from pinesync.workspace import git
from pinesync.workspace.folder import WorkspaceFolder

BY_GIT = "git wrote them"
MANY = "they changed at once"
BEFORE = "they were edited before this began"
_GITS_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Found:
    """What a look found: texts to send, things to tell, and files to look at once more: those of
    `again` in a second, of `soon` in a moment."""

    saved: tuple[tuple[RelPath, Digest], ...] = ()
    told: tuple[Event, ...] = ()
    again: tuple[RelPath, ...] = ()
    soon: tuple[RelPath, ...] = ()


class Files:
    """Every tracked file, with the text that was last dealt with (`handled`), and those whose
    text waits for somebody's word (`held`)."""

    def __init__(self, folder: WorkspaceFolder, clock: Callable[[], float], *, many: bool) -> None:
        self._folder = folder
        self._clock = clock
        self._many = many
        self._handled: dict[RelPath, Digest] = {}
        self._glances: dict[RelPath, Glance] = {}
        self._unfit: dict[RelPath, Glance] = {}
        self._git = git.mark_paths(folder.root)
        self._mark = git.mark(self._git)
        self._busy_since: float | None = None
        self.held: dict[RelPath, Digest] = {}

    def begin(self) -> Event | None:
        """What was edited before is held; a save is what happens from now on."""
        edited = []
        agreed = self._agreed()
        for path in self._folder.entries():
            glance = self._glance(path)
            if glance.digest and not glance.problem:
                self._handled[path] = glance.digest
                if glance.digest != agreed.get(path):
                    edited.append(path)
        return self._hold(edited, BEFORE) if edited else None

    def handled(self, path: RelPath, digest: Digest) -> None:
        """This text of the file was dealt with."""
        self._handled[path] = digest

    def nothing_new(self) -> None:
        """What git did until now has nothing to do with what changes from now on."""
        self._mark = git.mark(self._git)

    def look(self, paths: Iterable[RelPath]) -> Found:
        """Read the files, and tell what became of each."""
        mark = git.mark(self._git)
        if mark.busy and self._waits_for_git():
            return Found(soon=tuple(paths))
        self._busy_since = None
        entries = self._folder.entries()
        known = [path for path in paths if path in entries and self._is_known(path)]
        glances = {path: self._glance(path) for path in known}
        gits = {}
        if mark != self._mark:
            news = (p for p, g in glances.items() if g.digest not in (None, self._handled.get(p)))
            gits = {p: git.held_texts(self._folder.root, p, self._mark.stash) for p in news}
        self._mark = mark
        found = meanings(glances, self._agreed(), self._handled, gits, many=self._many)
        return self._found(found, glances)

    def released(self, *, send: bool) -> Found:
        """Nothing is held any more: it is to be sent, or left to a push by hand."""
        held, self.held = self.held, {}
        if not send:
            return Found()
        same = {path: digest for path, digest in held.items() if self._is_still(path, digest)}
        return Found(
            saved=tuple(sorted(same.items())), soon=tuple(p for p in held if p not in same)
        )

    def _found(self, found: dict[RelPath, Meaning], glances: dict[RelPath, Glance]) -> Found:
        by: dict[Meaning, list[RelPath]] = {what: [] for what in Meaning}
        for path, what in sorted(found.items()):
            by[what].append(path)
        for path in by[Meaning.NOTHING]:
            self._in_order(path, glances[path])
        unfit = (*by[Meaning.UNFIT], *by[Meaning.VANISHED])
        told = [self._unfit_told(path, glances[path]) for path in unfit]
        for what, why in ((Meaning.GITS, BY_GIT), (Meaning.MANY, MANY)):
            if by[what]:
                told.append(self._hold(by[what], why))
        saves = ((path, glances[path].digest) for path in by[Meaning.SAVE])
        return Found(
            saved=tuple((path, digest) for path, digest in saves if digest),
            told=tuple(event for event in told if event),
            again=tuple(by[Meaning.WAIT]),
        )

    def _is_known(self, path: RelPath) -> bool:
        """Whether the file was listed before; one that is listed just now was not saved just
        now."""
        if path in self._glances:
            return True
        glance = self._glance(path)
        if glance.digest:
            self._handled[path] = glance.digest
        return False

    def _is_still(self, path: RelPath, digest: Digest) -> bool:
        glance = self._glance(path)
        return glance.digest == digest and not glance.problem

    def _glance(self, path: RelPath) -> Glance:
        before, glance = self._glances.get(path), self._folder.glance(path)
        self._glances[path] = glance
        return replace(glance, again=before == glance)

    def _waits_for_git(self) -> bool:
        """Git has its lock; one that a killed git left is not waited for for ever."""
        self._busy_since = self._busy_since or self._clock()
        return self._clock() - self._busy_since < _GITS_SECONDS

    def _agreed(self) -> dict[RelPath, Digest]:
        """The text that each file has where nothing is to be done."""
        entries = self._folder.entries().values()
        return {e.path: e.base.sent or e.base.digest for e in entries if e.base}

    def _in_order(self, path: RelPath, glance: Glance) -> None:
        self._unfit.pop(path, None)
        if glance.digest and glance.digest == self._agreed().get(path):
            self._handled[path] = glance.digest
            self.held.pop(path, None)

    def _hold(self, paths: list[RelPath], why: str) -> Event:
        for path in paths:
            if digest := self._glances[path].digest:
                self.held[path] = self._handled[path] = digest
        return Held(tuple(sorted(paths)), why)

    def _unfit_told(self, path: RelPath, glance: Glance) -> Event | None:
        same = replace(glance, again=False)
        if self._unfit.get(path) == same:
            return None
        self._unfit[path] = same
        if glance.problem:
            return Told(
                path, "not sent", glance.problem, "it is sent when that is mended and saved"
            )
        hint = f"`pinesync restore {typed(path)}` brings it back; `pinesync rm` forgets it"
        return Told(path, "missing", "the file is gone; the script on TradingView stays", hint)
