"""The list. Each is an exact replacement in one file, and names the tests that should fail."""

from __future__ import annotations

from dataclasses import dataclass

SYNC = "pinesync/sync/execute"
TRACES = ("tests/campaign/test_traces.py", "tests/campaign/test_histories.py")
DISK = ("tests/campaign/test_disk.py",)
POWER = ("tests/campaign/test_power.py",)


@dataclass(frozen=True)
class Mutant:
    """`rule` is what is taken out; `old` stands in `file` exactly once. `also` is another such
    pair, where two lines keep one rule."""

    rule: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...] = TRACES
    also: tuple[str, str] = ("", "")


MUTANTS = (
    Mutant(
        "pine.toml is written after the file, not before",
        f"{SYNC}/pull.py",
        "            outcomes.append(_put(ports, ready, records))\n",
        "            ports.workspace.commit({ready.entry.path: ready.entry})\n"
        "            outcomes.append(_put(ports, ready, records))\n",
        (*DISK, *TRACES),
    ),
    Mutant(
        "what came out of the exchange is looked at",
        "pinesync/workspace/files/tree.py",
        "        if busy or _digest_of(old) != expected:\n            # An editor",
        "        if False:\n            # An editor",
        DISK,
    ),
    Mutant(
        "a text that somebody is writing is not taken out",
        "pinesync/workspace/files/tree.py",
        "        busy = is_being_written(folder, temp)\n",
        "        busy = False\n",
        ("tests/campaign/test_races.py",),
    ),
    Mutant(
        "the text that came out is kept",
        "pinesync/workspace/files/tree.py",
        "            came_out(old)\n        except PinesyncError:\n",
        "            pass\n        except PinesyncError:\n",
        ("tests/cli/test_pull.py", "tests/campaign/test_kept.py"),
    ),
    Mutant(
        "files are exchanged whole, not written in place",
        "pinesync/workspace/files/tree.py",
        "        write_temp(folder, temp, data, mode_of(folder, name))\n        begun(temp)\n",
        "        with os.fdopen(folder.open(name, os.O_WRONLY | os.O_TRUNC), 'wb') as file:\n"
        "            file.write(data[:9])\n            file.write(data[9:])\n        return\n"
        "        begun(temp)\n",
        DISK,
    ),
    Mutant(
        "a pull has a record",
        f"{SYNC}/putting.py",
        "        workspace.write_record(replace(record, temp=name))\n",
        "",
        (*TRACES, *DISK),
    ),
    Mutant(
        "no answer does not mean that the save is sent again",
        f"{SYNC}/after.py",
        "        found = _look(ports, record, patiently=sent is recover.Sent.UNKNOWN)\n",
        "        if sent is recover.Sent.UNKNOWN:\n"
        "            again = saving.send(ports, record, None, draft.text)\n"
        "            if not isinstance(again, PinesyncError):\n"
        "                return settle(ports, draft, record, again)\n"
        "        found = _look(ports, record, patiently=sent is recover.Sent.UNKNOWN)\n",
    ),
    Mutant(
        "a save is looked for among all versions after its parent",
        "pinesync/sync/recover.py",
        "    for version in sorted(log):\n        after =",
        "    for version in sorted(log)[-1:]:\n        after =",
        ("tests/sync/test_recover.py",),
    ),
    Mutant(
        "a save that was given up leaves a tombstone",
        f"{SYNC}/saving.py",
        '    ports.workspace.write_record(replace(record, state="abandoned"))\n',
        "    ports.workspace.drop_records([record])\n",
    ),
    Mutant(
        "a tombstone stays when its text was found",
        f"{SYNC}/late.py",
        "landed=found.version, seen=found.version)",
        'landed=found.version, state="landed")',
    ),
    Mutant(
        "the flag is in the same write as the base",
        f"{SYNC}/saving.py",
        "        ports.workspace.commit({entry.path: entry})\n    ports.workspace.write_record(",
        "        ports.workspace.commit({entry.path: replace(entry, hidden=None)})\n"
        "        ports.workspace.write_record(\n"
        '            replace(record, state="landed", landed=found.version)\n        )\n'
        "        ports.workspace.commit({entry.path: entry})\n    ports.workspace.write_record(",
    ),
    Mutant(
        "somebody's save in between is looked for",
        "pinesync/sync/recover.py",
        "    return changed[-1] if changed else None\n",
        "    return None\n",
    ),
    Mutant(
        "a save in between counts by its predecessor's text, not by the newest one's",
        "pinesync/sync/recover.py",
        "log[v] != log[Version(v.major - 1)]",
        "log[v] != log[parent]",
    ),
    Mutant(
        "a save is on record before it is sent",
        f"{SYNC}/saving.py",
        "    ports.workspace.write_record(record)\n"
        '    sent = replace(record, state="sent")\n    ports.workspace.write_record(sent)\n',
        '    sent = replace(record, state="sent")\n',
    ),
    Mutant(
        "the record says sent before the request goes out",
        f"{SYNC}/saving.py",
        '    sent = replace(record, state="sent")\n    ports.workspace.write_record(sent)\n',
        '    sent = replace(record, state="sent")\n',
    ),
    Mutant(
        "begun saves are settled first",
        f"{SYNC}/settle.py",
        '        elif record.state == "sent":\n            outcomes.append(',
        '        elif record.state == "sent" and False:\n            outcomes.append(',
    ),
    Mutant(
        "a save is given up only after the settle time",
        f"{SYNC}/settle.py",
        "    if waited < ports.tools.settle_seconds:\n",
        "    if False:\n",
        ("tests/sync", *TRACES),
    ),
    Mutant(
        "saved means read back",
        f"{SYNC}/saving.py",
        "    saved = ports.remote.get(pine_id, version)\n    ports.workspace.remember(saved)\n"
        "    log =",
        "    return Found(pine_id, version, record.digest)\n    log =",
        ("tests/sync", *TRACES),
    ),
    Mutant(
        "the newest version is read right before a save",
        f"{SYNC}/push.py",
        "    if base and newest.version > base.version and newest.digest == base.digest:\n",
        "    if True:\n",
        ("tests/sync", "tests/cli/test_policy.py"),
    ),
    Mutant(
        "a text that is a later version is no edit",
        "pinesync/sync/plan.py",
        "            local, there = Local.AHEAD, There.MOVED\n",
        "            pass\n",
        ("tests/sync", "tests/cli/test_policy.py", *DISK),
    ),
    Mutant(
        "lines that a stale tab dropped are told",
        f"{SYNC}/stale.py",
        "    if not lost:\n        return",
        "    if True:\n        return",
    ),
    Mutant(
        "what HEAD's history had is not pulled again",
        f"{SYNC}/look.py",
        "    if moved and workspace.has_history():\n",
        "    if False:\n",
        ("tests/campaign/test_git.py",),
    ),
    Mutant(
        "much absence at once stops the run",
        f"{SYNC}/look.py",
        "    if guard.is_mass_absence(tracked, listed):\n",
        "    if False:\n",
        ("tests/cli", "tests/sync"),
    ),
    Mutant(
        "gone takes two refusals",
        f"{SYNC}/look.py",
        "    for _ in range(2):\n",
        "    for _ in range(1):\n",
        ("tests/sync", "tests/campaign/test_absence.py"),
    ),
    Mutant(
        "an empty list is asked about",
        f"{SYNC}/look.py",
        "    account = ask_session(remote, own)\n",
        "    account = expected or ask_session(remote, own)\n",
        ("tests/cli/test_nothing_lost.py", "tests/campaign/test_absence.py"),
    ),
    Mutant(
        "nothing empty is saved over something",
        f"{SYNC}/drafting.py",
        "    if not text.strip() and not (",
        "    if False and not (",
        ("tests/sync", "tests/cli"),
    ),
    Mutant(
        "conflict markers are not saved",
        f"{SYNC}/drafting.py",
        "    if has_conflict_markers(text):\n",
        "    if False:\n",
        ("tests/campaign/test_moment.py",),
    ),
    Mutant(
        "what does not compile is not saved",
        f"{SYNC}/drafting.py",
        "    if errors and not allow_broken:\n",
        "    if False:\n",
        ("tests/cli/test_flow.py",),
    ),
    Mutant(
        "a push sends the listed name, or none",
        f"{SYNC}/push.py",
        "    return info.name if info and may_send(info.name) else None\n",
        "    return shown(newest.name)\n",
        ("tests/sync",),
    ),
    Mutant(
        "creating never overwrites",
        "pinesync/wire/asking.py",
        '("allow_overwrite", "false")',
        '("allow_overwrite", "true")',
        ("tests/wire",),
    ),
    Mutant(
        "a write is never sent twice by the session",
        "pinesync/remote/session.py",
        '        if request.effect == "write":\n            return self._once(request)\n',
        "",
        ("tests/remote",),
    ),
    Mutant(
        "the body of a redirect is bounded like any other",
        "pinesync/remote/session.py",
        "self._http = http = _Unredirected()",
        "self._http = http = requests.Session()",
        ("tests/remote/test_session.py",),
    ),
    Mutant(
        "a text is flushed before its file is exchanged",
        "pinesync/workspace/files/folder.py",
        "            os.fsync(file.fileno())\n",
        "",
        POWER,
    ),
    Mutant(
        "a record is flushed",
        "pinesync/workspace/state.py",
        "                if durably:\n                    os.fsync(file.fileno())\n",
        "",
        POWER,
    ),
    Mutant(
        "the folder's names are flushed",
        "pinesync/workspace/files/tree.py",
        "            raise\n        folder.unlink(temp)\n        folder.sync()\n",
        "            raise\n        folder.unlink(temp)\n",
        POWER,
    ),
    Mutant(
        "one writer at a time",
        "pinesync/workspace/lock.py",
        "        lock.acquire()\n",
        "        pass\n",
        ("tests/workspace", "tests/campaign/test_two.py"),
    ),
    Mutant(
        "no wait is shortened by a clock",
        "pinesync/sync/records.py",
        "    if record.boot_id and record.boot_id == now.boot_id:\n",
        "    if True:\n        return now.wall - record.wall\n    if False:\n",
        ("tests/sync",),
    ),
    Mutant(
        "damaged records are refused",
        "pinesync/workspace/checking.py",
        "    except (ValueError, TypeError, KeyError):\n        raise damaged(path) from None\n"
        "    return record\n",
        "    except (ValueError, TypeError, KeyError):\n"
        "        return Record(path.stem, 'save', 'landed', RelPath('x.pine'), '', Digest(''))\n"
        "    return record\n",
        ("tests/workspace",),
    ),
    Mutant(
        "a dry run settles nothing",
        "pinesync/commands/push.py",
        "        ports = project.ports()\n        view = look(",
        "        ports = project.ports()\n        settle(ports)\n        view = look(",
        ("tests/campaign/test_readers.py",),
    ),
    Mutant(
        "no link is followed",
        "pinesync/workspace/files/folder.py",
        'NOFOLLOW = getattr(os, "O_NOFOLLOW", 0)',
        "NOFOLLOW = 0",
        ("tests/workspace", "tests/campaign/test_kept.py"),
    ),
    Mutant(
        "another account's cookie is refused",
        "pinesync/sync/guard.py",
        "    return expected.name.casefold() == found.name.casefold() and same_id\n",
        "    return True\n",
        ("tests/sync", "tests/cli/test_login.py"),
    ),
    Mutant(
        "the answer is of the script that was asked for",
        "pinesync/wire/reading.py",
        '    if body.get("scriptIdPart", pine_id) not in (pine_id, None, ""):\n',
        "    if False:\n",
        ("tests/wire",),
    ),
)
