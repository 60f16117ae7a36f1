"""Send a request that changes a script without saving a version: a rename or a deletion. Its
outcome is what the service shows afterwards. A lost response never causes a second request."""

from __future__ import annotations

from collections.abc import Callable

from pinesync.errors import EXIT_LATER, NoAccess, NotAccessible, PinesyncError
from pinesync.sync import recovery
from pinesync.sync.engine.snapshot import ask_session
from pinesync.sync.intents import Delete, Rename
from pinesync.sync.outcome import Outcome, failed
from pinesync.sync.ports import Ports


def send(
    ports: Ports,
    intent: Rename | Delete,
    request: Callable[[], object],
    find_effect: Callable[[PinesyncError | None, bool], Callable[[], Outcome] | None],
    reason: Callable[[PinesyncError], PinesyncError] = lambda answer: answer,
) -> Outcome:
    """Send the request of an intent that is on disk, and resolve its outcome. `find_effect` gets
    the error of the request, and whether to wait for its effect; it returns what records the
    effect, None if there is none. `reason` is the error to report for a refusal."""
    answer: PinesyncError | None = None
    try:
        request()
    except PinesyncError as error:
        answer = error
    sent = recovery.outcome(answer) if answer else None
    # The request never left this machine, so nothing changed.
    if answer and sent is recovery.Landing.NOT_SENT:
        ports.log.drop([intent])
        return failed(intent.path, answer, intent.pine_id)
    refused = sent is recovery.Landing.REFUSED
    try:
        landed = find_effect(answer, not refused and not isinstance(answer, NoAccess))
    except NoAccess as error:
        return unknown(intent, error)
    except PinesyncError as error:
        return unknown(intent, answer or error)
    if landed:
        return landed()
    # The service refused the request, and the script is as it was.
    if answer and refused:
        ports.log.drop([intent])
        if isinstance(answer, NotAccessible):
            ask_session(ports.remote, intent.pine_id)
        return failed(intent.path, reason(answer), intent.pine_id)
    return unknown(intent, answer)


def unknown(intent: Rename | Delete, answer: PinesyncError | None) -> Outcome:
    """The outcome of a request that may have landed or may still land."""
    if isinstance(intent, Delete):
        act, looks = "deletion", "for the script"
    else:
        act, looks = "rename", "at the name"
    why = f": {answer.message}" if answer else ""
    return Outcome(
        intent.path,
        "pending",
        message=f"the {act} was sent and its outcome is unknown{why}",
        hint=f"run the same command again: it looks {looks} before it sends anything",
        exit_code=answer.exit_code if isinstance(answer, NoAccess) else EXIT_LATER,
        pine_id=intent.pine_id,
    )
