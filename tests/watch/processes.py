"""`pinesync watch` as a separate process, read line by line."""

import json
import os
import select
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Self

from tests.watch.conftest import PATIENCE
from tests.world import World


class Session:
    """With `--json`, `lines` are standard output and `stderr()` the rest. Without it, both are one
    stream, as an editor's task sees them."""

    def __init__(self, world: World, *arguments: object, **env: str) -> None:
        self._as_json = "--json" in arguments
        errors = subprocess.PIPE if self._as_json else subprocess.STDOUT
        self.child = world.spawn(
            "watch", *arguments, stderr=errors, text=False, bufsize=0, env={**os.environ, **env}
        )
        self.lines: list[str] = []
        self._rest = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.child.kill()
        self.child.communicate()

    def line(self) -> str:
        """The next line; earlier ones are in `lines`."""
        while b"\n" not in self._rest:
            ready, _, _ = select.select([self.child.stdout], [], [], PATIENCE)
            assert ready, f"nothing more came: {self.lines}"
            more = os.read(self.child.stdout.fileno(), 65536)
            assert more, f"it has ended: {self.lines} {self.stderr()}"
            self._rest += more
        line, self._rest = self._rest.split(b"\n", 1)
        self.lines.append(line.decode())
        return self.lines[-1]

    def until(self, condition: Callable[[str], object]) -> str:
        while not condition(line := self.line()):
            pass
        return line

    def event(self, kind: str, path: str = "") -> Any:
        """The next event of this kind."""
        while True:
            event = json.loads(self.line())
            its = event.get("path") or event.get("outcome", {}).get("path", "")
            if event["event"] == kind and path in ("", its):
                return event

    def stderr(self) -> str:
        """To standard error, once it has ended."""
        return str(self.child.stderr.read().decode()) if self._as_json else ""

    def interrupt(self) -> int:
        """Send Ctrl-C, read all output, and return the exit code."""
        self.child.send_signal(signal.SIGINT)
        return self.end()

    def stops(self) -> None:
        """End it with Ctrl-C, and check that nothing went wrong."""
        assert self.interrupt() == 0
        assert self.stderr() == ""

    def end(self) -> int:
        while more := os.read(self.child.stdout.fileno(), 65536):
            self._rest += more
        self.lines += self._rest.decode().splitlines()
        self._rest = b""
        return int(self.child.wait(PATIENCE))


@contextmanager
def at_rest(world: World, *arguments: object, **env: str) -> Iterator[Session]:
    """A started session with `--json`."""
    with Session(world, "--json", *arguments, **env) as session:
        session.event("quiet")
        yield session
