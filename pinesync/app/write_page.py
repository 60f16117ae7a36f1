"""Pages that a person asked for, written where they say."""

from __future__ import annotations

import os
from pathlib import Path

from pinesync.app.project import Setup
from pinesync.errors import Misuse
from pinesync.workspace.files import Tree, is_page, put_page

ENDINGS = (".html", ".htm")
MARK = b"<!doctype html>\n<!-- a page of pinesync: the next one may take its place -->"
"""What a page begins with; a file that begins otherwise is never replaced."""


def check_place(setup: Setup, raw: str) -> None:
    """Misuse where no page can be written: the name does not end as one does, there is no such
    folder, or another file is there."""
    folder, name = _split(setup, raw)
    if not name.endswith(ENDINGS):
        raise Misuse(f"{raw}: not the name of a page", "name a file that ends with .html")
    if not folder.is_dir():
        raise Misuse(f"{raw}: there is no such folder")
    if is_page(Tree(folder), name, MARK) is False:
        raise _another(raw)


def write_page(setup: Setup, raw: str, page: str) -> None:
    """The page is in the file, wholly or not at all; an earlier one is replaced. Misuse where
    another file is there."""
    assert page.startswith(MARK.decode())
    folder, name = _split(setup, raw)
    if not put_page(Tree(folder), name, page.encode("utf-8"), MARK):
        raise _another(raw)


def _split(setup: Setup, raw: str) -> tuple[Path, str]:
    """The folder that a person names may be a link; the file itself may not."""
    path = setup.cwd / raw
    return Path(os.path.realpath(path.parent)), path.name


def _another(raw: str) -> Misuse:
    return Misuse(
        f"{raw}: there is another file, which is not a page of pinesync", "name another file"
    )
