"""Every history of up to three events in which git moves files without their entries: nobody
else's line disappears from the newest version. Four events with --deep."""

import tempfile
from pathlib import Path

import pytest

from tests.campaign.reverts import EVENTS, PRELUDES, GitWorld, explore, live
from tests.world.one_script import opened


@pytest.mark.promise(37)
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("first", EVENTS)
@pytest.mark.parametrize("prelude", PRELUDES)
def test_no_save_is_reverted_silently(
    prelude: str,
    first: str,
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> None:
    length, begun = PRELUDES[prelude]
    rest = length - 1 + request.config.getoption("--deep")
    with tempfile.TemporaryDirectory(dir=home, prefix="pinesync-test-") as base:
        folder = Path(base)
        with opened(folder / "world", monkeypatch, GitWorld) as world:
            assert isinstance(world, GitWorld)
            for event in begun:
                assert live(world, event), event
            if live(world, first):
                assert list(explore(world, rest, folder, (*begun, first)))
