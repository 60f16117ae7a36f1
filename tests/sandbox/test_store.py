"""The sandbox's file: versions, names, accounts, several users at the same time."""

import stat
import threading
from pathlib import Path

import pytest

from pinesync.errors import Misuse, NameTaken, NotAccessible, StateError
from pinesync.model import Version
from pinesync.sandbox.account import fill, open_sandbox, sandbox_path
from pinesync.sandbox.seeds import seeds
from pinesync.sandbox.store import Store, User
from tests.sandbox.conftest import two_processes

GOOD = "//@version=6\nindicator('Title')\nx = input.int(3)\nplot(close)\n"


def test_every_save_is_a_version_even_of_the_same_text(store: Store, user: User) -> None:
    first = store.save_new(user, "One", GOOD)
    again = store.save_next(user, first.pine_id, GOOD)
    assert (str(first.version), str(again.version)) == ("1.0", "2.0")
    assert [str(version.version) for version in store.history(first.pine_id)] == ["1.0", "2.0"]


@pytest.mark.parametrize(
    "source", ["a\r\nb\r", "\ufeffx\n\n", "nul \0 in it", "no end", "\u2028\x85", "𝄞" * 1000]
)
def test_the_store_keeps_a_source_byte_for_byte(store: Store, user: User, source: str) -> None:
    pine_id = store.save_new(user, "One", source).pine_id
    assert store.get(pine_id).source == source


def test_a_saved_script_has_kind_title_inputs_and_author(store: Store, user: User) -> None:
    found = store.save_new(user, "One", GOOD, author="me")
    assert (found.kind, found.title, found.inputs, found.author) == ("study", "Title", 1, "me")
    assert found.info.modified == found.created == 1_700_000_000
    assert found.saved_text.source == GOOD
    assert store.list(user)[0].source == ""


def test_names_are_unique_per_user_and_case_sensitive(store: Store, user: User) -> None:
    first = store.save_new(user, "One", GOOD)
    store.save_new(user, "one", GOOD)
    store.save_new(store.ensure_user("other"), "One", GOOD)
    with pytest.raises(NameTaken):
        store.save_new(user, "One", GOOD)
    with pytest.raises(NameTaken):
        store.rename(user, first.pine_id, "one")
    with pytest.raises(NameTaken):
        store.save_next(user, first.pine_id, GOOD, name="one")
    assert store.get(first.pine_id).version == Version(1)


def test_a_refused_rename_on_save_stores_no_text(store: Store, user: User) -> None:
    first = store.save_new(user, "One", GOOD)
    store.save_new(user, "Two", GOOD)
    with pytest.raises(NameTaken):
        store.save_next(user, first.pine_id, "other", name="Two")
    assert [version.source for version in store.history(first.pine_id)] == [GOOD]


def test_overwrite_adds_a_version_to_the_script_of_that_name(store: Store, user: User) -> None:
    first = store.save_new(user, "One", GOOD)
    over = store.save_new(user, "One", "other", overwrite=True)
    assert (over.pine_id, str(over.version)) == (first.pine_id, "2.0")


def test_a_rename_adds_no_version_and_history_keeps_the_old_name(store: Store, user: User) -> None:
    pine_id = store.save_new(user, "One", GOOD).pine_id
    store.rename(user, pine_id, "Two")
    store.save_next(user, pine_id, GOOD)
    assert [(version.name_then, version.name) for version in store.history(pine_id)] == [
        ("One", "Two"),
        ("Two", "Two"),
    ]


def test_a_deletion_removes_all_versions_and_frees_the_name(store: Store, user: User) -> None:
    pine_id = store.save_new(user, "One", GOOD).pine_id
    store.delete(user, pine_id)
    with pytest.raises(NotAccessible) as refusal:
        store.get(pine_id)
    assert refusal.value.status == 404
    assert store.save_new(user, "One", GOOD).pine_id != pine_id


def test_a_foreign_script_is_refused(store: Store, user: User) -> None:
    pine_id = store.save_new(user, "One", GOOD).pine_id
    other = store.ensure_user("other")
    for attempt in (
        lambda: store.get(pine_id, user=other),
        lambda: store.save_next(other, pine_id, GOOD),
        lambda: store.delete(other, pine_id),
        lambda: store.rename(other, pine_id, "x"),
        lambda: store.label(other, pine_id, Version(1), "x"),
        lambda: store.history(pine_id, user=other),
    ):
        with pytest.raises(NotAccessible) as refusal:
            attempt()
        assert refusal.value.status == 401
    assert store.list(other) == ()


def test_a_session_needs_both_cookie_values(store: Store, user: User) -> None:
    assert store.ensure_user("sandbox") == user
    assert store.user_of(user.sessionid, user.sessionid_sign) == user
    assert store.user_of(user.sessionid, "wrong") is None
    assert store.user_of("wrong", user.sessionid_sign) is None
    assert store.user_of(user.sessionid, "ünï") is None
    assert user.cookie == f"sessionid={user.sessionid}; sessionid_sign={user.sessionid_sign}"


def test_reset_keeps_the_session_and_other_accounts(store: Store, user: User) -> None:
    store.save_new(user, "One", GOOD)
    other = store.ensure_user("other")
    store.save_new(other, "One", GOOD)
    assert store.reset(user) == 1
    assert store.list(user) == ()
    assert len(store.list(other)) == 1
    assert store.user_of(user.sessionid, user.sessionid_sign) == user


def test_the_database_is_private_and_persistent(store: Store, user: User) -> None:
    pine_id = store.save_new(user, "One", GOOD).pine_id
    assert stat.S_IMODE(store.path.stat().st_mode) == 0o600
    again = Store(store.path, lambda: 0.0)
    assert again.get(pine_id).source == GOOD
    again.close()
    assert [path for path in store.path.parent.iterdir() if path.name.startswith(".")] == []


def test_a_file_that_is_not_a_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.sqlite3"
    path.write_text("no database " * 100)
    with pytest.raises(StateError):
        Store(path, lambda: 0.0)


def test_threads_share_a_store(store: Store, user: User) -> None:
    pine_id = store.save_new(user, "One", GOOD).pine_id
    threads = [
        threading.Thread(target=lambda: [store.save_next(user, pine_id, "text") for _ in range(20)])
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [version.version.major for version in store.history(pine_id)] == list(range(1, 162))


def test_processes_can_create_and_share_one_file(tmp_path: Path) -> None:
    code = (
        "import sys, pathlib\n"
        "from pinesync.sandbox.store import Store\n"
        "store = Store(pathlib.Path(sys.argv[1]), lambda: 0.0)\n"
        "user = store.ensure_user('sandbox')\n"
        "print('ready', flush=True); sys.stdin.readline()\n"
        "pine_id = store.save_new(user, 'One', 'text', overwrite=True).pine_id\n"
        "for _ in range(24): store.save_next(user, pine_id, 'text')\n"
    )
    path = tmp_path / "default.sqlite3"
    processes = two_processes(code, path)
    for process in processes:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        process.communicate("go\n", timeout=60)
        assert process.returncode == 0
    store = Store(path, lambda: 0.0)
    (script,) = store.list(store.ensure_user("sandbox"))
    assert script.version == Version(50)
    store.close()


def test_sandbox_names_map_to_paths(tmp_path: Path) -> None:
    assert sandbox_path(tmp_path, "a-B_9") == tmp_path / "a-B_9.sqlite3"
    for name in ("", "../x", "a/b", "a.b", "x" * 41, "é", "a\n"):
        with pytest.raises(Misuse):
            open_sandbox(tmp_path, name, lambda: 0.0)


def test_seeding_is_idempotent_and_spreads_saves_over_months(store: Store, user: User) -> None:
    planted = seeds()
    result = fill(store, user, planted)
    assert (result.scripts, result.skipped) == (len(planted), 0)
    assert result.versions == sum(len(seed.versions) for seed in planted)
    for seed in planted:
        found = store.find(user, seed.name)
        assert found
        history = store.history(found.pine_id)
        assert tuple(version.source for version in history) == seed.versions
        assert [version.created for version in history] == sorted(
            {version.created for version in history}
        )
    before = store.list(user)
    assert max(row.created for row in before) - min(row.created for row in before) > 30 * 86400
    assert fill(store, user, planted).scripts == 0
    assert store.list(user) == before
