"""The rules that a room's plan runs under, from its policy and the settings."""

from datetime import datetime
from zoneinfo import ZoneInfo

from roombooker.domain.booking import Side
from roombooker.domain.fingerprint import Field
from roombooker.domain.room import Room
from roombooker.domain.view import Rules, SideRules
from roombooker.settings import Settings

# A room's copy tells its slot, place, answer and organizer; TOPdesk keeps all that can be kept. The room's copy loses subject
# and private flag unless the mailbox is set to keep them (reference: Set-CalendarProcessing defaults): then they are always the same.
_TOPDESK_KEEPS = frozenset({Field.SLOT, Field.PLACE, Field.STANDING, Field.ORGANIZER, Field.ATTENDEES, Field.SUBJECT})
_EXCHANGE_KEEPS = _TOPDESK_KEEPS | {Field.PRIVATE}
KEEPS = {Side.TOPDESK: _TOPDESK_KEEPS, Side.EXCHANGE: _EXCHANGE_KEEPS}
_TOPDESK_FOLLOWS = frozenset({Field.SLOT, Field.PLACE, Field.ORGANIZER, Field.ATTENDEES})
_EXCHANGE_FOLLOWS = frozenset({Field.SLOT, Field.PLACE, Field.STANDING})
_OWN_MEETINGS_FOLLOW = frozenset({Field.ORGANIZER, Field.SUBJECT})  # those that the room itself organizes are all ours


def rules_for(room: Room, settings: Settings, now: datetime, live_keys: frozenset[str]) -> Rules:
    subject = frozenset({Field.SUBJECT}) if room.keeps_subject else frozenset[Field]()
    topdesk_follows = _TOPDESK_FOLLOWS - {Field.ORGANIZER} if settings.topdesk_requester == "person_account" else _TOPDESK_FOLLOWS
    account = settings.topdesk_person.strip().lower()
    return Rules(
        room_id=room.id,
        now=now,
        zone=ZoneInfo(room.time_zone),
        topdesk=SideRules(keeps=_TOPDESK_KEEPS, follows=topdesk_follows | subject),
        exchange=SideRules(
            keeps=keeps(room, Side.EXCHANGE), follows=_EXCHANGE_FOLLOWS, follows_own=_OWN_MEETINGS_FOLLOW,
            edits_all=settings.people_calendars, grace=settings.vanished,
        ),
        dominant=Side(room.dominant.value),
        hold=settings.hold,
        block=room.apart,
        live_keys=live_keys,
        nobody=frozenset({account}) if "@" in account else frozenset(),
    )  # fmt: skip


def keeps(room: Room, side: Side) -> frozenset[Field]:  # noqa: ARG001  what a room may set belongs here
    """The fields that a side's fingerprint covers: the same for all rooms, since a booking may go from one to another."""
    return KEEPS[side]
