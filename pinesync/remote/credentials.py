"""The session cookie: what counts as one, where it is kept, and to which origin it belongs.

A `Secret` knows its origin, so that the one function that attaches it can refuse every other.
It is stored in one file, mode 0600, in the user's config folder; never in a project.
"""

from __future__ import annotations

import json
import os
import re
import stat
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from pinesync.errors import FileError, Misuse, StateError
from pinesync.model import Account
from pinesync.wire import BASE_URL

# A cookie header, JSON, or a row of the browser's table or of a cookies.txt, which have tabs.
_PAIR = re.compile(
    r"(?<![\w.%-])(sessionid_sign|sessionid)(?:[\"']?[ \t]*[=:][ \t]*[\"']?|\t)([^\s;,\"']+)"
)
_HOST = re.compile(r"[a-z0-9._-]+|[0-9a-f:.]+")
_VALUE = re.compile(r"[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]{1,512}")
_MAX_FILE = 64 * 1024
# A pipe in the file's place must not make the reader wait.
_READ = (
    os.O_RDONLY
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_BINARY", 0)
)

HOW_TO_SIGN_IN = "run `pinesync login`, or set TRADINGVIEW_COOKIE"


@dataclass(frozen=True, slots=True, repr=False)
class Secret:
    """The two cookies of a session, for one exact origin. Its repr and str show neither."""

    sessionid: str
    sign: str
    origin: str

    def __repr__(self) -> str:
        return f"Secret(for {self.origin})"

    __str__ = __repr__

    def reveal(self) -> str:
        """The Cookie header's value. Only `session` calls this."""
        return f"sessionid={self.sessionid}; sessionid_sign={self.sign}"


@dataclass(frozen=True, slots=True)
class Stored:
    """A stored sign-in: whose, and when it was made in epoch seconds."""

    secret: Secret
    account: Account
    saved_at: int


def origin_of(url: str) -> str:
    """`scheme://host:port` in lower case. Misuse unless https, or http on loopback."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise Misuse(f"not an address: {_without_user(url)!r}") from None
    host = (parts.hostname or "").lower()
    loopback = host in ("127.0.0.1", "::1", "localhost")
    # What another parser could read as another host is no address: user@, \, tabs, look-alikes.
    plain = url.isascii() and url.isprintable() and not set(url) & set("\\@?# ")
    if not plain or not _HOST.fullmatch(host) or port == 0:
        raise Misuse(f"not the address of a facade: {_without_user(url)!r}")
    if parts.scheme != "https" and not (parts.scheme == "http" and loopback):
        raise Misuse(
            f"not the address of a facade: {_without_user(url)!r}",
            "it must be https, or http on this machine (127.0.0.1)",
        )
    default = 443 if parts.scheme == "https" else 80
    return f"{parts.scheme}://{host}:{port or default}"


def _without_user(url: str) -> str:
    """The address for a message: what stands before an @ may be a password."""
    _, at, rest = url.rpartition("@")
    return f"…@{rest[:100]}" if at else rest[:100]


def parse(pasted: str, base_url: str = BASE_URL) -> Secret:
    """From a whole Cookie header, or the two cookies in any form that browsers copy. Other
    cookies are dropped. Misuse, without the value, where one of the two is missing or odd."""
    found = dict(_PAIR.findall(pasted))
    for name in ("sessionid", "sessionid_sign"):
        if name not in found:
            raise Misuse(
                f"no cookie called {name} in what was given",
                "give both, as in: sessionid=…; sessionid_sign=…",
            )
        if not _VALUE.fullmatch(found[name]):
            raise Misuse(f"the value of {name} is not one that a cookie can have")
    return Secret(found["sessionid"], found["sessionid_sign"], origin_of(base_url))


def store(folder: Path, secret: Secret, account: Account, now: float) -> Path:
    """Keep the sign-in for the real service. The file is replaced as a whole."""
    path = folder / "session.json"
    body = json.dumps(
        {
            "sessionid": secret.sessionid,
            "sessionid_sign": secret.sign,
            "name": account.name,
            "user_id": account.user_id,
            "saved_at": int(now),
        }
    )
    temporary = folder / f".session-{os.getpid()}.tmp"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        temporary.unlink(missing_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
        with os.fdopen(os.open(temporary, flags, 0o600), "w", encoding="utf-8") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        with suppress(OSError):
            temporary.unlink()
        raise FileError(f"{path}: cannot store the sign-in: {error.strerror}") from None
    return path


def load(folder: Path) -> Stored | None:
    """The stored sign-in, None where there is none. Refused where others can read it."""
    path = folder / "session.json"
    try:
        descriptor = os.open(path, _READ)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StateError(f"{path}: cannot read the sign-in: {error.strerror}") from None
    try:
        mode = os.fstat(descriptor).st_mode
        if not stat.S_ISREG(mode):
            raise StateError(f"{path}: not a stored sign-in", "move it away")
        if os.name == "posix" and mode & 0o077:
            raise StateError(
                f"{path}: other users of this machine can read it",
                f"run `chmod 600 {path}`, and sign out in the browser if they may have",
            )
        body = os.read(descriptor, _MAX_FILE)
    finally:
        os.close(descriptor)
    try:
        held = json.loads(body)
        secret = Secret(held["sessionid"], held["sessionid_sign"], origin_of(BASE_URL))
        if not (_VALUE.fullmatch(secret.sessionid) and _VALUE.fullmatch(secret.sign)):
            raise ValueError
        account = Account(str(held["name"]), str(held["user_id"]))
        return Stored(secret, account, int(held["saved_at"]))
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
        raise StateError(
            f"{path}: not a stored sign-in", "run `pinesync logout`, then `pinesync login`"
        ) from None


def forget(folder: Path) -> bool:
    """Remove the stored sign-in; whether there was one."""
    try:
        (folder / "session.json").unlink()
    except FileNotFoundError:
        return False
    except OSError as error:
        raise FileError(f"{folder}: cannot remove the sign-in: {error.strerror}") from None
    return True
