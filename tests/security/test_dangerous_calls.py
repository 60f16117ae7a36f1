"""Dangerous calls are only in the places that SECURITY.md names."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "pinesync"
PAGE = (ROOT / "SECURITY.md").read_text("utf-8")

_CHANGES = frozenset(
    """
    os.makedirs os.mkdir os.remove os.rename os.replace os.rmdir os.link os.symlink os.truncate
    os.unlink os.chmod os.fchmod os.mkfifo os.removedirs os.renames os.utime
    shutil.copy shutil.copy2 shutil.copyfile shutil.copytree shutil.move shutil.rmtree
    tempfile.mkdtemp tempfile.mkstemp tempfile.TemporaryDirectory tempfile.NamedTemporaryFile
    sqlite3.connect filelock.FileLock
    pinesync.atomic.write_temp pinesync.atomic.create_file pinesync.atomic.replace_file
    pinesync.atomic.make_private
    """.split()
)
_METHODS = frozenset(
    """
    write_text write_bytes mkdir unlink rename rmdir touch symlink_to hardlink_to chmod link
    """.split()
)
_STARTS = (
    "subprocess.",
    "os.system",
    "os.popen",
    "os.exec",
    "os.spawn",
    "os.posix_spawn",
    "os.fork",
)
_ENVIRONMENT = ("os.environ", "os.environb", "os.getenv", "os.putenv")


def opens_for_writing(node: ast.AST, name: str) -> bool:
    """Whether this call changes or creates a file."""
    if not isinstance(node, ast.Call):
        return False
    method = name.rpartition(".")[2]
    arguments = [
        ast.unparse(argument) for argument in (*node.args, *(k.value for k in node.keywords))
    ]
    if name == "os.open" or method == "open":
        flags = any(
            re.search(r"O_(WRONLY|RDWR|CREAT|TRUNC|APPEND)|\bflags\b", one) for one in arguments
        )
        modes = arguments[1:] if name == "open" else arguments  # a path may be called w
        return flags or any(re.fullmatch(r"'[rbt]*[wax+][wabxt+]*'", mode) for mode in modes)
    # str.replace takes two texts, Path.replace one target, Folder.replace two names.
    shape = len(node.args), len(node.keywords), isinstance(node.func, ast.Attribute)
    replaces = method == "replace" and (shape == (1, 0, True) or name.startswith("folder."))
    ours = name.startswith("pinesync.")  # a function such as `rename`, read where it is defined
    return name in _CHANGES or (method in _METHODS and not ours) or replaces


def starts_a_process(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Call | ast.Attribute) and (
        name.startswith(_STARTS) or name.endswith(("git.execute", "git.merge_file"))
    )


def reads_the_environment(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Attribute) and name in _ENVIRONMENT


def shows_the_cookie(node: ast.AST, name: str) -> bool:
    """Where the header is built, and a secret's value is revealed."""
    says = isinstance(node, ast.Constant) and node.value == "Cookie"
    return says or (isinstance(node, ast.Call) and name.endswith(".reveal"))


def sends(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Attribute | ast.Call) and name.startswith(
        ("requests.", "urllib3.", "http.client.", "urllib.request.", "socket.create_connection")
    )


THINGS: dict[str, Callable[[ast.AST, str], bool]] = {
    "makes or changes files": opens_for_writing,
    "starts processes": starts_a_process,
    "reads the environment": reads_the_environment,
    "has the cookie in hand": shows_the_cookie,
    "sends requests": sends,
}


def nodes(source: str) -> Iterator[tuple[ast.AST, str]]:
    """Every node, with its dotted name as far as it has one, imports undone."""
    tree = ast.parse(source)
    known: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            known.update({a.asname or a.name: a.name for a in node.names})
        elif isinstance(node, ast.ImportFrom) and node.module:
            known.update({a.asname or a.name: f"{node.module}.{a.name}" for a in node.names})
    for node in ast.walk(tree):
        inner = node.func if isinstance(node, ast.Call) else node
        name = ast.unparse(inner) if isinstance(inner, ast.Attribute | ast.Name) else ""
        first, dot, rest = name.partition(".")
        yield node, known.get(first, first) + dot + rest


def found(thing: str, source: str) -> bool:
    return any(THINGS[thing](node, name) for node, name in nodes(source))


def named(thing: str) -> set[str]:
    """The modules of the row of SECURITY.md; one that ends with a slash is a whole folder."""
    row = re.search(rf"^\| {thing} \| (.+) \|$", PAGE, re.M)
    assert row, f"SECURITY.md has no row for what {thing}"
    return set(re.findall(r"`([a-z0-9_/.]+)`", row[1]))


@pytest.mark.promise("S5")
@pytest.mark.parametrize("thing", THINGS)
def test_dangerous_calls_are_only_in_the_named_places(thing: str) -> None:
    places = named(thing)
    seen = set()
    for module in sorted(PACKAGE.rglob("*.py")):
        if found(thing, module.read_text("utf-8")):
            name = module.relative_to(PACKAGE).as_posix()
            place = next(
                (p for p in places if name == p or (p[-1] == "/" and name.startswith(p))), None
            )
            assert place, f"{name} {thing}, and SECURITY.md does not say so"
            seen.add(place)
    assert seen == places, f"SECURITY.md names places that do not: {places - seen}"


@pytest.mark.parametrize(
    ("thing", "source"),
    [
        ("makes or changes files", "open('x', 'w')"),
        ("makes or changes files", "from pathlib import Path\nPath('x').open('ab')"),
        ("makes or changes files", "path.write_text('x')"),
        ("makes or changes files", "temporary.replace(path)"),
        ("makes or changes files", "from os import rename as r\nr('a', 'b')"),
        ("makes or changes files", "import os\nos.open('x', os.O_RDONLY | os.O_CREAT)"),
        ("makes or changes files", "import shutil as s\ns.rmtree('x')"),
        ("starts processes", "import subprocess\nsubprocess.run(['x'])"),
        ("starts processes", "from subprocess import Popen\nPopen(['x'])"),
        ("starts processes", "import os\nos.execv('x', [])"),
        ("reads the environment", "import os as system\nsystem.environ['x']"),
        ("reads the environment", "from os import getenv\nimport os\nos.getenv('x')"),
        ("has the cookie in hand", "headers = {'Cookie': 1}"),
        ("has the cookie in hand", "secret.reveal()"),
        ("sends requests", "import requests\nrequests.get('x')"),
    ],
)
def test_each_dangerous_call_is_detected(thing: str, source: str) -> None:
    assert found(thing, source)


@pytest.mark.parametrize("source", ["'a'.replace('b', 'c')", "open('x')", "open('x', 'rb')"])
def test_a_read_is_not_detected_as_a_write(source: str) -> None:
    assert not found("makes or changes files", source)


FORBIDDEN = frozenset(
    "pickle marshal shelve dill yaml jsonpickle importlib_resources ctypes".split()
)
ALLOWED = {"workspace/files/exchange.py": {"ctypes"}}  # renameat2, which Python does not have


@pytest.mark.promise("S14")
@pytest.mark.parametrize("module", sorted(PACKAGE.rglob("*.py")), ids=lambda path: path.name)
def test_no_module_runs_a_shell_or_code_from_data(module: Path) -> None:
    name = module.relative_to(PACKAGE).as_posix()
    for node, called in nodes(module.read_text("utf-8")):
        if isinstance(node, ast.Import | ast.ImportFrom):
            imported = {alias.name for alias in node.names} | {getattr(node, "module", "") or ""}
            tops = {name.partition(".")[0] for name in imported} & FORBIDDEN
            assert tops <= ALLOWED.get(name, set()), f"{name} imports {tops}"
        if isinstance(node, ast.Call):
            assert called not in ("eval", "exec", "os.system", "os.popen"), name
            keywords = {k.arg: ast.unparse(k.value) for k in node.keywords}
            assert keywords.get("shell", "False") == "False", name


def test_each_security_rule_names_existing_tests() -> None:
    rows = re.findall(r"^\| (A?\d+) \| (.+?) \| (.+) \|$", PAGE, re.M)
    rules = [str(number) for number in range(1, 17)]
    assert [number for number, _, _ in rows] == [*rules, *(f"A{n}" for n in range(1, 11))]
    for number, rule, shown in rows:
        places = re.findall(r"`(tests/[^`]+)`", shown)
        assert rule, number
        assert places, f"rule {number} names no test"
        for place in places:
            file, _, test = place.partition("::")
            source = (ROOT / file).read_text("utf-8")
            assert not test or re.search(rf"^def {test}\(", source, re.M), place


def test_each_interpreter_of_untrusted_text_names_its_test() -> None:
    part = PAGE.partition("## Where untrusted text is interpreted")[2].partition("\n## ")[0]
    rows = [row.strip("| ").split(" | ") for row in part.split("\n") if row.startswith("| ")]
    assert len(rows) > 15
    for place, obeyed, who, shown in rows[1:]:
        assert place
        assert obeyed
        modules = re.findall(r"`([a-z_/]+)(?:\.[A-Za-z_]+)?`", who)
        for module in modules:
            found = PACKAGE / module
            assert found.is_dir() or found.with_suffix(".py").is_file(), who
        file, _, test = shown.strip("`").partition("::")
        assert re.search(rf"^def {test}\(", (ROOT / file).read_text("utf-8"), re.M), shown
