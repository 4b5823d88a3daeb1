"""The one shape of every error: `{"code", "message", "request_id", …}`."""

from typing import Any

import structlog
from flask import Flask, Response, jsonify
from werkzeug.exceptions import HTTPException

from roombooker.errors import RateLimited, RoomBookerError, Unavailable
from roombooker.logs import request_id

_log = structlog.get_logger(__name__)
_BY_STATUS = {
    400: "invalid_input",
    401: "not_signed_in",
    403: "not_allowed",
    404: "not_found",
    405: "invalid_input",
    413: "invalid_input",
    415: "invalid_input",
    422: "invalid_input",
    429: "rate_limited",
}


def register(app: Flask) -> None:
    app.register_error_handler(RoomBookerError, _ours)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(RecursionError, _too_deep)
    app.register_error_handler(Exception, _unexpected)


def answer(status: int, code: str, message: str, **more: Any) -> Response:
    response = jsonify({"code": code, "message": message, "request_id": request_id(), **more})
    response.status_code = status
    return response


def _ours(error: RoomBookerError) -> Response:
    response = answer(error.status, error.code, error.message, **error.details())
    wait = error.retry_after if isinstance(error, RateLimited | Unavailable) else None
    if wait is not None:
        response.headers["Retry-After"] = str(max(1, round(wait.total_seconds())))
    if error.status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def _http(error: HTTPException) -> Response:
    """werkzeug's and webargs' refusals; webargs carries the field errors in `data`."""
    status = error.code or 500
    data = getattr(error, "data", None) or {}
    messages = data.get("messages", {})
    if messages:
        fields = {name: wrong for where in messages.values() for name, wrong in where.items()} if _by_place(messages) else messages
        return answer(400, "invalid_input", _sentence(fields), errors=fields)
    message = error.description or "The request could not be understood."
    code = _BY_STATUS.get(status, "invalid_input" if status < 500 else "internal")
    return answer(400 if status == 422 else status, code, message)


def _by_place(messages: Any) -> bool:
    """webargs says first where a field was: {"json": {"start": […]}}."""
    return isinstance(messages, dict) and all(isinstance(where, dict) for where in messages.values())


def _sentence(fields: Any) -> str:
    names = ", ".join(map(str, fields)) if isinstance(fields, dict) else ""
    return f"Check {names}." if names else "The request could not be understood."


def _too_deep(error: RecursionError) -> Response:
    """JSON that is nested deeper than any request of ours; logged, in case that it is a defect after all."""
    _log.warning("a request was nested too deeply", exc_info=error)
    return answer(400, "invalid_input", "The request is nested too deeply.")


def _unexpected(error: Exception) -> Response:
    _log.error("unexpected error", exc_info=error)
    return answer(500, "internal", "Something went wrong on our side. It has been logged under this request id.")
