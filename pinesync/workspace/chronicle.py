"""The branch that holds one commit for each saved version: what is on it, and what comes after.

Nothing on it is ever rewritten. What it holds is read from itself, from the trailers of its commits
and the pine.toml of its last one, so that any machine goes on where another one stopped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from pinesync.errors import FileError, LeftForYou, ManifestError
from pinesync.model import Digest, Entry, PineId, RelPath, Version
from pinesync.sync.commit_plan import ID_TRAILER, VERSION_TRAILER, Commit
from pinesync.text import dress
from pinesync.workspace import stream
from pinesync.workspace.files import MANIFEST
from pinesync.workspace.growing import Growing
from pinesync.workspace.manifest import Settings, parse
from pinesync.workspace.repository import HISTORY, Repository

NAME = HISTORY.removeprefix("refs/heads/")
_TRAILERS = "%x1f".join(
    f"%(trailers:key={key},valueonly,separator=%x2C)" for key in (ID_TRAILER, VERSION_TRAILER)
)


@dataclass(frozen=True, slots=True)
class Chronicle:
    """The branch as it is: its last commit, the newest version of each script on it, and what
    the pine.toml of the last commit lists. `tip` is None where there is no such branch yet."""

    tip: str | None = None
    done: Mapping[PineId, Version] = field(default_factory=dict)
    entries: Mapping[RelPath, Entry] = field(default_factory=dict)


def read_chronicle(repository: Repository) -> Chronicle:
    """What is on the branch. LeftForYou where it is not as pinesync made it, or is cut off."""
    tip = repository.commit_of(HISTORY)
    if tip is None:
        return Chronicle()
    done = _done(repository.log(tip, "%P%x1f" + _TRAILERS))
    held = repository.blobs(tip, [MANIFEST]).get(MANIFEST)
    try:
        entries = parse(((held and held.data) or b"").decode("utf-8")).entries
    except (ManifestError, UnicodeDecodeError):
        raise _not_ours(repository) from None
    recorded = {e.pine_id: e.base.version for e in entries.values() if e.pine_id and e.base}
    if done is None or any(done.get(i) != version for i, version in recorded.items()):
        raise _not_ours(repository)
    return Chronicle(tip, done, entries)


def _done(rows: Sequence[str]) -> dict[PineId, Version] | None:
    """From the newest commit to the first; None where a commit or a version is missing or is not
    ours. A cut-off history begins with a later version than the first."""
    done: dict[PineId, Version] = {}
    following: dict[PineId, Version] = {}
    for number, row in enumerate(rows, 1):
        parents, _, told = row.partition("\x1f")
        raw_id, _, raw_version = told.partition("\x1f")
        try:
            pine_id, version = PineId(raw_id), Version.parse(raw_version)
        except ValueError:
            return None
        after = following.get(pine_id)
        in_order = after is None or version.next() == after
        if not in_order or len(parents.split()) != (number < len(rows)):
            return None
        done.setdefault(pine_id, version)
        following[pine_id] = version
    return done if all(version.major == 1 for version in following.values()) else None


def _not_ours(repository: Repository) -> LeftForYou:
    if repository.is_shallow():
        return LeftForYou(
            f"the history of {NAME} is cut off here: this is a shallow clone",
            "`git fetch --unshallow` brings the rest; then run the command again",
        )
    return LeftForYou(
        f"the branch {NAME} has commits that no import made",
        f"keep it under another name with `git branch -m {NAME} NAME`, then run the command again",
    )


def write_chronicle(
    repository: Repository,
    before: Chronicle,
    commits: Sequence[Commit],
    settings: Settings,
    account: str,
    text_of: Callable[[Digest], str | None],
) -> str:
    """The branch grows by these commits, all or none; its last commit. FileError where a text is
    not held any more, or git fails."""
    chunks = _stream(repository, before, commits, settings, stream.Author(account), text_of)
    repository.import_stream(chunks)
    tip = repository.commit_of(HISTORY)
    assert tip
    return tip


def _stream(
    repository: Repository,
    before: Chronicle,
    commits: Sequence[Commit],
    settings: Settings,
    author: stream.Author,
    text_of: Callable[[Digest], str | None],
) -> Iterator[bytes]:
    marks: dict[Digest, int] = {}
    # All texts come first, script by script: git packs a text as its difference to the last one.
    for info in sorted((c.info for c in commits), key=lambda i: (i.pine_id, i.version)):
        if info.digest in marks:
            continue
        text = text_of(info.digest)
        if text is None:
            raise FileError(f"{info.name} {info.version}: its text is not held", "run it again")
        marks[info.digest] = len(marks) + 1
        yield stream.blob(marks[info.digest], dress(text, None))
    old = [path for one in commits for path in one.moved]
    blobs = repository.blobs(before.tip, old) if before.tip and old else {}
    growing = Growing(settings, before.entries)
    prefix, parent = repository.prefix, before.tip
    for one in commits:
        parts = [stream.commit(HISTORY, author, one.info.when, one.message, parent)]
        parent = None
        for path in (*one.dropped, *one.moved):
            growing.drop(path)
            parts.append(stream.removed(prefix, path))
        for path, entry in one.moved.items():
            growing.set(entry)
            parts.append(stream.file(prefix, entry.path, blobs[path].oid))
        growing.set(one.entry)
        parts.append(stream.file(prefix, one.entry.path, f":{marks[one.info.digest]}"))
        parts.append(stream.manifest(prefix, growing.text()))
        yield b"".join(parts)
    parse(growing.text())
    yield stream.END
