"""Rename one script on TradingView, from the intent on disk to the name in pine.toml. A lost
response never causes a second request: the script list shows the current name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from pinesync.errors import BadResponse, FacadeError, NameTaken, PinesyncError
from pinesync.model import Entry, SavedText, ScriptInfo
from pinesync.sync.engine.lifecycle import begin, entry_of
from pinesync.sync.engine.scripts.request import send, unknown
from pinesync.sync.engine.snapshot import ask_session
from pinesync.sync.intents import Rename, age
from pinesync.sync.outcome import Outcome
from pinesync.sync.ports import Ports
from pinesync.text.filenames import shell_quote, unescape_name


def rename(ports: Ports, entry: Entry, before: SavedText, name: str) -> Outcome:
    """Rename the script, unless another one has the name. `before` is its newest version, which a
    rename does not change."""
    assert entry.pine_id
    intent = begin(
        ports,
        Rename(
            path=entry.path,
            name=name,
            digest=before.digest,
            pine_id=entry.pine_id,
            parent=before.version,
        ),
    )

    def find_effect(answer: PinesyncError | None, patiently: bool) -> Callable[[], Outcome] | None:
        info = _listed(ports, intent, patiently=patiently)
        current_name = unescape_name(info.name) if info else None
        # After a success, a new name that is not ours is the service's form of ours, or somebody
        # renamed the script again since.
        changed = answer is None and current_name != unescape_name(before.name)
        if info and (current_name == name or changed):
            return partial(_landed, ports, intent, info)
        return None

    request = partial(ports.remote.rename_script, entry.pine_id, name)
    return send(ports, intent, request, find_effect, partial(_named, intent))


def settle_rename(ports: Ports, intent: Rename) -> Outcome:
    """Settle a rename of an earlier run whose response was lost."""
    waited = age(intent, ports.tools.now())
    info = _listed(ports, intent, patiently=waited < ports.tools.settle_seconds)
    if info and unescape_name(info.name) == intent.name:
        done = _landed(ports, intent, info)
        why = f"an earlier rename is done: the script is called {intent.name!r} there"
        return replace(done, done="recovered", message="; ".join(filter(None, (why, done.message))))
    if waited < ports.tools.settle_seconds:
        return unknown(intent, None)
    ports.log.drop([intent])
    return Outcome(
        intent.path,
        "recovered",
        message=f"an earlier rename to {intent.name!r} never arrived and is given up",
        pine_id=intent.pine_id,
    )


def _listed(ports: Ports, intent: Rename, *, patiently: bool) -> ScriptInfo | None:
    """The script's list entry, polled until it has the name; None if the list lacks the script.
    Raises BadResponse if the list is empty."""
    info = None
    for pause in (*ports.tools.pauses, None) if patiently else (None,):
        listed = ports.remote.list_scripts()
        if not listed:
            ask_session(ports.remote, None)
            raise BadResponse("TradingView's list is empty", "run the same command again later")
        info = next((i for i in listed if i.pine_id == intent.pine_id), None)
        if pause is None or (info and unescape_name(info.name) == intent.name):
            return info
        ports.tools.sleep(pause)
    return info


def _landed(ports: Ports, intent: Rename, info: ScriptInfo) -> Outcome:
    """Record the listed name, then drop the intent. A rename makes no version, so report a newest
    version that differs."""
    entry = entry_of(ports, intent, intent.pine_id)
    name = unescape_name(info.name)
    message = "" if name == intent.name else f"it is called {name!r} on TradingView now"
    message = "; ".join(filter(None, (message, _new_version(ports, intent))))
    if entry and entry.name != name:
        ports.manifest.commit({entry.path: replace(entry, name=name)})
    ports.log.drop([intent])
    path = entry.path if entry else intent.path
    return Outcome(
        path,
        "renamed",
        message=message or f"it is called {name!r} on TradingView",
        hint=(
            f"the file keeps its name; `pinesync mv --follow {shell_quote(path)}` gives it this one"
        ),
        pine_id=intent.pine_id,
    )


def _new_version(ports: Ports, intent: Rename) -> str:
    """A message if the newest version has changed since the request, else an empty string."""
    try:
        newest = ports.remote.get(intent.pine_id)
    except FacadeError as error:
        return f"its newest version cannot be read: {error.message}"
    if (newest.version, newest.digest) == (intent.parent, intent.digest):
        return ""
    text = "the same text" if newest.digest == intent.digest else "another text"
    return f"{newest.version} was saved there meanwhile, with {text}"


def _named(intent: Rename, error: PinesyncError) -> PinesyncError:
    if isinstance(error, NameTaken):
        return NameTaken(
            f"another script is called {intent.name!r} on TradingView",
            "choose another name; nothing was renamed",
        )
    return error
