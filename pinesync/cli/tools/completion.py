"""`pinesync completion`."""

from __future__ import annotations

import click

from pinesync.cli.group import Verb
from pinesync.cli.options import current, shared
from pinesync.cli.render import json_object, out

SHELLS = ("bash", "zsh", "fish", "powershell")


@click.command("completion", cls=Verb, examples=["pinesync completion bash"])
@click.argument("shell", type=click.Choice(SHELLS))
@shared
def command(shell: str) -> int:
    """Print a shell completion script for verbs, options, scripts and their versions.

    For bash, add `eval "$(pinesync completion bash)"` to ~/.bashrc; for zsh, the same to ~/.zshrc,
    after compinit; for fish, write the output to ~/.config/fish/completions/pinesync.fish; for
    PowerShell, add `pinesync completion powershell | Out-String | Invoke-Expression` to $PROFILE.

    Versions, as in PATH@5, are those stored on this machine: no request is sent.
    """
    from pinesync.cli.shell_completion import script

    text = script(shell)
    if current().json:
        out(json_object("completion", 0, {"shell": shell, "script": text}))
    else:
        out(text.rstrip("\n"))
    return 0
