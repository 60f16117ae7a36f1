"""The sign-ins that `login` stores: an unnamed one and any number of named ones.

Each is a file with mode 0600 in the user's config folder, never in a workspace. It holds the two
cookies or, with --keyring, a note that the operating system's keyring has them.
"""

from __future__ import annotations

import json
import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pinesync.atomic import make_private, opened, replace_file
from pinesync.errors import FileError, Misuse, NotSignedIn, StateError
from pinesync.model import Account
from pinesync.tradingview import cookies
from pinesync.tradingview.cookies import Secret

SERVICE = "pinesync"
"""The keyring service name; an entry's user name is the path of its sign-in file."""
_FILE = re.compile(r"session(?:-(?P<name>[a-z0-9_-]{1,40}))?\.json")
_NAME = re.compile(r"[a-z0-9_-]{1,40}")
_TEMPORARY = re.compile(r"\.session(?:-[a-z0-9_-]{1,40})?-\d+\.tmp")
_MAX_FILE = 64 * 1024
# O_NONBLOCK: opening a pipe put in the file's place must not block.
_READ = (
    os.O_RDONLY
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_BINARY", 0)
)


@dataclass(frozen=True, slots=True)
class StoredSignIn:
    """A stored sign-in. `saved_at` is in epoch seconds; `name` is empty for the unnamed one;
    `secret` is None if the keyring has it."""

    path: Path
    name: str
    account: Account
    saved_at: int
    secret: Secret | None = field(default=None, repr=False)


def path_of(folder: Path, name: str = "") -> Path:
    """The file of a sign-in. Raises Misuse for an invalid name; case is ignored."""
    folded = name.lower()
    if name and not _NAME.fullmatch(folded):
        raise Misuse(
            f"{name[:60]!r} is not a name for a sign-in",
            "use at most 40 letters, digits, - and _",
        )
    return folder / (f"session-{folded}.json" if folded else "session.json")


def store(
    folder: Path,
    secret: Secret,
    account: Account,
    now: float,
    *,
    name: str = "",
    keyring: bool = False,
) -> StoredSignIn:
    """Store a sign-in for TradingView, with `keyring` in the keyring. The file is replaced
    atomically and read back."""
    path = path_of(folder, name)
    value: dict[str, object] = {
        "name": account.name,
        "user_id": account.user_id,
        "saved_at": int(now),
    }
    if keyring:
        _into_keyring(path, secret)
        value["keyring"] = True
    else:
        value |= {"sessionid": secret.sessionid, "sessionid_sign": secret.sign}
    was_in_keyring = _is_in_keyring(folder, name)
    _write(path, json.dumps(value))
    if was_in_keyring and not keyring:
        _remove_from_keyring(path)
    stored = load(folder, name)
    if stored is None:
        raise FileError(f"{path}: disappeared right after it was written")
    return stored


def load(folder: Path, name: str = "") -> StoredSignIn | None:
    """The sign-in stored under that name; None if there is none. Raises StateError if the file is
    damaged or other users can read it."""
    path = path_of(folder, name)
    body = _read(path)
    return None if body is None else _parsed(path, body)


def names(folder: Path) -> tuple[str, ...]:
    """The names of all stored sign-ins, including damaged ones; the empty name sorts first."""
    try:
        stored = [match["name"] or "" for f in os.listdir(folder) if (match := _FILE.fullmatch(f))]
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise StateError(f"{folder}: cannot be read: {error.strerror}") from None
    return tuple(sorted(stored))


def fingerprint(folder: Path) -> object:
    """A value that changes whenever a sign-in is stored or removed."""
    stats = []
    for name in names(folder):
        with suppress(OSError):
            seen = path_of(folder, name).stat()
            stats.append((name, seen.st_mtime_ns, seen.st_ino))
    return tuple(stats)


def list_sign_ins(folder: Path) -> tuple[StoredSignIn, ...]:
    """Every usable sign-in. Damaged ones are skipped; `load` reports them."""
    sign_ins = []
    for name in names(folder):
        with suppress(StateError):
            if sign_in := load(folder, name):
                sign_ins.append(sign_in)
    return tuple(sign_ins)


def secret_of(sign_in: StoredSignIn) -> Secret:
    """Its cookie, read from the keyring if stored there. Raises NotSignedIn if the keyring lost
    it."""
    if sign_in.secret is not None:
        return sign_in.secret
    hint = f"run `{_command(sign_in.name)} --keyring` again"
    with _keyring() as keyring:
        cookie = keyring.get_password(SERVICE, str(sign_in.path))
    if not cookie:
        raise NotSignedIn("the keyring does not have the cookie any more", hint)
    try:
        return cookies.parse(cookie)
    except Misuse:
        raise NotSignedIn("what the keyring has is not a cookie", hint) from None


def forget(folder: Path, name: str = "") -> bool:
    """Remove the sign-in. Returns whether there was one."""
    path = path_of(folder, name)
    if _is_in_keyring(folder, name):
        _remove_from_keyring(path)
    try:
        path.unlink()
    except FileNotFoundError:
        return False
    except OSError as error:
        raise FileError(f"{path}: cannot remove the sign-in: {error.strerror}") from None
    return True


def clear_leftovers(folder: Path) -> tuple[Path, ...]:
    """Remove the temporary files of a killed `login`, which may hold cookies. Returns their
    paths."""
    try:
        with opened(folder) as alone:
            alone.lock()
            return _clear(folder)
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise FileError(f"{folder}: cannot remove a leftover: {error.strerror}") from None


# -- files ------------------------------------------------------------------------------------


def _write(path: Path, body: str) -> None:
    folder = path.parent
    try:
        make_private(folder)
        with opened(folder) as alone:
            alone.lock()
            _clear(folder)
            replace_file(path, body.encode("utf-8"), folder / f".{path.stem}-{os.getpid()}.tmp")
    except OSError as error:
        raise FileError(f"{path}: cannot store the sign-in: {error.strerror}") from None


def _clear(folder: Path) -> tuple[Path, ...]:
    """Remove temporary files. The folder lock ensures that no other process is about to rename
    one. Windows has no such lock, but refuses to remove an open file."""
    temporary = [folder / name for name in os.listdir(folder) if _TEMPORARY.fullmatch(name)]
    left = [path for path in temporary if path.is_symlink() or not path.is_dir()]
    for path in left:
        path.unlink(missing_ok=True)
    return tuple(left)


def _read(path: Path) -> bytes | None:
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
        return os.read(descriptor, _MAX_FILE)
    finally:
        os.close(descriptor)


def _parsed(path: Path, body: bytes) -> StoredSignIn:
    name = path.stem.removeprefix("session").removeprefix("-")
    try:
        value = json.loads(body)
        secret = None
        if value.get("keyring") is not True:
            secret = cookies.checked(value["sessionid"], value["sessionid_sign"])
        account = Account(str(value["name"]), str(value["user_id"]))
        return StoredSignIn(path, name, account, int(value["saved_at"]), secret)
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError, Misuse):
        command = _command(name)
        raise StateError(
            f"{path}: not a stored sign-in",
            f"run `{command.replace('login', 'logout')}`, then `{command}`",
        ) from None


def _command(name: str) -> str:
    return f"pinesync login --as {name}" if name else "pinesync login"


# -- the keyring ------------------------------------------------------------------------------


@contextmanager
def _keyring() -> Iterator[Any]:
    """The keyring package, with its errors translated. An error's text may quote the secret, so
    only its type is reported."""
    try:
        import keyring
    except ImportError:
        raise Misuse(
            "the keyring needs a package that is not installed",
            "run `pipx inject pinesync keyring`, or leave out --keyring: a file that you alone "
            "can read is used then",
        ) from None
    try:
        yield keyring
    except Exception as error:  # noqa: BLE001 - a backend raises what its system's library raises
        raise NotSignedIn(
            f"the keyring cannot be used here ({type(error).__name__})",
            "unlock it, or run `pinesync login` without --keyring",
        ) from None


def _into_keyring(path: Path, secret: Secret) -> None:
    with _keyring() as keyring:
        keyring.set_password(SERVICE, str(path), secret.reveal())
        stored = keyring.get_password(SERVICE, str(path))
    if stored != secret.reveal():
        raise NotSignedIn(
            "the keyring did not keep the cookie", "run `pinesync login` without --keyring"
        )


def _remove_from_keyring(path: Path) -> None:
    with _keyring() as keyring:
        if keyring.get_password(SERVICE, str(path)):
            keyring.delete_password(SERVICE, str(path))


def _is_in_keyring(folder: Path, name: str) -> bool:
    """Whether the stored sign-in is in the keyring; False for a damaged one."""
    try:
        sign_in = load(folder, name)
    except StateError:
        return False
    return sign_in is not None and sign_in.secret is None
