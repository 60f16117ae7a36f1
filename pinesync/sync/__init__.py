"""Plan and perform what to do about scripts that changed on either side.

`planner` and `policy` decide (pure), `guards` refuses likely accidents, `recovery` finds which
requests landed (pure), `engine` acts through the `ports`, and `outcome` records what was done.
"""
