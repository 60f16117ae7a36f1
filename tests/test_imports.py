"""Start-up is a promise: which modules `--help` and `status --offline` import.

Measured over bare Python, in milliseconds: requests 190, GitPython 155, watchdog 90, click 60,
tomlkit 50. A person waits for each of them at every prompt, so only click comes along always.
"""

import subprocess
import sys

import pytest

HEAVY = {
    "asyncio",
    "cattrs",
    "filelock",
    "git",
    "http.client",
    "keyring",
    "lsprotocol",
    "mcp",
    "pydantic",
    "pygls",
    "requests",
    "sqlite3",
    "ssl",
    "tomlkit",
    "urllib3",
    "watchdog",
    "werkzeug",
}

# Runs `python -m pinesync …` (or, without arguments, `import pinesync`) and writes down at exit
# the loaded modules. `-X importtime` would also list missing ones.
SPY = """
import atexit, pathlib, runpy, sys
report, *sys.argv[1:] = sys.argv[1:]
bare = set(sys.modules)
def tell():
    pathlib.Path(report).write_text(" ".join(set(sys.modules) - bare), encoding="utf-8")
atexit.register(tell)
if sys.argv[1:]:
    runpy.run_module("pinesync", run_name="__main__", alter_sys=True)
else:
    import pinesync
    assert pinesync.__version__
"""


def run(*arguments):
    """Run a child Python; if it fails, so does the test, with its output."""
    child = subprocess.run(
        [sys.executable, *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert child.returncode == 0, f"{arguments} ended with {child.returncode}:\n{child.stderr}"


@pytest.fixture
def loaded_by(home, tmp_path):
    """Which modules a run of pinesync loads beyond those of a bare interpreter."""

    def loaded(*arguments):
        report = tmp_path / "loaded.txt"
        run("-c", SPY, str(report), *arguments)
        modules = set(report.read_text(encoding="utf-8").split())
        assert "pinesync" in modules
        return modules

    return loaded


def foreign(modules):
    """The top-level packages among them that are neither Python's own nor ours."""
    return {m.partition(".")[0] for m in modules} - sys.stdlib_module_names - {"pinesync"}


@pytest.fixture
def clone(home, tmp_path):
    """A workspace on a seeded sandbox."""
    folder = tmp_path / "clone"
    run("-m", "pinesync", "sandbox", "seed")
    run("-m", "pinesync", "clone", "--sandbox", str(folder))
    return folder


@pytest.mark.parametrize("question", ["--help", "--version"])
def test_help_loads_only_click(loaded_by, question):
    loaded = loaded_by(question)
    assert loaded & HEAVY == set()
    assert foreign(loaded) == {"click"}


def test_status_offline_loads_neither_network_nor_git(loaded_by, clone):
    loaded = loaded_by("-C", str(clone), "status", "--offline")
    assert loaded & HEAVY == set()
    assert foreign(loaded) - {"platformdirs"} == {"click"}


def test_the_library_loads_a_name_on_first_use(loaded_by):
    loaded = loaded_by()
    assert loaded & HEAVY == set()
    assert foreign(loaded) == set()
    assert {m for m in loaded if m.startswith("pinesync.")} == set()
