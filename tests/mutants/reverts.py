"""What keeps a save of somebody else in the newest version: a mutant for each part of the rule."""

from __future__ import annotations

from tests.mutants.breakages import SYNC, Mutant

TAKEN_BACK = ("tests/cli/test_taken_back.py", "tests/campaign/test_git.py")
RULE = "pinesync/sync/reverts.py"

REVERTS = (
    Mutant(
        "an edited file is compared with the saves of others",
        f"{SYNC}/revert_detection.py",
        "    if not edited:\n",
        "    if True:\n",
        TAKEN_BACK,
    ),
    Mutant(
        "what a pull brings is somebody else's",
        "pinesync/model.py",
        "_theirs(self.theirs, self.version, version, ours))",
        "self.theirs)",
        TAKEN_BACK,
    ),
    Mutant(
        "what was pushed from here is one's own",
        "pinesync/model.py",
        "    new = [version for version in since.until(to) if version not in ours]\n",
        "    new = since.until(to)\n",
        TAKEN_BACK,
    ),
    Mutant(
        "more saves than the newest are taken out",
        RULE,
        "        walk.take_out(*save)\n",
        "        walk.take_out(*save)\n        break\n",
        TAKEN_BACK,
    ),
    Mutant(
        "a file may be older than what the entry remembers",
        RULE,
        "    if saves[-1][0] in walk.reverted:\n",
        "    if False:\n",
        TAKEN_BACK,
    ),
    Mutant(
        "a save that was saved over is taken out by its predecessor's text",
        RULE,
        "            left, self._stepped = before, True\n",
        "            return False\n",
        TAKEN_BACK,
    ),
    Mutant(
        "an edit right beside their lines hides nothing",
        RULE,
        "        if merged is not None:\n            return merged == self._here\n",
        "        if True:\n            return merged == self._here\n",
        TAKEN_BACK,
    ),
    Mutant(
        "what cannot be read is unknown, not fine",
        f"{SYNC}/revert_detection.py",
        "        return Comparison(unknown=str(error))\n",
        "        return Comparison()\n",
        TAKEN_BACK,
    ),
    Mutant(
        "a pull merges from what the file is really based on",
        f"{SYNC}/pull.py",
        "_merge(ports, step, entry, situation.comparison.origin, newest, warning)",
        "_merge(ports, step, entry, _ancestor(ports, situation, newest), newest, warning)",
        TAKEN_BACK,
    ),
    Mutant(
        "git that went back behind a foreign save is not believed",
        "pinesync/sync/plan.py",
        "    return There.RECORDED_THEIRS if after else There.RECORDED\n",
        "    return There.RECORDED\n",
        TAKEN_BACK,
    ),
    Mutant(
        "a link is based on no version that the file lacks lines of",
        "pinesync/commands/linking.py",
        "        size = len(lines(text)) if _has_lines_of(here, text) else 0\n",
        "        size = len(lines(text))\n",
        TAKEN_BACK,
    ),
    Mutant(
        "what was saved before a link is somebody else's",
        "pinesync/model.py",
        "_theirs((), Version(0), version, ours))",
        "())",
        TAKEN_BACK,
    ),
    Mutant(
        "an interrupted pull that git discarded moves no base",
        f"{SYNC}/settle.py",
        "            if record.landed and not _is_discarded(workspace, record, merge):\n",
        "            if record.landed:\n",
        TAKEN_BACK,
    ),
    Mutant(
        "a flag that git took away is found again",
        f"{SYNC}/look.py",
        "                if hidden and hidden > base.version:\n",
        "                if False:\n",
        TAKEN_BACK,
    ),
    Mutant(
        "a flag that was resolved here stays resolved",
        "pinesync/commands/resolve.py",
        "    _remember(folder, entry.pine_id, entry.hidden)\n",
        "",
        TAKEN_BACK,
    ),
    Mutant(
        "ours is the text that this very merge replaced",
        "pinesync/commands/resolve.py",
        "        and all(block in merged for block in blocks)\n",
        "",
        TAKEN_BACK,
    ),
    Mutant(
        "the text that an undo takes out is no side of a merge",
        f"{SYNC}/putting.py",
        "        conflict = brings_base and has_conflict_markers(text)\n",
        "        conflict = has_conflict_markers(text)\n",
        TAKEN_BACK,
    ),
    Mutant(
        "a file whose create is open is not linked",
        "pinesync/commands/add.py",
        '        refuse_unsettled(project, [Entry(path, "", pine_id), Entry(path, "")])\n',
        "",
        TAKEN_BACK,
    ),
    Mutant(
        "a text that was chosen by name is meant",
        "pinesync/commands/restore.py",
        "    chosen = digest(text) if meant else None\n",
        "    chosen = None\n",
        TAKEN_BACK,
    ),
    Mutant(
        "a choice ends with the next one",
        "pinesync/commands/restore.py",
        "    if chosen != entry.base.chosen:\n",
        "    if chosen:\n",
        TAKEN_BACK,
    ),
)
