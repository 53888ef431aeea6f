"""What holds for every page and panel, read from the files that Grafana is given."""

import json
import re
from typing import Any, get_args

import pytest

from collector.board.phrases import STATE_WORDS
from collector.store.influx_schema import ABSENT, AGENT_LEVELS, LEVELS, MEASUREMENTS, UPLINK_LEVELS, WEEK_LEVELS
from collector.verdict.bins import DEGRADED_BELOW
from collector.verdict.causes import BudgetLine, Cause
from collector.verdict.profiles import default_profiles
from collector.verdict.uplinks.outlook import LEVEL_SHARES, Refusal
from collector.verdict.weekly_rule import Verdict
from dashboards import words
from dashboards.influxql import BadQuery, Chosen, Column, Combined, Select, Where
from dashboards.pages import PAGES
from dashboards.render import HERE, out_of_date, write
from tests.dashboards.rendered_files import Json, Query, dashboards, panels, queries, rules

ALL = [(dashboard["uid"], panel) for dashboard in dashboards() for panel in panels(dashboard)]
each_panel = pytest.mark.parametrize("panel", [pytest.param(panel, id=f"{uid}-{panel['id']}") for uid, panel in ALL])
each_query = pytest.mark.parametrize(
    "query", [pytest.param(one, id=f"{one.page}-{one.panel['id']}-{one.target['refId']}") for one in queries()]
)


def test_the_committed_files_are_what_the_code_makes() -> None:
    assert out_of_date() == []


def test_the_same_files_come_out_every_time(tmp_path: Any) -> None:
    names = list(write(tmp_path))

    assert names
    assert out_of_date(tmp_path) == []
    (tmp_path / names[0]).write_text("changed")
    assert out_of_date(tmp_path) == [names[0]]


def test_no_file_is_left_over() -> None:
    committed = {
        path.relative_to(HERE).as_posix()
        for folder in ("rendered", "rendered_rules", "provisioning")
        for path in (HERE / folder).rglob("*")
        if path.is_file()
    }
    from dashboards.render import rendered

    assert committed == set(rendered())


def test_what_a_device_got_is_of_tests_for_that_alone_and_not_of_how_much_there_is() -> None:
    of_tests = [one.target["query"] for one in queries() if 'FROM "throughput"' in one.target.get("query", "")]

    assert len(of_tests) == 2
    assert all("\"method\" = 'sufficiency'" in one for one in of_tests)


@pytest.mark.parametrize("dashboard", dashboards(), ids=lambda one: one["uid"])
def test_a_page_has_the_house_head(dashboard: Json) -> None:
    assert dashboard["tags"] == ["bandroom"]
    assert dashboard["refresh"] == {"bandroom-week": "1h", "bandroom-capacity": "5m"}.get(dashboard["uid"], "1m")
    assert dashboard["timezone"] == "browser"
    assert dashboard["description"]
    ids = [panel["id"] for panel in dashboard["panels"]]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("dashboard", dashboards(), ids=lambda one: one["uid"])
def test_panels_fill_the_grid_without_overlapping(dashboard: Json) -> None:
    taken: set[tuple[int, int]] = set()
    for panel in dashboard["panels"]:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, panel["title"]
        taken |= cells
    assert len(taken) == 24 * (1 + max(y for _, y in taken)), "there is a hole"


@each_panel
def test_a_panel_speaks_for_itself(panel: Json) -> None:
    assert panel["title"]
    assert panel["description"].endswith(".")
    assert panel["fieldConfig"]["defaults"]["noValue"].rstrip().endswith((".", "runs."))
    assert panel["targets"]


def test_every_page_leads_to_the_others_and_nowhere_else() -> None:
    there = {f"/d/{page.uid}" for page in PAGES}
    for dashboard in dashboards():
        assert {link["url"] for link in dashboard["links"]} == there - {f"/d/{dashboard['uid']}"}
        addresses = re.findall(r'"url": "(/d/[a-z-]+)', json.dumps(dashboard))
        assert {*addresses} <= there


@pytest.mark.parametrize(
    ("uid", "address"),
    [
        ("bandroom-district-now", "/d/bandroom-site?var-site=${__data.fields.site}"),
        ("bandroom-district-now", "/d/bandroom-room?var-site=${__data.fields.site}&var-room=${__data.fields.room}"),
        ("bandroom-capacity", "/d/bandroom-capacity?var-uplink=${__data.fields.uplink}"),
        ("bandroom-site", "/d/bandroom-room?var-site=${__data.fields.site}&var-room=${__data.fields.room}"),
    ],
)
def test_a_row_leads_to_the_next_question(uid: str, address: str) -> None:
    (dashboard,) = (one for one in dashboards() if one["uid"] == uid)
    assert json.dumps(address) in json.dumps(dashboard)
    for panel in panels(dashboard):
        if json.dumps(address) in json.dumps(panel):
            assert all(f'"{tag}"' in panel["targets"][0]["query"] for tag in re.findall(r"var-(\w+)=", address))


def test_rooms_depend_on_the_site_and_both_show_names() -> None:
    (room,) = (one for one in dashboards() if one["uid"] == "bandroom-room")
    variables = {one["name"]: one for one in room["templating"]["list"]}

    assert '"site" =~ /^${site:regex}$/' in variables["room"]["query"]["query"]
    for name in ("site", "room"):
        assert '"label"' in variables[name]["query"]["query"]
        assert "(?<text>" in variables[name]["regex"]


@each_query
def test_a_query_asks_the_data_source_of_its_measurement(query: Query) -> None:
    (measurement,) = re.findall(r'FROM "(\w+)"', query.text)
    assert query.target["datasource"] == {"type": "influxdb", "uid": f"bandroom-{MEASUREMENTS[measurement].kept}"}
    assert query.target["rawQuery"] is True


@each_query
def test_no_percentile_is_made_of_percentiles(query: Query) -> None:
    for function, field in re.findall(r'(\w+)\("(p\d+_ms)"', query.text):
        assert function in {"max", "last"}, f"{function}({field})"
        if function == "max":
            assert "worst" in query.target["alias"], "whoever reads it must know that it is the worst of several"


@each_query
def test_only_days_are_read_over_more_than_a_week(query: Query) -> None:
    (measurement,) = re.findall(r'FROM "(\w+)"', query.text)
    if query.page == "bandroom-capacity" and MEASUREMENTS[measurement].kept == "bins":
        assert query.panel["timeFrom"] == "24h"
    elif query.page in {"bandroom-week", "bandroom-capacity"}:
        assert (MEASUREMENTS[measurement].kept, query.panel.get("timeFrom")) == ("days", None), "the page's own range"
    elif MEASUREMENTS[measurement].kept == "days":
        assert query.panel["timeFrom"] == "$days"
    else:
        bounds = ("time > now() - 15m", "time > now() - 7d", "time > ${__to}ms - 7d")
        assert any(bound in query.text for bound in bounds)


def test_the_landing_page_reads_the_last_minutes_alone() -> None:
    texts = [query.text for query in queries() if query.page == "bandroom-district-now"]
    assert texts
    assert all("time > now() - 15m" in text and "$timeFilter" not in text for text in texts)


@each_query
def test_a_line_leaves_out_what_was_not_measured(query: Query) -> None:
    """In tables a mapping turns it into a dash."""
    measured = {"p50_ms", "p95_ms", "p99_ms", "loss", "qoo"}
    drawn = measured & {*re.findall(r'"(\w+)"', query.text)}
    if not drawn:
        return
    if query.target["resultFormat"] == "time_series":
        assert re.search(r'"(p95_ms|loss|qoo)" >= 0', query.text)
    else:
        shown = {one["matcher"]["options"]: one["properties"] for one in query.panel["fieldConfig"]["overrides"]}
        for field in drawn:
            (mappings,) = (one["value"] for one in shown[field] if one["id"] == "mappings")
            assert str(ABSENT) in mappings[0]["options"]


def test_unknown_is_grey_and_never_green() -> None:
    for mapping in (words.levels(), words.agent_levels(), words.qualities(), words.uplink_levels()):
        options = mapping.to_json()["options"]
        assert isinstance(options, dict)
        for result in options.values():
            assert result.text
            if result.text in {"unknown", "never reported"}:
                assert result.color == words.UNKNOWN
    assert words.UNKNOWN != words.GOOD
    assert words.STATE_WORDS.keys() == LEVELS.keys()
    assert words.AGENT_WORDS.keys() == AGENT_LEVELS.keys()
    assert words.UPLINK_WORDS.keys() == words.UPLINK_COLOURS.keys() == UPLINK_LEVELS.keys()


def test_every_cause_every_verdict_and_whoever_pays_is_shown_by_a_word() -> None:
    for mapping, names in (
        (words.causes(), get_args(Cause)),
        (words.verdict_names(), get_args(Verdict)),
        (words.pays(), get_args(BudgetLine)),
        (words.refusals(), get_args(Refusal)),
    ):
        options = mapping.to_json()["options"]
        assert isinstance(options, dict)
        assert options.keys() == {"", *names}
        assert not any("_" in (result.text or "_") for result in options.values())
    assert words.VERDICT_COLOURS.keys() == WEEK_LEVELS.keys() == set(get_args(Verdict))


def test_words_and_colours_are_the_boards() -> None:
    assert words.STATE_WORDS == STATE_WORDS
    css = (HERE.parent / "collector/board/style/colours.css").read_text(encoding="utf-8")
    light = dict(re.findall(r"--([\w-]+): (#\w+);", css.partition("@media")[0]))
    assert tuple(light[f"bar-{name}"] for name in ("bad", "degraded", "good", "unknown")) == (
        words.BAD,
        words.DEGRADED,
        words.GOOD,
        words.UNKNOWN,
    )


def test_limits_are_the_profiles() -> None:
    video = default_profiles().by_name["video_lesson"]
    steps = {
        step["value"]
        for _, panel in ALL
        for step in panel["fieldConfig"]["defaults"].get("thresholds", {}).get("steps", ())
        if step["value"] is not None
    }
    assert {
        *(video.rtt[0].optimal_ms, video.rtt[0].unacceptable_ms, video.loss.optimal, video.loss.unacceptable),
        *(video.down.bps, video.up.bps, DEGRADED_BELOW),
        *LEVEL_SHARES.values(),
    } == steps


@pytest.mark.parametrize("rule", rules(), ids=lambda one: one["uid"])
def test_a_rule_decides_what_silence_and_errors_mean(rule: Json) -> None:
    gone = rule["uid"] == "bandroom-collector-gone"
    assert rule["noDataState"] == ("Alerting" if gone else "OK")
    assert rule["execErrState"] == ("Alerting" if gone else "KeepLast")
    assert rule["for"]
    assert rule["keep_firing_for"]
    assert rule["labels"]["product"] == "bandroom"


@pytest.mark.parametrize("rule", rules(), ids=lambda one: one["uid"])
def test_only_a_collector_that_is_gone_is_told_outside_lessons(rule: Json) -> None:
    condition = rule["data"][-1]["model"]["expression"]
    in_lessons = "$level > -2" in condition or "$lessons > 0" in condition
    # What is said of weeks of lessons does not end with the day's.
    assert in_lessons is (rule["uid"] not in {"bandroom-collector-gone", "bandroom-uplink-full"})


_ROOM = MEASUREMENTS["room_bin"]


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ({"columns": (Column(name="p95_ms", function="min"),)}, "no percentile"),
        ({"columns": (Combined(left="p95_ms", right="p50_ms", function="sum", sign="-", shown="x"),)}, "no percentile"),
        ({"columns": (Column(name="p96_ms"),)}, "has no p96_ms"),
        ({"where": (Chosen(name="agent"),)}, "has no agent"),
        ({"group_by": ("loss",)}, "has no tag loss"),
        ({"during": None}, "from when it reads"),
    ],
    ids=["of percentiles", "between percentiles", "no field", "no tag", "a field as a tag", "no time"],
)
def test_a_query_that_does_not_fit_the_schema_is_not_made(fault: Json, said: str) -> None:
    good: Json = {"source": _ROOM, "columns": (Column(name="loss"),), "during": "range"}
    assert Select(**good)
    with pytest.raises(BadQuery, match=said):
        Select(**good | fault)


def test_values_and_names_are_quoted() -> None:
    select = Select(
        source=_ROOM,
        columns=(Column(name="loss", shown='a "b"'),),
        where=(Where(name="quality", sign="=", value="it's \\ \n"),),
        during="range",
    )
    assert select.text() == (
        'SELECT "loss" AS "a \\"b\\"" FROM "room_bin" WHERE "quality" = \'it\\\'s \\\\ \\n\' AND $timeFilter'
    )


def test_of_the_weeks_the_chosen_one_alone_is_read_but_where_they_stand_side_by_side() -> None:
    asked = {query.panel["title"]: query.text for query in queries() if query.page == "bandroom-week"}
    whole_range = {title for title, text in asked.items() if "time = 0${week:regex}ms" not in text}
    assert whole_range == {"How did it go, week by week?"}
