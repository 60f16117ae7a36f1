"""The values that layers exchange: frozen, validated once, compared by content.

Only classes with many instances have slots. A class with slots takes Python twice as long to
create, which matters in modules imported at every start.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any, Literal, NewType

Digest = NewType("Digest", str)
"""`sha256:` and 64 hex digits: the hash of a canonical text, from `text.canonical.digest`."""

RelPath = NewType("RelPath", str)
"""A path below the workspace, with `/`, validated by `text.filenames.check_path`."""

Kind = Literal["study", "strategy", "library"]
KINDS: tuple[Kind, ...] = ("study", "strategy", "library")

_PINE_ID = re.compile(r"USER;[0-9a-f]{32}")
_VERSION = re.compile(r"([1-9][0-9]{0,5})(?:\.0)?", re.ASCII)


class PineId(str):
    """`USER;` and 32 lower-case hex digits: the identity of a script, which a rename keeps."""

    __slots__ = ()

    def __new__(cls, text: str) -> PineId:
        if not _PINE_ID.fullmatch(text):
            raise ValueError(f"not a script id: {text[:60]!r}")
        return super().__new__(cls, text)

    @property
    def hex(self) -> str:
        """The 32 digits alone, safe in a file name."""
        return self[5:]


@dataclass(frozen=True, slots=True, order=True)
class Version:
    """The service's "N.0", below a million. Compared by number: as text, "10.0" precedes
    "9.0"."""

    major: int

    @classmethod
    def parse(cls, raw: object) -> Version:
        """Parse "5.0", "5", 5 or 5.0: responses have all of these. ValueError otherwise."""
        if isinstance(raw, float) and raw.is_integer():
            raw = int(raw)
        if isinstance(raw, int) and not isinstance(raw, bool):
            raw = str(raw)
        match = _VERSION.fullmatch(raw) if isinstance(raw, str) else None
        if not match:
            raise ValueError(f"not a version: {str(raw)[:40]!r}")
        return cls(int(match[1]))

    def __str__(self) -> str:
        return f"{self.major}.0"

    def next(self) -> Version:
        return Version(self.major + 1)

    def until(self, last: Version) -> list[Version]:
        """The versions after this one, up to and including `last`, in order."""
        return [Version(n) for n in range(self.major + 1, last.major + 1)]


MAX_THEIRS = 8
"""The number of others' versions that an entry remembers."""


@dataclass(frozen=True, slots=True)
class Base:
    """The base of a file: its version and the digest of its text as read back. `sent` is the digest
    of the text sent, if the service stored another; the file is compared with that. `theirs` are
    the newest versions up to this one that somebody else saved, oldest first. `chosen` is the
    digest of a text that a person explicitly chose for this base, whatever it reverts."""

    version: Version
    digest: Digest
    sent: Digest | None = None
    theirs: tuple[Version, ...] = ()
    chosen: Digest | None = None

    @property
    def expected(self) -> Digest:
        """The digest that an unedited file has."""
        return self.sent or self.digest

    def moved(
        self,
        version: Version,
        digest: Digest,
        ours: Collection[Version],
        sent: Digest | None = None,
    ) -> Base:
        """The base at another version. The versions it passes are theirs, except `ours`."""
        return Base(version, digest, sent, _theirs(self.theirs, self.version, version, ours))

    @classmethod
    def linked(cls, version: Version, digest: Digest, ours: Collection[Version]) -> Base:
        """The first base of an existing file. Git may have older texts of it, so all versions up to
        this one count as theirs, except `ours`."""
        return cls(version, digest, None, _theirs((), Version(0), version, ours))


def _theirs(
    known: tuple[Version, ...], before: Version, to: Version, ours: Collection[Version]
) -> tuple[Version, ...]:
    since = Version(max(before.major, to.major - MAX_THEIRS - len(ours)))
    new = [version for version in since.until(to) if version not in ours]
    return tuple(dict.fromkeys((*(v for v in known if v <= to), *new)))[-MAX_THEIRS:]


@dataclass(frozen=True, slots=True)
class Entry:
    """One script of pine.toml. `pine_id` and `base` are None until a push creates the script.
    `shadowed` is somebody else's version that a save of ours shadows, until resolved."""

    path: RelPath
    name: str
    pine_id: PineId | None = None
    base: Base | None = None
    shadowed: Version | None = None


@dataclass(frozen=True)
class ScriptInfo:
    """One row of the account's list. `modified` is in epoch seconds, 0 if unknown."""

    pine_id: PineId
    name: str
    version: Version
    title: str = ""
    modified: int = 0
    kind: Kind = "study"


@dataclass(frozen=True)
class SavedText:
    """One saved version. `source` is the raw text as received, `digest` that of its canonical form.
    `created` and `updated` are in epoch seconds, 0 if unknown."""

    pine_id: PineId
    name: str
    version: Version
    last_version: Version
    source: str
    digest: Digest
    title: str = ""
    created: int = 0
    updated: int = 0
    kind: Kind = "study"
    extra: dict[str, Any] = field(default_factory=dict, compare=False)

    @property
    def info(self) -> VersionInfo:
        """Everything except the text."""
        when = self.updated or self.created
        return VersionInfo(self.pine_id, self.version, self.digest, when, self.name, self.kind)


@dataclass(frozen=True)
class VersionInfo:
    """One saved version without its text. `when` it was saved is in epoch seconds, 0 if unknown.
    `name` and `kind` are the script's at that version; its current ones if the service lacks
    them."""

    pine_id: PineId
    version: Version
    digest: Digest
    when: int = 0
    name: str = ""
    kind: Kind = "study"


@dataclass(frozen=True)
class Diagnostic:
    """One finding of a compiler. Lines and columns count from 1, the end is inclusive. `code` is
    like CE10272, or empty if the service gave none."""

    severity: Literal["error", "warning", "note"]
    line: int
    column: int
    end_line: int
    end_column: int
    message: str
    code: str = ""


@dataclass(frozen=True)
class Account:
    """The account of a session, from the service. `user_id` is empty if unknown."""

    name: str
    user_id: str = ""


@dataclass(frozen=True, slots=True)
class Slot:
    """An input or a plot, by its place among the others. `detail` tells those apart that have the
    same title and type. `span` is line, column, end line and end column, if known."""

    title: str
    type: str
    detail: str = ""
    span: tuple[int, int, int, int] | None = None


@dataclass(frozen=True, slots=True)
class Contract:
    """The inputs and plots of a script, in the order of their numbers, by which charts and alerts
    refer to them. Of a `strategy`, its own properties follow the inputs. `estimated` means read
    from the source, and `certain` that the compiler would say the same."""

    inputs: tuple[Slot, ...] = ()
    plots: tuple[Slot, ...] = ()
    strategy: bool = False
    certain: bool = True
    estimated: bool = False


@dataclass(frozen=True, slots=True)
class Alert:
    """An alert on one version of a script. Of its webhook only whether it has one is kept, of its
    message nothing: both often hold secrets."""

    pine_id: PineId
    version: Version
    active: bool
    symbol: str
    resolution: str
    webhook: bool


@dataclass(frozen=True, slots=True)
class Alerts:
    """The alerts that the service listed, maybe not all. `passed_over` counts those that are of no
    script of the account, or have a shape that is not known."""

    found: tuple[Alert, ...] = ()
    passed_over: int = 0


@dataclass(frozen=True)
class Verdict:
    """The compiler's findings for a text. `unchecked` is the reason if the compiler did not
    check the text; `warnings` then repeats it. Empty otherwise. `contract` comes
    with a full compile of a text without errors."""

    errors: tuple[Diagnostic, ...] = ()
    warnings: tuple[Diagnostic, ...] = ()
    unchecked: str = ""
    contract: Contract | None = None


@dataclass(frozen=True)
class SaveAnswer:
    """A complete response to a save. `accepted` is False for `success: false`; the service may have
    stored the text anyway. Id and version are None if absent."""

    accepted: bool
    pine_id: PineId | None = None
    version: Version | None = None
    reason: str = ""
    verdict: Verdict = Verdict()
