"""login, logout, whoami, and where a cookie goes: against TradingView's own name."""

from __future__ import annotations

import json
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pinesync.model import Account
from pinesync.remote import credentials
from tests.cli.tradingview import NAME, TradingView
from tests.cli.world import LONGER, TREND, World

COOKIE = "TRADINGVIEW_COOKIE"


@pytest.fixture
def tradingview(
    world: World, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Iterator[TradingView]:
    """The account of `world`, as TradingView."""
    with TradingView(world.app, tmp_path_factory.mktemp("ca")) as server:
        monkeypatch.setenv("HTTPS_PROXY", server.proxy)
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(server.ca_bundle))
        yield server


def session_file(world: World) -> Path:
    return world.home / "pinesync" / "config" / "session.json"


def whole_header(world: World) -> str:
    """What a browser shows: with cookies that are nobody's business here."""
    return f"cookiesSettings=x; device_t=abc; {world.user.cookie}; _ga=GA1.1.1; sp=secret-other"


def told(world: World, text: str) -> bool:
    return world.user.sessionid in text or world.user.sessionid_sign in text


def test_a_good_cookie_is_kept_for_its_owner_alone(world: World, tradingview: TradingView) -> None:
    ran = world("login", stdin=world.user.cookie + "\n")
    assert (ran.code, ran.out) == (0, "signed in as sandbox, 3 saved scripts\n")
    assert not told(world, ran.said)
    file = session_file(world)
    assert str(file) in ran.err
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    held = json.loads(file.read_text("utf-8"))
    assert held["sessionid"] == world.user.sessionid
    assert held["sessionid_sign"] == world.user.sessionid_sign
    assert [path.name for path in file.parent.iterdir()] == ["session.json"]
    assert set(tradingview.asked_for) == {f"{NAME}:443"}


def test_what_is_kept_is_used_by_every_verb(world: World, tradingview: TradingView) -> None:
    world("login", stdin=world.user.cookie)
    assert world("clone", "scripts").out == "cloned 3 scripts of sandbox into scripts\n"
    assert world("whoami").out == "sandbox on tradingview, 3 saved scripts, cookie: stored\n"
    world.write(LONGER)
    assert world("push").code == 0
    assert world.saved() == [TREND, LONGER]
    for place in (world.files(), world.kept()):
        assert not any(told(world, body.decode("latin-1")) for body in place.values())


@pytest.mark.parametrize("way", ["stdin", "dash", "file", "json"])
def test_ways_to_hand_it_over(world: World, tradingview: TradingView, way: str) -> None:
    pasted = whole_header(world)
    file = world.place / "cookie.txt"
    file.write_text(f"Cookie: {pasted}\n")
    ways: dict[str, list[object]] = {
        "stdin": ["login"],
        "dash": ["login", "--cookie-file", "-"],
        "file": ["login", "--cookie-file", file],
        "json": ["login", "--json"],
    }
    ran = world(*ways[way], stdin="" if way == "file" else pasted)
    assert ran.code == 0
    assert not told(world, ran.said)
    if way == "json":
        assert ran.out.isascii()
        found = ran.json
        assert (found["command"], found["exit_code"], found["account"]) == ("login", 0, "sandbox")
    held = session_file(world).read_text("utf-8")
    assert "secret-other" not in held
    assert "device_t" not in held


@pytest.mark.parametrize(
    "pasted",
    ["", "hello", "sessionid=abc", "sessionid_sign=v3:x", "sessionid=\x01; sessionid_sign=x"],
)
def test_what_is_no_cookie(world: World, tradingview: TradingView, pasted: str) -> None:
    ran = world("login", stdin=pasted)
    assert ran.code == 2
    assert not pasted or pasted not in ran.said
    assert tradingview.asked_for == []
    assert not session_file(world).exists()


def test_a_cookie_is_never_an_argument(world: World, tradingview: TradingView) -> None:
    ran = world("login", world.user.cookie)
    assert ran.code == 2
    assert not session_file(world).exists()
    assert tradingview.asked_for == []


def test_a_cookie_file_that_is_none(world: World) -> None:
    ran = world("login", "--cookie-file", "nowhere.txt")
    assert ran.code == 2
    assert "nowhere.txt" in ran.err


def test_a_dead_cookie_is_not_stored_and_leaves_what_was(
    world: World, tradingview: TradingView
) -> None:
    dead = "sessionid=00000000dead; sessionid_sign=v3:0000dead"
    ran = world("login", stdin=dead)
    assert ran.code == 5
    assert "dead" not in ran.said
    assert not session_file(world).exists()
    world("login", stdin=world.user.cookie)
    before = session_file(world).read_bytes()
    assert world("login", stdin=dead).code == 5
    assert session_file(world).read_bytes() == before


@pytest.mark.parametrize("kind", ["html", "html-login", "redirect"])
def test_a_page_instead_of_an_answer(world: World, tradingview: TradingView, kind: str) -> None:
    world.plan.add(f"*:*:{kind}")
    ran = world("login", stdin=world.user.cookie)
    assert ran.code == 5
    assert not session_file(world).exists()
    assert set(tradingview.asked_for) == {f"{NAME}:443"}  # no redirect is followed


def test_an_account_without_scripts(world: World, tradingview: TradingView) -> None:
    world.store.reset(world.user)
    ran = world("login", stdin=world.user.cookie)
    assert (ran.code, ran.out) == (
        0,
        "signed in as an account without saved scripts, 0 saved scripts\n",
    )


def test_logout_removes_it(world: World, tradingview: TradingView) -> None:
    assert world("logout").out == "no cookie was kept\n"
    world("login", stdin=world.user.cookie)
    assert world("logout").out == "the kept cookie is removed\n"
    assert not session_file(world).exists()
    assert world("whoami").code == 5


@pytest.mark.skipif(sys.platform == "win32", reason="modes are POSIX")
def test_a_kept_cookie_that_others_can_read_is_refused(
    world: World, tradingview: TradingView
) -> None:
    world("login", stdin=world.user.cookie)
    session_file(world).chmod(0o644)
    ran = world("whoami")
    assert ran.code == 1
    assert "chmod 600" in ran.err
    assert not told(world, ran.said)


@pytest.mark.parametrize("body", ["", "{", "[]", '{"sessionid": 5}'])
def test_a_kept_cookie_that_is_damaged(world: World, tradingview: TradingView, body: str) -> None:
    world("login", stdin=world.user.cookie)
    session_file(world).write_text(body)
    ran = world("whoami")
    assert ran.code == 1
    assert "`pinesync logout`" in ran.err


# -- the environment ------------------------------------------------------------------------------


def test_no_cookie_is_5_and_never_the_sandbox(world: World, tradingview: TradingView) -> None:
    """A sandbox is there, and full: nobody named it."""
    for command in (["clone", "scripts"], ["list"], ["whoami"], ["init", "--link", "x"]):
        (world.place / "x").mkdir(exist_ok=True)
        ran = world(*command)
        assert ran.code == 5, command
        assert "pinesync login" in ran.err
        assert ran.asked == ()
    assert not world.folder.exists()
    assert tradingview.asked_for == []


def test_the_variable_goes_before_what_is_kept(
    world: World, tradingview: TradingView, monkeypatch: pytest.MonkeyPatch
) -> None:
    world("login", stdin=world.user.cookie)
    monkeypatch.setenv(COOKIE, whole_header(world))
    assert world("whoami").out.endswith("cookie: TRADINGVIEW_COOKIE\n")
    monkeypatch.setenv(COOKIE, "sessionid=dead; sessionid_sign=v3:dead")
    assert world("whoami").code == 5


@pytest.mark.parametrize("world", ["facade"], indirect=True)
def test_tradingviews_cookies_go_to_no_other_facade(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither the variable nor what is kept: the facade of this world would take them."""
    monkeypatch.setenv(COOKIE, world.user.cookie)
    monkeypatch.delenv("PINESYNC_COOKIE")
    folder = world.home / "pinesync" / "config"
    credentials.store(folder, credentials.parse(world.user.cookie), Account("sandbox"), 0.0)
    for command in (["clone", "scripts"], ["list"], ["whoami"]):
        ran = world(*command)
        assert (ran.code, ran.asked) == (5, ()), command
        assert "set PINESYNC_COOKIE" in ran.err
    refused = world("login", stdin=world.user.cookie)
    assert (refused.code, refused.asked) == (2, ())


def test_a_facades_cookie_does_not_go_to_tradingview(
    world: World, tradingview: TradingView, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PINESYNC_COOKIE", world.user.cookie)
    assert world("list").code == 5
    assert tradingview.asked_for == []


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
def test_a_facade_is_https_or_on_this_machine(
    world: World, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("PINESYNC_FACADE_URL", url)
    monkeypatch.setenv("PINESYNC_COOKIE", world.user.cookie)
    ran = world("list")
    assert ran.code == 2
    assert not told(world, ran.said)


def test_a_certificate_that_nobody_vouches_for(
    world: World, tradingview: TradingView, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(COOKIE, world.user.cookie)
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    monkeypatch.setattr("pinesync.remote.session.PAUSES", ())
    ran = world("list")
    assert ran.code == 7
    assert "no secure connection" in ran.err
    assert tradingview.cookies == []


def test_a_netrc_is_never_looked_at(
    world: World, tradingview: TradingView, monkeypatch: pytest.MonkeyPatch
) -> None:
    (world.home / ".netrc").write_text(f"machine {NAME} login me password hunter2\n")
    monkeypatch.setenv(COOKIE, world.user.cookie)
    assert world("list").code == 0
    assert tradingview.cookies == [world.user.cookie]


# -- whose ----------------------------------------------------------------------------------------


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
        ran = world(*command)
        assert ran.code == 5, command
        assert "belongs to the account sandbox" in ran.err
        assert not {"get", "check", "save_next", "save_new"} & set(ran.asked), command
    state = {path: body for path, body in world.state().items() if not path.endswith("lock")}
    old = {path: body for path, body in before[2].items() if not path.endswith("lock")}
    assert (world.files(), world.account(), state) == (*before[:2], old)
    assert [one.source for one in world.store.history(world.id_of())] == [TREND]


def test_login_refuses_another_account_in_a_folder_that_has_one(
    world: World, tradingview: TradingView, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setenv(COOKIE, world.user.cookie)
        assert world("clone", "scripts").code == 0
    other = world.store.ensure_user("somebody-else")
    world.store.save_new(other, "Mine", TREND)
    ran = world("login", stdin=other.cookie)
    assert ran.code == 5
    assert not session_file(world).exists()
    assert world("login", stdin=world.user.cookie).code == 0


# -- a person at a terminal -----------------------------------------------------------------------


@pytest.mark.skipif(sys.platform == "win32", reason="a pty is a thing of POSIX")
def test_the_prompt_does_not_echo(world: World, tradingview: TradingView) -> None:
    from tests.cli.terminal import Terminal

    with Terminal(world, "login") as terminal:
        terminal.wait_for("Cookie: ")
        terminal.type(whole_header(world) + "\n")
        assert terminal.end() == 0
        assert "signed in as sandbox" in terminal.seen
        assert not told(world, terminal.seen)
        assert "_ga" not in terminal.seen
    assert session_file(world).exists()


@pytest.mark.skipif(sys.platform == "win32", reason="a pty is a thing of POSIX")
def test_ctrl_c_at_the_prompt(world: World, tradingview: TradingView) -> None:
    from tests.cli.terminal import Terminal

    with Terminal(world, "login") as terminal:
        terminal.wait_for("Cookie: ")
        assert terminal.interrupt() == 130
        assert "Traceback" not in terminal.seen
    assert not session_file(world).exists()
