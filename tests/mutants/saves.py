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
    def prepare_draft(ports: Any, situation: Any, _allow_broken: bool, *rest: Any) -> Any:
        return original(ports, situation, True, *rest)

    return prepare_draft


def based_on_the_file(original: Any) -> Any:
    def land(ports: Any, record: Any, found: Any) -> None:
        data = ports.tree.read(record.path)
        original(ports, record, replace(found, digest=digest(decode(data or b""))))

    return land


def absence_propagates(original: Any) -> Any:
    def look(self: Any, *rest: Any) -> Any:
        view = yield from original(self, *rest)
        for situation in view.states:
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
            yield failed(sent.step.state.path, error)

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
TRACES = "tests/campaign/test_counterexamples.py"
RULES = "tests/security/test_rules.py"

SAVES = (
    Mutant(
        "a save goes on top of the version that was there at the start",
        "8",
        "pinesync.sync.engine.uploads.upload:_rebase_on_newest",
        moved_or_not,
        (f"{INTERLEAVED}::test_a_save_between_list_and_get_refuses_the_push",),
    ),
    Mutant(
        "a save is on record before it is sent",
        "9 S13",
        "pinesync.sync.engine.uploads.upload:begin",
        off_the_record,
        ("tests/campaign/test_power_cut.py::test_the_intent_is_flushed_before_a_request_is_sent",),
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
        (f"{INTERLEAVED}::test_an_unexpected_response_is_settled_by_reading",),
    ),
    Mutant(
        "somebody's save in between is looked for",
        "12",
        "pinesync.sync.recovery:shadowed_version",
        giving(None),
        (f"{INTERLEAVED}::test_a_save_between_get_and_post_is_flagged",),
    ),
    Mutant(
        "lines that a stale tab dropped are told",
        "13",
        "pinesync.sync.engine.uploads.tab_overwrite:dropped_lines",
        giving(""),
        (f"{TRACES}::test_a_stale_tab_save_after_a_push_is_reported",),
    ),
    Mutant(
        "a save that was given up leaves a tombstone",
        "14",
        "pinesync.sync.engine.settle:abandon",
        forgotten,
        (TRACES,),
    ),
    Mutant(
        "creating never overwrites",
        "15 S13",
        "pinesync.protocol.requests:save_new",
        over_another,
        (f"{RULES}::test_every_command_writes_and_requests_only_what_is_listed",),
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
        "pinesync.sync.engine.uploads.prepare_upload:prepare_draft",
        broken_as_well,
        (
            f"{UPLOADS}::test_a_text_that_does_not_compile_is_not_sent",
            "tests/mcp/test_push.py::test_the_tool_refuses_broken_breaking_and_new_scripts",
        ),
    ),
    Mutant(
        "the base is what was sent",
        "18",
        "pinesync.sync.engine.uploads.resolve_upload:record_landed",
        based_on_the_file,
        (
            "tests/campaign/test_edit_during_upload.py::test_an_edit_during_the_upload_stays_an_edit",
        ),
    ),
    Mutant(
        "a missing file deletes nothing",
        "19",
        "pinesync.sync.engine.transaction:Transaction.survey",
        absence_propagates,
        ("tests/campaign/test_absence.py::test_a_missing_file_deletes_nothing",),
    ),
    Mutant(
        "what is deleted there is kept durably",
        "22",
        "pinesync.workspace.state.text_store:TextStore.back_up",
        held_for_a_while,
        ("tests/cli/test_rm_remote.py::test_backups_are_flushed_before_the_request",),
    ),
    Mutant(
        "a session that ends stops the batch",
        "24",
        "pinesync.sync.engine.uploads.upload:_resolve",
        never_ended,
        (f"{INTERLEAVED}::test_a_web_page_instead_of_a_response_stops_the_run",),
    ),
    Mutant(
        "no wait is shortened by a clock",
        "26",
        "pinesync.sync.intents:age",
        by_the_clock,
        ("tests/sync/test_intents.py::test_the_wall_clock_does_not_matter_within_one_boot",),
    ),
    Mutant(
        "a dry run settles nothing",
        "29",
        "pinesync.app.sync.push:take_snapshot",
        settling,
        ("tests/campaign/test_readers.py::test_a_reader_changes_nothing",),
    ),
)
