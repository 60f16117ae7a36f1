"""Bytes become canonical text and the same bytes again; only conflict markers count as a
conflict."""

import hashlib

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pinesync.text.canonical import (
    Shape,
    Unreadable,
    canonical,
    check_encodable,
    common_lines,
    decode,
    digest,
    digest_of,
    digest_of_any,
    digest_or_none,
    encode_like,
    has_conflict_markers,
    lines,
    shape_of,
)

pytestmark = pytest.mark.promise(35)

PIECES = st.sampled_from(["a", "b", "é", "\n", "\r\n", "\r", "\ufeff", "\f", "\u2028", "\x85", " "])
RAW = st.one_of(st.lists(PIECES, max_size=40).map("".join), st.text(max_size=60)).filter(
    lambda raw: "\0" not in raw
)
CANONICAL = RAW.map(canonical)


@given(RAW)
@example("\ufeff\ufeffx")
@example("\r\r\n\n\r")
@example("a\r\nb\nc")
def test_decoding_and_encoding_changes_no_byte(raw: str) -> None:
    data = raw.encode()
    assert encode_like(decode(data), data) == data


@given(CANONICAL, st.none() | RAW.map(str.encode))
@example("\ufeffx", None)
@example("a\n\n\nb", b"a\n\rb")
def test_an_encoded_text_decodes_to_the_same_text(text: str, like: bytes | None) -> None:
    assert decode(encode_like(text, like)) == text


@given(RAW)
def test_canonical_drops_one_bom_and_every_cr_only(raw: str) -> None:
    text = canonical(raw)
    assert "\r" not in text
    assert text == raw.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


@given(RAW)
@example("\ufeff\ufeffx")
def test_the_digest_of_a_canonical_text_is_the_same(raw: str) -> None:
    assert digest(raw) == digest(canonical(raw)) == digest(canonical(canonical(raw)))


def test_the_digest_hashes_the_canonical_bytes() -> None:
    expected = "sha256:" + hashlib.sha256("é\nb\n".encode()).hexdigest()
    assert digest("\ufeffé\r\nb\r") == expected


@given(
    st.binary(max_size=12) | st.text(max_size=12).map(lambda t: t.encode("utf-8", "surrogatepass"))
)
def test_the_digest_functions_differ_only_for_undecodable_bytes(data: bytes) -> None:
    try:
        text = decode(data)
    except Unreadable:
        with pytest.raises(Unreadable):
            digest_of(data)
        assert digest_or_none(data) is None
        assert digest_of_any(data) == digest(data.decode("latin-1"))
    else:
        assert digest_of(data) == digest_or_none(data) == digest_of_any(data) == digest(text)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"abc\xff", "0xff at offset 3"),
        (b"\xc3", "0xc3 at offset 0"),
        (b"\xed\xa0\x80", "0xed at offset 0"),
        (b"\xff\xfea\0", "0xff at offset 0"),
        ("é\0".encode(), "NUL byte at offset 2"),
    ],
)
def test_undecodable_bytes_are_refused_with_their_position(data: bytes, words: str) -> None:
    with pytest.raises(Unreadable, match=words):
        decode(data)


@pytest.mark.parametrize("write", [check_encodable, digest, lambda text: encode_like(text, None)])
def test_a_lone_surrogate_is_refused_before_a_file_is_opened(write: object) -> None:
    assert callable(write)
    with pytest.raises(Unreadable, match=r"U\+D800\) at offset 1"):
        write("a\ud800")


@pytest.mark.parametrize(
    ("data", "shape"),
    [
        (b"", Shape(False, "\n")),
        (b"a\n", Shape(False, "\n")),
        (b"a\r\nb\r\nc\n", Shape(False, "\r\n")),
        (b"a\rb\r", Shape(False, "\r")),
        (b"\xef\xbb\xbfa\r\n", Shape(True, "\r\n")),
        (b"a\nb\r\n", Shape(False, "\n")),
    ],
)
def test_the_shape_of_a_file_is_its_bom_and_line_ends(data: bytes, shape: Shape) -> None:
    assert shape_of(data) == shape


def test_a_new_file_gets_plain_line_ends() -> None:
    assert encode_like("a\nb\n", None) == b"a\nb\n"


def test_a_file_keeps_its_bom_and_line_ends() -> None:
    assert encode_like("x\ny", b"\xef\xbb\xbfa\r\nb\r\n") == b"\xef\xbb\xbfx\r\ny"


def test_unchanged_lines_keep_their_mixed_line_ends() -> None:
    like = b"one\r\ntwo\nthree\r\nfour\r\nfive\n"
    text = "zero\none\ntwo\nfour\nnew\nfive\n"
    assert encode_like(text, like) == b"zero\r\none\r\ntwo\nfour\r\nnew\r\nfive\n"


def test_many_equal_lines_are_encoded_quickly() -> None:
    like = b"\n" * 20_000 + b"a\r\n" + b"\n" * 20_000
    text = "b\n" + "\n" * 20_000 + "c\n" + "\n" * 20_000 + "d\n"
    assert decode(encode_like(text, like)) == text


@given(CANONICAL)
def test_only_lf_ends_a_line(text: str) -> None:
    found = lines(text)
    assert "".join(found) == text
    assert all(line.endswith("\n") for line in found[:-1])
    assert not any("\n" in line[:-1] for line in found)


def test_the_last_line_may_have_no_line_end() -> None:
    assert lines("a\f\u2028\nb") == ["a\f\u2028\n", "b"]
    assert lines("") == []


@pytest.mark.parametrize(
    "text",
    [
        "<<<<<<< HEAD\na\n=======\nb\n>>>>>>> main\n",
        "x\n<<<<<<< a\n||||||| base\no\n=======\n>>>>>>> b",
        "<<<<<<<\na\n=======\nb\n>>>>>>>\n",
        "<<<<<<< HEAD\r\na\r\n=======\r\nb\r\n>>>>>>> main\r\n",
    ],
)
def test_conflict_markers_are_found(text: str) -> None:
    assert has_conflict_markers(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "//=======\n=======\n//=======\n",
        "<<<<<<< HEAD\na\n>>>>>>> main\n",
        "=======\n<<<<<<< HEAD\n>>>>>>> main\n",
        "  <<<<<<< HEAD\n=======\n>>>>>>> main\n",
        "<<<<<<<<<< a\n=======\n>>>>>>>>>> b\n",
        "// <<<<<<< a\n// =======\n// >>>>>>> b\n",
        "<<<<<<< HEAD\na\n========\nb\n>>>>>>> main\n",
    ],
)
def test_other_lines_are_not_taken_for_conflict_markers(text: str) -> None:
    assert not has_conflict_markers(text)


few_lines = st.lists(st.sampled_from(["a\n", "b\n", "\n", "c"]), max_size=8).map("".join).map(lines)


@given(few_lines, few_lines)
def test_common_lines_are_a_subsequence_of_both_texts(one: list[str], other: list[str]) -> None:
    common = lines(common_lines("".join(one), "".join(other)))
    for text in (one, other):
        rest = iter(text)
        assert all(line in rest for line in common)
    assert common_lines("".join(one), "".join(one)) == "".join(one)
