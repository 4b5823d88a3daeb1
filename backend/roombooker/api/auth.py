"""Who is asking: every view says which role it needs; a view that says nothing cannot be registered (see app.py)."""

import functools
from collections.abc import Callable
from enum import StrEnum
from typing import ParamSpec, TypeVar

from flask import g, request

from roombooker.api.context import services
from roombooker.domain.caller import Caller
from roombooker.errors import NotAllowed, NotSignedIn

P = ParamSpec("P")
R = TypeVar("R")


class Role(StrEnum):
    PERSON = "person"  # anybody with a token for us
    SUPPORT = "RoomBooker.Support"  # read, timeline
    ADMIN = "RoomBooker.Admin"  # all


def signed_in(role: Role = Role.PERSON) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Verifies the bearer token before the view runs; administrators may do what support may."""

    def decorate(view: Callable[P, R]) -> Callable[P, R]:
        @functools.wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
            found = caller()
            services().pace.count_caller(found)
            if role is not Role.PERSON and not set(found.roles) & ({role, Role.ADMIN}):
                raise NotAllowed(f"This needs the app role {role}. Ask your IT department.")
            return view(*args, **kwargs)

        guarded.needs_role = role  # type: ignore[attr-defined]
        return guarded

    return decorate


def public(view: Callable[P, R]) -> Callable[P, R]:
    """Marks a view that answers without a token, on purpose."""
    view.needs_role = None  # type: ignore[attr-defined]
    return view


def caller() -> Caller:
    """The verified caller of this request; NotSignedIn without a good token."""
    if "caller" not in g:
        try:
            g.caller = _verified(request.headers.get("Authorization", ""))
        except (NotSignedIn, NotAllowed):
            services().pace.count_stranger()
            raise
    return g.caller  # type: ignore[no-any-return]


def _verified(authorization: str) -> Caller:
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise NotSignedIn("Sign in first: the request carries no bearer token.")
    return services().verify(token.strip())
