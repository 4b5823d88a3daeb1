"""Things that happen a little later: a room's answer, a notice on its way. One daemon thread, real time."""

import heapq
import itertools
import logging
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from contextlib import contextmanager

_log = logging.getLogger(__name__)


class Scheduler:
    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Callable[[], object], Executor | None]] = []
        self._order = itertools.count()
        self._wake = threading.Condition()
        self._closed = False
        self._busy = 0
        threading.Thread(target=self._run, name="sandbox-scheduler", daemon=True).start()

    def later(self, delay_s: float, call: Callable[[], object], on: Executor | None = None) -> None:
        """Run `call` after `delay_s` seconds: on the scheduler's thread, or `on` a pool of the part's own when it is slow (HTTP posts)."""
        with self._wake:
            heapq.heappush(self._heap, (time.monotonic() + max(0.0, delay_s), next(self._order), call, on))
            self._wake.notify()

    @contextmanager
    def working(self) -> Iterator[None]:
        """What runs inside counts as pending, on whichever thread."""
        with self._wake:
            self._busy += 1
        try:
            yield
        finally:
            with self._wake:
                self._busy -= 1

    @property
    def pending(self) -> int:
        """How many calls wait or run; 0 means that the sandbox has come to rest."""
        with self._wake:
            return len(self._heap) + self._busy

    def clear(self) -> None:
        """Forget what has not begun."""
        with self._wake:
            self._heap.clear()

    def close(self) -> None:
        with self._wake:
            self._closed = True
            self._wake.notify()

    def _run(self) -> None:
        while True:
            with self._wake:
                while not self._closed and (not self._heap or self._heap[0][0] > time.monotonic()):
                    self._wake.wait(self._heap[0][0] - time.monotonic() if self._heap else None)
                if self._closed:
                    return
                _, _, call, pool = heapq.heappop(self._heap)
                self._busy += 1
            if pool is None:
                self._finish(call)
                continue
            try:
                pool.submit(self._finish, call)
            except RuntimeError:  # the pool is shut down: the sandbox is closing
                self._finish(lambda: None)

    def _finish(self, call: Callable[[], object]) -> None:
        try:
            call()
        except Exception:  # noqa: BLE001  one bad call must not end the thread that all the others wait for
            _log.exception("a scheduled call failed")
        finally:
            with self._wake:
                self._busy -= 1
