"""Which TOPdesk person groups somebody is in: looked up when a room is for one group only, kept for ten minutes."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from datetime import datetime, timedelta

from roombooker.domain.calendar import Facilities
from roombooker.errors import RoomBookerError
from roombooker.services.requester import Requesters
from roombooker.store import people
from roombooker.store.db import Database

FRESH = timedelta(minutes=10)
PATIENCE = timedelta(seconds=3)  # a search is answered from our own index: it does not wait as long as TOPdesk may take
_AT_ONCE = 2


class Groups:
    """Answers ids and names of groups; None where TOPdesk cannot say and never said: then nobody knows.

    What it said longer ago stands while it is away. Somebody without a card is in no group."""

    def __init__(
        self,
        *,
        database: Database,
        facilities: Facilities,
        requesters: Requesters,
        clock: Callable[[], datetime],
        patience: timedelta = PATIENCE,
    ) -> None:
        self._database = database
        self._facilities = facilities
        self._requesters = requesters
        self._clock = clock
        self._patience = patience
        self._pool = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="groups")
        self._asking: dict[str, Future[frozenset[str] | None]] = {}

    def of(self, email: str) -> frozenset[str] | None:
        """Waits for TOPdesk as long as any call does."""
        kept = self._kept(email)
        if kept is not None and kept[1] > self._clock() - FRESH:
            return kept[0]
        found = self._ask(email)
        return found if found is not None else kept and kept[0]

    def soon(self, email: str) -> frozenset[str] | None:
        """As `of`, but waits a moment only; what comes later is there for the next who asks."""
        kept = self._kept(email)
        if kept is not None and kept[1] > self._clock() - FRESH:
            return kept[0]
        found = None
        asking = self._asking.get(email)
        if asking is None or asking.done():
            asking = self._asking[email] = self._pool.submit(copy_context().run, self._ask, email)
            asking.add_done_callback(lambda _: self._asking.pop(email, None))
            try:
                found = asking.result(self._patience.total_seconds())
            except TimeoutError:
                found = None
        return found if found is not None else kept and kept[0]

    def _ask(self, email: str) -> frozenset[str] | None:
        try:
            person = self._requesters.person_id(email)
            found = frozenset[str]() if person is None else self._facilities.person_groups(person)
        except RoomBookerError:  # away, no right, a TOPdesk without this call, or the person is gone this moment
            return None
        with self._database.write() as session:
            people.keep_groups(session, email, found, at=self._clock())
        return found

    def _kept(self, email: str) -> tuple[frozenset[str], datetime] | None:
        with self._database.read() as session:
            return people.groups(session, email)
