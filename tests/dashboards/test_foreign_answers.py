"""What answers in Grafana's place: login pages, proxies, school filters."""

from contextlib import closing

import pytest

from dashboards.grafana import CannotPush, Grafana
from tests.agent.fakes import tcp_server
from tests.dashboards.grafana_double import ADMIN_TOKEN
from tests.end_to_end.portals import answers, hangs_up
from tests.end_to_end.relay import Behaviour

PAGE = b"<html>a message from your filter</html>"


@pytest.mark.parametrize(
    ("behaviour", "said"),
    [
        (answers(200), "is not a Grafana: status 200 with text/html; is a proxy in between, or a path missing?"),
        (answers(502, PAGE), "is not a Grafana: status 502 with text/html; is a proxy in between, or a path missing?"),
        (answers(200, b'"ok"', Content_Type="application/json"), "is not a Grafana: status 200 with application/json;"),
        (answers(200, b"{}", Content_Type="application/json"), "is not a Grafana"),
        (answers(404, b'{"message":"Not found"}', Content_Type="application/json"), "refused to say its version"),
        (
            answers(302, b"", Location="https://login.example.org/"),
            "is not a Grafana: it sends us to https://login.example.org/; give the address that Grafana itself has",
        ),
        (hangs_up, "cannot be reached: Remote end closed connection without response"),
    ],
)
def test_an_answer_that_is_not_grafanas_is_said(behaviour: Behaviour, said: str) -> None:
    with (
        tcp_server(behaviour) as port,
        closing(Grafana(f"http://127.0.0.1:{port}", ADMIN_TOKEN)) as grafana,
        pytest.raises(CannotPush) as caught,
    ):
        grafana.check_version()
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_redirect_never_carries_the_token_on() -> None:
    seen: list[bytes] = []

    def elsewhere(link: object) -> None:
        seen.append(b"a request")

    with tcp_server(elsewhere) as other:
        away = answers(302, b"", Location=f"http://127.0.0.1:{other}/api/health")
        with tcp_server(away) as port, closing(Grafana(f"http://127.0.0.1:{port}", ADMIN_TOKEN)) as grafana:
            with pytest.raises(CannotPush):
                grafana.check_version()
            with pytest.raises(CannotPush):
                grafana.create_folder("bandroom", "Bandroom")
    assert seen == []
