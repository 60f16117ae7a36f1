"""The JSON Schemas are up to date, valid, and agree with the parser of pine.toml. The output of
commands is compared with theirs in tests/cli/test_json.py and test_tutorial.py."""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from docs import schemas
from pinesync.cli.group import VERBS
from pinesync.errors import ManifestError
from pinesync.workspace.manifest import parse
from tests.docs.pages import blocks, page
from tests.workspace.test_manifest import HEAD, SCRIPT, digest
from tests.world import World

PINE_TOML = Draft202012Validator(schemas.pine_toml())
D = f'"{digest("x")}"'


def test_the_schema_files_are_up_to_date() -> None:
    """`make docs` regenerates them."""
    wanted = schemas.files()
    assert set(schemas.FOLDER.rglob("*.json")) == set(wanted)
    for path, text in wanted.items():
        assert path.read_text(encoding="utf-8") == text, f"{path.name} is stale"


@pytest.mark.parametrize("command", schemas.commands())
def test_every_schema_is_valid(command: str) -> None:
    Draft202012Validator.check_schema(schemas.answer(command))


def test_every_command_has_a_schema() -> None:
    """But for the servers that an editor or an agent talks to: they have protocols of their own."""
    assert {command.split()[0] for command in schemas.commands()} == set(VERBS) - {"lsp", "mcp"}


def takes(text: str) -> bool:
    return PINE_TOML.is_valid(tomllib.loads(text))


@pytest.mark.parametrize(
    "more",
    [
        "[hooks]\npull = 'rm'\n",
        "host = 'https://evil.example'\n",
        "x = 1\n",
        'track = "some"\n',
        "account = 1\n",
        "advice = 'no'\n",
        "contract = 'no'\n",
        "alerts = 'no'\n",
        "ignore = 'x'\n",
        "ignore = [1]\n",
        f"ignore = {['x'] * 201}\n",
        "protected = 'x'\n",
        "protected = [1]\n",
        f"protected = {['x'] * 201}\n",
        "folders = 1\n",
        "[workspace.folders]\nscreener = 's'\n",
        "[workspace.folders]\nstudy = '../x'\n",
        "[workspace.folders]\nstudy = 1\n",
        "[scripts]\n'a.pine' = 1\n",
        "[scripts.'../a.pine']\nname = 'a'\n",
        "[scripts.'a.txt']\nname = 'a'\n",
        "[scripts.'C:\\a.pine']\nname = 'a'\n",
        "[scripts.'a.pine']\n",
        "[scripts.'a.pine']\nname = 5\n",
        f"[scripts.'a.pine']\nname = '{'n' * 257}'\n",
        "[scripts.'a.pine']\nname = 'a'\nversion = '1.0'\n",
        "[scripts.'a.pine']\nname = 'a'\nhidden = '1.0'\n",
        SCRIPT + "url = 'x'\n",
        SCRIPT.replace("USER;", "PUB;"),
        SCRIPT + f"digest = {D}\n",
        SCRIPT + 'version = "5.0"\n',
        SCRIPT + f"sent = {D}\n",
        SCRIPT + 'pulled = "5.0"\n',
        SCRIPT + f'version = "5.5"\ndigest = {D}\n',
        SCRIPT + f"version = 5.0\ndigest = {D}\n",
        SCRIPT + 'version = "5.0"\ndigest = "sha256:1"\n',
        SCRIPT + 'hidden = "x"\n',
    ],
)
def test_the_schema_refuses_what_the_parser_refuses(more: str) -> None:
    with pytest.raises(ManifestError):
        parse(HEAD + more)
    assert not takes(HEAD + more)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("schema = 1", "schema = 2"),
        ("schema = 1", "schema = true"),
        ("schema = 1\n", ""),
        ('"6f0c"', '"../x"'),
        ("sandbox", "https://x"),
        ("sandbox", "sandbox:"),
        ("sandbox", "sandbox:a/b"),
    ],
)
def test_an_invalid_workspace_table_is_refused(old: str, new: str) -> None:
    assert old in HEAD
    with pytest.raises(ManifestError):
        parse(HEAD.replace(old, new))
    assert not takes(HEAD.replace(old, new))


@pytest.mark.parametrize(
    "more",
    [
        "",
        SCRIPT,
        SCRIPT + f'version = "5.0"\ndigest = {D}\nsent = {D}\npulled = "4"\nhidden = "4.0"\n',
        "[scripts.'deep/er/測試 & x.pine']\nname = 'a'\n",
        "account = 'a'\naccount_id = '1'\ntrack = 'listed'\nignore = ['drafts/**']\n",
        "advice = false\n",
        "contract = 'refuse'\nalerts = true\nprotected = ['live/*']\n",
        "[workspace.folders]\nstudy = '.'\nlibrary = 'a/b'\n",
    ],
)
def test_the_schema_accepts_what_the_parser_accepts(more: str) -> None:
    parse(HEAD + more)
    PINE_TOML.validate(tomllib.loads(HEAD + more))


def test_a_real_pine_toml_is_valid(clone: World) -> None:
    def validate(path: Path) -> None:
        PINE_TOML.validate(tomllib.loads(path.read_text(encoding="utf-8")))

    validate(clone.folder / "pine.toml")
    assert clone("new", "Another one").code == 0
    assert clone("push").code == 0
    validate(clone.folder / "pine.toml")
    assert clone("clone", "--sandbox", "--only", "Trend", "some").code == 0
    validate(clone.folder / "some" / "pine.toml")
    (clone.folder / "empty").mkdir()
    assert clone("init", "--sandbox", "empty").code == 0
    validate(clone.folder / "empty" / "pine.toml")


def test_the_schema_comment_for_editors_is_kept(clone: World) -> None:
    path = clone.folder / "pine.toml"
    line = "#:schema ./pine.schema.json\n"
    path.write_text(line + path.read_text(encoding="utf-8"), encoding="utf-8")
    assert clone("new", "Another one").code == 0
    assert clone("push").code == 0
    assert path.read_text(encoding="utf-8").startswith(line)


def test_taplo_validates_pine_toml(clone: World) -> None:
    """taplo is what VS Code's extension, vim and Helix ask."""
    path = clone.folder / "pine.toml"
    shutil.copy(schemas.FOLDER / "pine.schema.json", clone.folder)
    path.write_text(f"#:schema ./pine.schema.json\n{path.read_text('utf-8')}", "utf-8")
    assert linted(path) == ""
    path.write_text(path.read_text("utf-8").replace('track = "all"', 'track = "some"'), "utf-8")
    assert '"some" is not one of ["all","listed"]' in linted(path)


def linted(path: Path) -> str:
    """The errors that taplo reports for the file."""
    program = Path(sys.executable).parent / "taplo"
    command = [str(program), "lint", "--colors", "never", path.name]
    done = subprocess.run(command, cwd=path.parent, capture_output=True, text=True, check=False)
    assert (done.returncode == 0) == ("error:" not in done.stderr), done.stderr
    return done.stderr if done.returncode else ""


def test_the_example_on_the_page_is_valid() -> None:
    examples = [b.text for b in blocks(page("docs/reference/pine-toml.md")) if b.language == "toml"]
    parse(examples[0])
    assert takes(examples[0])
    assert re.match(r"#:schema ", examples[1])
