"""What the worker does with intents: take over what is due, end what nobody can want any more, release holds without appointment."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy.orm import Session
from ulid import ULID

from roombooker.domain import saga as sagas
from roombooker.domain.booking import Booking, Side
from roombooker.domain.calendar import MeetingCalendar
from roombooker.domain.link import Pending
from roombooker.domain.room import Room
from roombooker.domain.saga import Kind, Phase, Reason, Saga
from roombooker.domain.slot import Slot
from roombooker.errors import InProgress, NotFound, SideError
from roombooker.services.driver import Driver
from roombooker.services.framing import frame_of
from roombooker.services.intake import Intake
from roombooker.settings import Settings
from roombooker.store import intents, linking, links, notices, rooms
from roombooker.store.db import Database
from roombooker.store.models import LinkRow

_log = structlog.get_logger(__name__)
_LOOK_AGAIN = timedelta(minutes=1)
_KEPT = timedelta(hours=72)
ELSEWHERE = Reason("elsewhere", "The appointment went somewhere else or was cancelled, so what was secured for it was given back.")
OVERTAKEN = Reason("overtaken", "A newer wish took the place of this one.")


class Finisher:
    """`sync_room` reads both sides of a room and matches; a hold asks for it before it is released."""

    def __init__(self, *, database: Database, meetings: MeetingCalendar, driver: Driver, intake: Intake, settings: Settings,
                 clock: Callable[[], datetime]) -> None:  # fmt: skip
        self._database = database
        self._meetings = meetings
        self._driver = driver
        self._intake = intake
        self._settings = settings
        self._look_again = min(_LOOK_AGAIN, settings.hold)
        self._clock = clock

    def finish_due(self, now: datetime) -> int:
        """Returns how many there were. One that fails leaves the others alone, and is due again."""
        with self._database.read() as session:
            found = intents.due(session, now)
        for intent_id in found:
            try:
                self.finish(intent_id)
            except InProgress:
                _log.info("intent is in other hands", intent=intent_id)
            except Exception:  # noqa: BLE001  the longest due comes first, so one that always fails would starve all others
                _log.exception("an intent could not be brought on", intent=intent_id)
        return len(found)

    def finish(self, intent_id: str) -> bool:
        """One intent, if nobody else is at it; True when it is done."""
        owner = str(ULID())
        now = self._clock()
        with self._database.write() as session:
            row = intents.get(session, intent_id)
            if (
                row is None
                or row.finished_at is not None
                or not intents.take(session, intent_id, owner, now=now, until=now + self._settings.lease)
            ):
                return False
            if row.state == Phase.AWAIT:  # its hold decides, see release_due
                intents.save(session, intent_id, owner, lease_owner=None, lease_until=None, due_at=now + self._look_again)
                return False
            frame, kept = frame_of(session, row), sagas.from_json(row.progress)
            is_old = row.kind != Kind.CANCEL and now - row.created_at > self._settings.hold
        saga = sagas.resumed(kept)
        return self._driver.drive(frame, owner, sagas.give_up(saga) if is_old else saga, kept=kept).saga.is_done

    def settle_move(self, booking_id: str, *, has_followed: bool, why: Reason = ELSEWHERE) -> bool:
        """A moved booking's appointment stands at the new slot, or surely never will (`why`): end the move.

        False where no move of it waits, or somebody else is at it."""
        return self._end_move(booking_id, sagas.arrived if has_followed else partial(sagas.give_up, reason=why))

    def _end_move(self, booking_id: str, ended: Callable[[Saga], Saga]) -> bool:
        owner = str(ULID())
        now = self._clock()
        with self._database.write() as session:
            row = next((i for i in intents.live_of(session, booking_id) if i.state == Phase.AWAIT), None)
            if row is None or not intents.take(session, row.id, owner, now=now, until=now + self._settings.lease):
                return False
            frame, kept = frame_of(session, row), sagas.from_json(row.progress)
        self._driver.drive(frame, owner, ended(kept), kept=kept)
        return True

    def release(self, rows: Sequence[LinkRow], *, why: str, caused_by: str, ends_as: str = "released") -> bool:
        """End reservations of one booking that nobody needs; True where it went through at once. The worker goes on where it did not."""
        booking_id = rows[0].booking_id
        key = f"{ends_as}:{min(row.id for row in rows)}:{self._clock().timestamp():.3f}"
        body = {"booking": booking_id, "links": sorted(row.id for row in rows)}
        try:
            begun = self._intake.cancellation(
                caused_by, key, booking_id, rows, body, caused_by=caused_by, ending=why, ends_as=ends_as, asks=False
            )
        except InProgress:
            return False
        return self._driver.drive(begun.frame, begun.owner, begun.saga, kept=begun.saga).saga.is_done

    def release_due(self, now: datetime, sync_room: Callable[[str], None]) -> int:
        """Holds that are over: the room is read and matched first; returns how many ended. While Exchange is away they stand."""
        with self._database.read() as session:
            due = {row.id: row.room_id for row in links.lapsed(session, now)}
        ended = 0
        for room_id in sorted(set(due.values())):
            ids = [link_id for link_id, where in due.items() if where == room_id]
            try:
                sync_room(room_id)
                ended += self._release_in(room_id, ids, now)
            except SideError as error:
                _log.info("holds stand while a side is away", room=room_id, kind=type(error).__name__)
                self._hold_on(ids, now)
            except (NotFound, InProgress):
                self._hold_on(ids, now)
            except Exception:  # noqa: BLE001  one room's defect must not keep the others' holds
                _log.exception("the holds of a room could not be released", room=room_id)
                self._hold_on(ids, now)
        return ended

    def _release_in(self, room_id: str, link_ids: Sequence[str], now: datetime) -> int:
        with self._database.read() as session:
            room = rooms.get(session, room_id)
            left = [row for row in links.lapsed(session, now) if row.id in link_ids]
        ended = 0
        for row in left:
            came = self._came(room, row)
            if came is None:
                self._hold_on([row.id], now)
            elif row.state == "moving":
                ended += self._end_move(row.booking_id, sagas.arrived if came else self._unfollowed(room, row))
            elif came:  # the matcher's, as soon as it can tell
                self._hold_on([row.id], now, look_at=room_id)
            else:
                ended += self.release([row], why="The appointment was not sent in time.", caused_by="hold")
        return ended

    def _came(self, room: Room, row: LinkRow) -> bool | None:
        """Whether an appointment stands in Exchange that this reservation is, or may be, for; None: that could not be told.

        The read begins after the deadline, is complete, and covers the slot and its local day (rule 3b: shifted, then sent)."""
        with self._database.read() as session:
            target = _target(session, row)
            if target is None:
                return None
            room = rooms.get(session, target.room_id)
        listing = self._meetings.listing(room, _around(target.slot, room))
        if not listing.is_complete or (row.held_until is not None and listing.read_at < row.held_until):
            return None
        with self._database.read() as session:
            live = [b for b in listing.bookings if b.is_live]
            linked = {link.exchange.ref for link in linking.links_by_ref(session, Side.EXCHANGE, [b.ref for b in live]) if link.exchange}
        if row.state == "moving":
            return any(b.slot == target.slot and (b.ical_uid == row.ical_uid or _is_by(b, row)) for b in live)
        return any(b.ref not in linked and _is_by(b, row) for b in live)

    def _unfollowed(self, room: Room, row: LinkRow) -> Callable[[Saga], Saga]:
        """How a move ends whose appointment did not come: it was not sent and stands where it was, or it stands nowhere any more."""
        with self._database.read() as session:
            known = linking.link_of(session, row.id)
        try:
            meeting = self._meetings.get(room, known.exchange.ref) if known.exchange else None
        except NotFound:
            meeting = None
        if meeting is not None and meeting.is_live and meeting.slot == known.slot:
            return sagas.lapsed
        return partial(sagas.give_up, reason=ELSEWHERE)

    def _hold_on(self, link_ids: Sequence[str], now: datetime, *, look_at: str | None = None) -> None:
        with self._database.write() as session:
            for row in links.lapsed(session, now):
                if row.id in link_ids:
                    row.held_until = now + self._look_again
            if look_at is not None:
                notices.look_at(session, [look_at], at=now, cause="hold")

    def reap(self, now: datetime) -> int:
        """Finished intents are forgotten after 72 hours."""
        with self._database.write() as session:
            links.remove_reaped(session, now - _KEPT)
            return intents.reap(session, now - _KEPT)


def _target(session: Session, row: LinkRow) -> Pending | None:
    """Where the appointment is expected: where the link is, or where a move that waits would bring it. None where only other rooms of
    its booking move: they tell."""
    moving = [
        item for intent in intents.live_of(session, row.booking_id) for item in sagas.from_json(intent.progress).items if item.moves
    ]  # fmt: skip
    own = next((Pending(item.room_id, item.slot) for item in moving if item.old and item.old.match_key == row.match_key), None)
    return own if moving else Pending(row.room_id, Slot(row.start_at, row.end_at))


def _around(slot: Slot, room: Room) -> Slot:
    zone = ZoneInfo(room.time_zone)
    first = slot.start.astimezone(zone).replace(hour=0, minute=0)
    last = slot.end.astimezone(zone).replace(hour=0, minute=0) + timedelta(days=1)
    return Slot(first, last)


def _is_by(meeting: Booking, row: LinkRow) -> bool:
    return meeting.organizer is not None and row.organizer_email in meeting.organizer.addresses
