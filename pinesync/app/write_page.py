"""Write HTML pages and reports to a path the user chooses."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from pinesync.app.project import Setup
from pinesync.errors import Misuse
from pinesync.workspace.files import Tree, is_page, put_page


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of page: its name, the suffixes of its files, and how each of them starts. A file that
    starts differently is never replaced."""

    name: str
    suffixes: tuple[str, ...]
    mark: bytes


MARK = b"<!doctype html>\n<!-- a page of pinesync: the next one may take its place -->"
PAGE = Kind("page", (".html", ".htm"), MARK)


def check_place(setup: Setup, raw: str, kind: Kind = PAGE) -> None:
    """Raises Misuse if nothing can be written: the suffix is wrong, the directory does not exist,
    or another file is in the way."""
    folder, name = _split(setup, raw)
    if not name.endswith(kind.suffixes):
        raise Misuse(
            f"{raw}: not the name of a {kind.name}",
            f"name a file that ends with {kind.suffixes[0]}",
        )
    if not folder.is_dir():
        raise Misuse(f"{raw}: there is no such folder")
    if is_page(Tree(folder), name, kind.mark) is False:
        raise _another(raw, kind)


def write_page(setup: Setup, raw: str, page: str, kind: Kind = PAGE) -> None:
    """Write the page atomically; replace an earlier page. Raises Misuse if another file is in the
    way."""
    assert page.startswith(kind.mark.decode())
    folder, name = _split(setup, raw)
    if not put_page(Tree(folder), name, page.encode("utf-8"), kind.mark):
        raise _another(raw, kind)


def _split(setup: Setup, raw: str) -> tuple[Path, str]:
    """Split into directory and file name. The directory may be a link; the file may not."""
    path = setup.cwd / raw
    return Path(os.path.realpath(path.parent)), path.name


def _another(raw: str, kind: Kind) -> Misuse:
    return Misuse(
        f"{raw}: another file is there, which is not a pinesync {kind.name}", "name another file"
    )
