"""One writer at a time, across processes; the lock ends with its process."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pinesync.errors import EXIT_LATER, FileError, Locked
from pinesync.workspace.lock import writing
from pinesync.workspace.state import State

pytestmark = pytest.mark.promise(28)

ROOT = Path(__file__).parent.parent.parent
HOLDS = """
import pathlib, sys
from pinesync.workspace.lock import writing
with writing(pathlib.Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""
TRIES = """
import pathlib, sys
from pinesync.errors import Locked
from pinesync.workspace.lock import writing
try:
    with writing(pathlib.Path(sys.argv[1])):
        print("held")
except Locked:
    print("locked")
"""


@contextmanager
def another_holds(folder: Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", HOLDS, str(folder)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, cwd=ROOT, text=True, **pipes) as child:  # type: ignore[call-overload]
        try:
            assert child.stdout.readline() == "held\n"
            yield child
        finally:
            child.kill()


def tries(folder: Path) -> str:
    command = [sys.executable, "-c", TRIES, str(folder)]
    result = subprocess.run(command, cwd=ROOT, text=True, capture_output=True, check=True)
    return result.stdout.strip()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "state" / "one"


def test_a_second_writer_is_refused(folder: Path) -> None:
    with another_holds(folder):
        with pytest.raises(Locked) as caught, writing(folder):
            raise AssertionError("two writers")
        assert caught.value.exit_code == EXIT_LATER
        assert caught.value.hint


def test_the_lock_excludes_another_process(folder: Path) -> None:
    with writing(folder):
        assert tries(folder) == "locked"
    assert tries(folder) == "held"


def test_the_lock_excludes_its_own_process(folder: Path) -> None:
    with writing(folder), pytest.raises(Locked), writing(folder):
        raise AssertionError("two writers")
    with writing(folder):
        pass


def test_a_killed_writer_leaves_no_lock(folder: Path) -> None:
    with another_holds(folder) as child:
        child.kill()
        child.wait()
        with writing(folder):
            pass


def test_an_error_under_the_lock_releases_it(folder: Path) -> None:
    with pytest.raises(ZeroDivisionError), writing(folder):
        raise ZeroDivisionError
    assert tries(folder) == "held"


@pytest.mark.parametrize(
    "error", [PermissionError(13, "no"), TimeoutError("slow"), OSError(5, "?")]
)
def test_an_error_under_the_lock_is_not_translated(folder: Path, error: OSError) -> None:
    """The error is the command's: the lock was taken."""
    with pytest.raises(OSError) as caught, writing(folder):
        raise error
    assert caught.value is error


def test_two_workspaces_do_not_wait_for_each_other(folder: Path, tmp_path: Path) -> None:
    with another_holds(folder), writing(tmp_path / "state" / "two"):
        pass


def test_readers_take_no_lock(folder: Path) -> None:
    State(folder).texts.keep("text")
    with another_holds(folder):
        assert State(folder).texts.text_of(State(folder).texts.keep("text")) == "text"
        assert list(State(folder).log.intents()) == []


def test_a_file_system_without_locks_is_reported(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(FileError), writing(tmp_path / "file" / "state"):
        raise AssertionError("no lock was taken")


def test_the_lock_file_is_private(folder: Path) -> None:
    with writing(folder):
        assert folder.stat().st_mode & 0o077 == 0
        assert all(path.stat().st_mode & 0o077 == 0 for path in folder.iterdir())
