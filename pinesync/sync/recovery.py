"""Find which requests landed, from the versions that the service has. Pure.

The service takes no precondition, but its versions are an append-only log, readable by number.
So *presence* of a save can be proved; absence cannot, for a request may land late.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from pinesync import errors
from pinesync.model import Digest, PineId, Version
from pinesync.sync.intents import Save

Log = Mapping[Version, Digest]
"""Digests of the versions from a save's parent on, the parent included."""


_REFUSAL_STATUSES = (400, 401, 403, 404, 409, 413, 420)


class Landing(Enum):
    """Whether a request that ended had an effect."""

    NOT_SENT = "no byte of it left"
    REFUSED = "the service refused the request"
    UNKNOWN = "it may have been stored"


def outcome(error: errors.PinesyncError) -> Landing:
    """The table "after the POST" of an update that ended with this error."""
    # The transport saw no byte leave, so the service has nothing to store.
    if isinstance(error, errors.NetworkError) and not error.sent:
        return Landing.NOT_SENT
    if isinstance(error, errors.NameTaken):
        return Landing.REFUSED
    if isinstance(error, errors.Refused) and error.status in _REFUSAL_STATUSES:
        return Landing.REFUSED
    # The request left, and no response denies it: only the version log can tell.
    return Landing.UNKNOWN


@dataclass(frozen=True, slots=True)
class Landed:
    """A save of ours is version `version`. `shadowed` is the newest version that somebody else
    saved after its parent and before it, or None."""

    version: Version
    shadowed: Version | None


@dataclass(frozen=True, slots=True)
class Found:
    """A save of ours on the service: its script, its version and the version it shadows. `digest`
    is of the stored text, which differs from the intent's if the service rewrote it. `name` is the
    saved name read along with it, or empty."""

    pine_id: PineId
    version: Version
    digest: Digest
    shadowed: Version | None = None
    name: str = ""


def find(
    text: Digest, parent: Version | None, log: Log, ours: Collection[Version] = ()
) -> Landed | None:
    """Find where a save of `text` on top of `parent` landed, or None. It is the *first* version
    after the parent that has the text and is not another save of ours. The newest version proves
    nothing: somebody may have reverted the save since."""
    for version in sorted(log):
        after = parent is None or version > parent
        if after and version not in ours and log[version] == text:
            return Landed(version, shadowed_version(parent, version, log, ours))
    return None


def shadowed_version(
    parent: Version | None, landed: Version, log: Log, ours: Collection[Version] = ()
) -> Version | None:
    """The newest foreign save that ours shadows, or None: a version between `parent` and `landed`
    that is not ours, changed its *predecessor's* text, and differs from the text that landed."""
    # A create has no parent, so nobody could save between the parent and it.
    if parent is None:
        return None
    between = [v for v in sorted(log) if parent < v < landed]
    changed = [
        v
        for v in between
        if v not in ours and log[v] != log[Version(v.major - 1)] and log[v] != log.get(landed)
    ]
    return changed[-1] if changed else None


def unknown_version(parent: Version | None, log: Log, known: Collection[Digest]) -> Version | None:
    """The only version after the parent whose text is not in `known`; None if none or several.

    After a lost response it may be our save, rewritten by the service, or somebody else's."""
    new = [v for v in sorted(log) if (parent is None or v > parent) and log[v] not in known]
    return new[0] if len(new) == 1 else None


def own_versions_of(uploads: Sequence[Save], besides: Save | None = None) -> frozenset[Version]:
    """The versions that our saves created, from the push log of one script, without `besides`."""
    return frozenset(
        u.landed for u in uploads if u.landed and (besides is None or u.key != besides.key)
    )
