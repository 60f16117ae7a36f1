"""`sandbox`: the local facade, to try pinesync and to test other clients."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pinesync.app.project import Setup, sandbox_store

if TYPE_CHECKING:
    from pinesync.sandbox.serve import Server


@dataclass(frozen=True, slots=True)
class Seeded:
    """The numbers of scripts and versions that `seed` saved, and of scripts that already
    existed."""

    scripts: int
    versions: int
    skipped: int
    file: Path
    exit_code: int = 0


@dataclass(frozen=True, slots=True)
class Emptied:
    scripts: int
    file: Path
    exit_code: int = 0


@dataclass(frozen=True, slots=True)
class Location:
    file: Path
    exists: bool
    exit_code: int = 0


@dataclass(frozen=True, slots=True)
class Serving:
    """A server ready to run: its address, and the cookie of its account."""

    url: str
    cookie: str
    server: Server


def seed(setup: Setup, name: str) -> Seeded:
    """Fill the sandbox's account with a dozen scripts, each with its versions."""
    from pinesync.sandbox.account import USER_NAME, fill
    from pinesync.sandbox.alerts import fill_alerts
    from pinesync.sandbox.seeds import seeds

    store = sandbox_store(setup, name)
    user = store.ensure_user(USER_NAME)
    filled = fill(store, user, seeds())
    fill_alerts(store, user)
    return Seeded(filled.scripts, filled.versions, filled.skipped, location(setup, name).file)


def reset(setup: Setup, name: str) -> Emptied:
    """Remove every script of the sandbox's account."""
    from pinesync.sandbox.account import USER_NAME

    store = sandbox_store(setup, name)
    removed = store.reset(store.ensure_user(USER_NAME))
    return Emptied(removed, location(setup, name).file)


def location(setup: Setup, name: str) -> Location:
    """The file that holds the sandbox."""
    from pinesync.sandbox.account import DEFAULT_NAME, sandbox_path

    file = sandbox_path(setup.places.sandboxes, name or DEFAULT_NAME)
    return Location(file, file.exists())


def serve(
    setup: Setup, name: str, port: int, faults: Sequence[str] = (), switches: str = ""
) -> Serving:
    """Bind a server to 127.0.0.1; `serving.server.serve_forever()` runs it. `faults` apply to the
    next requests, `switches` select response variants. Raises Misuse for an unknown one."""
    from pinesync.sandbox.account import USER_NAME
    from pinesync.sandbox.app import SandboxApp
    from pinesync.sandbox.faults import FaultPlan, Switches
    from pinesync.sandbox.serve import Server

    store = sandbox_store(setup, name)
    app = SandboxApp(store, Switches.parse(switches), FaultPlan(faults))
    server = Server(app, port=port)
    return Serving(server.url, store.ensure_user(USER_NAME).cookie, server)
