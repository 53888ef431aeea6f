"""A site's reflector, as its agents are told of it: whom the rooms ask, and that the reference answers."""

from collections.abc import Mapping
from dataclasses import replace

from collector.district.district import District, Site
from collector.registry.agent import Agent
from wire.enrolment import ReflectorPlan, Target

PRESENCE_INTERVAL_MS = 2_000
"""How often an agent looks whether it is at its site still; it asks only where it is not sure."""


def site_targets(
    agent: Agent, district: District, keys: Mapping[str, str], *, interval_ms: int, timeout_ms: int
) -> tuple[Target, ...]:
    """What an agent in a room measures to in its own site: its reflector, where there is one."""
    site = _site_of(agent, district)
    if site is None or agent.role != "room":
        return ()
    reflector = Target(
        alias="site",
        method="stamp",
        host=site.reflector,
        port=site.reflector_port,
        tcp_port=None,  # its port is UDP's alone
        interval_ms=interval_ms,
        timeout_ms=timeout_ms,
        key=keys[site.site],
    )
    return (reflector,)


def presence_of(site: tuple[Target, ...]) -> Target | None:
    """What proves to an agent with these targets that it is at its site."""
    return next((replace(one, interval_ms=PRESENCE_INTERVAL_MS) for one in site), None)


def reflector_plan(agent: Agent, district: District, keys: Mapping[str, str]) -> ReflectorPlan | None:
    """Each reference agent of a site that has a reflector answers: the address in ``district.toml`` says whom rooms
    ask."""
    site = _site_of(agent, district)
    if site is None or agent.role != "reference":
        return None
    return ReflectorPlan(port=site.reflector_port, key=keys[site.site])


def _site_of(agent: Agent, district: District) -> Site | None:
    return next((one for one in district.sites if one.site == agent.site and one.reflector is not None), None)
