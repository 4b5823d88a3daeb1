"""The calls to TOPdesk's REST API: address, sign-in, and which right a 403 means."""

import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from requests.auth import HTTPBasicAuth

from roombooker.errors import Denied
from roombooker.settings import Settings
from roombooker.transport import Answer, OnCall, SharedLanes, Transport, open_session

SIDE = "topdesk"


def api_address(base: str) -> str:
    """`https://contoso.topdesk.net` and what people paste instead (with /tas/api, /tas/secure/… or a slash) as the API's address."""
    url = urlsplit(base.strip())
    path = url.path.rstrip("/")
    for marker in ("/tas/", "/tas"):
        cut = path.find(marker)
        if cut >= 0 and (marker == "/tas/" or path.endswith(marker)):
            path = path[:cut]
            break
    return f"{url.scheme}://{url.netloc}{path}/tas/api"


class TopdeskClient:
    """Signed in with an application password (Basic); `transport` is the one way out."""

    def __init__(self, transport: Transport) -> None:
        self.transport = transport
        self._kept: dict[str, tuple[float, Any]] = {}

    def call(
        self,
        method: str,
        route: str,
        *,
        right: str,
        at: Mapping[str, str] | None = None,
        params: Mapping[str, Any] | None = None,
        json: Any = None,
        accept: str = "application/json",
    ) -> Answer:
        """`right` names, in words for an administrator, what a 403 says is missing. Errors as Transport.call."""
        try:
            return self.transport.call(method, route, at=at, params=params, json=json, headers={"Accept": accept})
        except Denied as denied:
            if denied.status_code == 403 and denied.right is None:
                denied.right = right
                denied.message = f"TOPdesk does not allow this to Room Booker: the operator lacks the right {right}."
            raise

    def kept(self, name: str, seconds: float, read: Callable[[], Any]) -> Any:
        """What `read` gave at most that long ago; for reasons, time zones and the like."""
        found = self._kept.get(name)
        if found is None or time.monotonic() - found[0] > seconds:
            found = (time.monotonic(), read())
            self._kept[name] = found
        return found[1]

    def keep(self, name: str, value: Any) -> None:
        self._kept[name] = (time.monotonic(), value)


def open_client(
    settings: Settings, *, clock: Callable[[], datetime], on_call: OnCall | None = None, shared: SharedLanes | None = None
) -> TopdeskClient:
    """One per process, after the fork. `shared` keeps the limit across processes."""
    session = open_session(
        connect_timeout_seconds=settings.connect_timeout_seconds,
        read_timeout_seconds=settings.read_timeout_seconds,
        ca_file=settings.ca_file,
        connections=settings.topdesk_connections,
    )
    # Bytes, since requests would encode as latin-1.
    session.auth = HTTPBasicAuth(settings.topdesk_username.encode(), settings.topdesk_password.encode())
    lanes = settings.topdesk_connections
    return TopdeskClient(
        Transport(SIDE, api_address(settings.topdesk_url), session, clock=clock, lanes=lanes, shared=shared, on_call=on_call)
    )
