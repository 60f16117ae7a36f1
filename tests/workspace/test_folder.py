"""The workspace as the engine sees it: files, pine.toml and state behind one port."""

from pathlib import Path

import pytest

from pinesync.errors import FileError, ManifestError, Misuse
from pinesync.model import Base, Entry, PineId, RelPath, Version
from pinesync.sync.ports import ChangedMeanwhile
from pinesync.text.canonical import digest
from pinesync.workspace import manifest
from pinesync.workspace.files import Tree
from pinesync.workspace.manifest import Manifest, Settings
from pinesync.workspace.state import State
from pinesync.workspace.state.store import new_key
from pinesync.workspace.workspace import Workspace, find_root

A = RelPath("indicators/A.pine")
ID = PineId("USER;0123456789abcdef0123456789abcdef")
ENTRY = Entry(A, "A", ID, Base(Version(3), digest("old\n")))
CONFLICT = "<<<<<<< a\nx\n=======\ny\n>>>>>>> b\n"


@pytest.fixture
def folder(tmp_path: Path) -> Workspace:
    root = tmp_path / "work"
    root.mkdir()
    settings = Settings(id="one", remote="sandbox", ignore=("drafts/**",))
    text = "# by hand\n" + manifest.dump_new(Manifest(settings))
    (root / "pine.toml").write_text(text)
    return Workspace(Tree(root), State(tmp_path / "state"), lambda: 1_700_000_000.0)


def write(folder: Workspace, path: str, data: bytes) -> Path:
    target = folder.root / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(data)
    return target


def never(_: str) -> None:
    raise AssertionError("nothing may begin")


def test_the_root_is_found_from_a_subfolder(folder: Workspace, tmp_path: Path) -> None:
    below = folder.root / "a" / "b"
    below.mkdir(parents=True)
    assert find_root(below) == find_root(folder.root) == folder.root
    with pytest.raises(Misuse) as caught:
        find_root(tmp_path)
    assert "pinesync clone" in (caught.value.hint or "")


def test_keys_sort_by_time_and_are_never_equal() -> None:
    keys = [new_key(wall) for wall in (-5.0, 9.0, 1_700_000_000.0, 99_999_999_999.0)]
    assert keys == sorted(keys)
    assert len({new_key(1.0) for _ in range(200)}) == 200


def test_a_manifest_commit_changes_only_its_entries(folder: Workspace) -> None:
    folder.manifest.commit({A: ENTRY})
    assert folder.manifest.entries() == {A: ENTRY}
    other = RelPath("b.pine")
    folder.manifest.commit({A: None, other: Entry(other, "B")})
    assert list(folder.manifest.entries()) == [other]
    assert (folder.root / "pine.toml").read_text().startswith("# by hand\n")
    before = (folder.root / "pine.toml").stat()
    folder.manifest.commit({other: Entry(other, "B")})
    assert (folder.root / "pine.toml").stat() == before, "nothing changed, nothing is written"
    assert [p.name for p in folder.root.iterdir()] == ["pine.toml"]


def test_a_manifest_commit_keeps_concurrent_changes(
    folder: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = RelPath("b.pine")
    write_manifest = Tree.write_manifest
    again: list[int] = []

    def slow(tree: Tree, *args: object) -> None:
        if not again:
            again.append(1)
            text = (folder.root / "pine.toml").read_text()
            (folder.root / "pine.toml").write_text(text + '\n[scripts."b.pine"]\nname = "B"\n')
        write_manifest(tree, *args)  # type: ignore[arg-type]

    monkeypatch.setattr(Tree, "write_manifest", slow)
    folder.manifest.commit({A: ENTRY})
    assert set(folder.manifest.entries()) == {A, other}


def test_a_missing_or_undecodable_manifest_is_reported(folder: Workspace) -> None:
    (folder.root / "pine.toml").write_bytes(b"\xff")
    with pytest.raises(ManifestError):
        folder.manifest.entries()
    (folder.root / "pine.toml").unlink()
    with pytest.raises(Misuse):
        folder.manifest.entries()


def test_local_texts_lists_every_script_with_its_problem(folder: Workspace) -> None:
    folder.manifest.commit({A: ENTRY})
    write(folder, A, b"\xef\xbb\xbfold\r\n")
    write(folder, "conflict.pine", CONFLICT.encode())
    write(folder, "latin.pine", b"\xe9")
    write(folder, "zero.pine", b"a\0b")
    write(folder, "drafts/deep/x.pine", b"ignored")
    write(folder, ".hidden/x.pine", b"hidden")
    write(folder, "notes.txt", b"no script")
    write(folder, "con.pine", b"a name that breaks the rules")
    (folder.root / "folder.pine").mkdir()
    found = folder.tree.local_texts()
    assert set(found) == {A, "conflict.pine", "latin.pine", "zero.pine"}
    assert found[A].digest == digest("old\n")
    assert found[RelPath("conflict.pine")].marked
    for name in ("latin.pine", "zero.pine"):
        assert found[RelPath(name)].digest is None
        assert found[RelPath(name)].problem


def test_a_tracked_file_is_listed_although_ignored(folder: Workspace) -> None:
    path = RelPath("drafts/x.pine")
    folder.manifest.commit({path: Entry(path, "X")})
    write(folder, path, b"text")
    assert set(folder.tree.local_texts()) == {path}


def test_links_are_not_followed(folder: Workspace, tmp_path: Path) -> None:
    secret = tmp_path / "secret.pine"
    secret.write_text("secret")
    (folder.root / "indicators").symlink_to(tmp_path)
    (folder.root / "l.pine").symlink_to(secret)
    assert folder.tree.local_texts() == {}
    folder.manifest.commit({A: ENTRY})
    assert folder.tree.local_texts()[A].digest is None
    for path in (RelPath("l.pine"), RelPath("indicators/secret.pine")):
        with pytest.raises(FileError):
            folder.tree.put(path, "new\n", digest("secret"), never)
    assert secret.read_text() == "secret"


@pytest.mark.parametrize("shape", [b"old\n", b"old\r\n", b"\xef\xbb\xbfold\r\n", b"old\r"])
def test_put_keeps_the_shape_and_backs_up_the_old_text(folder: Workspace, shape: bytes) -> None:
    target = write(folder, A, shape)
    target.chmod(0o640)
    begun: list[str] = []
    folder.tree.put(A, "new\n", digest("old\n"), begun.append)
    assert target.read_bytes() == shape.replace(b"old", b"new")
    assert target.stat().st_mode & 0o777 == 0o640
    assert len(begun) == 1
    (backup,) = folder.backups.of(A)
    assert folder.texts.text_of(backup.digest) == "old\n"
    assert [p.name for p in target.parent.iterdir()] == [target.name]


def test_put_does_not_replace_a_changed_file(folder: Workspace) -> None:
    target = write(folder, A, b"edited\n")
    with pytest.raises(ChangedMeanwhile):
        folder.tree.put(A, "new\n", digest("old\n"), never)
    with pytest.raises(ChangedMeanwhile):
        folder.tree.put(A, "new\n", None, lambda _: None)
    folder.tree.clear_leftovers()
    assert target.read_bytes() == b"edited\n"
    assert [p.name for p in target.parent.iterdir()] == [target.name]


def test_put_restores_an_edit_made_at_the_last_moment(folder: Workspace) -> None:
    target = write(folder, A, b"old\n")

    def edit(_: str) -> None:
        target.write_bytes(b"edited\n")

    with pytest.raises(ChangedMeanwhile):
        folder.tree.put(A, "new\n", digest("old\n"), edit)
    folder.tree.clear_leftovers()
    assert target.read_bytes() == b"edited\n"
    assert [p.name for p in target.parent.iterdir()] == [target.name]


def test_a_new_file_is_created_with_its_folders(folder: Workspace) -> None:
    path = RelPath("a/b/New.pine")
    folder.tree.put(path, "new\n", None, lambda _: None)
    assert folder.tree.read(path) == b"new\n"
    assert folder.backups.of(path) == []


def test_undecodable_bytes_can_be_restored(folder: Workspace) -> None:
    folder.tree.keep_replaced(A, b"\xe9\0\xff", new_key(1.0))
    (backup,) = folder.backups.of(A)
    text = folder.texts.text_of(backup.digest)
    assert text
    assert text.encode("latin-1") == b"\xe9\0\xff"
