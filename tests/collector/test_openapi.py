"""The API does what its own OpenAPI says, for whatever a machine can think of asking."""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from schemathesis import openapi
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.collector.live import TOKEN, Live, live_collector

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    with live_collector(tmp_path_factory.mktemp("live")) as running:
        yield running


@pytest.mark.parametrize(
    "label",
    [
        "POST /v1/reports",
        "POST /v1/enrol",
        "GET /v1/agent/config",
        "POST /v1/leases",
        "POST /v1/leases/{lease}/end",
        "GET /v1/leases/{lease}/down",
        "POST /v1/leases/{lease}/up",
        "GET /v1/checks/places",
        "POST /v1/checks",
        "GET /v1/checks/{check}/ping",
        "GET /v1/checks/{check}/down",
        "POST /v1/checks/{check}/up",
        "POST /v1/checks/{check}/end",
        "DELETE /v1/checks/{check}",
        "POST /v1/checks/{check}/tell",
        "GET /v1/rooms",
        "GET /v1/rooms/{site}/{room}",
        "GET /v1/weeks/{week}",
        "GET /v1/briefs/{week}",
        "GET /v1/evidence/rooms/{site}/{room}.zip",
        "GET /v1/mailings",
        "POST /v1/briefs/{week}/mail",
        "GET /v1/evidence/uplinks/{uplink}.zip",
        "GET /v1/sites",
        "GET /v1/uplinks",
        "GET /v1/incidents",
        "GET /v1/profiles",
        "GET /healthz",
        "GET /readyz",
        "GET /metrics",
    ],
)
def test_every_answer_is_one_that_the_openapi_names(live: Live, label: str) -> None:
    schema = openapi.from_url(f"http://{live.host}:{live.port}/openapi.json")
    method, path = label.split(" ")
    operation = schema[path][method]

    @seed(1)
    @settings(
        max_examples=20,
        deadline=None,
        database=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
    )
    @given(st.data())
    def ask(data: st.DataObject) -> None:
        case = data.draw(operation.as_strategy())
        case.call_and_validate(headers={"Authorization": f"Bearer {TOKEN}"}, checks=CHECKS)

    ask()


def test_every_operation_is_asked(live: Live) -> None:
    schema = openapi.from_url(f"http://{live.host}:{live.port}/openapi.json")

    assert sum(1 for _ in schema.get_all_operations()) == 33
