"""The requests of each command, one by one."""

from __future__ import annotations

import pytest

from tests.world import World, both_ways
from tests.world.scripts import EXTRA, LONGER, MERGED, SLOWER, TREND, TREND_PATH


@both_ways
def test_status_costs_one_request_for_any_number_of_scripts(clone: World) -> None:
    assert clone("status").requests == ("list",)
    for number in range(40):
        clone.web_save(EXTRA + f"// {number}\n", f"Extra {number}")
    clone.write(LONGER)
    clone.write(EXTRA, "indicators/Mine.pine")
    status = clone("status")
    assert status.requests == ("list",)
    assert "40 remote-only" in status.out


def test_status_offline_costs_no_request(clone: World) -> None:
    clone.write(LONGER)
    clone.web_save(SLOWER)
    offline = clone("status", "--offline")
    assert offline.requests == ()
    assert offline.out.splitlines() == [
        f"modified  {TREND_PATH}  1.0",
        "2 clean, 1 modified (offline: TradingView was not contacted)",
    ]


@both_ways
@pytest.mark.parametrize("changed", [0, 1, 2, 12])
def test_pull_costs_one_request_plus_one_for_each_changed_script(
    clone: World, changed: int
) -> None:
    for number in range(changed):
        clone.web_save(EXTRA + f"// {number}\n", f"Extra {number}")
    pulled = clone("pull")
    assert sorted(pulled.requests) == sorted(["list", *["get"] * changed])
    assert pulled.requests[0] == "list"
    assert pulled.out.count("written    ") == changed


def test_pull_of_many_versions_reads_only_the_newest(clone: World) -> None:
    for number in range(9):
        clone.web_save(TREND + f"// {number}\n")
    assert clone("pull").requests == ("list", "get")


def test_a_merge_reads_each_text_once(clone: World) -> None:
    clone.write(LONGER)
    clone.web_save(SLOWER)
    # Whether the file has the text of a newer version has to be known: that text is the one to
    # merge. The base's text is held since the clone.
    assert clone("status").requests == ("list", "get")
    assert clone("status").requests == ("list",)
    assert clone("pull").requests == ("list",)
    assert clone.read() == MERGED


@both_ways
def test_push_of_an_unchanged_workspace_costs_one_request(clone: World) -> None:
    assert clone("push").requests == ("list",)


@both_ways
def test_push_of_one_script_costs_five_requests(clone: World) -> None:
    clone.write(LONGER)
    assert clone("push").requests == (
        "list",  # the words, and the name to send
        "check",  # it compiles
        "get",  # the newest version is still the base
        "save_next",
        "get",  # read back by its number
    )
    get, save, back = clone.plan.urls[-3:]
    script = clone.id_of().replace(";", "%3B")
    assert get == f"/get/{script}/last"
    assert save == f"/save/next/{script}?allow_create_new=false&name=Trend"
    assert back == f"/get/{script}/2.0"


def test_creating_a_script_costs_four_requests(clone: World) -> None:
    clone.write(EXTRA, "indicators/Extra.pine")
    clone("add", "indicators/Extra.pine")
    assert clone("push").requests == ("list", "check", "save_new", "get")
    assert clone.plan.urls[-2] == "/save/new?name=Extra&allow_overwrite=false"


def test_a_text_with_a_syntax_error_is_not_sent(clone: World) -> None:
    clone.write(TREND + "plot(close\n")
    assert clone("push").requests == ("list",)
    assert clone("check", TREND_PATH).requests == ()


def test_local_commands_send_no_request(clone: World) -> None:
    clone.write(LONGER)
    clone.write(EXTRA, "indicators/Extra.pine")
    for command in (
        ["diff"],
        ["check", "--offline"],
        ["add", "indicators/Extra.pine"],
        ["new", "Other"],
        ["restore", TREND_PATH],
        ["rm", "indicators/Extra.pine"],
        ["sandbox", "path"],
    ):
        ran = clone(*command)
        assert (ran.code, ran.requests) == (0, ()), command


@pytest.mark.parametrize("jobs", [1, 4, 16])
def test_jobs_does_not_change_the_result(clone: World, jobs: int) -> None:
    for number in range(20):
        clone.web_save(EXTRA + f"// {number}\n", f"Extra {number}")
    assert clone("pull", "--jobs", jobs).requests.count("get") == 20
    assert clone.statuses() == {}


def test_invalid_jobs_are_refused(clone: World) -> None:
    assert clone("pull", "--jobs", "0").code == 2
    assert clone("pull", "--jobs", "17").code == 2


@both_ways
def test_no_request_allows_overwriting_or_implicit_creation(clone: World) -> None:
    clone.write(LONGER)
    clone("new", "Fresh")
    assert clone("push").code == 0
    sent = " ".join(clone.plan.urls)
    assert "allow_overwrite=true" not in sent
    assert "allow_create_new=true" not in sent
    endpoints = {seen.endpoint for seen in clone.plan.log}
    assert endpoints <= {"list", "get", "script_info", "check", "save_new", "save_next"}
