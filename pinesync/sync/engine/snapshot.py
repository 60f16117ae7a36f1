"""Take the snapshot: what base, ours and theirs are now, and the guards before every decision.

One list request covers any number of scripts. A script that changed on both sides also costs one
read for each version whose text is not cached.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

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
from pinesync.sync import guards
from pinesync.sync.engine.uploads.revert_detection import compare_edited
from pinesync.sync.planner import (
    ScriptState,
    Snapshot,
    VersionKey,
    info_of,
    new_paths,
    newer_versions,
    survey,
    versions_needed,
)
from pinesync.sync.ports import Ports, Remote
from pinesync.text.filenames import collision_key

if TYPE_CHECKING:
    from pinesync.sync.intents import Save

PUBLIC_ID = "STD;RSI"
"""A script that everybody can see. The session probe asks for it if the user has no script."""

UNREAD = Digest("")
"""The digest of a text that could not be read. It equals no other digest."""


@dataclass(frozen=True)
class Survey:
    """The observed state of the workspace and the service. `listed` is what the service listed in
    this run, None offline. `troubles` maps each script with an unreadable version to the reason.
    `flagged` holds the entries that lost their `shadowed` flag in git, with the flag set again."""

    states: tuple[ScriptState, ...]
    listed: Mapping[PineId, ScriptInfo] | None
    account: Account | None = None
    troubles: Mapping[PineId, str] | None = None
    flagged: Mapping[RelPath, Entry] = field(default_factory=dict)


def take_snapshot(
    ports: Ports, only: frozenset[RelPath] | None = None, *, offline: bool = False
) -> Survey:
    """The states of all scripts, or of `only` these. Reads the files while the list request runs.
    Offline, theirs counts as unchanged since the base. Raises NoAccess or ActionRequired if a guard
    refuses. Changes nothing."""
    scope = ports.manifest.scope(only)
    entries = ports.manifest.entries()
    listing = None if offline else ports.tools.submit(ports.remote.list_scripts)
    snapshot = Snapshot(
        entries=entries,
        files=ports.tree.local_texts(only),
        listed=None,
        track_all=scope.track_all,
        folders=scope.folders or {},
    )
    # Offline nothing is known of theirs, so no guard applies and nothing counts as deleted.
    if listing is None:
        return Survey(_compare_states(ports, snapshot, only, offline=True), None)
    listed = {info.pine_id: info for info in listing()}
    troubles: dict[PineId, str] = {}
    tracked = [entry.pine_id for entry in snapshot.entries.values() if entry.pine_id]
    account = prove_session(ports.remote, tracked, listed, scope.account)
    gone, unlisted = _find_missing(ports, tracked, listed)
    snapshot = replace(snapshot, listed={**listed, **unlisted}, gone=gone)
    flagged = _restore_flags(ports, snapshot, troubles)
    snapshot = replace(snapshot, entries={**snapshot.entries, **flagged})
    # Only a whole survey gives new scripts a path, and any of those paths may be occupied.
    if only is None:
        snapshot = _avoid_occupied(snapshot, ports)
    moved = newer_versions(snapshot)
    # Theirs moved on, but a commit of this history may already hold the newer version.
    if moved and ports.manifest.has_history():
        texts = read_digests(ports, moved, troubles)
        recorded = ports.manifest.recorded(texts)
        snapshot = replace(snapshot, texts={**snapshot.texts, **texts}, recorded=recorded)
    # Each text read can make the planner want another; a failed read counts as read (UNREAD).
    while pairs := versions_needed(snapshot):
        texts = read_digests(ports, pairs, troubles)
        snapshot = replace(snapshot, texts={**snapshot.texts, **texts})
    states = _compare_states(ports, snapshot, only)
    return Survey(states, snapshot.listed, account, troubles, flagged)


def _avoid_occupied(snapshot: Snapshot, ports: Ports) -> Snapshot:
    """Add the paths that new scripts cannot have because an ignored file, a folder or a link is
    there. The planner then gives those scripts the suffix that it gives to a taken name."""
    while occupied := {
        collision_key(path) for path in new_paths(snapshot) if ports.tree.is_occupied(path)
    }:
        snapshot = replace(snapshot, occupied=snapshot.occupied | occupied)
    return snapshot


def _compare_states(
    ports: Ports, snapshot: Snapshot, only: frozenset[RelPath] | None, *, offline: bool = False
) -> tuple[ScriptState, ...]:
    states = _select(snapshot, only)
    compared = compare_edited(states, ports, offline=offline)
    return _select(replace(snapshot, compared=compared), only) if compared else states


def _restore_flags(
    ports: Ports, snapshot: Snapshot, troubles: dict[PineId, str]
) -> dict[RelPath, Entry]:
    """The entries whose `shadowed` flag is lost, with the flag set again. Git restored an older
    pine.toml, while a later save from this machine shadows a foreign save that nobody resolved."""
    intents = ports.log.intents()
    if not intents:
        return {}
    # Imported here, so that `status` starts faster where nothing was saved.
    from pinesync.sync import recovery
    from pinesync.sync.intents import Save

    own_saves: dict[PineId, list[Save]] = {}
    for intent in intents:
        if isinstance(intent, Save) and intent.pine_id and intent.landed:
            own_saves.setdefault(intent.pine_id, []).append(intent)
    flagged: dict[RelPath, Entry] = {}
    for entry in snapshot.entries.values():
        info, base = info_of(entry, snapshot), entry.base
        if entry.shadowed or base is None or info is None:
            continue
        saves = own_saves.get(info.pine_id, [])
        for save in saves:
            landed, parent = save.landed, save.parent
            if save.state != "landed" or landed is None or parent is None or save.seen == landed:
                continue
            # Our save is newer than this base, so this pine.toml predates any flag for it.
            if base.version < landed <= info.version:
                pairs = [(info.pine_id, v) for v in (parent, *parent.until(landed))]
                texts = read_digests(ports, pairs, troubles)
                # One text is missing, so a foreign save can be neither shown nor ruled out.
                if UNREAD in texts.values():
                    raise TryLater(f"{entry.path}: {troubles[info.pine_id]}", "try again later")
                log = {version: text for (_, version), text in texts.items()}
                shadowed = recovery.shadowed_version(
                    parent, landed, log, recovery.own_versions_of(saves)
                )
                if shadowed and shadowed > base.version:
                    flagged[entry.path] = replace(entry, shadowed=shadowed)
    return flagged


def _select(snapshot: Snapshot, only: frozenset[RelPath] | None) -> tuple[ScriptState, ...]:
    states = survey(snapshot)
    return states if only is None else tuple(s for s in states if s.path in only)


def prove_session(
    remote: Remote,
    tracked: Sequence[PineId],
    listed: Mapping[PineId, ScriptInfo],
    expected: Account | None,
) -> Account | None:
    """The account of the session, or None if the list alone proves it. Raises SessionExpired
    without a session, OtherAccount if the account is not the `expected` one."""
    # The list holds a tracked id, and the service lists an id to its owner alone.
    if guards.proves_session(tracked, listed):
        return None
    own_id = next(iter(listed), None) or next(iter(tracked), None)
    account = ask_session(remote, own_id)
    if account:
        guards.refuse_other_account(expected, account)
    return account


def ask_session(remote: Remote, own_id: PineId | None) -> Account | None:
    """The account of the session, or None if the session is alive but the user has no script that
    names the account. Raises SessionExpired if the session is dead."""
    if own_id:
        try:
            return remote.whoami(own_id)
        except NotAccessible:
            pass  # the script is gone, which says nothing about the session
    remote.whoami(PUBLIC_ID)
    return None


def read_digests(
    ports: Ports, pairs: Sequence[VersionKey], troubles: dict[PineId, str]
) -> dict[VersionKey, Digest]:
    """The digests of saved versions, from the cache or else from the service. A version that the
    service refuses gets UNREAD, and `troubles` gets the reason."""

    def read(pair: VersionKey) -> Digest:
        digest = ports.texts.recall(*pair)
        if digest is not None:
            return digest
        try:
            saved = ports.remote.get(*pair)
        except FacadeError as error:
            troubles[pair[0]] = error.message
            return UNREAD
        ports.texts.remember(saved)
        return saved.digest

    return dict(zip(pairs, ports.tools.parallel(read, pairs), strict=True))


def _find_missing(
    ports: Ports,
    tracked: Sequence[PineId],
    listed: Mapping[PineId, ScriptInfo],
) -> tuple[frozenset[PineId], dict[PineId, ScriptInfo]]:
    """The tracked ids that are proven gone, and the unlisted ones that the service still has."""
    missing = sorted(guards.missing_ids(tracked, listed))
    if not missing:
        return frozenset(), {}
    found = ports.tools.parallel(lambda pine_id: newest_or_none(ports.remote, pine_id), missing)
    newest = dict(zip(missing, found, strict=True))
    still_there = {pine_id: _info_of(saved) for pine_id, saved in newest.items() if saved}
    if guards.is_mass_absence(tracked, listed):
        # Too many ids are missing at once. One that still opens proves the list wrong.
        if still_there:
            guards.refuse_doubtful_list(len(missing), len(set(tracked)))
        guards.refuse_mass_absence(len(missing), len(set(tracked)))
    return frozenset(missing) - frozenset(still_there), still_there


def newest_or_none(remote: Remote, pine_id: PineId) -> SavedText | None:
    """The newest version, or None if the service refused it twice."""
    for _ in range(2):
        try:
            return remote.get(pine_id)
        except NotAccessible:
            continue
    return None


def _info_of(saved: SavedText) -> ScriptInfo:
    return ScriptInfo(
        saved.pine_id, saved.name, saved.last_version, saved.title, saved.updated, saved.kind
    )
