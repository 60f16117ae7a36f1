"""The one place that runs git, through GitPython's `Git`; it is slow to load, so only on use.

GitPython's `Repo` does not serve here: it opens a repository without asking git whose it is, and
whether it may be one (`safe.directory`, `safe.bareRepository`).

No program that the repository's settings name is run, nothing is asked of another host, and no
question is asked of the person. Hooks run where they are wanted: the person's own, at a commit.

The repository is the one that a `.git` makes, which no clone can bring. A folder among cloned files
may itself have the form of a bare repository, with settings and hooks of whoever wrote it: git is
not run there.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict, Unpack, cast

from pinesync.errors import FileError, Misuse

if TYPE_CHECKING:
    from git.cmd import Git

# A repository's settings may name a program that looks at the index, or at a signature, and have
# git ask another host for what it lacks. A bare repository counts where it is named.
_NO_PROGRAMS = ("-c", "core.fsmonitor=false", "-c", "log.showSignature=false")
_NO_BARE = ("-c", "safe.bareRepository=explicit")
_NO_HOOKS = ("-c", f"core.hooksPath={os.devnull}")
_QUIET = {"GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0"}
# Older gits know the second alone.
_NO_FETCH = {"GIT_NO_LAZY_FETCH": "1", "GIT_ALLOW_PROTOCOL": "none"}

_NAMES_GIT = "GIT_PYTHON_GIT_EXECUTABLE"


class Options(TypedDict, total=False):
    """How git is run: with more in its environment; with the hooks of the repository, as it is
    unless told; and with objects fetched that a partial clone left at another host."""

    env: Mapping[str, str] | None
    hooks: bool
    fetches: bool


def start(
    folder: Path | None,
    *words: str,
    env: Mapping[str, str] | None = None,
    hooks: bool = True,
    fetches: bool = False,
) -> subprocess.Popen[bytes]:
    """git in that folder, with pipes for its three streams; with `fetches` it may ask another
    host for objects that a partial clone left there. FileError where it cannot be run, Misuse
    where the folder has or is in a repository that its own files make."""
    env = env or {}
    if folder is not None:
        _refuse_made_of_files(folder, env.get("GIT_DIR", os.environ.get("GIT_DIR")))
    program = _program()
    git_of, git_error = _gitpython(program)
    git = git_of(folder)
    git.update_environment(**_QUIET, **({} if fetches else _NO_FETCH), **env)
    settings = (*_NO_PROGRAMS, *_NO_BARE, *(() if hooks else _NO_HOOKS))
    try:
        process = git.execute(
            [program, *settings, *words], as_process=True, istream=subprocess.PIPE
        )
    except (git_error, OSError) as error:
        raise _no_git() from error
    # GitPython's own handle ends the process when it is dropped; this one is waited for here.
    return cast("subprocess.Popen[bytes]", process)


def run(
    folder: Path | None,
    *words: str,
    stdin: bytes = b"",
    **options: Unpack[Options],
) -> tuple[int, bytes, str]:
    """git's exit status, its standard output, and its standard error."""
    process = start(folder, *words, **options)
    stdout, stderr = process.communicate(stdin)
    return process.returncode, stdout, stderr.decode("utf-8", "replace").removesuffix("\n")


def ask(
    folder: Path | None,
    *words: str,
    stdin: bytes = b"",
    **options: Unpack[Options],
) -> bytes:
    """git's standard output. FileError where git fails; the first word names the command."""
    status, stdout, stderr = run(folder, *words, stdin=stdin, **options)
    if status:
        raise failed(words[0], stderr)
    return stdout


def failed(command: str, stderr: str) -> FileError:
    """The error of a git command that failed, with the first line of its complaint."""
    return FileError(
        f"git {command} failed: {first_line(stderr)}", "`git fsck` and `git status` tell more"
    )


def first_line(stderr: str) -> str:
    """Why git failed."""
    return stderr.strip().partition("\n")[0] or "it does not say why"


def _refuse_made_of_files(folder: Path, named: str | None) -> None:
    """Misuse where git, looking upwards from the folder as it does, would come to a repository
    that is no `.git`: gits before 2.38 have no setting against it. `named` is what GIT_DIR says."""
    here = Path(os.path.realpath(folder))
    if named:
        git_dir = Path(os.path.realpath(here / named))
        places = [git_dir] if here.is_relative_to(git_dir) else []
    else:
        places = [here, *here.parents]
    for place in places:
        usual = place / ".git"
        if not named and (usual.is_file() or _is_git_directory(usual)):
            return
        if _is_git_directory(place):
            raise Misuse(
                f"{place}: this folder is itself a bare git repository (it has HEAD, objects and "
                "refs), so git would take settings and hooks from its files",
                "if it came with a clone, do not trust that clone; a bare repository of your own "
                "needs a work tree elsewhere (`git worktree add`)",
            )


def _is_git_directory(place: Path) -> bool:
    """Whether git may take it for one; sooner yes than no."""
    parts = ("objects", "refs", "commondir")
    return os.path.lexists(place / "HEAD") and any(os.path.lexists(place / p) for p in parts)


def _program() -> str:
    """Where git is, by PATH, but never by an entry that means the current directory."""
    name = "git.exe" if os.name == "nt" else "git"
    for entry in os.environ.get("PATH", os.defpath).split(os.pathsep):
        found = os.path.join(entry, name)
        if os.path.isabs(entry) and os.path.isfile(found) and os.access(found, os.X_OK):
            return found
    raise _no_git()


def _gitpython(program: str) -> tuple[type[Git], type[Exception]]:
    """GitPython, which runs git as it is imported: this one."""
    if not os.path.isabs(os.environ.get(_NAMES_GIT, "")):
        os.environ[_NAMES_GIT] = program
    try:
        from git.cmd import Git
        from git.exc import GitError
    except ImportError as error:
        raise _no_git() from error
    return Git, GitError


def _no_git() -> FileError:
    return FileError(
        "git cannot be run", "install git and have it on PATH; merging and committing need it"
    )
