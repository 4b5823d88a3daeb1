"""One side's transport: every call passes the outage check, takes a lane, is timed, and ends as an Answer or in our error tree."""

import ssl
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode, urlsplit
from uuid import NAMESPACE_URL, UUID, uuid5

import requests
import stamina
import structlog
from urllib3.exceptions import ConnectTimeoutError, MaxRetryError, NewConnectionError, ProxyError, SSLError

from roombooker import deadline
from roombooker.errors import Garbled, OutcomeUnknown, RoomBookerError, SideError, Unavailable
from roombooker.logs import request_id
from roombooker.transport.answer import NAMES, Answer, Spared, failure
from roombooker.transport.lanes import Lanes, SharedLanes
from roombooker.transport.outage import Contact, Outage

_log = structlog.get_logger(__name__)

# Told of every try: side, method, route (a template, never an address with ids), status (None: no answer came), seconds.
OnCall = Callable[[str, str, str, int | None, float], None]

_SAFE = frozenset({"GET", "HEAD"})
_TRIES = 3
_LONGEST_WAIT = timedelta(seconds=5)  # a side that asks for more is told to the caller, who has better things to do than wait


class Transport:
    """`base_url` is the address that routes are added to; `session` carries sign-in headers, trust and time-outs."""

    def __init__(
        self,
        side: str,
        base_url: str,
        session: requests.Session,
        *,
        clock: Callable[[], datetime],
        lanes: int = 4,
        shared: SharedLanes | None = None,
        patience_seconds: float = 30.0,
        outage_failures: int = 5,
        outage_pause: timedelta = timedelta(seconds=5),
        on_call: OnCall | None = None,
    ) -> None:
        self.side = side
        self.base_url = base_url.rstrip("/")
        self.session = session
        self.lanes = Lanes(side, lanes, shared)
        self.on_call = on_call
        self._clock = clock
        self._patience_seconds = patience_seconds
        self._outage = Outage(side, clock, failures=outage_failures, pause=outage_pause)
        self._environment: Mapping[str, Any] | None = None  # proxies

    @property
    def contact(self) -> Contact:
        return self._outage.contact

    def call(
        self,
        method: str,
        route: str,
        *,
        at: Mapping[str, str] | None = None,
        params: Mapping[str, Any] | Sequence[tuple[str, Any]] | None = None,
        json: Any = None,
        headers: Mapping[str, str] | None = None,
        auth: Callable[[requests.PreparedRequest], requests.PreparedRequest] | None = None,
        link: str | None = None,
        changes: bool | None = None,
        weight: int = 1,
    ) -> Answer:
        """`route` is a template such as `/users/{mailbox}/events`, filled and quoted from `at`; `link` an address that the side gave us
        for going on, taken over without its host. `changes` says whether it may change anything (default: all but GET); what does
        not is tried three times, what does only where it surely was not received. Errors: SideError and below, NotFound."""
        address = self.base_url + (self.relative(link) if link is not None else fill(route, at, params))
        changing = method not in _SAFE if changes is None else changes
        request = requests.Request(method, address, json=json, headers={**self._ids(), **(headers or {})}, auth=auth)
        for attempt in stamina.retry_context(
            on=_wait_before_retry, attempts=_TRIES, timeout=self._patience_seconds, wait_initial=0.1, wait_max=1.0, wait_jitter=0.2
        ):
            with attempt:
                return self._try(request, route, changing=changing, weight=weight)
        raise AssertionError("unreachable: the last attempt returns or raises")  # pragma: no cover

    def relative(self, link: str) -> str:
        """A link that the side gave us, from our base address on: its host and the base's path are dropped, whatever they are."""
        given, own = urlsplit(link), urlsplit(self.base_url)
        path = given.path.removeprefix(own.path) if own.path else given.path
        return path + (f"?{given.query}" if given.query else "")

    def _ids(self) -> dict[str, str]:
        found = request_id()
        try:
            guid = str(UUID(found))
        except ValueError:
            guid = str(uuid5(NAMESPACE_URL, found))
        return {"X-Request-Id": found, "client-request-id": guid, "Accept": "application/json"}

    def _try(self, request: requests.Request, route: str, *, changing: bool, weight: int) -> Answer:
        self._outage.check()
        with self.lanes.taken(weight, deadline.capped(self._patience_seconds)):
            if deadline.is_over():
                raise Spared(self.side, f"{NAMES.get(self.side, self.side)} takes too long at the moment. Room Booker goes on later.")
            begun = time.perf_counter()
            status: int | None = None
            error: Exception | None = None
            try:
                answer = self._send(request, changing=changing)
                status = answer.status_code
                lowered = {name.lower(): value for name, value in answer.headers.items()}
                error = failure(self.side, status, lowered, answer.content, changes=changing)
                if error is None:
                    return Answer(self.side, status, lowered, answer.content)
                raise error
            except RoomBookerError as caught:
                error = caught
                raise
            finally:
                seconds = time.perf_counter() - begun
                is_theirs = isinstance(error, SideError) and error.side != self.side  # Entra had no token for us: says nothing of this side
                if (status is not None or error is not None) and not is_theirs:
                    self._outage.report(error)
                if self.on_call:
                    self.on_call(self.side, request.method or "", route, status, seconds)
                _log.debug("call", side=self.side, method=request.method, route=route, status=status, ms=round(seconds * 1000))

    def _send(self, request: requests.Request, *, changing: bool) -> requests.Response:
        name = NAMES.get(self.side, self.side)
        try:
            prepared = self.session.prepare_request(request)
            if self._environment is None:  # one host, and an environment that stays: asked each time it costs as much as sending
                self._environment = self.session.merge_environment_settings(prepared.url or "", {}, None, None, None)
            return self.session.send(prepared, allow_redirects=False, **self._environment)
        except requests.exceptions.SSLError as error:
            if not _is_distrust(error):
                raise self._lost(name, changing=changing) from error
            raise _NotSent(self.side, f"{name}'s certificate is not trusted. Check its address and ROOMBOOKER_CA_FILE.") from error
        except requests.ConnectionError as error:
            if _was_not_sent(error):
                raise _NotSent(self.side, f"{name} cannot be reached at the moment. Try again soon.") from error
            raise self._lost(name, changing=changing) from error
        except (requests.Timeout, requests.exceptions.ChunkedEncodingError, requests.exceptions.ContentDecodingError) as error:
            raise self._lost(name, changing=changing) from error
        except requests.RequestException as error:  # an address that cannot be, and the like
            raise Garbled(self.side, f"{name} cannot be reached: its address in the settings is wrong.") from error

    def _lost(self, name: str, *, changing: bool) -> RoomBookerError:
        if changing:
            return OutcomeUnknown(self.side, f"{name} did not say whether it did as asked. Room Booker finds out.")
        return Unavailable(self.side, f"{name} did not answer in time. Try again soon.")


def fill(route: str, at: Mapping[str, str] | None = None, params: Mapping[str, Any] | Sequence[tuple[str, Any]] | None = None) -> str:
    """A route's template as a relative address, every value quoted. Blanks become %20 and plus signs %2B: TOPdesk and Graph read a bare
    plus as a blank."""
    path = route.format_map({name: quote(value, safe="@") for name, value in (at or {}).items()})
    return path + (f"?{urlencode(params, doseq=True, quote_via=quote)}" if params else "")


class _NotSent(Unavailable):
    """The request never left, so that even a change may be tried again."""


def _was_not_sent(error: requests.ConnectionError) -> bool:
    cause = error.args[0] if error.args else None
    reason = cause.reason if isinstance(cause, MaxRetryError) else cause
    return isinstance(reason, NewConnectionError | ConnectTimeoutError | ProxyError | SSLError)


def _is_distrust(error: BaseException | None) -> bool:
    """Whether a TLS failure happened while checking the certificate, before anything was sent."""
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return True
        error = error.__cause__ or error.__context__
    return False


def _wait_before_retry(error: Exception) -> bool | timedelta:
    """For stamina: whether to try again, or after how long. OutcomeUnknown is never tried again here."""
    if not isinstance(error, Unavailable) or isinstance(error, Spared):
        return False
    if error.retry_after is None:
        return True
    return error.retry_after if error.retry_after <= _LONGEST_WAIT else False
