"""Read the session cookie from Firefox.

Firefox keeps cookies unencrypted in a SQLite database that it writes to while it runs. We read a
copy, so that nothing is locked or changed. The copy is made in a private folder and removed.
"""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from configparser import ConfigParser, Error
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from pinesync.atomic import make_private
from pinesync.errors import FileError, Misuse, NotSignedIn

_COPIED = ("cookies.sqlite", "cookies.sqlite-wal")
_COPIES = ".firefox-"
# Cookies for other hosts do not reach the facade. A container has a session of its own.
_QUERY = """
SELECT originAttributes, lastAccessed, name, value FROM moz_cookies
WHERE host IN ('.tradingview.com', 'tradingview.com')
  AND name IN ('sessionid', 'sessionid_sign')
ORDER BY lastAccessed
"""
_TRIES = 3

_Row = tuple[str, int, str, str]
"""Attributes (of a container), when it was used last, name, value."""


def session_cookie(roots: Sequence[Path], profile: str, scratch: Path) -> str:
    """`sessionid=…; sessionid_sign=…` from the named profile. If `profile` is empty, use the
    default profile whose session was used last. `roots` are the folders with a profiles.ini; the
    copy is made below `scratch`. Raises Misuse if there is no such profile, NotSignedIn if it has
    no session."""
    clear_copies(scratch)
    chosen = _profiles(roots, profile)
    sessions = [session for folder in chosen for session in _sessions(folder, scratch)]
    if not sessions:
        raise NotSignedIn(
            f"Firefox has no TradingView session in {', '.join(p.name for p in chosen)}",
            "sign in on tradingview.com in that profile (not in a container), then run this again; "
            "--from-browser firefox:PROFILE reads another",
        )
    return max(sessions)[1]


# -- which profile ----------------------------------------------------------------------------


def _profiles(roots: Sequence[Path], wanted: str) -> list[Path]:
    known = {}
    default = []
    for root in roots:
        named, chosen = _listed(root)
        known.update({name: path for name, path in named.items() if _has_cookies(path)})
        default += [path for path in chosen if _has_cookies(path)]
    if wanted:
        direct = Path(wanted)
        if wanted in known:
            return [known[wanted]]
        if direct.is_absolute() and _has_cookies(direct):
            return [direct]
    elif default or known:
        return default or list(dict.fromkeys(known.values()))
    available = (
        f"there are {', '.join(sorted(known))}" if known else "none was found on this machine"
    )
    missing = f"no Firefox profile called {wanted!r}" if wanted else "no Firefox profile"
    raise Misuse(missing, f"{available}; `pinesync login` asks for the cookie instead")


def _listed(root: Path) -> tuple[dict[str, Path], list[Path]]:
    """The profiles in a profiles.ini by name and folder, and the default ones: those of the
    installed Firefoxes, or else the one marked as default."""
    parser = ConfigParser(strict=False, interpolation=None)
    try:
        parser.read(root / "profiles.ini", encoding="utf-8")
    except (Error, UnicodeDecodeError, OSError):
        return {}, []
    named, marked = {}, []
    for section in parser.sections():
        if not section.startswith("Profile") or not parser.has_option(section, "Path"):
            continue
        path = root / parser.get(section, "Path")
        named[path.name] = named[parser.get(section, "Name", fallback=path.name)] = path
        if parser.get(section, "Default", fallback="") == "1":
            marked.append(path)
    installs = (
        parser.get(s, "Default", fallback="") for s in parser.sections() if s[:7] == "Install"
    )
    return named, [root / path for path in installs if path] or marked


def _has_cookies(profile: Path) -> bool:
    return (profile / _COPIED[0]).is_file()


# -- its cookies ------------------------------------------------------------------------------


def _sessions(profile: Path, scratch: Path) -> Iterator[tuple[int, str]]:
    """When the session was last used, and the session, if the profile has both of its cookies."""
    cookies: dict[str, tuple[int, str]] = {}
    for attributes, used, name, value in _rows(profile, scratch):
        if not attributes and isinstance(value, str):
            cookies[name] = (int(used or 0), value)
    if len(cookies) == 2:
        used = max(used for used, _ in cookies.values())
        yield used, "; ".join(f"{name}={cookies[name][1]}" for name in sorted(cookies))


def _rows(profile: Path, scratch: Path) -> list[_Row]:
    """Read the rows from a copy. Copy again if Firefox wrote meanwhile."""
    wrong: sqlite3.Error | None = None
    try:
        make_private(scratch)
        for _ in range(_TRIES):
            with tempfile.TemporaryDirectory(prefix=_COPIES, dir=scratch) as copy:
                for part in _COPIED:
                    if (profile / part).exists():
                        shutil.copyfile(profile / part, Path(copy, part))
                try:
                    return _read(Path(copy, _COPIED[0]))
                except sqlite3.Error as error:
                    wrong = error
    except OSError as error:
        raise FileError(f"{profile}: the cookies cannot be read: {error.strerror}") from None
    raise FileError(
        f"{profile / _COPIED[0]}: cannot be read as Firefox's cookies ({wrong})",
        "close Firefox and try again, or let `pinesync login` ask for the cookie",
    )


def _read(database: Path) -> list[_Row]:
    with closing(sqlite3.connect(f"file:{quote(str(database))}?mode=rw", uri=True)) as opened:
        return opened.execute(_QUERY).fetchall()


def clear_copies(scratch: Path) -> None:
    """Remove copies that a killed process left behind."""
    for left in scratch.glob(f"{_COPIES}*"):
        shutil.rmtree(left, ignore_errors=True)
