"""The frame of an intent: what stays the same while its saga is driven, read back from its row by whoever takes it over."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from roombooker.domain import saga as sagas
from roombooker.domain.booking import Person
from roombooker.domain.room import Room
from roombooker.services.saga_calls import Facts
from roombooker.services.saga_store import Frame
from roombooker.store import links, rooms
from roombooker.store.models import IntentRow

CANCELLED = "Room Booker: cancelled by the organizer."


def facts_json(organizer: str, subject: str, attendees: int | None, *, private: bool) -> dict[str, Any]:
    """What an intent's row keeps of its request; never a private subject."""
    return {"organizer": organizer, "subject": "" if private else subject[:1000], "attendees": attendees, "private": private}


def frame_of(session: Session, row: IntentRow, known: Mapping[str, Room] | None = None) -> Frame:
    if known is None:
        saga = sagas.from_json(row.progress)
        ids = {i.room_id for i in saga.items} | {i.old.room_id for i in saga.items if i.old}
        known = rooms.by_ids(session, ids | {link.room_id for link in links.of_booking(session, row.booking_id)})
    facts = row.request
    return Frame(
        intent_id=row.id,
        booking_id=row.booking_id,
        caller=row.caller,
        caused_by=facts.get("caused_by", row.caller),
        rooms=known,
        facts=Facts(
            organizer=Person(facts["organizer"]) if facts["organizer"] else None,
            subject=facts["subject"],
            attendees=facts["attendees"],
            private=facts["private"],
            asks=facts.get("asks", True),
            ending=facts.get("ending", CANCELLED),
        ),
        ends_as=facts.get("ends_as", "cancelled"),
        is_awaited=row.answer_status != 202,
    )
