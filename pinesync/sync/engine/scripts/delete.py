"""Delete one script on TradingView. The service cannot undo this, so every version is backed up
first. The deletion is done once the script is proven to be gone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from pinesync.errors import ActionRequired
from pinesync.model import Account, Entry, SavedText, Version
from pinesync.sync.engine.lifecycle import begin, entry_of
from pinesync.sync.engine.scripts.request import send, unknown
from pinesync.sync.engine.snapshot import newest_or_none, prove_session
from pinesync.sync.intents import Delete, age
from pinesync.sync.outcome import Outcome
from pinesync.sync.planner import MAX_VERSIONS
from pinesync.sync.ports import Ports
from pinesync.text.filenames import unescape_name


def delete(ports: Ports, entry: Entry) -> Outcome:
    """Back up every version, check the newest again, send the request, and verify that the script
    is gone. The workspace must be bound to an account: to any other account, the script is absent
    anyway. Raises ActionRequired if the newest version is not the base."""
    assert ports.manifest.scope().account
    assert entry.pine_id
    backed_up = _back_up(ports, entry)
    newest = ports.remote.get(entry.pine_id)
    refuse_moved_on(entry, backed_up)
    refuse_moved_on(entry, newest)
    intent = begin(
        ports,
        Delete(
            path=entry.path,
            name=unescape_name(newest.name),
            digest=newest.digest,
            pine_id=entry.pine_id,
            parent=newest.version,
        ),
    )

    def find_effect(_: object, patiently: bool) -> Callable[[], Outcome] | None:
        gone = _is_gone(ports, intent, patiently=patiently)
        return partial(_landed, ports, intent) if gone else None

    return send(ports, intent, partial(ports.remote.delete, entry.pine_id), find_effect)


def refuse_moved_on(entry: Entry, newest: SavedText) -> None:
    """Raise ActionRequired unless the newest version is the base: delete only what was pulled."""
    assert entry.base
    base = entry.base
    hint = "nothing was deleted; run `pinesync pull`, review it, then try again"
    if newest.version != base.version:
        raise ActionRequired(
            f"{entry.path}: saved on TradingView since you pulled ({base.version} → "
            f"{newest.version})",
            hint,
        )
    if newest.digest != base.digest:
        raise ActionRequired(
            f"{entry.path}: {base.version} on TradingView is not the text that pine.toml recorded",
            hint,
        )


def _back_up(ports: Ports, entry: Entry) -> SavedText:
    """Read every version now and back it up durably. Returns the newest one."""
    assert entry.pine_id
    assert entry.base
    pine_id, last = entry.pine_id, entry.base.version
    if last.major > MAX_VERSIONS:
        raise ActionRequired(
            f"{entry.path}: it has {last.major} versions, more than are backed up",
            f"at most {MAX_VERSIONS}; nothing was deleted: delete it in the browser",
        )

    def keep(version: Version) -> SavedText:
        saved = ports.remote.get(pine_id, version)
        ports.texts.back_up(saved)
        return saved

    return ports.tools.parallel(keep, [Version(1), *Version(1).until(last)])[-1]


def settle_delete(ports: Ports, intent: Delete) -> Outcome:
    """Settle a deletion of an earlier run whose response was lost."""
    waited = age(intent, ports.tools.now())
    patiently = waited < ports.tools.settle_seconds
    if _is_gone(ports, intent, patiently=patiently):
        return replace(_landed(ports, intent), done="recovered")
    # Still there, but a slow deletion can still arrive.
    if patiently:
        return unknown(intent, None)
    ports.log.drop([intent])
    return Outcome(
        intent.path,
        "recovered",
        message="an earlier deletion never arrived and is given up; the script is there",
        pine_id=intent.pine_id,
    )


def _is_gone(ports: Ports, intent: Delete, *, patiently: bool) -> bool:
    """Whether the script is proven to be gone: this account's list lacks it, and the service
    refused its newest version twice."""
    for pause in (*ports.tools.pauses, None) if patiently else (None,):
        if _is_absent(ports, intent):
            return True
        if pause is not None:
            ports.tools.sleep(pause)
    return False


def _is_absent(ports: Ports, intent: Delete) -> bool:
    listed = {info.pine_id: info for info in ports.remote.list_scripts()}
    if intent.pine_id in listed:
        return False
    others = [e.pine_id for e in ports.manifest.entries().values() if e.pine_id]
    # It must be the same account: any other one sees no script of this workspace.
    prove_session(ports.remote, others, listed, Account(intent.account))
    return newest_or_none(ports.remote, intent.pine_id) is None


def _landed(ports: Ports, intent: Delete) -> Outcome:
    """Remove the entry, then drop the intent. The file and the backups stay."""
    entry = entry_of(ports, intent, intent.pine_id)
    if entry:
        ports.manifest.commit({entry.path: None})
    ports.log.drop([intent])
    count = intent.parent.major
    kept = "its only version" if count == 1 else f"all {count} versions"
    return Outcome(
        entry.path if entry else intent.path,
        "deleted",
        intent.parent,
        message=f"{intent.name!r} is gone from TradingView; the file stays, and {kept} kept on "
        "this machine",
        hint=f"`pinesync show '{intent.pine_id}@{count}'` prints the last of them",
        pine_id=intent.pine_id,
    )
