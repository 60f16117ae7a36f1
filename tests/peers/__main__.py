"""`make peers`: install other clients of the facade from their registries, point each at a sandbox
by putting its address in the place of TradingView's in a copy, and print what works.

Nothing reaches TradingView: in a client's process no other name than this machine's is looked up.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PLACE = ROOT / ".venv-peers"
HERE = Path(__file__).parent
ORIGIN = "https://pine-facade.tradingview.com"
SOURCE = """\
//@version=6
indicator("Own")
length = input.int(14, "Length")
plot(ta.sma(close, length))
"""


@dataclass(frozen=True, slots=True)
class Peer:
    """A client: its name in the registry, the folder that it is imported from, the function of
    `calls` that uses it, and what it needs besides, such as an older version of what it imports."""

    name: str
    folder: str
    calls: str
    needs: tuple[str, ...] = ()


NPM = Peer("@mathieuc/tradingview", "@mathieuc/tradingview", "")
PEERS = (
    Peer("tv-scraper", "tv_scraper", "tv_scraper"),
    Peer("pynescript", "pynescript", "pynescript", ("requests", "tqdm")),
    Peer("tradingview-scraper", "tradingview_scraper", "tradingview_scraper"),
    Peer("tradingview-sdk", "tradingview_sdk", "tradingview_sdk", ("selectolax<1",)),
    Peer("tradingview-api-python", "tradingviewApiPython", "tradingview_api_python"),
    Peer(
        "pinescript-syntax-checker",
        "pinescript_syntax_checker",
        "pinescript_syntax_checker",
        ("mcp<2",),
    ),
    Peer("pinescript-claude-hook", "pinescript_claude_hook", "pinescript_claude_hook"),
)


def main() -> int:
    python = _installed()
    rows: list[tuple[str, str, str]] = []
    with tempfile.TemporaryDirectory(prefix="pinesync-peers-") as name:
        place = Path(name)
        home = {**os.environ, "PINESYNC_HOME": str(place / "home"), "HOME": str(place)}
        run = [sys.executable, "-m", "pinesync", "sandbox", "serve"]
        with subprocess.Popen(run, env=home, stdout=subprocess.PIPE, text=True) as server:
            try:
                assert server.stdout
                exports = dict(server.stdout.readline().strip().split("=", 1) for _ in range(2))
                cookie = exports["PINESYNC_COOKIE"].strip("'")
                origin = exports["PINESYNC_FACADE_URL"].removesuffix("/pine-facade")
                pine_id = _own_script(cookie, origin)
                for peer in PEERS:
                    client = f"{peer.name} {_version(python, peer)}"
                    result = _of_python(python, peer, place, origin, cookie, pine_id)
                    rows += [(client, *row) for row in result]
                rows += _of_npm(place, origin, cookie, pine_id)
            finally:
                server.terminate()
    sys.stdout.write("| client | works | does not |\n|---|---|---|\n")
    for client in dict.fromkeys(client for client, _, _ in rows):
        failures = [(call, why) for name, call, why in rows if name == client]
        works = ", ".join(f"`{call}`" for call, why in failures if not why)
        fails = ", ".join(f"`{call}`: {_shortened(why)}" for call, why in failures if why)
        sys.stdout.write(f"| {client} | {works} | {fails} |\n")
    return 0


def _shortened(why: str) -> str:
    """A name that was not resolved is a service that the sandbox does not replace."""
    if "asks " in why:
        return "asks " + why.split("asks ")[-1].split()[0].strip("'\"),") + " as well"
    return why.replace("|", "\\|").replace("\n", " ")[:120]


def _installed() -> Path:
    python = PLACE / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(PLACE)], check=True)
    requirements = [part for peer in PEERS for part in (peer.name, *peer.needs)]
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, *requirements], check=True)
    if npm := shutil.which("npm"):
        quiet = ("--silent", "--no-audit", "--no-fund", "--ignore-scripts")
        subprocess.run([npm, "install", *quiet, "--prefix", str(PLACE), NPM.name], check=True)
    return python


def _own_script(cookie: str, origin: str) -> str:
    from pinesync import Pine

    made = Pine(cookie, base_url=f"{origin}/pine-facade").create_script("Own", SOURCE)
    assert made["status"] == "success", made["error"]
    return str(made["data"]["id"])


def _copied(source: Path, target: Path, origin: str) -> Path:
    """The client, unchanged except for the address."""
    shutil.copytree(source, target)
    for file in target.rglob("*"):
        if file.suffix in (".py", ".js"):
            text = file.read_bytes()
            file.write_bytes(text.replace(ORIGIN.encode(), origin.encode()))
    return target


def _of_python(
    python: Path, peer: Peer, place: Path, origin: str, cookie: str, pine_id: str
) -> Iterator[tuple[str, str]]:
    installed = sorted(PLACE.glob(f"[lL]ib*/**/site-packages/{peer.folder}"))
    _copied(installed[0], place / peer.calls / peer.folder, origin)
    work = place / f"{peer.calls}-files"
    work.mkdir()
    result = subprocess.run(
        [str(python), str(HERE / "calls.py"), peer.calls, cookie, pine_id, str(work)],
        env={**os.environ, "PYTHONPATH": str(place / peer.calls), "HOME": str(place)},
        cwd=work,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    yield from _read(result)


def _of_npm(place: Path, origin: str, cookie: str, pine_id: str) -> Iterator[tuple[str, str, str]]:
    node, modules = shutil.which("node"), PLACE / "node_modules"
    if node is None or not modules.exists():
        yield NPM.name, "all", "needs node and npm"
        return
    _copied(modules / NPM.folder, place / "node" / NPM.folder, origin)
    result = subprocess.run(
        [node, str(HERE / "calls.js"), cookie, pine_id],
        env={**os.environ, "NODE_PATH": os.pathsep.join((str(place / "node"), str(modules)))},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    version = json.loads((modules / NPM.folder / "package.json").read_text())["version"]
    for call, why in _read(result):
        yield f"{NPM.name} {version}", call, why


def _read(result: subprocess.CompletedProcess[str]) -> Iterator[tuple[str, str]]:
    try:
        answer = json.loads(result.stdout.rpartition("\n")[2])
    except ValueError:
        answer = [["all", (result.stderr or result.stdout).strip().rpartition("\n")[2]]]
    for call, why in answer:
        yield str(call), str(why)


def _version(python: Path, peer: Peer) -> str:
    ask = f"import importlib.metadata as m; print(m.version({peer.name!r}))"
    result = subprocess.run([str(python), "-c", ask], capture_output=True, text=True, check=True)
    return result.stdout.strip()


if __name__ == "__main__":
    raise SystemExit(main())
