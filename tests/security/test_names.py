"""For any script names, a clone has one valid file per script, and a second clone has the same
files."""

from __future__ import annotations

import json
import tempfile
import time
from pathlib import Path
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from pinesync.app.project import Places, Setup, open_project
from pinesync.app.sync.clone import clone as cloning
from pinesync.app.sync.status import status
from pinesync.sandbox.account import USER_NAME, open_sandbox
from pinesync.text.filenames import MAX_SAVED_NAME, check_path, unescape_name
from pinesync.workspace.manifest import parse
from tests.cli.answers import answering
from tests.security.disks import RULES
from tests.world import World

HOSTILE_FILE = Path(__file__).parents[1] / "data" / "hostile_names.json"
HOSTILE: dict[str, Any] = json.loads(HOSTILE_FILE.read_text("utf-8"))
# The names that the service accepts: not empty, at most 128 characters, no lone surrogate.
KNOWN = [
    row["name"]
    for row in HOSTILE["remote_names"]
    if row["name"].strip() and len(row["name"]) <= MAX_SAVED_NAME and "\ud800" not in row["name"]
]
ESCAPES = ["&amp;", "&#0;", "&#x2f;", "&lt;script&gt;", "&notanentity;", "..&#47;..&#47;x"]
PARTS = ["/", "\\", "..", "~", ".git", "pine.toml", ".pine", "CON", ":", "\0", "\n", "\u202e", "%s"]

WORDS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=128)
PIECES = st.lists(st.sampled_from([*PARTS, "a", "A", "é", "e\u0301"]), min_size=1, max_size=8)
NAMES = WORDS | PIECES.map("".join) | st.sampled_from([*KNOWN, *ESCAPES])


def text_of(number: int) -> str:
    return f"//@version=6\nindicator('{number}')\nplot(close)\n"


def files(folder: Path) -> dict[str, str]:
    """Every file below the folder, with its text."""
    found = (path for path in folder.rglob("*") if not path.is_dir())
    return {path.relative_to(folder).as_posix(): path.read_bytes().decode() for path in found}


@settings(max_examples=40)
@given(st.lists(NAMES, min_size=1, max_size=8, unique=True))
@example(KNOWN)
@example(["RSI", "rsi", "R\u200bSI", "RSI.", "RSI ", "ＲＳＩ"])
def test_a_clone_has_one_valid_file_for_every_name(names: list[str]) -> None:
    with tempfile.TemporaryDirectory(prefix="pinesync-test-") as name:
        base = Path(name)
        setup = Setup(base / "work", Places(base / "config", base / "state", base / "sandbox"))
        store = open_sandbox(setup.places.sandboxes, "default", time.time)
        user = store.ensure_user(USER_NAME)
        for number, one in enumerate(names):
            store.save_new(user, one, text_of(number))
        setup.cwd.mkdir()
        for folder in ("scripts", "again"):
            assert cloning(setup, folder, remote="sandbox").exit_code == 0
        store.close()

        found = files(setup.cwd / "scripts")
        manifest = found.pop("pine.toml")
        assert all(check_path(path) == path for path in found)
        assert sorted(found.values()) == sorted(map(text_of, range(len(names))))
        for rule in RULES:
            assert len({rule(path) for path in found}) == len(found)
        assert {path for path in files(setup.cwd) if path.startswith("scripts/")} == {
            f"scripts/{path}" for path in (*found, "pine.toml")
        }
        assert sorted(path.name for path in setup.cwd.iterdir()) == ["again", "scripts"]
        again = files(setup.cwd / "again")
        del again["pine.toml"]
        assert again == found

        inside = Setup(setup.cwd / "scripts", setup.places)
        entries = open_project(inside).workspace.manifest.entries()
        assert {path: entry.name for path, entry in entries.items()} == {
            path: unescape_name(names[int(body.split("'")[1])]) for path, body in found.items()
        }
        assert {line.word for line in status(inside).lines} == {"clean"}
        assert files(setup.cwd / "scripts")["pine.toml"] == manifest


ODD = [
    "\ud800",
    "a\udc00b",
    "a\0b",
    "\x1b]0;x\x07",
    "../../up",
    "/etc/passwd",
    "x" * 100_000,
    "\u202e\u2066gpj.exe",
    '"]\n[workspace]\nremote = "tradingview"\n#',
    "pine.toml",
    ".git/hooks/post-checkout",
    "",
    " ",
]


def test_unusable_names_get_valid_files(clone: World) -> None:
    """Only a hostile service sends such names."""
    rows = [
        {"scriptIdPart": f"USER;{number:032x}", "version": "1.0", "scriptName": name}
        for number, name in enumerate(ODD)
    ]
    own = [{"scriptIdPart": clone.id_of(), "version": "1.0", "scriptName": "Trend"}]
    before = set(clone.files())
    clone.plan.add(answering("list", [*own, *rows]))
    clone.plan.add(answering("get", {"version": "1.0", "source": text_of(1)}))
    pulled = clone("pull")
    assert pulled.code in (0, 3), pulled
    made = set(clone.files()) - before
    assert len(made) == len(ODD)
    assert all(check_path(path) == path for path in made)
    assert {path.name for path in clone.place.iterdir()} == {"scripts"}
    entries = parse((clone.folder / "pine.toml").read_text("utf-8")).entries
    assert made <= set(entries)
