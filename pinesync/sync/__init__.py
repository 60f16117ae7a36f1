"""What to do about two sides that changed, and doing it.

`plan` decides (a table, pure), `guard` refuses what looks like an accident, `recover` tells which
begun writes landed (pure), `execute` acts through the `ports`, `report` says what was done.
"""
