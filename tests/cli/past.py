"""An account with a history: scripts saved many times, renamed, with errors, in CRLF, several in
one second; and the expected state at each moment."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pinesync.sandbox.store import StoredVersion
from pinesync.text.canonical import canonical
from tests.world import World, git, git_bytes

BEGAN = 1_600_000_000
KINDS = ("indicator", "strategy", "library")
FOLDERS = {"study": "indicators", "strategy": "strategies", "library": "libraries"}


@dataclass(frozen=True)
class Moment:
    """An expected commit: its subject, its time, and every script's text."""

    subject: str
    when: int
    texts: Mapping[str, str]


def fill(world: World, scripts: int, versions: int, seed: int = 6) -> None:
    """Save this number of scripts in this number of versions, in mixed order. Some are renamed
    in between, some deleted, some versions do not compile, some are in CRLF, and many have the
    same second."""
    chance = random.Random(seed)
    world.store.reset(world.user)
    ids: list[str] = []
    for number in range(scripts + 3):
        text = _text(chance, KINDS[number % 3], number, 0)
        made = world.store.save_new(world.user, f"Script {number}", text, created=BEGAN + number)
        ids.append(made.pine_id)
    when = BEGAN + scripts
    for turn in range(versions - scripts):
        when += chance.choice((0, 0, 1, 60, 86_400))
        number = chance.randrange(scripts)
        text = _text(chance, KINDS[number % 3], number, turn + 1)
        name = f"Renamed {number}" if chance.random() < 0.03 else None
        world.store.save_next(world.user, ids[number], text, name=name, created=when)
    for pine_id in ids[scripts:]:
        world.store.delete(world.user, pine_id)


def _text(chance: random.Random, kind: str, number: int, turn: int) -> str:
    lines = [f"// {n} {chance.randrange(4)}" for n in range(12)]
    body = "\n".join([f'//@version=6\n{kind}("Script {number}")', *lines, f"plot(close) // {turn}"])
    if chance.random() < 0.1:
        body += "\nplot(undeclared"
    ended = body + "\n" * chance.randrange(2)
    return ended.replace("\n", "\r\n") if chance.random() < 0.2 else ended


def saves(world: World) -> list[StoredVersion]:
    """Every version, in the order of the commits."""
    listed = world.store.list(world.user)
    found = [version for script in listed for version in world.store.history(script.pine_id)]
    return sorted(found, key=lambda save: (save.created, save.pine_id, save.version))


def moments(world: World) -> Iterator[Moment]:
    """The expected content of each commit, oldest first."""
    kinds = {script.pine_id: script.kind for script in world.store.list(world.user)}
    texts: dict[str, str] = {}
    for version in saves(world):
        texts[f"{FOLDERS[kinds[version.pine_id]]}/{version.name}.pine"] = canonical(version.source)
        yield Moment(f"{version.name} {version.version}", version.created, dict(texts))


def tree(folder: Path, commit: str) -> dict[str, str]:
    """Every file of a commit."""
    names = git(folder, "ls-tree", "-rz", "--name-only", commit).split("\0")
    return {name: git_bytes(folder, "show", f"{commit}:{name}").decode() for name in names if name}
