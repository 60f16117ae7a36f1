"""All versions as one line of commits: the same input gives the same line."""

import random

import pytest

from pinesync.model import Digest, Entry, PineId, RelPath, ScriptInfo, Version, VersionInfo
from pinesync.sync.commit_plan import assign_paths, message, plan_commits
from tests.fakes import FOLDERS

A, B, C = (PineId("USER;" + digit * 32) for digit in "abc")
FOLDERS = FOLDERS
TEXT = Digest("sha256:" + "0" * 64)


def history(pine_id: PineId, *times: int) -> tuple[VersionInfo, ...]:
    return tuple(
        VersionInfo(pine_id, Version(number), TEXT, when) for number, when in enumerate(times, 1)
    )


def entry(pine_id: PineId, path: str, name: str) -> Entry:
    return Entry(RelPath(path), name, pine_id)


def listed(**names: str) -> list[ScriptInfo]:
    ids = {"a": A, "b": B, "c": C}
    return [ScriptInfo(ids[key], name, Version(9)) for key, name in names.items()]


WHERE = assign_paths(listed(a="One", b="Two"), {}, FOLDERS)


def subjects(histories: dict[PineId, tuple[VersionInfo, ...]], **done: int) -> list[str]:
    ids = {"a": A, "b": B}
    known = {ids[key]: Version(number) for key, number in done.items()}
    return [
        f"{c.entry.name} {c.info.version.major}" for c in plan_commits(histories, WHERE, {}, known)
    ]


def test_commits_are_ordered_by_time_id_and_version() -> None:
    histories = {B: history(B, 5, 5, 7), A: history(A, 5, 6, 7)}
    assert subjects(histories) == ["One 1", "Two 1", "Two 2", "One 2", "One 3", "Two 3"]


def test_the_order_of_the_input_does_not_matter() -> None:
    infos = {A: list(history(A, 1, 1, 4, 4)), B: list(history(B, 1, 2, 4))}
    expected = plan_commits(infos, WHERE, {}, {})
    for seed in range(20):
        chance = random.Random(seed)
        for infos_of_one in infos.values():
            chance.shuffle(infos_of_one)
        shuffled = dict(sorted(infos.items(), reverse=bool(seed % 2)))
        assert plan_commits(shuffled, WHERE, {}, {}) == expected


def test_committed_versions_are_skipped_and_older_ones_come_after() -> None:
    histories = {A: history(A, 5, 6), B: history(B, 1, 2)}
    assert subjects(histories, a=1) == ["Two 1", "Two 2", "One 2"]
    assert subjects(histories, a=2, b=2) == []


def test_an_unknown_time_sorts_first() -> None:
    assert subjects({A: history(A, 3), B: history(B, 0, -7)}) == ["Two 1", "Two 2", "One 1"]


def test_paths_come_from_pine_toml_then_the_last_commit_then_a_clone() -> None:
    current = {RelPath("mine/X.pine"): entry(A, "mine/X.pine", "older name")}
    before = {
        RelPath("once/Two.pine"): entry(B, "once/Two.pine", "Two"),
        RelPath("once/Three.pine"): entry(C, "once/Three.pine", "Three"),
    }
    found = assign_paths(listed(a="One &amp; only", b="Two", c="Renamed"), current, FOLDERS, before)
    assert {one.path: one.name for one in found.values()} == {
        "mine/X.pine": "One & only",
        "once/Two.pine": "Two",
        "indicators/Renamed.pine": "Renamed",
    }


def test_two_scripts_with_one_name_get_two_paths() -> None:
    paths = [entry.path for entry in assign_paths(listed(b="RSI", a="rsi"), {}, FOLDERS).values()]
    assert paths == ["indicators/rsi.pine", "indicators/RSI-bbbbbbbb.pine"]


def test_moved_files_move_in_the_first_commit_only() -> None:
    before = {
        RelPath("old/Two.pine"): entry(B, "old/Two.pine", "Two"),
        RelPath("INDICATORS/one.pine"): entry(C, "INDICATORS/one.pine", "gone"),
        RelPath("gone.pine"): entry(PineId("USER;" + "d" * 32), "gone.pine", "gone too"),
    }
    first, second = plan_commits({A: history(A, 1, 2)}, WHERE, before, {})
    assert first.moved == {"old/Two.pine": entry(B, "indicators/Two.pine", "Two")}
    assert first.dropped == ("INDICATORS/one.pine",)
    assert (second.moved, second.dropped) == ({}, ())
    assert plan_commits({}, WHERE, before, {}) == []


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("RSI", "RSI 2.0"),
        ("", "2.0"),
        ("a\n\nPine-Id: x", r"a\u{a}\u{a}Pine-Id: x 2.0"),
        ("\x1b[31m\u202e\r", r'"\u{1b}[31m\u{202e}\u{d}" 2.0'),
        ("\ud800", r'"\u{d800}" 2.0'),
        ("fixup! RSI", '"fixup! RSI" 2.0'),
        ("Signed-off-by: me", '"Signed-off-by: me" 2.0'),
        ("RSI [skip ci]", "RSI (skip ci) 2.0"),
    ],
)
def test_a_message_is_one_line_with_trailers(name: str, title: str) -> None:
    text = message(name, A, Version(2))
    assert text == f"{title}\n\nPine-Id: {A}\nPine-Version: 2.0\n"
    assert text.encode()
