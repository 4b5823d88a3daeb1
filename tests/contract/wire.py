"""The wire tap: records what passes between the product and the sandbox, and checks it against the vendors' own descriptions.

Install it on a running sandbox (`WireTap().install(sandbox)`), use the product, then `tap.check()`. It sees the product's calls alone,
known by their User-Agent, whichever process they come from. The contracts are found as ../shared/contracts beside the project, or
where ROOMBOOKER_CONTRACTS points; `contracts_or_skip()` skips where neither is."""

import json
import os
import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote

import pytest
from openapi_core import Config, OpenAPI
from openapi_core.testing.requests import MockRequest
from openapi_core.testing.responses import MockResponse

from sandboxes import RunningSandbox

AGENT = "room-booker"
TOPDESK = ("topdesk-reservations-2.0.0.json", "topdesk-supporting-files-2.7.11.json")
GRAPH = ("microsoft-graph-calendar-v1.0.json",)


@dataclass(frozen=True)
class Exempt:
    """Calls that are not checked, or answers that are not; `status` None means the whole call."""

    why: str
    method: str
    path: str  # a regular expression, matched whole
    status: str | None = None  # a regular expression, matched whole


# Every difference between the systems and their descriptions that we rely on; nothing else may differ.
EXEMPT = (
    Exempt("TOPdesk's General API has no contract here; /version is documented in its specification 1.2.0", "GET", r"/tas/api/version"),
    Exempt("likewise", "GET", r"/tas/api/productVersion"),
    Exempt("Entra has no contract here: discovery, keys and tokens are OpenID Connect and are checked by msal and PyJWT", ".*", r"/entra/.*"),
    Exempt("Graph documents tentativelyAccept beside accept and decline; the contract has only these two", "POST", r"/v1\.0/users/[^/]+/events/[^/]+/tentativelyAccept"),
    Exempt("persons of version 1 are described only in Supporting Files 1.58 and older, and are a bare array", "GET", r"/tas/api/persons(/id/[^/]+)?", "200|204|206"),
    Exempt("the Reservations API 2.0.0 does not describe 401, which every call can give", ".*", r"/tas/api/.*", "401"),
    Exempt("TOPdesk describes no body for 403 and 404 of reservations, and none of 5xx, which are pages of what stands before it", ".*", r"/tas/api/.*", "403|404|406|429|5.."),
    Exempt("what a gateway answers for Graph is not Graph's", ".*", r"/v1\.0/.*", "5.."),
)  # fmt: skip

# Spec R calls Last-Modified an IMF-fixdate in words and a date-time in its schema; real servers can only mean the former.
UNCHECKED_HEADERS = frozenset({"last-modified"})
JSON_TYPES = ("application/x.topdesk-collection-person-v2+json", "application/x.topdesk-person-v2+json",
              "application/x.topdesk-collection-person-group-v2+json")  # fmt: skip


@dataclass(frozen=True)
class Exchange:
    """One request and its answer; the path as the contract has it, undecoded."""

    side: str
    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes
    status: int
    answer_headers: dict[str, str]
    answer: bytes

    def __str__(self) -> str:
        return f"{self.method} {self.path} -> {self.status}"


class WireTap:
    def __init__(self) -> None:
        self.exchanges: list[Exchange] = []

    def install(self, sandbox: RunningSandbox) -> "WireTap":
        for server in sandbox._servers:  # the listeners behind both of the sandbox's ports
            server.wsgi_app = self.tapped(server.wsgi_app)
        return self

    def tapped(self, app: Callable[..., Iterable[bytes]]) -> Callable[..., Iterable[bytes]]:
        def listening(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
            if not str(environ.get("HTTP_USER_AGENT", "")).startswith(AGENT):
                return app(environ, start_response)
            length = int(environ.get("CONTENT_LENGTH") or 0)
            body = environ["wsgi.input"].read(length) if length else b""
            environ["wsgi.input"] = BytesIO(body)
            said: list[Any] = []

            def note(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
                said[:] = [int(status.split()[0]), dict(headers)]
                return start_response(status, headers, *more)

            answer = b"".join(app(environ, note))
            if said:
                self._record(environ, body, said[0], said[1], answer)
            return [answer]

        return listening

    def check(self) -> None:
        """AssertionError with every exchange that breaks a contract."""
        problems = [f"{exchange}: {problem}" for exchange in self.exchanges for problem in problems_of(exchange)]
        told = Counter(problems)
        assert not told, "\n".join(f"{count} times {problem}" for problem, count in told.most_common(20))

    def count(self, method: str, pattern: str) -> int:
        return sum(1 for e in self.exchanges if e.method == method and re.search(pattern, e.path))

    def _record(self, environ: dict[str, Any], body: bytes, status: int, answer_headers: dict[str, str], answer: bytes) -> None:
        path = str(environ.get("REQUEST_URI") or environ["PATH_INFO"]).partition("?")[0]
        if "://" in path:
            path = "/" + path.split("/", 3)[3]
        side, path = _side(path)
        headers = {name[5:].replace("_", "-").title(): str(value) for name, value in environ.items() if name.startswith("HTTP_")}
        if environ.get("CONTENT_TYPE"):
            headers["Content-Type"] = environ["CONTENT_TYPE"]
        self.exchanges.append(
            Exchange(side, environ["REQUEST_METHOD"], path, environ.get("QUERY_STRING", ""), headers, body, status, answer_headers, answer)
        )


def _side(path: str) -> tuple[str, str]:
    if path.startswith("/topdesk/"):
        return "topdesk", path.removeprefix("/topdesk")
    if path.startswith("/graph/"):
        return "exchange", path.removeprefix("/graph")
    return "entra", path


def problems_of(exchange: Exchange) -> list[str]:
    """What is wrong with the exchange by the contracts; a batch is checked as a whole and request by request."""
    if any(e.status is None and _fits(e, exchange) for e in EXEMPT):
        return []
    wrong = _wrong_with(exchange)
    if exchange.path.endswith("/$batch") and exchange.status == 200:
        for inner in _inner_exchanges(exchange):
            wrong += [f"in the batch, {inner}: {problem}" for problem in problems_of(inner)]
    return wrong


def _wrong_with(exchange: Exchange) -> list[str]:
    found = None
    for contract in _contracts(exchange.side):
        if _knows(contract, exchange):
            found = contract
    if found is None:
        return ["no contract has this call"]
    api, _ = _load(found)
    type_ = next((v for k, v in exchange.headers.items() if k.lower() == "content-type"), "")
    request = MockRequest(
        "http://localhost", exchange.method.lower(), exchange.path, args=parse_qs(exchange.query, keep_blank_values=True),
        headers=exchange.headers, data=exchange.body or None, content_type=type_.partition(";")[0],
    )  # fmt: skip
    wrong = [f"request: {_told(error)}" for error in api.iter_request_errors(request)]
    if not any(_fits(e, exchange) and e.status and re.fullmatch(e.status, str(exchange.status)) for e in EXEMPT):
        answer_type = next((v for k, v in exchange.answer_headers.items() if k.lower() == "content-type"), "")
        headers = {k: v for k, v in exchange.answer_headers.items() if k.lower() not in UNCHECKED_HEADERS}
        response = MockResponse(exchange.answer, exchange.status, headers, answer_type.partition(";")[0])
        wrong += [f"answer: {_told(error)}" for error in api.iter_response_errors(request, response)]
    return wrong


def _inner_exchanges(exchange: Exchange) -> Iterable[Exchange]:
    answers = {a["id"]: a for a in json.loads(exchange.answer)["responses"]}
    for ask in json.loads(exchange.body)["requests"]:
        answer = answers.get(ask["id"], {"status": 0})
        path, _, query = ask["url"].partition("?")
        headers = {**(ask.get("headers") or {}), "Authorization": "Bearer of-the-batch"}
        body = json.dumps(ask["body"]).encode() if "body" in ask else b""
        said = json.dumps(answer["body"]).encode() if "body" in answer else b""
        yield Exchange("exchange", ask["method"], f"/v1.0{path}", query, headers, body, answer["status"], answer.get("headers") or {}, said)


def _fits(exempt: Exempt, exchange: Exchange) -> bool:
    if "person-v2" in exchange.headers.get("Accept", "") and "persons" in exempt.path:
        return False  # version 2 is described
    return bool(re.fullmatch(exempt.method, exchange.method) and re.fullmatch(exempt.path, exchange.path))


def _told(error: BaseException) -> str:
    causes = getattr(error, "schema_errors", None) or getattr(error.__cause__, "schema_errors", None)
    if causes:
        return "; ".join(f"{'.'.join(map(str, e.absolute_path))}: {e.message[:200]}" for e in list(causes)[:3])
    return f"{type(error).__name__} {error}"[:300] + (f" ({error.__cause__})"[:200] if error.__cause__ else "")


def contracts_or_skip() -> Path:
    """The folder with the contracts; the test is skipped where it is absent."""
    given = os.environ.get("ROOMBOOKER_CONTRACTS")
    folder = Path(given) if given else Path(__file__).parents[3] / "shared" / "contracts"
    if not folder.is_dir():
        pytest.skip("the contracts are absent: neither ../shared/contracts nor ROOMBOOKER_CONTRACTS")
    return folder


def _contracts(side: str) -> tuple[str, ...]:
    return {"topdesk": TOPDESK, "exchange": GRAPH}.get(side, ())


@cache
def _load(name: str) -> tuple[OpenAPI, tuple[tuple[str, re.Pattern[str]], ...]]:
    document = json.loads((contracts_or_skip() / name).read_text())
    base = document["servers"][0]["url"]
    calls = tuple(
        (method.upper(), re.compile(re.escape(base) + re.sub(r"\\\{[^}]*\\\}", "[^/]+", re.escape(path))))
        for path, item in document["paths"].items()
        for method in item
        if method != "parameters"
    )
    config = Config(extra_media_type_deserializers=dict.fromkeys(JSON_TYPES, json.loads))
    return OpenAPI.from_dict(document, config=config), calls


def _knows(contract: str, exchange: Exchange) -> bool:
    return any(method == exchange.method and pattern.fullmatch(unquote(exchange.path)) for method, pattern in _load(contract)[1])
