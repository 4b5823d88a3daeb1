"""The WSGI layer around every part: counts calls, adds latency, and makes calls fail before or after they took effect."""

import errno
import time
from collections.abc import Callable, Iterable
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from roombooker_sandbox.faults import failing_answer, html_page, shape, side_of, take_fault
from roombooker_sandbox.world import World

INNER = "roombooker_sandbox.inner"  # set in the environment of a call inside a `$batch`: counted apart, no latency of its own


class Behaviour:
    def __init__(self, app: WSGIApplication, world: World) -> None:
        self._app = app
        self._world = world

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        method, path = environ["REQUEST_METHOD"], environ.get("PATH_INFO", "/")
        side = side_of(path)
        if side is None:
            return self._app(environ, start_response)
        world = self._world
        is_batch = path.endswith("/$batch")
        with world.lock:
            world.counters[f"{side} {'batched ' if INNER in environ else ''}{method} {shape(path)}"] += 1
            if not is_batch:
                world.running[side] += 1
                world.peaks[side] = max(world.peaks[side], world.running[side])
        try:
            return self._answer(side, environ, start_response)
        finally:
            if not is_batch:
                with world.lock:
                    world.running[side] -= 1

    def _answer(self, side: str, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        world, method, path = self._world, environ["REQUEST_METHOD"], environ.get("PATH_INFO", "/")
        if world.switches.latency_ms and INNER not in environ:
            time.sleep(world.switches.latency_ms / 1000)
        if side == "topdesk" and world.switches.maintenance:
            return _answer(start_response, *_maintenance())
        fault = take_fault(world, side, method, path)
        if fault is None:
            return self._app(environ, start_response)
        if fault.when == "after":
            _run_to_its_end(self._app, environ)
        if fault.delay_ms:
            time.sleep(fault.delay_ms / 1000)
        if fault.status == 0 and INNER in environ:  # a batch has one connection for all: Graph reports the lost one
            return _answer(start_response, *failing_answer(world, side, 504, None))
        if fault.status == 0:
            # cheroot closes the connection without a word when the application meets this error
            raise ConnectionResetError(errno.ECONNRESET, "closed without an answer, as /control/fail asked")
        return _answer(start_response, *failing_answer(world, side, fault.status, fault.retry_after_s))


def _run_to_its_end(app: WSGIApplication, environ: WSGIEnvironment) -> None:
    def swallow(status: str, headers: list[tuple[str, str]], exc_info: object = None, /) -> Callable[[bytes], object]:
        del status, headers, exc_info
        return lambda _: None

    answer = app(environ, swallow)
    try:
        for _ in answer:
            pass
    finally:
        if callable(close := getattr(answer, "close", None)):
            close()


def _maintenance() -> tuple[str, list[tuple[str, str]], bytes]:
    body = html_page("Maintenance", "TOPdesk is being maintained and will be back soon.").encode()
    return "503 Service Unavailable", [("Content-Type", "text/html;charset=utf-8"), ("Content-Length", str(len(body)))], body


def _answer(start_response: StartResponse, status: str, headers: list[tuple[str, str]], body: bytes) -> Iterable[bytes]:
    start_response(status, headers)
    return [body]
