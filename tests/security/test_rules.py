"""Rules for the product as a whole, each tested as a user would meet it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pinesync.sandbox.app import SandboxApp
from pinesync.text.canonical import Unreadable, digest
from pinesync.workspace.files import Tree
from pinesync.workspace.state import State
from pinesync.workspace.workspace import Workspace
from tests.world import BREAKOUT_PATH, TOOLS_PATH, TREND_PATH, World
from tests.world.scripts import BREAKOUT, EXTRA, LONGER, SLOWER, TREND

VERBS = (
    ["status"],
    ["diff", "--remote"],
    ["pull"],
    ["push"],
    ["list"],
    ["verify"],
    ["whoami"],
    ["check"],
    ["restore", TREND_PATH],
    ["resolve", "--theirs", TREND_PATH],
)


# -- 4: pine.toml sets nothing that could do harm -------------------------------------------------


@pytest.mark.promise("S4")
@pytest.mark.parametrize(
    "line",
    [
        'remote = "https://evil.example/pine-facade"',
        'remote = "sandbox:../../evil"',
        'facade = "https://evil.example"',
        'cookie = "TRADINGVIEW_COOKIE"',
        'cookie_file = "/etc/passwd"',
        'on_push = "touch was-run"',
        "hooks = {pull = 'touch was-run'}",
        'editor = "touch was-run"',
        "folders = {study = '/tmp'}",
        "folders = {study = '../outside'}",
        "folders = {study = '.git/hooks'}",
    ],
)
def test_a_hostile_pine_toml_is_refused_without_a_request(clone: World, line: str) -> None:
    file = clone.folder / "pine.toml"
    key = line.partition(" ")[0]
    rows = [row for row in file.read_text().split("\n") if not row.startswith(f"{key} =")]
    text = "\n".join(rows).replace("[workspace.folders]", "[workspace.was_folders]", 1)
    if key != "folders":
        text = "\n".join(rows)
    file.write_text(text.replace("[workspace]\n", f"[workspace]\n{line}\n", 1))
    before = clone.files(), clone.account()
    for verb in VERBS:
        ran = clone(*verb)
        assert (ran.code, ran.requests) == (2, ()), (verb, ran)
        assert "pine.toml:" in ran.err
    assert (clone.files(), clone.account()) == before
    assert not (clone.folder / "was-run").exists()


@pytest.mark.promise("S4", "S5", "S6")
@pytest.mark.parametrize(
    "path",
    ["../outside.pine", "/tmp/outside.pine", ".git/hooks/pre-commit.pine", "x.sh", "a\\b.pine"],
)
def test_a_path_outside_is_refused_without_a_request(clone: World, path: str) -> None:
    file = clone.folder / "pine.toml"
    text = file.read_text().replace(f'"{TREND_PATH}"', "'" + path + "'")
    file.write_text(text)
    for verb in VERBS:
        ran = clone(*verb)
        assert (ran.code, ran.requests) == (2, ()), (verb, ran)
    assert not (clone.place / "outside.pine").exists()


# -- 8: what was skipped is in the summary and in the exit code -----------------------------------


@pytest.mark.promise("S8")
@pytest.mark.skipif(not hasattr(Path, "symlink_to"), reason="needs symbolic links")
def test_an_unwritable_file_is_reported_with_exit_code_1(clone: World, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    (clone.folder / "indicators").rename(outside)
    (clone.folder / "indicators").symlink_to(outside)
    clone.web_save(SLOWER)
    clone.web_save(BREAKOUT + "// there\n", "Breakout")
    ran = clone("pull")
    assert ran.code != 0
    assert TREND_PATH in ran.output
    assert "link" in ran.output
    assert (outside / "Trend.pine").read_text() == TREND
    assert clone.read(BREAKOUT_PATH).endswith("// there\n")


# -- 13: writes to the account are narrow ---------------------------------------------------------


@contextmanager
def writes_seen(world: World, patch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Every request that may change the account, after a check that its intent is on disk."""
    seen: list[str] = []
    answered = SandboxApp.__call__

    def looking(self, environ, start_response):
        path, query = environ["PATH_INFO"], environ["QUERY_STRING"]
        if environ["REQUEST_METHOD"] != "GET" and "translate" not in path:
            seen.append(f"{path}?{query}")
            states = [record["state"] for record in world.records()]
            assert "sent" in states, f"{path} without a record"
        return answered(self, environ, start_response)

    patch.setattr(SandboxApp, "__call__", looking)
    yield seen


@pytest.mark.promise(15, "S13")
def test_every_command_writes_and_requests_only_what_is_listed(
    clone: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    with writes_seen(clone, monkeypatch) as seen:
        clone.write(LONGER)
        clone.web_save(BREAKOUT + "// there\n", "Breakout")
        clone.write(EXTRA, "indicators/Extra.pine")
        clone("add", "indicators/Extra.pine")
        for verb in VERBS:
            clone(*verb)
        clone.web_delete("Tools")
        clone("push", "--recreate", TOOLS_PATH)
        clone.write(SLOWER)
        clone("push", "--allow-broken")
        clone("push", "--over", "2.0", TREND_PATH)
        assert all("/save/new?" in request or "/save/next/" in request for request in seen)
        assert len(seen) >= 4
        clone("rename", BREAKOUT_PATH, "Another")
        clone("mv", "--follow", BREAKOUT_PATH)
        clone("rm", "--remote", TREND_PATH, "--yes", "Trend")
    assert ["/rename/" in seen[-2], "/delete/" in seen[-1]] == [True, True]
    for request in seen:
        assert "allow_overwrite=true" not in request
        assert "allow_create_new=true" not in request
        assert "force=true" not in request
        assert ("allow_overwrite=false" in request) == ("/save/new?" in request)
        assert ("allow_create_new=false" in request) == ("/save/next/" in request)


# -- 15: encoded and validated before anything is opened ------------------------------------------


@pytest.mark.promise("S15")
@pytest.mark.parametrize("text", ["half \ud800 a character", "\udfff"])
def test_an_unencodable_text_leaves_the_file_unchanged(tmp_path: Path, text: str) -> None:
    root = tmp_path / "scripts"
    (root / "indicators").mkdir(parents=True)
    file = root / TREND_PATH
    file.write_text(TREND)
    folder = Workspace(Tree(root), State(tmp_path / "state"), lambda: 0.0)
    with pytest.raises(Unreadable):
        folder.tree.put(TREND_PATH, text, digest(TREND), lambda _: None)  # type: ignore[arg-type]
    assert file.read_text() == TREND
    assert [path.name for path in file.parent.iterdir()] == [file.name]
    with pytest.raises(Unreadable):
        folder.texts.keep(text)
    assert not (tmp_path / "state" / "objects").exists()
