"""`make wheel-test`: install the wheel of a folder in an empty environment, and use it."""

from __future__ import annotations

import os
import sys
import tempfile
import venv
from pathlib import Path

from tests.release.installed import SESSION, Installed, run


def main(folder: str) -> None:
    wheels = list(Path(folder).resolve().glob("*.whl"))
    if len(wheels) != 1:
        sys.exit(f"{folder} has {len(wheels)} wheels, and must have one: run `make dist`")
    with tempfile.TemporaryDirectory(prefix="pinesync-", ignore_cleanup_errors=True) as place:
        work = Path(place).resolve() / "work"
        work.mkdir()
        pinesync = Installed(work.parent / "venv", work)
        venv.create(pinesync.environment, symlinks=os.name != "nt", with_pip=True)
        run(
            pinesync.scripts / "python", "-m", "pip", "install", "--quiet",
            "--disable-pip-version-check", f"{wheels[0]}[mcp]", cwd=work,
        )  # fmt: skip
        sys.stdout.write(pinesync("--version"))
        for part in SESSION:
            part(pinesync)
            sys.stdout.write(f"{part.__name__}: passed\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
