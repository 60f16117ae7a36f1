"""The effect of a new text on charts and alerts, which store values by the number of an input and
refer to plots by number. A pure comparison of two contracts, with one table of its findings."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from pinesync.model import Contract, Diagnostic, Slot

ChangeKind = Literal[
    "inserted", "removed", "swapped", "retyped", "retitled", "replaced", "shifted", "appended"
]
Policy = Literal["warn", "refuse", "ignore"]
"""The action of a push on changes: the key `contract` of pine.toml."""

INPUTS, PLOTS = "PS010", "PS011"
_NAMES = {
    INPUTS: ("in", "saved values", "input"),
    PLOTS: ("plot", "alerts", "plot"),
}
_FINDINGS: Mapping[ChangeKind, tuple[Literal["warning", "note"], str]] = {
    "inserted": ("warning", "another {noun}"),
    "removed": ("warning", "another {noun}"),
    "swapped": ("warning", "another {noun}"),
    "retyped": ("warning", "one of another type"),
    "retitled": ("warning", "one of another title"),
    "replaced": ("warning", "another {noun}"),
    "shifted": ("warning", "another {noun}"),
    "appended": ("note", "this {noun}"),
}
"""For each kind of change: its severity, and what may read the saved values. Other changes are not
reported: appended inputs and plots, changed defaults, comments, blanks and other code."""

_SHOWN = {
    "integer": "int",
    "text": "string",
    "resolution": "timeframe",
    "line": "plot",
    "shapes": "plotshape",
    "chars": "plotchar",
    "arrows": "plotarrow",
    "bar_colorer": "barcolor",
    "bg_colorer": "bgcolor",
}
"""Types of the compiler that Pine calls by another name."""
_LONGEST = 60
_NOTHING = "nothing"
_PROPERTY = "a property of the strategy"

Label = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Change:
    """A number with another meaning in the new text: `in_3 "Length" int → "Stop %" float`."""

    slot: str
    old: str
    new: str
    what: ChangeKind
    code: str
    estimated: bool
    line: int = 1
    column: int = 1
    end_line: int = 1
    end_column: int = 1

    @property
    def severity(self) -> Literal["warning", "note"]:
        return _FINDINGS[self.what][0]

    def __str__(self) -> str:
        return f"{self.slot} {self.old} → {self.new}"


def compare(old: Contract, new: Contract) -> tuple[Change, ...]:
    """Every number that may be read by another input or plot. Empty if all keep their meaning."""
    changes = [
        *_changes(INPUTS, old.inputs, new.inputs, _PROPERTY if new.strategy else _NOTHING),
        *_changes(PLOTS, old.plots, new.plots),
    ]
    more = new.inputs[len(old.inputs) :]
    if old.strategy and more and not any(change.code == INPUTS for change in changes):
        slot = f"in_{len(old.inputs)}"
        changes.append(_change(INPUTS, slot, _PROPERTY, more[0], "appended"))
    estimated = old.estimated or new.estimated
    return tuple(replace(change, estimated=estimated) for change in changes)


def diagnostics(changes: Iterable[Change]) -> tuple[Diagnostic, ...]:
    """One finding for each cause. The last one counts the inputs or plots that merely shifted."""
    findings: list[Diagnostic] = []
    for code in (INPUTS, PLOTS):
        of_code = [change for change in changes if change.code == code]
        causes = [change for change in of_code if change.what != "shifted"] or of_code[:1]
        shifted = len(of_code) - len(causes)
        for number, change in enumerate(causes):
            more = f", {shifted} more shifted" if shifted and number == len(causes) - 1 else ""
            findings.append(_diagnostic(change, more))
    return tuple(findings)


def locate(exact: Contract, estimated: Contract) -> Contract:
    """The compiler's contract, with places and details from the source where both agree."""

    def with_places(slots: Sequence[Slot], sources: Sequence[Slot]) -> tuple[Slot, ...]:
        rest: dict[tuple[str, str], deque[Slot]] = {}
        for source in sources:
            rest.setdefault((source.title, source.type), deque()).append(source)
        matches = ((slot, rest.get((slot.title, slot.type))) for slot in slots)
        return tuple(same.popleft() if same else slot for slot, same in matches)

    return replace(
        exact,
        inputs=with_places(exact.inputs, estimated.inputs),
        plots=with_places(exact.plots, estimated.plots),
    )


def _diagnostic(change: Change, more: str) -> Diagnostic:
    _, keeps, noun = _NAMES[change.code]
    severity, reader = _FINDINGS[change.what]
    estimated = ", estimated" if change.estimated else ""
    subject = "saved properties" if change.what == "appended" else keeps
    reader = f"no {noun}" if change.new == _NOTHING else reader.format(noun=noun)
    may = f"{subject} may be read by {reader}"
    message = f"{change}: {may} ({change.what}{more}{estimated})"
    span = (change.line, change.column, change.end_line, change.end_column)
    return Diagnostic(severity, *span, message, change.code)


def _changes(
    code: str, olds: Sequence[Slot], news: Sequence[Slot], after_last: str = _NOTHING
) -> Iterator[Change]:
    before, after = _labels(olds, news)
    prefix = _NAMES[code][0]
    gone, added = Counter(before) - Counter(after), Counter(after) - Counter(before)
    places = {label: at for at, label in reversed([*enumerate(after)])}
    for at, old in enumerate(olds):
        if at >= len(after) or before[at] != after[at]:
            new = news[at] if at < len(news) else None
            old_label, new_label = before[at], after[at] if new else None
            what = _change_kind(
                old_label,
                new_label,
                gone[old_label] > 0,
                new_label is not None and added[new_label] > 0,
            )
            if what == "shifted" and new_label:
                new_place = places[old_label]
                if new_place < len(before) and before[new_place] == new_label:
                    what = "swapped"
            change = _change(code, f"{prefix}_{at}", _display_slot(old), new, what)
            yield change if new else replace(change, new=after_last)


def _change(code: str, slot: str, old: str, new: Slot | None, what: ChangeKind) -> Change:
    span = new.span if new and new.span else (1, 1, 1, 1)
    return Change(slot, old, _display_slot(new) if new else _NOTHING, what, code, False, *span)


def _change_kind(old: Label, new: Label | None, gone: bool, added: bool) -> ChangeKind:
    """The kind of change at a number. `gone` and `added` tell whether its labels exist on one side
    only."""
    if new and gone and added:
        if old[0] == new[0]:
            return "retyped"
        return "retitled" if old[1] == new[1] else "replaced"
    if gone or added:
        return "removed" if gone else "inserted"
    return "shifted"


def _labels(olds: Sequence[Slot], news: Sequence[Slot]) -> tuple[list[Label], list[Label]]:
    """The labels that identify the slots: title and type. Slots with the same title and type are
    distinguished by their details if one side has all details of the other; otherwise the details
    changed and prove nothing. An unknown type equals any other."""
    unknown = {slot.title for slot in (*olds, *news) if not slot.type}

    def label(slot: Slot) -> Label:
        return slot.title, "" if slot.title in unknown else slot.type, ""

    sides = [[label(slot) for slot in slots] for slots in (olds, news)]
    counts = [Counter(side) for side in sides]
    details: dict[Label, list[Counter[str]]] = {}
    for number, slots in enumerate((olds, news)):
        for slot in slots:
            if max(count[label(slot)] for count in counts) > 1:
                pair = details.setdefault(label(slot), [Counter(), Counter()])
                pair[number][slot.detail] += 1
    distinct = {key for key, (old, new) in details.items() if old <= new or new <= old}

    def detailed_label(slot: Slot) -> Label:
        title, kind, _ = key = label(slot)
        return (title, kind, slot.detail) if key in distinct else key

    return [detailed_label(slot) for slot in olds], [detailed_label(slot) for slot in news]


def _display_slot(slot: Slot) -> str:
    title, kind = slot.title, _SHOWN.get(slot.type, slot.type)
    title = title if len(title) <= _LONGEST else f"{title[:_LONGEST]}…"
    return f'"{title}" {kind[:_LONGEST]}'.rstrip()
