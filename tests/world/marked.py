"""A world in which every edit is a line with a mark of its own (L1, W1 …).

So "no work is lost" can be read off the texts: a mark that nobody removed on purpose must be in
the newest version, or somebody was told; and every mark must be readable somewhere, whatever
happened.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pinesync.app.project import Setup
from pinesync.app.sync.clone import clone
from pinesync.text.canonical import digest
from tests.world.folder import Workspace

START = "//@version=6\nindicator('campaign')\n" + "".join(f"// part {n}\n\n" for n in range(12))
MARK = re.compile(r"// (?:mark|edited in the web editor after) ([\w.]+)")


def marks_of(text: str) -> set[str]:
    return set(MARK.findall(text))


@dataclass(kw_only=True)
class Marked(Workspace):
    made: set[str] = field(default_factory=set)
    """The marks that must be readable: all of them, but for those whose file a person removed."""
    marks: int = 0

    def setup(self, cwd: Path | None = None, **more: Any) -> Setup:
        return super().setup(cwd, **{"jobs": 1, **more})

    def put(self, *names: str) -> None:
        """A clone of an account with these scripts."""
        for name in names:
            self.remote.add(name, START.replace("campaign", name))
        clone(self.setup(self.pinesync_home), "scripts", remote="tradingview")

    def marked(self, text: str, kind: str) -> str:
        """The text with a new line, each time in another part, so that merges are clean."""
        self.marks += 1
        place = f"// part {self.marks % 12}\n"
        made = text.replace(place, f"{place}// mark {kind}{self.marks}\n", 1)
        self.made |= marks_of(made)
        return made

    # -- what must hold ------------------------------------------------------------------------

    def check_always(self) -> None:
        """Every base is an existing version, and every mark can be found somewhere."""
        versions = self.remote.texts()
        for entry in self.project().workspace.manifest.entries().values():
            if entry.base is None or entry.pine_id is None:
                continue
            texts = versions[entry.pine_id]
            assert entry.base.version.major <= len(texts), "the base is ahead of the service"
            saved = texts[entry.base.version.major - 1]
            assert entry.base.digest == digest(saved), "the base is not that version's text"
        readable = set().union(*(marks_of(text) for text in self._readable()))
        assert self.made <= readable, f"lost for good: {self.made - readable}"

    def _readable(self) -> Iterator[str]:
        for texts in self.remote.texts().values():
            yield from texts
        leftovers = self.root.rglob(".pinesync*")  # until the next run, which puts it back
        stored = (self.pinesync_home / "state").glob("*/objects/*/*")
        for files in (self.root.rglob("*.pine"), leftovers, stored):
            yield from (file.read_text() for file in files if file.is_file())

    def check_nothing_left(self) -> None:
        leftovers = [path.name for path in self.root.rglob(".pinesync*")]
        assert not leftovers, f"left behind: {leftovers}"
