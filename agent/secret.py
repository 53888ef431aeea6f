"""A text that is not for everybody's eyes."""


class Secret(str):
    """A text that shows itself to no log and no terminal."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'*****'"

    def __format__(self, spec: str) -> str:
        return "*****"

    @property
    def shown(self) -> str:
        """The text itself, for the one place that needs it."""
        return str.__str__(self)

    __str__ = __repr__
