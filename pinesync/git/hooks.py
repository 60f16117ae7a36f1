"""pinesync's lines in git's hooks. The rest of a hook is preserved byte for byte."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pinesync.atomic import Folder, create_file, temporary_name, write_temp
from pinesync.errors import ActionRequired
from pinesync.git.repo import Repository
from pinesync.git.run import check_output
from pinesync.sync.ports import ChangedMeanwhile
from pinesync.workspace.files.exchange import exchange_files, file_error, mode_of, read
from pinesync.workspace.files.tree import Tree

HOOKS = ("pre-commit", "pre-push")

_MODE = 0o755
_SHELL = b"#!/bin/sh\n"
_OWN = b"# All of this file is pinesync's.\n"
_BEGIN = b"# >>> pinesync >>>\n"
_END = b"# <<< pinesync <<<\n"
_BLOCK = re.compile(b"^" + re.escape(_BEGIN) + b".*?^" + re.escape(_END), re.DOTALL | re.MULTILINE)
_IS_SHELL = re.compile(rb"#! ?/\S*?(?:\benv (?:-S )?|/)(?:ba|da)?sh(?: [^\r\n]*)?\n")
_TEMPORARY = re.compile(r"\.pinesync-[0-9a-f]{16}(?:-old)?\.tmp")
_TELLS = {
    "pre-commit": "Checks the staged .pine files.",
    "pre-push": "Looks whether scripts diverged.",
}


class NotAShellScript(Exception):
    """The hook cannot take our lines. The message says why."""


def block(name: str, python: str) -> bytes:
    """The lines for a hook: run pinesync from PATH, or else from this interpreter."""
    # Git runs a hook at the top of its repository. Without -P, a module there could replace one of
    # ours. So could a program there, if a PATH entry is relative or empty.
    run = f"hooks run {name} || exit $?"
    text = f"""\
# {_TELLS[name]} `pinesync hooks remove` removes these lines.
case $(command -v pinesync 2>/dev/null) in
/* | [A-Za-z]:*)
    pinesync {run} ;;
*)
    if [ -x {shlex.quote(python)} ]; then
        {shlex.quote(python)} -P -m pinesync {run}
    else
        echo 'pinesync is not found, so that its part of this hook was left out' >&2
    fi ;;
esac
"""
    return _BEGIN + text.encode("utf-8", "surrogateescape") + _END


def with_block(data: bytes | None, lines: bytes) -> bytes:
    """The hook with these lines, replacing any earlier lines of ours. Unsuited if it is not a shell
    script."""
    if data is None:
        return _SHELL + lines.replace(_BEGIN, _BEGIN + _OWN)
    block_match = _BLOCK.search(data)
    if block_match:
        new_block = lines.replace(_BEGIN, _BEGIN + _OWN) if _OWN in block_match[0] else lines
        return data[: block_match.start()] + new_block + data[block_match.end() :]
    if _BEGIN in data or _END in data:
        raise NotAShellScript("one of the two marker lines around pinesync's part is missing")
    shell = _IS_SHELL.match(data)
    if not shell:
        raise NotAShellScript("it is not an sh or bash script")
    # Put our lines first: an early exit would skip them, and the last line sets a hook's exit
    # status.
    return shell[0] + lines + data[shell.end() :]


def without_block(data: bytes) -> bytes | None:
    """The hook without our lines; None if it had no others."""
    block_match = _BLOCK.search(data)
    if not block_match:
        return data
    rest = data[: block_match.start()] + data[block_match.end() :]
    return None if _OWN in block_match[0] and rest == _SHELL else rest


def has_block(data: bytes | None) -> bool:
    return data is not None and bool(_BLOCK.search(data))


# -- files ----------------------------------------------------------------------------------------


def hooks_folder(repository: Repository) -> Path:
    """The folder of the repository's hooks, in its git directory or its work tree. Raises
    ActionRequired if `core.hooksPath` names one that other repositories share."""
    top = repository.top()
    # `repository` turns hooks off, so do not ask it. git prints paths relative to the top level.
    hooks, home = (
        top / os.fsdecode(check_output(top, "rev-parse", *words).removesuffix(b"\n"))
        for words in (("--git-path", "hooks"), ("--git-common-dir",))
    )
    real = os.path.realpath(hooks)
    if not any(Path(real).is_relative_to(os.path.realpath(place)) for place in (top, home)):
        raise ActionRequired(
            f"core.hooksPath is {hooks}, outside of this repository, and others may use it",
            "add `pinesync hooks run pre-commit` and `pinesync hooks run pre-push` there yourself",
        )
    return hooks


def read_hook(folder: Path, name: str) -> tuple[bytes, bool] | None:
    """The hook, and whether git runs it; None if there is none. Raises FileError for a link."""
    if not folder.is_dir():
        return None
    with _opened(folder, name) as hooks:
        try:
            return read(hooks, name), bool(mode_of(hooks, name) & 0o100)
        except FileNotFoundError:
            return None


def write_hook(folder: Path, name: str, data: bytes | None, expected: bytes | None) -> None:
    """Replace the hook atomically and keep its mode; None deletes it. Raises ChangedMeanwhile if
    its content is no longer `expected`."""
    temp = temporary_name()
    with _opened(folder, name, alone=True) as hooks:
        if expected is None:
            assert data is not None
            if not create_file(hooks, name, data, _MODE):
                raise ChangedMeanwhile
        elif data is None:
            hooks.replace(name, temp)
            if read(hooks, temp) != expected:
                hooks.replace(temp, name)
                raise ChangedMeanwhile
            hooks.unlink(temp)
        else:
            write_temp(hooks, temp, data, mode_of(hooks, name))
            exchange_files(hooks, temp, name)
            same = read(hooks, temp) == expected
            if not same:
                exchange_files(hooks, temp, name)
            hooks.unlink(temp)
            if not same:
                raise ChangedMeanwhile
        hooks.sync()


def clear_leftovers(folder: Path) -> None:
    """Remove temporary files of killed runs. Keep a file if it has lines that are in no hook: it
    may be the last copy of somebody's work."""
    if not folder.is_dir():
        return
    with _opened(folder, "", alone=True) as hooks:
        for name in hooks.names():
            if _TEMPORARY.fullmatch(name) and _is_known(hooks, name):
                hooks.unlink(name)


def _is_known(hooks: Folder, temp: str) -> bool:
    """Whether all its lines are also in a hook or are ours, even if the file is cut off."""
    try:
        rest = without_block(read(hooks, temp))
    except OSError:
        return False
    if rest is None:
        return True
    rest = rest.partition(_BEGIN)[0]
    return any(form.startswith(rest) for name in HOOKS for form in _known_versions(hooks, name))


def _known_versions(hooks: Folder, name: str) -> Iterator[bytes]:
    """The contents that an interrupted run may have been writing: the hook with our lines, or
    without them."""
    try:
        data = read(hooks, name)
    except OSError:
        data = _SHELL
    shell = _IS_SHELL.match(data)
    yield from (data, without_block(data) or b"", (shell[0] if shell else b"") + _BEGIN)


@contextmanager
def _opened(folder: Path, name: str, *, alone: bool = False) -> Iterator[Folder]:
    """The opened folder. With `alone`, hold its lock so that nobody else writes there."""
    try:
        with Tree(folder.parent).opened(folder.name) as hooks:
            if alone:
                hooks.lock()
            yield hooks
    except OSError as error:
        raise file_error(str(folder / name), error) from error
