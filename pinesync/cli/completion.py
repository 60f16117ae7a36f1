"""`pinesync completion`."""

from __future__ import annotations

import click

from pinesync.cli.options import current, shared
from pinesync.cli.render import one_object, out

SHELLS = ("bash", "zsh", "fish")


@click.command("completion")
@click.argument("shell", type=click.Choice(SHELLS))
@shared
def command(shell: str) -> int:
    """Print what teaches a shell to complete verbs, options, scripts and their versions.

    For bash, `eval "$(pinesync completion bash)"` in ~/.bashrc; for zsh the same in ~/.zshrc, after
    compinit; for fish, put the output into ~/.config/fish/completions/pinesync.fish.

    Versions, as in PATH@5, are those that are held on this machine: nobody is asked.
    """
    from pinesync.cli.completing import script

    text = script(shell)
    if current().json:
        out(one_object("completion", 0, {"shell": shell, "script": text}))
    else:
        out(text.rstrip("\n"))
    return 0
