"""Booking: what a person may do from the pane, each wish remembered before anything is sent, and answered the same when repeated."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

from sqlalchemy.orm import Session
from ulid import ULID

from roombooker.domain import saga as sagas
from roombooker.domain.calendar import Facilities, MeetingCalendar
from roombooker.domain.caller import Caller
from roombooker.domain.room import Room
from roombooker.domain.saga import ItemPhase, Kind, Outcome, Phase, Saga
from roombooker.domain.slot import Slot
from roombooker.errors import InProgress, InvalidInput, KeyReused, NotFound, SlotTaken, Unavailable
from roombooker.errors import Refused as SideRefused
from roombooker.services.booking_answer import booking_json, iso, timeline
from roombooker.services.driver import Answer, Drive, Driver
from roombooker.services.finishing import OVERTAKEN, Finisher
from roombooker.services.framing import frame_of
from roombooker.services.intake import Begun, Intake
from roombooker.services.ownership import Ownership, standing
from roombooker.services.requester import Requesters
from roombooker.services.saga_calls import SagaCalls
from roombooker.services.saga_store import Frame, SagaStore
from roombooker.services.telling import Telling
from roombooker.services.wishes import fingerprint
from roombooker.settings import Settings
from roombooker.store import intents, journal, links, rooms
from roombooker.store.db import Database
from roombooker.store.models import IntentRow, LinkRow

PATIENCE = timedelta(seconds=20)  # a long series is answered 202 then, and finished by the worker
_FAILED = {
    Kind.BOOK: (Outcome.TAKEN, Outcome.REFUSED, Outcome.ABANDONED, Outcome.STUCK),
    Kind.MOVE: (Outcome.TAKEN, Outcome.REFUSED, Outcome.ABANDONED, Outcome.ASKED),
}


class Alternatives(Protocol):
    def alternatives_for(self, asked: Sequence[Room | str], slots: Sequence[Slot], attendees: int) -> list[dict[str, Any]]:
        """Ways out as the API's JSON: the same room a little earlier or later, or other rooms at that time."""
        ...


class BookingService:
    """`wake` hints the job engine ("intents", "rooms"); `sync_room` reads both sides of a room and matches, by room id."""

    def __init__(self, *, database: Database, facilities: Facilities, meetings: MeetingCalendar, availability: Alternatives,
                 settings: Settings, clock: Callable[[], datetime], wake: Callable[[str], None], requesters: Requesters | None = None,
                 telling: Telling | None = None, sync_room: Callable[[str], None] = lambda _room_id: None,
                 groups_of: Callable[[str], frozenset[str] | None] = lambda _email: frozenset()) -> None:  # fmt: skip
        self._database = database
        self._availability = availability
        self._clock = clock
        self._wake = wake
        self._settings = settings
        self.sync_room = sync_room  # the composition root sets it once the sync service is there
        requesters = requesters or Requesters(database=database, facilities=facilities, settings=settings, clock=clock)
        telling = telling or Telling(clock=clock, mails=settings.mail_from is not None)
        calls = SagaCalls(database=database, facilities=facilities, meetings=meetings, requesters=requesters, clock=clock)
        self._driver = Driver(
            database=database, calls=calls, store=SagaStore(settings, telling), hold=settings.hold, lease=settings.lease, clock=clock
        )
        self._ownership = Ownership(database=database, meetings=meetings, settings=settings, clock=clock)
        self._intake = Intake(database=database, settings=settings, clock=clock, groups_of=groups_of)
        self._finisher = Finisher(
            database=database, meetings=meetings, driver=self._driver, intake=self._intake, settings=settings, clock=clock
        )

    # What a caller may do

    def book(self, caller: Caller, key: str, body: Mapping[str, Any]) -> Answer:
        """201 with the booking, 202 while an outcome is unknown; SlotTaken, Refused and what the sides raise. Idempotent by key."""

        def begin() -> Begun:
            self._ownership.check_organizer(caller, str(body["organizer"]).strip().lower())
            return self._intake.booking(caller, key, body)

        return self._once(caller, key, Kind.BOOK, body, begin)

    def move(self, caller: Caller, key: str, booking_id: str, changes: Mapping[str, Any]) -> Answer:
        """200 with the booking (state `moving` until its appointment has followed), 202 while an outcome is unknown."""
        body = {"booking": booking_id, **changes}

        def begin() -> Begun:
            self._clear_the_way(caller, booking_id)
            return self._intake.move(caller, key, booking_id, changes, body)

        return self._once(caller, key, Kind.MOVE, body, begin)

    def cancel(self, caller: Caller, key: str, booking_id: str) -> Answer:
        """200 with the booking, 202 while TOPdesk has not answered yet."""
        body = {"booking": booking_id}

        def begin() -> Begun:
            self._clear_the_way(caller, booking_id)
            with self._database.read() as session:
                rows = standing(links.of_booking(session, booking_id))
            ahead = [row for row in rows if row.end_at > self._clock()]
            if not ahead:
                raise InvalidInput("This booking is over already.", {"id": ["This booking is over already."]})
            return self._intake.cancellation(
                caller.key, key, booking_id, ahead, body, caused_by=caller.key, ending="Cancelled by the organizer."
            )

        return self._once(caller, key, Kind.CANCEL, body, begin)

    def extend_hold(self, caller: Caller, booking_id: str) -> str:
        """The new end of the hold (ISO, UTC): a hold time from now, at most `hold_limit` after the booking in all."""
        now = self._clock()
        self._ownership.check_owner(caller, booking_id)
        with self._database.write() as session:
            held = [row for row in links.of_booking(session, booking_id) if row.held_until is not None]
            if not held:
                raise NotFound("This booking is not on hold.")
            for row in held:
                limit = row.created_at + self._settings.hold_limit
                row.held_until = max(row.held_until or now, min(now + self._settings.hold, limit))
            return str(iso(min(row.held_until for row in held if row.held_until)))

    def mine(self, caller: Caller) -> list[dict[str, Any]]:
        """From today on, soonest first."""
        today = self._clock().replace(hour=0, minute=0, second=0, microsecond=0)
        addresses = self._ownership.addresses(caller)
        with self._database.read() as session:
            rows = links.mine(session, caller.key, addresses, since=today)
            grouped: dict[str, list[LinkRow]] = {}
            for row in rows:
                grouped.setdefault(row.booking_id, []).append(row)
            known = rooms.by_ids(session, {row.room_id for row in rows})
            shown = [found for found in grouped.values() if any(_is_news(row, self._clock()) for row in found)]
            return [_told(session, found, known) for found in shown]

    def one(self, caller: Caller, booking_id: str) -> dict[str, Any]:
        """With its timeline."""
        self._ownership.check_owner(caller, booking_id)
        with self._database.read() as session:
            rows = links.of_booking(session, booking_id)
            told = _told(session, rows, rooms.by_ids(session, {row.room_id for row in rows}))
            return told | {"timeline": timeline(journal.of_booking(session, booking_id), caller.key)}

    # What the worker does

    def finish_due(self, now: datetime | None = None) -> int:
        """Take over intents that are due and nobody works on, and bring them on; returns how many there were."""
        return self._finisher.finish_due(now or self._clock())

    def release_due_holds(self, now: datetime | None = None) -> int:
        """End what nobody sent an appointment for; returns how many ended."""
        return self._finisher.release_due(now or self._clock(), self.sync_room)

    def settle_move(self, booking_id: str, *, has_followed: bool) -> bool:
        """The appointment of a booking in state `moving` was found at its new slot, or was cancelled: end the move accordingly."""
        return self._finisher.settle_move(booking_id, has_followed=has_followed)

    def release(self, rows: Sequence[LinkRow], *, why: str, caused_by: str, ends_as: str = "cancelled") -> bool:
        """End reservations of one booking for an administrator or another service; True where it went through at once."""
        return self._finisher.release(rows, why=why, caused_by=caused_by, ends_as=ends_as)

    def reap(self, now: datetime | None = None) -> int:
        return self._finisher.reap(now or self._clock())

    # One key, one wish

    def _once(self, caller: Caller, key: str, kind: Kind, body: Mapping[str, Any], begin: Callable[[], Begun]) -> Answer:
        with self._database.read() as session:
            row = intents.by_key(session, caller.key, key)
            if row is not None and row.request_fingerprint != fingerprint(kind, body):
                raise KeyReused("This Idempotency-Key was used for another request; take a new one.")
            if row is not None and row.answer_status not in (None, 202) and row.answer is not None:
                return _replayed(int(row.answer_status or 0), row.answer)
        if row is not None:
            return self._again(row)
        begun = begin()
        return self._answer(begun.frame, self._drive(begun.frame, begun.owner, begun.saga, begun.saga))

    def _again(self, row: IntentRow) -> Answer:
        """The same key once more, without a final answer yet: go on where it stands, unless somebody is at it."""
        owner = str(ULID())
        now = self._clock()
        with self._database.write() as session:
            fresh = intents.get(session, row.id)
            if fresh is None or not intents.take(session, row.id, owner, now=now, until=now + self._settings.lease):
                raise InProgress("This request is being worked on; ask again in a moment.")
            frame, kept = frame_of(session, fresh), sagas.from_json(fresh.progress)
        return self._answer(frame, self._drive(frame, owner, sagas.resumed(kept), kept))

    def _drive(self, frame: Frame, owner: str, saga: Saga, kept: Saga) -> Drive:
        def conclude(rests: Saga, rows: Sequence[LinkRow]) -> Answer | None:
            """A refusal looks for ways out, which is too much to do while others wait to write."""
            return None if _has_failed(rests) else (_status(rests), booking_json(rows, frame.rooms, saga=rests))

        return self._driver.drive(frame, owner, saga, kept=kept, until=self._clock() + PATIENCE, conclude=conclude)

    def _answer(self, frame: Frame, drive: Drive) -> Answer:
        """What the caller gets, remembered when it is final."""
        saga, error = drive.saga, drive.error
        may_wait = saga.kind is Kind.CANCEL and isinstance(error, Unavailable)  # a cancellation is finished later
        if error is not None and not saga.is_done and not saga.has_begun and not may_wait:
            self._intake.withdraw(frame)
            raise error
        if drive.answer is not None:
            status, answer = drive.answer
        else:
            status, answer = self._outcome(frame, saga)
            with self._database.write() as session:
                intents.answer(session, frame.intent_id, status, answer)
        if status == 202 or saga.kind is Kind.CANCEL:
            self._wake("intents" if status == 202 else "rooms")
        return _replayed(status, answer)

    def _outcome(self, frame: Frame, saga: Saga) -> Answer:
        if _has_failed(saga):
            return self._refusal(frame, saga)
        with self._database.read() as session:
            told = _told(session, links.of_booking(session, frame.booking_id), frame.rooms)
        return _status(saga), told

    def _refusal(self, frame: Frame, saga: Saga) -> Answer:
        """As the error's own JSON, so that a replay says the same."""
        taken = [item for item in saga.items if item.phase is ItemPhase.TAKEN]
        if taken:
            ids = list(dict.fromkeys(item.room_id for item in taken))
            names = " and ".join(sorted(frame.rooms[room_id].name for room_id in ids))
            slots = sorted({item.slot for item in taken})
            offers = self._availability.alternatives_for(ids, slots, frame.facts.attendees or 1)
            message = f"{names} {'is' if len(ids) == 1 else 'are'} taken at that time."
            return 409, {"code": "slot_taken", "message": message, "alternatives": offers, "rooms": ids}
        reason = next((i.reason for i in saga.items if i.reason and i.phase in (ItemPhase.REFUSED, ItemPhase.ASKED, ItemPhase.STUCK)), None)
        reason = reason or next((i.reason for i in saga.items if i.reason), None)
        return 422, {"code": "side_refused", "message": reason.message if reason else "TOPdesk refused this.", "side": "topdesk"}

    def _clear_the_way(self, caller: Caller, booking_id: str) -> None:
        """An earlier move that only waits for its appointment gives way to the caller's newest wish."""
        self._ownership.check_owner(caller, booking_id)
        with self._database.read() as session:
            waits = any(row.state == Phase.AWAIT for row in intents.live_of(session, booking_id))
        if waits:
            self._finisher.settle_move(booking_id, has_followed=False, why=OVERTAKEN)


def _has_failed(saga: Saga) -> bool:
    return saga.is_done and saga.outcome in _FAILED.get(saga.kind, ())


def _status(saga: Saga) -> int:
    if saga.is_done or saga.phase is Phase.AWAIT:
        return 201 if saga.kind is Kind.BOOK else 200
    return 202


def _told(session: Session, rows: Sequence[LinkRow], known: Mapping[str, Room]) -> dict[str, Any]:
    moves = any(row.state == "moving" for row in rows)
    live = next((i for i in intents.live_of(session, rows[0].booking_id) if i.kind == Kind.MOVE), None) if moves else None
    return booking_json(rows, known, saga=sagas.from_json(live.progress) if live else None)


def _is_news(row: LinkRow, now: datetime) -> bool:
    """What has ended is shown for a day."""
    return row.state not in links.ENDED or row.updated_at > now - timedelta(days=1)


def _replayed(status: int, answer: dict[str, Any]) -> Answer:
    """Refusals travel as errors, so that the edge gives them the one shape with a request id."""
    if answer.get("code") == "slot_taken":
        raise SlotTaken(answer["message"], answer["alternatives"], tuple(answer["rooms"]))
    if answer.get("code") == "side_refused":
        raise SideRefused(answer["side"], answer["message"])
    return status, answer
