"""More of them: what is true of the service, and must not stop or mislead a person."""

from __future__ import annotations

from tests.mutants.breakages import Mutant

OLD = ("tests/cli/test_old_pine.py",)
PINE = ("tests/pine/test_arguments.py",)
SYNTAX = ("tests/syntax/test_syntax.py",)

SERVICE = (
    Mutant(
        "a check that was not made is no refusal",
        "pinesync/wire/reading.py",
        '    body = object_of(answer, "check", refuse=False)\n'
        "    if unchecked := _unchecked(body):\n        return unchecked\n",
        '    body = object_of(answer, "check", refuse=False)\n',
        (*OLD, "tests/wire/test_bytes.py"),
    ),
    Mutant(
        "what was not checked is told",
        "pinesync/wire/reading.py",
        'Verdict(warnings=(Diagnostic("warning", 1, 1, 1, 1, said),), unchecked=reason)',
        "Verdict(unchecked=reason)",
        OLD,
    ),
    Mutant(
        "the full compiler has the last word on old Pine",
        "pinesync/commands/check.py",
        "(last if verdict.unchecked else verdict).warnings",
        "verdict.warnings",
        OLD,
    ),
    Mutant(
        "what could not be read back is not saved",
        "pinesync/sync/execute/drafting.py",
        "    if len(text.encode()) > MAX_SOURCE:\n",
        "    if False:\n",
        OLD,
    ),
    Mutant(
        "a string goes on in a line that is indented by any width",
        "pinesync/syntax.py",
        r'_WRAP = r"(?>\r\n|\n|\r)(?=\s)"',
        r'_WRAP = r"(?>\r\n|\n|\r)(?=[ ]{1,3}[^ ])"',
        (*SYNTAX, *OLD),
    ),
    Mutant(
        "a string does not go on in column 1",
        "pinesync/syntax.py",
        r'_WRAP = r"(?>\r\n|\n|\r)(?=\s)"',
        r'_WRAP = r"(?>\r\n|\n|\r)"',
        (*SYNTAX, *OLD),
    ),
    Mutant(
        "the library saves no old Pine that no version takes",
        "pinesync/pine.py",
        "            verdict = replace(verdict, errors=check(source))\n",
        "            verdict = replace(verdict, errors=check(source)[:0])\n",
        PINE,
    ),
    Mutant(
        "a program is told to look before it saves again",
        "pinesync/pine.py",
        '        raise _Unknown(error.message, f"{look} before you try again") from None\n',
        "        raise\n",
        PINE,
    ),
    Mutant(
        "no error of the library names a command",
        "pinesync/pine.py",
        "    hint = next(hints, error.hint)\n",
        "    hint = error.hint\n",
        PINE,
    ),
    Mutant(
        "a folder that was named in vain is no success",
        "pinesync/commands/check.py",
        "            if named and not scripts:\n",
        "            if False:\n",
        ("tests/cli/test_first_use.py",),
    ),
)
