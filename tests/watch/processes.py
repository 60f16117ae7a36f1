"""`pinesync watch` as a separate process, read line by line."""

import json
import os
import select
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Self

from tests.watch.conftest import TIMEOUT
from tests.world import World


class WatchProcess:
    """A running `pinesync watch`. With `--json`, `lines` are its standard output, and `stderr()` is
    the rest. Without it, `lines` are both, as an editor's task sees them."""

    def __init__(self, world: World, *arguments: object, **env: str) -> None:
        self._as_json = "--json" in arguments
        errors = subprocess.PIPE if self._as_json else subprocess.STDOUT
        self.child = world.spawn(
            "watch", *arguments, stderr=errors, text=False, bufsize=0, env={**os.environ, **env}
        )
        self.lines: list[str] = []
        self._buffer = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.child.kill()
        self.child.communicate()

    def next_line(self) -> str:
        """Read the next line; all lines so far are in `lines`."""
        while b"\n" not in self._buffer:
            ready, _, _ = select.select([self.child.stdout], [], [], TIMEOUT)
            assert ready, f"no further output: {self.lines}"
            more = os.read(self.child.stdout.fileno(), 65536)
            assert more, f"it has ended: {self.lines} {self.stderr()}"
            self._buffer += more
        line, self._buffer = self._buffer.split(b"\n", 1)
        self.lines.append(line.decode())
        return self.lines[-1]

    def line_until(self, condition: Callable[[str], object]) -> str:
        """Read until a line meets the condition, and return that line."""
        while not condition(line := self.next_line()):
            pass
        return line

    def next_event(self, kind: str, path: str = "") -> Any:
        """Read until an event of this kind (and of this path), and return it."""
        while True:
            event = json.loads(self.next_line())
            its = event.get("path") or event.get("outcome", {}).get("path", "")
            if event["event"] == kind and path in ("", its):
                return event

    def stderr(self) -> str:
        """What it wrote to standard error, once it has ended."""
        return str(self.child.stderr.read().decode()) if self._as_json else ""

    def interrupt(self) -> int:
        """Send Ctrl-C, read all output, and return the exit code."""
        self.child.send_signal(signal.SIGINT)
        return self.wait_for_exit()

    def stop_cleanly(self) -> None:
        """Send Ctrl-C, and check that it succeeds without an error."""
        assert self.interrupt() == 0
        assert self.stderr() == ""

    def wait_for_exit(self) -> int:
        """Read the remaining output, and return the exit code."""
        while more := os.read(self.child.stdout.fileno(), 65536):
            self._buffer += more
        self.lines += self._buffer.decode().splitlines()
        self._buffer = b""
        return int(self.child.wait(TIMEOUT))


@contextmanager
def idle_watch(world: World, *arguments: object, **env: str) -> Iterator[WatchProcess]:
    """A `watch --json` that has finished its start and waits for events."""
    with WatchProcess(world, "--json", *arguments, **env) as session:
        session.next_event("quiet")
        yield session
