"""The only place that calls a port: looking at the three sides, pulling, pushing, and settling
what an earlier run left open. What to do was decided before, by `plan` and `recover`."""
