"""`status --html` writes a page that shows everything, runs none of it, and replaces only
itself."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
from base64 import b64encode
from html.parser import HTMLParser
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from pinesync.app.sync.text_diff import side_by_side
from pinesync.app.write_page import MARK
from pinesync.cli.options import COOKIES
from pinesync.errors import FileError
from pinesync.sync.policy import POLICY
from pinesync.sync.words import Role, Status
from pinesync.workspace.files import Tree, put_page
from pinesync.workspace.files.exchange import exchange_files
from tests.security.hostile import EVIL, raw
from tests.security.hostile import MARK as SEEN
from tests.watch.test_process import recording, was_started
from tests.world import World, both_ways
from tests.world.scripts import (
    BREAKOUT_PATH,
    FASTER,
    LONGER,
    SLOWER,
    TREND,
    TREND_PATH,
)

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
TAGS = frozenset(
    """
    html head meta title style body header main section footer h1 h2 p ul li bdi b span time
    details summary table caption colgroup col thead tbody tr th td code del ins mark small wbr
    svg g line circle rect text dl div dt dd
    """.split()
)
NAMES = ("href", "src", "srcset", "style", "action", "xlink:href", "background", "data")
BREAKING = (
    "</script><script>document.title='owned'</script>",
    '"><img src=x onerror="document.title=\'owned\'">',
    "</style></table><base href=//evil.invalid>",
    "<!-- ]]> &lt;b&gt; <svg onload=alert(1)>",
    "'--><iframe srcdoc='<b>'>",
)


class Page(HTMLParser):
    """The page as a browser parses it: elements in order, and all text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.style = self.text = ""
        self._within: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._within.append(tag)

    def handle_data(self, data: str) -> None:
        if self._within[-1:] == ["style"] and not self.style:
            self.style = data
        else:
            self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def pictured(world: World, *arguments: str) -> Page:
    ran = world("status", "--html", "page.html", *arguments, code=0)
    assert "the page is in page.html" in ran.err
    return Page(world.read("page.html"))


# -- what it shows --------------------------------------------------------------------------------


@both_ways
def test_the_page_has_every_status_and_difference(clone: World) -> None:
    clone.write(LONGER)
    clone.web_save("// theirs\n", "Breakout")
    clone.web_save("// fresh\n", "Fresh")
    page = pictured(clone)
    for word in ("modified", "behind", "remote-only", "clean"):
        assert word in page.text
    assert "3 scripts of 4 differ." in page.text
    assert "+1 −0" in page.text
    assert "1.0 → 2.0" in page.text
    assert "plot(close)" in page.text  # the line that was edited in
    assert "// theirs" in page.text  # what a pull would bring
    assert "length = input.int" not in page.text  # too far from what differs
    lanes = [found["aria-label"] for found in page.all("svg") if "aria-label" in found]
    assert any(lane and lane.startswith("2 versions: 1.0 2") for lane in lanes)


def test_a_divergence_shows_both_sides(clone: World) -> None:
    clone.write(FASTER)
    clone.web_save(SLOWER)
    page = pictured(clone)
    assert "2.0, on TradingView" in page.text
    assert "input.int(50" in page.text
    assert "input.int(5," in page.text


def test_an_offline_page_says_so(clone: World) -> None:
    clone.write(LONGER)
    clone.web_save(SLOWER)
    assert clone("status", "--offline", "--html", "page.html", code=0).requests == ()
    page = Page(clone.read("page.html"))
    assert "TradingView was not contacted" in page.text
    assert "modified" in page.text
    assert "plot(close)" in page.text


def test_the_page_explains_a_missing_base(clone: World) -> None:
    clone.write(LONGER)
    clone.forget()
    assert "the text to compare with is not stored here" in pictured(clone, "--offline").text
    assert "+1 −0" in pictured(clone).text


def test_one_sided_files_are_in_the_table(clone: World) -> None:
    clone.remove()
    clone.write(b"\xff\xfe", "odd.pine")
    clone.write("x = 1\n", "loose.pine")
    page = pictured(clone)
    for word in ("missing", "unreadable", "untracked"):
        assert word in page.text
    assert not page.all("del")


def test_a_new_text_spans_both_columns(clone: World) -> None:
    clone("new", "Idea")
    page = pictured(clone, "indicators/Idea.pine")
    assert [head["class"] for head in page.all("th") if head.get("colspan")] == ["to"]
    assert "none" not in [cell.get("class") for cell in page.all("td")]
    clone.write(LONGER)
    heads = [head for head in pictured(clone, TREND_PATH).all("th") if head.get("colspan")]
    assert [head["class"] for head in heads] == ["from", "to"]


def test_exit_codes_and_json_equal_those_of_status(clone: World) -> None:
    clone.write(LONGER)
    plain = clone("status", "--json", "--exit-code")
    ran = clone("status", "--json", "--exit-code", "--html", "page.html")
    assert ran.code == plain.code == 6
    assert ran.json == plain.json
    assert clone("status", "--json", "--html", "-").code == 2


def test_the_page_can_go_to_standard_output(clone: World) -> None:
    ran = clone("status", "--html", "-", TREND_PATH, code=0)
    page = Page(ran.out)
    assert "1 script, all clean." in page.text
    assert BREAKOUT_PATH.split("/")[1] not in page.text


def test_open_starts_the_browser(clone: World, tmp_path: Path) -> None:
    browser = recording(tmp_path, "browser")
    ran = clone.process("status", "--html", "a page.html", "--open", BROWSER=str(browser))
    assert (ran.code, "no browser" in ran.err) == (0, False)
    words, environment = was_started(tmp_path)
    assert words == [(clone.folder / "a page.html").as_uri()]
    assert not set(COOKIES) & set(environment)
    nowhere: dict[str, Any] = {"BROWSER": "", "DISPLAY": "", "WAYLAND_DISPLAY": "", "TERM": ""}
    ran = clone.process("status", "--html", "page.html", "--open", **nowhere)
    assert (ran.code, "no browser could be started" in ran.err) == (0, True)
    for words in (["--open"], ["--html", "-", "--open"]):
        assert clone("status", *words).code == 2


def test_a_clean_page_costs_one_request(clone: World) -> None:
    assert clone("status", "--html", "page.html").requests == clone("status").requests == ("list",)


def test_status_html_writes_only_the_page(clone: World) -> None:
    clone.write(LONGER)
    clone.web_save(SLOWER, "Breakout")
    files, state, account = clone.files(), clone.state(), clone.account()
    pictured(clone)
    after = clone.files()
    assert after.pop("page.html").startswith(MARK)
    assert (after, clone.state(), clone.account()) == (files, state, account)


def test_every_status_is_explained_on_the_page() -> None:
    assert set(Status) == {row.word for row in POLICY.values()}
    assert all(status.meaning.endswith(".") for status in Status)


# -- it is inert ----------------------------------------------------------------------------------


def spiked(world: World) -> None:
    for number, text in enumerate((*BREAKING, EVIL)):
        world.web_save(f"//@version=6\n// {text}\nplot({number})\n", f"{text[:200]} {number}")
    assert world("pull").code in (0, 3)
    for text in BREAKING:
        world.web_save(f"{text}\n{EVIL}\n", "Breakout")
    world.write(TREND + "\n".join((*BREAKING, EVIL)), TREND_PATH)
    world.write(f"// {EVIL}", f"<b onclick=x>{SEEN}&amp;.pine")


@pytest.mark.promise("S9")
def test_hostile_text_on_the_page_stays_text(clone: World) -> None:
    spiked(clone)
    page = pictured(clone)
    assert {tag for tag, _ in page.elements} <= TAGS
    for tag, attributes in page.elements:
        assert not [a for a in attributes if a in NAMES or a.startswith("on")], (tag, attributes)
    for text in BREAKING:
        assert text in page.text
    assert f"{SEEN}\\u{{3164}}" in page.text
    assert raw(clone.read("page.html")) is None


@pytest.mark.promise("S9")
def test_only_the_own_style_may_load(clone: World) -> None:
    spiked(clone)
    page = pictured(clone)
    digest = b64encode(hashlib.sha256(page.style.encode()).digest()).decode()
    policies = [m["content"] for m in page.all("meta") if m.get("http-equiv")]
    assert policies == [
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    ]
    assert "url(" not in page.style
    assert "@import" not in page.style


@pytest.mark.skipif(CHROMIUM is None, reason="needs the program chromium")
def test_a_browser_runs_nothing_on_the_page(clone: World, tmp_path: Path) -> None:
    spiked(clone)
    pictured(clone)
    dom, log = browse(clone.folder / "page.html", tmp_path)
    assert log == []
    assert "<title>scripts – pinesync</title>" in dom
    assert "<img" not in dom
    # The empty log is due to the policy: another style causes a violation.
    other = clone.folder / "other.html"
    other.write_text(clone.read("page.html").replace("<style>", "<style>/**/"), "utf-8")
    assert "Content Security Policy" in str(browse(other, tmp_path)[1])


def browse(file: Path, place: Path) -> tuple[str, list[str]]:
    """The final page in Chromium, and the messages on its console."""
    result = subprocess.run(
        [
            *(str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom"),
            *("--disable-background-networking", "--disable-component-update", "--no-first-run"),
            *("--enable-logging=stderr", f"--user-data-dir={place / 'browser'}", file.as_uri()),
        ],
        env={**os.environ, "HOME": str(place)},
        capture_output=True,
        encoding="utf-8",
        timeout=100,
        check=True,
    )
    return result.stdout, [line for line in result.stderr.splitlines() if "CONSOLE" in line]


# -- it can be read -------------------------------------------------------------------------------


def test_the_page_has_landmarks_headers_and_language(clone: World) -> None:
    clone.write(LONGER)
    page = pictured(clone)
    assert page.all("html") == [{"lang": "en"}]
    for tag in ("header", "main", "footer", "h1"):
        assert len(page.all(tag)) == 1, tag
    assert all(head.get("scope") in ("col", "row") for head in page.all("th"))
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert {section["aria-labelledby"] for section in page.all("section")} <= set(ids)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_colours_have_enough_contrast(scheme: str) -> None:
    css = resources.files("pinesync.cli.html_report").joinpath("page.css").read_text("utf-8")
    blocks = [dict(re.findall(r"--([\w-]+): (#\w{6})", part)) for part in css.split(":root {")[1:]]
    colors = blocks[0] if scheme == "light" else blocks[0] | blocks[1]
    pairs = [(ink, on) for ink in ("ink", "soft", *(role.name.lower() for role in Role))
             for on in ("paper", "sheet")]  # fmt: skip
    pairs += [(f"{side}-ink", on) for side in ("del", "ins")
              for on in (side, f"{side}-mark", "sheet")]  # fmt: skip
    pairs += [("soft", "del"), ("soft", "ins")]
    for ink, on in pairs:
        assert contrast(colors[ink], colors[on]) >= 4.5, (ink, on)


def contrast(one: str, other: str) -> float:
    """As defined by WCAG."""
    bright, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def luminance(color: str) -> float:
    parts = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    r, g, b = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


# -- side by side ---------------------------------------------------------------------------------


def test_two_texts_are_compared_side_by_side() -> None:
    old = "".join(f"{n}\n" for n in range(1, 31))
    new = old.replace("5\n", "five\nand more\n", 1).removesuffix("30\n") + "30"
    found = side_by_side(old, new, 100)
    assert (found.added, found.removed, found.omitted) == (3, 2, 0)
    first, last = found.hunks
    assert [(p.left and p.left.number, p.right and p.right.number) for p in first] == [
        (2, 2), (3, 3), (4, 4), (5, 5), (None, 6), (6, 7), (7, 8), (8, 9),
    ]  # fmt: skip
    assert [pair.same for pair in last] == [True, True, True, False]
    assert last[-1].right
    assert last[-1].right.text == "30"


def test_a_large_comparison_is_cut() -> None:
    old, new = "a\n" * 3000, "b\n" * 2000
    found = side_by_side(old, new, 10)
    assert (found.added, found.removed, found.omitted) == (2000, 3000, 2990)
    assert sum(map(len, found.hunks)) == 10


def test_a_cut_page_says_what_it_leaves_out(clone: World) -> None:
    clone.write("x = 1\n" * 3000)
    page = pictured(clone)
    assert "lines more; pinesync diff indicators/Trend.pine shows them." in page.text
    assert len(page.all("tr")) < 600


def test_scripts_left_out_of_the_page_are_named(clone: World) -> None:
    clone.monkeypatch.setattr("pinesync.app.sync.report_data.MAX_COMPARED", 1)
    clone.write(LONGER)
    clone.write(LONGER, BREAKOUT_PATH)
    page = pictured(clone)
    assert len(page.all("table")) == 2  # one is the list of all
    assert "Not compared on this page; pinesync diff strategies/Breakout.pine does." in page.text


# -- the file -------------------------------------------------------------------------------------


def test_an_earlier_page_is_replaced(clone: World) -> None:
    pictured(clone)
    clone.write(LONGER)
    assert "modified" in pictured(clone).text
    assert not list(clone.folder.glob(".pinesync-*"))


@pytest.mark.promise("S5")
@pytest.mark.parametrize("name", ["notes.html", TREND_PATH, "pine.toml", "page", "no/page.html"])
def test_another_file_is_never_replaced(clone: World, name: str) -> None:
    clone.write("<p>mine</p>", "notes.html")
    before = clone.files()
    ran = clone("status", "--html", name)
    assert (ran.code, ran.out, ran.requests) == (2, "", ())
    assert clone.files() == before


def test_a_link_is_not_followed(clone: World) -> None:
    pictured(clone)
    target = clone.place / "there.html"
    (clone.folder / "page.html").rename(target)
    (clone.folder / "page.html").symlink_to(target)
    before = target.read_bytes()
    clone.write(LONGER)
    assert clone("status", "--html", "page.html").code == 2
    assert target.read_bytes() == before


def test_a_file_saved_during_the_write_is_put_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "page.html"
    file.write_bytes(MARK)

    def late(*arguments: Any) -> None:
        if file.read_bytes() == MARK:
            file.write_bytes(b"of an editor")
        exchange_files(*arguments)

    monkeypatch.setattr("pinesync.workspace.files.pages.exchange_files", late)
    assert put_page(Tree(tmp_path), "page.html", MARK + b"new", MARK) is False
    assert file.read_bytes() == b"of an editor"
    assert os.listdir(tmp_path) == ["page.html"]


def test_an_unwritable_folder_is_reported(tmp_path: Path) -> None:
    with pytest.raises(FileError):
        put_page(Tree(tmp_path / "gone"), "page.html", MARK, MARK)
