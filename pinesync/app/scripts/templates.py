"""Templates of `new`: the shipped ones, the user's own, and any file that is named."""

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
    """The text of a template: a path's, where it is written as one, else that of the user's own of
    this name, else the shipped one. Misuse where there is none."""
    if os.sep in template or "/" in template or template.endswith(SUFFIX):
        if not template.endswith(SUFFIX):
            # What is made of it goes to TradingView with the next push.
            raise Misuse(f"{template}: a template is a {SUFFIX} file")
        return _file(setup.cwd / template, template)
    own = own_folder(setup) / f"{template}{SUFFIX}"
    if os.path.lexists(own):
        return _file(own, str(own))
    for folder in _shipped():
        there = folder / f"{template}{SUFFIX}"
        if there.is_file():
            return there.read_text("utf-8")
    raise Misuse(
        f"no template called {template!r}",
        f"there are: {', '.join(names(setup))}; yours go into {own_folder(setup)}",
    )


def names(setup: Setup) -> list[str]:
    """All templates that can be named."""
    return sorted({name for folder in (own_folder(setup), *_shipped()) for name in _in(folder)})


def own_folder(setup: Setup) -> Path:
    """Where a person's own templates are."""
    return setup.places.config / FOLDER


def kind(text: str) -> Kind:
    """What a template's declaration makes; an indicator where it has none."""
    declared = pine_syntax.declaration(text)
    return declared.kind if declared else "study"


def fill(text: str, **values: str) -> str:
    """The text with `{{name}}`, `{{author}}` and `{{date}}` in place, each fit for a string of
    Pine. Other words in braces stay: alerts have such of their own."""

    def value(match: re.Match[str]) -> str:
        return values[match[1]].replace("\\", "\\\\").replace('"', '\\"')

    return _PLACE.sub(value, text)


def _file(path: Path, named: str) -> str:
    hint = f"name a template, or a {SUFFIX} file"
    # A person's own folder may hold links to where the files are kept.
    real = Path(os.path.realpath(path))
    data = Tree(real.parent).read(real.name)
    if data is None:
        raise Misuse(f"{named}: no such template", hint)
    try:
        return decode(data)
    except Unreadable as error:
        raise Misuse(f"{named}: {error}", hint) from None


def _shipped() -> tuple[Traversable, ...]:
    """Inside the installed package, and in the checkout beside it."""
    return resources.files("pinesync") / FOLDER, Path(__file__).parents[3] / FOLDER


def _in(folder: Traversable) -> Iterator[str]:
    if folder.is_dir():
        for file in folder.iterdir():
            if file.name.endswith(SUFFIX) and not file.name.startswith("."):
                yield file.name.removesuffix(SUFFIX)
