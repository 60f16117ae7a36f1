"""The guides and the start pages, each typed from its first command to its last."""

import re
from pathlib import Path

import pytest

from pinesync.cli.group import VERBS
from tests.docs.pages import ROOT, disagreements, page, read_aloud

GUIDES = [
    path.relative_to(ROOT).as_posix()
    for folder in ("start", "guides")
    for path in sorted(ROOT.glob(f"docs/{folder}/*.md"))
]


@pytest.mark.parametrize("name", GUIDES)
def test_every_command_prints_what_the_page_shows(name: str, home: Path, tmp_path: Path) -> None:
    assert not disagreements(read_aloud(name, tmp_path))
    assert not list(tmp_path.iterdir()), "the guide takes away what it made"


@pytest.mark.parametrize("name", [*GUIDES, "docs/tutorial.md"])
def test_each_guide_uses_a_temporary_home(name: str) -> None:
    """Each guide uses its own sandbox and removes PINESYNC_HOME afterwards, which would contain a
    sign-in."""
    text = page(name)
    typed = re.findall(r"^\$ (.*)$", text, re.MULTILINE)
    if any("--sandbox" in line or "sandbox seed" in line for line in typed):
        assert "export PINESYNC_HOME=" in typed[0]
        assert typed[-1].endswith("&& unset PINESYNC_HOME")


@pytest.mark.parametrize("name", GUIDES)
def test_each_guide_is_linked_and_names_existing_commands(name: str) -> None:
    assert f"]({name})" in page("README.md")
    typed = re.findall(r"(?:`|^\$ )pinesync ([a-z][a-z-]*)", page(name), re.MULTILINE)
    assert set(typed) <= set(VERBS)
