"""How long a change takes: ours from the arrival of its notice, and apart from it the vendor's until then."""

import pytest
from prometheus_client import REGISTRY

from factories import slot_at
from people import ALICE
from roombooker.errors import Unavailable
from roombooker.services.health import HealthService
from roombooker.store import notices
from services.twin import Twin

Times = tuple[float, float]


def _measured(name: str, side: str) -> Times:
    """How many, and how long in all."""
    count, total = (REGISTRY.get_sample_value(f"roombooker_{name}_{what}", {"side": side}) or 0.0 for what in ("count", "sum"))
    return count, total


def _since(before: Times, name: str, side: str) -> Times:
    now = _measured(name, side)
    return now[0] - before[0], pytest.approx(now[1] - before[1])  # type: ignore[return-value]


def _notice(twin: Twin, side: str, ref: str) -> None:
    with twin.database.write() as session:
        notices.add(session, side=side, ref=ref, kind="changed", at=twin.clock())


def test_a_change_in_topdesk_is_measured_from_its_notice_on_and_the_vendor_until_then(twin: Twin) -> None:
    ours, vendors = _measured("notice_seconds", "topdesk"), _measured("vendor_delay_seconds", "topdesk")
    reservation = twin.topdesk.book(twin.amber, slot_at(), ALICE)
    twin.later(seconds=7)
    _notice(twin, "topdesk", reservation.ref)
    twin.later(seconds=2)
    twin.sync.digest_notices()
    assert len(twin.meetings()) == 1
    assert _since(ours, "notice_seconds", "topdesk") == (1, 2)
    assert _since(vendors, "vendor_delay_seconds", "topdesk") == (1, 7)


def test_a_change_in_exchange_is_measured_too_and_its_doubled_notice_told_it_once(twin: Twin) -> None:
    ours, vendors = _measured("notice_seconds", "exchange"), _measured("vendor_delay_seconds", "exchange")
    twin.exchange.invite(twin.amber, slot_at(), ALICE)
    twin.later(seconds=3)
    _notice(twin, "exchange", twin.amber.id)
    twin.later(seconds=1)
    _notice(twin, "exchange", twin.amber.id)
    twin.sync.digest_notices()
    assert _since(ours, "notice_seconds", "exchange") == (2, 1)
    assert _since(vendors, "vendor_delay_seconds", "exchange") == (1, 3)


def test_an_echo_took_no_time_at_all(twin: Twin) -> None:
    twin.exchange.invite(twin.amber, slot_at(), ALICE)
    twin.follow()
    ours = _measured("notice_seconds", "topdesk"), _measured("notice_seconds", "exchange")
    _notice(twin, "topdesk", twin.reservations()[0].ref)
    _notice(twin, "exchange", twin.amber.id)
    twin.later(seconds=30)
    twin.sync.digest_notices()
    assert twin.waiting_notices() == []
    assert (_measured("notice_seconds", "topdesk"), _measured("notice_seconds", "exchange")) == ours


def test_what_had_to_be_tried_again_took_as_long_as_since_its_first_try(twin: Twin) -> None:
    before = _measured("notice_seconds", "retry")
    twin.exchange.invite(twin.amber, slot_at(), ALICE)
    twin.topdesk.fail("create", Unavailable("topdesk", "Away."))
    _notice(twin, "exchange", twin.amber.id)
    twin.sync.digest_notices()
    twin.later(seconds=40)
    twin.sync.digest_notices()
    assert len(twin.reservations()) == 1
    assert _since(before, "notice_seconds", "retry") == (1, 40)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_metrics_tells_both(twin: Twin) -> None:
    reservation = twin.topdesk.book(twin.amber, slot_at(), ALICE)
    twin.later(seconds=1)
    twin.noticed(reservation)
    health = HealthService(database=twin.database, settings=twin.settings, clock=twin.clock, contacts=dict)
    told = health.metrics()[0].decode()
    assert 'roombooker_notice_seconds_bucket{le="5.0",side="topdesk"}' in told
    assert 'roombooker_vendor_delay_seconds_count{side="topdesk"}' in told
