"""What a `scope` parameter asks for: one resource and the rights on it, beside OpenID's own words."""

import re
from dataclasses import dataclass

from roombooker_sandbox.entra.errors import EntraError
from roombooker_sandbox.entra.tokens import GRAPH
from roombooker_sandbox.world import CLIENT_ID

OPENID = ("openid", "profile", "email", "offline_access")
OWN_SCOPES = ("Booking.ReadWrite",)
_GRAPH_IDS = (GRAPH, "00000003-0000-0000-c000-000000000000")
_OWN = re.compile(rf"^(api://(?:[^/]+/)?)?{CLIENT_ID}$", re.IGNORECASE)  # also api://<host>/<id>, the form of Office sign-in
_GRAPH_SCOPE = re.compile(r"^[A-Z][A-Za-z]+(\.[A-Za-z]+)+$")


@dataclass(frozen=True)
class Asked:
    audience: str  # of the access token
    scopes: tuple[str, ...]  # without their resource
    written: tuple[str, ...]  # as asked
    openid: tuple[str, ...]


def resource_audience(resource: str) -> str:
    """The `aud` of tokens for a resource identifier; v2 tokens carry an API's client id."""
    if resource.rstrip("/") in _GRAPH_IDS:
        return GRAPH
    if _OWN.match(resource):
        return CLIENT_ID
    raise EntraError(500011, f"Name: {resource}")


def app_audience(scope: str) -> str:
    """Client credentials: one `<resource>/.default`."""
    asked = scope.split()
    if len(asked) != 1 or not asked[0].endswith("/.default"):
        raise EntraError(1002012)
    return resource_audience(asked[0].removesuffix("/.default"))


def person_scopes(scope: str) -> Asked:
    words = scope.split()
    openid = tuple(word for word in words if word in OPENID)
    written = tuple(word for word in words if word not in OPENID)
    found = [_split(word) for word in written]
    audiences = {audience for audience, _ in found} or {GRAPH}
    if len(audiences) > 1:
        raise EntraError(28000)
    if not words:
        raise EntraError(900144, "The missing parameter: 'scope'.")
    audience = audiences.pop()
    names: list[str] = []
    for _, name in found:
        if name == ".default":
            names += OWN_SCOPES if audience == CLIENT_ID else ["User.Read"]
        else:
            names.append(name)
    return Asked(audience, tuple(dict.fromkeys(names or openid)), written, openid)


def _split(word: str) -> tuple[str, str]:
    resource, slash, name = word.rpartition("/")
    audience = resource_audience(resource) if slash else GRAPH
    known = name in OWN_SCOPES if audience == CLIENT_ID else bool(_GRAPH_SCOPE.match(name))
    if name != ".default" and not known:
        raise EntraError(70011, f"The scope {word} is not valid.")
    return audience, name
