"""`PineClient`: the saved scripts of one account, typed.

Values come from `model`, failures are exceptions from `errors`. Nothing here decides anything:
what to do about an answer is up to the caller.
"""

from __future__ import annotations

from pinesync.errors import SessionExpired
from pinesync.model import (
    Account,
    PineId,
    SaveAnswer,
    SavedText,
    ScriptInfo,
    Verdict,
    Version,
)
from pinesync.protocol import requests, responses
from pinesync.tradingview.http import Session


class PineClient:
    """Speaks to the facade that `session` reaches. Safe to use from several threads. `renew`
    tells a person how to get another cookie, where this one is taken no more."""

    def __init__(self, session: Session, renew: str | None = None) -> None:
        self._session = session
        self._renew = renew

    def close(self) -> None:
        self._session.close()

    def list_scripts(self) -> tuple[ScriptInfo, ...]:
        """All saved scripts. Empty for an empty account *and* for a dead session."""
        return responses.scripts(self._session.send(requests.list_scripts()))

    def get(self, pine_id: PineId, version: Version | None = None) -> SavedText:
        """One version, or the newest. NotAccessible where the service refuses."""
        answer = self._session.send(requests.get_script(pine_id, version))
        return responses.saved_text(answer, pine_id, version)

    def versions(self, pine_id: PineId) -> dict[Version, int]:
        """When each version was saved, in epoch seconds. Not every service may have this path, and
        what it answers is not sure: FacadeError, NoAccess or TryLater say nothing of the script."""
        return responses.versions(self._session.send(requests.versions(pine_id)), pine_id)

    def check(self, source: str) -> Verdict:
        """What the service's quick compiler says. Stores nothing, needs no session."""
        return responses.verdict(self._session.send(requests.check(source)))

    def full_check(self, source: str) -> Verdict:
        """What the service's full compiler says, which also sees the limits on plots, requests and
        tokens. Stores nothing, needs no session, tells no warnings."""
        return responses.full_verdict(self._session.send(requests.full_check(source)))

    def save_new(self, name: str, source: str) -> SaveAnswer:
        """Create a script; sent once, never over an existing one. NameTaken where there is one."""
        return responses.saved(self._session.send(requests.save_new(name, source)))

    def save_next(self, pine_id: PineId, name: str | None, source: str) -> SaveAnswer:
        """Save the next version; sent once. With `name` None the saved name stays."""
        return responses.saved(self._session.send(requests.save_next(pine_id, name, source)))

    def rename_script(self, pine_id: PineId, name: str) -> None:
        """Give it another saved name; sent once. NameTaken where another script has it."""
        responses.renamed(self._session.send(requests.rename_script(pine_id, name)))

    def delete(self, pine_id: PineId) -> None:
        """Delete the script with all its versions; sent once. There is no way back."""
        responses.deleted(self._session.send(requests.delete(pine_id)))

    def whoami(self, pine_id: str) -> Account:
        """Whose session it is, asked with an id of the user's own. SessionExpired without one."""
        try:
            return responses.account(self._session.send(requests.script_info(pine_id)))
        except SessionExpired as error:
            raise SessionExpired(error.message, self._renew or error.hint) from None
