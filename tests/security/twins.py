"""A workspace's folder, and another outside with the same names."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from pinesync.model import RelPath
from pinesync.workspace.files import MANIFEST

PATH = RelPath("a/b/Trend.pine")
LEFT = "a/b/.pinesync-left.tmp"
STRANGE = ("a/b/Strange.pine", "a/b/.pinesync-strange.tmp")
"""Files that exist only outside."""
OLD, SECRET = b"// old\n", b"// secret\n"


@dataclass
class Twins:
    base: Path
    seen: list[bytes] = field(default_factory=list)
    """The contents read through the folder."""

    def __post_init__(self) -> None:
        for root, text in ((self.root, OLD), (self.outside, SECRET)):
            (root / PATH).parent.mkdir(parents=True)
            for name in (PATH, "a/Trend.pine", MANIFEST, LEFT):
                (root / name).write_bytes(text)
        for name in STRANGE:
            (self.outside / name).write_bytes(SECRET)

    @property
    def root(self) -> Path:
        return self.base / "scripts"

    @property
    def outside(self) -> Path:
        return self.base / "outside"

    def contents(self) -> dict[Path, bytes]:
        """The contents of all files outside."""
        return {p: p.read_bytes() if p.is_file() else b"" for p in self.outside.rglob("*")}
