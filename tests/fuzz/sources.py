"""Sources, files and names: reading them raises only documented errors, and a round trip keeps
the meaning."""

import re
from pathlib import Path, PurePosixPath
from random import Random

from hypothesis import strategies as st

import pinesync.sandbox
from pinesync.model import PineId
from pinesync.text.canonical import (
    Unreadable,
    canonical,
    decode,
    digest,
    encode_like,
    has_conflict_markers,
    lines,
)
from pinesync.text.filenames import BadPath, check_path, collision_key, file_name, place
from pinesync.text.pine_syntax import check, declaration, tokens
from tests.fuzz.engine import Target
from tests.fuzz.strategies import ODD_TEXTS, pieces, varied, varied_text

SEED = Path(pinesync.sandbox.__file__).parent / "seed"
SCRIPTS = [path.read_bytes() for path in sorted(SEED.rglob("*.pine"))]
_WORDS = "indicator( strategy ) [ ] \" ' \"\"\" ''' \\ // //@version=6 + - * / = := => ? : . , and"
_SOURCES = st.one_of(
    pieces([*_WORDS.split(), "\n", "\r", "\r\n", "    ", "  x", "\t", "#ff0000", *ODD_TEXTS]),
    st.sampled_from([script.decode() for script in SCRIPTS]),
)
_EOL = re.compile(r"\r\n|\n|\r")


def _check_syntax(source: str) -> None:
    sizes = [len(line) for line in _EOL.split(source)]
    for found in check(source):
        places = (found.line, found.column), (found.end_line, found.end_column)
        assert (1, 1) <= places[0] <= places[1]
        for line, column in places:
            # There is no token after a line's last character, nor in an empty text.
            assert line <= len(sizes)
            assert column <= sizes[line - 1] + 2
    declaration(source)
    end = 0
    for token in tokens(source):
        assert source[token.start : token.end] == token.text
        assert end <= token.start
        end = token.end


SYNTAX = Target("syntax", _SOURCES, _check_syntax, varied_text)

_FILES = st.one_of(
    st.binary(max_size=60),
    st.lists(st.sampled_from([b"a", b"\r", b"\n", b"\r\n", b"\xef\xbb\xbf", b"\x00", b"\xff"])).map(
        b"".join
    ),
    st.sampled_from(SCRIPTS),
)
_TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40) | pieces(
    ["\n", "a", "\ufeff"]
)


def _check_text(example: tuple[bytes, str]) -> None:
    data, other = example
    try:
        text = decode(data)
    except Unreadable:
        return
    assert canonical(text.removeprefix("\ufeff")) == text.removeprefix("\ufeff").removeprefix(
        "\ufeff"
    )
    assert encode_like(text, data) == data
    assert digest(text) == digest(canonical(text)) == digest("\ufeff" + text)
    assert "".join(lines(text)) == text
    has_conflict_markers(text)
    new = canonical(other).replace("\0", "")
    assert decode(encode_like(new, data)) == new


def _vary_text(example: tuple[bytes, str], lot: Random) -> object:
    return varied(example[0], lot), varied_text(example[1], lot)


TEXT = Target("text", st.tuples(_FILES, _TEXTS), _check_text, _vary_text)

_PARTS = ["/", "\\", "..", ".", "~", "-", ":", " ", "CON", "nul", ".pine", "é", "e\u0301", "ẞ", "İ"]
_NAMES = st.text(st.characters(exclude_categories=()), max_size=40) | pieces([*_PARTS, *ODD_TEXTS])
_ID = PineId("USER;0123456789abcdef0123456789abcdef")


def _check_naming(names: list[str]) -> None:
    taken: set[str] = set()
    for name in names:
        assert check_path(file_name(name, _ID)) == file_name(name, _ID)
        path = place(name, _ID, "indicators", taken)
        assert collision_key(path) not in taken
        taken.add(collision_key(path))
        assert collision_key(collision_key(name)) == collision_key(name)
        _check_path(name)
        _check_path(f"x/{name}.pine")


def _check_path(raw: str) -> None:
    try:
        path = PurePosixPath(check_path(raw))
    except BadPath:
        return
    assert str(path) == raw
    assert not path.is_absolute()
    assert path.suffix == ".pine"
    assert not any(
        part.startswith((".", "~", "-")) or part.endswith((".", " ")) for part in path.parts
    )
    assert not set(raw) & set('\\:*?"<>|\0\n\r\t')
    raw.encode()


def _vary_names(names: list[str], lot: Random) -> object:
    return [*names, *(varied_text(name, lot) for name in names)]


NAMING = Target("naming", st.lists(_NAMES, max_size=6), _check_naming, _vary_names)
