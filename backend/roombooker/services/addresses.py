"""The further addresses of organizers, where they decide whose a booking is: asked of the directory once a day, and kept."""

from collections.abc import Callable, Collection, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from roombooker.domain.booking import Booking, Person
from roombooker.domain.calendar import MeetingCalendar
from roombooker.errors import Denied, Garbled, NotFound, Refused, Unavailable
from roombooker.store import people
from roombooker.store.db import Database

FRESH = timedelta(days=1)
_SPARED = timedelta(minutes=10)  # without User.Read.All nothing is asked for so long
_MOST = 400  # in one pass; those that are left are asked by the next
_AT_ONCE = 4


class Addresses:
    """Without the right to read the directory everybody has but the address that they are seen with."""

    def __init__(self, *, database: Database, meetings: MeetingCalendar, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._meetings = meetings
        self._clock = clock
        self._ask_again_at = datetime.min.replace(tzinfo=UTC)

    def fill(self, meetings: Sequence[Booking], unsure: Collection[str]) -> tuple[Booking, ...]:
        """The same, with all that is known of the organizers named in `unsure`. SideError where the directory cannot say just now and
        never did: a meeting is not declined for that."""
        if not unsure:
            return tuple(meetings)
        found = self._of(unsure)
        return tuple(
            replace(b, organizer=replace(b.organizer, aliases=b.organizer.aliases | found[b.organizer.email]))
            if b.organizer is not None and b.organizer.email in found
            else b
            for b in meetings
        )

    def _of(self, emails: Collection[str]) -> dict[str, frozenset[str]]:
        now = self._clock()
        with self._database.read() as session:
            kept = people.known_addresses(session, sorted(emails))
        found = {email: addresses for email, (addresses, _) in kept.items()}
        stale = sorted(email for email in emails if email not in kept or kept[email][1] < now - FRESH)
        if not stale or now < self._ask_again_at:
            return found
        told: dict[str, frozenset[str]] = {}
        try:
            for email, addresses in self._ask(stale[:_MOST]):
                told[email] = addresses
        except Denied:
            self._ask_again_at = now + _SPARED
            return found | told
        except Unavailable:
            if not kept.keys() >= set(stale):
                raise
        finally:
            self._keep(told)
        if len(stale) > _MOST:
            raise Unavailable("exchange", "The directory is still being asked who is who; the rest follows.")
        return found | told

    def _ask(self, emails: Sequence[str]) -> Iterable[tuple[str, frozenset[str]]]:
        pool = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="addresses")
        try:
            contexts = [copy_context() for _ in emails]
            yield from zip(emails, pool.map(lambda context, email: context.run(self._one, email), contexts, emails), strict=True)
        finally:
            pool.shutdown(cancel_futures=True)

    def _one(self, email: str) -> frozenset[str]:
        """Guests of other organizations are nobody there; they have the one address."""
        try:
            person = self._meetings.person(email)
        except (NotFound, Refused, Garbled):
            person = None
        return (person or Person(email)).addresses | {email}

    def _keep(self, told: dict[str, frozenset[str]]) -> None:
        if told:
            with self._database.write() as session:
                for email, addresses in told.items():
                    people.keep_addresses(session, email, addresses, at=self._clock())
