"""Microsoft Entra: tokens for ourselves (msal) and the check of people's tokens (PyJWT)."""

import json
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import jwt
import msal
import requests
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from jwt.utils import base64url_decode

from roombooker.domain.caller import Caller
from roombooker.errors import Denied, Garbled, InvalidInput, NotAllowed, NotFound, NotSignedIn, Unavailable
from roombooker.settings import Settings
from roombooker.transport import Transport, open_trust

SIDE = "entra"
SCOPE = "Booking.ReadWrite"
GRAPH_SCOPE = "https://graph.microsoft.com/.default"
_MICROSOFT = "login.microsoftonline.com"
_LEEWAY_SECONDS = 60
_DISCOVERY_SECONDS = 24 * 3600.0
_HELD_SECONDS, _MOST_HELD = 60.0, 4096
_KEYS_SECONDS = 3600.0  # a key that Entra withdraws is not trusted for longer

# What an administrator can mend, by the number in Entra's message (learn.microsoft.com, reference of AADSTS error codes).
_ADVICE = {
    "AADSTS7000215": ("client_secret", "the client secret is wrong: set ROOMBOOKER_ENTRA_CLIENT_SECRET to a secret's value, not its id"),
    "AADSTS7000222": ("client_secret", "the client secret has expired: make a new one"),
    "AADSTS700027": ("client_certificate", "the certificate is not one of the application's"),
    "AADSTS700016": ("client_id", "there is no such application in this tenant: check ROOMBOOKER_ENTRA_CLIENT_ID"),
    "AADSTS90002": ("tenant_id", "there is no such tenant: check ROOMBOOKER_ENTRA_TENANT_ID"),
}


class AppTokens:
    """Our own tokens for another API; msal keeps them until shortly before they expire."""

    def __init__(self, settings: Settings, session: requests.Session, scope: str = GRAPH_SCOPE) -> None:
        self._settings = settings
        self._session = session
        self._scope = scope
        self._lock = threading.Lock()
        self._app: msal.ConfidentialClientApplication | None = None

    def token(self) -> str:
        """Denied where Entra refuses us (with advice), Unavailable where it is away."""
        with self._lock:
            try:
                self._app = self._app or self._open()
                got = self._app.acquire_token_for_client(scopes=[self._scope])
            except requests.RequestException as error:
                raise Unavailable(SIDE, "Microsoft Entra cannot be reached at the moment. Try again soon.") from error
            except ValueError as error:  # msal's word for a discovery document that it could not get
                raise Denied(
                    SIDE,
                    "Microsoft Entra does not know this tenant: check ROOMBOOKER_ENTRA_TENANT_ID and ROOMBOOKER_ENTRA_AUTHORITY.",
                    right="tenant_id",
                ) from error
            if "access_token" not in got:
                raise _refusal(got)
            return str(got["access_token"])

    def forget(self) -> None:
        """After a 401: the next call asks Entra anew."""
        with self._lock:
            if self._app:
                self._app.remove_tokens_for_client()

    def _open(self) -> msal.ConfidentialClientApplication:
        s = self._settings
        return msal.ConfidentialClientApplication(
            s.entra_client_id,
            client_credential=_credential(s),
            authority=f"{s.entra_authority.rstrip('/')}/{s.entra_tenant_id}",
            instance_discovery=None if urlsplit(s.entra_authority).hostname == _MICROSOFT else False,
            http_client=self._session,
        )


def _header(token: str) -> dict[str, Any]:
    """Of a token that is not checked yet: its first part alone. PyJWT would take the whole token apart, and again when it checks it."""
    try:
        header = json.loads(base64url_decode(token.partition(".")[0]))
    except ValueError as error:
        raise jwt.DecodeError("no header") from error
    if not isinstance(header, dict):
        raise jwt.DecodeError("no header")
    return header


@dataclass(frozen=True, slots=True)
class _Held:
    """`until` by the process's clock, `expires_at` by the world's."""

    caller: Caller
    keys: object
    until: float
    expires_at: float


class TokenVerifier:
    """Checks people's access tokens for our API: signature, issuer, audience, tenant, lifetime, version, scope, client."""

    def __init__(self, settings: Settings, transport: Transport, *, refetch_cooldown_seconds: float = 30.0) -> None:
        """`transport` is based on the authority with the tenant. Keys are fetched again for an unknown kid, but not more often than
        the cooldown says, so that forged kids cannot make us ask Entra at will."""
        self._settings = settings
        self._transport = transport
        self._cooldown = refetch_cooldown_seconds
        self._clients = {settings.entra_client_id, *(c.strip() for c in settings.allowed_clients.split(",") if c.strip())}
        self._lock = threading.Lock()
        self._issuer = ""
        self._keys: jwt.PyJWKClient | None = None
        self._discovered_at = 0.0
        self._held: dict[bytes, _Held] = {}  # by digest: no token is kept

    def verify(self, token: str) -> Caller:
        """NotSignedIn: the token does not hold. NotAllowed: it holds, but not for this. Unavailable: Entra's keys cannot be had.

        One that held is not checked again for a minute, as long as it has not expired and Entra's keys are those that it held by: a
        person who looks for a time asks several times in a row."""
        digest = sha256(token.encode()).digest()
        known = self._held.get(digest)
        if known is not None and known.keys is self._key_set() and time.monotonic() < known.until and time.time() < known.expires_at:
            return known.caller
        keys = self._key_set()
        claims = self._claims(token)
        caller = self._caller(claims)
        if keys is not None and keys is self._key_set():
            if len(self._held) >= _MOST_HELD:
                self._held.clear()
            self._held[digest] = _Held(caller, keys, time.monotonic() + _HELD_SECONDS, float(claims["exp"]) + _LEEWAY_SECONDS)
        return caller

    def _key_set(self) -> object | None:
        """Another one after each fetch; None when it is time for one."""
        cache = self._keys.jwk_set_cache if self._keys else None
        return cache.get() if cache else None

    def _caller(self, claims: dict[str, Any]) -> Caller:
        if claims.get("ver") != "2.0":
            raise NotSignedIn("This sign-in is of an old kind. The application must ask for version 2.0 access tokens.")
        if str(claims["tid"]).lower() != self._settings.entra_tenant_id.lower():
            raise NotSignedIn("This sign-in is from another organization.")
        if claims.get("azp") not in self._clients:
            raise NotAllowed("The application you are using may not act for Room Booker. Ask your IT department.")
        if SCOPE not in str(claims.get("scp", "")).split():
            raise NotAllowed(f"The sign-in does not include the permission {SCOPE}. Ask your IT department to grant it.")
        roles = claims.get("roles") or []
        return Caller(
            tid=str(claims["tid"]),
            oid=str(claims["oid"]),
            name=str(claims.get("name") or ""),
            email=str(claims.get("preferred_username") or "").lower(),
            roles=frozenset(str(r) for r in roles) if isinstance(roles, list) else frozenset(),
        )

    def _claims(self, token: str) -> dict[str, Any]:
        try:
            header = _header(token)
            if header.get("alg") != "RS256" or not header.get("kid"):
                raise NotSignedIn("The sign-in token is not one of Microsoft Entra's.")
            issuer, keys = self._discover()
            key = keys.get_signing_key(str(header["kid"]))
            return jwt.decode(
                token,
                key.key,
                algorithms=["RS256"],
                audience=self._settings.entra_client_id,
                issuer=issuer,
                leeway=_LEEWAY_SECONDS,
                options={"require": ["exp", "nbf", "iat", "iss", "aud", "tid", "oid"]},
            )
        except jwt.PyJWKClientConnectionError as error:
            raise Unavailable(SIDE, "Microsoft Entra's keys cannot be read at the moment. Try again soon.") from error
        except jwt.ExpiredSignatureError as error:
            raise NotSignedIn("The sign-in has expired. Sign in again.") from error
        except jwt.InvalidAudienceError as error:
            raise NotSignedIn("This sign-in is for another application.") from error
        except jwt.InvalidIssuerError as error:
            raise NotSignedIn("This sign-in is from another organization.") from error
        except jwt.PyJWTError as error:  # forged, malformed, unknown key, not yet valid, a claim missing
            raise NotSignedIn("The sign-in does not hold. Sign in again.") from error

    def _discover(self) -> tuple[str, jwt.PyJWKClient]:
        """Issuer and keys from the authority's discovery document, read once a day; an older reading serves while Entra is away."""
        with self._lock:
            if self._keys and time.monotonic() - self._discovered_at < _DISCOVERY_SECONDS:
                return self._issuer, self._keys
            try:
                found = self._transport.call("GET", "/v2.0/.well-known/openid-configuration").record()
                issuer, address = found["issuer"], found["jwks_uri"]
            except Unavailable:
                if self._keys:
                    return self._issuer, self._keys
                raise
            except (NotFound, KeyError) as error:
                raise Garbled(SIDE, "There is no such tenant at Microsoft Entra: check the settings.") from error
            self._issuer = str(issuer).replace("{tenantid}", self._settings.entra_tenant_id)
            self._keys = jwt.PyJWKClient(
                str(address),
                lifespan=_KEYS_SECONDS,
                timeout=self._settings.read_timeout_seconds,
                ssl_context=open_trust(self._settings.ca_file),
                cooldown_duration=self._cooldown,
            )
            self._discovered_at = time.monotonic()
            return self._issuer, self._keys


def authority_of(settings: Settings) -> str:
    """The base address for the verifier's transport."""
    return f"{settings.entra_authority.rstrip('/')}/{settings.entra_tenant_id}"


def _credential(settings: Settings) -> str | dict[str, str]:
    if settings.entra_certificate_file:
        return _certificate(settings.entra_certificate_file)
    if not settings.entra_client_secret:
        raise InvalidInput("ROOMBOOKER_ENTRA_CLIENT_SECRET or ROOMBOOKER_ENTRA_CERTIFICATE_FILE is required.")
    return settings.entra_client_secret


def _certificate(file: Path) -> dict[str, str]:
    """One PEM file with certificate and private key; msal computes the thumbprint from the certificate."""
    try:
        pem = file.read_bytes()
        certificate = x509.load_pem_x509_certificate(pem)
    except (OSError, ValueError) as error:
        raise InvalidInput(f"ROOMBOOKER_ENTRA_CERTIFICATE_FILE: {file} cannot be used: {error}") from error
    return {"private_key": pem.decode(), "public_certificate": certificate.public_bytes(Encoding.PEM).decode()}


def _refusal(got: Mapping[str, Any]) -> Exception:
    said = str(got.get("error_description", ""))
    for number, (right, advice) in _ADVICE.items():
        if said.startswith(number + ":"):
            return Denied(SIDE, f"Microsoft Entra does not let Room Booker in: {advice}.", right=right)
    if got.get("error") in ("temporarily_unavailable", "server_error"):
        return Unavailable(SIDE, "Microsoft Entra is not available at the moment. Try again soon.")
    return Denied(SIDE, f"Microsoft Entra does not let Room Booker in ({got.get('error', 'no reason given')}).", right="sign-in")
