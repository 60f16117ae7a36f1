"""Workspace locks. The system releases a lock when its process ends, so none goes stale."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from pinesync.atomic import make_private
from pinesync.errors import FileError, Locked


def writing(folder: Path) -> AbstractContextManager[None]:
    """Hold the write lock of the state directory `folder`. Raises Locked if another process has
    it."""
    message = "another pinesync process is writing to this workspace"
    return _hold(folder / "lock", message, "wait for it to finish, then run the command again")


def watching(folder: Path) -> AbstractContextManager[None]:
    """Hold the watch lock; others may write. Raises Locked if another process watches."""
    message = "another `pinesync watch` is running in this workspace"
    return _hold(folder / "watch", message, "one is enough: it uploads what any editor saves")


def probing(folder: Path) -> AbstractContextManager[None]:
    """Hold the lock of a probe's records. Raises Locked if another process probes."""
    message = "another `pinesync probe` is running"
    return _hold(folder / "lock", message, "wait for it to finish, then run the command again")


@contextmanager
def _hold(path: Path, message: str, hint: str) -> Iterator[None]:
    from filelock import FileLock, Timeout

    lock = FileLock(path, timeout=0, mode=0o600)
    try:
        make_private(path.parent)
        lock.acquire()
    except Timeout:
        raise Locked(message, hint) from None
    except OSError as error:
        raise FileError(f"{path.parent}: cannot take the lock: {error.strerror}") from error
    try:
        yield
    finally:
        lock.release()


def is_held(folder: Path) -> bool:
    """Whether another process holds the write lock now. Tries the lock without waiting and releases
    it immediately. Does not create the lock file."""
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
            f"{path}: cannot check the lock: {error.strerror}", "check who owns that file"
        ) from error
