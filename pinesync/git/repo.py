"""The git repository around a workspace, where pinesync writes refs and objects of its own: never
the branch, the index or the files of the person.

No hook runs, and no filter that the repository's settings name; nothing is asked of another host.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pinesync.errors import FileError, Misuse
from pinesync.git.location import dot_git
from pinesync.git.objects import read_objects
from pinesync.git.run import ask, first_line, run
from pinesync.model import Digest
from pinesync.text.canonical import digest_or_none
from pinesync.workspace.files.exchange import MAX_FILE

HISTORY = "refs/remotes/tradingview/history"
SAVED = "refs/remotes/tradingview/saved"


@dataclass(frozen=True, slots=True)
class Blob:
    """A file as a commit has it: its id, and what it holds, None where that is more than any
    script."""

    oid: str
    data: bytes | None

    @property
    def digest(self) -> Digest | None:
        """That of its text; None where there is none in it."""
        return digest_or_none(self.data)


@dataclass(frozen=True, slots=True)
class Repository:
    """The repository that `root` lies in; `prefix` is root's path in it, with a slash at its
    end, and empty where root is its top."""

    root: Path
    prefix: bytes
    git_dir: Path

    # -- asking --------------------------------------------------------------------------------

    def top(self) -> Path:
        """The root of the repository's files."""
        return Path(os.fsdecode(self.ask("rev-parse", "--show-toplevel").removesuffix(b"\n")))

    def commit_of(self, revision: str) -> str | None:
        """The commit's id; None where there is none."""
        status, found, _ = self.run("rev-parse", "--verify", "--quiet", revision + "^{commit}")
        return None if status else found.decode("ascii").strip()

    def tree_of(self, revision: str) -> str | None:
        """The id of its files; None where there is no such commit."""
        status, found, _ = self.run("rev-parse", "--verify", "--quiet", revision + "^{tree}")
        return None if status else found.decode("ascii").strip()

    def setting(self, name: str) -> bool | None:
        """A setting that is true or false; None where it is not set, or is neither."""
        status, found, _ = self.run("config", "--type=bool", "--get", name)
        return None if status else found.strip() == b"true"

    def word(self, name: str) -> str | None:
        """A setting of this very repository; None where it has none, whatever the person's say."""
        status, found, _ = self.run("config", "--local", "--get", name)
        return None if status else found.decode("utf-8", "replace").removesuffix("\n")

    def may_be(self, ref: str) -> bool:
        """Whether git takes that as the name of a ref."""
        return not self.run("check-ref-format", ref)[0]

    def refs_below(self, ref: str) -> list[str]:
        """The refs of that name, and those that have it as their folder."""
        found = self.ask("for-each-ref", "--format=%(refname)", ref)
        return found.decode("utf-8", "replace").split()

    def commits_at(self, refs: Sequence[str]) -> dict[str, str]:
        """The commits that these refs are at; those that are not there are left out."""
        form = "--format=%(objecttype) %(objectname) %(refname)"
        rows = self.ask("for-each-ref", form, *refs).decode("utf-8", "replace").splitlines()
        found = (row.split(" ", 2) for row in rows)
        return {ref: oid for kind, oid, ref in found if kind == "commit" and ref in refs}

    def independent(self, commits: Sequence[str]) -> list[str]:
        """Those that lead to none of the others, in their order."""
        if len(commits) < 2:
            return list(commits)
        found = set(self.ask("merge-base", "--independent", *commits).decode("ascii").split())
        return [commit for commit in commits if commit in found]

    def leads_to(self, old: str, new: str) -> bool:
        """Whether the one commit is the other one, or before it."""
        return not self.run("merge-base", "--is-ancestor", old, new)[0]

    def is_checked_out(self, ref: str) -> bool:
        """Whether the branch is what a work tree of the repository stands on."""
        head = self.run("symbolic-ref", "--quiet", "HEAD")[1].decode("utf-8", "replace").strip()
        places = self.ask("for-each-ref", "--format=%(worktreepath)", ref)
        return head == ref or bool(places.strip())

    def is_shallow(self) -> bool:
        return self.ask("rev-parse", "--is-shallow-repository").strip() == b"true"

    def log(self, revision: str, form: str, *more: str) -> list[str]:
        """A line of that form for each commit, the newest first."""
        found = self.ask("log", f"--format={form}", *more, revision, "--")
        return found.decode("utf-8", "replace").removesuffix("\n").split("\n")

    def recorded_in(self, revision: str, most: int) -> list[str]:
        """The newest commits that changed pine.toml."""
        path = "pine.toml"
        found = self.ask("log", "--format=%H", f"--max-count={most}", revision, "--", path)
        return found.decode("ascii").split()

    def blobs(self, commit: str, paths: Sequence[str]) -> dict[str, Blob]:
        """These files of the workspace as the commit has them; those that it lacks are left out."""
        names = [commit.encode() + b":" + self.prefix + path.encode() for path in paths]
        listed = self.ask("cat-file", "--batch-check", stdin=b"".join(n + b"\n" for n in names))
        found: dict[str, Blob] = {}
        read: list[str] = []
        for path, row in zip(paths, listed.splitlines(), strict=True):
            oid, _, kind = row.partition(b" ")
            if kind.startswith(b"blob "):
                found[path] = Blob(oid.decode("ascii"), None)
                if int(kind.removeprefix(b"blob ")) <= MAX_FILE:
                    read.append(path)
        contents = read_objects(self.root, [found[path].oid for path in read]) if read else []
        for path, one in zip(read, contents, strict=True):
            found[path] = Blob(found[path].oid, one and one[1])
        return found

    def digests(self, commit: str, paths: Sequence[str]) -> dict[str, Digest | None]:
        """The same files by the digest of their text, None where they have none."""
        return {path: blob.digest for path, blob in self.blobs(commit, paths).items()}

    # -- writing -------------------------------------------------------------------------------

    def move(self, ref: str, commit: str, why: str) -> None:
        """Let the ref be that commit, wherever it was."""
        self.ask("update-ref", "-m", why, ref, commit)

    def bring_on(self, ref: str, commit: str, before: str | None, why: str) -> None:
        """Let the ref be that commit, where it is what it was, None for nothing. FileError where
        somebody moved it since."""
        self.ask("update-ref", "-m", why, ref, commit, before or "0" * len(commit))

    def begin(self, commit: str) -> None:
        """The first branch of a fresh repository begins at this commit, whose files are there."""
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
        """What git prints. FileError where it fails."""
        return ask(cwd or self.root, *words, stdin=stdin, env=env, hooks=False)

    def run(self, *words: str) -> tuple[int, bytes, str]:
        """git's exit status, its standard output, and its standard error."""
        return run(self.root, *words, hooks=False)


def find_repository(root: Path) -> Repository | None:
    """The repository that keeps files in the folder, None where there is none. FileError where
    git cannot be run, or will not look into it."""
    words = ("rev-parse", "--is-inside-work-tree", "--absolute-git-dir", "--show-prefix")
    status, stdout, stderr = run(root, *words, hooks=False)
    if status:
        if dot_git(root) is None:
            return None
        why = first_line(stderr)
        raise FileError(f"git will not look into {root}: {why}", "run `git status` there")
    inside, git_dir, prefix = stdout.removesuffix(b"\n").split(b"\n", 2)
    if b"\n" in prefix:
        raise FileError(f"{root}: git cannot be asked of files in a folder with such a name")
    return Repository(root, prefix, Path(os.fsdecode(git_dir))) if inside == b"true" else None


def make_repository(root: Path) -> Repository:
    """A fresh repository in the folder."""
    ask(root, "init", "--quiet", hooks=False)
    made = find_repository(root)
    assert made
    return made


def require_repository(root: Path) -> Repository:
    """The repository that keeps files in the folder. Misuse where there is none."""
    found = find_repository(root)
    if found is None:
        raise Misuse(
            f"{root}: not in a git repository",
            "run `git init`, then the command again",
        )
    return found
