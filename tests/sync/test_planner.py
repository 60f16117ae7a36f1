"""The policy table is total, and every script and file of a snapshot gets exactly one status
word."""

from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pinesync.model import Base, Digest, Entry, PineId, RelPath, ScriptInfo, Version
from pinesync.sync.planner import LocalText, ScriptState, Snapshot, survey, versions_needed
from pinesync.sync.policy import NEVER, POLICY, Act, LocalSide, RemoteSide
from pinesync.sync.reverts import Comparison
from pinesync.sync.selection import select_named
from pinesync.sync.words import Role, Status
from pinesync.text.filenames import unescape_name

FOLDERS = {"study": "indicators", "strategy": "strategies", "library": "libraries"}


def pine_id(number: int) -> PineId:
    return PineId(f"USER;{number:032x}")


def d(letter: str) -> Digest:
    return Digest(f"sha256:{ord(letter[0]):064x}")


def info(number: int, name: str, version: int = 1) -> ScriptInfo:
    return ScriptInfo(pine_id(number), name, Version(version))


def path(raw: str) -> RelPath:
    return RelPath(raw)


A = path("indicators/A.pine")
TRACKED = Entry(A, "A", pine_id(1), Base(Version(3), d("b")))
WAITING = Entry(A, "A")


def snapshot(
    entry: Entry | None = None,
    text: str | None = None,
    listed: ScriptInfo | None = None,
    **more: object,
) -> Snapshot:
    """At most one entry, one file at A and one script; texts named by one letter each."""
    made = Snapshot(
        entries={entry.path: entry} if entry else {},
        files={A: LocalText(d(text))} if text else {},
        listed={listed.pine_id: listed} if listed else {},
        folders=FOLDERS,  # type: ignore[arg-type]
    )
    return replace(made, **more)  # type: ignore[arg-type]


def texts(letters: str, first: int = 4, number: int = 1) -> dict[tuple[PineId, Version], Digest]:
    return {(pine_id(number), Version(n)): d(x) for n, x in enumerate(letters, first)}


# -- the table ------------------------------------------------------------------------------------


def test_the_policy_table_is_total_and_unambiguous() -> None:
    assert set(POLICY) | set(NEVER) == set(product(LocalSide, RemoteSide))
    assert not set(POLICY) & set(NEVER)
    assert all(why.strip() for why in NEVER.values())


def test_missing_gone_and_conflicting_scripts_are_never_written_or_deleted() -> None:
    for (local, remote), row in POLICY.items():
        if local is LocalSide.MISSING:
            assert {row.pull, row.push} <= {Act.EXPLAIN, Act.KEEP, Act.REFUSE}
        if remote is RemoteSide.GONE:
            assert {row.pull, row.push} <= {Act.KEEP, Act.REFUSE}
        if row.word == "conflict":
            assert (row.pull, row.push) == (Act.REFUSE, Act.REFUSE)
        if row.word == "clean":
            assert {row.pull, row.push} <= {Act.NOTHING, Act.ADOPT}


def test_every_status_has_the_advice_its_rows_need() -> None:
    assert list(dict.fromkeys(row.word for row in POLICY.values())) == list(Status)
    for status in Status:
        rows = [row for row in POLICY.values() if row.word is status]
        acts = {act for row in rows for act in (row.pull, row.push)}
        assert bool(status.refusal) == bool(acts & {Act.REFUSE, Act.KEEP, Act.LEAVE}), (
            f"{status}: who is left alone is told why, and nobody else"
        )
        brings = all(
            row.pull in (Act.FORWARD, Act.ADOPT_FORWARD, Act.WRITE)
            and row.push in (Act.LEAVE, Act.ADOPT, Act.NOTHING)
            for row in rows
        )
        assert (status.role is Role.PULL) == brings


@pytest.mark.parametrize(
    ("word", "seen"),
    [
        ("clean", snapshot(TRACKED, "b", info(1, "A", 3))),
        ("behind", snapshot(TRACKED, "b", info(1, "A", 4))),
        ("modified", snapshot(TRACKED, "x", info(1, "A", 3))),
        ("modified", snapshot(TRACKED, "x", listed=None)),
        ("clean", snapshot(TRACKED, "n", info(1, "A", 4), texts=texts("n"))),
        ("behind", snapshot(TRACKED, "m", info(1, "A", 5), texts=texts("mn"))),
        ("diverged", snapshot(TRACKED, "x", info(1, "A", 5), texts=texts("mn"))),
        ("missing", snapshot(TRACKED, None, info(1, "A", 3))),
        ("missing", snapshot(TRACKED, None, info(1, "A", 9))),
        ("missing", snapshot(WAITING)),
        ("gone", snapshot(TRACKED, "b", gone=frozenset([pine_id(1)]))),
        ("gone", snapshot(TRACKED, "x", gone=frozenset([pine_id(1)]))),
        ("gone", snapshot(TRACKED, None, gone=frozenset([pine_id(1)]))),
        ("new", snapshot(WAITING, "x")),
        ("clean", snapshot(WAITING, "x", info(2, "A"), texts=texts("x", 1, 2))),
        ("name-taken", snapshot(WAITING, "x", info(2, "A"), texts=texts("y", 1, 2))),
        ("untracked", snapshot(None, "x")),
        ("clean", snapshot(None, "x", info(2, "A"), texts=texts("x", 1, 2))),
        ("name-taken", snapshot(None, "x", info(2, "A"), texts=texts("y", 1, 2))),
        ("remote-only", snapshot(None, None, info(2, "A"))),
        ("conflict", snapshot(replace(TRACKED, shadowed=Version(2)), "b", info(1, "A", 3))),
        ("conflict", snapshot(replace(TRACKED, shadowed=Version(2)), None, info(1, "A", 9))),
        ("conflict", snapshot(TRACKED, files={A: LocalText(d("x"), marked=True)})),
        ("conflict", snapshot(WAITING, files={A: LocalText(d("x"), marked=True)})),
        ("unreadable", snapshot(TRACKED, files={A: LocalText(None, problem="not UTF-8")})),
        ("unreadable", snapshot(None, None, files={A: LocalText(None, problem="NUL")})),
    ],
)
def test_every_policy_row_is_reached(word: str, seen: Snapshot) -> None:
    assert versions_needed(seen) == []
    (situation,) = survey(seen)
    assert (situation.path, situation.word) == (A, word)


def test_the_newest_of_several_equal_versions_is_used() -> None:
    seen = snapshot(TRACKED, "m", info(1, "A", 7), texts=texts("mxmn"))
    assert survey(seen)[0].at == Version(6)


def test_the_file_is_compared_with_the_sent_text() -> None:
    entry = replace(TRACKED, base=Base(Version(3), d("b"), sent=d("s")))
    assert survey(snapshot(entry, "s", info(1, "A", 3)))[0].word == "clean"


def test_offline_compares_only_with_the_base() -> None:
    for text, word in (("b", "clean"), ("x", "modified")):
        assert survey(snapshot(TRACKED, text, listed=None))[0].word == word


def test_a_workspace_that_tracks_listed_scripts_ignores_others() -> None:
    seen = snapshot(TRACKED, "b", info(1, "A", 3))
    more = {**(seen.listed or {}), pine_id(2): info(2, "B")}
    assert len(survey(replace(seen, listed=more))) == 2
    assert len(survey(replace(seen, listed=more, track_all=False))) == 1


# -- which texts must be read ---------------------------------------------------------------------


def test_no_version_is_read_unless_both_sides_changed() -> None:
    assert versions_needed(snapshot(TRACKED, "b", info(1, "A", 9))) == []
    assert versions_needed(snapshot(TRACKED, None, info(1, "A", 9))) == []
    assert versions_needed(snapshot(TRACKED, "x", info(1, "A", 3))) == []


def test_older_versions_are_read_only_if_the_newest_differs() -> None:
    seen = snapshot(TRACKED, "x", info(1, "A", 6))
    assert versions_needed(seen) == [(pine_id(1), Version(6))]
    assert versions_needed(replace(seen, texts=texts("x", 6))) == []
    more = [(pine_id(1), Version(4)), (pine_id(1), Version(5))]
    assert versions_needed(replace(seen, texts=texts("n", 6))) == more


# -- names and paths ------------------------------------------------------------------------------


def test_a_file_is_found_under_its_own_spelling() -> None:
    other = path("indicators/a.PINE".replace("PINE", "pine"))
    seen = snapshot(
        None, None, info(2, "A"), files={other: LocalText(d("x"))}, texts=texts("x", 1, 2)
    )
    (situation,) = survey(seen)
    assert (situation.path, situation.word) == (other, "clean")


def test_an_entry_without_an_id_is_found_by_name() -> None:
    entry = Entry(path("drafts/z.pine"), "A & B")
    files = {entry.path: LocalText(d("x"))}
    seen = snapshot(entry, None, info(2, "A &amp; B"), files=files, texts=texts("x", 1, 2))
    (situation,) = survey(seen)
    assert (situation.path, situation.word) == (entry.path, "clean")


def test_scripts_with_similar_names_all_appear() -> None:
    names = ["A", "a", "A ", "A/", "A?", "Ａ", "A &amp; B", "A & B"]
    listed = {pine_id(n): info(n, name) for n, name in enumerate(names, 1)}
    found = survey(replace(snapshot(), listed=listed))
    assert {s.info.pine_id for s in found if s.info} == set(listed)
    assert len({s.path for s in found}) == len(names)


def test_two_scripts_that_match_one_new_entry_both_appear() -> None:
    """A list may have one name escaped by hand and one that is shown the same."""
    listed = {pine_id(1): info(1, "A & B"), pine_id(2): info(2, "A &amp; B")}
    entry = Entry(path("z.pine"), "A & B")
    files = {entry.path: LocalText(d("x"))}
    seen = replace(snapshot(entry), files=files, listed=listed)
    seen = replace(seen, texts={pair: d("y") for pair in versions_needed(seen)})
    assert {s.info.pine_id for s in survey(seen) if s.info} == set(listed)


def test_an_entry_with_an_id_and_no_base_is_never_created_again() -> None:
    entry = Entry(A, "A", pine_id(1))
    seen = snapshot(entry, "x", info(1, "Another name", 3))
    seen = replace(seen, texts={pair: d("y") for pair in versions_needed(seen)})
    (situation,) = survey(seen)
    assert situation.row.push is not Act.CREATE


# -- any snapshot ---------------------------------------------------------------------------------

NAMES = ["A", "a", "A & B", "A &amp; B", "B", "x/y", "", "…", "CON"]
PATHS = [path(f"{folder}{name}.pine") for folder in ("", "indicators/") for name in "ABxyz"]
letters = st.sampled_from("bmnxyz")
digests = letters.map(d)
local_texts = st.builds(LocalText, digests, st.booleans()) | st.just(LocalText(None, problem="bad"))


some_versions = st.frozensets(st.integers(1, 6).map(Version))
comparisons = st.builds(
    Comparison,
    some_versions.map(lambda found: tuple(sorted(found))),
    unknown=st.sampled_from(["", "it cannot be read"]),
)


@st.composite
def snapshots(draw: st.DrawFn) -> Snapshot:
    paths = draw(st.lists(st.sampled_from(PATHS), unique=True))
    entries = {}
    for number, at in enumerate(paths):
        base = st.builds(Base, st.integers(1, 4).map(Version), digests, st.none() | digests)
        tracked = draw(st.booleans())
        entries[at] = Entry(
            at,
            draw(st.sampled_from(NAMES)) + ("" if tracked else f" {number}"),
            pine_id(number) if tracked else None,
            draw(base) if tracked else None,
            draw(st.none() | st.just(Version(1))) if tracked else None,
        )
    names = draw(st.lists(st.sampled_from(NAMES), max_size=6, unique_by=unescape_name))
    ids = draw(st.permutations(range(12)))
    listed = {
        pine_id(number): info(number, name, draw(st.integers(1, 6)))
        for number, name in zip(ids, names, strict=False)
    }
    tracked_ids = [e.pine_id for e in entries.values() if e.pine_id]
    return Snapshot(
        entries=entries,
        files=draw(st.dictionaries(st.sampled_from(PATHS), local_texts)),
        listed=draw(st.just(listed) | st.none()),
        gone=frozenset(i for i in tracked_ids if i not in listed and draw(st.booleans())),
        recorded={i: draw(some_versions) for i in tracked_ids if draw(st.booleans())},
        compared={at: draw(comparisons) for at in entries if draw(st.booleans())},
        track_all=draw(st.booleans()),
        folders=FOLDERS,  # type: ignore[arg-type]
    )


def surveyed(seen: Snapshot, data: st.DataObject) -> tuple[Snapshot, tuple[ScriptState, ...]]:
    """Read the wanted versions until none is left."""
    for _ in range(5):
        pairs = versions_needed(seen)
        if not pairs:
            return seen, survey(seen)
        assert not set(pairs) & set(seen.texts)
        seen = replace(seen, texts={**seen.texts, **{p: data.draw(digests) for p in pairs}})
    raise AssertionError("there is no end to what is wanted")


@given(snapshots(), st.data())
def test_every_file_and_script_appears_exactly_once(seen: Snapshot, data: st.DataObject) -> None:
    seen, found = surveyed(seen, data)
    paths = [situation.path for situation in found]
    assert paths == sorted(set(paths))
    assert set(seen.entries) | set(seen.files) <= set(paths)
    ids = [s.info.pine_id for s in found if s.info]
    assert len(ids) == len(set(ids))
    for situation in found:
        assert (situation.local, situation.remote) in POLICY
        assert situation.entry == seen.entries.get(situation.path)
        if situation.path not in seen.entries and situation.path not in seen.files:
            assert situation.word == "remote-only"
            assert seen.track_all
    if seen.listed and seen.track_all:
        tracked = {e.pine_id for e in seen.entries.values()}
        waiting = {e.name for e in seen.entries.values() if not e.pine_id}
        shown_ids = {i for i, s in seen.listed.items() if unescape_name(s.name) not in waiting}
        assert shown_ids - tracked <= set(ids)


@given(snapshots(), st.data())
def test_the_same_snapshot_has_the_same_answer(seen: Snapshot, data: st.DataObject) -> None:
    seen, found = surveyed(seen, data)
    turned = replace(
        seen,
        entries=dict(reversed(list(seen.entries.items()))),
        files=dict(reversed(list(seen.files.items()))),
        listed=dict(reversed(list(seen.listed.items()))) if seen.listed is not None else None,
    )
    assert survey(seen) == found
    assert survey(turned) == found


def test_paths_and_folders_select_scripts() -> None:
    found = survey(replace(snapshot(), files={p: LocalText(d("x")) for p in PATHS}))
    assert select_named(found, []) == (found, [])
    assert select_named(found, ["."])[0] == found
    chosen, unmatched = select_named(found, ["indicators", "A.pine", "ind", "nothing.pine"])
    assert {s.path for s in chosen} == {p for p in PATHS if "/" in p or p == "A.pine"}
    assert unmatched == ["ind", "nothing.pine"]
