"""The VS Code extension as one .vsix file: a zip of `pinesync/vscode` and two manifests."""

from __future__ import annotations

import io
import json
import os
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import pinesync
from pinesync.app.project import Setup
from pinesync.errors import Misuse
from pinesync.workspace.files import Tree, put_page

SUFFIX = ".vsix"
_SOURCE = Path(pinesync.__file__).parent / "vscode"
_TYPES = {
    "js": "application/javascript",
    "json": "application/json",
    "md": "text/markdown",
    "png": "image/png",
    "svg": "image/svg+xml",
    "vsixmanifest": "text/xml",
}
_CONTENT_TYPES = "\n".join(
    (
        '<?xml version="1.0" encoding="utf-8"?>',
        '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">',
        *(f'<Default Extension=".{e}" ContentType="{t}"/>' for e, t in sorted(_TYPES.items())),
        "<!-- Built by pinesync: the next package may replace this file. -->",
        "</Types>",
    )
)
_FIRST = "[Content_Types].xml"
_OLDEST = (1980, 1, 1, 0, 0, 0)
"""The date of every entry: the same sources make the same file."""


@dataclass(frozen=True, slots=True)
class Package:
    """The file that was written, and the version of the extension in it."""

    file: Path
    version: str
    exit_code: int = 0


def build_package() -> bytes:
    """The .vsix file. The extension has the version of pinesync."""
    manifest = json.loads((_SOURCE / "package.json").read_text("utf-8"))
    manifest["version"] = pinesync.__version__
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        # Stored, and first: the beginning of every package is the same.
        archive.writestr(_entry(_FIRST), _CONTENT_TYPES, zipfile.ZIP_STORED)
        archive.writestr(_entry("extension.vsixmanifest"), _package_manifest(manifest))
        archive.writestr(_entry("extension/package.json"), json.dumps(manifest, indent=2) + "\n")
        for path in sorted(_SOURCE.rglob("*")):
            name = path.relative_to(_SOURCE).as_posix()
            if path.suffix.lstrip(".") in _TYPES and name != "package.json":
                archive.writestr(_entry(f"extension/{name}"), path.read_bytes())
    return buffer.getvalue()


def write_package(setup: Setup, raw: str) -> Package:
    """Write the package to FILE.vsix. Replaces an earlier package only."""
    path = setup.cwd / raw
    folder = Path(os.path.realpath(path.parent))
    if path.suffix != SUFFIX:
        raise Misuse(f"{raw}: not the name of an extension", f"name a file that ends with {SUFFIX}")
    if not folder.is_dir():
        raise Misuse(f"{raw}: there is no such folder")
    if not put_page(Tree(folder), path.name, data := build_package(), data[: _mark_length()]):
        raise Misuse(f"{raw}: another file is there, which pinesync did not build")
    return Package(folder / path.name, pinesync.__version__)


def _mark_length() -> int:
    """How many bytes every package has in common: its first entry, after a header of 30 bytes."""
    return 30 + len(_FIRST) + len(_CONTENT_TYPES)


def _entry(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, _OLDEST)
    info.compress_type = zipfile.ZIP_DEFLATED
    info.external_attr = 0o644 << 16
    info.create_system = 3
    return info


def _package_manifest(manifest: dict[str, Any]) -> str:
    identity = " ".join(
        f"{key}={quoteattr(manifest[value])}"
        for key, value in (("Id", "name"), ("Version", "version"), ("Publisher", "publisher"))
    )
    engine = quoteattr(manifest["engines"]["vscode"])
    return f"""\
<?xml version="1.0" encoding="utf-8"?>
<PackageManifest Version="2.0.0"
    xmlns="http://schemas.microsoft.com/developer/vsx-schema/2011">
  <Metadata>
    <Identity Language="en-US" {identity}/>
    <DisplayName>{escape(manifest["displayName"])}</DisplayName>
    <Description xml:space="preserve">{escape(manifest["description"])}</Description>
    <Tags>{escape(",".join(manifest["keywords"]))}</Tags>
    <Categories>{escape(",".join(manifest["categories"]))}</Categories>
    <Properties>
      <Property Id="Microsoft.VisualStudio.Code.Engine" Value={engine}/>
      <Property Id="Microsoft.VisualStudio.Code.ExtensionDependencies" Value=""/>
      <Property Id="Microsoft.VisualStudio.Code.ExtensionPack" Value=""/>
      <Property Id="Microsoft.VisualStudio.Code.ExtensionKind" Value="workspace"/>
    </Properties>
    <Icon>extension/{escape(manifest["icon"])}</Icon>
  </Metadata>
  <Installation>
    <InstallationTarget Id="Microsoft.VisualStudio.Code"/>
  </Installation>
  <Dependencies/>
  <Assets>
    <Asset Type="Microsoft.VisualStudio.Code.Manifest" Path="extension/package.json"
        Addressable="true"/>
    <Asset Type="Microsoft.VisualStudio.Services.Content.Details" Path="extension/README.md"
        Addressable="true"/>
    <Asset Type="Microsoft.VisualStudio.Services.Icons.Default"
        Path="extension/{escape(manifest["icon"])}" Addressable="true"/>
  </Assets>
</PackageManifest>
"""
