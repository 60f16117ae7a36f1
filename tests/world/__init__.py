"""Worlds to test in: somebody's folder, the account that it belongs to, and what people do there.

`World` is worked from the command line, on the sandbox in process or over HTTP. `OneScript` and
`ManyScripts` are for histories, in which every edit is marked. What they plug in as the remote is
an `Account` of the sandbox, or the fake.
"""

from tests.fakes import Clock
from tests.world.account import Account, Watched
from tests.world.folder import SETTLE, Workspace
from tests.world.fuse import Crash, Fuse, Fused
from tests.world.keyboard import COMMAND, Ran, World, both_ways
from tests.world.many_scripts import ManyScripts
from tests.world.marked import MARK, marks_of
from tests.world.one_script import OneScript
from tests.world.repository import (
    git,
    git_bytes,
    git_code,
    hook,
    start,
    status,
    touched,
    trailers,
)
from tests.world.scripts import (
    BREAKOUT,
    BREAKOUT_PATH,
    BROKEN,
    EXTRA,
    FASTER,
    LONGER,
    MERGED,
    PATHS,
    SLOWER,
    TOOLS,
    TOOLS_PATH,
    TREND,
    TREND_PATH,
)
