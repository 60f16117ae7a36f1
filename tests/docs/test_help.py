"""Help exists for every command and option, and the generated pages are up to date."""

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator

import click
import pytest

from pinesync.cli.group import VERBS, Verb, group
from pinesync.sync.policy import POLICY
from tests.docs.pages import ROOT, page
from tests.world import EXTRA, LONGER, TREND_PATH, World, start

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


@pytest.mark.parametrize("name", [name for name in ALL if " " in name])
def test_help_names_the_shared_options_once_and_ends_with_examples(name: str, world: World) -> None:
    shown = world(*name.split()[1:], "-h").out
    assert "  --color" not in shown
    assert (
        len(re.findall(r"^Every command also takes --json, -C, .*`pinesync -h`\.$", shown, re.M))
        == 1
    )
    *_, ending = re.split(r"^Examples?:\n", shown, flags=re.M)
    assert ending == "".join(f"  {line}\n" for line in examples(name))
    assert all(len(line) <= 78 for line in shown.splitlines())


def examples(name: str) -> tuple[str, ...]:
    command = ALL[name]
    assert isinstance(command, Verb)
    assert all(line.startswith("pinesync ") for line in command.examples)
    return command.examples


def an_ordinary_day(world: World) -> None:
    """Two versions, an edit, a file that is not listed yet, and a git repository."""
    world.web_save(LONGER)
    start(world)
    world("pull", "--commit")
    world.write(LONGER + "// mine\n")
    world.write(EXTRA, "indicators/New.pine")


def a_conflict(world: World) -> None:
    world("restore", TREND_PATH)
    *before, text = world.saved()
    world.web_save(f"{text}// theirs {len(before)}\n")
    world.write(f"{text}// ours {len(before)}\n")
    assert world("pull").code == 3


def a_push(world: World) -> None:
    if len(world.saved()) == 2:
        world("push")


BEFORE = {"pinesync resolve": a_conflict, "pinesync undo": a_push}
NOT_RUN = (
    "pinesync demo",
    "pinesync login",
    "pinesync lsp",
    "pinesync mcp",
    "pinesync sandbox serve",
    "pinesync vscode install",
    "pinesync watch",
)
"""Commands that prompt, wait, or have their own tests: these examples are only parsed."""
ELSEWHERE = ("pinesync clone", "pinesync init")
FINDS = {"pinesync verify": 3}
"""Examples that exit with another code when there are edits."""


@pytest.mark.parametrize("world", ["facade"], indirect=True)
@pytest.mark.parametrize("name", [name for name in ALL if " " in name and name not in NOT_RUN])
def test_every_example_works(name: str, clone: World) -> None:
    an_ordinary_day(clone)
    empty = clone.place / "empty"
    empty.mkdir()
    for example in examples(name):
        BEFORE.get(name, lambda _: None)(clone)
        ran = clone(*shlex.split(example)[1:], cwd=empty if name in ELSEWHERE else None)
        assert ran.code == FINDS.get(name, 0), (example, ran)


@pytest.mark.parametrize("name", NOT_RUN)
def test_every_example_parses(name: str) -> None:
    for example in examples(name):
        words = shlex.split(example)[len(name.split()) :]
        assert ALL[name].make_context(name, words).args == []


def test_every_command_has_a_one_line_summary() -> None:
    assert [name.split()[1] for name in ALL if name.count(" ") == 1] == list(VERBS)
    for verb, (_, line) in VERBS.items():
        assert line.endswith("."), f"{verb}: {line!r}"
        assert len(line) <= 68, f"{verb}: does not fit into 80 columns"


def test_every_command_is_in_the_reference() -> None:
    headings = re.findall(r"^##+ (.+)$", page("docs/reference/verbs.md"), re.MULTILINE)
    assert {name.removeprefix("pinesync ") for name in ALL} - {"pinesync"} == set(headings) - {
        "Options of every verb"
    }


def test_every_status_is_in_the_policy_page() -> None:
    words = set(re.findall(r"\*\*([a-z-]+)\*\*", page("docs/reference/policy.md")))
    assert words == {row.word for row in POLICY.values()}


def test_the_generated_pages_are_up_to_date() -> None:
    """`make docs` regenerates them."""
    result = subprocess.run(
        [sys.executable, "-m", "cogapp", "--check", "--diff", *map(str, PAGES)],
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert result.returncode == 0, result.stdout
