"""The findings of `check` as other programs read them: editors, GitHub, SARIF."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from pinesync.app.check import Checked, Checks
from pinesync.cli.formats import github, sarif
from pinesync.errors import NetworkError
from pinesync.model import Diagnostic
from pinesync.sandbox.faults import Fault
from tests.cli.schemas import validator
from tests.docs.pages import page
from tests.world import BROKEN, EXTRA, TREND, TREND_PATH, Watched, World, both_ways

# A finding of gcc, as VS Code's extension for C and C++ reads it.
GCC = re.compile(r"^(.*?):(\d+):(\d*):?\s+(?:fatal\s+)?(warning|error):\s+(.*)$")
EVIL = "50%\r\n::error::x\u202e, a:b"
FOUND = Diagnostic("error", 3, 6, 3, 14, EVIL, "CE1")
HIDDEN = TREND + "// a\u200bb\n"
LONG = TREND + "plot(close)\n" * 70
SARIF = validator("https://json.schemastore.org/sarif-2.1.0.json")


def found(*diagnostics: Diagnostic, path: str = "a, b:c%.pine", problem: str = "") -> Checks:
    return Checks((Checked(path, diagnostics, "", problem),))


def has_expressions(program: str) -> bool:
    """A minimal vim has no expressions."""
    if not shutil.which(program):
        return False
    output = subprocess.run(
        [program, "--version"], capture_output=True, text=True, check=True
    ).stdout
    return program == "nvim" or "+eval" in output


@pytest.fixture
def broken(clone: World) -> World:
    clone.write(BROKEN)
    return clone


def test_findings_look_like_gcc_errors(broken: World) -> None:
    lines = broken("check").out.splitlines()
    (match,) = [match for line in lines if (match := GCC.match(line))]
    assert match.groups() == (
        TREND_PATH,
        "13",
        "6",
        "error",
        'Undeclared identifier "undeclared" [CE10272]',
    )


@pytest.mark.parametrize("program", ["vim", "nvim"])
def test_vim_parses_findings(broken: World, tmp_path: Path, program: str) -> None:
    """The error format from the guide."""
    if not has_expressions(program):
        pytest.skip(f"needs the program {program}, with expressions")
    (entry,) = re.findall(
        r"`:set makeprg=.* (errorformat=\S+(?:\\ \S+)*)`", page("docs/guides/editors.md")
    )
    log = tmp_path / "errors.txt"
    log.write_text(broken("check").out)
    script = f"cfile {log} | call writefile([json_encode(getqflist())], '{tmp_path}/list.json')"
    silent = "--headless" if program == "nvim" else "-es"
    command = [program, silent, "-u", "NONE", "-c", f"set {entry}"]
    subprocess.run(
        [*command, "-c", script, "-c", "qa!"],
        cwd=broken.folder,
        stdin=subprocess.DEVNULL,
        check=True,
        timeout=60,
    )
    rows = [row for row in json.loads((tmp_path / "list.json").read_text()) if row["valid"]]
    assert [(row["lnum"], row["col"], row["type"]) for row in rows] == [(13, 6, "e")]


@pytest.mark.skipif(not shutil.which("emacs"), reason="needs the program emacs")
def test_emacs_parses_findings(broken: World, tmp_path: Path) -> None:
    log = tmp_path / "errors.txt"
    log.write_text(broken("check").out)
    lisp = f"""(progn (require 'compile) (find-file "{log}") (compilation-mode)
      (compilation--ensure-parse (point-max)) (goto-char (point-min))
      (let ((message (get-text-property (point) 'compilation-message)))
        (princ (format "%S" (list (caar (compilation--loc->file-struct
                                     (compilation--message->loc message)))
                                  (compilation--loc->line (compilation--message->loc message))
                                  (compilation--message->type message))))))"""
    result = subprocess.run(
        ["emacs", "--batch", "-Q", "--eval", lisp],
        cwd=broken.folder,
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert result.stdout == f'("{TREND_PATH}" 13 2)'


# -- GitHub ---------------------------------------------------------------------------------------


def test_the_github_format_is_an_annotation(broken: World) -> None:
    ran = broken("check", "--format", "github", code=4)
    assert ran.out == (
        f"::error file={TREND_PATH},line=13,endLine=13,col=6,endColumn=15,title=CE10272::"
        'Undeclared identifier "undeclared"\n'
    )


def test_annotation_paths_are_relative_to_the_repository(
    broken: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_WORKSPACE", str(broken.place))
    ran = broken("check", "--format", "github")
    assert ran.out.startswith(f"::error file={broken.folder.name}/{TREND_PATH},line=13,")
    monkeypatch.setenv("GITHUB_WORKSPACE", str(broken.place / "elsewhere"))
    assert f"file={TREND_PATH}," in broken("check", "--format", "github").out


def test_foreign_text_is_escaped_in_annotations() -> None:
    (line,) = github(found(FOUND))
    where, _, message = line[2:].partition("::")
    assert where == ("error file=a%2C b%3Ac%25.pine,line=3,endLine=3,col=6,endColumn=14,title=CE1")
    assert message == "50%25%0D%0A::error::x\\u{202e}, a:b"
    (trouble,) = github(found(problem=EVIL))
    assert trouble.startswith("::error file=a%2C b%3Ac%25.pine::50%25%0D%0A")


def test_a_multi_line_annotation_has_no_end_column() -> None:
    (line,) = github(found(Diagnostic("warning", 3, 6, 5, 1, "x")))
    assert line == "::warning file=a%2C b%3Ac%25.pine,line=3,endLine=5,col=6::x"


# -- SARIF ----------------------------------------------------------------------------------------


def test_the_sarif_format_has_rules_and_results(broken: World) -> None:
    ran = broken("check", "--format", "sarif", code=4)
    log = json.loads(ran.out)
    assert (log["version"], len(log["runs"])) == ("2.1.0", 1)
    (run,) = log["runs"]
    assert run["tool"]["driver"]["rules"] == [{"id": "CE10272"}]
    assert run["invocations"][0]["executionSuccessful"]
    assert run["results"] == [
        {
            "ruleId": "CE10272",
            "level": "error",
            "message": {"text": 'Undeclared identifier "undeclared"'},
            "locations": [
                {
                    "physicalLocation": {
                        "artifactLocation": {"uri": TREND_PATH},
                        "region": {
                            "startLine": 13,
                            "startColumn": 6,
                            "endLine": 13,
                            "endColumn": 16,
                        },
                    }
                }
            ],
        }
    ]


@pytest.mark.parametrize(
    "checks",
    [
        Checks(()),
        found(FOUND),
        found(problem=EVIL),
        Checks((), stopped=NetworkError("there is no way", sent=False)),
        found(FOUND, path="/tmp/ü %.pine"),
        found(Diagnostic("warning", 3, 6, 2, 1, "ends before it begins")),
        found(Diagnostic("warning", 1, 1, 9, 1, "")),
    ],
)
def test_every_sarif_log_matches_the_schema(checks: Checks) -> None:
    log = json.loads(json.dumps(sarif(checks)))
    problems = sorted(SARIF.iter_errors(log), key=str)
    assert not problems, problems[0]
    (run,) = log["runs"]
    places = [result["locations"][0]["physicalLocation"] for result in run["results"]]
    for region in (place["region"] for place in places):
        # A schema cannot express that a region ends after its start.
        end = region.get("endLine", 9), region.get("endColumn", 99)
        assert end > (region["startLine"], region["startColumn"])


def test_a_failing_service_hides_no_finding(clone: World) -> None:
    """Two files are reported, the third meets a web page; the rest is checked offline."""
    for number, text in enumerate((BROKEN, BROKEN, EXTRA, "indicator(\n")):
        clone.write(text, f"check/{number}.pine")
    clone.plan.add(Fault("check", "html", first=3, count=None))
    ran = clone("check", "check", "--jobs", "1", code=5)
    assert [line.partition(":")[0] for line in ran.out.splitlines() if " error: " in line] == [
        "check/0.pine", "check/1.pine", "check/3.pine",
    ]  # fmt: skip
    assert "were checked for syntax only\nerror: " in ran.err
    answer = clone("check", "check", "--json").json
    assert answer["exit_code"] == 5
    assert (len(answer["files"]), "hint" in answer["error"]) == (4, True)
    assert "stopped" not in answer
    assert (
        clone("check", "check", "--format", "github").out.splitlines()[-1].startswith("::error::")
    )
    (run,) = json.loads(clone("check", "check", "--format", "sarif").out)["runs"]
    assert run["invocations"][0]["executionSuccessful"] is False
    assert "error" not in clone("check", "check", "--offline", "--json").json


def test_the_sarif_schema_refuses_invalid_logs() -> None:
    log = json.loads(json.dumps(sarif(found(FOUND))))
    log["runs"][0]["results"][0]["level"] = "fatal"
    log["runs"][0]["columnKind"] = "letters"
    assert len(list(SARIF.iter_errors(log))) == 2


# -- what is checked ------------------------------------------------------------------------------


@both_ways
def test_check_reads_standard_input(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PINESYNC_COOKIE", raising=False)
    where = ["--sandbox"] if world.server is None else []

    def check(data: bytes, *words: str) -> tuple[int, str]:
        result = subprocess.run(
            [sys.executable, "-m", "pinesync", "check", "-", *where, *words],
            input=data,
            capture_output=True,
            cwd=world.place,
            check=False,
            timeout=60,
        )
        return result.returncode, result.stdout.decode()

    assert check(TREND.encode()) == (0, "")
    code, out = check(BROKEN.encode(), "--name", "x.pine")
    assert (code, out.partition(" ")[0]) == (4, "x.pine:13:6:")
    assert check(b"\xff")[0] == 1


@pytest.mark.parametrize(
    "words", [["-", "x.pine"], ["--name", "x.pine"], ["--name", "x", "a.pine"]]
)
def test_invalid_arguments_are_refused(clone: World, words: list[str]) -> None:
    assert clone("check", *words, code=2).out == ""


def test_endless_standard_input_is_refused(clone: World) -> None:
    with Path("/dev/zero").open("rb") as endless:
        child = clone.spawn("check", "-", stdin=endless)
        _, err = child.communicate(timeout=60)
    assert child.returncode == 2
    assert "larger than 8 MiB" in err


def test_check_expands_patterns(broken: World) -> None:
    for pattern in ("indicators/*.pine", "**/Trend.pine", "i*/T*"):
        ran = broken("check", "--offline", pattern, "--json")
        assert [file["path"] for file in ran.json["files"]] == [TREND_PATH], pattern
    ran = broken("check", "nothing/*.pine")
    assert (ran.code, ran.requests) == (2, ())
    assert "no .pine file matches" in ran.err


def test_patterns_skip_links_and_hidden_folders(broken: World) -> None:
    for name in ("x", "y"):
        (broken.folder / name).symlink_to(".")  # followed, it has no end
    broken.write(BROKEN, ".kept/Trend.pine")
    ran = broken.process("check", "--offline", "**/Trend.pine", "--json")
    assert [file["path"] for file in ran.json["files"]] == [TREND_PATH]
    ran = broken("check", "--offline", f"{broken.folder}/**/.kept/*.pine", "--json")
    assert [file["path"] for file in ran.json["files"]] == [".kept/Trend.pine"]
    assert broken("check", "--offline", "**x/*.pine", code=2).out == ""


def test_an_unreadable_file_hides_no_finding(broken: World) -> None:
    broken.write(BROKEN + "plot((close)\n")
    broken.write("x" * 9_000_000, "large.pine")
    os.mkfifo(broken.folder / "pipe.pine")
    ran = broken("check", "--offline", "*/*.pine", "*.pine", code=1)
    assert f"{TREND_PATH}:14:" in ran.out
    assert re.search(r"^large\.pine:1:1: error: .*8388608", ran.out, re.MULTILINE)
    assert "pipe.pine:1:1: error: " in ran.out


def test_a_file_named_like_a_pattern_is_checked(clone: World) -> None:
    clone.write(BROKEN, "a[1].pine")
    clone.write(TREND, "a1.pine")
    ran = clone("check", "a[1].pine", "--json")
    assert [file["path"] for file in ran.json["files"]] == ["a[1].pine"]


@pytest.mark.skipif(os.name != "posix", reason="needs POSIX file names")
def test_an_undecodable_name_is_percent_encoded(clone: World) -> None:
    (clone.folder / os.fsdecode(b"\xff.pine")).write_text("plot((close)\n")
    ran = clone("check", "--offline", ".", "--format", "sarif", code=4)
    (result,) = ran.json["runs"][0]["results"]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "%FF.pine"


def test_several_files_are_checked_at_once(clone: World) -> None:
    """No response is sent before four requests have arrived."""
    for number in range(5):
        clone.write(EXTRA, f"more/{number}.pine")
    crowd, call = threading.Barrier(4), Watched.__call__

    def crowded(app: Watched, environ: Any, start_response: Any) -> Any:
        crowd.wait(60)
        return call(app, environ, start_response)

    clone.monkeypatch.setattr(Watched, "__call__", crowded)
    assert clone("check", "--jobs", "4").code == 0


def test_strict_fails_on_warnings(clone: World) -> None:
    clone.write(HIDDEN)
    assert clone("check", "--offline").code == 0
    assert "warning" in clone("check", "--offline", "--strict", code=4).out


def test_only_a_full_compile_reports_limits(clone: World) -> None:
    clone.write(LONG)
    quick = clone("check")
    assert (quick.code, set(quick.requests)) == (0, {"check"})
    full = clone("check", "--full", code=4)
    assert "error: Too many plots: the limit is 64" in full.out
    assert full.requests.count("compile") == full.requests.count("check") > 1


def test_a_broken_text_is_not_compiled_in_full(clone: World) -> None:
    clone.write(BROKEN)
    assert clone("check", "--full", TREND_PATH, code=4).requests == ("check",)


def test_full_and_offline_cannot_be_combined(clone: World) -> None:
    assert clone("check", "--full", "--offline", code=2).requests == ()


def test_a_push_over_the_limits_suggests_check_full(clone: World) -> None:
    clone.write(LONG)
    ran = clone("push", code=4)
    assert "`pinesync check --full PATH`" in ran.out + ran.err
