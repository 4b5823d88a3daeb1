"""Our own writes come back as notices: what says only what its link remembers needs no look at the room."""

from roombooker.domain.booking import Booking
from roombooker.domain.fingerprint import fingerprint
from roombooker.domain.link import Link
from roombooker.services.rules import KEEPS


def is_echo(link: Link, record: Booking) -> bool:
    """Nothing follows from this record: both sides stand as last agreed (or its meeting is awaited still), and nothing is under way.

    In doubt no: a look that was not needed costs little, one that was not made leaves the two sides apart until the next sweep."""
    remembered = link.remembered(record.side)
    if remembered is None or link.is_busy or link.writing or link.vanished_at or link.settled:
        return False
    is_whole = link.remembered(record.side.other) is not None or link.is_awaiting
    stands = record.is_live and not record.is_archived and not record.is_conflicting_request
    where = (record.ref, record.room_id, record.slot) == (remembered.ref, link.room_id, link.slot)
    return is_whole and stands and where and fingerprint(record, KEEPS[record.side]) == remembered.fingerprint
