"""A clone that has not come to its end. What it read stays for the next clone to the same place,
and the folder that it was building is removed by the next clone, to whichever place."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from pinesync.errors import FileError, Locked, StateError
from pinesync.workspace.files import remove_built
from pinesync.workspace.lock import writing
from pinesync.workspace.state.store import Store, folder_name

_KIND, _KEY = "clone", "begun"
_READ_ONLY = frozenset((_KIND, "objects", "saved", "tmp", "lock"))
"""What a state has in which nothing was done but reading."""


@dataclass(frozen=True, slots=True)
class Begun:
    """A clone: the id and the place of the workspace, what is read into it, and the folder in
    which it is being built."""

    id: str
    target: str
    remote: str
    account: str
    user_id: str
    history: bool
    building: str = ""


def clear_dead(states: Path) -> None:
    """Remove the folders in which killed clones were building; what a running one builds stays."""
    for store, begun in _all(states):
        with suppress(Locked, FileError), writing(store.folder):
            remove_built(Path(begun.target), Path(begun.building))


def id_before(states: Path, wanted: Begun) -> str | None:
    """The id of an earlier clone that was to be the same; its texts are held under that id."""
    for store, begun in _all(states):
        same = replace(begun, building="", id=wanted.id) == wanted
        place = store.folder.name == folder_name(begun.id, Path(begun.target))
        if same and place and {path.name for path in store.folder.iterdir()} <= _READ_ONLY:
            return begun.id
    return None


@contextmanager
def cloning(store: Store, begun: Begun) -> Iterator[Callable[[Path], None]]:
    """Nobody else clones to that place. What is given notes the folder, before it is made; the
    note goes where the end is reached. Locked where another process is at it."""
    with writing(store.folder):

        def note(building: Path) -> None:
            held = asdict(replace(begun, building=str(building)))
            store.write_json(_KIND, _KEY, held, durably=True)

        yield note
        store.drop_json(_KIND, [_KEY])


def _all(states: Path) -> Iterator[tuple[Store, Begun]]:
    """What is noted; a note that is damaged, or not ours, is passed over."""
    for note in sorted(states.glob(f"*/{_KIND}/{_KEY}.json")):
        with suppress(StateError, FileError, TypeError):
            store = Store(note.parent.parent)
            for _, raw in store.read_json(_KIND, 1):
                yield store, _parsed(raw)


def _parsed(raw: dict[str, Any]) -> Begun:
    begun = Begun(**raw)
    if any(not isinstance(value, str | bool) or "\0" in str(value) for value in raw.values()):
        raise TypeError
    return begun
