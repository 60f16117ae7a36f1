"""House rules that no tool checks; import-linter checks the layers (`make check`)."""

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from pinesync.sync.words import Status

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "pinesync"
TESTS = ROOT / "tests"
MODULES = sorted(PACKAGE.rglob("*.py"))
LONGEST = 350
LONG = 300

CLOCK = (
    "time.time",
    "time.time_ns",
    "time.monotonic",
    "time.monotonic_ns",
    "time.clock_gettime",
    "datetime.datetime.now",
    "datetime.datetime.utcnow",
    "datetime.datetime.today",
    "datetime.date.today",
)
ENVIRONMENT = ("os.environ", "os.environb", "os.getenv", "os.putenv")
TERMINAL = ("click.echo", "click.secho", "click.prompt", "click.confirm", "click.style")

# Where a thing may be touched: below a folder (with `/`), or in one file.
PLACES: dict[tuple[str, ...], tuple[str, ...]] = {
    CLOCK: ("clock.py",),
    ENVIRONMENT: ("cli/", "pine.py", "git/run.py"),
    TERMINAL: ("cli/",),
    ("subprocess",): ("git/run.py", "cli/", "cli/tools/demo.py"),
    ("print",): (),
    ("eval",): (),
    ("exec",): (),
}


def name(module: Path) -> str:
    return module.relative_to(PACKAGE).as_posix()


def touched(module: Path) -> Iterator[str]:
    """The dotted names that a module reads, with its `import … as` and `from … import` undone."""
    tree = ast.parse(module.read_text(encoding="utf-8"))
    known: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                known[alias.asname or alias.name.partition(".")[0]] = (
                    alias.name if alias.asname else alias.name.partition(".")[0]
                )
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                known[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    for node in ast.walk(tree):
        parts: list[str] = []
        inner: ast.AST = node
        while isinstance(inner, ast.Attribute):
            parts.insert(0, inner.attr)
            inner = inner.value
        if isinstance(inner, ast.Name):
            yield ".".join([known.get(inner.id, inner.id), *parts])


@pytest.mark.parametrize("module", MODULES, ids=name)
def test_every_module_has_a_docstring(module):
    assert ast.get_docstring(ast.parse(module.read_text(encoding="utf-8"))), (
        f"{name(module)} has no docstring"
    )


@pytest.mark.parametrize("module", MODULES, ids=name)
def test_no_module_is_too_long(module):
    text = module.read_text(encoding="utf-8")
    lines = text.count("\n")
    assert lines <= LONGEST, f"{name(module)} has {lines} lines: it is two modules"
    if lines > LONG:
        words = " ".join((ast.get_docstring(ast.parse(text)) or "").split())
        assert "Long because " in words, f"{name(module)} has {lines} lines: say why, or split it"


@pytest.mark.parametrize("module", MODULES, ids=name)
def test_clock_environment_and_terminal_are_used_only_in_listed_places(module):
    used = set(touched(module))
    for things, places in PLACES.items():
        if not name(module).startswith(places):
            assert used.isdisjoint(things), f"{name(module)} touches {used & set(things)}"


def test_restricted_uses_are_detected(tmp_path):
    module = tmp_path / "sly.py"
    module.write_text(
        "import os as system\nfrom time import time as now\nfrom datetime import datetime\n"
        "now()\nsystem.environ['A']\nprint(datetime.now())\n",
        encoding="utf-8",
    )
    assert {"time.time", "os.environ", "datetime.datetime.now", "print"} <= set(touched(module))


@pytest.mark.parametrize("module", MODULES, ids=name)
def test_status_words_are_only_in_the_policy(module):
    """No other table is keyed by status words, and no comparison spells one out."""
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Dict):
            keys = {key.value for key in node.keys if isinstance(key, ast.Constant)}
            keys |= {ast.unparse(key) for key in node.keys if isinstance(key, ast.Attribute)}
            labels = {*Status, *(f"Status.{status.name}" for status in Status)}
            assert len(keys & labels) < 2, f"{name(module)}:{node.lineno}"
        elif isinstance(node, ast.Compare) and getattr(node.left, "attr", "") == "word":
            found = [
                constant for constant in node.comparators if isinstance(constant, ast.Constant)
            ]
            assert not found, f"{name(module)}:{node.lineno}"


@pytest.mark.parametrize(
    "module",
    [file for folder in ("sync", "fakes") for file in sorted((TESTS / folder).glob("*.py"))],
    ids=lambda module: f"{module.parent.name}/{module.name}",
)
def test_engine_tests_use_only_the_ports(module):
    """Its tests, and the fakes, know nothing above `sync`, and nothing is patched."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = project["tool"]["importlinter"]["contracts"]
    layers = next(c["layers"] for c in contracts if c["id"] == "layers")
    below = re.findall(r"\w+", " ".join(layers[layers.index("(sync)") :]))
    for dotted in touched(module):
        package, _, rest = dotted.partition(".")
        allowed = {"pinesync": below, "tests": ["fakes"], "unittest": []}.get(package)
        assert allowed is None or rest.partition(".")[0] in allowed, f"{module.name}: {dotted}"
        assert "patch" not in dotted.lower(), f"{module.name}: {dotted}"


def test_the_version_is_only_in_the_package():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert "version" not in project
    front_door = (PACKAGE / "__init__.py").read_text(encoding="utf-8")
    assert len(re.findall(r'^__version__ = "\d+\.\d+\.\d+"$', front_door, re.MULTILINE)) == 1


def test_the_changelog_has_an_unreleased_section():
    headings = re.findall(
        r"^## (.+)$", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert headings[0] == "[Unreleased]"
    for released in headings[1:]:
        assert re.fullmatch(r"\[\d+\.\d+\.\d+\] - \d{4}-\d{2}-\d{2}", released)


def test_decisions_are_numbered_without_gaps_and_dated():
    records = sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md"))
    assert [int(r.name[:4]) for r in records] == list(range(1, len(records) + 1))
    for record in records:
        text = record.read_text(encoding="utf-8")
        number = int(record.name[:4])
        assert text.startswith(f"# {number}. "), f"{record.name} has another number inside"
        assert re.search(r"^Accepted, [A-Z][a-z]+ \d{4}\.$", text, re.MULTILINE)
        for part in ("## Decision", "## Why", "## Price"):
            assert part in text, f"{record.name} lacks {part}"


def test_superseded_decisions_link_both_ways():
    texts = {r.name: r.read_text("utf-8") for r in (ROOT / "docs" / "decisions").glob("[0-9]*.md")}
    link = re.compile(r"^(Supersedes|Superseded) .*?\]\((\d{4}[^)]+)\)", re.MULTILINE)
    pairs = {
        (verb, name, other) for name, text in texts.items() for verb, other in link.findall(text)
    }
    newer = {(name, other) for verb, name, other in pairs if verb == "Supersedes"}
    assert newer
    assert newer == {(other, name) for verb, name, other in pairs if verb == "Superseded"}


@pytest.mark.parametrize("kind", ["indicator", "strategy", "library"])
def test_a_template_is_pine_6_and_uses_only_known_placeholders(kind):
    text = (ROOT / "templates" / f"{kind}.pine").read_text(encoding="utf-8")
    assert text.startswith("//@version=6\n")
    assert f'\n{kind}("{{{{name}}}}"' in text
    assert set(re.findall(r"\{\{.*?\}\}", text)) <= {"{{name}}", "{{author}}", "{{date}}"}
    assert text.endswith("\n")
    assert not re.search(r"[ \t]\n|\t|\r", text)


FOREIGN = (
    r"\bpinesync folder\b",
    r"\bwhat is said of\b",
    r"\bthe other one\b",
    r"\bcalled like\b",
    r"\b[Cc]apital or small\b",
    r"\bwhere nobody looks\b",
    r"\bforms answers\b",
    r"\bis said of\b",
    r"\bby now\b",
    r"\bsaves? it anew\b",
    r"\bmeans it`",
    r"\bsee after\b",
    r"\basks nobody\b",
    r"\bof one mind\b",
    r"\bwas begun and\b",
    r"\btext it had is kept\b",
)
PAGES = [
    ROOT / "README.md",
    *(path for path in ROOT.glob("docs/**/*.md") if not {"_build", "decisions"} & {*path.parts}),
]


@pytest.mark.parametrize(
    "path", [*MODULES, *PAGES], ids=lambda path: path.relative_to(ROOT).as_posix()
)
def test_banned_phrases_do_not_return(path):
    """Phrases that a native speaker would not write, far from complete."""
    text = " ".join(path.read_text(encoding="utf-8").split())
    for phrase in FOREIGN:
        assert not re.search(phrase, text), f"{path}: {phrase}"
