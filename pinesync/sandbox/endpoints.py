"""The facade's endpoints: one function each, from a `Call` to a `Reply`.

`protocol.server_responses` defines the shapes. Where the service may respond in several ways, the
call's switches choose. A refusal is raised as `pinesync.errors.Refused` with its status, and the
app turns it into a response. Long because each path has its function here.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from pinesync.errors import NotAccessible, Refused
from pinesync.protocol import server_responses
from pinesync.sandbox import published
from pinesync.sandbox.call import Call, Reply, answer
from pinesync.sandbox.compiler.compile import describe, find, is_old
from pinesync.sandbox.compiler.diagnostic import Finding
from pinesync.sandbox.compiler.limits import all_findings
from pinesync.sandbox.compiler.metainfo import metainfo
from pinesync.sandbox.store import StoredVersion, User

MAX_SAVED = 5 * 1024 * 1024
"""The largest source that can be compiled, in bytes."""
MAX_NAME = 128
NO_USER = "header 'X-Userid' is not specified"


# -- reading --------------------------------------------------------------------------------------


def list_scripts(call: Call) -> Reply:
    """The account's scripts or the built-ins. Without a session, an empty list, not a refusal."""
    chosen = call.query.get("filter")
    if chosen is None:
        raise Refused(400, "Argument filter is not given")
    if chosen in published.FILTERS or (chosen == "published" and call.user):
        return answer([script.row() for script in published.scripts() if script.shown == chosen])
    if chosen not in ("saved", "published"):
        raise Refused(400, "Bad 'filter' value")
    if call.user is None:
        return answer([])
    escape = call.switches.list_names == "escaped"
    rows = call.store.list(call.user)
    return answer(
        [
            server_responses.list_item(row.info, inputs=row.inputs, escape_name=escape)
            for row in rows
        ]
    )


def get_script(call: Call) -> Reply:
    """One version with its source, for its owner only unless the script is public."""
    stored = call.stored()
    switches = call.switches
    body = server_responses.script(
        stored.saved_text,
        inputs=stored.inputs,
        id_part=switches.get_has_id,
        epoch_times=switches.epoch_times,
    )
    if not switches.get_has_title:
        del body["scriptTitle"]
    if switches.last_version_int:
        body["lastVersionMaj"] = stored.last_version.major
    if switches.eol == "crlf":
        body["source"] = re.sub(r"\r\n|\r|\n", "\r\n", stored.source)
    return answer(body, call.pine_id)


def newest(call: Call) -> Reply:
    """The number and time of the newest version."""
    return answer([_row(replace(call, version="last").stored(), call)])


def history(call: Call) -> Reply:
    """Every version, newest last. A switch removes this path."""
    if not call.switches.history_available:
        raise Refused(404, "Not Found")
    if open_to_all := published.find(call.pine_id):
        numbers = range(1, len(open_to_all.versions) + 1)
        return answer([_row(open_to_all.stored(number), call) for number in numbers])
    history = call.store.history(call.pine_id, user=call.reader)
    return answer([_row(stored, call) for stored in history])


def _row(stored: StoredVersion, call: Call) -> dict[str, Any]:
    created = stored.created if call.switches.epoch_times else server_responses.iso(stored.created)
    return {"version": str(stored.version), "created": created, "scriptName": stored.label}


def script_info(call: Call) -> Reply:
    """The session probe. Returns the session's user or, by switch, the script's owner. A script
    that no account here owns, such as a built-in, belongs to TradingView."""
    if call.user is None:
        raise Refused(401, NO_USER)
    pine_id = call.query.get("pine_id", "")
    if not pine_id:
        raise Refused(400, "pine_id is not specified")
    who: User | None = call.user
    if call.switches.script_info_of == "owner":
        mine = pine_id.startswith("USER;")
        who = call.store.user_by_id(call.store.get(pine_id).owner) if mine else None
    if who is None:
        return answer({"userId": 1, "userName": "TradingView", "chartImageUrl": ""}, pine_id)
    return answer(
        {"userId": who.id, "userName": who.name, "chartImageUrl": who.chart_image_url}, pine_id
    )


def may_read(call: Call) -> Reply:
    """Whether the session may read the version. Never refuses."""
    call.asked_version()
    try:
        call.stored()
    except NotAccessible:
        return answer(False)
    return answer(True)


def list_alerts(call: Call) -> Reply:
    """The alerts of the session's user, as another service has them."""
    if call.user is None:
        raise Refused(401, NO_USER)
    return answer({"s": "ok", "r": call.store.alerts(call.user)})


def lib_list(call: Call) -> Reply:
    """The published libraries that match an import."""
    prefix = call.query.get("lib_id_prefix")
    if not prefix:
        raise Refused(400, "Argument lib_id_prefix is not given")
    ignore_case = call.query.get("ignore_case") == "true"
    return answer(published.libraries(prefix, ignore_case=ignore_case))


# -- compiling ------------------------------------------------------------------------------------


def check(call: Call) -> Reply:
    """translate_light: compile for anybody, store nothing."""
    if call.switches.old_pine != "checked" and is_old(call.source):
        return answer(server_responses.too_old())
    findings = find(call.source)
    bare = call.switches.bare_errors == "all"
    return answer(
        server_responses.checked(
            _findings(findings, "error", bare=bare),
            _findings(findings, "warning", bare=bare),
            v3=call.query.get("v") == "3",
        )
    )


def full_compile(call: Call) -> Reply:
    """translate_source: compile for anybody, check the limits as well, store nothing."""
    if not re.fullmatch(r"last|v[0-9]{1,2}", call.version):
        raise Refused(400, "wrong version")
    if call.switches.old_pine == "refused" and is_old(call.source):
        return answer(server_responses.too_old())
    findings = all_findings(call.source)
    if any(finding.severity == "error" for finding in findings):
        return answer(_broken(call, findings, None))
    title = describe(call.source).title
    meta = metainfo(call.source, hidden=call.switches.hidden_inputs)
    return answer(server_responses.stored(server_responses.compiled("", title, "1.0", meta)))


def translate(call: Call) -> Reply:
    """A saved script's compiled form, or why it does not compile. By switch, the newest version is
    not available yet."""
    stored = call.stored()
    late = call.switches.translate_last == "before" and call.version == "last"
    if late and stored.version.major > 1:
        stored = replace(call, version=str(stored.version.major - 1)).stored()
    problems = all_findings(stored.source)
    if any(finding.severity == "error" for finding in problems):
        return answer(_broken(call, problems, None), call.pine_id)
    return answer(server_responses.stored(_compiled(call, stored)), call.pine_id)


def _compiled(call: Call, stored: StoredVersion) -> dict[str, Any]:
    id_part = call.switches.id_in == "scriptIdPart"
    meta = metainfo(stored.source, hidden=call.switches.hidden_inputs)
    version = str(stored.version)
    return server_responses.compiled(stored.pine_id, stored.title, version, meta, id_part=id_part)


def parse_title(call: Call) -> Reply:
    """The title in the source's declaration."""
    title = describe(call.source).title
    if not title:
        return answer({"success": False, "reason": "Cannot find the title of the script"})
    return answer({"success": True, "result": title})


def convert(call: Call) -> Reply:
    """Change only the version annotation: what the real converter does is unknown."""
    target = call.form.get("version_to", "")
    errors = [finding.message for finding in find(call.source) if finding.severity == "error"]
    if not re.fullmatch(r"[1-9][0-9]?", target) or errors:
        return answer({"error": errors[0] if errors else "wrong version_to"})
    source = re.sub(r"(//\s*@version\s*=\s*)\d+", rf"\g<1>{target}", call.source, count=1)
    return answer({"success": True, "result": {"source": source}})


def _findings(findings: list[Finding], severity: str, *, bare: bool) -> list[dict[str, Any]]:
    return [
        server_responses.finding(
            finding.code,
            finding.template,
            finding.ctx,
            finding.span,
            bare=bare,
        )
        for finding in findings
        if finding.severity == severity
    ]


def _broken(call: Call, findings: list[Finding], result: dict[str, Any] | None) -> dict[str, Any]:
    bare = call.switches.bare_errors != "none"
    return server_responses.not_compiled(
        _findings(findings, "error", bare=bare), _findings(findings, "warning", bare=bare), result
    )


# -- writing --------------------------------------------------------------------------------------


def save_new(call: Call) -> Reply:
    """Create a script. With `allow_overwrite=true` and a name in use, save over that script."""
    writer = call.writer
    name, source = _name(call, required=True), _source_to_save(call)
    overwrite = call.query.get("allow_overwrite") == "true"
    return _saved(call, call.store.save_new(writer, name, source, overwrite=overwrite))


def save_next(call: Call) -> Reply:
    """Save the next version. `allow_create_new=true` creates nothing here: what the service would
    create for a missing id is unknown."""
    writer = call.writer
    name = _name(call, required=False) or None
    source = _source_to_save(call)
    return _saved(call, call.store.save_next(writer, call.pine_id, source, name=name))


def rename(call: Call) -> Reply:
    """Rename the script, without a new version."""
    call.store.rename(call.writer, call.pine_id, _name(call, required=True))
    return answer("ok", call.pine_id)


def label(call: Call) -> Reply:
    """Label one version in the history."""
    version = call.asked_version() or call.store.get(call.pine_id, user=call.writer).version
    call.store.label(call.writer, call.pine_id, version, call.query.get("name", ""))
    return answer("ok", call.pine_id)


def delete(call: Call) -> Reply:
    """Delete the script with all its versions."""
    call.store.delete(call.writer, call.pine_id)
    body = b"ok" if call.switches.ok == "bare" else b'"ok"'
    return Reply(200, body, call.pine_id)


def _name(call: Call, *, required: bool) -> str:
    name = call.query.get("name")
    if name is None and not required:
        return ""
    if name is None or not name.strip() or len(name) > MAX_NAME:
        raise Refused(420, "wrong script name")
    return name


def _source_to_save(call: Call) -> str:
    """The source as the service would store it."""
    source = call.source
    if len(source.encode()) > MAX_SAVED:
        raise Refused(413, "script is too large")
    match call.switches.text:
        case "strip-trailing":
            return source.rstrip("\r\n") or source
        case "add-trailing":
            return source if source.endswith("\n") else source + "\n"
        case "tabs":
            return source.replace("\t", "    ")
        case _:
            return source


def _saved(call: Call, stored: StoredVersion) -> Reply:
    result = _compiled(call, stored)
    findings = all_findings(stored.source)
    if any(finding.severity == "error" for finding in findings):
        metainfo = result if call.switches.failed_save_has_result else None
        return answer(_broken(call, findings, metainfo), stored.pine_id)
    return answer(server_responses.stored(result), stored.pine_id)
