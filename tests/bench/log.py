"""How long it takes to read a long history, the first time and again."""

import time
from collections.abc import Iterator
from pathlib import Path

from pinesync.sandbox.account import USER_NAME, open_sandbox
from tests.bench.rows import PINESYNC, Environment, Row, timed
from tests.bench.service import BODY

VERSIONS = 500


def rows(base: Path, env: Environment) -> Iterator[Row]:
    """`log` of one script with many versions, the first time and the second, compared with the
    list alone."""
    store = open_sandbox(base / "home" / "sandbox", "long", time.time)
    user = store.ensure_user(USER_NAME)
    first = store.save_new(user, "Long", f"{BODY}// 1\n")
    for number in range(2, VERSIONS + 1):
        store.save_next(user, first.pine_id, f"{BODY}// {number}\n")
    store.close()
    folder = base / "long"
    timed((*PINESYNC, "clone", "--remote", "sandbox:long", str(folder)), base, env)
    alone = timed((*PINESYNC, "list"), folder, env)
    for turn in ("first", "then"):
        took = timed((*PINESYNC, "log", "indicators/Long.pine"), folder, env)
        label = f"`log` of {VERSIONS} versions, {turn}"
        yield Row(label, f"{took:.2f} s", f"`list`: {alone:.2f} s", took / alone)
