"""Limits are per caller or per address, hold, expire, and cost no thread per request."""

import threading
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from limits import parse
from limits.storage import storage_from_string
from limits.strategies import FixedWindowRateLimiter

import roombooker.api.pacing  # noqa: F401  registers the storage
from api.conftest import Person, api_settings
from roombooker.app import Product, build
from roombooker.store.migrate import upgrade
from sandboxes import ALICE, BOB, RunningSandbox


def test_a_limit_holds_and_ends() -> None:
    limiter = FixedWindowRateLimiter(storage_from_string("paced-memory://"))
    limit = parse("2 per second")
    assert [limiter.hit(limit, "alice") for _ in range(3)] == [True, True, False]
    assert limiter.hit(limit, "bob")
    time.sleep(1.1)
    assert limiter.hit(limit, "alice")


def test_counting_starts_no_thread_per_request() -> None:
    storage = storage_from_string("paced-memory://")
    time.sleep(0.1)
    before = threading.active_count()
    started: list[str] = []
    threading.setprofile(lambda *_: started.append(threading.current_thread().name))
    try:
        for _ in range(20):
            storage.incr("alice", 1)
            time.sleep(0.02)
    finally:
        threading.setprofile(None)
    assert threading.active_count() <= before
    assert started == []


@pytest.fixture
def paced(sandbox: RunningSandbox, tmp_path: Path) -> Iterator[Product]:
    product = build(api_settings(sandbox, tmp_path, rate_limit="5 per minute"))
    upgrade(product.database)
    yield product
    product.database.engine.dispose()


def _codes(product: Product, headers: Iterable[dict[str, str]], path: str = "/api/v1/rooms") -> list[int]:
    return [product.web.test_client().get(path, headers=one).status_code for one in headers]


def test_who_invents_a_header_for_each_request_is_counted_by_address(paced: Product, sandbox: RunningSandbox) -> None:
    forged = [{"Authorization": f"Bearer {number:040}"} for number in range(5)] + [{}, {"Authorization": "Basic x"}]
    assert _codes(paced, forged) == [401] * 5 + [429] * 2
    assert Person(paced, sandbox.person_token(ALICE), ALICE).get("/api/v1/rooms").status_code == 200


def test_nobody_spends_the_share_of_somebody_else(paced: Product, sandbox: RunningSandbox) -> None:
    token = sandbox.person_token(ALICE)
    _codes(paced, [{"Authorization": f"Bearer x{number}{token[-40:]}"} for number in range(10)])
    assert _codes(paced, [{"Authorization": f"Bearer {token}"}] * 5) == [200] * 5


def test_a_caller_has_one_share_however_many_tokens(paced: Product, sandbox: RunningSandbox) -> None:
    first = sandbox.person_token(ALICE)
    time.sleep(1.1)  # a token says in seconds when it was made
    second = sandbox.person_token(ALICE)
    assert first != second
    answers = _codes(paced, [{"Authorization": f"Bearer {token}"} for token in (first, second) * 4])
    assert answers == [200] * 5 + [429] * 3
    assert Person(paced, sandbox.person_token(BOB), BOB).get("/api/v1/rooms").status_code == 200


def test_our_description_is_counted_by_address_and_liveness_is_not(paced: Product) -> None:
    assert _codes(paced, [{}] * 6, "/openapi.json") == [200] * 5 + [429]
    assert _codes(paced, [{}] * 6, "/healthz") == [200] * 6


def _strangers(product: Product, forwarded: Iterable[str]) -> list[int]:
    """From one proxy, that says for whom."""
    return _codes(product, [{"X-Forwarded-For": who} for who in forwarded])


def test_behind_a_proxy_each_stranger_has_a_share(sandbox: RunningSandbox, tmp_path: Path) -> None:
    """Found by an audit: all shared the proxy's. What a stranger claims stands before what the proxy adds, and does not count."""
    product = build(api_settings(sandbox, tmp_path, rate_limit="5 per minute", trusted_proxies=1))
    assert _strangers(product, [f"198.51.100.{number}" for number in range(7)]) == [401] * 7
    assert _strangers(product, [f"198.51.100.{number}, 203.0.113.9" for number in range(7)]) == [401] * 5 + [429] * 2
    product.database.engine.dispose()


def test_without_a_trusted_proxy_nobody_says_whose_address_it_is(paced: Product) -> None:
    assert _strangers(paced, [f"198.51.100.{number}" for number in range(7)]) == [401] * 5 + [429] * 2
