"""The checks of `doctor` in a workspace: its files, its pine.toml, and its state on this machine.
Each check yields its findings and changes nothing."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import suppress
from fnmatch import fnmatchcase
from pathlib import Path

from pinesync.app.doctor.checkup import (
    CheckResult,
    Unusable,
    check_private,
    from_error,
    note,
    ok,
    some_names,
    wrong,
)
from pinesync.app.doctor.parts import WorkspaceCheck, disk
from pinesync.clock import now
from pinesync.model import Digest, RelPath
from pinesync.sync.intents import Delete, Download, Intent, Move, Rename, age
from pinesync.text.filenames import SUFFIX, shell_quote
from pinesync.text.plural import pluralize
from pinesync.workspace.files import MANIFEST, Tree
from pinesync.workspace.state import State

_KINDS = ("objects", "saved", "commits", "records", "replaced", "tmp")
_OTHERS_WRITE = 0o002
_SENT = {Rename: "rename", Delete: "deletion"}


def manifest(here: WorkspaceCheck) -> Iterator[CheckResult]:
    """Whether pine.toml is usable, and whether its files exist."""
    settings, entries = here.manifest.settings, here.manifest.entries
    account = settings.owner
    owner = f"account {account.name}" if account else "no account yet"
    scripts = pluralize(len(entries), "script")
    yield ok(f"{MANIFEST}: {scripts} of {settings.remote}, {owner}, schema {settings.schema}")
    with suppress(Unusable):  # `permissions` says why
        if missing := sorted(path for path in entries if path not in here.files):
            yield note(
                f"listed, but the file is missing: {some_names(missing)}",
                (
                    f"`pinesync restore {shell_quote(missing[0])}` brings "
                    "one back, `pinesync rm` forgets it"
                ),
            )


def lock(here: WorkspaceCheck) -> Iterator[CheckResult]:
    """Whether another process is writing in the workspace."""
    if here.project.workspace.log.is_locked():
        yield wrong(
            "another pinesync process is writing to this workspace",
            "wait for it; if it hangs, end that process to release the lock",
        )
    else:
        yield ok("no other process is writing")


def state(here: WorkspaceCheck) -> Iterator[CheckResult]:
    """Who can enter the state directory, and whether its contents are intact."""
    local_state = here.project.workspace.state
    if not local_state.folder.is_dir():
        yield ok(f"{local_state.folder}: nothing is kept yet")
        return
    try:
        here.records  # noqa: B018 - raises if unreadable
    except Unusable as error:
        yield from_error(error)
    with disk(local_state.folder):
        yield from check_private(local_state.folder)
        if links := [kind for kind in _KINDS if (local_state.folder / kind).is_symlink()]:
            yield wrong(
                f"{local_state.folder}: pinesync made no link there: {some_names(links)}",
                "find out who did, then move them away",
            )
            return  # do not follow a link
        yield from _stored_texts(local_state)
    local_state.backups.of(RelPath(""))  # reads all backups; raises if one is damaged


def _stored_texts(state: State) -> Iterator[CheckResult]:
    """Whether the name of each stored text is the digest of its content."""
    texts = sorted((state.folder / "objects").glob("*/*"))
    damaged = [path for path in texts if not _is_whole(state, path)]
    if damaged:
        names = [path.relative_to(state.folder).as_posix() for path in damaged]
        yield wrong(
            f"{state.folder}: {len(damaged)} of {pluralize(len(texts), 'kept text')} damaged: "
            f"{some_names(names)}",
            "they are never used; check the disk, then remove them",
        )
    size = sum(path.lstat().st_size for path in texts)
    yield ok(f"{state.folder}: {pluralize(len(texts), 'kept text')}, {-(-size // 1024)} KB")


def _is_whole(state: State, path: Path) -> bool:
    plain = stat.S_ISREG(path.lstat().st_mode)
    return (
        plain and state.texts.text_of(Digest(f"sha256:{path.parent.name}{path.name}")) is not None
    )


def writes(here: WorkspaceCheck) -> Iterator[CheckResult]:
    """Open intents, and saves that were abandoned."""
    open_ones = [record for record in here.records if record.is_open]
    yield from map(_open_intent, open_ones)
    given_up = sum(record.state == "abandoned" for record in here.records)
    also = f"; {pluralize(given_up, 'save')} given up, and recognised if late" if given_up else ""
    if not open_ones:
        yield ok(f"no interrupted operations{also}")


def _open_intent(record: Intent) -> CheckResult:
    """An open intent, and what happens to it next. The clocks give only a lower bound of its
    age."""
    since = f"at least {_duration(age(record, now()))} ago"
    if isinstance(record, Download):
        return wrong(
            f"{record.path}: a pull was interrupted ({since})",
            "run `pinesync pull`: it finishes that first, or takes it back",
        )
    if isinstance(record, Move):
        return wrong(
            f"{record.path}: a move from {record.origin} was interrupted ({since})",
            "run `pinesync pull`: it finishes that first",
        )
    what = _SENT.get(type(record), "save")
    if record.state == "prepared":
        return note(
            f"{record.path}: a {what} was prepared {since} but never sent",
            "nothing to do: the next push or pull drops it",
        )
    return wrong(
        f"{record.path}: a {what} was sent {since}, and its outcome is unknown",
        f"run `pinesync push`: it looks for that {what} before it sends another",
    )


def conflicts(here: WorkspaceCheck) -> Iterator[CheckResult]:
    """Unresolved conflicts: flags in pine.toml, conflict markers in files."""
    flagged = [entry for entry in here.entries.values() if entry.shadowed]
    for entry in flagged:
        yield wrong(
            f"{entry.path}: your save hides {entry.shadowed}, which somebody else saved",
            f"run `pinesync resolve {shell_quote(entry.path)}` with --ours, --theirs or --merged",
        )
    marked = []
    with suppress(Unusable):  # `permissions` says why
        marked = [path for path, file in here.files.items() if file.marked and here.lists(path)]
    for path in marked:
        yield wrong(
            f"{path}: the file contains conflict markers",
            "remove them in your editor, or choose a side: "
            f"`pinesync resolve {shell_quote(path)}` with --ours or --theirs",
        )
    if not flagged and not marked:
        yield ok("no flag, and no conflict markers")


def permissions(here: WorkspaceCheck) -> Iterator[CheckResult]:
    """Whether the workspace is writable and its files are readable, and which files are skipped."""
    folders = sorted({(here.root / path).parent for path in here.files} | {here.root})
    if shut := [str(f) for f in folders if f.is_dir() and not os.access(f, os.W_OK | os.X_OK)]:
        yield wrong(f"cannot be written: {some_names(shut)}", "make it writable for you")
    ignored: Sequence[str] = ()
    with suppress(Unusable):
        ignored = here.manifest.settings.ignore
    unusable = False
    for path, file in here.files.items():
        listed = path in here.entries
        if file.problem and (listed or not any(fnmatchcase(path, p) for p in ignored)):
            unusable |= listed
            say = wrong if listed else note
            yield say(f"{path}: {file.problem}", file.hint)
    with disk(here.root):
        if skipped := [path for path in sorted(_links(here.root)) if path not in here.files]:
            hint = "replace them with real files if pinesync should see them"
            yield note(f"links, which are not followed: {some_names(skipped)}", hint)
        if anyones := [
            path for path in (MANIFEST, *here.files) if _is_world_writable(here.root / path)
        ]:
            yield note(
                f"every user of this machine can write them: {some_names(anyones)}",
                "run `chmod o-w` on them, unless the file system has no such modes",
            )
    if not shut and not unusable:
        yield ok(f"{here.root}: can be written, and {pluralize(len(here.files), 'file')} looked at")


def leftovers(here: WorkspaceCheck) -> Iterator[CheckResult]:
    """Leftovers of killed processes, in the workspace and in the state directory."""
    left = Tree(here.root).leftovers()
    with suppress(Unusable):
        folder = here.project.workspace.state.folder / "tmp"
        with disk(folder):
            left += [str(path) for path in sorted(folder.iterdir())] if folder.is_dir() else []
    if left:
        yield note(
            f"temporary files of an interrupted run: {some_names(left)}",
            "nothing to do: the next pull or push clears them",
        )
    else:
        yield ok("no temporary files")


def _links(root: Path) -> Iterator[str]:
    """Links to directories, or named like a script, in places where scripts may be."""
    for folder, below, files in os.walk(root):
        below[:] = [name for name in below if not name.startswith(".") and name != "node_modules"]
        for name in (*below, *files):
            path = Path(folder, name)
            if path.is_symlink() and (name.endswith(SUFFIX) or name in below):
                yield path.relative_to(root).as_posix()


def _is_world_writable(path: Path) -> bool:
    mode = path.lstat().st_mode
    return os.name == "posix" and stat.S_ISREG(mode) and bool(mode & _OTHERS_WRITE)


def _duration(seconds: float) -> str:
    for size, noun in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= size:
            return pluralize(int(seconds // size), noun)
    return pluralize(int(seconds), "second")
