"""Templates for `new`: the built-in ones, the user's own, and any file given by path."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from pinesync.app.project import Setup
from pinesync.errors import Misuse
from pinesync.model import Kind
from pinesync.text import pine_syntax
from pinesync.text.canonical import Unreadable, decode
from pinesync.text.filenames import SUFFIX
from pinesync.workspace.files import Tree

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

FOLDER = "templates"
_PLACE = re.compile(r"\{\{(name|author|date)\}\}")


def read(setup: Setup, template: str) -> str:
    """Read a template. A path names a file; a plain name means the user's own template or else a
    built-in one. Raises Misuse if it does not exist."""
    if os.sep in template or "/" in template or template.endswith(SUFFIX):
        if not template.endswith(SUFFIX):
            # The new script goes to TradingView with the next push.
            raise Misuse(f"{template}: a template must be a {SUFFIX} file")
        return _file(setup.cwd / template, template)
    user_template = user_folder(setup) / f"{template}{SUFFIX}"
    if os.path.lexists(user_template):
        return _file(user_template, str(user_template))
    for folder in _shipped():
        shipped = folder / f"{template}{SUFFIX}"
        if shipped.is_file():
            return shipped.read_text("utf-8")
    raise Misuse(
        f"no template called {template!r}",
        f"templates: {', '.join(names(setup))}; put your own into {user_folder(setup)}",
    )


def names(setup: Setup) -> list[str]:
    """The names of all templates."""
    return sorted(
        {name for folder in (user_folder(setup), *_shipped()) for name in _names_in(folder)}
    )


def user_folder(setup: Setup) -> Path:
    """The folder for the user's own templates."""
    return setup.places.config / FOLDER


def kind(text: str) -> Kind:
    """The kind of script that a template declares; an indicator if it has no declaration."""
    declared = pine_syntax.declaration(text)
    return declared.kind if declared else "study"


def fill(text: str, **values: str) -> str:
    """Fill in `{{name}}`, `{{author}}` and `{{date}}`, escaped for a Pine string. Other
    placeholders stay, because alerts have their own."""

    def value(match: re.Match[str]) -> str:
        return values[match[1]].replace("\\", "\\\\").replace('"', '\\"')

    return _PLACE.sub(value, text)


def _file(path: Path, named: str) -> str:
    hint = f"name a template, or a {SUFFIX} file"
    # The user's own folder may contain links to the files.
    real = Path(os.path.realpath(path))
    data = Tree(real.parent).read(real.name)
    if data is None:
        raise Misuse(f"{named}: no such template", hint)
    try:
        return decode(data)
    except Unreadable as error:
        raise Misuse(f"{named}: {error}", hint) from None


def _shipped() -> tuple[Traversable, ...]:
    """The folder inside the installed package, and the one next to it in a checkout."""
    return resources.files("pinesync") / FOLDER, Path(__file__).parents[3] / FOLDER


def _names_in(folder: Traversable) -> Iterator[str]:
    if folder.is_dir():
        for file in folder.iterdir():
            if file.name.endswith(SUFFIX) and not file.name.startswith("."):
                yield file.name.removesuffix(SUFFIX)
