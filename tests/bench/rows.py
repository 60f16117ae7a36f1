"""A row of the table, and how to time its processes."""

import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

PINESYNC = (sys.executable, "-m", "pinesync")
Environment = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Row:
    """One figure: what was measured, what it is compared with, their ratio, and the aim; `met`
    is None without an aim."""

    what: str
    measured: str
    beside: str = ""
    ratio: float | None = None
    aim: str = ""
    met: bool | None = None

    @property
    def cells(self) -> tuple[str, ...]:
        ratio = "" if self.ratio is None else f"{self.ratio:.2f}"
        met = {True: "met", False: "**missed**", None: ""}[self.met]
        return self.what, self.measured, self.beside, ratio, self.aim, met


def against(label: str, seconds: float, least: float, beside: str, aim: float | None = None) -> Row:
    """A time compared with its possible minimum, and the most that their ratio should be."""
    ratio = seconds / least
    met = None if aim is None else ratio <= aim
    figure = f"{beside}: {least:.3f} s"
    return Row(label, f"{seconds:.3f} s", figure, ratio, f"≤ {aim:g}" if aim else "", met)


def timed(command: Sequence[str], cwd: Path, env: Environment, ends: Sequence[int] = (0,)) -> float:
    """Return the seconds that a process takes. An unexpected exit code stops the benchmark."""
    began = time.perf_counter()
    result = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False)
    took = time.perf_counter() - began
    if result.returncode not in ends:
        raise SystemExit(f"{' '.join(command)}: ended with {result.returncode}\n{result.stderr}")
    return took


def in_turn(
    ours: Sequence[str], least: Sequence[str], cwd: Path, env: Environment, rounds: int
) -> tuple[float, float]:
    """The medians of two commands that run in turn, after one round to warm up."""
    seconds: tuple[list[float], list[float]] = [], []
    for turn in range(rounds + 1):
        for command, into in zip((ours, least), seconds, strict=True):
            took = timed(command, cwd, env)
            if turn:
                into.append(took)
    return statistics.median(seconds[0]), statistics.median(seconds[1])
