"""Where sandboxes are on the disk, and how an account there is filled with scripts."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from pinesync.errors import Misuse
from pinesync.sandbox.seeds import Seed
from pinesync.sandbox.store import Store, User

USER_NAME = "sandbox"
DEFAULT_NAME = "default"
_NAME = re.compile(r"[A-Za-z0-9_-]{1,40}")
_SPREAD = 180 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Filled:
    """What `fill` did: scripts and versions saved, scripts skipped since their name was there."""

    scripts: int
    versions: int
    skipped: int


def sandbox_path(folder: Path, name: str = DEFAULT_NAME) -> Path:
    """The file of a sandbox. Misuse for a name that could mean another place."""
    if not _NAME.fullmatch(name):
        raise Misuse(
            f"a sandbox cannot be called {name[:60]!r}",
            "use up to 40 letters, digits, - and _",
        )
    return folder / f"{name}.sqlite3"


def open_sandbox(folder: Path, name: str, now: Callable[[], float]) -> Store:
    """The store of a sandbox, made where it is not there yet."""
    return Store(sandbox_path(folder, name), now)


def fill(store: Store, user: User, seeds: Iterable[Seed]) -> Filled:
    """Saves scripts with all their versions, as if over the past months; a script whose name is
    there stays as it is. The same seeds are always of the same age."""
    scripts = versions = skipped = 0
    newest = int(store.now())
    for seed in seeds:
        if store.find(user, seed.name):
            skipped += 1
            continue
        # Not for secrets: the ages only have to be the same each time.
        ages = random.Random(seed.name).sample(range(3600, _SPREAD), len(seed.versions))
        moments = [newest - age for age in sorted(ages, reverse=True)]
        first = store.save_new(user, seed.name, seed.versions[0], created=moments[0])
        for source, moment in zip(seed.versions[1:], moments[1:], strict=True):
            store.save_next(user, first.pine_id, source, created=moment)
        scripts, versions = scripts + 1, versions + len(seed.versions)
    return Filled(scripts, versions, skipped)
