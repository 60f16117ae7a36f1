"""Trojan Source: `check`, `push` and `pull` warn of invisible and reordering characters. A
warning changes no exit code."""

from __future__ import annotations

import pytest

from tests.world import Ran, World, both_ways
from tests.world.scripts import EXTRA, FASTER, LONGER, SLOWER, TREND, TREND_PATH

TROJAN = 'access = "user\u202e\u2066" // \x1b[2J\n'
EMOJI = 'plot(close, "👩\u200d👩\u200d👧 ❤\ufe0f 1\ufe0f\u20e3 می\u200cخواهم")\n'
LINE = TREND.count("\n") + 1
CODES = ["PS001", "PS001", "PS003"]
SHOWN = f"""\
{TREND_PATH}:{LINE}:15: warning: a character that reorders the text: \
U+202E RIGHT-TO-LEFT OVERRIDE [PS001]
  access = "user\\u{{202e}}\\u{{2066}}" // \\u{{1b}}[2J
                ^^^^^^^^
"""


def warned(ran: Ran, key: str = "outcomes") -> list[str]:
    """The codes of all warnings in a JSON object, of every script."""
    found = [finding for item in ran.json[key] for finding in item["diagnostics"]]
    assert all(item["severity"] == "warning" for item in found)
    return [item["code"] for item in found]


@pytest.mark.promise("S9")
@pytest.mark.parametrize("options", [[], ["--offline"]], ids=["online", "offline"])
def test_check_warns_of_hidden_characters(clone: World, options: list[str]) -> None:
    clone.write(TREND + TROJAN)
    ran = clone("check", *options, code=0)
    assert SHOWN.replace(f"{TREND_PATH}:", "indicators/Trend.pine:") in ran.out
    assert ran.err == "3 files: 0 errors, 3 warnings\n"
    found = clone("check", *options, "--format", "json")
    assert (found.code, warned(found, "files")) == (0, CODES)
    file = next(file for file in found.json["files"] if file["diagnostics"])
    assert file["source"] == TREND + TROJAN


def test_check_warns_although_the_text_does_not_compile(clone: World) -> None:
    clone.write(TREND + TROJAN + "plot((close)\n")
    found = clone("check", "--json", code=4)
    file = next(file for file in found.json["files"] if file["diagnostics"])
    assert [finding["severity"] for finding in file["diagnostics"]] == ["error", *["warning"] * 3]
    refused = clone("push", "--json")
    (outcome,) = refused.json["outcomes"]
    assert (refused.code, outcome["done"]) == (4, "refused")
    assert [finding["code"] for finding in outcome["diagnostics"]] == ["CE10156", *CODES]


@pytest.mark.promise("S9")
@both_ways
def test_push_saves_and_warns(clone: World) -> None:
    clone.write(TREND + TROJAN)
    ran = clone("push")
    assert (ran.code, ran.out) == (0, f"saved      {TREND_PATH}  1.0 → 2.0\n")
    assert SHOWN in ran.err
    assert clone.saved()[-1] == TREND + TROJAN
    clone.write(EXTRA + TROJAN, "x.pine")
    assert clone("add", "x.pine").code == 0
    created = clone("push", "--json")
    assert (created.code, warned(created)) == (0, CODES)


@pytest.mark.promise("S9")
@both_ways
def test_pull_warns_of_downloaded_texts(clone: World) -> None:
    clone.web_save(TREND + TROJAN)
    clone.web_save(EXTRA + TROJAN, "Extra")
    ran = clone("pull", code=0)
    assert f"pulled     {TREND_PATH}  1.0 → 2.0\n" in ran.out
    assert SHOWN in ran.err
    assert f"indicators/Extra.pine:{EXTRA.count(chr(10)) + 1}:15: warning: " in ran.err
    assert clone.read() == TREND + TROJAN


def test_pull_json_has_the_warnings(clone: World) -> None:
    clone.web_save(TREND + TROJAN)
    ran = clone("pull", "--json")
    assert (ran.code, warned(ran)) == (0, CODES)
    assert ran.json["outcomes"][0]["source"] == TREND + TROJAN
    assert "\\u202e" in ran.out


def test_a_merge_warns_at_positions_in_the_merged_text(clone: World) -> None:
    clone.write("// mine\n" + TREND)
    clone.web_save(TREND + TROJAN)
    ran = clone("pull")
    assert "merged" in ran.out
    assert f"{TREND_PATH}:{LINE + 1}:15: warning: " in ran.err


def test_a_conflict_warns(clone: World) -> None:
    clone.write(FASTER)
    clone.web_save(SLOWER.replace("50", "50 \u202e"))
    ran = clone("pull", "--json")
    assert (ran.code, ran.json["outcomes"][0]["done"], warned(ran)) == (3, "conflict", ["PS001"])


def test_finishing_an_interrupted_pull_warns(clone: World, monkeypatch: pytest.MonkeyPatch) -> None:
    clone.web_save(TREND + TROJAN)

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("pinesync.workspace.manifest_file.ManifestFile.commit", interrupted)
        assert clone("pull").code == 130
    assert clone.read() == TREND + TROJAN
    ran = clone("pull")
    assert (ran.code, ran.out) == (0, f"recovered  {TREND_PATH}  2.0\n")
    assert SHOWN in ran.err


def test_emoji_and_other_alphabets_cause_no_warning(clone: World) -> None:
    clone.write(TREND + EMOJI)
    assert clone("check").err == "3 files: 0 errors, 0 warnings\n"
    assert warned(clone("check", "--json", "--offline"), "files") == []
    assert clone("push").err == ""
    clone.web_save(TREND + EMOJI * 2)
    assert clone("pull").err == ""


def test_read_only_commands_do_not_warn(clone: World) -> None:
    clone.web_save_and_pull(TREND + TROJAN)
    clone.write(LONGER + TROJAN)
    for verb in ("status", "diff", "verify"):
        assert "warning" not in clone(verb).output
    assert clone("push", "-n").code == 0


def test_a_caret_points_at_the_finding(clone: World) -> None:
    for before in ("", "\t", "日本 ", "हिन्दी ", "ต\u0e34 ", "e\u0301 ", "\u200b", "a" * 500):
        clone.write(f'{TREND}x = "{before}\u202e"\n')
        found = clone("check", TREND_PATH, "--offline").out.split("\n")
        head = next(i for i, line in enumerate(found) if "PS001" in line)
        shown, caret = found[head + 1 : head + 3]
        start = shown.index("\\u{202e}")
        # Wide characters take two columns, and marks none.
        wide = sum(char in "日本" for char in before)
        marks = sum(char in "\u094d\u0e34\u0301" for char in before)
        assert caret == " " * (start + wide - marks) + "^" * len("\\u{202e}"), before
        assert len(shown) < 500
