"""The pages, their addresses, and the way from one to the next."""

from dataclasses import dataclass
from typing import Literal

from grafana_foundation_sdk.builders import dashboard
from grafana_foundation_sdk.models.dashboard import (
    DashboardLink,
    DashboardLinkType,
    VariableOption,
    VariableRefresh,
    VariableSort,
)

from collector.store.influx_schema import LABEL, ROOM_NOW, SITE_NOW, UPLINK_LABEL, UPLINK_OUTLOOK, WEEK_WRITTEN
from dashboards.influxql import Chosen, Column, Select, source_of

TAG = "bandroom"
REFRESH = "1m"


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A dashboard: its address, and what it answers."""

    uid: str
    title: str
    about: str


DISTRICT_NOW = Page(uid="bandroom-district-now", title="District now", about="Which rooms cannot teach now, and why")
SITE = Page(uid="bandroom-site", title="Site", about="One school: its rooms now, today and over the weeks")
ROOM = Page(uid="bandroom-room", title="Room", about="One classroom: the evidence")
FLEET = Page(uid="bandroom-fleet", title="Fleet", about="Which agents need a look")
WEEK = Page(uid="bandroom-week", title="Week", about="Which rooms were restricted, why, and what changed")
CAPACITY = Page(uid="bandroom-capacity", title="Capacity", about="When an uplink will be too small")
PAGES = (DISTRICT_NOW, WEEK, CAPACITY, SITE, ROOM, FLEET)

TO_SITE = f"/d/{SITE.uid}?var-site=${{__data.fields.site}}"
TO_ROOM = f"/d/{ROOM.uid}?var-site=${{__data.fields.site}}&var-room=${{__data.fields.room}}"


TO_UPLINK = f"/d/{CAPACITY.uid}?var-uplink=${{__data.fields.uplink}}"


def new_dashboard(page: Page, *, since: str, picks_time: bool = True, refresh: str = REFRESH) -> dashboard.Dashboard:
    """An empty dashboard with the head that all pages have. A page of what is now lets nobody pick a time."""
    return (
        dashboard.Dashboard(page.title)
        .uid(page.uid)
        .description(page.about)
        .tags([TAG])
        .timezone("browser")
        .refresh(refresh)
        .time(since, "now")
        .timepicker(dashboard.TimePicker().hidden(not picks_time))
        .readonly()
    )


class HeadLink(DashboardLink):
    """A link that stands in the head itself; the SDK knows links in the menu behind it alone."""

    def to_json(self) -> dict[str, object]:
        """Without a place, which is the head."""
        return {key: value for key, value in super().to_json().items() if key != "placement"}


def links(page: Page) -> list[DashboardLink]:
    """To the other pages; from site to room and back the choice of the site goes along."""
    return [
        HeadLink(
            title=other.title,
            type_val=DashboardLinkType.LINK,
            url=f"/d/{other.uid}",
            tooltip=other.about,
            icon="",
            include_vars={page, other} == {SITE, ROOM},
        )
        for other in PAGES
        if other != page
    ]


def site_variable() -> dashboard.QueryVariable:
    """``$site``: shows the name, stands for the slug."""
    newest = Select(
        source=SITE_NOW, columns=(Column(name="label", function="last"),), during="last_week", group_by=("site",)
    )
    return _variable("site", "Site", newest)


def room_variable() -> dashboard.QueryVariable:
    """``$room``: the rooms of ``$site``."""
    newest = Select(
        source=ROOM_NOW,
        columns=(Column(name="label", function="last"),),
        during="last_week",
        where=(Chosen(name="site"),),
        group_by=("room",),
    )
    return _variable("room", "Room", newest)


def uplink_variable() -> dashboard.QueryVariable:
    """``$uplink``: shows the name, stands for what the uplink is known as."""
    newest = Select(
        source=UPLINK_OUTLOOK, columns=(Column(name="label", function="last"),), during="range", group_by=("uplink",)
    )
    return _variable("uplink", "Uplink", newest, label_form=UPLINK_LABEL)


def week_variable() -> dashboard.QueryVariable:
    """``$week``: the Mondays of the judged weeks, the newest first; each stands for the time of its points."""
    written = Select(source=WEEK_WRITTEN, columns=(Column(name="label"),), during="range")
    return (
        dashboard.QueryVariable("week")
        .label("Week from Monday")
        .datasource(source_of(WEEK_WRITTEN.kept))
        .query({"refId": "InfluxVariableQueryEditor-VariableQuery", "query": written.text()})
        .definition(written.text())
        .regex(LABEL)
        .refresh(VariableRefresh.ON_DASHBOARD_LOAD)
        .sort(VariableSort.ALPHABETICAL_DESC)
        .multi(False)
        .include_all(False)
        .allow_custom_value(False)
    )


def days_variable() -> dashboard.CustomVariable:
    """``$days``: how far back the panels of school days look, since lessons are looked at over hours and days over
    years."""
    spans = {"30 days": "30d", "12 weeks": "84d", "1 year": "365d", "6 years": "2190d"}
    options = [VariableOption(selected=text == "30 days", text=text, value=value) for text, value in spans.items()]
    return (
        dashboard.CustomVariable("days")
        .label("School days of")
        .values(", ".join(f"{text} : {value}" for text, value in spans.items()))
        .options(options)
        .current(options[0])
        .allow_custom_value(False)
    )


def _variable(
    name: Literal["site", "room", "uplink"], label: str, query: Select, *, label_form: str = LABEL
) -> dashboard.QueryVariable:
    return (
        dashboard.QueryVariable(name)
        .label(label)
        .datasource(source_of(query.measurement.kept))
        .query({"refId": "InfluxVariableQueryEditor-VariableQuery", "query": query.text()})
        .definition(query.text())
        .regex(label_form)
        .refresh(VariableRefresh.ON_DASHBOARD_LOAD)
        .sort(VariableSort.NATURAL_ASC)
        .multi(False)
        .include_all(False)
        .allow_custom_value(False)
    )
