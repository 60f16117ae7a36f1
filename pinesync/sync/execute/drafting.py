"""A text that is about to be saved: read once, kept, and fit to be sent, or refused."""

from __future__ import annotations

from dataclasses import dataclass

from pinesync.errors import EXIT_COMPILE
from pinesync.model import Diagnostic, Digest, Entry
from pinesync.naming import typed
from pinesync.sync.plan import Situation
from pinesync.sync.ports import Ports
from pinesync.sync.report import Outcome, refused
from pinesync.text import Unreadable, decode, digest, has_conflict_markers
from pinesync.unseen import unseen


@dataclass(frozen=True, slots=True)
class Draft:
    """A text about to be saved: read once, kept, and checked. `warnings` are the compiler's, and
    of characters that are not seen."""

    situation: Situation
    entry: Entry
    text: str
    broken: tuple[Diagnostic, ...] = ()
    warnings: tuple[Diagnostic, ...] = ()


def draft_of(
    ports: Ports, situation: Situation, allow_broken: bool, seen: Digest | None = None
) -> Draft | Outcome:
    """The file's text, read once, kept, and fit to be saved; or why it is not. With `seen` only
    that text is."""
    path, entry = situation.path, situation.entry
    assert entry is not None
    data = ports.workspace.read(path)
    if data is None:
        return refused(path, "the file is gone", f"`pinesync restore {typed(path)}` brings it back")
    try:
        text = decode(data)
    except Unreadable as error:
        return refused(path, str(error), "save the file as UTF-8 text; nothing was sent")
    if seen not in (None, digest(text)):
        return Outcome(path, "skipped", message="the file changed meanwhile", hint="look again")
    if has_conflict_markers(text):
        return refused(
            path,
            "conflict markers stand in it",
            f"edit the file, or run `pinesync resolve {typed(path)}` with --ours or --theirs",
        )
    if not text.strip() and not (entry.base and entry.base.digest == digest(text)):
        return refused(path, "the file is empty", "an empty script is never saved over a full one")
    ports.workspace.keep(text)
    errors = tuple(ports.tools.syntax(text))
    warnings: tuple[Diagnostic, ...] = ()
    if not errors:
        verdict = ports.remote.check(text)
        errors, warnings = verdict.errors, verdict.warnings
    warnings = (*warnings, *unseen(text))
    if errors and not allow_broken:
        return Outcome(
            path,
            "refused",
            message="does not compile; nothing was saved",
            hint="mend it and push again",
            exit_code=EXIT_COMPILE,
            pine_id=entry.pine_id,
            diagnostics=(*errors, *warnings),
            source=text,
        )
    return Draft(situation, entry, text, errors, warnings)
