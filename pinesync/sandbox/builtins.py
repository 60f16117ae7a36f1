"""The names that Pine Script knows by itself: words, variables, functions, namespaces, types.

Only names before the first dot: what a namespace holds grows with every release of the service,
so `ta.anything` is never doubted. A name too many costs a missed error, a name too few a false
one; in doubt it is listed.
"""

from __future__ import annotations


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


WORDS = _names(
    """
    and as break by catch class const continue do ellipse else enum export false for if import in
    input is method na not or polygon range return series simple struct switch text throw to true
    try type var varip while
    """
)
"""Words of the language, with those that are only reserved."""

TYPES = _names(
    """
    array bool box chart color float footprint int label line linefill map matrix polyline string
    table volume_row
    """
)

NAMES = _names(
    """
    ask bar_index bid close dayofmonth dayofweek high hl2 hlc3 hlcc4 hour last_bar_index
    last_bar_time low minute month ohlc4 open second time time_close time_tradingday timenow volume
    weekofyear year

    alert alertcondition barcolor bgcolor fill fixnan hline indicator library max_bars_back nz plot
    plotarrow plotbar plotcandle plotchar plotshape strategy timestamp

    adjustment backadjustment barmerge barstate currency display dividends earnings extend font
    format location log math order position request runtime scale session settlement_as_close shape
    size splits str syminfo ta ticker timeframe xloc yloc
    """
)
"""Variables, functions and namespaces of v5 and v6."""

OLD_NAMES = _names(
    """
    abs accdist acos alma asin atan atr avg barsince barssince bb bbw cci ceil change cmo cog
    correlation cos cross crossover crossunder cum dev dmi ema exp falling financial floor
    heikinashi highest highestbars hma iff iii kagi kc kcw linebreak linreg log10 lowest lowestbars
    macd max median mfi min mode mom nvi obv offset percentile_linear_interpolation
    percentile_nearest_rank percentrank pivothigh pivotlow pointfigure pow pvi pvt quandl random
    renko rising rma roc round round_to_mintick rsi sar security sign sin sma sqrt stdev stoch study
    sum supertrend swma tan tickerid todegrees tonumber toradians tostring tr tsi valuewhen variance
    vwap vwma wad wma wpr wvad

    n period interval isintraday isdaily isweekly ismonthly isdwm isminutes isseconds
    interval tickerid islast isfirst ishistory isrealtime isnew isconfirmed

    aqua black blue fuchsia gray green lime maroon navy olive orange purple red silver teal white
    yellow

    area areabr circles columns cross dashed dotted histogram linebr solid stepline
    arrow bullish bearish
    integer resolution source symbol
    monday tuesday wednesday thursday friday saturday sunday
    """
)
"""Names that only v1 to v4 have without a namespace."""

OLDEST = 5
"""The oldest version of the language that the check takes."""
NEWEST = 6
"""The newest version of the language that these tables know."""


def known(version: int | None) -> frozenset[str]:
    """Every name that a script of this version may use undeclared; no version counts as v1."""
    modern = WORDS | TYPES | NAMES
    return modern | OLD_NAMES if version is None or version <= 4 else modern
