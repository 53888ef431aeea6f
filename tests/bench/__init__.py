"""The project's numbers, each with its reference of the same run: ``make bench``."""
