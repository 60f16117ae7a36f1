"""`pinesync fetch`."""

from __future__ import annotations

import click

from pinesync.cli.options import jobs, setup, shared
from pinesync.cli.render import columns, finish, harmless, out, say, tinted


@click.command("fetch")
@jobs
@shared
def command(jobs: int) -> int:
    """Read what is new on TradingView, and change no file.

    The texts are held for `diff` and for a merge without a network. In a git repository the
    remote-tracking branch tradingview/saved moves, as with every pull: `git diff
    tradingview/saved` and `git log ..tradingview/saved` show what differs. `git config
    pinesync.track false` switches it off.
    """
    from pinesync.commands.fetch import fetch

    found = fetch(setup(jobs=jobs))
    if finish("fetch", found):
        return found.exit_code
    rows = []
    for one in found.arrivals:
        versions = [str(v) for v in (one.before, one.version) if v]
        rows.append((one.word, harmless(one.path), " → ".join(dict.fromkeys(versions))))
    for row, text in zip(rows, columns(rows, cut={1: 12}), strict=True):
        out(tinted(row[0]) + text[len(row[0]) :])
    for one in found.arrivals:
        if one.problem:
            say(f"{harmless(one.path)}: {harmless(one.problem)}")
    if found.note:
        say(f"tradingview/saved: {found.note}")
    if not rows:
        say("nothing new on TradingView")
    return found.exit_code
