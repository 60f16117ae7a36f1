"""The checks of `doctor` on this machine, in a workspace or outside: stored sign-ins, probes, the
clock, git, bug logs, versions."""

from __future__ import annotations

import math
import os
import platform
import re
import stat
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as version_of
from pathlib import Path

from pinesync import __version__
from pinesync.app.doctor.checkup import (
    CheckResult,
    Unusable,
    check_private,
    note,
    ok,
    some_names,
    wrong,
)
from pinesync.app.doctor.parts import WorkspaceCheck, disk
from pinesync.app.probe import leftovers
from pinesync.app.probe.proofs import proof_of
from pinesync.app.project import DEFAULT_REMOTE, Setup
from pinesync.clock import now, wall
from pinesync.errors import FileError
from pinesync.git import status as git_now
from pinesync.text.filenames import shell_quote
from pinesync.text.plural import pluralize
from pinesync.workspace.files import MANIFEST
from pinesync.workspace.manifest import Settings

NEEDED = (
    "click",
    "filelock",
    "GitPython",
    "platformdirs",
    "requests",
    "tomli-w",
    "tomlkit",
    "urllib3",
    "watchdog",
)
EXTRA = ("keyring", "mcp", "pygls")

_SIGN_IN = re.compile(r"session.*\.json|\.session.*\.tmp")
_TOO_FAR = 24 * 3600.0
"""How many seconds in the future a time may lie before the clock counts as wrong."""


def probes(setup: Setup, settings: Settings | None) -> Iterator[CheckResult]:
    """The results of the account's last probe on this machine, and whether a probe left
    something."""
    remote = settings.remote if settings else DEFAULT_REMOTE
    if leftovers(setup, remote):
        yield wrong("a probe may have left its script there", "run `pinesync probe --clean`")
    proof = proof_of(setup, remote, settings.owner if settings else None)
    if proof is None:
        yield ok("the protocol is not proved on this account; `pinesync probe` does that")
        return
    days = int(max(0.0, wall() - proof.when) // 86400)
    when = f"last proved {pluralize(days, 'day')} ago" if days else "last proved today"
    when = when if proof.finished else f"{when}, not to the end"
    if proof.broken:
        yield wrong(
            f"{when}: {', '.join(proof.broken)} breaks a promise",
            "`push` refuses; report it with `pinesync probe --report FILE`",
        )
    elif proof.differing:
        yield note(
            f"{when}: {', '.join(proof.differing)} not as documented",
            "report it with `pinesync probe --report FILE`",
        )
    else:
        yield ok(f"{when}: {pluralize(len(proof.facts), 'fact')} as documented")


def sign_ins(folder: Path) -> Iterator[CheckResult]:
    """Whether other users can read the stored sign-ins, or add one."""
    with disk(folder):
        names = os.listdir(folder) if folder.is_dir() else []
    names = sorted(name for name in names if _SIGN_IN.fullmatch(name))
    if not names:
        yield ok("no sign-in is stored on this machine")
        return
    with disk(folder):
        troubles = [*check_private(folder)]
        for name in names:
            troubles += _sign_in(folder / name)
    yield from troubles
    if not troubles:
        yield ok(f"{folder}: {pluralize(len(names), 'sign-in')} stored, readable by you alone")


def _sign_in(path: Path) -> Iterator[CheckResult]:
    file_stat = path.lstat()
    if path.suffix == ".tmp":
        yield wrong(
            f"{path}: left by an interrupted `login`; it may contain a cookie",
            f"run `rm {shell_quote(str(path))}`",
        )
    if not stat.S_ISREG(file_stat.st_mode):
        yield wrong(f"{path}: not a plain file", "move it away, then run `pinesync login`")
    elif os.name == "posix" and file_stat.st_uid != os.geteuid():
        yield wrong(f"{path}: belongs to another user", "move it away, then run `pinesync login`")
    elif os.name == "posix" and file_stat.st_mode & 0o077:
        yield wrong(
            f"{path}: other users of this machine can read it",
            (
                f"run `chmod 600 {shell_quote(str(path))}`, and sign "
                "out in the browser if they may have"
            ),
        )


def clock(here: WorkspaceCheck | None) -> Iterator[CheckResult]:
    """Whether any recorded time lies in the future: then a clock is or was wrong."""
    wall = now().wall
    newest, what = max(_moments(here))
    if newest > wall + _TOO_FAR:
        yield wrong(
            f"it is {_moment(wall)}, and {what} is of {_moment(newest)}: a clock is wrong",
            "set the clock; otherwise certificates may seem invalid",
        )
    else:
        yield ok(f"{_moment(wall)}; nothing here is from the future")


def _moments(here: WorkspaceCheck | None) -> Iterator[tuple[float, str]]:
    with disk(Path(__file__)):
        yield Path(__file__).stat().st_mtime, "this pinesync"
    if here is None:
        return
    committed = git_now.head_time(here.root)
    if committed is not None:
        yield committed, "the last commit"
    with suppress(Unusable):
        walls = (record.wall for record in here.records)
        yield from ((wall, "a record of a write") for wall in walls if not math.isnan(wall))


def _moment(seconds: float) -> str:
    try:
        return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M} UTC"
    except (ValueError, OverflowError, OSError):
        return "beyond the calendar"


def git(here: WorkspaceCheck | None) -> Iterator[CheckResult]:
    """The version of git, and whether git tracks pine.toml and the scripts."""
    version = git_now.version()
    status = git_now.git_status(here.root) if here else None
    if here is None:
        yield ok(version)
    elif status is None:
        yield note(
            f"{version}; this workspace is in no repository",
            f"run `git init`, and commit {MANIFEST} together with the scripts",
        )
    else:
        troubles = list(_in_git(here, status))
        yield from troubles
        if not troubles:
            count = pluralize(len(status.tracked - {MANIFEST}), "script")
            eol = "; core.autocrlf is harmless: line endings are ignored"
            yield ok(f"{version}; {MANIFEST} and {count} are in it{eol * _converts(status)}")


def _converts(status: git_now.GitStatus) -> bool:
    return status.autocrlf in ("true", "input")


def _in_git(here: WorkspaceCheck, status: git_now.GitStatus) -> Iterator[CheckResult]:
    if status.unmerged:
        yield wrong(
            f"git left an unfinished merge in {some_names(sorted(status.unmerged))}",
            "resolve it there, then `git add` and commit",
        )
    if MANIFEST in status.ignored:
        yield wrong(
            f"git ignores {MANIFEST}, the only record of what the files are based on",
            f"`git check-ignore -v {MANIFEST}` shows the pattern; remove it, then commit",
        )
    elif MANIFEST not in status.tracked:
        yield note(f"{MANIFEST} is not in git yet", "commit it with the scripts")
    listed = set(here.entries)
    if hidden := sorted(listed & status.ignored):
        yield wrong(
            f"git ignores listed scripts: {some_names(hidden)}",
            f"`git check-ignore -v {shell_quote(hidden[0])}` shows the pattern; remove it",
        )
    untracked = listed - status.ignored - status.tracked - {MANIFEST}
    if MANIFEST in status.tracked and untracked:
        yield note(
            f"not in git yet: {some_names(sorted(untracked))}", f"commit them with {MANIFEST}"
        )


def bugs(folder: Path) -> Iterator[CheckResult]:
    """The logs of crashes of pinesync."""
    with disk(folder):
        logs = sorted(str(path) for path in folder.glob("bug-*.log"))
    if logs:
        yield note(
            f"{pluralize(len(logs), 'log')} of bugs in pinesync: {some_names(logs[::-1])}",
            "check them for private data, report them, then remove them",
        )
    else:
        yield ok("no bug reports")


def versions() -> Mapping[str, str | None]:
    """The versions of all components; None for a missing one."""
    by_component: dict[str, str | None] = {
        "pinesync": __version__,
        "python": platform.python_version(),
        "system": platform.platform(),
    }
    try:
        by_component["git"] = git_now.version()
    except FileError:
        by_component["git"] = None
    by_component |= {name: _version(name) for name in NEEDED}
    return by_component | {name: known for name in EXTRA if (known := _version(name))}


def _version(name: str) -> str | None:
    try:
        return version_of(name)
    except PackageNotFoundError:
        return None


def packages(installed: Mapping[str, str | None]) -> Iterator[CheckResult]:
    """Whether the packages that pinesync needs are installed."""
    if missing := [name for name in NEEDED if installed[name] is None]:
        yield wrong(f"not installed: {some_names(missing)}", "install pinesync again")
    else:
        yield ok("every package that pinesync needs is there")
