"""The command group. A verb's module is loaded when it is called: listing them costs nothing."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module

import click

from pinesync import __version__
from pinesync.cli.options import Shared, shared

VERBS = {
    "clone": "A new folder with your saved scripts.",
    "init": "Make this folder a workspace, and link the files in it.",
    "status": "A word for every script: what changed, and where.",
    "diff": "What differs, line by line.",
    "check": "Compile without saving.",
    "pull": "Bring what was saved on TradingView into the files.",
    "push": "Save what was edited here as the next version.",
    "watch": "Upload on save; with --pull the other way, too.",
    "lsp": "A language server, for your editor.",
    "add": "List files for the next push, or link one.",
    "new": "A new script from a template.",
    "list": "Your saved scripts.",
    "log": "What was saved on TradingView, when, and by whom.",
    "show": "The text of a saved version.",
    "grep": "Find lines in what is saved, in all versions too.",
    "blame-version": "The git commit that a saved version was made from.",
    "restore": "Put back the text last agreed, or of any version.",
    "undo": "Take back what the last command did.",
    "oplog": "What pinesync did here.",
    "resolve": "End a conflict: ours, theirs or merged.",
    "mv": "Move a file; it stays the same script.",
    "rename": "Give a script another name on TradingView.",
    "rm": "Forget a script here; --remote deletes it there.",
    "repair": "Mend a pine.toml that a git merge left in conflict.",
    "fetch": "Read what is new on TradingView; no file changes.",
    "history": "Every saved version as a commit in git.",
    "verify": "Prove that file, base and TradingView agree.",
    "login": "Keep the cookie of your TradingView session.",
    "logout": "Remove the kept cookie.",
    "whoami": "Whose session is used here.",
    "hooks": "Let git check scripts before a commit, and before a push.",
    "doctor": "Whether everything is in order, and what to do if not.",
    "sandbox": "The local stand-in for TradingView.",
    "completion": "Teach a shell to complete verbs, scripts and versions.",
    "demo": "The whole path on a fresh sandbox.",
}
_MODULES = {"list": "listing", "blame-version": "blame"}


class Suggesting(click.Group):
    """A group that knows what a misspelt command was meant to be, and tells the first sentence of
    each whole."""

    def add_command(self, cmd: click.Command, name: str | None = None) -> None:
        """click cuts a sentence that is too long for its list, and for Tab."""
        cmd.short_help = cmd.short_help or " ".join((cmd.help or "").split("\n\n")[0].split())
        super().add_command(cmd, name)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        known = self.list_commands(ctx)
        if args[0] not in known:
            from difflib import get_close_matches

            for close in get_close_matches(args[0], known, 1):
                ctx.fail(f"No such command {args[0]!r}. Did you mean {close!r}?")
        return super().resolve_command(ctx, args)


class LazyGroup(Suggesting):
    """The group whose verbs are modules of `pinesync.cli`, each with a command `command`."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(VERBS)

    def get_command(
        self,
        ctx: click.Context,  # noqa: ARG002
        cmd_name: str,
    ) -> click.Command | None:
        if cmd_name not in VERBS:
            return None
        module = import_module(f"pinesync.cli.{_MODULES.get(cmd_name, cmd_name)}")
        command: click.Command = module.command
        return command

    def format_commands(
        self,
        ctx: click.Context,  # noqa: ARG002
        formatter: click.HelpFormatter,
    ) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(VERBS.items()))


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@shared
@click.version_option(__version__, message="pinesync %(version)s")
def group() -> None:
    """Keep a folder of .pine files in step with the saved scripts of your TradingView account.

    No account yet? `pinesync demo` shows all of it on a local sandbox.
    """


def invoke(arguments: Sequence[str], asked: Shared) -> int:
    """Run one command line; its exit code. Errors pass through, as click's `main` would not let
    an interrupt or a closed pipe do."""
    with group.make_context("pinesync", list(arguments), obj=asked) as context:
        code = group.invoke(context)
    return code if isinstance(code, int) else 0
