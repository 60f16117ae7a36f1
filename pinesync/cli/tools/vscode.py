"""`pinesync vscode package|install`."""

from __future__ import annotations

import subprocess
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import click

from pinesync.app.project import Setup
from pinesync.app.vscode_extension import Package, write_package
from pinesync.cli.group import Suggesting
from pinesync.cli.options import build_setup, shared
from pinesync.cli.render import echo_err, emit_json, out
from pinesync.errors import EXIT_DONE, EXIT_FAILED, Misuse
from pinesync.git.run import find_program
from pinesync.text.unicode import escape_controls

EDITORS = ("code", "codium", "cursor", "windsurf", "code-server")
_SECONDS = 300.0


@click.group("vscode", cls=Suggesting, examples=["pinesync vscode package pinesync.vsix"])
@shared
def command() -> None:
    """Install the extension for VS Code and the editors made from it.

    It shows the workspace in the Source Control view. It comes with pinesync: nothing is
    downloaded. docs/guides/editors.md shows what it does.
    """


@command.command("package", examples=["pinesync vscode package pinesync.vsix"])
@click.argument("file", metavar="FILE.vsix")
@shared
def package(file: str) -> int:
    """Write the extension to a file, for "Install from VSIX…" in an editor."""
    result = write_package(build_setup(), file)
    if not emit_json("vscode package", result):
        out(escape_controls(str(result.file)))
    return result.exit_code


@command.command(
    "install",
    examples=["pinesync vscode install", "pinesync vscode install --code code-server"],
)
@click.option("--code", metavar="PATH", help="The editor's command, if not one of those on PATH.")
@shared
def install(code: str | None) -> int:
    """Install the extension in every editor on PATH.

    These are code, codium, cursor, windsurf and code-server; --code names another, or just one of
    them. Run it again after an update of pinesync.
    """
    done = install_extension(build_setup(), code)
    if emit_json("vscode install", done):
        return done.exit_code
    for editor in done.editors:
        if editor.installed:
            out(f"installed {done.version} in {escape_controls(str(editor.command))}")
        else:
            echo_err(f"{escape_controls(str(editor.command))}: {escape_controls(editor.message)}")
    return done.exit_code


@dataclass(frozen=True, slots=True)
class Editor:
    """An editor, by the path of its command. `message` says why it did not take the extension."""

    command: Path
    installed: bool
    message: str = ""


@dataclass(frozen=True, slots=True)
class Installed:
    """The version of the extension, and the editors that were given it."""

    version: str
    editors: tuple[Editor, ...]

    @property
    def exit_code(self) -> int:
        return EXIT_DONE if all(editor.installed for editor in self.editors) else EXIT_FAILED


def install_extension(setup: Setup, code: str | None) -> Installed:
    """Hand the extension to the editor, or to each that is on PATH. Raises Misuse without any."""
    names = (code,) if code is not None else EDITORS
    editors = [Path(path) for path in map(find_program, names) if path]
    if code is not None and not editors:
        raise Misuse(f"{code}: no such command", "name the editor's command, as in --code codium")
    if not editors:
        raise Misuse(
            f"no editor is on PATH: none of {', '.join(EDITORS)}",
            "name it with --code PATH, or run `pinesync vscode package pinesync.vsix` and choose "
            '"Install from VSIX…" in the Extensions view',
        )
    with tempfile.TemporaryDirectory(prefix="pinesync-vscode-") as folder:
        package = write_package(replace(setup, cwd=Path(folder)), "pinesync.vsix")
        return Installed(
            package.version, tuple(_install_into(package, editor) for editor in editors)
        )


def _install_into(package: Package, editor: Path) -> Editor:
    try:
        done = subprocess.run(
            [str(editor), "--install-extension", str(package.file), "--force"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            timeout=_SECONDS,
            check=False,
        )
    except (OSError, subprocess.SubprocessError) as error:
        return Editor(editor, False, str(error))
    last = done.stdout.strip().rpartition("\n")[2]
    return Editor(editor, done.returncode == 0, last if done.returncode else "")
