"""The README shows real output, and leaves nothing out."""

import os
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import click
import pytest

from docs.picture import session
from pinesync import errors
from pinesync.cli.group import VERBS
from pinesync.sync.policy import POLICY
from pinesync.sync.words import Role, Status
from tests.docs.pages import ROOT, blocks, disagreements, page, read_aloud

README = page("README.md")


def rows(text: str) -> list[str]:
    """The first cells of the tables in it."""
    return re.findall(r"^\| ([^|]+?) \|", text, re.MULTILINE)


def test_every_command_prints_what_the_page_shows(home: Path, tmp_path: Path) -> None:
    assert not disagreements(read_aloud("README.md", tmp_path))


EXAMPLES = [
    block.text
    for name in (
        "README.md",
        "docs/sandbox.md",
        "docs/start/library.md",
        "docs/reference/library.md",
    )
    for block in blocks(page(name))
    if block.language == "python"
]


@pytest.mark.parametrize("code", EXAMPLES)
def test_every_example_of_the_library_runs(code: str, home: Path, tmp_path: Path) -> None:
    """Run the examples against a sandbox on loopback, whose address replaces TradingView's."""
    serve = [sys.executable, "-m", "pinesync", "sandbox", "serve"]
    sandbox = 'Pine(os.environ["PINESYNC_COOKIE"], base_url=os.environ["PINESYNC_FACADE_URL"])'
    subprocess.run([*serve[:-1], "seed"], check=True, capture_output=True)
    with subprocess.Popen(serve, stdout=subprocess.PIPE, encoding="utf-8") as server:
        try:
            assert server.stdout
            exports = [server.stdout.readline().strip().partition("=") for _ in range(2)]
            facade = {name: value.strip("'") for name, _, value in exports}
            subprocess.run(
                [sys.executable, "-c", f"import os\n{code.replace('Pine()', sandbox)}"],
                check=True,
                cwd=tmp_path,
                env={**os.environ, **facade},
            )
        finally:
            server.terminate()


def test_the_readme_is_short() -> None:
    assert README.count("\n") <= 150


def test_the_demo_pictures_are_up_to_date() -> None:
    printed = "".join(session().split())
    for colours in ("light", "dark"):
        svg = ElementTree.parse(ROOT / "docs" / f"demo-{colours}.svg")
        shown = "".join(
            text for node in svg.iter() if node.tag.endswith("text") for text in node.itertext()
        )
        assert "".join(shown.split()) == "".join(click.unstyle(printed).split())


def test_the_readme_shows_only_existing_commands() -> None:
    typed = re.findall(r"(?:`|^\$ )pinesync ([a-z][a-z-]*)", README, re.MULTILINE)
    assert set(typed) <= set(VERBS)


def test_every_status_is_explained() -> None:
    words = {row.word for row in POLICY.values()}
    assert set(rows(page("docs/reference/status.md"))) - {"word"} == words


@pytest.mark.parametrize("role", Role)
def test_the_colour_of_every_status_is_explained(role: Role) -> None:
    words = ", ".join(status for status in Status if status.role is role)
    assert re.search(
        rf"- \*\*{role.name.lower()}\*\*, .*: {words}\b", page("docs/reference/status.md")
    )


def test_every_exit_code_is_explained() -> None:
    codes = {str(value) for name, value in vars(errors).items() if name.startswith("EXIT_")}
    assert codes <= set(rows(page("docs/reference/exit-codes.md")))


def test_every_variable_is_explained() -> None:
    read = set()
    for module in [*ROOT.glob("pinesync/cli/*.py"), ROOT / "pinesync" / "pine.py"]:
        text = module.read_text(encoding="utf-8")
        read |= set(re.findall(r"environ[^\n]*?\"((?:PINESYNC|TRADINGVIEW)_[A-Z_]+)\"", text))
    assert read
    assert read <= set(re.findall(r"`(\w+)`", page("docs/reference/environment.md")))


PAGES = sorted(
    path.relative_to(ROOT).as_posix()
    for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]
    if "_build" not in path.parts
)


@pytest.mark.parametrize("name", PAGES)
def test_relative_links_exist(name: str) -> None:
    folder = (ROOT / name).parent
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page(name)):
        assert (folder / target).exists(), f"{name} links to {target}"
