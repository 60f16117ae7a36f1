"""The fast reader of pine.toml returns what the TOML parser returns."""

from collections.abc import Mapping

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pinesync.errors import ManifestError
from pinesync.model import Entry, RelPath
from pinesync.workspace import fast_reader
from pinesync.workspace.manifest import Manifest, Settings, dump_new, parse
from pinesync.workspace.toml import MAX_TABLES
from tests.workspace.test_manifest import ALL_SETTINGS, ENTRIES, SETTINGS, A, B, entry, manifest

OURS = dump_new(manifest(entry(A), entry(B, 2)))
BY_THE_PARSER = "\n# a comment at the end is not as we write it\n"
"""What follows changes no value, but makes the parser read all of the text."""
PIECES = (
    *("", "\n", "\r\n", '"', '"""', "\\", "# note\n", "\x00", "\x7f", "\t", "0", "[", "]", "."),
    *('[scripts."indicators/c.pine"]\n', '[scripts."../c.pine"]\n', "[scripts.c]\n", "[scripts]\n"),
    *(
        'version = "6.0"\n',
        'version = "0.0"\n',
        'hidden = "7.0"\n',
        'name = "\\u0041"\n',
        "x = 1\n",
    ),
)


@st.composite
def touched(draw: st.DrawFn, text: str) -> str:
    """The text with a few replaced pieces, as after a manual edit, a merge or an attack."""
    for _ in range(draw(st.integers(0, 3))):
        marks = [0, *(i + 1 for i, char in enumerate(text) if char in '\n"[')]
        start = draw(st.sampled_from(marks) | st.integers(0, len(text)))
        end = min(len(text), start + draw(st.sampled_from([0, 0, 1, 2, 40])))
        text = text[:start] + draw(st.sampled_from(PIECES)) + text[end:]
    return text


def parsed(text: str) -> Manifest | None:
    try:
        return parse(text)
    except ManifestError:
        return None


@given(st.data(), ENTRIES, ALL_SETTINGS)
@example(None, {}, SETTINGS)
def test_the_fast_reader_agrees_with_the_parser(
    data: st.DataObject | None, entries: Mapping[RelPath, Entry], settings: Settings
) -> None:
    text = dump_new(Manifest(settings, entries))
    text = data.draw(touched(text)) if data else text
    assert fast_reader.read(text + BY_THE_PARSER) is None
    assert parsed(text) == parsed(text + BY_THE_PARSER)


def test_files_written_by_pinesync_are_read_without_the_parser() -> None:
    found = fast_reader.read(OURS)
    assert found is not None
    assert found[1] == parse(OURS).entries == manifest(entry(A), entry(B, 2)).entries


@pytest.mark.parametrize(
    "text",
    [
        OURS.replace("\n", "\r\n"),
        OURS.replace('[scripts."strategies/b.pine"]', f'[scripts."{A}"]'),
        OURS.replace("strategies/b.pine", "strategies/../b.pine"),
        OURS.replace('name = "Script 2"', 'name = "Script \\u0032"'),
        OURS.replace('version = "5.0"', 'version = "05.0"', 1),
        OURS.replace("[workspace]", 'x = """\n[workspace]', 1),
        OURS.replace("[workspace]", "scripts.a = 1\n[workspace]", 1),
        OURS + '[workspace.x]\ny = "1"\n',
        OURS + OURS,
    ],
)
def test_hand_edited_files_are_left_to_the_parser(text: str) -> None:
    assert fast_reader.read(text) is None


def test_too_many_tables_are_left_to_the_parser() -> None:
    blocks = (f'[scripts."{n}.pine"]\nname = "{n}"\n\n' for n in range(MAX_TABLES))
    text = dump_new(manifest()) + "\n" + "".join(blocks)
    assert fast_reader.read(text) is None
    with pytest.raises(ManifestError, match="more than 50000 tables"):
        parse(text)
