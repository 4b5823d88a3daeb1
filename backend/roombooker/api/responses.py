"""JSON answers, serialised once."""

from typing import Any

import orjson
from flask import Response


def json_response(body: Any, status: int = 200) -> Response:
    """Services answer in the outside's shape already, so no schema walks it again; the tests hold it to the schema."""
    return Response(orjson.dumps(body), status=status, mimetype="application/json")
