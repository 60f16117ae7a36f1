"""Measure whole processes against the least work that the job needs. Print the rows as they
come, and write the table of docs/performance.md. Nothing is asserted."""

import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from pinesync.sandbox.account import USER_NAME, open_sandbox
from tests.bench import asking, editing, git_remote, growth, history, largest, log, start, watching
from tests.bench.rows import PINESYNC, Environment, Row, timed
from tests.bench.service import BODY

SCRIPTS = 1000
PAGE = Path(__file__).parents[2] / "docs" / "performance.md"
BEGINS, ENDS = "<!-- make bench writes from here -->\n", "<!-- to here -->\n"
HEAD = ("", "measured", "beside", "ratio", "aim", "")


def main() -> int:
    """With arguments, run only the named parts, and write no page."""
    names = sys.argv[1:]
    began = time.monotonic()
    parts: list[str] = []
    with tempfile.TemporaryDirectory(prefix="pinesync-bench-") as name:
        for title, rows in _parts(Path(name)).items():
            if not names or any(word.lower() in title.lower() for word in names):
                parts.append(_part(title, rows()))
    minutes = (time.monotonic() - began) / 60
    print(f"\n{minutes:.1f} minutes")
    if not names:
        _write(parts, minutes)
    return 0


def _parts(base: Path) -> dict[str, Callable[[], Iterator[Row]]]:
    env = {**os.environ, "PINESYNC_HOME": str(base / "home"), "NO_COLOR": "1"}
    env.pop("PYTHONDONTWRITEBYTECODE", None)  # users do not compile pinesync each time
    folder = base / "folder"

    def with_folder(rows: Callable[[], Iterator[Row]]) -> Iterator[Row]:
        if not folder.exists():
            _clone(base, env)
        return rows()

    return {
        "Start": lambda: with_folder(lambda: start.rows(folder, env)),
        "Requests": lambda: asking.rows(base, env),
        "Growth": lambda: growth.rows(base, env),
        "Server": lambda: with_folder(lambda: editing.rows(folder, env)),
        "Watch": lambda: with_folder(lambda: watching.rows(folder, base, env)),
        "History": lambda: _both(log.rows(base, env), history.rows(env)),
        "Git remote": lambda: git_remote.rows(env),
        "Largest source": lambda: largest.rows(base, env),
    }


def _both(*all_rows: Iterator[Row]) -> Iterator[Row]:
    for rows in all_rows:
        yield from rows


def _clone(base: Path, env: Environment) -> None:
    """A clone of a sandbox with many scripts."""
    store = open_sandbox(base / "home" / "sandbox", "default", time.time)
    user = store.ensure_user(USER_NAME)
    for number in range(SCRIPTS):
        store.save_new(user, f"Script {number:04}", f"{BODY}// {number}\n")
    store.close()
    timed((*PINESYNC, "clone", "--sandbox", "folder"), base, env)


def _part(title: str, rows: Iterator[Row]) -> str:
    print(f"\n{title}", flush=True)
    lines = [f"### {title}", "", _line(HEAD), _line(["---"] * len(HEAD))]
    for row in rows:
        print("  " + "  |  ".join(cell for cell in row.cells if cell), flush=True)
        lines.append(_line(row.cells))
    return "\n".join(lines)


def _line(cells: tuple[str, ...] | list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _write(parts: list[str], minutes: float) -> None:
    before, _, rest = PAGE.read_text("utf-8").partition(BEGINS)
    after = rest.partition(ENDS)[2]
    command = ("git", "describe", "--always", "--dirty")
    commit = subprocess.run(command, capture_output=True, text=True, check=True, cwd=PAGE.parent)
    text = (
        f"Measured on {commit.stdout.strip()}, {platform.system()}, Python "
        f"{platform.python_version()}, {os.cpu_count()} cores, in {minutes:.1f} minutes."
    )
    table = "\n\n".join([text, *parts])
    PAGE.write_text(f"{before}{BEGINS}\n{table}\n\n{ENDS}{after}", "utf-8")


if __name__ == "__main__":
    sys.exit(main())
