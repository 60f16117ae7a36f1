"""A replaced text is backed up, your bytes stay yours, and nothing outside the workspace
changes."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pinesync.app.project import open_project
from pinesync.app.sync.pull import pull
from pinesync.app.sync.push import push
from pinesync.app.versions.backups import list_backups, restore_backup
from pinesync.cli.sync.resolve import resolve
from pinesync.errors import Misuse, PinesyncError
from pinesync.model import RelPath
from pinesync.text.canonical import canonical, decode, digest, encode_like
from tests.world import OneScript

pytestmark = pytest.mark.promise(6)


def replaced(world: OneScript) -> list[str]:
    folder = open_project(world.setup()).workspace
    found = folder.backups.of(RelPath(world.path))
    return [folder.texts.text_of(item.digest) or "" for item in found]


@pytest.mark.promise(1)
def test_a_pull_backs_up_the_replaced_text(world: OneScript) -> None:
    before = world.file.read_text()
    world.web_fresh()
    world.sync()
    assert replaced(world) == [before]


@pytest.mark.promise(1)
def test_a_merge_backs_up_the_replaced_text(world: OneScript) -> None:
    world.edit()
    before = world.file.read_text()
    world.web_fresh()
    assert pull(world.setup()).exit_code == 0
    assert before in replaced(world)


@pytest.mark.promise(1)
def test_pull_theirs_backs_up_ours(world: OneScript) -> None:
    world.edit()
    before = world.file.read_text()
    world.web_fresh()
    pull(world.setup(), choice="theirs")
    assert world.file.read_text() == world.newest
    assert replaced(world) == [before]


@pytest.mark.parametrize("side", ["ours", "theirs"])
def test_a_conflict_is_resolved_with_either_side(world: OneScript, side: str) -> None:
    mine = world.file.read_text().replace("// part 3", "// part mine")
    theirs = world.newest.replace("// part 3", "// part theirs")
    world.file.write_text(mine)
    world.remote.web_save(world.pine_id, theirs)
    assert pull(world.setup()).exit_code == 3
    assert push(world.setup()).exit_code == 3
    assert len(world.log) == 2
    resolve(world.setup(), [world.path], side)  # type: ignore[arg-type]
    assert world.file.read_text() == (mine if side == "ours" else theirs)


def test_push_over_refuses_conflict_markers(world: OneScript) -> None:
    marked = "<<<<<<< ours\na\n=======\nb\n>>>>>>> theirs\n"
    world.file.write_text(world.file.read_text() + marked)
    assert push(world.setup(), [world.path], over="1.0").exit_code == 3
    assert len(world.log) == 1


@pytest.mark.promise(35)
@pytest.mark.parametrize("ends", ["\r\n", "\r", "\n"])
@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
def test_line_ends_bom_and_mode_are_preserved(world: OneScript, ends: str, bom: bytes) -> None:
    shaped = bom + world.file.read_text().replace("\n", ends).encode()
    world.file.write_bytes(shaped)
    world.file.chmod(0o640)
    world.web_fresh()
    world.sync()
    data = world.file.read_bytes()
    assert data == bom + world.newest.replace("\n", ends).encode()
    assert world.file.stat().st_mode & 0o777 == 0o640
    assert len(world.log) == 2


@given(st.binary(max_size=60), st.text(st.characters(codec="utf-8"), max_size=40))
def test_any_text_fits_the_shape_of_any_file(data: bytes, text: str) -> None:
    try:
        decode(data)
    except ValueError:
        return
    after = encode_like(canonical(text), data)
    if "\0" not in text:
        assert digest(decode(after)) == digest(canonical(text))


@pytest.mark.promise("S7")
def test_a_linked_folder_is_not_followed(world: OneScript, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    target = outside / "campaign.pine"
    target.write_text(world.file.read_text())
    world.file.unlink()
    world.file.parent.rmdir()
    world.file.parent.symlink_to(outside)
    world.web_fresh()
    before = target.read_bytes()
    world.sync()
    assert target.read_bytes() == before
    assert [path.name for path in outside.iterdir()] == ["campaign.pine"]


def test_a_linked_file_is_not_followed(world: OneScript, tmp_path: Path) -> None:
    outside = tmp_path / "outside.pine"
    outside.write_text(world.file.read_text())
    world.file.unlink()
    world.file.symlink_to(outside)
    world.web_fresh()
    before = outside.read_bytes()
    world.sync()
    assert outside.read_bytes() == before
    assert world.file.is_symlink()


def test_a_planted_intent_touches_nothing_outside_the_workspace(world: OneScript) -> None:
    (state,) = (world.pinesync_home / "state").iterdir()
    records = state / "records"
    records.mkdir(exist_ok=True)
    planted = '{"key": "a", "op": "pull", "state": "prepared", "path": "../../x.pine"}'
    (records / "a.json").write_text(planted)
    with pytest.raises(PinesyncError):
        pull(world.setup())


def test_a_missing_workspace_is_reported(world: OneScript) -> None:
    (world.root / "pine.toml").unlink()
    with pytest.raises(Misuse):
        pull(world.setup())


def test_every_replaced_text_can_be_restored(world: OneScript) -> None:
    texts = [world.file.read_text()]
    for _ in range(3):
        world.web_fresh()
        world.sync()
        texts.append(world.file.read_text())
    found = list_backups(world.setup(), world.path).kept
    assert [backup.number for backup in found] == [1, 2, 3]
    restore_backup(world.setup(), world.path, 3)
    assert world.file.read_text() == texts[0]
    restore_backup(world.setup(), world.path, 1)
    assert world.file.read_text() == texts[3], "what was there before is kept too"
    world.file.unlink()
    restore_backup(world.setup(), world.path, 2)
    assert world.file.exists()
    with pytest.raises(Misuse):
        restore_backup(world.setup(), world.path, 99)
