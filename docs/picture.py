"""The README's picture: a real session on a fresh sandbox, as SVG for light and dark pages.

`python -m docs.picture` writes both (`make docs`). Nothing in them is loaded from elsewhere.
"""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import DIMMED_MONOKAI, TerminalTheme
from rich.text import Text

HERE = Path(__file__).parent
WIDTH = 100
SCRIPT = "strategies/Donchian Breakout.pine"
COLOURED = 'pinesync() { command pinesync --color always "$@"; }'
BEFORE = "pinesync sandbox seed; pinesync clone --sandbox my-scripts; cp -r my-scripts web"
IN_THE_WEB_EDITOR = (
    "cd ../web; sed -i.bak 's/color.blue/color.aqua/' strategies/Don* && pinesync push; "
    "cd ../my-scripts"
)
# What a person types, and before some of it what happens meanwhile, unseen.
SESSION = (
    ("cd my-scripts && sed -i.bak 's/10, \"Exit/20, \"Exit/' strategies/Don*", "pinesync status"),
    ("sed -i.bak 's/(high, entryInput)/(high, entryInptu)/' strategies/Don*", "pinesync push"),
    (
        f"sed -i.bak 's/entryInptu/entryInput/' strategies/Don*; {IN_THE_WEB_EDITOR}",
        "pinesync push",
    ),
    (":", "pinesync pull"),
    (":", "pinesync push"),
    (":", f'pinesync log "{SCRIPT}"'),
)
LIGHT = TerminalTheme(
    (255, 255, 255),
    (36, 41, 47),
    [
        (36, 41, 47),
        (180, 20, 30),
        (17, 99, 41),
        (130, 80, 0),
        (9, 105, 218),
        (130, 80, 223),
        (27, 124, 131),
        (110, 119, 129),
    ],
)
FORMAT = """\
<svg viewBox="0 0 {{width}} {{height}}" role="img"
  xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{
  font: {char_height}px/{line_height}px ui-monospace, Menlo, Consolas, monospace
}}
{styles}
</style>
<defs>{lines}</defs>
<rect width="{{width}}" height="{{height}}" rx="8" fill="{{background}}"/>
<g transform="translate(9, 9)">{backgrounds}<g class="{unique_id}-matrix">{matrix}</g></g>
</svg>
"""


def session() -> str:
    """The commands and what each printed, in colour."""
    with tempfile.TemporaryDirectory() as place:
        typed = "\n".join(
            f"{{ {meanwhile}; }} >/dev/null 2>&1\n"
            f"printf '\\n$ %s\\n' {_quoted(command)}; {command} 2>&1"
            for meanwhile, command in SESSION
        )
        done = subprocess.run(
            ["sh", "-c", f"{COLOURED}\n{{ {BEFORE}; }} >/dev/null 2>&1\n{typed}"],
            cwd=place,
            env={
                **os.environ,
                "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
                "PINESYNC_HOME": str(Path(place, "home")),
                "PAGER": "cat",
                "GIT_PAGER": "cat",
                "COLUMNS": str(WIDTH),
                "TZ": "UTC",
            },
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
    # When the sandbox was seeded differs from run to run.
    return re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d", "2026-03-02 09:30", done.stdout)


def _quoted(command: str) -> str:
    return "'" + command.replace("'", "'\\''") + "'"


def picture(text: str, theme: TerminalTheme, name: str) -> str:
    console = Console(
        record=True, width=WIDTH, file=io.StringIO(), force_terminal=True, color_system="standard"
    )
    console.print(Text.from_ansi(text.strip()), soft_wrap=False)
    svg = console.export_svg(title="", theme=theme, code_format=FORMAT, unique_id=name)
    lines = svg.count("<clipPath")
    sizes = {"width": f"{WIDTH * 12.2 + 18:.0f}", "height": f"{(lines + 1) * 24.4 + 18:.0f}"}
    for key, value in {**sizes, "background": theme.background_color.hex}.items():
        svg = svg.replace(f"{{{key}}}", value)
    return svg


def main() -> None:
    text = session()
    for name, theme in (("light", LIGHT), ("dark", DIMMED_MONOKAI)):
        (HERE / f"demo-{name}.svg").write_text(picture(text, theme, name), encoding="utf-8")


if __name__ == "__main__":
    main()
