"""The small parts of the page. Whatever came from outside goes through `safe` or `code`."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from html import escape

from pinesync.app.sync.status import Line
from pinesync.cli.render import moment
from pinesync.sync.words import Role, Status
from pinesync.text.unicode import escape_controls

_LONGEST = 1000
"""So many characters of one line of source are shown."""
_TONES = {
    Role.NOBODY: "calm",
    Role.CREATE: "ours",
    Role.PUSH: "ours",
    Role.PULL: "theirs",
    Role.BOTH: "alarm",
    Role.PERSON: "alarm",
}


def safe(text: str) -> str:
    """Foreign text on one line, as text and nothing else."""
    return escape(escape_controls(text))


def code(text: str) -> str:
    """A piece of a line of source, likewise; of a very long one its beginning."""
    more = "…" if len(text) > _LONGEST else ""
    return escape(escape_controls(text[:_LONGEST], one_line=False)) + more


def word(status: Status) -> str:
    """A word of status, in the colour of who has to act: nobody, you, or you and TradingView."""
    return f'<span class="word {_TONES[status.role]}">{safe(status)}</span>'


def meaning(status: Status) -> str:
    """What the word means, in a sentence."""
    return re.sub("`(.*?)`", r"<code>\1</code>", safe(status.meaning))


def folded(path: str) -> str:
    """A path that may break after its slashes, its last part set off."""
    *above, last = safe(path).split("/")
    return "".join(f"{part}/<wbr>" for part in above) + f"<b>{last}</b>"


def versions(line: Line) -> str:
    """From the version that the file is based on to the newest one."""
    return " → ".join(str(version) for version in (line.version, line.newest) if version)


def time(seconds: float) -> str:
    """A moment in the zone of who made the page, and for programs in UTC."""
    exact = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return f'<time datetime="{exact}">{moment(seconds)}</time>'
