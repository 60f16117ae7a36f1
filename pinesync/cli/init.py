"""`pinesync init`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from pinesync.cli.options import jobs, remote_options, setup, shared
from pinesync.cli.render import columns, counted, finish, harmless, out, say
from pinesync.naming import typed

if TYPE_CHECKING:
    from pinesync.commands.init import Initialized


@click.command("init")
@click.argument("directory", metavar="[DIR]", default=".")
@click.option("--link", is_flag=True, help="Match the files there with your saved scripts.")
@click.option(
    "--template",
    type=click.Choice(["team"]),
    help="With the files that a team needs: checks before commits, a workflow, tasks.",
)
@click.option("-n", "--dry-run", is_flag=True, help="Say what would be matched and written.")
@remote_options
@jobs
@shared
def command(
    directory: str,
    link: bool,
    template: str | None,
    dry_run: bool,
    remote: str | None,
    jobs: int,
) -> int:
    """Make this folder, or DIR, a pinesync folder.

    With --link, files that are there are matched with saved scripts: by text, then by name, then
    by title. --template team writes .gitignore, .gitattributes, a pre-commit configuration, tasks
    for VS Code and a workflow for GitHub beside pine.toml, in a pinesync folder too. No file that
    is there is changed.
    """
    from pinesync.commands.init import init

    if dry_run and not (link or template):
        raise click.UsageError("--dry-run goes with --link or --template.")
    made = init(
        setup(jobs=jobs), directory, remote=remote, link=link, template=template, dry_run=dry_run
    )
    if finish("init", made):
        return made.exit_code
    rows = [
        (
            harmless(match.path),
            harmless(match.name),
            f"by {match.by}",
            str(match.version)
            if match.version == match.newest
            else f"{match.version or 'another text'} → {match.newest}",
        )
        for match in made.linked
    ]
    for row in columns(rows):
        out(row)
    fits = {one.path: len(one.pine_ids) for one in made.unsure}
    for path in made.unlinked:
        out(f"{harmless(path)}: {_unlinked(path, fits.get(path, 0))}")
    for raw, why in made.unusable:
        say(f"{harmless(raw)}: {harmless(why)}")
    if made.left:
        one = len(made.left) == 1
        has, them = ("has", "it") if one else ("have", "them")
        scripts = counted(len(made.left), "saved script")
        say(f"{scripts} {has} no file here; `pinesync pull` writes {them}")
    _tell_files(made, template is not None)
    return made.exit_code


def _tell_files(made: Initialized, template: bool) -> None:
    folder = harmless(str(made.folder))
    if template:
        for path in made.written:
            out(f"{'to write' if made.dry_run else 'written'}  {path}")
        for path in made.already_there:
            say(f"{path}: is there already, and stays as it is")
    elif not made.dry_run:
        out(f"pine.toml written in {folder}")
    if made.below:
        say(f"the repository begins above {folder}")
        say("hint: move .github and .pre-commit-config.yaml to its top, where they are looked for")
    if made.dry_run:
        say("nothing was written")
    elif "pine.toml" in made.written:
        before = "after `pinesync login`, " if made.remote == "tradingview" else ""
        say(f"hint: {before}`pinesync status` shows how the files and TradingView differ")


def _unlinked(path: str, fits: int) -> str:
    if not fits:
        return "no saved script fits; `pinesync add` lists it for the next push"
    which = f"{fits} saved scripts fit" if fits > 1 else "a saved script fits, and another file too"
    return f"{which}; `pinesync add --id ID {harmless(typed(path))}` links one"
