import json
import stat
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from agent.attachment import Attachment
from agent.known_place import KnownPlace
from wire.enrolment import Target

SCHOOL = Attachment("eth0", "10.20.0.0/24", "10.20.0.1", "02:83:07:5e:c1:e7")
REFLECTOR = Target(
    alias="site",
    method="stamp",
    host="10.20.0.9",
    port=8621,
    tcp_port=None,
    interval_ms=2000,
    timeout_ms=2000,
    key="0b" * 32,
)


def known(path: Path, reflector: Target = REFLECTOR) -> KnownPlace:
    one = KnownPlace(path)
    one.belongs_to(reflector)
    one.load()
    return one


def test_a_remembered_attachment_is_recognised_after_a_restart(tmp_path: Path) -> None:
    before = known(tmp_path / "place.json")
    assert before.recognise(SCHOOL) == "other"
    assert before.remember(SCHOOL)
    before.save()

    assert known(tmp_path / "place.json").recognise(SCHOOL) == "same"


@pytest.mark.parametrize(
    ("elsewhere", "recognition"),
    [
        (SCHOOL._replace(interface="wlan0"), "other"),
        (SCHOOL._replace(network="10.20.0.0/16"), "other"),
        (SCHOOL._replace(gateway="10.20.0.254"), "other"),
        (SCHOOL._replace(gateway=None), "other"),
        (SCHOOL._replace(hardware="02:00:00:00:00:01"), "other"),
        (SCHOOL._replace(hardware=None), "maybe"),
    ],
)
def test_another_network_is_another_place(elsewhere: Attachment, recognition: str, tmp_path: Path) -> None:
    one = known(tmp_path / "place.json")
    one.remember(SCHOOL)

    assert one.recognise(elsewhere) == recognition


def test_what_has_no_hardware_address_to_compare_is_the_same(tmp_path: Path) -> None:
    one = known(tmp_path / "place.json")
    one.remember(SCHOOL._replace(hardware=None))

    assert one.recognise(SCHOOL) == "same"
    assert one.remember(SCHOOL)  # and now there is one
    assert one.recognise(SCHOOL._replace(hardware="02:00:00:00:00:01")) == "other"
    assert not one.remember(SCHOOL)
    assert not one.remember(SCHOOL._replace(hardware=None))  # that it cannot be read now takes nothing away


@pytest.mark.parametrize("changes", [{"host": "10.30.0.9"}, {"port": 8622}, {"key": "0c" * 32}])
def test_with_another_reflector_or_key_nothing_is_recognised(changes: dict[str, object], tmp_path: Path) -> None:
    one = known(tmp_path / "place.json")
    one.remember(SCHOOL)
    one.save()

    assert known(tmp_path / "place.json", replace(REFLECTOR, **changes)).recognise(SCHOOL) == "other"  # type: ignore[arg-type]


def test_no_address_is_written_down_and_two_machines_write_the_same_place_differently(tmp_path: Path) -> None:
    texts = []
    for name in ("a.json", "b.json"):
        one = known(tmp_path / name)
        one.remember(SCHOOL)
        one.save()
        texts.append((tmp_path / name).read_text())

    kept = [json.loads(text) for text in texts]
    for word in (*SCHOOL, "10.20", "c1e7", "83075e", REFLECTOR.host, REFLECTOR.key):
        assert word is not None
        assert all(word.lower() not in text.lower() for text in texts)
    assert not set(kept[0].values()) & set(kept[1].values())
    if sys.platform != "win32":
        assert stat.S_IMODE((tmp_path / "a.json").stat().st_mode) == 0o600


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"salt": "zz", "place": "a", "hardware": null}', "\0"])
def test_a_damaged_file_is_a_place_that_is_not_known(text: str, tmp_path: Path) -> None:
    (tmp_path / "place.json").write_text(text)

    assert known(tmp_path / "place.json").recognise(SCHOOL) == "other"
