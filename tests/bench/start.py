"""How long it takes to start, and to read local files only."""

import statistics
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from pinesync.text import pine_syntax
from tests.bench.rows import PINESYNC, Environment, Row, against, in_turn

ROUNDS = 11
LINES = 3_000
TURNS = 20
LEAST = """
import click, hashlib, tomllib
held = tomllib.loads(open("pine.toml", encoding="utf-8").read())
for path in held["scripts"]:
    hashlib.sha256(open(path, "rb").read()).hexdigest()
"""
SOURCE = """\
//@version=6
indicator("Long", overlay = true)
float fast = ta.ema(close, 20) // the fast one
if ta.crossover(fast, ta.ema(close, 50)) and barstate.isconfirmed
    label.new(bar_index, high, str.tostring(close, "#.##"), color = #00ff00)
plot(fast, "Fast \\"one\\"", color = color.new(color.teal, 20), linewidth = 2)
"""


def rows(folder: Path, env: Environment) -> Iterator[Row]:
    """`folder` is a clone of many scripts."""
    least = (sys.executable, "-c", "import click")
    helped, clicked = in_turn((*PINESYNC, "--help"), least, folder, env, ROUNDS)
    yield against("`--help`", helped, clicked, "`import click`", 1.6)
    scripts = len(list(folder.rglob("*.pine")))
    least = (sys.executable, "-c", LEAST)
    offline = (*PINESYNC, "status", "--offline")
    took, hashed = in_turn(offline, least, folder, env, ROUNDS)
    beside = "click, that pine.toml parsed, those files hashed"
    yield against(f"`status --offline`, {scripts:,} scripts", took, hashed, beside, 1.3)
    yield _syntax()


def _syntax() -> Row:
    text = SOURCE * (LINES // SOURCE.count("\n"))
    count, seconds = text.count("\n"), []
    for _ in range(TURNS):
        began = time.perf_counter()
        if pine_syntax.check(text):
            raise SystemExit("the source of the syntax row is not right")
        seconds.append(time.perf_counter() - began)
    each = count / statistics.median(seconds)
    figure = f"{each:,.0f} lines/s"
    return Row(f"syntax check of {count:,} lines", figure, "", None, "≥ 50,000", each >= 50_000)
