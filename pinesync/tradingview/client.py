"""`PineClient`: a typed client for one account's saved scripts.

Values come from `model`, exceptions from `errors`. The client makes no decisions: callers decide
what to do about a response.
"""

from __future__ import annotations

from pinesync.errors import SessionExpired
from pinesync.model import Account, PineId, SaveAnswer, SavedText, ScriptInfo, Verdict, Version
from pinesync.protocol import requests, responses
from pinesync.tradingview.http import Session


class PineClient:
    """A client for the facade behind `session`. Safe to use from several threads. `renew` tells the
    user how to get a new cookie when this one is rejected."""

    def __init__(self, session: Session, renew: str | None = None) -> None:
        self.session = self._session = session
        self._renew = renew

    def close(self) -> None:
        self._session.close()

    def list_scripts(self) -> tuple[ScriptInfo, ...]:
        """All saved scripts. Empty for an empty account *and* for a dead session."""
        return responses.scripts(self._session.send(requests.list_scripts()))

    def get(self, pine_id: PineId, version: Version | None = None) -> SavedText:
        """One version, or the newest. NotAccessible if the service refuses."""
        response = self._session.send(requests.get_script(pine_id, version))
        return responses.saved_text(response, pine_id, version)

    def versions(self, pine_id: PineId) -> dict[Version, int]:
        """When each version was saved, in epoch seconds. The service may lack this path, and its
        responses are not confirmed: FacadeError, NoAccess and TryLater say nothing about the
        script."""
        return responses.versions(self._session.send(requests.versions(pine_id)), pine_id)

    def check(self, source: str) -> Verdict:
        """The result of the service's quick compile. Stores nothing, needs no session."""
        return responses.verdict(self._session.send(requests.check(source)))

    def full_check(self, source: str) -> Verdict:
        """The result of the service's full compile, which also checks the limits on plots, requests
        and tokens, and returns the inputs and plots. Stores nothing, needs no session, reports no
        warnings."""
        return responses.full_verdict(self._session.send(requests.full_check(source)))

    def save_new(self, name: str, source: str) -> SaveAnswer:
        """Create a script. Sent once; never overwrites an existing one. NameTaken if the name is in
        use."""
        return responses.saved(self._session.send(requests.save_new(name, source)))

    def save_next(self, pine_id: PineId, name: str | None, source: str) -> SaveAnswer:
        """Save the next version. Sent once. If `name` is None, the script keeps its name."""
        return responses.saved(self._session.send(requests.save_next(pine_id, name, source)))

    def rename_script(self, pine_id: PineId, name: str) -> None:
        """Rename the script. Sent once. NameTaken if another script has the name."""
        responses.renamed(self._session.send(requests.rename_script(pine_id, name)))

    def delete(self, pine_id: PineId) -> None:
        """Delete the script with all its versions. Sent once; cannot be undone."""
        responses.deleted(self._session.send(requests.delete(pine_id)))

    def whoami(self, pine_id: str) -> Account:
        """The session's account, looked up with the id of one of its scripts. SessionExpired
        without a session."""
        try:
            return responses.account(self._session.send(requests.script_info(pine_id)))
        except SessionExpired as error:
            raise SessionExpired(error.message, self._renew or error.hint) from None
