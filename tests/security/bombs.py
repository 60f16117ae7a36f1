"""A loopback service that sends more than it announces, and a process with measured memory."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tests.world.loopback import Loopback

Pieces = Iterable[bytes]
Answers = Callable[[str], Pieces]
"""The response to a request with this first line."""

MOST = 200 * 1024
"""The most kilobytes of memory that a process may use."""
MEGABYTE = 1 << 20

# Until the child runs a program, it reports the parent's size, so it must measure itself.
_MEASURED = """
import sys
from pinesync.cli.error_handler import run
code = run(sys.argv[2:])
with open("/proc/self/status") as status, open(sys.argv[1], "w") as report:
    report.write(next(line.split()[1] for line in status if line.startswith("VmHWM")))
sys.exit(code)
"""


@dataclass(frozen=True)
class Measured:
    """A process's output and exit code, and its peak memory in kilobytes."""

    code: int
    output: str
    peak: int


def measured(arguments: Iterable[str], cwd: Path, program: str = _MEASURED, **env: str) -> Measured:
    """Run a pinesync command to its end, or a program that reports its memory in the same way."""
    report = cwd.parent / "peak"
    result = subprocess.run(
        [sys.executable, "-c", program, str(report), *arguments],
        cwd=cwd,
        env={**os.environ, **env},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
        check=False,
    )
    return Measured(result.returncode, result.stdout, int(report.read_text()))


class Hostile(Loopback):
    """Serves one response per connection. Pieces are generated as they are sent."""

    def __init__(self, answers: Answers) -> None:
        super().__init__()
        self._answers = answers

    def accepted(self, connection: socket.socket) -> None:
        threading.Thread(target=self._talk, args=[connection], daemon=True).start()

    def _talk(self, connection: socket.socket) -> None:
        connection.settimeout(60)
        with connection, suppress(OSError):
            request = b""
            while b"\r\n\r\n" not in request:
                request += connection.recv(65536) or b"\r\n\r\n"
            for piece in self._answers(request.partition(b"\r\n")[0].decode("latin-1")):
                connection.sendall(piece)
            # Closing a connection with unread data resets it and loses the response.
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(65536):
                pass


def head(*headers: str) -> bytes:
    lines = ["HTTP/1.1 200 OK", "Connection: close", "Content-Type: application/json"]
    return "\r\n".join([*lines, *headers, "", ""]).encode()


def plain(body: bytes) -> Pieces:
    return [head(f"Content-Length: {len(body)}"), body]


def as_json(value: object) -> Pieces:
    return plain(json.dumps(value).encode())


def much(megabytes: int, piece: bytes = b" ") -> Iterator[bytes]:
    """With its Content-Length."""
    yield head(f"Content-Length: {megabytes * MEGABYTE}")
    yield from [piece * (MEGABYTE // len(piece))] * megabytes


def much_until_the_end(megabytes: int, piece: bytes = b" ") -> Iterator[bytes]:
    yield head()
    yield from [piece * (MEGABYTE // len(piece))] * megabytes


def much_in_chunks(megabytes: int) -> Iterator[bytes]:
    yield head("Transfer-Encoding: chunked")
    yield from [b"100000\r\n" + b" " * MEGABYTE + b"\r\n"] * megabytes
    yield b"0\r\n\r\n"


def zipped(gigabytes: int) -> Iterator[bytes]:
    """A thousandth of the size is sent: each piece unpacks to a megabyte."""
    packer = zlib.compressobj(9, wbits=31)
    yield head("Content-Encoding: gzip")
    yield packer.compress(b" " * MEGABYTE) + packer.flush(zlib.Z_FULL_FLUSH)
    yield from [packer.compress(b" " * MEGABYTE) + packer.flush(zlib.Z_FULL_FLUSH)] * (
        1024 * gigabytes - 1
    )
    yield packer.flush()


def endless_trailers() -> Iterator[bytes]:
    yield head("Transfer-Encoding: chunked")
    yield b"2\r\n[]\r\n0\r\n"
    while True:
        yield b"X-Trailer: y\r\n" * 1000


def long_headers() -> Iterator[bytes]:
    yield head()[:-2]
    for _ in range(1000):
        yield b"X-Header: " + b"x" * 60_000 + b"\r\n"
    yield b"\r\n[]"
