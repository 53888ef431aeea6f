"""Addresses: which are taken, and how they may be shown."""

import pytest

from collector.mail.addresses import a_sender, an_address, masked, same_mailbox, without_addresses


@pytest.mark.parametrize(
    "text",
    [
        "cio@example.org",
        "c.i.o+school@sub.example.org",
        "用户@example.org",
        "o'brien@example.org",
        "a@xn--schne-m6a.de",
    ],
)
def test_plain_addresses_are_taken(text: str) -> None:
    assert an_address(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "cio",
        "cio@localhost",
        "@example.org",
        "cio@",
        "a b@example.org",
        "cio@example.org, b@example.org",
        "<cio@example.org>",
        '"cio"@example.org',
        "cio@example.org\r\nBcc: b@example.org",
        "cio@example.org\n",
        "cio@exam\u200bple.org",
        "cio\u202e@example.org",
        "cio@[127.0.0.1]",
        "cio@127.0.0.1",
        "cio.@example.org",
        ".cio@example.org",
        "a@b@example.org",
        "a" * 65 + "@example.org",
        "a@" + "b" * 60 + ("." + "b" * 60) * 4 + ".org",
        "cio@schöne.example",
    ],
)
def test_nothing_else_is(text: str) -> None:
    with pytest.raises(ValueError, match=r"address|too long|xn--"):
        an_address(text)


def test_a_sender_has_a_name_in_any_script_or_none() -> None:
    named = a_sender('"校内ネット" <net@example.org>')

    assert (named.display_name, named.addr_spec) == ("校内ネット", "net@example.org")
    assert a_sender("net@EXAMPLE.org").addr_spec == "net@example.org"
    for bad in ("Net\nBcc: x@example.org <net@example.org>", "Net <net@example.org> x", "<>", "a@b.de <c@d.de"):
        with pytest.raises(ValueError, match=r"address|line"):
            a_sender(bad)


def test_an_address_is_shown_so_that_only_who_wrote_it_knows_it() -> None:
    assert masked("cio@example.org") == "c…@example.org"
    assert same_mailbox("CIO@Example.org") == same_mailbox("cio@example.org")
    assert without_addresses("<cio@example.org>: no\r\nsuch\x00 user (用户@example.org)") == (
        "<c…@example.org>: no such user (用…@example.org)"
    )
    assert without_addresses("User Anna.Lee unknown, Anna.Leeds is", and_of="anna.lee@example.org") == (
        "User a… unknown, Anna.Leeds is"
    )
    assert without_addresses("no io at io", and_of="io@example.org") == "no io at io"
    assert without_addresses("2.0.0 queued as 4711@mail") == "2.0.0 queued as 4711@mail"
