"""Building blocks of the page. All foreign text goes through `safe` or `code`."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from html import escape

from pinesync.app.sync.status import Line
from pinesync.cli.render import format_time
from pinesync.sync.words import Status
from pinesync.text.unicode import escape_controls

_LONGEST = 1000
"""The most characters to show of a source line."""


def safe(text: str) -> str:
    """Foreign text on one line, escaped for HTML."""
    return escape(escape_controls(text))


def code(text: str) -> str:
    """Part of a source line, escaped for HTML and cut if it is very long."""
    more = "…" if len(text) > _LONGEST else ""
    return escape(escape_controls(text[:_LONGEST], one_line=False)) + more


def word(status: Status) -> str:
    """A status word in the color of its role, which is its class in page.css."""
    return f'<span class="word {status.role.name.lower()}">{safe(status)}</span>'


def meaning(status: Status) -> str:
    """The meaning of the status, in one sentence."""
    return re.sub("`(.*?)`", r"<code>\1</code>", safe(status.meaning))


def break_path(path: str) -> str:
    """A path that may wrap after its slashes, with its last part emphasized."""
    *above, last = safe(path).split("/")
    return "".join(f"{part}/<wbr>" for part in above) + f"<b>{last}</b>"


def versions(line: Line) -> str:
    """The version that the file is based on and the newest version."""
    return " → ".join(str(version) for version in (line.version, line.newest) if version)


def time(seconds: float) -> str:
    """A time in the time zone of the machine that made the page, and in UTC for programs."""
    exact = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return f'<time datetime="{exact}">{format_time(seconds)}</time>'
