import pytest

from collector.district.host import a_host


@pytest.mark.parametrize(
    "host", ["192.0.2.7", "2001:db8::7", "a", "x-1.example", "xn--bcher-kva.example", f"{'a' * 63}.example"]
)
def test_a_host_is_a_name_or_an_address(host: str) -> None:
    assert a_host(host) == host


def test_a_host_is_written_small() -> None:
    assert a_host("LMS.Example.ORG") == "lms.example.org"


@pytest.mark.parametrize(
    "host", ["", "_", "a..example", "a.", "-a.example", "a-.example", "a b", "a:80", f"{'a' * 64}.example", "a." * 127]
)
def test_what_no_resolver_can_be_asked_for_is_no_host(host: str) -> None:
    with pytest.raises(ValueError, match="is not a host; wanted is"):
        a_host(host)


def test_a_host_in_other_letters_is_told_how_dns_writes_it() -> None:
    with pytest.raises(ValueError, match="xn--"):
        a_host("schüler.example")
