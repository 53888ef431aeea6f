"""The style sheet: colours that can be read, and nothing from elsewhere."""

import re
from collections.abc import Iterator

from collector.board.assets import stylesheet


def test_an_unknown_colour_is_not_the_colour_of_ok_in_either_scheme() -> None:
    for colours in _schemes():
        assert colours["unknown"] != colours["ok"]
        assert colours["bar-unknown"] != colours["bar-good"]


def test_the_style_sheet_asks_for_nothing_from_elsewhere_and_its_hash_follows_its_content() -> None:
    content, digest = stylesheet().content, stylesheet().digest

    assert re.fullmatch(r"[0-9a-f]{12}", digest)
    assert b"url(" not in content
    assert b"@import" not in content


def test_text_has_a_contrast_of_4_5_and_shapes_of_3_in_both_schemes() -> None:
    for colours in _schemes():
        for ground in ("ground", "sheet"):
            for text in ("ink", "soft", "link", "bad", "degraded", "ok", "unknown", "simulated"):
                assert _contrast(colours[text], colours[ground]) >= 4.5, (text, ground)
        for ground in ("bad-ground", "degraded-ground"):
            for text in ("ink", "soft", "simulated"):
                assert _contrast(colours[text], colours[ground]) >= 4.5, (text, ground)
        assert _contrast(colours["bad"], colours["bad-ground"]) >= 4.5
        assert _contrast(colours["degraded"], colours["degraded-ground"]) >= 4.5
        assert _contrast(colours["simulated"], colours["simulated-ground"]) >= 4.5
        for drawn in ("link", "bar-bad"):
            assert _contrast(colours[drawn], colours["bad-ground"]) >= 3, drawn
        for shape in ("bar-bad", "bar-good", "bar-unknown"):
            assert _contrast(colours[shape], colours["sheet"]) >= 3, shape


def _schemes() -> Iterator[dict[str, str]]:
    """The colours of the light scheme and of the dark one."""
    blocks = re.findall(r":root \{(.*?)\}", stylesheet().content.decode(), re.DOTALL)[:2]
    assert len(blocks) == 2
    for block in blocks:
        yield dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", block))


def _contrast(one: str, other: str) -> float:
    """WCAG 2.2, contrast ratio."""
    bright, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    """WCAG 2.2, relative luminance."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
