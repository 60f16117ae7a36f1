"""Mutants of what stops a save from hiding, doubling, renaming or deleting anything."""

from dataclasses import replace
from typing import Any

from pinesync.errors import NoAccess
from pinesync.sync.engine.settle import settle
from pinesync.sync.outcome import failed
from pinesync.sync.policy import LocalSide
from pinesync.sync.recovery import Found
from pinesync.text.canonical import decode, digest
from tests.mutants.mutant import Mutant, giving


def moved_or_not(_: Any) -> Any:
    return lambda _ports, draft, _newest: draft.entry


def off_the_record(_: Any) -> Any:
    def begin(ports: Any, record: Any) -> Any:
        now = ports.tools.now()
        clocks = {"wall": now.wall, "mono": now.mono, "boot_id": now.boot_id}
        account, key = ports.tools.account, ports.tools.new_key()
        return replace(record, key=key, state="sent", account=account, **clocks)

    return begin


def taken_at_its_word(_: Any) -> Any:
    def settled_by(_ports: Any, record: Any, answer: Any) -> Found | None:
        pine_id = record.pine_id or answer.pine_id
        if not pine_id or not answer.version:
            return None
        return Found(pine_id, answer.version, record.digest)

    return settled_by


def forgotten(_: Any) -> Any:
    return lambda ports, record, *_: ports.log.drop([record])


def over_another(original: Any) -> Any:
    def save_new(name: str, source: str) -> Any:
        request = original(name, source)
        return replace(request, query=(("name", name), ("allow_overwrite", "true")))

    return save_new


def as_it_was_called(_: Any) -> Any:
    return lambda _ports, _pine_id, newest, _listed: newest.name


def broken_as_well(original: Any) -> Any:
    def draft_of(ports: Any, situation: Any, _allow_broken: bool, *rest: Any) -> Any:
        return original(ports, situation, True, *rest)

    return draft_of


def based_on_the_file(original: Any) -> Any:
    def land(ports: Any, record: Any, found: Any) -> None:
        data = ports.tree.read(record.path)
        original(ports, record, replace(found, digest=digest(decode(data or b""))))

    return land


def absence_propagates(original: Any) -> Any:
    def look(self: Any, *rest: Any) -> Any:
        view = yield from original(self, *rest)
        for situation in view.situations:
            if situation.local is LocalSide.MISSING and situation.info:
                self.ports.remote.delete(situation.info.pine_id)
        return view

    return look


def held_for_a_while(_: Any) -> Any:
    return lambda self, saved: self.remember(saved)


def never_ended(original: Any) -> Any:
    def resolved(ports: Any, sent: Any) -> Any:
        try:
            yield from original(ports, sent)
        except NoAccess as error:
            yield failed(sent.step.situation.path, error)

    return resolved


def by_the_clock(_: Any) -> Any:
    return lambda record, now: now.wall - record.wall


def settling(original: Any) -> Any:
    def look(ports: Any, *rest: Any, **options: Any) -> Any:
        settle(ports)
        return original(ports, *rest, **options)

    return look


UPLOADS = "tests/sync/test_upload.py"
INTERLEAVED = "tests/sync/test_interleaved.py"
TRACES = "tests/campaign/test_traces.py"
RULES = "tests/security/test_rules.py"

SAVES = (
    Mutant(
        "a save goes on top of the version that was there at the start",
        "8",
        "pinesync.sync.engine.uploads.upload:_moved",
        moved_or_not,
        (f"{INTERLEAVED}::test_saved_between_list_and_get_is_refused",),
    ),
    Mutant(
        "a save is on record before it is sent",
        "9 S13",
        "pinesync.sync.engine.uploads.upload:begin",
        off_the_record,
        ("tests/campaign/test_power.py::test_the_record_is_on_the_disk_before_anything_is_sent",),
    ),
    Mutant(
        "begun saves are settled first",
        "10",
        "pinesync.sync.engine.settle:settle",
        giving(()),
        (TRACES,),
    ),
    Mutant(
        "saved means read back",
        "11",
        "pinesync.sync.engine.uploads.resolve_upload:settled_by",
        taken_at_its_word,
        (f"{INTERLEAVED}::test_an_odd_answer_is_settled_by_reading",),
    ),
    Mutant(
        "somebody's save in between is looked for",
        "12",
        "pinesync.sync.recovery:shadowed_version",
        giving(None),
        (f"{INTERLEAVED}::test_saved_between_get_and_post_is_flagged",),
    ),
    Mutant(
        "lines that a stale tab dropped are told",
        "13",
        "pinesync.sync.engine.uploads.tab_overwrite:dropped_lines",
        giving(""),
        (f"{TRACES}::test_no_revert_check_stale_tab_after_a_push",),
    ),
    Mutant(
        "a save that was given up leaves a tombstone",
        "14",
        "pinesync.sync.engine.settle:give_up",
        forgotten,
        (TRACES,),
    ),
    Mutant(
        "creating never overwrites",
        "15 S13",
        "pinesync.protocol.requests:save_new",
        over_another,
        (f"{RULES}::test_no_verb_writes_without_a_record_and_none_asks_for_more_than_it_needs",),
    ),
    Mutant(
        "a push sends the listed name, or none",
        "16",
        "pinesync.sync.engine.uploads.upload:_name_to_send",
        as_it_was_called,
        (f"{INTERLEAVED}::test_a_name_that_holds_an_entity_is_not_sent",),
    ),
    Mutant(
        "what does not compile is not saved",
        "17 A6",
        "pinesync.sync.engine.uploads.prepare_upload:draft_of",
        broken_as_well,
        (
            f"{UPLOADS}::test_a_text_that_does_not_compile_is_not_sent",
            "tests/mcp/test_push.py::test_what_push_refuses_is_refused",
        ),
    ),
    Mutant(
        "the base is what was sent",
        "18",
        "pinesync.sync.engine.uploads.resolve_upload:land",
        based_on_the_file,
        ("tests/campaign/test_moment.py::test_the_base_is_what_was_sent",),
    ),
    Mutant(
        "a missing file deletes nothing",
        "19",
        "pinesync.sync.engine.transaction:Transaction.look",
        absence_propagates,
        ("tests/campaign/test_absence.py::test_a_missing_file_deletes_nothing",),
    ),
    Mutant(
        "what is deleted there is kept durably",
        "22",
        "pinesync.workspace.state.text_store:TextStore.back_up",
        held_for_a_while,
        ("tests/cli/test_rm_remote.py::test_what_is_kept_is_on_the_disk_before_the_request",),
    ),
    Mutant(
        "a session that ends stops the batch",
        "24",
        "pinesync.sync.engine.uploads.upload:_resolved",
        never_ended,
        (f"{INTERLEAVED}::test_a_web_page_instead_of_an_answer_stops_the_run",),
    ),
    Mutant(
        "no wait is shortened by a clock",
        "26",
        "pinesync.sync.intents:age",
        by_the_clock,
        ("tests/sync/test_intents.py::test_in_the_same_boot_the_wall_clock_does_not_matter",),
    ),
    Mutant(
        "a dry run settles nothing",
        "29",
        "pinesync.app.sync.push:take_snapshot",
        settling,
        ("tests/campaign/test_readers.py::test_a_reader_changes_nothing",),
    ),
)
