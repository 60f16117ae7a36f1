"""Looking: what the three sides are now, and the guards that stand before every decision.

One list answers for any number of scripts; a script whose file was edited while the service moved
on costs a read for each version that is not held yet.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from pinesync.errors import FacadeError, NotAccessible, TryLater
from pinesync.model import (
    Account,
    Digest,
    Entry,
    PineId,
    RelPath,
    SavedText,
    ScriptInfo,
)
from pinesync.sync import guards, recovery
from pinesync.sync.engine.uploads.revert_detection import compare_edited
from pinesync.sync.intents import Save
from pinesync.sync.planner import (
    ScriptState,
    Snapshot,
    Wanted,
    info_of,
    moved_on,
    new_places,
    survey,
    wanted,
)
from pinesync.sync.ports import Ports, Remote
from pinesync.text.filenames import collision_key

PUBLIC_ID = "STD;RSI"
"""A script that everybody can see: what the session probe asks for without one of one's own."""

UNREAD = Digest("")
"""Stands for a text that could not be read: equal to none."""


@dataclass(frozen=True)
class Survey:
    """What was seen. `listed` is as the service listed it in this run, None offline; `troubles`
    are scripts whose versions could not be read, with the reason; `flagged` are entries whose flag
    git took away, with it."""

    situations: tuple[ScriptState, ...]
    listed: Mapping[PineId, ScriptInfo] | None
    account: Account | None = None
    troubles: Mapping[PineId, str] | None = None
    flagged: Mapping[RelPath, Entry] = field(default_factory=dict)


def take_snapshot(
    ports: Ports, only: frozenset[RelPath] | None = None, *, offline: bool = False
) -> Survey:
    """The situations of all scripts, or of `only` these. The files are read while the service is
    asked; offline it counts as it was at the base. NoAccess, LeftForYou where a guard refuses;
    nothing is changed either way."""
    scope = ports.manifest.scope(only)
    entries = ports.manifest.entries()
    listing = None if offline else ports.tools.meanwhile(ports.remote.list_scripts)
    snapshot = Snapshot(
        entries=entries,
        files=ports.tree.local_texts(only),
        listed=None,
        track_all=scope.track_all,
        folders=scope.folders or {},
    )
    if listing is None:
        return Survey(_judged(ports, snapshot, only, offline=True), None)
    listed = {info.pine_id: info for info in listing()}
    troubles: dict[PineId, str] = {}
    tracked = [entry.pine_id for entry in snapshot.entries.values() if entry.pine_id]
    account = prove_session(ports.remote, tracked, listed, scope.account)
    gone, unlisted = _missing(ports, tracked, listed)
    snapshot = replace(snapshot, listed={**listed, **unlisted}, gone=gone)
    flagged = _flagged_again(ports, snapshot, troubles)
    snapshot = replace(snapshot, entries={**snapshot.entries, **flagged})
    if only is None:
        snapshot = _beside(snapshot, ports)
    moved = moved_on(snapshot)
    if moved and ports.manifest.has_history():
        texts = read_digests(ports, moved, troubles)
        recorded = ports.manifest.recorded(texts)
        snapshot = replace(snapshot, texts={**snapshot.texts, **texts}, recorded=recorded)
    while pairs := wanted(snapshot):
        texts = read_digests(ports, pairs, troubles)
        snapshot = replace(snapshot, texts={**snapshot.texts, **texts})
    situations = _judged(ports, snapshot, only)
    return Survey(situations, snapshot.listed, account, troubles, flagged)


def _beside(snapshot: Snapshot, ports: Ports) -> Snapshot:
    """With the places that new scripts cannot have: an ignored file is there, a folder or a link.
    They go beside it, under the names that scripts get whose names are taken."""
    while found := {
        collision_key(path) for path in new_places(snapshot) if ports.tree.is_occupied(path)
    }:
        snapshot = replace(snapshot, occupied=snapshot.occupied | found)
    return snapshot


def _judged(
    ports: Ports, snapshot: Snapshot, only: frozenset[RelPath] | None, *, offline: bool = False
) -> tuple[ScriptState, ...]:
    found = _asked(snapshot, only)
    compared = compare_edited(found, ports, offline=offline)
    return _asked(replace(snapshot, compared=compared), only) if compared else found


def _flagged_again(
    ports: Ports, snapshot: Snapshot, troubles: dict[PineId, str]
) -> dict[RelPath, Entry]:
    """The entries that a save of this machine is newer than, where it hides somebody else's save
    and nobody resolved that: git put an older pine.toml back, and the flag went with the newer."""
    own: dict[PineId, list[Save]] = {}
    for intent in ports.log.intents():
        if isinstance(intent, Save) and intent.pine_id and intent.landed:
            own.setdefault(intent.pine_id, []).append(intent)
    flagged: dict[RelPath, Entry] = {}
    for entry in snapshot.entries.values():
        info, base = info_of(entry, snapshot), entry.base
        if entry.shadowed or base is None or info is None:
            continue
        saves = own.get(info.pine_id, [])
        for save in saves:
            landed, parent = save.landed, save.parent
            if save.state != "landed" or landed is None or parent is None or save.seen == landed:
                continue
            if base.version < landed <= info.version:
                pairs = [(info.pine_id, v) for v in (parent, *parent.until(landed))]
                texts = read_digests(ports, pairs, troubles)
                if UNREAD in texts.values():
                    raise TryLater(f"{entry.path}: {troubles[info.pine_id]}", "try again later")
                log = {version: text for (_, version), text in texts.items()}
                shadowed = recovery.shadowed_version(parent, landed, log, recovery.ours_of(saves))
                if shadowed and shadowed > base.version:
                    flagged[entry.path] = replace(entry, shadowed=shadowed)
    return flagged


def _asked(snapshot: Snapshot, only: frozenset[RelPath] | None) -> tuple[ScriptState, ...]:
    found = survey(snapshot)
    return found if only is None else tuple(s for s in found if s.path in only)


def prove_session(
    remote: Remote,
    tracked: Sequence[PineId],
    listed: Mapping[PineId, ScriptInfo],
    expected: Account | None,
) -> Account | None:
    """Whose session it is, where that had to be asked; None where the list itself proves it.
    SessionExpired without a session, OtherAccount for another one than expected."""
    if guards.proves_session(tracked, listed):
        return None
    own = next(iter(listed), None) or next(iter(tracked), None)
    account = ask_session(remote, own)
    if account:
        guards.refuse_other_account(expected, account)
    return account


def ask_session(remote: Remote, own: PineId | None) -> Account | None:
    """Whose session it is; None where it is alive and that cannot be told, without a script of
    one's own to ask with. SessionExpired where it is dead."""
    if own:
        try:
            return remote.whoami(own)
        except NotAccessible:
            pass  # that script is gone; whether the session is alive is another question
    remote.whoami(PUBLIC_ID)
    return None


def read_digests(
    ports: Ports, pairs: Sequence[Wanted], troubles: dict[PineId, str]
) -> dict[Wanted, Digest]:
    """The digests of saved versions, from what is held or else from the service. A version that
    the service will not give counts as UNREAD and leaves a word in `troubles`."""

    def read(pair: Wanted) -> Digest:
        held = ports.texts.recall(*pair)
        if held is not None:
            return held
        try:
            saved = ports.remote.get(*pair)
        except FacadeError as error:
            troubles[pair[0]] = error.message
            return UNREAD
        ports.texts.remember(saved)
        return saved.digest

    return dict(zip(pairs, ports.tools.each(read, pairs), strict=True))


def _missing(
    ports: Ports,
    tracked: Sequence[PineId],
    listed: Mapping[PineId, ScriptInfo],
) -> tuple[frozenset[PineId], dict[PineId, ScriptInfo]]:
    """The tracked ids that are proven gone, and those that the list lacks though they are there."""
    missing = sorted(guards.vanished(tracked, listed))
    if not missing:
        return frozenset(), {}
    found = ports.tools.each(lambda pine_id: newest_or_none(ports.remote, pine_id), missing)
    newest = dict(zip(missing, found, strict=True))
    there = {pine_id: _as_listed(saved) for pine_id, saved in newest.items() if saved}
    if guards.is_mass_absence(tracked, listed):
        if there:
            guards.refuse_doubtful_list(len(missing), len(set(tracked)))
        guards.refuse_mass_absence(len(missing), len(set(tracked)))
    return frozenset(missing) - frozenset(there), there


def newest_or_none(remote: Remote, pine_id: PineId) -> SavedText | None:
    """The newest version; None where the service refused it twice."""
    for _ in range(2):
        try:
            return remote.get(pine_id)
        except NotAccessible:
            continue
    return None


def _as_listed(saved: SavedText) -> ScriptInfo:
    return ScriptInfo(
        saved.pine_id, saved.name, saved.last_version, saved.title, saved.updated, saved.kind
    )
