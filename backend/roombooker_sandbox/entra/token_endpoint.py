"""`/oauth2/v2.0/token`: the four ways to a token that Room Booker, its pane and its tests use."""

import base64
import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any

from roombooker_sandbox.directory import Person
from roombooker_sandbox.entra.applications import Application, find_application, prove
from roombooker_sandbox.entra.errors import EntraError
from roombooker_sandbox.entra.grants import Grants
from roombooker_sandbox.entra.people import People
from roombooker_sandbox.entra.scopes import app_audience, person_scopes
from roombooker_sandbox.entra.tokens import app_token, id_token, person_token
from roombooker_sandbox.world import TENANT_ID, World

Form = Mapping[str, str]
_LIFE_S = 3599  # what Entra most often says; the token itself lasts at least as long


class TokenEndpoint:
    def __init__(self, world: World, people: People, grants: Grants) -> None:
        self._world = world
        self._people = people
        self._grants = grants
        self._ways: dict[str, Callable[[Application, Form, bool], dict[str, Any]]] = {
            "client_credentials": self._client_credentials,
            "password": self._password,
            "authorization_code": self._authorization_code,
            "refresh_token": self._refresh_token,
        }

    def answer(self, form: Form, *, cross_origin: bool) -> dict[str, Any]:
        """The token answer's JSON; `cross_origin`: a browser asks from another site's page. Raises EntraError."""
        kind = _required(form, "grant_type")
        if kind not in self._ways:
            raise EntraError(70003, f"'{kind}'")
        return self._ways[kind](find_application(form.get("client_id")), form, cross_origin)

    def _client_credentials(self, application: Application, form: Form, cross_origin: bool) -> dict[str, Any]:  # noqa: FBT001, ARG002
        proof = prove(self._world, application, form, required=True)
        audience = app_audience(_required(form, "scope"))
        token = app_token(self._world, application.client_id, audience, certificate=proof == "certificate")
        return {"token_type": "Bearer", "expires_in": _LIFE_S, "ext_expires_in": _LIFE_S, "access_token": token}

    def _password(self, application: Application, form: Form, cross_origin: bool) -> dict[str, Any]:  # noqa: FBT001, ARG002
        proof = prove(self._world, application, form, required=False)
        person = self._people.sign_in(_required(form, "username"), _required(form, "password"))
        return self._for(person, application, _required(form, "scope"), form, proof)

    def _authorization_code(self, application: Application, form: Form, cross_origin: bool) -> dict[str, Any]:  # noqa: FBT001
        code = self._grants.redeem("code", _required(form, "code"))
        if code["client_id"] != application.client_id:
            raise EntraError(70000)
        if code["redirect_uri"] != form.get("redirect_uri"):
            raise EntraError(500112)
        _check_verifier(code, form.get("code_verifier"))
        if cross_origin and not code["challenge"]:
            raise EntraError(9002325)
        # a code of a page comes with PKCE and without a secret, that of a web server with a secret
        proof = prove(self._world, application, form, required=not code["challenge"] and application.secret is not None)
        return self._for(self._people.by_oid(code["oid"]), application, form.get("scope") or code["scope"], form, proof, code["nonce"])

    def _refresh_token(self, application: Application, form: Form, cross_origin: bool) -> dict[str, Any]:  # noqa: FBT001, ARG002
        proof = prove(self._world, application, form, required=False)
        kept = self._grants.redeem("refresh", _required(form, "refresh_token"))
        if kept["client_id"] != application.client_id:
            raise EntraError(70000)
        return self._for(self._people.by_oid(kept["oid"]), application, form.get("scope") or kept["scope"], form, proof)

    def _for(
        self, person: Person, application: Application, scope: str, form: Form, proof: str | None, nonce: str | None = None
    ) -> dict[str, Any]:
        asked = person_scopes(scope)
        client_id = application.client_id
        answer: dict[str, Any] = {
            "token_type": "Bearer", "scope": " ".join((*asked.written, *asked.openid)), "expires_in": _LIFE_S, "ext_expires_in": _LIFE_S,
            "access_token": person_token(self._world, person, client_id, asked.audience, list(asked.scopes), secret=proof is not None),
        }  # fmt: skip
        if "offline_access" in asked.openid:
            answer["refresh_token"] = self._grants.give("refresh", {"oid": person.oid, "client_id": client_id, "scope": scope})
        if "openid" in asked.openid:
            answer["id_token"] = id_token(self._world, person, client_id, nonce)
        if form.get("client_info") == "1":
            info = json.dumps({"uid": person.oid, "utid": TENANT_ID}).encode()
            answer["client_info"] = base64.urlsafe_b64encode(info).rstrip(b"=").decode()
        return answer


def _required(form: Form, name: str) -> str:
    if not (value := form.get(name)):
        raise EntraError(900144, f"The missing parameter: '{name}'.")
    return value


def _check_verifier(code: dict[str, Any], verifier: str | None) -> None:
    """RFC 7636."""
    if not code["challenge"]:
        return
    if not verifier:
        raise EntraError(501481)
    shown = verifier
    if code["challenge_method"] == "S256":
        shown = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    if shown != code["challenge"]:
        raise EntraError(501481)
