"""What no test may do by accident: use this person's home, environment or network.

Below a regular file no directory can be made, not even by root, so the home that every test
starts with is a path below this very file. Whoever asks for it inside the test process fails
with the reason; a child process fails on its first write. The fixture `home` gives a real one.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, settings

from tests.world.fixtures import clone, repo, seeded, tradingview, world  # noqa: F401 - for all tests

if TYPE_CHECKING:
    from tests.ring import Ring

NO_HOME = str(Path(__file__) / "this-test-forgot-the-home-fixture")

FORGOT_HOME = (
    "This test asked for the user's home directory. Take the fixture `home` "
    "(or hand the code under test a folder below tmp_path)."
)
LEFT_LOOPBACK = (
    "This test asked for the address of {host!r}. Tests talk to loopback and to the sandbox; "
    "a host that must not resolve is called something.invalid."
)

# What the person at the keyboard, a CI service or a git hook may have set.
_FOREIGN_PREFIXES = ("PINESYNC_", "TRADINGVIEW_", "XDG_", "GIT_")
_FOREIGN = frozenset(
    "CI GITHUB_ACTIONS TF_BUILD NO_COLOR FORCE_COLOR CLICOLOR CLICOLOR_FORCE COLUMNS LINES PAGER "
    "EDITOR VISUAL "
    "HTTP_PROXY HTTPS_PROXY ALL_PROXY NO_PROXY REQUESTS_CA_BUNDLE CURL_CA_BUNDLE "
    "PYTHONWARNINGS".split()
)
CAMPAIGN = frozenset(Path(__file__).with_name("campaign.txt").read_text("utf-8").split())
"""The test files and functions that `make campaign` runs, and `make test` leaves out."""
MEMORY = Path("/dev/shm")
ROOM = 4 << 30
_ELSEWHERE = pytest.StashKey[int]()
_NEEDS = re.compile(r"needs the program ([\w.+-]+)")
_LOOPBACK = frozenset({"", "localhost", "127.0.0.1", "::1"})

settings.register_profile(
    "ci",
    deadline=None,
    derandomize=True,  # the same examples everywhere: a red run is red again
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile(
    "deep",
    deadline=None,
    max_examples=5_000,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


def pytest_configure() -> None:
    """Put the tests' files in memory, if the system has such a file system with enough room in
    which programs may run: a hundred thousand files are made and synced."""
    if "PYTEST_DEBUG_TEMPROOT" not in os.environ and MEMORY.is_dir():
        found = os.statvfs(MEMORY)
        if not found.f_flag & os.ST_NOEXEC and found.f_bavail * found.f_frsize > ROOM:
            os.environ["PYTEST_DEBUG_TEMPROOT"] = str(MEMORY)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        file, _, test = item.nodeid.partition("::")
        if not CAMPAIGN.isdisjoint((file, f"{file}::{test.partition('[')[0]}")):
            item.add_marker("campaign")


def pytest_deselected(items: list[pytest.Item]) -> None:
    """How many tests the other target runs, counted where they are collected: in each worker."""
    if items:
        config = items[0].config
        config.stash[_ELSEWHERE] = config.stash.get(_ELSEWHERE, 0) + len(items)


def pytest_sessionfinish(session: pytest.Session) -> None:
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["elsewhere"] = session.config.stash.get(_ELSEWHERE, 0)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    output = getattr(node, "workeroutput", {})
    node.config.stash[_ELSEWHERE] = max(
        node.config.stash.get(_ELSEWHERE, 0), output.get("elsewhere", 0)
    )


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """List the missing programs with the tests skipped without them, and count the tests that `make
    campaign` adds."""
    wanting: dict[str, set[str]] = defaultdict(set)
    for report in terminalreporter.stats.get("skipped", ()):
        if missing := _NEEDS.search(str(report.longrepr)):
            wanting[missing[1]].add(report.nodeid)
    if wanting:
        terminalreporter.section("not tested, for want of a program")
    for program, tests in sorted(wanting.items()):
        terminalreporter.line(f"{program}: {', '.join(sorted(tests))}")
    config = terminalreporter.config
    left = config.stash.get(_ELSEWHERE, 0)
    if left and config.option.markexpr == "not campaign":
        terminalreporter.section("left out")
        terminalreporter.line(f"`make campaign` runs {left} more tests, which take longer")


@pytest.fixture(scope="session", autouse=True)
def _nobodys_machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Hide the real home and the user's variables, and give git fixed settings."""
    gitconfig = tmp_path_factory.mktemp("git") / "config"
    gitconfig.write_text(
        "[user]\n\tname = Pine Tester\n\temail = tester@example.invalid\n"
        "[init]\n\tdefaultBranch = main\n"
        "[core]\n\tautocrlf = false\n"
        "[commit]\n\tgpgSign = false\n"
        "[gc]\n\tauto = 0\n"
        "[maintenance]\n\tauto = false\n",
        encoding="utf-8",
    )
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.startswith(_FOREIGN_PREFIXES) or name.upper() in _FOREIGN:
                patch.delenv(name)
        for name in ("HOME", "USERPROFILE", "APPDATA", "LOCALAPPDATA"):
            patch.setenv(name, NO_HOME)
        patch.setenv("GIT_CONFIG_GLOBAL", str(gitconfig))
        patch.setenv("GIT_CONFIG_NOSYSTEM", "1")
        patch.setenv("GIT_TERMINAL_PROMPT", "0")
        _guard_home(patch)
        _guard_names(patch)
        yield


@pytest.fixture
def home(
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> Iterator[Path]:
    """A home for this test, with PINESYNC_HOME inside, also for child processes. It is kept, like
    tmp_path, if the test fails."""
    failed = request.session.testsfailed
    folder = tmp_path_factory.mktemp("home")
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(folder))
    for name, below in {
        "APPDATA": "AppData/Roaming",
        "LOCALAPPDATA": "AppData/Local",
        "XDG_CACHE_HOME": ".cache",
        "XDG_CONFIG_HOME": ".config",
        "XDG_DATA_HOME": ".local/share",
        "XDG_STATE_HOME": ".local/state",
        "PINESYNC_HOME": "pinesync",
    }.items():
        monkeypatch.setenv(name, str(folder / below))
    yield folder
    if request.session.testsfailed == failed:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def ring(home: Path) -> Iterator[Ring]:
    """The system's keyring, for this test."""
    import keyring

    from tests.ring import Ring

    before = keyring.get_keyring()
    ring = Ring()
    keyring.set_keyring(ring)
    yield ring
    keyring.set_keyring(before)


def _guard_home(patch: pytest.MonkeyPatch) -> None:
    """`Path.home()`, `Path.expanduser()` and platformdirs all call this. The exception of
    `pytest.fail` is not caught by an `except Exception` in the code under test."""
    expanduser = os.path.expanduser

    def guarded(path: Any) -> Any:
        expanded = expanduser(path)
        if expanded != path and NO_HOME in os.fsdecode(expanded):
            pytest.fail(FORGOT_HOME)
        return expanded

    patch.setattr(os.path, "expanduser", guarded)


def _guard_names(patch: pytest.MonkeyPatch) -> None:
    """pytest-socket refuses to connect, but a name would be looked up before that."""
    getaddrinfo = socket.getaddrinfo

    def guarded(host: Any, *args: Any, **kwargs: Any) -> Any:
        name = host.decode("ascii") if isinstance(host, bytes) else host or ""
        if name.endswith(".invalid"):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        if name not in _LOOPBACK:
            pytest.fail(LEFT_LOOPBACK.format(host=name))
        return getaddrinfo(host, *args, **kwargs)

    patch.setattr(socket, "getaddrinfo", guarded)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--deep", action="store_true", help="longer histories, every kill point")
