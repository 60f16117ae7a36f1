"""The site and the manual page, for sphinx: `make docs`. Nothing is fetched."""

from __future__ import annotations

import posixpath
import shutil
import sys
from pathlib import Path
from typing import Any

from sphinx.addnodes import pending_xref

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from pinesync import __version__  # noqa: E402

project = "pinesync"
author = "the pinesync authors"
copyright = author  # noqa: A001 - sphinx's name for it
version = release = __version__
language = "en"

extensions = ["myst_parser"]
exclude_patterns = ["_build"]
nitpicky = True
smartquotes = False  # an option is copied as it is typed: --sandbox

myst_heading_anchors = 3
myst_links_external_new_tab = False

html_theme = "furo"
html_title = f"pinesync {release}"
html_copy_source = False
html_show_sphinx = False
html_static_path = ["site.css"]
html_css_files = ["site.css"]

man_pages = [("reference/man", "pinesync", "scripts in step with TradingView", author, 1)]
man_show_urls = True
today = f"pinesync {release}"

# Pages of the repository's root, and where the site has them.
_ROOT_PAGES = {
    "README": "index",
    "SECURITY": "about/security",
    "CONTRIBUTING": "about/contributing",
    "CHANGELOG": "about/changelog",
}


def setup(app: Any) -> None:
    app.connect("doctree-read", _to_the_site)
    app.connect("build-finished", _copy_pictures)


def _copy_pictures(app: Any, _error: Exception | None) -> None:
    """The README names its pictures from the root of the repository, in HTML that sphinx leaves
    as it is."""
    if app.builder.format == "html":
        place = Path(app.outdir, "docs")
        place.mkdir(exist_ok=True)
        for picture in ROOT.glob("docs/demo-*.svg"):
            shutil.copy(picture, place)


def _to_the_site(_app: Any, page: Any) -> None:
    """A link that leaves docs/ for a page of the root goes to that page's place in the site."""
    for link in page.findall(pending_xref):
        home = _ROOT_PAGES.get(posixpath.basename(link["reftarget"]).removesuffix(".md"))
        if home and link.get("refdomain") in (None, "doc"):
            link.attributes.update(refdomain="doc", reftarget=home, reftargetid=None)
