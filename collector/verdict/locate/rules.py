"""Name the cause of a bad bin: rules L2 to L8 of science.md 4.3, in their order, over what the slice shows.

Four witnesses are asked. The room's own way: which stretch of gateway, site and district holds 60 % of the trouble. The
site's wired reference, which goes the same way without the room's access. The other rooms of the site: whether what
suffers hangs on one thing that nothing fine hangs on. The other sites, and the Internet as references see it.

A cause is ``high`` where these exclude the alternatives, never because they agree with it:

=============== ======================================== ===============================================================
cause           what must be seen                        what that excludes
=============== ======================================== ===============================================================
room_access     the first target in the building holds   the line and all beyond: the trouble is there before; the
(L2)            the trouble; the wired reference is      building's core: the reference is fine; the switch: a room on
                fine by the same methods; a room on the  it is fine, or no other suffers; the machine: its report says
                same switch is fine, or no other         that it was at ease; an old ill: it is more than usual
                suffers; the machine reported
site_lan, by a  the same, of three rooms or more that    rooms by themselves: chance is below 0.001; the line: the
switch (L4)     share the switch, none of it fine, and   reference is fine; the core: no more than one room elsewhere
                one elsewhere at the most                suffers
site_lan, whole the reference's first target and those   rooms by themselves, their Wi-Fi: the reference is wired; the
(L4)            of 60 % of the rooms hold the trouble;   reference's own cable: the rooms; the line: it is there before;
                losses are also those of the site's      a gateway that drops pings: the reflector is none
                reflector
site_uplink     the reference's gateway is fine and its  Wi-Fi and building: the reference; the reference alone: 60 % of
(L4)            district is not; 60 % of the rooms       the rooms; the district's hub, its reflector and what is
                suffer; another site's way is fine; its  beyond: the other site goes there, too; local trouble of the
                anchors are not all fine                 reflector: the anchors
isp_egress (L5) 60 % of the sites, two at least, fail    each site's line: its district is fine; one machine on the
                two anchors while their district is      Internet: two fail; one reference: two sites
                fine
=============== ======================================== ===============================================================

What is silent to everybody is ``remote_service``: the district's reflector while the Internet is fine, and anchors,
before which a filter may have come. Nobody is condemned for what we ask ourselves.

``chance`` is that of so many bad rooms at once when each is bad by itself 5 % of the time. With fewer witnesses the
same causes are ``medium`` or ``low``, or none is named: ``undetermined``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from collector.verdict.causes import Cause, Confidence, Rule
from collector.verdict.locate.chain import HOLDS, LAN_ELEVATED_MS, LOSSY, Reading, Stretch
from collector.verdict.locate.reference import AnchorView, ReferenceView
from collector.verdict.locate.rooms import BY_CHANCE, WIDESPREAD, RoomView, Vote, chance, vote
from collector.verdict.topology import Place, RoomKey

HARDLY = 0.01
"""Rooms without labels that suffer together have something in common when chance does that so rarely (our choice)."""
CLEARS = 0.4
"""A reference with less than this share of a room's trouble shows that the rest is the room's own (our choice)."""


class Named(NamedTuple):
    """A cause, how sure that is, the rule that named it, and what the bad ones share."""

    cause: Cause
    confidence: Confidence
    rule: Rule
    shared: str | None = None


UNDETERMINED = Named("undetermined", "low", "L8")


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteView:
    """One site in a slice: its rooms, and what its reference saw if it is to be believed."""

    site: str
    rooms: tuple[RoomView, ...]
    reference: ReferenceView | None
    anchors: AnchorView | None

    def reads(self, stretch: Stretch) -> bool:
        """Whether most of the rooms that suffer and can tell have their trouble there."""
        told = [one.stretch for room in self.rooms if room.troubled and (one := room.reading()) and one.stretch]
        return 2 * told.count(stretch) > len(told)

    @property
    def most_suffer(self) -> bool:
        """Whether most of its rooms do."""
        troubled = sum(room.troubled for room in self.rooms)
        return troubled > 0 and troubled >= WIDESPREAD * len(self.rooms)


class Beyond(NamedTuple):
    """The way from a building to the district: whether it is bad, ``None`` unknown; and whether the rooms alone say so
    without telling it from the building."""

    bad: bool | None
    perhaps: bool = False


def beyond(site: SiteView) -> Beyond:
    """How the way from that site's building to the district was."""
    if site.reference and not site.reference.fine:
        stretch = site.reference.stretch
        if stretch == "far" or (stretch is None and site.reads("far")):
            return Beyond(True)
    elif site.reference is None and site.most_suffer and not any(room.trouble == "fine" for room in site.rooms):
        if site.reads("far"):
            return Beyond(True)
        if not site.reads("near") and not site.reads("lan"):
            return Beyond(None, perhaps=True)
    if (site.reference and site.reference.fine) or any(room.trouble == "fine" for room in site.rooms):
        return Beyond(False)
    return Beyond(None)


@dataclass(frozen=True, slots=True, kw_only=True)
class DistrictView:
    """All sites of a slice, and the ways between them and the Internet. `answered` says that anybody had an answer of
    the district's reflector."""

    beyond: Mapping[str, Beyond]
    sites: Mapping[str, SiteView]
    answered: bool

    @property
    def across(self) -> bool:
        """Whether 60 % of the sites whose way is known have a bad one, two at least."""
        bad, suffering, known = self._ways
        if suffering < 2 or suffering < WIDESPREAD * known:
            return False
        return bad >= WIDESPREAD * known or chance(suffering, known) < BY_CHANCE

    @property
    def reflector_off(self) -> bool:
        """Whether the district's reflector alone was gone: nobody had an answer of it, and the Internet was fine.
        Without anchors nobody can tell that from a way that is down."""
        seen = self.with_anchors
        return not self.answered and bool(seen) and all(one.anchors and one.anchors.fine for one in seen)

    @property
    def surely_across(self) -> bool:
        """Whether chance does not bring so many together."""
        _, suffering, known = self._ways
        return chance(suffering, known) < BY_CHANCE

    @property
    def _ways(self) -> tuple[int, int, int]:
        """How many ways are bad, how many are or perhaps are, and of how many anything is known."""
        known = [one for one in self.beyond.values() if one.bad is not None or one.perhaps]
        return sum(one.bad is True for one in known), sum(one.bad is True or one.perhaps for one in known), len(known)

    def another_is_fine(self, site: str) -> bool:
        """Whether the way from any other site to the district was good."""
        return any(one.bad is False for name, one in self.beyond.items() if name != site)

    @property
    def with_anchors(self) -> list[SiteView]:
        """The sites whose reference measured to the Internet."""
        return [one for one in self.sites.values() if one.anchors]


def district_view(sites: Mapping[str, SiteView], *, answered: bool) -> DistrictView:
    """The district of these sites."""
    return DistrictView(beyond={name: beyond(one) for name, one in sites.items()}, sites=sites, answered=answered)


def locate(
    room: RoomView, site: SiteView, district: DistrictView, places: Mapping[RoomKey, Place], *, at_ease: bool
) -> tuple[Named, Vote]:
    """The cause of a bad bin. `at_ease` says that the machine reported, and that it could measure."""
    votes = vote(room, site.rooms, places)
    if not room.measures:
        return _outside(site, district), votes
    return _inside(_Seen(room=room, site=site, district=district, votes=votes, at_ease=at_ease)), votes


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    room: RoomView
    site: SiteView
    district: DistrictView
    votes: Vote
    at_ease: bool

    @property
    def reading(self) -> Reading | None:
        return self.room.reading()

    @property
    def reference(self) -> ReferenceView | None:
        """The site's, if it measured by methods that can be held against the room's."""
        one = self.site.reference
        return one if one and one.family == self.room.family else None

    @property
    def explained(self) -> float | None:
        """How much of the room's trouble the reference has as well; ``None`` without one, or without trouble."""
        if not self.reference or not self.reading or self.reading.total <= 0:
            return None
        total = self.reference.total(self.reading)
        return None if total is None else total / self.reading.total

    @property
    def cleared(self) -> bool:
        """Whether the reference shows that what the room has in common with it is well."""
        return bool(
            self.reference and (self.reference.fine or (self.explained is not None and self.explained < CLEARS))
        )

    @property
    def shared(self) -> str | None:
        return " ".join(self.votes.shared) if self.votes.shared else None


def _inside(seen: _Seen) -> Named:
    """Of a room whose own target was bad."""
    stretch = seen.reading.stretch if seen.reading else None
    in_building = stretch in ("near", "lan")
    if not in_building and seen.district.reflector_off:
        return Named("remote_service", "medium" if len(seen.district.with_anchors) >= 2 else "low", "L6")
    if not in_building and not seen.cleared and seen.district.beyond[seen.site.site].bad is not False:
        if seen.district.across:
            return _across(seen)
        if named := _uplink(seen):
            return named
    if stretch != "far" and (named := _building(seen)):
        return named
    if seen.votes.shared and seen.votes.shared[0] == "uplink" and stretch == "far" and not seen.cleared:
        fine = seen.district.another_is_fine(seen.site.site)
        return Named("site_uplink", "medium" if fine else "low", "L4", seen.shared)
    if seen.cleared or seen.votes.fine:
        return _own(seen)
    return _alone(seen)


def _across(seen: _Seen) -> Named:
    """Sites suffer together on their way to the district: its hub, its way out, or the reflector itself."""
    internet = [
        one.anchors for name, one in seen.district.sites.items() if one.anchors and seen.district.beyond[name].bad
    ]
    loss = seen.reading.total if seen.reading and seen.reading.measure == "loss" else 0.0
    if len(internet) >= 2 and all(one.fine and (not loss or one.clears_of_loss(loss)) for one in internet):
        # Everything beyond is well, so that what is not is a machine of the district's that answers us.
        return Named("remote_service", "medium", "L6")
    return Named("isp_egress", "medium" if seen.district.surely_across else "low", "L5")


def _uplink(seen: _Seen) -> Named | None:
    """The line from the school, when this site suffers on it and others do not."""
    reference, votes, reading = seen.reference, seen.votes, seen.reading
    if seen.district.beyond[seen.site.site].bad is not True:
        return None
    told = reading is not None and reading.stretch == "far"
    by_reference = reference is not None and not reference.fine and (seen.explained or 0.0) >= HOLDS
    if not by_reference and not (told and (votes.widespread or votes.all_alike)):
        return None
    sure = (
        by_reference
        and told
        and reference is not None
        and reference.stretch == "far"
        and votes.widespread
        and seen.district.another_is_fine(seen.site.site)
        and not (reading and reading.absolute)
        and not (seen.site.anchors and seen.site.anchors.fine)
    )
    # Without another site it may as well be what is beyond the line, such as our own reflector.
    less: Confidence = "medium" if seen.district.another_is_fine(seen.site.site) else "low"
    return Named("site_uplink", "high" if sure else less, "L4" if votes.widespread else "L3", seen.shared)


def _building(seen: _Seen) -> Named | None:
    """What rooms share inside the building, when it is that."""
    reference, votes, reading = seen.reference, seen.votes, seen.reading
    told = reading is not None and reading.stretch in ("near", "lan")
    sure = told and reading is not None and not reading.absolute
    if reference and not seen.cleared and reference.stretch in ("near", "lan") and seen.site.most_suffer:
        alike = (seen.explained or 0.0) >= HOLDS
        high = sure and votes.widespread and alike and reading is not None and reading.confirmed
        return Named("site_lan", "high" if high else "medium", "L4" if votes.widespread else "L3", seen.shared)
    if votes.shared and votes.shared[0] == "switch":
        high = (
            sure
            and reference is not None
            and reference.fine
            and chance(votes.sharing, votes.sharing) < BY_CHANCE
            and votes.beside <= 1
        )
        if told or seen.cleared or votes.fine:
            return Named("site_lan", "high" if high else "medium", "L4", seen.shared)
    apart = votes.labelled and votes.near_witness
    if votes.widespread and not apart and (told or seen.site.reads("near") or seen.site.reads("lan")):
        return Named("site_lan", "medium", "L4", seen.shared)
    if told and not votes.labelled and chance(votes.troubled, votes.measured) < HARDLY:
        return Named("site_lan", "low", "L4")
    if told and votes.all_alike and (votes.shared is None or votes.shared[0] != "ap"):
        return Named("site_lan", "low", "L4", seen.shared)
    return None


def _own(seen: _Seen) -> Named:
    """The room by itself: what it has in common with the reference, or with rooms that are fine, is well."""
    reference, votes, reading = seen.reference, seen.votes, seen.reading
    if reading is None:
        return UNDETERMINED
    if reading.stretch in ("lan", "far"):
        # Few requests scatter: where the reference is fine, the trouble is told to be far only if that is no chance.
        chance_alone = reading.measure == "loss" and reading.alike >= BY_CHANCE and seen.cleared
        return Named("room_access", "low", "L2", seen.shared) if chance_alone else UNDETERMINED
    if reading.stretch == "near":
        high = (
            reference is not None
            and reference.fine
            and votes.fine > 0
            and votes.near_witness
            and votes.others_by_chance
            and not reading.absolute
            and seen.at_ease
        )
        return Named("room_access", "high" if high else "medium", "L2", seen.shared)
    if reading.near is None:
        return Named("room_access", "medium" if seen.cleared else "low", "L2", seen.shared)
    if reading.near >= (LOSSY if reading.measure == "loss" else LAN_ELEVATED_MS):
        return Named("room_access", "medium" if seen.cleared else "low", "L2", seen.shared)
    return UNDETERMINED


def _alone(seen: _Seen) -> Named:
    """No reference, and no room that is fine: the room's own way is all there is."""
    stretch = seen.reading.stretch if seen.reading else None
    if stretch == "near":
        return Named("room_access", "low", "L3", seen.shared)
    if stretch == "lan":
        return Named("site_lan", "low", "L3", seen.shared)
    if stretch == "far":
        fine = seen.district.another_is_fine(seen.site.site)
        return Named("site_uplink", "medium" if fine else "low", "L3", seen.shared)
    return UNDETERMINED


def _outside(site: SiteView, district: DistrictView) -> Named:
    """Of rooms that are bad because the Internet is, as their reference sees it."""
    reference, anchors = site.reference, site.anchors
    if reference is None or anchors is None:
        return UNDETERMINED
    if not reference.fine:
        if reference.stretch != "far":
            return UNDETERMINED
        if district.across:
            return Named("isp_egress", "medium", "L5")
        return Named("site_uplink", "medium", "L3")
    if anchors.silent:
        # An Internet that is gone looks like a filter that came between: nobody is condemned for a filter's rule.
        return Named("remote_service", "low", "L6")
    known = district.with_anchors
    bad = [one for one in known if one.anchors and one.anchors.decides]
    if any(score.worst == "loss" for score in anchors.decides):
        # Of few requests none may be lost by chance: such a site is not known to be well.
        lost = 1 - anchors.received / anchors.sent
        known = bad + [one for one in known if one not in bad and one.anchors and one.anchors.clears_of_loss(lost)]
    if len(district.with_anchors) == 1:
        return Named("isp_egress", "medium" if anchors.bad >= 2 else "low", "L3")
    if len(bad) < 2 or len(bad) < WIDESPREAD * len(known):
        return UNDETERMINED
    witnesses = sum(bool(one.reference and one.reference.fine) for one in bad)
    sure = witnesses >= 2 and witnesses >= WIDESPREAD * len(known) and anchors.bad >= 2
    return Named("isp_egress", "high" if sure else "medium", "L5")
