"""A world whose folder is a git repository, and the events that move files without their entries.

Somebody else saves in two places, on a line each; the person edits elsewhere. So a line of theirs
may leave the newest version only by their own next save: nobody here edits those lines, and nobody
overrides a refusal.
"""

import copy
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pinesync.app.sync.pull import pull
from pinesync.app.sync.push import push
from pinesync.app.versions.undo import undo
from pinesync.cli.scripts.add import add
from pinesync.cli.scripts.rm import rm
from pinesync.cli.tools.repair import repair
from pinesync.errors import PinesyncError
from pinesync.sync.outcome import Run
from tests.campaign.conftest import noting
from tests.campaign.histories import Pointless
from tests.world import Crash, Fuse, OneScript, git, git_code, start

PLACES = ("// part 2\n", "// part 9\n")


@dataclass(kw_only=True)
class GitWorld(OneScript):
    theirs: dict[str, str] = field(default_factory=dict)
    """The foreign line at each place, as last saved."""

    def begin(self) -> None:
        super().begin()
        start(self)
        git(self, "config", "pinesync.track", "false")
        git(self, "tag", "first")

    def edit(self) -> None:
        """The user saves the file with one more line in a separate place."""
        if not self.file.exists():
            raise Pointless
        self.marks += 1
        place = f"// part {(0, 4, 6, 11)[self.marks % 4]}\n"
        text = self.file.read_text()
        self.file.write_text(text.replace(place, f"{place}// mark L{self.marks}\n", 1))

    # -- what was, to go back to -----------------------------------------------------------------

    def snapshot(self, place: Path) -> dict[str, Any]:
        shutil.copytree(self.pinesync_home, place, symlinks=True)
        return copy.deepcopy({name: getattr(self, name) for name in _REMEMBERED})

    def put_back(self, place: Path, stored: dict[str, Any]) -> None:
        for name in ("scripts", "state"):
            shutil.rmtree(self.pinesync_home / name, ignore_errors=True)
            if (place / name).exists():
                shutil.copytree(place / name, self.pinesync_home / name, symlinks=True)
        for name, value in copy.deepcopy(stored).items():
            if name == "remote":
                vars(self.remote).update(vars(value))
            else:
                setattr(self, name, value)

    # -- what must hold --------------------------------------------------------------------------

    def check_theirs(self) -> None:
        gone = [line for line in self.theirs.values() if line not in self.newest]
        assert not gone, f"taken back: {gone}"

    def run(self, act: Callable[[], Run], at: str | None = None) -> Run | None:
        self.fuse = Fuse(at)
        try:
            return act()
        except PinesyncError:
            return None
        except Crash:
            return None
        finally:
            self.fuse = Fuse()

    def push(self) -> None:
        """A refusal is wrong if the file has all foreign lines and no conflict."""
        text = self.file.read_text() if self.file.exists() else ""
        run = self.run(lambda: push(self.setup()))
        self.check_theirs()
        whole = all(line in text for line in self.theirs.values())
        for outcome in run.outcomes if run else ():
            if "lacks what somebody else saved" in outcome.message:
                assert not whole, f"refused, and lacks nothing: {outcome.message}"

    def heal(self) -> None:
        """Two bare pushes with a pull between them, as a workflow does."""
        self.push()
        self.run(lambda: pull(self.setup()))
        self.push()
        self.check_theirs()
        self.made.clear()  # an edit that git discarded was discarded on purpose
        self.check_always()


_REMEMBERED = ("remote", "theirs", "marks", "made", "removed", "warnings", "tab", "clock")


def _foreign(place: str) -> Callable[[GitWorld], None]:
    def save(world: GitWorld) -> None:
        world.marks += 1
        line = f"// mark W{world.marks}\n"
        old = world.theirs.get(place)
        text = world.newest
        text = text.replace(old, line) if old else text.replace(place, place + line)
        world.theirs[place] = line
        world.remote.web_save(world.pine_id, text)

    return save


def _command(act: Callable[[GitWorld], Callable[[], Run]], at: str | None = None):
    def run(world: GitWorld) -> None:
        before = world.everything()
        world.run(act(world), at)
        if world.everything() == before:
            raise Pointless

    return run


def _git(*words: str) -> Callable[[GitWorld], None]:
    def run(world: GitWorld) -> None:
        before = world.everything()
        if git_code(world, *words) or world.everything() == before:
            raise Pointless

    return run


def _commit(world: GitWorld) -> None:
    if git_code(world, "commit", "-q", "-a", "-m", "a commit"):
        raise Pointless


def _merge(world: GitWorld) -> None:
    """Another branch, which forked at the first commit, pulled the current versions."""
    git_code(world, "commit", "-q", "-a", "-m", "before the merge")
    git(world, "checkout", "-q", "-B", "other", "first")
    world.run(lambda: pull(world.setup()))
    git_code(world, "commit", "-q", "-a", "-m", "on the other branch")
    git(world, "checkout", "-q", "-")
    if git_code(world, "merge", "-q", "other") == 0:
        return
    world.run(lambda: _as_run(repair(world.setup())))
    if "<<<<<<<" in world.file.read_text() or "<<<<<<<" in world._manifest().decode():
        raise Pointless  # a person decides
    git(world, "add", "-A")
    git(world, "commit", "-q", "-m", "merged")


def _link(world: GitWorld) -> None:
    try:
        rm(world.setup(), [world.path])
        add(world.setup(), [world.path], pine_id=world.pine_id)
    except PinesyncError:
        raise Pointless from None


def _fresh_clone(world: GitWorld) -> None:
    """Another machine: it has only the committed files."""
    fresh = world.pinesync_home / "fresh"
    git(world, "clone", "-q", str(world.root), str(fresh))
    shutil.rmtree(world.root)
    fresh.rename(world.root)
    git(world, "config", "pinesync.track", "false")
    shutil.rmtree(world.pinesync_home / "state", ignore_errors=True)


def _as_run(_: object) -> Run:
    return Run()


EVENTS: dict[str, Callable[[GitWorld], None]] = {
    "a save there": _foreign(PLACES[0]),
    "a save elsewhere there": _foreign(PLACES[1]),
    "edit": GitWorld.edit,
    "pull": _command(lambda world: lambda: pull(world.setup())),
    "push": _command(lambda world: lambda: push(world.setup())),
    "undo": _command(lambda world: lambda: undo(world.setup())[1]),
    "checkout -- file": lambda world: _git("checkout", "-q", "--", world.path)(world),
    "checkout -- pine.toml": _git("checkout", "-q", "--", "pine.toml"),
    "stash": _git("stash", "push", "-q"),
    "commit": _commit,
    "merge and repair": _merge,
    "link": _link,
    "fresh clone": _fresh_clone,
    "pull, killed before pine.toml": _command(lambda w: lambda: pull(w.setup()), "commit"),
    "push, killed before pine.toml": _command(lambda w: lambda: push(w.setup()), "commit"),
}
PRELUDES: dict[str, tuple[int, tuple[str, ...]]] = {
    "a fresh clone": (3, ()),
    "a pull": (2, ("a save there", "pull")),
    "a pull that was committed": (2, ("a save there", "pull", "commit")),
    "a push between two pulls": (
        *(2, ("a save there", "pull", "edit", "push", "a save there", "pull")),
    ),
}
"""What came before, and how many events follow in each run."""


def live(world: GitWorld, event: str) -> bool:
    """Return whether the event changed anything; it must lose nothing of theirs."""
    try:
        EVENTS[event](world)
    except Pointless:
        return False
    world.check_theirs()
    return True


def explore(
    world: GitWorld, length: int, places: Path, begun: tuple[str, ...] = ()
) -> Iterator[tuple[str, ...]]:
    """Run every history of up to `length` events from here, and yield those that changed
    anything."""
    folder = places / str(length)
    stored = world.snapshot(folder)
    try:
        for event in EVENTS:
            history = (*begun, event)
            try:
                with noting(f"the history: {', '.join(history)}"):
                    if live(world, event):
                        if length > 1:
                            yield from explore(world, length - 1, places, history)
                        world.heal()
                        yield history
            finally:
                world.put_back(folder, stored)
    finally:
        shutil.rmtree(folder)
