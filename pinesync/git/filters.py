"""Files as git would store them. Never runs a filter program."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

from pinesync.git.index import index_rows
from pinesync.git.repo import Repository
from pinesync.git.run import run
from pinesync.workspace.files.exchange import MAX_FILE

_PROGRAMS = r"^filter\..*\.(clean|process|required)$"
_REWRITES = ("filter", "working-tree-encoding")
"""Attributes with which a file is not as git holds it, and only a program or a codec could tell."""


def as_stored(repository: Repository, files: Mapping[str, bytes]) -> dict[str, str]:
    """The blob ids of these files as `git add` would store them, with line endings converted but
    filter programs skipped. The blobs are then in the repository."""
    names = {repository.prefix + path.encode(): path for path in files}
    with tempfile.TemporaryDirectory(prefix="pinesync-stored-") as folder:
        tree = Path(folder) / "tree"
        for name, path in names.items():
            place = tree / os.fsdecode(name)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(files[path])
        for name, content in _attributes(repository, names).items():
            (tree / os.fsdecode(name)).write_bytes(content)
        env = {
            "GIT_DIR": str(repository.git_dir),
            "GIT_WORK_TREE": str(tree),
            "GIT_INDEX_FILE": str(Path(folder) / "index"),
            **_settings(repository),
        }
        # Git also reads attributes from the index: use HEAD's where the folder lacks the file.
        if repository.commit_of("HEAD"):
            repository.ask("read-tree", "HEAD", env=env)
        listed = b"".join(name + b"\0" for name in names)
        add = ("update-index", "--add", "--replace", "-z", "--stdin")
        repository.ask(*add, stdin=listed, env=env, cwd=tree)
        rows = list(index_rows(tree, env=env, hooks=False))
    stored = {os.fsencode(row.path): row.oid for row in rows}
    return {path: stored[name] for name, path in names.items() if name in stored}


def filters_of(root: Path, paths: Collection[str]) -> dict[str, str]:
    """The filter or encoding that git's attributes name, for files that have one."""
    stdin = b"".join(os.fsencode(path) + b"\0" for path in paths)
    fields = run(root, "check-attr", "-z", "--stdin", *_REWRITES, stdin=stdin)[1].split(b"\0")
    rows = zip(fields[::3], fields[2::3], strict=False)
    none = (b"unspecified", b"unset")
    return {os.fsdecode(p): os.fsdecode(value) for p, value in rows if value not in none}


def filters_with_program(repository: Repository) -> frozenset[str]:
    """The names of the filters that have a program configured."""
    keys = _program_keys(repository)
    return frozenset(key.removeprefix("filter.").rpartition(".")[0] for key in keys)


def _program_keys(repository: Repository) -> dict[str, None]:
    words = ("config", "--null", "--name-only", "--get-regexp", _PROGRAMS)
    keys = repository.run(*words)[1]
    return dict.fromkeys(os.fsdecode(key) for key in keys.split(b"\0") if key)


def _settings(repository: Repository) -> dict[str, str]:
    """Settings, in git's environment form, that clear every filter's programs: an empty command
    changes nothing. They also turn off the split index, which would leave a part in the
    repository."""
    settings = {"core.splitIndex": "false"}
    for key in _program_keys(repository):
        settings[key] = "false" if key.endswith(".required") else ""
    env = {"GIT_CONFIG_COUNT": str(len(settings))}
    for number, (key, value) in enumerate(settings.items()):
        env[f"GIT_CONFIG_KEY_{number}"] = key
        env[f"GIT_CONFIG_VALUE_{number}"] = value
    return env


def _attributes(repository: Repository, names: Iterable[bytes]) -> dict[bytes, bytes]:
    """The attributes files in these files' folders and the folders above, committed or not."""
    above = "../" * repository.prefix.count(b"/")
    top = Path(os.path.normpath(repository.root / above))
    folders = {folder for name in names for folder in Path(os.fsdecode(name)).parents}
    attributes = {}
    for folder in folders:
        file = top / folder / ".gitattributes"
        if file.is_file() and not file.is_symlink() and file.stat().st_size <= MAX_FILE:
            attributes[os.fsencode(folder / ".gitattributes")] = file.read_bytes()
    return attributes
