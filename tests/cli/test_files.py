"""Verbs on single files: add, new, rm, list, whoami, diff and check."""

from __future__ import annotations

import os
import re
import tomllib
from pathlib import Path

import pytest

from tests.world import BREAKOUT_PATH, PATHS, TOOLS_PATH, TREND_PATH, World, both_ways
from tests.world.scripts import BROKEN, EXTRA, LONGER, SLOWER, TREND

# -- add ------------------------------------------------------------------------------------------


def test_add_of_a_folder_lists_its_untracked_files(clone: World) -> None:
    clone.write(EXTRA, "ideas/one.pine")
    clone.write(EXTRA.replace("Extra", "Two"), "ideas/deep/two.pine")
    assert clone("add", "ideas").out == "2 files listed for the next push\n"
    assert clone("push").code == 0
    assert clone.statuses() == {}


def test_a_second_add_is_reported_and_changes_nothing(clone: World) -> None:
    clone.write(EXTRA, "x.pine")
    clone("add", "x.pine")
    files = clone.files()
    assert clone("add", "x.pine").out == "x.pine: already listed\n"
    again = clone("add", ".")
    assert (again.code, again.out) == (0, "nothing to add, 4 files already listed\n")
    listed = clone("add", "-v", "x.pine", TREND_PATH).out.splitlines()
    assert listed == ["x.pine: already listed", f"{TREND_PATH}: already listed"]
    assert clone.files() == files


def test_add_of_one_file_names_it(clone: World) -> None:
    clone.write(EXTRA, "x.pine")
    assert clone("add", ".").out == "x.pine: push will save it as Extra\n"


def test_a_file_without_a_title_is_saved_under_its_own_name(clone: World) -> None:
    clone.write("//@version=6\nplot(close)\n", "no title.pine")
    assert clone("add", "no title.pine").out == "no title.pine: push will save it as no title\n"


@pytest.mark.parametrize(
    "path",
    [
        "nothing.pine",
        "notes.txt",
        "../x.pine",
        "/x.pine",
        ".hidden.pine",
        "empty",
        "a/../../b.pine",
    ],
)
def test_add_refuses_invalid_files(clone: World, path: str) -> None:
    clone.write("x", "notes.txt")
    (clone.folder / "empty").mkdir()
    files = clone.files()
    assert clone("add", path, code=2).err.startswith("error: ")
    assert clone.files() == files


def test_two_new_files_with_one_title_are_refused(clone: World) -> None:
    clone.write(EXTRA, "one.pine")
    clone.write(EXTRA, "two.pine")
    assert "would both be saved as 'Extra'" in clone("add", "one.pine", "two.pine", code=3).err
    assert clone.statuses() == {"one.pine": "untracked", "two.pine": "untracked"}


@both_ways
def test_add_with_an_id_finds_the_version_of_the_text(clone: World) -> None:
    clone.web_save(EXTRA, "Other name")
    clone.web_save(EXTRA + "// 2\n", "Other name")
    clone.write(EXTRA, "mine.pine")
    pine_id = clone.id_of("Other name")
    linked = clone("add", "--id", pine_id, "mine.pine")
    assert (linked.code, linked.out) == (0, "mine.pine: linked with Other name 1.0\n")
    assert clone.statuses() == {"mine.pine": "behind"}
    assert clone("pull").code == 0
    assert clone.read("mine.pine") == EXTRA + "// 2\n"


def test_a_taken_name_can_be_linked_as_hinted(clone: World) -> None:
    clone.web_save(TREND, "Extra")
    clone.write(EXTRA, "mine.pine")
    clone("add", "mine.pine")
    refused = clone("push")
    pine_id = clone.id_of("Extra")
    assert refused.code == 3
    assert f"`pinesync add --id '{pine_id}' mine.pine`" in refused.err
    assert clone("add", "--id", pine_id, "mine.pine").code == 0
    assert clone.statuses() == {"mine.pine": "diverged"}
    assert clone("push").code == 3
    assert clone("pull", "--ours").code == 0
    assert clone("push").code == 0
    assert clone.saved("Extra") == [TREND, EXTRA]


@pytest.mark.parametrize(
    ("pine_id", "code"), [("USER;xyz", 2), ("", 2), ("PUB;" + "0" * 32, 2), ("USER;" + "0" * 32, 1)]
)
def test_an_invalid_id_is_refused(clone: World, pine_id: str, code: int) -> None:
    clone.write(EXTRA, "mine.pine")
    assert clone("add", "--id", pine_id, "mine.pine").code == code
    assert clone.statuses() == {"mine.pine": "untracked"}


def test_an_id_links_exactly_one_file(clone: World) -> None:
    clone.write(EXTRA, "mine.pine")
    clone.write(EXTRA, "two.pine")
    trend = clone.id_of()
    assert clone("add", "--id", trend, "mine.pine").code == 2  # is linked with another file
    assert clone("add", "--id", clone.id_of("Tools"), TREND_PATH).code == 2
    clone.web_save(EXTRA, "Extra")
    assert clone("add", "--id", clone.id_of("Extra"), "mine.pine", "two.pine").code == 2


# -- new ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("template", "path"),
    [
        ("indicator", "indicators/My idea.pine"),
        ("strategy", "strategies/My idea.pine"),
        ("library", "libraries/My idea.pine"),
    ],
)
def test_every_template_compiles(clone: World, template: str, path: str) -> None:
    assert clone("new", "My idea", "--template", template, code=0).out == f"written  {path}\n"
    assert "{{" not in clone.read(path)
    checked = clone("check", path)
    assert (checked.code, checked.out) == (0, "")
    assert checked.requests == ("check",)
    assert clone("push").code == 0
    assert clone.saved("My idea") == [clone.read(path)]


OWN = """//@version=6
// {{author}} {{date}} {{ticker}}
strategy("{{name}}")
plot(close, "{{name}}")
"""


def test_a_template_file_determines_the_folder(clone: World) -> None:
    clone.write(OWN, "../own.pine")
    made = clone("new", 'A "b" {{date}}', "--template", "../own.pine")
    assert made.out == "written  strategies/A _b_ _date.pine\n"
    lines = clone.read("strategies/A _b_ _date.pine").splitlines()
    assert lines[2:] == ['strategy("A \\"b\\" {{date}}")', 'plot(close, "A \\"b\\" {{date}}")']
    author, day, ticker = lines[1].removeprefix("// ").rsplit(" ", 2)
    assert (author, ticker) == (
        tomllib.loads((clone.folder / "pine.toml").read_text())["workspace"]["account"],
        "{{ticker}}",
    )
    assert re.fullmatch(r"20\d\d-\d\d-\d\d", day)


def test_user_templates_override_the_shipped_ones(clone: World) -> None:
    folder = Path(os.environ["PINESYNC_HOME"]) / "config" / "templates"
    folder.mkdir(parents=True)
    target = clone.place / "dotfiles.pine"
    target.write_text("//@version=6\nindicator('mine')\nplot(1)\n")
    (folder / "start.pine").symlink_to(target)
    (folder / "library.pine").write_bytes(b"\xef\xbb\xbf//@version=6\r\nlibrary('{{name}}')\r\n")
    assert clone("new", "One", "--template", "start").code == 0
    assert "'mine'" in clone.read("indicators/One.pine")
    assert clone("new", "Two", "--template", "library").code == 0
    assert clone.read("libraries/Two.pine") == "//@version=6\nlibrary('Two')\n"
    unknown = clone("new", "Three", "--template", "nothing", code=2)
    own = f"put your own into {folder}"
    assert f"templates: indicator, library, start, strategy; {own}" in unknown.err


def test_a_template_must_be_a_pine_file(clone: World) -> None:
    """The next push would send its text."""
    clone.write("secret\n", "../id_rsa")
    refused = clone("new", "x", "--template", "../id_rsa")
    assert (refused.code, "a template must be a .pine file" in refused.err) == (2, True)
    assert "secret" not in "".join(clone.files())


@pytest.mark.parametrize(
    ("data", "message"), [(None, "no such template"), (b"\xff\xfe", "own.pine: ")]
)
def test_an_unreadable_template_is_refused(clone: World, data: bytes | None, message: str) -> None:
    if data is not None:
        (clone.folder / "own.pine").write_bytes(data)
    files = clone.files()
    assert message in clone("new", "x", "--template", "./own.pine", code=2).err
    assert clone.files() == files


@pytest.mark.parametrize("name", ['Say "hi" \\ & bye', "Мой индикатор", "測試", "a/b:c", "x" * 128])
def test_new_accepts_any_name_of_the_service(clone: World, name: str) -> None:
    assert clone("new", name).code == 0
    assert clone("push").code == 0
    assert name in clone.account()
    assert clone.statuses() == {}


@pytest.mark.parametrize("name", ["", "  ", "x" * 129, "two\nlines", "\x1b[31m", "\u202eevil"])
def test_new_refuses_invalid_names(clone: World, name: str) -> None:
    files = clone.files()
    assert "\x1b" not in clone("new", name, code=2).output
    assert clone.files() == files


def test_new_does_not_overwrite_a_file(clone: World) -> None:
    assert clone("new", "Trend").code == 3
    clone.write("mine", "indicators/Fresh.pine")
    assert clone("new", "Fresh").out == "written  indicators/Fresh-2.pine\n"
    assert clone.read("indicators/Fresh.pine") == "mine"
    assert clone.read() == TREND


# -- rm -------------------------------------------------------------------------------------------


def test_rm_unlists_and_deletes_nothing(clone: World) -> None:
    files, account = clone.files(), clone.account()
    forgotten = clone("rm", TREND_PATH, BREAKOUT_PATH, code=0)
    assert forgotten.out.splitlines() == [f"forgotten  {TREND_PATH}", f"forgotten  {BREAKOUT_PATH}"]
    assert 'track = "listed"' in forgotten.err
    assert {**clone.files(), "pine.toml": b""} == {**files, "pine.toml": b""}
    assert clone.account() == account
    assert TREND_PATH not in (clone.folder / "pine.toml").read_text("utf-8")


@pytest.mark.parametrize("edited", [False, True])
def test_a_removed_script_does_not_return_to_a_partial_workspace(
    clone: World, edited: bool
) -> None:
    listed = clone.read("pine.toml").replace('track = "all"', 'track = "listed"')
    clone.write(listed, "pine.toml")
    clone("rm", TREND_PATH)
    if edited:
        clone.write(LONGER)
    clone.web_save(SLOWER)
    for verb in ("pull", "push"):
        ran = clone(verb)
        assert (ran.code, ran.out, ran.requests) == (0, "", ("list",))
    assert clone.statuses() == {TREND_PATH: "untracked"}
    assert clone.read() == (LONGER if edited else TREND)
    assert clone("add", "--id", clone.id_of(), TREND_PATH).code == 0  # and is used when named


def test_rm_is_all_or_nothing(clone: World) -> None:
    files = clone.files()
    assert clone("rm", TREND_PATH, "nothing.pine").code == 2
    assert clone.files() == files


# -- list, whoami ---------------------------------------------------------------------------------


@both_ways
def test_list_shows_every_script_and_its_file(clone: World) -> None:
    clone.web_save(SLOWER)
    clone.web_save(EXTRA, "Extra")
    listed = clone("list")
    assert listed.requests == ("list",)
    rows = [line.split() for line in listed.out.splitlines()]
    assert [(row[0], row[1], row[2]) for row in rows] == [
        ("Breakout", "1.0", "strategy"),
        ("Extra", "1.0", "study"),
        ("Tools", "1.0", "library"),
        ("Trend", "2.0", "study"),
    ]
    assert [row[-1] for row in rows] == [
        BREAKOUT_PATH,
        clone.id_of("Extra"),
        TOOLS_PATH,
        TREND_PATH,
    ]


def test_list_works_outside_a_workspace(world: World) -> None:
    assert len(world("list", "--sandbox").out.splitlines()) == 3
    assert world("list").code == 5  # no --sandbox, and no cookie


@both_ways
def test_whoami_shows_account_and_cookie_source(clone: World) -> None:
    shown = clone("whoami")
    where, source = clone.remote_name, "the sandbox's own"
    if clone.server:
        where, source = clone.server.url, "from the variable PINESYNC_COOKIE"
    first, cookie = shown.out.splitlines()[:2]
    assert first == f"sandbox on {where}, 3 saved scripts"
    assert cookie.startswith(f"cookie: {source}, ")
    assert clone.user.sessionid not in shown.output


def test_list_of_an_empty_account_says_so(world: World) -> None:
    world.store.reset(world.user)
    assert "(an account without saved scripts)" in world("whoami", "--sandbox").out
    assert world("clone", "--sandbox", "scripts").code == 0
    assert world.statuses() == {}
    assert world("status").err == "no scripts yet\n"
    world.write(EXTRA, "x.pine")
    world("add", "x.pine")
    assert world("push").code == 0
    assert world.saved("Extra") == [EXTRA]


# -- diff -----------------------------------------------------------------------------------------


def test_diff_compares_the_file_with_the_base(clone: World) -> None:
    clone.write(LONGER)
    shown = clone("diff", code=0)
    assert shown.out.splitlines() == [
        f"--- a/{TREND_PATH} (1.0)",
        f"+++ b/{TREND_PATH} (file)",
        "@@ -10,3 +10,4 @@",
        " ",
        " plot(fast)",
        " plot(slow)",
        "+plot(close)",
    ]
    assert clone("diff", BREAKOUT_PATH).out == ""


def test_diff_explains_a_missing_base(clone: World) -> None:
    clone.write(EXTRA, "loose.pine")
    for words in (["diff"], ["diff", "--remote"]):
        assert clone(*words).out == ""  # like git's, it covers listed files only
        assert clone(*words, "loose.pine").out == "loose.pine: not listed in pine.toml\n"
    clone("add", "loose.pine")
    assert clone("diff").out.startswith("--- a/loose.pine (nothing)\n")


def test_diff_has_stat_and_exit_code(clone: World) -> None:
    assert clone("diff", "--exit-code").code == 0
    clone.write(LONGER.replace("20", "30"))
    assert clone("diff", "--stat", "--exit-code", code=6).out == f"{TREND_PATH}  +2 -1\n"
    assert clone("diff", "--exit-code", BREAKOUT_PATH).code == 0


@both_ways
def test_diff_remote_compares_with_the_newest_version(clone: World) -> None:
    assert clone("diff", "--remote").out == ""
    clone.web_save(SLOWER)
    shown = clone("diff", "--remote")
    assert f"--- a/{TREND_PATH} (TradingView 2.0)" in shown.out
    assert '-length = input.int(50, "Length")' in shown.out
    assert '+length = input.int(20, "Length")' in shown.out
    assert clone("diff").out == ""


def test_diff_shows_a_missing_final_newline(clone: World) -> None:
    clone.write(TREND.removesuffix("\n"))
    lines = clone("diff").out.splitlines()
    assert lines[-3:] == ["-plot(slow)", "+plot(slow)", "\\ No newline at end of file"]
    assert clone("diff", "--stat").out == f"{TREND_PATH}  +1 -1\n"


def test_diff_ignores_line_ends(clone: World) -> None:
    clone.write(LONGER.replace("\n", "\r\n"))
    assert clone("diff", "--stat").out == f"{TREND_PATH}  +1 -0\n"
    assert "\r" not in clone("diff").out


def test_diff_names_missing_and_undecodable_files(clone: World) -> None:
    clone.remove()
    clone.write(b"\xff", BREAKOUT_PATH)
    assert sorted(clone("diff").out.splitlines()) == [
        f"{TREND_PATH}: the file is missing",
        f"{BREAKOUT_PATH}: not UTF-8: byte 0xff at offset 0",
    ]


def test_diff_works_without_state(clone: World) -> None:
    clone.write(LONGER)
    clone.forget()
    assert "+plot(close)" in clone("diff").out
    assert clone("diff").requests == ()


# -- check ----------------------------------------------------------------------------------------


def test_check_works_outside_a_workspace(world: World) -> None:
    world.folder.mkdir()
    world.write(BROKEN, "loose.pine")
    checked = world("check", "--sandbox", "loose.pine", code=4)
    assert 'loose.pine:13:6: error: Undeclared identifier "undeclared" [CE10272]' in checked.out
    assert world("check", "--offline", "loose.pine").code == 0
    assert world("check", "--offline").code == 2
    assert world("check", "--offline", "nothing.pine").code == 2


def test_check_offline_finds_syntax_errors(clone: World) -> None:
    clone.write(TREND + "plot(close\n")
    checked = clone("check", "--offline", code=4)
    assert checked.out.startswith(f"{TREND_PATH}:13:")
    assert checked.requests == ()


def test_check_reports_an_undecodable_file(clone: World) -> None:
    clone.write(b"\xff\xfe")
    checked = clone("check", code=1)
    assert checked.out.startswith(f"{TREND_PATH}:1:1: error: not UTF-8")
    assert checked.err.endswith("3 files: 1 error, 0 warnings\n")


@both_ways
def test_check_costs_one_request_a_file_and_no_cookie(clone: World) -> None:
    clone.monkeypatch.delenv("PINESYNC_COOKIE", raising=False)
    assert clone("check", code=0).requests == ("check",) * len(PATHS)


def test_carets_mark_the_finding(clone: World) -> None:
    clone.write(TREND + '\tplot(undeclared, "図")\n')
    out = clone("check", TREND_PATH).out.splitlines()
    assert out[1:] == ['   plot(undeclared, "図")', "        ^^^^^^^^^^"]  # the tab is one blank
    clone.write(TREND + "x = undeclared\n")
    out = clone("check", TREND_PATH).out.splitlines()
    assert out[1:] == ["  x = undeclared", "      ^^^^^^^^^^"]


# -- verify ---------------------------------------------------------------------------------------


@both_ways
def test_verify_reads_everything_and_reports_differences(clone: World) -> None:
    assert clone("verify", code=0).out == "3 of 3 scripts proven: file = base = TradingView\n"
    clone.write(LONGER)
    before = clone.files(), clone.account(), clone.state()
    found = clone("verify", code=3)
    assert found.out.splitlines() == [
        f"{TREND_PATH}: modified; the file is not the text of 1.0",
        "2 of 3 scripts proven: file = base = TradingView",
    ]
    assert (clone.files(), clone.account(), clone.state()) == before
