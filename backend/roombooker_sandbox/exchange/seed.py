"""Fills the calendars: the same meetings as TOPdesk has reservations for, in the organizer's, the room's and the attendees' mailboxes."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import islice

from roombooker_sandbox.directory import Meeting
from roombooker_sandbox.exchange.ids import COPIES
from roombooker_sandbox.exchange.mailboxes import ROOM_KEYS
from roombooker_sandbox.exchange.service import exchange_of
from roombooker_sandbox.world import World

_SMALL = 200_000  # meetings; beyond it attendees' copies are left out, so that 5,000 rooms fit a laptop
_CHUNK = 20_000


def seed(world: World) -> None:
    """From the Monday of the sandbox clock's week, `options.days` long. Rows carry no data of their own: items.py derives it."""
    exchange = exchange_of(world)
    today = world.clock.now().date()
    monday = today - timedelta(days=today.weekday())
    options = world.options
    expected = len(world.directory.rooms) * options.days * options.per_day * 5 // 7
    meetings = iter(world.directory.meetings(monday, options.days, options.per_day))
    last = 0
    with world.store.transaction() as db:
        db.execute("DROP INDEX IF EXISTS gx_item_window")
        while chunk := list(islice(meetings, _CHUNK)):
            last = chunk[-1].number
            db.executemany(
                "INSERT INTO gx_meeting (id, room, organizer, attendees, subject, private) VALUES (?, ?, ?, ?, ?, ?)",
                (
                    (m.number, m.room.number, m.organizer.number, " ".join(str(p.number) for p in m.attendees), m.subject, int(m.private))
                    for m in chunk
                ),
            )
            db.executemany(
                'INSERT INTO gx_item (id, mailbox, start, "end") VALUES (?, ?, ?, ?)',
                (row for m in chunk for row in _copies(m, everybody=expected <= _SMALL)),
            )
        db.execute("CREATE INDEX gx_item_window ON gx_item (mailbox, start)")
        db.execute("INSERT OR REPLACE INTO gx_state VALUES ('seeded', ?)", (str(last),))
    exchange.items.reload()


def _copies(meeting: Meeting, *, everybody: bool) -> Iterator[tuple[int, int, int, int]]:
    first = meeting.number * COPIES
    start, end = int(meeting.start.timestamp()), int(meeting.end.timestamp())
    yield first, meeting.organizer.number, start, end
    yield first + 1, ROOM_KEYS + meeting.room.number, start, end
    if everybody:
        for number, person in enumerate(meeting.attendees, 2):
            yield first + number, person.number, start, end
