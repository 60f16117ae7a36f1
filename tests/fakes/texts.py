"""The text store, in memory."""

from pinesync.errors import FileError
from pinesync.model import Digest, PineId, SavedText, Version, VersionInfo
from pinesync.text.canonical import canonical, digest


class FakeTextStore:
    """Fits `sync.ports.TextStore`."""

    def __init__(self) -> None:
        self.held: dict[Digest, str] = {}
        self.is_full = False
        self.known: dict[tuple[PineId, Version], VersionInfo] = {}

    def keep(self, text: str) -> Digest:
        name = digest(text)
        if self.is_full:
            raise FileError(f"{name}: no space left on device")
        self.held[name] = canonical(text)
        return name

    def text_of(self, digest: Digest) -> str | None:
        return self.held.get(digest)

    def remember(self, saved: SavedText) -> None:
        self.keep(saved.source)
        known = self.recall_info(saved.pine_id, saved.version)
        if known is None or known.digest != saved.digest:
            self.note_info(saved.info)

    back_up = remember

    def recall(self, pine_id: PineId, version: Version) -> Digest | None:
        known = self.recall_info(pine_id, version)
        return known.digest if known else None

    def recall_info(self, pine_id: PineId, version: Version) -> VersionInfo | None:
        return self.known.get((pine_id, version))

    def note_info(self, info: VersionInfo) -> None:
        self.known[info.pine_id, info.version] = info
