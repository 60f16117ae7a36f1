"""All mutants, at most sixty, and the promises without one."""

from tests.mutants.files import FILES
from tests.mutants.reverts import REVERTS
from tests.mutants.saves import SAVES
from tests.mutants.trust import TRUST
from tests.mutants.watches import WATCHES

MOST = 60
ALL = (*FILES, *SAVES, *REVERTS, *TRUST, *WATCHES)

WITHOUT = {
    "30": "a script of somebody's relies on exit codes; no text does",
    "34": "a ping-pong makes versions, and loses none",
    "39": "git runs the helper as a process of its own, which no mutant reaches",
    "41": "an alert has no field for either; a rule that is a type cannot be taken out",
    "A7": "a tool that is not there cannot be taken out",
    "A8": "the locks and records of `push` keep it, and have mutants of their own",
    "S16": "the sandbox holds nobody's work and no account of TradingView",
}
"""Promises that no mutant is about, and why."""
