"""How a script gets into each row of the policy table, and what has to come of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pinesync.sandbox.faults import Fault
from pinesync.sync.policy import LocalSide, RemoteSide
from tests.world import (
    EXTRA,
    FASTER,
    LONGER,
    MERGED,
    SLOWER,
    TREND,
    TREND_PATH,
    World,
)

EXTRA_PATH = "indicators/Extra.pine"
MARKERS = f"<<<<<<< ours\n{LONGER}=======\n{SLOWER}>>>>>>> theirs (TradingView)\n"

Told = tuple[int, str | None]
"""An exit code, and what the outcome of the script says was done (None: nothing was)."""


@dataclass(frozen=True)
class Case:
    """A history that ends in a row of the table; what pull and push then do and end with."""

    row: tuple[LocalSide, RemoteSide]
    happened: Callable[[World], object]
    word: str
    pull: Told
    push: Told
    path: str = TREND_PATH
    pulled: str | None = None
    """The file after a pull; None where it stays as it was."""
    versions: int = 0
    """How many versions a push adds."""

    @property
    def id(self) -> str:
        return f"{self.row[0].name}-{self.row[1].name}"


def edits(text: str | bytes, path: str = TREND_PATH) -> Callable[[World], object]:
    return lambda world: world.write(text, path)


def saves(*texts: str, name: str = "Trend") -> Callable[[World], object]:
    def act(world: World) -> None:
        for text in texts:
            world.web_save(text, name)

    return act


def deletes(world: World) -> None:
    world.web_delete()


def removes(world: World) -> None:
    world.remove()


def adds(text: str, path: str = EXTRA_PATH) -> Callable[[World], object]:
    def act(world: World) -> None:
        world.write(text, path)
        assert world("add", path).code == 0

    return act


def flags(world: World) -> None:
    """What a push leaves behind that came after somebody else's save."""
    file = world.folder / "pine.toml"
    entry = f'[scripts."{TREND_PATH}"]\n'
    text = file.read_text("utf-8")
    assert entry in text
    file.write_text(text.replace(entry, f'{entry}hidden = "1.0"\n'), "utf-8")


def pulls(world: World) -> None:
    assert world("pull").code == 0


def commits(world: World) -> None:
    """The clone is a repository, with one commit."""
    world.git("init", "-q")
    world.git("add", ".")
    world.git("commit", "-qm", "clone")


def reverts(world: World) -> None:
    """A push of ours is committed, and taken back with git."""
    first(commits, pushes_and_commits(SLOWER), goes_back)(world)


def reverts_theirs(world: World) -> None:
    """The same with a foreign save, which was pulled."""
    first(commits, pulls_and_commits(SLOWER), goes_back)(world)


def forgets_the_first(world: World) -> None:
    """Version 1.0 is not stored here any more, and the service does not give it."""
    (notes,) = (world.home / "pinesync" / "state").glob(f"*/saved/{world.id_of()[5:]}")
    (notes / "1").unlink()
    body = b'{"code":404,"message":"no such version"}'
    world.plan.add(Fault("get", "answer", count=None, status=404, body=body))


def pulls_and_commits(text: str) -> Callable[[World], object]:
    def act(world: World) -> None:
        world.web_save(text)
        assert world("pull").code == 0
        world.git("commit", "-qam", "pull")

    return act


def pushes_and_commits(text: str) -> Callable[[World], object]:
    def act(world: World) -> None:
        world.write(text)
        assert world("push").code == 0
        world.git("commit", "-qam", "push")

    return act


def goes_back(world: World) -> None:
    world.git("revert", "--no-edit", "HEAD")


def first(*acts: Callable[[World], object]) -> Callable[[World], object]:
    return lambda world: [act(world) for act in acts]


NOTHING: Told = (0, None)
LEFT: Told = (3, "refused")

CASES = [
    Case((LocalSide.SAME, RemoteSide.SAME), lambda world: None, "clean", NOTHING, NOTHING),
    Case(
        (LocalSide.SAME, RemoteSide.MOVED),
        saves(SLOWER),
        "behind",
        (0, "pulled"),
        (0, "skipped"),
        pulled=SLOWER,
    ),
    Case(
        (LocalSide.EDITED, RemoteSide.SAME),
        edits(LONGER),
        "modified",
        NOTHING,
        (0, "saved"),
        versions=1,
    ),
    Case(
        (LocalSide.EDITED, RemoteSide.EQUAL),
        first(edits(LONGER), saves(LONGER)),
        "clean",
        (0, "adopted"),
        (0, "adopted"),
    ),
    Case(
        (LocalSide.AHEAD, RemoteSide.MOVED),
        first(edits(LONGER), saves(LONGER, SLOWER)),
        "behind",
        (0, "pulled"),
        (0, "adopted"),
        pulled=SLOWER,
    ),
    Case(
        (LocalSide.EDITED, RemoteSide.MOVED),
        first(edits(LONGER), saves(SLOWER)),
        "diverged",
        (0, "merged"),
        LEFT,
        pulled=MERGED,
    ),
    Case(
        (LocalSide.UNDOES, RemoteSide.SAME),
        first(saves(SLOWER), pulls, edits(TREND)),
        "undoes",
        (0, "restored"),
        LEFT,
        pulled=SLOWER,
    ),
    Case(
        (LocalSide.UNDOES, RemoteSide.MOVED),
        first(saves(SLOWER), pulls, edits(TREND), saves(MERGED)),
        "undoes",
        (0, "restored"),
        LEFT,
        pulled=MERGED,
    ),
    Case(
        (LocalSide.UNDOES, RemoteSide.RECORDED),
        first(
            *(commits, pulls_and_commits(SLOWER), pushes_and_commits(MERGED)),
            *(goes_back, edits(TREND)),
        ),
        "undoes",
        (0, "restored"),
        LEFT,
        pulled=SLOWER,
    ),
    Case(
        (LocalSide.UNDOES, RemoteSide.RECORDED_THEIRS),
        first(
            *(commits, pulls_and_commits(SLOWER), pulls_and_commits(FASTER)),
            *(goes_back, edits(TREND)),
        ),
        "undoes",
        (0, "restored"),
        LEFT,
        pulled=FASTER,
    ),
    Case(
        (LocalSide.UNCOMPARED, RemoteSide.SAME),
        first(saves(SLOWER), pulls, edits(MERGED), forgets_the_first),
        "modified",
        NOTHING,
        (7, "refused"),
    ),
    Case(
        (LocalSide.UNCOMPARED, RemoteSide.MOVED),
        first(saves(SLOWER), pulls, edits(MERGED), saves(FASTER), forgets_the_first),
        "diverged",
        (7, "refused"),
        LEFT,
    ),
    Case(
        (LocalSide.UNCOMPARED, RemoteSide.RECORDED),
        first(
            *(commits, pulls_and_commits(SLOWER), pushes_and_commits(MERGED)),
            *(goes_back, edits(EXTRA), forgets_the_first),
        ),
        "rolled-back",
        LEFT,
        (7, "refused"),
    ),
    Case(
        (LocalSide.UNCOMPARED, RemoteSide.RECORDED_THEIRS),
        first(
            *(commits, pulls_and_commits(SLOWER), pulls_and_commits(FASTER)),
            *(goes_back, edits(MERGED), forgets_the_first),
        ),
        "rolled-back",
        (7, "refused"),
        LEFT,
    ),
    Case(
        (LocalSide.SAME, RemoteSide.RECORDED),
        reverts,
        "rolled-back",
        LEFT,
        (0, "saved"),
        versions=1,
    ),
    Case(
        (LocalSide.EDITED, RemoteSide.RECORDED),
        first(reverts, edits(LONGER)),
        "rolled-back",
        LEFT,
        (0, "saved"),
        versions=1,
    ),
    Case(
        (LocalSide.SAME, RemoteSide.RECORDED_THEIRS),
        reverts_theirs,
        "rolled-back",
        (0, "pulled"),
        LEFT,
        pulled=SLOWER,
    ),
    Case(
        (LocalSide.EDITED, RemoteSide.RECORDED_THEIRS),
        first(reverts_theirs, edits(LONGER)),
        "rolled-back",
        (0, "merged"),
        LEFT,
        pulled=MERGED,
    ),
    Case(
        (LocalSide.MISSING, RemoteSide.RECORDED_THEIRS),
        first(reverts_theirs, removes),
        "missing",
        (0, "told"),
        (0, "told"),
    ),
    Case(
        (LocalSide.MISSING, RemoteSide.RECORDED),
        first(reverts, removes),
        "missing",
        (0, "told"),
        (0, "told"),
    ),
    Case((LocalSide.MISSING, RemoteSide.SAME), removes, "missing", (0, "told"), (0, "told")),
    Case(
        (LocalSide.MISSING, RemoteSide.MOVED),
        first(removes, saves(SLOWER)),
        "missing",
        (0, "told"),
        (0, "told"),
    ),
    Case(
        (LocalSide.MISSING, RemoteSide.ABSENT),
        first(adds(EXTRA), lambda world: world.remove(EXTRA_PATH)),
        "missing",
        (0, "told"),
        (0, "told"),
        EXTRA_PATH,
    ),
    Case((LocalSide.SAME, RemoteSide.GONE), deletes, "gone", (3, "kept"), LEFT),
    Case(
        (LocalSide.EDITED, RemoteSide.GONE),
        first(edits(LONGER), deletes),
        "gone",
        (3, "kept"),
        LEFT,
    ),
    Case((LocalSide.MISSING, RemoteSide.GONE), first(removes, deletes), "gone", (3, "kept"), LEFT),
    Case(
        (LocalSide.ADDED, RemoteSide.ABSENT),
        adds(EXTRA),
        "new",
        NOTHING,
        (0, "created"),
        EXTRA_PATH,
    ),
    Case(
        (LocalSide.ADDED, RemoteSide.SAME_TEXT),
        first(adds(EXTRA), saves(EXTRA, name="Extra")),
        "clean",
        (0, "adopted"),
        (0, "adopted"),
        EXTRA_PATH,
    ),
    Case(
        (LocalSide.ADDED, RemoteSide.TAKEN),
        first(adds(EXTRA), saves(TREND, name="Extra")),
        "name-taken",
        LEFT,
        LEFT,
        EXTRA_PATH,
    ),
    Case(
        (LocalSide.UNTRACKED, RemoteSide.ABSENT),
        edits(EXTRA, EXTRA_PATH),
        "untracked",
        NOTHING,
        NOTHING,
        EXTRA_PATH,
    ),
    Case(
        (LocalSide.UNTRACKED, RemoteSide.SAME_TEXT),
        first(edits(EXTRA, EXTRA_PATH), saves(EXTRA, name="Extra")),
        "clean",
        (0, "adopted"),
        (0, "adopted"),
        EXTRA_PATH,
    ),
    Case(
        (LocalSide.UNTRACKED, RemoteSide.TAKEN),
        first(edits(EXTRA, EXTRA_PATH), saves(TREND, name="Extra")),
        "name-taken",
        LEFT,
        LEFT,
        EXTRA_PATH,
    ),
    Case(
        (LocalSide.ABSENT, RemoteSide.MOVED),
        saves(EXTRA, name="Extra"),
        "remote-only",
        (0, "written"),
        NOTHING,
        EXTRA_PATH,
        pulled=EXTRA,
    ),
    Case((LocalSide.MARKED, RemoteSide.SAME), edits(MARKERS), "conflict", LEFT, LEFT),
    Case(
        (LocalSide.MARKED, RemoteSide.MOVED),
        first(edits(MARKERS), saves(FASTER)),
        "conflict",
        LEFT,
        LEFT,
    ),
    Case(
        (LocalSide.MARKED, RemoteSide.GONE), first(edits(MARKERS), deletes), "conflict", LEFT, LEFT
    ),
    Case(
        (LocalSide.MARKED, RemoteSide.ABSENT),
        first(adds(EXTRA), edits(MARKERS, EXTRA_PATH)),
        "conflict",
        LEFT,
        LEFT,
        EXTRA_PATH,
    ),
    Case((LocalSide.UNREADABLE, RemoteSide.SAME), edits(b"plot(\xff)"), "unreadable", LEFT, LEFT),
    Case(
        (LocalSide.UNREADABLE, RemoteSide.MOVED),
        first(edits(b"plot(\xff)"), saves(SLOWER)),
        "unreadable",
        LEFT,
        LEFT,
    ),
    Case(
        (LocalSide.UNREADABLE, RemoteSide.GONE),
        first(edits(b"plot(\0)"), deletes),
        "unreadable",
        LEFT,
        LEFT,
    ),
    Case(
        (LocalSide.UNREADABLE, RemoteSide.ABSENT),
        first(adds(EXTRA), edits(TREND.encode("utf-16"), EXTRA_PATH)),
        "unreadable",
        LEFT,
        LEFT,
        EXTRA_PATH,
    ),
]
FLAGGED = [
    Case((LocalSide.MARKED, RemoteSide.SAME), flags, "conflict", LEFT, LEFT),
    Case((LocalSide.MARKED, RemoteSide.SAME), first(flags, edits(LONGER)), "conflict", LEFT, LEFT),
    Case((LocalSide.MARKED, RemoteSide.SAME), first(flags, removes), "conflict", LEFT, LEFT),
    Case((LocalSide.MARKED, RemoteSide.MOVED), first(flags, saves(SLOWER)), "conflict", LEFT, LEFT),
    Case((LocalSide.MARKED, RemoteSide.GONE), first(flags, deletes), "conflict", LEFT, LEFT),
]
