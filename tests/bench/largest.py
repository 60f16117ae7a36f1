"""How long each verb takes on the largest accepted source, in the worst shapes."""

import random
import time
from collections.abc import Iterator
from pathlib import Path

from pinesync.sandbox.account import USER_NAME, open_sandbox
from pinesync.text.canonical import MAX_SOURCE
from tests.bench.rows import PINESYNC, Environment, Row, timed

SECONDS = 10
"""The longest acceptable response time."""


def two_lines(turn: int) -> str:
    """Half a million lines of two kinds, in another order each time."""
    draw = random.Random(turn)
    return "".join(draw.choice(("a=1\n", "b=2\n")) for _ in range(MAX_SOURCE // 4))


def equal(turn: int) -> str:
    """One line over and over, a few less each time."""
    return "\n" * (MAX_SOURCE - 10 * turn)


def in_turn(turn: int) -> str:
    """Two lines in turn, the one or the other first."""
    return ("a\nb\n" if turn % 2 else "b\na\n") * (MAX_SOURCE // 4)


def replaced(turn: int) -> str:
    """A million lines, none of which is in the next text."""
    return f"{turn}\n" * (MAX_SOURCE // 2)


def permuted(turn: int) -> str:
    """No line repeats, and each version has another order."""
    rows = [f"{n}\n" for n in range(MAX_SOURCE // 7)]
    random.Random(turn).shuffle(rows)
    return "".join(rows)


def one_line(turn: int) -> str:
    return "x" * (MAX_SOURCE - 10) + str(turn)


def brackets(turn: int) -> str:
    return "(" * (MAX_SOURCE - 10) + str(turn)


def unseen(turn: int) -> str:
    return "\u00ad\u200b" * (MAX_SOURCE // 8) + str(turn)


def numbered(turn: int) -> str:
    """Lines of which a seventh differs each time."""
    rows = (f"line {n}{turn if n % 7 == 0 else ''}\n" for n in range(MAX_SOURCE // 14))
    return "".join(rows)[: MAX_SOURCE - 1]


SHAPES = (two_lines, equal, in_turn, replaced, permuted, one_line, brackets, unseen, numbered)
VERBS = (
    "log indicators/Largest.pine",
    "diff --remote",
    "status --html page.html",
    "show indicators/Largest.pine@2",
    "grep plot --all-versions",
    "check --offline .",
    "pull",
    "diff",
    "push",
    "status",
    "verify",
    "restore indicators/Largest.pine@1",
    "undo",
)
ANY = (0, 1, 2, 3, 4, 6, 7)


def rows(base: Path, env: Environment) -> Iterator[Row]:
    for shape in SHAPES:
        name = shape.__name__.replace("_", "-")
        env = {**env, "PINESYNC_SETTLE_SECONDS": "0"}
        store = open_sandbox(base / "home" / "sandbox", name, time.time)
        user = store.ensure_user(USER_NAME)
        script = store.save_new(user, "Largest", shape(1))
        folder = base / name
        timed((*PINESYNC, "clone", "--remote", f"sandbox:{name}", str(folder)), base, env)
        store.save_next(user, script.pine_id, shape(2))
        store.close()
        slowest = ("", 0.0)
        for verb in VERBS:
            if verb == "push":
                (file,) = folder.rglob("Largest.pine")
                file.write_text(shape(3))
            where = verb.replace("indicators/Largest.pine", _path(folder))
            took = timed((*PINESYNC, *where.split()), folder, env, ANY)
            slowest = max(slowest, (verb, took), key=lambda timing: timing[1])
        verb, took = slowest
        aim = f"≤ {SECONDS} s"
        label = f"{len(VERBS)} verbs, {name.replace('-', ' ')}"
        yield Row(label, f"`{verb.split()[0]}`: {took:.1f} s", aim=aim, met=took <= SECONDS)


def _path(folder: Path) -> str:
    (file,) = folder.rglob("Largest.pine")
    return file.relative_to(folder).as_posix()
