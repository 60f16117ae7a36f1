"""`make vscode-types` and `make vscode-test`: the extension checked by tsc, and driven in a real
editor, code-server in chromium, on a sandbox. Nothing reaches the network once it is set up."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.vscode import tools

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")


def check_types() -> int:
    folder = tools.set_up_types()
    node = shutil.which("node")
    if node is None:
        sys.exit("node is not on PATH: install Node.js")
    tsc = folder / "node_modules" / "typescript" / "bin" / "tsc"
    roots = folder / "node_modules" / "@types"
    words = [node, tsc, "-p", HERE / "jsconfig.json", "--typeRoots", roots]
    return subprocess.run(list(map(str, words)), check=False).returncode


def drive(*scenes: str) -> int:
    """Run the scenes that are named, or all. PINESYNC_VSCODE_SHOTS names a folder to keep the
    screenshots in."""
    folder = tools.set_up_editor()
    chromium = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if chromium is None:
        sys.exit(f"no browser is on PATH: none of {', '.join(CHROMIUM)}")
    with tempfile.TemporaryDirectory(prefix="pinesync-", ignore_cleanup_errors=True) as place:
        env = {
            **{k: v for k, v in os.environ.items() if "COOKIE" not in k and "PINESYNC" not in k},
            "HOME": place,
            "NODE_PATH": str(folder / "node_modules"),
            "PINESYNC_HOME": str(Path(place) / "pinesync"),
            "CHROMIUM": chromium,
            "CODE_SERVER": str(folder / "node_modules/code-server/out/node/entry.js"),
            "PINESYNC": str(Path(sys.executable).absolute().parent / "pinesync"),
            "SHOTS": os.environ.get("PINESYNC_VSCODE_SHOTS") or str(Path(place) / "shots"),
        }
        words = [tools.node(), HERE / "drive" / "main.js", place, *scenes]
        return subprocess.run(list(map(str, words)), cwd=ROOT, env=env, check=False).returncode


def main(arguments: list[str]) -> int:
    match arguments:
        case ["types"]:
            return check_types()
        case ["ready"]:
            return 0 if tools.editor_ready() else 1
        case ["drive", *scenes]:
            return drive(*scenes)
    sys.exit("python -m tests.vscode types|ready|drive [SCENE...]")


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
