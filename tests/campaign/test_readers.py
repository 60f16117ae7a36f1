"""Commands that only read change nothing: no file, no entry, no intent, nothing on the service."""

from collections.abc import Callable
from pathlib import Path

import pytest

from pinesync.app.doctor import doctor
from pinesync.app.project import Setup
from pinesync.app.sync.diff import diff
from pinesync.app.sync.pull import pull
from pinesync.app.sync.push import push
from pinesync.app.sync.report_data import build_report
from pinesync.app.sync.status import status
from pinesync.app.versions.grep import grep
from pinesync.app.versions.log import log
from pinesync.app.versions.oplog import oplog
from pinesync.app.versions.show import show
from pinesync.cli.sync.fetch import fetch
from pinesync.cli.sync.verify import verify
from pinesync.cli.tools.repair import repair
from tests.world import OneScript

PATH = "indicators/campaign.pine"
READERS: dict[str, Callable[[Setup], object]] = {
    "status": lambda setup: status(setup),
    "status --offline": lambda setup: status(setup, offline=True),
    "status --html": lambda setup: build_report(setup),
    "diff": lambda setup: diff(setup),
    "diff --remote": lambda setup: diff(setup, remote=True),
    "diff PATH@1": lambda setup: diff(setup, [f"{PATH}@1"]),
    "log": lambda setup: log(setup),
    "log PATH": lambda setup: log(setup, [PATH]),
    "show": lambda setup: show(setup, f"{PATH}@1"),
    "grep": lambda setup: grep(setup, ["a"], all_versions=True),
    "oplog": lambda setup: oplog(setup),
    "verify": lambda setup: verify(setup),
    "fetch": lambda setup: fetch(setup),
    "doctor": lambda setup: doctor(setup),
    "repair --dry-run": lambda setup: repair(setup, dry_run=True),
    "pull --dry-run": lambda setup: pull(setup, dry_run=True),
    "push --dry-run": lambda setup: push(setup, dry_run=True),
}
CACHE = ("objects", "saved")


def snapshot(world: OneScript) -> dict[Path, bytes]:
    """All files of the folder and the state but for the cache of texts."""
    return {
        path: path.read_bytes()
        for path in sorted(world.pinesync_home.rglob("*"))
        if path.is_file() and not set(CACHE) & set(path.parts)
    }


def situations(world: OneScript, name: str) -> None:
    if name == "an unsettled save":
        world.edit()
        world.sync(turn=world.delayed())
    elif name == "an interrupted pull":
        world.web_fresh()
        world.sync(crash_at="commit")
    elif name == "both changed":
        world.edit()
        world.web_fresh()
    else:
        world.edit()


@pytest.mark.promise(29)
@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize(
    "name", ["an edit", "both changed", "an unsettled save", "an interrupted pull"]
)
def test_a_reader_changes_nothing(world: OneScript, reader: str, name: str) -> None:
    situations(world, name)
    world.wait()
    before, posted, log = snapshot(world), list(world.remote.posted), list(world.log)
    READERS[reader](world.setup())
    assert snapshot(world) == before
    assert world.remote.posted == posted
    assert world.log == log
