"""Messages for a newcomer: each names its subject, and its hint works."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pinesync.cli.error_handler import expand_globs
from pinesync.cli.render import columns
from pinesync.git.objects import text_at_head
from tests.world import World
from tests.world.repository import start
from tests.world.scripts import BROKEN, EXTRA, FASTER, LONGER, SLOWER, TREND, TREND_PATH

# -- the terminal -----------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["cp1252", "ascii"])
def test_unencodable_characters_are_escaped(clone: World, encoding: str) -> None:
    clone.web_save(EXTRA, "測試 → x")
    shown = clone.process("status", "-v", PYTHONIOENCODING=encoding)
    assert (shown.code, shown.err) == (0, "hint: run `pinesync pull` to update 1 script\n")
    assert "remote-only" in shown.out


def test_a_name_the_locale_cannot_encode_is_reported(clone: World) -> None:
    clone.write(EXTRA, "indicators/測試.pine")
    assert clone("add", "indicators/測試.pine").code == 0
    failed = clone.process("status", LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0")
    if sys.platform == "linux":
        assert failed.code == 1
        assert "a file's name cannot be written in this locale's encoding, ascii" in failed.err


def test_an_undecodable_cookie_is_refused(world: World) -> None:
    command = [sys.executable, "-m", "pinesync", "login"]
    env = {**os.environ, "PYTHONIOENCODING": "utf-8"}
    result = subprocess.run(command, input=b"\xff\xfe", env=env, capture_output=True, check=False)
    assert result.returncode == 2
    assert b"no cookie called sessionid" in result.stderr


def test_wide_characters_take_two_columns() -> None:
    assert list(columns([("測試", "a"), ("abcde", "b")])) == ["測試   a", "abcde  b"]
    assert list(columns([("e\u0301", "a"), ("xy", "b")])) == ["e\u0301   a", "xy  b"]


def test_patterns_are_expanded_on_windows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("b.pine", "a.pine", "c.txt"):
        (tmp_path / name).touch()
    typed = ["push", "*.pine", "*.txt", "no*.pine"]
    assert expand_globs(typed, windows=True) == ["push", "a.pine", "b.pine", "*.txt", "no*.pine"]
    assert expand_globs(typed, windows=False) == typed


# -- where things are -------------------------------------------------------------------------


@pytest.mark.parametrize("verb", ["check", "list", "whoami"])
def test_an_invalid_manifest_never_means_tradingview(clone: World, verb: str) -> None:
    clone.write("[workspace\n", "pine.toml")
    refused = clone(verb, *([TREND_PATH] if verb == "check" else []))
    assert (refused.code, refused.requests) == (2, ())
    assert refused.err.startswith("error: pine.toml")


def test_an_unusable_home_is_reported(clone: World, monkeypatch: pytest.MonkeyPatch) -> None:
    blocked = clone.place / "file"
    blocked.touch()
    monkeypatch.setenv("PINESYNC_HOME", str(blocked))
    for command in (["sandbox", "seed"], ["status"], ["status", "--offline"]):
        refused = clone(*command, code=1)
        assert f"error: {blocked}: cannot hold pinesync's own files: " in refused.err
        assert "hint: set PINESYNC_HOME" in refused.err


@pytest.mark.skipif(sys.platform != "linux", reason="/proc exists only on Linux")
def test_a_home_that_cannot_be_created_is_reported(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PINESYNC_HOME", "/proc/nope")
    refused = world("sandbox", "seed", code=1)
    assert "error: /proc/nope/sandbox: cannot hold pinesync's own files: " in refused.err


def test_another_sandbox_is_not_taken_for_mass_deletion(clone: World, tmp_path: Path) -> None:
    clone.monkeypatch.setenv("PINESYNC_HOME", str(tmp_path / "another"))
    for verb in ("status", "pull", "push"):
        refused = clone(verb, code=3)
        assert "the sandbox of this workspace has none of its 3 scripts" in refused.err
        assert "another PINESYNC_HOME; see `pinesync sandbox path`" in refused.err


def test_a_displayed_path_works_in_a_subfolder(clone: World) -> None:
    clone.write(LONGER)
    clone.write(EXTRA, "loose.pine")
    below = clone.folder / "indicators"
    assert clone("status", TREND_PATH, cwd=below).out.startswith(f"modified  {TREND_PATH}")
    assert clone("add", "loose.pine", cwd=below).code == 0
    assert clone("push", TREND_PATH, cwd=below).code == 0
    assert clone("status", "nowhere/Trend.pine", cwd=below).code == 2
    # A path relative to the current folder wins.
    clone.write(EXTRA, f"indicators/{TREND_PATH}")
    assert clone("status", TREND_PATH, cwd=below).out.startswith("untracked  indicators/indic")


@pytest.mark.parametrize("verb", ["status", "check", "add", "push", "rm"])
def test_a_too_long_file_name_is_reported(clone: World, verb: str) -> None:
    for name in ("a" * 300, "a" * 300 + ".pine"):
        assert clone(verb, name).code in (1, 2)


def test_a_path_through_a_linked_folder_works(clone: World) -> None:
    link = clone.place / "link"
    link.symlink_to(clone.folder, target_is_directory=True)
    assert TREND_PATH in clone("status", link / TREND_PATH).out
    assert TREND_PATH in clone("-C", link, "status", clone.folder / TREND_PATH).out
    assert clone("status", link).code == 0


@pytest.mark.parametrize("verb", ["rm", "restore --kept"])
@pytest.mark.parametrize("folder", [".", "indicators"])
def test_commands_for_files_refuse_folders(clone: World, verb: str, folder: str) -> None:
    refused = clone(*verb.split(), folder, code=2)
    assert f"{folder}: name the files; this command takes no folders" in refused.err


def test_a_saved_name_suggests_its_path(clone: World) -> None:
    refused = clone("log", "Trend", code=2)
    assert f"hint: the script of that name is in {TREND_PATH}" in refused.err
    assert f"hint: the script of that name is in {TREND_PATH}" in clone("diff", "Trend").err
    assert "hint: name the file of a script" in clone("log", "Another").err


# -- signing in -------------------------------------------------------------------------------


def test_the_variable_of_a_wrong_cookie_is_named(world: World) -> None:
    world.monkeypatch.setenv("TRADINGVIEW_COOKIE", "foo")
    assert "error: TRADINGVIEW_COOKIE: no cookie called sessionid" in world("list", code=2).err
    world.monkeypatch.setenv("PINESYNC_FACADE_URL", "http://127.0.0.1:9")
    world.monkeypatch.setenv("PINESYNC_COOKIE", "foo")
    assert "error: PINESYNC_COOKIE: no cookie called" in world("list").err


def test_an_empty_cookie_is_refused(world: World) -> None:
    assert "error: no cookie was given\nhint: " in world("login", stdin="\n", code=2).err


def test_an_invalid_address_is_reported_before_a_missing_cookie(world: World) -> None:
    world.monkeypatch.setenv("PINESYNC_FACADE_URL", "http://example.com")
    assert "error: PINESYNC_FACADE_URL: not the address of a facade" in world("list", code=2).err


def test_a_missing_account_suggests_login_or_the_sandbox(clone: World) -> None:
    assert "--sandbox needs no account" in clone("list", "--remote", "tradingview").err
    toml = clone.read("pine.toml").replace('remote = "sandbox"', 'remote = "tradingview"')
    clone.write(toml, "pine.toml")
    refused = clone("push", code=5)
    assert "hint: run `pinesync login`, or set TRADINGVIEW_COOKIE; `pinesync status --off" in (
        refused.err
    )


def test_diff_works_for_a_teammate_without_a_cookie(clone: World) -> None:
    toml = clone.read("pine.toml").replace('remote = "sandbox"', 'remote = "tradingview"')
    clone.write(toml, "pine.toml")
    clone.write(LONGER)
    clone.forget()
    assert "`git diff` shows edits without an account" in clone("diff", code=5).err
    clone.write(TREND.replace("\n", "\r\n"))
    start(clone)
    clone.write(LONGER)
    shown = clone("diff")
    assert (shown.code, shown.requests) == (0, ())
    assert "+plot(close)" in shown.out
    assert text_at_head(clone.folder, "nowhere.pine") is None


def test_a_network_error_names_the_host(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pinesync.tradingview.http.PAUSES", ())
    monkeypatch.setenv("PINESYNC_FACADE_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("PINESYNC_COOKIE", world.user.cookie)
    failed = world("list", code=7)
    assert failed.err == (
        "error: no connection to http://127.0.0.1:9 (NewConnectionError)\n".replace("http://", "")
        + "hint: check the connection, then run the same command again\n"
    )


@pytest.mark.parametrize("world", ["facade"], indirect=True)
def test_whoami_names_another_service(world: World) -> None:
    assert world.server
    assert f"sandbox on {world.server.url}, 3 saved scripts" in world("whoami").out


# -- verbs ------------------------------------------------------------------------------------


def test_check_sends_only_scripts(clone: World) -> None:
    clone.write("sessionid=secret", "cookie.txt")
    refused = clone("check", "cookie.txt")
    assert (refused.code, refused.requests) == (2, ())
    assert refused.err == "error: cookie.txt: not a .pine file; nothing was sent\n"


def test_check_reports_conflict_markers_once(clone: World) -> None:
    clone.write(FASTER)
    clone.web_save(SLOWER)
    assert clone("pull").code == 3
    at = clone.read().split("\n").index("<<<<<<< ours") + 1
    checked = clone("check", TREND_PATH)
    assert (checked.code, checked.requests) == (4, ())
    assert checked.out.splitlines()[0] == (
        f"{TREND_PATH}:{at}:1: error: the file contains conflict markers"
    )
    assert checked.err == "1 file: 1 error, 0 warnings\n"


def test_link_lists_the_candidates_of_an_ambiguous_file(world: World) -> None:
    world.web_save(EXTRA.replace("open", "high"), "Range Filter")
    world.web_save(EXTRA.replace("open", "low"), "range filter")
    world.folder.mkdir()
    world.write(EXTRA, "Range Filter.pine")
    made = world("init", "--link", "--sandbox", "--dry-run")
    assert "Range Filter.pine: 2 saved scripts fit; `pinesync add --id ID 'Range" in made.out
    unsure = world("init", "--link", "--sandbox", "--json").json["unsure"]
    ids = {world.id_of("Range Filter"), world.id_of("range filter")}
    assert [(file["path"], set(file["pine_ids"])) for file in unsure] == [
        ("Range Filter.pine", ids)
    ]


def test_add_refuses_a_saved_title(clone: World) -> None:
    clone.write(TREND, "twin.pine")
    refused = clone("add", "twin.pine", code=3)
    assert f"twin.pine: its title is 'Trend', and {TREND_PATH} is saved under" in refused.err
    assert "hint: change the title and add it again" in refused.err


@pytest.mark.parametrize("flags", ["--ours --theirs", "--ours --no-merge", "--theirs --no-merge"])
def test_pull_and_resolve_refuse_two_sides(clone: World, flags: str) -> None:
    refused = clone("pull", *flags.split())
    assert (refused.code, refused.requests) == (2, ())
    assert "choose one of --ours, --theirs and --no-merge" in refused.err
    assert clone("resolve", "--ours", "--merged", TREND_PATH).code == 2


@pytest.mark.parametrize("command", [[], ["sandbox"]])
def test_a_group_alone_shows_its_help(world: World, command: list[str]) -> None:
    shown = world(*command)
    assert (shown.code, shown.out) == (2, "")
    assert shown.err.count("Usage: ") == 1
    assert "error" not in shown.err
    assert world(*command, "--json").json["exit_code"] == 2


def test_a_misspelt_command_gets_a_suggestion(world: World) -> None:
    assert "No such command 'staus'. Did you mean 'status'?" in world("staus").err
    assert "Did you mean 'seed'?" in world("sandbox", "sede").err
    assert "No such command 'xyzzy'. See `pinesync -h`.\n" in world("xyzzy").err
    assert "No such command 'xyzzy'. See `pinesync hooks -h`.\n" in world("hooks", "xyzzy").err
    assert "No such option '--jsn'. Did you mean '--json'?\n" in world("push", "--jsn").err


def test_a_distant_word_gets_no_suggestion(world: World) -> None:
    assert "No such command 'stash'. See `pinesync -h`.\n" in world("stash", code=2).err
    assert "No such option '--hard'.\n" in world("restore", "--hard", code=2).err
    assert "No such option '--show'.\n" in world("oplog", "--show", code=2).err


def test_a_clone_of_an_empty_account_says_so(world: World) -> None:
    world.store.reset(world.user)
    made = world("clone", "--sandbox", "scripts")
    assert (made.code, made.out) == (0, "created scripts; the account has no saved scripts\n")


# -- JSON -------------------------------------------------------------------------------------


def test_check_errors_are_json_with_format_json(clone: World) -> None:
    for form in (["--format", "json"], ["--format=json"]):
        found = clone("check", *form, "nowhere.pine").json
        assert (found["command"], found["exit_code"]) == ("check", 2)


def test_a_command_after_joined_flags_is_found(clone: World) -> None:
    refused = clone("-vC", ".", "status", "nowhere.pine", "--json").json
    assert refused["command"] == "status"


def test_json_includes_a_source_only_with_findings(clone: World) -> None:
    clone.write(BROKEN)
    sources = {file["path"]: file["source"] for file in clone("check", "--json").json["files"]}
    assert sources == {**dict.fromkeys(sources, ""), TREND_PATH: BROKEN}
    clone.write(LONGER)
    (saved,) = clone("push", "--json").json["outcomes"]
    assert (saved["done"], saved["source"]) == ("saved", "")


def test_a_stopped_run_has_its_error_in_json(clone: World) -> None:
    assert "error" not in clone("pull", "--json").json
    clone.write(LONGER)
    clone.plan.expire()
    found = clone("push", "--json").json
    assert found["error"]["message"]
    assert (found["outcomes"], "stopped" in found) == ([], False)


def test_demo_events_have_exit_codes(world: World) -> None:
    events = world("demo", "--json").json["events"]
    assert {event["exit_code"] for event in events if "command" in event} == {0, 3, 4}


@pytest.mark.parametrize(
    ("words", "code"),
    [(["check", "--offline", "-"], 4), (["login"], 2), (["rm", "--remote", TREND_PATH], 2)],
)
def test_commands_run_without_standard_input(clone: World, words: list[str], code: int) -> None:
    """As a service manager may start it, with descriptor 0 closed."""
    line = [sys.executable, "-m", "pinesync", *words]
    ran = subprocess.run(
        ["sh", "-c", 'exec "$@" <&-', "sh", *line],
        cwd=clone.folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == code, ran
    assert "a bug" not in ran.stderr


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("upload", "push"),
        ("update", "pull"),
        ("merge", "pull"),
        ("checkout", "restore"),
        ("commit", "push"),
        ("search", "grep"),
        ("move", "mv"),
        ("create", "new"),
        ("delete", "rm"),
        ("lint", "check"),
        ("auth", "login"),
        ("version", "--version"),
    ],
)
def test_a_command_of_git_suggests_ours(world: World, typed: str, meant: str) -> None:
    assert f"No such command {typed!r}. Use `pinesync {meant}`." in world(typed, code=2).err


@pytest.mark.parametrize(
    ("verb", "option", "instead"),
    [
        *(
            (verb, option, instead)
            for verb, instead in {
                "push": "--over",
                "pull": "restore",
                "rm": "--remote",
                "mv": "",
            }.items()
            for option in ("--force", "-f")
        ),
        ("log", "-p", "pinesync diff"),
        ("log", "--patch", "pinesync diff"),
        ("log", "--oneline", "one line"),
    ],
)
def test_an_option_of_git_is_answered_with_what_to_do_instead(
    world: World, verb: str, option: str, instead: str
) -> None:
    ran = world(verb, option, code=2)
    assert f"error: there is no {option}" in ran.err
    hint = next(line for line in ran.err.splitlines() if line.startswith("hint: "))
    assert instead in hint
    assert "Did you mean" not in ran.err


def test_help_and_short_options_name_the_command(clone: World) -> None:
    assert clone("help", "grep").out == clone("grep", "--help").out
    assert clone("help", "sandbox", "seed").out == clone("sandbox", "seed", "--help").out
    for words in (["help"], ["help", "help"], ["help", "-h"]):
        assert clone(*words).out == clone("--help").out
    assert clone("help", "xyzzy").code == 2
    assert clone("st").out == clone("status").out
    assert clone("ls").out == clone("list").out
    assert clone("-V").out == clone("--version").out
