"""Merging with git, and searching its history."""

import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pinesync.git.merge import merge
from pinesync.git.objects import manifests_with, text_at_head
from pinesync.git.status import git_status
from pinesync.model import Digest
from pinesync.text.canonical import has_conflict_markers

BASE = "1\n2\n3\n4\n5\n6\n7\n"
FEWER = settings(max_examples=67)
"""Each example starts git; three properties of 67 examples are 200 texts."""

texts = st.lists(
    st.sampled_from(["", "a", "b", "測 ü", "=======", "\t", "  x", "\u2028", "\f", "🙂"]),
    max_size=12,
).map("\n".join)
texts = texts | texts.map(lambda text: text + "\n")


def test_edits_of_both_sides_are_merged() -> None:
    merged = merge(BASE, BASE.replace("1", "eins"), BASE.replace("7", "sieben"))
    assert (merged.text, merged.conflicted) == ("eins\n2\n3\n4\n5\n6\nsieben\n", False)


def test_a_conflict_shows_base_ours_and_theirs() -> None:
    merged = merge(BASE, BASE.replace("4", "mine"), BASE.replace("4", "theirs"))
    assert merged.conflicted
    assert has_conflict_markers(merged.text)
    assert merged.text == (
        "1\n2\n3\n<<<<<<< ours\nmine\n||||||| base\n4\n"
        "=======\ntheirs\n>>>>>>> theirs (TradingView)\n5\n6\n7\n"
    )


def test_many_conflicts_in_one_text_are_reported() -> None:
    base = "".join(f"{n}\n\n\n\n" for n in range(300))
    mine, theirs = base.replace("\n\n\n\n", "m\n\n\n\n"), base.replace("\n\n\n\n", "t\n\n\n\n")
    merged = merge(base, mine, theirs)
    assert merged.conflicted
    assert merged.text.count("<<<<<<< ours\n") == 300


@pytest.mark.parametrize(
    ("base", "local", "remote", "text"),
    [
        ("a\nb", "a\nb", "a\nb\n", "a\nb\n"),
        ("a\nb\n", "a\nb", "a\nb\n", "a\nb"),
        ("a\n\n\nb", "x\n\n\nb", "a\n\n\nb\n", "x\n\n\nb\n"),
        ("", "", "x\n", "x\n"),
        ("", "x\n", "", "x\n"),
        ("x\n", "", "x\n", ""),
        ("x\n", "x\n", "", ""),
        ("", "", "", ""),
        ("ä\n\n\n測\n", "ü\n\n\n測\n", "ä\n\n\n🙂\n", "ü\n\n\n🙂\n"),
        ("a\n\n\nb\n", "a\u2028\n\n\nb\n", "a\n\n\nb\x0c\n", "a\u2028\n\n\nb\x0c\n"),
        ("a \n\n\nb\t\n", "a\n\n\nb\t\n", "a \n\n\nb\n", "a\n\n\nb\n"),
    ],
)
def test_edits_at_the_ends_of_a_text_are_merged(
    base: str, local: str, remote: str, text: str
) -> None:
    merged = merge(base, local, remote)
    assert (merged.text, merged.conflicted) == (text, False)


def test_a_conflict_without_a_final_newline_keeps_its_markers_on_lines() -> None:
    merged = merge("a", "mine", "theirs")
    assert merged.conflicted
    assert has_conflict_markers(merged.text)
    assert "\r" not in merged.text
    for side in ("mine\n", "theirs\n"):
        assert side in merged.text


@FEWER
@given(texts, texts)
def test_the_same_edit_on_both_sides_does_not_conflict(base: str, both: str) -> None:
    merged = merge(base, both, both)
    assert (merged.text, merged.conflicted) == (both, False)


@FEWER
@given(texts, texts)
def test_an_edit_by_theirs_only_gives_theirs(base: str, theirs: str) -> None:
    merged = merge(base, base, theirs)
    assert (merged.text, merged.conflicted) == (theirs, False)


@FEWER
@given(texts, texts)
def test_an_edit_by_ours_only_gives_ours(base: str, ours: str) -> None:
    merged = merge(base, ours, base)
    assert (merged.text, merged.conflicted) == (ours, False)


def test_user_git_settings_do_not_change_a_merge(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "config"
    config.write_text(
        "[merge]\n\tconflictStyle = zdiff3\n[core]\n\tautocrlf = true\n\teol = crlf\n"
    )
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    test_a_conflict_shows_base_ours_and_theirs()
    test_edits_of_both_sides_are_merged()


def commit(folder: Path, text: str) -> None:
    (folder / "pine.toml").write_text(text)
    for words in (["add", "pine.toml"], ["commit", "-q", "-m", "one"]):
        subprocess.run(["git", "-C", str(folder), *words], check=True)


def test_commits_whose_pine_toml_has_a_digest_are_found(tmp_path: Path) -> None:
    one, two = Digest("sha256:" + "1" * 64), Digest("sha256:" + "2" * 64)
    folder = tmp_path / "repository" / "below"
    folder.mkdir(parents=True)
    assert manifests_with(folder, one) == []
    subprocess.run(["git", "init", "-q", str(folder.parent)], check=True)
    assert manifests_with(folder, one) == []
    commit(folder, f"a = {one!r}\n")
    commit(folder, f"a = {two!r}\n")
    commit(folder, f"a = {two!r}\nb = 1\n")
    found = [text.decode().strip() for text in manifests_with(folder, one)]
    assert f"a = {one!r}" in found
    assert not any("b = 1" in text for text in found)
    assert manifests_with(folder, Digest("sha256:" + "3" * 64)) == []


@pytest.mark.promise("S14")
def test_a_program_configured_in_a_repository_is_not_run(tmp_path: Path) -> None:
    """An unpacked archive may contain a .git with foreign settings."""
    hook = tmp_path / "hook"
    hook.write_text(f"#!/bin/sh\ntouch {tmp_path}/was-run\n")
    hook.chmod(0o755)
    root = tmp_path / "scripts"

    def git(*words: str) -> None:
        subprocess.run(["git", "-C", str(root), *words], check=True, capture_output=True)

    root.mkdir()
    git("init", "-q")
    digest = Digest("sha256:" + "0" * 64)
    (root / "pine.toml").write_text(f'digest = "{digest}"\n')
    (root / ".gitattributes").write_text("pine.toml diff=shown\n")
    git("add", ".")
    git("commit", "-qm", "first")
    for setting in ("core.fsmonitor", "gpg.program", "core.pager", "diff.external"):
        git("config", setting, str(hook))
    for setting in ("diff.shown.textconv", "diff.shown.command", "core.hooksPath"):
        git("config", setting, str(hook))
    git("config", "log.showSignature", "true")
    assert len(manifests_with(root, digest)) == 1
    assert text_at_head(root, "pine.toml")
    assert git_status(root)
    assert not (tmp_path / "was-run").exists()
