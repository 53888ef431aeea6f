"""Reads a page as a browser without scripts does, and refuses one whose elements do not close."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"meta", "input", "link", "br", "hr", "img"}


@dataclass
class Element:
    tag: str
    attributes: dict[str, str]
    children: list["Element | str"] = field(default_factory=list)

    def all(self, tag: str | None = None, **attributes: str) -> Iterator["Element"]:
        for child in self.children:
            if isinstance(child, Element):
                if (tag is None or child.tag == tag) and child.has(**attributes):
                    yield child
                yield from child.all(tag, **attributes)

    def has(self, **attributes: str) -> bool:
        """Whether each attribute has that word; ``class_`` is the attribute class."""
        return all(
            word in self.attributes.get(name.rstrip("_").replace("_", "-"), "").split()
            for name, word in attributes.items()
        )

    def one(self, tag: str | None = None, **attributes: str) -> "Element":
        found = list(self.all(tag, **attributes))
        assert len(found) == 1, f"{len(found)} of {tag} {attributes}"
        return found[0]

    @property
    def text(self) -> str:
        joined = " ".join(child if isinstance(child, str) else child.text for child in self.children)
        return " ".join(joined.split())


class Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open = [Element("page", {})]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs})
        self.open[-1].children.append(element)
        self_closed = (self.get_starttag_text() or "").endswith("/>")
        if not self_closed and tag not in VOID:
            self.open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        assert self.open[-1].tag == tag, f"</{tag}> closes <{self.open[-1].tag}>"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        self.open[-1].children.append(data)


def read(html: str) -> Element:
    reader = Reader()
    reader.feed(html)
    reader.close()
    assert len(reader.open) == 1, "an element was left open"
    return reader.open[0]


def rows(page: Element) -> dict[str, Element]:
    """The rows of the tables of rooms, by the room's name."""
    return {
        row.one("th").one("a").text: row
        for table in page.all("table", class_="rooms")
        for row in table.all("tr", class_="room")
    }
