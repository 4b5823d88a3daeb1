"""Booking: what a person may do from the pane, each wish remembered before anything is sent, and answered the same when repeated."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, Protocol

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from ulid import ULID

from roombooker.domain import saga as sagas
from roombooker.domain.booking import Person, Side, new_match_key
from roombooker.domain.calendar import Facilities, MeetingCalendar
from roombooker.domain.caller import Caller
from roombooker.domain.room import Room
from roombooker.domain.saga import Item, ItemPhase, Kind, Old, Outcome, Phase, Reason, Saga
from roombooker.domain.saga.start import add, drop, shift
from roombooker.domain.slot import Slot
from roombooker.errors import Denied, InProgress, InvalidInput, KeyReused, NotAllowed, NotFound, SideError, SlotTaken, Unavailable
from roombooker.errors import Refused as SideRefused
from roombooker.services.booking_answer import booking_json, iso, timeline
from roombooker.services.driver import LEASE, Drive, Driver
from roombooker.services.requester import Requesters
from roombooker.services.saga_calls import Facts, SagaCalls
from roombooker.services.saga_store import Frame, SagaStore
from roombooker.services.wishes import BookingRequest, check_slot, fingerprint, jsonable
from roombooker.settings import Settings
from roombooker.store import claims, intents, journal, links, people, rooms
from roombooker.store.db import Database
from roombooker.store.models import IntentRow, LinkRow

ADDRESSES_FRESH = timedelta(minutes=10)
Answer = tuple[int, dict[str, Any]]


class Alternatives(Protocol):
    def alternatives_for(self, asked: Sequence[Room | str], slots: Sequence[Slot], attendees: int) -> list[dict[str, Any]]:
        """Ways out as interface.md's JSON: the same rooms a little earlier or later, or other rooms at that time."""
        ...


class BookingService:
    """`wake` hints the job engine; `sync_room` reads both sides of a room and matches (a hold asks for it before it is released)."""

    def __init__(self, *, database: Database, facilities: Facilities, meetings: MeetingCalendar, availability: Alternatives,
                 settings: Settings, clock: Callable[[], datetime], wake: Callable[[str], None],
                 requesters: Requesters | None = None) -> None:  # fmt: skip
        self._database = database
        self._meetings = meetings
        self._availability = availability
        self._settings = settings
        self._clock = clock
        self._wake = wake
        requesters = requesters or Requesters(database=database, facilities=facilities, settings=settings, clock=clock)
        calls = SagaCalls(database=database, facilities=facilities, meetings=meetings, requesters=requesters, clock=clock)
        self._driver = Driver(database=database, calls=calls, store=SagaStore(settings), hold=settings.hold, clock=clock)

    # What a caller may do

    def book(self, caller: Caller, key: str, body: Mapping[str, Any]) -> Answer:
        """201 with the booking, 202 while an outcome is unknown; SlotTaken, Refused and what the sides raise. Idempotent by key."""
        request = BookingRequest.of(body)
        return self._once(caller, key, Kind.BOOK, body, lambda: self._begin_booking(caller, key, request, body))

    def move(self, caller: Caller, key: str, booking_id: str, changes: Mapping[str, Any]) -> Answer:
        """200 with the booking (state `moving` until its appointment has followed), 202 while an outcome is unknown."""
        body = {"booking": booking_id, **changes}
        return self._once(caller, key, Kind.MOVE, body, lambda: self._begin_move(caller, key, booking_id, changes, body))

    def cancel(self, caller: Caller, key: str, booking_id: str) -> Answer:
        """200 with the booking, 202 while TOPdesk has not answered yet."""
        body = {"booking": booking_id}
        return self._once(caller, key, Kind.CANCEL, body, lambda: self._begin_cancel(caller, key, booking_id, body))

    def extend_hold(self, caller: Caller, booking_id: str) -> str:
        """The new end of the hold (ISO, UTC): a hold time from now, at most `hold_limit` after the booking in all."""
        now = self._clock()
        with self._database.write() as session:
            rows = self._rows_of(session, caller, booking_id)
            held = [row for row in rows if row.held_until is not None]
            if not held:
                raise NotFound("This booking is not on hold.")
            for row in held:
                limit = row.created_at + self._settings.hold_limit
                row.held_until = max(row.held_until or now, min(now + self._settings.hold, limit))
            until = iso(min(row.held_until for row in held if row.held_until))
            for intent in intents.live_of(session, booking_id):
                if intent.state == Phase.AWAIT:
                    intent.due_at = max(row.held_until for row in held if row.held_until)
        return str(until)

    def mine(self, caller: Caller) -> list[dict[str, Any]]:
        """From today on, soonest first."""
        now = self._clock()
        with self._database.read() as session:
            rows = links.mine(session, caller.key, [caller.email] if caller.email else [], since=now.replace(hour=0, minute=0))
            grouped: dict[str, list[LinkRow]] = {}
            for row in rows:
                grouped.setdefault(row.booking_id, []).append(row)
            known = rooms.by_ids(session, {row.room_id for row in rows})
            return [self._told(session, found, known) for found in grouped.values()]

    def one(self, caller: Caller, booking_id: str) -> dict[str, Any]:
        with self._database.read() as session:
            rows = self._rows_of(session, caller, booking_id)
            told = self._told(session, rows, rooms.by_ids(session, {row.room_id for row in rows}))
            return told | {"timeline": timeline(journal.of_booking(session, booking_id), caller.key)}

    # What the worker does

    def finish_due(self, now: datetime | None = None) -> int:
        """Take over intents that are due and nobody works on, and bring them on; returns how many there were."""
        now = now or self._clock()
        with self._database.read() as session:
            found = intents.due(session, now)
        for intent_id in found:
            self.finish(intent_id)
        return len(found)

    def finish(self, intent_id: str) -> None:
        """One intent, if nobody else is at it. A wish that nobody can want any more is ended instead. Side errors leave it due."""
        owner = str(ULID())
        now = self._clock()
        with self._database.write() as session:
            if not intents.take(session, intent_id, owner, now=now, until=now + LEASE):
                return
            row = intents.get(session, intent_id)
            if row is None or row.finished_at is not None or row.state == Phase.AWAIT:
                intents.save(session, intent_id, owner, lease_owner=None, lease_until=None)
                return
            frame, kept = self._frame(session, row), sagas.from_json(row.progress)
            is_old = row.kind != Kind.CANCEL and now - row.created_at > self._settings.hold
        saga = sagas.resumed(kept)
        self._driver.drive(frame, owner, sagas.give_up(saga) if is_old else saga, kept=kept)
        self._wake("rooms")

    def settle_move(self, booking_id: str, *, has_followed: bool) -> bool:
        """A moved booking's appointment was found at its new slot (or surely was not by the end of the hold): end the move.

        False where no move of it waits, or somebody else is at it."""
        owner = str(ULID())
        now = self._clock()
        with self._database.write() as session:
            row = next((i for i in intents.live_of(session, booking_id) if i.state == Phase.AWAIT), None)
            if row is None or not intents.take(session, row.id, owner, now=now, until=now + LEASE):
                return False
            frame, kept = self._frame(session, row), sagas.from_json(row.progress)
        self._driver.drive(frame, owner, sagas.arrived(kept) if has_followed else sagas.lapsed(kept), kept=kept)
        return True

    def release(self, booking_id: str, link_ids: Sequence[str], *, why: str, caused_by: str = "hold", ends_as: str = "released") -> bool:
        """End reservations for which nobody came; True where it went through at once. The worker goes on where it did not."""
        with self._database.read() as session:
            found = [row for row in links.of_booking(session, booking_id) if row.id in link_ids]
            caller = found[0].caller if found and found[0].caller else caused_by
        if not found:
            return False
        key = f"{ends_as}:{':'.join(sorted(link_ids))}"[:200] + f":{found[0].held_until}"
        try:
            begun = self._insert_cancel(
                caller, key, booking_id, found, {"booking": booking_id, "links": sorted(link_ids)}, caused_by=caused_by, ending=why,
                ends_as=ends_as, asks=False,
            )  # fmt: skip
        except InProgress:
            return False
        return self._driver.drive(*begun[:2], begun[2], kept=begun[2]).saga.is_done

    def reap(self, now: datetime | None = None) -> int:
        """Finished intents are forgotten after 72 hours."""
        before = (now or self._clock()) - timedelta(hours=72)
        with self._database.write() as session:
            links.remove_reaped(session, before)
            return intents.reap(session, before)

    # One key, one wish

    def _once(self, caller: Caller, key: str, kind: Kind, body: Mapping[str, Any], begin: Callable[[], tuple[Frame, str, Saga]]) -> Answer:
        with self._database.read() as session:
            row = intents.by_key(session, caller.key, key)
            if row is not None and row.request_fingerprint != fingerprint(kind, body):
                raise KeyReused("This Idempotency-Key was used for another request; take a new one.")
            if row is not None and row.answer_status is not None and row.answer is not None and row.finished_at is not None:
                return _replayed(row.answer_status, row.answer)
        if row is None:
            frame, owner, saga = begin()
            return self._answer(frame, self._driver.drive(frame, owner, saga, kept=saga))
        return self._again(row)

    def _again(self, row: IntentRow) -> Answer:
        """The same key once more, without a final answer yet: go on where it stands, unless somebody is at it."""
        owner = str(ULID())
        now = self._clock()
        with self._database.write() as session:
            if not intents.take(session, row.id, owner, now=now, until=now + LEASE):
                raise InProgress("This request is being worked on; ask again in a moment.")
            fresh = intents.get(session, row.id)
            if fresh is None:
                raise InProgress("This request is being worked on; ask again in a moment.")
            frame, kept = self._frame(session, fresh), sagas.from_json(fresh.progress)
        return self._answer(frame, self._driver.drive(frame, owner, sagas.resumed(kept), kept=kept))

    def _answer(self, frame: Frame, drive: Drive) -> Answer:
        """What the caller gets, remembered when it is final."""
        saga, error = drive.saga, drive.error
        if error is not None and not saga.is_done and not saga.has_begun and not (saga.kind is Kind.CANCEL and isinstance(error, Unavailable)):
            self._withdraw(frame)
            raise error
        status, answer = self._outcome(frame, saga)
        with self._database.write() as session:
            row = intents.get(session, frame.intent_id)
            if row is not None:
                row.answer_status, row.answer = status, answer
        if saga.kind is Kind.CANCEL or status == 202:
            self._wake("intents" if status == 202 else "rooms")
        return _replayed(status, answer)

    def _outcome(self, frame: Frame, saga: Saga) -> Answer:
        if saga.is_done and saga.kind is not Kind.CANCEL and saga.outcome in (Outcome.TAKEN, Outcome.REFUSED, Outcome.ABANDONED, Outcome.ASKED):
            return self._refusal(frame, saga)
        with self._database.read() as session:
            told = self._told(session, links.of_booking(session, frame.booking_id), frame.rooms)
        if saga.is_done or saga.phase is Phase.AWAIT:
            return (201 if saga.kind is Kind.BOOK else 200), told
        return 202, told

    def _refusal(self, frame: Frame, saga: Saga) -> Answer:
        """As the error's own JSON, so that a replay says the same."""
        reason = next((i.reason for i in saga.items if i.reason and i.phase in (ItemPhase.TAKEN, ItemPhase.REFUSED, ItemPhase.ASKED)), None)
        if saga.outcome is Outcome.TAKEN:
            taken = [item.room_id for item in saga.items if item.phase is ItemPhase.TAKEN]
            names = ", ".join(sorted({frame.rooms[room_id].name for room_id in taken}))
            offers = self._availability.alternatives_for(taken, [saga.items[0].slot], frame.facts.attendees or 1)
            message = f"{names} is taken at that time." if len(set(taken)) == 1 else f"{names} are taken at that time."
            return 409, {"code": "slot_taken", "message": message, "alternatives": offers, "rooms": taken}
        return 422, {"code": "side_refused", "message": reason.message if reason else "TOPdesk refused this.", "side": "topdesk"}

    def _withdraw(self, frame: Frame) -> None:
        """Nothing stands anywhere: forget the wish, so that the same key may try again as if it were new."""
        with self._database.write() as session:
            row = intents.get(session, frame.intent_id)
            if row is None:
                return
            claims.release(session, row.id)
            if row.kind == Kind.BOOK:
                links.remove_booking(session, row.booking_id)
            for link in links.of_booking(session, row.booking_id):
                if link.state in ("moving", "releasing"):
                    link.state = row.request.get("was", {}).get(link.id, link.state)
            session.delete(row)

    # Book

    def _begin_booking(self, caller: Caller, key: str, request: BookingRequest, body: Mapping[str, Any]) -> tuple[Frame, str, Saga]:
        self._may_organize(caller, request.organizer)
        if request.recurrence:
            raise InvalidInput("Series cannot be booked yet.", {"recurrence": ["Series cannot be booked yet."]})
        now = self._clock()
        with self._database.read() as session:
            found = self._mapped(session, request.rooms)
        check_slot(request.slot, list(found.values()), now=now, horizon=self._settings.horizon)
        booking_id, intent_id, owner = str(ULID()), str(ULID()), str(ULID())
        items = [add(room_id, request.slot, new_match_key()) for room_id in sorted(found)]
        facts = _facts_json(request.organizer, request.subject, request.attendees, private=request.private)
        with _inserting(self._database) as session:
            items = [self._claimed(session, intent_id, found[item.room_id], item, now) for item in items]
            saga = _all_or_nothing(sagas.book(items))
            for item in saga.items:
                links.new_link(
                    session, booking_id=booking_id, match_key=item.key, room_id=item.room_id, start_at=item.slot.start,
                    end_at=item.slot.end, at=now, organizer_email=request.organizer, subject="" if request.private else request.subject,
                    attendees=request.attendees, private=request.private, caller=caller.key,
                )  # fmt: skip
            row = self._insert(session, caller.key, key, Kind.BOOK, intent_id, booking_id, owner, saga, body, facts)
            frame = self._frame(session, row, found)
            if saga.is_done:
                claims.release(session, intent_id)
                links.remove_booking(session, booking_id)
            behalf = "" if request.organizer == caller.email else " on behalf of somebody else"
            journal.write(session, kind="asked", message=f"A booking was asked for{behalf}.", at=now, caused_by=caller.key,
                          booking_id=booking_id, email=request.organizer)  # fmt: skip
        return frame, owner, saga

    def _claimed(self, session: Session, intent_id: str, room: Room, item: Item, now: datetime, besides: Sequence[str] = ()) -> Item:
        if claims.claim(session, room, item.slot, intent_id=intent_id, match_key=item.key, at=now, besides=besides):
            return item
        return sagas_taken(item)

    # Move

    def _begin_move(self, caller: Caller, key: str, booking_id: str, changes: Mapping[str, Any],
                    body: Mapping[str, Any]) -> tuple[Frame, str, Saga]:  # fmt: skip
        now = self._clock()
        self._clear_the_way(caller, booking_id)
        with self._database.read() as session:
            rows = self._alive(self._rows_of(session, caller, booking_id))
            slots = {(row.start_at, row.end_at) for row in rows}
            if len(slots) > 1:
                raise InvalidInput("A series is moved date by date.", {"start": ["A series is moved date by date."]})
            start, end = next(iter(slots))
            slot = Slot(changes.get("start", start), changes.get("end", end))
            wanted = list(dict.fromkeys(changes.get("rooms") or [row.room_id for row in rows]))
            found = self._mapped(session, wanted) | rooms.by_ids(session, {row.room_id for row in rows})
            olds = {row.room_id: _old(row) for row in rows}
            has_meeting = any(side.side == Side.EXCHANGE for row in rows for side in row.sides)
            first = rows[0]
        if slot != Slot(start, end):
            check_slot(slot, [found[room_id] for room_id in wanted], now=now, horizon=self._settings.horizon)
        items = _plan_move(olds, wanted, slot)
        if not items:
            raise InvalidInput("Nothing would change.", {"start": ["Nothing would change."]})
        intent_id, owner = str(ULID()), str(ULID())
        facts = _facts_json(first.organizer_email or "", first.subject, first.attendees, private=first.private)
        with _inserting(self._database) as session:
            if intents.live_of(session, booking_id):
                raise InProgress("This booking is being changed; ask again in a moment.")
            rows = [row for row in links.of_booking(session, booking_id) if row.state not in links.ENDED]
            own = [row.match_key for row in rows]
            items = [
                item if item.way is sagas.Way.DROP else self._claimed(session, intent_id, found[item.room_id], item, now, own)
                for item in sorted(items, key=lambda item: (item.room_id, item.slot))
            ]
            saga = _all_or_nothing(sagas.move(items, awaits=has_meeting))
            facts["was"] = {row.id: row.state for row in rows}
            if not saga.is_done:
                for row in rows:
                    row.state = "moving"
            intent = self._insert(session, caller.key, key, Kind.MOVE, intent_id, booking_id, owner, saga, body, facts)
            frame = self._frame(session, intent, found)
            if saga.is_done:
                claims.release(session, intent_id)
            journal.write(session, kind="asked", message="A move was asked for.", at=now, caused_by=caller.key, booking_id=booking_id)
        return frame, owner, saga

    # Cancel

    def _begin_cancel(self, caller: Caller, key: str, booking_id: str, body: Mapping[str, Any]) -> tuple[Frame, str, Saga]:
        self._clear_the_way(caller, booking_id)
        with self._database.read() as session:
            rows = self._alive(self._rows_of(session, caller, booking_id))
            if all(row.end_at <= self._clock() for row in rows):
                raise InvalidInput("This booking is over already.", {"id": ["This booking is over already."]})
        return self._insert_cancel(caller.key, key, booking_id, rows, body, caused_by=caller.key, ending="Cancelled by the organizer.")

    def _insert_cancel(self, caller: str, key: str, booking_id: str, rows: Sequence[LinkRow], body: Mapping[str, Any], *, caused_by: str,
                       ending: str, ends_as: str = "cancelled", asks: bool = True) -> tuple[Frame, str, Saga]:  # fmt: skip
        intent_id, owner = str(ULID()), str(ULID())
        ids = {row.id for row in rows}
        with _inserting(self._database) as session:
            if intents.live_of(session, booking_id):
                raise InProgress("This booking is being changed; ask again in a moment.")
            fresh = [row for row in links.of_booking(session, booking_id) if row.id in ids and row.state not in links.ENDED]
            first = rows[0]
            facts = _facts_json(first.organizer_email or "", "", first.attendees, private=first.private) | {
                "ending": f"Room Booker: {ending}", "ends_as": ends_as, "asks": asks, "caused_by": caused_by,
                "was": {row.id: row.state for row in fresh},
            }  # fmt: skip
            saga = sagas.cancel([_old(row) for row in fresh])
            for row in fresh:
                row.state = "releasing"
            intent = self._insert(session, caller, key, Kind.CANCEL, intent_id, booking_id, owner, saga, body, facts)
            frame = self._frame(session, intent)
        return frame, owner, saga

    # Shared

    def _clear_the_way(self, caller: Caller, booking_id: str) -> None:
        """An earlier move that only waits for its appointment gives way to the caller's newest wish."""
        with self._database.read() as session:
            self._rows_of(session, caller, booking_id)
            waiting = any(row.state == Phase.AWAIT for row in intents.live_of(session, booking_id))
        if waiting:
            self.settle_move(booking_id, has_followed=False)

    def _may_organize(self, caller: Caller, organizer: str) -> None:
        """Only for oneself, by any of the addresses that the directory knows; NotAllowed otherwise."""
        if self._settings.on_behalf == "anyone" or organizer == caller.email:
            return
        now = self._clock()
        with self._database.read() as session:
            known = people.addresses(session, caller.key, since=now - ADDRESSES_FRESH)
        if known is None:
            try:
                person = self._meetings.person(caller.oid)
            except Denied:
                person = None  # without User.Read.All only the sign-in name is known
            known = person.addresses if person else frozenset[str]()
            with self._database.write() as session:
                people.keep_addresses(session, caller.key, known, at=now)
        if organizer not in known:
            raise NotAllowed("You can book for yourself only; the organizer is somebody else.")

    def _mapped(self, session: Session, room_ids: Sequence[str]) -> dict[str, Room]:
        found = {room_id: room for room_id, room in rooms.by_ids(session, room_ids).items() if room.enabled}
        missing = [room_id for room_id in room_ids if room_id not in found]
        if missing:
            raise InvalidInput("A room is not known, or not open for booking.", {"rooms": [f"Not known: {', '.join(missing)}"]})
        return found

    def _rows_of(self, session: Session, caller: Caller, booking_id: str) -> list[LinkRow]:
        """NotFound for what is not there, and for what is somebody else's."""
        rows = links.of_booking(session, booking_id)
        if not any(row.caller == caller.key or (caller.email and row.organizer_email == caller.email) for row in rows):
            raise NotFound("There is no such booking.")
        return rows

    def _alive(self, rows: Sequence[LinkRow]) -> list[LinkRow]:
        alive = [row for row in rows if row.state not in links.ENDED]
        if not alive:
            raise NotFound("This booking has ended.")
        if any(row.state in ("reserving", "releasing") or not any(s.side == Side.TOPDESK for s in row.sides) for row in alive):
            raise InProgress("This booking is being worked on; ask again in a moment.")
        return alive

    def _insert(self, session: Session, caller: str, key: str, kind: Kind, intent_id: str, booking_id: str, owner: str, saga: Saga,
                body: Mapping[str, Any], facts: dict[str, Any]) -> IntentRow:  # fmt: skip
        now = self._clock()
        row = IntentRow(
            id=intent_id, caller=caller, key=key, kind=kind.value, request_fingerprint=fingerprint(kind, body), request=jsonable(facts),
            booking_id=booking_id, state=saga.phase.value, progress=sagas.to_json(saga), attempts=0, lease_owner=owner,
            lease_until=now + LEASE, due_at=None if saga.is_done else now + LEASE, created_at=now, finished_at=now if saga.is_done else None,
        )  # fmt: skip
        session.add(row)
        session.flush()
        return row

    def _frame(self, session: Session, row: IntentRow, known: Mapping[str, Room] | None = None) -> Frame:
        saga = sagas.from_json(row.progress)
        if known is None:
            ids = {i.room_id for i in saga.items} | {i.old.room_id for i in saga.items if i.old}
            known = rooms.by_ids(session, ids | {link.room_id for link in links.of_booking(session, row.booking_id)})
        facts = row.request
        return Frame(
            intent_id=row.id, booking_id=row.booking_id, caller=row.caller, caused_by=facts.get("caused_by", row.caller), rooms=known,
            facts=Facts(
                organizer=Person(facts["organizer"]) if facts["organizer"] else None, subject=facts["subject"],
                attendees=facts["attendees"], private=facts["private"], asks=facts.get("asks", True),
                ending=facts.get("ending", "Room Booker: cancelled by the organizer."),
            ),
            ends_as=facts.get("ends_as", "cancelled"), is_awaited=row.answer_status != 202,
        )  # fmt: skip

    def _told(self, session: Session, rows: Sequence[LinkRow], known: Mapping[str, Room]) -> dict[str, Any]:
        live = next((i for i in intents.live_of(session, rows[0].booking_id) if i.kind == Kind.MOVE), None)
        return booking_json(rows, known, saga=sagas.from_json(live.progress) if live else None)


@contextmanager
def _inserting(database: Database) -> Iterator[Session]:
    """A write in which a second request with the same key, arriving at the same moment, is told to wait."""
    try:
        with database.write() as session:
            yield session
    except IntegrityError as error:
        raise InProgress("This request is being worked on; ask again in a moment.") from error


def sagas_taken(item: Item) -> Item:
    return Item(
        way=item.way, phase=ItemPhase.TAKEN, room_id=item.room_id, slot=item.slot, key=item.key, old=item.old,
        reason=Reason("slot_taken", "The room is taken at that time."), original_start=item.original_start,
    )  # fmt: skip


def _all_or_nothing(saga: Saga) -> Saga:
    """A claim that was lost ends a wish before anything is sent."""
    if any(item.phase is ItemPhase.TAKEN for item in saga.items):
        return sagas.give_up(saga, Reason("abandoned", "Another room of this booking is taken."))
    return saga


def _plan_move(olds: Mapping[str, Old], wanted: Sequence[str], slot: Slot) -> list[Item]:
    """Rooms that stay are shifted, rooms that leave are paired with rooms that come, in the order given."""
    staying = [room_id for room_id in wanted if room_id in olds]
    coming = [room_id for room_id in wanted if room_id not in olds]
    leaving = [room_id for room_id in olds if room_id not in wanted]
    pairs = [(olds[room_id], room_id) for room_id in staying if olds[room_id].slot != slot]
    pairs += [(olds[old], new) for old, new in zip(leaving, coming, strict=False)]
    items = [shift(old, room_id, slot, new_match_key()) for old, room_id in pairs]
    items += [add(room_id, slot, new_match_key()) for room_id in coming[len(leaving) :]]
    items += [drop(olds[room_id]) for room_id in leaving[len(coming) :]]
    return items


def _old(row: LinkRow) -> Old:
    ref = next((side.ref for side in row.sides if side.side == Side.TOPDESK), "")
    return Old(row.room_id, Slot(row.start_at, row.end_at), row.match_key, ref)


def _facts_json(organizer: str, subject: str, attendees: int | None, *, private: bool) -> dict[str, Any]:
    return {"organizer": organizer, "subject": "" if private else subject[:1000], "attendees": attendees, "private": private}


def _replayed(status: int, answer: dict[str, Any]) -> Answer:
    """Refusals travel as errors, so that the edge gives them the one shape with a request id."""
    if answer.get("code") == "slot_taken":
        raise SlotTaken(answer["message"], answer["alternatives"], tuple(answer["rooms"]))
    if answer.get("code") == "side_refused":
        raise SideRefused(answer["side"], answer["message"])
    return status, answer


__all__ = ["Alternatives", "BookingService", "SideError"]
