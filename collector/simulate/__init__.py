"""A district that is made up: whose networks have the faults they were given, so that verdicts can be scored."""
