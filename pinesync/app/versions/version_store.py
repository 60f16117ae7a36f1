"""The saved versions of scripts, from the local store or else from TradingView."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property

from pinesync.app.project import Project
from pinesync.app.versions.revspec import Revision
from pinesync.errors import FacadeError, FileError, Misuse, NotAccessible
from pinesync.model import PineId, ScriptInfo, Version, VersionInfo
from pinesync.sync.engine.account import read_account
from pinesync.sync.engine.snapshot import ask_session
from pinesync.sync.engine.version_histories import read_histories, stored_history


class VersionStore:
    """The saved versions of the account's scripts. With `offline` it sends no request and uses only
    stored texts. Otherwise it downloads each text once and stores it."""

    def __init__(self, project: Project, *, offline: bool = False) -> None:
        self._project = project
        self._ports = project.ports
        self._texts = project.workspace.texts
        self.offline = offline

    @cached_property
    def listed(self) -> Mapping[PineId, ScriptInfo]:
        """The account's scripts as TradingView lists them now, which proves the session. Empty
        offline."""
        if self.offline:
            return {}
        tracked = [e.pine_id for e in self._ports.manifest.entries().values() if e.pine_id]
        return read_account(self._ports.remote, tracked, self._project.settings.owner).scripts

    def newest(self, pine_id: PineId) -> Version | None:
        """The newest version on TradingView. Offline, and for an unlisted script, the newest known
        locally, or None."""
        if pine_id in self.listed:
            return self.listed[pine_id].version
        return max(self._texts.versions_of(pine_id), default=None)

    def histories(self, revisions: Iterable[Revision]) -> dict[PineId, tuple[VersionInfo, ...]]:
        """Every version of these scripts, in order. Offline, and for unlisted scripts, only stored
        versions."""
        newest = {r.pine_id: last for r in revisions if (last := self.newest(r.pine_id))}
        listed_newest = {i: last for i, last in newest.items() if i in self.listed}
        by_script = {i: stored_history(self._texts, i, last) for i, last in newest.items()}
        if listed_newest:
            by_script |= read_histories(self._ports, listed_newest)
        return by_script

    def version(self, which: Revision, version: Version) -> VersionInfo:
        """One version; its text is stored afterwards. Raises Misuse if it does not exist, or if it
        is not stored and `offline` is set."""
        info = self._texts.recall_info(which.pine_id, version)
        if info is not None and self._texts.text_of(info.digest) is not None:
            return info
        if self.offline:
            raise Misuse(
                f"{which.label}: the text of {version} is not stored here",
                "without --offline it is read from TradingView",
            )
        try:
            saved = self._ports.remote.get(which.pine_id, version)
        except NotAccessible as error:
            hint = f"`pinesync log {which.argument}` lists the versions"
            newest = self.newest(which.pine_id)
            if newest and version > newest:
                raise Misuse(
                    f"{which.label}: there is no version {version}; the newest is {newest}", hint
                ) from None
            ask_session(self._ports.remote, which.pine_id)
            raise FacadeError(
                f"{which.label}: TradingView gives no version {version} of it: {error.reason}", hint
            ) from None
        self._texts.remember(saved)
        return saved.info

    def text(self, info: VersionInfo) -> str:
        """The canonical text of a stored version."""
        text = self._texts.text_of(info.digest)
        if text is None:
            raise FileError(f"the text of {info.version} was lost meanwhile", "run it again")
        return text
