"""The calls to Microsoft Graph: token, immutable ids and UTC on every request, pages, and batches of twenty."""

import json as jsonlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import requests

from roombooker.errors import Denied, Garbled, RoomBookerError, Unavailable
from roombooker.exchange.graph.pace import Pace
from roombooker.logs import request_id
from roombooker.settings import Settings
from roombooker.transport import Answer, OnCall, SharedLanes, Spared, Transport, failure, fill, open_session

SIDE = "exchange"
IMMUTABLE, UTC_ZONE = 'IdType="ImmutableId"', 'outlook.timezone="UTC"'
OUT_OF_SCOPE, WRITE, PLACES, USERS, MAIL = (
    "mailbox_out_of_scope", "Application Calendars.ReadWrite", "Place.Read.All", "User.Read.All", "Mail.Send",
)  # fmt: skip
BATCH_SIZE = 20
_INNER_TRIES = 4
_LONGEST_WAIT_SECONDS = 5.0
# Graph runs at most four requests of a batch at once for Outlook, so a batch takes four lanes (learn.microsoft.com, json-batching).
_BATCH_WEIGHT = 4
_WORKERS = 2  # worker processes that are reckoned with beside the web's where nobody says how many processes there are

_ADVICE = {
    OUT_OF_SCOPE: "Room Booker may not see this mailbox: it is outside the app's scope.",
    WRITE: "Room Booker may not write in this room's calendar.",
    PLACES: "Room Booker lacks the permission Place.Read.All.",
    USERS: "Room Booker lacks the permission User.Read.All.",
    MAIL: "Room Booker lacks the permission Mail.Send for this mailbox.",
}


@dataclass(frozen=True)
class Inner:
    """One request of a batch; only for what may be repeated. `link` goes on where an earlier answer pointed."""

    route: str
    at: Mapping[str, str]
    params: Mapping[str, Any] | None = None
    link: str | None = None
    prefer: tuple[str, ...] = ()
    method: str = "GET"
    json: Any = None


class GraphClient:
    def __init__(
        self, transport: Transport, token: Callable[[], str], forget: Callable[[], None] = lambda: None, pace: Pace | None = None
    ) -> None:
        """`token` gives a bearer token for Graph, `forget` drops it after Graph would not take it."""
        self._pace = pace or Pace(1)
        self.transport = transport
        self._token = token
        self._forget = forget

    def call(
        self,
        method: str,
        route: str,
        *,
        at: Mapping[str, str] | None = None,
        params: Mapping[str, Any] | None = None,
        json: Any = None,
        link: str | None = None,
        prefer: Sequence[str] = (),
        changes: bool | None = None,
        right: str = OUT_OF_SCOPE,
        weight: int = 1,
    ) -> Answer:
        """`right` is what a 403 says is missing. A token that is not taken is renewed once: a 401 means that nothing was done."""
        headers = {"Prefer": _prefer(prefer)}
        self._pace.take((at or {}).get("mailbox"))
        for is_last in (False, True):
            try:
                return self.transport.call(
                    method, route, at=at, params=params, json=json, link=link, headers=headers, auth=self._sign, changes=changes, weight=weight
                )  # fmt: skip
            except Denied as denied:
                if denied.side != SIDE:
                    raise
                if denied.status_code == 401 and not is_last:
                    self._forget()
                    continue
                raise explained(denied, right) from denied.__cause__
        raise AssertionError("unreachable: the last round returns or raises")  # pragma: no cover

    def pages(self, route: str, *, at: Mapping[str, str] | None = None, params: Mapping[str, Any] | None = None,
              prefer: Sequence[str] = (), right: str = OUT_OF_SCOPE) -> Iterator[dict[str, Any]]:  # fmt: skip
        """Every entry of `value`, page after page; Garbled where a page leads back to an earlier one."""
        answer = self.call("GET", route, at=at, params=params, prefer=prefer, right=right)
        seen: set[str] = set()
        while True:
            yield from answer.records("value")
            link = answer.record().get("@odata.nextLink")
            if not link:
                return
            if link in seen:
                raise Garbled(SIDE, "Exchange's pages lead back to an earlier one.")
            seen.add(link)
            answer = self.call("GET", route, at=at, link=str(link), prefer=prefer, right=right)

    def batch(self, requests_: Sequence[Inner], right: str = OUT_OF_SCOPE) -> list[Answer | RoomBookerError]:
        """In batches of twenty, one item per request in order. Inner 429 and 5xx are asked again, up to four times."""
        found: list[Answer | RoomBookerError] = []
        for start in range(0, len(requests_), BATCH_SIZE):
            found += self._batch(requests_[start : start + BATCH_SIZE], right)
        return found

    def _batch(self, asks: Sequence[Inner], right: str) -> list[Answer | RoomBookerError]:
        found: dict[int, Answer | RoomBookerError] = {}
        open_ = list(range(len(asks)))
        for attempt in range(_INNER_TRIES):
            for number in open_:
                try:
                    self._pace.take(asks[number].at.get("mailbox"))
                except Spared as spared:
                    found[number] = spared
            open_ = [number for number in open_ if not isinstance(found.get(number), Spared)]
            if not open_:
                break
            body = {"requests": [self._inner(number, asks[number]) for number in open_]}
            answers = self.call("POST", "/$batch", json=body, changes=False, right=right, weight=_BATCH_WEIGHT).records("responses")
            for raw in answers:
                number = int(raw.get("id", -1))
                if number in open_:
                    found[number] = _read_inner(raw, right)
            for number in open_:
                found.setdefault(number, Garbled(SIDE, "Exchange left a request of a batch without an answer."))
            waits = {n: e.retry_after for n in open_ if isinstance(e := found[n], Unavailable)}
            open_ = sorted(waits)
            wait = max((w.total_seconds() for w in waits.values() if w), default=0.2 * 2**attempt)
            if not open_ or wait > _LONGEST_WAIT_SECONDS or attempt == _INNER_TRIES - 1:
                break
            time.sleep(wait)
        return [found[number] for number in range(len(asks))]

    def _inner(self, number: int, ask: Inner) -> dict[str, Any]:
        headers = {"Prefer": _prefer(ask.prefer), "client-request-id": request_id()}
        inner = {
            "id": str(number),
            "method": ask.method,
            "url": self.transport.relative(ask.link) if ask.link else fill(ask.route, ask.at, ask.params),
            "headers": headers,
        }
        if ask.json is not None:
            headers["Content-Type"] = "application/json"
            inner["body"] = ask.json
        return inner

    def _sign(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token()}"
        return request


def explained(denied: Denied, right: str) -> Denied:
    """The same, with what is missing in words."""
    if denied.status_code == 403:
        denied.right = right
        denied.message = _ADVICE.get(right, denied.message)
    return denied


def open_client(
    settings: Settings,
    token: Callable[[], str],
    forget: Callable[[], None],
    *,
    clock: Callable[[], datetime],
    on_call: OnCall | None = None,
    shared: SharedLanes | None = None,
) -> GraphClient:
    """One per process, after the fork. `shared` keeps the limit of requests in flight across processes."""
    session = open_session(
        connect_timeout_seconds=settings.connect_timeout_seconds,
        read_timeout_seconds=settings.read_timeout_seconds,
        ca_file=settings.ca_file,
        connections=settings.graph_connections,
    )
    lanes = settings.graph_connections
    transport = Transport(SIDE, settings.graph_url, session, clock=clock, lanes=lanes, shared=shared, on_call=on_call)
    return GraphClient(transport, token, forget, Pace(settings.processes or settings.web_workers + _WORKERS))


def _prefer(more: Sequence[str]) -> str:
    return ", ".join((IMMUTABLE, UTC_ZONE, *more))


def _read_inner(raw: Mapping[str, Any], right: str) -> Answer | RoomBookerError:
    headers = {str(k).lower(): str(v) for k, v in (raw.get("headers") or {}).items()}
    body, status = raw.get("body"), raw.get("status")
    if not isinstance(status, int):
        return Garbled(SIDE, "Exchange answered a batch in an unknown shape.")
    if 200 <= status < 300:
        return Answer(SIDE, status, headers, b"", body)
    error = failure(SIDE, status, headers, jsonlib.dumps(body).encode() if body is not None else b"", changes=False)
    if isinstance(error, Denied):
        return explained(error, right)
    if isinstance(error, Unavailable) and error.retry_after is None and status == 429:
        error.retry_after = timedelta(seconds=1)
    return error or Garbled(SIDE, "Exchange answered a batch in an unknown shape.")
