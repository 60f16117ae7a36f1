"""Run a target on generated examples, and report the smallest failing one."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.strategies import SearchStrategy

ROUND = 100
"""The number of examples between two checks of the clock."""
VARIATIONS = 20
"""Of each example."""
SLOWEST = 10.0
"""Seconds that no example may take, on a slow machine."""


@dataclass(frozen=True)
class Target:
    """`check` raises if an example breaks a rule; `vary` derives another example, which is
    faster than drawing one."""

    name: str
    examples: SearchStrategy[Any]
    check: Callable[[Any], None]
    vary: Callable[[Any, Random], Any]


@dataclass(frozen=True)
class Result:
    """The number of examples tried, and a failing one: the error, and the example."""

    executions: int
    finding: str = ""


class TooSlowError(Exception):
    """The example exceeded the time limit."""


def run(
    target: Target, *, seconds: float = 0.0, examples: int = ROUND, once: bool = False
) -> Result:
    """Run until the time is over, or one round, which is always the same."""
    executions = 0

    def tried(example: Any) -> None:
        nonlocal executions
        executions += 1
        began = time.perf_counter()
        target.check(example)
        if time.perf_counter() - began > SLOWEST:
            raise TooSlowError

    def example(example: Any) -> None:
        tried(example)
        lot = Random(repr(example))
        for _ in range(VARIATIONS):
            varied = target.vary(example, lot)
            try:
                tried(varied)
            except Exception as error:
                error.add_note(f"and this made of it: {varied!r}")
                raise

    a_round = settings(
        max_examples=examples,
        derandomize=not seconds,
        database=None,
        deadline=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )(given(target.examples)(example))
    end = time.perf_counter() + seconds
    try:
        a_round()
        while time.perf_counter() < end:
            a_round()
    except Exception as error:
        return Result(executions, _described(error))
    return Result(executions)


def _described(error: Exception) -> str:
    """The error with hypothesis' notes, which hold the example as it can be typed."""
    return "\n".join([f"{type(error).__name__}: {error}", *getattr(error, "__notes__", [])])
