"""`undo`: what one command did is taken back, as far as that can be done without losing anything.

Files and entries get what they had before, where they still have what the command gave them. A
push is undone by one more version with the text from before, saved like any other. A script that
was created there stays: only a deletion would undo that.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from pinesync.commands.oplog import MOST, Logged, logged
from pinesync.commands.project import Project, Setup, open_project
from pinesync.commands.running import Run, finished, viewed
from pinesync.errors import Misuse
from pinesync.model import Digest, Entry, PineId, RelPath
from pinesync.naming import typed
from pinesync.sync.execute import push as pushing
from pinesync.sync.execute.moving import move
from pinesync.sync.execute.pull import Step
from pinesync.sync.execute.putting import put_text
from pinesync.sync.execute.settle import settle
from pinesync.sync.execute.texts import read_text
from pinesync.sync.operations import (
    RECOVERY,
    REDO,
    UNDO,
    Change,
    Operation,
    Sent,
    Written,
    to_redo,
    to_undo,
    undone,
)
from pinesync.sync.policy import Act
from pinesync.sync.ports import ChangedMeanwhile, Ports
from pinesync.sync.records import Record
from pinesync.sync.report import Outcome, refused
from pinesync.text import Unreadable, decode, digest, digest_of_any
from pinesync.workspace.operations import read_operations

_FINAL = {
    "rename": ("was renamed on TradingView", "`pinesync rename {path} {name}` renames it back"),
    "rm --remote": (
        "was deleted on TradingView, which nothing brings back",
        "every version is kept here: `pinesync log 'USER;…'` and `show` with its id tell them",
    ),
}
"""What happened there alone, and what to do about it, with the path and the name from before; an
older operation can be named."""


def undo(
    setup: Setup, key: str | None = None, *, redo: bool = False, allow_broken: bool = False
) -> tuple[Logged, Run]:
    """Take back the newest operation, or the one whose key was named; with `redo` the newest undo.
    What cannot be taken back is told, and left. Misuse where there is nothing to take back."""
    project = open_project(setup)
    with project.writing(REDO if redo else UNDO) as recovered:
        settled = (*recovered, *_settled(project))
        operation = _chosen(read_operations(project.folder.state, MOST), key, redo=redo)
        if settled:
            return logged(operation), Run((*settled, *_finish_first(operation)))
        run = _undo(project, operation, allow_broken=allow_broken)
        if not run.stopped and not any(outcome.done in _LEFT for outcome in run.outcomes):
            project.folder.journal.undoes = operation.key
    return logged(operation), run


def _settled(project: Project) -> tuple[Outcome, ...]:
    """What an interrupted run began comes first: it is what was done last."""
    if not any(record.is_open for record in project.folder.records()):
        return ()
    settled = settle(project.ports())
    project.note(RECOVERY)
    return settled


def _finish_first(operation: Operation) -> Iterator[Outcome]:
    """Nothing is taken back in the same breath: what that is may have changed."""
    for path in operation.paths[:1]:
        yield refused(
            path,
            "an interrupted run came first, and nothing was undone yet",
            "`pinesync oplog` shows what is undone next; then run `pinesync undo` again",
        )


def _undo(project: Project, operation: Operation, *, allow_broken: bool) -> Run:
    if operation.verb in _FINAL:
        what, hint = _FINAL[operation.verb]
        names = {c.path: typed(c.before.name) for c in operation.entries if c.before}
        hints = {p: hint.format(path=typed(p), name=names.get(p, "NAME")) for p in operation.paths}
        return Run(tuple(refused(path, what, hints[path]) for path in operation.paths))
    saved = {save.path: save for save in operation.saves}
    outcomes: list[Iterable[Outcome]] = [_Here(project, operation, frozenset(saved)).taken_back()]
    if saved:
        ports = project.ports()
        outcomes.append(_saved_again(project, ports, list(saved.values()), allow_broken))
    return finished(outcome for part in outcomes for outcome in part)


def _chosen(operations: list[Operation], key: str | None, *, redo: bool) -> Operation:
    if key is None:
        found = to_redo(operations) if redo else to_undo(operations)
        if found is None:
            what = "no undo that could be taken back" if redo else "nothing to undo"
            raise Misuse(what, "`pinesync oplog` lists what pinesync did here, on this machine")
        return found
    named = [operation for operation in operations if operation.key.startswith(key)]
    if len(named) != 1:
        many = f"{len(named)} operations begin with {key}" if named else f"no operation {key}"
        raise Misuse(many, "`pinesync oplog` lists them")
    if named[0].key in undone(operations):
        raise Misuse(
            f"{named[0].key}: was taken back already",
            "`pinesync undo --redo` takes the last undo back, `pinesync oplog` tells the others",
        )
    return named[0]


class _Here:
    """The part of it that happened in the folder: files and entries, but for scripts that were
    saved there as well."""

    def __init__(self, project: Project, operation: Operation, saved: frozenset[RelPath]) -> None:
        self._project = project
        all_changes = {c.path: c for c in operation.entries if c.path not in saved}
        self._moves = {
            m.new: (all_changes[m.old], all_changes[m.new])
            for m in operation.moves
            if m.old in all_changes and m.new in all_changes
        }
        moved = {path for m in operation.moves for path in (m.old, m.new)}
        self._changes = {path: c for path, c in all_changes.items() if path not in moved}
        self._files = {w.path: w for w in operation.files}
        self._records: list[Record] = []

    def taken_back(self) -> Iterator[Outcome]:
        try:
            yield from self._taken_back()
        finally:
            self._project.folder.drop_records(self._records)

    def _taken_back(self) -> Iterator[Outcome]:
        left = {path: why for path in self._paths() if (why := self._problem(path))}
        done = {path for path in self._paths() if self._is_back(path)}
        changes = [c for path, c in self._changes.items() if path not in {*left, *done}]
        # The base is never ahead of the file: what goes back goes back before the file does.
        back = [change for change in changes if not _goes_on(change)]
        self._commit(back)
        for path, file in self._files.items():
            if path in left or path in done:
                continue
            if file.before is None:
                yield Outcome(
                    path,
                    "told",
                    message="the file was not there; it stays, and can be removed",
                )
            elif trouble := self._write(file):
                left[path] = trouble
        self._commit([c for c in changes if _goes_on(c) and c.path not in left])
        stays = {p for p, f in self._files.items() if f.before is None} - self._changes.keys()
        for path in self._paths():
            if path not in done and (path in left or path not in stays):
                yield refused(path, left[path], _LOOK) if path in left else self._outcome(path)
        for old, new in self._moves.values():
            yield self._moved_back(old, new)

    def _paths(self) -> list[RelPath]:
        return sorted(self._changes.keys() | self._files.keys())

    def _problem(self, path: RelPath) -> str:
        """Why this one cannot be taken back; empty where it can. Entry or file may be back
        already: an undo that broke off is finished by the next."""
        change, file = self._changes.get(path), self._files.get(path)
        entry = self._project.folder.entries().get(path)
        if change and entry not in (change.before, change.after):
            return "pine.toml says something else of it by now"
        if not file or file.before is None:
            return ""
        try:
            now = self._digest(path)
        except Unreadable as error:
            return str(error)
        if now is None:
            return "the file is gone"
        if now not in (file.before, file.after):
            return "the file has another text by now"
        if self._project.folder.text_of(file.before) is None:
            return "the text from before is not held any more"
        return ""

    def _is_back(self, path: RelPath) -> bool:
        """Whether all of it is as it was before."""
        change, file = self._changes.get(path), self._files.get(path)
        entry = self._project.folder.entries().get(path)
        if change and entry != change.before:
            return False
        try:
            return file is None or (file.before is not None and self._digest(path) == file.before)
        except Unreadable:
            return False

    def _digest(self, path: RelPath) -> Digest | None:
        data = self._project.folder.read(path)
        return None if data is None else digest(decode(data))

    def _write(self, file: Written) -> str:
        """The file has the text from before; or why not."""
        folder, path = self._project.folder, file.path
        text = folder.text_of(file.before) if file.before else None
        assert text is not None
        if self._digest(path) == file.before:
            return ""
        entry = folder.entries().get(path) or Entry(path, "")
        try:
            put_text(folder, self._project.tools(), entry, text, file.after, self._records)
        except ChangedMeanwhile:
            return "the file changed at this moment"
        return ""

    def _moved_back(self, old: Change, new: Change) -> Outcome:
        folder, tools = self._project.folder, self._project.tools()
        data = folder.read(new.path)
        if folder.entries().get(old.path) == old.before:
            return Outcome(old.path, "told", message="it is back already")
        if old.before is None or new.after is None or folder.entries().get(new.path) != new.after:
            return refused(new.path, "pine.toml says something else of it by now", _LOOK)
        if data is None:
            return refused(new.path, "the file is gone", _LOOK)
        try:
            return move(folder, tools, new.after, old.before, digest_of_any(data))
        except ChangedMeanwhile:
            return refused(new.path, f"{old.path} is another file by now", "move that away first")

    def _commit(self, changes: list[Change]) -> None:
        if changes:
            self._project.folder.commit({change.path: change.before for change in changes})

    def _outcome(self, path: RelPath) -> Outcome:
        entry = self._project.folder.entries().get(path)
        if entry is None:
            return Outcome(path, "forgotten", message="pine.toml does not list it, as before")
        return Outcome(path, "restored", entry.base.version if entry.base else None)


def _goes_on(change: Change) -> bool:
    """Whether taking it back moves the base to a newer version, as a redo does."""
    before, after = (entry.base if entry else None for entry in (change.before, change.after))
    return bool(before and (after is None or before.version > after.version))


_LEFT = frozenset(("refused", "pending", "failed"))
_ANOTHER = "`pinesync undo KEY` takes back another one, which `pinesync oplog` names"
_LOOK = f"`pinesync log` and `pinesync restore --kept` show what there is; {_ANOTHER}"


def _saved_again(
    project: Project,
    ports: Ports,
    saves: list[Sent],
    allow_broken: bool,
) -> Iterator[Outcome]:
    """The text from before becomes the newest version, where that save still is the newest."""
    view, late = viewed(project, ports)
    yield from late
    by_id: dict[PineId | None, Step] = {
        s.entry.pine_id: Step(s, Act.SAVE) for s in view.situations if s.entry
    }
    steps: list[Step] = []
    texts: dict[RelPath, str] = {}
    chosen: dict[RelPath, Sent] = {}
    for save in saves:
        step = by_id.get(save.pine_id)
        entry = step.situation.entry if step else None
        text = ""
        if save.parent:
            text = read_text(ports.remote, ports.workspace, (save.pine_id, save.parent))
            if entry and entry.base and entry.base.digest == digest(text):
                continue  # an undo that broke off came so far
        if problem := _unsaveable(save, entry):
            yield refused(save.path, problem, _hint(save))
            continue
        assert step
        steps.append(step)
        texts[step.situation.path] = text
        chosen[step.situation.path] = save
    listed = view.listed or {}
    for outcome in pushing.push(ports, steps, listed, allow_broken=allow_broken, texts=texts):
        if outcome.done == "refused" and not outcome.diagnostics:
            yield replace(outcome, hint=_hint(chosen[outcome.path]))
        elif outcome.done == "saved" and _stays(project, outcome.path, texts[outcome.path]):
            message = "; ".join(filter(None, (outcome.message, _STAYS)))
            hint = outcome.hint or _brings_back(outcome.path)
            yield replace(outcome, message=message, hint=hint)
        else:
            yield outcome


_STAYS = "the file keeps the text that was taken back, as an edit; a push would save it again"


def _brings_back(path: RelPath) -> str:
    return f"`pinesync restore {typed(path)}` puts the saved text into it"


def _stays(project: Project, path: RelPath, saved: str) -> bool:
    """Whether the file has another text than the one saved: a push changes no file, and so does
    taking it back."""
    data = project.folder.read(path)
    return data is not None and digest_of_any(data) != digest(saved)


def _hint(save: Sent) -> str:
    if save.parent is None:
        return f"`pinesync rm --remote {typed(save.path)}` deletes it; {_ANOTHER}"
    back = typed(f"{save.path}@{save.parent.major}")
    return (
        f"`pinesync pull`, then `pinesync restore {back} --push` makes {save.parent} the newest, "
        f"without what was saved since; {_ANOTHER}"
    )


def _unsaveable(save: Sent, entry: Entry | None) -> str:
    if save.parent is None:
        return "was created there, which only a deletion undoes"
    if entry is None:
        return "pine.toml does not list it any more"
    if entry.hidden:
        return "a conflict is not resolved"
    if entry.base is None or entry.base.version != save.version:
        return f"{save.version} is not its base any more: something was saved or pulled since"
    return ""
