"""A clone runs nothing: git takes no settings and no hooks from its files."""

from __future__ import annotations

import dataclasses
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pinesync.errors import Misuse
from pinesync.git.objects import text_at_head
from pinesync.git.run import run
from tests.lsp.conftest import Opening, opening  # noqa: F401
from tests.world import BREAKOUT_PATH, LONGER, SLOWER, TREND_PATH, World, git, hook, start

pytestmark = pytest.mark.promise("S14")

HOOKS = "pre-commit post-commit reference-transaction post-index-change post-checkout".split()
SETTINGS = """\
[core]
	repositoryFormatVersion = 0
\tbare = false
\tworktree = {worktree}
\thooksPath = hk
\tfsmonitor = hk/pre-commit
[pinesync]
\tcommit = true
\trecord = pinesync/record
[filter "run"]
\tclean = hk/pre-commit
\tsmudge = hk/pre-commit
"""
# Older gits know neither this setting nor this variable.
OLD_GIT = """\
#!/bin/sh
unset GIT_NO_LAZY_FETCH
for word do
    shift
    case $word in safe.bareRepository=*) word=pinesync.unknown=1 ;; esac
    set -- "$@" "$word"
done
exec {git} "$@"
"""
REFUSED = "this folder is itself a bare git repository (it has HEAD, objects and refs)"


def real_git() -> str:
    found = shutil.which("git")
    assert found
    return found


def program(file: Path, script: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(script)
    file.chmod(0o755)


def first_in_path(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")


def use_old_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path / "old" / "git", OLD_GIT.format(git=real_git()))
    first_in_path(tmp_path / "old", monkeypatch)


def looks_like_a_repository(folder: Path, mark: Path, worktree: str = ".") -> None:
    """Make the folder's own files a bare repository with one commit of all files."""
    git(folder, "init", "-q")
    git(folder, "add", "--all")
    git(folder, "commit", "-qm", "inner")
    for part in ("HEAD", "objects", "refs", "index"):
        shutil.move(folder / ".git" / part, folder / part)
    shutil.rmtree(folder / ".git")
    for name in HOOKS:
        program(folder / "hk" / name, f"#!/bin/sh\necho $0 >> {mark}\n")
    (folder / "config").write_text(SETTINGS.format(worktree=worktree))
    (folder / ".gitattributes").write_text("*.pine filter=run\n")


def cloned(world: World, repository: Path) -> World:
    """The result of a plain `git clone`, with the workspace in `scripts`."""
    git(repository, "init", "-q")
    git(repository, "add", "--all")
    git(repository, "commit", "-qm", "looks harmless")
    git(world.place, "clone", "-q", repository.as_uri(), "got")
    return dataclasses.replace(world, place=world.place / "got")


@pytest.fixture
def mark(tmp_path: Path) -> Path:
    return tmp_path / "was-run"


@pytest.fixture(params=["today", "old"])
def hostile(
    request: pytest.FixtureRequest,
    clone: World,
    mark: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> World:
    """The clone of a repository whose folder `scripts` is a bare repository made of files, for
    today's git, and for one that ignores the setting against that."""
    origin = tmp_path / "origin"
    origin.mkdir()
    shutil.move(clone.folder, origin / "scripts")
    looks_like_a_repository(origin / "scripts", mark)
    copy = cloned(clone, origin)
    if request.param == "old":
        use_old_git(tmp_path, monkeypatch)
    # The attack is real: git itself takes the folder for a repository, and runs its hook.
    assert git(copy, "rev-parse", "--git-dir") == "."
    git(copy, "commit", "-q", "--allow-empty", "-m", "as a person may")
    assert "hk/pre-commit" in mark.read_text()
    mark.unlink()
    return copy


VERBS = [
    ("status",),
    ("diff",),
    ("diff", "--remote"),
    ("check",),
    ("pull",),
    ("pull", "--commit"),
    ("push",),
    ("push", "--commit"),
    ("push", "--record", "pinesync/record"),
    ("fetch",),
    ("log", TREND_PATH),
    ("blame-version", TREND_PATH),
    ("restore", TREND_PATH),
    ("undo",),
    ("mv", TREND_PATH, "indicators/Other.pine"),
    ("new", "Fresh", "--template", "indicator"),
    ("repair",),
    ("verify",),
    ("history", "import"),
    ("hooks", "remove"),
    ("hooks", "install"),
    ("hooks", "run", "pre-commit"),
    ("hooks", "run", "pre-push"),
    ("doctor",),
    ("clone", "--sandbox", "--history", "below"),
]


@pytest.mark.parametrize("words", VERBS, ids=" ".join)
def test_no_command_runs_a_program_from_a_clone(
    hostile: World, mark: Path, words: tuple[str, ...]
) -> None:
    hostile.web_save(SLOWER)
    hostile.write(hostile.read(BREAKOUT_PATH) + "// mine\n", BREAKOUT_PATH)
    for cwd in (hostile.folder, hostile.folder / "indicators"):
        ran = hostile(*words, cwd=cwd)
        assert ran.code != 70, ran
    assert not mark.exists(), mark.read_text()


def test_a_pull_in_a_planted_repository_is_refused(hostile: World) -> None:
    hostile.web_save(SLOWER)
    before = hostile.files()
    ran = hostile("pull")
    assert (ran.code, ran.requests) == (2, ())
    assert f"{hostile.folder}: {REFUSED}" in ran.err
    assert "hint: if it came with a clone, do not trust that clone" in ran.err
    assert hostile.files() == before


def test_a_watch_in_a_planted_repository_is_refused(hostile: World, mark: Path) -> None:
    ran = hostile.process("watch")
    assert (ran.code, REFUSED in ran.err) == (2, True)
    assert not mark.exists()


def test_doctor_reports_a_planted_repository_once(hostile: World) -> None:
    ran = hostile("doctor")
    assert (ran.code, ran.out.count(REFUSED)) == (1, 1)


def test_a_pull_from_an_editor_in_a_planted_repository_is_refused(
    hostile: World,
    mark: Path,
    opening: Opening,  # noqa: F811
) -> None:
    hostile.web_save(SLOWER)
    before = hostile.files()
    answer = opening(hostile.folder).do("pull", (hostile.folder / TREND_PATH).as_uri())
    assert (answer["exit_code"], REFUSED in answer["message"]) == (2, True)
    assert (hostile.files(), mark.exists()) == (before, False)


@pytest.mark.parametrize("worktree", [".", ".."])
def test_a_repository_planted_above_the_workspace_is_refused(
    clone: World, mark: Path, tmp_path: Path, worktree: str
) -> None:
    """The folder that is one may be any between the workspace and the repository's top; objects
    and refs may lie elsewhere."""
    middle = tmp_path / "origin" / "middle"
    middle.mkdir(parents=True)
    shutil.move(clone.folder, middle / "scripts")
    looks_like_a_repository(middle, mark, worktree)
    for part in ("objects", "refs", "config"):
        (middle / "away").mkdir(exist_ok=True)
        shutil.move(middle / part, middle / "away" / part)
    (middle / "commondir").write_text("away\n")
    copy = cloned(clone, tmp_path / "origin")
    copy = dataclasses.replace(copy, place=copy.place / "middle")
    assert git(copy, "rev-parse", "--absolute-git-dir") == str(copy.place)
    ran = copy("pull")
    assert (ran.code, f"{copy.place}: this folder is itself" in ran.err) == (2, True)
    assert not mark.exists()


def test_a_repository_planted_after_the_check_is_refused_by_git(
    clone: World, mark: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks_like_a_repository(clone.folder, mark)
    (clone.folder / "HEAD").rename(clone.folder / "hidden")
    late = f'#!/bin/sh\nmv {clone.folder}/hidden {clone.folder}/HEAD\nexec {real_git()} "$@"\n'
    program(tmp_path / "late" / "git", late)
    first_in_path(tmp_path / "late", monkeypatch)
    assert run(clone.folder, "config", "--get", "pinesync.commit")[:2] == (1, b"")
    assert git(clone, "config", "--get", "pinesync.commit") == "true"
    assert not mark.exists()


# -- what is a repository goes on working ---------------------------------------------------------


def commits(world: World) -> str:
    """A version saved on TradingView is pulled, and its commit has this subject."""
    git(world, "config", "pinesync.commit", "true")
    world.web_save_and_pull(SLOWER)
    assert world.read() == SLOWER
    return git(world, "log", "-1", "--format=%s")


def test_a_linked_worktree_works(clone: World) -> None:
    start(clone)
    git(clone, "worktree", "add", "-q", str(clone.place / "tree" / "scripts"))
    linked = dataclasses.replace(clone, place=clone.place / "tree")
    assert commits(linked) == "Trend 2.0"


def test_a_worktree_below_its_bare_repository_works(clone: World) -> None:
    """A common layout: the branches' folders are inside the repository that they share."""
    start(clone)
    bare = clone.place / "project.git"
    git(clone.place, "clone", "-q", "--bare", str(clone.folder), str(bare))
    git(bare, "worktree", "add", "-q", str(bare / "scripts"))
    assert commits(dataclasses.replace(clone, place=bare)) == "Trend 2.0"


def test_a_submodule_works(clone: World, tmp_path: Path) -> None:
    start(clone)
    git(tmp_path, "init", "-q", "super")
    git(tmp_path / "super", "-c", "protocol.file.allow=always", "submodule", "--quiet", "add",
        clone.folder.as_uri(), "scripts")  # fmt: skip
    assert (tmp_path / "super" / "scripts" / ".git").is_file()
    assert commits(dataclasses.replace(clone, place=tmp_path / "super")) == "Trend 2.0"


def test_a_users_own_hook_works(clone: World) -> None:
    """git starts it with GIT_DIR in its environment, and our hook calls git again."""
    start(clone)
    assert clone("hooks", "install").code == 0
    command = f"{sys.executable} -P -m pinesync hooks run pre-commit > ../told 2>&1"
    hook(clone, "post-commit", f"{command}; git rev-parse HEAD >> ../told")
    assert commits(clone) == "Trend 2.0"
    assert (clone.place / "told").read_text() == git(clone, "rev-parse", "HEAD") + "\n"


def test_a_partial_clone_commits(clone: World, tmp_path: Path) -> None:
    """Missing objects of a partial clone are fetched for a commit, and for nothing else."""
    start(clone)
    git(clone, "config", "uploadpack.allowFilter", "true")
    git(tmp_path, "clone", "-q", "--filter=blob:none", clone.folder.as_uri(), "part/scripts")
    assert commits(dataclasses.replace(clone, place=tmp_path / "part")) == "Trend 2.0"


# -- nothing is asked of another host -------------------------------------------------------------


@pytest.mark.parametrize("url", ["ext::{}", "ssh://nowhere.invalid/x", "file://{}"])
def test_a_missing_object_is_not_fetched(
    clone: World, mark: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    """A .git from an archive may name a program that fetches missing objects."""
    start(clone)
    runs = tmp_path / "runs"
    program(runs, f"#!/bin/sh\necho $0 >> {mark}\n")
    for name, value in {
        "core.repositoryFormatVersion": "1",
        "extensions.partialClone": "origin",
        "remote.origin.url": url.format(runs),
        "remote.origin.promisor": "true",
        "remote.origin.uploadpack": str(runs),
        "protocol.allow": "always",
        "core.sshCommand": str(runs),
    }.items():
        git(clone, "config", name, value)
    blob = git(clone, "rev-parse", f"HEAD:{TREND_PATH}")
    (clone.folder / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    missing = subprocess.run(["git", "cat-file", "-p", blob], cwd=clone.folder, check=False,
        capture_output=True)  # fmt: skip
    assert (missing.returncode, mark.exists()) == (128, True)
    mark.unlink()
    clone.write(LONGER)
    use_old_git(tmp_path, monkeypatch)
    for words in (("diff",), ("push",), ("fetch",)):
        # A git that cannot fetch a missing object ends with an error.
        assert clone(*words).code in (0, 1), words
        assert not mark.exists(), words
    assert text_at_head(clone.folder, TREND_PATH) is None
    assert not mark.exists()


# -- which git ------------------------------------------------------------------------------------


@pytest.mark.parametrize("entry", ["", ".", "bin"])
def test_git_is_never_taken_from_the_current_directory(
    clone: World, mark: Path, monkeypatch: pytest.MonkeyPatch, entry: str
) -> None:
    start(clone)
    for name in ("git", "helper"):
        program(clone.folder / entry / name, f"#!/bin/sh\necho $0 >> {mark}\n")
    hook(clone, "pre-commit", "helper\ntrue")
    path = f"{entry}{os.pathsep}{os.environ['PATH']}"
    clone.web_save(SLOWER)
    ran = clone.process("pull", "--commit", PATH=path)
    assert ran.code == 0, ran
    assert "committed" in ran.out
    monkeypatch.chdir(clone.folder)
    monkeypatch.setenv("PATH", path)
    assert run(clone.folder, "rev-parse", "HEAD")[0] == 0
    assert not mark.exists(), mark.read_text()


def test_git_is_not_found_if_path_is_only_the_current_directory(
    clone: World, mark: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(clone.folder / "git", f"#!/bin/sh\necho $0 >> {mark}\n")
    monkeypatch.chdir(clone.folder)
    monkeypatch.setenv("PATH", f".{os.pathsep}")
    with pytest.raises(Exception, match="git cannot be run"):
        run(clone.folder, "rev-parse", "HEAD")
    assert not mark.exists()


# -- what is staged -------------------------------------------------------------------------------


def test_the_pre_commit_hook_runs_no_filter(clone: World, mark: Path, tmp_path: Path) -> None:
    start(clone)
    program(tmp_path / "smudge", f"#!/bin/sh\necho $0 >> {mark}\ncat\n")
    for name in ("smudge", "process"):
        git(clone, "config", f"filter.run.{name}", str(tmp_path / "smudge"))
    clone.write("*.pine filter=run\n", ".gitattributes")
    git(clone, "config", "filter.run.clean", "cat")
    git(clone, "config", "--unset", "filter.run.process")
    clone.write(LONGER + "plot((close)\n")
    git(clone, "add", "--all")
    mark.unlink(missing_ok=True)
    ran = clone("hooks", "run", "pre-commit")
    assert (ran.code, f"{TREND_PATH}:14:" in ran.out) == (4, True), ran
    assert not mark.exists()


def test_a_planted_repository_is_one_kind_of_error(tmp_path: Path) -> None:
    for part in ("objects", "refs"):
        (tmp_path / part).mkdir()
    (tmp_path / "HEAD").write_text("ref: refs/heads/main\n")
    (tmp_path / "scripts").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "scripts")
    for folder in (tmp_path, tmp_path / "scripts", tmp_path / "link"):
        with pytest.raises(Misuse, match="is itself a bare git repository"):
            run(folder, "rev-parse", "--git-dir")
