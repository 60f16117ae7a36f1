"""Every error that pinesync raises on purpose.

An error has a message, a hint what to do next, and the exit code of a process that it ends. Code
that calls another library translates its exceptions into these. A bug is none of them: it keeps its
traceback and exits with 70.

    PinesyncError                1  something failed
    ├── Misuse                   2  arguments, or a folder that is no workspace
    │   └── ManifestError        2  pine.toml cannot be used; names the line
    ├── ActionRequired           3  only you can choose: diverged, conflict, name taken
    │   └── NameTaken            3  a saved script has that name already
    ├── DoesNotCompile           4
    ├── NoAccess                 5  the account cannot be used
    │   ├── NotSignedIn          5  no cookie at all
    │   ├── SessionExpired       5  the service no longer accepts the cookie
    │   ├── OtherAccount         5  the cookie is of another account than the workspace
    │   └── BotCheck             5  a web page came instead of a response
    ├── TryLater                 7
    │   ├── Locked               7  another pinesync process is writing to this workspace
    │   ├── NetworkError         7  no response; `sent` is False if the request cannot have arrived
    │   ├── RateLimited          7  429
    │   ├── ServiceDown          7  5xx
    │   └── OutcomeUnknown       7  a save was sent and cannot be found yet
    ├── FacadeError              1
    │   ├── Refused              1  the service refused, with its reason
    │   │   └── NotAccessible    1  401, 403 or 404 for one script
    │   └── BadResponse            1  a response that does not follow the protocol
    ├── StateError               1  damaged or foreign files in the state directory
    ├── FileError                1  the disk or the file system refused
    └── NotRecorded              1  a save is on TradingView, but could not be recorded here
"""

from __future__ import annotations

EXIT_DONE = 0
EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_LEFT = 3
EXIT_COMPILE = 4
EXIT_ACCESS = 5
EXIT_DIFFERENT = 6
EXIT_LATER = 7
EXIT_BUG = 70
EXIT_INTERRUPTED = 130

_PRECEDENCE = (
    EXIT_INTERRUPTED,
    EXIT_BUG,
    EXIT_USAGE,
    EXIT_ACCESS,
    EXIT_LATER,
    EXIT_FAILED,
    EXIT_COMPILE,
    EXIT_LEFT,
    EXIT_DIFFERENT,
    EXIT_DONE,
)


def gravest(*codes: int) -> int:
    """The most serious of several exit codes, with which the process exits; 0 for none."""
    return min(codes, key=_PRECEDENCE.index, default=EXIT_DONE)


class PinesyncError(Exception):
    """`message` says in a sentence what happened, `hint` what to do next; it may be None."""

    exit_code = EXIT_FAILED

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class Misuse(PinesyncError):
    exit_code = EXIT_USAGE


class ManifestError(Misuse):
    """pine.toml cannot be used. `line` counts from 1; None if no line is to blame."""

    def __init__(self, message: str, hint: str | None = None, *, line: int | None = None) -> None:
        super().__init__(f"pine.toml:{line}: {message}" if line else f"pine.toml: {message}", hint)
        self.line = line


class ActionRequired(PinesyncError):
    exit_code = EXIT_LEFT


class NameTaken(ActionRequired):
    pass


class DoesNotCompile(PinesyncError):
    exit_code = EXIT_COMPILE


class NoAccess(PinesyncError):
    exit_code = EXIT_ACCESS


class NotSignedIn(NoAccess):
    pass


class SessionExpired(NoAccess):
    pass


class OtherAccount(NoAccess):
    pass


class BotCheck(NoAccess):
    pass


class TryLater(PinesyncError):
    exit_code = EXIT_LATER


class Locked(TryLater):
    pass


class NetworkError(TryLater):
    """No usable response. `sent` is False only if no byte of the body can have left."""

    def __init__(self, message: str, hint: str | None = None, *, sent: bool = True) -> None:
        super().__init__(message, hint)
        self.sent = sent


class RateLimited(TryLater):
    """`retry_after` is the wait in seconds that the service asked for, or None."""

    def __init__(
        self, message: str, hint: str | None = None, *, retry_after: float | None = None
    ) -> None:
        super().__init__(message, hint)
        self.retry_after = retry_after


class ServiceDown(TryLater):
    pass


class OutcomeUnknown(TryLater):
    pass


class FacadeError(PinesyncError):
    pass


class Refused(FacadeError):
    """`status` is the HTTP status, 200 if only the body refuses; `reason` the service's words."""

    def __init__(self, status: int, reason: str, hint: str | None = None) -> None:
        super().__init__(f"TradingView refused: {reason}", hint)
        self.status = status
        self.reason = reason


class NotAccessible(Refused):
    pass


class BadResponse(FacadeError):
    pass


class StateError(PinesyncError):
    pass


class FileError(PinesyncError):
    pass


class NotRecorded(PinesyncError):
    """The intent stays open, so the next run finds the save. `version` is None if the response did
    not have it. `error` is what stopped the recording, and gives the exit code."""

    def __init__(self, version: object, error: PinesyncError) -> None:
        where = f" as {version}" if version else ""
        super().__init__(
            f"saved on TradingView{where}, but not recorded here: {error.message}",
            "fix that, then run `pinesync push` again: it finds the save and does not repeat it",
        )
        self.exit_code = error.exit_code
