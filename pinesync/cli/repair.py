"""`pinesync repair`."""

from __future__ import annotations

import click

from pinesync.cli.options import setup, shared
from pinesync.cli.render import counted, finish, harmless, out, say


@click.command("repair")
@click.option("-n", "--dry-run", is_flag=True, help="Say what would be taken, and change nothing.")
@shared
def command(dry_run: bool) -> int:
    """Mend a pine.toml that a git merge left with conflict markers.

    Both sides' scripts are kept. Where they are based on two versions of one script, the older
    one is taken, unless the file has exactly the newer one's text: an older base only costs a
    merge. The text with the markers is kept on this machine.
    """
    from pinesync.commands.repair import repair

    found = repair(setup(), dry_run=dry_run)
    if finish("repair", found):
        return found.exit_code
    if not found.needed:
        say("pine.toml is in order: nothing to repair")
        return found.exit_code
    for script in found.scripts:
        taken = script.version or "not saved yet"
        other = f", not {script.other}" if script.other and script.other != script.version else ""
        out(f"{harmless(script.path)}  {taken}{other}: {harmless(script.why)}")
    scripts = counted(len(found.scripts), "script")
    out(f"{scripts} to settle" if dry_run else f"pine.toml is mended, {scripts} settled")
    if found.kept:
        say(f"the text with the markers is kept in {harmless(str(found.kept))}")
        say("hint: `git add pine.toml` and finish the merge; `pinesync status` tells what is left")
    return found.exit_code
