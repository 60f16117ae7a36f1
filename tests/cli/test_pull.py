"""Pull and its choices: ours, theirs, no merge, conflicts and how they end; restore; line
endings."""

from __future__ import annotations

import os

import pytest

from pinesync.sandbox.faults import Switches
from tests.cli.cases import MARKERS
from tests.world import World, both_ways
from tests.world.scripts import (
    BREAKOUT_PATH,
    EXTRA,
    FASTER,
    LONGER,
    MERGED,
    SLOWER,
    TOOLS,
    TOOLS_PATH,
    TREND,
    TREND_PATH,
)


@pytest.fixture
def diverged(clone: World) -> World:
    """Both sides changed, and a merge can combine them."""
    clone.write(LONGER)
    clone.web_save(SLOWER)
    return clone


@pytest.fixture
def conflict(clone: World) -> World:
    """Both sides changed the same line, and a pull was tried."""
    clone.write(FASTER)
    clone.web_save(SLOWER)
    pulled = clone("pull", code=3)
    assert f"{TREND_PATH}: conflict: both sides changed the same lines (1.0 → 2.0)" in pulled.err
    return clone


def test_ours_keeps_the_file_and_push_saves_it_on_top(diverged: World) -> None:
    assert diverged("pull", "--ours", code=0).out == f"kept       {TREND_PATH}  1.0 → 2.0\n"
    assert diverged.read() == LONGER
    assert diverged.statuses() == {TREND_PATH: "modified"}
    assert diverged("pull").out == ""  # chosen is chosen
    assert diverged.read() == LONGER
    assert diverged("push").code == 0
    assert diverged.saved() == [TREND, SLOWER, LONGER]


def test_theirs_downloads_the_newest_and_backs_up_ours(diverged: World) -> None:
    assert diverged("pull", "--theirs", code=0).out == f"pulled     {TREND_PATH}  1.0 → 2.0\n"
    assert diverged.read() == SLOWER
    assert diverged.statuses() == {}
    backups = [body for path, body in diverged.state_files().items() if "/objects/" in path]
    assert LONGER.encode() in backups


def test_no_merge_changes_nothing(diverged: World) -> None:
    before = diverged.files()
    diverged("pull", "--no-merge", code=3)
    assert diverged.files() == before


def test_no_merge_pulls_the_other_scripts(diverged: World) -> None:
    diverged.web_save(TOOLS + "// more\r\n", "Tools")
    assert diverged("pull", "--no-merge").code == 3
    assert diverged.read() == LONGER
    assert diverged.version(TOOLS_PATH) == "2.0"


@pytest.mark.parametrize("choice", ["--ours", "--theirs"])
def test_a_choice_applies_only_to_diverged_scripts(clone: World, choice: str) -> None:
    clone.web_save(SLOWER)
    clone.write("//@version=6\nstrategy('Breakout')\n", BREAKOUT_PATH)
    assert clone("pull", choice).code == 0
    assert clone.read() == SLOWER
    assert clone.read(BREAKOUT_PATH) == "//@version=6\nstrategy('Breakout')\n"


def test_pull_of_one_path_leaves_the_others(clone: World) -> None:
    clone.web_save(SLOWER)
    clone.web_save(TOOLS + "// more\r\n", "Tools")
    assert clone("pull", "libraries").code == 0
    assert clone.statuses() == {TREND_PATH: "behind"}


def test_pull_of_an_unknown_path_is_refused(clone: World) -> None:
    refused = clone("pull", "indicators/Nothing.pine", code=2)
    assert "indicators/Nothing.pine: no such script or file" in refused.err


@pytest.mark.parametrize("obstacle", ["ignored", "ignored, same text", "folder", "link"])
def test_a_new_script_avoids_a_foreign_file(clone: World, obstacle: str) -> None:
    """That file stays, and no pull is refused because of it."""
    place = clone.folder / "indicators" / "Extra.pine"
    if obstacle.startswith("ignored"):
        lines = clone.read("pine.toml").replace("ignore = []", 'ignore = ["indicators/Ex*"]')
        clone.write(lines, "pine.toml")
        clone.write(
            EXTRA if "same" in obstacle else "not a script of mine\n", "indicators/Extra.pine"
        )
    elif obstacle == "folder":
        place.mkdir()
    else:
        place.symlink_to("nowhere")
    before = os.lstat(place)
    clone.web_save(EXTRA, "Extra")
    beside = f"indicators/Extra-{clone.id_of('Extra').removeprefix('USER;')[:8]}.pine"
    assert clone.statuses() == {beside: "remote-only"}
    assert clone("pull", code=0).out == f"written    {beside}  1.0\n"
    assert clone.read(beside) == EXTRA
    assert clone.entry(beside)["name"] == "Extra"
    for verb in ("pull", "push"):
        assert (clone(verb).code, clone(verb).out) == (0, "")
    assert clone.statuses() == {}
    clone.write_and_push(EXTRA + "plot(close)\n", beside)
    assert len(clone.saved("Extra")) == 2
    assert os.lstat(place) == before


def test_a_new_script_avoids_ignored_and_existing_files(clone: World) -> None:
    """Each taken path is skipped, however many there are."""
    lines = clone.read("pine.toml").replace("ignore = []", 'ignore = ["indicators/Ex*"]')
    clone.write(lines, "pine.toml")
    clone.web_save(EXTRA, "Extra")
    digits = clone.id_of("Extra").removeprefix("USER;")
    for name in ("Extra", f"Extra-{digits[:8]}", f"Extra-{digits[:16]}"):
        clone.write("mine\n", f"indicators/{name}.pine")
    clone.web_save_and_pull(EXTRA, "extra")
    assert clone.read(f"indicators/Extra-{digits}.pine") == EXTRA
    assert clone.statuses() == {}
    assert clone("list").out.count("indicators/") == 3


def test_editors_recognize_the_conflict_markers(conflict: World) -> None:
    text = conflict.read()
    assert text == TREND.replace(
        'length = input.int(20, "Length")\n',
        "<<<<<<< ours\n"
        'length = input.int(5, "Length")\n'
        "||||||| base\n"
        'length = input.int(20, "Length")\n'
        "=======\n"
        'length = input.int(50, "Length")\n'
        ">>>>>>> theirs (TradingView)\n",
    )
    assert conflict.statuses() == {TREND_PATH: "conflict"}


@pytest.mark.parametrize("labels", [("ours", "theirs (TradingView)"), ("yours", "TradingView")])
def test_a_conflict_is_neither_pushed_nor_pulled(conflict: World, labels: tuple[str, str]) -> None:
    """The markers can have any labels: pinesync 0.1 wrote others."""
    text = conflict.read().replace("<<< ours", f"<<< {labels[0]}")
    text = text.replace(">>> theirs (TradingView)", f">>> {labels[1]}")
    conflict.write(text)
    assert conflict.statuses() == {TREND_PATH: "conflict"}
    conflict.web_save(MERGED)
    for verb in (["push"], ["pull"], ["push", "--allow-broken"], ["pull", "--theirs"]):
        assert conflict(*verb).code == 3
    assert conflict.read() == text
    assert conflict.saved() == [TREND, SLOWER, MERGED]


@pytest.mark.parametrize(("side", "text"), [("--ours", FASTER), ("--theirs", SLOWER)])
def test_a_conflict_is_resolved_with_either_text(conflict: World, side: str, text: str) -> None:
    assert conflict("resolve", side, TREND_PATH, code=0).out == f"resolved   {TREND_PATH}  2.0\n"
    assert conflict.read() == text
    assert conflict.statuses() == ({} if text == SLOWER else {TREND_PATH: "modified"})
    assert conflict("push").code == 0
    assert conflict.saved()[-1] == text


def test_a_conflict_is_resolved_by_hand(conflict: World) -> None:
    refused = conflict("resolve", "--merged", TREND_PATH, code=3)
    assert "the file contains conflict markers" in refused.err
    conflict.write(TREND.replace("20", "27"))
    assert conflict("resolve", "--merged", TREND_PATH).code == 0
    assert conflict("push").code == 0
    assert conflict.saved()[-1] == TREND.replace("20", "27")
    assert conflict.statuses() == {}


def test_resolve_needs_a_side_and_a_script(clone: World) -> None:
    assert clone("resolve", TREND_PATH).code == 2
    assert clone("resolve", "--ours", "nothing.pine").code == 2
    assert "nothing to resolve" in clone("resolve", "--ours", TREND_PATH).err
    assert clone.read() == TREND


@pytest.mark.parametrize("named", [["."], ["indicators", "libraries"], [TREND_PATH, TOOLS_PATH]])
@pytest.mark.parametrize(("side", "text"), [("--ours", "// ours"), ("--theirs", "// theirs")])
def test_several_conflicts_are_resolved_together(
    clone: World, named: list[str], side: str, text: str
) -> None:
    for path, name, source in ((TREND_PATH, "Trend", TREND), (TOOLS_PATH, "Tools", TOOLS)):
        clone.write(source + "// ours\n", path)
        clone.web_save(source + "// theirs\n", name)
    assert clone("pull").code == 3
    assert set(clone.statuses().values()) == {"conflict"}
    assert clone("resolve", side, *named).code == 0
    for path in (TREND_PATH, TOOLS_PATH):
        assert clone.read(path).splitlines()[-1] == text
    assert "nothing to resolve" in clone("resolve", side, ".").err


def test_an_unresolvable_conflict_does_not_stop_the_others(conflict: World) -> None:
    conflict.write(TOOLS + MARKERS, TOOLS_PATH)
    resolved = conflict("resolve", "--ours", ".")
    assert resolved.code == 3
    assert f"{TOOLS_PATH}: your text from before the merge is not known" in resolved.err
    assert conflict.read() == FASTER
    assert "<<<<<<<" in conflict.read(TOOLS_PATH)


@pytest.mark.promise("S11")
@pytest.mark.parametrize("long", ["here", "there"])
def test_a_very_long_text_is_not_merged(clone: World, long: str) -> None:
    ours, theirs = (SLOWER + "\n" * 100_001, LONGER)[:: 1 if long == "here" else -1]
    clone.write(ours)
    clone.web_save(theirs)
    pulled = clone("pull")
    assert (pulled.code, clone.read() == ours) == (3, True), pulled.output[-500:]
    assert "a text of more than 100000 lines is not merged" in pulled.err
    assert clone("pull", "--theirs", TREND_PATH).code == 0
    assert clone.read() == theirs


@both_ways
@pytest.mark.parametrize("side", ["ours", "theirs", "merged"])
def test_a_save_on_top_of_a_foreign_save_is_flagged_until_resolved(clone: World, side: str) -> None:
    clone.write(LONGER)
    clone.plan.add("save_next:1:foreign")
    assert "saved as 3.0, on top of 2.0" in clone("push", code=3).err
    foreign = clone.saved()[1]
    assert clone.saved() == [TREND, foreign, LONGER]
    assert clone.entry()["hidden"] == "2.0"
    assert clone.statuses() == {TREND_PATH: "conflict"}
    for verb in ("push", "pull"):
        assert clone(verb).code == 3
    assert clone("resolve", f"--{side}", ".").code == 0
    assert clone.entry()["hidden"] is None
    assert clone.read() == (foreign if side == "theirs" else LONGER)
    assert clone("push").code == 0
    assert clone.saved()[-1] == clone.read()
    assert clone.statuses() == {}


# -- restore --------------------------------------------------------------------------------------


def test_restore_discards_an_edit_and_backs_it_up(clone: World) -> None:
    clone.write(LONGER)
    restored = clone("restore", TREND_PATH)
    assert (restored.code, restored.out) == (0, f"restored   {TREND_PATH}  1.0\n")
    assert "its old text is backed up" in restored.err
    assert clone.read() == TREND
    assert clone.statuses() == {}
    assert LONGER.encode() in [b for p, b in clone.state_files().items() if "/objects/" in p]


def test_restore_downloads_missing_files(clone: World) -> None:
    """Another machine has no stored text: it is read by its number."""
    clone.forget()
    clone.web_save(SLOWER)
    clone.remove()
    clone.remove(BREAKOUT_PATH)
    assert clone("restore", TREND_PATH, BREAKOUT_PATH, code=0).requests == ("get", "get")
    assert clone.read() == TREND
    assert clone.statuses() == {TREND_PATH: "behind"}


def test_restore_accepts_only_scripts(clone: World) -> None:
    clone.write(LONGER)
    for path in ("nothing.pine", "pine.toml", "../elsewhere.pine"):
        assert clone("restore", path).code == 2
    assert clone("restore", TREND_PATH, "nothing.pine").code == 2
    assert clone.read() == LONGER  # all or none


def test_restore_accepts_a_folder(clone: World) -> None:
    clone.write(LONGER)
    clone.remove(BREAKOUT_PATH)
    folder = TREND_PATH.split("/")[0]
    assert clone("restore", folder).out == f"restored   {TREND_PATH}  1.0\n"
    assert LONGER.encode() in [b for p, b in clone.state_files().items() if "/objects/" in p]
    assert clone("restore", ".").out == f"restored   {BREAKOUT_PATH}  1.0\n"
    again = clone("restore", ".")
    assert (again.code, again.out, again.err) == (0, "", "nothing to restore\n")


def test_an_unexpanded_pattern_matches_listed_files(clone: World) -> None:
    """The files are missing, so the shell did not expand the pattern."""
    clone.remove()
    clone.remove(BREAKOUT_PATH)
    folder = TREND_PATH.split("/")[0]
    none = clone("restore", "*.pine")
    assert (none.code, "*.pine: no listed file matches" in none.err) == (2, True)
    assert TREND_PATH in clone("status", f"{folder}/*.pine").out
    assert clone("restore", f"{folder}/*.pine").out == f"restored   {TREND_PATH}  1.0\n"
    assert clone("restore", "*/*.pine").out == f"restored   {BREAKOUT_PATH}  1.0\n"


def test_restore_push_of_nothing_sends_nothing(clone: World) -> None:
    clone.write(LONGER)
    other = BREAKOUT_PATH.split("/")[0]
    ran = clone("restore", "--push", other)
    assert (ran.code, ran.requests, ran.err) == (0, (), "nothing to restore\n")
    assert len(clone.saved()) == 1


# -- what a file keeps ----------------------------------------------------------------------------


@pytest.mark.parametrize("dress", ["crlf", "bom", "cr"])
def test_every_command_keeps_the_shape_of_a_file(clone: World, dress: str) -> None:
    def dressed(text: str) -> str:
        if dress == "bom":
            return "\ufeff" + text
        return text.replace("\n", "\r\n" if dress == "crlf" else "\r")

    clone.write(dressed(TREND))
    assert clone.statuses() == {}  # another shape is not an edit
    assert clone("push").requests == ("list",)

    clone.web_save_and_pull(SLOWER)
    assert clone.read() == dressed(SLOWER)

    clone.write_and_push(dressed(SLOWER + "plot(close)\n"))
    assert clone.saved()[-1] == MERGED
    assert clone.read() == dressed(MERGED)

    clone.web_save(MERGED.replace("50", "60"))
    clone.write(dressed(MERGED + "plot(open)\n"))
    assert clone("pull").out.startswith("merged")
    assert clone.read() == dressed(MERGED.replace("50", "60") + "plot(open)\n")

    assert clone("restore", TREND_PATH).code == 0
    assert clone.read() == dressed(MERGED.replace("50", "60"))


def test_a_conflict_keeps_crlf(clone: World) -> None:
    clone.write(FASTER.replace("\n", "\r\n"))
    clone.web_save(SLOWER)
    assert clone("pull").code == 3
    assert "\n" not in clone.read().replace("\r\n", "")
    assert clone("resolve", "--ours", TREND_PATH).code == 0
    assert clone.read() == FASTER.replace("\n", "\r\n")


@both_ways
def test_a_service_that_forces_crlf_causes_no_extra_versions(clone: World) -> None:
    clone.app.switches = Switches(eol="crlf")
    clone.write_and_push(LONGER)
    assert clone.statuses() == {}
    assert clone("push").requests == ("list",)
    assert clone.read() == LONGER


@pytest.mark.parametrize("change", ["strip-trailing", "add-trailing", "tabs"])
def test_a_service_that_rewrites_texts_is_reported_once(clone: World, change: str) -> None:
    clone.app.switches = Switches.parse(f"text={change}")
    text = LONGER + "if close > open\n\talert('x')" + ("" if change == "add-trailing" else "\n\n")
    clone.write(text)
    pushed = clone("push", code=0)
    assert clone.saved()[-1] != text
    assert "stored a slightly different text" in pushed.err
    assert clone.read() == text
    assert clone.statuses() == {}
    assert clone("push").requests == ("list",)
    assert clone("pull").requests == ("list",)


def test_the_mode_of_a_file_is_kept(clone: World) -> None:
    (clone.folder / TREND_PATH).chmod(0o640)
    clone.web_save_and_pull(SLOWER)
    assert (clone.folder / TREND_PATH).stat().st_mode & 0o777 == 0o640
