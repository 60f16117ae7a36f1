"""First-use problems: unreadable files and sandboxes, empty folders, templates, two clones on one
machine, and the demo."""

from __future__ import annotations

import ctypes
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.world import COMMAND, LONGER, TREND, TREND_PATH, Ran, World

HINT = "replace it with a readable plain file; nothing was sent or replaced"
posix = pytest.mark.skipif(os.name != "posix", reason="file modes are POSIX only")


def drop_root_capabilities() -> None:
    """Drop the capabilities of a child process: on Linux, root then obeys file modes."""
    if sys.platform == "linux" and os.geteuid() == 0:
        libc = ctypes.CDLL(None, use_errno=True)
        for capability in (1, 2):  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH
            if libc.prctl(24, capability, 0, 0, 0):  # PR_CAPBSET_DROP
                raise OSError(ctypes.get_errno(), "cannot give up a right")


def run_unprivileged(world: World, *arguments: str) -> Ran:
    with world.spawn(*arguments, preexec_fn=drop_root_capabilities) as child:
        out, err = child.communicate(timeout=60)
    return Ran(child.returncode, out, err)


# -- files that cannot be read --------------------------------------------------------------------


@posix
@pytest.mark.parametrize("verb", ["push", "pull"])
def test_push_and_pull_refuse_a_file_without_read_permission(clone: World, verb: str) -> None:
    clone.write(LONGER)
    (clone.folder / TREND_PATH).chmod(0)
    ran = run_unprivileged(clone, verb)
    assert ran.code == 3
    assert ran.output.count(TREND_PATH) == 1
    assert f"{TREND_PATH}: Permission denied" in ran.output
    assert HINT in ran.output
    assert "UTF-8" not in ran.output
    (clone.folder / TREND_PATH).chmod(0o600)
    assert clone.saved() == [TREND]


@posix
def test_pull_changes_no_file_in_an_unwritable_folder(clone: World) -> None:
    clone.web_save(LONGER)
    (clone.folder / TREND_PATH).parent.chmod(0o500)
    try:
        ran = run_unprivileged(clone, "pull")
    finally:
        (clone.folder / TREND_PATH).parent.chmod(0o700)
    assert ran.code == 1
    assert ran.output.count(TREND_PATH) == 1
    assert "Permission denied" in ran.output
    assert clone.read() == TREND


@posix
def test_status_names_an_unreadable_file_once(clone: World) -> None:
    (clone.folder / TREND_PATH).chmod(0)
    ran = run_unprivileged(clone, "status")
    assert ran.out.count(TREND_PATH) == 1
    assert "Permission denied" in ran.out
    assert run_unprivileged(clone, "diff").output.count(TREND_PATH) == 1


@pytest.mark.parametrize("kind", ["link", "large"])
def test_a_linked_or_huge_file_is_refused(clone: World, kind: str) -> None:
    clone.remove()
    if kind == "link":
        (clone.place / "other.pine").write_text(LONGER)
        (clone.folder / TREND_PATH).symlink_to(clone.place / "other.pine")
    else:
        clone.write("// x\n" * 2_000_000)
    ran = clone("push")
    assert (ran.code, ran.output.count(TREND_PATH)) == (3, 1)
    assert HINT in ran.output


def test_undecodable_bytes_are_refused_with_a_utf_8_hint(clone: World) -> None:
    clone.write(b"\xff\xfe")
    assert "save it as UTF-8 text" in clone("push", code=3).output


def test_mv_onto_a_listed_file_names_it_once(clone: World) -> None:
    other = "strategies/Breakout.pine"
    ran = clone("mv", TREND_PATH, other, code=3)
    assert f"error: {other}: already listed in pine.toml; nothing was moved" in ran.err
    assert ran.output.count(other) == 1
    assert clone.statuses() == {}


# -- a sandbox that cannot be written -------------------------------------------------------------


@posix
def test_a_read_only_sandbox_suggests_fixing_its_permissions(world: World) -> None:
    file = Path(world("sandbox", "path").out.strip())
    for sibling in file.parent.iterdir():
        sibling.chmod(0o400)
    file.parent.chmod(0o500)
    try:
        ran = run_unprivileged(world, "sandbox", "seed")
    finally:
        file.parent.chmod(0o700)
        for sibling in file.parent.iterdir():
            sibling.chmod(0o600)
    assert ran.code == 1
    assert "make this file" in ran.err
    assert "away" not in ran.err


def test_an_invalid_sandbox_has_a_hint_to_move_it(world: World) -> None:
    file = Path(world("sandbox", "path").out.strip())
    file.with_name("other.sqlite3").write_bytes(b"no database " * 1000)
    assert "move the file away" in world("sandbox", "seed", "--name", "other", code=1).err


# -- nothing to check -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words", [["{}"], ["{}", "--offline"], [TREND_PATH, "{}"], ["{}", "--json"]]
)
def test_check_refuses_a_named_folder_without_scripts(clone: World, words: list[str]) -> None:
    (clone.folder / "empty" / "deeper").mkdir(parents=True)
    ran = clone("check", *(word.format("empty") for word in words))
    assert (ran.code, ran.requests) == (2, ())
    assert "empty: contains no .pine file" in ran.output


def test_check_of_an_empty_workspace_succeeds(world: World) -> None:
    world.place.joinpath("fresh").mkdir()
    assert world("init", "--sandbox", "fresh").code == 0
    ran = world("check", cwd=world.place / "fresh")
    assert (ran.code, ran.err) == (0, "0 files: 0 errors, 0 warnings\n")


# -- the team's files -----------------------------------------------------------------------------


@pytest.mark.parametrize("remote", [["--sandbox"], ["--remote", "sandbox"], []])
def test_a_template_accepts_the_remote_of_the_workspace(clone: World, remote: list[str]) -> None:
    clone("init", "--template", "team", *remote, code=0)
    assert (clone.folder / ".github" / "workflows" / "pinesync.yml").exists()


def test_a_template_refuses_another_remote(clone: World) -> None:
    ran = clone("init", "--template", "team", "--remote", "tradingview", code=2)
    assert "this workspace is of sandbox, not of tradingview" in ran.err
    assert not (clone.folder / ".github").exists()


# -- two clones on one machine --------------------------------------------------------------------


def test_log_marks_saves_of_another_clone_until_the_state_is_damaged(clone: World) -> None:
    second = clone.place / "second"
    assert clone("clone", "--remote", clone.remote_name, second, cwd=clone.place).code == 0
    (second / TREND_PATH).write_text(LONGER)
    assert clone("push", cwd=second).code == 0
    clone.web_save_and_pull(TREND)
    origins = {
        save["version"]: save["by"] for save in clone("log", TREND_PATH, "--json").json["saves"]
    }
    assert origins == {"3.0": "elsewhere", "2.0": "pinesync", "1.0": "elsewhere"}
    for file in (clone.home / "pinesync" / "state").rglob("operations/*.json"):
        if b"push" in file.read_bytes():
            file.write_bytes(b"damaged")
    for file in (clone.home / "pinesync" / "state").rglob("records/*.json"):
        file.write_bytes(b"damaged")
    assert clone("log", TREND_PATH, "--json").json["saves"][1]["by"] == "elsewhere"


# -- the demo -------------------------------------------------------------------------------------


@posix
def test_the_last_lines_of_the_demo_lead_to_a_workspace(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    result = subprocess.run([*COMMAND, "demo"], capture_output=True, text=True, check=True)
    *_, enter, export = result.stdout.splitlines()
    assert enter.startswith("    cd ")
    assert export.startswith("    export PINESYNC_HOME=")
    status = shlex.join([*COMMAND, "status"])
    script = f"{enter}\n{export}\n{status}\n"
    after = subprocess.run(["sh", "-e"], input=script, capture_output=True, text=True, check=False)
    assert (after.returncode, after.stdout) == (0, "nothing to pull or push, 13 scripts clean\n")
