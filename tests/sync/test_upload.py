"""Histories of saving: whatever happens to the response, one save is one version, the base is
never ahead, and the same command finishes the work."""

from dataclasses import replace
from threading import Event

import pytest

from pinesync.errors import (
    EXIT_COMPILE,
    EXIT_DONE,
    EXIT_LATER,
    EXIT_LEFT,
    BadResponse,
    BotCheck,
    NameTaken,
    NetworkError,
    NotAccessible,
    PinesyncError,
    RateLimited,
    Refused,
    ServiceDown,
    SessionExpired,
)
from pinesync.model import PineId, RelPath, SaveAnswer, Version
from pinesync.sync.intents import Upload
from tests.fakes import Turn
from tests.fakes.bench import BASE, MINE, THEIRS, Bench, Edited, only

SETTLE = 180.0

LOST: dict[str, PinesyncError] = {
    "reset": NetworkError("the connection was closed before an answer came"),
    "timeout": NetworkError("TradingView did not respond in time"),
    "truncated": NetworkError("the response broke off"),
    "500": ServiceDown("TradingView answered 500"),
    "429": RateLimited("TradingView limits the number of requests"),
    "empty": BadResponse("the answer is empty"),
    "html": BotCheck("TradingView returned a web page"),
    "error key": Refused(200, "something"),
}
REFUSED: dict[str, PinesyncError] = {
    "400": Refused(400, "source is empty"),
    "401": NotAccessible(401, "User is not an owner of pine"),
    "403": NotAccessible(403, "no"),
    "404": NotAccessible(404, "Script not found"),
    "409": NameTaken("TradingView refused: Script already exists"),
    "413": Refused(413, "script is too large"),
    "420": Refused(420, "wrong script name"),
}


def saved_once(bench: Bench, pine_id: PineId, path: str) -> None:
    """The text exists exactly once, is the base, and nothing is left to do."""
    texts = bench.fake.scripts[pine_id].texts
    assert texts.count(MINE) == 1
    assert bench.base(path) == texts.index(MINE) + 1
    assert bench.open_records() == []
    assert bench.statuses() == {path: "clean"}
    bench.check_settled()


# -- as it should be ------------------------------------------------------------------------------


def test_one_save_makes_one_version_and_the_new_base(bench: Bench, edited: Edited) -> None:
    pine_id, path = edited
    outcome = only(bench.push())
    assert (outcome.done, outcome.version, outcome.before) == ("saved", Version(4), Version(3))
    assert outcome.exit_code == EXIT_DONE
    assert bench.fake.posted == [MINE]
    assert [r.state for r in bench.records()] == ["landed"]
    saved_once(bench, pine_id, path)


def test_the_intent_is_on_disk_before_the_request(bench: Bench, edited: Edited) -> None:
    seen = []
    bench.fake.next_save(Turn(before=lambda: seen.extend(bench.open_records())))
    bench.push()
    (intent,) = seen
    assert isinstance(intent, Upload)
    assert (intent.state, intent.parent) == ("sent", Version(3))


def test_an_unchanged_folder_costs_one_request(bench: Bench) -> None:
    bench.script("One", BASE)
    bench.fake.calls.clear()
    assert bench.push().outcomes == ()
    assert bench.fake.calls == ["list_scripts"]


def test_a_new_script_is_created(bench: Bench) -> None:
    bench.write("new.pine", MINE)
    bench.add("new.pine", "New one")
    outcome = only(bench.push())
    assert (outcome.done, outcome.version, outcome.exit_code) == ("created", Version(1), EXIT_DONE)
    (script,) = bench.fake.scripts.values()
    assert (script.name, script.texts) == ("New one", [MINE])
    assert bench.entries["new.pine"].pine_id == script.pine_id
    bench.check_settled()


# -- the answer is lost ---------------------------------------------------------------------------


@pytest.mark.promise(9)
@pytest.mark.parametrize("error", (LOST | REFUSED).values(), ids=LOST | REFUSED)
def test_a_stored_save_without_a_response_is_recovered(
    bench: Bench, edited: Edited, error: PinesyncError
) -> None:
    """Or a refusal, although the text was stored."""
    pine_id, path = edited
    outcome = bench.push_one(Turn(error=error))
    assert (outcome.done, outcome.version, outcome.exit_code) == ("saved", Version(4), EXIT_DONE)
    assert bench.fake.posted == [MINE]
    saved_once(bench, pine_id, path)


@pytest.mark.promise(10)
@pytest.mark.parametrize("error", LOST.values(), ids=LOST)
def test_an_unstored_save_without_a_response_is_sent_again(
    bench: Bench, edited: Edited, error: PinesyncError
) -> None:
    pine_id, path = edited
    outcome = bench.push_one(Turn(stores=False, error=error))
    assert (outcome.done, outcome.exit_code) == ("pending", EXIT_LATER)
    assert bench.base(path) == 3
    assert [r.state for r in bench.records()] == ["sent"]

    again = bench.push()
    assert [o.done for o in again.outcomes] == ["pending"]
    assert again.exit_code == EXIT_LATER
    assert bench.fake.posted == [MINE], "never again while it may still land"

    bench.clock.wait(SETTLE)
    bench.push()
    assert bench.fake.posted == [MINE, MINE]
    bench.push()  # notes up to where the given-up save was looked for
    saved_once(bench, pine_id, path)


def test_a_late_save_is_recovered(bench: Bench, edited: Edited) -> None:
    pine_id, path = edited
    bench.push_one(Turn(stores=False, error=LOST["timeout"]))
    bench.fake.web_save(pine_id, MINE)
    outcome = only(bench.push())
    assert (outcome.done, outcome.version) == ("recovered", Version(4))
    assert bench.fake.posted == [MINE]
    saved_once(bench, pine_id, path)


@pytest.mark.parametrize("error", REFUSED.values(), ids=REFUSED)
def test_a_refused_save_is_looked_up_once_and_closed(
    bench: Bench, edited: Edited, error: PinesyncError
) -> None:
    _, path = edited
    outcome = bench.push_one(Turn(stores=False, error=error))
    assert outcome.done == "failed"
    assert outcome.exit_code == error.exit_code
    assert bench.open_records() == []
    assert bench.base(path) == 3
    assert bench.statuses() == {path: "modified"}
    bench.check_sound()


def test_a_save_that_was_not_sent_leaves_no_intent(bench: Bench, edited: Edited) -> None:
    pine_id, path = edited
    outcome = bench.push_one(Turn(stores=False, error=NetworkError("refused", sent=False)))
    assert (outcome.done, outcome.exit_code) == ("failed", EXIT_LATER)
    assert bench.open_records() == []
    bench.push()
    saved_once(bench, pine_id, path)


def test_the_next_run_finds_a_save_that_could_not_be_looked_up(
    bench: Bench, edited: Edited
) -> None:
    pine_id, path = edited
    down = LOST["500"]
    unread = Turn(error=down, after=lambda: bench.fake.fail_next("get", *[down] * 20))
    outcome = bench.push_one(unread)
    assert (outcome.done, outcome.exit_code) == ("pending", EXIT_LATER)
    bench.fake._errors.clear()
    assert only(bench.push()).done == "recovered"
    assert bench.fake.posted == [MINE]
    saved_once(bench, pine_id, path)


def test_a_moved_script_with_a_pending_save_is_left_alone(bench: Bench, edited: Edited) -> None:
    _, path = edited
    bench.fake.next_save(Turn(stores=False, error=LOST["timeout"]))
    bench.push()
    entry, moved = bench.entries[path], RelPath("moved/One.pine")
    bench.write(moved, bench.read(path))
    bench.place.remove(path)
    bench.place.manifest.commit({entry.path: None, moved: replace(entry, path=moved)})
    run = bench.push()
    assert bench.fake.posted == [MINE], "no second save while one of the script is open"
    assert run.exit_code == EXIT_LATER


@pytest.mark.promise(10)
def test_other_scripts_are_pushed_despite_a_pending_save(bench: Bench) -> None:
    one, first = bench.script("One", BASE)
    two, second = bench.script("Two", BASE)
    for path in (first, second):
        bench.write(path, MINE)
    bench.fake.next_save(Turn(stores=False, error=LOST["timeout"]))
    run = bench.push()
    assert [o.done for o in run.outcomes] == ["pending", "saved"]
    assert run.exit_code == EXIT_LATER
    assert bench.fake.newest(one) == BASE
    assert bench.fake.newest(two) == MINE


# -- creating -------------------------------------------------------------------------------------


@pytest.fixture
def listed(bench: Bench) -> str:
    bench.fake.add("Other", BASE)
    bench.pull()
    bench.write("new.pine", MINE)
    bench.add("new.pine", "New one")
    return "new.pine"


@pytest.mark.promise(15)
@pytest.mark.parametrize("error", LOST.values(), ids=LOST)
def test_a_created_script_without_a_response_is_recovered(
    bench: Bench, listed: str, error: PinesyncError
) -> None:
    outcome = bench.push_one(Turn(error=error))
    assert (outcome.done, outcome.version) == ("created", Version(1))
    assert len(bench.fake.scripts) == 2
    assert bench.statuses()[listed] == "clean"
    bench.check_settled()


@pytest.mark.promise(15)
@pytest.mark.parametrize("error", LOST.values(), ids=LOST)
def test_an_uncreated_script_without_a_response_is_created_later(
    bench: Bench, listed: str, error: PinesyncError
) -> None:
    assert bench.push_one(Turn(stores=False, error=error)).done == "pending"
    bench.push()
    assert bench.fake.sent("save_new") == 1
    bench.clock.wait(SETTLE)
    bench.push()
    bench.push()
    assert len(bench.fake.scripts) == 2
    assert bench.statuses()[listed] == "clean"
    bench.check_settled()


def test_a_taken_name_is_reported_and_left(bench: Bench, listed: str) -> None:
    outcome = bench.push_one(Turn(before=lambda: bench.fake.add("New one", THEIRS)))
    assert (outcome.done, outcome.exit_code) == ("failed", EXIT_LEFT)
    assert bench.entries[listed].pine_id is None
    assert bench.open_records() == []
    assert bench.statuses()[listed] == "name-taken"


@pytest.mark.promise(11)
def test_a_response_for_another_script_changes_neither(bench: Bench, listed: str) -> None:
    other = next(iter(bench.fake.scripts))
    bench.fake.web_save(other, BASE + "// 2\n")
    bench.pull()
    before = {p: e for p, e in bench.entries.items() if e.pine_id == other}
    bench.fake.web_save(other, BASE + "// 3\n")
    bench.fake.next_save(Turn(answer=SaveAnswer(True, other, Version(3))))
    bench.push("new.pine")
    assert {p: e for p, e in bench.entries.items() if e.pine_id == other} == before
    entry = bench.entries[listed]
    assert entry.pine_id in (None, *[i for i in bench.fake.scripts if i != other])
    bench.push()
    assert len(bench.fake.scripts) == 2
    bench.check_sound()


# -- success: false -------------------------------------------------------------------------------

BROKEN = BASE + "plot(clsoe)\n"


@pytest.mark.promise(17)
@pytest.mark.parametrize("has_result", [False, True], ids=["without result", "with result"])
def test_a_text_that_does_not_compile_is_not_sent(bench: Bench, has_result: bool) -> None:
    bench.fake.failed_save_has_result = has_result
    pine_id, path = bench.script("One", BASE)
    bench.write(path, BROKEN)
    outcome = only(bench.push())
    assert (outcome.done, outcome.exit_code) == ("refused", EXIT_COMPILE)
    assert outcome.diagnostics[0].line == 4
    assert bench.fake.posted == []
    assert bench.fake.scripts[pine_id].newest == Version(1)


@pytest.mark.promise(17)
@pytest.mark.parametrize("rewrites", [False, True], ids=["kept", "rewritten"])
@pytest.mark.parametrize("has_result", [False, True], ids=["without result", "with result"])
def test_a_stored_broken_text_is_never_reported_as_not_stored(
    bench: Bench, has_result: bool, rewrites: bool
) -> None:
    bench.fake.failed_save_has_result = has_result
    pine_id, path = bench.script("One", BASE)
    bench.write(path, BROKEN)
    if rewrites:
        bench.fake.rewrite = lambda text: text + "// added\n"
    outcome = only(bench.push(allow_broken=True))
    assert bench.fake.scripts[pine_id].newest == Version(2)
    assert outcome.exit_code in (EXIT_COMPILE, EXIT_LATER, EXIT_LEFT)
    assert "stored nothing" not in outcome.message, "2.0 is there"
    if not rewrites:
        assert (outcome.done, outcome.version) == ("saved", Version(2))
        assert "stored as 2.0" in outcome.message
        assert bench.statuses() == {path: "clean"}
        bench.check_settled()


def test_a_broken_text_that_was_not_stored_is_refused(bench: Bench) -> None:
    pine_id, path = bench.script("One", BASE)
    bench.write(path, BROKEN)
    answer = SaveAnswer(False, reason="too many plots")
    bench.fake.next_save(Turn(stores=False, answer=answer))
    outcome = only(bench.push(allow_broken=True))
    assert (outcome.done, outcome.exit_code) == ("refused", EXIT_COMPILE)
    assert "too many plots" in outcome.message
    assert bench.base(path) == 1
    assert bench.open_records() == []
    assert bench.fake.scripts[pine_id].newest == Version(1)


@pytest.mark.parametrize("text", ["", "\n", "<<<<<<< a\nx\n=======\ny\n>>>>>>> b\n"])
def test_an_invalid_text_is_not_sent(bench: Bench, text: str) -> None:
    _, path = bench.script("One", BASE)
    bench.write(path, text)
    assert bench.push().exit_code == EXIT_LEFT
    assert bench.fake.posted == []


# -- several at once -----------------------------------------------------------------------------

LONG = 60.0


def two_edited(bench: Bench) -> tuple[PineId, PineId]:
    first, path = bench.script("One", BASE)
    second, other = bench.script("Two", BASE.replace("One", "Two"))
    bench.write(path, MINE)
    bench.write(other, MINE.replace("One", "Two"))
    return first, second


def test_the_next_script_does_not_wait_for_a_read_back(bench: Bench) -> None:
    """The first save is read back only once the second one is sent."""
    first, second = two_edited(bench)
    sent = Event()

    def slow(pine_id: PineId, version: Version | str) -> None:
        if (pine_id, version) == (first, Version(2)):
            assert sent.wait(LONG)

    bench.fake.at_each["get"] = slow
    bench.fake.next_save(Turn())
    bench.fake.next_save(Turn(after=sent.set))
    run = bench.push()
    assert [(o.path, o.done, o.version) for o in run.outcomes] == [
        ("indicators/One.pine", "saved", Version(2)),
        ("indicators/Two.pine", "saved", Version(2)),
    ]
    assert bench.open_records() == []
    bench.check_settled()
    assert len(bench.fake.scripts[second].texts) == 2


def test_a_response_is_recorded_before_the_next_script_is_read(bench: Bench) -> None:
    """After a later crash, the save is found by its number, even if its text was rewritten."""
    first, second = two_edited(bench)
    noted: list[Version | None] = []

    def look(pine_id: PineId, version: Version | str) -> None:
        if pine_id == second and version == "last":
            noted.extend(r.landed for r in bench.records() if isinstance(r, Upload))

    bench.fake.at_each["get"] = look
    assert [outcome.done for outcome in bench.push().outcomes] == ["saved", "saved"]
    assert noted == [Version(2)]
    assert first in bench.fake.scripts


def test_each_save_follows_its_last_read(bench: Bench) -> None:
    two_edited(bench)
    bench.fake.calls.clear()
    bench.push()
    ours = [call for call in bench.fake.calls if call.endswith("last") or "save_next" in call]
    assert [call.split()[0] for call in ours] == ["get", "save_next"] * 2
    assert ours[0].split()[1] == ours[1].split()[1]
    assert ours[2].split()[1] == ours[3].split()[1]


def test_a_failed_check_does_not_delay_the_next_save(bench: Bench) -> None:
    """A text that does not compile is reported in order, and delays no other script."""
    first, second = two_edited(bench)
    path = next(e.path for e in bench.entries.values() if e.pine_id == first)
    bench.write(path, MINE + "clsoe\n")
    run = bench.push()
    assert [outcome.done for outcome in run.outcomes] == ["refused", "saved"]
    assert run.exit_code == EXIT_COMPILE
    assert len(bench.fake.scripts[second].texts) == 2


def test_a_web_page_for_a_read_back_stops_the_run_and_reports_both_saves(bench: Bench) -> None:
    """The second save is already being sent: its outcome is found and reported."""
    first, second = two_edited(bench)

    def blocked(pine_id: PineId, _: object) -> None:
        if pine_id == first and len(bench.fake.posted) > 0:
            raise BotCheck("TradingView returned a web page")

    bench.fake.at_each["get"] = blocked
    run = bench.push()
    bench.fake.at_each.clear()
    assert isinstance(run.stopped, BotCheck)
    assert [(o.path, o.done) for o in run.outcomes] == [
        ("indicators/One.pine", "pending"),
        ("indicators/Two.pine", "saved"),
    ]
    assert [r.pine_id for r in bench.open_records()] == [first]
    again = bench.push()
    assert [(o.path, o.done) for o in again.outcomes] == [("indicators/One.pine", "recovered")]
    assert [len(script.texts) for script in bench.fake.scripts.values()] == [2, 2]
    bench.check_settled()
    assert second in bench.fake.scripts


def test_an_expired_session_at_the_second_read_keeps_the_first_save(bench: Bench) -> None:
    first, second = two_edited(bench)

    def ended(pine_id: PineId, version: Version | str) -> None:
        if pine_id == second and version == "last" and bench.fake.posted:
            raise SessionExpired("TradingView does not accept the cookie any more")

    bench.fake.at_each["get"] = ended
    run = bench.push()
    bench.fake.at_each.clear()
    assert isinstance(run.stopped, SessionExpired)
    assert [(o.path, o.done) for o in run.outcomes] == [("indicators/One.pine", "saved")]
    assert bench.open_records() == []
    assert [outcome.done for outcome in bench.push().outcomes] == ["saved"]
    assert len(bench.fake.scripts[first].texts) == 2
    bench.check_settled()
