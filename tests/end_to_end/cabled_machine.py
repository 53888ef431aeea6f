"""A machine of its own beside this one: a namespace joined to it by a cable. Needs root."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tests.end_to_end.namespace import Namespace, namespace

HARDWARE = "02:83:07:5e:c1:e7"


@dataclass(frozen=True, slots=True, kw_only=True)
class CabledMachine:
    """The end of the cable on this machine has the address `outside`, and stands for the gateway."""

    namespace: Namespace
    outside: str = "10.83.7.1"
    address: str = "10.83.7.22"
    address_6: str = "fd83:7::22"
    gateway: str = "10.83.7.254"
    gateway_6: str = "fd83:7::fe"

    def addresses(self) -> set[str]:
        """Every address of its cable end, of both versions."""
        return self.namespace.addresses("inside")


@contextmanager
def cabled_machine() -> Iterator[CabledMachine]:
    """One that is gone afterwards."""
    cable = f"br{os.getpid() % 10**8}"
    with namespace("machine") as inside:
        one = CabledMachine(namespace=inside)
        try:
            end = ("name", "inside", "address", HARDWARE, "netns", inside.name)
            _ip("link", "add", cable, "type", "veth", "peer", *end)
            for address in (one.outside, one.gateway):
                _ip("address", "add", f"{address}/24", "dev", cable)
            _ip("address", "add", f"{one.gateway_6}/64", "dev", cable, "nodad")
            _ip("link", "set", cable, "up")
            inside.run("ip", "address", "add", f"{one.address}/24", "dev", "inside")
            inside.run("ip", "address", "add", f"{one.address_6}/64", "dev", "inside", "nodad")
            inside.run("ip", "link", "set", "inside", "up")
            inside.run("ip", "route", "add", "default", "via", one.gateway)
            inside.run("ip", "-6", "route", "add", "default", "via", one.gateway_6)
            yield one
        finally:
            # The namespace takes its end along, but not at once: the next cable may have the same name.
            subprocess.run(["ip", "link", "delete", cable], check=False, capture_output=True)


def _ip(*arguments: str) -> None:
    done = subprocess.run(["ip", *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, (arguments, done.stderr)
