"""JSON answers, serialised once."""

import json
from typing import Any

from flask import Response


def json_response(body: Any, status: int = 200) -> Response:
    """Services answer in the outside's shape already, so no schema walks it again; the tests hold it to the schema."""
    return Response(json.dumps(body, ensure_ascii=False, separators=(",", ":")), status=status, mimetype="application/json")
