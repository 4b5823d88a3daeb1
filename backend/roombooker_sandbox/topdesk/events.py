"""Events: what an administrator would set up in Action Management, an HTTP post to the product for every change of a reservation."""

import logging
import random
from concurrent.futures import ThreadPoolExecutor

import requests

from roombooker_sandbox.outgoing import poster
from roombooker_sandbox.topdesk.inferred import HOOK_TIMEOUT_S
from roombooker_sandbox.world import HOOK_SECRET, World

_log = logging.getLogger(__name__)


class Events:
    """One try per notice, never in the way of a request; dropped, doubled, delayed and reordered as /control says."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._chance = random.Random(world.options.seed)
        self._pool = ThreadPoolExecutor(max_workers=4, thread_name_prefix="topdesk-events")
        world.on("close", lambda: self._pool.shutdown(wait=False, cancel_futures=True))

    def changed(self, reservation_id: str) -> None:
        """Created, edited, cancelled, rejected, approved, rescheduled, moved or deleted: the product reads again, so no event says which."""
        if not self._world.options.product_url:
            return
        notices = self._world.switches.notices
        if self._chance.random() < notices.drop:
            self._count("dropped")
            return
        for _ in range(2 if self._chance.random() < notices.double else 1):
            late = notices.delay_ms / 1000
            if self._chance.random() < notices.reorder:
                late += 1.0 + notices.delay_ms / 1000  # so that what happens in the next second overtakes it
            self._world.scheduler.later(late, lambda: self._post(reservation_id), on=self._pool)

    def _post(self, reservation_id: str) -> None:
        self._count("sent")
        try:
            answer = poster(self._world).post(
                f"{self._world.options.product_url}/hooks/topdesk", json={"reservationId": reservation_id},
                headers={"X-Room-Booker-Secret": HOOK_SECRET}, timeout=HOOK_TIMEOUT_S, allow_redirects=False,
            )  # fmt: skip
            answer.raise_for_status()
        except requests.RequestException as problem:
            self._count("lost")
            _log.warning("an event was not taken: %r", problem)

    def _count(self, what: str) -> None:
        with self._world.lock:
            self._world.counters[f"topdesk events {what}"] += 1
