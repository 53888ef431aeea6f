"""docs/privacy.md lists everything that travels, and nothing that travels could carry a name."""

import importlib
import inspect
import json
import pkgutil
import re
from dataclasses import fields, is_dataclass, make_dataclass
from typing import Any, get_type_hints

import pytest

import wire
from docs.inventory import (
    FROM_A_MACHINE,
    PRIVACY_PAGE,
    TO_A_MACHINE,
    WIRE_PAGE,
    NotDescribed,
    described,
    inventory,
    main,
    shapes,
    type_name,
    with_inventory,
)
from tests.wire import literal
from wire.batch import Batch
from wire.codec import decode
from wire.enrolment import EnrolmentRequest
from wire.fields import WireError
from wire.ndt7.protocol import Measurement, server_text
from wire.reports import AwayReport
from wire.tcp_info import TcpInfo

PRIVACY = PRIVACY_PAGE.read_text(encoding="utf-8")
WIRE = WIRE_PAGE.read_text(encoding="utf-8")

NAMES_OF_PEOPLE_AND_PLACES = [
    "Ada Lovelace",
    "ada.lovelace@example.org",
    "LAPTOP-ADA",
    "ada-laptop.example.org",
    "https://example.org/search?q=ada",
    "192.0.2.17",
    "2001:db8::17",
    "02:00:5e:10:00:17",
    "Guest Wi-Fi",
    "C:\\Users\\ada",
    "52.5200,13.4050",
]


NO_MESSAGES = {
    "finding",  # what is made of a test
    "round_trips",
    "websocket",  # frames, as RFC 6455 has them
    "upgrade",
    "ndt7",  # M-Lab's texts, whose names are in the page's own words
    "tcp_info",
}
"""Modules whose dataclasses do not travel."""


def dataclasses_of_the_wire() -> set[type[Any]]:
    names = {one.name for one in pkgutil.iter_modules(wire.__path__)} - NO_MESSAGES
    modules = [importlib.import_module(f"wire.{one}") for one in sorted(names)]
    return {
        one
        for module in modules
        for _, one in inspect.getmembers(module, inspect.isclass)
        if is_dataclass(one) and one.__module__ == module.__name__
    }


def test_every_dataclass_of_the_wire_is_in_the_inventory() -> None:
    assert set(shapes(*FROM_A_MACHINE, *TO_A_MACHINE)) == dataclasses_of_the_wire()


def test_what_an_ndt7_text_holds_is_on_the_page() -> None:
    measured = Measurement(
        elapsed_us=1, payload_bytes=2, tcp=TcpInfo(**{field.name: 3 for field in fields(TcpInfo)}), tcp_elapsed_us=4
    )
    said = json.loads(server_text(measured, direction="down", test="5", started_at="6"))
    names = {*said, *said["AppInfo"], *said["TCPInfo"], *said["ConnectionInfo"]}
    assert {name for name in names if f"`{name}`" not in PRIVACY} == set()
    assert (said["ConnectionInfo"]["Client"], said["ConnectionInfo"]["Server"]) == ("", "")


def test_every_field_of_the_wire_is_on_the_page() -> None:
    rows = set(re.findall(r"^\| (\w+) \| `(\w+)` \|", PRIVACY, re.MULTILINE))
    assert rows == {(shape.__name__, field.name) for shape in dataclasses_of_the_wire() for field in fields(shape)}


def test_the_page_is_what_the_generator_writes() -> None:
    assert main(["--check"]) == 0, "run: python docs/inventory.py"
    assert with_inventory(PRIVACY, WIRE) == PRIVACY


def test_a_stale_page_is_noticed() -> None:
    stale = re.sub(r"^\| HealthReport \| `rss_kib`.*\n", "", PRIVACY, flags=re.MULTILINE)
    assert stale != PRIVACY
    assert with_inventory(stale, WIRE) == PRIVACY


def test_a_field_that_the_wire_page_does_not_explain_stops_the_generator() -> None:
    silent = re.sub(r"^\| `rss_kib`.*\n", "", WIRE, flags=re.MULTILINE)
    with pytest.raises(NotDescribed, match=r"HealthReport\.rss_kib"):
        inventory(silent)


def test_a_page_without_its_marks_is_refused() -> None:
    with pytest.raises(NotDescribed, match="lacks the lines"):
        with_inventory("# Privacy\n", WIRE)


def test_dataclasses_are_found_however_deep_they_stand() -> None:
    inner = make_dataclass("Inner", [("x", int)])
    outer = make_dataclass("Outer", [("many", tuple[inner, ...]), ("maybe", inner | None)])  # type: ignore[valid-type]
    assert shapes(outer) == [outer, inner]


def test_what_a_room_machine_sends_counts_no_octets_of_the_machine() -> None:
    names = {field.name for shape in shapes(*FROM_A_MACHINE) for field in fields(shape)}
    of_an_uplink = {"uplink_in_bytes", "uplink_out_bytes", "down_bytes", "up_bytes"}  # refused when a room sends them
    assert {name for name in names if "bytes" in name or "octets" in name} - of_an_uplink == {"used_bytes"}


@pytest.mark.parametrize("text", NAMES_OF_PEOPLE_AND_PLACES)
def test_no_text_that_a_machine_sends_can_be_a_name_or_an_address(text: str) -> None:
    good: dict[str, literal.Json] = {
        "EnrolmentRequest": literal.ENROLMENT_REQUEST,
        "Batch": literal.BATCH,
        "LatencyReport": literal.LATENCY,
        "ThroughputReport": literal.THROUGHPUT,
        "HealthReport": literal.HEALTH,
        "ServiceReport": literal.SERVICE,
        "Hop": literal.HOP,
        "PathReport": literal.PATH,
        "AwayReport": literal.OFF_SITE,
        "UplinkReport": literal.UPLINK,
    }
    for shape in shapes(EnrolmentRequest, Batch):
        for name, hint in get_type_hints(shape).items():
            if type_name(hint).startswith(("text", "word")):
                with pytest.raises(WireError):
                    decode(shape, json.dumps(good[shape.__name__] | {name: text}))


def test_away_is_told_as_times_and_no_more_and_the_page_says_so() -> None:
    remains = PRIVACY.partition("## What remains, said openly\n")[2].partition("\n## ")[0]
    assert "`off_site`" in remains
    assert set(get_type_hints(AwayReport)) - {"__pydantic_config__"} == {"kind", "seq", "boot_ms", "duration_ms"}


def test_the_meanings_are_those_of_the_wire_page() -> None:
    tables = described(WIRE)
    for shape, name, meaning in re.findall(
        r"^\| (\w+) \| `(\w+)` \| [^|]* \| [^|]* \| ([^|]*) \|$", PRIVACY, re.MULTILINE
    ):
        assert tables[shape][name].meaning.replace("](#", "](wire.md#") == meaning
