"""Holds every exchange with the stand-in Graph against the published contract, in both directions."""

import json
import os
import re
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from openapi_core import OpenAPI
from openapi_core.contrib.requests import RequestsOpenAPIRequest, RequestsOpenAPIResponse

_FOLDER = Path(os.environ.get("ROOMBOOKER_CONTRACTS") or Path(__file__).parents[1] / ".." / "shared" / "contracts")
CONTRACT = _FOLDER / "microsoft-graph-calendar-v1.0.json"
# Served because clients of the real Graph use them, but not described by the contract's subset.
_BEYOND = re.compile(r"/(tentativelyAccept|calendars?|calendars/.*|extensions/[^/]+|calendar/events/[^/]+.*|calendar/calendarView/delta)$")


@cache
def _openapi(base: str) -> OpenAPI:
    spec = json.loads(CONTRACT.read_text())
    spec["servers"] = [{"url": base}]
    return OpenAPI.from_dict(spec)


class Contract:
    """A hook for a requests session: `session.hooks["response"].append(Contract(base))`; counts what it has seen."""

    def __init__(self, base: str, *, check_requests: bool = True) -> None:
        if not CONTRACT.exists():
            pytest.skip(f"the contract {CONTRACT.name} is not here")
        self._base = base
        self._check_requests = check_requests
        self.seen: set[tuple[str, str]] = set()

    def __call__(self, response: requests.Response, *_: Any, **__: Any) -> None:
        path = urlsplit(response.url).path.removeprefix(urlsplit(self._base).path)
        if _BEYOND.search(path):
            return
        call = response.request.copy()
        assert call.url is not None
        call.url = re.sub(r"/me(?=/|$|\?)", "/users/me", call.url, count=1)
        openapi = _openapi(self._base)
        request = RequestsOpenAPIRequest(_as_request(call))
        if self._check_requests and response.status_code < 400:
            openapi.validate_request(request)
        openapi.validate_response(request, RequestsOpenAPIResponse(response))
        self.seen.add((str(call.method), path))


def _as_request(call: requests.PreparedRequest) -> requests.Request:
    assert call.url is not None
    address, _, query = call.url.partition("?")
    params = [tuple(requests.utils.unquote(part) for part in pair.partition("=")[::2]) for pair in query.split("&") if pair]
    body = call.body if isinstance(call.body, (str, bytes)) else None
    return requests.Request(call.method, address, headers=dict(call.headers), params=params, data=body)
