"""What describes itself: help for every command and option, and the pages made from it."""

import re
import subprocess
import sys
from collections.abc import Iterator

import click
import pytest

from pinesync.cli.group import VERBS, group
from pinesync.sync.policy import POLICY
from tests.docs.pages import ROOT, page

PAGES = [*sorted((ROOT / "docs" / "reference").glob("*.md")), ROOT / "docs" / "sandbox.md"]


def commands(command: click.Command, name: str) -> Iterator[tuple[str, click.Command]]:
    yield name, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for below in command.list_commands(context):
            inner = command.get_command(context, below)
            assert inner is not None
            yield from commands(inner, f"{name} {below}")


ALL = dict(commands(group, "pinesync"))


@pytest.mark.parametrize("name", ALL)
def test_every_command_and_option_has_help(name: str) -> None:
    command = ALL[name]
    assert command.help
    assert command.help.splitlines()[0].rstrip().endswith((".", ":", ","))
    for option in command.params:
        if isinstance(option, click.Option):
            assert option.help, f"{name} {option.opts[-1]} has no help"
            assert option.help.endswith((".", "?")), f"{name} {option.opts[-1]}: {option.help!r}"


def test_the_list_of_verbs_is_the_group_and_says_a_sentence_each() -> None:
    assert [name.split()[1] for name in ALL if name.count(" ") == 1] == list(VERBS)
    for verb, (_, line) in VERBS.items():
        assert line.endswith("."), f"{verb}: {line!r}"
        assert len(line) <= 68, f"{verb}: does not fit into 80 columns"


def test_every_verb_is_in_the_reference() -> None:
    headings = re.findall(r"^##+ (.+)$", page("docs/reference/verbs.md"), re.MULTILINE)
    assert {name.removeprefix("pinesync ") for name in ALL} - {"pinesync"} == set(headings) - {
        "Options of every verb"
    }


def test_every_word_is_in_the_policy_page() -> None:
    words = set(re.findall(r"\*\*([a-z-]+)\*\*", page("docs/reference/policy.md")))
    assert words == {row.word for row in POLICY.values()}


def test_the_generated_pages_are_fresh() -> None:
    """`make docs` writes them anew."""
    done = subprocess.run(
        [sys.executable, "-m", "cogapp", "--check", "--diff", *map(str, PAGES)],
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stdout
