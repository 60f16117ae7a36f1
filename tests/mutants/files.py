"""Mutants of what protects files, pine.toml and the state."""

import os
from contextlib import nullcontext, suppress
from typing import Any

from pinesync import atomic
from pinesync.errors import PinesyncError
from pinesync.model import RelPath
from pinesync.sync.ports import ChangedMeanwhile
from pinesync.workspace.files import exchange as low
from pinesync.workspace.state.codec import checksum
from tests.mutants.mutant import Mutant, giving


def unlooked(_: Any) -> Any:
    def replace(
        self: Any,
        folder: Any,
        name: str,
        data: bytes,
        expected: Any,
        temp: str,
        begun: Any,
        came_out: Any,
    ) -> None:
        from pinesync.text.canonical import digest_of

        if digest_of(low.read(folder, name)) != expected:
            raise ChangedMeanwhile
        atomic.write_temp(folder, temp, data, low.mode_of(folder, name))
        begun(temp)
        self._exchange(folder, temp, name)
        came_out(low.read(folder, temp))
        folder.unlink(temp)
        folder.sync()

    return replace


def in_place(_: Any) -> Any:
    def exchange(folder: Any, temp: str, name: str) -> None:
        texts = {name: low.read(folder, temp), temp: low.read(folder, name)}
        for target, data in texts.items():
            descriptor = folder.open(target, os.O_WRONLY | os.O_TRUNC)
            with os.fdopen(descriptor, "wb", buffering=0) as file:
                file.write(data[:9])
                file.write(data[9:])

    return exchange


def base_first(original: Any) -> Any:
    def put(ports: Any, ready: Any, records: Any) -> Any:
        ports.manifest.commit({ready.entry.path: ready.entry})
        return original(ports, ready, records)

    return put


def unflushed(_: Any) -> Any:
    def write(folder: Any, temp: str, data: bytes, mode: int = 0o600, **_: Any) -> None:
        descriptor = folder.open(temp, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            os.fchmod(file.fileno(), mode)

    return write


def kept_or_not(original: Any) -> Any:
    def replace(self: Any, *args: Any) -> None:
        *others, came_out = args

        def careless(old: bytes) -> None:
            with suppress(PinesyncError):
                came_out(old)

        original(self, *others, careless)

    return replace


def believed(original: Any) -> Any:
    def read(path: Any, raw: Any) -> Any:
        if isinstance(raw, dict):
            fields = {key: value for key, value in raw.items() if key != "sum"}
            raw = {**fields, "sum": checksum(fields)}
        return original(path, raw)

    return read


def unlocked(_: Any) -> Any:
    return lambda _folder: nullcontext()


def undressed(_: Any) -> Any:
    return lambda text, _like: text.encode()


def as_it_is(_: Any) -> Any:
    return lambda path: path


def any_path(_: Any) -> Any:
    return lambda raw: RelPath(raw)


def unproved(_: Any) -> Any:
    return lambda text, _expected: text


RACES = "tests/campaign/test_races.py"
PLANTED = "tests/security/test_forged_state.py"

FILES = (
    Mutant(
        "what came out of the exchange is looked at",
        "1",
        "pinesync.workspace.files.tree:Tree._replace",
        unlooked,
        (f"{RACES}::test_a_save_between_the_last_read_and_the_exchange_is_restored",),
    ),
    Mutant(
        "files are exchanged whole, not written in place",
        "2",
        "pinesync.workspace.files.exchange:exchange_files",
        in_place,
        (f"{RACES}::test_a_reader_never_sees_a_partial_text",),
    ),
    Mutant(
        "pine.toml is written after the file, not before",
        "3",
        "pinesync.sync.engine.download:_write_one",
        base_first,
        (
            "tests/campaign/test_counterexamples.py::test_a_pull_that_crashed_after_the_file_survives_a_web_revert_and_an_edit",
        ),
    ),
    Mutant(
        "what a killed run left is finished first",
        "4",
        "pinesync.sync.engine.settle:settle_files",
        giving(()),
        ("tests/campaign/test_counterexamples.py::test_a_web_revert_after_a_pull_stays",),
    ),
    Mutant(
        "a text is flushed before its file is exchanged",
        "5",
        "pinesync.atomic:write_temp",
        unflushed,
        ("tests/campaign/test_power_cut.py::test_reported_work_is_flushed_to_disk",),
    ),
    Mutant(
        "the text that was replaced is kept",
        "1 6",
        "pinesync.workspace.working_tree:WorkingTree.keep_replaced",
        giving(None),
        ("tests/campaign/test_user_files.py::test_a_pull_backs_up_the_replaced_text",),
    ),
    Mutant(
        "a file whose old text cannot be kept is put back",
        "7",
        "pinesync.workspace.files.tree:Tree._replace",
        kept_or_not,
        ("tests/cli/test_unwritable.py::test_a_full_state_disk_loses_no_edit",),
    ),
    Mutant(
        "a record is as it was written",
        "27 S10",
        "pinesync.workspace.state.intent_codec:from_json",
        believed,
        (f"{PLANTED}::test_an_altered_intent_is_refused",),
    ),
    Mutant(
        "one writer at a time",
        "28",
        "pinesync.workspace.lock:writing",
        unlocked,
        ("tests/workspace/test_lock.py::test_the_lock_excludes_its_own_process",),
    ),
    Mutant(
        "line ends and the BOM stay",
        "35",
        "pinesync.text.canonical:encode_like",
        undressed,
        ("tests/campaign/test_user_files.py::test_line_ends_bom_and_mode_are_preserved",),
    ),
    Mutant(
        "no two scripts share a file on any system",
        "36",
        "pinesync.text.filenames:collision_key",
        as_it_is,
        (
            "tests/text/test_filenames.py::test_names_that_collide_on_some_file_system_get_two_paths",
        ),
    ),
    Mutant(
        "a path stays below the workspace, and is a .pine file's",
        "S4 S5 S6 A3",
        "pinesync.text.filenames:check_path",
        any_path,
        (
            "tests/security/test_rules.py::test_a_path_outside_is_refused_without_a_request",
            "tests/mcp/test_push.py::test_a_path_that_pine_toml_does_not_list_is_refused",
        ),
    ),
    Mutant(
        "no link is followed",
        "S7",
        "pinesync.atomic:NOFOLLOW",
        lambda _: 0,
        ("tests/campaign/test_user_files.py::test_a_linked_folder_is_not_followed",),
    ),
    Mutant(
        "pine.toml is read back before it is written",
        "S12",
        "pinesync.workspace.manifest:_verified",
        unproved,
        ("tests/workspace/test_manifest.py::test_a_text_that_would_not_parse_is_not_written",),
    ),
)
