"""Words of InfluxQL that come from values: quoted, so that none of them ends where it should not."""


def text(value: str) -> str:
    """A string literal. Raises `ValueError` for control characters, which InfluxQL cannot say."""
    return "'" + _escaped(value, "'") + "'"


def name(value: str) -> str:
    """An identifier. Raises `ValueError` likewise."""
    return '"' + _escaped(value, '"') + '"'


def _escaped(value: str, quote: str) -> str:
    if any(character < " " or character == "\x7f" for character in value):
        raise ValueError("a control character has no place in a question")
    return value.replace("\\", "\\\\").replace(quote, f"\\{quote}")
