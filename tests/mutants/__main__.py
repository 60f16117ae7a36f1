"""`make mutants`: break a copy of the code in each listed way, and see whether a test fails."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.mutants.breakages import MUTANTS, Mutant
from tests.mutants.guarding import GUARDING
from tests.mutants.history import HISTORY
from tests.mutants.hostile import HOSTILE
from tests.mutants.reverts import REVERTS
from tests.mutants.service import SERVICE
from tests.mutants.watching import WATCHING

ROOT = Path(__file__).parents[2]
COPIED = (
    "SECURITY.md",
    "pinesync",
    "templates",
    "tests",
    "pyproject.toml",
    "CHANGELOG.md",
    "README.md",
    "docs",
)
SECONDS = 900
ALL = (*MUTANTS, *GUARDING, *HOSTILE, *WATCHING, *HISTORY, *REVERTS, *SERVICE)


def caught(mutant: Mutant) -> bool:
    """Whether the tests named for the mutant fail on a copy that has it."""
    with tempfile.TemporaryDirectory(prefix="pinesync-mutant-") as name:
        copy = Path(name)
        for part in COPIED:
            source = ROOT / part
            if source.is_dir():
                ignored = shutil.ignore_patterns("__pycache__")
                shutil.copytree(source, copy / part, ignore=ignored)
            elif source.exists():
                shutil.copy2(source, copy / part)
        broken = copy / mutant.file
        text = broken.read_text("utf-8").replace(mutant.old, mutant.new)
        if mutant.also[0]:
            text = text.replace(*mutant.also)
        broken.write_text(text, "utf-8")
        there = [test for test in mutant.tests if (copy / test).exists()]
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *there],
            cwd=copy,
            env=_environment(copy),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=SECONDS,
            check=False,
        )
    # 1: tests failed. Anything else, a copy that cannot be imported say, proves nothing.
    return done.returncode == 1


def _environment(copy: Path) -> dict[str, str]:
    import os

    return {**os.environ, "PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}


def main() -> int:
    wanted = sys.argv[1:]
    chosen = [m for m in ALL if not wanted or any(word in m.rule for word in wanted)]
    with ThreadPoolExecutor(2) as pool:
        results = []
        for mutant, was_caught in zip(chosen, pool.map(caught, chosen), strict=True):
            results.append(was_caught)
            print("caught  " if was_caught else "SURVIVED", mutant.rule, flush=True)
    print(f"{sum(results)} of {len(results)} mutants caught")
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
