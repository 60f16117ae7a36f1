"""Short ids of operations: the shortest unique suffixes of their keys."""

from __future__ import annotations

import pytest

from pinesync.sync.operations import Operation, find_operations, short_ids

ENDS = ("1a2b3c4d", "1a2b3c5e", "9f000000", "00017644", "cafecafe", "cafecafe")
LOG = [Operation(f"00017644896001{n:02}-{end}", "pull", n) for n, end in enumerate(ENDS)]


def test_a_short_id_is_unique_and_as_short_as_possible() -> None:
    ids = short_ids(LOG)
    same = [operation.key for operation in LOG[4:]]
    assert list(ids.values()) == ["1a2b3c4", "1a2b3c5", "9f00", "0001", *same]
    for operation in LOG:
        assert find_operations(LOG, ids[operation.key]) == [operation]
        assert find_operations(LOG, operation.key) == [operation]


@pytest.mark.parametrize(("prefix", "how_many"), [("1a", 2), ("9", 1), ("0001764489", 6), ("x", 0)])
def test_a_prefix_matches_operations(prefix: str, how_many: int) -> None:
    assert len(find_operations(LOG, prefix)) == how_many
