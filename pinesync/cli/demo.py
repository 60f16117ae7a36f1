"""`pinesync demo`."""

from __future__ import annotations

import os
import sys

import click

from pinesync.cli.options import current, setup, shared
from pinesync.cli.render import harmless, one_object, out, plain


@click.command("demo")
@shared
def command() -> int:
    """The whole path on a fresh sandbox: clone, edit, check, push, merge.

    Runs the real commands in a temporary folder, which is kept.
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
            out(f"\nThe folder is kept: {harmless(str(event.folder))}")
        sys.stdout.flush()
    if current().json:
        out(one_object("demo", 0, {"events": plain(events)}))
    return 0
