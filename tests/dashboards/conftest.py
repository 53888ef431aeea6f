"""Where pushes go: a double that checks each request, and the Grafana of ``BANDROOM_GRAFANA_URL`` where that is set."""

import os
import uuid
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass

import pytest
from grafana_api.grafana_api import GrafanaClientError
from grafana_api.grafana_face import GrafanaFace

from dashboards.grafana import Address, Grafana
from dashboards.push import Content
from tests.dashboards.grafana_double import ADMIN_TOKEN, VIEWER_TOKEN, GrafanaDouble
from tests.dashboards.small_content import small_content

REAL_URL = os.environ.get("BANDROOM_GRAFANA_URL")


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A Grafana, tokens of two roles, and content of its own that nothing else there touches."""

    url: str
    admin_token: str
    viewer_token: str
    content: Content


@pytest.fixture
def double() -> Iterator[GrafanaDouble]:
    with GrafanaDouble() as grafana:
        yield grafana
    assert grafana.complaints == []


@pytest.fixture(params=["double", *(["real"] if REAL_URL else [])])
def target(request: pytest.FixtureRequest) -> Iterator[Target]:
    mark = f"bandroom-test-{uuid.uuid4().hex[:8]}"
    if request.param == "double":
        double = request.getfixturevalue("double")
        yield Target(url=double.url, admin_token=ADMIN_TOKEN, viewer_token=VIEWER_TOKEN, content=small_content(mark))
        return
    assert REAL_URL is not None
    token = os.environ["BANDROOM_GRAFANA_TOKEN"]
    place = Address.parse(REAL_URL)
    face = GrafanaFace(
        auth=token, host=place.host, port=place.port, url_path_prefix=place.prefix, protocol=place.scheme
    )
    viewer = face.api.POST("/serviceaccounts", json={"name": mark, "role": "Viewer"})["id"]
    content = small_content(mark)
    with closing(face.api.s):
        try:
            made = face.api.POST(f"/serviceaccounts/{viewer}/tokens", json={"name": mark})
            yield Target(url=REAL_URL, admin_token=token, viewer_token=made["key"], content=content)
        finally:
            face.api.DELETE(f"/serviceaccounts/{viewer}")
            with suppress(GrafanaClientError):  # a test that made none
                face.api.DELETE(f"/folders/{mark}?forceDeleteRules=true")
            for one in content.data_sources:
                with suppress(GrafanaClientError):
                    face.api.DELETE(f"/datasources/uid/{one['uid']}")


@pytest.fixture
def grafana(target: Target) -> Iterator[Grafana]:
    with closing(Grafana(target.url, target.admin_token)) as connected:
        yield connected
