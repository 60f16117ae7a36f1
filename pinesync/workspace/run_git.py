"""The one place that runs git, through GitPython, which is slow to load: only on use.

No program that the repository's settings name is run, nothing is asked of another host, and no
question is asked of the person. Hooks run where they are wanted: the person's own, at a commit.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, cast

from pinesync.errors import FileError

if TYPE_CHECKING:
    from git.cmd import Git

# A repository's settings may name a program that looks at the index, or at a signature, and have
# git ask another host for what it lacks.
_NO_PROGRAMS = ("-c", "core.fsmonitor=false", "-c", "log.showSignature=false")
_NO_HOOKS = ("-c", f"core.hooksPath={os.devnull}")
_QUIET = {"GIT_NO_LAZY_FETCH": "1", "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0"}


def started(
    folder: Path | None, *words: str, env: Mapping[str, str] | None = None, hooks: bool = True
) -> subprocess.Popen[bytes]:
    """git in that folder, with pipes for its three streams. FileError where it cannot be run."""
    git_of, git_error = _gitpython()
    git = git_of(folder)
    git.update_environment(**{**_QUIET, **(env or {})})
    settings = _NO_PROGRAMS if hooks else (*_NO_PROGRAMS, *_NO_HOOKS)
    try:
        process = git.execute(["git", *settings, *words], as_process=True, istream=subprocess.PIPE)
    except (git_error, OSError) as error:
        raise _no_git() from error
    # GitPython's own handle ends the process when it is dropped; this one is waited for here.
    return cast("subprocess.Popen[bytes]", process)


def asked(
    folder: Path | None,
    *words: str,
    given: bytes = b"",
    env: Mapping[str, str] | None = None,
    hooks: bool = True,
) -> tuple[int, bytes, str]:
    """What git ends with, answers and complains of; `given` is its standard input."""
    process = started(folder, *words, env=env, hooks=hooks)
    answer, said = process.communicate(given)
    return process.returncode, answer, said.decode("utf-8", "replace").removesuffix("\n")


def _gitpython() -> tuple[type[Git], type[Exception]]:
    """GitPython, which looks for git as it is imported."""
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
