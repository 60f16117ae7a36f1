"""A hostile folder: a pine.toml that would exhaust memory or take a thousand years, endless
files. Each is reported in less than 200 MB, and nothing changes."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pinesync.text.canonical import digest
from pinesync.workspace.files.exchange import MAX_FILE
from pinesync.workspace.tables import MAX_PATTERNS
from pinesync.workspace.toml import MAX_BYTES
from tests.security.bombs import MOST, Measured, measured
from tests.world import SLOWER, TREND_PATH, World

pytestmark = pytest.mark.promise("S11")

if not sys.platform.startswith("linux"):
    pytest.skip("the memory of a process is read from /proc", allow_module_level=True)

HEAD = '[workspace]\nschema = 1\nid = "one"\nremote = "sandbox"\n'
ROOM = MAX_BYTES - 1000


def many(*lines: str) -> str:
    """The maximum number of these lines in a pine.toml; each {} is another number."""
    line = "\n".join(lines) + "\n"
    size = len(line.format(*["1234567"] * line.count("{}")))
    return "".join(line.format(*[n] * line.count("{}")) for n in range(ROOM // size))


# The text, and the words of the error.
MANIFESTS: dict[str, tuple[Callable[[], str], str]] = {
    "tables of dotted keys": (lambda: HEAD + many("[a{}.b.c.d.e.f.g.h.i]"), "tables"),
    "dotted keys": (lambda: HEAD + many("a{}.b.c.d.e.f.g.h.i = 1"), "tables"),
    "a long dotted key": (lambda: HEAD + ".".join("a" * 1_000_000) + " = 1", "dotted parts"),
    "tables": (lambda: HEAD + many("[a{}]"), "tables"),
    "tables of tables": (lambda: HEAD + many("[[a{}]]"), "tables"),
    "scripts": (lambda: HEAD + many("[scripts.'{}.pine']", "name = ''"), "tables"),
    "keys": (lambda: HEAD + many("{} = 1"), "keys and values"),
    "empty lists": (lambda: HEAD + "ignore = [" + "[]," * (ROOM // 3) + "]", "tables"),
    "empty tables": (lambda: HEAD + "ignore = [" + "{}," * (ROOM // 3) + "]", "tables"),
    "empty texts": (lambda: HEAD + "ignore = [" + '"",' * (ROOM // 3) + "]", "keys and values"),
    "lists in lists": (lambda: HEAD + "x = " + "[" * 40_000 + "]" * 40_000, "nested"),
    "tables in tables": (lambda: HEAD + "x = " + "{a=" * 40_000 + "1" + "}" * 40_000, "nested"),
    "protected": (lambda: HEAD + f"protected = {['*a'] * (MAX_PATTERNS + 1)}", "protected"),
    "patterns": (lambda: HEAD + f"ignore = {['*a'] * (MAX_PATTERNS + 1)}", "ignore"),
    "a long pattern": (lambda: HEAD + f"ignore = ['{'*a' * 5000}']", "ignore"),
    "a schema of many digits": (lambda: "[workspace]\nschema = 0x" + "f" * 100_000, "newer"),
    "a number of many digits": (lambda: HEAD + "x = " + "9" * 100_000, "digits"),
    "a long key": (lambda: HEAD + "k" * 3_000_000 + " = 1", "unknown key"),
    "a long path": (lambda: HEAD + f"[scripts.'{'p' * 3_000_000}.pine']", "longer than"),
    "a long text": (lambda: HEAD + f"account = '{'a' * 3_000_000}'", "account"),
    "too long": (lambda: HEAD + "#" * MAX_BYTES, "larger than 4 MiB"),
    "half a character": (lambda: HEAD + 'account = "\\ud800"', "not TOML"),
    "NUL": (lambda: HEAD + "account = '\0'", "NUL"),
    "a path with NUL": (lambda: HEAD + '[scripts."a\\u0000.pine"]\nname = "x"', "U+0000"),
    "a key twice": (lambda: HEAD + 'remote = "tradingview"', "overwrite"),
    "a table twice": (lambda: HEAD + HEAD, "not TOML"),
}


def run(world: World, *command: str) -> Measured:
    """Run the command, which changes nothing and sends no request."""
    before = world.files() if (world.folder / "pine.toml").stat().st_size < MAX_FILE else None
    requests = len(world.plan.log)
    result = measured(command, world.folder)
    assert result.peak < MOST, result
    assert before is None or world.files() == before
    assert len(world.plan.log) == requests
    return result


@pytest.mark.parametrize("name", MANIFESTS)
def test_a_hostile_manifest_is_refused_with_its_line(clone: World, name: str) -> None:
    text, words = MANIFESTS[name]
    (clone.folder / "pine.toml").write_text(text())
    result = run(clone, "status", "--offline")
    assert result.code == 2, result.output[:500]
    assert result.output.startswith("error: pine.toml")
    assert words in result.output
    assert len(result.output) < 4000


def test_a_large_valid_manifest_uses_little_memory(clone: World) -> None:
    """It is valid, and changing it takes no extra memory."""
    file = clone.folder / "pine.toml"
    file.write_text(file.read_text() + "\n" * (ROOM - file.stat().st_size))
    assert run(clone, "status", "--offline").code == 0
    result = measured(["rm", TREND_PATH], clone.folder)
    assert result.code == 0, result
    assert result.peak < MOST
    assert f'"{TREND_PATH}"' not in file.read_text()


def test_too_large_manifests_in_git_history_are_skipped(clone: World) -> None:
    """HEAD's history of pine.toml is read for a script that is behind."""
    file = clone.folder / "pine.toml"
    small = file.read_bytes()
    clone.git("init")
    for body in (small, digest(SLOWER).encode() + bytes(256 << 20), small):
        file.write_bytes(body)
        clone.git("add", "pine.toml")
        clone.git("commit", "-m", "x")
    clone.web_save(SLOWER)
    result = measured(["status"], clone.folder)
    assert "behind" in result.output
    assert result.peak < MOST


def endless(file: Path) -> None:
    file.touch()
    os.truncate(file, 1 << 40)


def brackets(file: Path) -> None:
    file.write_text("(" * (MAX_FILE - 1))


def line_ends(file: Path) -> None:
    file.write_text("\r\n\r" * (MAX_FILE // 3))


def quotes(file: Path) -> None:
    file.write_text("\"\\'''\n " * (MAX_FILE // 7))


def pipe(file: Path) -> None:
    os.mkfifo(file)


@pytest.mark.timeout(100)
@pytest.mark.parametrize("make", [endless, brackets, line_ends, quotes, pipe])
def test_a_huge_file_uses_little_memory(clone: World, make: Callable[[Path], None]) -> None:
    for path in (TREND_PATH, "indicators/Untracked.pine"):
        (clone.folder / path).unlink(missing_ok=True)
        make(clone.folder / path)
    for command in (["status", "--offline"], ["check", "--offline"], ["add", "indicators"]):
        result = measured(command, clone.folder)
        assert result.peak < MOST, result
        assert result.code in (0, 1, 2, 3, 4), result.output[-2000:]
