"""Each target of `make fuzz` for a moment; and the report of a finding."""

from __future__ import annotations

import pytest
from hypothesis import strategies as st

from tests.fuzz.__main__ import TARGETS, main
from tests.fuzz.engine import Target, run


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_a_fuzz_target_finds_nothing(target: Target) -> None:
    result = run(target, examples=50)
    assert not result.finding, result.finding
    assert result.executions > 50


def test_a_finding_is_reported_with_the_example(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def check(number: int) -> None:
        assert number < 1000

    def vary(number: int, lot: object) -> int:
        return number // 2

    broken = Target("broken", st.integers(0, 10_000), check, vary)
    monkeypatch.setattr("tests.fuzz.__main__.TARGETS", (broken,))
    assert main(["0.1", "broken"]) == 1
    output = capsys.readouterr().out
    assert "1 findings" in output
    assert "example=1000" in output


def test_an_unknown_target_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["1", "worlds"]) == 2
    assert "there are wire, manifest" in capsys.readouterr().out
