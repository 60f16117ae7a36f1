"""Commands that send requests: their time and number, compared with the latency alone."""

import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from tests.bench.rows import PINESYNC, Environment, Row, against, in_turn, timed
from tests.bench.service import Service, serving

SCRIPTS = 1000
LATENCIES = (0.0, 0.05)
ROUNDS = 5
PEER = """
import sys
from tv_scraper.scrapers.scripts import pine
pine.PINE_FACADE_BASE_URL, cookie = sys.argv[1:]
client = pine.Pine(cookie=cookie)
for one in client.list_saved_scripts()["data"]:
    assert client.get_script(one["id"], "last")["status"] == "success"
"""
COUNTING = Path(__file__).with_name("counting.py")


def rows(base: Path, env: Environment) -> Iterator[Row]:
    """At each latency, with an account of its own below `base`."""
    for latency in LATENCIES:
        place = base / f"asking-{latency}"
        place.mkdir()
        with serving(place, env, latency, SCRIPTS) as service:
            yield from _clones(service, place)
            folder = place / "jobs-4"
            yield from _quiet(service, folder)
            yield from _pushes(service, folder)
            yield _check(service, folder)


def _clones(service: Service, place: Path) -> Iterator[Row]:
    latency, shown = service.app.latency, _latency(service)
    times = {}
    for jobs in (4, 16):
        words = ("clone", "--remote", "tradingview", "--jobs", str(jobs), f"jobs-{jobs}")
        times[jobs] = took = _timed(service, place, *words)
        requests = len(service.app.requests)
        label = f"`clone` of {SCRIPTS:,}, {jobs} jobs, {shown}, {requests:,} requests"
        if latency:
            least = latency * requests / jobs
            aim = 1.15 if jobs == 4 else 1.10
            yield against(label, took, least, "latency × requests ÷ jobs", aim)
        else:
            yield Row(label, f"{took:.3f} s")
    peer = (sys.executable, "-c", PEER, service.url, service.user.cookie)
    alone = timed(peer, place, service.env)
    label = f"the same beside tv-scraper's client in a loop, {shown}"
    yield against(label, times[4], alone, "which only reads")


def _quiet(service: Service, folder: Path) -> Iterator[Row]:
    latency, shown = service.app.latency, _latency(service)
    status = (*PINESYNC, "status")
    took, offline = in_turn(status, (*status, "--offline"), folder, service.env, ROUNDS)
    least, beside = offline + latency + 0.15, "`status --offline` + latency + 150 ms"
    label = f"`status`, {SCRIPTS:,} scripts, {shown}, {_requests(service, folder, 'status')}"
    yield against(label, took, least, beside, 1.0)
    for verb in ("pull", "push"):
        took, looked = in_turn((*PINESYNC, verb), status, folder, service.env, ROUNDS)
        requests = _requests(service, folder, verb)
        label = f"`{verb}` with nothing new, {shown}, {requests}"
        beside, met = f"`status`: {looked:.3f} s", requests == "1 request"
        yield Row(label, f"{took:.3f} s", beside, took / looked, "1 request", met)


def _requests(service: Service, folder: Path, verb: str) -> str:
    _timed(service, folder, verb)
    count = len(service.app.requests)
    return "1 request" if count == 1 else f"{count} requests"


def _pushes(service: Service, folder: Path) -> Iterator[Row]:
    files = sorted(folder.rglob("*.pine"))
    for count in (1, 50):
        for file in files[:count]:
            file.write_text(file.read_text("utf-8") + f"// {count}\n", "utf-8")
        log = folder.parent / f"synced-{count}"
        service.app.requests.clear()
        env = {**service.env, "BENCH_SYNCED": str(log)}
        took = timed((sys.executable, str(COUNTING), "push"), folder, env)
        requests, latency = len(service.app.requests), service.app.latency
        synced = log.read_text().splitlines()
        label = f"`push` of {count} changed, {_latency(service)}"
        counts = f"{took:.3f} s, {requests} requests, {len(synced)} fsyncs"
        if latency and count > 1:
            # Two of a script's four requests are sequential; its check runs in parallel.
            least = latency * (2 * count + count / 4 + 2)
            beside = f"latency × (2 n + n ÷ jobs + 2): {least:.3f} s"
            yield Row(label, counts, beside, took / least, "≤ 1.15", took / least <= 1.15)
        elif latency:
            least = latency * requests
            beside = f"latency × requests: {least:.3f} s"
            yield Row(label, counts, beside, took / least)
        else:
            yield Row(label, counts)
        if count == 1 and not latency:
            yield Row(
                "which are", ", ".join(service.app.requests), ", ".join(_named(synced, folder))
            )


def _named(synced: list[str], folder: Path) -> Iterator[str]:
    """The flushed paths, without this machine's folders and random names."""
    names = [_name(Path(path.removesuffix(" (deleted)")), folder) for path in synced]
    for name, count in Counter(names).items():
        yield f"{name} ×{count}" if count > 1 else name


def _name(path: Path, folder: Path) -> str:
    if path == folder:
        return "the folder"
    if path.is_relative_to(folder):
        return "pine.toml"
    inside = path.parts[path.parts.index("state") + 2 :]
    return "a file of the state" if "tmp" in inside else "/".join(("state", *inside[:1]))


def _check(service: Service, folder: Path) -> Row:
    names = [str(file.relative_to(folder)) for file in sorted(folder.rglob("*.pine"))[:200]]
    took = _timed(service, folder, "check", "--jobs", "4", *names)
    requests = len(service.app.requests)
    label = f"`check` of 200 files, 4 jobs, {_latency(service)}, {requests} requests"
    if not service.app.latency:
        return Row(label, f"{took:.3f} s")
    return against(label, took, service.app.latency * requests / 4, "latency × requests ÷ jobs")


def _timed(service: Service, cwd: Path, *words: str) -> float:
    service.app.requests.clear()
    return timed((*PINESYNC, *words), cwd, service.env)


def _latency(service: Service) -> str:
    return f"{service.app.latency * 1000:.0f} ms"
