"""The effect of a new text on charts and alerts. Calls the compiler only if the source is
unclear."""

from __future__ import annotations

from collections.abc import Callable

from pinesync.errors import PinesyncError
from pinesync.model import Contract, Diagnostic, Entry, Verdict
from pinesync.sync.engine.version_texts import read_text
from pinesync.sync.ports import Ports
from pinesync.text import contract, pine_syntax
from pinesync.text.contract import Change
from pinesync.text.pine_inputs import estimate

FullCheck = Callable[[str], Verdict]


def changes(old: str, new: str, ask: FullCheck | None = None) -> tuple[Change, ...]:
    """The numbers that another input or plot may read. Calls the full compiler `ask` only if the
    source shows a change or is unclear; if that fails, the changes are estimated."""
    before, after = estimate(old), estimate(new)
    shifts = contract.compare(before, after)
    if ask is None or not (shifts or _is_unclear(before, after, old, new)):
        return shifts
    exact = [_exact(ask, *pair) for pair in ((old, before), (new, after))]
    return contract.compare(exact[0], exact[1]) if exact[0] and exact[1] else shifts


def upload_changes(ports: Ports, entry: Entry, text: str) -> tuple[Diagnostic, ...]:
    """The findings for a text to be saved on top of its base. Empty if the base is unreadable."""
    if entry.base is None or entry.pine_id is None:
        return ()
    try:
        base = ports.texts.text_of(entry.base.expected)
        if base is None:
            base = read_text(ports, (entry.pine_id, entry.base.version))
    except PinesyncError:
        return ()
    return contract.diagnostics(changes(base, text, ports.remote.full_check))


def _is_unclear(before: Contract, after: Contract, old: str, new: str) -> bool:
    return not (before.certain and after.certain) and _code(old) != _code(new)


def _code(source: str) -> list[str]:
    tokens = pine_syntax.scan(source)
    return [token.text for token in tokens if token.kind not in ("comment", "newline")]


def _exact(ask: FullCheck, source: str, estimated: Contract) -> Contract | None:
    try:
        exact = ask(source).contract
    except PinesyncError:
        return None
    return exact and contract.locate(exact, estimated)
