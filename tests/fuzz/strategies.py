"""Examples: valid input with one change, and random input."""

from random import Random
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

ODD_TEXTS = ["", "\0", "\ud800", "\ufeff", "\u202e", "\u2028", "é", "e\u0301", "ı", "😀", "a" * 300]
ODD_NUMBERS: list[float] = [0, -1, 1, 2**63, 10**30, 1e15, 1e16, 1e308, -0.0, 0.1]


_PIECES = [
    *(bytes([sign]) for sign in b"\"'\\{}[](),.:=#-\n\r\t \x00\xff019"),
    *(b"\xed\xa0\x80", b"\xef\xbb\xbf", b"\xe2\x80\x8b", b"\xc4\xb1", b"\\ud800", b"\\u0000"),
    *(b"1e999", b"NaN", b"null", b"9" * 25, b"//", b'"""', b"\r\n", b"=======\n"),
]


def varied(body: bytes, lot: Random) -> bytes:
    """The bytes with a few changed, removed, doubled or inserted."""
    for _ in range(lot.randrange(1, 7)):
        at, size = lot.randrange(len(body) + 1), lot.choice((0, 0, 1, 1, 2, 5, 40))
        old = body[at : at + size]
        new = lot.choice((b"", lot.choice(_PIECES), old * 2, lot.randbytes(2), old[::-1]))
        body = body[:at] + new + body[at + size :]
    return body


def varied_text(text: str, lot: Random) -> str:
    return varied(text.encode("utf-8", "surrogatepass"), lot).decode("utf-8", "replace")


def like_json(keys: list[str], values: list[Any]) -> SearchStrategy[Any]:
    """JSON values with the protocol's own keys and values in any place."""
    leaf = st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(allow_nan=False, allow_infinity=False),
        st.sampled_from([*values, *ODD_TEXTS, *ODD_NUMBERS]),
        st.text(max_size=8),
    )
    key = st.sampled_from(keys) | st.text(max_size=3)
    return st.recursive(
        leaf,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(key, inner, max_size=6),
        max_leaves=25,
    )


def pieces(words: list[str], most: int = 40) -> SearchStrategy[str]:
    """Texts made of these words and of arbitrary ones."""
    return st.lists(st.sampled_from(words) | st.text(max_size=3), max_size=most).map("".join)
