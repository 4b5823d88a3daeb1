"""Availability: which rooms fit, ranked, each free, busy or not bookable with its reason and ways out; answered from our own index."""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from sqlalchemy.orm import Session

from roombooker.domain import series
from roombooker.domain.booking import Side
from roombooker.domain.ranking import NO_TASTE, Taste
from roombooker.domain.room import Room
from roombooker.domain.rules import Reason, note, refusal_of_slot
from roombooker.domain.slot import Slot, whole_minute
from roombooker.errors import InvalidInput
from roombooker.services.alternatives import Neighbourhood, iso, nearby, other_room
from roombooker.services.catalogue import NO_FILTERS, Catalogue, Filters, Listed, Selection, Snapshot
from roombooker.settings import Settings
from roombooker.store import freshness
from roombooker.store import search as index
from roombooker.store.daybits import to_minute
from roombooker.store.db import Database

AROUND = timedelta(minutes=30)  # how much earlier or later is still a way out
_DAY_MINUTES = 24 * 60
_FRESHNESS_KEPT = timedelta(seconds=5)  # an "oldest read" only grows, so one a little old is a bound that still holds


Pool = Callable[[], Iterator[Listed]]


@dataclass(frozen=True, slots=True)
class Question:
    """What a person wants to know. One slot, or one per date; `recurrence` unfolds from the only slot."""

    slots: tuple[Slot, ...]
    recurrence: Mapping[str, Any] | None = None
    attendees: int = 1
    filters: Filters = NO_FILTERS
    organizer: str | None = None  # for whom, where it is not the caller
    limit: int = 50


def question_from(body: Mapping[str, Any]) -> Question:
    """Of a body that api.schemas.AvailabilityIn has checked; InvalidInput for a slot without a minute in it."""
    try:
        slots = tuple(Slot(one["start"], one["end"]) for one in body.get("slots") or (body,))
    except ValueError as error:
        raise InvalidInput(f"The end must be at least a minute after the start ({error}).", {"end": [str(error)]}) from None
    wanted = body.get("filters") or {}
    filters = Filters(
        capacity=wanted.get("capacity"),
        buildings=frozenset(name.casefold() for name in wanted.get("buildings") or ()),
        equipment=frozenset(name.casefold() for name in wanted.get("equipment") or ()),
        text=(wanted.get("text") or "").strip().casefold(),
    )
    return Question(
        slots=slots,
        recurrence=body.get("recurrence"),
        attendees=body.get("attendees", 1),
        filters=filters,
        organizer=(wanted.get("organizer") or "").strip().lower() or None,
        limit=body.get("limit", 50),
    )


@dataclass(slots=True)
class _Answer:
    """One room of the answer, before its details are looked up."""

    listed: Listed
    state: str
    reason: Reason | None = None
    clashes: int = 0
    conflicts: list[dict[str, Any]] = field(default_factory=list)
    alternatives: list[dict[str, Any]] = field(default_factory=list)
    free_until: int | None = None

    def json(self, total: int) -> dict[str, Any]:
        shown: dict[str, Any] = {
            "room": self.listed.public,
            "state": self.state,
            "reason": self.reason,
            "conflicts": self.conflicts,
            "alternatives": self.alternatives,
        }
        if self.free_until is not None:
            shown["free_until"] = iso(self.free_until)
        if total > 1 and self.state != "not_bookable":
            shown["slots"] = {"free": total - self.clashes, "total": total}
        return shown


class AvailabilityService:
    """`groups_of` tells the TOPdesk person groups that somebody is in, None where nobody can say; without it, rooms of a group are closed
    to all."""

    def __init__(
        self,
        *,
        database: Database,
        settings: Settings,
        clock: Callable[[], datetime],
        groups_of: Callable[[str], frozenset[str] | None] | None = None,
    ) -> None:
        self._database = database
        self._horizon = settings.horizon
        self._clock = clock
        self._groups_of = groups_of or (lambda _email: frozenset())
        self._catalogue = Catalogue(settings.horizon)
        self._reads: tuple[str, datetime, freshness.Reads] | None = None  # rooms' version, asked at, what was said

    def search(self, caller_email: str, question: Question) -> dict[str, Any]:
        """The answer of POST /api/v1/availability, in its shape."""
        now = self._clock()
        slots = self._slots(question, now)
        person = question.organizer or caller_email.strip().lower()
        with self._database.read() as session:
            snapshot, taste = self._known(session, person)
            if not snapshot.asks_for_groups(question.filters):
                return self._found(session, snapshot, question, slots, taste, frozenset())
        groups = self._groups_of(person)  # no transaction is open meanwhile
        with self._database.read() as session:
            snapshot = self._catalogue.current(session)
            return self._found(session, snapshot, question, slots, taste, groups)

    def _found(
        self,
        session: Session,
        snapshot: Snapshot,
        question: Question,
        slots: Sequence[Slot],
        taste: Taste,
        groups: frozenset[str] | None,
    ) -> dict[str, Any]:
        now = self._clock()
        selection = snapshot.select(question.filters, question.attendees, taste, groups)
        closed = _closed(snapshot, selection, slots, now)
        if len(slots) == 1:
            taken = dict.fromkeys(index.taken(session, slots[0]), 1)
        else:
            taken = index.clashes(session, slots)
        shown, counts = _choose(selection, taken, closed, question.limit)
        self._detail(session, shown, slots, lambda: self._pool(snapshot, question, slots, taste, groups), taken)
        as_of = self._as_of(session, snapshot, slots, now)
        return {
            "as_of": _instant(as_of) if as_of else None,
            "total": sum(counts.values()),
            "counts": counts,
            "rooms": [answer.json(len(slots)) for answer in shown],
        }

    def rooms(self) -> dict[str, Any]:
        """The answer of GET /api/v1/rooms: all enabled rooms, by name."""
        with self._database.read() as session:
            snapshot = self._catalogue.current(session)
            now = self._clock()
            as_of = self._as_of(session, snapshot, [Slot(now, now + timedelta(days=1))], now)
        listed = sorted(snapshot.listed, key=lambda one: (one.room.building, one.room.name, one.room.id))
        return {"as_of": _instant(as_of) if as_of else None, "rooms": [one.public for one in listed]}

    def alternatives_for(self, asked: Sequence[Room | str], slots: Sequence[Slot], attendees: int) -> list[dict[str, Any]]:
        """Ways out for rooms that turned out taken: the same room a little earlier, later or shorter, and per slot a free other room.

        Without `room` an alternative is about the room that was asked for, so those come only where there is one."""
        now = self._clock()
        ids = [one if isinstance(one, str) else one.id for one in asked]
        found: list[dict[str, Any]] = []
        with self._database.read() as session:
            snapshot = self._catalogue.current(session)
            wanted = [snapshot.by_id[room_id] for room_id in ids if room_id in snapshot.by_id]
            if len(wanted) == 1 and len(slots) == 1 and wanted[0].number is not None:
                around = index.occupants(session, [wanted[0].number], [slots[0].widened(AROUND)])
                found += nearby(slots[0], Neighbourhood(around.get(wanted[0].number, [])), now)
            taste = Taste(wanted[0].room.building, wanted[0].room.floor) if wanted else NO_TASTE
            selection = snapshot.select(NO_FILTERS, attendees, taste)
            closed = _closed(snapshot, selection, slots, now)
            for slot in slots:
                taken = index.taken(session, slot)
                free = (
                    one for one in selection.bookable if one.number not in taken and one.room.id not in ids and one.profile not in closed
                )
                found += [other_room(slot, one.public) for one in islice(free, 3 if len(slots) == 1 else 1)]
        return found

    def _slots(self, question: Question, now: datetime) -> list[Slot]:
        if question.recurrence:
            unfolded = series.unfold(question.recurrence, question.slots[0], until=now + self._horizon, since=now).slots
            return list(unfolded) or list(question.slots)
        return sorted(set(question.slots))

    def _known(self, session: Session, person: str) -> tuple[Snapshot, Taste]:
        """The rooms and what the person chose before, in one round trip."""
        version, building, floor, favourites = index.known(session, person)
        taste = Taste(building, floor, favourites) if building or favourites else NO_TASTE
        return self._catalogue.current(session, version), taste

    def _detail(
        self,
        session: Session,
        shown: Sequence[_Answer],
        slots: Sequence[Slot],
        pool: Pool,
        taken: Mapping[int, int],
    ) -> None:
        """What is shown of the best: conflicts and ways out of busy rooms, and until when free ones are free."""
        busy = {one.listed.number: one for one in shown if one.state == "busy" and one.listed.number is not None}
        free = {one.listed.number: one for one in shown if one.state == "free" and one.listed.number is not None}
        best = list(islice((one for one in pool() if one.number not in taken), 1)) if busy else []
        if len(slots) == 1:
            end = to_minute(slots[0].end)
            if free:
                for number, start in index.next_starts(session, free, end, end + _DAY_MINUTES).items():
                    free[number].free_until = start
            around = index.occupants(session, busy, [slots[0].widened(AROUND)]) if busy else {}
        else:
            around = index.occupants(session, busy, slots) if busy else {}
        now = self._clock()
        is_series = len(slots) > 1
        spans = [(to_minute(slot.start), to_minute(slot.end)) for slot in slots]
        for number, answer in busy.items():
            stood = around.get(number, [])
            if is_series:
                answer.conflicts = [_conflict(one) for one in stood]
                if best:
                    answer.alternatives = [other_room(slots[at], best[0].public) for at in sorted(_clashing(stood, spans))]
            else:
                ((start, end),) = spans
                answer.conflicts = [_conflict(one) for one in stood if one.start < end and one.end > start]
                answer.alternatives = nearby(slots[0], Neighbourhood(stood), now)
                answer.alternatives += [other_room(slots[0], one.public) for one in best]
        if len(slots) > 1 and not best and busy:
            self._room_per_date(session, busy, slots, pool, around)

    def _pool(
        self, snapshot: Snapshot, question: Question, slots: Sequence[Slot], taste: Taste, groups: frozenset[str] | None
    ) -> Iterator[Listed]:
        """Rooms to take instead of a busy one: those that were asked for, then those that only the text left out, then all."""
        now = self._clock()
        for filters in dict.fromkeys((question.filters, replace(question.filters, text=""), NO_FILTERS)):
            selection = snapshot.select(filters, question.attendees, taste, groups)
            closed = _closed(snapshot, selection, slots, now)
            yield from (one for one in selection.bookable if one.profile not in closed)

    def _room_per_date(
        self,
        session: Session,
        busy: Mapping[int, _Answer],
        slots: Sequence[Slot],
        pool: Pool,
        around: Mapping[int, Sequence[index.Occupant]],
    ) -> None:
        """No room has all dates free: a free one for each date that clashes, shown rooms first, since theirs is known already."""
        spans = [(to_minute(slot.start), to_minute(slot.end)) for slot in slots]
        clashing = {number: _clashing(around.get(number, ()), spans) for number in busy}
        found: dict[int, dict[str, Any] | None] = {}
        for number, answer in busy.items():
            for at in sorted(clashing[number]):
                if at not in found:
                    known = next((one.listed for other, one in busy.items() if at not in clashing[other]), None)
                    if known is None:
                        taken = index.taken(session, slots[at])
                        known = next((one for one in pool() if one.number not in taken), None)
                    found[at] = None if known is None else other_room(slots[at], known.public)
                way_out = found[at]
                if way_out is not None:
                    answer.alternatives.append(way_out)

    def _as_of(self, session: Session, snapshot: Snapshot, slots: Sequence[Slot], now: datetime) -> datetime | None:
        """The oldest read of both sides that the answer rests on; None until both have been read once."""
        if self._reads is None or self._reads[0] != snapshot.version or not timedelta() <= now - self._reads[1] < _FRESHNESS_KEPT:
            self._reads = (snapshot.version, now, freshness.reads(session))
        oldest = self._reads[2].oldest(Slot(slots[0].start, slots[-1].end))
        return min(oldest.values()) if len(oldest) == len(Side) else None


def _closed(snapshot: Snapshot, selection: Selection, slots: Sequence[Slot], now: datetime) -> dict[int, Reason]:
    """The profiles that refuse any of the slots, each asked once however many rooms share it."""
    asked = ((profile, refusal_of_slot(snapshot.profiles[profile], slots, now)) for profile in selection.profiles)
    return {profile: reason for profile, reason in asked if reason is not None}


def _choose(
    selection: Selection, taken: Mapping[int, int], closed: Mapping[int, Reason], limit: int
) -> tuple[list[_Answer], dict[str, int]]:
    """The best `limit` rooms: free ones first, then busy ones (a series: fewest clashes first), then those that cannot be booked."""
    bookable, refused, numbers = selection.bookable, list(selection.refused), selection.numbers
    if closed:
        refused = [(one, closed[one.profile]) for one in bookable if one.profile in closed] + refused
        bookable = tuple(one for one in bookable if one.profile not in closed)
        numbers = frozenset(one.number for one in bookable if one.number is not None)
    busy_count = len(numbers & taken.keys())
    counts = {"free": len(bookable) - busy_count, "busy": busy_count, "not_bookable": len(refused)}
    shown = [_Answer(one, "free", note(one.room)) for one in islice((one for one in bookable if one.number not in taken), limit)]
    if len(shown) < limit and busy_count:
        busy = [one for one in bookable if one.number in taken]
        busy.sort(key=lambda one: taken[one.number])  # type: ignore[index]  # stable: rank decides among equals
        shown += [_Answer(one, "busy", note(one.room), taken[one.number]) for one in busy[: limit - len(shown)]]  # type: ignore[index]
    shown += [_Answer(one, "not_bookable", reason) for one, reason in refused[: limit - len(shown)]]
    return shown, counts


def _clashing(stood: Sequence[index.Occupant], spans: Sequence[tuple[int, int]]) -> set[int]:
    """Which of the spans (minutes, soonest first) are taken."""
    found: set[int] = set()
    longest = max(end - start for start, end in spans)
    for one in stood:
        at = bisect_left(spans, (one.end, 0)) - 1  # the last that begins before the booking ends
        while at >= 0 and spans[at][0] > one.start - longest:
            if spans[at][1] > one.start:
                found.add(at)
            at -= 1
    return found


def _conflict(one: index.Occupant) -> dict[str, Any]:
    shown = {"start": iso(one.planned_start), "end": iso(one.planned_end)}
    return shown | {"by": one.by} if one.by else shown


def _instant(at: datetime) -> str:
    return (
        whole_minute(at).isoformat().replace("+00:00", "Z") if at.second == 0 else at.isoformat(timespec="seconds").replace("+00:00", "Z")
    )
