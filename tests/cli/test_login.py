"""login, logout, whoami, and where cookies are sent, with TradingView's own name."""

from __future__ import annotations

import json
import signal
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from pinesync.model import Account
from pinesync.sandbox.faults import Fault
from pinesync.sandbox.store import User
from pinesync.tradingview import cookies, signins
from tests.ring import Ring
from tests.world import LONGER, TREND, World
from tests.world.tradingview import NAME, TradingView

COOKIE = "TRADINGVIEW_COOKIE"


def session_file(world: World) -> Path:
    return world.home / "pinesync" / "config" / "session.json"


def whole_header(world: World) -> str:
    """A browser's Cookie header, with cookies that pinesync does not need."""
    return f"cookiesSettings=x; device_t=abc; {world.user.cookie}; _ga=GA1.1.1; sp=secret-other"


def shows_cookie(world: World, text: str) -> bool:
    return world.user.sessionid in text or world.user.sessionid_sign in text


def test_a_valid_cookie_is_stored_privately(world: World, tradingview: TradingView) -> None:
    ran = world("login", stdin=world.user.cookie + "\n")
    assert (ran.code, ran.out) == (0, "signed in as sandbox, 3 saved scripts\n")
    assert not shows_cookie(world, ran.output)
    file = session_file(world)
    assert str(file) in ran.err
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    stored = json.loads(file.read_text("utf-8"))
    assert stored["sessionid"] == world.user.sessionid
    assert stored["sessionid_sign"] == world.user.sessionid_sign
    assert [path.name for path in file.parent.iterdir()] == ["session.json"]
    assert set(tradingview.contacted) == {f"{NAME}:443"}


def test_commands_use_the_stored_cookie_and_copy_it_to_no_file(
    world: World, tradingview: TradingView
) -> None:
    world("login", stdin=world.user.cookie)
    assert world("clone", "scripts").out == "cloned 3 scripts of sandbox into scripts\n"
    account, source, destination = world("whoami").out.splitlines()
    assert account == "sandbox on tradingview, 3 saved scripts"
    assert source == f"cookie: in {session_file(world)}, stored just now"
    assert destination.endswith(f"sent to https://{NAME} and nowhere else")
    world.write_and_push(LONGER)
    assert world.saved() == [TREND, LONGER]
    for place in (world.files(), world.state_files()):
        assert not any(shows_cookie(world, body.decode("latin-1")) for body in place.values())


@pytest.mark.promise("S2")
@pytest.mark.parametrize("source", ["stdin", "dash", "file", "json"])
def test_a_cookie_is_read_from_every_source(
    world: World, tradingview: TradingView, source: str
) -> None:
    pasted = whole_header(world)
    file = world.place / "cookie.txt"
    file.write_text(f"Cookie: {pasted}\n")
    commands: dict[str, list[object]] = {
        "stdin": ["login"],
        "dash": ["login", "--cookie-file", "-"],
        "file": ["login", "--cookie-file", file],
        "json": ["login", "--json"],
    }
    ran = world(*commands[source], stdin="" if source == "file" else pasted, code=0)
    assert not shows_cookie(world, ran.output)
    if source == "json":
        assert ran.out.isascii()
        found = ran.json
        assert (found["command"], found["exit_code"], found["account"]) == ("login", 0, "sandbox")
    stored = session_file(world).read_text("utf-8")
    assert "secret-other" not in stored
    assert "device_t" not in stored


@pytest.mark.parametrize(
    "pasted",
    ["", "hello", "sessionid=abc", "sessionid_sign=v3:x", "sessionid=\x01; sessionid_sign=x"],
)
def test_invalid_cookies_are_refused(world: World, tradingview: TradingView, pasted: str) -> None:
    ran = world("login", stdin=pasted, code=2)
    assert not pasted or pasted not in ran.output
    assert tradingview.contacted == []
    assert not session_file(world).exists()


@pytest.mark.promise("S3")
def test_login_refuses_a_cookie_as_an_argument(world: World, tradingview: TradingView) -> None:
    world("login", world.user.cookie, code=2)
    assert not session_file(world).exists()
    assert tradingview.contacted == []


def test_a_missing_cookie_file_is_reported(world: World) -> None:
    assert "nowhere.txt" in world("login", "--cookie-file", "nowhere.txt", code=2).err


def test_an_expired_cookie_is_not_stored(world: World, tradingview: TradingView) -> None:
    expired = "sessionid=00000000dead; sessionid_sign=v3:0000dead"
    assert "dead" not in world("login", stdin=expired, code=5).output
    assert not session_file(world).exists()
    world("login", stdin=world.user.cookie)
    before = session_file(world).read_bytes()
    assert world("login", stdin=expired).code == 5
    assert session_file(world).read_bytes() == before


@pytest.mark.parametrize("kind", ["html", "html-login", "redirect"])
def test_a_web_page_instead_of_a_response_stores_nothing(
    world: World, tradingview: TradingView, kind: str
) -> None:
    world.plan.add(f"*:*:{kind}")
    world("login", stdin=world.user.cookie, code=5)
    assert not session_file(world).exists()
    assert set(tradingview.contacted) == {f"{NAME}:443"}  # no redirect is followed


def test_an_account_without_scripts_can_sign_in(world: World, tradingview: TradingView) -> None:
    world.store.reset(world.user)
    ran = world("login", stdin=world.user.cookie)
    assert (ran.code, ran.out) == (
        0,
        "signed in as an account without saved scripts, 0 saved scripts\n",
    )


def test_logout_removes_the_cookie(world: World, tradingview: TradingView) -> None:
    assert world("logout").out == "no stored sign-in\n"
    world("login", stdin=world.user.cookie)
    assert world("logout").out == f"removed {session_file(world)}\n"
    assert not session_file(world).exists()
    assert world("whoami").code == 5


@pytest.mark.skipif(sys.platform == "win32", reason="file modes are POSIX only")
def test_a_stored_cookie_readable_by_others_is_refused(
    world: World, tradingview: TradingView
) -> None:
    world("login", stdin=world.user.cookie)
    session_file(world).chmod(0o644)
    ran = world("whoami", code=1)
    assert "chmod 600" in ran.err
    assert not shows_cookie(world, ran.output)


@pytest.mark.parametrize("body", ["", "{", "[]", '{"sessionid": 5}'])
def test_a_damaged_stored_cookie_is_reported(
    world: World, tradingview: TradingView, body: str
) -> None:
    world("login", stdin=world.user.cookie)
    session_file(world).write_text(body)
    assert "`pinesync logout`" in world("whoami", code=1).err


# -- the environment ------------------------------------------------------------------------------


def test_commands_without_a_cookie_do_not_fall_back_to_the_sandbox(
    world: World, tradingview: TradingView
) -> None:
    """A seeded sandbox exists, but no command asks for it."""
    for command in (["clone", "scripts"], ["list"], ["whoami"], ["init", "--link", "x"]):
        (world.place / "x").mkdir(exist_ok=True)
        ran = world(*command, code=5)
        assert "pinesync login" in ran.err
        assert ran.requests == ()
    assert not world.folder.exists()
    assert tradingview.contacted == []


def test_the_variable_overrides_the_stored_cookie(world: World, tradingview: TradingView) -> None:
    world("login", stdin=world.user.cookie)
    world.monkeypatch.setenv(COOKIE, whole_header(world))
    assert "cookie: from the variable TRADINGVIEW_COOKIE, so" in world("whoami").out
    world.monkeypatch.setenv(COOKIE, "sessionid=dead; sessionid_sign=v3:dead")
    assert "set TRADINGVIEW_COOKIE to a fresh cookie" in world("whoami", code=5).err


@pytest.mark.promise("S1")
@pytest.mark.parametrize("world", ["facade"], indirect=True)
def test_tradingview_cookies_go_to_no_other_service(world: World) -> None:
    """Neither the variable nor the stored cookie: this world's facade would accept them."""
    world.monkeypatch.setenv(COOKIE, world.user.cookie)
    world.monkeypatch.delenv("PINESYNC_COOKIE")
    folder = world.home / "pinesync" / "config"
    signins.store(folder, cookies.parse(world.user.cookie), Account("sandbox"), 0.0)
    for command in (["clone", "scripts"], ["list"], ["whoami"]):
        ran = world(*command)
        assert (ran.code, ran.requests) == (5, ()), command
        assert "set PINESYNC_COOKIE" in ran.err
    assert world("login", stdin=world.user.cookie, code=2).requests == ()


def test_another_services_cookie_does_not_go_to_tradingview(
    world: World, tradingview: TradingView, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PINESYNC_COOKIE", world.user.cookie)
    assert world("list").code == 5
    assert tradingview.contacted == []


@pytest.mark.parametrize(
    "url",
    [
        "http://example.invalid/pine-facade",
        "ftp://127.0.0.1/pine-facade",
        "https://user:pass@example.invalid/",
        "not an address",
        "http://127.0.0.1:99999/",
    ],
)
def test_a_service_must_use_https_or_loopback(world: World, url: str) -> None:
    world.monkeypatch.setenv("PINESYNC_FACADE_URL", url)
    world.monkeypatch.setenv("PINESYNC_COOKIE", world.user.cookie)
    assert not shows_cookie(world, world("list", code=2).output)


def test_an_untrusted_certificate_is_refused(world: World, tradingview: TradingView) -> None:
    world.monkeypatch.setenv(COOKIE, world.user.cookie)
    world.monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    world.monkeypatch.setattr("pinesync.tradingview.http.PAUSES", ())
    assert "no secure connection" in world("list", code=7).err
    assert tradingview.cookies == []


def test_a_missing_certificate_bundle_is_refused_before_a_cookie_is_sent(
    world: World, tradingview: TradingView
) -> None:
    world.monkeypatch.setenv(COOKIE, world.user.cookie)
    world.monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(world.place / "authorities.pem"))
    ran = world("list", code=2)
    assert "authorities.pem" in ran.err
    assert "REQUESTS_CA_BUNDLE" in ran.err
    assert tradingview.cookies == []


def test_a_netrc_is_never_used(world: World, tradingview: TradingView) -> None:
    (world.home / ".netrc").write_text(f"machine {NAME} login me password hunter2\n")
    world.monkeypatch.setenv(COOKIE, world.user.cookie)
    assert world("list").code == 0
    assert tradingview.cookies == [world.user.cookie]


# -- another account ------------------------------------------------------------------------------


def test_another_account_is_refused_before_anything_is_read(
    world: World, tradingview: TradingView, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(COOKIE, world.user.cookie)
    assert world("clone", "scripts").code == 0
    world.write(LONGER)
    before = world.files(), world.account(), world.state()
    other = world.store.ensure_user("somebody-else")
    world.store.save_new(other, "Trend", LONGER)
    monkeypatch.setenv(COOKIE, other.cookie)
    for command in (["status"], ["pull"], ["push"], ["diff", "--remote"], ["list"]):
        ran = world(*command, code=5)
        assert "belongs to the account sandbox" in ran.err
        assert not {"get", "check", "save_next", "save_new"} & set(ran.requests), command
    state = {path: body for path, body in world.state().items() if not path.endswith("lock")}
    old = {path: body for path, body in before[2].items() if not path.endswith("lock")}
    assert (world.files(), world.account(), state) == (*before[:2], old)
    assert [version.source for version in world.store.history(world.id_of())] == [TREND]


def test_login_refuses_another_account_than_the_workspaces(
    world: World, tradingview: TradingView, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setenv(COOKIE, world.user.cookie)
        assert world("clone", "scripts").code == 0
    other = world.store.ensure_user("somebody-else")
    world.store.save_new(other, "Mine", TREND)
    world("login", stdin=other.cookie, code=5)
    assert not session_file(world).exists()
    assert world("login", stdin=world.user.cookie).code == 0


# -- several accounts -----------------------------------------------------------------------------


@pytest.fixture
def other(world: World) -> User:
    """A second account, which has one script."""
    other = world.store.ensure_user("somebody-else")
    world.store.save_new(other, "Mine", TREND)
    return other


def test_a_named_sign_in_does_not_replace_others(
    world: World, tradingview: TradingView, other: User
) -> None:
    assert world("login", stdin=world.user.cookie).code == 0
    assert world("login", "--as", "Work", stdin=other.cookie).code == 0
    assert world("whoami").out.startswith("sandbox on")
    named = world("--as", "work", "whoami")
    assert named.out.startswith("somebody-else on tradingview, 1 saved script\n")
    assert ", as work, stored just now" in named.out
    assert world("list", "--as", "work").out.split()[:2] == ["Mine", "1.0"]
    assert world("logout", "--as", "work").code == 0
    assert session_file(world).exists()
    missing = world("list", "--as", "work")
    assert (missing.code, missing.requests) == (5, ())
    assert "`pinesync login --as work`" in missing.err


def test_a_workspace_uses_the_sign_in_of_its_account(
    world: World, tradingview: TradingView, other: User
) -> None:
    world("login", "--as", "mine", stdin=world.user.cookie)
    assert world("clone", "--as", "mine", "scripts").code == 0
    world("login", stdin=other.cookie, cwd=world.place)
    assert world("whoami", cwd=world.place).out.startswith("somebody-else on")
    assert world("whoami").out.startswith("sandbox on")
    assert world("status").code == 0
    refused = world("status", "--as", "MINE"), world("push", "--as", "nobody")
    assert [ran.code for ran in refused] == [0, 5]
    world("login", "--as", "work", stdin=other.cookie, cwd=world.place)
    wrong = world("pull", "--as", "work", code=5)
    assert "belongs to the account sandbox" in wrong.err
    assert not {"get", "check"} & set(wrong.requests)


def test_a_named_sign_in_overrides_the_variable(
    world: World, tradingview: TradingView, other: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    world("login", "--as", "work", stdin=other.cookie)
    monkeypatch.setenv(COOKIE, world.user.cookie)
    assert world("whoami").out.startswith("sandbox on")
    assert world("whoami", "--as", "work").out.startswith("somebody-else on")


@pytest.mark.parametrize("name", ["../../x", "a b", "", "-"])
def test_a_sign_in_name_never_names_a_file_elsewhere(
    world: World, tradingview: TradingView, name: str
) -> None:
    assert world("login", "--as", name, stdin=world.user.cookie).code in (0, 2)
    names = [path.name for path in world.home.rglob("*.json")]
    assert names in ([], ["session.json"], ["session--.json"])


def test_named_sign_ins_are_only_for_tradingview(clone: World) -> None:
    assert clone("status", "--as", "work").code == 2
    clone.monkeypatch.setenv("PINESYNC_FACADE_URL", "http://127.0.0.1:9/pine-facade")
    ran = clone("list", "--as", "work", "--remote", "tradingview")
    assert (ran.code, ran.requests) == (2, ())
    assert "PINESYNC_FACADE_URL" in ran.err


def test_logout_all_removes_every_sign_in(
    world: World, tradingview: TradingView, other: User
) -> None:
    world("login", stdin=world.user.cookie)
    world("login", "--as", "work", stdin=other.cookie)
    assert len(world("logout", "--all", "--json").json["removed"]) == 2
    assert list(session_file(world).parent.iterdir()) == []


LOGIN_KILLED_AT_RENAME = """
import os, signal, sys
from pathlib import Path
from pinesync.cli.error_handler import run

Path.replace = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
run(["login", *sys.argv[1:]])
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
@pytest.mark.parametrize("named", [(), ("--as", "work")])
@pytest.mark.parametrize("then", ["logout", "logout --all", "login"])
def test_a_login_killed_before_the_rename_stores_nothing(
    world: World, tradingview: TradingView, named: tuple[str, ...], then: str
) -> None:
    """The cookie is left in a temporary file, which the next login or logout removes."""
    command = [sys.executable, "-c", LOGIN_KILLED_AT_RENAME, *named]
    ran = subprocess.run(
        command,
        input=world.user.cookie,
        cwd=world.place,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ran.returncode == -signal.SIGKILL, ran.stderr
    folder = session_file(world).parent
    (leftover,) = folder.iterdir()
    assert shows_cookie(world, leftover.read_text())
    if then == "login":
        assert world("login", stdin=world.user.cookie).code == 0
        assert list(folder.iterdir()) == [session_file(world)]
    else:
        assert world(*then.split()).out == f"removed {leftover}\n"
        assert list(folder.iterdir()) == []


def test_logout_removes_copied_browser_cookies(world: World) -> None:
    """A login from a browser was killed while it read them."""
    copy = session_file(world).parent / ".firefox-abc"
    copy.mkdir(parents=True)
    (copy / "cookies.sqlite").write_text(world.user.cookie)
    assert world("logout").code == 0
    assert not copy.exists()


def test_login_records_the_owner_of_an_empty_workspace(
    world: World, tradingview: TradingView
) -> None:
    """The account is unknown until it has a script."""
    assert world("init", "--remote", "tradingview", "scripts").code == 0
    manifest = world.folder / "pine.toml"
    assert "account" not in manifest.read_text()
    ran = world("login", stdin=world.user.cookie, code=0)
    assert "this workspace now belongs to sandbox" in ran.err
    assert f'account = "sandbox"\naccount_id = "{world.user.id}"' in manifest.read_text()
    assert "belongs" not in world("login", stdin=world.user.cookie).err


# -- other sources --------------------------------------------------------------------------------


def test_login_reads_firefox(world: World, tradingview: TradingView) -> None:
    profile = world.home / ".mozilla" / "firefox" / "a.default"
    profile.mkdir(parents=True)
    (profile.parent / "profiles.ini").write_text("[Profile0]\nName=default\nPath=a.default\n")
    with closing(sqlite3.connect(profile / "cookies.sqlite")) as database:
        database.execute(
            "CREATE TABLE moz_cookies (originAttributes, host, name, value, lastAccessed)"
        )
        for pair in world.user.cookie.split("; "):
            row = ("", ".tradingview.com", *pair.split("=", 1), 1)
            database.execute("INSERT INTO moz_cookies VALUES (?, ?, ?, ?, ?)", row)
        database.commit()
    for spelling in ("firefox", "Firefox:default", "firefox:a.default"):
        ran = world("login", "--from-browser", spelling)
        assert (ran.code, ran.out) == (0, "signed in as sandbox, 3 saved scripts\n")
        assert not shows_cookie(world, ran.output)
    assert world("login", "--from-browser", "firefox:other").code == 2
    assert world("login", "--from-browser", "firefox", "--cookie-file", "-").code == 2
    assert "only firefox" in world("login", "--from-browser", "chrome", code=2).err


def test_login_stores_in_the_keyring_on_request(
    world: World, tradingview: TradingView, ring: Ring
) -> None:
    assert "keyring" in world("login", "--keyring", stdin=world.user.cookie, code=0).err
    assert list(ring.held.values()) == [world.user.cookie]
    assert not shows_cookie(world, session_file(world).read_text())
    assert "cookie: in the system's keyring" in world("whoami").out
    assert world("list").code == 0
    ring.locked = True
    assert "keyring cannot be used" in world("list", code=5).err
    ring.locked = False
    assert world("logout").code == 0
    assert ring.held == {}


# -- sign-in failures -----------------------------------------------------------------------------


def test_each_sign_in_failure_has_its_own_message_and_hint(
    world: World, tradingview: TradingView, other: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No cookie, expired, another account, a bot check, refused by the service, no network."""
    none = world("list")
    world("login", stdin=world.user.cookie)
    assert world("clone", "scripts").code == 0
    messages = {"none": none}
    with monkeypatch.context() as patch:
        patch.setenv(COOKIE, "sessionid=dead; sessionid_sign=v3:dead")
        messages["expired"] = world("status")
        patch.setenv(COOKIE, other.cookie)
        messages["other account"] = world("status")
    world.plan.add("list:1:html")
    messages["bot check"] = world("status")
    refusal = b'{"code":403,"message":"the account is suspended"}'
    world.plan.add(Fault("list", "answer", status=403, body=refusal))
    messages["refused"] = world("status")
    monkeypatch.setattr("pinesync.tradingview.http.PAUSES", ())
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    messages["network"] = world("status")
    assert [ran.code for ran in messages.values()] == [5, 5, 5, 5, 5, 7], messages
    assert all("hint: " in ran.err for ran in messages.values()), messages
    first = {ran.err.partition("\n")[0] for ran in messages.values()}
    hints = {ran.err.partition("hint: ")[2] for ran in messages.values()}
    assert len(first) == len(hints) == len(messages)


# -- a person at a terminal -----------------------------------------------------------------------


@pytest.mark.skipif(sys.platform == "win32", reason="needs a POSIX pty")
def test_the_prompt_does_not_echo(world: World, tradingview: TradingView) -> None:
    from tests.cli.terminal import Terminal

    with Terminal(world, "login") as terminal:
        terminal.wait_for("Cookie header, or sessionid: ")
        terminal.type(whole_header(world) + "\n")
        assert terminal.end() == 0
        assert "signed in as sandbox" in terminal.seen
        assert not shows_cookie(world, terminal.seen)
        assert "_ga" not in terminal.seen
    assert session_file(world).exists()


@pytest.mark.skipif(sys.platform == "win32", reason="needs a POSIX pty")
@pytest.mark.parametrize("named", [True, False])
def test_the_prompt_accepts_both_cookie_values(
    world: World, tradingview: TradingView, named: bool
) -> None:
    from tests.cli.terminal import Terminal

    first, second = world.user.cookie.split("; ")
    with Terminal(world, "login") as terminal:
        terminal.wait_for("sessionid: ")
        terminal.type((first if named else world.user.sessionid) + "\n")
        terminal.wait_for("sessionid_sign: ")
        terminal.type((second if named else world.user.sessionid_sign) + "\n")
        assert terminal.end() == 0
        assert "signed in as sandbox" in terminal.seen
        assert not shows_cookie(world, terminal.seen)


@pytest.mark.skipif(sys.platform == "win32", reason="needs a POSIX pty")
def test_login_does_not_prompt_in_ci(world: World, tradingview: TradingView) -> None:
    from tests.cli.terminal import Terminal

    world.monkeypatch.setenv("CI", "true")
    with Terminal(world, "login") as terminal:
        assert terminal.end() == 2
        assert "in CI set TRADINGVIEW_COOKIE" in terminal.seen


@pytest.mark.skipif(sys.platform == "win32", reason="needs a POSIX pty")
def test_ctrl_c_at_the_prompt_stores_nothing(world: World, tradingview: TradingView) -> None:
    from tests.cli.terminal import Terminal

    with Terminal(world, "login") as terminal:
        terminal.wait_for("sessionid: ")
        assert terminal.interrupt() == 130
        assert "Traceback" not in terminal.seen
    assert not session_file(world).exists()
