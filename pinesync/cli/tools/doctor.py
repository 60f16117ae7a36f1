"""`pinesync doctor`."""

from __future__ import annotations

import os
import re
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from pinesync.cli.group import Verb
from pinesync.cli.options import build_setup, shared
from pinesync.cli.render import columns, echo_err, emit_json, out, styled
from pinesync.sync.words import Status
from pinesync.text.plural import pluralize
from pinesync.text.unicode import escape_controls

if TYPE_CHECKING:
    from pinesync.app.doctor.checkup import Checkup, Level

_COLORS = {"ok": Status.CLEAN, "note": Status.MODIFIED, "wrong": Status.CONFLICT}
_MACHINE = ("pinesync", "python", "system", "git")


@click.command("doctor", cls=Verb, examples=["pinesync doctor", "pinesync doctor --offline"])
@click.option("--offline", is_flag=True, help="Do not test the session; send no request.")
@shared
def command(offline: bool) -> int:
    """Diagnose problems and say how to fix them.

    Checks the session, the clock, git, this workspace, and what pinesync stores about it on this
    machine. Exits with 1 if something is wrong. Changes nothing. The output contains no cookie and
    no source, so you can paste it into a report.
    """
    from pinesync.app.doctor import doctor

    checkup = _without_home(doctor(build_setup(), offline=offline))
    if emit_json("doctor", checkup):
        return checkup.exit_code
    rows = [(f.level, f.area, escape_controls(f.message)) for f in checkup.findings]
    for finding, row in zip(checkup.findings, columns(rows), strict=True):
        out(styled(_COLORS[finding.level], finding.level) + row[len(finding.level) :])
        if finding.hint:
            out(f"  hint: {escape_controls(finding.hint)}")
    _versions(checkup)
    out(_summary(Counter(f.level for f in checkup.findings)))
    echo_err("safe to share: it contains script names and the account, but no cookie and no source")
    return checkup.exit_code


def _summary(levels: Counter[Level]) -> str:
    notes = pluralize(levels["note"], "note") if levels["note"] else ""
    parts = (f"{levels['wrong']} wrong" * (levels["wrong"] > 0), notes, f"{levels['ok']} ok")
    return ", ".join(filter(None, parts))


def _versions(checkup: Checkup) -> None:
    parts = {name: f"{name} {version or 'missing'}" for name, version in checkup.versions.items()}
    out(escape_controls(", ".join(parts[name] for name in _MACHINE)))
    out(escape_controls(", ".join(line for name, line in parts.items() if name not in _MACHINE)))


def _without_home(checkup: Checkup) -> Checkup:
    """The same report with ~ for the home directory, which often contains the user's name."""
    home = os.path.expanduser("~").rstrip("/\\")
    if not home or home == "~":
        return checkup
    # Shells expand ~ only outside quotes: '/home/me/a b' becomes ~/'a b'.
    quoted, plain = re.compile(f"'{re.escape(home)}/"), re.compile(rf"{re.escape(home)}(?![\w.-])")

    def shortened(text: str) -> str:
        return plain.sub("~", quoted.sub("~/'", text))

    findings = (
        replace(f, message=shortened(f.message), hint=shortened(f.hint)) for f in checkup.findings
    )
    return replace(checkup, findings=tuple(findings))
