"""Sending what the outbox holds: at least once, by one worker at a time, again after growing pauses, for about a day."""

from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from ulid import ULID

from roombooker.domain.booking import Person
from roombooker.errors import Garbled, OutcomeUnknown, Refused, Unavailable
from roombooker.store import journal, outbox
from roombooker.store.db import Database
from roombooker.store.models import MailRow

_log = structlog.get_logger(__name__)
Mailer = Callable[[Person, str, str], None]
"""(to, subject, text); raises SideError."""

_AT_ONCE = 20
_FIRST_PAUSE, _LONGEST_PAUSE = timedelta(seconds=10), timedelta(hours=1)
_PATIENCE = timedelta(hours=24)  # "your room is gone" is worth little a day later
_UNDELIVERED = "A message to the organizer could not be delivered."


class Posting:
    """`mail` is None where no mailbox is configured. `lease`: longer than one sending can take, or a second worker sends it too."""

    def __init__(self, *, database: Database, mail: Mailer | None, clock: Callable[[], datetime], lease: timedelta) -> None:
        self._database = database
        self._mail = mail
        self._clock = clock
        self._lease = lease

    def send_due(self) -> int:
        """How many are out. A server that is away ends the round: the others would only wait for it too."""
        if self._mail is None:
            return self._drop()
        with self._database.read() as session:
            found = outbox.due(session, self._clock(), limit=_AT_ONCE)
        sent = 0
        for mail_id in found:
            owner = str(ULID())
            with self._database.write() as session:
                row = outbox.take(session, mail_id, owner, now=self._clock(), lease=self._lease)
            if row is None:
                continue
            try:
                self._mail(Person(row.recipient, row.recipient_name), row.subject, row.text)
            except Refused as refusal:
                self._give_up(row, refusal)
            except (Unavailable, OutcomeUnknown, Garbled) as error:
                self._later(row, owner, error)
                break
            except Exception as error:  # noqa: BLE001  one that always fails must not keep the others in
                self._later(row, owner, error)
            else:
                sent += 1
                with self._database.write() as session:
                    outbox.remove(session, row.id)
        return sent

    def _later(self, row: MailRow, owner: str, error: Exception) -> None:
        pause = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** min(row.attempts, 10))
        if self._clock() + pause > row.created_at + _PATIENCE:
            self._give_up(row, error)
            return
        _log.warning("a mail could not be sent", room=row.room_id, kind=type(error).__name__, attempts=row.attempts + 1)
        with self._database.write() as session:
            outbox.postpone(session, row.id, owner, until=self._clock() + pause)

    def _give_up(self, row: MailRow, error: Exception) -> None:
        _log.error("a mail is given up", room=row.room_id, kind=type(error).__name__, attempts=row.attempts + 1)
        with self._database.write() as session:
            outbox.remove(session, row.id)
            journal.write(
                session, kind="undelivered", message=_UNDELIVERED, at=self._clock(), caused_by="mail", side=getattr(error, "side", None),
                room_id=row.room_id, booking_id=row.booking_id, email=row.recipient,
            )  # fmt: skip

    def _drop(self) -> int:
        """Left from when a mailbox was configured: nobody will ever send them."""
        with self._database.read() as session:
            if not outbox.waiting(session):
                return 0
        with self._database.write() as session:
            dropped = outbox.discard(session)
        _log.warning("mails were dropped, since no mailbox is configured any more", count=dropped)
        return 0
