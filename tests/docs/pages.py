"""Run the pages as they are read: every ```console block is typed into a shell in a temporary
folder, and the output is compared with the page. `...` stands for anything.

A block that a machine without an account or a network cannot run has `<!-- not run: why -->`
before it. After a change of words, `python -m tests.docs.pages README.md` puts what the program
says now into a page; read the difference before you commit it.
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
_BLOCK = re.compile(r"(<!-- not run: [^>]+ -->\n)?^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_END = "ended with"


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, its text, the line of the page it begins at."""

    language: str
    text: str
    line: int
    runs: bool


@dataclass(frozen=True)
class Step:
    """A command of a page, and the output shown below it; None if none is shown."""

    command: str
    shown: str | None
    line: int


def page(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def blocks(text: str) -> list[Block]:
    return [
        Block(m[2], m[3], text[: m.start(3)].count("\n") + 1, m[1] is None)
        for m in _BLOCK.finditer(text)
    ]


def steps(block: Block) -> Iterator[Step]:
    """The `$ ` lines; `> ` continues a command. The output of a command that is followed by nothing
    is not compared."""
    found = re.split(r"^\$ ", block.text, flags=re.MULTILINE)
    assert found[0] == "", f"line {block.line}: a console block begins with a command"
    line = block.line
    for part in found[1:]:
        first, *rest = part.splitlines()
        more = [text[2:] for text in rest if text.startswith("> ")]
        shown = rest[len(more) :]
        yield Step("\n".join([first, *more]), "\n".join(shown) if shown else None, line)
        line += part.count("\n")


def agrees(shown: str, actual: str) -> bool:
    """Whether the output matches the page; `...` stands for anything."""
    pattern = re.escape(shown.strip()).replace(re.escape("..."), ".*?")
    return re.fullmatch(pattern, actual.strip(), re.DOTALL) is not None


def run(todo: list[Step], folder: Path) -> list[str]:
    """Run the commands in one shell, and return the output of each. Each must exit with 0."""
    for program in ("sh", "curl"):
        used = program == "sh" or any(step.command.startswith(program) for step in todo)
        if used and shutil.which(program) is None:
            pytest.skip(f"needs the program {program}")
    script = "\n".join(f"{step.command}\nprintf '\\n{_END} %s\\n' $?" for step in todo)
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    result = subprocess.run(
        ["sh", "-c", f"exec 2>&1\n{script}"],
        cwd=folder,
        env={
            **os.environ,
            "PATH": path,
            "TMPDIR": os.environ["HOME"],
            "COLUMNS": "100",
            "LC_ALL": "C.UTF-8",
            "PYTHONUTF8": "1",
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    came = re.split(rf"\n{_END} (\d+)\n", result.stdout)
    outputs, codes = came[:-1:2], came[1::2]
    for step, output, code in zip(todo, outputs, codes, strict=False):
        assert code == "0", f"line {step.line}: {shlex.quote(step.command)} → {code}\n{output}"
    assert len(outputs) == len(todo), f"the shell ended early:\n{result.stdout}{result.stderr}"
    return outputs


def read_aloud(name: str, folder: Path) -> list[tuple[Step, str]]:
    """Run the page's console blocks from its beginning to its end, in one shell."""
    todo = [
        step
        for block in blocks(page(name))
        if block.language == "console" and block.runs
        for step in steps(block)
    ]
    return list(zip(todo, run(todo, folder), strict=True))


def disagreements(outputs: list[tuple[Step, str]]) -> list[str]:
    """The differences between the page and the real output, as messages for a person."""
    return [
        f"line {step.line}: $ {step.command}\n--- the page\n{step.shown}\n--- the program\n{output}"
        for step, output in outputs
        if step.shown is not None and not agrees(step.shown, output)
    ]


def renewed(text: str, outputs: list[tuple[Step, str]]) -> str:
    """The page with the real output wherever it differs."""
    lines = text.split("\n")
    for step, output in reversed(outputs):
        if step.shown is not None and not agrees(step.shown, output):
            begin = step.line + step.command.count("\n")
            lines[begin : begin + step.shown.count("\n") + 1] = output.strip("\n").split("\n")
    return "\n".join(lines)


def main(names: list[str]) -> None:
    for name in names:
        with tempfile.TemporaryDirectory() as place:
            home, folder = Path(place, "home"), Path(place, "work")
            home.mkdir()
            folder.mkdir()
            os.environ.update(HOME=str(home), PINESYNC_HOME=str(home / "pinesync"))
            for role in ("AUTHOR", "COMMITTER"):
                os.environ[f"GIT_{role}_NAME"] = "Pine Tester"
                os.environ[f"GIT_{role}_EMAIL"] = "tester@example.invalid"
            text = renewed(page(name), read_aloud(name, folder))
            (ROOT / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
