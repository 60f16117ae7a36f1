"""Shell completion. It makes no request, reads no cookie and hides every failure: a prompt is no
place for an error."""

from __future__ import annotations

import os
import re
import shlex
from contextlib import suppress

import click
from click.shell_completion import (
    BashComplete,
    CompletionItem,
    ShellComplete,
    ZshComplete,
    split_arg_string,
)

from pinesync.cli.group import group
from pinesync.cli.options import hidden_cookies

VARIABLE = "_PINESYNC_COMPLETE"


class _Bash(BashComplete):
    """bash splits words at an @ and inserts replies unquoted. So we parse the line ourselves, and
    return words quoted where necessary."""

    source_template = """\
%(complete_func)s() {
    local one
    COMPREPLY=()
    while IFS= read -r one; do
        COMPREPLY+=("$one")
    done < <(COMP_LINE="${COMP_LINE:0:$COMP_POINT}" COMP_WORD="${COMP_WORDS[COMP_CWORD]}" \\
        %(complete_var)s=bash_complete "$1" 2>/dev/null </dev/null)
    [[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == */ ]] && compopt -o nospace
    return 0
}
COMP_WORDBREAKS=${COMP_WORDBREAKS//@}
complete -F %(complete_func)s %(prog_name)s
"""

    def get_completion_args(self) -> tuple[list[str], str]:
        return _words()

    def format_completion(self, item: CompletionItem) -> str:
        value: str = item.value
        return _escaped(value, _open_quote(os.environ.get("COMP_WORD", "")))


class _Fish(ShellComplete):
    """fish quotes what it inserts, and reads a description after a tab as is."""

    name = "fish"
    source_template = """\
function %(complete_func)s
    COMP_LINE=(commandline -cp | string collect) %(complete_var)s=fish_complete \\
        %(prog_name)s 2>/dev/null </dev/null
end
complete --no-files --command %(prog_name)s --arguments "(%(complete_func)s)"
"""

    def get_completion_args(self) -> tuple[list[str], str]:
        return _words()

    def format_completion(self, item: CompletionItem) -> str:
        help_text = " ".join((item.help or "").split())
        return f"{item.value}\t{help_text}" if help_text else item.value


class _PowerShell(ShellComplete):
    """PowerShell hands over words that it has read, and inserts a reply as it is."""

    name = "powershell"
    source_template = """\
Register-ArgumentCompleter -Native -CommandName %(prog_name)s -ScriptBlock {
    param($word, $ast, $position)
    $before = $ast.CommandElements | Where-Object { $_.Extent.EndOffset -lt $position }
    $words = foreach ($one in $before) { ($one.Value, $one.Extent.Text -ne $null)[0] }
    $encoding = [Console]::OutputEncoding
    try {
        [Console]::OutputEncoding = [Text.UTF8Encoding]::new($false)
        $env:PYTHONIOENCODING = 'utf-8'
        $env:COMP_WORDS = $words -join "`n"
        $env:COMP_WORD = "$word".Trim("'", '"')
        $env:%(complete_var)s = 'powershell_complete'
        & %(prog_name)s 2>$null | ForEach-Object {
            $value, $shown, $help = $_ -split "`t"
            [Management.Automation.CompletionResult]::new($value, $shown, 'ParameterValue', $help)
        }
    } finally {
        [Console]::OutputEncoding = $encoding
        Remove-Item Env:PYTHONIOENCODING, Env:COMP_WORDS, Env:COMP_WORD, Env:%(complete_var)s
    }
}
"""

    def get_completion_args(self) -> tuple[list[str], str]:
        return os.environ["COMP_WORDS"].split("\n")[1:], os.environ.get("COMP_WORD", "")

    def format_completion(self, item: CompletionItem) -> str:
        value: str = item.value
        # PowerShell takes typographic quotes for a quote.
        quoted = "'" + re.sub("(['\u2018-\u201b])", r"\1\1", value) + "'"
        typed = value if re.fullmatch(r"[\w./\\:=+-][\w./\\:=+@-]*", value) else quoted
        return "\t".join((typed, value, " ".join((item.help or value).split())))


_KINDS: dict[str, type[ShellComplete]] = {
    "bash": _Bash,
    "zsh": ZshComplete,
    "fish": _Fish,
    "powershell": _PowerShell,
}


def script(shell: str) -> str:
    """The script that a shell runs once to enable completion."""
    completion = _KINDS[shell](group, {}, "pinesync", VARIABLE)
    return ShellComplete.source(completion)


def answer(request: str) -> int:
    """Print the matches in the format that the shell in `asked` reads. Always returns 0."""
    kind = _KINDS.get(request.removesuffix("_complete"))
    if kind is None or not request.endswith("_complete"):
        return 0
    with hidden_cookies(), suppress(Exception):
        os.environ.pop(VARIABLE, None)
        click.echo(kind(group, {}, "pinesync", VARIABLE).complete())
    return 0


def _words() -> tuple[list[str], str]:
    """The complete words of the typed line, and the incomplete one."""
    *words, last = split_arg_string(os.environ["COMP_LINE"] + "x")
    return words[1:], last[:-1]


def _open_quote(word: str) -> str:
    """The quote still open at the end of the word, or an empty string."""
    rest = re.sub(r"""\\.|'[^']*'|"(?:\\.|[^"\\])*\"""", "", word)
    quote = re.search("['\"]", rest)
    return quote[0] if quote else ""


def _escaped(value: str, quote: str) -> str:
    """The value escaped for this opening quote (or none), so that the shell reads it back
    unchanged. A path from a repository may look like a command, and must still complete."""
    if quote == "'":
        return value.replace("'", "'\\''")
    if quote == '"':
        # Between double quotes a ! triggers history expansion, and a backslash does not prevent
        # that.
        return re.sub(r'(["$`\\])', r"\\\1", value).replace("!", '"\\!"')
    return value if shlex.quote(value) == value else re.sub(r"([^\w@%+=:,./-])", r"\\\1", value)
