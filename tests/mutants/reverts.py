"""Mutants of the rules that keep foreign saves in the newest version."""

from dataclasses import replace
from typing import Any

from pinesync.sync.engine import download
from pinesync.sync.policy import RemoteSide
from pinesync.sync.reverts import Comparison
from tests.mutants.mutant import Mutant, giving


def known_alone(_: Any) -> Any:
    return lambda known, *_args: known


def none_of_ours(original: Any) -> Any:
    return lambda known, before, to, _ours: original(known, before, to, ())


def newest_alone(original: Any) -> Any:
    def compare(base: Any, *rest: Any) -> Any:
        return original(replace(base, theirs=base.theirs[-1:]), *rest)

    return compare


def left_as_it_is(original: Any) -> Any:
    def without(text: str, left: str, before: str, merge: Any) -> str:
        found = original(text, left, before, merge)
        return left if found is None else found

    return without


def unknown_is_fine(original: Any) -> Any:
    def compared(*args: Any) -> Comparison:
        found: Comparison = original(*args)
        return Comparison() if found.unknown else found

    return compared


def from_the_recorded_base(original: Any) -> Any:
    def put_back(ports: Any, step: Any, *rest: Any) -> Any:
        situation = step.state
        recorded = download._text_of(ports, situation, situation.entry.base)
        compared = replace(situation.comparison, origin=recorded)
        return original(ports, replace(step, state=replace(situation, comparison=compared)), *rest)

    return put_back


def git_is_believed(original: Any) -> Any:
    def there(*args: Any) -> RemoteSide:
        found: RemoteSide = original(*args)
        return RemoteSide.RECORDED if found is RemoteSide.RECORDED_THEIRS else found

    return there


def last_replaced(_: Any) -> Any:
    def ours(project: Any, path: Any) -> Any:
        return project.workspace.texts.text_of(project.workspace.backups.of(path)[0].digest)

    return ours


CLI = "tests/cli/test_reverts.py"
GIT = "tests/campaign/test_git.py"


def only_together(original: Any) -> Any:
    return lambda *args, alone=False: not alone and original(*args)


REVERTS = (
    Mutant(
        "what a pull brings, and what was there before a link, is somebody else's",
        "37",
        "pinesync.model:_theirs",
        known_alone,
        (f"{CLI}::test_a_linked_file_reset_to_an_older_text_is_refused",),
    ),
    Mutant(
        "more saves than the newest are taken out",
        "37",
        "pinesync.sync.reverts:compare",
        newest_alone,
        (f"{CLI}::test_a_file_discarded_after_two_foreign_saves_is_refused",),
    ),
    Mutant(
        "an edit right beside their lines hides nothing",
        "37",
        "pinesync.sync.reverts:_is_in_edit",
        giving(None),
        (f"{CLI}::test_a_discarded_then_edited_file_is_refused",),
    ),
    Mutant(
        "what cannot be read is unknown, not fine",
        "38",
        "pinesync.sync.engine.uploads.revert_detection:_compare",
        unknown_is_fine,
        (f"{CLI}::test_an_unreadable_base_stops_a_push",),
    ),
    Mutant(
        "a pull merges from what the file is really based on",
        "37",
        "pinesync.sync.engine.download:_merge_from_origin",
        from_the_recorded_base,
        (f"{CLI}::test_a_file_discarded_after_two_foreign_saves_is_refused",),
    ),
    Mutant(
        "git that went back before a foreign save is not believed",
        "37",
        "pinesync.sync.planner:_remote_side",
        git_is_believed,
        (f"{CLI}::test_an_undone_and_committed_pull_is_refused",),
    ),
    Mutant(
        "a link is based on no version that the file lacks lines of",
        "37",
        "pinesync.app.sync.matching:_has_lines_of",
        giving(True),
        (f"{CLI}::test_a_linked_file_with_another_text_is_refused",),
    ),
    Mutant(
        "an interrupted pull that git discarded moves no base",
        "37",
        "pinesync.sync.engine.settle:_is_discarded",
        giving(False),
        (f"{GIT}::test_a_killed_pull_does_not_move_the_base_once_git_reset_the_file",),
    ),
    Mutant(
        "a flag that git took away is found again",
        "12 37",
        "pinesync.sync.engine.snapshot:_restore_flags",
        giving({}),
        (f"{CLI}::test_a_flag_survives_an_older_pine_toml",),
    ),
    Mutant(
        "ours is the text that this very merge replaced",
        "37",
        "pinesync.cli.sync.resolve:_our_text",
        last_replaced,
        (f"{CLI}::test_resolve_ours_works_after_undoing_resolve_theirs",),
    ),
    Mutant(
        "each save of others is looked for by itself",
        "37",
        "pinesync.sync.reverts:_SaveRemoval.remove",
        only_together,
        (f"{CLI}::test_a_text_with_only_the_later_foreign_save_is_refused",),
    ),
)
