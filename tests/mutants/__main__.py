"""`make mutants`: take each rule out of the running code, and see whether a test fails.

The tests are run as they are first: one that fails anyway notices nothing.
"""

import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.mutants.all import ALL
from tests.mutants.mutant import CHOSEN, Mutant

ROOT = Path(__file__).parents[2]
SECONDS = 900
AT_A_TIME = 2
FAILED = 1
"""What pytest ends with where tests failed. Any other end, of a collection say, proves nothing."""


def noticed(mutant: Mutant) -> tuple[bool, str]:
    """Whether each test named for the mutant notices it, and pytest's output of the first that
    does not."""
    output = ""
    for test in mutant.tests:
        code, output = run("-x", "-p", "tests.mutants.plugin", test, rule=mutant.rule)
        # A crash of pytest itself also exits with 1.
        if code != FAILED or not re.search(r"\d+ (failed|error)", output):
            return False, output
    return True, output


def run(*words: str, rule: str = "") -> tuple[int, str]:
    """pytest's exit code and output without that rule."""
    try:
        result = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *words],
            cwd=ROOT,
            env={**os.environ, CHOSEN: rule},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return -1, f"no end after {SECONDS} seconds"
    return result.returncode, result.stdout.decode("utf-8", "replace")


def main() -> int:
    words = sys.argv[1:]
    chosen = [m for m in ALL if not words or any(word in m.rule for word in words)]
    if not chosen:
        print("no rule has such a word in its name")
        return 1
    code, output = run("-n", str(AT_A_TIME), *sorted({test for m in chosen for test in m.tests}))
    if code:
        print(output, "the tests fail, without any mutant", sep="\n")
        return 1
    caught = 0
    with ThreadPoolExecutor(AT_A_TIME) as pool:
        for mutant, (was_noticed, output) in zip(chosen, pool.map(noticed, chosen), strict=True):
            caught += was_noticed
            print("caught  " if was_noticed else "SURVIVED", f"{mutant.promise}:", mutant.rule)
            if not was_noticed:
                print("         " + output.rstrip().rpartition("\n")[2])
            sys.stdout.flush()
    print(f"{caught} of {len(chosen)} mutants caught")
    return 0 if caught == len(chosen) else 1


if __name__ == "__main__":
    sys.exit(main())
