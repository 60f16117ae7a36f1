"""Undo one operation, as far as possible without losing anything.

A file or entry is restored if it still is as the operation left it. A save is undone by saving the
previous text as a new version. A script that the operation created stays on the service: only a
deletion would undo that.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from pinesync.model import Digest, Entry, PineId, RelPath
from pinesync.sync.engine.scripts.move import move
from pinesync.sync.engine.transaction import Transaction
from pinesync.sync.engine.uploads.upload import push
from pinesync.sync.engine.version_texts import read_text
from pinesync.sync.engine.write_file import write_file
from pinesync.sync.intents import Download
from pinesync.sync.operations import Change, Operation, SentVersion, Written
from pinesync.sync.outcome import Outcome, refused
from pinesync.sync.planner import Step
from pinesync.sync.policy import Act
from pinesync.sync.ports import ChangedMeanwhile, Ports
from pinesync.text.canonical import Unreadable, decode, digest, digest_of_any
from pinesync.text.filenames import shell_quote


def undo_operation(
    tx: Transaction, operation: Operation, *, allow_broken: bool
) -> Iterator[Outcome]:
    """Undo the operation, first in the workspace, then on the service. What cannot be undone is
    `refused` and left in place."""
    saved = {save.path: save for save in operation.saves}
    if saved:
        _ = tx.ports.remote  # fail before any change if there is no sign-in
    yield from _WorkspaceUndo(tx.ports, operation, frozenset(saved)).run()
    if saved:
        yield from _undo_saves(tx, list(saved.values()), allow_broken)


class _WorkspaceUndo:
    """The undo in the workspace: files and entries, except those of scripts that the operation
    also saved."""

    def __init__(self, ports: Ports, operation: Operation, saved: frozenset[RelPath]) -> None:
        self._ports = ports
        all_changes = {c.path: c for c in operation.entries if c.path not in saved}
        self._moves = {
            m.new: (all_changes[m.old], all_changes[m.new])
            for m in operation.moves
            if m.old in all_changes and m.new in all_changes
        }
        moved = {path for m in operation.moves for path in (m.old, m.new)}
        self._changes = {path: c for path, c in all_changes.items() if path not in moved}
        self._files = {w.path: w for w in operation.files}
        self._intents: list[Download] = []

    def run(self) -> Iterator[Outcome]:
        try:
            yield from self._run()
        finally:
            self._ports.log.drop(self._intents)

    def _run(self) -> Iterator[Outcome]:
        problems = {path: why for path in self._paths() if (why := self._problem(path))}
        done = {path for path in self._paths() if self._is_undone(path)}
        changes = [c for path, c in self._changes.items() if path not in {*problems, *done}]
        # The base must never be ahead of its file, so a base that moves back moves before the file.
        rollbacks = [change for change in changes if not _advances_base(change)]
        self._commit(rollbacks)
        for path, file in self._files.items():
            if path in problems or path in done:
                continue
            if file.before is None:
                yield Outcome(
                    path,
                    "told",
                    message="the file did not exist before; it stays and can be removed",
                )
            elif trouble := self._write(file):
                problems[path] = trouble
        self._commit([c for c in changes if _advances_base(c) and c.path not in problems])
        kept_files = {p for p, f in self._files.items() if f.before is None} - self._changes.keys()
        for path in self._paths():
            if path not in done and (path in problems or path not in kept_files):
                yield (
                    refused(path, problems[path], _SEE_HISTORY)
                    if path in problems
                    else self._outcome(path)
                )
        for old, new in self._moves.values():
            yield self._undo_move(old, new)

    def _paths(self) -> list[RelPath]:
        return sorted(self._changes.keys() | self._files.keys())

    def _problem(self, path: RelPath) -> str:
        """Why this path cannot be undone; empty if it can. An interrupted undo may already have
        restored the entry or the file, and this one finishes it."""
        change, file = self._changes.get(path), self._files.get(path)
        entry = self._ports.manifest.entries().get(path)
        if change and entry not in (change.before, change.after):
            return "its entry in pine.toml has changed since"
        if not file or file.before is None:
            return ""
        try:
            now = self._digest(path)
        except Unreadable as error:
            return str(error)
        if now is None:
            return "the file is gone"
        if now not in (file.before, file.after):
            return "the file has changed since"
        if self._ports.texts.text_of(file.before) is None:
            return "the old text is no longer stored"
        return ""

    def _is_undone(self, path: RelPath) -> bool:
        """Whether the entry and the file are already as they were before the operation."""
        change, file = self._changes.get(path), self._files.get(path)
        entry = self._ports.manifest.entries().get(path)
        if change and entry != change.before:
            return False
        try:
            return file is None or (file.before is not None and self._digest(path) == file.before)
        except Unreadable:
            return False

    def _digest(self, path: RelPath) -> Digest | None:
        data = self._ports.tree.read(path)
        return None if data is None else digest(decode(data))

    def _write(self, file: Written) -> str:
        """Restore the file's previous text. Returns why it could not, else an empty string."""
        ports, path = self._ports, file.path
        text = ports.texts.text_of(file.before) if file.before else None
        assert text is not None
        if self._digest(path) == file.before:
            return ""
        entry = ports.manifest.entries().get(path) or Entry(path, "")
        try:
            write_file(ports, entry, text, file.after, self._intents)
        except ChangedMeanwhile:
            return "the file has just changed"
        return ""

    def _undo_move(self, old: Change, new: Change) -> Outcome:
        ports = self._ports
        data = ports.tree.read(new.path)
        if ports.manifest.entries().get(old.path) == old.before:
            return Outcome(old.path, "told", message="it exists again")
        if (
            old.before is None
            or new.after is None
            or ports.manifest.entries().get(new.path) != new.after
        ):
            return refused(new.path, "its entry in pine.toml has changed since", _SEE_HISTORY)
        if data is None:
            return refused(new.path, "the file is gone", _SEE_HISTORY)
        try:
            return move(ports, new.after, old.before, digest_of_any(data))
        except ChangedMeanwhile:
            return refused(new.path, f"{old.path} is another file now", "move it away first")

    def _commit(self, changes: list[Change]) -> None:
        if changes:
            self._ports.manifest.commit({change.path: change.before for change in changes})

    def _outcome(self, path: RelPath) -> Outcome:
        entry = self._ports.manifest.entries().get(path)
        if entry is None:
            return Outcome(path, "forgotten", message="pine.toml does not list it, as before")
        return Outcome(path, "restored", entry.base.version if entry.base else None)


def _advances_base(change: Change) -> bool:
    """Whether undoing the change moves the base to a newer version, as a redo does."""
    before, after = (entry.base if entry else None for entry in (change.before, change.after))
    return bool(before and (after is None or before.version > after.version))


_OTHER_UNDO = "`pinesync undo ID` undoes an earlier operation; `pinesync oplog` lists them"
_SEE_HISTORY = f"`pinesync log` and `pinesync restore --kept` show what there is; {_OTHER_UNDO}"


def _undo_saves(tx: Transaction, saves: list[SentVersion], allow_broken: bool) -> Iterator[Outcome]:
    """Save the previous text as the next version, if the undone save is still the newest."""
    ports = tx.ports
    view = yield from tx.survey()
    by_id: dict[PineId | None, Step] = {
        s.entry.pine_id: Step(s, Act.SAVE) for s in view.states if s.entry
    }
    steps: list[Step] = []
    texts: dict[RelPath, str] = {}
    chosen: dict[RelPath, SentVersion] = {}
    for save in saves:
        step = by_id.get(save.pine_id)
        entry = step.state.entry if step else None
        text = ""
        if save.parent:
            text = read_text(ports, (save.pine_id, save.parent))
            if entry and entry.base and entry.base.digest == digest(text):
                continue  # an interrupted undo already saved it
        if problem := _save_problem(save, entry):
            yield refused(save.path, problem, _hint(save))
            continue
        assert step
        steps.append(step)
        texts[step.state.path] = text
        chosen[step.state.path] = save
    listed = view.listed or {}
    for outcome in push(
        ports, steps, listed, allow_broken=allow_broken, allow_shift=True, texts=texts
    ):
        if outcome.done == "refused" and not outcome.diagnostics:
            yield replace(outcome, hint=_hint(chosen[outcome.path]))
        elif outcome.done == "saved" and _file_differs(ports, outcome.path, texts[outcome.path]):
            message = "; ".join(filter(None, (outcome.message, _FILE_DIFFERS)))
            hint = outcome.hint or _restore_hint(outcome.path)
            yield replace(outcome, message=message, hint=hint)
        else:
            yield outcome


_FILE_DIFFERS = "the file keeps the undone text as an edit; a push would save it again"


def _restore_hint(path: RelPath) -> str:
    return f"`pinesync restore {shell_quote(path)}` restores the saved text"


def _file_differs(ports: Ports, path: RelPath, saved: str) -> bool:
    """Whether the file's text differs from the one just saved. Neither a push nor its undo changes
    a file."""
    data = ports.tree.read(path)
    return data is not None and digest_of_any(data) != digest(saved)


def _hint(save: SentVersion) -> str:
    if save.parent is None:
        return f"`pinesync rm --remote {shell_quote(save.path)}` deletes it; {_OTHER_UNDO}"
    back = shell_quote(f"{save.path}@{save.parent.major}")
    return (
        f"`pinesync pull`, then `pinesync restore {back} --push` makes {save.parent} the newest, "
        f"without what was saved since; {_OTHER_UNDO}"
    )


def _save_problem(save: SentVersion, entry: Entry | None) -> str:
    if save.parent is None:
        return "was created on TradingView; only deleting it undoes that"
    if entry is None:
        return "pine.toml does not list it any more"
    if entry.shadowed:
        return "a conflict is not resolved"
    if entry.base is None or entry.base.version != save.version:
        return f"{save.version} is not its base any more: something was saved or pulled since"
    return ""
