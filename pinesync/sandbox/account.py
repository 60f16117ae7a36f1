"""Where sandboxes are stored, and how to fill an account with scripts."""

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
    """The result of `fill`: scripts and versions saved, and scripts skipped because their name
    exists."""

    scripts: int
    versions: int
    skipped: int


def sandbox_path(folder: Path, name: str = DEFAULT_NAME) -> Path:
    """The sandbox's file. Raises Misuse for a name that could lead to another place."""
    if not _NAME.fullmatch(name):
        raise Misuse(
            f"a sandbox cannot be called {name[:60]!r}",
            "use up to 40 letters, digits, - and _",
        )
    return folder / f"{name}.sqlite3"


def open_sandbox(folder: Path, name: str, now: Callable[[], float]) -> Store:
    """The sandbox's store, created if it does not exist."""
    return Store(sandbox_path(folder, name), now)


def fill(store: Store, user: User, seeds: Iterable[Seed]) -> Filled:
    """Save scripts with all their versions, dated over the past months. Skip a script whose name
    exists. The same seeds always get the same ages."""
    scripts = versions = skipped = 0
    newest = int(store.now())
    for seed in seeds:
        if store.find(user, seed.name):
            skipped += 1
            continue
        # Not for secrets: the seed only makes the ages reproducible.
        ages = random.Random(seed.name).sample(range(3600, _SPREAD), len(seed.versions))
        moments = [newest - age for age in sorted(ages, reverse=True)]
        first = store.save_new(user, seed.name, seed.versions[0], created=moments[0])
        for source, moment in zip(seed.versions[1:], moments[1:], strict=True):
            store.save_next(user, first.pine_id, source, created=moment)
        scripts, versions = scripts + 1, versions + len(seed.versions)
    return Filled(scripts, versions, skipped)
