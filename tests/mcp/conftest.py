"""An account over HTTP, a clone of it, and agents: the SDK's own client, each with a server of its
own. `make test` has the servers in this process, `make campaign` in processes, over stdio."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp_types import CallToolResult

from pinesync.cli.options import Shared, build_setup
from pinesync.mcp.boundary import Boundary
from pinesync.mcp.server import server_of
from tests.world import TREND_PATH, World

_AGENT = """
import os, runpy, sys
with open(sys.argv[1], "w") as file:
    file.write(str(os.getpid()))
sys.argv[:2] = ["pinesync"]
runpy.run_module("pinesync", run_name="__main__", alter_sys=True)
"""


@dataclass(frozen=True)
class Answer:
    """What a tool returned, or why it did nothing."""

    result: Any
    problem: Any

    @property
    def refusal(self) -> str:
        """The message of a save that was refused, and of nothing else."""
        assert self.problem, self.result
        assert self.problem["error"] == "refused", self.problem
        return str(self.problem["untrusted"]["message"])


class Agent:
    """An agent's client. `server` is a server in this process, or how to start one; `pid` is the
    file in which a started one notes its process."""

    def __init__(self, world: World, portal: BlockingPortal, server: Any, pid: Path) -> None:
        self._portal, self._pid, self._world = portal, pid, world
        self.client = Client(server)
        self.leave: Callable[[], None] = lambda: None

    def opened(self) -> AbstractContextManager[Any]:
        return self._portal.wrap_async_context_manager(self.client)

    def ask(self, act: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        """Whatever else the client can do."""
        return self._portal.call(partial(act, *arguments, **named))

    def __call__(self, tool: str, **arguments: Any) -> Answer:
        return _answer(self.ask(self.client.call_tool, tool, arguments))

    def begin(self, tool: str, **arguments: Any) -> Future[CallToolResult]:
        """The call, which is not waited for."""
        return self._portal.start_task_soon(partial(self.client.call_tool, tool, arguments))

    def tools(self) -> dict[str, Any]:
        return {tool.name: tool for tool in self.ask(self.client.list_tools).tools}

    def push(self, path: str = TREND_PATH, **other: Any) -> Answer:
        """Push the file as it is now, on its base; or with `other` arguments."""
        return self("push", **self.push_arguments(path) | other)

    def push_arguments(self, path: str = TREND_PATH) -> dict[str, Any]:
        """The arguments with which push saves the file as it is now."""
        digest = hashlib.sha256((self._world.folder / path).read_bytes()).hexdigest()
        version = self._world.version(path)
        return {"path": path, "base_version": version, "file_sha256": digest}

    def kill(self) -> None:
        os.kill(int(self._pid.read_text()), signal.SIGKILL)


def _answer(result: CallToolResult) -> Answer:
    if result.is_error:
        (content,) = result.content
        return Answer(None, json.loads(content.text))  # type: ignore[union-attr]
    return Answer(result.structured_content, None)


Connect = Callable[..., Agent]


def in_process(world: World, allow: Sequence[str], pid: Path) -> Any:
    cookies = {"PINESYNC_COOKIE": os.environ.get("PINESYNC_COOKIE", "")}
    shared = Shared(directory=str(world.folder), cookies=cookies)
    return server_of(Boundary(build_setup(shared=shared), allow))


def over_stdio(world: World, allow: Sequence[str], pid: Path) -> Any:
    globs = [word for glob in allow for word in ("--allow-push", glob)]
    command = ["-c", _AGENT, str(pid), "mcp", *globs]
    # SDK 2.0 takes only the transport.
    return stdio_client(
        StdioServerParameters(
            command=sys.executable, args=command, env=dict(os.environ), cwd=world.folder
        )
    )


stdio = pytest.param(over_stdio, marks=pytest.mark.campaign)


@pytest.fixture(params=[in_process, stdio])
def connect(clone: World, request: pytest.FixtureRequest) -> Iterator[Connect]:
    """Connects an agent to a server of its own that may push what these globs name."""
    with start_blocking_portal() as portal, ExitStack() as stack:

        def connected(*allow: str) -> Agent:
            pid = clone.home / f"pid-{len(list(clone.home.glob('pid-*')))}"
            pid.touch()
            agent = Agent(clone, portal, request.param(clone, allow, pid), pid)
            inner = stack.enter_context(ExitStack())
            inner.enter_context(agent.opened())
            agent.leave = inner.close
            return agent

        yield connected


WRITES = ("save_next", "save_new", "rename", "delete")


def writes(world: World) -> list[str]:
    """The requests so far that change the account."""
    return [seen.endpoint for seen in world.plan.log if seen.endpoint in WRITES]


def configure(world: World, line: str) -> None:
    """Add a line to the settings of pine.toml, as a person does."""
    file = world.folder / "pine.toml"
    file.write_text(file.read_text().replace("[workspace]\n", f"[workspace]\n{line}\n", 1))
