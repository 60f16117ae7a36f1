"""`pinesync probe`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from pinesync.cli.group import Verb
from pinesync.cli.options import build_setup, may_ask, remote_options, shared
from pinesync.cli.render import columns, echo_err, emit_json, error_lines, out
from pinesync.errors import EXIT_FAILED
from pinesync.text.plural import pluralize

if TYPE_CHECKING:
    from pinesync.app.probe import Found, Probed
    from pinesync.app.project import Setup

_LEAST = {1: 16, 2: 12, 3: 20}
"""The least widths of the columns that a narrow terminal shortens."""


@click.command(
    "probe", cls=Verb, examples=["pinesync probe --sandbox --yes", "pinesync probe --clean"]
)
@remote_options
@click.option(
    "--pace",
    type=click.FloatRange(0, 60),
    metavar="SECONDS",
    help="Wait SECONDS between two requests: at least 1, the default; a sandbox does not wait.",
)
@click.option("--report", metavar="FILE", help="Also write the result to FILE, to be shared.")
@click.option("--clean", is_flag=True, help="Remove what earlier probes left; probe nothing.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@shared
def command(
    remote: str | None, pace: float | None, report: str | None, clean: bool, yes: bool
) -> int:
    """Prove on your account that TradingView answers as documented.

    Sends at most 30 requests, one a second, about one script that it creates, saves to, reads,
    renames, labels and deletes. Of your own scripts only the list is read. After an interruption,
    --clean removes what is left, and only what a probe made.

    Exits with 0 if everything is as documented, with 6 if something differs, and with 3 if its
    script may be left. The result is kept for the account: a broken promise stops `push`.
    """
    if clean and report:
        raise click.UsageError("choose one of --clean and --report.")
    setup = build_setup()
    if clean:
        return _clean(setup, remote, pace)
    if not yes:
        if not may_ask():
            raise click.UsageError("probe creates and deletes a script on the account: add --yes.")
        echo_err("a script called `pinesync probe …` is created, changed and deleted again")
        if not click.confirm("Probe the account?", err=True):
            echo_err("nothing was sent")
            return EXIT_FAILED
    return _probe(setup, remote, pace, report)


def _clean(setup: Setup, remote: str | None, pace: float | None) -> int:
    from pinesync.app.probe import clean

    done = clean(setup, remote=remote, pace=pace)
    if emit_json("probe", done):
        return done.exit_code
    for name in done.left:
        echo_err(f"still there: {name}")
    gone = done.probes - len(done.left)
    out(
        f"nothing is left of {pluralize(gone, 'probe')}"
        if done.probes
        else "no probe left anything"
    )
    return done.exit_code


def _probe(setup: Setup, remote: str | None, pace: float | None, report: str | None) -> int:
    from pinesync.app.probe import probe
    from pinesync.app.probe.report import REPORT, text_of
    from pinesync.app.write_page import check_place, write_page

    if report:
        check_place(setup, report, REPORT)
    done = probe(setup, remote=remote, pace=pace)
    if report:
        write_page(setup, report, text_of(done), REPORT)
    if emit_json("probe", done):
        return done.exit_code
    rows = [_row(fact) for fact in done.facts]
    for line in columns(rows, head=("fact", "expected", "seen", "what pinesync does"), cut=_LEAST):
        out(line)
    _print_totals(done)
    return done.exit_code


def _row(observation: Found) -> tuple[str, str, str, str]:
    seen = f"{observation.seen} ({observation.detail})" if observation.detail else observation.seen
    return observation.fact, " or ".join(observation.expected), seen, observation.does


def _print_totals(done: Probed) -> None:
    differing = [fact.fact for fact in done.facts if fact.differs]
    facts = pluralize(len(done.facts), "fact")
    summary = f"{facts} as documented"
    if differing:
        summary = f"{len(differing)} of {facts} differ: {', '.join(differing)}"
    out(f"{summary}, {pluralize(done.requests, 'request')}")
    for fact in done.facts:
        if fact.breaks:
            echo_err(f"{fact.fact} breaks promise {fact.breaks}: `pinesync push` will refuse")
    if done.stopped:
        for line in error_lines(f"stopped: {done.stopped.message}", done.stopped.hint):
            echo_err(line)
    if done.left:
        echo_err("its script may be left: run `pinesync probe --clean`")
