"""`new`: a file from a template, listed for the next push."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path

from pinesync.commands.project import Setup, now, open_project
from pinesync.errors import LeftForYou, Misuse
from pinesync.model import Entry, Kind, RelPath
from pinesync.naming import MAX_SAVED_NAME, fold, place
from pinesync.sync.ports import ChangedMeanwhile

TEMPLATES: dict[str, Kind] = {
    "indicator": "study",
    "strategy": "strategy",
    "library": "library",
}


@dataclass(frozen=True, slots=True)
class Made:
    """The new file and the name it will be saved under."""

    path: RelPath
    name: str
    template: str
    exit_code: int = 0


def new(setup: Setup, name: str, *, template: str = "indicator") -> Made:
    """A file in the folder of its kind. Misuse for a name that the service would not take."""
    name = name.strip()
    if not name or len(name) > MAX_SAVED_NAME or not name.isprintable():
        raise Misuse(f"not a name for a script: {name[:60]!r}", "1 to 128 printed characters")
    project = open_project(setup)
    text = _filled(_template(template), name, template)
    with project.writing("new"):
        entries = project.folder.entries()
        for entry in entries.values():
            if entry.name == name:
                raise LeftForYou(f"{entry.path} is called {name!r} already", "choose another name")
        folder = project.settings.folders[TEMPLATES[template]]
        taken = {fold(path) for path in (*entries, *project.folder.tree.scripts())}
        path = place(name, None, folder, taken)
        try:
            project.folder.put(path, text, None, lambda _: None)
        except ChangedMeanwhile:
            raise LeftForYou(f"{path}: is there already", "choose another name") from None
        project.folder.commit({path: Entry(path, name)})
    return Made(path, name, template)


def _template(template: str) -> str:
    """From the installed package, else from the checkout beside it."""
    inside = resources.files("pinesync") / "templates" / f"{template}.pine"
    beside = Path(__file__).parents[2] / "templates" / f"{template}.pine"
    for place_ in (inside, beside):
        if place_.is_file():
            return place_.read_text("utf-8")
    raise Misuse(f"no template called {template!r}", f"there are: {', '.join(TEMPLATES)}")


def _filled(text: str, name: str, template: str) -> str:
    if template == "library":
        # A library is imported by its title, which therefore is an identifier.
        name = re.sub(r"\W+", "_", name).strip("_") or "Library"
        name = f"L{name}" if name[0].isdigit() else name
    day = datetime.fromtimestamp(now().wall, UTC).date().isoformat()
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return text.replace("{{name}}", escaped).replace("{{date}}", day)
