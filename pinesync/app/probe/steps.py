"""The steps of a probe: 28 requests about one script, from the list before to the list after.

Each step turns a response into facts. Each value is a word of the table, so no output, record or
report contains data of the account.
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
    matches,
    place_of_id,
    saved_name,
    source,
    yes_no,
)
from pinesync.app.probe.facts import BY_NAME, UNCLEAR
from pinesync.app.probe.record import Record
from pinesync.app.probe.session import ProbeResponse, ProbeSession
from pinesync.errors import BadResponse, NoAccess, NotAccessible
from pinesync.model import Account, PineId, Version
from pinesync.protocol import requests, responses
from pinesync.text.filenames import unescape_name

_LABEL = "probed"


@dataclass(frozen=True, slots=True)
class Observation:
    """The observed value of a fact; if unclear, `detail` has the status and keys of the
    response."""

    value: str
    detail: str = ""


@dataclass(slots=True)
class ProbeRun:
    """A running probe. `seen` has the facts so far, `left` tells whether its script is still
    listed."""

    session: ProbeSession
    place: str
    account: Account | None = None
    seen: dict[str, Observation] = field(default_factory=dict)
    newest: int = 1
    left: bool = False

    def run(self) -> None:
        """Run all steps. If one raises, the record tells what may be left."""
        listed = self.session.listed()
        account_response, account = self.session.account()
        token = os.urandom(8).hex()
        known = [info.pine_id for info in listed]
        record = self.session.records.begin(self.place, token, known, account or Account(""))
        self.session.record = record
        pine_id = self._create(record)
        self._session(pine_id, account_response, account)
        self._saves(pine_id)
        self._versions(pine_id)
        self._invalid_cookie(pine_id)
        self._rename(pine_id)
        self._compilers()
        self._delete(pine_id)

    # -- what was seen ----------------------------------------------------------------------------

    def _observe(self, name: str, value: str, response: ProbeResponse) -> None:
        known = value in BY_NAME[name].values
        self.seen[name] = Observation(value) if known else Observation(UNCLEAR, response.described)

    def _observe_all(self, observed: Iterable[tuple[str, str]], response: ProbeResponse) -> None:
        for name, value in observed:
            self._observe(name, value, response)

    def _newest(self, pine_id: PineId) -> ProbeResponse:
        """Read the newest version of the probe's script. Raises if that fails: without a session or
        the script, no response proves anything."""
        response = self.session.read(requests.get_script(pine_id, None))
        if not response.ok or not major(response.get("version")):
            raise BadResponse("the probe's script cannot be read any more")
        return response

    @property
    def _record(self) -> Record:
        assert self.session.record
        return self.session.record

    # -- the steps --------------------------------------------------------------------------------

    def _create(self, record: Record) -> PineId:
        """Create the script, and prove that the returned id belongs to it."""
        response = self.session.write(requests.save_new(record.name, texts.lf_text(record.token)))
        try:
            answer = responses.saved(response.answer)
        except NotAccessible as error:
            self.session.records.drop(self._record)
            self.session.record = None
            raise NoAccess(
                f"TradingView refused to create a script: {error.reason}",
                "check the session with `pinesync whoami`",
            ) from None
        self._observe("id-in-answer", place_of_id(response), response)
        pine_ids = [answer.pine_id] if answer.pine_id else self._record.ours(self.session.listed())
        if len(pine_ids) != 1 or pine_ids[0] in record.known:
            raise BadResponse(
                "the create is answered with no id, or with one that was there before"
            )
        pine_id = pine_ids[0]
        read = self.session.read(requests.get_script(pine_id, None))
        if record.token not in source(read) or major(read.get("version")) != 1:
            raise BadResponse("the created script cannot be read")
        self.session.record = self.session.records.keep(replace(self._record, pine_id=pine_id))
        self._observe_all(texts.facts_of_lf_text(record.token, source(read)), read)
        created = read.get("created")
        digits = isinstance(created, int | float) or str(created).isdecimal()
        self._observe(
            "times", "number" if digits else "ISO" if responses.epoch(created) else "", read
        )
        self._observe("id-in-script", yes_no(read.get("scriptIdPart")), read)
        self._observe("title-in-script", yes_no(read.get("scriptTitle")), read)
        last = read.get("lastVersionMaj")
        forms = {str: "text", int: "number", float: "number"}
        self._observe("newest-in-script", forms.get(type(last), ""), read)
        return pine_id

    def _session(
        self, pine_id: PineId, account_response: ProbeResponse, named: Account | None
    ) -> None:
        """Read the account, and check whether a built-in script names it as well."""
        _, self.account = self.session.account(pine_id)
        value = ""
        if self.account and named:
            value = "session" if named == self.account else "owner"
        self._observe("session-probe", value, account_response)
        if self.account:
            self.session.record = self.session.records.keep(
                replace(self._record, account=self.account)
            )

    def _saves(self, pine_id: PineId) -> None:
        """Save with a taken name (must be refused), the same text, no name, and a broken text."""
        name, token = self._record.name, self._record.token
        response = self.session.write(requests.save_new(name, texts.lf_text(token)))
        self._observe(
            "name-taken",
            "created" if response.ok else f"{response.status}, {response.form}",
            response,
        )
        if response.ok:
            raise BadResponse("a create with a name that is in use was not refused")
        self.session.write(requests.save_next(pine_id, name, texts.lf_text(token)))
        response = self.session.write(requests.save_next(pine_id, None, texts.crlf_text(token)))
        accepted = response.ok
        read = self._newest(pine_id)
        self.newest = major(read.get("version"))
        numbers = {1: "no version", 2: "one version"}
        self._observe("identical-save", numbers.get(self.newest - accepted, "other number"), read)
        kept = unescape_name(str(read.get("scriptName"))) == name
        self._observe("save-without-name", saved_name(accepted, kept), response)
        if accepted:
            self._observe_all(texts.facts_of_crlf_text(source(read)), read)
        self._compiled(pine_id)
        response = self.session.write(requests.save_next(pine_id, name, texts.broken_text(token)))
        self._observe("broken-answer", broken_answer(response), response)
        self._observe("findings-of-save", findings(response.get("reason2")), response)
        read = self._newest(pine_id)
        after = major(read.get("version"))
        stored = {self.newest + 1: "stored", self.newest: "not stored"}
        self._observe("broken-save", stored.get(after, ""), read)
        self.newest = after or self.newest

    def _compiled(self, pine_id: PineId) -> None:
        response = self.session.read(requests.translate(pine_id))
        compiled = major(response.get("result", "metaInfo", "pine", "version"))
        words = {self.newest: "newest", self.newest - 1: "before"}
        self._observe(
            "compiled-last", words.get(compiled, "") if response.ok else "refused", response
        )

    def _versions(self, pine_id: PineId) -> None:
        """Read the first version by its number, and the list of versions with a label."""
        labelled = self.session.write(requests.label(pine_id, Version(1), _LABEL))
        response = self.session.read(requests.get_script(pine_id, Version(1)))
        text = source(response).split()
        same = (
            major(response.get("version")) == 1
            and text == texts.lf_text(self._record.token).split()
        )
        if not response.ok:
            self._newest(pine_id)  # a session that has just ended refuses every version
        self._observe("read-by-number", "refused" if not response.ok else matches(same), response)
        response = self.session.read(requests.versions(pine_id))
        rows = response.value if isinstance(response.value, list) else []
        numbers = {major(row.get("version")) for row in rows if isinstance(row, dict)} - {0}
        complete = numbers == set(range(1, self.newest + 1))
        value = "every version" if complete else "some versions" if numbers else ""
        self._observe("list-of-versions", "refused" if not response.ok else value, response)
        is_listed = any(_LABEL in row.values() for row in rows if isinstance(row, dict))
        effect = "in the list of versions" if is_listed else "not seen"
        self._observe("label", effect if labelled.ok else "refused", labelled)

    def _invalid_cookie(self, pine_id: PineId) -> None:
        response = self.session.read(requests.list_scripts(), "invalid", pages=True)
        value = "empty list" if response.value == [] else ""
        if response.status in (401, 403):
            value = "refused"
        self._observe("invalid-cookie-list", value, response)
        text = texts.lf_text(self._record.token)
        response = self.session.write(
            requests.save_next(pine_id, self._record.name, text), "invalid", pages=True
        )
        self._observe("invalid-cookie-save", f"{response.status}, {response.form}", response)

    def _rename(self, pine_id: PineId) -> None:
        before, after = self._record.names
        response = self.session.write(requests.rename_script(pine_id, after))
        forms = {"JSON": "JSON text" if isinstance(response.value, str) else "object"}
        self._observe(
            "rename-answer",
            forms.get(response.form, response.form) if response.ok else "",
            response,
        )
        listed = {info.pine_id: info for info in self.session.listed()}
        info = listed.get(pine_id)
        name = unescape_name(info.name) if info else ""
        self._observe("rename", {after: "renamed", before: "not renamed"}.get(name, ""), response)
        if info:
            same = info.version.major == self.newest
            self._observe("version-in-list", "newest" if same else "another", response)
        if info and name == after:
            self._observe("names-in-list", "raw" if info.name == after else "escaped", response)

    def _compilers(self) -> None:
        """Send requests that store nothing: an unknown id, the compilers and the converter."""
        read, token = self.session.read, self._record.token
        nobody = PineId(f"USER;{os.urandom(16).hex()}")
        response = read(requests.get_script(nobody, None), pages=True)
        self._observe("unknown-id", str(response.status), response)
        response = read(requests.full_check(texts.lf_text(token)), "none")
        self._observe("compile-without-cookie", "compiled" if response.ok else "refused", response)
        self._observe("inputs", inputs(response), response)
        response = read(requests.full_check(texts.V4_TEXT), "none")
        self._observe("compile-v4", "compiled" if response.ok else "refused", response)
        response = read(requests.check(texts.V4_TEXT), "none")
        self._observe("check-v4", "checked" if response.ok else "refused", response)
        response = read(requests.check(texts.broken_text(token)), "none")
        self._observe("findings-of-check", findings(response.get("result")), response)
        response = read(requests.convert(texts.V5_TEXT, 6))
        self._observe("convert", converted(response), response)

    def _delete(self, pine_id: PineId) -> None:
        """Delete the script, try to save to it again, and list the scripts."""
        response = self.session.write(requests.delete(pine_id))
        words = {'"ok"': '"ok"', "ok": "ok"}
        body = response.answer.body.strip().decode("utf-8", "replace")
        self._observe("delete-answer", words.get(body, "") if response.ok else "", response)
        record, done = self._record, body in words
        second_save = self.session.write(
            requests.save_next(pine_id, record.name, texts.lf_text(record.token))
        )
        listed = self.session.listed()
        left = record.ours(listed)
        self.left = bool(left)
        self._observe(
            "deleted", "still listed" if left and not second_save.ok else "gone", response
        )
        self._observe("deleted-id", "created" if second_save.ok else "refused", second_save)
        if not left and not done and not any(info.pine_id in record.known for info in listed):
            raise BadResponse("the deletion cannot be proven")
        if not left:
            self.session.records.drop(record)
