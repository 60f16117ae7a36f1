"""Write HTML pages to a path the user chooses."""

from __future__ import annotations

import os
from pathlib import Path

from pinesync.app.project import Setup
from pinesync.errors import Misuse
from pinesync.workspace.files import Tree, is_page, put_page

ENDINGS = (".html", ".htm")
MARK = b"<!doctype html>\n<!-- a page of pinesync: the next one may take its place -->"
"""The start of every page. A file that starts differently is never replaced."""


def check_place(setup: Setup, raw: str) -> None:
    """Raises Misuse if no page can be written: the suffix is wrong, the directory does not exist,
    or another file is in the way."""
    folder, name = _split(setup, raw)
    if not name.endswith(ENDINGS):
        raise Misuse(f"{raw}: not the name of a page", "name a file that ends with .html")
    if not folder.is_dir():
        raise Misuse(f"{raw}: there is no such folder")
    if is_page(Tree(folder), name, MARK) is False:
        raise _another(raw)


def write_page(setup: Setup, raw: str, page: str) -> None:
    """Write the page atomically; replace an earlier page. Raises Misuse if another file is in the
    way."""
    assert page.startswith(MARK.decode())
    folder, name = _split(setup, raw)
    if not put_page(Tree(folder), name, page.encode("utf-8"), MARK):
        raise _another(raw)


def _split(setup: Setup, raw: str) -> tuple[Path, str]:
    """Split into directory and file name. The directory may be a link; the file may not."""
    path = setup.cwd / raw
    return Path(os.path.realpath(path.parent)), path.name


def _another(raw: str) -> Misuse:
    return Misuse(
        f"{raw}: another file is there, which is not a pinesync page", "name another file"
    )
