"""`hooks`: git checks what is staged and looks before a push; other hooks are left alone."""

from __future__ import annotations

import os
import shutil
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from pinesync.git.hooks import block, with_block, without_block
from tests.campaign.served import program
from tests.campaign.test_kill import KILLED_AT
from tests.world import World, git, start
from tests.world.repository import submodule
from tests.world.scripts import BREAKOUT_PATH, BROKEN, LONGER, SLOWER, TREND, TREND_PATH

UNCLOSED = TREND + "plot((close)\n"
"""What the compiler need not see: a bracket is open."""
OURS = "pinesync hooks run"


def hook_of(world: World, name: str) -> Path:
    return world.folder / ".git" / "hooks" / name


def put(world: World, name: str, script: str | bytes, mode: int = 0o755) -> Path:
    file = hook_of(world, name)
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(script if isinstance(script, bytes) else script.encode())
    file.chmod(mode)
    return file


def tried(world: World, *words: str, path: str | None = None) -> subprocess.CompletedProcess[str]:
    """Run git with its hooks, and accept any exit code."""
    path_of_python = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    env = {**os.environ, "PATH": path_of_python if path is None else path}
    git = shutil.which("git")
    assert git
    return subprocess.run(
        [git, *words], cwd=world.folder, env=env, capture_output=True, encoding="utf-8", check=False
    )


# -- before a commit ------------------------------------------------------------------------------


def test_the_index_is_checked_and_not_the_work_tree(repo: World) -> None:
    assert repo("hooks", "install").code == 0
    repo.write(UNCLOSED)
    git(repo, "add", TREND_PATH)
    repo.write(TREND)
    refused = tried(repo, "commit", "-m", "one")
    assert refused.returncode == 1
    assert f"{TREND_PATH}:13:" in refused.stderr
    assert "hint: `git commit --no-verify`" in refused.stderr
    repo.write(LONGER)
    git(repo, "add", TREND_PATH)
    repo.write(UNCLOSED)
    repo.write(UNCLOSED, BREAKOUT_PATH)
    assert tried(repo, "commit", "-m", "one").returncode == 0
    assert git(repo, "show", f"HEAD:{TREND_PATH}") + "\n" == LONGER
    assert tried(repo, "commit", "-am", "two").returncode == 1
    assert tried(repo, "commit", "-am", "two", "--no-verify").returncode == 0


def test_hooks_work_with_a_minimal_path_from_any_folder(repo: World) -> None:
    assert repo("hooks", "install", cwd=repo.folder / "indicators").code == 0
    poor = "/usr/bin:/bin"
    repo.write(UNCLOSED)
    assert tried(repo, "-C", "indicators", "commit", "-am", "x", path=poor).returncode == 1
    repo.write(LONGER)
    # a file in the repository is not imported as a module
    repo.write("raise SystemExit('a module of the repository')\n", "click.py")
    result = tried(repo, "commit", "-am", "x", path=poor)
    assert (result.returncode, "a module of the repository" in result.stderr) == (0, False)


def test_a_missing_pinesync_only_warns(repo: World) -> None:
    file = put(repo, "pre-commit", with_block(None, block("pre-commit", "/nowhere/python")))
    repo.write(UNCLOSED)
    result = tried(repo, "commit", "-am", "x", path="/usr/bin:/bin")
    assert result.returncode == 0
    assert "pinesync is not found" in result.stderr
    assert file.exists()


def test_the_first_commit_links_and_deletions_are_checked(clone: World) -> None:
    git(clone, "init", "-q")
    clone("hooks", "install")
    (clone.folder / "link.pine").symlink_to("nowhere")
    git(clone, "add", "--all")
    assert tried(clone, "commit", "-m", "first").returncode == 0
    clone.remove()
    assert tried(clone, "commit", "-am", "less").returncode == 0


def test_a_commit_by_push_is_checked(repo: World) -> None:
    repo("hooks", "install")
    put(repo, "commit-msg", '#!/bin/sh\ncat "$1" > ../said\n')
    repo.write(LONGER)
    assert repo.process("push", "--commit").code == 0
    assert (repo.place / "said").read_text().startswith("Trend 2.0\n")


# -- before a push --------------------------------------------------------------------------------


@pytest.fixture
def pushing(repo: World) -> World:
    git(repo, "init", "-q", "--bare", "../origin.git")
    git(repo, "remote", "add", "origin", "../origin.git")
    assert repo("hooks", "install").code == 0
    return repo


def test_a_diverged_script_stops_a_git_push(pushing: World) -> None:
    pushing.web_save(SLOWER)
    assert tried(pushing, "push", "origin", "main").returncode == 0  # behind is fine
    pushing.write(LONGER)
    git(pushing, "commit", "-qam", "longer")
    refused = tried(pushing, "push", "origin", "main")
    assert refused.returncode == 1
    assert f"diverged  {TREND_PATH}" in refused.stdout
    assert git(pushing, "rev-parse", "origin/main") == git(pushing, "rev-parse", "HEAD~1")
    assert pushing("pull").code == 0
    assert tried(pushing, "push", "origin", "main").returncode == 0


def test_user_lines_after_ours_still_get_the_hooks_stdin(pushing: World) -> None:
    file = hook_of(pushing, "pre-push")
    file.write_text(file.read_text() + "cat > ../told\n")
    assert tried(pushing, "push", "origin", "main").returncode == 0
    assert (pushing.place / "told").read_text().startswith("refs/heads/main ")


def test_an_unreachable_service_does_not_stop_a_git_push(pushing: World) -> None:
    shutil.rmtree(pushing.home / "pinesync" / "sandbox")
    result = tried(pushing, "push", "origin", "main")
    assert result.returncode == 0
    assert "the push continues" in result.stderr


def test_a_conflict_stops_a_git_push_without_a_request(pushing: World) -> None:
    pushing.write(TREND + "<<<<<<< ours\n=======\n>>>>>>> theirs\n")
    shutil.rmtree(pushing.home / "pinesync" / "sandbox")
    assert tried(pushing, "push", "origin", "main").returncode == 1


def test_an_invalid_manifest_stops_a_git_push(pushing: World) -> None:
    pushing.write("<<<<<<< HEAD\n", "pine.toml")
    refused = tried(pushing, "push", "origin", "main")
    assert refused.returncode == 1
    assert "pine.toml:1:" in refused.stderr


def test_hooks_work_in_a_work_tree_and_a_subfolder(clone: World) -> None:
    start(clone, clone.place)
    assert clone("hooks", "install").code == 0
    other = clone.place.parent / f"{clone.place.name}-other"
    git(clone.place, "worktree", "add", "-q", str(other))
    git(clone.place, "init", "-q", "--bare", "origin.git")
    clone.web_save(SLOWER)
    (other / "scripts" / TREND_PATH).write_text(LONGER)
    git(other, "commit", "-qam", "longer")
    word = tried(clone, "-C", str(other), "push", str(clone.place / "origin.git"), "HEAD:x")
    assert (word.returncode, "diverged  scripts/" in word.stdout) == (1, True)
    shutil.rmtree(other)


# -- hooks that are there -------------------------------------------------------------------------

KEPT = {
    "plain": "#!/bin/sh\necho theirs >> seen\n",
    "bash": "#!/usr/bin/env bash\nset -euo pipefail\necho theirs >> seen\n",
    "ends early": "#!/bin/bash -e\necho theirs >> seen\nexit 0\n",
    "hands over": '#!/bin/sh\n[ -n "$X" ] || exec sh -c "echo theirs >> seen"\n',
    "no line end": "#!/bin/sh\necho theirs >> seen",
    "goes on": "#!/bin/sh\necho theirs >> \\\nseen\\\n",
    "nothing in it": "#!/bin/sh\n",
}


@pytest.mark.parametrize(
    "script",
    [
        "#!/bin/sh\nfalse\n",
        "#!/bin/sh\nsh -c 'exit 1'\n",
        "#!/bin/sh\ncat <<X\nnever closed\nfalse",
    ],
)
def test_a_refusing_hook_still_refuses(repo: World, script: str) -> None:
    put(repo, "pre-commit", script)
    repo.write(LONGER)
    before = tried(repo, "commit", "-am", "x").returncode
    git(repo, "reset", "-q", "--soft", "HEAD~1") if not before else None
    assert repo("hooks", "install").code == 0
    assert tried(repo, "commit", "-am", "x").returncode == before
    repo.write(UNCLOSED)
    assert tried(repo, "commit", "-am", "x").returncode == 1


def test_our_lines_run_before_a_hook_that_exits(repo: World) -> None:
    """Like husky's hooks."""
    put(repo, "h", "#!/bin/sh\nexit 0\n")
    put(repo, "pre-commit", '#!/usr/bin/env sh\n. "$(dirname "$0")/h"\n')
    assert repo("hooks", "install").code == 0
    repo.write(UNCLOSED)
    assert tried(repo, "commit", "-am", "x").returncode == 1


@pytest.mark.parametrize("kind", KEPT)
def test_an_existing_hook_and_ours_both_run(repo: World, kind: str) -> None:
    before = KEPT[kind]
    file = put(repo, "pre-commit", before, 0o750)
    assert repo("hooks", "install").code == 0
    assert stat.S_IMODE(file.stat().st_mode) == 0o750
    again = file.read_bytes()
    assert repo("hooks", "install").code == 0
    assert file.read_bytes() == again
    repo.write(UNCLOSED)
    assert tried(repo, "commit", "-am", "x").returncode == 1
    (repo.folder / "seen").unlink(missing_ok=True)
    repo.write(LONGER)
    assert tried(repo, "commit", "-am", "x").returncode == 0
    if "theirs" in before:
        assert (repo.folder / "seen").read_text() == "theirs\n"
    assert repo("hooks", "remove").code == 0
    assert file.read_text() == before
    assert stat.S_IMODE(file.stat().st_mode) == 0o750
    assert [path.name for path in file.parent.iterdir() if not path.suffix] == ["pre-commit"]


def test_user_lines_in_our_hook_are_kept(repo: World) -> None:
    repo("hooks", "install")
    file = hook_of(repo, "pre-push")
    file.write_text(file.read_text() + "echo mine\n")
    assert repo("hooks", "remove").code == 0
    assert file.read_text() == "#!/bin/sh\necho mine\n"
    assert not hook_of(repo, "pre-commit").exists()


def test_lines_for_an_older_interpreter_are_updated(repo: World) -> None:
    old = with_block(b"#!/bin/sh\necho 1\n", block("pre-commit", "/old/python"))
    file = put(repo, "pre-commit", old + b"echo 2\n")
    assert repo("hooks", "install").code == 0
    new = file.read_bytes()
    assert b"/old/python" not in new
    assert without_block(new) == b"#!/bin/sh\necho 1\necho 2\n"


@pytest.mark.parametrize(
    "content",
    [
        b"#!/usr/bin/env python3\nprint(1)\n",
        b"echo no first line\n",
        b"#!/bin/sh",
        b"#!/bin/sh\r\necho 1\r\n",
        b"\x7fELF\0\0",
        b"#!/bin/sh\n# >>> pinesync >>>\nwithout its end\n",
    ],
)
def test_a_hook_that_is_not_a_shell_script_is_left(repo: World, content: bytes) -> None:
    file = put(repo, "pre-commit", content)
    ran = repo("hooks", "install", code=3)
    assert f"call `{OURS} pre-commit` in it" in ran.err
    assert file.read_bytes() == content
    assert "installed" in ran.out  # the other hook
    assert repo("hooks", "remove").code == 0
    assert file.read_bytes() == content


def test_linked_and_non_executable_hooks_are_refused(repo: World) -> None:
    target = repo.place / "shared-hook"
    target.write_text("#!/bin/sh\n")
    hook_of(repo, "pre-commit").symlink_to(target)
    put(repo, "pre-push", "#!/bin/sh\n", 0o644)
    ran = repo("hooks", "install", "--json", code=3)
    assert [hook["state"] for hook in ran.json["hooks"]] == ["refused", "refused"]
    assert "chmod +x" in ran.json["hooks"][1]["message"]
    assert target.read_text() == "#!/bin/sh\n"


@pytest.mark.parametrize(
    ("content", "verbs", "then"),
    [
        (None, "install", "install"),
        ("#!/bin/sh\necho mine\n", "install", "remove"),
        ("#!/bin/sh\necho mine\n", "install remove", "remove"),
    ],
)
def test_an_install_killed_at_any_call_can_be_repeated(
    repo: World, content: str | None, verbs: str, then: str
) -> None:
    """Hooks are always complete, and the next run removes leftovers."""
    names = set()
    for number in range(1, 40):
        shutil.rmtree(repo.folder / ".git" / "hooks", ignore_errors=True)
        if content:
            put(repo, "pre-commit", content)
        for verb in verbs.split()[:-1]:
            assert repo("hooks", verb).code == 0
        with program(repo, KILLED_AT, number, "hooks", verbs.split()[-1]) as child:
            out, err = child.communicate(timeout=60)
        if child.returncode == 0:
            break
        assert child.returncode == -signal.SIGKILL, err
        names.add(out.split()[-1])
        assert repo("hooks", then).code == 0
        left = {path.name for path in (repo.folder / ".git" / "hooks").glob("*")}
        installed = {"pre-commit", "pre-push"}
        assert left == (installed if then == "install" else {"pre-commit"} if content else set())
        if content and then == "remove":
            assert hook_of(repo, "pre-commit").read_text() == content
    else:
        raise AssertionError("it never came to its end")
    assert "unlink" in names


def test_a_leftover_with_user_lines_is_kept(repo: World) -> None:
    """It has text that was exchanged and is in no hook."""
    mine = put(repo, "pre-commit", "#!/bin/sh\necho mine\n")
    leftover = put(repo, f".pinesync-{'0' * 16}.tmp", "#!/bin/sh\necho edited\n")
    others = [put(repo, name, "") for name in (".pinesync-x.tmp", "pinesync.tmp")]
    gone = put(repo, f".pinesync-{'1' * 16}.tmp", "#!/bin/sh\necho mi")
    assert repo("hooks", "install").code == 0
    assert all(path.exists() for path in (mine, leftover, *others))
    assert not gone.exists()


def test_a_shared_hooks_folder_is_left(repo: World) -> None:
    everywhere = repo.place / "everywhere"
    everywhere.mkdir()
    git(repo, "config", "core.hooksPath", str(everywhere))
    for verb in ("install", "remove", "status"):
        assert "core.hooksPath" in repo("hooks", verb, code=3).err
    assert list(everywhere.iterdir()) == []


def test_a_hooks_folder_in_the_repository_is_used(repo: World) -> None:
    git(repo, "config", "core.hooksPath", ".githooks")
    assert repo("hooks", "install", cwd=repo.folder / "indicators").code == 0
    assert OURS in repo.read(".githooks/pre-commit")
    repo.write(UNCLOSED)
    assert tried(repo, "commit", "-am", "x").returncode == 1


def test_hooks_in_a_submodule_have_their_status(repo: World) -> None:
    above = repo.place / "above"
    inner = submodule(repo, above)
    assert repo("hooks", "install", cwd=inner).code == 0
    states = [hook["state"] for hook in repo("hooks", "status", "--json", cwd=inner).json["hooks"]]
    assert states == ["installed", "installed"]
    assert (above / ".git/modules/in/hooks/pre-commit").exists()
    assert repo("hooks", "status").out.count("absent") == 2


def test_hooks_need_git(clone: World) -> None:
    for words in (["install"], ["remove"], ["status"], ["run", "pre-commit"], ["run", "pre-push"]):
        ran = clone("hooks", *words)
        assert (ran.code, ran.requests) == (2, ())
        assert "not in a git repository" in ran.err


def test_removing_our_lines_restores_any_hook() -> None:
    lines = block("pre-commit", "/usr/bin/python's")
    for text in (b"#!/bin/sh\n", b"#!/bin/sh\n\n\n", b"#!/bin/sh\nx\n", b"#!/bin/sh\nexit\ny"):
        assert without_block(with_block(text, lines)) == text
    assert without_block(with_block(None, lines)) is None
    assert BROKEN.startswith("//")
