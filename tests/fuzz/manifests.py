"""Any pine.toml is either read or refused; what we write can be read again."""

from collections.abc import Mapping
from random import Random
from typing import Any

from hypothesis import strategies as st

from pinesync.errors import ManifestError
from pinesync.model import MAX_THEIRS, Base, Digest, Entry, PineId, RelPath, Version
from pinesync.text.filenames import BadPath, check_path, collision_key
from pinesync.workspace.manifest import Manifest, apply, dump_new, parse
from tests.fuzz.engine import Target
from tests.fuzz.strategies import ODD_TEXTS, pieces, varied_text

HEAD = '[workspace]\nschema = 1\nid = "one"\nremote = "sandbox"\n'
SOUND = f"""\
# by hand
{HEAD}account = "trader42"
track = "listed"
ignore = ["drafts/**"]  # not yet

[workspace.folders]
study = "."

[scripts."a.pine"]
name = 'A "quoted"'
pine_id = "USER;{"1" * 32}"
version = "5.0"
digest = "sha256:{"a" * 64}"
hidden = "4.0"

# the second
[scripts.'x/b.pine']
name = "B"
"""
DOTTED = HEAD + "[scripts]\n'a.pine'.name = 'A'\n'b.pine' = {name = 'B'}\n"
_WORDS = (
    "workspace scripts schema id remote name pine_id version digest hidden a.pine 1 0x1 1.0 true"
)
_SIGNS = ["[", "]", "[[", "]]", "{", "}", "=", ".", ",", '"', "'", '"""', "'''", "\\", "#", "\n"]
_PIECES = pieces([*_WORDS.split(), *_SIGNS, "\r\n", " ", "<<<<<<< x\n", "1979-05-27", *ODD_TEXTS])


_TEXTS = st.one_of(_PIECES, _PIECES.map(HEAD.__add__), st.sampled_from([SOUND, DOTTED]))
_PATHS = st.sampled_from(["a.pine", "x/b.pine", "new.pine", "A.pine", "x/ı.pine", "a.pine/c.pine"])
_NAMES = st.text(st.characters(exclude_categories=["Cs"]), max_size=20) | st.just("x" * 257)
_DIGESTS = st.sampled_from("0abf").map(lambda digit: Digest("sha256:" + digit * 64))
_BASES = st.builds(
    Base,
    st.integers(99, 999_999).map(Version),
    _DIGESTS,
    st.none() | _DIGESTS,
    st.sets(st.integers(1, 99).map(Version), max_size=MAX_THEIRS).map(lambda v: tuple(sorted(v))),
    st.none() | _DIGESTS,
)
_IDS = st.none() | st.sampled_from("12").map(lambda digit: PineId("USER;" + digit * 32))


def _entry(path: str, name: str, pine_id: PineId | None, base: Base | None) -> Entry:
    return Entry(RelPath(path), name, pine_id, base if pine_id else None)


_CHANGES = st.dictionaries(
    _PATHS, st.none() | st.tuples(_NAMES, _IDS, st.none() | _BASES), max_size=3
)


def _check(example: tuple[str, dict[str, Any]]) -> None:
    text, raw = example
    changes = {RelPath(p): None if v is None else _entry(p, *v) for p, v in raw.items()}
    refused = None
    try:
        before = parse(text)
    except ManifestError as error:
        refused = error
    else:
        _check_manifest(text, before, changes)
    assert refused is None or len(refused.message) < 5000
    assert not (refused and refused.line) or 1 <= refused.line <= text.count("\n") + 1


def _check_manifest(text: str, before: Manifest, changes: Mapping[RelPath, Entry | None]) -> None:
    assert all(_is_path(path) for path in before.entries)
    assert len({collision_key(path) for path in before.entries}) == len(before.entries)
    assert parse(dump_new(before)) == before
    assert apply(text, {})[0] == text
    try:
        after, manifest = apply(text, changes)
    except ManifestError:
        return  # the two do not go together: the text stays as it is
    expected = {**before.entries, **changes}
    assert parse(after) == manifest
    assert parse(after).entries == {path: entry for path, entry in expected.items() if entry}
    assert parse(after).settings == before.settings


def _is_path(path: str) -> bool:
    try:
        return check_path(path) == path
    except BadPath:
        return False


def _vary(example: tuple[str, dict[str, Any]], lot: Random) -> object:
    text, changes = example
    return varied_text(text, lot), changes


MANIFEST = Target("manifest", st.tuples(_TEXTS, _CHANGES), _check, _vary)
