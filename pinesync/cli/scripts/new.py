"""`new`: create a file from a template and list it for the next push."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime

import click

from pinesync.app.project import Project, Setup, open_project
from pinesync.app.scripts import templates
from pinesync.cli import completers as completed
from pinesync.cli.group import Verb
from pinesync.cli.options import build_setup, shared
from pinesync.cli.render import echo_err, emit_json, out
from pinesync.clock import now
from pinesync.errors import ActionRequired, Misuse
from pinesync.git.status import user_name
from pinesync.model import Entry, Kind, RelPath
from pinesync.sync.ports import ChangedMeanwhile
from pinesync.text.filenames import MAX_SAVED_NAME, collision_key, place
from pinesync.text.unicode import escape_controls


@click.command(
    "new",
    cls=Verb,
    examples=['pinesync new "My indicator"', 'pinesync new --template strategy "My strategy"'],
)
@click.argument("name")
@click.option(
    "--template",
    metavar="NAME|PATH",
    default="indicator",
    show_default=True,
    shell_complete=completed.templates,
    help="Start from indicator, strategy, library, your own, or a .pine file.",
)
@shared
def command(name: str, template: str) -> int:
    """Create a script called NAME, and list it for the next push.

    Your own templates are the .pine files in the folder `templates` of pinesync's configuration
    (on Linux, ~/.config/pinesync); one with the name of a shipped template replaces it. {{name}},
    {{author}} and {{date}} are filled in.
    """
    result = new(build_setup(), name, template=template)
    if not emit_json("new", result):
        out(f"written  {escape_controls(result.path)}")
        echo_err("hint: edit it, then run `pinesync push`")
    return result.exit_code


@dataclass(frozen=True, slots=True)
class CreatedFile:
    """The new file and the name it will be saved under."""

    path: RelPath
    name: str
    template: str
    exit_code: int = 0


def new(setup: Setup, name: str, *, template: str = "indicator") -> CreatedFile:
    """Create the file in the folder for its kind. Raises Misuse for a name that the service would
    refuse."""
    name = name.strip()
    if not name or len(name) > MAX_SAVED_NAME or not name.isprintable():
        raise Misuse(f"not a name for a script: {name[:60]!r}", "1 to 128 printed characters")
    project = open_project(setup)
    raw = templates.read(setup, template)
    kind = templates.kind(raw)
    text = templates.fill(raw, name=_title(name, kind), author=_author(project), date=_today())
    with project.transaction("new"):
        entries = project.workspace.manifest.entries()
        for entry in entries.values():
            if entry.name == name:
                raise ActionRequired(
                    f"{entry.path} is called {name!r} already", "choose another name"
                )
        folder = project.settings.folders[kind]
        taken = {collision_key(path) for path in (*entries, *project.workspace.tree.scripts())}
        path = place(name, None, folder, taken)
        try:
            project.workspace.tree.put(path, text, None, lambda _: None)
        except ChangedMeanwhile:
            raise ActionRequired(f"{path}: already exists", "choose another name") from None
        project.workspace.manifest.commit({path: Entry(path, name)})
    return CreatedFile(path, name, template)


def _title(name: str, kind: Kind) -> str:
    if kind != "library":
        return name
    # Scripts import a library by its title, so that must be an identifier.
    title = re.sub(r"\W+", "_", name, flags=re.ASCII).strip("_") or "Library"
    return f"L{title}" if title[0].isdigit() else title


def _today() -> str:
    return datetime.fromtimestamp(now().wall, UTC).date().isoformat()


def _author(project: Project) -> str:
    """The author for the first line: the TradingView user, as in the web editor, else git's
    user."""
    author = project.settings.account or user_name(project.workspace.root) or "the author"
    return "".join(c for c in author if c.isprintable())
