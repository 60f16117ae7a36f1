"""A real terminal: a command on its own pty, with input and output."""

from __future__ import annotations

import os
import re
import select
from contextlib import suppress
from typing import Any, Protocol

TIMEOUT = 60.0


class Starts(Protocol):
    """Something that starts processes, such as a `World`."""

    def spawn(self, *arguments: object, **more: Any) -> Any: ...


class Terminal:
    """Run a command at a terminal, to which its three streams are connected."""

    def __init__(self, world: Starts, *arguments: object, columns: int = 120, **more: Any) -> None:
        import fcntl
        import pty
        import struct
        import termios

        self._ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
        env = {**os.environ, "TERM": "xterm", **more.pop("env", {})}
        more |= {"stdin": theirs, "stdout": theirs, "stderr": theirs}
        self.child = world.spawn(*arguments, text=False, start_new_session=True, env=env, **more)
        os.close(theirs)
        self.seen = ""

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_: object) -> None:
        if self.child.poll() is None:
            self.child.kill()
        self.child.wait()
        os.close(self._ours)

    @property
    def modes(self) -> list[Any]:
        """The terminal's modes for input."""
        import termios

        return termios.tcgetattr(self._ours)

    def wait_for(self, pattern: str) -> str:
        """Read until the text appears, and return all output so far."""
        while not re.search(pattern, self.seen):
            assert self._read(), f"ended without {pattern!r}: {self.seen!r}"
        return self.seen

    def type(self, text: str) -> None:
        os.write(self._ours, text.encode())

    def interrupt(self) -> int:
        """Ctrl-C, to the end; the exit code. As often as it takes: one that comes in the moment
        before Python waits for a key is only noticed with the next key. What was noticed is
        waited for: one more would interrupt the ending."""
        while True:
            with suppress(OSError):
                self.type("\x03")
            before, timeout = len(self.seen), 2.0
            while (more := self._read(timeout)) is not None:
                if not more:
                    return int(self.child.wait(TIMEOUT))
                if self.seen[before:].strip("^C\r\n"):
                    timeout = TIMEOUT

    def end(self) -> int:
        """Read to the end, and return the exit code."""
        while more := self._read():
            pass
        assert more is not None, f"nothing more came: {self.seen!r}"
        return int(self.child.wait(TIMEOUT))

    def _read(self, timeout: float = TIMEOUT) -> bool | None:
        """Read one more chunk; return False at the end, None on a timeout."""
        ready, _, _ = select.select([self._ours], [], [], timeout)
        if not ready:
            return None
        piece = b""
        with suppress(OSError):  # the error of Linux when the other side is closed
            piece = os.read(self._ours, 65536)
        self.seen += piece.decode("utf-8", "replace")
        return bool(piece)
