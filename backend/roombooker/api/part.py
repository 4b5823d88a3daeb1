"""Part: a flask-smorest blueprint whose views keep their types, and say in one line what they take and answer."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar, cast

from flask_smorest import Blueprint
from marshmallow import Schema

from roombooker.api.schemas import ErrorOut

V = TypeVar("V")
_ERRORS = {
    400: "invalid_input: `errors` names the fields",
    401: "not_signed_in",
    403: "not_allowed",
    404: "not_found",
    409: "slot_taken with alternatives, key_reused, in_progress, version_moved or safety_stop",
    413: "invalid_input: too large",
    415: "invalid_input: not JSON",
    422: "side_refused: TOPdesk or Exchange says no, with its reason",
    429: "rate_limited: Retry-After says when to try again",
    502: "side_denied or side_garbled: an administrator must act",
    503: "side_unavailable: TOPdesk or Exchange is away",
}


class Part(Blueprint):  # type: ignore[misc]  # flask-smorest has no types; nothing untyped leaves this class
    def at(self, rule: str, **options: Any) -> Callable[[V], V]:
        """A view or a MethodView at this address."""
        return cast("Callable[[V], V]", self.route(rule, **options))

    def takes(self, schema: type[Schema], *, location: str = "json") -> Callable[[V], V]:
        """What it refuses is `invalid_input`; headers come as keyword arguments, all else as one dict."""
        # One schema object for all requests: building it each time costs a tenth of a search.
        return cast("Callable[[V], V]", self.arguments(schema(), location=location, as_kwargs=location == "headers"))

    def answers(
        self, status: int, schema: type[Schema] | None = None, *, also: Mapping[int, str] | None = None, errors: Iterable[int] = (), is_open: bool = False,
        content_type: str | None = None,
    ) -> Callable[[V], V]:  # fmt: skip
        """`also`: further successes of the same shape; `is_open`: no token is asked for."""

        def describe(view: V) -> V:
            described = self.response(status, schema, content_type=content_type)(view)
            for code, description in (also or {}).items():
                described = self.alt_response(code, schema=schema, description=description)(described)
            for code in (*errors, *(() if is_open else (401, 403, 429))):
                described = self.alt_response(code, schema=ErrorOut, description=_ERRORS[code])(described)
            return cast("V", self.doc(security=[])(described) if is_open else described)

        return describe

    def documents(self, **facts: Any) -> Callable[[V], V]:
        """What the description says besides, where a view reads its request by itself."""
        return cast("Callable[[V], V]", self.doc(**facts))
