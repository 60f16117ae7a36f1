"""`pinesync init`."""

from __future__ import annotations

import click

from pinesync.cli.options import jobs, remote_options, setup, shared
from pinesync.cli.render import columns, counted, finish, harmless, out, say
from pinesync.naming import typed


@click.command("init")
@click.argument("directory", metavar="[DIR]", default=".")
@click.option("--link", is_flag=True, help="Match the files there with your saved scripts.")
@click.option("-n", "--dry-run", is_flag=True, help="With --link: say what would be matched.")
@remote_options
@jobs
@shared
def command(directory: str, link: bool, dry_run: bool, remote: str | None, jobs: int) -> int:
    """Make this folder, or DIR, a pinesync folder.

    With --link, files that are there are matched with saved scripts: by text, then by name, then
    by title. No file is changed.
    """
    from pinesync.commands.init import init
    from pinesync.commands.project import DEFAULT_REMOTE

    if dry_run and not link:
        raise click.UsageError("--dry-run goes with --link.")
    made = init(
        setup(jobs=jobs), directory, remote=remote or DEFAULT_REMOTE, link=link, dry_run=dry_run
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
            else f"{match.version} → {match.newest}",
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
    if dry_run:
        say("nothing was written")
    else:
        out(f"pine.toml written in {harmless(str(made.folder))}")
        say("hint: `pinesync status` shows how the files and TradingView differ")
    return made.exit_code


def _unlinked(path: str, fits: int) -> str:
    if not fits:
        return "no saved script fits; `pinesync add` lists it for the next push"
    which = f"{fits} saved scripts fit" if fits > 1 else "a saved script fits, and another file too"
    return f"{which}; `pinesync add --id ID {harmless(typed(path))}` links one"
