"""Reading the session from a Firefox profile: real databases, as Firefox leaves them."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from pinesync.errors import FileError, Misuse, NotSignedIn
from pinesync.tradingview.firefox import session_cookie
from tests.tradingview.conftest import CANARY, COOKIE, SIGN

HOST = ".tradingview.com"
BOTH = (("sessionid", CANARY), ("sessionid_sign", SIGN))

Fill = Callable[..., Path]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "firefox"


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    return tmp_path / "config"


@pytest.fixture
def fill(root: Path) -> Iterator[Fill]:
    """Profiles with cookies; their databases stay open, as those of a running Firefox."""
    opened: list[sqlite3.Connection] = []

    def made(
        name: str = "abc.default-release",
        cookies: tuple[tuple[str, str], ...] = BOTH,
        host: str = HOST,
        container: str = "",
        used: int = 1,
    ) -> Path:
        profile = root / "Profiles" / name
        profile.mkdir(parents=True, exist_ok=True)
        database = sqlite3.connect(profile / "cookies.sqlite", isolation_level=None)
        opened.append(database)
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA wal_autocheckpoint = 0")
        database.execute(
            "CREATE TABLE IF NOT EXISTS moz_cookies (id INTEGER PRIMARY KEY, originAttributes TEXT,"
            " name TEXT, value TEXT, host TEXT, path TEXT, expiry INTEGER, lastAccessed INTEGER)"
        )
        for key, value in cookies:
            database.execute(
                "INSERT INTO moz_cookies (originAttributes, name, value, host, lastAccessed)"
                " VALUES (?, ?, ?, ?, ?)",
                (container, key, value, host, used),
            )
        return profile

    yield made
    for database in opened:
        database.close()


def ini(root: Path, *profiles: str, marked: str = "", installed: str = "") -> None:
    """A profiles.ini as Firefox writes it."""
    lines = ["[General]", "StartWithLastProfile=1", "Version=2", ""]
    if installed:
        lines += ["[Install4F96D1932A9F858E]", f"Default=Profiles/{installed}", "Locked=1", ""]
    for number, profile in enumerate(profiles):
        name = profile.partition(".")[2]
        lines += [f"[Profile{number}]", f"Name={name}", "IsRelative=1", f"Path=Profiles/{profile}"]
        lines += ["Default=1", ""] if profile == marked else [""]
    root.mkdir(parents=True, exist_ok=True)
    (root / "profiles.ini").write_text("\n".join(lines), encoding="utf-8")


def test_a_running_firefox_is_read_and_left_as_it_was(
    fill: Fill, root: Path, scratch: Path
) -> None:
    """Rows still in the write-ahead log count, and no copy is left."""
    profile = fill()
    ini(root, profile.name, installed=profile.name)
    before = {path.name: path.read_bytes() for path in profile.iterdir()}
    assert b"moz_cookies" not in before["cookies.sqlite"]  # it is all in the log
    assert session_cookie([root], "", scratch) == COOKIE
    assert {path.name: path.read_bytes() for path in profile.iterdir()} == before
    assert list(scratch.iterdir()) == []


def test_the_install_profile_wins_over_the_default_profile(
    fill: Fill, root: Path, scratch: Path
) -> None:
    fill("old.default", (("sessionid", "old"), ("sessionid_sign", "old")), used=9)
    fill("new.release")
    ini(root, "old.default", "new.release", marked="old.default", installed="new.release")
    assert session_cookie([root], "", scratch) == COOKIE
    ini(root, "old.default", "new.release", marked="old.default")
    assert "old" in session_cookie([root], "", scratch)


@pytest.mark.parametrize("profile_name", ["work", "x1.work", "absolute"])
def test_a_profile_is_found_by_name_folder_or_path(
    fill: Fill, root: Path, scratch: Path, profile_name: str
) -> None:
    fill("x0.default", (("sessionid", "no"), ("sessionid_sign", "no")))
    profile = fill("x1.work")
    ini(root, "x0.default", "x1.work", installed="x0.default")
    chosen = str(profile) if profile_name == "absolute" else profile_name
    assert session_cookie([root], chosen, scratch) == COOKIE


def test_the_most_recently_used_session_of_two_installs_is_read(
    fill: Fill, root: Path, scratch: Path, tmp_path: Path
) -> None:
    fill("a.one", (("sessionid", "older"), ("sessionid_sign", "older")), used=1)
    fill("b.two", used=2)
    ini(root, "a.one", "b.two", installed="a.one")
    snap = tmp_path / "snap"
    ini(snap)
    (snap / "profiles.ini").write_text(
        f"[Profile0]\nName=two\nIsRelative=0\nPath={root}/Profiles/b.two\nDefault=1\n"
    )
    assert session_cookie([tmp_path / "nothing", root, snap], "", scratch) == COOKIE


@pytest.mark.parametrize(
    "more",
    [
        {"cookies": BOTH[:1]},
        {"cookies": BOTH[1:]},
        {"host": ".tradingview.com.evil.example"},
        {"host": "evil-tradingview.com"},
        {"container": "^userContextId=2"},
        {"cookies": ()},
    ],
    ids=str,
)
def test_an_incomplete_or_foreign_session_is_refused(
    fill: Fill, root: Path, scratch: Path, more: dict
) -> None:
    ini(root, fill(**more).name)
    with pytest.raises(NotSignedIn, match="no TradingView session") as caught:
        session_cookie([root], "", scratch)
    assert CANARY not in f"{caught.value} {caught.value.hint}"
    assert list(scratch.iterdir()) == []


def test_a_missing_firefox_or_profile_is_reported(fill: Fill, root: Path, scratch: Path) -> None:
    with pytest.raises(Misuse, match="no Firefox profile"):
        session_cookie([root], "", scratch)
    ini(root, fill("x.default").name)
    with pytest.raises(Misuse, match="'other'") as caught:
        session_cookie([root], "other", scratch)
    assert "default" in (caught.value.hint or "")


@pytest.mark.parametrize(
    "body", [b"", b"not a database" * 500, b"SQLite format 3\0" + b"\xff" * 5000]
)
def test_a_cookie_file_that_is_not_a_database_is_refused(
    root: Path, scratch: Path, body: bytes
) -> None:
    profile = root / "Profiles" / "x.default"
    profile.mkdir(parents=True)
    (profile / "cookies.sqlite").write_bytes(body)
    ini(root, profile.name)
    with pytest.raises(FileError, match=r"cookies\.sqlite"):
        session_cookie([root], "", scratch)
    assert list(scratch.iterdir()) == []


@pytest.mark.parametrize(
    "body", [b"\xff\xfe", b"no section", b"[Profile0\n", b"[Profile0]\nName=x\n"]
)
def test_a_damaged_profiles_ini_is_reported(root: Path, scratch: Path, body: bytes) -> None:
    root.mkdir()
    (root / "profiles.ini").write_bytes(body)
    with pytest.raises(Misuse, match="no Firefox profile"):
        session_cookie([root], "", scratch)


def test_a_copy_left_by_a_killed_process_is_removed(fill: Fill, root: Path, scratch: Path) -> None:
    leftover = scratch / ".firefox-abc"
    leftover.mkdir(parents=True)
    (leftover / "cookies.sqlite").write_bytes(b"secret")
    ini(root, fill().name)
    session_cookie([root], "", scratch)
    assert list(scratch.iterdir()) == []


def test_the_copy_of_the_database_is_private(
    fill: Fill, root: Path, scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []
    read = sqlite3.connect

    def looking(*args, **kwargs):
        seen.extend(path.stat().st_mode & 0o777 for path in scratch.iterdir())
        return read(*args, **kwargs)

    ini(root, fill().name)
    monkeypatch.setattr("pinesync.tradingview.firefox.sqlite3.connect", looking)
    session_cookie([root], "", scratch)
    assert seen == [0o700]
    assert scratch.stat().st_mode & 0o777 == 0o700


def test_a_newer_database_with_more_columns_is_read(root: Path, scratch: Path, fill: Fill) -> None:
    profile = fill()
    with closing(sqlite3.connect(profile / "cookies.sqlite")) as database:
        database.execute("ALTER TABLE moz_cookies ADD COLUMN isPartitionedAttributeSet INTEGER")
        database.commit()
    ini(root, profile.name)
    assert session_cookie([root], "", scratch) == COOKIE
