"""`make fuzz`, or `python -m tests.fuzz [SECONDS] [TARGET…]`: a minute for all targets together."""

import sys
from collections.abc import Sequence

from tests.fuzz.answers import WIRE
from tests.fuzz.engine import run
from tests.fuzz.manifests import MANIFEST
from tests.fuzz.sources import NAMING, SYNTAX, TEXT

TARGETS = (WIRE, MANIFEST, SYNTAX, TEXT, NAMING)
SECONDS = 60.0


def main(arguments: Sequence[str]) -> int:
    seconds, names = SECONDS, list(arguments)
    if names and names[0].replace(".", "", 1).isdigit():
        seconds = float(names.pop(0))
    chosen = [target for target in TARGETS if not names or target.name in names]
    unknown = set(names) - {target.name for target in chosen}
    if unknown:
        print(f"no target called {', '.join(sorted(unknown))}: there are", end=" ")
        print(*(target.name for target in TARGETS), sep=", ")
        return 2
    found = False
    for target in chosen:
        result = run(target, seconds=seconds / len(chosen))
        findings = 1 if result.finding else 0
        print(f"{target.name:10}{result.executions:9} executions{findings:4} findings", flush=True)
        if result.finding:
            found = True
            print(result.finding, end="\n\n", flush=True)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
