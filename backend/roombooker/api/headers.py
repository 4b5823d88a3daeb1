"""Request ids and the security headers of every answer."""

import re
from collections.abc import Callable

from flask import Flask, Response, abort, request

from roombooker.logs import bind_request, request_id

_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
_PAGES = ("/taskpane.html", "/auth-redirect.html", "/admin", "/docs")


def register(app: Flask, page_policy: Callable[[], str]) -> None:
    """`page_policy` gives the Content-Security-Policy of our own pages; everything else may load nothing at all."""

    @app.before_request
    def _begin() -> None:
        given = request.headers.get("X-Request-Id", "")
        bind_request(given if _ID.fullmatch(given) else None)
        if "\x00" in request.path or "\x00" in request.query_string.decode("latin-1"):
            abort(404)

    @app.after_request
    def _finish(response: Response) -> Response:
        response.headers["X-Request-Id"] = request_id()
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        response.headers.setdefault("Referrer-Policy", "no-referrer")
        if request.is_secure:
            response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
        is_page = request.path.startswith(_PAGES)
        response.headers.setdefault("Content-Security-Policy", page_policy() if is_page else "default-src 'none'; frame-ancestors 'none'")
        if request.path.startswith("/api/"):
            response.headers.setdefault("Cache-Control", "no-store")
        return response
