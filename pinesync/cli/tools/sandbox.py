"""`pinesync sandbox serve|seed|reset|path`."""

from __future__ import annotations

import logging
import sys

import click

from pinesync.cli.group import Suggesting
from pinesync.cli.options import build_setup, current, may_ask, shared
from pinesync.cli.render import echo_err, emit_json, out
from pinesync.errors import EXIT_FAILED
from pinesync.text.plural import pluralize
from pinesync.text.unicode import escape_controls


class _Shown(logging.Handler):
    """Logs server messages, escaped like all output: they may quote a request."""

    def emit(self, record: logging.LogRecord) -> None:
        echo_err(escape_controls(self.format(record), one_line=False))


@click.group(
    "sandbox", cls=Suggesting, examples=["pinesync sandbox seed", "pinesync clone --sandbox"]
)
@shared
def command() -> None:
    """Manage the local stand-in for TradingView: scripts in one file, no account, no network."""


_named = click.option("--name", default="", help="Name of the sandbox, if not the default one.")


@command.command(
    "serve",
    examples=["pinesync sandbox serve", "pinesync sandbox serve --fault save_next:1:reset:after"],
)
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Port; 0 picks a free one.")
@click.option(
    "--fault", "faults", multiple=True, metavar="SPEC", help="Fault to inject; repeatable."
)
@click.option("--switches", default="", metavar="A=B,…", help="Response variants.")
@_named
@shared
def serve(port: int, faults: tuple[str, ...], switches: str, name: str) -> int:
    """Serve the sandbox on this machine for other clients, until Ctrl-C.

    Prints two lines, ready to export, that point pinesync and others at it.

    A fault is ENDPOINT:CALLS:KIND[:before|after], as in save_next:1:reset:after (the first save is
    stored and its answer lost) or list:2+:html (a web page from the second list on). Switches
    select how the sandbox answers where the service's behaviour is not known, as in
    eol=crlf,unknown_id=404.
    """
    from pinesync.app.sandbox import serve as serving

    ready = serving(build_setup(), name, port, faults, switches)
    logged, shown = logging.getLogger("pinesync.sandbox"), _Shown()
    logged.addHandler(shown)
    if current().verbose > 1:
        logged.setLevel(logging.INFO)
    try:
        out(f"PINESYNC_FACADE_URL={ready.url}")
        out(f"PINESYNC_COOKIE='{ready.cookie}'")
        sys.stdout.flush()
        echo_err("serving until Ctrl-C")
        ready.server.serve_forever()
    except KeyboardInterrupt:
        echo_err("stopped")
    finally:
        ready.server.close()
        logged.removeHandler(shown)
    return 0


@command.command("seed", examples=["pinesync sandbox seed"])
@_named
@shared
def seed(name: str) -> int:
    """Fill the sandbox with a dozen scripts, each with its versions."""
    from pinesync.app.sandbox import seed as seeding

    done = seeding(build_setup(), name)
    if not emit_json("sandbox seed", done):
        scripts = pluralize(done.scripts, "script")
        out(f"{scripts} saved in {pluralize(done.versions, 'version')}")
        if done.skipped:
            echo_err(f"{done.skipped} already exist and stay as they are")
    return done.exit_code


@command.command("reset", examples=["pinesync sandbox reset --yes"])
@click.option("--yes", is_flag=True, help="Do not ask.")
@_named
@shared
def reset(name: str, yes: bool) -> int:
    """Remove every script of the sandbox, with all versions."""
    from pinesync.app.sandbox import location
    from pinesync.app.sandbox import reset as resetting

    setup = build_setup()
    if not yes:
        if not may_ask():
            raise click.UsageError("reset removes every script of the sandbox: add --yes.")
        file = escape_controls(str(location(setup, name).file))
        if not click.confirm(f"Remove every script in {file}?", err=True):
            echo_err("nothing was removed")
            return EXIT_FAILED
    done = resetting(setup, name)
    if not emit_json("sandbox reset", done):
        out(f"{pluralize(done.scripts, 'script')} removed")
    return done.exit_code


@command.command("path", examples=["pinesync sandbox path"])
@_named
@shared
def path(name: str) -> int:
    """Print the file that holds the sandbox."""
    from pinesync.app.sandbox import location

    file = location(build_setup(), name)
    if not emit_json("sandbox path", file):
        out(escape_controls(str(file.file)))
    return file.exit_code
