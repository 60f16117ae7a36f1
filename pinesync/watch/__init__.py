"""A session of `watch`: which files to read, what TradingView has, and what to report."""
