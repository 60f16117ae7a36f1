"""The note of an unfinished clone. The next clone to the same target reuses what it downloaded. The
next clone to any target removes the directory that it was building."""

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
"""The files of a state directory that nothing but downloads has written."""


@dataclass(frozen=True, slots=True)
class CloneNote:
    """A clone in progress: the id and target of the workspace, its source, and the directory where
    it is being built."""

    id: str
    target: str
    remote: str
    account: str
    user_id: str
    history: bool
    building: str = ""


def clear_dead(states: Path) -> None:
    """Remove the build directories of killed clones, but not of running ones."""
    for store, begun in _all(states):
        with suppress(Locked, FileError), writing(store.folder):
            remove_built(Path(begun.target), Path(begun.building))


def id_before(states: Path, wanted: CloneNote) -> str | None:
    """The id of an earlier, identical clone, whose state directory has its texts; else None."""
    for store, begun in _all(states):
        same = replace(begun, building="", id=wanted.id) == wanted
        place = store.folder.name == folder_name(begun.id, Path(begun.target))
        if same and place and {path.name for path in store.folder.iterdir()} <= _READ_ONLY:
            return begun.id
    return None


@contextmanager
def clone_in_progress(store: Store, begun: CloneNote) -> Iterator[Callable[[Path], None]]:
    """Hold the lock of a clone. Yields a function that records the build directory; call it before
    creating that. Removes the note on success. Raises Locked if another process runs this clone."""
    with writing(store.folder):

        def note(building: Path) -> None:
            value = asdict(replace(begun, building=str(building)))
            store.write_json(_KIND, _KEY, value, durably=True)

        yield note
        store.drop_json(_KIND, [_KEY])


def _all(states: Path) -> Iterator[tuple[Store, CloneNote]]:
    """Every clone note that can be read. Skips damaged and foreign ones."""
    for note in sorted(states.glob(f"*/{_KIND}/{_KEY}.json")):
        with suppress(StateError, FileError, TypeError):
            store = Store(note.parent.parent)
            for _, raw in store.read_json(_KIND, 1):
                yield store, _parsed(raw)


def _parsed(raw: dict[str, Any]) -> CloneNote:
    begun = CloneNote(**raw)
    if any(not isinstance(value, str | bool) or "\0" in str(value) for value in raw.values()):
        raise TypeError
    return begun
