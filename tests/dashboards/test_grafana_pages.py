"""The dashboards in the Grafana of BANDROOM_GRAFANA_URL, in a real browser: each panel shows the known week.

Grafana must reach the InfluxDB of BANDROOM_INFLUX_URL by that address. Nothing of it is left afterwards.
"""

import http.client
import json
import os
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from collector.store.influx_schema import RETENTIONS
from dashboards.pages import PAGES
from dashboards.render import rendered
from tests.dashboards.known_rooms import LAB, OAK_HILL
from tests.dashboards.known_week import write_known_week
from tests.dashboards.rendered_files import dashboards, panels
from tests.end_to_end.browser import Page, browsing
from tests.end_to_end.waiting import eventually
from tests.influx import Influx, new_databases

GRAFANA = os.environ.get("BANDROOM_GRAFANA_URL")

PANELS_SEEN = """
(() => {
  const busy = document.querySelectorAll('[aria-label="Panel loading bar"], [data-testid="Spinner"]').length;
  const heads = [...document.querySelectorAll('[data-testid^="data-testid Panel header "]')];
  return busy ? null : heads.map(head => head.dataset.testid.replace('data-testid Panel header ', ''));
})()
"""
FAULTS_SEEN = """
['data-testid Panel status error', 'data-testid Panel data error message']
  .flatMap(id => [...document.querySelectorAll(`[data-testid="${id}"]`)])
  .map(one => one.innerText || one.getAttribute('aria-label') || 'an error')
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pushed:
    """Dashboards under names of this run's own."""

    url: str
    token: str
    mark: str

    def ask(self, method: str, path: str, body: object = None) -> Any:
        """Grafana's answer, which is no error."""
        place = urlsplit(self.url)
        connection = http.client.HTTPConnection(place.netloc, timeout=60)
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        try:
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            answer = connection.getresponse()
            text = answer.read().decode()
            assert answer.status < 300, f"{method} {path}: {answer.status} {text}"
            return json.loads(text)
        finally:
            connection.close()

    def push(self, influx: Influx) -> None:
        """Bring data sources and dashboards."""
        for kept in RETENTIONS:
            name = f"{self.mark}-{kept}"
            told = {"version": "InfluxQL", "dbName": influx.database(kept), "httpMode": "POST"}
            source: dict[str, object] = {"type": "influxdb", "access": "proxy", "url": influx.url}
            source |= {"name": name, "uid": name, "jsonData": told | {"httpHeaderName1": "Authorization"}}
            source |= {"secureJsonData": {"httpHeaderValue1": f"Token {influx.token}"}}
            self.ask("POST", "/api/datasources", source)
        self.ask("POST", "/api/folders", {"uid": self.mark, "title": self.mark})
        for page in PAGES:
            text = rendered()[f"rendered/{page.uid.removeprefix('bandroom-')}.json"]
            made = json.loads(text.replace("bandroom-", f"{self.mark}-"))
            self.ask("POST", "/api/dashboards/db", {"dashboard": made, "folderUid": self.mark})

    def remove(self) -> None:
        """Leave nothing."""
        self.ask("DELETE", f"/api/folders/{self.mark}")
        for kept in RETENTIONS:
            self.ask("DELETE", f"/api/datasources/uid/{self.mark}-{kept}")


if GRAFANA:
    pytestmark = [pytest.mark.requires("influx"), pytest.mark.requires("browser"), pytest.mark.slow]

    @pytest.fixture(scope="module")
    def pushed(influx_server: str) -> Iterator[Pushed]:
        made = Pushed(
            url=GRAFANA or "", token=os.environ["BANDROOM_GRAFANA_TOKEN"], mark=f"bandroom-test{secrets.token_hex(3)}"
        )
        with new_databases(influx_server) as influx:
            write_known_week(influx, datetime.fromtimestamp(time.time() // 300 * 300, UTC))
            try:
                made.push(influx)
                yield made
            finally:
                made.remove()

    @pytest.fixture
    def page(chromium: Path, tmp_path: Path, pushed: Pushed) -> Iterator[Page]:
        with browsing(chromium, tmp_path) as tab:
            # Tall enough that each panel is in sight: those that are not are not loaded.
            tab.look(1400, height=3000)
            tab.send(Authorization=f"Bearer {pushed.token}")
            yield tab

    @pytest.mark.parametrize("dashboard", dashboards(), ids=lambda one: one["uid"])
    def test_every_panel_shows_something(page: Page, pushed: Pushed, dashboard: Any) -> None:
        uid = dashboard["uid"].replace("bandroom-", f"{pushed.mark}-")
        page.go(f"{pushed.url}/d/{uid}?var-site=oak-hill&var-room=101")
        titles = {panel["title"].replace("$target", "district") for panel in panels(dashboard)}

        eventually("all panels", lambda: titles <= set(page.evaluate(PANELS_SEEN) or ()))
        eventually("values in them", lambda: page.evaluate(f"{PANELS_SEEN} !== null"))

        assert page.evaluate(FAULTS_SEEN) == []
        assert "No data" not in page.text()
        for panel in panels(dashboard):
            assert panel["fieldConfig"]["defaults"]["noValue"] not in page.text(), panel["title"]

    def test_from_a_room_that_cannot_teach_to_its_evidence_is_one_click(page: Page, pushed: Pushed) -> None:
        page.go(f"{pushed.url}/d/{pushed.mark}-district-now")
        eventually("the room", lambda: "Room 101" in page.text())
        address = page.evaluate("[...document.links].find(one => one.innerText.trim() === 'Room 101').href")

        page.go(address)

        eventually("its evidence", lambda: "Can this room teach now?" in page.text())
        # The variables show names, though the address has slugs.
        eventually("its name", lambda: OAK_HILL in page.text() and "Room 101" in page.text())

    def test_a_hostile_name_is_shown_as_it_is(page: Page, pushed: Pushed) -> None:
        page.go(f"{pushed.url}/d/{pushed.mark}-room?var-site=oak-hill&var-room=lab")

        eventually("the name", lambda: " ".join(LAB.split()) in " ".join(page.text().split()))
