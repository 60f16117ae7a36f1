"""An interrupted pull: whatever it left on disk, the base is never ahead of the file."""

from contextlib import ExitStack

import pytest

from pinesync.errors import EXIT_LEFT, StateError
from pinesync.model import PineId, RelPath, Version
from pinesync.sync.intents import Download, Intent
from pinesync.text.canonical import digest
from tests.fakes import OWNER, Place
from tests.fakes.bench import BASE, MINE, THEIRS, Bench, only

TEMP = ".pinesync-0001-aa.tmp"


@pytest.fixture
def bench(place: Place) -> Bench:
    place.manifest.pin(OWNER)
    return Bench(place)


def broken_off(bench: Bench, file: str, temp: str | None) -> tuple[PineId, str]:
    """A script at 1.0 whose pull of 2.0 was killed, with these texts in the file and the temporary
    file."""
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
    bench.place.log.write(intent)
    bench.write(path, file)
    if temp is not None:
        bench.write(f"{path.rpartition('/')[0]}/{TEMP}", temp)
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
def test_a_pull_interrupted_at_any_point_undoes_nothing_of_theirs(
    bench: Bench, file: str, temp: str | None
) -> None:
    pine_id, path = broken_off(bench, file, temp)
    bench.push()
    assert bench.open_records() == []
    if MINE not in (file, temp):
        assert bench.fake.posted == [], "the base was ahead of the file, and theirs was undone"
        bench.pull()
        assert bench.read(path) == THEIRS
        assert bench.statuses() == {path: "clean"}
    else:
        bench.pull()
        assert "// mine" in bench.read(path)
    assert "// theirs" in bench.fake.newest(pine_id)
    bench.check_sound()


def test_a_full_disk_during_the_backup_loses_no_text(bench: Bench) -> None:
    pine_id, path = bench.script("One", BASE)
    bench.write(path, MINE)
    bench.fake.web_save(pine_id, THEIRS)
    with ExitStack() as disk:

        def fill(intent: Intent) -> None:
            if isinstance(intent, Download):
                disk.enter_context(bench.place.full())

        bench.after_write = fill
        assert only(bench.pull()).done == "failed"
    assert bench.read(path) == MINE
    assert (bench.base(path), bench.open_records()) == (1, [])
    bench.check_sound()
    bench.after_write = lambda _: None
    bench.pull()
    assert bench.read(path) == "// theirs\n" + MINE
    assert bench.place.texts.text_of(digest(MINE)) == MINE
    bench.push()
    assert bench.fake.newest(pine_id) == "// theirs\n" + MINE
    bench.check_sound()


def test_a_damaged_intent_of_a_pull_stops_a_push(bench: Bench) -> None:
    broken_off(bench, BASE, None)
    bench.place.damage_intent("0001-aa")
    with pytest.raises(StateError):
        bench.push()


def test_an_edit_during_the_download_is_kept(bench: Bench) -> None:
    pine_id, path = bench.script("One", BASE)
    bench.fake.web_save(pine_id, THEIRS)
    bench.fake.at_next("get", lambda: bench.write(path, MINE))
    run = bench.pull()
    assert run.exit_code == EXIT_LEFT
    assert bench.read(path) == MINE
    assert (bench.base(path), bench.open_records()) == (1, [])
    bench.check_sound()


def test_an_edit_between_intent_and_exchange_is_kept(bench: Bench) -> None:
    pine_id, path = bench.script("One", BASE)
    bench.fake.web_save(pine_id, THEIRS)
    bench.after_write = lambda _: bench.write(path, MINE)
    run = bench.pull()
    bench.after_write = lambda _: None
    assert run.exit_code == EXIT_LEFT
    assert bench.read(path) == MINE
    assert (bench.base(path), bench.open_records()) == (1, [])
    bench.check_sound()
    bench.pull()
    assert bench.read(path) == "// theirs\n" + MINE
