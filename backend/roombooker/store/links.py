"""Links as bookings: what was booked together, whose it is, and what is due to be released."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import bindparam, delete, or_, select
from sqlalchemy.orm import Session
from ulid import ULID

from roombooker.store.models import LinkRow, RoomRow

ENDED = frozenset({"released", "cancelled", "refused"})
HELD = ("awaiting_appointment", "awaiting_approval")


def new_link(session: Session, *, booking_id: str, match_key: str, room_id: str, start_at: datetime, end_at: datetime, at: datetime,
             organizer_email: str, subject: str, attendees: int | None, private: bool, caller: str, series_id: str | None = None,
             original_start_at: datetime | None = None) -> LinkRow:  # fmt: skip
    """A wish on its way to a reservation, state `reserving`."""
    row = LinkRow(
        id=str(ULID()), booking_id=booking_id, match_key=match_key, room_id=room_id, start_at=start_at, end_at=end_at, state="reserving",
        organizer_email=organizer_email, subject=subject[:255], attendees=attendees, private=private, caller=caller, series_id=series_id,
        original_start_at=original_start_at, created_at=at, updated_at=at, sides=[],
    )  # fmt: skip
    session.add(row)
    return row


_OF_BOOKING = select(LinkRow).where(LinkRow.booking_id == bindparam("booking_id")).order_by(LinkRow.start_at, LinkRow.room_id, LinkRow.id)


def of_booking(session: Session, booking_id: str) -> list[LinkRow]:
    return list(session.scalars(_OF_BOOKING, {"booking_id": booking_id}))


def by_key(session: Session, match_key: str) -> LinkRow | None:
    return session.scalar(select(LinkRow).where(LinkRow.match_key == match_key))


def remove_booking(session: Session, booking_id: str) -> None:
    """A wish that was refused while its person waited leaves no booking behind; the journal keeps the story."""
    for row in of_booking(session, booking_id):
        session.delete(row)


def mine(session: Session, caller: str, emails: Iterable[str], *, since: datetime, limit: int = 500) -> list[LinkRow]:
    """Booked by this caller, or for one of these addresses; that end after `since`, soonest first."""
    whose = or_(LinkRow.caller == caller, LinkRow.organizer_email.in_(sorted(emails)))
    return list(session.scalars(select(LinkRow).where(whose, LinkRow.end_at > since).order_by(LinkRow.start_at, LinkRow.id).limit(limit)))


def standing_at(session: Session, room_id: str, start_at: datetime) -> list[LinkRow]:
    """What that room holds from that very start on, ended ones left out, the newest first."""
    here = select(LinkRow).where(LinkRow.room_id == room_id, LinkRow.start_at == start_at, LinkRow.state.not_in(ENDED))
    return list(session.scalars(here.order_by(LinkRow.updated_at.desc())))


def lapsed(session: Session, now: datetime, *, limit: int = 100) -> list[LinkRow]:
    """Held reservations, and secured moves, whose appointment has not come in time; longest over first. A room that was switched off
    keeps its own."""
    is_over = (LinkRow.held_until <= now, LinkRow.state.in_((*HELD, "moving")))
    is_on = LinkRow.room_id.in_(select(RoomRow.id).where(RoomRow.enabled.is_(True)))
    return list(session.scalars(select(LinkRow).where(*is_over, is_on).order_by(LinkRow.held_until).limit(limit)))


def remove_reaped(session: Session, before: datetime) -> None:
    """Refused wishes that nobody needs to see any more."""
    session.execute(delete(LinkRow).where(LinkRow.state == "refused", LinkRow.updated_at < before, ~LinkRow.sides.any()))
