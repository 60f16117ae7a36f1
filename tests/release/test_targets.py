"""`make release-notes` prints the part of the changelog about a version, as a release page can show
it; `make wheel-test` takes the one wheel of a folder."""

from pathlib import Path

import pytest

from docs.release_notes import CHANGELOG, main, release_notes
from pinesync import __version__
from tests.release.__main__ import main as wheel_test

WRITTEN = """\
# Changelog

## [Unreleased]

- Later.

## [1.2.0] - 2026-01-31

### Added

- A long line that goes on
  in the next ([guide](docs/guides/team.md)), and *on*
  in a third.
- A link that [leads somewhere](https://example.org/a).

Some text,
and more.

## [1.1.0] - 2026-01-01

- Before.
"""
SHOWN = """\
### Added

- A long line that goes on in the next (guide), and *on* in a third.
- A link that [leads somewhere](https://example.org/a).

Some text, and more.
"""


def test_the_notes_are_the_section_of_the_version() -> None:
    assert release_notes(WRITTEN, "1.2.0") == SHOWN
    assert release_notes(WRITTEN, "1.1.0") == "- Before.\n"


@pytest.mark.parametrize("version", ["1.3.0", "1x2.0", "Unreleased", ""])
def test_a_version_without_a_section_is_refused(version: str) -> None:
    with pytest.raises(ValueError, match="has no section"):
        release_notes(WRITTEN, version)


def test_the_tag_must_equal_the_package_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match=r"^VERSION is 9\.9\.9, and pinesync/__init__\.py has "):
        main("9.9.9")
    assert capsys.readouterr().out == ""


def test_the_changelog_has_this_version() -> None:
    notes = release_notes(CHANGELOG.read_text("utf-8"), __version__)
    assert "\n### " in notes
    assert "](docs/" not in notes


@pytest.mark.parametrize("wheels", [[], ["a-1-py3-none-any.whl", "a-2-py3-none-any.whl"]])
def test_exactly_one_wheel_is_required(tmp_path: Path, wheels: list[str]) -> None:
    for name in (*wheels, "a-1.tar.gz"):
        (tmp_path / name).touch()
    with pytest.raises(SystemExit, match=f" has {len(wheels)} wheels, and must have one: "):
        wheel_test(str(tmp_path))
