"""A state directory with planted files, and a check of the result."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from pinesync.text.canonical import digest
from tests.world import SLOWER, TREND, TREND_PATH, Ran, World

KEY = "000000000000001-aa"
TEMP = f".pinesync-{KEY}.tmp"
VICTIM = b"somebody's own file\n"
WRITES = ("save_new", "save_next", "delete")


def neighbour(world: World) -> Path:
    """A folder that has nothing to do with pinesync."""
    folder = world.place / "outside"
    (folder / "ab").mkdir(parents=True)
    for name in ("victim", "x.json", "ab/victim"):
        (folder / name).write_bytes(VICTIM)
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def plant(world: World, **changes: Any) -> Path:
    """A record as an earlier run would have left it, with these values; its sum is right."""
    content = {
        "key": KEY,
        "op": "pull",
        "state": "prepared",
        "path": TREND_PATH,
        "name": "Trend",
        "digest": digest(SLOWER),
        "pine_id": world.id_of(),
        "wall": 1.0,
        "mono": 1.0,
        "boot_id": "boot",
    }
    pull = {"object": digest(TREND), "brings": digest(SLOWER), "temp": TEMP, "landed": "2.0"}
    save = {"landed": "2.0"}
    content |= {"pull": pull, "save": save, "create": save}.get(changes.get("op", "pull"), {})
    content = {key: value for key, value in (content | changes).items() if value is not None}
    body = json.dumps(content, sort_keys=True)
    folder = world.state_folder / "records"
    folder.mkdir(exist_ok=True)
    file = folder / f"{KEY}.json"
    file.write_text(json.dumps({**content, "sum": hashlib.sha256(body.encode()).hexdigest()}))
    return file


def refused(ran: Ran, name: str | Path) -> None:
    """Exit code 1 and the name of the planted file; no bug, and nothing sent."""
    assert ran.code == 1, ran
    assert str(name) in ran.err, ran
    assert not set(WRITES) & set(ran.requests)


def changes_nothing(world: World, *command: str, codes: tuple[int, ...] = (0, 1, 3, 7)) -> Ran:
    """The command changes no file and sends nothing."""
    files, account = world.files(), world.account()
    ran = world(*command)
    assert ran.code in codes, ran
    assert world.files() == files
    assert world.account() == account
    assert not set(WRITES) & set(ran.requests)
    return ran
