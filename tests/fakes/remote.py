"""A service in memory that follows `protocol.md`, and fails on demand.

It is no mock: it has a world (scripts, each an append-only log of versions), and the suite in
`tests/tradingview/test_contract.py` holds it to what the real client does against the sandbox.
"""

import html
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Self

from pinesync.errors import NameTaken, NotAccessible, PinesyncError, Refused, SessionExpired
from pinesync.model import (
    Account,
    Diagnostic,
    PineId,
    SaveAnswer,
    SavedText,
    ScriptInfo,
    Verdict,
    Version,
)
from pinesync.text.canonical import digest
from pinesync.text.pine_inputs import estimate

OWNER = Account("trader42", "7")
TYPO = "clsoe"
"""What the fake's compiler refuses: a text with this word in it."""


def act_nothing() -> None:
    """No concurrent action."""


@dataclass(frozen=True)
class Turn:
    """What happens to one save. `before` acts first, `after` once it is stored or not; `stores`
    None means as usual. An `answer` or an `error` is what the client gets instead of the truth."""

    stores: bool | None = None
    error: PinesyncError | None = None
    answer: SaveAnswer | None = None
    before: Callable[[], object] = act_nothing
    after: Callable[[], object] = act_nothing


@dataclass
class Script:
    """A saved script: its name now, and all its texts, the first at 0."""

    pine_id: PineId
    name: str
    texts: list[str] = field(default_factory=list)

    @property
    def newest(self) -> Version:
        return Version(len(self.texts))


class FakeRemote:
    """One account. `rewrite` is how the service changes a text that it stores;
    `failed_save_has_result` is whether the response to a save that does not compile names its
    place."""

    def __init__(self) -> None:
        self.scripts: dict[PineId, Script] = {}
        self._made = 0
        self.signed_in = True
        self.rewrite: Callable[[str], str] = lambda text: text
        self.failed_save_has_result = False
        self.began = 1_700_000_000
        """A minute before every script's first version; versions are a minute apart."""
        self.times: dict[Version, int] | None = None
        """The reported times, instead of the real ones."""
        self.calls: list[str] = []
        """Every call, in order: `get USER;…0001 5.0`, `save_next USER;…0001`."""
        self.posted: list[str] = []
        """The texts of all saves that were sent, stored or not."""
        self.names_sent: list[str | None] = []
        self._turns: deque[Turn] = deque()
        self._errors: dict[str, deque[PinesyncError]] = defaultdict(deque)
        self._acts: dict[str, deque[Callable[[], object]]] = defaultdict(deque)
        self.at_each: dict[str, Callable[..., object]] = {}
        """What happens at every call of a method, given its arguments: it may wait, or raise."""

    # -- the world, by hand --------------------------------------------------------------------

    def add(self, name: str, *texts: str) -> PineId:
        """Create a script, with a version for each text."""
        self._made += 1
        pine_id = PineId(f"USER;{self._made:032x}")
        self.scripts[pine_id] = Script(pine_id, name, list(texts))
        return pine_id

    def web_save(self, pine_id: PineId, *texts: str) -> None:
        """Somebody saves in the web editor."""
        self.scripts[pine_id].texts += texts

    def web_rename(self, pine_id: PineId, name: str) -> None:
        self.scripts[pine_id].name = name

    def web_delete(self, pine_id: PineId) -> None:
        del self.scripts[pine_id]

    def newest(self, pine_id: PineId) -> str:
        return self.scripts[pine_id].texts[-1]

    def texts(self) -> dict[PineId, list[str]]:
        return {pine_id: script.texts for pine_id, script in self.scripts.items()}

    def client(self) -> Self:
        """A world's port to it."""
        return self

    # -- what goes wrong -----------------------------------------------------------------------

    def next_save(self, turn: Turn) -> None:
        """Plan the next save without a plan."""
        self._turns.append(turn)

    def forget_turns(self) -> None:
        """Cancel the plans for saves that were never sent."""
        self._turns.clear()

    def fail_next(self, method: str, *errors: PinesyncError) -> None:
        """The next calls of this method end with these errors."""
        self._errors[method] += errors

    def at_next(self, method: str, act: Callable[[], object]) -> None:
        """Something happens just before the next call of this method."""
        self._acts[method].append(act)

    def sent(self, method: str) -> int:
        """The number of calls of a method."""
        return sum(call.split()[0] == method for call in self.calls)

    # -- the port ------------------------------------------------------------------------------

    def list_scripts(self) -> tuple[ScriptInfo, ...]:
        self._called("list_scripts")
        if not self.signed_in:
            return ()
        return tuple(
            ScriptInfo(script.pine_id, script.name, script.newest)
            for script in self.scripts.values()
        )

    def get(self, pine_id: PineId, version: Version | None = None) -> SavedText:
        self._called("get", pine_id, version or "last")
        script = self._script(pine_id, reading=True)
        if version and version > script.newest:
            raise NotAccessible(404, "Script not found")
        version = version or script.newest
        text = script.texts[version.major - 1]
        name = html.escape(script.name)
        return SavedText(pine_id, name, version, script.newest, text, digest(text))

    def versions(self, pine_id: PineId) -> dict[Version, int]:
        self._called("versions", pine_id)
        script = self._script(pine_id, reading=True)
        if self.times is not None:
            return self.times
        return {Version(n): self.began + 60 * n for n in range(1, script.newest.major + 1)}

    def check(self, source: str) -> Verdict:
        self._called("check")
        if not source:
            raise Refused(400, "source is empty")
        return Verdict(_errors(source))

    def full_check(self, source: str) -> Verdict:
        self._called("full_check")
        errors = _errors(source)
        return Verdict(
            errors, contract=None if errors else replace(estimate(source), estimated=False)
        )

    def save_new(self, name: str, source: str) -> SaveAnswer:
        self._called("save_new")
        self._check_save(name, source)

        def store() -> Script:
            if name in self._names():
                raise NameTaken("TradingView refused: Script already exists")
            return self.scripts[self.add(name, self.rewrite(source))]

        return self._save(store, source)

    def save_next(self, pine_id: PineId, name: str | None, source: str) -> SaveAnswer:
        self._called("save_next", pine_id)
        self.names_sent.append(name)
        self._check_save(name, source)

        def store() -> Script:
            script = self._script(pine_id)
            if name is not None and name != script.name:
                if name in self._names():
                    raise NameTaken("TradingView refused: Script already exists")
                script.name = name
            script.texts.append(self.rewrite(source))
            return script

        return self._save(store, source)

    def rename_script(self, pine_id: PineId, name: str) -> None:
        self._called("rename_script", pine_id)
        if not 0 < len(name.strip()) <= 128:
            raise Refused(420, "wrong script name")
        script = self._script(pine_id)
        if name in self._names() - {script.name}:
            raise NameTaken("TradingView refused: Script already exists")
        script.name = name

    def delete(self, pine_id: PineId) -> None:
        self._called("delete", pine_id)
        self._script(pine_id)
        del self.scripts[pine_id]

    def whoami(self, pine_id: str) -> Account:
        self._called("whoami", pine_id)
        if not self.signed_in:
            raise SessionExpired("TradingView does not accept the cookie any more")
        return OWNER

    # -- below ---------------------------------------------------------------------------------

    def _called(self, method: str, *arguments: object) -> None:
        self.calls.append(" ".join(str(word) for word in (method, *arguments)))
        if self._acts[method]:
            self._acts[method].popleft()()
        if act := self.at_each.get(method):
            act(*arguments)
        if self._errors[method]:
            raise self._errors[method].popleft()

    def _names(self) -> set[str]:
        return {script.name for script in self.scripts.values()}

    def _script(self, pine_id: PineId, *, reading: bool = False) -> Script:
        words = "not allowed to see source code" if reading else "not an owner"
        if not self.signed_in or pine_id not in self.scripts:
            raise NotAccessible(401, f"User is {words} of pine")
        return self.scripts[pine_id]

    def _check_save(self, name: str | None, source: str) -> None:
        if not self.signed_in:
            raise NotAccessible(401, "User is not an owner of pine")
        if name is not None and not 0 < len(name.strip()) <= 128:
            raise Refused(420, "wrong script name")
        if not source:
            raise Refused(400, "source is empty")

    def _save(self, store: Callable[[], Script], source: str) -> SaveAnswer:
        turn = self._turns.popleft() if self._turns else Turn()
        self.posted.append(source)
        turn.before()
        script = store() if turn.stores is not False else None
        turn.after()
        if turn.error:
            raise turn.error
        return turn.answer or self._answer(script, source)

    def _answer(self, script: Script | None, source: str) -> SaveAnswer:
        errors = _errors(source)
        if not errors:
            assert script, "a save that is not stored needs an answer or an error of its own"
            return SaveAnswer(True, script.pine_id, script.newest)
        if script and self.failed_save_has_result:
            place = (script.pine_id, script.newest)
            return SaveAnswer(False, *place, errors[0].message, Verdict(errors))
        return SaveAnswer(False, None, None, errors[0].message, Verdict(errors))


def _errors(source: str) -> tuple[Diagnostic, ...]:
    message = f'Undeclared identifier "{TYPO}"'
    return tuple(
        Diagnostic("error", number, at + 1, number, at + len(TYPO), message, "CE10272")
        for number, line in enumerate(source.split("\n"), 1)
        if (at := line.find(TYPO)) >= 0
    )
