"""The rules that a room's plan runs under, from its policy and the settings."""

from datetime import datetime
from zoneinfo import ZoneInfo

from roombooker.domain.booking import Side
from roombooker.domain.fingerprint import Field
from roombooker.domain.plan import Rules, SideRules
from roombooker.domain.room import Room
from roombooker.settings import Settings

# A room's copy tells its slot, place, answer and organizer; TOPdesk keeps all that can be kept. The room's copy loses subject
# and private flag unless the mailbox is set to keep them (reference: Set-CalendarProcessing defaults).
_TOPDESK_KEEPS = frozenset({Field.SLOT, Field.PLACE, Field.STANDING, Field.ORGANIZER, Field.ATTENDEES})
_EXCHANGE_KEEPS = frozenset({Field.SLOT, Field.PLACE, Field.STANDING, Field.ORGANIZER, Field.ATTENDEES})
_TOPDESK_FOLLOWS = frozenset({Field.SLOT, Field.PLACE, Field.ORGANIZER, Field.ATTENDEES})
_EXCHANGE_FOLLOWS = frozenset({Field.SLOT, Field.PLACE, Field.STANDING})


def rules_for(room: Room, settings: Settings, now: datetime, live_keys: frozenset[str]) -> Rules:
    subject = frozenset({Field.SUBJECT, Field.PRIVATE}) if room.keeps_subject else frozenset[Field]()
    topdesk_follows = _TOPDESK_FOLLOWS - {Field.ORGANIZER} if settings.topdesk_requester == "person_account" else _TOPDESK_FOLLOWS
    return Rules(
        now=now,
        zone=ZoneInfo(room.time_zone),
        topdesk=SideRules(keeps=_TOPDESK_KEEPS, follows=topdesk_follows | subject, edits_all=True, grace=None),
        exchange=SideRules(
            keeps=_EXCHANGE_KEEPS | subject, follows=_EXCHANGE_FOLLOWS, edits_all=settings.people_calendars, grace=settings.vanished
        ),
        dominant=Side(room.dominant.value),
        hold=settings.hold,
        live_keys=live_keys,
    )


def keeps(room: Room, side: Side) -> frozenset[Field]:
    """The fields that a side's fingerprint covers."""
    if side is Side.TOPDESK:
        return _TOPDESK_KEEPS
    return _EXCHANGE_KEEPS | ({Field.SUBJECT, Field.PRIVATE} if room.keeps_subject else frozenset())
