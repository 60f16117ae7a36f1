"""The guards of conftest.py report a careless test."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import platformdirs
import pytest
from pytest_socket import SocketConnectBlockedError

from tests.world import git

CONNECT_REFUSED = "A test tried to use socket.socket.connect"


@pytest.mark.parametrize(
    "ask",
    [
        Path.home,
        lambda: Path("~/pine").expanduser(),
        lambda: os.path.expanduser("~"),
        lambda: platformdirs.user_state_dir("pinesync"),
        lambda: platformdirs.user_config_dir("pinesync"),
    ],
    ids=["Path.home", "Path.expanduser", "os.path", "state", "config"],
)
def test_a_test_without_the_home_fixture_is_reported(ask):
    with pytest.raises(pytest.fail.Exception, match="fixture `home`"):
        ask()


def test_the_report_survives_a_broad_except():
    def careless():
        try:
            return Path.home()
        except Exception:
            return None

    with pytest.raises(pytest.fail.Exception, match="fixture `home`"):
        careless()


def test_a_child_process_cannot_write_into_the_real_home():
    code = "import os, pathlib; os.makedirs(pathlib.Path.home() / 'state')"
    child = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert child.returncode != 0
    assert "this-test-forgot-the-home-fixture" in child.stderr


def test_the_home_fixture_moves_every_folder(home):
    assert Path.home() == home
    assert Path(platformdirs.user_state_dir("pinesync")).is_relative_to(home)
    assert Path(platformdirs.user_config_dir("pinesync")).is_relative_to(home)
    assert Path(os.environ["PINESYNC_HOME"]).is_relative_to(home)
    code = "import pathlib; print(pathlib.Path.home())"
    child = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert child.stdout.strip() == str(home)


def test_an_absolute_path_needs_no_home_fixture(tmp_path):
    assert os.path.expanduser(str(tmp_path)) == str(tmp_path)


def test_no_user_variable_reaches_a_test():
    leaked = [n for n in os.environ if n.startswith(("PINESYNC_", "TRADINGVIEW_", "XDG_"))]
    assert leaked == []
    assert "NO_COLOR" not in os.environ


def test_user_git_settings_do_not_reach_a_test(tmp_path, home):
    git(tmp_path, "init")
    assert git(tmp_path, "symbolic-ref", "--short", "HEAD") == "main"
    git(tmp_path, "commit", "--allow-empty", "-m", "first")
    assert git(tmp_path, "log", "-1", "--format=%ae") == "tester@example.invalid"


def test_nothing_connects_beyond_loopback():
    # 192.0.2.0/24 is reserved for documentation: without the guard, no host would answer.
    with (
        pytest.warns(UserWarning, match=CONNECT_REFUSED),
        pytest.raises(SocketConnectBlockedError),
        socket.socket() as outside,
    ):
        outside.connect(("192.0.2.1", 443))


def test_the_service_is_not_resolved():
    with pytest.raises(pytest.fail.Exception, match=r"pine-facade\.tradingview\.com"):
        socket.create_connection(("pine-facade.tradingview.com", 443), timeout=1)


def test_a_name_under_invalid_does_not_resolve():
    with pytest.raises(socket.gaierror):
        socket.create_connection(("facade.invalid", 443), timeout=1)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_loopback_works(host):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with socket.create_connection((host, port), timeout=5) as client:
            answering, _ = server.accept()
            with answering:
                client.sendall(b"pine")
                assert answering.recv(4) == b"pine"


@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="needs Unix sockets")
def test_unix_sockets_work(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # a socket's path is at most some 100 bytes long
    with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as client:
        server.bind("s")
        server.listen()
        client.connect("s")


def test_a_missing_program_is_reported_with_the_skipped_tests(tmp_path):
    test = "tests/cli/test_completion.py::test_fish_completes_commands_options_and_paths"
    result = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", test],
        cwd=Path(__file__).parents[1],
        env={**os.environ, "PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout
    assert "not tested, for want of a program" in result.stdout
    assert f"\nfish: {test}\n" in result.stdout
