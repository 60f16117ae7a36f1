"""Findings while somebody types, and the findings of the compiler after a save."""

from __future__ import annotations

from functools import partial

import pytest
from lsprotocol.types import DiagnosticSeverity, MessageType, PositionEncodingKind

from pinesync.sandbox.faults import Fault
from tests.cli.answers import answering, finding
from tests.lsp.conftest import OnTrend, Opening
from tests.lsp.editor import Editor, spot
from tests.world import BROKEN, LONGER, TREND, TREND_PATH, World

served = pytest.mark.parametrize("world", ["facade"], indirect=True)
"""The account is in this process, so that requests can be recorded and can fail."""

OPEN = 'indicator("x"\n'
ASTRAL = 'indicator("𝟙𝟚é") ]\n'
UTF = {
    None: (19, 20),
    PositionEncodingKind.Utf16: (19, 20),
    PositionEncodingKind.Utf32: (17, 18),
    PositionEncodingKind.Utf8: (24, 25),
}


def test_syntax_errors_are_shown_while_typing(clone: World, on_trend: OnTrend) -> None:
    editor, uri = on_trend(OPEN)
    (found,) = editor.findings(uri, 1)
    assert spot(found) == (0, 9, 0, 10)
    assert (found.severity, found.code) == (DiagnosticSeverity.Error, "CE10156")
    assert found.source == "pinesync"
    assert found.message == 'Syntax error: "(" is never closed'
    assert editor.findings(uri, editor.type(uri, 'indicator("x")\n')) == []
    assert editor.leave() == 0


@pytest.mark.parametrize("encoding", UTF)
def test_columns_use_the_editors_encoding(
    clone: World, opening: Opening, encoding: PositionEncodingKind | None
) -> None:
    editor = opening(clone.folder, begun=False)
    begun = editor.begin(*([encoding] if encoding else []))
    agreed = begun.capabilities.position_encoding or PositionEncodingKind.Utf16
    assert agreed == (encoding or PositionEncodingKind.Utf16)
    uri = editor.open(clone.folder / TREND_PATH, ASTRAL)
    (found,) = editor.findings(uri, 1)
    first, end = UTF[encoding]
    assert spot(found) == (0, first, 0, end)


def test_positions_hold_with_any_line_end_and_a_bom(clone: World, on_trend: OnTrend) -> None:
    """A form feed and U+2028 end no line; an editor that shows the BOM counts it."""
    editor, uri = on_trend('// one\r\n// "\x0c\u2028\rindicator("x"\r\n')
    found, *_ = editor.findings(uri, 1)
    assert spot(found) == (2, 9, 2, 10)
    (found,) = editor.findings(uri, editor.type(uri, "\ufeff" + OPEN))
    assert spot(found) == (0, 10, 0, 11)
    (found,) = editor.findings(uri, editor.type(uri, "\ufeff// one\n" + OPEN))
    assert spot(found) == (1, 9, 1, 10)


def test_conflict_markers_and_hidden_characters_are_shown(clone: World, on_trend: OnTrend) -> None:
    marked = TREND + "<<<<<<< mine\nplot(1)\n=======\nplot(2)\n>>>>>>> theirs\n"
    editor, uri = on_trend(marked)
    (found,) = editor.findings(uri, 1)
    assert (spot(found), found.message) == ((12, 0, 12, 12), "the file contains conflict markers")
    (found,) = editor.findings(uri, editor.type(uri, TREND + "// 𝟙\u202e\n"))
    assert (spot(found), found.code) == ((12, 5, 12, 6), "PS001")
    assert found.severity == DiagnosticSeverity.Warning


@pytest.mark.parametrize("text", ["plot(\x00)\n", "plot('\ud83d')\n"])
def test_undecodable_bytes_are_reported(clone: World, on_trend: OnTrend, text: str) -> None:
    editor, uri = on_trend(text)
    (found,) = editor.findings(uri, 1)
    assert spot(found) == (0, 0, 0, 0)
    assert found.message.startswith("not ")
    assert editor.findings(uri, editor.type(uri, TREND)) == []


@served
def test_compiler_errors_are_shown_on_save(clone: World, on_trend: OnTrend) -> None:
    clone.write(BROKEN)
    editor, uri = on_trend()
    assert editor.findings(uri, 1) == []
    assert "check" not in {call.endpoint for call in clone.plan.log}, "only a save asks the service"
    editor.save(uri)
    editor.until(lambda: editor.found[uri])
    (found,) = editor.found[uri]
    assert (spot(found), found.code) == ((12, 5, 12, 15), "CE10272")
    assert found.message == 'Undeclared identifier "undeclared"'
    editor.until(lambda: editor.renewed)
    assert [seen.endpoint for seen in clone.plan.log[-2:]] == ["check", "list"]
    # Findings of an older text are dropped, and those of this one are unchanged.
    assert editor.findings(uri, editor.type(uri, BROKEN + "//\n")) == []
    assert len(editor.findings(uri, editor.type(uri, BROKEN))) == 1
    assert clone.saved() == [TREND]


@served
def test_breaking_changes_are_shown_on_save(clone: World, on_trend: OnTrend) -> None:
    clone.write(TREND.replace("\nlength", '\nstop = input.float(1.5, "Stop %")\nlength'))
    editor, uri = on_trend()
    editor.save(uri)
    editor.until(lambda: editor.found.get(uri))
    (found,) = editor.found[uri]
    assert (spot(found), found.code) == ((3, 7, 3, 33), "PS010")
    assert found.severity == DiagnosticSeverity.Warning


def codes(editor: Editor, uri: str, expected: list[str]) -> bool:
    return [finding.code for finding in editor.found.get(uri, [])] == expected


@served
@pytest.mark.parametrize("name", ["two words.pine", "Мой 100%25 (1).pine", "測試.pine"])
def test_percent_encoded_names_are_found(clone: World, editor: Editor, name: str) -> None:
    """Each editor encodes addresses in its own way, and identifies the document by them."""
    clone.write(BROKEN, f"indicators/{name}")
    file = clone.folder / "indicators" / name
    raw = f"file://{file.parent}/{name.replace('%', '%25').replace(' ', '%20')}"
    for uri in (file.as_uri(), raw):
        editor.open(uri, BROKEN)
        editor.save(uri)
        editor.until(partial(codes, editor, uri, ["CE10272"]))


@served
def test_a_position_past_the_end_is_moved_into_the_text(clone: World, on_trend: OnTrend) -> None:
    editor, uri = on_trend()
    clone.plan.add(answering("check", finding("too far", line=2, column=400), count=1))
    editor.save(uri)
    editor.until(lambda: editor.found.get(uri))
    last = len('indicator("Trend", overlay = true)')
    assert spot(editor.found[uri][0]) == (1, last, 1, last)
    clone.plan.add(answering("check", finding("too deep\x1b[2J", line=99, column=7), count=1))
    editor.save(uri)
    editor.until(lambda: editor.found[uri][0].message != "too far")
    (found,) = editor.found[uri]
    assert spot(found) == (12, 0, 12, 0)
    assert found.message == "too deep\\u{1b}[2J"


@served
def test_a_newer_save_replaces_an_older_result(clone: World, on_trend: OnTrend) -> None:
    """The response for the older text never arrives, and nothing waits for it."""
    editor, uri = on_trend()
    clone.plan.add("check:1:hang")
    clone.app.forget()
    editor.save(uri)
    clone.app.wait_for("translate_light")
    version = editor.type(uri, OPEN)
    assert len(editor.findings(uri, version)) == 1, "typing goes on meanwhile"
    editor.type(uri, BROKEN)
    editor.save(uri)
    editor.until(lambda: [finding.code for finding in editor.found[uri]] == ["CE10272"])
    assert editor.leave() == 0


@served
def test_a_failure_is_reported_once_until_it_is_over(clone: World, on_trend: OnTrend) -> None:
    editor, uri = on_trend()
    for count in (1, 2):
        clone.plan.add(Fault("check", "html", count=None))  # a 500 is retried
        for _ in range(2):
            before = editor.renewed
            editor.save(uri)
            editor.until(partial(editor.was_renewed, before))
        assert len(editor.messages) == count
        assert editor.messages[-1].type == MessageType.Warning
        clone.plan.clear()
        before = editor.renewed
        editor.save(uri)
        editor.until(partial(editor.was_renewed, before))
        assert len(editor.messages) == count


@served
def test_offline_sends_no_request(clone: World, on_trend: OnTrend) -> None:
    clone.write(BROKEN)
    editor, uri = on_trend(None, "--offline")
    before = len(clone.plan.log)
    editor.save(uri)
    editor.until(lambda: editor.renewed)
    assert editor.lenses(uri)[0] == "modified 1.0"
    assert len(clone.plan.log) == before
    assert editor.found[uri] == []


def test_a_file_outside_a_workspace_gets_findings_only(world: World, opening: Opening) -> None:
    """Findings, and nothing else: no lens, no push."""
    loose = world.place / "loose.pine"
    loose.write_text(BROKEN, "utf-8")
    editor = opening(world.place, "--sandbox")
    uri = editor.open(loose)
    editor.save(uri)
    editor.until(lambda: editor.found.get(uri))
    assert [finding.code for finding in editor.found[uri]] == ["CE10272"]
    assert editor.lenses(uri) == []
    answer = editor.do("push", uri)
    assert answer["exit_code"] == 2
    assert editor.messages[-1].type == MessageType.Warning
    assert editor.messages[-1].message.startswith("loose.pine: not in a workspace (hint: ")
    assert not world.folder.exists()
    assert len(world.account()) == 3


def test_an_untitled_document_gets_findings(world: World, opening: Opening) -> None:
    editor = opening(world.place, "--sandbox")
    uri = editor.open("untitled:Untitled-1", OPEN)
    assert len(editor.findings(uri, 1)) == 1
    editor.type(uri, BROKEN)
    editor.save(uri)
    editor.until(lambda: [finding.code for finding in editor.found[uri]] == ["CE10272"])
    assert editor.lenses(uri) == []
    assert editor.do("pull", uri)["exit_code"] == 2
    other = editor.open("untitled:Untitled-2", "(", language="toml")
    editor.forget(uri)
    editor.until(lambda: editor.found[uri] == [])
    assert editor.found.get(other, []) == []


def test_a_closed_document_has_no_findings(clone: World, on_trend: OnTrend) -> None:
    editor, uri = on_trend(BROKEN)
    assert editor.findings(uri, 1) == []
    editor.save(uri)
    editor.forget(uri)
    again = editor.open(clone.folder / TREND_PATH, LONGER)
    assert editor.findings(again, 1) == []
    assert editor.lenses(again)[0] == "clean 1.0"
    assert editor.found[uri] == []
