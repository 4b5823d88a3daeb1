"""One error in the shape that its path has in the contracts; TOPdesk has five of them."""

import re
from typing import Any

from roombooker_sandbox.topdesk.answers import Card

# Spec S 2.7.11, November 2026: the first pattern that fits (method and path below the API's root) names the shape.
_SHAPES = (
    (r"\w+ /(branches|locations|persons|operators)/lookup", 400, "entity"),
    (r"GET /branches/?$", 400, "entities"),
    (r"GET /locations/?$", 400, "entity"),
    (r"GET /persons/count", None, "message"),
    (r"GET /persons/(?!lookup|current)[^/]+/?$", None, "descriptions"),
    (r"\w+ /(branches|locations|persons|operators)(/|$)", None, "messages"),
)
_CODES = {403: "no_permission", 404: "not_found"}


def reshaped(method: str, path: str, status: int, body: Any) -> Any:
    """`body` as `{"errors": [...]}` or as `[{"message"}]` becomes what this call answers."""
    errors: list[Card] = body["errors"] if isinstance(body, dict) else [_described(item["message"], status) for item in body]
    asked = f"{method} {path}"
    shape = next((shape for pattern, only, shape in _SHAPES if only in (None, status) and re.match(pattern, asked)), None)
    match shape:
        case "entity":
            return {"errors": errors}
        case "entities":
            return [{"errors": errors}]
        case "descriptions":
            return errors
        case "message":
            return {"message": errors[0]["errorMessage"]}
        case "messages":
            return [{"message": error["errorMessage"]} for error in errors]
    return body


def _described(message: str, status: int) -> Card:
    return {"errorCode": _CODES.get(status, "value_invalid"), "appliesTo": [], "errorMessage": message}
