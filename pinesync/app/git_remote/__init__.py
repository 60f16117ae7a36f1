"""TradingView as a git remote: what the remote helper does for `git fetch` and `git push`."""
