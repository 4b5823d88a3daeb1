"""gunicorn, told by our settings; in one process with the worker where that is asked for."""

import gc
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication
from prometheus_client import multiprocess

from roombooker.app import Product, build
from roombooker.settings import Settings


class Server(BaseApplication):  # type: ignore[misc]  # gunicorn has no types
    """Builds the product after the fork, so that no connection or thread is shared between processes."""

    def __init__(self, options: dict[str, Any], product: Callable[[], Product], *, with_worker: bool) -> None:
        self._options = options
        self._product = product
        self._with_worker = with_worker
        super().__init__()

    def load_config(self) -> None:
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        product = self._product()
        if self._with_worker:
            product.worker().start()
        # What was built lives as long as the process: the collector need not walk it again and again (bench: a tenth of a search).
        gc.collect()
        gc.freeze()
        gc.set_threshold(20_000, 20, 50)
        return product.web


def _forget_counters(_server: object, worker: Any) -> None:
    """What a process that ended measured at this moment is no longer true; what it counted is."""
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        multiprocess.mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]


def serve(settings: Settings, *, host: str, port: int, with_worker: bool, certificate: Path | None = None, key: Path | None = None) -> None:
    """Blocks until SIGTERM or SIGINT. With the worker inside there is one process only: consumers never once per web process."""
    options: dict[str, Any] = {
        "bind": f"{host}:{port}",
        "workers": 1 if with_worker else settings.web_workers,
        "threads": settings.web_threads,
        "worker_class": "gthread",
        "timeout": 90,
        "graceful_timeout": 20,
        "keepalive": 30,
        "accesslog": None,
        "errorlog": "-",
        "loglevel": "warning",
        "preload_app": False,
        "forwarded_allow_ips": "127.0.0.1",
        "limit_request_line": 8190,
        "child_exit": _forget_counters,
    }
    if certificate and key:
        options |= {"certfile": str(certificate), "keyfile": str(key)}
    Server(options, lambda: build(settings), with_worker=with_worker).run()
