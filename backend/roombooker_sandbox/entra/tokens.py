"""Tokens of the stand-in Entra: signed here, checked here for the Graph part."""

import base64
import hashlib
import secrets
import time
import uuid
from collections.abc import Mapping
from typing import Any

import jwt

from roombooker_sandbox.directory import Person, stable_id
from roombooker_sandbox.entra.keys import keys_of
from roombooker_sandbox.world import TENANT_ID, World

GRAPH = "https://graph.microsoft.com"
GRAPH_ROLES = ("Mail.Send", "Place.Read.All", "User.Read.All")  # calendar rights come from Exchange's RBAC and are in no token
_REMEMBERED = 2000


class InvalidToken(Exception):
    """The bearer token is missing, malformed, expired, signed by nobody we know or meant for another API."""


def issuer_of(world: World) -> str:
    """One string for good, whichever address was asked: with TLS the https one, which is the only one that msal accepts."""
    base = world.tls_url if world.options.tls_port else world.base_url
    return f"{base}/entra/{TENANT_ID}/v2.0"


def sign(world: World, claims: Mapping[str, Any]) -> str:
    """A JWT (RS256) with exactly these claims."""
    kid, key = keys_of(world).signing
    return jwt.encode(dict(claims), key, algorithm="RS256", headers={"kid": kid})


def frame(world: World, audience: str, subject: str, object_id: str) -> dict[str, Any]:
    """The claims every token has. Entra's lifetimes are 60 to 90 minutes, at random.

    In real time, not on the sandbox's clock: the product, which keeps real time, must be able to accept them.
    """
    now = int(time.time())
    return {
        "aud": audience, "iss": issuer_of(world), "iat": now, "nbf": now, "exp": now + 3600 + secrets.randbelow(1800),
        "oid": object_id, "sub": subject, "tid": TENANT_ID, "uti": secrets.token_urlsafe(16), "ver": "2.0",
    }  # fmt: skip


def app_token(world: World, client_id: str, audience: str, *, certificate: bool = False) -> str:
    """What client credentials bring. Graph's tokens are really of version 1.0 and opaque to their holders; here they are like the others."""
    service_principal = stable_id("service-principal", client_id)
    claims = frame(world, audience, service_principal, service_principal)
    claims |= {"azp": client_id, "azpacr": "2" if certificate else "1"}
    if audience == GRAPH:
        claims |= {"appid": client_id, "idtyp": "app", "roles": [role for role in GRAPH_ROLES if role not in world.removed_rights]}
    return sign(world, claims)


def person_token(world: World, person: Person, client_id: str, audience: str, scopes: list[str], *, secret: bool = False) -> str:
    """A person's access token; `scopes` without their resource, e.g. ["Booking.ReadWrite"]."""
    claims = frame(world, audience, _pairwise(person, audience), person.oid)
    claims |= {"azp": client_id, "azpacr": "1" if secret else "0", "name": person.name, "preferred_username": person.mail}
    claims["scp"] = " ".join(scopes)
    if audience == GRAPH:
        claims |= {"appid": client_id, "idtyp": "user", "upn": person.mail}
    elif person.app_roles:
        claims["roles"] = list(person.app_roles)
    return sign(world, claims)


def id_token(world: World, person: Person, client_id: str, nonce: str | None) -> str:
    claims = frame(world, client_id, _pairwise(person, client_id), person.oid)
    claims |= {"name": person.name, "preferred_username": person.mail, "email": person.mail}
    if person.app_roles:
        claims["roles"] = list(person.app_roles)
    if nonce:
        claims["nonce"] = nonce
    return sign(world, claims)


def verify_bearer(world: World, header: str | None, audience: str) -> dict[str, Any]:
    """The claims of `Authorization: Bearer …`; `audience` is GRAPH for Microsoft Graph. Raises InvalidToken."""
    scheme, _, token = (header or "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise InvalidToken("Access token is empty.")
    token = token.strip()
    seen: dict[str, dict[str, Any]] = world.parts.setdefault("entra.seen", {})
    claims = seen.get(token)
    if claims is None:
        claims = _decode(world, token)
        if len(seen) >= _REMEMBERED:
            seen.clear()
        seen[token] = claims
    if claims["exp"] < time.time():
        raise InvalidToken("Lifetime validation failed, the token is expired.")
    if claims["aud"] != audience:
        raise InvalidToken("Access token validation failure. Invalid audience.")
    return claims


def _decode(world: World, token: str) -> dict[str, Any]:
    try:
        key = keys_of(world).find(str(jwt.get_unverified_header(token).get("kid")))
        if key is None:
            raise InvalidToken("Signature is invalid: unknown key.")
        claims: dict[str, Any] = jwt.decode(
            token,
            key.public_key(),
            algorithms=["RS256"],
            issuer=issuer_of(world),
            options={"verify_aud": False, "require": ["exp", "aud", "iss"]},
        )
    except jwt.ExpiredSignatureError as error:
        raise InvalidToken("Lifetime validation failed, the token is expired.") from error
    except jwt.InvalidTokenError as error:
        raise InvalidToken("CompactToken parsing failed or the signature is invalid.") from error
    return claims


def _pairwise(person: Person, audience: str) -> str:
    digest = hashlib.sha256(uuid.UUID(person.oid).bytes + audience.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
