"""The mail's HTML: it says everything, needs nothing, and means nothing by colour alone."""

import re
from dataclasses import replace
from itertools import combinations, pairwise

import pytest

from collector.board.phrases import unbroken
from collector.brief.brief import Brief, StripDay
from collector.brief.colours import DARK, LIGHT
from collector.brief.html import MOST_BYTES, html_of, pieces
from collector.brief.sheet import MARKS, MOST_LINES, MOST_NAMES, MOST_UPLINKS, sheet_of
from collector.brief.shown import shown
from collector.brief.strip_runs import STRIP_HEIGHTS, runs
from collector.brief.uplink_card import Range
from tests.collector.brief.pages import NAMES, PAGES, a_brief, a_normal_week
from tests.collector.brief.said import Read, flat, numbers_and_names
from tests.collector.week_builders import a_week

GROUNDED = {
    "sheet": ("ink", "soft", "restricted", "at_risk", "unknown", "ok"),
    "accent_ground": ("ink", "soft", "accent"),
    "simulated_ground": ("simulated",),
    "restricted": ("on_mark",),
    "at_risk": ("on_mark",),
    "unknown": ("on_mark",),
    "ok": ("on_mark",),
}
"""Each ground with the texts that stand on it."""


@pytest.fixture(scope="module", params=PAGES)
def brief(request: pytest.FixtureRequest) -> Brief:
    return PAGES[request.param]()


@pytest.fixture(scope="module")
def html(brief: Brief) -> str:
    return html_of(brief)


def test_it_says_everything(brief: Brief, html: str) -> None:
    said = Read(html).text

    missing = [one for one in numbers_and_names(brief) if flat(shown(one)) not in said]
    assert missing == []


def test_it_is_short_enough_that_no_mail_program_cuts_it(html: str) -> None:
    assert len(html.encode()) < MOST_BYTES < 102_000


def test_it_fetches_nothing_and_runs_nothing(html: str) -> None:
    tags = Read(html).tags

    assert {tag for tag, _ in tags}.isdisjoint({"script", "link", "img", "iframe", "object", "form", "svg", "base"})
    for _, attributes in tags:
        assert attributes.keys().isdisjoint({"src", "href", "background", "onload", "onclick"})
        assert "url(" not in (attributes.get("style") or "")


def test_it_names_its_language_and_title_and_has_one_heading_above_the_others(html: str) -> None:
    page = Read(html)

    assert ("html", {"lang": "en", "dir": "ltr"}) in page.tags
    assert "<title>" in html
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_a_table_is_for_layout_or_a_picture_that_is_told_in_words(html: str) -> None:
    for tag, attributes in Read(html).tags:
        if tag == "table" or attributes.get("role") == "img":
            assert attributes.get("role") in {"presentation", "img"}
            assert attributes["role"] == "presentation" or attributes.get("aria-label")


def test_styles_are_within_the_tags_because_some_mail_programs_drop_the_others() -> None:
    page = html_of(a_normal_week())
    bare = re.sub(r"<style>.*?</style>", "", page, flags=re.DOTALL)

    assert f"background:{LIGHT['bad']}" in bare
    assert f"color:{LIGHT['ink']}" in bare
    assert "@media" not in bare


def test_each_day_of_a_strip_is_told_in_words_too() -> None:
    brief = a_normal_week()
    labels = [attributes.get("aria-label") for _, attributes in Read(html_of(brief)).tags]

    for room in brief.rooms:
        for day in room.strip:
            assert unbroken(f"{day.name}: {day.summary}") in labels


def test_what_a_colour_means_is_seen_without_it() -> None:
    heights = list(STRIP_HEIGHTS.values())
    assert all(abs(one - other) >= 4 for one, other in combinations(heights, 2))
    assert len(set(MARKS.values())) == len(MARKS)
    said = Read(html_of(a_normal_week())).text
    for count in sheet_of(a_normal_week()).counts:
        assert f"{count.mark} {count.number} {count.word}" in said
    for word in ("tall red", "half-high amber", "low green", "a gap, not measured", "80 % mark"):
        assert word in said


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
def test_every_text_and_every_bar_can_be_made_out(colours: dict[str, str]) -> None:
    for ground, texts in GROUNDED.items():
        for text in texts:
            assert contrast(colours[ground], colours[text]) >= 4.5, (ground, text)
    for bar in ("bad", "degraded", "good"):
        assert contrast(colours["strip"], colours[bar]) >= 3, bar
    assert contrast(colours["free"], colours["used"]) >= 3
    assert contrast(colours["spare"], colours["over"]) >= 3


def test_the_dark_has_a_colour_for_each_of_the_light() -> None:
    assert LIGHT.keys() == DARK.keys()
    page = html_of(a_normal_week())
    named = set(re.findall(r'class="?([a-z_ -]+)', page))
    known = set(re.findall(r"\.([gt]-[a-z_]+|b-[a-z]+)\{", page))
    wanted = {word for one in named for word in one.split() if re.match("[gtb]-", word)}
    assert wanted <= known


def test_a_name_is_never_markup_and_turns_nothing_round() -> None:
    page = html_of(PAGES["any-script"]())

    assert "<script" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;&#34;&amp;" in page
    assert not re.search("[\u202a-\u202e\u2066-\u2069]", page)
    for name in NAMES[:6]:
        assert f"<bdi>{name}</bdi>" in page


def test_lists_that_are_long_end_with_how_many_more_there_are() -> None:
    sheet = sheet_of(PAGES["five-thousand"]())

    assert sheet.more_rooms == "and 600 more restricted rooms, all in the CSV"
    assert sheet.more_uplinks == f"and {200 - MOST_UPLINKS} more uplinks, all in the CSV"
    assert sheet.at_risk.endswith(f"and {900 - MOST_NAMES} more")
    assert sheet.changes[-1] == f"and {900 - MOST_LINES} more changes, all in the CSV"
    assert [one.level for one in sheet.uplinks] == ["act"] * MOST_UPLINKS, "the fullest are shown"


def test_strips_get_coarser_before_one_is_left_out() -> None:
    brief = PAGES["five-thousand"]()
    page = html_of(brief)

    assert page.count('class="g-strip"') == 12 * 5
    assert page.count("class=g-bad") < 12 * 5 * 16


def test_a_coarser_strip_hides_nothing_bad() -> None:
    day = StripDay(name="Mon", minutes=5, cells=("good",) * 61 + ("bad", "good"), summary="")

    assert [one.quality for one in runs(day)] == ["good", "bad", "good"]
    assert [one.quality for one in runs(day, 12)] == ["good", "bad"]
    assert sum(one.percent for one in runs(day, 12)) == pytest.approx(100, abs=0.1)
    assert runs(StripDay(name="Mon", minutes=5, cells=(), summary="")) == ()


@pytest.mark.parametrize(
    ("low", "high", "found"),
    [
        (0.0, 0.5, [("used", 50.0), ("free", 30.0), ("spare", 20.0)]),
        (0.0, 0.8, [("used", 80.0), ("spare", 20.0)]),
        (0.0, 1.0, [("used", 80.0), ("over", 20.0)]),
        (0.0, 0.0, [("free", 80.0), ("spare", 20.0)]),
        (0.7, 0.9, [("free", 70.0), ("used", 10.0), ("over", 10.0), ("spare", 10.0)]),
        (0.9, 1.0, [("free", 80.0), ("spare", 10.0), ("over", 10.0)]),
    ],
)
def test_a_bar_shows_where_the_mark_is_whatever_it_stands_for(
    low: float, high: float, found: list[tuple[str, float]]
) -> None:
    assert list(pieces(Range(low=low, high=high, text=""))) == found


def test_what_is_simulated_says_so() -> None:
    weeks = [a_week(str(number)) for number in range(3)]
    some = a_brief(weeks)
    some = replace(some, judged=(replace(some.judged[0], simulated=True), *some.judged[1:]))

    assert sheet_of(a_brief(weeks)).simulated == ""
    assert sheet_of(a_brief(weeks, simulated=True)).simulated.startswith("Every room of this page is made up")
    assert sheet_of(some).simulated == "1 of 3 rooms on this page are made up."
    assert "Simulated." in Read(html_of(a_brief(weeks, simulated=True))).text


def test_a_week_without_anything_to_do_says_that() -> None:
    fine = Read(html_of(PAGES["fine"]())).text

    assert "Nothing has to be done this week" in fine
    assert "Rooms in which the network restricted lessons" not in fine


def contrast(ground: str, text: str) -> float:
    """WCAG 2.2, relative luminance."""
    darker, lighter = sorted(map(_luminance, (ground, text)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
