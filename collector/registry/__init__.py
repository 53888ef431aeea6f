"""Who may report: enrolment codes, agents and their tokens, and the clock offsets of their boots."""
