"""`pinesync lsp`."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

import click

from pinesync.cli.group import Verb
from pinesync.cli.options import build_setup, remote_options, shared
from pinesync.cli.render import echo_err
from pinesync.cli.tools.extras import needing


@click.command("lsp", cls=Verb, examples=["pinesync lsp"])
@click.option("--offline", is_flag=True, help="On save, check the syntax only; send no request.")
@remote_options
@shared
def command(offline: bool, remote: str | None) -> int:
    """Speak the Language Server Protocol with an editor, on standard input and output.

    It reports findings as you type and the compiler's as you save, shows the version and the word
    of status above the first line, and offers push, pull and diff as commands. Without --remote, a
    file is compiled where its workspace belongs, without a cookie. docs/guides/editors.md has the
    settings.
    """
    with needing("the language server", "pygls>=2", "lsp", "pygls", "lsprotocol"):
        from pinesync.lsp.checking import Compiler
        from pinesync.lsp.server import serve

    compiler = Compiler(build_setup(), remote, offline)
    if sys.stdin.isatty():
        echo_err("an editor starts this and talks to it; Ctrl-C ends it")
    with _alone() as (read, write):
        return serve(compiler, read, write)


@contextmanager
def _alone() -> Iterator[tuple[int, BinaryIO]]:
    """Reserve standard input and output for the protocol. Other output goes to standard error, and
    no child process reads the editor's messages."""
    streams = sys.stdin.fileno(), sys.stdout.fileno()
    read, write = map(os.dup, streams)
    null = os.open(os.devnull, os.O_RDONLY)
    try:
        os.dup2(null, streams[0])
        os.dup2(sys.stderr.fileno(), streams[1])
        with os.fdopen(write, "wb", closefd=False) as stream:
            yield read, stream
    finally:
        for copy, original in zip((read, write), streams, strict=True):
            os.dup2(copy, original)
            os.close(copy)
        os.close(null)
