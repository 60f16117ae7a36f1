"""Scripts that anybody may read without a session: a few built-ins and one library, written for the
sandbox. Their ids, kinds and filters look like the service's."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any, cast

from pinesync.errors import NotAccessible
from pinesync.model import PineId, Version
from pinesync.protocol import server_responses
from pinesync.sandbox.compiler.compile import describe
from pinesync.sandbox.seeds import seeds
from pinesync.sandbox.store import NO_SCRIPT, StoredVersion

FILTERS = ("candlestick", "fundamental", "standard", "template")
"""The filters of `list` that need no session."""
_OWNER = 0
_BEGAN = 1_600_000_000
_DAY = 86_400
_LIBRARY = "MathToolkit"

_AVERAGE = """\
//@version=6
indicator("Moving Average", "MA", overlay = true)
length = input.int(9, "Length", minval = 1)
source = input.source(close, "Source")
plot(ta.sma(source, length), "MA", color.blue)
"""
_RANGE = """\
//@version=6
indicator("Daily Range", "DR")
plot(high - low, "Range", style = plot.style_columns)
"""
_INSIDE = """\
//@version=6
indicator("Inside Bar", "Inside", overlay = true)
inside = high < high[1] and low > low[1]
plotshape(inside, "Inside bar", shape.triangledown, location.abovebar)
alertcondition(inside, "Inside bar", "An inside bar")
"""
_REVENUE = """\
//@version=6
indicator("Total Revenue", "Revenue")
period = input.string("FQ", "Period", options = ["FQ", "FY", "TTM"])
plot(request.financial(syminfo.tickerid, "TOTAL_REVENUE", period), "Revenue")
"""
_BLANK = """\
//@version=6
indicator("My script")
plot(close)
"""


@dataclass(frozen=True, slots=True)
class Published:
    """A script with its versions, oldest first. `shown` is the filter that lists it, `library` its
    name in an import."""

    pine_id: str
    name: str
    short: str
    shown: str
    versions: tuple[str, ...]
    library: str = ""

    def stored(self, number: int) -> StoredVersion:
        """One version, in the same form as an account's scripts."""
        facts = describe(self.versions[number - 1])
        return StoredVersion(
            pine_id=cast(PineId, self.pine_id),
            owner=_OWNER,
            name=self.name,
            script_created=_BEGAN,
            version=Version(number),
            name_then=self.name,
            kind=facts.kind,
            title=facts.title,
            inputs=facts.inputs_count,
            created=_BEGAN + (number - 1) * _DAY,
            author="",
            label="",
            source=self.versions[number - 1],
            last_version=Version(len(self.versions)),
        )

    def row(self) -> dict[str, Any]:
        """The script's row in `list`."""
        newest = self.stored(len(self.versions))
        row = server_responses.list_item(newest.info, inputs=newest.inputs)
        row["extra"]["shortDescription"] = self.short
        return {**row, "isTVScriptBuiltIn": not self.library, "userId": _OWNER}


@cache
def scripts() -> tuple[Published, ...]:
    """All published scripts. The library is the one that `sandbox seed` saves."""
    library = next(seed for seed in seeds() if seed.name == _LIBRARY)
    return (
        Published("STD;SMA", "Moving Average", "MA", "standard", (_AVERAGE,)),
        Published("STD;Daily_Range", "Daily Range", "DR", "standard", (_RANGE,)),
        Published("STD;Inside_Bar", "Inside Bar", "Inside", "candlestick", (_INSIDE,)),
        Published("STD;Total_Revenue", "Total Revenue", "Revenue", "fundamental", (_REVENUE,)),
        Published("STD;Blank", "Blank indicator", "Blank", "template", (_BLANK,)),
        Published(
            "PUB;5a6d3c1e9f8b4a7d8c2e1f0b9a8d7c6e",
            _LIBRARY,
            _LIBRARY,
            "published",
            library.versions,
            f"sandbox/{_LIBRARY}",
        ),
    )


def find(pine_id: str) -> Published | None:
    return next((script for script in scripts() if script.pine_id == pine_id), None)


def version_of(script: Published, version: Version | None) -> StoredVersion:
    """One version; the newest if `version` is None. NotAccessible (404) if there is none."""
    number = version.major if version else len(script.versions)
    if number > len(script.versions):
        raise NotAccessible(404, NO_SCRIPT)
    return script.stored(number)


def libraries(prefix: str, *, ignore_case: bool) -> list[dict[str, Any]]:
    """Every version of each library whose import id has this prefix, newest first."""
    fold = str.casefold if ignore_case else str
    rows = []
    for script in scripts():
        for number in range(len(script.versions), 0, -1) if script.library else ():
            name = f"{script.library}/{number}"
            if fold(name).startswith(fold(prefix)):
                rows.append(
                    {
                        "libId": name,
                        "scriptIdPart": script.pine_id,
                        "version": f"{number}.0",
                        "scriptAccess": "open_no_auth",
                    }
                )
    return rows
