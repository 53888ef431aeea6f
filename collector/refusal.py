"""A no of the collector, raised where it is decided and said over HTTP."""


class Refusal(Exception):
    """A whole request that is refused: HTTP status, machine word, and a sentence for a person."""

    def __init__(self, status: int, word: str, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.word = word
        self.detail = detail
