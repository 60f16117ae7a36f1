"""What checks and shows the extension, from npm: the TypeScript compiler, and code-server with a
driver. It stays outside of the repository and is kept between runs.

`PINESYNC_VSCODE_TOOLS` names the folder; `~/.cache/pinesync-vscode` is the default.
"""

import json
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
CODE_SERVER = "4.139.1"
TYPES = {"typescript": "5.9.3", "@types/vscode": "1.90.0", "@types/node": "20.9.5"}
SHOWS = {"code-server": CODE_SERVER, "playwright-core": "1.65.1"}
NODE = "24"
_QUIET = ("--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error")


def place() -> Path:
    default = Path.home() / ".cache" / "pinesync-vscode"
    return Path(os.environ.get("PINESYNC_VSCODE_TOOLS") or default)


def types_ready() -> bool:
    return _marked("types", TYPES)


def editor_ready() -> bool:
    return _marked("editor", SHOWS) and node().exists() and (place() / "editor").is_dir()


def set_up_types() -> Path:
    """The folder with tsc. Exits with the reason if npm cannot install it."""
    folder = place() / "types"
    if not types_ready():
        _install(folder, TYPES)
        _mark("types", TYPES)
    return folder


def set_up_editor() -> Path:
    """The folder with code-server and playwright-core in it."""
    folder = place() / "editor"
    if not editor_ready():
        machine = {"x86_64": "x64", "aarch64": "arm64"}.get(platform.machine(), "x64")
        _install(place() / "node", {f"node-linux-{machine}": NODE})
        _install(folder, SHOWS)
        inner = folder / "node_modules" / "code-server" / "lib" / "vscode"
        _npm("install", "--omit=dev", *_QUIET, cwd=inner)
        _mark("editor", SHOWS)
    return folder


def node() -> Path:
    """Node 24, which code-server needs."""
    return next((place() / "node" / "node_modules").glob("node-*/bin/node"), Path("missing"))


def _install(folder: Path, packages: dict[str, str]) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / "package.json").write_text('{"private": true}\n', encoding="utf-8")
    requirements = [f"{name}@{version}" for name, version in packages.items()]
    _npm("install", *_QUIET, *requirements, cwd=folder)


def _npm(*words: str, cwd: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        sys.exit("npm is not on PATH: install Node.js, which brings it")
    result = subprocess.run([npm, *words], cwd=cwd, stdin=subprocess.DEVNULL, check=False)
    if result.returncode:
        sys.exit(f"npm {' '.join(words)} failed in {cwd}: is the npm registry reachable?")


def _marked(name: str, packages: dict[str, str]) -> bool:
    file = place() / f"{name}.json"
    return file.exists() and json.loads(file.read_text(encoding="utf-8")) == packages


def _mark(name: str, packages: dict[str, str]) -> None:
    (place() / f"{name}.json").write_text(json.dumps(packages), encoding="utf-8")
