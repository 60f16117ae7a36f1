"""Pine that the service does not check, and strings over several lines: both can be saved."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from tests.world import World, both_ways

OLD = '//@version=4\nstudy("Old")\nplot(sma(close, 5))\n'
EDITED = OLD.replace("5", "9")
UNVERSIONED = OLD.replace("//@version=4\n", "")
PATH = "indicators/Old.pine"
NOTE = "not checked: TradingView checks Pine v5 and later"


@pytest.fixture
def clone(world: World) -> World:
    """The account also has a v4 script."""
    world.web_save(OLD, "Old")
    world.clone()
    return world


@both_ways
def test_a_v4_script_is_edited_checked_and_pushed(clone: World) -> None:
    clone.write(EDITED, PATH)
    assert clone("check", PATH, code=0).out == f"{PATH}:1:1: warning: {NOTE}\n" + caret()
    assert NOTE in clone("push", code=0).output
    assert clone.saved("Old") == [OLD, EDITED]
    assert clone.version(PATH) == "2.0"
    assert clone("status").code == 0
    assert clone.statuses() == {}


def caret() -> str:
    return "  //@version=4\n  ^\n"


def test_strict_fails_on_unchecked_scripts(clone: World) -> None:
    assert clone("check", PATH, "--strict").code == 4
    assert clone("check", PATH, "--strict", "--offline").code == 0


def test_a_text_without_a_version_is_pushed(clone: World) -> None:
    clone.write(UNVERSIONED, PATH)
    ran = clone("check", PATH, "--json", code=0)
    (file,) = ran.json["files"]
    assert [(finding["severity"], finding["message"]) for finding in file["diagnostics"]] == [
        ("warning", NOTE)
    ]
    assert clone("push").code == 0
    assert clone.saved("Old")[-1] == UNVERSIONED


def test_a_new_script_of_v4_is_created(clone: World) -> None:
    clone.write(OLD.replace("Old", "Older"), "indicators/Older.pine")
    clone("add", "indicators/Older.pine")
    assert clone("push").code == 0
    assert len(clone.saved("Older")) == 1


def test_syntax_errors_of_any_version_are_refused(clone: World) -> None:
    clone.write(EDITED + "plot((close)\n", PATH)
    assert '"(" is never closed' in clone("push", code=4).output
    assert clone.saved("Old") == [OLD]
    assert clone("push", "--allow-broken").code == 4, "stored, and it does not compile"
    assert len(clone.saved("Old")) == 2


@pytest.mark.parametrize(
    ("old_pine", "text", "code", "message"),
    [
        ("full", EDITED, 0, ""),
        ("full", EDITED + "plot(clsoe)\n", 4, 'Undeclared identifier "clsoe"'),
        ("refused", EDITED, 0, NOTE),
        ("checked", EDITED, 0, ""),
        ("checked", EDITED + "plot(clsoe)\n", 4, 'Undeclared identifier "clsoe"'),
    ],
)
def test_full_reports_the_full_compilers_findings(
    clone: World, old_pine: str, text: str, code: int, message: str
) -> None:
    clone.app.switches = replace(clone.app.switches, old_pine=old_pine)  # type: ignore[arg-type]
    clone.write(text, PATH)
    ran = clone("check", "--full", PATH, code=code)
    assert message in ran.out
    assert (NOTE in ran.out) == (message == NOTE)
    clone("check", "--full", "--strict", PATH, code=4 if message else 0)


def test_other_refusals_of_the_check_stop_a_push(clone: World) -> None:
    clone.plan.add("check:*:503")
    clone.write(EDITED, PATH)
    assert clone("push").code == 7
    assert clone.saved("Old") == [OLD]


@pytest.mark.parametrize("indent", ["    ", "        ", "\t", "\n    ", " "])
def test_a_string_over_several_lines_is_pushed(clone: World, indent: str) -> None:
    text = f'//@version=6\nindicator("Old")\ntold = "a\n{indent}b"\nplot(close)\nlog.info(told)\n'
    clone.write(text, PATH)
    assert clone("check", "--offline", "--strict", PATH).code == 0
    assert clone("push").code == 0
    assert clone.saved("Old")[-1] == text


def test_a_string_continued_in_column_one_is_refused(clone: World) -> None:
    clone.write('//@version=6\nindicator("Old")\n  told = "a\nb"\nplot(close)\n', PATH)
    ran = clone("check", "--offline", PATH, code=4)
    assert ran.out.startswith(f"{PATH}:3:1: error: Missing enclosing character in the literal")
    assert "[CE10017]" in ran.out
    assert clone("push").code == 4
    assert len(clone.saved("Old")) == 1


@both_ways
def test_a_text_over_the_read_limit_is_not_saved(clone: World) -> None:
    """The service accepts 5 MB, but larger responses are dropped: the outcome would be unknown."""
    clone.write(OLD + "// д\n" * 350_000, PATH)
    ran = clone("push")
    assert (ran.code, "save_next" in ran.requests) == (3, False)
    assert "larger than 2 MiB; nothing was saved" in ran.output
    most = OLD + "// д\n" * 340_000
    clone.write_and_push(most, PATH)
    assert clone.saved("Old") == [OLD, most]


def test_every_format_has_the_unchecked_note(clone: World) -> None:
    github = clone("check", PATH, "--format", "github")
    assert (github.code, github.out.count("::warning ")) == (0, 1)
    assert NOTE in github.out
    sarif = json.loads(clone("check", PATH, "--format", "sarif").out)
    (result,) = sarif["runs"][0]["results"]
    assert (result["level"], result["message"]["text"]) == ("warning", NOTE)
