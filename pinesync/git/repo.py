"""The git repository around a workspace. pinesync writes its own refs and objects there, never the
user's branch, index or files.

No hook and no configured filter runs, and git contacts no other host.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pinesync.errors import FileError, Misuse
from pinesync.git.location import dot_git
from pinesync.git.objects import read_objects
from pinesync.git.run import check_output, first_line, run
from pinesync.model import Digest
from pinesync.text.canonical import digest_or_none
from pinesync.workspace.files.exchange import MAX_FILE

HISTORY = "refs/remotes/tradingview/history"
SAVED = "refs/remotes/tradingview/saved"


@dataclass(frozen=True, slots=True)
class Blob:
    """A file in a commit: its object id and its bytes, None if larger than MAX_FILE."""

    oid: str
    data: bytes | None

    @property
    def digest(self) -> Digest | None:
        """The digest of its text; None if it is not text."""
        return digest_or_none(self.data)


@dataclass(frozen=True, slots=True)
class Repository:
    """The repository that contains `root`. `prefix` is root's path in it with a trailing slash,
    empty at the top level."""

    root: Path
    prefix: bytes
    git_dir: Path

    # -- asking --------------------------------------------------------------------------------

    def top(self) -> Path:
        """The top level of the work tree."""
        return Path(os.fsdecode(self.ask("rev-parse", "--show-toplevel").removesuffix(b"\n")))

    def commit_of(self, revision: str) -> str | None:
        """The commit's id; None if there is no such commit."""
        status, commit_id, _ = self.run("rev-parse", "--verify", "--quiet", revision + "^{commit}")
        return None if status else commit_id.decode("ascii").strip()

    def tree_of(self, revision: str) -> str | None:
        """The commit's tree id; None if there is no such commit."""
        status, tree_id, _ = self.run("rev-parse", "--verify", "--quiet", revision + "^{tree}")
        return None if status else tree_id.decode("ascii").strip()

    def setting(self, name: str) -> bool | None:
        """A boolean setting; None if it is unset or not a boolean."""
        status, value, _ = self.run("config", "--type=bool", "--get", name)
        return None if status else value.strip() == b"true"

    def config_value(self, name: str) -> str | None:
        """A setting in the repository's own config; None if unset there."""
        status, value, _ = self.run("config", "--local", "--get", name)
        return None if status else value.decode("utf-8", "replace").removesuffix("\n")

    def is_valid_ref(self, ref: str) -> bool:
        """Whether git accepts this as a ref name."""
        return not self.run("check-ref-format", ref)[0]

    def refs_below(self, ref: str) -> list[str]:
        """The ref with this name and all refs below it."""
        refs = self.ask("for-each-ref", "--format=%(refname)", ref)
        return refs.decode("utf-8", "replace").split()

    def commits_at(self, refs: Sequence[str]) -> dict[str, str]:
        """The commits that these refs point to; missing refs are left out."""
        form = "--format=%(objecttype) %(objectname) %(refname)"
        rows = self.ask("for-each-ref", form, *refs).decode("utf-8", "replace").splitlines()
        fields = (row.split(" ", 2) for row in rows)
        return {ref: oid for kind, oid, ref in fields if kind == "commit" and ref in refs}

    def independent(self, commits: Sequence[str]) -> list[str]:
        """The commits that are not ancestors of any other, in the given order."""
        if len(commits) < 2:
            return list(commits)
        independent = set(self.ask("merge-base", "--independent", *commits).decode("ascii").split())
        return [commit for commit in commits if commit in independent]

    def is_ancestor(self, old: str, new: str) -> bool:
        """Whether `old` equals `new` or is its ancestor."""
        return not self.run("merge-base", "--is-ancestor", old, new)[0]

    def is_checked_out(self, ref: str) -> bool:
        """Whether any work tree of the repository has the branch checked out."""
        head = self.run("symbolic-ref", "--quiet", "HEAD")[1].decode("utf-8", "replace").strip()
        places = self.ask("for-each-ref", "--format=%(worktreepath)", ref)
        return head == ref or bool(places.strip())

    def is_shallow(self) -> bool:
        return self.ask("rev-parse", "--is-shallow-repository").strip() == b"true"

    def log(self, revision: str, form: str, *more: str) -> list[str]:
        """One line of this format per commit, newest first."""
        log = self.ask("log", f"--format={form}", *more, revision, "--")
        return log.decode("utf-8", "replace").removesuffix("\n").split("\n")

    def recorded_in(self, revision: str, limit: int) -> list[str]:
        """The newest commits that changed pine.toml."""
        path = "pine.toml"
        commits = self.ask("log", "--format=%H", f"--max-count={limit}", revision, "--", path)
        return commits.decode("ascii").split()

    def blobs(self, commit: str, paths: Sequence[str]) -> dict[str, Blob]:
        """These workspace files at the commit; missing ones are left out."""
        names = [commit.encode() + b":" + self.prefix + path.encode() for path in paths]
        listed = self.ask("cat-file", "--batch-check", stdin=b"".join(n + b"\n" for n in names))
        blobs: dict[str, Blob] = {}
        read: list[str] = []
        for path, row in zip(paths, listed.splitlines(), strict=True):
            oid, _, kind = row.partition(b" ")
            if kind.startswith(b"blob "):
                blobs[path] = Blob(oid.decode("ascii"), None)
                if int(kind.removeprefix(b"blob ")) <= MAX_FILE:
                    read.append(path)
        contents = read_objects(self.root, [blobs[path].oid for path in read]) if read else []
        for path, content in zip(read, contents, strict=True):
            blobs[path] = Blob(blobs[path].oid, content and content[1])
        return blobs

    def digests(self, commit: str, paths: Sequence[str]) -> dict[str, Digest | None]:
        """The text digests of these files at the commit, None for one that is not text."""
        return {path: blob.digest for path, blob in self.blobs(commit, paths).items()}

    # -- writing -------------------------------------------------------------------------------

    def move(self, ref: str, commit: str, why: str) -> None:
        """Point the ref to the commit unconditionally."""
        self.ask("update-ref", "-m", why, ref, commit)

    def advance_ref(self, ref: str, commit: str, before: str | None, why: str) -> None:
        """Move the ref from `before` (None: create it) to the commit. Raises FileError if it no
        longer points to `before`."""
        self.ask("update-ref", "-m", why, ref, commit, before or "0" * len(commit))

    def begin(self, commit: str) -> None:
        """Start a fresh repository's first branch at this commit; its files are already there."""
        self.ask("update-ref", "-m", "pinesync: clone", "HEAD", commit)
        self.ask("reset", "--quiet")

    # -- below ---------------------------------------------------------------------------------

    def ask(
        self,
        *words: str,
        stdin: bytes = b"",
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
    ) -> bytes:
        """git's standard output. Raises FileError if it fails."""
        return check_output(cwd or self.root, *words, stdin=stdin, env=env, hooks=False)

    def run(self, *words: str) -> tuple[int, bytes, str]:
        """git's exit status, its standard output, and its standard error."""
        return run(self.root, *words, hooks=False)


def find_repository(root: Path) -> Repository | None:
    """The repository whose work tree contains the folder; None if there is none. Raises FileError
    if git cannot run or refuses to open it."""
    words = ("rev-parse", "--is-inside-work-tree", "--absolute-git-dir", "--show-prefix")
    status, stdout, stderr = run(root, *words, hooks=False)
    if status:
        if dot_git(root) is None:
            return None
        why = first_line(stderr)
        raise FileError(f"git refuses to read {root}: {why}", "run `git status` there")
    inside, git_dir, prefix = stdout.removesuffix(b"\n").split(b"\n", 2)
    if b"\n" in prefix:
        raise FileError(f"{root}: git cannot handle a folder with a line break in its name")
    return Repository(root, prefix, Path(os.fsdecode(git_dir))) if inside == b"true" else None


def make_repository(root: Path) -> Repository:
    """Run `git init` in the folder."""
    check_output(root, "init", "--quiet", hooks=False)
    repository = find_repository(root)
    assert repository
    return repository


def require_repository(root: Path) -> Repository:
    """The repository whose work tree contains the folder. Raises Misuse if there is none."""
    repository = find_repository(root)
    if repository is None:
        raise Misuse(
            f"{root}: not in a git repository",
            "run `git init`, then the command again",
        )
    return repository
