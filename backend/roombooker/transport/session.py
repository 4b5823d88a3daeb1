"""A requests session that never waits forever, trusts the configured authorities beside the system's, and follows no redirect."""

import ssl
from pathlib import Path
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.util.retry import Retry

from roombooker import deadline
from roombooker.errors import InvalidInput

USER_AGENT = "room-booker"


class PatientAdapter(HTTPAdapter):
    """Fills in the time-outs (connect, read in seconds) where a caller gives none, and checks certificates with our own context."""

    def __init__(self, timeouts: tuple[float, float], trust: ssl.SSLContext, connections: int) -> None:
        self._timeouts = timeouts
        self._trust = trust
        # Nothing is retried down here: the transport does, without holding a connection while it waits.
        super().__init__(pool_connections=4, pool_maxsize=connections, pool_block=False, max_retries=Retry(0, read=False, redirect=False))

    def init_poolmanager(self, *args: Any, **more: Any) -> None:
        super().init_poolmanager(*args, **more, ssl_context=self._trust)

    def proxy_manager_for(self, proxy: str, **more: Any) -> Any:
        return super().proxy_manager_for(proxy, **more, ssl_context=self._trust)

    def send(self, request: requests.PreparedRequest, *args: Any, **more: Any) -> requests.Response:
        if more.get("timeout") is None:
            connect, read = self._timeouts
            more["timeout"] = (deadline.capped(connect), deadline.capped(read))
        return super().send(request, *args, **more)


def open_trust(ca_file: Path | None = None) -> ssl.SSLContext:
    """The system's authorities and those in `ca_file`; InvalidInput where that file cannot be used."""
    trust = ssl.create_default_context()
    trust.minimum_version = ssl.TLSVersion.TLSv1_2
    if ca_file:
        try:
            trust.load_verify_locations(cafile=str(ca_file))
        except OSError as error:  # ssl.SSLError is one
            raise InvalidInput(f"ROOMBOOKER_CA_FILE: {ca_file} cannot be used: {error}") from error
    return trust


def open_session(
    *, connect_timeout_seconds: float, read_timeout_seconds: float, ca_file: Path | None = None, connections: int = 8
) -> requests.Session:
    """`ca_file`: see `open_trust`. Proxies come from the environment, sign-ins never do (.netrc)."""
    trust = open_trust(ca_file)
    session = requests.Session()
    session.auth = _no_sign_in
    session.headers["User-Agent"] = USER_AGENT
    adapter = PatientAdapter((connect_timeout_seconds, read_timeout_seconds), trust, connections)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session


def _no_sign_in(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Keeps requests from looking into .netrc: it does so only where no auth is set."""
    return request
