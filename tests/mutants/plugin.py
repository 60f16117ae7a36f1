"""For pytest in the child (`-p tests.mutants.plugin`): the mutant is in before a test is loaded.

A process that a test itself starts runs the code as it is, so the tests that are named run in one.
"""

import os

from tests.mutants.all import ALL
from tests.mutants.mutant import CHOSEN, install


def pytest_configure() -> None:
    install(next(mutant for mutant in ALL if mutant.rule == os.environ[CHOSEN]))
