"""All saved versions of scripts. Each text is read once and then cached."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace

from pinesync.errors import FacadeError, NotAccessible, PinesyncError
from pinesync.model import PineId, Version, VersionInfo
from pinesync.sync.engine.snapshot import ask_session
from pinesync.sync.planner import VersionKey
from pinesync.sync.ports import Ports, Remote, TextStore

_FIRST = Version(1)


def read_histories(
    ports: Ports,
    newest: Mapping[PineId, Version],
    troubles: dict[PineId, FacadeError] | None = None,
    since: Mapping[PineId, Version] | None = None,
) -> dict[PineId, tuple[VersionInfo, ...]]:
    """Every version of these scripts up to `newest`, in order, with the texts cached. A script in
    `since` has only its later versions. A cached history costs no request. Another one costs a read
    for each missing version, and one for the times. Times never go back from one version to the
    next. With `troubles`, a script with an unreadable version is left out, and `troubles` gets the
    error; otherwise the error is raised."""
    since = since or {}
    missing = {
        pine_id: lost
        for pine_id, last in newest.items()
        if (lost := missing_versions(ports.texts, pine_id, last, since.get(pine_id)))
    }
    ids = list(missing)
    parallel = ports.tools.parallel
    times = dict(zip(ids, parallel(lambda i: _times(ports.remote, i, newest[i]), ids), strict=True))

    def read(pair: VersionKey) -> None:
        if troubles and pair[0] in troubles:
            return
        try:
            ports.texts.remember(ports.remote.get(*pair))
        except FacadeError as error:
            if troubles is None:
                raise
            if isinstance(error, NotAccessible):
                ask_session(ports.remote, pair[0])
            troubles[pair[0]] = error

    parallel(read, [(pine_id, version) for pine_id in ids for version in missing[pine_id]])
    for pine_id, moments in times.items():
        _note_times(ports.texts, pine_id, moments)
    read_whole = newest.keys() - (troubles or {}).keys()
    return {i: stored_history(ports.texts, i, newest[i], since.get(i)) for i in read_whole}


def missing_versions(
    texts: TextStore, pine_id: PineId, last: Version, since: Version | None = None
) -> list[Version]:
    """The versions after `since`, up to `last`, that are not cached completely."""
    return [version for version in _up_to(last, since) if not _is_stored(texts, pine_id, version)]


def stored_history(
    texts: TextStore, pine_id: PineId, last: Version, since: Version | None = None
) -> tuple[VersionInfo, ...]:
    """The cached versions after `since`, up to `last`, in order. A time before that of the version
    before is raised to it."""
    infos: list[VersionInfo] = []
    for version in _up_to(last, since):
        info = texts.recall_info(pine_id, version)
        if info is not None:
            latest = infos[-1].when if infos else 0
            infos.append(replace(info, when=max(info.when, latest)))
    return tuple(infos)


def _up_to(last: Version, since: Version | None = None) -> Sequence[Version]:
    return since.until(last) if since else [_FIRST, *_FIRST.until(last)]


def _is_stored(texts: TextStore, pine_id: PineId, version: Version) -> bool:
    text_digest = texts.recall(pine_id, version)
    return text_digest is not None and texts.text_of(text_digest) is not None


def _times(remote: Remote, pine_id: PineId, last: Version) -> Mapping[Version, int]:
    """The save time of each version; empty if the service lists other versions."""
    times: Mapping[Version, int] = {}
    # If this path fails for any reason: each version also has its own time.
    with suppress(PinesyncError):
        times = remote.versions(pine_id)
    return times if set(_up_to(last)) <= times.keys() else {}


def _note_times(texts: TextStore, pine_id: PineId, times: Mapping[Version, int]) -> None:
    for version, when in times.items():
        info = texts.recall_info(pine_id, version)
        if info is not None and when and info.when != when:
            texts.note_info(replace(info, when=when))
