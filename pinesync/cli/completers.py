"""Tab completion for the workspace's scripts: paths, names, and the versions stored locally."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import click

    from pinesync.app.project import Setup


def paths(context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """`.pine` files and folders with this prefix, including listed scripts whose file is missing.
    After an @, versions."""
    from pinesync.app.completion import files, versions

    setup = _setup(context)
    path, at, _ = incomplete.rpartition("@")
    revisions = list(versions(setup, path)) if at else []
    return _fitting([*revisions, *files(setup, incomplete)], incomplete)


def names(context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """The saved names of listed scripts."""
    from pinesync.app.completion import saved_names

    return _fitting(saved_names(_setup(context)), incomplete)


def templates(context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """Template names and `.pine` files."""
    from pinesync.app.completion import files
    from pinesync.app.scripts.templates import names

    made = _setup(context)
    return _fitting([*names(made), *files(made, incomplete)], incomplete)


def _setup(context: click.Context) -> Setup:
    """The setup that a command would get, with every -C option applied."""
    import os

    from pinesync.cli.options import Shared, build_setup

    typed: list[str] = []
    above: click.Context | None = context
    while above is not None:
        if isinstance(where := above.params.get("start_in"), str):
            typed.insert(0, where)
        above = above.parent
    context.find_root().obj = Shared(directory=os.path.join(*typed) if typed else None)
    with context.scope(cleanup=False):
        return build_setup()


def _fitting(candidates: list[str] | Iterator[str], incomplete: str) -> list[str]:
    """The candidates with this prefix, without those that contain terminal control characters."""
    from pinesync.text.unicode import escape_controls

    fits = {
        candidate
        for candidate in candidates
        if candidate.startswith(incomplete) and escape_controls(candidate) == candidate
    }
    return sorted(fits)
