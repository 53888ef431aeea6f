"""Mail page, plain text, PDF, CSV, API, board, command and Grafana say the same numbers of the same week."""

import csv
import html
import http.client
import io
import json
import re
import subprocess
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from collector.board.phrases import share
from collector.demo.simulated_district import simulated_district
from collector.district.district import District
from collector.main import app
from collector.verdict.uplinks.load import DISTRICT
from collector.verdict.week_sentence import percent, span
from tests.collector.board.districts import TIMETABLE, ZONE
from tests.collector.board.realistic_weeks import two_weeks
from tests.collector.influx import influx_settings
from tests.collector.live import Live, MovableClock, live_collector
from tests.collector.mail.mail_server import Manners, mail_server
from tests.collector.uplink_weeks import OAK_HILL, a_week, monday
from tests.collector.week_builders import MONDAY
from tests.dashboards.asked import Rows, ask
from tests.dashboards.known_week import ms, week_time
from tests.dashboards.rendered_files import queries
from tests.influx import Influx

WEEK = "2026-W10"
MONDAY_MORNING = datetime(2026, 3, 9, 14, 0, tzinfo=UTC)
NAMES = {"106": "Αίθουσα 106", "111": "Кабинет 111", "304": "Große Aula", "207": "=SUM(A1)"}
"""In scripts that every machine's PDF has letters of."""
FULL = 0.84


@dataclass(frozen=True, slots=True, kw_only=True)
class Faces:
    """What each face says of the week. Texts are without white space, as line ends are each face's own."""

    brief: dict[str, Any]
    weeks: dict[str, Any]
    tables: dict[str, list[dict[str, str]]]
    texts: dict[str, str]
    board: str
    live: Live
    influx: Influx | None
    mails: Manners


def a_named_district() -> District:
    """The demo's rooms, some with names in other scripts, with what they may use."""
    made = simulated_district(ZONE)
    return replace(
        made,
        calendar=TIMETABLE,
        rooms=tuple(replace(one, name=NAMES.get(one.room, one.room)) for one in made.rooms),
        sites=tuple(replace(one, uplink_mbps=500, users=400) for one in made.sites),
        egress_mbps=1000,
        users=1250,
    )


@pytest.fixture(params=["duckdb", pytest.param("influx", marks=pytest.mark.requires("influx"))])
def faces(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Faces]:
    influx = request.getfixturevalue("influx") if request.param == "influx" else None
    settings = influx_settings(influx) if influx else {}
    manners = Manners()
    with (
        mail_server(manners) as port,
        live_collector(
            tmp_path, district=a_named_district(), clock=MovableClock(MONDAY_MORNING), **mailing(port), **settings
        ) as live,
    ):
        live.store.write_weeks(list(two_weeks()))
        first = MONDAY - timedelta(weeks=20)
        live.store.uplinks.write_weeks(
            [a_week(FULL, monday(n, first), uplink=uplink) for n in range(21) for uplink in (DISTRICT, OAK_HILL)]
        )
        while live.ask("GET", "/readyz").status != 200:
            pass
        with zipfile.ZipFile(io.BytesIO(raw(live, f"/brief/{WEEK}.zip"))) as files:
            tables = {name: rows_of(files.read(name)) for name in files.namelist()}
        page = raw(live, f"/brief/{WEEK}.html").decode()
        yield Faces(
            brief=json.loads(raw(live, f"/v1/briefs/{WEEK}")),
            weeks=json.loads(raw(live, f"/v1/weeks/{WEEK}")),
            tables=tables,
            texts={
                "html": squeezed(re.sub(r"<(style|title)[^>]*>.*?</\1>|<[^>]+>", "", page, flags=re.DOTALL)),
                "text": squeezed(raw(live, f"/brief/{WEEK}.txt").decode()),
                "pdf": squeezed(text_of_pdf(raw(live, f"/brief/{WEEK}.pdf"), tmp_path)),
            },
            board=squeezed(re.sub(r"<[^>]+>", "", raw(live, f"/week/{WEEK}").decode())),
            live=live,
            influx=influx,
            mails=manners,
        )


def mailing(port: int) -> dict[str, Any]:
    """Settings by which the page is mailed to one reader."""
    server = {"host": "127.0.0.1", "port": port, "security": "none", "sender": "Bandroom <net@example.org>"}
    return {"mail": server, "brief": {"to": [{"address": "cio@example.org"}]}}


def raw(live: Live, path: str) -> bytes:
    """The body of an answer, which has to be a good one."""
    connection = http.client.HTTPConnection(live.host, live.port, timeout=60)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        body = answer.read()
        assert answer.status == 200, body[:500]
        return body
    finally:
        connection.close()


def rows_of(table: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(table.decode("utf-8-sig"), newline="")))


def text_of_pdf(made: bytes, folder: Path) -> str:
    (folder / "page.pdf").write_bytes(made)
    command = ["pdftotext", "-raw", str(folder / "page.pdf"), "-"]
    return subprocess.run(command, check=True, capture_output=True, timeout=60).stdout.decode()


def squeezed(text: str) -> str:
    """`text` without white space, signs of direction and letters' sizes."""
    return re.sub(r"[\s\u00ad\u200b-\u200f\u202a-\u202e\u2066-\u2069]+", "", html.unescape(text)).casefold()


def test_all_faces_say_the_same_of_a_week(faces: Faces, tmp_path: Path) -> None:
    the_whole_agrees(faces)
    every_restricted_room_agrees(faces)
    capacity_beside_guidance_agrees(faces)
    the_uplinks_agree(faces)
    the_command_agrees(faces)
    the_mail_agrees(faces, tmp_path)
    if faces.influx is not None:
        grafana_agrees(faces, faces.influx)


def the_whole_agrees(faces: Faces) -> None:
    brief, rooms = faces.brief, {(one["site"], one["room"]): one for one in faces.weeks["rooms"]}
    restricted = [one for one in rooms.values() if one["verdict"] == "restricted"]
    assert len(restricted) == len(brief["rooms"]) >= 4

    counted = {verdict: count for verdict, count in brief["verdicts"].items() if count}
    assert counted == faces.weeks["verdicts"]
    page = {one["what"]: one["value"] for one in faces.tables["page.csv"]}
    for verdict, count in brief["verdicts"].items():
        assert page[f"rooms_{verdict}"] == str(count)
        assert sum(one["verdict"] == verdict for one in faces.tables["rooms.csv"]) == count
    assert f"{counted['restricted']}of{len(rooms)}roomswererestricted" in faces.board
    assert (
        brief["bad_minutes"]
        == sum(one["bad_minutes"] for one in restricted)
        == float(page["bad_minutes_in_restricted_rooms"])
    )

    for sentence in (brief["headline"], brief["lead"], *(one["title"] for one in brief["to_do"])):
        for face, text in faces.texts.items():
            assert squeezed(sentence) in text, face


def every_restricted_room_agrees(faces: Faces) -> None:
    judged = {(one["site"], one["room"]): one for one in faces.weeks["rooms"]}
    tables = {(one["site"], one["room"]): one for one in faces.tables["rooms.csv"]}
    for told in faces.brief["rooms"]:
        key = told["site"], told["room"]
        week, row = judged[key], tables[key]
        for name in ("bad_share", "lower", "bad_minutes", "cause", "confidence", "budget_line", "evidence"):
            assert told[name] == week[name], name
        assert (told["room_name"], told["cause_text"]) == (week["room_name"], week["cause_text"])
        assert row["room_name"].removeprefix("'") == told["room_name"]
        assert float(row["bad_share"]) == pytest.approx(told["bad_share"], rel=1e-9)
        assert float(row["bad_share_at_least"]) == pytest.approx(told["lower"], rel=1e-9)
        assert float(row["bad_minutes"]) == told["bad_minutes"]
        assert (row["cause"], row["confidence"], row["budget_line"]) == (
            told["cause"], told["confidence"], told["budget_line"] or "",
        )  # fmt: skip
        assert row["sentence"] == told["evidence"]
        assert squeezed(share(told["bad_share"])) in faces.board
        by_tests = "speed was tested" in told["what"]
        numbers = [] if by_tests else [percent(told["bad_share"]), percent(told["lower"]), span(told["bad_minutes"])]
        for face, text in faces.texts.items():
            assert squeezed(told["what"]) in text, face
            assert all(squeezed(one) in text for one in numbers), face
    assert len(tables) == len(judged)


def the_uplinks_agree(faces: Faces) -> None:
    told = {one["uplink"]: one for one in faces.brief["uplinks"]}
    api = {one["uplink"]: one for one in json.loads(raw(faces.live, "/v1/uplinks"))["uplinks"]}
    tables = {one["uplink"]: one for one in faces.tables["uplinks.csv"]}
    assert told.keys() == api.keys() == tables.keys()
    board = squeezed(re.sub(r"<[^>]+>", "", raw(faces.live, "/uplinks").decode()))
    for key in (DISTRICT, OAK_HILL):
        for name in ("level", "capacity_mbps", "busy_bps", "busy_share", "headroom_bps", "says", "ahead", "forecast"):
            assert told[key][name] == api[key][name], name
        assert squeezed(told[key]["ahead"]) in board
        one, row = told[key], tables[key]
        assert one["busy_share"] == pytest.approx(FULL)
        assert float(row["busy_share"]) == pytest.approx(FULL)
        assert float(row["headroom_mbps"]) * 1e6 == pytest.approx(one["headroom_bps"])
        assert (row["level"], one["level"]) == ("act", "act")
        for face, text in faces.texts.items():
            assert squeezed(one["says"]) in text, face
            assert squeezed(one["ahead"]) in text, face
    weeks = [one for one in faces.tables["uplink-weeks.csv"] if one["uplink"] == OAK_HILL]
    assert len(weeks) == 21


def the_command_agrees(faces: Faces) -> None:
    url = f"http://{faces.live.host}:{faces.live.port}"
    said = CliRunner().invoke(app, ["rooms", "--url", url, "--week", WEEK, "--json"])

    assert json.loads(said.output) == faces.weeks


def capacity_beside_guidance_agrees(faces: Faces) -> None:
    rows = [
        (one["name"], int(one["users"]), float(one["mbps_per_user"]), one["meets"] == "yes", one["note"])
        for one in faces.tables["capacity.csv"]
    ]
    told = [
        (one["name"], one["users"], one["mbps_per_user"], one["meets"], one["note"]) for one in faces.brief["standings"]
    ]
    assert rows == told
    assert len(told) == 2 * 5
    assert {one[-1] for one in told} == {"planning guidance, not a verdict"}
    for text in faces.texts.values():
        assert "1,000mbit/sfor1,250users" in text


def the_mail_agrees(faces: Faces, folder: Path) -> None:
    """What is mailed, what the command writes and what the board hands out are the same files."""
    url, out = f"http://{faces.live.host}:{faces.live.port}", folder / "out"
    done = CliRunner().invoke(app, ["brief", "--url", url, "--week", WEEK, "--out", str(out), "--send"])

    assert done.exit_code == 0, done.output
    assert done.output.splitlines()[-1].partition(", the district's page: ")[2].startswith("mailed ")
    (mail,) = faces.mails.mails
    name = f"bandroom-brief-{WEEK}"
    text, page = mail.get_body(("plain",)), mail.get_body(("html",))
    assert text is not None
    assert page is not None
    assert text.get_content().split() == (out / f"{name}.txt").read_text(encoding="utf-8").split()
    assert page.get_content().split() == (out / f"{name}.html").read_text(encoding="utf-8").split()
    attached = {str(one.get_filename()): one.get_payload(decode=True) for one in mail.iter_attachments()}
    for path in out.iterdir():
        if path.suffix in {".pdf", ".csv"}:
            (found,) = (body for name, body in attached.items() if path.name.endswith(name.partition(WEEK)[2]))
            assert found == path.read_bytes() == faces_file(faces, path)


def faces_file(faces: Faces, path: Path) -> bytes:
    """The same file as the board hands it out."""
    if path.suffix == ".pdf":
        return raw(faces.live, f"/brief/{WEEK}.pdf")
    with zipfile.ZipFile(io.BytesIO(raw(faces.live, f"/brief/{WEEK}.zip"))) as files:
        return files.read(path.name.partition(f"{WEEK}-")[2])


def grafana_agrees(faces: Faces, influx: Influx) -> None:
    """The panels of the dashboards *Week* and *Capacity*, as Grafana asks them of InfluxDB."""
    counts = panel_rows(influx, "How many rooms were restricted in this week?")
    assert [
        {verdict: sum(row[verdict] for row in counts) for verdict in ("restricted", "at_risk", "unknown", "ok")}
    ] == [{verdict: faces.brief["verdicts"][verdict] for verdict in ("restricted", "at_risk", "unknown", "ok")}]
    rows = {(one["site"], one["room"]): one for one in panel_rows(influx, "Which rooms were restricted, and why?")}
    for told in faces.brief["rooms"]:
        row = rows[told["site"], told["room"]]
        assert row["bad_share"] == pytest.approx(told["bad_share"])
        assert row["lower"] == pytest.approx(told["lower"])
        assert row["bad_hours"] * 60 == pytest.approx(told["bad_minutes"])
        assert (row["cause"], row["confidence"], row["evidence"]) == (
            told["cause"], told["confidence"], told["evidence"],
        )  # fmt: skip
    uplinks = {one["uplink"]: one for one in faces.brief["uplinks"]}
    for uplink in (DISTRICT, OAK_HILL):
        shares = panel_rows(influx, "How full was its busy hour, week by week?", uplink=uplink)
        assert [one["down"] for one in shares if one["down"]][-1] == pytest.approx(uplinks[uplink]["busy_share"])
        rates = panel_rows(influx, "How much was left in its busy hour?", uplink=uplink)
        assert [one["busy hour"] for one in rates if one["busy hour"]][-1] == pytest.approx(uplinks[uplink]["busy_bps"])


def panel_rows(influx: Influx, title: str, *, uplink: str = "") -> Rows:
    """The rows of a panel's first query."""
    query = next(one for one in queries() if one.panel["title"] == title)
    return ask(
        influx,
        query.target["datasource"]["uid"],
        query.text,
        now=MONDAY_MORNING,
        span=timedelta(days=200 if uplink else 30),
        variables={"week": str(ms(week_time(MONDAY))), "uplink": uplink},
    )
