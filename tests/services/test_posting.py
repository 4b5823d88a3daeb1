"""Messages to organizers: written with what they tell of, sent at least once by one worker, given up after a day, never kept."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from conftest import ManualClock
from factories import make_room, make_settings, slot_at
from people import ALICE, BOB
from roombooker.domain.booking import Person
from roombooker.errors import Denied, Refused, Unavailable
from roombooker.services.health import HealthService
from roombooker.services.posting import Mailer, Posting
from roombooker.services.retention import Retention
from roombooker.services.telling import Telling
from roombooker.store import outbox
from roombooker.store.db import Database
from roombooker.store.models import JournalRow, LinkRow, MailRow
from services.twin import Twin

LEASE = timedelta(minutes=3)


class Killed(BaseException):
    """The process is gone."""


class PostOffice:
    """Takes mail; `says` is what it answers to the next ones, one after the other."""

    def __init__(self) -> None:
        self.took: list[tuple[str, str, str]] = []
        self.says: list[BaseException] = []
        self.meanwhile: Callable[[], object] = lambda: None

    def __call__(self, to: Person, subject: str, text: str) -> None:
        self.meanwhile()
        if self.says:
            raise self.says.pop(0)
        self.took.append((to.email, subject, text))


@pytest.fixture
def office() -> PostOffice:
    return PostOffice()


@pytest.fixture
def posting(database: Database, clock: ManualClock, office: PostOffice) -> Posting:
    return _posting(database, clock, office)


def _posting(database: Database, clock: ManualClock, mail: Mailer | None) -> Posting:
    return Posting(database=database, mail=mail, clock=clock, lease=LEASE)


def _put(database: Database, clock: ManualClock, *subjects: str, to: Person = ALICE) -> None:
    with database.write() as session:
        for subject in subjects:
            outbox.put(session, to, subject, "Why.", at=clock(), room_id="room-amber", booking_id="b")


def _waiting(database: Database) -> list[str]:
    with database.read() as session:
        return list(session.scalars(select(MailRow.subject).order_by(MailRow.id)))


def _journal(database: Database) -> list[JournalRow]:
    with database.read() as session:
        return list(session.scalars(select(JournalRow)))


def test_what_is_sent_is_not_kept(posting: Posting, office: PostOffice, database: Database, clock: ManualClock) -> None:
    _put(database, clock, "one", "two")
    assert posting.send_due() == 2
    assert office.took == [(ALICE.email, "one", "Why."), (ALICE.email, "two", "Why.")]
    assert (_waiting(database), posting.send_due(), len(office.took)) == ([], 0, 2)


def test_what_could_not_be_sent_is_tried_again_after_growing_pauses(
    posting: Posting, office: PostOffice, database: Database, clock: ManualClock
) -> None:
    _put(database, clock, "one")
    tries: list[float] = []
    began = clock()
    while not office.took:
        office.says = [Unavailable("mail", "Away.")] if len(tries) < 4 else []
        tries.append((clock() - began) / timedelta(seconds=1))
        posting.send_due()
        for _ in range(200):
            with database.read() as session:
                if office.took or outbox.due(session, clock(), limit=1):
                    break
            clock.advance(timedelta(seconds=1))
    assert tries == [0, 10, 30, 70, 150]
    assert _journal(database) == []


def test_a_server_that_is_away_is_asked_for_one_mail_only(
    posting: Posting, office: PostOffice, database: Database, clock: ManualClock
) -> None:
    _put(database, clock, "one", "two", "three")
    office.says = [Unavailable("mail", "Away.")] * 3
    posting.send_due()
    assert len(office.says) == 2
    office.says = []
    assert posting.send_due() == 2, "the others are due, and go out as soon as it is back"


@pytest.mark.parametrize("error", [Denied("exchange", "No right."), KeyError("a defect")])
def test_one_mail_that_always_fails_keeps_no_other_in(
    posting: Posting, office: PostOffice, database: Database, clock: ManualClock, error: Exception
) -> None:
    _put(database, clock, "one", "two")
    office.says = [error]
    posting.send_due()
    assert ([subject for _, subject, _ in office.took], _waiting(database)) == (["two"], ["one"])


def test_after_about_a_day_it_is_given_up_with_a_line_in_the_journal(
    posting: Posting, office: PostOffice, database: Database, clock: ManualClock
) -> None:
    _put(database, clock, "one")
    tries = 0
    began = clock()
    while _waiting(database):
        office.says = [Unavailable("mail", "Away.")]
        posting.send_due()
        tries += not office.says
        clock.advance(timedelta(minutes=10))
    assert timedelta(hours=22) < clock() - began < timedelta(hours=25)
    assert 20 < tries < 60
    (line,) = _journal(database)
    assert (line.kind, line.booking_id, line.email) == ("undelivered", "b", ALICE.email)


def test_an_address_that_takes_no_mail_is_given_up_at_once(
    posting: Posting, office: PostOffice, database: Database, clock: ManualClock
) -> None:
    _put(database, clock, "one")
    office.says = [Refused("mail", "No such person.")]
    posting.send_due()
    assert (_waiting(database), [line.kind for line in _journal(database)]) == ([], ["undelivered"])


def test_a_second_worker_leaves_a_mail_alone_that_the_first_is_sending(
    posting: Posting, office: PostOffice, database: Database, clock: ManualClock
) -> None:
    _put(database, clock, "one")
    other = PostOffice()

    def meanwhile() -> None:
        clock.advance(LEASE - timedelta(seconds=1))
        assert _posting(database, clock, other).send_due() == 0

    office.meanwhile = meanwhile
    assert posting.send_due() == 1
    assert (len(office.took), other.took) == (1, [])


def test_a_worker_killed_while_sending_leaves_it_to_another_once_its_lease_is_over(
    posting: Posting, office: PostOffice, database: Database, clock: ManualClock
) -> None:
    _put(database, clock, "one")
    office.says = [Killed()]
    with pytest.raises(Killed):
        posting.send_due()
    another = _posting(database, clock, office)
    assert another.send_due() == 0
    clock.advance(LEASE + timedelta(seconds=1))
    assert another.send_due() == 1


def test_without_a_mailbox_nothing_waits_for_ever(database: Database, clock: ManualClock) -> None:
    _put(database, clock, "left from before")
    assert _posting(database, clock, None).send_due() == 0
    assert _waiting(database) == []


def test_the_erased_get_no_more_mail_and_others_do(posting: Posting, office: PostOffice, database: Database, clock: ManualClock) -> None:
    _put(database, clock, "hers")
    _put(database, clock, "his", to=BOB)
    retention = Retention(database=database, settings=make_settings(), clock=clock)
    assert [m["subject"] for m in retention.export(ALICE.email)["mails"]] == ["hers"]
    assert retention.erase(ALICE.email)["erased"]["mails"] == 1
    posting.send_due()
    assert [to for to, _, _ in office.took] == [BOB.email]


def test_how_many_wait_and_for_how_long_is_shown(database: Database, clock: ManualClock) -> None:
    health = HealthService(database=database, settings=make_settings(), clock=clock, contacts=dict)
    _put(database, clock, "one", "two")
    clock.advance(timedelta(seconds=90))
    facts = health.ready()["sync"]
    assert (facts["mails_waiting"], facts["oldest_mail_seconds"]) == (2, 90)
    assert b"roombooker_mails_waiting 2.0" in health.metrics()[0]


# with what it tells of, or not at all


def _ended_in_topdesk(twin: Twin) -> None:
    twin.exchange.invite(twin.amber, slot_at(), ALICE)
    twin.follow()
    twin.topdesk.cancel(twin.reservations()[0].ref)


def _ended_where_we_may_not_write(twin: Twin) -> None:
    _ended_in_topdesk(twin)
    twin.exchange.read_only = True


def _moved_in_topdesk(twin: Twin) -> None:
    twin.exchange.invite(twin.amber, slot_at(), ALICE)
    twin.follow()
    twin.topdesk.edit(twin.reservations()[0].ref, slot=slot_at(2))


def _taken_in_topdesk(twin: Twin) -> None:
    twin.topdesk.book(twin.amber, slot_at(), BOB)
    twin.exchange.invite(twin.amber, slot_at(), ALICE)


def _vanished(twin: Twin) -> None:
    meeting = twin.exchange.invite(twin.amber, slot_at(), ALICE)
    twin.follow()
    twin.exchange.vanish(meeting.ref)


@contextmanager
def killed_at_the_commit_of_a_mail() -> Iterator[None]:
    def strike(session: Session, *_more: Any) -> None:
        if any(isinstance(new, MailRow) for new in session.new):
            raise Killed

    event.listen(Session, "before_flush", strike)
    try:
        yield
    finally:
        event.remove(Session, "before_flush", strike)


def _states(twin: Twin) -> list[tuple[Any, ...]]:
    with twin.database.read() as session:
        rows = session.scalars(select(LinkRow).order_by(LinkRow.id)).all()
        return [(r.id, r.state in ("refused", "cancelled", "on_hold"), r.vanished_at is not None) for r in rows]


@pytest.mark.parametrize(
    "what",
    [_ended_in_topdesk, _ended_where_we_may_not_write, _moved_in_topdesk, _taken_in_topdesk, _vanished],
    ids=lambda f: f.__name__[1:],
)
def test_killed_between_the_change_and_its_mail_neither_is_there_and_later_both(twin: Twin, what: Callable[[Twin], None]) -> None:
    what(twin)
    before = _states(twin)
    with killed_at_the_commit_of_a_mail(), pytest.raises(Killed):
        twin.sweep()
    assert twin.mails == []
    assert [known for known in _states(twin) if known in before] == before
    twin.later(seconds=3 * twin.settings.lease_seconds)
    twin.sweep()
    was_answered = bool(twin.exchange.reasons)  # by the room, with the reason, before we were killed: Exchange has told her
    assert [to for to, _, _ in twin.mails] == ([] if was_answered else [ALICE.email])


def test_the_pass_over_a_room_never_waits_for_the_mail_server(twin: Twin) -> None:
    _ended_in_topdesk(twin)
    twin.sweep()
    assert len(twin.mails) == 1, "it waits for the worker's own loop"


def test_where_no_mailbox_is_configured_nothing_is_written(twin: Twin) -> None:
    with twin.database.write() as session:
        row = LinkRow(room_id=make_room().id, booking_id="b")
        Telling(clock=twin.clock, mails=False).organizer(session, ALICE, row, "s", "t")
    assert twin.mails == []
