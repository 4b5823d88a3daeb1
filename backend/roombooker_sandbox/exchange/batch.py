"""$batch: up to twenty requests in one, at most four at a time, dependsOn in order, each with its own status."""

import base64
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from flask import Blueprint, Flask, current_app, jsonify, request
from flask.typing import ResponseReturnValue

from roombooker_sandbox.behaviour import INNER
from roombooker_sandbox.exchange import inferred
from roombooker_sandbox.exchange.errors import bad_request
from roombooker_sandbox.exchange.routes import API, json_body

MAX_REQUESTS = 20
_OUTER_HEADERS = ("Authorization", "client-request-id")


def register(part: Blueprint) -> None:
    pool = ThreadPoolExecutor(8 * inferred.MAX_CONCURRENT, thread_name_prefix="graph-batch")

    @part.post(f"{API}/$batch")
    def batch() -> ResponseReturnValue:
        steps = _checked(json_body())
        app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
        outer = {name: request.headers[name] for name in _OUTER_HEADERS if name in request.headers}
        host = request.host_url
        done: dict[str, dict[str, Any]] = {}
        waiting = dict(steps)
        while waiting:
            ready = [step for step in waiting.values() if all(name in done for name in step.get("dependsOn") or ())][
                : inferred.MAX_CONCURRENT
            ]
            runnable = []
            for step in ready:
                del waiting[step["id"]]
                if any(done[name]["status"] >= 400 for name in step.get("dependsOn") or ()):
                    done[step["id"]] = _failed_dependency(step["id"])
                else:
                    runnable.append(step)
            for answer in pool.map(lambda step: _run(app, host, outer, step), runnable):
                done[answer["id"]] = answer
        return jsonify({"responses": list(done.values())})


def _checked(body: dict[str, Any]) -> dict[str, dict[str, Any]]:
    steps = body.get("requests")
    if not isinstance(steps, list) or not steps:
        raise bad_request("Invalid batch payload format.", "BadRequest")
    if len(steps) > MAX_REQUESTS:
        raise bad_request(f"Number of batch request steps exceeds max value of {MAX_REQUESTS}.", "MaximumValueExceeded")
    found: dict[str, dict[str, Any]] = {}
    for step in steps:
        if not isinstance(step, dict) or not all(isinstance(step.get(name), str) for name in ("id", "method", "url")):
            raise bad_request("Each request needs id, method and url.", "BadRequest")
        if step["id"] in found:
            raise bad_request("Request ids must be unique in a batch.", "BadRequest")
        if any(name not in found for name in step.get("dependsOn") or ()):
            raise bad_request("dependsOn names no earlier request.", "BadRequest")
        if step.get("body") is not None and not any(name.lower() == "content-type" for name in step.get("headers") or {}):
            raise bad_request("A request with a body needs a Content-Type header.", "BadRequest")
        if "$batch" in step["url"]:
            raise bad_request("A batch cannot contain a batch.", "BadRequest")
        found[step["id"]] = step
    return found


def _run(app: Flask, host: str, outer: dict[str, str], step: dict[str, Any]) -> dict[str, Any]:
    url = "/" + step["url"].removeprefix(f"{host}graph{API}").lstrip("/")
    body = step.get("body")
    data = body if isinstance(body, str) or body is None else json.dumps(body)
    client = app.test_client(use_cookies=False)
    answer = client.open(
        f"/graph{API}{url}", base_url=host, method=step["method"].upper(), headers={**outer, **(step.get("headers") or {})}, data=data,
        environ_overrides={INNER: True},
    )  # fmt: skip
    kept = {
        name: value
        for name, value in answer.headers.items()
        if name.lower() in {"content-type", "location", "retry-after", "preference-applied"}
    }
    found: dict[str, Any] = {"id": step["id"], "status": answer.status_code, "headers": kept}
    if answer.data:
        found["body"] = answer.get_json(silent=True) if answer.is_json else base64.b64encode(answer.data).decode()
    return found


def _failed_dependency(name: str) -> dict[str, Any]:
    error = {"error": {"code": "FailedDependency", "message": "Failed Dependency: the request that this one depends on failed."}}
    return {"id": name, "status": 424, "headers": {"Content-Type": "application/json"}, "body": error}
