"""A timeline of saved versions: one lane per script on a common axis. Positions are percentages, so
that lanes fill the width of the page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pinesync.app.sync.report_data import Save, Script
from pinesync.cli.html_report.html import break_path, safe
from pinesync.cli.render import SAVED_BY, format_time
from pinesync.sync.words import Status
from pinesync.text.plural import pluralize

_LANES = 24
_DOTS = 200
"""The most versions to draw per script, newest first."""
_FIRST, _LAST = 2.0, 98.0
_TICKS = ((0.0, "start"), (1 / 3, "middle"), (2 / 3, "middle"), (1.0, "end"))
_DAY = 86400


def lanes(scripts: Sequence[Script]) -> Iterator[str]:
    """The scripts that differ, then those saved last, up to a readable number of lanes."""
    known = [script for script in scripts if script.saves]
    ranked = sorted(known, key=lambda s: (s.line.word is Status.CLEAN, -s.modified, s.line.path))
    shown = ranked[:_LANES]
    if not shown:
        return
    drawn = [save.when for script in shown for save in script.saves[-_DOTS:]]
    first, last = min(drawn), max(drawn)
    yield "<ul class=lanes>"
    for script in shown:
        yield _lane(script, first, last)
    yield "</ul>"
    yield _axis(first, last)
    if ranked[_LANES:]:
        yield f"<p class=means>{pluralize(len(ranked) - _LANES, 'script')} more, saved before.</p>"


def legend() -> str:
    """The legend of the marks."""
    marks = (
        ("elsewhere", "saved elsewhere"),
        ("pinesync", "saved by pinesync, here"),
        ("base", "what the file is based on"),
    )
    shown = [
        f'<span><svg aria-hidden="true" width="22" height="22">{_mark(kind, "11")}</svg> {label}'
        "</span>"
        for kind, label in marks
    ]
    return f"<p class=legend>{' '.join(shown)}</p>"


def _lane(script: Script, first: int, last: int) -> str:
    drawn = script.saves[-_DOTS:]
    oldest, newest = drawn[0], drawn[-1]
    label = f"{pluralize(len(drawn), 'version')}: {oldest.version} {format_time(oldest.when)}"
    if newest is not oldest:
        label += f", … {newest.version} {format_time(newest.when)}"
    marks = "".join(_dot(save, first, last) for save in drawn)
    return (
        f"<li><bdi class=path>{break_path(script.line.path)}</bdi>"
        f'<svg role="img" aria-label="{safe(label)}" height="22" width="100%">'
        f'<line x1="0" x2="100%" y1="11" y2="11"/>{marks}</svg></li>'
    )


def _dot(save: Save, first: int, last: int) -> str:
    x = f"{_place(save.when, first, last):.2f}%"
    title = f"<title>{save.version} · {format_time(save.when)} · {safe(save.by)}</title>"
    ring = _mark("base", x) if save.base else ""
    return f"<g>{title}{ring}{_mark(save.by, x)}</g>"


def _mark(kind: str, x: str) -> str:
    """One mark. Kinds differ in shape, not only in color."""
    if kind == "base":
        return f'<circle class="base" cx="{x}" cy="11" r="8"/>'
    color = SAVED_BY[kind].name.lower()
    if kind == "pinesync":
        rect = f'<rect class="{color}" x="-5" y="-5" width="10" height="10"/>'
        return f'<svg x="{x}" y="11">{rect}</svg>'
    return f'<circle class="{color}" cx="{x}" cy="11" r="5"/>'


def _axis(first: int, last: int) -> str:
    span = last - first
    ticks = _TICKS if span else ((0.5, "middle"),)
    texts = []
    for share, anchor in ticks:
        at = first + round(span * share)
        label = format_time(at) if span < 3 * _DAY else format_time(at)[:10]
        x = _FIRST + (_LAST - _FIRST) * share
        texts.append(
            f'<line x1="{x:.2f}%" x2="{x:.2f}%" y1="0" y2="6"/>'
            f'<text x="{x:.2f}%" y="20" text-anchor="{anchor}">{label}</text>'
        )
    return f'<svg class=axis aria-hidden="true" height="24" width="100%">{"".join(texts)}</svg>'


def _place(when: int, first: int, last: int) -> float:
    """The position of a time on the axis, in percent."""
    if first == last:
        return (_FIRST + _LAST) / 2
    return _FIRST + (_LAST - _FIRST) * (when - first) / (last - first)
