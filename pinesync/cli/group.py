"""The command group. It imports a verb's module only when the verb runs, so listing verbs is
cheap."""

from __future__ import annotations

import os.path
import sys
from collections.abc import Iterable, Sequence
from importlib import import_module
from typing import Any

import click

import pinesync
from pinesync.cli.options import Shared, SharedOption, shared

SECTIONS = {
    "Start": {
        "clone": ("sync.clone", "Copy your saved scripts into a new workspace."),
        "init": ("sync.init", "Make this folder a workspace; link existing files."),
        "demo": ("tools.demo", "Try everything on a fresh sandbox."),
    },
    "Work": {
        "status": ("sync.status", "Show what changed, here and on TradingView."),
        "diff": ("sync.diff", "Show line-by-line differences."),
        "check": ("sync.check", "Compile scripts without saving them."),
        "pull": ("sync.pull", "Fetch saved changes from TradingView and merge them."),
        "push": ("sync.push", "Save local edits as new versions on TradingView."),
        "watch": ("sync.watch", "Push on every save; with --pull, pull as well."),
        "resolve": ("sync.resolve", "Resolve a conflict: ours, theirs or merged."),
        "add": ("scripts.add", "List files for the next push, or link one to a script."),
        "new": ("scripts.new", "Create a script from a template."),
        "mv": ("scripts.mv", "Move a file and keep its script."),
        "rename": ("scripts.rename", "Rename a script on TradingView."),
        "rm": ("scripts.rm", "Stop listing a script; --remote deletes it."),
    },
    "Look": {
        "list": ("scripts.listing", "List your saved scripts."),
        "log": ("versions.log", "Show what was saved, when, and by whom."),
        "show": ("versions.show", "Print a saved version."),
        "grep": ("versions.grep", "Search saved scripts, and all their versions."),
        "alerts": ("scripts.alerts", "Show which alerts run which version of a script."),
        "blame-version": ("versions.blame", "Show the git commit behind a saved version."),
        "fetch": ("sync.fetch", "Read what is new on TradingView; change no file."),
        "verify": ("sync.verify", "Verify that files, bases and TradingView agree."),
    },
    "History": {
        "restore": ("versions.restore", "Restore files from the base or any saved version."),
        "undo": ("versions.undo", "Undo the last command."),
        "oplog": ("versions.oplog", "Show what pinesync did here."),
        "history": ("versions.history", "Import saved versions as git commits."),
    },
    "Account": {
        "login": ("account.login", "Sign in with your TradingView session cookie."),
        "logout": ("account.logout", "Remove stored cookies."),
        "whoami": ("account.whoami", "Show whose session is used."),
    },
    "Tools": {
        "vscode": ("tools.vscode", "Install the VS Code extension."),
        "lsp": ("tools.lsp", "Run a language server for your editor."),
        "mcp": ("tools.mcp", "Serve this workspace to an AI agent."),
        "hooks": ("tools.hooks", "Install git hooks that check scripts."),
        "repair": ("tools.repair", "Fix a pine.toml that a git merge left in conflict."),
        "probe": ("tools.probe", "Prove on your account that TradingView answers as documented."),
        "doctor": ("tools.doctor", "Diagnose problems and say how to fix them."),
        "sandbox": ("tools.sandbox", "Manage the local stand-in for TradingView."),
        "completion": ("tools.completion", "Print a shell completion script."),
    },
}
VERBS = {verb: summary for verbs in SECTIONS.values() for verb, summary in verbs.items()}
"""Each verb with its module and its summary."""
SHORT = {"st": "status", "ls": "list"}
MEANT = {
    **dict.fromkeys(("upload", "sync", "save", "commit"), "push"),
    **dict.fromkeys(("download", "update", "merge"), "pull"),
    **dict.fromkeys(("checkout", "revert", "reset"), "restore"),
    **dict.fromkeys(("delete", "remove"), "rm"),
    **dict.fromkeys(("compile", "lint", "validate"), "check"),
    **dict.fromkeys(("search", "find"), "grep"),
    "blame": "blame-version",
    "move": "mv",
    "create": "new",
    "auth": "login",
    "version": "--version",
}
"""Names of verbs in other tools. `Suggesting` goes by spelling, and `delete` looks like no verb."""

_INSTALLED = (
    f"{pinesync.__version__} (Python {'.'.join(map(str, sys.version_info[:3]))})"
    f" from {os.path.dirname(pinesync.__file__)}"
)


def similar_commands(typed: str, known: Iterable[str]) -> list[str]:
    """The known word that `typed` is a misspelling of, if any. Words that only look alike, as stash
    and status do, are none."""
    from difflib import get_close_matches

    bare = {word.lstrip("-"): word for word in known}
    return [bare[word] for word in get_close_matches(typed.lstrip("-"), bare, 1, cutoff=0.74)]


class Verb(click.Command):
    """A command whose help leaves the shared options to `pinesync -h` and ends with examples."""

    def __init__(self, *args: Any, examples: Sequence[str] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.examples = tuple(examples)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        names = [option.opts[0] for option in self.params if isinstance(option, SharedOption)]
        if ctx.parent and names:
            listed = f"{', '.join(names[:-1])} and {names[-1]}"
            formatter.write(f"\nEvery command also takes {listed}: see `pinesync -h`.\n")
        if self.examples:
            with formatter.section("Examples" if len(self.examples) > 1 else "Example"):
                indent = " " * formatter.current_indent
                formatter.write("".join(f"{indent}{line}\n" for line in self.examples))


class Suggesting(Verb, click.Group):
    """A group that suggests commands for a misspelt one, and shows each command's first sentence in
    full."""

    command_class = Verb

    def add_command(self, cmd: click.Command, name: str | None = None) -> None:
        """Keep the whole first sentence: click truncates long ones in lists and completions."""
        cmd.short_help = cmd.short_help or " ".join((cmd.help or "").split("\n\n")[0].split())
        super().add_command(cmd, name)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        known = self.list_commands(ctx)
        if args[0] not in known:
            close = similar_commands(args[0], known)
            hint = f"Did you mean {close[0]!r}?" if close else f"See `{ctx.command_path} -h`."
            ctx.fail(f"No such command {args[0]!r}. {hint}")
        return super().resolve_command(ctx, args)


class LazyGroup(Suggesting):
    """The group whose verbs are modules of `pinesync.cli`, each with a function `command`."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(VERBS)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        verb, *rest = args
        if verb == "help":
            if ctx.resilient_parsing:  # Tab: what may follow is what may follow without `help`.
                return self.resolve_command(ctx, rest) if rest else (None, None, [])
            if rest in ([], ["help"], ["-h"], ["--help"]):
                click.echo(ctx.get_help())
                ctx.exit()
            return self.resolve_command(ctx, [*rest, "--help"])
        if meant := MEANT.get(verb):
            ctx.fail(f"No such command {verb!r}. Use `pinesync {meant}`.")
        return super().resolve_command(ctx, [SHORT.get(verb, verb), *rest])

    def get_command(
        self,
        ctx: click.Context,  # noqa: ARG002
        cmd_name: str,
    ) -> click.Command | None:
        if cmd_name not in VERBS:
            return None
        module = import_module(f"pinesync.cli.{VERBS[cmd_name][0]}")
        command: click.Command = module.command
        return command

    def format_commands(
        self,
        ctx: click.Context,  # noqa: ARG002
        formatter: click.HelpFormatter,
    ) -> None:
        width = max(map(len, VERBS))
        for title, verbs in SECTIONS.items():
            with formatter.section(title):
                rows = [(verb.ljust(width), summary) for verb, (_, summary) in verbs.items()]
                formatter.write_dl(rows)


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@shared
@click.version_option(_INSTALLED, "-V", "--version", message="pinesync %(version)s")
def group() -> None:
    """Keep a folder of .pine files in step with the saved scripts of your TradingView account.

    No account yet? `pinesync demo` shows all of it on a local sandbox. `pinesync help VERB`
    explains one command; `st` is short for status, `ls` for list.
    """


def invoke(arguments: Sequence[str], shared: Shared) -> int:
    """Run one command line and return its exit code. Errors propagate; click's `main` would swallow
    an interrupt or a closed pipe."""
    with group.make_context("pinesync", list(arguments), obj=shared) as context:
        code = group.invoke(context)
    return code if isinstance(code, int) else 0
