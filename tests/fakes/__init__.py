"""The engine's ports in memory. They are no mocks: each keeps what it was given, behaves as
`pinesync.sync.ports` says, and goes wrong when told to. The suites in `tests/ports` and
`tests/tradingview/test_contract.py` hold each to what the real one does.
"""

from tests.fakes.clock import Clock
from tests.fakes.intent_log import FakeIntentLog
from tests.fakes.manifest import FOLDERS, FakeManifest
from tests.fakes.remote import OWNER, FakeRemote, Script, Turn
from tests.fakes.texts import FakeTextStore
from tests.fakes.tools import Threads, merge, submit
from tests.fakes.tree import FakeTree
from tests.fakes.workspace import InMemory, Place
