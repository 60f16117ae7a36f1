"""One facade request, parsed and checked, and its response before it is sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pinesync.errors import NotAccessible, Refused
from pinesync.model import Version
from pinesync.protocol import server_responses
from pinesync.sandbox import published
from pinesync.sandbox.faults import Switches
from pinesync.sandbox.store import NOT_OWNER, Store, StoredVersion, User

NOT_READER = "User is not allowed to see source code of pine"


@dataclass(frozen=True, slots=True)
class Reply:
    """A response before it is sent. `pine_id` names the script it is about, if any."""

    status: int
    body: bytes
    pine_id: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    content_type: str = "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Call:
    """One parsed request. `user` is None if the session is missing or expired."""

    store: Store
    switches: Switches
    user: User | None
    query: Mapping[str, str]
    form: Mapping[str, str] = field(default_factory=dict)
    pine_id: str = ""
    version: str = ""

    @property
    def source(self) -> str:
        """The source in the body. Refused (400) if there is none."""
        if not self.form.get("source"):
            raise Refused(400, "source is empty")
        return self.form["source"]

    @property
    def reader(self) -> User:
        if self.user is None:
            raise NotAccessible(401, NOT_READER)
        return self.user

    @property
    def writer(self) -> User:
        """The session's user. Without one, raise the refusal that the switch selects."""
        if self.user is None:
            raise DeadSession(401, NOT_OWNER)
        return self.user

    def stored(self) -> StoredVersion:
        """The version in the path, of a public script or one of the user's own."""
        if open_to_all := published.find(self.pine_id):
            return published.version_of(open_to_all, self.asked_version())
        return self.store.get(self.pine_id, user=self.reader, version=self.asked_version())

    def asked_version(self) -> Version | None:
        """The version in the path, None for `last`. Refused (400) for anything else."""
        if self.version == "last":
            return None
        try:
            return Version.parse(self.version)
        except ValueError:
            raise Refused(400, "wrong version") from None


class DeadSession(NotAccessible):
    """A write without a live session."""


def answer(value: object, pine_id: str = "") -> Reply:
    """A 200 response with JSON, sent as text/plain."""
    return Reply(200, server_responses.encode(value), pine_id)
