"""`repair`: a pine.toml with conflict markers of git."""

from __future__ import annotations

import subprocess
import tomllib
from pathlib import Path

import pytest

from tests.world import BREAKOUT_PATH, TOOLS_PATH, TREND_PATH, World, git
from tests.world.scripts import FASTER, LONGER, MERGED, SLOWER


def merge(world: World, *options: str) -> None:
    """Merge `other` into main, which ends in a conflict."""
    result = subprocess.run(
        ["git", *options, "merge", "-q", "other"],
        cwd=world.folder,
        capture_output=True,
        check=False,
    )
    assert result.returncode == 1
    assert "<<<<<<< " in world.read("pine.toml")


def branch(world: World, name: str = "other") -> None:
    git(world, "checkout", "-qb", name)


def back(world: World) -> None:
    git(world, "checkout", "-q", "main")


@pytest.fixture
def diverged(repo: World) -> World:
    """other is at version 2, main at 3, and git cannot merge pine.toml."""
    branch(repo)
    repo.write(LONGER)
    repo("push", "--commit")
    back(repo)
    repo.web_save(SLOWER)
    repo("pull", "--commit")
    assert repo.version() == "3.0"
    return repo


@pytest.mark.parametrize(("style", "eol"), [("merge", "lf"), ("diff3", "crlf"), ("zdiff3", "lf")])
def test_the_older_base_is_kept_and_no_save_is_lost(diverged: World, style: str, eol: str) -> None:
    merge(diverged, "-c", f"merge.conflictStyle={style}")
    broken = diverged.read("pine.toml")
    if eol == "crlf":
        broken = broken.replace("\n", "\r\n")
        diverged.write(broken, "pine.toml")
    assert "hint: `pinesync repair`" in diverged("status", code=2).err
    before = diverged.files()
    planned = diverged("repair", "--dry-run", "--json")
    assert diverged.files() == before
    assert planned.json["kept"] is None
    ran = diverged("repair", "--json")
    assert (ran.code, ran.requests) == (0, ())
    assert ran.json["scripts"] == planned.json["scripts"]
    (script,) = ran.json["scripts"]
    assert (script["path"], script["version"], script["other"]) == (TREND_PATH, "2.0", "3.0")
    assert Path(ran.json["kept"]).read_text("utf-8") == broken.replace("\r\n", "\n")
    assert diverged.version() == "2.0"
    assert ("\r\n" in diverged.read("pine.toml")) == (eol == "crlf")
    # git's own merge of the script has both edits, and HEAD's history knows 3.0
    assert diverged.read() == MERGED
    assert diverged.statuses() == {TREND_PATH: "rolled-back"}
    diverged.web_save(FASTER)
    assert diverged("push").code == 3  # what came since is not overwritten
    assert diverged("pull").code == 3  # but merged, with markers where it must
    assert FASTER.split("\n")[3] in diverged.read()
    assert diverged("repair").err == "pine.toml is valid: nothing to repair\n"


@pytest.mark.parametrize("side", ["ours", "theirs"])
def test_the_newer_base_is_kept_if_the_file_equals_it(diverged: World, side: str) -> None:
    """The newer base can be on either side of the markers."""
    if side == "theirs":
        git(diverged, "branch", "-m", "other", "swap")
        git(diverged, "branch", "-m", "main", "other")
        git(diverged, "branch", "-m", "swap", "main")
        back(diverged)
    merge(diverged)
    diverged.write(SLOWER)
    assert f"{TREND_PATH}  3.0, not 2.0: the file has exactly this text" in diverged("repair").out
    assert diverged.statuses() == {}


def test_entries_added_on_both_sides_are_kept(repo: World) -> None:
    branch(repo)
    repo("new", "Aaa")
    repo("push", "--commit")
    back(repo)
    repo("new", "Aab")
    repo("push", "--commit")
    merge(repo)
    ran = repo("repair", "--json", code=0)
    assert {one["path"] for one in ran.json["scripts"]} == {
        "indicators/Aaa.pine",
        "indicators/Aab.pine",
    }
    assert repo.statuses() == {}
    git(repo, "add", "pine.toml")
    git(repo, "commit", "-qm", "merged")


def test_an_entry_changed_by_one_side_and_removed_by_the_other_is_kept(repo: World) -> None:
    branch(repo)
    repo("rm", TREND_PATH)
    git(repo, "commit", "-qam", "forgotten")
    back(repo)
    repo.write(LONGER)
    repo("push", "--commit")
    merge(repo)
    assert repo("repair").code == 0
    assert repo.version() == "2.0"


def settings(world: World, ours: tuple[str, str], theirs: tuple[str, str]) -> None:
    """Main and `other` commit a change of a setting each."""
    text = world.read("pine.toml")
    for change, go in ((theirs, branch), (ours, back)):
        go(world)
        world.write(text.replace(*change), "pine.toml")
        git(world, "commit", "-qam", change[1])


def test_settings_changed_by_one_side_are_merged(repo: World) -> None:
    listed = ('track = "all"', 'track = "listed"')
    settings(repo, ours=("ignore = []", 'ignore = ["x/**"]'), theirs=listed)
    merge(repo, "-c", "merge.conflictStyle=diff3")
    assert repo("repair").code == 0
    merged = tomllib.loads(repo.read("pine.toml"))["workspace"]
    assert (merged["track"], merged["ignore"]) == ("listed", ["x/**"])


def test_settings_changed_by_both_sides_are_refused(repo: World) -> None:
    ignores = ("ignore = []", 'ignore = ["x"]'), ("ignore = []", 'ignore = ["y"]')
    settings(repo, *ignores)
    for style in ("diff3", "merge"):
        merge(repo, "-c", f"merge.conflictStyle={style}")
        before = repo.files()
        assert "differ in ignore of [workspace]" in repo("repair", code=2).err
        assert repo.files() == before
        git(repo, "merge", "--abort")


def entry(path: str, pine_id: str, version: int, more: str = "") -> str:
    digest = f"sha256:{version:064x}"
    head = f'[scripts."{path}"]\npine_id = "USER;{pine_id * 32}"\nname = "N"\n'
    return head + f'version = "{version}.0"\ndigest = "{digest}"\n{more}'


def conflict(ours: str, theirs: str, base: str | None = None) -> str:
    ancestor = "" if base is None else f"||||||| base\n{base}"
    return f"<<<<<<< HEAD\n{ours}{ancestor}=======\n{theirs}>>>>>>> other\n"


def put(world: World, *parts: str) -> None:
    head = world.read("pine.toml").partition("[scripts.")[0]
    world.write(head + "\n".join(parts), "pine.toml")


def test_a_flag_on_one_side_is_kept(repo: World) -> None:
    flagged = 'hidden = "4.0"\n'
    put(
        repo,
        entry("a.pine", "a", 5).rpartition('version = "5')[0]
        + conflict(
            entry("", "a", 5).rpartition("name")[2].partition("\n")[2],
            entry("", "a", 5, flagged).rpartition("name")[2].partition("\n")[2],
        ),
        conflict(entry("b.pine", "b", 7, flagged), entry("b.pine", "b", 6, 'pulled = "5.0"\n')),
        conflict(entry("c.pine", "c", 3, 'hidden = "2.0"\n'), entry("c.pine", "c", 9)),
    )
    ran = repo("repair", "--json", code=0)
    scripts = tomllib.loads(repo.read("pine.toml"))["scripts"]
    assert scripts["a.pine"]["hidden"] == "4.0"
    assert scripts["b.pine"]["version"] == "6.0"
    assert (scripts["b.pine"].get("hidden"), scripts["b.pine"]["theirs"]) == (None, "5.0")
    assert "flag for 4.0" in next(s["why"] for s in ran.json["scripts"] if s["path"] == "b.pine")
    assert (scripts["c.pine"]["version"], scripts["c.pine"]["hidden"]) == ("3.0", "2.0")


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ([conflict(entry("a.pine", "a", 1), entry("b.pine", "a", 1))], "are the same script"),
        ([conflict(entry("a.pine", "a", 1), entry("a.pine", "b", 1))], "different script on each"),
        (
            [
                conflict(
                    entry("a.pine", "a", 1), entry("a.pine", "a", 1).replace(f"{1:064x}", "f" * 64)
                )
            ],
            "different texts for version 1.0",
        ),
        (["<<<<<<< HEAD\n" + entry("a.pine", "a", 1)], "a conflict without its end"),
        (["<<<<<<< HEAD\n>>>>>>> other\n"], "a conflict marker out of order"),
        (["<<<<<<< HEAD\n<<<<<<< HEAD\n"], "a conflict marker out of order"),
        ([">>>>>>> other\n"], "a conflict marker out of order"),
        ([conflict("x = \n", "")], "not TOML"),
        ([conflict("", "x = \n")], "not TOML"),
        ([conflict("[later]\n", "")], "unknown key 'later'"),
        ([conflict(entry("a.pine", "a", 1), entry("A.pine", "b", 1))], "same file on some systems"),
    ],
)
def test_an_ambiguous_manifest_is_refused(repo: World, parts: list[str], message: str) -> None:
    put(repo, *parts)
    before = repo.files(), repo.state()
    assert message in repo("repair", code=2).err
    assert (repo.files(), repo.state()) == before


def test_an_error_has_the_line_of_the_file(repo: World) -> None:
    put(repo, conflict(entry("a.pine", "a", 1), entry("a.pine", "a", 1) + "sent = 7\n"))
    wrong = repo.read("pine.toml").split("\n").index("sent = 7") + 1
    assert f"pine.toml:{wrong}: " in repo("repair").err


def test_conflicts_inside_and_across_entries_are_merged(repo: World) -> None:
    """Several conflicts: one spans two entries, and one includes the line with a BOM."""
    one, two = entry("a.pine", "a", 2), entry("b.pine", "b", 2)
    head, tail = one.split("version", 1)
    theirs = "version" + tail.replace("2.0", "1.0").replace(f"{2:064x}", f"{1:064x}")
    b_head, b_tail = two.split("version", 1)
    put(
        repo,
        head
        + conflict(f"version{tail}{b_head}", theirs + entry("aa.pine", "c", 1) + b_head)
        + f"version{b_tail}",
        conflict("", "# a remark\n"),
        conflict(entry("d.pine", "d", 1), entry("e.pine", "e", 1), ""),
    )
    text = "<<<<<<< HEAD\n# mine\n=======\n# theirs\n>>>>>>> other\n" + repo.read("pine.toml")
    repo.write("\ufeff" + text, "pine.toml")
    repo("repair", code=0)
    scripts = tomllib.loads(repo.read("pine.toml").removeprefix("\ufeff"))["scripts"]
    assert set(scripts) == {"a.pine", "aa.pine", "b.pine", "d.pine", "e.pine"}
    assert scripts["a.pine"]["version"] == "1.0"
    assert scripts["b.pine"]["version"] == "2.0"
    assert repo.read("pine.toml").startswith("\ufeff# mine\n")
    assert repo.files()[TREND_PATH]


def test_repair_needs_the_lock_but_no_git(clone: World) -> None:
    from filelock import FileLock

    put(clone, conflict(entry("a.pine", "a", 1), entry("a.pine", "a", 2)))
    clone.write(FASTER, "a.pine")
    broken = clone.read("pine.toml")
    clone("repair", "--dry-run")
    state = clone.state_folder
    with FileLock(state / "lock"):
        assert clone("repair").code == 7
    assert clone.read("pine.toml") == broken
    assert clone("repair").code == 0
    assert clone.read(BREAKOUT_PATH)
    assert clone.read(TOOLS_PATH)


def test_a_valid_manifest_needs_no_repair(clone: World) -> None:
    before = clone.files()
    ran = clone("repair", "--json")
    assert (ran.code, ran.json["needed"], ran.requests) == (0, False, ())
    assert clone.files() == before
    clone.write("[workspace\n", "pine.toml")
    assert clone("repair").code == 2
    clone.remove("pine.toml")
    assert clone("repair").code == 2
