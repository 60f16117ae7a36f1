"""pine.toml: its content, which lines are refused, and what an edit leaves alone."""

import hashlib
import json
import re
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pinesync.errors import ManifestError
from pinesync.model import Base, Digest, Entry, PineId, RelPath, Version
from pinesync.workspace import manifest as manifests
from pinesync.workspace.manifest import Manifest, Settings, dump_new, parse
from pinesync.workspace.toml import MAX_BYTES

SETTINGS = Settings(id="6f0c", remote="sandbox", account="trader42", ignore=("drafts/**",))
A = RelPath("indicators/RSI Divergence.pine")
B = RelPath("strategies/b.pine")


def pine_id(number: int) -> PineId:
    return PineId(f"USER;{number:032x}")


def digest(text: str) -> Digest:
    return Digest("sha256:" + hashlib.sha256(text.encode()).hexdigest())


def entry(path: str, number: int = 1, version: int = 5, **more: Any) -> Entry:
    base = Base(Version(version), digest(f"{number} {version}"))
    return Entry(RelPath(path), f"Script {number}", pine_id(number), base, **more)


def manifest(*entries: Entry, settings: Settings = SETTINGS) -> Manifest:
    return Manifest(settings, {each.path: each for each in entries})


def apply(
    text: str, changes: Mapping[RelPath, Entry | None], settings: Settings | None = None
) -> str:
    """The text afterwards; parsing it returns the same manifest."""
    before = parse(text)
    after, manifest = manifests.apply(text, changes, settings)
    assert parse(after) == manifest
    assert manifests.apply(text, changes, settings, before) == (after, manifest)
    return after


WRITTEN = f"""\
# our scripts
[workspace]
schema = 1
id = "6f0c"
remote = "sandbox"            # not the real one
account = "trader42"
ignore = ["drafts/**"]

# b comes first, on purpose
[scripts."strategies/b.pine"]
name = "Script 2"             # its name
pine_id = "{pine_id(2)}"
version = "5.0"
digest = "{digest("2 5")}"

# the good one
[scripts."indicators/RSI Divergence.pine"]
pine_id = "{pine_id(1)}"
name = "Script 1"
version = "5.0"
digest = "{digest("1 5")}"
"""
HEAD = '[workspace]\nschema = 1\nid = "6f0c"\nremote = "sandbox"\n'


def test_the_example_in_the_design_is_parsed() -> None:
    text = (
        "[workspace]\n"
        "schema = 1\n"
        'id = "6f0c"                  # random\n'
        'remote = "tradingview"\n'
        'account = "trader42"\n'
        'track = "listed"\n'
        'ignore = ["drafts/**"]\n'
        "[workspace.folders]\n"
        'study = "ind"\n'
        "\n"
        '[scripts."indicators/RSI Divergence.pine"]\n'
        f'pine_id = "{pine_id(1)}"\n'
        'name = "RSI Divergence"\n'
        'version = "5.0"\n'
        f'digest = "{digest("a")}"\n'
        f'sent = "{digest("b")}"\n'
        'hidden = "4.0"\n'
        '[scripts."new.pine"]\n'
        'name = "new"\n'
    )
    found = parse(text)
    assert found.settings == Settings(
        id="6f0c",
        remote="tradingview",
        account="trader42",
        track="listed",
        ignore=("drafts/**",),
        folders={"study": "ind", "strategy": "strategies", "library": "libraries"},
    )
    base = Base(Version(5), digest("a"), digest("b"))
    assert found.entries == {
        A: Entry(A, "RSI Divergence", pine_id(1), base, Version(4)),
        "new.pine": Entry(RelPath("new.pine"), "new"),
    }
    assert parse("\ufeff" + text.replace("\n", "\r\n")) == found


SCRIPT = f'[scripts."a.pine"]\nname = "a"\npine_id = "{pine_id(1)}"\n'


@pytest.mark.promise("S4")
@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("", None, "workspace"),
        ("[workspace\n", 1, "not TOML"),
        (HEAD + 'track = "all', 5, "not TOML"),
        (HEAD + "schema = 1\n", 5, "not TOML"),
        (HEAD + "x = " + "[" * 5000, None, "nested"),
        (HEAD + 'account = "a\0"\n', 5, "NUL"),
        (HEAD + 'account = "\ud800"\n', None, "a lone surrogate"),
        (HEAD + "<<<<<<< HEAD\n=======\n>>>>>>> x\n", 5, "conflict markers"),
        (HEAD + "\n<<<<<<< HEAD\r\n", 6, "conflict markers"),
        (HEAD + SCRIPT + ">>>>>>> main\n", 8, "conflict markers"),
        (HEAD + "[hooks]\npull = 'rm'\n", 5, "unknown key 'hooks'"),
        (HEAD + "host = 'https://evil.example'\n", 5, "unknown key 'host'"),
        (HEAD + SCRIPT + "\nurl = 'x'\n", 9, "unknown key 'url'"),
        (HEAD + "[workspace.folders]\nstudy = 'x'\nscreener = 's'\n", 7, "unknown kind"),
        (HEAD.replace("1", "2") + "news = 1\n", 2, "newer than this pinesync"),
        (HEAD.replace("1", "true"), 2, "schema must be 1"),
        (HEAD.replace("1", "1.0"), 2, "schema must be 1"),
        (HEAD.replace("schema = 1\n", ""), 1, "schema must be 1"),
        (HEAD.replace('"6f0c"', '"../x"'), 3, "id must be"),
        (HEAD.replace("sandbox", "https://x"), 4, "remote must be"),
        (HEAD.replace("sandbox", "sandbox:"), 4, "remote must be"),
        (HEAD.replace("sandbox", "sandbox:a/b"), 4, "remote must be"),
        (HEAD.replace("sandbox", "sandbox:" + "n" * 41), 4, "remote must be"),
        (HEAD.replace("sandbox", "sandbox\\n"), 4, "remote must be"),
        (HEAD + 'track = "some"\n', 5, "track must be"),
        (HEAD + "account = 1\n", 5, "account must be"),
        (HEAD + 'advice = "no"\n', 5, "advice must be true or false"),
        (HEAD + 'contract = "strict"\n', 5, 'contract must be "warn", "refuse" or "ignore"'),
        (HEAD + "contract = true\n", 5, "contract must be"),
        (HEAD + 'alerts = "yes"\n', 5, "alerts must be true or false"),
        (HEAD + "advice = 0\n", 5, "advice must be true or false"),
        (HEAD + "ignore = 'x'\n", 5, "ignore must be"),
        (HEAD + "ignore = [1]\n", 5, "ignore must be"),
        (HEAD + "protected = 'x'\n", 5, "protected must be"),
        (HEAD + "folders = 1\n", 5, "must be a table"),
        (HEAD + "[workspace.folders]\nstudy = '../x'\n", 6, "cannot be used"),
        (HEAD + "[workspace.folders]\nstudy = 1\n", 6, "must be a text"),
        ("scripts = 1\n" + HEAD, 1, "must be a table"),
        (HEAD + "[scripts]\n'a.pine' = 1\n", 6, "must be a table"),
        (HEAD + "[[scripts.'a.pine']]\nname = 'a'\n", 5, "must be a table"),
        (HEAD + "[scripts.'../a.pine']\nname = 'a'\n", 5, "begins with ."),
        (HEAD + SCRIPT.replace("a.pine", "a.txt"), 5, "does not end in .pine"),
        (HEAD + SCRIPT.replace("a.pine", "C:\\\\a.pine"), 5, "the character :"),
        (HEAD + SCRIPT.replace('"a"', "5"), 6, "name must be a text"),
        (HEAD + SCRIPT.replace('"a"', '"' + "n" * 257 + '"'), 6, "at most 256"),
        (HEAD + "[scripts.'a.pine']\n", 5, "name is missing"),
        (HEAD + SCRIPT.replace("USER;", "PUB;"), 7, "not a script id"),
        (HEAD + SCRIPT + f'digest = "{digest("")}"\n', 8, "digest without version"),
        (HEAD + SCRIPT + 'version = "5.0"\n', 8, "version without digest"),
        (HEAD + SCRIPT + f'sent = "{digest("")}"\n', 8, "sent without version"),
        (HEAD + SCRIPT + f'version = "5.5"\ndigest = "{digest("")}"\n', 8, "not a version"),
        (HEAD + SCRIPT + f'version = 5.0\ndigest = "{digest("")}"\n', 8, "must be a text"),
        (HEAD + SCRIPT + 'version = "5.0"\ndigest = "sha256:1"\n', 9, "64 hex digits"),
        (HEAD + SCRIPT + 'hidden = "x"\n', 8, "not a version"),
        (HEAD + '[scripts."a.pine"]\nname = "a"\nversion = "1.0"\n', 7, "without a pine_id"),
        (HEAD + SCRIPT + SCRIPT.replace("a.pine", "b.pine"), 10, "the same pine_id"),
        (HEAD + SCRIPT + "[scripts.'A.pine']\nname = 'a'\n", 8, "same file on some systems"),
        (
            HEAD + SCRIPT + "[scripts.'A.pine/b.pine']\nname = 'a'\n",
            8,
            "is a file, but also a folder",
        ),
    ],
)
def test_an_invalid_line_is_refused_with_its_number(
    text: str, line: int | None, words: str
) -> None:
    with pytest.raises(ManifestError) as refusal:
        parse(text)
    assert words in refusal.value.message
    assert refusal.value.line == line


@pytest.mark.parametrize("key", ["[hooks]", "[workspace.hooks]", "x = 1", SCRIPT + "x = 1"])
def test_an_unknown_key_suggests_a_newer_pinesync(key: str) -> None:
    with pytest.raises(ManifestError) as refusal:
        parse(HEAD + key + "\n")
    assert refusal.value.hint is not None
    assert "newer pinesync" in refusal.value.hint


LONG_KEY = ".".join("a" * 200_000)


@pytest.mark.promise("S11")
@pytest.mark.parametrize(
    "text",
    [
        f"{LONG_KEY} = 1\n",
        f"[{LONG_KEY}]\n",
        f"[[ {LONG_KEY} ]]\n",
        f"x = {{ y = 1, {LONG_KEY} = 1 }}\n",
        f'x = {{ y = """a"""", {LONG_KEY} = 1 }}\n',
        f"x = {{ y = '''a\n'''', {LONG_KEY} = 1 }}\n",
        'a . \'b\' .\t"c\\"".d.e.f.g.h.i.j.k = 1\n',
    ],
    ids=["key", "table", "array", "inline", "after-quotes", "after-lines", "odd"],
)
def test_a_bomb_of_dotted_keys_is_refused_before_parsing(text: str) -> None:
    began = time.thread_time()
    with pytest.raises(ManifestError, match="dotted parts"):
        parse(HEAD + text)
    assert time.thread_time() - began < 1


def test_dots_inside_strings_are_not_dotted_keys() -> None:
    path = "a.b.c.d.e.f.g.h.i.j.k.l.pine"
    text = HEAD + f"# {path}\nignore = ['{path}']\n[scripts.'{path}']\nname = '''{path}'''\n"
    assert parse(text).entries[RelPath(path)].name == path


@pytest.mark.parametrize(
    "text", ["#" * MAX_BYTES + "\n", "# " + "é" * (MAX_BYTES // 2)], ids=["characters", "bytes"]
)
def test_a_manifest_over_the_size_limit_is_refused(text: str) -> None:
    with pytest.raises(ManifestError, match="larger than 4 MiB"):
        parse(text)


@pytest.mark.parametrize(
    "text",
    [
        '"\\' * 500_000,
        "a.a.a.a.a.a.a.a.a " * 50_000,
        "x = '''" + "''a" * 300_000,
        "x = [" * 100_000,
        "x = " + "{a=" * 100_000,
        "x = " + "1" * 1_000_000,
    ],
    ids=["quotes", "dots", "apostrophes", "arrays", "tables", "digits"],
)
def test_a_hostile_manifest_is_refused_quickly(text: str) -> None:
    began = time.thread_time()
    with pytest.raises(ManifestError):
        parse(text)
    assert time.thread_time() - began < 3


WORDS = ["workspace", "scripts", "schema", "id", "a.pine", "1", "é", "<<<<<<< x", "\ud800", "\0"]
SIGNS = ["[", "]", "{", "}", "=", ".", '"', "'", '"""', "'''", "\\", "#", "\n", "\r\n", " ", ","]
TOML_PIECES = st.lists(st.sampled_from(WORDS + SIGNS), max_size=40).map("".join)


@given(st.one_of(st.text(), TOML_PIECES, TOML_PIECES.map(HEAD.__add__)))
def test_any_text_is_parsed_or_refused(text: str) -> None:
    line: int | None = None
    try:
        parse(text)
    except ManifestError as error:
        line = error.line
    assert line is None or 1 <= line <= text.count("\n") + 1


def test_a_new_file_is_sorted_and_reads_back() -> None:
    expected = manifest(entry("b.pine", 2), entry("A.pine", 1), Entry(RelPath("c.pine"), "c"))
    text = dump_new(expected)
    assert parse(text) == expected
    assert text.index("A.pine") < text.index("b.pine") < text.index("c.pine")
    assert "scripts" not in dump_new(manifest())


def test_keys_are_written_in_the_documented_order() -> None:
    base = Base(Version(5), digest("a"), digest("b"))
    text = dump_new(manifest(Entry(A, "RSI", pine_id(1), base, Version(4))))
    keys = ["pine_id", "name", "version", "digest", "sent", "hidden"]
    assert [line.split()[0] for line in text.splitlines()[-6:]] == keys


def test_an_empty_change_changes_no_byte() -> None:
    assert apply(WRITTEN, {}) == WRITTEN
    assert apply(WRITTEN, {RelPath("none.pine"): None}, SETTINGS) == WRITTEN
    assert apply(WRITTEN, {A: entry(A)}) == WRITTEN


def test_a_new_base_changes_two_lines_of_a_hand_written_file() -> None:
    expected = WRITTEN.replace(
        f'name = "Script 1"\nversion = "5.0"\ndigest = "{digest("1 5")}"',
        f'name = "Script 1"\nversion = "6.0"\ndigest = "{digest("1 6")}"',
    )
    assert apply(WRITTEN, {A: entry(A, 1, 6)}) == expected


def test_a_flag_is_added_and_removed_in_place() -> None:
    flagged = apply(WRITTEN, {B: entry(B, 2, shadowed=Version(4))})
    assert flagged == WRITTEN.replace(
        f'"{digest("2 5")}"\n', f'"{digest("2 5")}"\nhidden = "4.0"\n'
    )
    assert apply(flagged, {B: entry(B, 2)}) == WRITTEN
    cut_short = apply(WRITTEN.rstrip(), {A: entry(A, shadowed=Version(4))})
    assert cut_short == WRITTEN + 'hidden = "4.0"\n'


def test_removing_an_entry_keeps_the_comments_of_its_neighbour() -> None:
    start, end = WRITTEN.index('[scripts."strategies'), WRITTEN.index("# the good one")
    assert apply(WRITTEN, {B: None}) == WRITTEN[:start] + WRITTEN[end:]


def test_an_added_entry_goes_to_the_end_of_a_hand_written_file() -> None:
    added = Entry(RelPath("c.pine"), 'c "quoted" # 1')
    expected = WRITTEN + '\n[scripts."c.pine"]\nname = "c \\"quoted\\" # 1"\n'
    assert apply(WRITTEN, {added.path: added}) == expected


def test_a_move_removes_one_entry_and_adds_another() -> None:
    moved = entry("x/b.pine", 2)
    found = parse(apply(WRITTEN, {B: None, moved.path: moved}))
    assert found == manifest(moved, entry(A))


def test_settings_change_in_place() -> None:
    text = apply(WRITTEN, {}, replace(SETTINGS, remote="sandbox:two", account=None))
    changed = WRITTEN.replace('account = "trader42"\n', "")
    changed = changed.replace('"sandbox"  ', '"sandbox:two"  ')
    assert [line for line in changed.splitlines() if line not in text] == []
    assert parse(text).settings.remote == "sandbox:two"


def test_a_generated_file_stays_sorted() -> None:
    text = dump_new(manifest(entry("a.pine", 1), entry("c.pine", 3)))
    grown = apply(text, {RelPath("b.pine"): entry("b.pine", 2)})
    assert grown == dump_new(manifest(entry("a.pine", 1), entry("b.pine", 2), entry("c.pine", 3)))


@pytest.mark.parametrize("text", [WRITTEN, dump_new(manifest(entry(A), entry(B, 2)))])
def test_line_ends_and_bom_are_preserved(text: str) -> None:
    changes = {A: None, B: entry(B, 2, 7), RelPath("c.pine"): Entry(RelPath("c.pine"), "c")}
    dos = "\ufeff" + text.replace("\n", "\r\n")
    assert apply(dos, changes) == "\ufeff" + apply(text, changes).replace("\n", "\r\n")


def test_dotted_keys_are_rewritten_if_they_cannot_be_edited_in_place() -> None:
    text = f"{HEAD}[scripts]\n'a.pine'.name = 'Script 1'\n'a.pine'.pine_id = '{pine_id(1)}'\n"
    path = RelPath("a.pine")
    assert parse(apply(text, {path: entry(path)})).entries == {path: entry(path)}
    assert parse(apply(text, {path: Entry(path, "x")})).entries == {path: Entry(path, "x")}


def test_a_string_that_looks_like_an_entry_is_not_edited() -> None:
    """A hand-written entry, and a name that contains the entry as pinesync would have written
    it."""
    ours = dump_new(manifest(entry("a.pine"))).partition("[scripts")
    block = "".join(ours[1:]).replace("\\", "")
    text = f"""{HEAD}[scripts."a.pine"]
pine_id = "{pine_id(1)}"
version = "5.0"
name = "Script 1"
digest = "{digest("1 5")}"

[scripts."b.pine"]
name = '''
{block}'''
"""
    after = parse(apply(text, {RelPath("a.pine"): entry("a.pine", 1, 6)}))
    assert after.entries[RelPath("a.pine")] == entry("a.pine", 1, 6)
    assert after.entries[RelPath("b.pine")].name == block


@pytest.mark.promise("S12")
def test_a_text_that_would_not_parse_is_not_written() -> None:
    twice = RelPath("INDICATORS/rsi divergence.pine")
    with pytest.raises(ManifestError, match="nothing was written"):
        apply(WRITTEN, {twice: entry(twice, 3)})
    with pytest.raises(ManifestError, match="nothing was written"):
        dump_new(manifest(settings=replace(SETTINGS, remote="https://evil.example")))
    with pytest.raises(ManifestError, match="conflict markers"):
        apply("<<<<<<< HEAD\n" + WRITTEN, {})
    with pytest.raises(ValueError, match="cannot be stored under"):
        apply(WRITTEN, {A: entry(B, 2)})


PATHS = st.sampled_from(["a.pine", "b.pine", "x/a.pine", "x y/c.pine", "漢/é.pine", "'q'.pine"])
VERSIONS = st.integers(1, 12).map(Version)
DIGESTS = st.sampled_from("abc").map(digest)
BASES = st.builds(Base, VERSIONS, DIGESTS, st.none() | DIGESTS)
NAMES = st.text(st.characters(blacklist_categories=["Cs"]), max_size=12)


@st.composite
def entries_of_a_path(draw: st.DrawFn, path: str) -> Entry:
    name = draw(NAMES)
    if draw(st.booleans()):
        return Entry(RelPath(path), name)
    number = int.from_bytes(path.encode(), "big") % 2**128
    shadowed = draw(st.none() | VERSIONS)
    return Entry(RelPath(path), name, pine_id(number), draw(st.none() | BASES), shadowed)


ENTRIES = st.sets(PATHS).flatmap(
    lambda paths: st.fixed_dictionaries({RelPath(path): entries_of_a_path(path) for path in paths})
)
CHANGES = st.sets(PATHS).flatmap(
    lambda paths: st.fixed_dictionaries(
        {RelPath(path): st.none() | entries_of_a_path(path) for path in paths}
    )
)
ALL_SETTINGS = st.builds(
    Settings,
    id=st.just("6f0c"),
    remote=st.sampled_from(["sandbox", "tradingview", "sandbox:A_b-1"]),
    account=st.none() | NAMES,
    account_id=st.none() | st.just("7"),
    track=st.sampled_from(["all", "listed"]),
    ignore=st.lists(NAMES, max_size=2).map(tuple),
    advice=st.booleans(),
    contract=st.sampled_from(["warn", "refuse", "ignore"]),
    protected=st.lists(NAMES, max_size=2).map(tuple),
    alerts=st.booleans(),
    folders=st.fixed_dictionaries(
        {"study": st.sampled_from([".", "a"]), "strategy": st.just("s"), "library": st.just("l/m")}
    ),
)


@st.composite
def written_by_hand(draw: st.DrawFn, wanted: Manifest) -> str:
    """The text with comments, empty lines and quotes as in a hand-written file."""
    result = []
    for number, line in enumerate(dump_new(wanted).split("\n")):
        comment = f"# note {number}." if draw(st.booleans()) else ""
        if line.startswith("[") and draw(st.booleans()):
            result += [comment, ""]
        elif line and line[-1] in '"]' and comment:
            line += "  " + comment
        result.append(line)
    return "\n".join(result)


@pytest.mark.promise("S12")
@given(st.data(), ENTRIES, CHANGES, ALL_SETTINGS, st.none() | ALL_SETTINGS)
def test_an_edit_makes_the_change_and_keeps_comments(
    data: st.DataObject,
    entries: Mapping[RelPath, Entry],
    changes: Mapping[RelPath, Entry | None],
    before: Settings,
    after: Settings | None,
) -> None:
    text = data.draw(written_by_hand(Manifest(before, entries)))
    edited = apply(text, changes, after)
    merged = {**entries, **changes}
    expected = {path: each for path, each in merged.items() if each is not None}
    assert parse(edited) == Manifest(after or before, expected)
    assert apply(edited, changes, after) == edited
    if not after and not any(path in entries for path in changes):
        assert [note for note in _notes(text) if note not in edited] == []


@given(ENTRIES, CHANGES, ALL_SETTINGS)
@example({}, {}, SETTINGS)
def test_an_edited_generated_file_equals_a_new_one(
    entries: Mapping[RelPath, Entry], changes: Mapping[RelPath, Entry | None], settings: Settings
) -> None:
    merged = {path: each for path, each in {**entries, **changes}.items() if each is not None}
    edited = apply(dump_new(Manifest(SETTINGS, entries)), changes, settings)
    assert edited == dump_new(Manifest(settings, merged))


def _notes(text: str) -> list[str]:
    return re.findall(r"# note \d+\.", text)


def test_many_scripts_are_parsed_quickly() -> None:
    expected = manifest(*(entry(f"indicators/Script {n:05}.pine", n) for n in range(1, 10_001)))
    text = dump_new(expected)
    began = time.thread_time()
    assert parse(text) == expected
    assert time.thread_time() - began < 10


def test_names_that_look_like_toml_stay_names() -> None:
    name = '"]\n[workspace]\nremote = "https://evil.example"\n#'
    text = apply(WRITTEN, {A: replace(entry(A), name=name)})
    assert parse(text).entries[A].name == name
    assert parse(text).settings == SETTINGS
    assert json.dumps(name)[1:-1] in text
