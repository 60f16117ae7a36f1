"""Hostile names and paths: each gives one safe file name, or is refused with the rule it breaks."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pinesync.model import PineId
from pinesync.text.filenames import (
    BadPath,
    check_folder,
    check_path,
    collision_key,
    file_name,
    place,
)

pytestmark = pytest.mark.promise(36)

HERE = Path(__file__).resolve()
HOSTILE_FILE = HERE.parent.parent / "data" / "hostile_names.json"
SHARED_FILE = HERE.parents[3] / "shared" / "data" / "hostile_names.json"
HOSTILE: dict[str, Any] = json.loads(HOSTILE_FILE.read_text("utf-8"))
PINE_ID = PineId("USER;0123456789abcdef0123456789abcdef")
NAMES = st.one_of(
    st.text(max_size=40),
    st.text(st.characters(blacklist_categories=()), max_size=40),
    st.text(
        st.sampled_from("aA1é漢\u0301\u0915\u093f\u200d\ufe0f\ud800 ._-~/\\:\0\n"), max_size=200
    ),
    st.sampled_from(["con", "NUL", "com1", "LPT\u00b9", "conin$"]).flatmap(
        lambda name: st.sampled_from(["", ".", ".x", " ", " .x", "\u200b", "/"]).map(name.__add__)
    ),
)


@pytest.mark.skipif(not SHARED_FILE.exists(), reason="the shared data is not beside this clone")
def test_the_copy_of_the_shared_data_is_current() -> None:
    assert json.loads(SHARED_FILE.read_text("utf-8")) == HOSTILE


@pytest.mark.promise("S6")
@pytest.mark.parametrize("row", HOSTILE["manifest_paths"], ids=lambda row: ascii(row["path"])[:40])
def test_manifest_paths_are_accepted_or_refused(row: dict[str, Any]) -> None:
    if row["accept"]:
        assert check_path(row["path"]) == row["path"]
    else:
        with pytest.raises(BadPath):
            check_path(row["path"])


@pytest.mark.parametrize(
    ("path", "rule"),
    [
        ("/a.pine", "not relative"),
        ("a.PINE", "end in .pine"),
        ("a//b.pine", "empty part"),
        (".git/b.pine", r"begins with \."),
        ("~/b.pine", "begins with ~"),
        ("x/-b.pine", "begins with -"),
        ("a./b.pine", "dot or a space"),
        ("a\\b.pine", r"the character \\"),
        ("a\u202eb.pine", r"U\+202E"),
        ("e\u0301.pine", "NFC"),
        ("x/aux.pine", "device"),
        ("com\u00b9.pine", "device"),
        ("é" * 98 + ".pine", "200 bytes"),
        ("/".join(["d" * 99] * 10) + "/a.pine", "1000 bytes"),
        ("d/" * 32 + "a.pine", "32 parts"),
    ],
)
def test_a_refused_path_names_the_broken_rule(path: str, rule: str) -> None:
    with pytest.raises(BadPath, match=rule):
        check_path(path)


@pytest.mark.parametrize(
    "path", ["a" * 195 + ".pine", "d/" * 31 + "a.pine", " a.pine", "नमस्ते.pine", "a&b$.pine"]
)
def test_a_path_at_the_limits_is_accepted(path: str) -> None:
    assert check_path(path) == path


@pytest.mark.parametrize("folder", [".", "indicators", "a/b c"])
def test_valid_folders_are_accepted(folder: str) -> None:
    assert check_folder(folder) == folder


@pytest.mark.parametrize("folder", ["", "..", "/etc", "a/../b", ".git", "a/", "x.pine", "x.PINE/y"])
def test_invalid_folders_are_refused(folder: str) -> None:
    with pytest.raises(BadPath):
        check_folder(folder)


@pytest.mark.parametrize("row", HOSTILE["remote_names"], ids=lambda row: ascii(row["name"])[:40])
def test_a_saved_name_becomes_a_safe_file_name(row: dict[str, Any]) -> None:
    assert file_name(row["name"], PINE_ID) == row["example_slug"]


def test_an_unusable_name_without_an_id_becomes_script_pine() -> None:
    assert file_name("..", None) == "script.pine"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("RSI / MACD  cross", "RSI _ MACD cross.pine"),
        ("C++ v2.1 (beta)", "C++ v2.1 (beta).pine"),
        ("नमस्ते", "नमस्ते.pine"),
        ("می\u200cخواهم", "میخواهم.pine"),
        ("❤️ trend", "trend.pine"),
    ],
)
def test_common_names_keep_their_spelling(name: str, expected: str) -> None:
    assert file_name(name, PINE_ID) == expected


@pytest.mark.promise("S5")
@given(NAMES, st.sampled_from([PINE_ID, None]))
@example("con." + "x" * 200, PINE_ID)
@example("a" * 119 + "é" + "\u0301", PINE_ID)
def test_every_name_gives_a_safe_file_name(name: str, pine_id: PineId | None) -> None:
    found = file_name(name, pine_id)
    assert check_path(found) == found
    assert "/" not in found
    assert len(found.encode()) <= 126
    assert file_name(name, pine_id) == found


@pytest.mark.parametrize("pair", HOSTILE["collision_groups_expected"], ids=ascii)
def test_names_that_collide_on_some_file_system_get_two_paths(pair: list[str]) -> None:
    first, second = (file_name(name, PINE_ID) for name in pair)
    assert collision_key(first) == collision_key(second)
    other = place(pair[1], PINE_ID, "x", {collision_key(f"x/{first}")})
    assert other == f"x/{second.removesuffix('.pine')}-01234567.pine"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Straße.pine", "STRASSE.pine"),
        ("Σίσυφος.pine", "ΣΊΣΥΦΟΣ.pine"),
        ("a\ufe0f.pine", "A.pine"),
        ("a./b.pine", "a/b.pine"),
        ("é.pine", "e\u0301.pine"),
    ],
)
def test_paths_that_collide_on_some_file_system_have_one_key(one: str, other: str) -> None:
    assert collision_key(one) == collision_key(other)


def test_paths_that_never_collide_have_different_keys() -> None:
    paths = ["a.pine", "b.pine", "x/a.pine", "a b.pine", "a_b.pine", "ab.pine", "é.pine", "e.pine"]
    assert len({collision_key(path) for path in paths}) == len(paths)


@given(NAMES)
def test_the_collision_key_is_idempotent(name: str) -> None:
    assert collision_key(collision_key(name)) == collision_key(name)


def test_a_script_is_placed_in_the_folder() -> None:
    assert place("RSI", PINE_ID, "indicators", ()) == "indicators/RSI.pine"
    assert place("RSI", PINE_ID, ".", ()) == place("RSI", PINE_ID, "", ()) == "RSI.pine"


@pytest.mark.parametrize(
    ("pine_id", "expected"),
    [
        (
            PINE_ID,
            [
                "RSI",
                "RSI-01234567",
                "RSI-0123456789abcdef",
                "RSI-0123456789abcdef0123456789abcdef",
                "RSI-0123456789abcdef0123456789abcdef-2",
                "RSI-0123456789abcdef0123456789abcdef-3",
            ],
        ),
        (None, ["RSI", "RSI-2", "RSI-3"]),
    ],
)
def test_a_taken_path_gets_a_longer_id_then_a_number(
    pine_id: PineId | None, expected: list[str]
) -> None:
    taken: set[str] = set()
    for stem in expected:
        path = place("RSI", pine_id, "x", taken)
        assert path == f"x/{stem}.pine"
        taken.add(collision_key(path))


@given(st.lists(NAMES, max_size=8))
def test_two_scripts_never_share_a_path(names: list[str]) -> None:
    taken: set[str] = set()
    for name in names:
        path = place(name, PINE_ID, "indicators", taken)
        assert check_path(path) == path
        assert collision_key(path) not in taken
        taken.add(collision_key(path))


def test_a_folder_outside_is_refused() -> None:
    with pytest.raises(BadPath):
        place("RSI", PINE_ID, "../x", ())
