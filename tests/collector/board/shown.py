"""The board as it is served: the real application on a real port, over values that a test can change."""

import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from types import SimpleNamespace
from typing import cast

import uvicorn

from collector.api.app import create_app
from collector.api.services import Services
from collector.brief.briefs import Briefs
from collector.judged_weeks import JudgedWeeks
from collector.now import DistrictNow
from collector.settings import Settings
from collector.uplinks.outlooks import Outlooks
from collector.verdict.uplinks.load import UplinkWeek
from collector.verdict.weeks import RoomWeek
from tests.collector.board.costs import AN_AGENT, Costs, a_written_district
from tests.collector.board.districts import NOW
from tests.collector.board.troubles import Kept, incidents_of
from tests.collector.uplink_weeks import KeptUplinks
from tests.collector.week_builders import KeptWeeks


class Shown:
    """A board of `district` at `now`; it can be stopped, and started again on the same port."""

    def __init__(
        self,
        district: DistrictNow,
        now: datetime = NOW,
        weeks: Sequence[RoomWeek] = (),
        uplinks: Sequence[UplinkWeek] = (),
    ) -> None:
        self.district = district
        self.now = now
        self.kept = KeptWeeks(*weeks)
        self.weeks = JudgedWeeks(self.kept)
        self.outlooks = Outlooks(
            KeptUplinks(uplinks, newest_week=self.kept.newest_week),
            a_written_district(district),
            today=lambda: self.now.date(),  # noqa: PLW0108 - `now` changes
        )
        self.port = 0
        self.troubles = Kept(incidents_of(district) if district.sites else ())
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        listener = socket.create_server(("127.0.0.1", self.port))
        self.port = listener.getsockname()[1]
        written = a_written_district(self.district)
        stand_in = SimpleNamespace(
            engine=_Engine(self),
            briefs=Briefs(
                store=self.kept,
                weeks=self.weeks,
                district=written,
                settings=Settings(),
                now=lambda: self.district,
                clock=lambda: self.now,
                outlooks=lambda week: tuple(self.outlooks.of_week(week).values()),
            ),
            leases=SimpleNamespace(off=None, budgets=Costs(("oak-hill", "106"))),
            post=SimpleNamespace(
                recipients=(), idle_because="nobody is named", calendars=lambda _site: written.calendars
            ),
            registry=SimpleNamespace(
                agents=lambda: [AN_AGENT],
                mailings=SimpleNamespace(newest_weeks=lambda _count: []),
                incidents=self.troubles,
                notices=self.troubles,
            ),
            alerts=SimpleNamespace(open=[]),
            district=written,
            checks=SimpleNamespace(newest=lambda _site, _room: None),
            trouble=None,
            settings=Settings(port=0, reflector_port=0),
            clock=lambda: self.now,
        )
        app = create_app(cast(Services, stand_in))
        self._server = uvicorn.Server(uvicorn.Config(app, log_config=None, timeout_graceful_shutdown=1))
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [listener]})
        self._thread.start()

    def stop(self) -> None:
        if self._server is not None and self._thread is not None:
            self._server.should_exit = True
            self._thread.join()
            self._server = None


class _Engine:
    """Has a snapshot and weeks, as the real one."""

    def __init__(self, shown: Shown) -> None:
        self._shown = shown

    @property
    def now(self) -> DistrictNow:
        return self._shown.district

    @property
    def weeks(self) -> JudgedWeeks:
        return self._shown.weeks

    @property
    def outlooks(self) -> Outlooks:
        return self._shown.outlooks


@contextmanager
def shown(
    district: DistrictNow, now: datetime = NOW, weeks: Sequence[RoomWeek] = (), uplinks: Sequence[UplinkWeek] = ()
) -> Iterator[Shown]:
    """A board that answers."""
    board = Shown(district, now, weeks, uplinks)
    board.start()
    try:
        yield board
    finally:
        board.stop()
