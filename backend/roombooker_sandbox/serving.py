"""Two listeners, http and TLS, over one world in one process."""

import logging
import socket
import ssl
import threading
from dataclasses import replace
from types import TracebackType
from typing import Any, Self

from cheroot import wsgi
from cheroot.server import HTTPConnection
from cheroot.ssl.builtin import BuiltinSSLAdapter

from roombooker_sandbox.app import create_app
from roombooker_sandbox.seed import open_world, seed_once
from roombooker_sandbox.tls import authority_file, server_files
from roombooker_sandbox.world import Options, World

_log = logging.getLogger(__name__)
_THREADS = 40
_SILENCE_S = 60  # a connection without a word for so long is closed
_ESTATE_DEFAULT = frozenset(("rooms", "people", "seed", "per_day", "days"))


class Serving:
    """Bound and filled when made, serving from `start` to `stop`. Port 0 takes a free one; `world.options` tells which."""

    def __init__(self, options: Options, asked: frozenset[str] = _ESTATE_DEFAULT) -> None:
        self._servers: list[Any] = [_listener(options.host, options.port)]
        if options.tls_port is not None:
            certificate, key = server_files(options.certificates)
            tls = _listener(options.host, options.tls_port)
            tls.ssl_adapter = _LateHandshake(str(certificate), str(key))
            self._servers.append(tls)
        self._threads: list[threading.Thread] = []
        try:
            for server in self._servers:
                server.prepare()  # binds; from here on the true ports are known
            ports = [server.bind_addr[1] for server in self._servers]
            options = replace(options, port=ports[0], tls_port=ports[1] if len(ports) > 1 else None)
            self.world: World = open_world(options, asked)
            app = create_app(self.world)
            seed_once(self.world)
        except BaseException:
            self._stop_servers()
            raise
        for server in self._servers:
            server.wsgi_app = app

    @property
    def url(self) -> str:
        return self.world.base_url

    @property
    def tls_url(self) -> str:
        return self.world.tls_url

    @property
    def ca_file(self) -> str:
        return str(authority_file(self.world.options.certificates).absolute())

    def start(self) -> Self:
        for server in self._servers:
            thread = threading.Thread(target=server.serve, name="sandbox-listener", daemon=True)
            thread.start()
            self._threads.append(thread)
        return self

    def stop(self) -> None:
        self._stop_servers()
        for thread in self._threads:
            thread.join(5)
        self.world.close()

    def _stop_servers(self) -> None:
        for server in self._servers:
            server.stop()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()


class _LateHandshake(BuiltinSSLAdapter):
    """Leaves the handshake to the worker: cheroot does it while accepting, where one silent client stops all the others."""

    def wrap(self, sock: socket.socket) -> tuple[socket.socket, dict[str, str]]:
        wrapped = self.context.wrap_socket(sock, server_side=True, do_handshake_on_connect=False)
        return wrapped, {"wsgi.url_scheme": "https", "HTTPS": "on"}


class _Connection(HTTPConnection):
    shaken = False

    def communicate(self) -> bool:
        if isinstance(self.socket, ssl.SSLSocket) and not self.shaken:
            try:
                self.socket.do_handshake()
            except OSError as error:  # it hung up, speaks plain http or distrusts the certificate
                _log.debug("no handshake: %s", error)
                return False
            self.shaken = True
        return bool(super().communicate())  # type: ignore[no-untyped-call]


def _listener(host: str, port: int) -> Any:
    server = wsgi.Server((host, port), _not_yet, numthreads=_THREADS, timeout=_SILENCE_S, shutdown_timeout=2, request_queue_size=256)
    server.keep_alive_conn_limit = 1000  # cheroot's 10 would close the connections of every pooling client
    server.ConnectionClass = _Connection
    server.error_log = _note  # type: ignore[method-assign, assignment]
    return server


def _note(message: str = "", level: int = logging.INFO, traceback: bool = False) -> None:  # noqa: FBT001, FBT002  cheroot's signature
    """A client that hangs up or distrusts the certificate is no news; an application that fails is."""
    _log.log(level if level >= logging.ERROR else logging.DEBUG, message, exc_info=traceback)


def _not_yet(environ: Any, start_response: Any) -> list[bytes]:
    del environ
    start_response("503 Service Unavailable", [("Content-Length", "0"), ("Retry-After", "1")])
    return []
