"""Which texts are cookies, and which addresses may be contacted."""

import pytest

from pinesync.errors import Misuse
from pinesync.protocol import BASE_URL
from pinesync.tradingview.cookies import origin_of, parse
from tests.tradingview.conftest import CANARY, COOKIE, SIGN

ORIGIN = "https://pine-facade.tradingview.com:443"


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
def test_a_cookie_is_parsed_in_every_format_that_browsers_copy(pasted: str) -> None:
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
def test_an_invalid_cookie_is_refused_without_showing_it(pasted: str) -> None:
    with pytest.raises(Misuse) as caught:
        parse(pasted)
    message = f"{caught.value!r} {caught.value.hint}"
    assert CANARY not in message
    assert SIGN not in message


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
def test_each_address_has_its_origin(url: str, origin: str) -> None:
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
def test_an_invalid_address_is_refused(url: str) -> None:
    with pytest.raises(Misuse) as caught:
        origin_of(url)
    assert "pw@" not in str(caught.value)
    with pytest.raises(Misuse):
        parse(COOKIE, url)
