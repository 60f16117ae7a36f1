"""`demo`: run pinesync's own commands on a fresh sandbox, in a temporary folder that is kept.

Each command runs as a process of its own, as a user would run it. Edits in the web editor are saved
through the sandbox, as the web editor saves.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import click

from pinesync.app.project import Places, Setup, sandbox_store
from pinesync.cli.group import Verb
from pinesync.cli.options import build_setup, current, shared
from pinesync.cli.render import json_object, out, to_plain
from pinesync.errors import PinesyncError
from pinesync.text.unicode import escape_controls

_SET = "set" if os.name == "nt" else "export"


def _shell_path(path: Path) -> str:
    return escape_controls(str(path) if os.name == "nt" else shlex.quote(str(path)))


@click.command("demo", cls=Verb, examples=["pinesync demo"])
@shared
def command() -> int:
    """Try everything on a fresh sandbox: clone, edit, check, push, merge.

    Runs the real commands in a temporary folder, which is kept, and then prints how to go on
    there.
    """
    events = []
    for event in demo(build_setup(), os.environ):
        events.append(event)
        if current().json:
            continue
        if isinstance(event, Comment):
            out(f"\n# {event.text}")
        elif isinstance(event, CommandRun):
            out(f"\n$ {event.command}")
            out(escape_controls(event.output.rstrip("\n"), one_line=False))
        elif isinstance(event, Finished):
            out(
                f"\nThe workspace is kept. To continue there:\n\n    cd {_shell_path(event.folder)}"
            )
            out(f"    {_SET} PINESYNC_HOME={_shell_path(event.home)}")
        sys.stdout.flush()
    if current().json:
        out(json_object("demo", 0, {"events": to_plain(events)}))
    return 0


@dataclass(frozen=True, slots=True)
class Comment:
    """A sentence between two commands."""

    text: str


@dataclass(frozen=True, slots=True)
class CommandRun:
    """A command as typed, and its output."""

    command: str
    output: str
    exit_code: int


@dataclass(frozen=True, slots=True)
class Finished:
    """The end: the workspace's path, and the PINESYNC_HOME of its sandbox."""

    folder: Path
    home: Path


Event = Comment | CommandRun | Finished
_PLAIN = {"NO_COLOR": "1", "PYTHONIOENCODING": "utf-8"}


def demo(setup: Setup, environment: Mapping[str, str]) -> Iterator[Event]:
    """Run the main workflow end to end. Raises PinesyncError if a command returns an unexpected
    exit code."""
    place = Path(tempfile.mkdtemp(prefix="pinesync-demo-"))
    home = place / "home"
    folder = place / "my-scripts"
    run = _Runner(folder, {**environment, "PINESYNC_HOME": str(home), **_PLAIN})
    sandbox = replace(setup, places=Places(home / "config", home / "state", home / "sandbox"))

    yield Comment("A sandbox stands in for TradingView: no account, nothing leaves this machine.")
    yield run("sandbox seed", cwd=place)
    yield run("clone --sandbox my-scripts", cwd=place)
    yield run("status")

    script = _script_to_edit(folder)
    shown = f'"{script}"' if " " in script else script
    yield Comment(f"Edit {script}: a line is added at the end.")
    _append(folder / script, "// reviewed: defaults suit daily charts\n")
    yield run("status")
    yield run(f"diff {shown}")

    yield Comment("Then a typo. A script that does not compile is not saved.")
    good = (folder / script).read_bytes()
    _append(folder / script, "plot(undeclared_thing)\n")
    yield run("push", expected=4)

    yield Comment("Fix the typo and push: one new version, read back.")
    (folder / script).write_bytes(good)
    yield run("push")
    yield run("push")

    yield Comment("Someone edits the same script in the web editor, and you edit it here.")
    _web_edit(sandbox, folder, script)
    _append(folder / script, "// and weekly ones\n")
    yield run("status")
    yield Comment("A push now would hide that save, so it is refused. Pull merges the two.")
    yield run("push", expected=3)
    yield run("pull")
    yield run(f"diff --stat {shown}")
    yield run("push")
    yield run("status")
    yield Finished(folder, home)


@dataclass(frozen=True, slots=True)
class _Runner:
    folder: Path
    environment: Mapping[str, str]

    def __call__(self, arguments: str, *, cwd: Path | None = None, expected: int = 0) -> CommandRun:
        import shlex

        done = subprocess.run(
            [sys.executable, "-m", "pinesync", *shlex.split(arguments)],
            cwd=cwd or self.folder,
            env=dict(self.environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            check=False,
        )
        if done.returncode != expected:
            raise PinesyncError(
                f"`pinesync {arguments}` ended with {done.returncode}, not {expected}:\n"
                + done.stdout,
                f"the folder is {self.folder}",
            )
        return CommandRun(f"pinesync {arguments}", done.stdout, done.returncode)


def _script_to_edit(folder: Path) -> str:
    scripts = sorted(p.relative_to(folder).as_posix() for p in folder.glob("indicators/*.pine"))
    if not scripts:
        raise PinesyncError("the sandbox has no indicator to edit")
    return next((path for path in scripts if path.isascii() and "\r" not in path), scripts[0])


def _append(path: Path, line: str) -> None:
    """Append as an editor would, keeping the file's line endings."""
    data = path.read_bytes()
    end = "\r\n" if b"\r\n" in data else "\n"
    path.write_bytes(data + line.replace("\n", end).encode())


def _web_edit(setup: Setup, folder: Path, script: str) -> None:
    """Save as the web editor does, with a comment added above the first line of code."""
    import tomllib

    from pinesync.sandbox.account import USER_NAME

    manifest = tomllib.loads((folder / "pine.toml").read_text("utf-8"))
    pine_id = manifest["scripts"][script]["pine_id"]
    store = sandbox_store(setup, "")
    user = store.ensure_user(USER_NAME)
    source = store.get(pine_id, None, user=user).source
    first, _, rest = source.partition("\n")
    store.save_next(user, pine_id, f"{first}\n// tuned in the browser\n{rest}")
