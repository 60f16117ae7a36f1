"""Interleaved histories: others save and rename at every moment of a push, the service changes
texts, and pulls bring what others saved."""

import pytest

from pinesync.errors import (
    EXIT_ACCESS,
    EXIT_DONE,
    EXIT_LATER,
    EXIT_LEFT,
    BotCheck,
    NetworkError,
    NotAccessible,
)
from pinesync.model import PineId, SaveAnswer, Version
from tests.fakes import Turn
from tests.fakes.bench import BASE, MINE, THEIRS, Bench, Edited, only

LOST = NetworkError("the connection was closed before an answer came")


# -- saves of somebody else -----------------------------------------------------------------------


@pytest.mark.promise(8)
def test_a_save_before_the_push_refuses_it(bench: Bench, edited: Edited) -> None:
    pine_id, path = edited
    bench.fake.web_save(pine_id, THEIRS)
    run = bench.push()
    assert (run.exit_code, bench.fake.posted) == (EXIT_LEFT, [])
    assert bench.statuses() == {path: "diverged"}


@pytest.mark.promise(8)
def test_a_save_between_list_and_get_refuses_the_push(bench: Bench, edited: Edited) -> None:
    pine_id, path = edited
    bench.fake.at_next("check", lambda: bench.fake.web_save(pine_id, THEIRS))
    outcome = only(bench.push())
    assert (outcome.done, outcome.exit_code) == ("refused", EXIT_LEFT)
    assert bench.fake.posted == []
    assert (bench.base(path), bench.open_records()) == (3, [])


@pytest.mark.promise(12)
@pytest.mark.parametrize("lost", [False, True], ids=["answered", "lost"])
@pytest.mark.parametrize(
    ("between", "shadowed"),
    [
        ([THEIRS], 4),
        ([THEIRS, THEIRS + "// 5\n"], 5),
        ([BASE, THEIRS], 5),
        ([THEIRS, BASE], 5),
        ([BASE], None),
        ([BASE, BASE], None),
    ],
)
def test_a_save_between_get_and_post_is_flagged(
    bench: Bench, edited: Edited, between: list[str], shadowed: int | None, lost: bool
) -> None:
    pine_id, path = edited
    outcome = bench.push_one(
        Turn(error=LOST if lost else None, before=lambda: bench.fake.web_save(pine_id, *between))
    )
    landed = 4 + len(between)
    assert (outcome.version, bench.base(path)) == (Version(landed), landed)
    flag = bench.entries[path].shadowed
    assert flag == (Version(shadowed) if shadowed else None)
    if shadowed is None:
        assert outcome.exit_code == EXIT_DONE
        bench.check_settled()
        return
    assert (outcome.done, outcome.exit_code) == ("conflict", EXIT_LEFT)
    assert bench.statuses() == {path: "conflict"}
    bench.write(path, MINE + "// more\n")
    assert bench.push().exit_code == EXIT_LEFT
    assert bench.pull().exit_code == EXIT_LEFT
    assert bench.fake.posted == [MINE], "no push and no pull until it is resolved"
    assert bench.read(path) == MINE + "// more\n"


@pytest.mark.parametrize("after", [[THEIRS], [BASE], [THEIRS, BASE]])
def test_a_web_save_after_ours_leaves_us_behind(
    bench: Bench, edited: Edited, after: list[str]
) -> None:
    pine_id, path = edited
    outcome = bench.push_one(Turn(error=LOST, after=lambda: bench.fake.web_save(pine_id, *after)))
    assert (outcome.version, bench.entries[path].shadowed) == (Version(4), None)
    assert bench.statuses() == {path: "behind"}, "a revert in the web editor is not undone"
    bench.push()
    assert bench.fake.posted == [MINE]
    bench.pull()
    assert bench.read(path) == after[-1]
    assert bench.fake.newest(pine_id) == after[-1]


def test_a_lost_save_is_a_conflict_after_a_web_save(bench: Bench, edited: Edited) -> None:
    pine_id, path = edited
    bench.fake.next_save(Turn(stores=False, error=LOST))
    bench.push()
    bench.fake.web_save(pine_id, THEIRS)
    bench.clock.wait(180)
    run = bench.push()
    assert run.exit_code == EXIT_LEFT
    assert bench.statuses() == {path: "conflict"}, "it may be ours, rewritten: never save again"
    assert bench.entries[path].shadowed == Version(4)
    assert bench.fake.posted == [MINE]
    assert bench.read(path) == MINE


# -- the service changes the text -----------------------------------------------------------------


@pytest.mark.promise(11)
@pytest.mark.parametrize("change", ["\n// added", "// added\n"])
def test_a_rewritten_text_is_settled_by_the_response(
    bench: Bench, edited: Edited, change: str
) -> None:
    _, path = edited
    bench.fake.rewrite = lambda text: text + change
    outcome = only(bench.push())
    assert (outcome.done, outcome.version, outcome.exit_code) == ("saved", Version(4), EXIT_DONE)
    assert "different" in outcome.message
    base = bench.entries[path].base
    assert base
    assert base.sent
    assert base.sent != base.digest
    assert bench.read(path) == MINE, "the file is not touched by a push"
    assert bench.statuses() == {path: "clean"}
    bench.check_settled()
    for number in (5, 6):
        bench.write(path, MINE + f"// {number}\n")
        bench.push()
        assert bench.base(path) == number
    bench.check_settled()
    assert len(bench.fake.posted) == 3


def test_a_file_equal_to_the_rewritten_text_is_clean(bench: Bench, edited: Edited) -> None:
    pine_id, path = edited
    bench.fake.rewrite = lambda text: text + "// added\n"
    bench.push()
    bench.write(path, bench.fake.newest(pine_id))
    bench.push()
    assert len(bench.fake.posted) == 1
    assert bench.statuses() == {path: "clean"}


def test_a_rewritten_text_without_a_response_is_never_sent_again(
    bench: Bench, edited: Edited
) -> None:
    pine_id, path = edited
    bench.fake.rewrite = lambda text: text + "// added\n"
    bench.fake.next_save(Turn(error=LOST))
    assert bench.push().exit_code in (EXIT_LEFT, EXIT_LATER)
    bench.clock.wait(180)
    assert bench.push().exit_code == EXIT_LEFT
    assert bench.entries[path].shadowed == Version(4)
    assert bench.push().exit_code == EXIT_LEFT
    assert bench.fake.posted == [MINE]
    assert bench.fake.scripts[pine_id].newest == Version(4)


@pytest.mark.promise(11)
@pytest.mark.parametrize(
    "answer",
    [
        SaveAnswer(True, PineId("USER;" + "e" * 32), Version(4)),
        SaveAnswer(True, None, None),
        SaveAnswer(True, None, Version(4)),
        SaveAnswer(True, PineId(f"USER;{1:032x}"), None),
        SaveAnswer(True, PineId(f"USER;{1:032x}"), Version(3)),
        SaveAnswer(True, PineId(f"USER;{1:032x}"), Version(9)),
        SaveAnswer(True, PineId(f"USER;{1:032x}"), Version(999_999)),
    ],
    ids=["another id", "neither", "no id", "no version", "an old version", "not there", "absurd"],
)
def test_an_unexpected_response_is_settled_by_reading(
    bench: Bench, edited: Edited, answer: SaveAnswer
) -> None:
    pine_id, _ = edited
    outcome = bench.push_one(Turn(answer=answer))
    assert (outcome.done, outcome.version, outcome.pine_id) == ("saved", Version(4), pine_id)
    assert len(bench.fake.calls) < 40
    bench.check_settled()


def test_an_absurd_version_of_a_new_script_costs_few_requests(bench: Bench) -> None:
    bench.write("new.pine", MINE)
    bench.add("new.pine", "New one")
    made = PineId(f"USER;{1:032x}")
    absurd = Turn(answer=SaveAnswer(True, made, Version(999_999)))
    assert bench.push_one(absurd).version == Version(1)
    assert len(bench.fake.calls) < 40
    bench.check_settled()


# -- names ----------------------------------------------------------------------------------------


@pytest.mark.promise(16)
@pytest.mark.parametrize("name", ["A &amp; B", "x &lt; y", "&#39;", "&nbsp;"])
def test_a_name_that_holds_an_entity_is_not_sent(bench: Bench, name: str) -> None:
    pine_id, path = bench.script(name, BASE)
    bench.write(path, MINE)
    bench.push()
    assert bench.fake.names_sent == [None]
    assert bench.fake.scripts[pine_id].name == name


@pytest.mark.parametrize("name", ["A & B", "a < b > 'c' \"d\"", "Ünï 測", "100% & more;"])
def test_any_other_name_is_sent_as_listed(bench: Bench, name: str) -> None:
    pine_id, path = bench.script(name, BASE)
    bench.write(path, MINE)
    bench.push()
    assert bench.fake.names_sent in ([name], [None])
    assert bench.fake.scripts[pine_id].name == name


@pytest.mark.promise(16)
def test_a_rename_before_the_push_stays(bench: Bench, edited: Edited) -> None:
    pine_id, _ = edited
    bench.fake.web_rename(pine_id, "Renamed")
    bench.push()
    assert bench.fake.scripts[pine_id].name == "Renamed"


@pytest.mark.parametrize("method", ["check", "get"])
def test_a_rename_after_the_list_stays(bench: Bench, edited: Edited, method: str) -> None:
    pine_id, path = edited
    bench.fake.at_next(method, lambda: bench.fake.web_rename(pine_id, "Renamed"))
    bench.push()
    assert bench.fake.scripts[pine_id].name == "Renamed"
    assert bench.base(path) == 4


@pytest.mark.promise(16)
def test_a_rename_right_after_the_save_is_reported(bench: Bench, edited: Edited) -> None:
    pine_id, _ = edited
    outcome = bench.push_one(Turn(after=lambda: bench.fake.web_rename(pine_id, "Renamed")))
    assert bench.fake.scripts[pine_id].name == "Renamed"
    assert "Renamed" in outcome.message + outcome.hint


# -- the session, and pulling ---------------------------------------------------------------------


@pytest.mark.promise(24)
def test_a_session_that_expires_stops_a_push(bench: Bench) -> None:
    one, first = bench.script("One", BASE)
    two, second = bench.script("Two", BASE)
    for path in (first, second):
        bench.write(path, MINE)
    bench.fake.at_next("check", lambda: setattr(bench.fake, "signed_in", False))
    run = bench.push()
    assert run.exit_code == EXIT_ACCESS
    assert bench.fake.posted == []
    bench.fake.signed_in = True
    bench.clock.wait(180)
    assert bench.push().exit_code == EXIT_DONE
    assert [bench.fake.newest(i) for i in (one, two)] == [MINE, MINE]
    bench.check_settled()


@pytest.mark.promise(24)
def test_a_web_page_instead_of_a_response_stops_the_run(bench: Bench) -> None:
    for name in ("One", "Two"):
        _, path = bench.script(name, BASE)
        bench.write(path, MINE)
    bench.fake.next_save(Turn(error=BotCheck("TradingView returned a web page")))
    run = bench.push()
    assert len(bench.fake.posted) == 1, "the second save is not tried"
    assert run.exit_code == EXIT_ACCESS


def test_a_gone_script_is_verified_and_nothing_is_deleted(bench: Bench) -> None:
    others = [bench.script(f"Kept {n}", BASE) for n in range(3)]
    pine_id, path = bench.script("Gone", BASE)
    bench.fake.web_delete(pine_id)
    assert bench.statuses()[path] == "gone"
    assert bench.push().exit_code == EXIT_LEFT
    assert bench.pull().exit_code == EXIT_LEFT
    assert bench.read(path) == BASE
    assert len(bench.entries) == len(others) + 1
    assert bench.push(path, recreate=True).exit_code == EXIT_DONE
    assert bench.statuses()[path] == "clean"
    assert len(bench.fake.scripts) == 4


def test_a_script_missing_from_the_list_but_readable_is_not_gone(bench: Bench) -> None:
    for number in range(3):
        bench.script(f"Kept {number}", BASE)
    pine_id, path = bench.script("Hiding", BASE)
    listed = bench.fake.list_scripts
    bench.fake.list_scripts = lambda: tuple(i for i in listed() if i.pine_id != pine_id)  # type: ignore[method-assign]
    assert bench.statuses()[path] == "clean"


def test_an_expired_session_deletes_nothing(bench: Bench) -> None:
    _, path = bench.script("One", BASE)
    before = bench.disk()
    bench.fake.signed_in = False
    for run in (bench.push, bench.pull):
        assert run().exit_code == EXIT_ACCESS
    assert bench.disk() == before
    assert bench.read(path) == BASE


def test_a_pull_merges_one_script_and_reports_a_conflict(bench: Bench, edited: Edited) -> None:
    pine_id, path = edited
    bench.fake.web_save(pine_id, THEIRS)
    outcome = only(bench.pull())
    assert (outcome.done, outcome.exit_code) == ("merged", EXIT_DONE)
    assert bench.read(path) == "// theirs\n" + MINE
    assert bench.statuses() == {path: "modified"}
    bench.push()
    assert bench.fake.newest(pine_id) == "// theirs\n" + MINE

    bench.write(path, bench.read(path).replace("mine", "me"))
    bench.fake.web_save(pine_id, bench.fake.newest(pine_id).replace("mine", "they"))
    run = bench.pull()
    assert run.exit_code == EXIT_LEFT
    assert "<<<<<<<" in bench.read(path)
    posted = len(bench.fake.posted)
    assert bench.push().exit_code == EXIT_LEFT
    assert len(bench.fake.posted) == posted


@pytest.mark.promise(23)
def test_a_web_page_during_a_pull_leaves_everything_unchanged(bench: Bench) -> None:
    for pine_id, _ in [bench.script(name, BASE) for name in ("One", "Two")]:
        bench.fake.web_save(pine_id, THEIRS)
    before = bench.disk()
    bench.fake.at_next("list_scripts", lambda: bench.fake.fail_next("get", BotCheck("a page")))
    assert bench.pull().exit_code == EXIT_ACCESS
    assert bench.disk() == before
    assert bench.pull().exit_code == EXIT_DONE
    assert set(bench.statuses().values()) == {"clean"}


@pytest.mark.promise("S8")
def test_an_unreadable_script_does_not_stop_a_pull(bench: Bench) -> None:
    for pine_id, _ in [bench.script(name, BASE) for name in ("One", "Two")]:
        bench.fake.web_save(pine_id, THEIRS)
    refused = NotAccessible(401, "no")
    bench.fake.at_next("list_scripts", lambda: bench.fake.fail_next("get", refused))
    run = bench.pull()
    assert sorted(o.done for o in run.outcomes) == ["failed", "pulled"]
    assert bench.pull().exit_code == EXIT_DONE
    assert set(bench.statuses().values()) == {"clean"}
