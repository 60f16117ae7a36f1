"""Match local files with saved scripts, and find the version that a file derives from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from pinesync.model import Base, Digest, PineId, RelPath, ScriptInfo, Version
from pinesync.sync.engine.lifecycle import own_versions
from pinesync.sync.engine.version_texts import read_text
from pinesync.sync.planner import MAX_VERSIONS
from pinesync.sync.ports import Ports
from pinesync.text import pine_syntax
from pinesync.text.canonical import decode, digest, lines
from pinesync.text.filenames import SUFFIX, unescape_name

By = Literal["text", "name", "title"]
MATCH_ORDER: tuple[By, ...] = ("text", "name", "title")


@dataclass(frozen=True, slots=True)
class Match:
    """A file and its matching script."""

    path: RelPath
    info: ScriptInfo
    by: By


@dataclass(frozen=True, slots=True)
class LocalFile:
    """A file without an entry: its text, its digest, its own name, and the title in its
    declaration."""

    path: RelPath
    text: str
    digest: Digest
    stem: str
    title: str


def read_local_file(path: RelPath, data: bytes) -> LocalFile:
    text = decode(data)
    declared = pine_syntax.declaration(text)
    stem = path.rsplit("/", 1)[-1].removesuffix(SUFFIX)
    return LocalFile(path, text, digest(text), stem, declared.title if declared else "")


def match(
    files: Sequence[LocalFile],
    listed: Sequence[ScriptInfo],
    digests: Mapping[PineId, Digest],
) -> tuple[Match, ...]:
    """Match each file with at most one script: first by equal text, then by saved name, then by
    title. Ambiguous matches are dropped."""
    unique: list[Match] = []
    for by in MATCH_ORDER:
        files = [f for f in files if f.path not in {m.path for m in unique}]
        free = [i for i in listed if i.pine_id not in {m.info.pine_id for m in unique}]
        for file in files:
            matches = [info for info in free if _is_match(by, file, info, digests)]
            rivals = [f for f in files if matches and _is_match(by, f, matches[0], digests)]
            if len(matches) == 1 and len(rivals) == 1:
                unique.append(Match(file.path, matches[0], _match_kind(by, file, matches[0])))
    return tuple(sorted(unique, key=lambda m: m.path))


def _match_kind(by: By, file: LocalFile, info: ScriptInfo) -> By:
    """How the match was found: the saved name may equal the file's name, or the title in it."""
    by_title = by == "name" and unescape_name(info.name).casefold() != file.stem.casefold()
    return "title" if by_title else by


def candidates(
    file: LocalFile,
    listed: Sequence[ScriptInfo],
    digests: Mapping[PineId, Digest],
    matches: Sequence[Match],
) -> tuple[PineId, ...]:
    """The scripts that an ambiguous file may belong to."""
    taken = {m.info.pine_id for m in matches}
    free = [info for info in listed if info.pine_id not in taken]
    for by in MATCH_ORDER:
        if fits := tuple(i.pine_id for i in free if _is_match(by, file, i, digests)):
            return fits
    return ()


def _is_match(by: str, file: LocalFile, info: ScriptInfo, digests: Mapping[PineId, Digest]) -> bool:
    if by == "text":
        return digests.get(info.pine_id) == file.digest
    if by == "name":
        name = unescape_name(info.name).casefold()
        return name in (file.stem.casefold(), file.title.casefold())
    return bool(file.title) and info.title.casefold() == file.title.casefold()


def find_base(ports: Ports, info: ScriptInfo, text_here: str) -> Base | None:
    """The base of a linked file: the newest version with the same text, else the nearest version
    whose lines the file has all. None if there is no such version; a pull then merges without a
    base. A base that the file does not derive from would revert what others saved."""
    ours = own_versions(ports.log, info.pine_id)
    nearest: tuple[int, Base] | None = None
    for version in reversed(list(Version(0).until(info.version))[-MAX_VERSIONS:]):
        text = read_text(ports, (info.pine_id, version))
        base = Base.linked(version, digest(text), ours)
        if text == text_here:
            return base
        size = len(lines(text)) if _has_lines_of(text_here, text) else 0
        if size > (nearest[0] if nearest else 0):
            nearest = size, base
    return nearest[1] if nearest else None


def _has_lines_of(file_text: str, text: str) -> bool:
    """Whether the file has every line of the text, in the same order."""
    rest = iter(lines(file_text))
    return all(line in rest for line in lines(text))
