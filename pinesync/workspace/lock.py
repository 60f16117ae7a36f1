"""One writer at a time in a workspace. The lock goes with the process: there is no stale one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pinesync.errors import FileError, Locked


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Hold the lock of the state directory `folder`. Locked where another process has it."""
    from filelock import FileLock, Timeout

    lock = FileLock(folder / "lock", timeout=0, mode=0o600)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock.acquire()
    except Timeout:
        raise Locked(
            "another pinesync is writing in this folder", "wait for it, then run the command again"
        ) from None
    except OSError as error:
        raise FileError(f"{folder}: cannot take the lock: {error.strerror}") from error
    try:
        yield
    finally:
        lock.release()


def is_held(folder: Path) -> bool:
    """Whether another process holds that lock at this moment. It is tried without waiting and
    given back at once; where nobody ever took it, nothing is made."""
    from filelock import FileLock, Timeout

    path = folder / "lock"
    if not path.is_file():
        return False
    try:
        with FileLock(path, timeout=0, mode=0o600):
            return False
    except Timeout:
        return True
    except OSError as error:
        raise FileError(
            f"{path}: the lock cannot be tried: {error.strerror}", "see whose file that is"
        ) from error
