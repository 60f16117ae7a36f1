"""The account's three scripts, and their later texts."""

TREND = """\
//@version=6
indicator("Trend", overlay = true)

length = input.int(20, "Length")

fast = ta.ema(close, length)
slow = ta.sma(close, length)

rises = fast > slow

plot(fast)
plot(slow)
"""
BREAKOUT = """\
//@version=6
strategy("Breakout")

if close > ta.highest(high, 20)[1]
    strategy.entry("Long", strategy.long)
"""
TOOLS = """\
//@version=6
library("Tools")

export double(float x) =>
    x * 2
""".replace("\n", "\r\n")

TREND_PATH = "indicators/Trend.pine"
BREAKOUT_PATH = "strategies/Breakout.pine"
TOOLS_PATH = "libraries/Tools.pine"
PATHS = (TREND_PATH, TOOLS_PATH, BREAKOUT_PATH)

LONGER = TREND + "plot(close)\n"
"""What a person makes of Trend: a line at its end."""
SLOWER = TREND.replace("20", "50")
"""What the web editor makes of it: another number near its top."""
FASTER = TREND.replace("20", "5")
"""The same line, changed in another way: no merge can settle it."""
MERGED = SLOWER + "plot(close)\n"
BROKEN = TREND + "plot(undeclared)\n"
EXTRA = '//@version=6\nindicator("Extra")\nplot(open)\n'
