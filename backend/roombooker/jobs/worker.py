"""The worker process: a Huey consumer for wake-ups and a ticker for what is due without one."""

import signal
import threading
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
        threading.Thread(target=self._tick_until_stopped, name="ticker", daemon=True).start()

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

    def _tick_until_stopped(self) -> None:
        while not self._stopping.wait(_TICK_S):
            try:
                self._work.tick()
            except Exception:  # noqa: BLE001  the ticker must outlive a database that is away
                _log.exception("a tick failed")
