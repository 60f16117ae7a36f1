"""The only module that runs git, through GitPython's `Git`, imported on use because it is slow.

GitPython's `Repo` is not used: it opens a repository without git's ownership and safety checks
(`safe.directory`, `safe.bareRepository`).

git runs no program that the repository's config names, contacts no other host unless asked to, and
never prompts. Hooks run only at a commit: the user's own.

Only a repository with a `.git` counts, since no clone can bring one. A folder among cloned files
may be laid out as a bare repository with somebody else's config and hooks: git is not run there.
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

# A repository's config may name an fsmonitor or a signature program. A bare repository is used
# only if named explicitly.
_NO_PROGRAMS = ("-c", "core.fsmonitor=false", "-c", "log.showSignature=false")
_NO_BARE = ("-c", "safe.bareRepository=explicit")
_NO_HOOKS = ("-c", f"core.hooksPath={os.devnull}")
_QUIET = {"GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0"}
# Older gits know only GIT_ALLOW_PROTOCOL.
_NO_FETCH = {"GIT_NO_LAZY_FETCH": "1", "GIT_ALLOW_PROTOCOL": "none"}

_NAMES_GIT = "GIT_PYTHON_GIT_EXECUTABLE"


class Options(TypedDict, total=False):
    """How git runs: extra environment variables, whether hooks run (default: yes), and whether
    git may fetch objects that a partial clone lacks (default: no)."""

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
    """Start git in the folder, with pipes for its three streams. Raises FileError if git cannot
    run, Misuse if the folder is in a bare repository made of its own files."""
    env = env or {}
    if folder is not None:
        _refuse_made_of_files(folder, env.get("GIT_DIR", os.environ.get("GIT_DIR")))
    program = find_program("git")
    if program is None:
        raise _no_git()
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
    # GitPython's wrapper kills the process when it is garbage-collected; callers wait for it.
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


def check_output(
    folder: Path | None,
    *words: str,
    stdin: bytes = b"",
    **options: Unpack[Options],
) -> bytes:
    """git's standard output. FileError, naming the first word, if git fails."""
    status, stdout, stderr = run(folder, *words, stdin=stdin, **options)
    if status:
        raise command_error(words[0], stderr)
    return stdout


def command_error(command: str, stderr: str) -> FileError:
    """The error for a failed git command, with the first line of its stderr."""
    return FileError(
        f"git {command} failed: {first_line(stderr)}", "`git fsck` and `git status` tell more"
    )


def first_line(stderr: str) -> str:
    """The first line of git's stderr."""
    return stderr.strip().partition("\n")[0] or "git gave no reason"


def _refuse_made_of_files(folder: Path, named: str | None) -> None:
    """Raises Misuse if git's upward search from the folder would find a bare repository before a
    `.git`: gits before 2.38 have no setting against it. `named` is the value of GIT_DIR."""
    real_folder = Path(os.path.realpath(folder))
    if named:
        git_dir = Path(os.path.realpath(real_folder / named))
        places = [git_dir] if real_folder.is_relative_to(git_dir) else []
    else:
        places = [real_folder, *real_folder.parents]
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
    """Whether git might treat it as a repository; yes if in doubt."""
    parts = ("objects", "refs", "commondir")
    return os.path.lexists(place / "HEAD") and any(os.path.lexists(place / p) for p in parts)


def find_program(name: str) -> str | None:
    """The absolute path of a program, found through the absolute entries of PATH only, or of a path
    to one. Windows itself and `shutil.which` look in the current directory first."""
    path = os.environ.get("PATH", os.defpath).split(os.pathsep)
    folders = [""] if os.path.dirname(name) else filter(os.path.isabs, path)
    endings = ["", *os.environ.get("PATHEXT", ".exe").split(";")] if os.name == "nt" else [""]
    for folder in folders:
        for ending in endings:
            program = os.path.abspath(os.path.join(folder, name + ending))
            if os.path.isfile(program) and os.access(program, os.X_OK):
                return program
    return None


def _gitpython(program: str) -> tuple[type[Git], type[Exception]]:
    """Import GitPython, which runs git at import: make it run this program."""
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
        "git cannot be run", "install git and put it on PATH; merging and committing need it"
    )
