"""A machine's state of a workspace: stored exactly, private, and never trusted."""

import json
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pinesync.errors import PinesyncError, StateError
from pinesync.model import Digest, PineId, RelPath, SavedText, Version
from pinesync.sync.intents import Create, Delete, Download, Intent, Move, Rename, Upload
from pinesync.text.canonical import canonical, digest
from pinesync.workspace.state import State
from pinesync.workspace.state.codec import Replaced
from pinesync.workspace.state.store import folder_name

ID = PineId("USER;0123456789abcdef0123456789abcdef")
TEXT = "//@version=6\nindicator('Ünï 測')\n"
posix = pytest.mark.skipif(os.name != "posix", reason="modes and links are POSIX's")


def upload(key: str = "0001-aa") -> Upload:
    return Upload(
        key=key,
        state="sent",
        path=RelPath("indicators/RSI Ünï.pine"),
        name="A & <B> 測",
        digest=digest(TEXT),
        pine_id=ID,
        account="trader42",
        parent=Version(5),
        wall=1_700_000_000.25,
        boot_id="boot",
        mono=12.5,
    )


COMMON: dict[str, Any] = {
    "key": "0001-aa",
    "path": RelPath("a.pine"),
    "name": "A",
    "digest": digest(TEXT),
}
DOWNLOAD = Download(**COMMON, brings=digest("new"), temp=".pinesync-0001-aa.tmp")


def saved(text: str = TEXT, version: int = 3) -> SavedText:
    return SavedText(ID, "A", Version(version), Version(version), text, digest(text))


@pytest.fixture
def state(tmp_path: Path) -> State:
    return State(tmp_path / "state" / "one")


def files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


# -- texts ----------------------------------------------------------------------------------------


def test_reading_creates_no_files(state: State) -> None:
    assert state.texts.text_of(digest(TEXT)) is None
    assert state.texts.recall(ID, Version(1)) is None
    assert list(state.log.intents()) == []
    assert state.backups.of(RelPath("a.pine")) == []
    assert not state.folder.exists()


@given(text=st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_a_text_comes_back_as_its_canonical_form(
    text: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    state = State(tmp_path_factory.getbasetemp() / "hypothesis-state")
    name = state.texts.keep(text)
    assert name == digest(text)
    stored = state.texts.text_of(name)
    assert stored is not None
    assert stored == canonical(text)


def test_a_saved_version_is_found_by_its_number(state: State) -> None:
    state.texts.remember(saved())
    state.texts.remember(saved())
    assert state.texts.recall(ID, Version(3)) == digest(TEXT)
    assert state.texts.text_of(digest(TEXT)) == TEXT
    assert state.texts.recall(ID, Version(30)) is None
    assert state.texts.recall(PineId("USER;" + "f" * 32), Version(3)) is None


def test_metadata_of_a_version_is_stored_and_replaced(state: State) -> None:
    assert state.texts.versions_of(ID) == []
    state.texts.remember(saved())
    known = saved().info
    assert state.texts.recall_info(ID, Version(3)) == known
    later = replace(known, when=known.when + 60)
    state.texts.note_info(later)
    state.texts.remember(saved())
    assert state.texts.recall_info(ID, Version(3)) == later
    (state.folder / "saved" / ID.hex / "03").write_bytes(b"no version of ours")
    state.texts.note_info(replace(known, version=Version(12)))
    assert state.texts.versions_of(ID) == [Version(3), Version(12)]


@pytest.mark.parametrize(
    "damage",
    [
        {"digest": "sha256:"},
        {"digest": 5},
        {"when": "now"},
        {"when": 1e300},
        {"when": True},
        {"name": None},
        {"kind": "folder"},
        {"more": 1},
    ],
)
def test_a_damaged_version_is_treated_as_missing(state: State, damage: dict[str, object]) -> None:
    state.texts.remember(saved())
    path = state.folder / "saved" / ID.hex / "3"
    path.write_text(json.dumps({**json.loads(path.read_bytes()), **damage}))
    assert state.texts.recall_info(ID, Version(3)) is None
    state.texts.remember(saved())
    assert state.texts.recall_info(ID, Version(3)) == saved().info


def test_a_damaged_text_is_treated_as_missing_and_can_be_rewritten(state: State) -> None:
    name = state.texts.keep(TEXT)
    (path,) = files(state.folder)
    whole = path.read_bytes()
    for damaged in (b"", whole[:-1], whole + b" ", b"\xff" + whole[1:], b"\x00" * len(whole)):
        path.write_bytes(damaged)
        assert state.texts.text_of(name) is None
        assert state.texts.keep(TEXT) == name
        assert state.texts.text_of(name) == TEXT


@pytest.mark.parametrize("damaged", [b"", b"sha256:", b"\xff", b"sha256:" + b"g" * 64, b"x" * 9999])
def test_a_damaged_version_number_is_treated_as_missing(state: State, damaged: bytes) -> None:
    state.texts.remember(saved())
    (path,) = (p for p in files(state.folder) if p.name == "3")
    path.write_bytes(damaged)
    assert state.texts.recall(ID, Version(3)) is None
    state.texts.remember(saved())
    assert state.texts.recall(ID, Version(3)) == digest(TEXT)


def test_the_commit_of_a_version_is_stored(state: State) -> None:
    assert state.texts.commit_of(ID, Version(7)) is None
    for commit in ("a" * 40, "0" * 64):
        state.texts.note_commit(ID, Version(7), commit)
        assert state.texts.commit_of(ID, Version(7)) == commit
    assert state.texts.commit_of(ID, Version(6)) is None
    (note,) = state.folder.glob("commits/*/7")
    for damaged in (
        b"",
        b"a" * 39,
        b"a" * 41,
        b"HEAD",
        b"a" * 40 + b"\n",
        b"\xff" * 40,
        b"a" * 999,
    ):
        note.write_bytes(damaged)
        assert state.texts.commit_of(ID, Version(7)) is None
    with pytest.raises(ValueError, match="not a commit"):
        state.texts.note_commit(ID, Version(7), "--output=x")


@pytest.mark.parametrize("kind", ["objects", "saved"])
def test_a_folder_in_a_files_place_is_reported(state: State, kind: str) -> None:
    state.texts.remember(saved())
    for path in files(state.folder / kind):
        path.unlink()
        path.mkdir()
    ask = {
        "saved": lambda: state.texts.recall(ID, Version(3)),
        "objects": lambda: state.texts.keep(TEXT),
    }
    with pytest.raises(PinesyncError):
        ask[kind]()


def test_several_threads_can_store_equal_texts(state: State) -> None:
    for attempt in range(40):
        text = f"{TEXT}{attempt}\n" * 200
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda n, text=text: state.texts.remember(saved(text, n)), range(1, 9)))
        assert state.texts.text_of(digest(text)) == text
    assert not [p for p in files(state.folder) if p.suffix == ".tmp"]


# -- records --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "made",
    [
        upload(),
        replace(upload(), state="landed", landed=Version(6), seen=Version(9)),
        replace(upload(), name="", account="", boot_id="", wall=0.0, mono=0.0),
        Create(**COMMON, known_ids=(ID,)),
        Create(**COMMON, state="landed", pine_id=ID, landed=Version(1)),
        DOWNLOAD,
        replace(DOWNLOAD, replaces=digest("old"), pine_id=ID, landed=Version(2)),
        Rename(**COMMON, pine_id=ID, parent=Version(2)),
        Delete(**COMMON, pine_id=ID, parent=Version(2)),
        Move(**COMMON, origin=RelPath("b.pine")),
    ],
    ids=lambda made: type(made).__name__,
)
def test_an_intent_reads_back_as_written(state: State, made: Intent) -> None:
    state.log.write(made)
    assert list(State(state.folder).log.intents()) == [made]
    state.log.drop([made])
    state.log.drop([made])
    assert list(State(state.folder).log.intents()) == []


def test_intents_are_replaced_by_key_and_listed_oldest_first(state: State) -> None:
    for key in ("0002-b", "0001-c", "0003-a"):
        state.log.write(upload(key))
    state.log.write(replace(upload("0001-c"), state="abandoned"))
    assert [(r.key, r.state) for r in State(state.folder).log.intents()] == [
        ("0001-c", "abandoned"),
        ("0002-b", "sent"),
        ("0003-a", "sent"),
    ]


@pytest.mark.promise(27)
def test_an_intent_truncated_at_any_byte_is_refused(state: State) -> None:
    state.log.write(upload())
    (path,) = files(state.folder)
    whole = path.read_bytes()
    for size in range(len(whole)):
        path.write_bytes(whole[:size])
        with pytest.raises(StateError):
            list(State(state.folder).log.intents())
    path.write_bytes(whole)
    assert list(State(state.folder).log.intents()) == [upload()]


@pytest.mark.promise(27, "S10")
@pytest.mark.parametrize("mask", [0x01, 0x20, 0x80, 0xFF])
def test_an_intent_with_a_flipped_byte_is_refused_without_a_crash(state: State, mask: int) -> None:
    state.log.write(upload())
    (path,) = files(state.folder)
    whole = path.read_bytes()
    for at in range(len(whole)):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ mask]) + whole[at + 1 :])
        try:
            (read,) = State(state.folder).log.intents()
        except StateError:
            continue
        assert isinstance(read, Upload)


BAD_VALUES: list[object] = [
    None,
    5,
    1.5,
    True,
    "",
    "x",
    [],
    {},
    [None],
    "\ud800",
    "../up.pine",
    "9" * 5000,
]


@pytest.mark.parametrize("value", BAD_VALUES, ids=lambda value: repr(value)[:12])
@pytest.mark.parametrize("key", [field.name for field in fields(Upload)])
def test_an_intent_with_an_odd_value_is_refused_without_a_crash(
    state: State, key: str, value: object
) -> None:
    state.log.write(upload())
    (path,) = files(state.folder)
    path.write_text(json.dumps({**json.loads(path.read_text()), key: value}))
    try:
        (read,) = State(state.folder).log.intents()
    except StateError as error:
        assert str(path) in error.message  # noqa: PT017 - some values are fine
    else:
        assert isinstance(read, Upload)
        assert isinstance(read.digest, str)
        assert isinstance(read.parent, Version)


@pytest.mark.parametrize(
    "body", ["null", "[]", '"x"', "5", "[" * 99_999, '{"key": "0001-aa"}', '{"new": 1}']
)
def test_a_file_that_is_not_an_intent_is_refused(state: State, body: str) -> None:
    state.log.write(upload())
    (path,) = files(state.folder)
    path.write_text(body)
    with pytest.raises(StateError):
        list(State(state.folder).log.intents())


@pytest.mark.parametrize("key", ["path", "name", "brings", "state"])
def test_an_intent_without_a_required_field_is_refused(state: State, key: str) -> None:
    state.log.write(DOWNLOAD)
    (path,) = files(state.folder)
    content = json.loads(path.read_text())
    del content[key]
    path.write_text(json.dumps(content))
    with pytest.raises(StateError):
        list(State(state.folder).log.intents())


def test_a_renamed_intent_is_refused(state: State) -> None:
    state.log.write(upload())
    (path,) = files(state.folder)
    path.rename(path.with_name("0009-zz.json"))
    with pytest.raises(StateError):
        list(State(state.folder).log.intents())


def test_intents_are_read_again_under_the_lock(state: State) -> None:
    """Intents read before the lock was taken may have been changed by another process."""
    state.log.write(upload())
    assert state.log.intents() == [upload()]
    landed = replace(upload(), state="landed", landed=Version(6))
    State(state.folder).log.write(landed)
    with state.log.exclusive():
        assert state.log.intents() == [landed]


def test_a_leftover_temporary_file_is_not_an_intent(state: State) -> None:
    state.log.write(upload())
    (path,) = files(state.folder)
    path.with_name(".1-x.json.tmp").write_text("{")
    assert list(State(state.folder).log.intents()) == [upload()]


# -- what was replaced ----------------------------------------------------------------------------


def test_backups_are_listed_newest_first(state: State) -> None:
    at, other = RelPath("a.pine"), RelPath("b.pine")
    for key, path, when in (("1", at, 5.0), ("2", other, 9.0), ("3", at, 7.0)):
        state.backups.note(Replaced(key, path, digest(key), when))
    assert [r.key for r in state.backups.of(at)] == ["3", "1"]
    assert [r.key for r in state.backups.of(other)] == ["2"]


@pytest.mark.parametrize("key", ["key", "path", "digest", "when"])
@pytest.mark.parametrize("value", BAD_VALUES, ids=lambda value: repr(value)[:12])
def test_a_backup_note_with_an_odd_value_is_refused_without_a_crash(
    state: State, key: str, value: object
) -> None:
    state.backups.note(Replaced("1", RelPath("a.pine"), digest("x"), 5.0))
    (path,) = files(state.folder)
    path.write_text(json.dumps({**json.loads(path.read_text()), key: value}))
    try:
        state.backups.of(RelPath("a.pine"))
    except StateError as error:
        assert error.hint  # noqa: PT017 - some values are fine


# -- whose it is ----------------------------------------------------------------------------------


@posix
@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_the_state_is_private(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        state = State(tmp_path / "made" / "one")
        state.texts.keep(TEXT)
        state.texts.remember(saved())
        state.log.write(upload())
        state.backups.note(Replaced("1", RelPath("a.pine"), digest("x"), 5.0))
    finally:
        os.umask(before)
    for path in (tmp_path / "made").rglob("*"):
        mode = stat.S_IMODE(path.stat().st_mode)
        assert mode == (0o700 if path.is_dir() else 0o600), path


@posix
def test_a_link_in_place_of_the_state_is_refused(tmp_path: Path) -> None:
    (tmp_path / "theirs").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "theirs")
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    (tmp_path / "file").write_text("")
    for name in ("link", "dangling", "file"):
        with pytest.raises(StateError):
            State(tmp_path / name)


@pytest.mark.promise("S10")
@posix
def test_planted_links_are_not_written_through(state: State, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("kept")
    state.texts.keep(TEXT)
    state.log.write(upload())
    for path in files(state.folder):
        path.unlink()
        path.symlink_to(victim)
        planted = path.with_name(f".{os.getpid()}-{path.name}.tmp")
        planted.symlink_to(victim)
    for act in (lambda: state.texts.keep(TEXT), lambda: state.log.write(upload())):
        try:
            act()
        except PinesyncError:
            continue
    assert victim.read_text() == "kept"


def test_two_copies_of_a_workspace_have_two_states(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.mkdir()
    two.mkdir()
    assert folder_name("id", one) != folder_name("id", two)
    assert folder_name("id", one) != folder_name("di", one)
    assert folder_name("id", one) == folder_name("id", tmp_path / "two" / ".." / "one")
    assert folder_name("id", one).startswith("id-")


def test_an_unknown_digest_has_no_text(state: State) -> None:
    state.texts.keep(TEXT)
    assert state.texts.text_of(Digest("sha256:" + "0" * 64)) is None
