"""How to reach each row of the policy table, and the expected result."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from pinesync.model import RelPath, Version
from pinesync.sandbox.faults import Fault
from pinesync.sync.intents import Download
from pinesync.sync.policy import LocalSide, RemoteSide
from pinesync.workspace.state import State
from tests.world import World
from tests.world.repository import start
from tests.world.scripts import EXTRA, FASTER, LONGER, MERGED, SLOWER, TREND, TREND_PATH

EXTRA_PATH = "indicators/Extra.pine"
UTF_16 = TREND.encode("utf-16")
MARKERS = f"<<<<<<< ours\n{LONGER}=======\n{SLOWER}>>>>>>> theirs (TradingView)\n"

_NOT_BOTH = re.compile("^(ADDED|UNTRACKED|ABSENT)-|-ABSENT$")

Act = Callable[[World], object]
Told = tuple[int, str | None]
"""An exit code, and the script's reported outcome (None: no outcome)."""


@dataclass(frozen=True)
class Case:
    """A history that ends in a row of the policy table, and the outcomes and exit codes of pull and
    push."""

    id: str
    """The row: our side and theirs."""
    acts: tuple[Act, ...]
    word: str
    pull: Told
    push: Told
    pulled: str | None = None
    """The file after a pull; None where it stays as it was."""

    @property
    def row(self) -> tuple[LocalSide, RemoteSide]:
        ours, theirs = self.id.split("-")
        return LocalSide[ours], RemoteSide[theirs]

    @property
    def path(self) -> str:
        """A script that exists on one side only is Extra, every other is Trend."""
        return EXTRA_PATH if _NOT_BOTH.search(self.id) else TREND_PATH

    def happened(self, world: World) -> None:
        first(*self.acts)(world)


def edits(text: str | bytes, path: str = TREND_PATH) -> Act:
    return lambda world: world.write(text, path)


def saves(*texts: str, name: str = "Trend") -> Act:
    def act(world: World) -> None:
        for text in texts:
            world.web_save(text, name)

    return act


def deletes(world: World) -> None:
    world.web_delete()


def removes(world: World) -> None:
    world.remove()


def adds_extra(world: World) -> None:
    world.write(EXTRA, EXTRA_PATH)
    assert world("add", EXTRA_PATH).code == 0


def removes_extra(world: World) -> None:
    world.remove(EXTRA_PATH)


def flags(world: World) -> None:
    """The state after a push that followed a foreign save."""
    file = world.folder / "pine.toml"
    entry = f'[scripts."{TREND_PATH}"]\n'
    text = file.read_text("utf-8")
    assert entry in text
    file.write_text(text.replace(entry, f'{entry}hidden = "1.0"\n'), "utf-8")


def pulls(world: World) -> None:
    assert world("pull").code == 0


def commits(world: World) -> None:
    """The clone is a repository, with one commit."""
    start(world)


def reverts(world: World) -> None:
    """A push of ours is committed, then reverted with git."""
    first(commits, pushes_and_commits(SLOWER), goes_back)(world)


def reverts_theirs(world: World) -> None:
    """The same with a foreign save, which was pulled."""
    first(commits, pulls_and_commits(SLOWER), goes_back)(world)


def forgets(world: World) -> None:
    """Version 1.0 is no longer stored here, and the service does not return it."""
    (notes,) = (world.home / "pinesync" / "state").glob(f"*/saved/{world.id_of()[5:]}")
    (notes / "1").unlink()
    body = b'{"code":404,"message":"no such version"}'
    world.plan.add(Fault("get", "answer", count=None, status=404, body=body))


def pulls_and_commits(text: str) -> Act:
    def act(world: World) -> None:
        world.web_save_and_pull(text)
        world.git("commit", "-qam", "pull")

    return act


def pushes_and_commits(text: str) -> Act:
    def act(world: World) -> None:
        world.write_and_push(text)
        world.git("commit", "-qam", "push")

    return act


def goes_back(world: World) -> None:
    world.git("revert", "--no-edit", "HEAD")


def records_a_pull(world: World, text: str, path: str = TREND_PATH, name: str = "Trend") -> str:
    """Leave the intent of an interrupted pull of version 2.0, and return the name of its temporary
    file."""
    state, temp = State(world.state_folder), ".pinesync-0001-aa.tmp"
    pulled, before = state.texts.keep(text), state.texts.keep(world.saved(name)[0])
    intent = Download(
        key="0001-aa",
        path=RelPath(path),
        name=name,
        digest=pulled,
        pine_id=world.id_of(name),
        account="sandbox",
        wall=1.0,
        replaces=before,
        brings=pulled,
        temp=temp,
        landed=Version(2),
    )
    state.log.write(intent)
    return temp


def first(*acts: Act) -> Act:
    return lambda world: [act(world) for act in acts]


NOTHING: Told = (0, None)
PULLED: Told = (0, "pulled")
COMBINED: Told = (0, "merged")
RESTORED: Told = (0, "restored")
WRITTEN: Told = (0, "written")
SAVED: Told = (0, "saved")
CREATED: Told = (0, "created")
ADOPTED: Told = (0, "adopted")
SKIPPED: Told = (0, "skipped")
NAMED: Told = (0, "told")
KEPT: Told = (3, "kept")
LEFT: Told = (3, "refused")
UNREAD: Told = (7, "refused")
"""The text of a version is needed, and not to be had."""

pulls_slower = first(saves(SLOWER), pulls)
pulls_two = first(commits, pulls_and_commits(SLOWER), pulls_and_commits(FASTER))
pulls_and_pushes = first(commits, pulls_and_commits(SLOWER), pushes_and_commits(MERGED))
edits_extra = edits(EXTRA, EXTRA_PATH)
saves_extra = saves(EXTRA, name="Extra")
saves_another_extra = saves(TREND, name="Extra")

CASES = [
    Case("SAME-SAME", (), "clean", NOTHING, NOTHING),
    Case("SAME-MOVED", (saves(SLOWER),), "behind", PULLED, SKIPPED, SLOWER),
    Case("EDITED-SAME", (edits(LONGER),), "modified", NOTHING, SAVED),
    Case("EDITED-EQUAL", (edits(LONGER), saves(LONGER)), "clean", ADOPTED, ADOPTED),
    Case("AHEAD-MOVED", (edits(LONGER), saves(LONGER, SLOWER)), "behind", PULLED, ADOPTED, SLOWER),
    Case("EDITED-MOVED", (edits(LONGER), saves(SLOWER)), "diverged", COMBINED, LEFT, MERGED),
    Case("UNDOES-SAME", (pulls_slower, edits(TREND)), "undoes", RESTORED, LEFT, SLOWER),
    Case(
        "UNDOES-MOVED",
        (pulls_slower, edits(TREND), saves(MERGED)),
        "undoes",
        RESTORED,
        LEFT,
        MERGED,
    ),
    Case(
        "UNDOES-RECORDED",
        (pulls_and_pushes, goes_back, edits(TREND)),
        "undoes",
        RESTORED,
        LEFT,
        SLOWER,
    ),
    Case(
        "UNDOES-RECORDED_THEIRS",
        (pulls_two, goes_back, edits(TREND)),
        "undoes",
        RESTORED,
        LEFT,
        FASTER,
    ),
    Case("UNCOMPARED-SAME", (pulls_slower, edits(MERGED), forgets), "modified", NOTHING, UNREAD),
    Case(
        "UNCOMPARED-MOVED",
        (pulls_slower, edits(MERGED), saves(FASTER), forgets),
        "diverged",
        UNREAD,
        LEFT,
    ),
    Case(
        "UNCOMPARED-RECORDED",
        (pulls_and_pushes, goes_back, edits(EXTRA), forgets),
        "rolled-back",
        LEFT,
        UNREAD,
    ),
    Case(
        "UNCOMPARED-RECORDED_THEIRS",
        (pulls_two, goes_back, edits(MERGED), forgets),
        "rolled-back",
        UNREAD,
        LEFT,
    ),
    Case("SAME-RECORDED", (reverts,), "rolled-back", LEFT, SAVED),
    Case("EDITED-RECORDED", (reverts, edits(LONGER)), "rolled-back", LEFT, SAVED),
    Case("SAME-RECORDED_THEIRS", (reverts_theirs,), "rolled-back", PULLED, LEFT, SLOWER),
    Case(
        "EDITED-RECORDED_THEIRS",
        (reverts_theirs, edits(LONGER)),
        "rolled-back",
        COMBINED,
        LEFT,
        MERGED,
    ),
    Case("MISSING-RECORDED_THEIRS", (reverts_theirs, removes), "missing", NAMED, NAMED),
    Case("MISSING-RECORDED", (reverts, removes), "missing", NAMED, NAMED),
    Case("MISSING-SAME", (removes,), "missing", NAMED, NAMED),
    Case("MISSING-MOVED", (removes, saves(SLOWER)), "missing", NAMED, NAMED),
    Case("MISSING-ABSENT", (adds_extra, removes_extra), "missing", NAMED, NAMED),
    Case("SAME-GONE", (deletes,), "gone", KEPT, LEFT),
    Case("EDITED-GONE", (edits(LONGER), deletes), "gone", KEPT, LEFT),
    Case("MISSING-GONE", (removes, deletes), "gone", KEPT, LEFT),
    Case("ADDED-ABSENT", (adds_extra,), "new", NOTHING, CREATED),
    Case("ADDED-SAME_TEXT", (adds_extra, saves_extra), "clean", ADOPTED, ADOPTED),
    Case("ADDED-TAKEN", (adds_extra, saves_another_extra), "name-taken", LEFT, LEFT),
    Case("UNTRACKED-ABSENT", (edits_extra,), "untracked", NOTHING, NOTHING),
    Case("UNTRACKED-SAME_TEXT", (edits_extra, saves_extra), "clean", ADOPTED, ADOPTED),
    Case("UNTRACKED-TAKEN", (edits_extra, saves_another_extra), "name-taken", LEFT, LEFT),
    Case("ABSENT-MOVED", (saves_extra,), "remote-only", WRITTEN, NOTHING, EXTRA),
    Case("MARKED-SAME", (edits(MARKERS),), "conflict", LEFT, LEFT),
    Case("MARKED-MOVED", (edits(MARKERS), saves(FASTER)), "conflict", LEFT, LEFT),
    Case("MARKED-GONE", (edits(MARKERS), deletes), "conflict", LEFT, LEFT),
    Case("MARKED-ABSENT", (adds_extra, edits(MARKERS, EXTRA_PATH)), "conflict", LEFT, LEFT),
    Case("UNREADABLE-SAME", (edits(b"plot(\xff)"),), "unreadable", LEFT, LEFT),
    Case("UNREADABLE-MOVED", (edits(b"plot(\xff)"), saves(SLOWER)), "unreadable", LEFT, LEFT),
    Case("UNREADABLE-GONE", (edits(b"plot(\0)"), deletes), "unreadable", LEFT, LEFT),
    Case("UNREADABLE-ABSENT", (adds_extra, edits(UTF_16, EXTRA_PATH)), "unreadable", LEFT, LEFT),
]
FLAGGED = [
    Case("MARKED-SAME", (flags,), "conflict", LEFT, LEFT),
    Case("MARKED-SAME", (flags, edits(LONGER)), "conflict", LEFT, LEFT),
    Case("MARKED-SAME", (flags, removes), "conflict", LEFT, LEFT),
    Case("MARKED-MOVED", (flags, saves(SLOWER)), "conflict", LEFT, LEFT),
    Case("MARKED-GONE", (flags, deletes), "conflict", LEFT, LEFT),
]
