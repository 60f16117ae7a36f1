"""`pinesync hooks install|remove|status|run`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from pinesync.cli.group import Suggesting
from pinesync.cli.options import setup, shared
from pinesync.cli.render import error_lines, finish, harmless, out, say, tinted
from pinesync.sync.words import Status

if TYPE_CHECKING:
    from pinesync.commands.hooks import Hooks


@click.group("hooks", cls=Suggesting)
@shared
def command() -> None:
    """Let git check scripts before a commit, and before a push.

    pre-commit checks the syntax of the staged .pine files, pre-push looks whether a script
    diverged. `git commit --no-verify` and `git push --no-verify` pass them over.
    """


@command.command("install")
@shared
def install() -> int:
    """Add both hooks to this repository. Hooks that are there keep what they do."""
    from pinesync.commands.hooks import install

    return _tell("hooks install", install(setup()))


@command.command("remove")
@shared
def remove() -> int:
    """Take them out again. Hooks that were there are as they were before."""
    from pinesync.commands.hooks import remove

    return _tell("hooks remove", remove(setup()))


@command.command("status")
@shared
def status() -> int:
    """Whether they are there."""
    from pinesync.commands.hooks import hooks_here

    return _tell("hooks status", hooks_here(setup()))


def _tell(command: str, found: Hooks) -> int:
    if finish(command, found):
        return found.exit_code
    for hook in found.hooks:
        if hook.state == "refused":
            say(f"{harmless(str(hook.file))}: {harmless(hook.message)}")
            say(f"  hint: {harmless(hook.hint)}")
            continue
        word = "removed" if hook.changed and hook.state == "absent" else hook.state
        also = "" if hook.changed or command == "hooks status" else ", as before"
        color = "saved" if hook.state == "installed" else Status.CLEAN
        out(f"{tinted(color, word.ljust(9))}  {harmless(str(hook.file))}{also}")
    return found.exit_code


@command.command("run")
@click.argument("name", type=click.Choice(["pre-commit", "pre-push"]))
@shared
def run(name: str) -> int:
    """What the hooks call. Ends with 0 where git may go on."""
    return _before_commit() if name == "pre-commit" else _before_push()


def _before_commit() -> int:
    from pinesync.cli.check import tell
    from pinesync.commands.hooks import before_commit

    found = before_commit(setup())
    if finish("hooks run", found) or not found.files:
        return found.exit_code
    code = tell(found)
    if code:
        say("hint: `git commit --no-verify` commits it all the same")
    return code


def _before_push() -> int:
    from pinesync.commands.hooks import before_push

    found = before_push(setup())
    if finish("hooks run", found):
        return found.exit_code
    for error in found.unasked:
        for line in error_lines(error.message, error.hint):
            say(line)
        say("pinesync could not look whether scripts diverged; the push goes on")
    for script in found.left:
        out(f"{tinted(script.word)}  {harmless(script.path)}")
    if found.left:
        say("hint: `pinesync pull` merges them; `git push --no-verify` pushes all the same")
    return found.exit_code
