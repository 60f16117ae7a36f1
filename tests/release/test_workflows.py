"""The project's own workflows and forms: their schemas, their rights, and what they run."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cli.schemas import validator

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
PINNED = [*WORKFLOWS, *sorted((ROOT / "templates").rglob("*.yml"))]
FORMS = [one for one in (ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml") if one.stem != "config"]
OWNERS = ("actions", "pypa")
every_workflow = pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.stem)


def read(file: Path) -> Any:
    held = yaml.safe_load(file.read_text("utf-8"))
    return {{True: "on"}.get(key, key): value for key, value in held.items()}


def steps(file: Path) -> list[Any]:
    return [step for job in read(file)["jobs"].values() for step in job["steps"]]


@every_workflow
def test_a_workflow_matches_its_schema(file: Path) -> None:
    validator("https://json.schemastore.org/github-workflow.json").validate(read(file))


@every_workflow
def test_a_workflow_has_minimal_permissions(file: Path) -> None:
    assert read(file)["permissions"] == {}
    for name, job in read(file)["jobs"].items():
        rights = {right for right, may in job["permissions"].items() if may == "write"}
        assert rights <= {"id-token", "pages", "contents"}, name
        assert not rights or job.get("environment"), f"{name} may write, whoever starts it"
    for step in steps(file):
        if "checkout@" in step.get("uses", ""):
            assert step["with"]["persist-credentials"] is False


@pytest.mark.parametrize("file", PINNED, ids=lambda file: file.stem)
def test_every_action_is_pinned_by_its_hash(file: Path) -> None:
    found = re.findall(r"^ *(?:- )?uses: (?!\./)(.+)$", file.read_text("utf-8"), re.MULTILINE)
    pinned = rf"(?:{'|'.join(OWNERS)})/[\w-]+@[0-9a-f]{{40}} # v\d+\.\d+\.\d+"
    assert not [item for item in found if not re.fullmatch(pinned, item)]


def test_an_action_has_one_pinned_version() -> None:
    text = "".join(file.read_text("utf-8") for file in PINNED)
    found = re.findall(r"uses: ([\w/-]+)@(\w+ # .+)", text)
    assert len(set(found)) == len(dict(found))


def test_the_classifiers_list_what_is_tested() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    matrix = read(ROOT / ".github/workflows/ci.yml")["jobs"]["make"]["strategy"]["matrix"]
    named = {
        one.rpartition(" ")[2] for one in project["classifiers"] if re.search(r" 3\.\d+$", one)
    }
    assert named == {*matrix["python"]}
    assert project["requires-python"] == f">={matrix['python'][0]}"
    kinds = {"ubuntu": "POSIX :: Linux", "macos": "MacOS", "windows": "Microsoft :: Windows"}
    systems = {f"Operating System :: {kinds[one.partition('-')[0]]}" for one in matrix["os"]}
    assert systems == {one for one in project["classifiers"] if one.startswith("Operating System")}


@every_workflow
def test_every_command_of_a_workflow_has_a_target(file: Path) -> None:
    """A step is a target of the Makefile, so that it runs on any machine, or hands over to a
    service."""
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    runs = [step["run"] for step in steps(file) if step.get("run", "").startswith("make ")]
    assert runs
    if "matrix.make" in runs[0]:
        matrix = read(file)["jobs"]["make"]["strategy"]["matrix"]
        runs = [*matrix["make"], *(one["make"] for one in matrix["include"])]
    words = {word for run in runs for word in run.split() if re.fullmatch(r"[a-z][a-z-]*", word)}
    assert words - {"make"} <= set(targets)


@pytest.mark.parametrize("file", FORMS, ids=lambda file: file.stem)
def test_a_form_asks_for_facts_and_for_no_cookie(file: Path) -> None:
    form = read(file)
    validator("https://json.schemastore.org/github-issue-forms.json").validate(form)
    labels = " ".join(one["attributes"].get("label", "") for one in form["body"])
    assert "`pinesync doctor`" in labels
    assert file.stem == "feature" or "probe" in labels
    assert "cookie" in file.read_text("utf-8")
