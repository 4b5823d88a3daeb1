"""Graph's error answers: `{"error": {"code", "message", "innerError"}}`."""

import uuid
from typing import Any

from flask import Response, g, jsonify, request


class GraphError(Exception):
    """An error for the client: HTTP status, Graph's code and message, and headers to send along."""

    def __init__(self, status: int, code: str, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = headers or {}

    def as_json(self, at: str) -> dict[str, Any]:
        return {
            "error": {
                "code": self.code,
                "message": self.message,
                "innerError": {"date": at[:19], "request-id": request_id(), "client-request-id": client_request_id()},
            }
        }


def request_id() -> str:
    if "graph_request_id" not in g:
        g.graph_request_id = str(uuid.uuid4())
    return str(g.graph_request_id)


def client_request_id() -> str:
    return request.headers.get("client-request-id") or request_id()


def answer_of(error: GraphError, at: str) -> Response:
    answer = jsonify(error.as_json(at))
    answer.status_code = error.status
    answer.headers.update(error.headers)
    return answer


def bad_request(message: str, code: str = "ErrorInvalidRequest") -> GraphError:
    return GraphError(400, code, message)


def invalid_property(name: str, message: str = "") -> GraphError:
    return GraphError(400, "ErrorPropertyValidationFailure", message or f"The property '{name}' has an invalid value.")


def access_denied() -> GraphError:
    return GraphError(403, "ErrorAccessDenied", "Access is denied. Check credentials and try again.")


def item_not_found() -> GraphError:
    return GraphError(404, "ErrorItemNotFound", "The specified object was not found in the store.")


def malformed_id() -> GraphError:
    return GraphError(400, "ErrorInvalidIdMalformed", "Id is malformed.")


def unknown_resource(name: str) -> GraphError:
    return GraphError(
        404, "Request_ResourceNotFound",
        f"Resource '{name}' does not exist or one of its queried reference-property objects are not present.",
    )  # fmt: skip
