"""The worker process: a Huey consumer for wake-ups and loops for what is due without one."""

import signal
import threading
from collections.abc import Callable
from types import FrameType

import structlog

from roombooker.jobs.engine import Engine
from roombooker.jobs.work import Work

_log = structlog.get_logger(__name__)
_TICK_S = 1.0


class Worker:
    """Start only after the fork, never in a web process that has siblings."""

    def __init__(self, engine: Engine, work: Work, threads: int) -> None:
        self._engine = engine
        self._work = work
        self._threads = threads
        self._stopping = threading.Event()

    def start(self) -> None:
        """Consumer threads and the ticker, in the background."""
        self._consumer = self._engine.consumer(self._threads)
        self._consumer._set_signal_handlers = lambda: None  # the process decides, see run()
        self._consumer.start()
        for name, loop in self._work.loops().items():
            threading.Thread(target=self._repeat_until_stopped, args=(loop,), name=name, daemon=True).start()

    def run(self) -> None:
        """Until SIGTERM or SIGINT; what is under way is finished or, if killed, taken up by the next worker."""

        def stop(_signal: int, _frame: FrameType | None) -> None:
            self._stopping.set()

        signal.signal(signal.SIGTERM, stop)
        signal.signal(signal.SIGINT, stop)
        self.start()
        self._stopping.wait()
        self.stop()

    def stop(self) -> None:
        self._stopping.set()
        self._consumer.stop(graceful=True)

    def _repeat_until_stopped(self, loop: Callable[[], int]) -> None:
        while not self._stopping.wait(_TICK_S):
            try:
                loop()
            except Exception:  # noqa: BLE001  the loop must outlive a database that is away
                _log.exception("a tick failed")
