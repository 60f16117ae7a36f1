"""Tables are aligned for any name and never wider than the terminal; in a pipe, nothing is cut."""

from __future__ import annotations

import io
import re
import sys
from contextlib import redirect_stdout

import pytest

from pinesync.cli.render import columns, out_all, truncate, width
from tests.world import FASTER, LONGER, SLOWER, TREND_PATH, World

if sys.platform == "win32":
    pytest.skip("there are no such terminals there", allow_module_level=True)

from tests.cli.terminal import Terminal

LONG = "A script whose name is as long as somebody could still be glad to read in a table"
WIDE = "移動平均線とボリンジャーバンドを組み合わせた売買戦略"
NARROW, BROAD = 80, 200
TABLES = (["status"], ["status", "-v"], ["log"], ["log", TREND_PATH], ["list"], ["oplog"],
          ["diff", "--stat"])  # fmt: skip
_COLOUR = re.compile("\x1b\\[[0-9;]*m")


@pytest.fixture
def long_names(clone: World) -> World:
    """Scripts in various states, with names that do not fit."""
    for number, name in enumerate((LONG, WIDE, "📈 " * 30, "e\u0301" * 40, "한국어 지표")):
        clone.web_save(f"//@version=6\nindicator('{number}')\n", name)
    assert clone("pull").code == 0
    clone.web_save("//@version=6\nindicator('x')\nplot(1)\n", LONG)
    clone.write(LONGER)
    clone.write("x = 1\n", f"a folder whose name is long/{LONG}.pine")
    clone.write(b"\xff\xfe", "odd.pine")
    return clone


def seen(world: World, columns: int, *arguments: str, **env: str) -> list[str]:
    """Return the lines on a terminal of this width, without the progress bar."""
    with Terminal(world, *arguments, columns=columns, env=env) as terminal:
        assert terminal.end() == 0
        text = terminal.seen.replace("\r\n", "\n")
    return [line.rpartition("\r")[2] for line in text.removesuffix("\n").split("\n")]


@pytest.mark.parametrize("arguments", TABLES, ids=" ".join)
def test_no_row_is_wider_than_the_terminal(long_names: World, arguments: list[str]) -> None:
    for most in (NARROW, BROAD):
        lines = seen(long_names, most, *arguments)
        assert lines
        assert [line for line in lines if width(_COLOUR.sub("", line)) > most] == []


def test_long_names_are_shortened_only_on_a_narrow_terminal(long_names: World) -> None:
    path = f"a folder whose name is long/{LONG}.pine"
    (narrow,) = [
        line for line in seen(long_names, NARROW, "status") if line.startswith("untracked")
    ]
    assert re.search(r"untracked {3}a folder .*….*to read in a table\.pine$", narrow), narrow
    assert f"untracked   {path}" in seen(long_names, BROAD, "status")
    assert "…" not in long_names("status").out + long_names("list").out + long_names("log").out


def test_output_in_a_pipe_is_not_shortened(long_names: World) -> None:
    ran = long_names.process("list", COLUMNS="40")
    assert LONG in ran.out
    assert WIDE in ran.out
    assert long_names.id_of() in ran.out
    assert "…" not in ran.out


def test_a_long_note_is_on_the_next_line(long_names: World) -> None:
    lines = seen(long_names, 40, "status", "odd.pine", NO_COLOR="1")
    at = lines.index("unreadable  odd.pine")
    assert lines[at + 1].startswith("    not UTF-8")
    (line,) = [line for line in seen(long_names, BROAD, "status", "odd.pine") if "odd.pine" in line]
    assert "not UTF-8" in line


def test_an_id_is_complete_or_left_out(long_names: World) -> None:
    long_names.web_save("//@version=6\nindicator('y')\n", "Not here yet")
    lines = seen(long_names, NARROW, "list")
    (away,) = [line for line in lines if line.startswith("Not here yet")]
    assert away.endswith(long_names.id_of("Not here yet"))
    assert sum("USER;" in line for line in lines) == 1
    _, *lines = seen(long_names, NARROW, "list", "-v")
    assert sum("USER;" in line for line in lines) == len(lines)


def test_dates_have_a_time_on_a_wide_terminal(clone: World) -> None:
    (line,) = [line for line in seen(clone, NARROW, "list") if line.startswith("Trend")]
    assert re.search(r"\d-\d\d  indicators/Trend\.pine$|\d:\d\d  indicators/Trend\.pine$", line)
    timed = re.compile(r"\d\d-\d\d \d\d:\d\d  ")
    assert all(timed.search(line) for line in seen(clone, 100, "list")[1:])
    _, *broad = seen(clone, BROAD, "list")
    assert all(timed.search(line) and "USER;" in line for line in broad)


@pytest.mark.parametrize(
    ("arguments", "head"),
    [
        (["list"], ["NAME", "VERSION", "KIND", "SAVED", "ID", "FILE"]),
        (["log"], ["VERSION", "SAVED", "LINES", "BY", "FILE"]),
        (["oplog"], ["ID", "WHEN", "VERB", "WHAT"]),
    ],
)
def test_a_terminal_gets_a_header_line(
    long_names: World, arguments: list[str], head: list[str]
) -> None:
    first, *rows = filter(str.strip, seen(long_names, 300, *arguments, NO_COLOR="1", PAGER="cat"))
    assert first.split() == head
    place = first.index(head[-1])
    for row in rows:  # regardless of wide text in the columns before
        before = next(row[:at] for at in range(len(row)) if width(row[:at]) == place)
        assert re.search(r"\S +$", before), row
    assert f"\x1b[4m{head[0]}\x1b[0m" in seen(long_names, 300, *arguments, PAGER="cat")[0]
    assert not long_names.process(*arguments).out.startswith(head[0])


def test_coloured_columns_are_aligned(clone: World) -> None:
    clone.write_and_push(LONGER)
    rows = [_COLOUR.sub("", line) for line in seen(clone, BROAD, "log") if ".pine" in line]
    assert {"pinesync", "elsewhere"} <= {word for row in rows for word in row.split()}
    places = {re.search(r"\S+\.pine", row).start() for row in rows}  # type: ignore[union-attr]
    assert len(places) == 1


def test_colours_are_readable_on_any_background_and_optional(long_names: World) -> None:
    long_names.write(FASTER)
    long_names.web_save(SLOWER)
    coloured = seen(long_names, NARROW, "status", "-v")
    used = set(re.findall("\x1b\\[([0-9;]*)m", "".join(coloured)))
    assert used <= {"0", "1", "31", "32", "35", "36"}
    assert {"0", "35", "36"} <= used
    plain = seen(long_names, NARROW, "status", "-v", NO_COLOR="1")
    assert [_COLOUR.sub("", line) for line in coloured] == plain


@pytest.mark.parametrize(
    ("text", "most", "made"),
    [
        ("abcdefghij", 10, "abcdefghij"),
        ("abcdefghijk", 10, "abc…fghijk"),
        ("測試測試測試", 10, "測…試測試"),
        ("測試測試測試", 9, "測…試測試"),
        ("測試測試測試", 8, "測…測試"),
        ("e\u0301" * 8, 5, "e\u0301…" + "e\u0301" * 3),
        ("각" * 4, 6, "각…각"),
    ],
)
def test_a_long_name_is_shortened_before_its_end(text: str, most: int, made: str) -> None:
    assert truncate(text, most) == made
    assert width(made) <= most


def test_colour_codes_have_no_width() -> None:
    rows = [("\x1b[32mab\x1b[0m", "x"), ("abc", "y")]
    assert list(columns(rows)) == ["\x1b[32mab\x1b[0m   x", "abc  y"]
    assert width("\u1112\u1161\u11ab") == 2  # 한, in its parts


@pytest.mark.promise("S11")
def test_many_lines_are_not_flushed_one_by_one() -> None:
    class Flushed(io.StringIO):
        times = 0

        def flush(self) -> None:
            self.times += 1

    lines = [f"+{number}" for number in range(100_001)]
    with redirect_stdout(stream := Flushed()):
        out_all(lines)
        out_all([])
    assert stream.getvalue() == "".join(f"{line}\n" for line in lines)
    assert stream.times <= len(lines) / 500
