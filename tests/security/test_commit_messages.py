"""A script's name in a commit message is only a name: no option of git, no trailer, no keyword
that a CI service obeys."""

from __future__ import annotations

import subprocess

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pinesync.app.commits.message import Script, commit_message
from pinesync.model import Base, Digest, Entry, PineId, RelPath, Version
from pinesync.sync.commit_plan import message, title_of
from tests.world import LONGER, TREND_PATH, World, git, start

A = PineId("USER;" + "a" * 32)
BASE = Base(Version(2), Digest("sha256:" + "0" * 64))
SKIPS = """\
[skip ci]|[ci skip]|[no ci]|[skip actions]|[actions skip]|[SKIP CI]|[skip-ci]|[skip  ci]
***NO_CI***|[skip azurepipelines]|[azurepipelines skip]|[skip azpipelines]|[azp skip]
[skip travis]|[travis skip]|[skip appveyor]|[skip netlify]|[netlify skip]|[skip-cd]
[skip circleci]|[skip release]
skip-checks: true|skip-checks:true|Skip-Checks: true""".replace("\n", "|").split("|")
PIECES = [
    *SKIPS,
    *("Pine-Id: ", A, "\nPine-Version: 9.0", "\n\n", "---", "Signed-off-by: x <x@y>", "#", "; "),
    *("(cherry picked from commit ", "fixup! ", "squash! ", "amend! ", "Co-authored-by : x", "="),
    *("\u2028", "\r", "\x0b", "\u00a0", " ", ":", "Trend", "…", '"', "\x00", "\ud800"),
]
names = st.lists(st.sampled_from(PIECES), min_size=1, max_size=6).map("".join) | st.text(
    max_size=40
)


def script(name: str, *, exact: bool) -> Script:
    return Script(Entry(RelPath(TREND_PATH), name, A, BASE), BASE, b"", exact)


def parsed(text: str) -> list[str]:
    """The trailers that git finds, with and without a line of dashes as the message's end."""
    found = []
    for more in ([], ["--no-divider"]):
        words = ["git", "interpret-trailers", "--parse", *more]
        result = subprocess.run(words, input=text.encode(), capture_output=True, check=True)
        found.append(result.stdout.decode().splitlines())
    assert found[0] == found[1], text
    return found[0]


def is_harmless(text: str) -> None:
    for skip in SKIPS:
        assert skip.lower() not in text.lower(), text
    for line in text.splitlines():
        assert not line.startswith(("fixup!", "squash!", "amend!", "#", "---")), text


SIGNED = "Signed-off-by: me <me@x>"


@pytest.mark.promise("S9")
@example([(SIGNED, False), (f"Pine-Id: {A}", False)])
@given(st.lists(st.tuples(names, st.booleans()), min_size=1, max_size=4))
@settings(max_examples=150)
def test_no_name_forges_a_trailer(found: list[tuple[str, bool]]) -> None:
    text = commit_message([script(name, exact=exact) for name, exact in found], "from")
    ours = [f"Pine-Id: {A}", "Pine-Version: 2.0"] * sum(exact for _, exact in found)
    assert parsed(text) == ours
    is_harmless(text)


@given(names)
@settings(max_examples=150)
def test_no_name_forges_a_trailer_in_the_history(name: str) -> None:
    text = message(name, A, Version(2))
    assert parsed(text) == [f"Pine-Id: {A}", "Pine-Version: 2.0"]
    assert text.split("\n")[1:] == ["", f"Pine-Id: {A}", "Pine-Version: 2.0", ""]
    is_harmless(text)


@pytest.mark.parametrize("name", ["RSI", "RSI: 2", "Trend #2", "a [b] c", "skip", "No CI", "測試"])
def test_an_ordinary_name_is_not_changed(name: str) -> None:
    assert title_of(name).strip('"') == name


# -- through git, in every verb that commits ------------------------------------------------------

HOSTILE = "[skip ci] Trend"


@pytest.fixture
def repo(world: World) -> World:
    world.store.rename(world.user, world.id_of(), HOSTILE)
    world.clone()
    return start(world)


def path_of(world: World) -> str:
    (found,) = (world.folder / "indicators").glob("*Trend.pine")
    return found.relative_to(world.folder).as_posix()


def test_a_commit_by_push_skips_no_ci_check(repo: World) -> None:
    repo.write(LONGER, path_of(repo))
    assert repo("push", "--commit").code == 0
    text = git(repo, "log", "-1", "--format=%B")
    is_harmless(text)
    assert text.startswith('"(skip ci) Trend" 2.0\n')


def test_records_and_tracking_branches_skip_no_ci_check(repo: World) -> None:
    repo.write(LONGER, path_of(repo))
    git(repo, "commit", "-qam", "longer")
    assert repo("push", "--record", "pinesync/record").code == 0
    for name in ("Other", SIGNED):
        repo.web_save(LONGER, name)
    assert repo("fetch").code == 0
    assert repo("history", "import").code == 0
    messages = git(repo, "log", "--all", "--not", "main", "--format=%B%x00").split("\0")
    assert len(messages) > 4
    for text in messages:
        is_harmless(text)
    assert "(skip ci)" in "".join(messages)
    assert not any("Signed-off-by" in row for row in every_trailer(repo))


def test_a_commit_of_all_scripts_forges_nothing(world: World) -> None:
    """After a fetch, if no commit has pine.toml yet."""
    world.web_save(LONGER, SIGNED)
    world.web_save(LONGER, HOSTILE)
    world.clone()
    git(world, "init", "-q")
    git(world, "commit", "-qm", "nothing yet", "--allow-empty")
    assert world("fetch").code == 0
    text = git(world, "log", "-1", "--format=%B", "tradingview/saved")
    assert (text.split("\n")[0], SIGNED in text) == ("5 scripts as they are saved", True)
    is_harmless(text)
    assert every_trailer(world) == []


def every_trailer(world: World) -> list[str]:
    rows = git(world, "log", "--all", "--format=%(trailers:only)").split("\n")
    return [row for row in rows if row and not row.startswith("Pine-")]
