"""Saved versions: listed, shown, compared, searched, and restored."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from pinesync.app.sync.text_diff import count_changed_lines, unified
from pinesync.model import PineId, RelPath, Version
from pinesync.text.canonical import canonical
from tests.cli.cases import records_a_pull
from tests.world import BREAKOUT_PATH, TOOLS_PATH, TREND_PATH, World, both_ways, git, start
from tests.world.scripts import BREAKOUT, BROKEN, EXTRA, FASTER, LONGER, SLOWER, TOOLS, TREND


@pytest.fixture
def saved(clone: World) -> World:
    """Trend in four versions: 2.0 from the web, 3.0 from here, 4.0 from the web, not pulled."""
    clone.web_save_and_pull(SLOWER)
    clone.write_and_push(SLOWER + "plot(close)\n")
    clone.web_save(FASTER)
    return clone


def saves(world: World, *arguments: str) -> list[tuple[str, str, int | None, int | None]]:
    ran = world("log", "--json", *arguments, code=0)
    found = ran.json["saves"]
    return [(s["version"], s["by"], s["added"], s["removed"]) for s in found]


# -- log ------------------------------------------------------------------------------------------


@both_ways
def test_log_marks_versions_by_pinesync(saved: World) -> None:
    assert saves(saved, TREND_PATH) == [
        ("4.0", "elsewhere", 1, 2),
        ("3.0", "pinesync", 1, 0),
        ("2.0", "elsewhere", 1, 1),
        ("1.0", "elsewhere", 12, 0),
    ]
    lines = saved("log", TREND_PATH).out.splitlines()
    assert [line.split()[0] for line in lines] == ["4.0", "3.0", "2.0", "1.0"]
    assert [line.endswith("(base)") for line in lines] == [False, True, False, False]
    assert TREND_PATH not in lines[0]


def test_log_reads_every_text_once(saved: World) -> None:
    first = saved("log", TREND_PATH)
    assert first.requests == ("list", "history", "get")  # 4.0; the others went through here
    again = saved("log", TREND_PATH)
    assert again.requests == ("list",)
    assert again.out == first.out
    offline = saved("log", TREND_PATH, "--offline")
    assert (offline.requests, offline.out) == ((), first.out)


def test_log_offline_lists_stored_versions(clone: World) -> None:
    clone.web_save(SLOWER)
    clone.web_save_and_pull(FASTER)
    rows = saves(clone, TREND_PATH, "--offline")
    assert rows == [("3.0", "elsewhere", None, None), ("1.0", "elsewhere", 12, 0)]
    ran = clone("log", TREND_PATH, "--offline")
    assert (ran.code, ran.requests) == (0, ())
    assert [line.split()[0] for line in ran.out.splitlines()] == ["3.0", "1.0"]
    assert "1 version more, not stored here; leave out --offline" in ran.err


def test_log_lists_the_newest_saves_of_all_scripts(clone: World) -> None:
    for number in range(3):
        clone.store.save_next(
            clone.user,
            clone.id_of("Tools"),
            f"{TOOLS}// {number}\n",
            created=2_000_000_000 + number,
        )
    clone.store.save_new(clone.user, "Elsewhere", EXTRA, created=2_000_000_001)
    ran = clone("log", "-n", "4", "--json")
    found = [(s["path"] or s["name"], s["version"]) for s in ran.json["saves"]]
    assert found[0] == (TOOLS_PATH, "4.0")
    assert sorted(found[1:3]) == [("Elsewhere", "1.0"), (TOOLS_PATH, "3.0")]
    assert found[3] == (TOOLS_PATH, "2.0")
    assert ran.json["left"] == 3
    # Only the listed versions and those they are compared with are read.
    assert ran.requests.count("get") <= 8
    assert "-n N shows more" in clone("log", "-n", "1").err


def test_log_starts_at_a_given_version(saved: World) -> None:
    assert [row[0] for row in saves(saved, f"{TREND_PATH}@3")] == ["3.0", "2.0", "1.0"]
    assert [row[0] for row in saves(saved, TREND_PATH, "-n", "2")] == ["4.0", "3.0"]


def test_an_id_selects_a_script_without_a_file(clone: World) -> None:
    clone.web_save(EXTRA, "Extra")
    pine_id = clone.id_of("Extra")
    (row,) = clone("log", pine_id, "--json").json["saves"]
    assert (row["path"], row["name"], row["pine_id"]) == (None, "Extra", pine_id)
    assert clone("show", f"{pine_id}@1").out == EXTRA


def test_a_deleted_script_keeps_its_log(saved: World) -> None:
    pine_id = saved.id_of()
    before = saved("log", TREND_PATH)
    saved.web_delete()
    ran = saved("log", TREND_PATH)
    assert (ran.code, ran.out) == (0, before.out)
    assert "not in the account's list any more" in ran.err
    assert saved("show", f"{pine_id}@2").out == SLOWER
    assert saved("rm", TREND_PATH).code == 0
    assert saved("show", f"{pine_id}@4").out == FASTER
    assert len(saved("log", pine_id).out.splitlines()) == 4


def test_versions_of_the_same_second_stay_in_order(clone: World) -> None:
    for text in (SLOWER, FASTER):
        clone.store.save_next(clone.user, clone.id_of(), text, created=2_000_000_000)
    clone.store.save_next(clone.user, clone.id_of(), LONGER, created=1_900_000_000)
    ran = clone("log", TREND_PATH, "--json")
    assert [s["version"] for s in ran.json["saves"]] == ["4.0", "3.0", "2.0", "1.0"]
    assert [s["when"] for s in ran.json["saves"]][:3] == [2_000_000_000] * 3


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["log", "nowhere.pine"], 2, "not listed in pine.toml"),
        (["log", "USER;" + "f" * 32], 2, "unknown here"),
        (["log", f"{TREND_PATH}@0"], 2, "not a version"),
        (["show", f"{TREND_PATH}@1.5"], 2, "not a version"),
        (["restore", f"{TREND_PATH}@abc"], 2, "not a version"),
        (["diff", f"{TREND_PATH}@-1"], 2, "not a version"),
        (["show", f"{TREND_PATH}@9"], 2, "there is no version 9.0; the newest is 1.0"),
        (["diff", f"{TREND_PATH}@9"], 2, "there is no version 9.0; the newest is 1.0"),
        (["restore", f"{TREND_PATH}@9"], 2, "there is no version 9.0; the newest is 1.0"),
        (["show", f"{TREND_PATH}@2", "--offline"], 2, "2.0 is not stored here"),
        (["diff", f"{TREND_PATH}@1", f"{TREND_PATH}@1", TREND_PATH], 2, "two sides"),
        (["diff", "--remote", f"{TREND_PATH}@1"], 2, "--remote"),
        (["restore", "USER;" + "f" * 32 + "@1"], 2, "no file here is this script's"),
        (["restore", "--push", "--kept", TREND_PATH], 2, "--push goes with"),
        (["restore", "--push", "--show", "1", TREND_PATH], 2, "--push goes with"),
        (["restore", "--show", "1", "--back", "1", TREND_PATH], 2, "take exactly one path"),
        (["grep", "("], 2, "not a regular expression"),
        (["grep", "x", f"{TREND_PATH}@1"], 2, "without a version"),
    ],
)
def test_invalid_arguments_are_refused(
    clone: World, words: list[str], code: int, message: str
) -> None:
    ran = clone(*words)
    assert (ran.code, ran.out) == (code, "")
    assert message in ran.err
    assert "hint: " in ran.err or "Usage" in ran.err


def test_a_new_script_has_no_history(clone: World) -> None:
    clone("new", "Fresh")
    assert "never saved on TradingView yet" in clone("log", "indicators/Fresh.pine", code=2).err


@both_ways
def test_an_expired_session_is_not_an_empty_history(saved: World) -> None:
    saved.plan.expire()
    for words in (["log"], ["log", TREND_PATH], ["grep", "x"], ["show", f"{TREND_PATH}@4"]):
        ran = saved(*words)
        assert (ran.code, ran.out) == (5, ""), words


# -- show -----------------------------------------------------------------------------------------


def test_show_prints_a_version_byte_for_byte(saved: World) -> None:
    for version, text in (("1", TREND), ("2.0", SLOWER), ("4", FASTER)):
        assert saved.process("show", f"{TREND_PATH}@{version}").out == text
    assert saved("show", TREND_PATH).out == FASTER
    assert saved("show", f"{TOOLS_PATH}@1").out == canonical(TOOLS)
    answer = saved("show", f"{TREND_PATH}@2", "--json").json
    assert (answer["version"], answer["source"], answer["name"]) == ("2.0", SLOWER, "Trend")


def test_a_stored_version_costs_no_request(saved: World) -> None:
    assert saved("show", f"{TREND_PATH}@3").requests == ()
    assert saved("show", f"{TREND_PATH}@4").requests == ("get",)
    assert saved("show", f"{TREND_PATH}@4").requests == ()


# -- diff -----------------------------------------------------------------------------------------


def test_diff_compares_two_versions_or_a_version_with_the_file(saved: World) -> None:
    two = saved("diff", f"{TREND_PATH}@1", f"{TREND_PATH}@2").out.splitlines()
    assert two[:2] == [f"--- a/{TREND_PATH} (1.0)", f"+++ b/{TREND_PATH} (2.0)"]
    changed = [line for line in two[2:] if line[0] in "+-"]
    assert changed == ['-length = input.int(20, "Length")', '+length = input.int(50, "Length")']
    assert saved("diff", f"{TREND_PATH}@2", "--stat").out == f"{TREND_PATH}  +1 -0\n"
    assert saved("diff", TREND_PATH, f"{TREND_PATH}@2", "--stat").out == f"{TREND_PATH}  +0 -1\n"
    assert saved("diff", f"{TREND_PATH}@3", "--exit-code").code == 0
    assert saved("diff", f"{TREND_PATH}@2", "--exit-code").code == 6


def test_diff_compares_versions_of_two_scripts(saved: World) -> None:
    ran = saved("diff", f"{TREND_PATH}@1", f"{BREAKOUT_PATH}@1", "--json")
    (file,) = ran.json["files"]
    assert (file["path"], file["added"], file["removed"]) == (BREAKOUT_PATH, 3, 10)


# -- restore --------------------------------------------------------------------------------------


def test_restoring_an_old_version_backs_up_the_text(saved: World) -> None:
    mine = saved.read() + "// mine\n"
    saved.write(mine)
    assert saved("restore", f"{TREND_PATH}@1", code=0).out == f"restored   {TREND_PATH}  1.0\n"
    assert saved.read() == TREND
    assert saved.version() == "3.0"
    assert len(saved.saved()) == 4
    saved("restore", "--back", "1", TREND_PATH)
    assert saved.read() == mine


def test_backups_are_listed_with_their_difference_from_the_file(saved: World) -> None:
    mine = saved.read() + "// mine\n"
    saved.write(mine)
    saved("restore", f"{TREND_PATH}@1")

    def newest() -> list[str]:
        return saved("restore", "--kept", TREND_PATH).out.splitlines()[0].split()[3:]

    lines = [f"{mine.count(chr(10))}", "lines"]
    assert newest() == [*lines, "+3", "-1"]
    saved.write(mine + "// more\n")
    assert newest() == [*lines, "+0", "-1"]
    saved.write(mine.encode().replace(b"\n", b"\r\n"))
    assert newest() == [*lines, "no", "difference"]
    saved.write(b"\xff")
    assert newest() == lines
    saved.remove()
    assert newest() == [*lines, f"+{lines[0]}", "-0"]


def test_a_backup_can_be_printed(saved: World) -> None:
    mine = saved.read() + "// mine\n"
    saved.write(mine)
    saved("restore", f"{TREND_PATH}@1")
    shown = saved("restore", "--kept", "--show", "1", TREND_PATH)
    assert (shown.code, shown.out, saved.read()) == (0, mine, TREND)
    as_json = saved("restore", "--show", "1", TREND_PATH, "--json").json
    assert (as_json["source"], as_json["kept"][0]["number"]) == (mine, 1)
    assert saved("restore", "--kept", TREND_PATH, "--json").json["source"] is None
    nothing = saved("restore", "--kept", "--show", "3", TREND_PATH)
    assert (nothing.code, nothing.out) == (2, "")
    listed = f"hint: `pinesync restore --kept {TREND_PATH}`"
    assert f"no kept text 3; the last is 2\n{listed}" in nothing.err


def test_restore_keeps_the_line_ends_of_the_file(clone: World) -> None:
    clone.web_save(TOOLS + "// more\r\n", "Tools")
    clone.write(TOOLS, TOOLS_PATH)
    clone("pull")
    assert clone("restore", f"{TOOLS_PATH}@1").code == 0
    assert clone.read(TOOLS_PATH) == TOOLS


@both_ways
def test_restore_push_makes_an_old_version_the_newest(clone: World) -> None:
    clone.write_and_push(LONGER)
    ran = clone("restore", "--push", f"{TREND_PATH}@1", code=0)
    assert ran.out.splitlines()[1] == f"saved      {TREND_PATH}  2.0 → 3.0"
    assert clone.saved() == [TREND, LONGER, TREND]
    assert clone.statuses() == {}


def test_restore_push_is_refused_over_a_foreign_save(saved: World) -> None:
    ran = saved("restore", "--push", f"{TREND_PATH}@2", code=3)
    assert "saved on TradingView since you pulled (3.0 → 4.0)" in ran.err
    assert saved.read() == SLOWER
    assert len(saved.saved()) == 4


def test_restore_push_finishes_an_interrupted_pull_first(clone: World) -> None:
    newer = BREAKOUT + "// newer\n"
    clone.web_save(newer, "Breakout")
    clone.write(LONGER)
    assert clone("push", TREND_PATH).code == 0
    temp = records_a_pull(clone, newer, BREAKOUT_PATH, "Breakout")
    clone.write(newer, BREAKOUT_PATH)
    (clone.folder / BREAKOUT_PATH).with_name(temp).write_text(BREAKOUT)
    ran = clone("restore", "--push", f"{TREND_PATH}@1", code=0)
    assert "an interrupted pull is finished" in ran.output
    assert clone.saved() == [TREND, LONGER, TREND]
    assert clone.statuses() == {}


def test_a_broken_version_is_not_pushed(clone: World) -> None:
    clone.web_save(BROKEN)
    clone.web_save_and_pull(TREND)
    clone("restore", "--push", f"{TREND_PATH}@2", code=4)
    assert (clone.read(), len(clone.saved())) == (BROKEN, 3)


def test_restore_brings_back_a_missing_file(saved: World) -> None:
    saved.remove()
    assert saved("restore", f"{TREND_PATH}@2").code == 0
    assert saved.read() == SLOWER


def test_a_path_with_an_at_sign_is_found(clone: World) -> None:
    clone.write(EXTRA, "a@2.pine")
    assert clone("add", "a@2.pine").code == 0
    assert clone("push").code == 0
    assert clone("show", "a@2.pine@1").out == EXTRA
    assert clone("restore", "a@2.pine").code == 0


# -- grep -----------------------------------------------------------------------------------------


def test_grep_searches_the_newest_or_all_versions(saved: World) -> None:
    line = 'length = input.int(5, "Length")\n'
    assert saved("grep", "input").out == f"{TREND_PATH}@4.0:{line}"
    assert saved("grep", "-n", "input").out == f"{TREND_PATH}@4.0:4:{line}"
    found = saved("grep", "--all-versions", r"INT\(.0", "-i").out.splitlines()
    assert [line.partition(":")[0] for line in found] == [
        f"{TREND_PATH}@3.0",
        f"{TREND_PATH}@2.0",
        f"{TREND_PATH}@1.0",
    ]
    assert saved("grep", "-l", "--all-versions", "plot").out.count("\n") == 4
    assert saved("grep", "-F", "int(").out.count("\n") == 1
    none = saved("grep", "nowhere", TREND_PATH, "--all-versions")
    assert (none.code, none.out) == (1, "")
    assert none.err == "no line matches in 4 versions\n"
    as_json = saved("grep", "nowhere", "--json").json
    assert (as_json["exit_code"], as_json["hits"], "error" in as_json) == (1, [], False)


def test_grep_accepts_several_patterns(saved: World) -> None:
    found = saved("grep", "-n", "-e", "input", "-e", "-1", "-e", "plot", TREND_PATH)
    assert [line.split(":")[1] for line in found.out.splitlines()] == ["4", "11", "12"]
    assert saved("grep", "-e", "plot", "nowhere.pine").code == 2
    nothing = saved("grep", "-i")
    assert (nothing.code, "name a PATTERN" in nothing.err) == (2, True)


def test_grep_searches_scripts_without_a_file(clone: World) -> None:
    clone.web_save(EXTRA, "Extra")
    assert clone("grep", "open").out == f"{clone.id_of('Extra')}@1.0:plot(open)\n"


def test_grep_offline_searches_stored_versions(saved: World) -> None:
    saved("grep", "--all-versions", "x")
    ran = saved("grep", "--all-versions", "--offline", "-l", "Trend")
    assert (ran.requests, ran.out.count("\n")) == ((), 4)


# -- counting lines -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("", ""),
        ("", "a\n"),
        ("a\nb\n", "a\nb\n"),
        ("a\nb\nc\n", "a\nc\n"),
        ("a\n" * 5, "a\n" * 3),
        ("a\nb\na\nb\n", "b\na\nb\na\n"),
        ("x\ny", "x\ny\n"),
        (TREND, FASTER),
        (TREND, BREAKOUT),
    ],
)
def test_changed_lines_equal_those_of_a_diff(old: str, new: str) -> None:
    shown = unified(RelPath("a.pine"), "", "", old, new)
    assert count_changed_lines(old, new) == (shown.added, shown.removed)


# -- many -----------------------------------------------------------------------------------------


@both_ways
def test_log_works_without_a_version_list(clone: World) -> None:
    clone.app.switches = replace(clone.app.switches, history_available=False)
    for number in range(5):
        clone.web_save(f"{TREND}// {number}\n")
    assert len(saves(clone, TREND_PATH)) == 6


def test_log_works_on_another_machine(saved: World) -> None:
    before = saved("log", TREND_PATH).out.replace("pinesync ", "elsewhere")
    saved.forget()
    assert saved("log", TREND_PATH).out.replace("pinesync ", "elsewhere") == before


def test_damaged_texts_are_read_again(saved: World) -> None:
    before = saved("log", TREND_PATH).out
    state = next((saved.home / "pinesync" / "state").iterdir())
    shutil.rmtree(state / "objects")
    for path in (state / "saved" / PineId(saved.id_of()).hex).iterdir():
        path.write_bytes(os.urandom(50))
    assert saved("log", TREND_PATH).out == before
    assert Version(4) in [Version(int(p.name)) for p in Path(state / "saved").rglob("4")]


def test_log_names_the_commit_of_a_version(clone: World) -> None:
    git(start(clone), "status")
    clone.write(LONGER)
    assert clone("push", "--commit").code == 0
    commit = git(clone, "rev-parse", "HEAD")
    newest, first = clone("log", TREND_PATH, "--json").json["saves"]
    assert (newest["commit"], first["commit"]) == (commit, None)
    assert commit[:9] in clone("log", TREND_PATH).out
