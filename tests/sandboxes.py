"""Starts a whole sandbox inside the test's process, on free ports, with sessions that are signed in."""

import atexit
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any, Self

import requests

from roombooker_sandbox.serving import Serving
from roombooker_sandbox.world import CLIENT_ID, CLIENT_SECRET, OPERATOR_LOGIN, OPERATOR_PASSWORD, PERSON_PASSWORD, TENANT_ID, Options

GRAPH_DEFAULT = "https://graph.microsoft.com/.default"
BOOKING_SCOPE = f"api://{CLIENT_ID}/Booking.ReadWrite"
ALICE, BOB, CAROL, ERIN = (f"{name}@contoso.example" for name in ("alice.jansen", "bob.devries", "carol.smit", "erin.visser"))

_certificates = Path(tempfile.mkdtemp(prefix="sandbox-tls-"))  # one authority for all sandboxes of a test run
atexit.register(shutil.rmtree, _certificates, ignore_errors=True)


class Calls(requests.Session):
    """A session whose addresses may be written from `base` on: `calls.get("/reservations")`."""

    def __init__(self, base: str) -> None:
        super().__init__()
        self.trust_env = False  # no proxy, no .netrc
        self.base = base

    def request(self, method: str | bytes, url: str | bytes, *args: Any, **more: Any) -> requests.Response:
        address = url.decode() if isinstance(url, bytes) else url
        more.setdefault("timeout", 30)
        return super().request(method, address if "://" in address else self.base + address, *args, **more)


class RunningSandbox(Serving):
    """`control`, `topdesk` (operator signed in), `graph` (app signed in) and `graph_as(person)` are sessions; call them with paths."""

    def __init__(self, options: Options) -> None:
        super().__init__(options)
        self._sessions: dict[str, Calls] = {}
        self.start()

    def __enter__(self) -> Self:
        return self  # runs already

    @property
    def control(self) -> Calls:
        return self._session("control", f"{self.url}/control")

    @property
    def topdesk(self) -> Calls:
        calls = self._session("topdesk", f"{self.url}/topdesk/tas/api")
        calls.auth = (OPERATOR_LOGIN, OPERATOR_PASSWORD)
        return calls

    @property
    def entra(self) -> Calls:
        return self._session("entra", f"{self.url}/entra/{TENANT_ID}")

    @property
    def graph(self) -> Calls:
        return self._bearer("graph", self.app_token)

    def graph_as(self, person: str) -> Calls:
        return self._bearer(f"graph as {person}", lambda: self.person_token(person, "https://graph.microsoft.com/Calendars.ReadWrite"))

    def app_token(self, scope: str = GRAPH_DEFAULT) -> str:
        return self._token(grant_type="client_credentials", client_secret=CLIENT_SECRET, scope=scope)

    def person_token(self, person: str = ALICE, scope: str = BOOKING_SCOPE) -> str:
        return self._token(grant_type="password", username=person, password=PERSON_PASSWORD, scope=scope)

    def idle(self, within_s: float = 10) -> None:
        """Wait until nothing is on its way any more."""
        end = time.monotonic() + within_s
        while self.world.scheduler.pending:
            assert time.monotonic() < end, "the sandbox did not come to rest"
            time.sleep(0.01)

    def stop(self) -> None:
        for calls in self._sessions.values():
            calls.close()
        super().stop()

    def _token(self, **form: str) -> str:
        answer = self.entra.post("/oauth2/v2.0/token", data={"client_id": CLIENT_ID, **form})
        assert answer.status_code == 200, answer.text
        return str(answer.json()["access_token"])

    def _bearer(self, name: str, token: Any) -> Calls:
        calls = self._session(name, f"{self.url}/graph/v1.0")
        if "Authorization" not in calls.headers:
            calls.headers["Authorization"] = f"Bearer {token()}"
        return calls

    def _session(self, name: str, base: str) -> Calls:
        return self._sessions.setdefault(name, Calls(base))


def start_sandbox(*, tls: bool = False, **options: Any) -> RunningSandbox:
    """Started and ready; `with start_sandbox(rooms=3) as sandbox:` stops it. Small unless told otherwise; see Options for the names."""
    small = {"port": 0, "tls_port": 0 if tls else None, "rooms": 10, "people": 30, "days": 7, "certificates": _certificates}
    return RunningSandbox(Options(**(small | options)))
