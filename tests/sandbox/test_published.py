"""Public scripts: the sandbox's built-ins and library, and compiled scripts."""

from typing import Any
from urllib.parse import quote

import pytest

from pinesync.model import Verdict
from pinesync.sandbox.compiler.compile import compile_source
from pinesync.sandbox.published import FILTERS, scripts

NOT_READER = {"code": 401, "message": "User is not allowed to see source code of pine"}
LIBRARY = next(script for script in scripts() if script.library)
OPEN = [pytest.param(script, id=script.name) for script in scripts()]
MORE = "//@version=6\nindicator('More')\nn = input.int(3)\nplot(close)\nplot(open, 'O')\n"


@pytest.fixture(params=["", "/"], ids=["bare", "slash"])
def slash(request: pytest.FixtureRequest, facade: Any) -> str:
    facade.slash = request.param
    return str(request.param)


@pytest.mark.parametrize("text", [text for script in scripts() for text in script.versions])
def test_published_scripts_compile(text: str) -> None:
    assert compile_source(text) == Verdict()


@pytest.mark.parametrize("shown", FILTERS)
@pytest.mark.parametrize("cookie", [None, ""])
def test_built_ins_are_listed_without_a_session(
    facade: Any, slash: str, shown: str, cookie: str | None
) -> None:
    facade.make()
    rows = facade.json("GET", f"/list?filter={shown}", cookie=cookie)
    assert rows
    for row in rows:
        assert row["scriptIdPart"].startswith("STD;")
        assert row["isTVScriptBuiltIn"] is True
        assert row["scriptName"]
        assert row["extra"]["shortDescription"]
        assert row["extra"]["kind"] == "study"


def test_published_scripts_are_listed_only_with_a_session(facade: Any, slash: str) -> None:
    (row,) = facade.json("GET", "/list?filter=published")
    assert (row["scriptIdPart"], row["version"]) == (LIBRARY.pine_id, "2.0")
    assert (row["isTVScriptBuiltIn"], row["extra"]["kind"]) == (False, "library")
    assert facade.json("GET", "/list?filter=published", cookie="") == []


@pytest.mark.parametrize("script", OPEN)
def test_published_scripts_are_readable_without_a_session(
    facade: Any, slash: str, script: Any
) -> None:
    where, last = quote(script.pine_id, safe=""), len(script.versions)
    body = facade.json("GET", f"/get/{where}/last", cookie="")
    assert (body["source"], body["version"]) == (script.versions[-1], f"{last}.0")
    first = facade.json("GET", f"/get/{where}/1", cookie="")
    assert (first["source"], first["lastVersionMaj"]) == (script.versions[0], f"{last}.0")
    (row,) = facade.json("GET", f"/versions/{where}/last", cookie="")
    assert row["version"] == f"{last}.0"
    rows = facade.json("GET", f"/versions/{where}/all", cookie="")
    assert [row["version"] for row in rows] == [f"{n}.0" for n in range(1, last + 1)]
    assert facade.ask("GET", f"/is_auth_to_get/{where}/last", cookie="").content == b"true"
    assert facade.ask("GET", f"/is_auth_to_get/{where}/9.0", cookie="").content == b"false"
    assert facade.ask("GET", f"/get/{where}/9.0", cookie="").status_code == 401
    meta = facade.json("GET", f"/translate/{where}/last", cookie="")["result"]["metaInfo"]
    assert (meta["scriptIdPart"], meta["pine"]["version"]) == (script.pine_id, f"{last}.0")


def test_published_scripts_cannot_be_written(facade: Any, good: str) -> None:
    where = quote(LIBRARY.pine_id, safe="")
    for path in (f"/save/next/{where}", f"/delete/{where}", f"/rename/{where}?name=x"):
        source = good if "save" in path else None
        assert facade.ask("POST", path, source).status_code == 401
    assert facade.json("GET", f"/get/{where}/last")["source"] == LIBRARY.versions[-1]


@pytest.mark.parametrize(
    ("query", "versions"),
    [
        ("lib_id_prefix=sandbox/MathToolkit&ignore_case=true", ["2.0", "1.0"]),
        ("lib_id_prefix=SANDBOX/mathtool&ignore_case=true", ["2.0", "1.0"]),
        ("lib_id_prefix=SANDBOX/mathtool", []),
        ("lib_id_prefix=sandbox/MathToolkit/1", ["1.0"]),
        ("lib_id_prefix=nobody/x&ignore_case=true", []),
    ],
)
def test_libraries_are_listed_by_name_and_version(
    facade: Any, slash: str, query: str, versions: list[str]
) -> None:
    rows = facade.json("GET", f"/lib_list?{query}", cookie="")
    assert [row["version"] for row in rows] == versions
    for row in rows:
        assert row == {
            "libId": f"sandbox/MathToolkit/{row['version'].removesuffix('.0')}",
            "scriptIdPart": LIBRARY.pine_id,
            "version": row["version"],
            "scriptAccess": "open_no_auth",
        }


def test_a_library_list_without_a_name_is_400(facade: Any) -> None:
    assert facade.ask("GET", "/lib_list").status_code == 400


def test_the_compiled_form_of_a_saved_script_is_returned(
    facade: Any, slash: str, good: str, broken: str
) -> None:
    pine_id = facade.make("One", good)
    facade.store.save_next(facade.user, pine_id, MORE)
    where = quote(pine_id, safe="")
    body = facade.json("GET", f"/translate/{where}/last")
    assert body["success"] is True
    assert sorted(body["result"]) == ["IL", "ilTemplate", "metaInfo"]
    meta = body["result"]["metaInfo"]
    assert (meta["scriptIdPart"], meta["description"]) == (pine_id, "More")
    assert meta["pine"]["version"] == "2.0"
    assert [item["id"] for item in meta["inputs"]] == ["in_0"]
    assert [plot["id"] for plot in meta["plots"]] == ["plot_0", "plot_1"]
    first = facade.json("GET", f"/translate/{where}/1.0")["result"]["metaInfo"]
    assert (first["pine"]["version"], first["inputs"]) == ("1.0", [])
    facade.switch("translate_last=before")
    late = facade.json("GET", f"/translate/{where}/last")["result"]["metaInfo"]
    assert late["pine"]["version"] == "1.0"
    facade.store.save_next(facade.user, pine_id, broken)
    assert facade.json("GET", f"/translate/{where}/3.0")["success"] is False


def test_the_compiled_form_needs_read_access(facade: Any, slash: str) -> None:
    where = quote(facade.make(), safe="")
    answer = facade.ask("GET", f"/translate/{where}/last", cookie="")
    assert (answer.status_code, answer.json()) == (401, NOT_READER)
    hidden = facade.json("GET", f"/translate/{where}/last?no_4xx=true", cookie="")
    assert hidden == {"success": False, "reason": NOT_READER["message"]}
    assert facade.ask("GET", f"/translate/{where}/nonsense").status_code == 400
