from tests.cli.conftest import clone, tradingview, world  # noqa: F401
