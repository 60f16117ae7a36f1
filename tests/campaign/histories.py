"""The events of histories, and every history up to a length."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, suppress

from tests.campaign.conftest import noting
from tests.world import OneScript

CRASH_POINTS = 14
"""More than one pull and one push have: a crash that is not reached ends its history."""


class Pointless(Exception):
    """The event changed nothing, so a shorter history shows the same."""


def _sync(world: OneScript) -> None:
    world.sync()


def _crash(point: int) -> Callable[[OneScript], None]:
    def crash(world: OneScript) -> None:
        if world.sync(crash_at=point):
            raise Pointless

    return crash


def _push_with(kind: str) -> Callable[[OneScript], None]:
    def push(world: OneScript) -> None:
        posted = len(world.remote.posted)
        world.sync(turn=getattr(world, kind)())
        if len(world.remote.posted) == posted:
            raise Pointless

    return push


def _arrive(world: OneScript) -> None:
    if not world.late:
        raise Pointless
    world.arrive()


def _revert(world: OneScript) -> None:
    if len(set(world.log)) < 2:
        raise Pointless
    world.web_revert()


def _stale(world: OneScript) -> None:
    if world.tab[0] == len(world.log):
        raise Pointless  # the tab has the newest version: that is a fresh save
    world.web_stale()


EVENTS: dict[str, Callable[[OneScript], None]] = {
    "edit": OneScript.edit,
    "web save": OneScript.web_fresh,
    "web save from a stale tab": _stale,
    "web revert": _revert,
    "web rename": OneScript.web_rename,
    "sync": _sync,
    "answer lost": _push_with("lost"),
    "save delayed": _push_with("delayed"),
    "save dropped": _push_with("dropped"),
    "web save slips in": _push_with("slipped"),
    "late save arrives": _arrive,
    "time passes": OneScript.wait,
    **{f"crash {point}": _crash(point) for point in range(1, CRASH_POINTS + 1)},
}


PRELUDES: dict[str, tuple[str, ...]] = {
    "a fresh clone": (),
    "after a push and a pull": ("edit", "sync", "web save", "sync"),
}
_ENDS_ANYWAY = frozenset(("sync", "time passes", "late save arrives"))


def explore(
    opened: Callable[[], AbstractContextManager[OneScript]], begun: tuple[str, ...], length: int
) -> Iterator[tuple[str, ...]]:
    """Live through every history that goes on from `begun` by up to `length` events, each in a
    world of its own, and yield those that had a point. What a history ends with anyway is left
    out as its last event."""
    for event in EVENTS:
        history = (*begun, event)
        with opened() as world:
            if not live(world, history):
                continue
            if event not in _ENDS_ANYWAY:
                with noting(f"the history: {', '.join(history)}"):
                    world.heal()
                    world.check_converged()
                yield history
        if length > 1:
            yield from explore(opened, history, length - 1)


def live(world: OneScript, history: tuple[str, ...]) -> bool:
    """Run the history, and return whether its last event changed anything."""
    with suppress(Pointless), noting(f"the history: {', '.join(history)}"):
        for event in history:
            EVENTS[event](world)
            world.check_always()
        return True
    return False
