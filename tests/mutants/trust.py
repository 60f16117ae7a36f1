"""Mutants of what protects the cookie and the terminal, and rejects doubtful responses."""

from dataclasses import replace
from typing import Any

from tests.mutants.mutant import Mutant, giving


def no_limit(original: Any) -> Any:
    def body(self: Any, response: Any, request: Any, end: float) -> Any:
        return original(self, response, replace(request, cap=1 << 40), end)

    return body


def as_a_read(original: Any) -> Any:
    return lambda self, request: original(self, replace(request, effect="read"))


def to_any_origin(_: Any) -> Any:
    return lambda self: {"Cookie": self._secret.reveal()} if self._secret else {}


def readable(original: Any) -> Any:
    def write(path: Any, body: str) -> None:
        original(path, body)
        path.chmod(0o644)

    return write


def told(_: Any) -> Any:
    return lambda self: f"Secret({self.sessionid})"


def without_failures(original: Any) -> Any:
    return lambda *args: (outcome for outcome in original(*args) if outcome.done != "failed")


def as_it_came(_: Any) -> Any:
    return lambda text, **_options: text


def by_its_name(_: Any) -> Any:
    return lambda _record, listed: [
        info.pine_id for info in listed if info.name.startswith("pinesync probe")
    ]


def with_modules_from_here(original: Any) -> Any:
    return lambda *args: original(*args).replace(b" -P ", b" ")


def half_characters_too(_: Any) -> Any:
    return lambda text: text.encode("utf-8", "surrogatepass")


TRUST = (
    Mutant(
        "a list without a script of one's own proves no session",
        "20",
        "pinesync.sync.engine.snapshot:prove_session",
        giving(None),
        (
            "tests/campaign/test_absence.py::test_an_empty_list_from_an_expired_session_stops_the_run",
        ),
    ),
    Mutant(
        "more than three scripts gone at once stop the run",
        "21",
        "pinesync.sync.guards:FEW",
        lambda few: few + 1,
        ("tests/campaign/test_absence.py::test_too_many_missing_scripts_stop_the_run",),
    ),
    Mutant(
        "an answer has a size that it may not exceed",
        "23 S11",
        "pinesync.tradingview.http:Session._body",
        no_limit,
        ("tests/tradingview/test_http.py::test_a_response_over_the_cap_is_dropped",),
    ),
    Mutant(
        "a write is sent once",
        "9 25",
        "pinesync.tradingview.http:Session.send",
        as_a_read,
        ("tests/tradingview/test_http.py::test_a_write_is_sent_once",),
    ),
    Mutant(
        "the cookie goes to its own origin alone",
        "S1",
        "pinesync.tradingview.http:Session._cookie",
        to_any_origin,
        ("tests/tradingview/test_http.py::test_the_cookie_goes_to_no_other_origin",),
    ),
    Mutant(
        "a kept sign-in is its owner's",
        "S2",
        "pinesync.tradingview.signins:_write",
        readable,
        ("tests/tradingview/test_signins.py::test_a_sign_in_is_readable_only_by_its_owner",),
    ),
    Mutant(
        "a secret shows nothing",
        "S3",
        "pinesync.tradingview.cookies:Secret.__repr__",
        told,
        ("tests/tradingview/test_http.py::test_the_repr_of_a_secret_hides_it",),
    ),
    Mutant(
        "what a pull could not bring is told",
        "S8",
        "pinesync.sync.engine.download:pull",
        without_failures,
        ("tests/sync/test_interleaved.py::test_an_unreadable_script_does_not_stop_a_pull",),
    ),
    Mutant(
        "text of others is shown, not obeyed",
        "S9 A10",
        "pinesync.text.unicode:escape_controls",
        as_it_came,
        (
            "tests/security/test_terminal.py::test_hostile_text_is_escaped",
            "tests/mcp/test_read.py::test_instructions_in_a_text_are_untrusted_data",
        ),
    ),
    Mutant(
        "a text of others begins no command, link, markup or trailer where it is read",
        "S9",
        "pinesync.cli.ci_log:escape_ci_commands pinesync.sync.commit_plan:title_of "
        "pinesync.lsp.commands:without_links pinesync.cli.on_error:_escape_markup",
        as_it_came,
        (
            "tests/security/test_workflow_commands.py::test_no_text_starts_a_workflow_command",
            "tests/security/test_commit_messages.py::test_no_name_forges_a_trailer",
            "tests/security/test_editor.py::test_removing_links_keeps_other_brackets",
            "tests/security/test_editor.py::test_output_contains_no_markup",
        ),
    ),
    Mutant(
        "an agent saves what a person allowed and what it names, and undoes nothing else",
        "A1 A2 A4 A5 A9",
        "pinesync.mcp.boundary:Boundary.why_refused pinesync.mcp.writing:_require_mcp_push "
        "pinesync.sync.engine.uploads.prepare_upload:_base_differs "
        "pinesync.sync.engine.uploads.prepare_upload:_bytes_differ",
        giving(None),
        (
            "tests/mcp/test_push.py::test_push_is_refused_unless_base_version_is_the_base_and_the_newest",
            "tests/mcp/test_push.py::test_push_is_refused_unless_the_file_has_the_named_bytes",
            "tests/mcp/test_push.py::test_a_script_outside_the_allowed_globs_is_refused",
            "tests/mcp/test_push.py::test_a_protected_script_is_refused",
            "tests/mcp/test_push.py::test_undo_reverts_nothing_else",
        ),
    ),
    Mutant(
        "a probe removes what it made, and no script that is only called so",
        "40",
        "pinesync.app.probe.record:Record.ours",
        by_its_name,
        ("tests/cli/test_probe.py::test_clean_removes_only_probe_scripts",),
    ),
    Mutant(
        "a hook runs no program of the repository",
        "S14",
        "pinesync.git.hooks:block",
        with_modules_from_here,
        ("tests/security/test_ci.py::test_a_hook_runs_no_program_of_the_repository",),
    ),
    Mutant(
        "git runs no program of a repository",
        "S14",
        "pinesync.git.run:_NO_PROGRAMS",
        lambda _: (),
        ("tests/git/test_merge.py::test_a_program_configured_in_a_repository_is_not_run",),
    ),
    Mutant(
        "a git directory that a clone brought as files is refused",
        "S14",
        "pinesync.git.run:_refuse_made_of_files",
        giving(None),
        (
            "tests/security/test_untrusted_clones.py::test_a_pull_in_a_planted_repository_is_refused",
        ),
    ),
    Mutant(
        "a text that has no bytes is refused before a file is opened",
        "S15",
        "pinesync.text.canonical:_encode",
        half_characters_too,
        ("tests/security/test_rules.py::test_an_unencodable_text_leaves_the_file_unchanged",),
    ),
)
