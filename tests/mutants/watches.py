"""Mutants of what makes `watch` send only what a person saved, and all of it."""

from typing import Any

from tests.mutants.mutant import Mutant, giving


def whoever_wrote_it(original: Any) -> Any:
    return lambda state, agreed, handled, *_git, **_gits: original(state, agreed, handled)


WATCHES = (
    Mutant(
        "a save whose event the system dropped is found by looking",
        "31",
        "pinesync.watch.debouncer:LOOK_SECONDS",
        lambda _: 1e9,
        ("tests/watch/test_file_events.py::test_file_times_are_polled_every_second",),
    ),
    Mutant(
        "a file that somebody is writing is left alone",
        "1 32",
        "pinesync.workspace.files.exchange:is_being_written",
        giving(False),
        (
            "tests/watch/test_half_written.py::test_a_file_being_written_waits",
            "tests/campaign/test_races.py::test_a_pull_during_a_save_in_place_keeps_the_edit",
        ),
    ),
    Mutant(
        "what git wrote is not sent",
        "33",
        "pinesync.sync.watching:meaning",
        whoever_wrote_it,
        ("tests/watch/test_git.py::test_a_file_discarded_after_a_pull_is_held",),
    ),
)
