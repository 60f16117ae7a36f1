"""`hooks`: git checks scripts before a commit, and refuses a push while any has diverged."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import click

from pinesync.app.check import Checks, checked
from pinesync.app.project import Setup, project_at
from pinesync.app.sync.status import Line
from pinesync.app.sync.status import status as status_of
from pinesync.cli.group import Suggesting
from pinesync.cli.options import build_setup, shared
from pinesync.cli.render import echo_err, emit_json, error_lines, out, styled
from pinesync.errors import EXIT_DONE, EXIT_LEFT, FileError, ManifestError, PinesyncError
from pinesync.git import hooks, staged
from pinesync.git.repo import require_repository
from pinesync.model import RelPath
from pinesync.sync.ports import ChangedMeanwhile
from pinesync.sync.words import Status
from pinesync.text.unicode import escape_controls
from pinesync.workspace.files import make_folder


@click.group("hooks", cls=Suggesting, examples=["pinesync hooks install"])
@shared
def command() -> None:
    """Install git hooks that check scripts before a commit and before a push.

    pre-commit checks the syntax of the staged .pine files, pre-push checks that no script has
    diverged. `git commit --no-verify` and `git push --no-verify` skip them.
    """


@command.command("install", examples=["pinesync hooks install"])
@shared
def install() -> int:
    """Add both hooks to this repository. Existing hooks keep working."""
    return _print_hooks("hooks install", install_hooks(build_setup()))


@command.command("remove", examples=["pinesync hooks remove"])
@shared
def remove() -> int:
    """Remove both hooks. Hooks that existed before are as they were."""
    return _print_hooks("hooks remove", remove_hooks(build_setup()))


@command.command("status", examples=["pinesync hooks status"])
@shared
def status() -> int:
    """Show whether the hooks are installed."""
    return _print_hooks("hooks status", hooks_here(build_setup()))


def _print_hooks(command: str, result: Hooks) -> int:
    if emit_json(command, result):
        return result.exit_code
    for hook in result.hooks:
        if hook.state == "refused":
            echo_err(f"{escape_controls(str(hook.file))}: {escape_controls(hook.message)}")
            echo_err(f"  hint: {escape_controls(hook.hint)}")
            continue
        word = "removed" if hook.changed and hook.state == "absent" else hook.state
        also = "" if hook.changed or command == "hooks status" else ", as before"
        color = "saved" if hook.state == "installed" else Status.CLEAN
        out(f"{styled(color, word.ljust(9))}  {escape_controls(str(hook.file))}{also}")
    return result.exit_code


@command.command("run", examples=["pinesync hooks run pre-commit"])
@click.argument("name", type=click.Choice(["pre-commit", "pre-push"]))
@shared
def run(name: str) -> int:
    """Run a hook; git calls this. Exits with 0 if git may continue."""
    return _before_commit() if name == "pre-commit" else _before_push()


def _before_commit() -> int:
    from pinesync.cli.sync.check import print_checks

    result = before_commit(build_setup())
    if emit_json("hooks run", result) or not result.files:
        return result.exit_code
    code = print_checks(result)
    if code:
        echo_err("hint: `git commit --no-verify` commits it anyway")
    return code


def _before_push() -> int:
    result = before_push(build_setup())
    if emit_json("hooks run", result):
        return result.exit_code
    for error in result.unasked:
        for line in error_lines(error.message, error.hint):
            echo_err(line)
        echo_err("pinesync could not check whether scripts diverged; the push continues")
    for script in result.left:
        out(f"{styled(script.word)}  {escape_controls(script.path)}")
    if result.left:
        echo_err("hint: `pinesync pull` merges them; `git push --no-verify` pushes anyway")
    return result.exit_code


State = Literal["installed", "absent", "refused"]
_STOPS = (Status.DIVERGED, Status.CONFLICT)


@dataclass(frozen=True, slots=True)
class Hook:
    """One git hook: its state, whether that is new, and a note about it."""

    name: str
    file: Path
    state: State
    changed: bool = False
    message: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Hooks:
    hooks: tuple[Hook, ...]

    @property
    def exit_code(self) -> int:
        refused = any(hook.state == "refused" for hook in self.hooks)
        return EXIT_LEFT if refused else EXIT_DONE


@dataclass(frozen=True, slots=True)
class PrePushResult:
    """The scripts that block a push, with their status, as paths in the repository. `unasked` holds
    the errors of accounts that could not be reached; they block nothing."""

    left: tuple[Line, ...]
    unasked: tuple[PinesyncError, ...]

    @property
    def exit_code(self) -> int:
        return EXIT_LEFT if self.left else EXIT_DONE


def install_hooks(setup: Setup) -> Hooks:
    """Add our lines to the hooks of the repository around the current folder. Existing hooks keep
    their lines. A hook that cannot take ours is left unchanged and reported."""
    folder = hooks.hooks_folder(require_repository(setup.cwd))
    make_folder(folder)
    hooks.clear_leftovers(folder)
    return Hooks(tuple(_for_each_hook(folder, _install)))


def remove_hooks(setup: Setup) -> Hooks:
    """Remove our lines, and delete a hook that has no others."""
    folder = hooks.hooks_folder(require_repository(setup.cwd))
    hooks.clear_leftovers(folder)
    return Hooks(tuple(_for_each_hook(folder, _remove)))


def hooks_here(setup: Setup) -> Hooks:
    """Which hooks contain our lines."""
    return Hooks(
        tuple(_for_each_hook(hooks.hooks_folder(require_repository(setup.cwd)), _hook_state))
    )


def before_commit(setup: Setup) -> Checks:
    """Check the syntax of the staged .pine files, reading their staged content."""
    scripts = staged.staged_scripts(require_repository(setup.cwd).top())
    return Checks(tuple(checked(path, data) for path, data in scripts.items()))


def before_push(setup: Setup) -> PrePushResult:
    """Check whether any script in the repository has diverged or is in conflict. Raises
    ManifestError for an unusable pine.toml. An account that cannot be reached blocks nothing."""
    top = require_repository(setup.cwd).top()
    left: list[Line] = []
    unasked: list[PinesyncError] = []
    for root in staged.workspaces(top):
        project = project_at(setup, root)
        report = None
        try:
            report = status_of(setup, project=project)
        except ManifestError:
            raise
        except PinesyncError as error:
            unasked.append(error)
            with suppress(PinesyncError):
                report = status_of(setup, offline=True, project=project)
        below = "" if root == top else f"{root.relative_to(top).as_posix()}/"
        lines = report.lines if report else ()
        left += [replace(n, path=RelPath(below + n.path)) for n in lines if n.word in _STOPS]
    return PrePushResult(tuple(left), tuple(unasked))


# -- one hook -------------------------------------------------------------------------------------


def _for_each_hook(folder: Path, action: Callable[[Path, str], Hook]) -> Iterator[Hook]:
    for name in hooks.HOOKS:
        try:
            yield action(folder, name)
        except hooks.NotAShellScript as error:
            yield _refused(folder, name, str(error))
        except FileError as error:
            yield _refused(folder, name, error.message.removeprefix(f"{folder / name}: "))
        except ChangedMeanwhile:
            yield _refused(folder, name, "the file has just changed")


def _refused(folder: Path, name: str, why: str) -> Hook:
    hint = f"or call `pinesync hooks run {name}` in it, and let it fail where that does"
    return Hook(name, folder / name, "refused", message=why, hint=hint)


def _hook_state(folder: Path, name: str) -> Hook:
    hook = hooks.read_hook(folder, name)
    if not hook or not hooks.has_block(hook[0]):
        return Hook(name, folder / name, "absent")
    _refuse_idle(hook)
    return Hook(name, folder / name, "installed")


def _install(folder: Path, name: str) -> Hook:
    hook = hooks.read_hook(folder, name)
    _refuse_idle(hook)
    before = hook[0] if hook else None
    after = hooks.with_block(before, hooks.block(name, sys.executable))
    if after != before:
        hooks.write_hook(folder, name, after, before)
    return Hook(name, folder / name, "installed", changed=after != before)


def _remove(folder: Path, name: str) -> Hook:
    hook = hooks.read_hook(folder, name)
    if not hook or not hooks.has_block(hook[0]):
        return Hook(name, folder / name, "absent")
    hooks.write_hook(folder, name, hooks.without_block(hook[0]), hook[0])
    return Hook(name, folder / name, "absent", changed=True)


def _refuse_idle(hook: tuple[bytes, bool] | None) -> None:
    if hook and not hook[1] and os.name == "posix":
        raise hooks.NotAShellScript("git ignores it because it is not executable: run `chmod +x`")
