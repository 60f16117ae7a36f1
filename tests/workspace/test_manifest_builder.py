"""Building pine.toml piece by piece gives the same text as writing it whole."""

from hypothesis import given
from hypothesis import strategies as st

from pinesync.model import Base, Digest, Entry, PineId, RelPath, Version
from pinesync.workspace.manifest import Manifest, Settings, dump_new
from pinesync.workspace.manifest_builder import ManifestBuilder


def entry(number: int, version: int = 1) -> Entry:
    pine_id = PineId(f"USER;{number:032x}")
    base = Base(Version(version), Digest("sha256:" + "0" * 64))
    return Entry(RelPath(f"{number % 7}/{number}.pine"), f'na"me\n{number}', pine_id, base)


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 9)), max_size=40))
def test_a_text_built_in_steps_equals_one_written_at_once(steps: list[tuple[int, int]]) -> None:
    settings = Settings(id="a", remote="sandbox", account="x")
    entries = {entry(n).path: entry(n) for n in range(0, 30, 3)}
    builder = ManifestBuilder(settings, entries)
    for number, version in steps:
        changed = entry(number, version)
        if version:
            builder.set(changed)
            entries[changed.path] = changed
        else:
            builder.drop(changed.path)
            entries.pop(changed.path, None)
    assert builder.text() == dump_new(Manifest(settings, entries))
