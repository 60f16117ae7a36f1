"""A service that claims far too many versions is not trusted, nor read to the end; nothing
changes."""

from __future__ import annotations

import pytest

from pinesync.model import MAX_THEIRS
from pinesync.sync.planner import MAX_VERSIONS
from tests.cli.answers import answering
from tests.security.planting import plant
from tests.world import LONGER, MERGED, SLOWER, TREND_PATH, World

HUGE = 999_999
FEW = 10
"""Requests that a command makes besides reading versions."""


def claims(world: World, version: int) -> None:
    """The service claims this number of versions."""
    rows = [
        {
            "scriptIdPart": row.pine_id,
            "version": f"{version}.0" if row.name == "Trend" else "1.0",
            "scriptName": row.name,
        }
        for row in world.store.list(world.user)
    ]
    world.plan.add(answering("list", rows))
    world.plan.add(answering("get", {"lastVersionMaj": f"{version}.0", "source": SLOWER}))


@pytest.mark.parametrize("command", ["status", "pull", "push"])
def test_an_edited_file_is_compared_only_with_the_last_versions(clone: World, command: str) -> None:
    clone.write(LONGER)
    account = clone.account()
    claims(clone, HUGE)
    ran = clone(command, code=3 if command == "push" else 0)
    assert MAX_VERSIONS <= ran.requests.count("get") <= MAX_VERSIONS + FEW
    assert clone.read() == (MERGED if command == "pull" else LONGER)
    assert clone.account() == account


def test_a_pulled_text_is_searched_only_in_the_last_versions(clone: World) -> None:
    """pine.toml names such a version as the base."""
    claims(clone, HUGE)
    assert clone("pull").code == 0
    assert clone.version() == f"{HUGE}.0"
    clone.write(LONGER)
    clone.forget()
    assert clone("status", code=0).requests.count("get") <= MAX_THEIRS + FEW


@pytest.mark.parametrize("state", ["sent", "abandoned"])
@pytest.mark.parametrize("command", ["pull", "push"])
def test_a_pending_save_is_not_searched_in_claimed_versions(
    clone: World, command: str, state: str
) -> None:
    plant(clone, op="save", state=state, parent="1.0", landed=None, temp=None)
    files = clone.files()
    claims(clone, HUGE)
    ran = clone(command)
    assert ran.code in (1, 7), ran
    assert f"{HUGE}.0, more than {MAX_VERSIONS} after 1.0" in ran.output
    assert ran.requests.count("get") <= FEW
    assert clone.files() == files


@pytest.mark.parametrize("version", ["1000000.0", "1e6", "0", "-1", "1.5", "", "٣", "5\n"])
def test_an_invalid_version_is_refused(clone: World, version: str) -> None:
    rows = [{"scriptIdPart": clone.id_of(), "version": version, "scriptName": "Trend"}]
    clone.plan.add(answering("list", rows))
    assert "not a version" in clone("pull", code=1).err
    assert clone.version(TREND_PATH) == "1.0"
