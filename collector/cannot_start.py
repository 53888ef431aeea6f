"""Why the collector does not run."""


class CannotStart(Exception):
    """The collector cannot start; the message says what to change."""
