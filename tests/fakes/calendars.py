"""In-memory TOPdesk and Exchange that obey the calendar port: conflict modes, tombstones, cursors and injected faults.

Calls of the port are written to `calls`; methods below "by hand" are what people do on that side, and are not counted."""

import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import TypeVar
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from roombooker.domain.booking import Booking, Draft, Person, Side, Standing
from roombooker.domain.calendar import Busy, Changes, Listing, Location, PersonCard, Place
from roombooker.domain.fingerprint import EVERY_FIELD, Field
from roombooker.domain.room import MeetingMode, Room
from roombooker.domain.slot import Slot
from roombooker.errors import Denied, NotFound, Refused, RoomBookerError, Unavailable

T = TypeVar("T")
NAMES = UUID("4b1f6d5e-6c4a-4a55-9f0b-6d1f4b8f2a10")


@dataclass
class Fault:
    """`error` is raised at the call's `nth` time from now, before or after it took effect; `times` in a row."""

    method: str
    error: Exception
    when: str
    nth: int
    times: int


class FakeCalendar:
    """What both sides have in common. `rooms` that are not known by hand are learnt from the calls."""

    side: Side

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self.clock = clock
        self.calls: list[str] = []
        self.faults: list[Fault] = []
        self.on_call: Callable[[str], None] = lambda _method: None  # to let something happen in between
        self.is_complete = True  # False: every listing is partial
        self.records: dict[str, Booking] = {}
        self.were_in: dict[str, set[str]] = {}  # ref -> every place that it ever was in
        self.drafts: list[Draft] = []  # as written, in order
        self.reasons: dict[str, str] = {}  # ref -> why it was ended
        self.log: list[str] = []  # refs in the order of their changes: what a cursor counts
        self._count = count(1)
        self._lock = threading.RLock()

    # by hand

    def fail(self, method: str, error: Exception, *, when: str = "before", nth: int = 1, times: int = 1) -> None:
        """`when="after"`: the call takes effect and its answer is lost."""
        self.faults.append(Fault(method, error, when, nth, times))

    def live(self, room: Room | None = None) -> list[Booking]:
        found = [b for b in self.records.values() if b.is_live and (room is None or b.place == self.place_of(room))]
        return sorted(found, key=lambda b: (b.slot, b.ref))

    def edit(self, ref: str, *, slot: Slot | None = None, room: Room | None = None, standing: Standing | None = None,
             organizer: Person | None = None, subject: str | None = None, attendees: int | None = None,
             private: bool | None = None) -> Booking:  # fmt: skip
        """Somebody changes it on this side."""
        seen = self.records[ref]
        return self._store(
            replace(
                seen,
                slot=slot or seen.slot,
                room_id=room.id if room else seen.room_id,
                place=self.place_of(room) if room else seen.place,
                standing=standing or seen.standing,
                organizer=organizer or seen.organizer,
                subject=seen.subject if subject is None else subject,
                attendees=seen.attendees if attendees is None else attendees,
                private=seen.private if private is None else private,
            )
        )

    def cancel(self, ref: str) -> Booking:
        """Somebody cancels it; the tombstone stays."""
        return self.edit(ref, standing=Standing.CANCELLED)

    def vanish(self, ref: str) -> None:
        """It is gone without a trace."""
        del self.records[ref]
        self.log.append(ref)

    # the port

    def place_of(self, room: Room) -> str:
        raise NotImplementedError

    def listing(self, room: Room, window: Slot) -> Listing:
        return self._call("listing", lambda: self._listing(room, window))

    def get(self, room: Room, ref: str) -> Booking:
        return self._call("get", lambda: self._seen_from(room, self._within_reach(room, self._record(ref))))

    def anywhere(self, ref: str) -> list[Booking]:
        return self._call("anywhere", lambda: [replace(self._record(ref), room_id="")])

    def find(self, room: Room, match_key: str) -> Booking | None:
        def act() -> Booking | None:
            found = [b for b in self.records.values() if b.match_key == match_key and self._is_within_reach(room, b)]
            found.sort(key=lambda b: (not b.is_live, b.ref))
            return self._seen_from(room, found[0]) if found else None

        return self._call("find", act)

    # inner workings

    def _call(self, method: str, act: Callable[[], T]) -> T:
        self.on_call(method)
        with self._lock:
            self.calls.append(method)
            fault = self._due_fault(method)
            if fault and fault.when == "before":
                raise fault.error
            answer = act()
            if fault:
                raise fault.error
            return answer

    def _due_fault(self, method: str) -> Fault | None:
        for fault in self.faults:
            if fault.method == method:
                fault.nth -= 1
                if fault.nth <= 0:
                    fault.times -= 1
                    if fault.times <= 0:
                        self.faults.remove(fault)
                    return fault
        return None

    def _listing(self, room: Room, window: Slot) -> Listing:
        read_at = self.clock()
        here = [b for b in self.records.values() if b.place == self.place_of(room) and b.slot.overlaps(window)]
        here.sort(key=lambda b: (b.slot, b.ref))
        return Listing(room.id, window, tuple(self._seen_from(room, b) for b in here), self.is_complete, read_at)

    def _is_within_reach(self, _room: Room, _booking: Booking) -> bool:
        """Whether asking in the name of that room can find it."""
        return True

    def _within_reach(self, room: Room, booking: Booking) -> Booking:
        if not self._is_within_reach(room, booking):
            raise NotFound(f"There is no such record on {self.side}.")
        return booking

    def _seen_from(self, room: Room, booking: Booking) -> Booking:
        return replace(booking, room_id=room.id if booking.place == self.place_of(room) else "")

    def _record(self, ref: str) -> Booking:
        if ref not in self.records:
            raise NotFound(f"There is no such record on {self.side}.")
        return self.records[ref]

    def _store(self, booking: Booking) -> Booking:
        stored = replace(booking, version=f"v{next(self._count)}", modified_at=self.clock())
        self.were_in.setdefault(stored.ref, set()).add(stored.place)
        self.records[stored.ref] = stored
        self.log.append(stored.ref)
        return stored


class FakeFacilities(FakeCalendar):
    """A TOPdesk. `conflict_mode`: reject | flag | silent, as the real one may do any of these."""

    side = Side.TOPDESK

    def __init__(self, clock: Callable[[], datetime], conflict_mode: str = "reject") -> None:
        super().__init__(clock)
        self.conflict_mode = conflict_mode
        self.blocks_may_overlap = False
        self.cards: dict[str, PersonCard] = {}  # by id
        self.groups: dict[str, set[str]] = {}  # ids and names of person groups, by person
        self.account = self.add_person(Person("roombooker@contoso.example", "Room Booker"))
        self.all_locations: list[Location] = []
        self.slice_by: timedelta | None = None  # the length of a slice of `listing_slices`; None: one for all
        self._numbers = count(1)

    # by hand

    def add_person(self, person: Person) -> PersonCard:
        card = PersonCard(str(uuid5(NAMES, person.email)), person)
        self.cards[card.id] = card
        return card

    def book(self, room: Room, slot: Slot, organizer: Person | None = None, *, match_key: str | None = None, subject: str = "",
             standing: Standing = Standing.PLANNED, attendees: int | None = None, has_services: bool = False) -> Booking:  # fmt: skip
        """Somebody reserves in TOPdesk itself (self-service, operator)."""
        return self._store(
            Booking(
                side=self.side, ref=self._new_ref(), place=room.location_id, room_id=room.id, slot=slot, standing=standing, version="",
                organizer=organizer, subject=subject, attendees=attendees, match_key=match_key, number=self._new_number(),
                has_services=has_services,
            )
        )  # fmt: skip

    def approve(self, ref: str) -> Booking:
        return self.edit(ref, standing=Standing.PLANNED)

    def reject(self, ref: str) -> Booking:
        return self.edit(ref, standing=Standing.REJECTED)

    # the port

    def place_of(self, room: Room) -> str:
        return room.location_id

    def create(self, room: Room, draft: Draft) -> Booking:
        def act() -> Booking:
            self.drafts.append(draft)
            standing = self._standing_at(room, draft.slot, draft.standing, but=None)
            return self._store(
                Booking(
                    side=self.side, ref=self._new_ref(), place=room.location_id, room_id=room.id, slot=draft.slot, standing=standing,
                    version="", organizer=self._organizer(draft), subject=draft.subject[:100], attendees=draft.attendees,
                    match_key=draft.match_key, number=self._new_number(),
                    is_conflicting_request=standing is Standing.CONFLICTING and draft.standing is Standing.REQUESTED,
                )
            )  # fmt: skip

        return self._call("create", act)

    def change(self, room: Room, seen: Booking, draft: Draft, fields: Collection[Field] = EVERY_FIELD) -> Booking:
        def act() -> Booking:
            self.drafts.append(draft)
            now = self._record(seen.ref)
            if not now.is_live:
                raise Refused(self.side, "TOPdesk does not change a reservation that has ended.", status_code=400)
            slot = draft.slot if Field.SLOT in fields else now.slot
            place = room.location_id if Field.PLACE in fields else now.place
            moves = (now.slot, now.place) != (slot, place)
            wanted = Standing.REQUESTED if now.standing is Standing.REQUESTED else Standing.PLANNED
            standing = self._standing_at(room, slot, wanted, but=now.ref) if moves else now.standing
            is_same = now.organizer is not None and now.organizer.is_same_as(draft.organizer)
            names_other = Field.ORGANIZER in fields and draft.requester_id and not is_same
            counts = Field.ATTENDEES in fields and draft.attendees is not None
            stored = self._store(
                replace(
                    now, slot=slot, place=place, room_id=room.id if place == room.location_id else now.room_id, standing=standing,
                    match_key=draft.match_key, organizer=self._organizer(draft) if names_other else now.organizer,
                    subject=draft.subject[:100] if Field.SUBJECT in fields or draft.private else now.subject,
                    attendees=draft.attendees if counts else now.attendees,
                )
            )  # fmt: skip
            return self._seen_from(room, stored)

        return self._call("change", act)

    def remove(self, room: Room, seen: Booking, reason: str) -> Booking | None:
        def act() -> Booking:
            now = self._record(seen.ref)
            if not now.is_live:
                return self._seen_from(room, now)
            self.reasons[now.ref] = reason
            is_request = now.standing is Standing.REQUESTED or now.is_conflicting_request
            return self._seen_from(room, self._store(replace(now, standing=Standing.REJECTED if is_request else Standing.CANCELLED)))

        return self._call("remove", act)

    def occupied(self, rooms: Sequence[Room], slot: Slot) -> dict[str, list[Booking]]:
        def act() -> dict[str, list[Booking]]:
            return {
                room.id: [self._seen_from(room, b) for b in self.live(room) if b.slot.overlaps(slot.widened(room.apart))] for room in rooms
            }

        return self._call("occupied", act)

    def person_by_email(self, email: str) -> PersonCard | None:
        def act() -> PersonCard | None:
            return next((c for _, c in sorted(self.cards.items()) if c.person.email == email.strip().lower()), None)

        return self._call("person_by_email", act)

    def person_groups(self, person_id: str) -> frozenset[str]:
        def act() -> frozenset[str]:
            if person_id not in self.cards:
                raise NotFound("There is no such person.")
            return frozenset(self.groups.get(person_id, ()))

        return self._call("person_groups", act)

    def person_account(self) -> PersonCard | None:
        return self._call("person_account", lambda: self.account)

    def locations(self, branch: str | None = None, room_type: str | None = None) -> list[Location]:
        def act() -> list[Location]:
            return [x for x in self.all_locations if branch in (None, x.branch, x.branch_id) and room_type in (None, x.room_type)]

        return self._call("locations", act)

    def stamp(self, room: Room, seen: Booking, match_key: str) -> Booking:
        def act() -> Booking:
            return self._seen_from(room, self._store(replace(self._record(seen.ref), match_key=match_key)))

        return self._call("stamp", act)

    def listing_all(self, rooms: Sequence[Room], window: Slot) -> list[Listing]:
        return self._call("listing_all", lambda: [self._listing(room, window) for room in rooms])

    def listing_slices(self, rooms: Sequence[Room], window: Slot) -> Iterator[list[Listing]]:
        """`slice_by` cuts the window, as pages do."""
        begin = window.start
        while begin < window.end:
            end = min(begin + self.slice_by, window.end) if self.slice_by else window.end
            yield self.listing_all(rooms, Slot(begin, end))
            begin = end

    def make_series(self, room: Room, seen: Booking, dates: Sequence[date]) -> list[Booking]:
        def act() -> list[Booking]:
            first = self._store(replace(self._record(seen.ref), series_ref=f"series-{seen.ref}"))
            zone = ZoneInfo(room.time_zone)
            local = first.slot.start.astimezone(zone)
            made = [first]
            for day in dates:
                start = datetime.combine(day, local.time(), zone).astimezone(UTC)
                made.append(
                    self._store(
                        replace(
                            first,
                            ref=self._new_ref(),
                            number=self._new_number(),
                            match_key=None,
                            slot=Slot(start, start + first.slot.duration),
                        )
                    )
                )
            return made

        return self._call("make_series", act)

    def extend_series(self, room: Room, seen: Booking, dates: Sequence[date]) -> list[Booking]:
        def act() -> list[Booking]:
            first = self._record(seen.ref)
            before = [b for b in self.records.values() if b.series_ref == first.series_ref]
            zone = ZoneInfo(room.time_zone)
            for day in dates:
                start = datetime.combine(day, first.slot.start.astimezone(zone).time(), zone).astimezone(UTC)
                slot = Slot(start, start + first.slot.duration)
                before.append(self._store(replace(first, ref=self._new_ref(), number=self._new_number(), slot=slot)))
            return before

        return self._call("extend_series", act)

    # inner workings

    def _standing_at(self, room: Room, slot: Slot, wanted: Standing, but: str | None) -> Standing:
        widened = slot.widened(room.block_time * (1 if self.blocks_may_overlap else 2))
        clashes = [b for b in self.live(room) if b.ref != but and b.slot.overlaps(widened)]
        if not clashes or self.conflict_mode == "silent":
            return wanted
        if self.conflict_mode == "flag":
            return Standing.CONFLICTING
        raise Refused(self.side, "TOPdesk says that the room is not available at that time.", status_code=400)

    def _organizer(self, draft: Draft) -> Person | None:
        if draft.requester_id in (None, self.account.id):
            return None
        if draft.requester_id not in self.cards:
            raise Refused(self.side, "TOPdesk does not know this requester.", status_code=400)
        return self.cards[str(draft.requester_id)].person

    def _new_ref(self) -> str:
        return str(uuid5(NAMES, f"reservation {next(self._count)}"))

    def _new_number(self) -> str:
        return f"R {self.clock():%y%m} {next(self._numbers):03}"


class FakeMeetings(FakeCalendar):
    """An Exchange, seen through its room mailboxes. `out_of_scope` mailboxes answer Denied; `read_only` refuses every write."""

    side = Side.EXCHANGE

    def __init__(self, clock: Callable[[], datetime]) -> None:
        super().__init__(clock)
        self.out_of_scope: set[str] = set()
        self.silent: set[str] = set()  # mailboxes that never answer
        self.read_only = False
        self.people_calendars = False  # the optional scope
        self.directory: list[Person] = []
        self.all_places: list[Place] = []
        self.sent: list[tuple[str, Person, str, str]] = []  # sender, to, subject, text
        self.expired_before = 0  # cursors below this are expired
        self._series_of: dict[str, str] = {}  # ref -> series, of the vanished too

    # by hand

    def invite(self, room: Room, slot: Slot, organizer: Person, *, subject: str | None = None, attendees: int | None = 1,
               standing: Standing = Standing.PLANNED, private: bool = False, ical_uid: str | None = None,
               series_ref: str | None = None, original_start: datetime | None = None) -> Booking:  # fmt: skip
        """Somebody sends an invitation and the room accepts: its copy appears."""
        number = next(self._count)
        return self._store(
            Booking(
                side=self.side, ref=f"immutable-{number}", place=room.mailbox, room_id=room.id, slot=slot, standing=standing, version="",
                organizer=organizer, subject=subject if room.keeps_subject else None, attendees=attendees, private=private,
                ical_uid=ical_uid or f"uid-{number}", series_ref=series_ref, original_start=original_start,
            )
        )  # fmt: skip

    def expire_cursors(self) -> None:
        self.expired_before = len(self.log) + 1
        self.log.append("")

    # the port

    def place_of(self, room: Room) -> str:
        return room.mailbox

    def create(self, room: Room, draft: Draft) -> Booking:
        def act() -> Booking:
            self._check_write(room)
            self.drafts.append(draft)
            # transactionId, which only what we made ourselves has: a person's meeting may bear our key too
            twin = next((b for b in self.records.values() if b.match_key == draft.match_key and (b.is_live or b.room_organizes)), None)
            if twin:  # a repeated create makes nothing
                return self._seen_from(room, twin)
            number = next(self._count)
            is_persons = self.people_calendars and room.meeting_mode is MeetingMode.PERSON and draft.organizer is not None
            return self._store(
                Booking(
                    side=self.side, ref=f"immutable-{number}", place=room.mailbox, room_id=room.id, slot=draft.slot,
                    standing=draft.standing, version="", organizer=draft.organizer, subject=draft.subject, attendees=draft.attendees,
                    private=draft.private, match_key=draft.match_key, ical_uid=f"uid-{number}", room_organizes=not is_persons,
                )
            )  # fmt: skip

        return self._call("create", act)

    def change(self, room: Room, seen: Booking, draft: Draft) -> Booking:
        def act() -> Booking:
            self._check_write(room)
            now = self._record(seen.ref)
            if not now.room_organizes and not self.people_calendars:
                raise Refused(self.side, "This meeting belongs to its organizer; the room cannot change it.", status_code=400)
            self.drafts.append(draft)
            if not now.room_organizes:
                moved = replace(now, slot=draft.slot, place=room.mailbox, room_id=room.id)
                if now.place != room.mailbox:  # the same meeting, with another room's copy
                    self.vanish(now.ref)
                    moved = replace(moved, ref=f"immutable-{next(self._count)}")
                return self._store(moved)
            if now.place != room.mailbox:  # a meeting lives in its mailbox: another room is another meeting
                self.vanish(now.ref)
                number = next(self._count)
                now = replace(now, ref=f"immutable-{number}", ical_uid=f"uid-{number}", match_key=draft.match_key)
            return self._store(
                replace(
                    now, slot=draft.slot, place=room.mailbox, room_id=room.id, subject=draft.subject, private=draft.private,
                    standing=draft.standing,
                    organizer=draft.organizer or now.organizer, attendees=draft.attendees if draft.attendees is not None else now.attendees,
                )
            )  # fmt: skip

        return self._call("change", act)

    def remove(self, room: Room, seen: Booking, reason: str) -> Booking | None:
        def act() -> None:
            self._check_write(room)
            now = self.records.get(seen.ref)
            if now and now.is_live:
                self.reasons[seen.ref] = reason
                self.vanish(seen.ref)

        return self._call("remove", act)

    def free_busy(self, rooms: Sequence[Room], slot: Slot) -> dict[str, list[Busy]]:
        def act() -> dict[str, list[Busy]]:
            if len(rooms) == 1:
                self._check_scope(rooms[0])
            return {
                room.id: [
                    Busy(b.slot, "tentative" if b.standing is Standing.REQUESTED else "busy")
                    for b in self.live(room)
                    if b.slot.overlaps(slot)
                ]
                for room in rooms
                if room.mailbox not in self.out_of_scope
            }

        return self._call("free_busy", act)

    def changes(self, room: Room, window: Slot, cursor: str | None) -> Changes:
        return self._call("changes", lambda: self._changes(room, window, cursor))

    def changes_all(self, asks: Sequence[tuple[Room, Slot, str | None]]) -> Iterable[Changes | Exception]:
        def one(ask: tuple[Room, Slot, str | None]) -> Changes | Exception:
            try:
                return self._changes(*ask)
            except (Denied, Unavailable) as error:
                return error

        return self._call("changes_all", lambda: [one(ask) for ask in asks])

    def decline(self, room: Room, seen: Booking, reason: str) -> None:
        self._call("decline", lambda: self._decline(room, seen, reason))

    def accept(self, room: Room, seen: Booking, *, tentatively: bool = False) -> Booking:
        def act() -> Booking:
            self._check_write(room)
            standing = Standing.REQUESTED if tentatively else Standing.PLANNED
            return self._seen_from(room, self._store(replace(self._record(seen.ref), standing=standing)))

        return self._call("accept", act)

    def stamp(self, room: Room, seen: Booking, match_key: str) -> Booking:
        def act() -> Booking:
            self._check_write(room)
            return self._seen_from(room, self._store(replace(self._record(seen.ref), match_key=match_key)))

        return self._call("stamp", act)

    def stamp_all(self, room: Room, stamps: Sequence[tuple[Booking, str]]) -> list[RoomBookerError | None]:
        found: list[RoomBookerError | None] = []
        for seen, match_key in stamps:
            try:
                self.stamp(room, seen, match_key)
            except RoomBookerError as error:
                found.append(error)
            else:
                found.append(None)
        return found

    def places(self) -> list[Place]:
        return self._call("places", lambda: list(self.all_places))

    def person(self, address_or_id: str) -> Person | None:
        return self._call("person", lambda: next((p for p in self.directory if address_or_id.lower() in p.addresses), None))

    def send_mail(self, sender: str, to: Person, subject: str, text: str) -> None:
        self._call("send_mail", lambda: self.sent.append((sender, to, subject, text)))

    # inner workings

    def _listing(self, room: Room, window: Slot) -> Listing:
        self._check_scope(room)
        return super()._listing(room, window)

    def _was_in(self, room: Room, ref: str) -> bool:
        return room.mailbox in self.were_in.get(ref, ())

    def _changes(self, room: Room, window: Slot, cursor: str | None) -> Changes:
        """As the real one: a series of which a date changed or went is told whole, and its lost dates are not named."""
        listing = self._listing(room, window)
        since = int(cursor) if cursor else 0
        is_full = cursor is None or since < self.expired_before
        touched = set(self.log[since:])
        restated = {self._series_of[ref] for ref in touched if ref in self._series_of}
        bookings = tuple(b for b in listing.bookings if is_full or b.ref in touched or b.series_ref in restated)
        present = {b.ref for b in listing.bookings}
        gone = () if is_full else tuple(sorted(ref for ref in touched - present if self._was_in(room, ref) and ref not in self._series_of))
        return Changes(
            room.id, window, bookings, gone, str(len(self.log)), is_full, listing.read_at, () if is_full else tuple(sorted(restated))
        )

    def _store(self, booking: Booking) -> Booking:
        if booking.series_ref:
            self._series_of[booking.ref] = booking.series_ref
        return super()._store(booking)

    def _is_within_reach(self, room: Room, booking: Booking) -> bool:
        return booking.place == room.mailbox  # each mailbox knows its own items only

    def _decline(self, room: Room, seen: Booking, reason: str) -> None:
        self._check_write(room)
        if seen.ref in self.records:
            self.reasons[seen.ref] = reason
            self.vanish(seen.ref)

    def _check_scope(self, room: Room) -> None:
        if room.mailbox in self.out_of_scope:
            raise Denied(self.side, "The app may not see this mailbox.", status_code=403, right="mailbox_out_of_scope")
        if room.mailbox in self.silent:
            raise Unavailable(self.side, "Exchange is not available at the moment. Try again soon.", status_code=503)

    def _check_write(self, room: Room) -> None:
        self._check_scope(room)
        if self.read_only:
            raise Denied(self.side, "The app may not write this calendar.", status_code=403, right="Application Calendars.ReadWrite")
