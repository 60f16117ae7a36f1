"""Find a save on the service. A lost response is no reason to repeat a save: the service's
versions are read by number, and the intent says what to look for."""

from __future__ import annotations

from pinesync.errors import BadResponse
from pinesync.model import Digest, PineId, Version
from pinesync.sync import recovery
from pinesync.sync.engine.lifecycle import uploads_of
from pinesync.sync.intents import Create, Save, Upload
from pinesync.sync.planner import MAX_VERSIONS
from pinesync.sync.ports import Ports
from pinesync.sync.recovery import Found
from pinesync.text.filenames import unescape_name


def find(ports: Ports, intent: Save, *, patiently: bool = True) -> Found | None:
    """The save among the versions that the service has, looked for several times."""
    for pause in (*ports.tools.pauses, None) if patiently else (None,):
        landed = (
            _find_created(ports, intent) if isinstance(intent, Create) else _find(ports, intent)
        )
        if landed or pause is None:
            return landed
        ports.tools.sleep(pause)
    return None


def _find(ports: Ports, intent: Upload) -> Found | None:
    newest = ports.remote.get(intent.pine_id)
    log = read_log(ports, intent.pine_id, intent.parent, newest.version)
    ours = recovery.own_versions_of(uploads_of(ports.log, intent.pine_id), intent)
    landed = recovery.find(intent.digest, intent.parent, log, ours)
    if landed is None:
        return None
    return Found(intent.pine_id, landed.version, intent.digest, landed.shadowed)


def _find_created(ports: Ports, intent: Create) -> Found | None:
    """A script that was not known before, has the name, and began with our text."""
    for info in ports.remote.list_scripts():
        if info.pine_id not in intent.known_ids and unescape_name(info.name) == unescape_name(
            intent.name
        ):
            first = ports.remote.get(info.pine_id, Version(1))
            ports.texts.remember(first)
            if first.digest == intent.digest:
                return Found(info.pine_id, Version(1), first.digest)
    return None


def find_unknown(ports: Ports, intent: Save) -> Version | None:
    """The only version after the parent with a text unknown on this machine, which may be a
    rewritten save of ours."""
    if isinstance(intent, Create):
        return None
    newest = ports.remote.get(intent.pine_id)
    log = read_log(ports, intent.pine_id, intent.parent, newest.version)
    return recovery.unknown_version(intent.parent, log, {intent.digest})


def read_log(
    ports: Ports, pine_id: PineId, parent: Version | None, last: Version
) -> dict[Version, Digest]:
    """The digests of the versions from the parent on, each read by its number. Raises BadResponse
    where they are more than anybody saved."""
    first = parent or Version(1)
    if last.major - first.major > MAX_VERSIONS:
        raise BadResponse(
            f"{pine_id}: the service claims version {last}, more than {MAX_VERSIONS} after {first}",
            "nothing was changed; look at the script in the browser",
        )
    log: dict[Version, Digest] = {}
    for version in [first, *first.until(last)]:
        text_digest = ports.texts.recall(pine_id, version)
        if text_digest is None:
            saved = ports.remote.get(pine_id, version)
            ports.texts.remember(saved)
            text_digest = saved.digest
        log[version] = text_digest
    return log
