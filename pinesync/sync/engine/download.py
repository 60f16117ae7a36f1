"""Pulling: fetch and validate everything first, then exchange file by file, then one write of
pine.toml for the batch. The base is never ahead of the file.

Long because fetch, merge and exchange each rely on what the step before proved."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from pinesync.errors import (
    EXIT_LEFT,
    ActionRequired,
    BadResponse,
    FacadeError,
    FileError,
    NotAccessible,
)
from pinesync.model import Base, Digest, Entry, RelPath, Version
from pinesync.sync.engine.lifecycle import own_versions
from pinesync.sync.engine.snapshot import ask_session
from pinesync.sync.engine.uploads.revert_detection import MOST_LINES
from pinesync.sync.engine.uploads.tab_overwrite import dropped_lines
from pinesync.sync.engine.version_texts import read_text, stored_text
from pinesync.sync.engine.write_file import write_file
from pinesync.sync.intents import Download
from pinesync.sync.outcome import Done, Outcome, failed, join_versions, refused
from pinesync.sync.planner import ScriptState, Step
from pinesync.sync.policy import Act, LocalSide, RemoteSide
from pinesync.sync.ports import ChangedMeanwhile, Ports
from pinesync.sync.words import Status
from pinesync.text.canonical import common_lines, decode, digest
from pinesync.text.filenames import shell_quote, unescape_name
from pinesync.text.unicode import invisible_characters

BATCH_FILES = 200
BATCH_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class StoredText:
    """A text in the store."""

    digest: Digest


@dataclass(frozen=True, slots=True)
class Prepared:
    """A step with everything fetched. `text` is the file's new text, or its digest in the store:
    all texts of a pull may not fit in memory. None leaves the file as it is."""

    step: Step
    entry: Entry
    text: str | StoredText | None
    done: Done
    message: str = ""
    hint: str = ""
    exit_code: int = 0


CHANGES = (Act.FORWARD, Act.ADOPT, Act.ADOPT_FORWARD, Act.MERGE, Act.PUT_BACK, Act.WRITE)
CHOICES = (Act.TAKE_OURS, Act.TAKE_THEIRS)


def pull(ports: Ports, steps: Sequence[Step]) -> Iterator[Outcome]:
    """Do the steps and yield each outcome once it is on disk. NoAccess and TryLater end the pull
    before any file changes. An unusable response for one script fails only that script."""
    ready = ports.tools.parallel(lambda step: _prepare(ports, step), steps)
    yield from (item for item in ready if isinstance(item, Outcome))
    waiting = [item for item in ready if isinstance(item, Prepared)]
    while waiting:
        batch, waiting = waiting[:BATCH_FILES], waiting[BATCH_FILES:]
        remaining = yield from _write_batch(ports, batch)
        waiting = remaining + waiting


def _prepare(ports: Ports, step: Step) -> Prepared | Outcome:
    path = step.state.path
    pine_id = step.state.info.pine_id if step.state.info else None
    try:
        return _ready(ports, step)
    except (FacadeError, ActionRequired) as error:
        if isinstance(error, NotAccessible):
            ask_session(ports.remote, pine_id)
        return failed(path, error, pine_id)


def _ready(ports: Ports, step: Step) -> Prepared:
    state, info = step.state, step.state.info
    assert info is not None
    if step.act is Act.ADOPT:
        return Prepared(step, adopted_entry(ports, state), None, "adopted")
    newest = read_text(ports, (info.pine_id, info.version))
    if "\0" in newest:
        raise BadResponse(f"{info.version} has a NUL character in it, and no file can have that")
    entry = state.entry or Entry(state.path, unescape_name(info.name))
    base = new_base(ports, state, info.version, digest(newest))
    entry = replace(entry, pine_id=info.pine_id, base=base)
    warning = dropped_lines(ports, entry.pine_id, _stored_base_text(ports, state), newest)
    if step.act is Act.TAKE_OURS:
        # The person saw their save and chose ours, so the next push may replace it.
        entry = replace(entry, base=replace(base, chosen=state.digest))
        return Prepared(step, entry, None, "kept", "your text is kept; push saves it on top")
    if step.act is Act.PUT_BACK:
        return _merge_from_origin(ports, step, entry, newest, warning)
    if step.act is Act.MERGE:
        return _merge(ports, step, entry, _ancestor(ports, state, newest), newest, warning)
    # The file already has the newest text: only the base moves on.
    if digest(newest) == state.digest:
        return Prepared(step, entry, None, "adopted", warning)
    if step.act is Act.TAKE_THEIRS:
        warning = warning or "your edits are replaced; the text you had is kept for 30 days"
    done: Done = "written" if step.act is Act.WRITE else "pulled"
    return Prepared(step, entry, StoredText(digest(newest)), done, warning)


def _stored_base_text(ports: Ports, state: ScriptState) -> str | None:
    """The text of the base, if it is stored here."""
    entry = state.entry
    if not (entry and entry.pine_id and entry.base):
        return None
    return stored_text(ports.texts, (entry.pine_id, entry.base.version))


def new_base(ports: Ports, state: ScriptState, version: Version, text: Digest) -> Base:
    """The script's base moved on to `version`, or a new base if it has none."""
    # A new file outside git has no older text anywhere, so the base needs no record of our saves.
    if state.local is LocalSide.ABSENT and not ports.manifest.has_history():
        return Base(version, text)
    assert state.info
    ours = own_versions(ports.log, state.info.pine_id)
    before = state.entry.base if state.entry else None
    return before.moved(version, text, ours) if before else Base.linked(version, text, ours)


def adopted_entry(ports: Ports, state: ScriptState) -> Entry:
    """The entry of a script whose file has the text of a version other than its base."""
    info, version = state.info, state.at
    assert info
    assert version
    assert state.digest
    entry = state.entry or Entry(state.path, unescape_name(info.name))
    base = new_base(ports, state, version, state.digest)
    return replace(entry, pine_id=info.pine_id, base=base)


def _merge_from_origin(
    ports: Ports, step: Step, entry: Entry, newest: str, warning: str
) -> Prepared:
    """Merge the file from the text that it really derives from. That brings back the saves that it
    reverted and keeps its other edits."""
    state = step.state
    versions = join_versions(state.comparison.reverted)
    if state.remote is RemoteSide.RECORDED:
        # Git went back to before our own pushes on purpose, so they stay out.
        assert state.entry
        assert state.entry.base
        entry = state.entry
        newest = _text_of(ports, state, state.entry.base)
    ready = _merge(ports, step, entry, state.comparison.origin, newest, warning)
    if ready.done != "merged":
        return ready
    return replace(ready, done="restored", message=f"brought back what was saved as {versions}")


def _read_unchanged(ports: Ports, state: ScriptState) -> str:
    """The file's text. Raises ActionRequired if it changed since the snapshot."""
    text = decode(ports.tree.read(state.path) or b"")
    if digest(text) != state.digest:
        raise ActionRequired(
            "the file changed while it was being pulled", "run `pinesync pull` again"
        )
    return text


def _ancestor(ports: Ports, state: ScriptState, newest: str) -> str:
    """The merge base: the text of the entry's base. A script linked without a base gets the lines
    that both sides share, so the merge deletes no line of either."""
    assert state.entry
    base = state.entry.base
    if base is None:
        return common_lines(_read_unchanged(ports, state), newest)
    return _text_of(ports, state, base)


def _text_of(ports: Ports, state: ScriptState, base: Base) -> str:
    assert state.info
    text = read_text(ports, (state.info.pine_id, base.version))
    # This version has another text than the recorded base: a merge from it could drop lines.
    if digest(text) != base.digest:
        raise ActionRequired(
            f"version {base.version} on TradingView is not the text that pine.toml recorded",
            "nothing was merged; pull with --ours or --theirs chooses a text",
        )
    return text


def _merge(
    ports: Ports, step: Step, entry: Entry, ancestor: str, newest: str, warning: str
) -> Prepared:
    state = step.state
    assert entry.base
    before = state.entry.base.version if state.entry and state.entry.base else None
    ours = _read_unchanged(ports, state)
    if max(text.count("\n") for text in (ancestor, ours, newest)) > MOST_LINES:
        raise ActionRequired(
            f"both sides changed, and a text of more than {MOST_LINES} lines is not merged",
            f"run `pinesync pull {shell_quote(state.path)}` with --ours or --theirs",
        )
    merged = ports.tools.merge(ancestor, ours, newest)
    # Both sides changed the same lines since the base; the base moves on with the markers.
    if merged.conflicted:
        return Prepared(
            step,
            entry,
            merged.text,
            "conflict",
            f"conflict: both sides changed the same lines "
            f"({before or 'linked'} → {entry.base.version})",
            f"run `pinesync resolve {shell_quote(state.path)}` with --ours or --theirs, "
            "or edit the file",
            EXIT_LEFT,
        )
    return Prepared(step, entry, merged.text, "merged", warning)


def _write_batch(
    ports: Ports, batch: Sequence[Prepared]
) -> Generator[Outcome, None, list[Prepared]]:
    """Exchange the files of one batch, then write pine.toml once and close the intents."""
    began = ports.tools.now().mono
    changes: dict[RelPath, Entry | None] = {}
    intents: list[Download] = []
    outcomes: list[Outcome] = []
    remaining: list[Prepared] = []
    try:
        for number, ready in enumerate(batch):
            if ports.tools.now().mono - began > BATCH_SECONDS and number:
                remaining = list(batch[number:])
                break
            outcomes.append(_write_one(ports, ready, intents))
            if outcomes[-1].done not in ("refused", "failed"):
                changes[ready.entry.path] = ready.entry
    finally:
        if changes:
            ports.manifest.commit(changes)
        ports.log.drop(intents)
    yield from outcomes
    return remaining


def _write_one(ports: Ports, ready: Prepared, intents: list[Download]) -> Outcome:
    state, entry = ready.step.state, ready.entry
    assert entry.base is not None
    text = None
    try:
        text = _new_text(ports, ready)
        if text is not None:
            _exchange(ports, ready, text, intents)
    except ChangedMeanwhile:
        return refused(
            state.path,
            "the file changed while it was being pulled; it was left as it is",
            "run `pinesync pull` again",
        )
    except FileError as error:
        return failed(state.path, error, entry.pine_id)
    before = state.entry.base.version if state.entry and state.entry.base else None
    warnings = invisible_characters(text or "")
    return Outcome(
        state.path,
        ready.done,
        entry.base.version,
        before,
        ready.message,
        ready.hint,
        ready.exit_code,
        entry.pine_id,
        warnings,
        text if text and warnings else "",
    )


def _new_text(ports: Ports, ready: Prepared) -> str | None:
    if not isinstance(ready.text, StoredText):
        return ready.text
    text = ports.texts.text_of(ready.text.digest)
    if text is None:
        raise FileError(f"{ready.entry.path}: its text is no longer stored", "pull again")
    return text


def _exchange(ports: Ports, ready: Prepared, text: str, intents: list[Download]) -> None:
    entry = ready.entry
    assert entry.base is not None
    write_file(
        ports,
        entry,
        text,
        ready.step.state.digest,
        intents,
        brings_base=True,
    )


def steps_of(states: Iterable[ScriptState], choice: Act | None, merge: bool) -> list[Step]:
    """The steps of a pull: the acts of the policy table, or `choice` for diverged scripts."""
    steps = []
    for state in states:
        act = state.row.pull
        if act in (Act.MERGE, Act.PUT_BACK):
            act = choice or (act if merge else Act.REFUSE)
        elif choice and state.word is Status.ROLLED_BACK:
            act = choice
        steps.append(Step(state, act))
    return steps


def write_new_workspace(ports: Ports, states: Sequence[ScriptState]) -> tuple[Outcome, ...]:
    """Write scripts into a new workspace that nobody else uses yet, without intents and with one
    write of pine.toml at the end. Writes each file as soon as its text arrives. An unusable
    response for one script fails only that script."""
    steps = [Step(state, Act.WRITE) for state in states]
    results = ports.tools.parallel.pipeline(
        lambda step: _prepare(ports, step), lambda item: _write_new(ports, item), steps
    )
    if any(outcome.done == "refused" for outcome, _ in results):
        ports.tree.clear_leftovers()
    ports.manifest.commit({entry.path: entry for _, entry in results if entry})
    return tuple(outcome for outcome, _ in results)


def _write_new(ports: Ports, item: Prepared | Outcome) -> tuple[Outcome, Entry | None]:
    if isinstance(item, Outcome):
        return item, None
    path, base = item.entry.path, item.entry.base
    assert base
    try:
        ports.tree.put(path, _new_text(ports, item) or "", None, lambda _: None)
    except ChangedMeanwhile:
        # Our rules tell the two names apart, but this disk does not.
        message = "not written: on this disk another script's file has that name"
        hint = "rename one of the two scripts on TradingView, then run `pinesync pull`"
        return refused(path, message, hint), None
    return Outcome(path, "written", base.version, pine_id=item.entry.pine_id), item.entry
