"""TradingView as a git remote: what `git fetch` and `git push` ask the remote helper for."""
