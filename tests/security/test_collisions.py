"""Two scripts never share a file, whether the disk compares names by bytes or ignores letter
case, composition or a final dot."""

from __future__ import annotations

import itertools
import unicodedata
from threading import Lock

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pinesync.atomic import Folder
from pinesync.errors import ManifestError
from pinesync.model import PineId, RelPath, ScriptInfo, Version
from pinesync.sync.planner import Snapshot, survey
from pinesync.text.filenames import BadPath, check_path, file_name
from pinesync.workspace.manifest import parse
from pinesync.workspace.tables import DEFAULT_FOLDERS
from tests.security.disks import DEVICES, RULES, Rule
from tests.world import World

HEAD = '[workspace]\nschema = 1\nid = "one"\nremote = "sandbox"\n'

PAIRS = [
    ("RSI", "rsi"),
    ("Straße", "Strasse"),
    ("STRASSE", "straße"),
    ("Maẞ", "Mass"),
    ("ſet", "set"),
    ("\u212a1", "K1"),  # the sign for Kelvin
    ("\u212b", "å"),  # the sign for Ångström
    ("Å", "A\u030a"),
    ("é", "e\u0301"),
    ("İ", "i\u0307"),
    ("İ", "i"),
    ("ı", "I"),
    ("ﬁt", "fit"),
    ("ΣΊΣΥΦΟΣ", "σίσυφος"),
    ("ＲＳＩ", "rsi"),
    ("①", "1"),
    ("Ǆ", "ǆ"),
    ("ᾳ", "ΑΙ"),
    ("ŉ", "ʼn"),
    ("\u1e69", "s\u0307\u0323"),  # two marks, in another order
    ("한글", "\u1112\u1161\u11ab\u1100\u1173\u11af"),
    ("Trend", "Tre\u200bnd"),
    ("Trend", "Trend\ufe0f"),
    ("Trend", "Trend."),
    ("Trend", "Trend "),
    ("a:b", "a_b"),
]


def paths_of(names: list[str]) -> list[str]:
    """The paths of scripts with these saved names."""
    ids = [PineId(f"USER;{number:032x}") for number in range(len(names))]
    listed = {one: ScriptInfo(one, name, Version(1)) for one, name in zip(ids, names, strict=True)}
    return [found.path for found in survey(Snapshot({}, {}, listed, folders=DEFAULT_FOLDERS))]


def look_alikes(name: str) -> st.SearchStrategy[str]:
    """Draw equivalent spellings of a name."""
    forms = [unicodedata.normalize(form, name) for form in ("NFC", "NFD", "NFKC", "NFKD")]
    cased = [c(form) for form in forms for c in (str.upper, str.lower, str.title, str.casefold)]
    return st.sampled_from([*forms, *cased, f"{name}.", f"{name} ", f"\u200b{name}"])


WORDS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12)
FAMILIES = WORDS.flatmap(lambda word: st.lists(look_alikes(word), min_size=2, max_size=6))


@pytest.mark.promise("S6")
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
@pytest.mark.parametrize("pair", PAIRS, ids=ascii)
def test_colliding_names_get_two_files_on_every_file_system(
    pair: tuple[str, str], rule: Rule
) -> None:
    for names in (list(pair), list(reversed(pair))):
        one, other = paths_of(names)
        assert rule(one) != rule(other)


def test_each_pair_collides_on_some_file_system() -> None:
    """Otherwise the pairs would prove nothing."""
    for pair in PAIRS:
        one, other = (file_name(name, None) for name in pair)
        assert any(rule(one) == rule(other) for rule in RULES), pair


@settings(max_examples=300)
@given(FAMILIES)
@example(["İ", "i", "I", "ı", "i\u0307", "İ."])
@example(["ẞ", "ß", "ss", "SS", "ſſ", "ſs"])
def test_equivalent_names_get_different_files(names: list[str]) -> None:
    paths = paths_of(names)
    assert len(paths) == len(names)
    for rule in RULES:
        assert len({rule(path) for path in paths}) == len(paths), rule


def test_every_letter_and_its_other_forms_get_different_files() -> None:
    """Letters that are equal on some file system are equal to pinesync."""
    names: dict[str, None] = {}
    for char in map(chr, itertools.chain(range(0xD800), range(0xE000, 0x20000))):
        forms = (char.lower(), char.upper(), char.title(), char.casefold())
        if any(form != char for form in (*forms, unicodedata.normalize("NFKC", char))):
            names.update(dict.fromkeys(f"a{form}" for form in (char, *forms)))
    paths = paths_of(list(names))
    for rule in RULES:
        assert len({rule(path) for path in paths}) == len(paths), rule


FILES = {(file_name(one, None), file_name(other, None)) for one, other in PAIRS}


@pytest.mark.promise("S6")
@pytest.mark.parametrize("pair", sorted(f for f in FILES if f[0] != f[1]), ids=ascii)
def test_a_manifest_with_colliding_paths_is_refused(pair: tuple[str, str]) -> None:
    one, other = (f"x/{name}" for name in pair)
    text = HEAD + "".join(f"[scripts.'{path}']\nname = 'x'\n" for path in (one, other))
    with pytest.raises(ManifestError) as refused:
        parse(text)
    assert repr(one) in refused.value.message
    assert repr(other) in refused.value.message
    assert refused.value.line == 7


@settings(max_examples=300)
@given(FAMILIES)
def test_a_manifest_never_names_one_file_twice(names: list[str]) -> None:
    paths = sorted({f"x/{name}.pine".replace("'", "") for name in names})
    good = [path for path in paths if _is_good(path)]
    text = HEAD + "".join(f"[scripts.'{path}']\nname = 'x'\n" for path in good)
    one_somewhere = any(len({rule(path) for path in good}) < len(good) for rule in RULES)
    try:
        parse(text)
    except ManifestError:
        return
    assert not one_somewhere


def _is_good(path: str) -> bool:
    try:
        check_path(path)
    except BadPath:
        return False
    return True


@given(st.lists(WORDS | st.sampled_from(sorted(DEVICES)), max_size=6))
def test_every_path_is_valid_on_windows(names: list[str]) -> None:
    for path in paths_of(names):
        for part in path.split("/"):
            assert part == part.rstrip(". ")
            assert part.partition(".")[0].rstrip().upper() not in DEVICES
            assert not set(part) & set('<>:"|?*\\') | {c for c in part if c < " "}
            assert len(part.encode("utf-16-le")) <= 2 * 255


def test_a_clone_survives_a_file_system_with_unknown_collisions(world: World) -> None:
    """A script whose file would collide is refused, and the rest is cloned."""
    world.web_save(world.saved()[0], "Tram")
    link, one_at_a_time = Folder.link, Lock()

    def one_a_letter(folder: Folder, source: str, target: str) -> None:
        with one_at_a_time:  # as a file system does it
            if any(path.name[0] == target[0] for path in folder.path.iterdir()):
                raise FileExistsError
            link(folder, source, target)

    world.monkeypatch.setattr(Folder, "link", one_a_letter)
    assert "indicators/Tr" in world("clone", "--sandbox", "scripts", code=3).output
    found = {RelPath(path) for path in world.files()}
    assert len(found) == 4
    assert not [path for path in found if path.endswith(".tmp")]
    assert len(parse((world.folder / "pine.toml").read_text("utf-8")).entries) == 3
