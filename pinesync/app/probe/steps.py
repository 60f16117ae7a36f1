"""The steps of a probe: 28 requests about one script, from the list before to the list after.

Each step reads an answer into facts. A value is one of the table's words, so nothing of the account
gets into what is shown, kept or reported.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from pinesync.app.probe import texts
from pinesync.app.probe.answers import (
    broken_answer,
    converted,
    findings,
    inputs,
    major,
    named,
    place_of_id,
    source,
    which,
    yes,
)
from pinesync.app.probe.asking import Asking, Heard
from pinesync.app.probe.facts import BY_NAME, UNCLEAR
from pinesync.app.probe.record import Record
from pinesync.errors import BadAnswer, NoAccess, NotAccessible
from pinesync.model import Account, PineId, Version
from pinesync.protocol import requests, responses
from pinesync.text.filenames import unescape_name

_LABEL = "probed"


@dataclass(frozen=True, slots=True)
class Seen:
    """What a fact was seen to be; `detail` is the answer's status and keys if that is unclear."""

    value: str
    detail: str = ""


@dataclass(slots=True)
class Probing:
    """A probe under way; `seen` has the facts so far, `left` whether its script is still listed."""

    ask: Asking
    place: str
    account: Account | None = None
    seen: dict[str, Seen] = field(default_factory=dict)
    newest: int = 1
    left: bool = False

    def run(self) -> None:
        """All steps. Raises what ended them early; the record then says what may be left."""
        listed = self.ask.listed()
        asked, account = self.ask.whose()
        token = os.urandom(8).hex()
        known = [info.pine_id for info in listed]
        record = self.ask.records.begin(self.place, token, known, account or Account(""))
        self.ask.record = record
        pine_id = self._create(record)
        self._session(pine_id, asked, account)
        self._saves(pine_id)
        self._versions(pine_id)
        self._invalid_cookie(pine_id)
        self._rename(pine_id)
        self._compilers()
        self._delete(pine_id)

    # -- what was seen ----------------------------------------------------------------------------

    def _saw(self, name: str, value: str, got: Heard) -> None:
        known = value in BY_NAME[name].values
        self.seen[name] = Seen(value) if known else Seen(UNCLEAR, got.described)

    def _saw_all(self, found: Iterable[tuple[str, str]], got: Heard) -> None:
        for name, value in found:
            self._saw(name, value, got)

    def _newest(self, pine_id: PineId) -> Heard:
        """The newest version of its script. Raises if that cannot be read: without a session, or
        if somebody deleted it, no answer proves anything."""
        got = self.ask.read(requests.get_script(pine_id, None))
        if not got.ok or not major(got.get("version")):
            raise BadAnswer("the probe's script cannot be read any more")
        return got

    @property
    def _held(self) -> Record:
        assert self.ask.record
        return self.ask.record

    # -- the steps --------------------------------------------------------------------------------

    def _create(self, record: Record) -> PineId:
        """Create the script, and prove that the answered id is this script's."""
        got = self.ask.write(requests.save_new(record.name, texts.first(record.token)))
        try:
            answer = responses.saved(got.answer)
        except NotAccessible as error:
            self.ask.records.drop(self._held)
            self.ask.record = None
            raise NoAccess(
                f"TradingView refused to create a script: {error.reason}",
                "check the session with `pinesync whoami`",
            ) from None
        self._saw("id-in-answer", place_of_id(got), got)
        found = [answer.pine_id] if answer.pine_id else self._held.ours(self.ask.listed())
        if len(found) != 1 or found[0] in record.known:
            raise BadAnswer("the create is answered with no id, or with one that was there before")
        pine_id = found[0]
        read = self.ask.read(requests.get_script(pine_id, None))
        if record.token not in source(read) or major(read.get("version")) != 1:
            raise BadAnswer("the created script cannot be read")
        self.ask.record = self.ask.records.keep(replace(self._held, pine_id=pine_id))
        self._saw_all(texts.of_first(record.token, source(read)), read)
        created = read.get("created")
        digits = isinstance(created, int | float) or str(created).isdecimal()
        self._saw("times", "number" if digits else "ISO" if responses.epoch(created) else "", read)
        self._saw("id-in-script", yes(read.get("scriptIdPart")), read)
        self._saw("title-in-script", yes(read.get("scriptTitle")), read)
        last = read.get("lastVersionMaj")
        forms = {str: "text", int: "number", float: "number"}
        self._saw("newest-in-script", forms.get(type(last), ""), read)
        return pine_id

    def _session(self, pine_id: PineId, asked: Heard, named: Account | None) -> None:
        """The account, and whether a built-in script names it as well."""
        _, self.account = self.ask.whose(pine_id)
        value = ""
        if self.account and named:
            value = "session" if named == self.account else "owner"
        self._saw("session-probe", value, asked)
        if self.account:
            self.ask.record = self.ask.records.keep(replace(self._held, account=self.account))

    def _saves(self, pine_id: PineId) -> None:
        """Five saves: one that must be refused, the same text, no name, and a broken text."""
        name, token = self._held.name, self._held.token
        got = self.ask.write(requests.save_new(name, texts.first(token)))
        self._saw("name-taken", "created" if got.ok else f"{got.status}, {got.form}", got)
        if got.ok:
            raise BadAnswer("a create with a name that is in use was not refused")
        self.ask.write(requests.save_next(pine_id, name, texts.first(token)))
        got = self.ask.write(requests.save_next(pine_id, None, texts.second(token)))
        accepted = got.ok
        read = self._newest(pine_id)
        self.newest = major(read.get("version"))
        numbers = {1: "no version", 2: "one version"}
        self._saw("identical-save", numbers.get(self.newest - accepted, "other number"), read)
        kept = unescape_name(str(read.get("scriptName"))) == name
        self._saw("save-without-name", named(accepted, kept), got)
        if accepted:
            self._saw_all(texts.of_second(source(read)), read)
        self._compiled(pine_id)
        got = self.ask.write(requests.save_next(pine_id, name, texts.broken(token)))
        self._saw("broken-answer", broken_answer(got), got)
        self._saw("findings-of-save", findings(got.get("reason2")), got)
        read = self._newest(pine_id)
        after = major(read.get("version"))
        stored = {self.newest + 1: "stored", self.newest: "not stored"}
        self._saw("broken-save", stored.get(after, ""), read)
        self.newest = after or self.newest

    def _compiled(self, pine_id: PineId) -> None:
        got = self.ask.read(requests.translate(pine_id))
        compiled = major(got.get("result", "metaInfo", "pine", "version"))
        words = {self.newest: "newest", self.newest - 1: "before"}
        self._saw("compiled-last", words.get(compiled, "") if got.ok else "refused", got)

    def _versions(self, pine_id: PineId) -> None:
        """The first version again, by its number, and the list of versions with a label in it."""
        labelled = self.ask.write(requests.label(pine_id, Version(1), _LABEL))
        got = self.ask.read(requests.get_script(pine_id, Version(1)))
        text = source(got).split()
        same = major(got.get("version")) == 1 and text == texts.first(self._held.token).split()
        if not got.ok:
            self._newest(pine_id)  # a session that has just ended refuses every version
        self._saw("read-by-number", "refused" if not got.ok else which(same), got)
        got = self.ask.read(requests.versions(pine_id))
        rows = got.value if isinstance(got.value, list) else []
        numbers = {major(row.get("version")) for row in rows if isinstance(row, dict)} - {0}
        complete = numbers == set(range(1, self.newest + 1))
        value = "every version" if complete else "some versions" if numbers else ""
        self._saw("list-of-versions", "refused" if not got.ok else value, got)
        there = any(_LABEL in row.values() for row in rows if isinstance(row, dict))
        effect = "in the list of versions" if there else "not seen"
        self._saw("label", effect if labelled.ok else "refused", labelled)

    def _invalid_cookie(self, pine_id: PineId) -> None:
        got = self.ask.read(requests.list_scripts(), "invalid", pages=True)
        value = "refused" if got.status in (401, 403) else "empty list" if got.value == [] else ""
        self._saw("invalid-cookie-list", value, got)
        text = texts.first(self._held.token)
        got = self.ask.write(
            requests.save_next(pine_id, self._held.name, text), "invalid", pages=True
        )
        self._saw("invalid-cookie-save", f"{got.status}, {got.form}", got)

    def _rename(self, pine_id: PineId) -> None:
        before, after = self._held.names
        got = self.ask.write(requests.rename_script(pine_id, after))
        forms = {"JSON": "JSON text" if isinstance(got.value, str) else "object"}
        self._saw("rename-answer", forms.get(got.form, got.form) if got.ok else "", got)
        listed = {info.pine_id: info for info in self.ask.listed()}
        info = listed.get(pine_id)
        name = unescape_name(info.name) if info else ""
        self._saw("rename", {after: "renamed", before: "not renamed"}.get(name, ""), got)
        if info:
            same = info.version.major == self.newest
            self._saw("version-in-list", "newest" if same else "another", got)
        if info and name == after:
            self._saw("names-in-list", "raw" if info.name == after else "escaped", got)

    def _compilers(self) -> None:
        """What stores nothing: an id that is nobody's, the compilers and the converter."""
        read, token = self.ask.read, self._held.token
        nobody = PineId(f"USER;{os.urandom(16).hex()}")
        got = read(requests.get_script(nobody, None), pages=True)
        self._saw("unknown-id", str(got.status), got)
        got = read(requests.full_check(texts.first(token)), "none")
        self._saw("compile-without-cookie", "compiled" if got.ok else "refused", got)
        self._saw("inputs", inputs(got), got)
        got = read(requests.full_check(texts.OLD), "none")
        self._saw("compile-v4", "compiled" if got.ok else "refused", got)
        got = read(requests.check(texts.OLD), "none")
        self._saw("check-v4", "checked" if got.ok else "refused", got)
        got = read(requests.check(texts.broken(token)), "none")
        self._saw("findings-of-check", findings(got.get("result")), got)
        got = read(requests.convert(texts.BEFORE, 6))
        self._saw("convert", converted(got), got)

    def _delete(self, pine_id: PineId) -> None:
        """Delete the script, save to it once more, and list what is left."""
        got = self.ask.write(requests.delete(pine_id))
        words = {'"ok"': '"ok"', "ok": "ok"}
        said = got.answer.body.strip().decode("utf-8", "replace")
        self._saw("delete-answer", words.get(said, "") if got.ok else "", got)
        record, done = self._held, said in words
        again = self.ask.write(requests.save_next(pine_id, record.name, texts.first(record.token)))
        listed = self.ask.listed()
        left = record.ours(listed)
        self.left = bool(left)
        self._saw("deleted", "still listed" if left and not again.ok else "gone", got)
        self._saw("deleted-id", "created" if again.ok else "refused", again)
        if not left and not done and not any(info.pine_id in record.known for info in listed):
            raise BadAnswer("the deletion cannot be proven")
        if not left:
            self.ask.records.drop(record)
