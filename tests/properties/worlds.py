"""A room's two sides in memory: worlds that Hypothesis makes, and what carrying out a plan makes of them."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from people import ALICE, BOB
from roombooker.domain.actions import Action, Adopt, Arrive, Create, Delete, Forget, Hold, Refresh, Update, Vanish
from roombooker.domain.booking import Booking, Side, Standing
from roombooker.domain.fingerprint import Field, fingerprint
from roombooker.domain.link import Link, Remembered
from roombooker.domain.plan import Ending, Rules, SideRules, View, plan
from roombooker.domain.slot import Slot

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
ROOM, OTHER_ROOM = "room-amber", "room-beryl"
ALL = frozenset({Field.SLOT, Field.PLACE, Field.STANDING, Field.ORGANIZER, Field.ATTENDEES})
FOLLOWED = frozenset({Field.SLOT, Field.PLACE, Field.ORGANIZER, Field.ATTENDEES})
GRACE = timedelta(minutes=10)


def rules(**given: object) -> Rules:
    """As rooms have them: Exchange waits out what vanished, people's meetings are not ours to edit."""
    plain = {
        "room_id": ROOM, "now": NOW, "zone": ZoneInfo("Europe/Amsterdam"),
        "topdesk": SideRules(keeps=ALL, follows=FOLLOWED),
        "exchange": SideRules(keeps=ALL, follows=frozenset({Field.SLOT, Field.PLACE, Field.STANDING}), follows_own=frozenset({Field.ORGANIZER}),
                              edits_all=False, grace=GRACE),
    }  # fmt: skip
    return Rules(**plain | given)  # type: ignore[arg-type]


def even_rules(**given: object) -> Rules:
    """The same for both sides, for what must mirror."""
    side = SideRules(keeps=ALL, follows=FOLLOWED, grace=GRACE)
    return rules(topdesk=side, exchange=side, **given)


def slot(hour: int, minutes: int = 60) -> Slot:
    start = datetime(2026, 11, 24, 0, 0, tzinfo=UTC) + timedelta(hours=hour)
    return Slot(start, start + timedelta(minutes=minutes))


def record(side: Side, ref: str, at: Slot, **facts: object) -> Booking:
    place = "location-amber" if side is Side.TOPDESK else "amber@contoso.example"
    plain = {
        "side": side,
        "ref": ref,
        "place": place,
        "room_id": ROOM,
        "slot": at,
        "standing": Standing.PLANNED,
        "version": "1",
        "organizer": ALICE,
    }
    return Booking(**plain | facts)  # type: ignore[arg-type]


@dataclass
class World:
    """`endings`: what a re-read of a missing record says."""

    links: dict[str, Link] = field(default_factory=dict)
    records: dict[Side, dict[str, Booking]] = field(default_factory=lambda: {side: {} for side in Side})
    endings: dict[Side, dict[str, Ending]] = field(default_factory=lambda: {side: {} for side in Side})
    numbers: "count[int]" = field(default_factory=lambda: count(1000))

    def view(self, side: Side, *, is_complete: bool = True) -> View:
        return View(tuple(self.records[side].values()), is_complete, self.endings[side])

    def plan(self, under: Rules) -> tuple[Action, ...]:
        return plan(self.links.values(), self.view(Side.TOPDESK), self.view(Side.EXCHANGE), under)

    # what carrying out an action makes of it

    def carry_out(self, actions: Iterable[Action], under: Rules, *, refuse: bool = False) -> None:
        """`refuse`: whatever is to be written is refused, and that is remembered."""
        for action in actions:
            self._one(action, under, refuse=refuse)

    def _one(self, action: Action, under: Rules, *, refuse: bool) -> None:
        match action:
            case Create() | Update() | Delete() if refuse:
                link = action.link or self._new_link(getattr(action, "source"), under)  # noqa: B009  a Create has one
                if isinstance(action, Create):
                    link = self._remembering(link, action.source, under)
                self._keep(replace(link, settled=action.mark))
            case Create(side=side, source=source):
                made = record(side, f"{side}-{next(self.numbers)}", source.slot, organizer=source.organizer, attendees=source.attendees,
                              room_organizes=side is Side.EXCHANGE)  # fmt: skip
                self.records[side][made.ref] = made
                self._agree(action.link or self._new_link(source, under), (source, made), under)
            case Update(side=side, source=source, target=target, fields=fields):
                changed = self._changed(target, source, fields)
                self.records[side][changed.ref] = changed
                self._agree(action.link, (source, changed), under)
            case Delete(side=side, target=target):
                self.records[side][target.ref] = replace(target, standing=Standing.CANCELLED)
                del self.links[action.link.id]
            case Adopt():
                self._adopt(action, under)
            case Refresh(link=link, booking=booking):
                self._keep(self._remembering(self.links[link.id], booking, under))
            case Forget(link=link):
                del self.links[link.id]
            case Vanish(link=link, is_back=is_back):
                self._keep(replace(self.links[link.id], vanished_at=None if is_back else under.now))
            case Hold():
                self._hold(action, under)
            case Arrive(link=link):
                self._keep(replace(link, is_busy=False, pending=None))

    def _changed(self, target: Booking, source: Booking, fields: frozenset[Field]) -> Booking:
        facts: dict[str, object] = {}
        if Field.SLOT in fields:
            facts["slot"] = source.slot
        if Field.PLACE in fields:
            facts |= {"room_id": source.room_id, "place": f"{source.room_id} on {target.side}"}
        if Field.ORGANIZER in fields:
            facts["organizer"] = source.organizer
        if Field.ATTENDEES in fields:
            facts["attendees"] = source.attendees
        if Field.STANDING in fields:
            facts["standing"] = Standing.PLANNED
        return replace(target, **facts)  # type: ignore[arg-type]

    def _adopt(self, action: Adopt, under: Rules) -> None:
        if action.absorbs is not None:
            del self.links[action.absorbs.id]
        link = action.link or self._new_link(action.topdesk, under)
        self._agree(link, (action.topdesk, action.exchange), under)
        if action.moves is None:
            return
        stays = action.topdesk if action.moves is Side.TOPDESK else action.exchange
        agreed = replace(self.links[link.id], slot=stays.slot)
        name = str(action.moves.other)
        blank = Remembered((agreed.remembered(action.moves.other) or Remembered("", "")).ref, "")
        self._keep(replace(agreed, **{name: blank}))  # type: ignore[arg-type]

    def _hold(self, action: Hold, under: Rules) -> None:
        known = action.exchange or action.topdesk
        link = self.links[action.link.id] if action.link else None
        if link is None:
            assert known is not None
            link = self._new_link(known, under)
        if known is not None and None in (link.topdesk, link.exchange):
            link = self._remembering(link, known, under)
        self._keep(replace(link, settled=action.mark))

    def _agree(self, link: Link, told: tuple[Booking, ...], under: Rules) -> None:
        for booking in told:
            link = self._remembering(link, booking, under)
        uid = next((b.ical_uid for b in told if b.ical_uid), link.ical_uid)
        self._keep(replace(link, settled=None, vanished_at=None, ical_uid=uid, writing=None))

    def _remembering(self, link: Link, booking: Booking, under: Rules) -> Link:
        remembered = Remembered(booking.ref, fingerprint(booking, under.of(booking.side).keeps))
        return replace(link, slot=booking.slot, room_id=booking.room_id or link.room_id, **{str(booking.side): remembered})

    def _new_link(self, source: Booking, under: Rules) -> Link:
        return Link(id=f"link-{next(self.numbers)}", match_key=f"key-{next(self.numbers)}", room_id=under.room_id, slot=source.slot)

    def _keep(self, link: Link) -> None:
        self.links[link.id] = link


# worlds

_people = st.sampled_from([ALICE, BOB, None])
_hours = st.integers(8, 15)
SEEN = ("awaited", "ended", "tombstone", "gone", "unreadable", "unchanged", "moved", "edited", "approved", "unmapped", "rehoused")
_states = st.sampled_from(SEEN)


@st.composite
def worlds(draw: st.DrawFn, under: Rules, *, states: st.SearchStrategy[str] = _states, most: int = 4, loose: int = 3) -> World:
    """Links in any pair of states, and records that nobody has linked yet."""
    world = World()
    for number in range(draw(st.integers(0, most))):
        _add_link(draw, world, f"l{number}", states, under)
    for number in range(draw(st.integers(0, loose))):
        side = draw(st.sampled_from(list(Side)))
        uid = draw(st.sampled_from(["uid-l0", "uid-l1", "uid-new"])) if side is Side.EXCHANGE else None
        booking = record(side, f"loose-{side}-{number}", slot(draw(_hours)), organizer=draw(_people), ical_uid=uid)
        world.records[side][booking.ref] = booking
    return world


def _add_link(draw: st.DrawFn, world: World, name: str, states: st.SearchStrategy[str], under: Rules) -> None:
    at, organizer = slot(draw(_hours)), draw(_people)
    seen = {side: draw(states) for side in Side}
    if set(seen.values()) == {"awaited"}:
        return
    remembered: dict[str, Remembered] = {}
    for side, state in seen.items():
        if state == "awaited":
            continue
        before = record(side, f"{side}-{name}", at, organizer=organizer, attendees=3, ical_uid=f"uid-{name}" if side is Side.EXCHANGE else None,
                        room_organizes=side is Side.EXCHANGE and draw(st.booleans()),
                        standing=Standing.REQUESTED if state == "approved" else Standing.PLANNED)  # fmt: skip
        remembered[str(side)] = Remembered(before.ref, fingerprint(before, under.of(side).keeps))
        _show(draw, world, before, state)
    link = Link(
        id=name, match_key=f"key-{name}", room_id=ROOM, slot=at, organizer=organizer if draw(st.booleans()) else None,
        ical_uid=f"uid-{name}" if "exchange" in remembered else None,
        is_awaiting="exchange" not in remembered and draw(st.booleans()),
        writing=draw(st.sampled_from([None, None, None, *Side])),
        vanished_at=draw(st.sampled_from([None, NOW - timedelta(minutes=3), NOW - timedelta(hours=1)])), **remembered,
    )  # fmt: skip
    world.links[name] = link


def _show(draw: st.DrawFn, world: World, before: Booking, state: str) -> None:
    """What there is now of a record that was so before."""
    side, ref = before.side, before.ref
    match state:
        case "ended" | "gone" | "unreadable":
            world.endings[side][ref] = {"ended": Ending.ENDED, "gone": Ending.GONE, "unreadable": Ending.UNREADABLE}[state]
            return
        case "tombstone":
            now = replace(before, standing=Standing.CANCELLED)
        case "moved":
            now = replace(before, slot=slot(draw(_hours), minutes=30))
        case "edited":
            now = replace(before, attendees=draw(st.integers(4, 6)))
        case "approved":
            now = replace(before, standing=Standing.PLANNED)
        case "unmapped":
            now = replace(before, room_id="", place="somewhere else")
        case "rehoused":
            now = replace(before, room_id=OTHER_ROOM, place=f"{OTHER_ROOM} on {side}")
        case _:
            now = before
    world.records[side][ref] = now


def mirrored(world: World) -> World:
    """TOPdesk's records become Exchange's and the other way round."""
    links = {
        name: replace(link, topdesk=link.exchange, exchange=link.topdesk, writing=link.writing.other if link.writing else None)
        for name, link in world.links.items()
    }
    records = {side: {ref: replace(b, side=side) for ref, b in world.records[side.other].items()} for side in Side}
    return World(links, records, {side: world.endings[side.other] for side in Side})
