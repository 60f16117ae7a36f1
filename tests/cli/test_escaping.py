"""Other people's text is displayed, never obeyed: no terminal control gets out."""

from __future__ import annotations

import json

import pytest

from tests.cli.answers import answering, finding, listing
from tests.security.hostile import RAW
from tests.world import LONGER, TREND, TREND_PATH, World

EVIL = {
    "escape": "red\x1b[31mtext",
    "link": "\x1b]8;;https://evil.invalid\x1b\\click\x1b]8;;\x1b\\",
    "title": "\x1b]0;owned\x07",
    "c1": "\x9b31mtext",
    "bidi": "access\u202elevel\u2066",
    "return": "good\rEVIL",
    "zero width": "pass\u200bword\ufeff",
    "backspace": "safe\x08\x08\x08\x08evil",
    "separators": "one\u2028two\u2029three",
    "tags": "hidden\U000e0041\U000e0042",
    "delete": "x\x7fy",
}
evil = pytest.mark.parametrize("text", EVIL.values(), ids=EVIL)


def clean(ran) -> bool:
    return not RAW.search(ran.output)


@evil
def test_a_saved_name_is_escaped(world: World, text: str) -> None:
    world.web_save(TREND.replace('"Trend"', '"x"'), text)
    assert clean(world.clone())
    world.web_save(LONGER, text)
    for command in (
        ["status"], ["list"], ["pull", "--dry-run"], ["pull"], ["status", "-v"], ["whoami"],
    ):  # fmt: skip
        ran = world(*command, code=0)
        assert clean(ran), command
    assert clean(world("status", "--json"))
    assert not [path for path in world.files() if RAW.search(path)]


@evil
def test_the_name_of_a_renamed_script_is_escaped(clone: World, text: str) -> None:
    clone.store.rename(clone.user, clone.id_of(), text)
    ran = clone("status")
    assert clean(ran)
    assert "called" in ran.out


@evil
def test_compiler_messages_are_escaped(clone: World, text: str) -> None:
    clone.write(LONGER)
    clone.plan.add(
        answering("check", finding(f"Undeclared {text} {{identifier}}", identifier=text))
    )
    for verb in ("check", "push"):
        ran = clone(verb, TREND_PATH, code=4)
        assert clean(ran)
        assert "\\u{" in ran.output or text == EVIL["return"]


@evil
@pytest.mark.parametrize("verb", ["check", "push", "diff"])
def test_source_lines_are_escaped(clone: World, text: str, verb: str) -> None:
    clone.write(LONGER + f"plot(undeclared) // {text}\n")
    ran = clone(verb, TREND_PATH)
    assert clean(ran)
    if text != EVIL["return"]:  # there it ends a line
        assert "\\u{" in ran.output


def test_the_caret_matches_the_escaped_line(clone: World) -> None:
    clone.write(TREND + 'x = "\u202e" + undeclared\n')
    lines = clone("check", TREND_PATH).out.splitlines()
    shown = next(line for line in lines if "undeclared" in line and "error" not in line)
    caret = lines[lines.index(shown) + 1]
    start, end = caret.index("^"), caret.rindex("^") + 1
    assert shown[start:end] == "undeclared"


@evil
def test_refusal_messages_are_escaped(
    clone: World, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A refused save may have been stored: do not wait for it here.
    monkeypatch.setattr("pinesync.app.project.PAUSES", ())
    clone.write(LONGER)
    clone.plan.add(answering("save_next", {"success": False, "reason": text}))
    ran = clone("push")
    assert ran.code in (4, 7)
    assert clean(ran)
    assert clean(clone("push", "--json"))


@evil
def test_account_names_are_escaped(world: World, text: str) -> None:
    world.plan.add(answering("script_info", {"userId": 1, "userName": text, "chartImageUrl": ""}))
    assert clean(world("clone", "--sandbox", "scripts"))
    assert clean(world("whoami", "--sandbox"))


def test_arguments_are_escaped(clone: World) -> None:
    for arguments in (
        ["status", "\x1b[31m.pine"],
        ["frob\x1b[31m"],
        ["push", "--\x1b[31m"],
        ["-C", "\x1b[31m", "status"],
        ["clone", "--remote", "\x1b[31m"],
        ["new", "\u202e"],
        ["add", "--id", "\x1b[31m", TREND_PATH],
        ["restore", "\u202e.pine"],
    ):
        ran = clone(*arguments, code=2)
        assert clean(ran), arguments


def test_file_names_are_escaped(clone: World) -> None:
    for number, text in enumerate(EVIL.values()):
        if "/" not in text:
            clone.write(f"x{number} = (\n", f"{number}{text}.pine")
    for command in (["status"], ["check"], ["check", "--offline", "."], ["add", "."], ["push"]):
        assert clean(clone(*command)), command
    again = clone.place / "again"
    clone.folder.rename(again)
    (again / "pine.toml").unlink()
    assert clean(clone("init", "--link", "--sandbox", cwd=again))


@pytest.mark.parametrize("field", ["scriptName", "version", "scriptIdPart"])
def test_a_malformed_list_is_escaped(clone: World, field: str) -> None:
    rows = json.loads(listing(clone.store.list(clone.user)).body)
    rows[0][field] = {"scriptName": 5, "version": "\x1b[31m", "scriptIdPart": "\x1b]0;x\x07"}[field]
    clone.plan.add(answering("list", rows))
    before = clone.files()
    for verb in ("status", "pull", "push"):
        ran = clone(verb)
        assert ran.code in (0, 1, 5)
        assert clean(ran)
    assert clone.files() == before
