"""Where sign-ins are stored: in files that only their owner can read, or in the system's
keyring."""

import json
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pinesync.errors import FileError, Misuse, NotSignedIn, StateError
from pinesync.model import Account
from pinesync.tradingview.cookies import Secret, parse
from pinesync.tradingview.signins import (
    clear_leftovers,
    forget,
    list_sign_ins,
    load,
    names,
    path_of,
    secret_of,
    store,
)
from tests.ring import Ring
from tests.tradingview.conftest import CANARY, COOKIE, SIGN

ORIGIN = "https://pine-facade.tradingview.com:443"
OWNER = Account("trader42", "7")
posix = pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return tmp_path / "below" / "pinesync"


def stored_sign_in(config: Path) -> Path:
    return store(config, parse(COOKIE), OWNER, 1_700_000_000.9).path


def test_a_sign_in_is_stored_and_removed(config: Path) -> None:
    assert load(config) is None
    path = stored_sign_in(config)
    stored = load(config)
    assert stored
    assert (stored.secret, stored.account) == (parse(COOKIE), OWNER)
    assert stored.saved_at == 1_700_000_000
    assert CANARY not in repr(stored)
    assert set(json.loads(path.read_text())) == {
        *("sessionid", "sessionid_sign", "name", "user_id", "saved_at")
    }
    assert [p.name for p in config.iterdir()] == [path.name]
    assert forget(config)
    assert not forget(config)
    assert load(config) is None


@pytest.mark.promise("S2")
@posix
@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_a_sign_in_is_readable_only_by_its_owner(config: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        path = stored_sign_in(config)
        path = stored_sign_in(config)
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(config.stat().st_mode) == 0o700


@pytest.mark.promise("S2")
@posix
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o620, 0o602, 0o610, 0o601, 0o777])
def test_a_file_readable_by_others_is_refused(config: Path, mode: int) -> None:
    stored_sign_in(config).chmod(mode)
    with pytest.raises(StateError, match="other users") as caught:
        load(config)
    assert "chmod 600" in (caught.value.hint or "")


@posix
def test_a_link_is_not_followed_and_not_written_through(config: Path, tmp_path: Path) -> None:
    path = stored_sign_in(config)
    elsewhere = tmp_path / "elsewhere"
    path.rename(elsewhere)
    path.symlink_to(elsewhere)
    with pytest.raises(StateError):
        load(config)
    before = elsewhere.read_bytes()
    store(config, Secret("new", "new", ORIGIN), OWNER, 0)
    assert elsewhere.read_bytes() == before
    assert not path.is_symlink()


@posix
def test_a_planted_temporary_file_is_not_written_through(config: Path, tmp_path: Path) -> None:
    config.mkdir(parents=True)
    victim = tmp_path / "victim"
    victim.write_text("kept")
    (config / f".session-{os.getpid()}.tmp").symlink_to(victim)
    stored_sign_in(config)
    assert victim.read_text() == "kept"


def test_only_leftovers_are_removed(config: Path) -> None:
    assert clear_leftovers(config) == ()
    path = stored_sign_in(config)
    leftovers = [
        config / f".session{name}-{number}.tmp" for name in ("", "-work") for number in (7, 88)
    ]
    others = [
        config / name for name in (".session-x.tmp", "session-7.tmp", ".session.tmp", "a.tmp")
    ]
    for file in (*leftovers, *others):
        file.write_text(CANARY)
    (config / ".session-9.tmp").mkdir()
    assert sorted(clear_leftovers(config)) == sorted(leftovers)
    assert set(config.iterdir()) == {path, *others, config / ".session-9.tmp"}


@posix
def test_the_file_of_a_running_login_is_not_removed(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Creating a file holds the folder's lock until it has its name, and so does cleaning up."""
    import fcntl

    present: list[str] = []

    def seen(name: str) -> Callable[..., Any]:
        real = getattr(Path, name)

        def call(*names: Any, **more: Any) -> Any:
            descriptor = os.open(config, os.O_RDONLY)
            try:
                with pytest.raises(BlockingIOError):
                    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            finally:
                os.close(descriptor)
            present.append(name)
            return real(*names, **more)

        return call

    for name in ("replace", "unlink"):
        monkeypatch.setattr(Path, name, seen(name))
    stored_sign_in(config)
    (config / ".session-7.tmp").write_text(CANARY)
    assert len(clear_leftovers(config)) == 1
    assert present == ["replace", "unlink"]


@posix
@pytest.mark.parametrize("plant", ["folder", "pipe"])
def test_a_sign_in_that_is_not_a_regular_file_is_refused(config: Path, plant: str) -> None:
    config.mkdir(parents=True)
    path = config / "session.json"
    if plant == "folder":
        path.mkdir()
    else:
        os.mkfifo(path, 0o600)
    with pytest.raises(StateError):
        load(config)


GOOD = {"sessionid": CANARY, "sessionid_sign": SIGN, "name": "n", "user_id": "1", "saved_at": 1}


@pytest.mark.parametrize(
    "body",
    [
        "",
        "{",
        "[]",
        "null",
        '"text"',
        "[" * 100_000,
        "\x00\x01",
        " " * 100_000,
        *(json.dumps({k: v for k, v in GOOD.items() if k != gone}) for gone in GOOD),
        json.dumps({**GOOD, "sessionid": None}),
        json.dumps({**GOOD, "sessionid": "a b"}),
        json.dumps({**GOOD, "sessionid": "\ud800"}),
        json.dumps({**GOOD, "saved_at": "soon"}),
        json.dumps({**GOOD, "saved_at": float("inf")}),
        json.dumps({**GOOD, "saved_at": float("nan")}),
        json.dumps({**GOOD, "saved_at": None}),
    ],
)
def test_a_damaged_file_is_refused_without_showing_it(config: Path, body: str) -> None:
    path = stored_sign_in(config)
    path.write_bytes(body.encode("utf-8", "surrogatepass"))
    with pytest.raises(StateError) as caught:
        load(config)
    assert CANARY not in f"{caught.value!r} {caught.value.hint}"
    assert "pinesync login" in (caught.value.hint or "")


def test_a_truncated_file_is_refused_at_every_byte(config: Path) -> None:
    path = stored_sign_in(config)
    whole = path.read_bytes()
    for size in range(len(whole)):
        path.write_bytes(whole[:size])
        with pytest.raises(StateError):
            load(config)


@posix
@pytest.mark.skipif(os.name == "posix" and os.geteuid() == 0, reason="root may write anywhere")
def test_an_error_about_an_unwritable_folder_shows_no_cookie(config: Path) -> None:
    config.mkdir(parents=True, mode=0o500)
    with pytest.raises(FileError) as caught:
        stored_sign_in(config)
    assert CANARY not in str(caught.value)


def test_an_error_about_a_file_in_the_folders_place_shows_no_cookie(config: Path) -> None:
    config.parent.mkdir(parents=True)
    config.write_text("in the way")
    with pytest.raises(FileError) as caught:
        stored_sign_in(config)
    assert CANARY not in str(caught.value)


# -- several, under names -------------------------------------------------------------------------

OTHER = parse("sessionid=other-canary; sessionid_sign=v3:other-sign")


def test_named_sign_ins_are_separate(config: Path) -> None:
    store(config, parse(COOKIE), OWNER, 1)
    store(config, OTHER, Account("second", "8"), 2, name="Work")
    assert names(config) == ("", "work")
    assert [sign_in.account.name for sign_in in list_sign_ins(config)] == ["trader42", "second"]
    found = load(config, "WORK")
    assert found
    assert (found.secret, found.name) == (OTHER, "work")
    assert forget(config, "work")
    assert names(config) == ("",)
    assert load(config, "work") is None


@pytest.mark.parametrize("name", ["../x", "a/b", "a b", "ä", "a.json", "x" * 41, "a\n", "con:"])
def test_an_invalid_sign_in_name_is_refused(config: Path, name: str) -> None:
    with pytest.raises(Misuse):
        path_of(config, name)


def test_a_damaged_sign_in_does_not_hide_the_others(config: Path) -> None:
    store(config, OTHER, OWNER, 2, name="work")
    store(config, parse(COOKIE), OWNER, 1).path.write_text("{")
    assert [sign_in.name for sign_in in list_sign_ins(config)] == ["work"]
    assert names(config) == ("", "work")
    with pytest.raises(StateError):
        load(config)


# -- the keyring ----------------------------------------------------------------------------------


@pytest.mark.promise("S2")
def test_a_cookie_in_the_keyring_is_not_in_the_file(config: Path, ring: Ring) -> None:
    sign_in = store(config, parse(COOKIE), OWNER, 1, keyring=True)
    assert sign_in.secret is None
    assert secret_of(sign_in) == parse(COOKIE)
    body = sign_in.path.read_text()
    assert CANARY not in body
    assert SIGN not in body
    assert list(ring.held.values()) == [COOKIE]
    assert forget(config)
    assert ring.held == {}


def test_moving_a_cookie_out_of_the_keyring_removes_it_there(config: Path, ring: Ring) -> None:
    store(config, parse(COOKIE), OWNER, 1, keyring=True)
    assert store(config, parse(COOKIE), OWNER, 2).secret == parse(COOKIE)
    assert ring.held == {}


def test_two_homes_have_two_keyring_entries(tmp_path: Path, ring: Ring) -> None:
    store(tmp_path / "a", parse(COOKIE), OWNER, 1, keyring=True)
    store(tmp_path / "b", OTHER, OWNER, 1, keyring=True)
    assert len(ring.held) == 2


def test_a_keyring_that_does_not_store_leaves_no_sign_in(config: Path, ring: Ring) -> None:
    ring.forgets = True
    with pytest.raises(NotSignedIn, match="did not keep"):
        store(config, parse(COOKIE), OWNER, 1, keyring=True)
    assert load(config) is None


def test_a_keyring_without_the_cookie_is_reported(config: Path, ring: Ring) -> None:
    sign_in = store(config, parse(COOKIE), OWNER, 1, keyring=True)
    ring.held.clear()
    with pytest.raises(NotSignedIn, match="any more"):
        secret_of(sign_in)
    ring.held["pinesync", str(sign_in.path)] = "nonsense"
    with pytest.raises(NotSignedIn, match="not a cookie"):
        secret_of(sign_in)


def test_a_locked_keyring_is_reported_without_its_message(config: Path, ring: Ring) -> None:
    sign_in = store(config, parse(COOKIE), OWNER, 1, keyring=True)
    ring.locked = True
    for act in (
        lambda: secret_of(sign_in),
        lambda: store(config, parse(COOKIE), OWNER, 1, keyring=True),
        lambda: forget(config),
    ):
        with pytest.raises(NotSignedIn, match="KeyringLocked") as caught:
            act()
        message = f"{caught.value!r} {caught.value.hint} {caught.value.__cause__!r}"
        assert CANARY not in message
        assert caught.value.__suppress_context__


def test_a_missing_keyring_library_leaves_no_sign_in(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "keyring", None)
    with pytest.raises(Misuse, match="not installed") as caught:
        store(config, parse(COOKIE), OWNER, 1, keyring=True)
    assert "pipx inject pinesync keyring" in (caught.value.hint or "")
    assert load(config) is None
