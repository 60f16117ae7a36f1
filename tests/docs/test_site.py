"""The site and the manual page, built as `make docs` builds them: no warnings, and every
internal link works."""

import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from pinesync import __version__
from pinesync.cli.group import VERBS
from tests.docs.pages import ROOT


def built(builder: str, folder: Path) -> Path:
    strict = ["-q", "-n", "-W", "--keep-going", "-b", builder]
    result = subprocess.run(
        [sys.executable, "-m", "sphinx", *strict, "-d", str(folder / "trees"), "docs", str(folder)],
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return folder


class Page(HTMLParser):
    """The links of a page, and the places in it that a link can name."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: set[str] = set()
        self.ids: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name == "id" and value:
                self.ids.add(value)
            if (tag, name) in (("a", "href"), ("link", "href"), ("script", "src"), ("img", "src")):
                self.links.add(value or "")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built("html", tmp_path_factory.mktemp("site"))


def test_every_internal_link_of_the_site_works(site: Path) -> None:
    pages = {path: Page(path.read_text("utf-8")) for path in site.rglob("*.html")}
    assert len(pages) > 25
    broken = []
    for path, page in pages.items():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                assert parts.scheme in ("https", "mailto"), link
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            target = target / "index.html" if target.is_dir() else target
            named = pages[target].ids if target in pages else set()
            if not target.exists() or (parts.fragment and unquote(parts.fragment) not in named):
                broken.append(f"{path.relative_to(site)}: {link}")
    assert not broken


def test_every_page_is_linked_and_nothing_is_fetched(site: Path) -> None:
    pages = {p.relative_to(ROOT / "docs").with_suffix(".html") for p in ROOT.glob("docs/**/*.md")}
    made = {path.relative_to(site) for path in site.rglob("*.html")}
    assert {path for path in pages if "_build" not in path.parts} <= made
    front = Page((site / "index.html").read_text("utf-8"))
    menu = {urlsplit(link).path for link in front.links}
    for page in pages - {Path("index.html"), Path("reference/man.html")}:
        if "_build" not in page.parts and page.parent.name != "decisions":
            assert page.as_posix() in menu, f"{page} is in no menu"
    loaded = re.findall(r"<(?:script|img|link)[^>]*(?:src|href)=\"(https?:[^\"]+)", _all(site))
    assert not loaded


def _all(site: Path) -> str:
    return "".join(path.read_text("utf-8") for path in site.rglob("*.html"))


def test_the_manual_page_is_complete_and_up_to_date(tmp_path: Path) -> None:
    made = (built("man", tmp_path) / "pinesync.1").read_text("utf-8")
    shipped = (ROOT / "docs" / "pinesync.1").read_text("utf-8")
    assert _words(made) == _words(shipped), "`make docs` writes it anew"
    assert __version__ in shipped.split("\n.SH", 1)[0]
    for verb in VERBS:
        assert f"pinesync {verb}" in shipped.replace("\\-", "-")


def _words(page: str) -> list[str]:
    """The text of a man page, without the macros of the sphinx that made it."""
    text = [line for line in page.splitlines() if not line.startswith((".", "'", "\\"))]
    return re.sub(r"\\f.|\\", "", " ".join(text)).split()
