"""A pull that broke off: whatever is left on the disk, the base is never ahead of the file."""

from __future__ import annotations

import pytest

from pinesync.errors import EXIT_LEFT, FileError, StateError
from pinesync.model import PineId, RelPath, Version
from pinesync.sync.intents import Download, Intent
from pinesync.text.canonical import digest
from pinesync.workspace.state.backups import Backups
from pinesync.workspace.state.intent_log import IntentLog
from tests.sync.conftest import Bench

BASE = "//@version=6\nindicator('One')\nplot(close)\n"
MINE = BASE + "// mine\n"
THEIRS = "// theirs\n" + BASE
TEMP = ".pinesync-0001-aa.tmp"


def broken_off(bench: Bench, file: str, temp: str | None) -> tuple[PineId, str]:
    """A script at 1.0 whose pull of 2.0 was killed: what the file and the temporary one hold."""
    pine_id, path = bench.script("One", BASE)
    bench.fake.web_save(pine_id, THEIRS)
    intent = Download(
        key="0001-aa",
        path=RelPath(path),
        name="One",
        digest=digest(THEIRS),
        pine_id=pine_id,
        replaces=digest(BASE),
        brings=digest(THEIRS),
        temp=TEMP,
        landed=Version(2),
    )
    bench.folder.log.write(intent)
    bench.write(path, file)
    if temp is not None:
        (bench.root / path).with_name(TEMP).write_bytes(temp.encode())
    return pine_id, path


@pytest.mark.parametrize(
    ("file", "temp"),
    [
        (BASE, THEIRS),
        (THEIRS, BASE),
        (THEIRS, None),
        (BASE, None),
        (MINE, None),
        (MINE, THEIRS),
        (MINE, BASE),
        (THEIRS, MINE),
        (BASE, "half"),
    ],
    ids=[
        "before the exchange",
        "after it",
        "before the manifest",
        "before the exchange, and cleaned up by git clean",
        "edited and cleaned up",
        "edited before the exchange",
        "edited after it",
        "an editor came in between",
        "half written",
    ],
)
def test_whatever_is_left_nothing_of_theirs_is_undone(
    bench: Bench, file: str, temp: str | None
) -> None:
    pine_id, path = broken_off(bench, file, temp)
    bench.push()
    assert bench.open_records() == []
    if MINE not in (file, temp):
        assert bench.fake.posted == [], "the base was ahead of the file, and theirs was undone"
        bench.pull()
        assert bench.read(path) == THEIRS
        assert bench.words() == {path: "clean"}
    else:
        bench.pull()
        assert "// mine" in bench.read(path)
    assert "// theirs" in bench.fake.newest(pine_id)
    bench.check_sound()


def test_a_full_disk_under_the_backup_loses_no_text(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    pine_id, path = bench.script("One", BASE)
    bench.write(path, MINE)
    bench.fake.web_save(pine_id, THEIRS)

    def full(*_: object) -> None:
        raise FileError("no space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Backups, "note", full)
        bench.pull()
    bench.pull()
    assert "// mine" in bench.read(path)
    assert "// theirs" in bench.read(path)
    assert bench.folder.texts.text_of(digest(MINE)) == MINE or bench.read(path) == MINE
    bench.push()
    assert "// mine" in bench.fake.newest(pine_id)
    bench.check_sound()


def test_a_pull_record_without_its_texts_is_no_bug(bench: Bench) -> None:
    broken_off(bench, BASE, None)
    (record,) = bench.records()
    state = bench.folder.state.folder
    kept = (state / "records" / f"{record.key}.json").read_text()
    body = "\n".join(line for line in kept.split("\n") if '"brings"' not in line)
    (state / "records" / f"{record.key}.json").write_text(body)
    with pytest.raises(StateError):
        bench.push()


def test_an_edit_while_the_texts_are_fetched_is_left_as_it_is(bench: Bench) -> None:
    pine_id, path = bench.script("One", BASE)
    bench.fake.web_save(pine_id, THEIRS)
    bench.fake.at_next("get", lambda: bench.write(path, MINE))
    run = bench.pull()
    assert run.exit_code == EXIT_LEFT
    assert bench.read(path) == MINE
    assert (bench.base(path), bench.open_records()) == (1, [])
    bench.check_sound()


def test_an_edit_between_the_record_and_the_exchange_is_left_as_it_is(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    pine_id, path = bench.script("One", BASE)
    bench.fake.web_save(pine_id, THEIRS)
    write = IntentLog.write

    def edited(log: IntentLog, intent: Intent) -> None:
        write(log, intent)
        bench.write(path, MINE)

    with monkeypatch.context() as patch:
        patch.setattr(IntentLog, "write", edited)
        run = bench.pull()
    assert run.exit_code == EXIT_LEFT
    assert bench.read(path) == MINE
    assert (bench.base(path), bench.open_records()) == (1, [])
    bench.check_sound()
    bench.pull()
    assert bench.read(path) == "// theirs\n" + MINE
