"""Prepare a text for upload: read it once, store it and check it, or refuse it."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256

from pinesync.errors import EXIT_COMPILE, EXIT_LEFT, FileError
from pinesync.model import Diagnostic, Digest, Entry, PineId, RelPath, Version
from pinesync.sync.engine.uploads.compare_contract import upload_changes
from pinesync.sync.outcome import Outcome, Planned, failed, refused
from pinesync.sync.planner import ScriptState, Step
from pinesync.sync.policy import Act
from pinesync.sync.ports import Ports
from pinesync.text.canonical import MAX_SOURCE, Unreadable, decode, digest, has_conflict_markers
from pinesync.text.contract import Policy
from pinesync.text.filenames import shell_quote
from pinesync.text.unicode import invisible_characters


@dataclass(frozen=True, slots=True)
class Expected:
    """The required state of a file and its entry: the script, the version on top of which it is
    saved, and the SHA-256 of the file's bytes in hex."""

    pine_id: PineId
    version: Version
    sha256: str


@dataclass(frozen=True, slots=True)
class Draft:
    """A text to be saved: read once, stored, and checked. `warnings` are the compiler's, those of
    invisible characters, and those about charts and alerts. With `watched`, only the text that
    `watch` saw may be saved. With `exact`, it is saved on top of its base alone."""

    state: ScriptState
    entry: Entry
    text: str
    broken: tuple[Diagnostic, ...] = ()
    warnings: tuple[Diagnostic, ...] = ()
    watched: bool = False
    exact: bool = False


def prepare_draft(
    ports: Ports,
    state: ScriptState,
    allow_broken: bool,
    seen: Digest | None = None,
    instead: str | None = None,
    contract: Policy = "warn",
    expected: Expected | None = None,
) -> Draft | Outcome:
    """Read, store and check the file's text, or return the outcome of refusing it. With `seen`,
    refuse any other text, with `expected` any other bytes; `instead` replaces the file's text.
    `contract` says what to do if charts and alerts may read another input or plot."""
    path, entry = state.path, state.entry
    assert entry is not None
    if expected and (differs := _base_differs(entry, expected)):
        return differs
    text = _text_of(ports, path, expected) if instead is None else instead
    if expected and isinstance(text, Outcome):
        return text
    if seen and (isinstance(text, Outcome) or digest(text) != seen):
        return file_changed_outcome(path)
    if isinstance(text, Outcome):
        return text
    if has_conflict_markers(text):
        return refused(
            path,
            "the file contains conflict markers",
            f"edit the file, or run `pinesync resolve {shell_quote(path)}` with --ours or --theirs",
        )
    if not text.strip() and not (entry.base and entry.base.digest == digest(text)):
        return refused(path, "the file is empty", "an empty script is never saved over a full one")
    if len(text.encode()) > MAX_SOURCE:
        # The service would store it, but it is too large to read back.
        return refused(path, "larger than 2 MiB; nothing was saved", "split it: import a library")
    ports.texts.keep(text)
    errors = tuple(ports.tools.syntax(text))
    warnings: tuple[Diagnostic, ...] = ()
    if not errors:
        verdict = ports.remote.check(text)
        errors, warnings = verdict.errors, verdict.warnings
    warnings = (*warnings, *invisible_characters(text))
    if errors and not allow_broken:
        return Outcome(
            path,
            "refused",
            message="does not compile; nothing was saved",
            hint="fix the errors, then push again",
            exit_code=EXIT_COMPILE,
            pine_id=entry.pine_id,
            diagnostics=(*errors, *warnings),
            source=text,
        )
    if contract != "ignore":
        shifts = upload_changes(ports, entry, text)
        warnings = (*warnings, *shifts)
        if refuses(contract, shifts):
            return Outcome(
                path,
                "refused",
                message=f"{SHIFTS}; nothing was saved",
                hint=f"`pinesync push --allow-shift {shell_quote(path)}` saves it all the same",
                exit_code=EXIT_LEFT,
                pine_id=entry.pine_id,
                diagnostics=(*errors, *warnings),
                source=text,
            )
    watched = seen is not None or expected is not None
    return Draft(state, entry, text, errors, warnings, watched, exact=expected is not None)


SHIFTS = "charts and alerts may read another input or plot"


def contract_policy(ports: Ports, *, allow_shift: bool = False) -> Policy:
    """The policy for changed inputs and plots: the one in pine.toml, but `allow_shift` turns
    "refuse" into "warn"."""
    contract = ports.manifest.scope().contract
    return "warn" if allow_shift and contract == "refuse" else contract


def refuses(contract: Policy, shifts: tuple[Diagnostic, ...]) -> bool:
    """Whether a push refuses a text with these findings. Notes alone are accepted."""
    return contract == "refuse" and any(shift.severity == "warning" for shift in shifts)


def preview(ports: Ports, step: Step, contract: Policy) -> Planned | None:
    """A dry run's row for a save that changes what charts and alerts read, or None."""
    path, entry = step.state.path, step.state.entry
    if contract == "ignore" or entry is None or step.act not in (Act.SAVE, Act.SAVE_OVER):
        return None
    text = _text_of(ports, path)
    if isinstance(text, Outcome) or has_conflict_markers(text) or ports.tools.syntax(text):
        return None
    shifts = upload_changes(ports, entry, text)
    act = f"be refused: {SHIFTS}" if refuses(contract, shifts) else ""
    return Planned(path, step.state.word, act, shifts, text) if shifts else None


def has_changed(ports: Ports, draft: Draft) -> bool:
    """Whether the watched file has changed since the draft was read, for example by a formatter."""
    return draft.watched and _text_of(ports, draft.entry.path) != draft.text


def file_changed_outcome(path: RelPath) -> Outcome:
    return Outcome(path, "skipped", message="the file changed meanwhile", hint="look again")


def differs_from_expected(ports: Ports, entry: Entry, expected: Expected) -> Outcome | None:
    """Why the entry or its file is not what was expected."""
    text = _text_of(ports, entry.path, expected)
    return _base_differs(entry, expected) or (text if isinstance(text, Outcome) else None)


def _base_differs(entry: Entry, expected: Expected) -> Outcome | None:
    """Why the entry is not what was expected."""
    base = entry.base.version if entry.base else None
    if entry.pine_id != expected.pine_id:
        return refused(entry.path, "pine.toml now has another script for it", _SEE_STATUS)
    if base != expected.version:
        return refused(
            entry.path, f"its base is {base or 'none'}, not {expected.version}", _SEE_STATUS
        )
    return None


def _bytes_differ(path: RelPath, data: bytes, expected: Expected) -> Outcome | None:
    """Why the file is not what was expected."""
    if sha256(data).hexdigest() == expected.sha256:
        return None
    return refused(path, "the file does not have that SHA-256", _SEE_STATUS)


_SEE_STATUS = "nothing was saved; run `pinesync status` to see its state"


def _text_of(ports: Ports, path: RelPath, expected: Expected | None = None) -> str | Outcome:
    """The file's text. The bytes that are compared with those expected are the ones decoded."""
    try:
        data = ports.tree.read(path)
        if data is not None:
            return (expected and _bytes_differ(path, data, expected)) or decode(data)
    except Unreadable as error:
        return refused(path, str(error), "save the file as UTF-8 text; nothing was sent")
    except FileError as error:
        return failed(path, error)
    return refused(
        path, "the file is gone", f"`pinesync restore {shell_quote(path)}` brings it back"
    )
