"""`git-remote-pinesync`: what git runs for an address `pinesync::…` (see gitremote-helpers(7)).

git sends commands on standard input and reads the responses from standard output. Messages for the
user go to standard error. The helper never prompts: git may run without a terminal.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from pinesync.cli.error_handler import run_guarded
from pinesync.cli.options import Shared, build_setup
from pinesync.cli.render import diagnostic_lines, echo_err
from pinesync.errors import EXIT_DONE, Misuse
from pinesync.text.unicode import escape_controls

if TYPE_CHECKING:
    from pinesync.app.git_remote.push import Pushed
    from pinesync.app.git_remote.remote import GitRemote
    from pinesync.sync.outcome import Outcome

_MAX_SECONDS = 600.0
"""How long reads wait in total when TradingView limits requests."""
_DEEPENED = "what is not there cannot be deepened: clone again without --depth for every version"


def main() -> int:
    """Run git's commands until it sends no more. Return the exit code."""
    return run_guarded(_run)


def _run(shared: Shared) -> int:
    git_dir = os.environ.get("GIT_DIR")
    if len(sys.argv) != 3 or not git_dir:
        raise Misuse(
            "git runs this program for an address pinesync::…, in a repository",
            "`git clone pinesync::tradingview DIR` makes one; pinesync is the command to type",
        )
    # git may give a path that is relative to this folder, and pinesync runs git in others.
    os.environ["GIT_DIR"] = os.path.abspath(git_dir)
    os.environ.pop("GIT_WORK_TREE", None)
    from pinesync.app.git_remote.remote import open_git_remote

    name, address = sys.argv[1:]
    setup = build_setup(timeout=_MAX_SECONDS, shared=shared)
    remote = open_git_remote(setup, name, address, Path(os.environ["GIT_DIR"]))
    Helper(remote, sys.stdin.buffer, sys.stdout.buffer).run()
    return EXIT_DONE


class Helper:
    """One run of the helper, which handles the commands of `gitremote-helpers(7)`."""

    def __init__(self, remote: GitRemote, stdin: BinaryIO, stdout: BinaryIO) -> None:
        self._remote = remote
        self._stdin = stdin
        self._stdout = stdout
        self._whole = True
        self._dry_run = False

    def run(self) -> None:
        for line in self._lines():
            word, _, rest = line.partition(" ")
            match word:
                case "capabilities":
                    self._write_lines("import", "push", "option")
                    self._write_lines(f"refspec refs/heads/main:{self._remote.refs.branch}", "")
                case "list":
                    self._list(for_push=rest == "for-push")
                case "option":
                    self._write_lines(self._option(*rest.split(" ", 1)))
                case "import":
                    self._import(line)
                case "push":
                    self._push(rest)
                case "":
                    return
                case _:
                    raise Misuse(f"git asks for {word[:40]!r}, which pinesync does not know")

    def _lines(self) -> Iterator[str]:
        for raw in iter(self._stdin.readline, b""):
            yield raw.decode("utf-8", "surrogateescape").removesuffix("\n")

    def _batch(self, first: str) -> Iterator[str]:
        """The lines up to an empty one."""
        yield first
        for line in self._lines():
            if not line:
                return
            yield line

    def _write_lines(self, *lines: str) -> None:
        for line in lines:
            self._stdout.write(line.encode("utf-8", "surrogateescape") + b"\n")
        self._stdout.flush()

    def _list(self, *, for_push: bool) -> None:
        """Fetch here, because git ignores a helper that fails in `import`."""
        from pinesync.app.git_remote.fetch import fetch
        from pinesync.git.refs.remote_branch import BRANCH

        tip = self._remote.tip() if for_push else None
        if not for_push:
            for outcome in fetch(self._remote, whole=self._whole).outcomes:
                _print_outcome(outcome)
        self._write_lines(f"{tip.commit if tip else '?'} {BRANCH}", f"@{BRANCH} HEAD", "")

    def _option(self, name: str, value: str = "") -> str:
        match name, value:
            case "verbosity" | "progress" | "followtags" | "cloning", _:
                if (name, value) in (("verbosity", "0"), ("progress", "false")):
                    self._remote = _without_progress(self._remote)
                return "ok"
            case "dry-run", "true" | "false":
                self._dry_run = value == "true"
                return "ok"
            case "depth", "1":
                self._whole = False
                return "ok"
            case "depth" | "deepen-since" | "deepen-not" | "deepen-relative", _:
                echo_err(f"pinesync: {_DEEPENED}")
        return "unsupported"

    def _import(self, first: str) -> None:
        """A clone requests HEAD and the branch, which are one. `list` has written the commits,
        so the stream for git is empty."""
        for _ in self._batch(first):
            pass
        self._write_lines("feature done", "done")

    def _push(self, first: str) -> None:
        from pinesync.app.git_remote.push import push

        answers = []
        for line in self._batch(first):
            spec = line.removeprefix("push ")
            answers.append(_answer(spec, push(self._remote, spec, dry_run=self._dry_run)))
        self._write_lines(*answers, "")


def _answer(spec: str, pushed: Pushed) -> str:
    for outcome in pushed.run.outcomes:
        _print_outcome(outcome)
    if stopped := pushed.run.stopped:
        echo_err(f"pinesync: {escape_controls(stopped.message)}")
    target = spec.partition(":")[2]
    return f"error {target} {pushed.rejected}" if pushed.rejected else f"ok {target}"


def _print_outcome(outcome: Outcome) -> None:
    """Report an outcome to the user, on standard error."""
    path = escape_controls(outcome.path)
    version = f" {outcome.version}" if outcome.version else ""
    message = f": {escape_controls(outcome.message)}" if outcome.message else version
    echo_err(f"{path}: {outcome.done}{message}")
    for diagnostic in outcome.diagnostics:
        for line in diagnostic_lines(outcome.path, diagnostic, outcome.source):
            echo_err(line)
    if outcome.hint:
        echo_err(f"hint: {escape_controls(outcome.hint)}")


def _without_progress(remote: GitRemote) -> GitRemote:
    return replace(remote, setup=replace(remote.setup, progress=None))
