"""Calls that fail on purpose: which fault strikes a call, and what the failing side would have answered."""

import json
import re
import uuid

from roombooker_sandbox.switches import Fault
from roombooker_sandbox.world import World

MOUNTS = {"topdesk": "/topdesk", "graph": "/graph", "entra": "/entra"}
_API_ROOT = re.compile(r"^(/topdesk/tas/api|/graph/v1\.0|/graph/beta|/entra/[^/]+)(?=/|$)")
_ID = re.compile(r"^([0-9a-f]{8}-[0-9a-f-]{27}|(?=[^/]*\d)[^/]{25,}|\d+|[A-Z]{1,3}[ -]?\d[\d -]*|.*@.*)$", re.IGNORECASE)

_PHRASES = {
    400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 408: "Request Timeout", 409: "Conflict",
    412: "Precondition Failed", 429: "Too Many Requests", 500: "Internal Server Error", 502: "Bad Gateway",
    503: "Service Unavailable", 504: "Gateway Timeout",
}  # fmt: skip
_GRAPH_CODES = {
    400: "BadRequest", 401: "InvalidAuthenticationToken", 403: "ErrorAccessDenied", 404: "ErrorItemNotFound", 409: "ErrorConflict",
    412: "ErrorIrresolvableConflict", 429: "ApplicationThrottled", 500: "ErrorInternalServerError", 503: "ErrorServerBusy",
    504: "ErrorTimeoutExpired",
}  # fmt: skip


def side_of(path: str) -> str | None:
    """Which stand-in answers a path: "topdesk", "graph", "entra" or None for the sandbox's own pages."""
    return next((side for side, mount in MOUNTS.items() if path == mount or path.startswith(mount + "/")), None)


def within_api(path: str) -> str:
    """The path below the side's API root, as its own documentation writes it: "/reservations", "/users/…", "/oauth2/v2.0/token"."""
    return _API_ROOT.sub("", path) or "/"


def shape(path: str) -> str:
    """`within_api` with ids, numbers and addresses as "{id}", so that calls can be counted by kind."""
    segments = within_api(path).split("/")
    return "/".join("{id}" if segment and not segment.startswith("{") and _ID.match(segment) else segment for segment in segments)


def take_fault(world: World, side: str, method: str, path: str) -> Fault | None:
    """Count this call against every fault that it matches; the first that is due strikes. `path` is the whole path, mount included.

    For parts that carry calls inside a call (Graph's `$batch`): ask once per inner call.
    """
    struck: Fault | None = None
    with world.lock:
        for fault in list(world.faults):
            if not _matches(fault, side, method, path):
                continue
            fault.seen += 1
            if struck is None and fault.nth <= fault.seen < fault.nth + fault.times:
                struck = fault
            if fault.seen >= fault.nth + fault.times - 1:
                world.faults.remove(fault)
    return struck


def _matches(fault: Fault, side: str, method: str, path: str) -> bool:
    if fault.side != side or (fault.method and fault.method.upper() != method.upper()):
        return False
    if not fault.path:
        return True
    # the whole path, below the mount, below the API root: people write any of them; and "$batch" is no use as an expression
    writings = {path, path.removeprefix(MOUNTS[side]), within_api(path)}
    return any(fault.path in writing or re.search(fault.path, writing) for writing in writings)


def failing_answer(world: World, side: str, status: int, retry_after_s: int | None) -> tuple[str, list[tuple[str, str]], bytes]:
    """(status line, headers, body) as that side's gateway would write them."""
    phrase = _PHRASES.get(status, "Failure")
    kind = "application/json"
    if side == "graph":
        inner = {"date": world.clock.now().strftime("%Y-%m-%dT%H:%M:%S"), "request-id": str(uuid.uuid4())}
        code = _GRAPH_CODES.get(status, "UnknownError")
        body = json.dumps({"error": {"code": code, "message": f"{phrase} (asked for by /control/fail).", "innerError": inner}})
    elif side == "entra":
        error = "temporarily_unavailable" if status >= 500 or status == 429 else "invalid_request"
        body = json.dumps(
            {"error": error, "error_description": f"AADSTS90033: {phrase} (asked for by /control/fail).", "error_codes": [90033]}
        )
    elif status >= 500 or (status == 401 and world.switches.unauthorized_style == "html"):
        kind, body = "text/html;charset=utf-8", html_page(f"{status} {phrase}", "The service cannot handle the request.")
    else:
        body = json.dumps([{"message": f"{phrase} (asked for by /control/fail)."}])
    data = body.encode()
    headers = [("Content-Type", kind), ("Content-Length", str(len(data)))]
    wait_s = retry_after_s if retry_after_s is not None else 1 if status == 429 else None
    if wait_s is not None:
        headers.append(("Retry-After", str(wait_s)))
    return f"{status} {phrase}", headers, data


def html_page(title: str, text: str) -> str:
    """What stands in front of TOPdesk answers when TOPdesk does not: a page for people."""
    return f"<!DOCTYPE html><html><head><title>{title}</title></head><body><h1>{title}</h1><p>{text}</p></body></html>"
