"""A small world around the command line: a person's folder, their account, and the web editor.

The account holds three scripts. What a person types is run in this process (`world("push")`) or
as a process of its own (`world.process`, `world.spawn`); what happens in the browser goes through
the store (`world.web_save`). `world.plan.log` lists the requests.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from pinesync.cli.error_handler import run
from pinesync.model import PineId, Version
from pinesync.sandbox.serve import Server
from pinesync.workspace.manifest import parse
from pinesync.workspace.state import State
from tests.world.account import Account
from tests.world.folder import Workspace
from tests.world.repository import git
from tests.world.scripts import TREND_PATH

# Ctrl-C has to work even where the tests were started with it ignored, and a pty becomes the
# child's own terminal, so that \x03 and /dev/tty mean what they mean to a person.
_LIKE_A_SHELL = """
import os, runpy, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
if os.isatty(0):
    import fcntl, termios
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
sys.argv[0] = "pinesync"
runpy.run_module("pinesync", run_name="__main__", alter_sys=True)
"""
COMMAND = (sys.executable, "-c", _LIKE_A_SHELL)

both_ways = pytest.mark.parametrize("world", ["sandbox", "facade"], indirect=True)
"""The same history in process and over HTTP."""


@dataclass(frozen=True)
class Ran:
    """A command's output and exit code, and the endpoints that it requested, in order."""

    code: int
    out: str
    err: str
    requests: tuple[str, ...] = ()

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def output(self) -> str:
        return self.out + self.err


@dataclass(kw_only=True)
class World(Workspace):
    """The folder is `scripts` in `place`, and `pinesync_home` is PINESYNC_HOME."""

    remote: Account
    place: Path
    capsys: pytest.CaptureFixture[str] = field(repr=False)
    monkeypatch: pytest.MonkeyPatch = field(repr=False)
    remote_name: str = "sandbox"
    """What `clone --remote` and pine.toml call the account."""
    server: Server | None = None

    def __post_init__(self) -> None:
        self.app, self.plan = self.remote.app, self.remote.plan
        self.store, self.user = self.remote.store, self.remote.user

    @contextmanager
    def served(self) -> Iterator[None]:
        """The account is TradingView's, over HTTP, and the user is signed in."""
        with Server(self.app) as self.server:
            self.monkeypatch.setenv("PINESYNC_FACADE_URL", self.server.url)
            self.monkeypatch.setenv("PINESYNC_COOKIE", self.user.cookie)
            self.remote_name = "tradingview"
            yield

    # -- at the keyboard --------------------------------------------------------------------------

    @property
    def root(self) -> Path:
        """The folder of the clone, once there is one."""
        return self.place / "scripts"

    folder = root

    @property
    def home(self) -> Path:
        return self.pinesync_home.parent

    @property
    def default_cwd(self) -> Path:
        return self.root if self.root.is_dir() else self.place

    def __call__(
        self, *arguments: object, cwd: Path | None = None, stdin: str = "", code: int | None = None
    ) -> Ran:
        """Run a command in this process; with `code`, check its exit code."""
        before = len(self.plan.log)
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(cwd or self.default_cwd)
            patch.setattr(sys, "stdin", io.StringIO(stdin))
            self.capsys.readouterr()
            ended = run([str(argument) for argument in arguments])
        printed = self.capsys.readouterr()
        requests = tuple(seen.endpoint for seen in self.plan.log[before:])
        ran = Ran(ended, printed.out, printed.err, requests)
        assert code in (None, ended), ran
        return ran

    def spawn(self, *arguments: object, cwd: Path | None = None, **more: Any) -> Any:
        """Start a command as a separate process."""
        self.app.forget()
        more = {"stdin": subprocess.DEVNULL, "stdout": -1, "stderr": -1, "text": True, **more}
        command = [*COMMAND, *map(str, arguments)]
        return subprocess.Popen(command, cwd=cwd or self.default_cwd, **more)

    def process(self, *arguments: object, cwd: Path | None = None, **env: str) -> Ran:
        """Run a command as a separate process, to its end."""
        before = len(self.plan.log)
        with self.spawn(*arguments, cwd=cwd, env={**os.environ, **env}) as child:
            out, err = child.communicate(timeout=60)
        requests = tuple(seen.endpoint for seen in self.plan.log[before:])
        return Ran(child.returncode, out, err, requests)

    def clone(self) -> Ran:
        made = self("clone", "--remote", self.remote_name, "scripts", cwd=self.place)
        assert made.code == 0, made
        return made

    def statuses(self, *arguments: str) -> dict[str, str]:
        """The status word of every script that is not clean."""
        found = self("status", "--json", *arguments)
        assert found.code == 0, found
        lines = found.json["lines"]
        return {line["path"]: line["word"] for line in lines if line["word"] != "clean"}

    def read(self, path: str = TREND_PATH) -> str:
        """The file, including its line ends."""
        return (self.root / path).read_bytes().decode()

    def write(self, text: str | bytes, path: str = TREND_PATH) -> None:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text if isinstance(text, bytes) else text.encode())

    def write_and_push(self, text: str | bytes, path: str = TREND_PATH) -> None:
        self.write(text, path)
        self("push", code=0)

    def remove(self, path: str = TREND_PATH) -> None:
        (self.root / path).unlink()

    def git(self, *words: str) -> None:
        git(self, *words)

    # -- in the browser ---------------------------------------------------------------------------

    def id_of(self, name: str = "Trend") -> PineId:
        return self.remote.id_of(name)

    def web_save(self, text: str, name: str = "Trend") -> None:
        """A save in the web editor: one more version, or a new script."""
        if self.store.find(self.user, name):
            self.store.save_next(self.user, self.id_of(name), text)
        else:
            self.store.save_new(self.user, name, text)

    def web_save_and_pull(self, text: str, name: str = "Trend") -> None:
        self.web_save(text, name)
        self("pull", code=0)

    def web_delete(self, name: str = "Trend") -> None:
        self.store.delete(self.user, self.id_of(name))

    def saved(self, name: str = "Trend") -> list[str]:
        """The text of every version on TradingView, the newest last."""
        return [version.source for version in self.store.history(self.id_of(name))]

    # -- what there is, to be compared ------------------------------------------------------------

    def account(self) -> dict[str, list[str]]:
        """Every script there with all its versions."""
        return {script.name: self.saved(script.name) for script in self.store.list(self.user)}

    def files(self) -> dict[str, bytes]:
        """Every file of the folder, pine.toml among them."""
        return _contents(self.folder)

    @property
    def state_folder(self) -> Path:
        """The state folder of the clone on this machine."""
        (found,) = (self.pinesync_home / "state").glob("*-*/")
        return found

    def stored_texts(self, pine_id: str, newest: int) -> list[str | None]:
        """The texts of a script's versions, from the first to the newest, as far as they are stored
        on this machine."""
        texts = State(self.state_folder).texts
        digests = [texts.recall(PineId(pine_id), Version(n + 1)) for n in range(newest)]
        return [texts.text_of(digest) if digest else None for digest in digests]

    def state_files(self) -> dict[str, bytes]:
        """Everything stored on this machine."""
        return _contents(self.pinesync_home / "state")

    def state(self) -> dict[str, bytes]:
        """The state on this machine, without the cache of downloaded texts."""
        files = self.state_files()
        return {path: body for path, body in files.items() if path.split("/")[1] not in _CACHE}

    def forget(self) -> None:
        """Another machine: the folder came with git, and there is no state."""
        shutil.rmtree(self.pinesync_home / "state")

    def records(self) -> list[dict[str, Any]]:
        found = self.state()
        return [json.loads(found[path]) for path in sorted(found) if "/records/" in path]

    def version(self, path: str = TREND_PATH) -> str | None:
        """The version that pine.toml has as the base."""
        return self.entry(path)["version"]

    def entry(self, path: str = TREND_PATH) -> dict[str, Any]:
        entries = parse((self.folder / "pine.toml").read_text("utf-8")).entries
        found = next(entry for name, entry in entries.items() if name == path)
        version = str(found.base.version) if found.base else None
        shadowed = str(found.shadowed) if found.shadowed else None
        return {
            "pine_id": found.pine_id,
            "name": found.name,
            "version": version,
            "hidden": shadowed,
        }


_CACHE = ("objects", "saved")


def _contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}
