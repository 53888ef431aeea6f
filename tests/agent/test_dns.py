import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.dns import BadName, answer_to, question
from tests.agent.dns_answers import (
    FORMAT_ERROR,
    NO_SUCH_NAME,
    NOT_IMPLEMENTED,
    REFUSED,
    SERVER_FAILURE,
    TRUNCATED,
    answer,
    with_number,
)

ASKED = question("lms.example.org", 0x1234)


def test_a_question_is_the_bytes_of_rfc_1035() -> None:
    expected = "1234 0100 0001 0000 0000 0000 036c6d73 076578616d706c65 036f7267 00 0001 0001"

    assert question("lms.example.org", 0x1234) == bytes.fromhex(expected)
    assert question("lms.example.org.", 0x1234) == question("lms.example.org", 0x1234)


@pytest.mark.parametrize(
    "name", ["", ".", "a..b", ".a", "a" * 64 + ".example", ".".join(["a" * 63] * 4), "schüler.example"]
)
def test_what_is_no_name_is_not_asked_for(name: str) -> None:
    with pytest.raises(BadName):
        question(name, 1)


def test_the_longest_name_that_dns_knows_is_asked_for() -> None:
    longest = ".".join(("a" * 63, "b" * 63, "c" * 63, "d" * 61))

    assert len(question(longest, 1)) == 12 + 255 + 4
    with pytest.raises(BadName):
        question(longest + "d", 1)


@pytest.mark.parametrize(
    ("packet", "said"),
    [
        (answer(ASKED), "answered"),
        (answer(ASKED, records=b"", count=0), "answered"),  # the name has no address
        (answer(ASKED, code=NO_SUCH_NAME, records=b"", count=0), "answered"),
        (answer(ASKED, flags=TRUNCATED, records=b"", count=0), "answered"),
        (answer(ASKED, code=SERVER_FAILURE), "server_failed"),
        (answer(ASKED, code=REFUSED), "server_failed"),
        (answer(ASKED, code=FORMAT_ERROR), "server_failed"),
        (answer(ASKED, code=NOT_IMPLEMENTED), "server_failed"),
        (answer(ASKED, code=15), "server_failed"),
    ],
)
def test_what_a_resolver_says_is_told_by_its_code(packet: bytes, said: str) -> None:
    assert answer_to(ASKED, packet) == said


def test_an_answer_may_write_the_name_in_other_letters() -> None:
    assert answer_to(ASKED, answer(ASKED).replace(b"example", b"eXaMpLe")) == "answered"


def test_a_resolver_may_fail_before_it_has_read_the_question() -> None:
    assert answer_to(ASKED, bytes.fromhex("1234 8181 0000 0000 0000 0000")) == "server_failed"
    assert answer_to(ASKED, bytes.fromhex("1234 8180 0000 0000 0000 0000")) is None  # but not answer without one


@pytest.mark.parametrize(
    "packet",
    [
        b"",
        ASKED,  # a question
        answer(ASKED)[:11],
        answer(ASKED)[:20],
        with_number(answer(ASKED), 0x1235),
        answer(question("lms.example.com", 0x1234)),
        answer(question("lms.example.org.uk", 0x1234)),
        answer(ASKED[:-3] + b"\x1c\0\1"),  # AAAA
        answer(ASKED[:-1] + b"\3"),  # of another class
        answer(ASKED).replace(b"\0\1\0\1\0\0\0\0", b"\0\2\0\1\0\0\0\0", 1),  # two questions
        with_number(answer(ASKED[:12] + b"\xc0\x0c" + ASKED[-4:]), 0x1234),  # a name that points at itself
        bytes.fromhex("1234 a980") + answer(ASKED)[4:],  # another kind of request (opcode 5)
    ],
)
def test_what_does_not_answer_our_question_is_no_answer(packet: bytes) -> None:
    assert answer_to(ASKED, packet) is None


@pytest.mark.parametrize(
    "records",
    [
        b"\xc0\x0c" * 200,  # pointers without a record
        b"\xc0" + bytes((len(ASKED),)) + b"\0\1\0\1\0\0\0\x3c\xff\xff",  # points at itself, and claims 65535 bytes
        b"\x3f" + b"a" * 10,
        bytes(60_000),
    ],
)
def test_records_are_not_read_so_they_cannot_harm(records: bytes) -> None:
    assert answer_to(ASKED, answer(ASKED, records=records, count=65_535)) == "answered"


@given(st.binary(max_size=600))
def test_no_packet_of_a_stranger_breaks_the_reader(packet: bytes) -> None:
    assert answer_to(ASKED, packet) is None or packet[:2] == ASKED[:2]


@given(st.integers(0, len(ASKED) - 1), st.integers(1, 255))
def test_an_answer_with_one_byte_changed_is_none_or_says_its_code(place: int, change: int) -> None:
    packet = bytearray(answer(ASKED))
    packet[place] ^= change

    said = answer_to(ASKED, bytes(packet))

    in_flags = place in (2, 3)
    in_counts = 6 <= place < 12
    other_case = place >= 12 and change == 0x20 and chr(ASKED[place]).isalpha()
    assert said is None or in_flags or in_counts or other_case


@given(st.text(max_size=300))
def test_any_text_is_a_question_or_no_name(name: str) -> None:
    try:
        asked = question(name, 7)
    except BadName:
        return
    assert answer_to(asked, answer(asked)) == "answered"
