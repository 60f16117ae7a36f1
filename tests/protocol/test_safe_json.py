"""JSON within limits and with one meaning: every parser reads what is accepted in the same way."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pinesync.protocol.safe_json import MAX_DEPTH, MAX_DIGITS, MAX_SIGNS, loads

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
    | st.text(st.sampled_from('"\\,[]{}:n\n')),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=30,
)


@given(JSON, st.booleans())
def test_json_within_the_limits_is_read_as_the_standard_library_reads_it(
    value: object, ascii_alone: bool
) -> None:
    try:
        body = json.dumps(value, ensure_ascii=ascii_alone).encode()
    except UnicodeEncodeError:
        body = json.dumps(value).encode()
    assert loads(body) == json.loads(body)


@pytest.mark.parametrize(
    "text",
    [
        "[" * MAX_DEPTH + "]" * MAX_DEPTH,
        json.dumps(["[" * (MAX_DEPTH + 1), "{" * (MAX_DEPTH + 1), "," * (MAX_SIGNS + 1)]),
        json.dumps('\\"' * MAX_SIGNS + "[" * MAX_SIGNS),
        json.dumps(["\\", "[", '\\"', "{", "\\\\"] * 100),
        "[" + "0," * (MAX_SIGNS - 3) + "0]",
        "9" * MAX_DIGITS,
        '{"a": {"a": 1}, "b": [{"a": 1}, {"a": 1}]}',
        "1e308",
    ],
    ids=range(8),
)
def test_json_at_the_limits_is_accepted(text: str) -> None:
    assert loads(text.encode()) == json.loads(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1), "nested more than 64"),
        ('{"a":' * (MAX_DEPTH + 1), "nested more than 64"),
        ("[" + "0," * MAX_SIGNS + "0]", "commas and brackets"),
        ("[" + '"a,",' * MAX_SIGNS + '""]', "commas and brackets"),
        ('["\\\\",' + "0," * MAX_SIGNS + "0]", "commas and brackets"),
        ('["\\"",' + "0," * MAX_SIGNS + "0]", "commas and brackets"),
        ('["\\\\\\"",' + "0," * MAX_SIGNS + "0]", "commas and brackets"),
        ("]" * (MAX_SIGNS + 1), "commas and brackets"),
        ("9" * (MAX_DIGITS + 1), "101 digits"),
        ('{"a": 1, "a": 1}', "the key 'a' comes twice"),
        ('[{"b": {"\\u0061": 1, "a": 2}}]', "the key 'a' comes twice"),
        ("[NaN]", "NaN"),
        ("-Infinity", "Infinity"),
        ("1e309", "1e309"),
        ("-1e9999", "-1e9999"),
        ("", "Expecting value"),
        ("\ufeff[]", "BOM"),
    ],
    ids=range(17),
)
def test_json_over_a_limit_is_refused_with_the_reason(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        loads(text.encode())


@given(st.binary(max_size=60) | st.text('"\\[]{},:0a ', max_size=60).map(str.encode))
def test_any_bytes_are_parsed_or_refused(body: bytes) -> None:
    try:
        value = loads(body)
    except ValueError:
        return
    assert value == json.loads(body)
