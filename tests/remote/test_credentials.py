"""What counts as a cookie, where it is kept, and which addresses may be asked."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest

from pinesync.errors import FileError, Misuse, StateError
from pinesync.model import Account
from pinesync.remote.credentials import Secret, forget, load, origin_of, parse, store
from pinesync.wire import BASE_URL
from tests.remote.conftest import CANARY, COOKIE, SIGN

ORIGIN = "https://pine-facade.tradingview.com:443"
OWNER = Account("trader42", "7")
posix = pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")


# -- what was pasted ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "pasted",
    [
        COOKIE,
        f"sessionid_sign={SIGN}; sessionid={CANARY}",
        f"  sessionid={CANARY};sessionid_sign={SIGN};\n",
        f"Cookie: cookiePrivacy=yes; {COOKIE}; etg=abc; device_t=x=y",
        f"cookie: _ga=GA1.2.3; {COOKIE}",
        f'sessionid="{CANARY}"; sessionid_sign="{SIGN}"',
        f"sessionid = {CANARY} ; sessionid_sign = {SIGN}",
        f"sessionid={CANARY}\nsessionid_sign={SIGN}\n",
        f"sessionid={CANARY}\r\nsessionid_sign={SIGN}\r\n",
        f"curl 'https://x' -H 'cookie: a=b; {COOKIE}' --compressed",
        f"TRADINGVIEW_COOKIE='{COOKIE}'",
        f"Set-Cookie: sessionid={CANARY}; HttpOnly\nSet-Cookie: sessionid_sign={SIGN}; Path=/",
        f"sessionid\t{CANARY}\t.tradingview.com\t/\nsessionid_sign\t{SIGN}\t.tradingview.com\t/",
        f".x.com\tTRUE\t/\tTRUE\t0\tsessionid\t{CANARY}\n.x.com\t/\tsessionid_sign\t{SIGN}\n",
        f'{{"sessionid": "{CANARY}", "sessionid_sign": "{SIGN}"}}',
        f'sessionid:"{CANARY}"\nsessionid_sign:"{SIGN}"',
        f"old_sessionid=1; my-sessionid=2; x.sessionid=3; {COOKIE}; a-sessionid_sign=4",
        f"xsessionid=1; {COOKIE}; sessionids=5; sessionid_signed=6",
    ],
)
def test_every_form_that_browsers_copy(pasted: str) -> None:
    secret = parse(pasted)
    assert (secret.sessionid, secret.sign, secret.origin) == (CANARY, SIGN, ORIGIN)
    assert secret.reveal() == COOKIE


@pytest.mark.parametrize(
    "pasted",
    [
        "",
        CANARY,
        f"sessionid={CANARY}",
        f"sessionid_sign={SIGN}",
        f"sessionid=; sessionid_sign={CANARY}",
        f"sessionid=\nsessionid_sign={CANARY}",
        f"sessionid={CANARY}…; sessionid_sign={SIGN}",
        f"sessionid={CANARY}; sessionid_sign=é{SIGN}",
        f"sessionid={CANARY}\\; sessionid_sign={SIGN}",
        f"sessionid={CANARY}\x01; sessionid_sign={SIGN}",
        f"sessionid={CANARY * 40}; sessionid_sign={SIGN}",
        f"SESSIONID={CANARY}; SESSIONID_SIGN={SIGN}",
        f"my-sessionid={CANARY}; my-sessionid_sign={SIGN}",
    ],
)
def test_what_is_no_session_is_refused_without_showing_it(pasted: str) -> None:
    with pytest.raises(Misuse) as caught:
        parse(pasted)
    said = f"{caught.value!r} {caught.value.hint}"
    assert CANARY not in said
    assert SIGN not in said


# -- where it belongs -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        (BASE_URL, ORIGIN),
        ("https://pine-facade.tradingview.com", ORIGIN),
        ("https://pine-facade.tradingview.com:443/", ORIGIN),
        ("HTTPS://Pine-Facade.TradingView.COM/pine-facade", ORIGIN),
        ("https://pine-facade.tradingview.com:8443/", "https://pine-facade.tradingview.com:8443"),
        ("https://pine-facade.tradingview.com./", "https://pine-facade.tradingview.com.:443"),
        ("http://127.0.0.1:8000/pine-facade", "http://127.0.0.1:8000"),
        ("http://localhost/x", "http://localhost:80"),
        ("http://[::1]:9/x", "http://::1:9"),
        ("https://sandbox.invalid/pine-facade", "https://sandbox.invalid:443"),
    ],
)
def test_addresses_and_their_origins(url: str, origin: str) -> None:
    assert origin_of(url) == origin


@pytest.mark.parametrize(
    "url",
    [
        "",
        "pine-facade.tradingview.com",
        "//pine-facade.tradingview.com/",
        "http://pine-facade.tradingview.com/",
        "http://127.0.0.1.example.com/",
        "http://127.0.0.2/",
        "http://0.0.0.0/",
        "http://localhost.example/",
        "ftp://127.0.0.1/",
        "file:///etc/passwd",
        "https://",
        "https:///pine-facade",
        "https://:443/",
        "https://a.example:port/",
        "https://a.example:70000/",
        "https://a.example:0/",
        "https://[::1/",
        "https://user@a.example/",
        "https://user:pw@a.example/",
        "https://@a.example/",
        "https://pine-facade.tradingview.com@a.example/",
        "https://a.example\\@pine-facade.tradingview.com/",
        "https://a.example\\.tradingview.com/",
        "https://pine-facade.trading\nview.com/",
        "https://pine-facade.tradingview.com\t/",
        " https://pine-facade.tradingview.com/",
        "https://pine-facade.tradingview.com /",
        "https://ｐine-facade.tradingview.com/",
        "https://pine-facade.tradingview。com/",
        "https://a.example/?x=1",
        "https://a.example/#x",
        "https://a.example/x?",
        "javascript:alert(1)",
    ],
)
def test_what_is_no_address_of_a_facade(url: str) -> None:
    with pytest.raises(Misuse) as caught:
        origin_of(url)
    assert "pw@" not in str(caught.value)
    with pytest.raises(Misuse):
        parse(COOKIE, url)


# -- where it is kept -----------------------------------------------------------------------------


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return tmp_path / "below" / "pinesync"


def kept(config: Path) -> Path:
    return store(config, parse(COOKIE), OWNER, 1_700_000_000.9)


def test_a_sign_in_is_kept_and_forgotten(config: Path) -> None:
    assert load(config) is None
    path = kept(config)
    stored = load(config)
    assert stored
    assert (stored.secret, stored.account) == (parse(COOKIE), OWNER)
    assert stored.saved_at == 1_700_000_000
    assert CANARY not in repr(stored)
    assert set(json.loads(path.read_text())) == {
        *("sessionid", "sessionid_sign", "name", "user_id", "saved_at"),
    }
    assert [p.name for p in config.iterdir()] == [path.name]
    assert forget(config)
    assert not forget(config)
    assert load(config) is None


@posix
@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_only_its_owner_can_read_it(config: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        path = kept(config)
        path = kept(config)
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(config.stat().st_mode) == 0o700


@posix
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o620, 0o602, 0o610, 0o601, 0o777])
def test_a_file_that_others_can_open_is_refused(config: Path, mode: int) -> None:
    kept(config).chmod(mode)
    with pytest.raises(StateError, match="other users") as caught:
        load(config)
    assert "chmod 600" in (caught.value.hint or "")


@posix
def test_a_link_is_not_followed_and_not_written_through(config: Path, tmp_path: Path) -> None:
    path = kept(config)
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
    kept(config)
    assert victim.read_text() == "kept"


@posix
@pytest.mark.parametrize("plant", ["folder", "pipe"])
def test_what_is_no_file_is_refused(config: Path, plant: str) -> None:
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
    path = kept(config)
    path.write_bytes(body.encode("utf-8", "surrogatepass"))
    with pytest.raises(StateError) as caught:
        load(config)
    assert CANARY not in f"{caught.value!r} {caught.value.hint}"
    assert "pinesync login" in (caught.value.hint or "")


def test_a_truncated_file_is_refused_at_every_byte(config: Path) -> None:
    path = kept(config)
    whole = path.read_bytes()
    for size in range(len(whole)):
        path.write_bytes(whole[:size])
        with pytest.raises(StateError):
            load(config)


@posix
@pytest.mark.skipif(os.name == "posix" and os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_is_said(config: Path) -> None:
    config.mkdir(parents=True, mode=0o500)
    with pytest.raises(FileError) as caught:
        kept(config)
    assert CANARY not in str(caught.value)


def test_a_file_in_the_folders_place_is_said(config: Path) -> None:
    config.parent.mkdir(parents=True)
    config.write_text("in the way")
    with pytest.raises(FileError) as caught:
        kept(config)
    assert CANARY not in str(caught.value)
