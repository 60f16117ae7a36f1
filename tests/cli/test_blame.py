"""`blame-version`: which commit is on my chart?"""

from __future__ import annotations

import shutil

import pytest

from tests.world import BREAKOUT_PATH, FASTER, LONGER, SLOWER, TREND, TREND_PATH, World, git
from tests.world.repository import head


def test_blame_version_uses_the_commit_noted_by_the_push(repo: World) -> None:
    repo.write(LONGER)
    repo("push", "--commit")
    commit = head(repo)
    repo.write(FASTER)
    git(repo, "commit", "-qam", "faster")
    repo("push")
    faster = head(repo)
    ran = repo("blame-version", f"{TREND_PATH}@2")
    assert (ran.code, ran.requests) == (0, ())
    assert ran.out.startswith(f"{commit}  ")
    assert ran.out.endswith("  Pine Tester <tester@example.invalid>  Trend 2.0\n")
    found = None
    for name in (TREND_PATH, f"{TREND_PATH}@3.0", f"{repo.id_of()}@3", repo.id_of()):
        found = repo("blame-version", name, "--json").json
        assert (found["commit"], found["by"]) == (faster, "note")
        assert (found["path"], found["version"]) == (TREND_PATH, "3.0")
    assert found
    assert found["date"] == float(git(repo, "log", "-1", "--format=%at"))


def test_trailers_name_the_commit_on_another_machine(repo: World) -> None:
    repo.write(LONGER)
    repo("push", "--commit")
    commit = head(repo)
    git(repo, "config", "grep.patternType", "fixed")
    git(repo, "checkout", "-qb", "other", "HEAD~1")
    repo.forget()
    found = repo("blame-version", f"{TREND_PATH}@2", "--json").json
    assert (found["commit"], found["by"]) == (commit, "trailers")


def test_forged_trailers_are_ignored(repo: World) -> None:
    repo.write(LONGER)
    git(repo, "commit", "-qam", "longer")
    longer = head(repo)
    repo("push")
    repo.write(SLOWER)
    message = f"forged\n\nPine-Id: {repo.id_of()}\nPine-Version: 2.0"
    git(repo, "commit", "-qam", message)
    repo.forget()
    found = repo("blame-version", f"{TREND_PATH}", "--json").json
    assert (found["commit"], found["by"]) == (longer, "text")
    # a line in the middle of the body is not a trailer
    git(repo, "commit", "-q", "--allow-empty", "-m", message + "\n\nmore words")
    git(repo, "reset", "-q", "--soft", "HEAD~2")
    git(repo, "commit", "-qm", message + "\n\nmore words")
    assert repo("blame-version", TREND_PATH, "--json").json["by"] == "text"


def test_trailers_of_another_script_are_not_used(repo: World) -> None:
    repo.web_save_and_pull(repo.read(BREAKOUT_PATH) + "// 1\n", "Breakout")
    repo.write(LONGER)
    repo.write(repo.read(BREAKOUT_PATH) + "// 2\n", BREAKOUT_PATH)
    repo("push", "--commit")
    assert repo("blame-version", f"{BREAKOUT_PATH}@3", "--json").json["by"] == "note"
    assert repo("blame-version", f"{TREND_PATH}@3").code == 2


def test_a_text_is_found_on_any_branch(repo: World) -> None:
    first = head(repo)
    repo.write(LONGER.replace("\n", "\r\n"))
    git(repo, "checkout", "-qb", "side")
    git(repo, "commit", "-qam", "with other line ends")
    side = head(repo)
    repo("push")
    git(repo, "checkout", "-q", "--", ".")
    git(repo, "checkout", "-q", "main")
    repo.write(LONGER)
    repo.monkeypatch.setenv("GIT_COMMITTER_DATE", "2035-01-01T00:00:00Z")
    git(repo, "stash", "-q")  # stashed files are not committed
    repo.forget()
    ran = repo("blame-version", f"{TREND_PATH}@2", "--json")
    assert (ran.json["commit"], ran.json["by"]) == (side, "text")
    assert ran.requests == ("get",)
    found = repo("blame-version", f"{TREND_PATH}@1", "--json").json
    assert found["commit"] == first


def test_a_note_of_a_pruned_commit_is_ignored(repo: World) -> None:
    repo.write(LONGER)
    repo("push", "--commit")
    gone = head(repo)
    git(repo, "commit", "-q", "--amend", "-m", "said otherwise")
    git(repo, "reflog", "expire", "--expire=now", "--all")
    git(repo, "gc", "-q", "--prune=now")
    found = repo("blame-version", TREND_PATH, "--json").json
    assert (found["commit"] == head(repo)) != (head(repo) == gone)
    assert found["by"] == "text"


def test_blame_version_reports_a_missing_commit_version_or_history(repo: World) -> None:
    repo.web_save_and_pull(SLOWER)
    ran = repo("blame-version", TREND_PATH, code=3)
    assert "no commit here has the text of version 2.0" in ran.err
    ran = repo("blame-version", f"{TREND_PATH}@99")
    assert (ran.code, "there is no version 99.0; the newest is 2.0" in ran.err) == (2, True)
    repo.write(SLOWER)
    git(repo, "commit", "-qam", "slower")
    repo.write(TREND)
    git(repo, "commit", "-qam", "back")
    git(repo, "clone", "-q", "--depth=1", f"file://{repo.folder}", "../shallow")
    ran = repo("blame-version", TREND_PATH, cwd=repo.place / "shallow")
    assert (ran.code, "--unshallow" in ran.err) == (3, True)


@pytest.mark.parametrize(
    "name",
    ["nothing.pine", f"{TREND_PATH}@x", f"{TREND_PATH}@0", "USER;" + "0" * 32, "../x.pine@2", "@2"],
)
def test_an_invalid_version_is_refused(repo: World, name: str) -> None:
    assert repo("blame-version", name, code=2).requests == ()


def test_a_file_name_with_an_at_sign_is_found(repo: World) -> None:
    path = "indicators/Trend@2.pine"
    shutil.move(repo.folder / TREND_PATH, repo.folder / path)
    repo.write(repo.read("pine.toml").replace(TREND_PATH, path), "pine.toml")
    git(repo, "add", "--all")
    git(repo, "commit", "-qm", "moved")
    for name in (path, f"{path}@1"):
        found = repo("blame-version", name, "--json").json
        assert (found["path"], found["version"], found["commit"]) == (path, "1.0", head(repo))


def test_blame_version_needs_git(clone: World) -> None:
    ran = clone("blame-version", TREND_PATH)
    assert (ran.code, ran.requests) == (2, ())
    assert "not in a git repository" in ran.err
