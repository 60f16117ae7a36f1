"""rename gives a script another name on TradingView, and `mv --follow` its file. A lost response
is resolved by reading; the rename is never sent again."""

from __future__ import annotations

import json

import pytest

from pinesync.sandbox.faults import ALWAYS, Fault
from tests.cli.answers import answering
from tests.world import World, both_ways
from tests.world.scripts import EXTRA, LONGER, SLOWER, TOOLS_PATH, TREND, TREND_PATH

POSTS = ("rename", "save_next", "save_new", "delete")


@pytest.fixture(autouse=True)
def _nobody_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pinesync.app.project.PAUSES", ())
    monkeypatch.setattr("pinesync.tradingview.http.PAUSES", ())


def names(world: World) -> set[str]:
    return {script.name for script in world.store.list(world.user)}


def posted(world: World) -> int:
    return sum(world.plan.asked(endpoint) for endpoint in POSTS)


def given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait until a request can no longer arrive."""
    monkeypatch.setenv("PINESYNC_SETTLE_SECONDS", "0")


# -- renaming -------------------------------------------------------------------------------------


@both_ways
def test_rename_gives_a_script_another_name(clone: World) -> None:
    pine_id = clone.id_of()
    ran = clone("rename", TREND_PATH, " Trend & more ")
    assert (ran.code, ran.out) == (0, f"renamed    {TREND_PATH}\n")
    assert f"mv --follow {TREND_PATH}" in ran.err
    assert ran.requests == ("list", "get", "rename", "list", "get")
    assert "force=false" in " ".join(clone.plan.urls)
    assert clone.id_of("Trend & more") == pine_id
    assert clone.saved("Trend & more") == [TREND]
    assert clone.entry()["name"] == "Trend & more"
    assert clone.read() == TREND
    assert clone.statuses() == {}
    assert clone.records() == []
    clone.write_and_push(LONGER)
    assert clone.saved("Trend & more") == [TREND, LONGER]


def test_names_escaped_in_the_list_are_unescaped(clone: World) -> None:
    clone.app.switches = type(clone.app.switches)(list_names="escaped")
    assert clone("rename", TREND_PATH, "a < b & c").code == 0
    assert clone.entry()["name"] == "a < b & c"
    assert "a < b & c" in names(clone)
    assert not clone("status", "--json").json["lines"][0]["renamed_to"]


@pytest.mark.parametrize("name", ["", "  ", "x" * 129, "a\nb", "a\x1bb", "a\u202eb", "a &amp; b"])
def test_an_invalid_name_is_not_sent(clone: World, name: str) -> None:
    before = clone.files()
    assert clone("rename", TREND_PATH, name, code=2).requests == ()
    assert clone.files() == before


def test_unsaved_and_deleted_scripts_cannot_be_renamed(clone: World) -> None:
    clone.write(EXTRA, "x.pine")
    assert (clone("rename", "x.pine", "New").code, posted(clone)) == (2, 0)
    clone("add", "x.pine")
    assert (clone("rename", "x.pine", "New").code, posted(clone)) == (2, 0)
    clone.web_delete()
    assert (clone("rename", TREND_PATH, "New").code, posted(clone)) == (3, 0)


def test_a_rename_to_the_same_name_does_nothing(clone: World) -> None:
    assert clone("rename", TREND_PATH, "Trend").code == 0
    assert posted(clone) == 0
    clone.store.rename(clone.user, clone.id_of(), "Other")
    assert clone("rename", TREND_PATH, "Other").code == 0
    assert posted(clone) == 0
    assert clone.entry()["name"] == "Other"


def test_a_taken_name_is_refused(clone: World) -> None:
    before = clone.files()
    assert clone("rename", TREND_PATH, "Tools").code == 3
    assert posted(clone) == 0
    assert clone.files() == before


@both_ways
@pytest.mark.parametrize("body", [b'{"code":409,"message":"Script already exists"}', b"exists"])
def test_a_concurrently_taken_name_is_refused(clone: World, body: bytes) -> None:
    clone.plan.add(Fault("rename", "answer", status=409, body=body))
    before = clone.files()
    assert "another script is called 'New'" in clone("rename", TREND_PATH, "New", code=3).err
    assert (clone.files(), clone.records()) == (before, [])
    assert "Trend" in names(clone)


def test_a_rename_that_makes_a_version_is_reported(clone: World) -> None:
    """Whether the service does that is unknown."""
    clone.plan.add(Fault("rename", "foreign", source=TREND))
    ran = clone("rename", TREND_PATH, "New", code=0)
    assert "2.0 was saved there meanwhile, with the same text" in ran.err
    assert clone.entry()["name"] == "New"
    assert clone("pull").code == 0
    assert clone.statuses() == {}


def test_a_save_during_a_rename_is_reported_and_left_to_pull(clone: World) -> None:
    clone.plan.add(Fault("rename", "foreign", source=SLOWER))
    assert (
        "2.0 was saved there meanwhile, with another text" in clone("rename", TREND_PATH, "N").err
    )
    assert clone.statuses() == {TREND_PATH: "behind"}


@pytest.mark.parametrize("when", ["before", "after"])
def test_after_concurrent_renames_pine_toml_has_the_listed_name(clone: World, when: str) -> None:
    clone.plan.add(f"rename:1:foreign-rename:{when}:name=Theirs")
    ran = clone("rename", TREND_PATH, "Ours", code=0)
    assert clone.entry()["name"] in names(clone), "the name is what the list says"
    assert clone.records() == []
    if when == "after":
        assert "'Theirs' on TradingView now" in ran.err


# -- answers that are lost ------------------------------------------------------------------------

LOST = ["reset", "500", "503", "429", "html", "html-login", "redirect", "truncate"]


@both_ways
@pytest.mark.parametrize("kind", LOST)
def test_a_done_rename_without_a_response_is_recovered(clone: World, kind: str) -> None:
    clone.plan.add(Fault("rename", kind, when="after"))  # type: ignore[arg-type]
    ran = clone("rename", TREND_PATH, "New")
    assert (ran.code, ran.out) == (0, f"renamed    {TREND_PATH}\n"), ran
    assert (posted(clone), clone.entry()["name"], clone.records()) == (1, "New", [])


@both_ways
@pytest.mark.parametrize("kind", [kind for kind in LOST if kind != "truncate"])
def test_a_rename_that_was_not_done_is_given_up(
    clone: World, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The request may still arrive, so it is not sent again until that is known."""
    clone.plan.add(Fault("rename", kind))  # type: ignore[arg-type]
    before = clone.files()
    clone("rename", TREND_PATH, "New", code=5 if kind in ("html", "html-login", "redirect") else 7)
    assert clone("rename", TREND_PATH, "New").code == 7
    assert clone("rename", TREND_PATH, "Another").code == 7
    assert clone("mv", TREND_PATH, "x.pine").code == 7
    assert clone("rm", TREND_PATH).code == 7
    assert (posted(clone), clone.files()) == (1, before)
    assert "an interrupted write is pending" in clone("status", "--offline").out
    assert "a rename was sent" in clone("doctor").out
    assert clone("rename", TOOLS_PATH, "Other tools").code == 7, "others go on"
    assert "Other tools" in names(clone)
    given_up(monkeypatch)
    assert "never arrived" in clone("rename", TREND_PATH, "New", code=0).err
    assert (posted(clone), clone.entry()["name"], clone.records()) == (3, "New", [])


def test_a_late_rename_is_recovered(clone: World) -> None:
    clone.plan.add("rename:1:delay")
    assert clone("rename", TREND_PATH, "New").code == 7
    assert clone("push").code == 7
    clone.plan.release()
    assert "an earlier rename is done" in clone("pull", code=0).err
    assert (posted(clone), clone.entry()["name"], clone.records()) == (1, "New", [])
    assert clone("pull").requests == ("list",)


def test_a_rename_that_lands_after_it_was_given_up_is_shown(
    clone: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    clone.plan.add("rename:1:delay")
    assert clone("rename", TREND_PATH, "New").code == 7
    given_up(monkeypatch)
    assert clone("pull").code == 0
    clone.plan.release()
    (line,) = [line for line in clone("status", "--json").json["lines"] if line["renamed_to"]]
    assert (line["path"], line["renamed_to"]) == (TREND_PATH, "New")


@both_ways
def test_an_expired_session_renames_nothing(clone: World) -> None:
    clone.plan.add("rename:1:expire")
    before = clone.files()
    assert clone("rename", TREND_PATH, "New").code == 5
    assert clone("rename", TREND_PATH, "New").code == 5
    assert posted(clone) == 1
    clone.plan.clear()
    assert clone.files() == before
    assert "Trend" in names(clone)


def test_a_concurrently_deleted_script_is_gone(
    clone: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    clone.plan.add("rename:1:foreign-delete")
    assert clone("rename", TREND_PATH, "New").code == 1
    assert clone.records() == []
    assert clone.statuses() == {TREND_PATH: "gone"}


@pytest.mark.parametrize(
    "body", [b"", b"ok", b'"ok"', b"{}", b'{"success":true}', b"null", b"\xff", b"[1]"]
)
def test_any_rename_response_is_accepted(clone: World, body: bytes) -> None:
    clone.plan.add(Fault("rename", "answer", when="after", body=body))
    assert clone("rename", TREND_PATH, "New").code == 0
    assert clone.entry()["name"] == "New"


def test_a_confirmed_but_unlisted_rename_is_not_trusted(clone: World) -> None:
    clone.plan.add(Fault("rename", "answer", body=b'"ok"'))
    assert clone("rename", TREND_PATH, "New").code == 7
    assert clone.entry()["name"] == "Trend"
    clone.plan.add(answering("list", [], count=ALWAYS))
    assert clone("pull").code != 0
    assert len(clone.records()) == 1, "an empty list settles nothing"


# -- following ------------------------------------------------------------------------------------


def renamed(world: World, name: str, old: str = "Trend") -> None:
    world.store.rename(world.user, world.id_of(old), name)


@both_ways
def test_a_name_changed_on_tradingview_is_shown_and_followed(clone: World) -> None:
    renamed(clone, "Trend / two")
    status = clone("status")
    assert "called 'Trend / two' on TradingView" in status.out
    assert "mv --follow" in status.err
    lines = {
        line["path"]: line["renamed_to"]
        for line in json.loads(clone("status", "--json").out)["lines"]
    }
    assert {path: name for path, name in lines.items() if name} == {TREND_PATH: "Trend / two"}
    clone.write(LONGER)
    ran = clone("mv", "--follow", code=0)
    assert ran.out == f"moved      {TREND_PATH} → indicators/Trend _ two.pine  1.0\n"
    assert clone.entry("indicators/Trend _ two.pine")["name"] == "Trend / two"
    assert clone.read("indicators/Trend _ two.pine") == LONGER
    assert TREND_PATH not in clone.files()
    assert clone("mv", "--follow", code=0).err == "nothing to follow\n"


def test_follow_moves_only_renamed_or_named_scripts(clone: World) -> None:
    clone("mv", TREND_PATH, "own/mine.pine")
    renamed(clone, "Utils", "Tools")
    assert clone("mv", "--follow").code == 0
    assert set(clone.files()) >= {"own/mine.pine", "libraries/Utils.pine"}
    assert clone("mv", "--follow", "own").code == 0
    assert "own/Trend.pine" in clone.files()
    assert clone("mv", "--follow", "nowhere.pine").code == 2


def test_follow_moves_a_renamed_script(clone: World) -> None:
    clone("rename", TREND_PATH, "New")
    assert clone("mv", "--follow", TREND_PATH).code == 0
    assert clone.read("indicators/New.pine") == TREND


def test_a_taken_path_gets_an_id(clone: World) -> None:
    clone.write(EXTRA, "indicators/NEW.pine")
    renamed(clone, "New")
    assert clone("mv", "--follow").code == 0
    path = f"indicators/New-{clone.id_of('New')[5:13]}.pine"
    assert clone.read(path) == TREND
    assert clone.read("indicators/NEW.pine") == EXTRA
    assert clone("mv", "--follow", path).err == "nothing to follow\n"


def test_two_scripts_that_swapped_names_are_followed(clone: World) -> None:
    clone.web_save_and_pull(EXTRA, "Other")
    renamed(clone, "third")
    renamed(clone, "Trend", "Other")
    renamed(clone, "Other", "third")
    for _ in range(2):
        assert clone("mv", "--follow", ".").code == 0
    texts = {path: clone.read(path) for path in clone.files() if path.startswith("indicators")}
    assert sorted(texts.values()) == sorted([TREND, EXTRA])
    assert clone.statuses() == {}
    assert {clone.entry(path)["name"] for path in texts} == {"Trend", "Other"}


def test_follow_renames_the_entry_of_a_missing_file(clone: World) -> None:
    renamed(clone, "New")
    clone.remove()
    assert clone("mv", "--follow").code == 0
    assert clone.entry()["name"] == "New"
    assert clone.statuses() == {TREND_PATH: "missing"}


def test_a_pull_does_not_move_a_renamed_script(clone: World) -> None:
    renamed(clone, "New")
    clone.web_save_and_pull(SLOWER, "New")
    assert clone.read() == SLOWER
    assert clone("mv", "--follow").code == 0
    assert clone.read("indicators/New.pine") == SLOWER
