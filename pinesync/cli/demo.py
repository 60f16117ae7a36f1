"""`pinesync demo`."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path

import click

from pinesync.cli.options import current, setup, shared
from pinesync.cli.render import harmless, one_object, out, plain

_SET = "set" if os.name == "nt" else "export"


def _typed(path: Path) -> str:
    return harmless(str(path) if os.name == "nt" else shlex.quote(str(path)))


@click.command("demo")
@shared
def command() -> int:
    """The whole path on a fresh sandbox: clone, edit, check, push, merge.

    Runs the real commands in a temporary folder, which is kept; at its end it prints what to set
    to go on there.
    """
    from pinesync.commands.demo import Kept, Ran, Say, demo

    events = []
    for event in demo(setup(), os.environ):
        events.append(event)
        if current().json:
            continue
        if isinstance(event, Say):
            out(f"\n# {event.text}")
        elif isinstance(event, Ran):
            out(f"\n$ {event.command}")
            out(harmless(event.output.rstrip("\n"), one_line=False))
        elif isinstance(event, Kept):
            out(f"\nThe workspace is kept. To go on in it:\n\n    cd {_typed(event.folder)}")
            out(f"    {_SET} PINESYNC_HOME={_typed(event.home)}")
        sys.stdout.flush()
    if current().json:
        out(one_object("demo", 0, {"events": plain(events)}))
    return 0
