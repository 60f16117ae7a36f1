"""The extension as it is packaged: whole, of one version, without a library, and handed over."""

import json
import re
import sys
import zipfile
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from pinesync import __version__
from pinesync.sync.words import Role
from tests.docs.pages import ROOT
from tests.world import World

SOURCE = ROOT / "pinesync" / "vscode"
MANIFEST: dict[str, Any] = json.loads((SOURCE / "package.json").read_text("utf-8"))
CODE = {path.name: path.read_text("utf-8") for path in SOURCE.glob("src/*.js")}
CONTRIBUTED = {command["command"] for command in MANIFEST["contributes"]["commands"]}


def test_the_package_is_an_extension(world: World) -> None:
    assert world("vscode", "package", "x.vsix").code == 0
    with zipfile.ZipFile(world.place / "x.vsix") as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        manifest = json.loads(archive.read("extension/package.json"))
        listed = ElementTree.fromstring(archive.read("extension.vsixmanifest"))
        types = ElementTree.fromstring(archive.read(names[0]))
    assert names[:2] == ["[Content_Types].xml", "extension.vsixmanifest"]
    assert manifest == MANIFEST | {"version": __version__}
    (identity,) = listed.iterfind(".//{*}Identity")
    assert (identity.get("Id"), identity.get("Version")) == ("pinesync", __version__)
    assert {asset.get("Path") for asset in listed.iterfind(".//{*}Asset")} <= set(names)
    endings = {default.get("Extension") for default in types.iterfind("{*}Default")}
    assert {Path(name).suffix for name in names[1:]} <= endings
    sources = {path.relative_to(SOURCE).as_posix() for path in SOURCE.rglob("*") if path.is_file()}
    assert {f"extension/{name}" for name in sources} == set(names[2:])


def test_a_package_replaces_only_a_package(world: World) -> None:
    first = world("vscode", "package", "x.vsix", "--json").json
    text = Path(first["file"]).read_bytes()
    assert world("vscode", "package", "x.vsix").code == 0
    assert Path(first["file"]).read_bytes() == text
    mine = world.place / "mine.vsix"
    mine.write_bytes(b"PK mine")
    assert "did not build" in world("vscode", "package", "mine.vsix", code=2).err
    assert mine.read_bytes() == b"PK mine"
    for name in ("x.zip", "nowhere/x.vsix"):
        assert world("vscode", "package", name).code == 2


@pytest.mark.skipif(sys.platform == "win32", reason="the editors are shell scripts")
def test_the_extension_is_installed_into_every_editor_on_path(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs = world.place / "bin"
    programs.mkdir()
    monkeypatch.setenv("PATH", str(programs))
    assert "no editor is on PATH" in world("vscode", "install", code=2).err
    for name, code in (("codium", 0), ("code-server", 0), ("mine", 0), ("cursor", 1)):
        editor = programs / name
        command = "echo no room" if code else f'/bin/cp "$2" {programs}/{name}.vsix'
        editor.write_text(f'#!/bin/sh\n[ "$1 $3" = "--install-extension --force" ] && {command}\n')
        editor.write_text(f"{editor.read_text()}exit {code}\n")
        editor.chmod(0o755)
    result = world("vscode", "install", "--json", code=1).json
    found = {Path(editor["command"]).name: editor["message"] for editor in result["editors"]}
    assert found == {"codium": "", "code-server": "", "cursor": "no room"}
    assert zipfile.is_zipfile(programs / "codium.vsix")
    assert world("vscode", "install", "--code", str(programs / "mine")).out.endswith("/mine\n")
    assert zipfile.is_zipfile(programs / "mine.vsix")


def test_the_extension_has_no_dependencies() -> None:
    assert not {"dependencies", "devDependencies", "scripts"} & MANIFEST.keys()
    needed = {name for code in CODE.values() for name in re.findall(r"require\('([^']+)'\)", code)}
    foreign = {name for name in needed if not name.startswith(("./", "node:"))}
    assert foreign == {"vscode"}
    sends = re.compile(r"\b(fetch|eval|XMLHttpRequest)\b *\(|node:(net|dgram|https?|tls)\b")
    assert not [name for name, code in CODE.items() if sends.search(code)]


def test_every_command_is_contributed_only_for_a_workspace() -> None:
    named = re.findall(r"^ {4,6}(\w+): \(", CODE["extension.js"] + CODE["actions.js"], re.M)
    assert {f"pinesync.{name}" for name in named} == CONTRIBUTED
    menus = MANIFEST["contributes"]["menus"]
    assert {item["command"] for menu in menus.values() for item in menu} <= CONTRIBUTED
    palette = {item["command"]: item["when"] for item in menus["commandPalette"]}
    assert palette.keys() == CONTRIBUTED
    assert all(when == "false" or "isWorkspaceTrusted" in when for when in palette.values())


def test_a_workspace_cannot_name_the_command() -> None:
    trust = MANIFEST["capabilities"]["untrustedWorkspaces"]
    settings = MANIFEST["contributes"]["configuration"]["properties"]
    assert settings["pinesync.path"]["scope"] == "machine"
    assert trust["supported"] == "limited"
    assert "pinesync.path" in trust["restrictedConfigurations"]


def test_every_role_has_a_colour() -> None:
    colours = {colour["id"] for colour in MANIFEST["contributes"]["colors"]}
    assert colours == {f"pinesync.{role.name.lower()}" for role in Role}


@pytest.mark.parametrize("name", CODE)
def test_no_module_is_too_long(name: str) -> None:
    assert CODE[name].count("\n") <= 300
    assert CODE[name].startswith("'use strict';\n/**")
