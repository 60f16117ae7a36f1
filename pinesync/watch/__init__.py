"""A session of `watch`: which files to look at, what TradingView has, and what is told."""
