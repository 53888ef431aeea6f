"""Whose seeds are whose, so that what is published was never used to choose a number.

Whoever changes a limit, a scenario or the rule tries it with `TUNING`; what ``make score`` prints comes from `SCORED`,
what runs with every change from `CHECKED`. No other code draws from the last two.
"""

TUNING = range(1, 1000)
CHECKED = range(5_000, 5_100)
SCORED = range(9_000, 9_100)
