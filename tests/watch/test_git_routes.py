"""Git writes files in many ways that leave no trace in the index or the stash: a merge with an
uploaded edit, one file of another commit, a side of a conflict, a filter. None of these is a
save."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pinesync.app.sync.push import push
from pinesync.git.activity import stored_in_git
from pinesync.watch import uploader as sending
from tests.watch.conftest import Watching
from tests.watch.test_git import (
    Moment,
    branch,
    commit,
    committed,
    held_files,
    look_at_all,
    moment,
    repo,
)
from tests.world import TOOLS_PATH, TREND_PATH, World, git
from tests.world.scripts import LONGER, MERGED, SLOWER, TOOLS, TREND

pytestmark = pytest.mark.promise(33)

__all__ = ["moment", "repo"]
AHEAD = TREND + "// ahead\n"


def prepared(world: World) -> None:
    """`slower` has another number near the top, `longer` a line more; `main` began both."""
    for name, text in (("slower", SLOWER), ("longer", LONGER)):
        git(world, "checkout", "-q", "-b", name, "main")
        committed(world, text)
    git(world, "checkout", "-q", "main")


def sent(words: str, text: str) -> Callable[[Watching], str]:
    """Git runs after an edit was sent, and leaves this text."""

    def route(watching: Watching) -> str:
        watching.saves(LONGER)
        git(watching.world, *words.split())
        return text

    return route


def in_conflict(words: str, text: str) -> Callable[[Watching], str]:
    """`main` and `ahead` end in another line each; the merge is left open, and then git runs."""

    def route(watching: Watching) -> str:
        git(watching.world, "checkout", "-q", "longer")
        git(watching.world, "merge", "-q", "ahead", code=1)
        assert "conflict markers" in watching.news().message
        git(watching.world, *words.split())
        return text

    return route


def pull_rebase_of_a_commit(watching: Watching) -> str:
    """The edit was sent and committed: the rebase replays it."""
    world = watching.world
    watching.saves(LONGER)
    git(world, "add", TREND_PATH)
    git(world, "commit", "-q", "-m", "mine")
    git(world, "stash", "-q")
    git(world, "pull", "-q", "--rebase", ".", "slower")
    git(world, "stash", "pop", "-q")
    return MERGED


def stash_pop_that_merges(watching: Watching) -> str:
    world = watching.world
    watching.saves(LONGER)
    git(world, "stash", "push", "-q", TREND_PATH)
    git(world, "merge", "-q", "--ff-only", "slower")
    look_at_all(watching)
    git(world, "stash", "pop", "-q")
    return MERGED


def restore_of_an_older_commit(watching: Watching) -> str:
    """The index is left as it is."""
    git(watching.world, "restore", "--source=slower~0", TREND_PATH)
    return SLOWER


ROUTES: dict[str, Callable[[Watching], str]] = {
    # a merge with an edit that was already sent
    "pull_rebase": sent("pull -q --rebase --autostash . slower", MERGED),
    "pull_rebase_of_a_commit": pull_rebase_of_a_commit,
    "rebase_autostash": sent("rebase -q --autostash slower", MERGED),
    "rebase_by_patches": sent("rebase -q --apply --autostash slower", MERGED),  # the older way
    "stash_pop_that_merges": stash_pop_that_merges,
    "checkout_m": sent("checkout -q -m slower", MERGED),
    "switch_m": sent("switch -q --merge slower", MERGED),
    # one file
    "restore_of_an_older_commit": restore_of_an_older_commit,
    "restore_of_head": sent(f"restore --source=HEAD {TREND_PATH}", TREND),
    "restore_of_a_branch": sent(f"restore --source slower {TREND_PATH}", SLOWER),
    "checkout_theirs": in_conflict(f"checkout --theirs {TREND_PATH}", AHEAD),
    "checkout_ours": in_conflict(f"checkout --ours {TREND_PATH}", LONGER),
    "restore_theirs": in_conflict(f"restore --theirs {TREND_PATH}", AHEAD),
    "merge_that_is_given_up": in_conflict("merge --abort", LONGER),
}


def stays(watching: Watching, text: str) -> None:
    """Check that git's text is in the file, was reported and is not sent."""
    world = watching.world
    while world.read() != text or TREND_PATH not in held_files(watching.events):
        found = watching.until(lambda e: e.event in ("held", "checking"))
        assert found.event == "held", (found, world.read())
    before = world.saved()
    look_at_all(watching)
    assert world.read() == text
    assert world.saved() == before


def stays_again(watching: Watching, text: str) -> None:
    assert TREND_PATH in watching.held().paths
    stays(watching, text)


@pytest.mark.parametrize("route", ROUTES)
def test_a_file_written_by_git_is_held_until_a_key_is_pressed(repo: Watching, route: str) -> None:
    world = repo.world
    prepared(world)
    branch(world, "ahead", AHEAD)
    repo.start()
    text = ROUTES[route](repo)
    stays(repo, text)
    repo.press("p")
    repo.done()
    assert len([event for event in repo.events if event.event == "held"]) <= 2


def test_a_rerere_resolution_is_held(repo: Watching) -> None:
    """rerere writes a text that git does not hold, into a file that stays unmerged."""
    world = repo.world
    git(world, "config", "rerere.enabled", "true")
    git(world, "checkout", "-q", "-b", "ahead")
    committed(world, AHEAD)
    git(world, "checkout", "-q", "-b", "longer", "main")
    committed(world, LONGER)
    git(world, "merge", "-q", "ahead", code=1)
    committed(world, LONGER + "// ahead\n")
    git(world, "checkout", "-q", "ahead")
    committed(world, AHEAD.replace("20", "50"))
    git(world, "checkout", "-q", "-B", "longer", "longer^")
    repo.start()
    git(world, "merge", "-q", "ahead", code=1)
    stays(repo, MERGED + "// ahead\n")
    repo.saves(MERGED + "// mine\n")


# -- what rewrites a file -------------------------------------------------------------------------


def filtered(world: World) -> Path:
    """Every file has one word more than git stores; each run of the filter is noted."""
    runs = world.place / "runs"
    runs.touch()
    for direction, replacement in (("smudge", "s/fast/quick/g"), ("clean", "s/quick/fast/g")):
        git(
            world,
            "config",
            f"filter.words.{direction}",
            f"echo {direction} >> '{runs}'; sed {replacement}",
        )
    world.write("*.pine filter=words\n", ".gitattributes")
    commit(world)
    return runs


def quick(text: str) -> str:
    return text.replace("fast", "quick")


def test_a_git_filter_is_not_run_and_its_text_not_sent(repo: Watching) -> None:
    world = repo.world
    runs = filtered(world)
    prepared(world)
    repo.start()
    git(world, "checkout", "-q", "slower")
    before = runs.read_bytes()
    stays(repo, quick(SLOWER))
    repo.saves(quick(MERGED))
    assert runs.read_bytes() == before
    git(world, "checkout", "--", TREND_PATH)
    stays_again(repo, quick(SLOWER))


def test_a_save_committed_through_a_filter_is_sent(repo: Watching, moment: Moment) -> None:
    """It was saved before git started."""
    filtered(repo.world)
    repo.start()
    moment.begins(quick(LONGER))
    commit(repo.world)
    moment.ends()
    assert repo.done().done == "saved"
    assert repo.world.saved() == [TREND, quick(LONGER)]


@pytest.mark.parametrize("attributes", ["ident", "ident eol=crlf", "text eol=crlf"])
def test_a_file_with_built_in_git_attributes_is_held(repo: Watching, attributes: str) -> None:
    world = repo.world
    world.write(f"*.pine {attributes}\n", ".gitattributes")
    commit(world)
    branch(world, "other", SLOWER + "// $Id$\n")
    repo.start()
    git(world, "checkout", "-q", "other")
    text = world.read()
    assert ("$Id: " in text) is ("ident" in attributes)
    assert ("\r\n" in text) is ("crlf" in attributes)
    stays(repo, text)
    repo.saves(text + "// mine\n")
    git(world, "checkout", "--", TREND_PATH)
    stays_again(repo, text)


# -- what is a save all the same ------------------------------------------------------------------


def test_a_save_right_after_a_branch_switch_is_sent(repo: Watching) -> None:
    """Without the check of git's activity this failed every time; pine.toml is not a file of
    git's."""
    world = repo.world
    git(world, "rm", "-q", "--cached", "pine.toml")
    world.write("pine.toml\n", ".gitignore")
    commit(world)
    prepared(world)
    repo.start()
    for number, name in enumerate(("slower", "longer", "main", "slower")):
        git(world, "checkout", "-q", "-f", name)
        repo.saves(f"{MERGED}// {number}\n")
    assert len(world.saved()) == 5


def test_a_save_committed_during_another_upload_is_sent(
    repo: Watching, moment: Moment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its event is handled immediately, not only at the next poll."""
    world = repo.world
    meanwhile: list[Callable[[], None]] = []

    def save_and_commit() -> None:
        while moment.was_heard():
            pass
        world.write(TOOLS.replace("2", "3"), TOOLS_PATH)
        moment.is_heard()
        commit(world)

    def delayed_push(*arguments: Any, **more: Any) -> Any:
        while meanwhile:
            meanwhile.pop()()
        return push(*arguments, **more)

    monkeypatch.setattr(sending, "push", delayed_push)
    repo.start()
    meanwhile.append(save_and_commit)
    moment.begins(LONGER)
    moment.ends()
    assert repo.done().done == "saved"
    assert repo.done(TOOLS_PATH).done == "saved"
    assert not held_files(repo.events)


def test_a_retyped_committed_text_is_sent(repo: Watching, moment: Moment) -> None:
    """Git has the text, and read the files meanwhile, but wrote nothing."""
    world = repo.world
    committed(world, LONGER)
    committed(world, TREND)
    repo.start()
    moment.begins(LONGER)
    (world.folder / ".git" / "index.lock").touch()
    (world.folder / ".git" / "index.lock").unlink()
    moment.ends()
    assert repo.done().done == "saved"
    assert world.saved() == [TREND, LONGER]


def test_a_missing_object_is_not_fetched_from_another_host(repo: Watching) -> None:
    """A partial clone fetches missing objects."""
    world = repo.world
    origin, log = world.place / "there", world.place / "asked"
    git(world, "config", "uploadpack.allowFilter", "true")
    url = world.folder.as_uri()
    git(world.place, "clone", "-q", "--filter=blob:none", url, str(origin))
    program = world.place / "upload-pack"
    program.write_text(f"#!/bin/sh\ntouch '{log}'\nexec git-upload-pack \"$@\"\n")
    program.chmod(0o755)
    git(origin, "config", "remote.origin.uploadpack", str(program))
    git(origin, "fetch", "-q")
    assert log.exists()
    log.unlink()
    files = {TREND_PATH: LONGER.encode(), TOOLS_PATH: TOOLS.encode()}
    assert stored_in_git(origin, files) == {TOOLS_PATH}
    assert not log.exists()


def test_a_sha256_repository_is_supported(watching: Watching) -> None:
    """With SHA-256, merge results are found too."""
    world = watching.world
    git(world, "init", "-q", "--object-format=sha256")
    commit(world)
    prepared(world)
    watching.start()
    stays(watching, ROUTES["rebase_autostash"](watching))
