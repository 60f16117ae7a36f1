"""Where the three scripts lie in a workspace."""

TREND_PATH = "indicators/Trend.pine"
BREAKOUT_PATH = "strategies/Breakout.pine"
TOOLS_PATH = "libraries/Tools.pine"
PATHS = (TREND_PATH, TOOLS_PATH, BREAKOUT_PATH)
