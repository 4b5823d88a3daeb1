"""The stand-in for Microsoft Entra: discovery, keys, tokens and a sign-in page."""

from typing import Any

from flask import Blueprint, Response, jsonify, request
from werkzeug.wrappers import Response as BaseResponse

from roombooker_sandbox.directory import DOMAIN
from roombooker_sandbox.entra.authorize import Authorize
from roombooker_sandbox.entra.errors import EntraError
from roombooker_sandbox.entra.grants import Grants
from roombooker_sandbox.entra.keys import keys_of
from roombooker_sandbox.entra.people import People
from roombooker_sandbox.entra.token_endpoint import TokenEndpoint
from roombooker_sandbox.entra.tokens import issuer_of
from roombooker_sandbox.world import TENANT_ID, World


def blueprint(world: World) -> Blueprint:
    part = Blueprint("entra", __name__)
    keys, grants, people = keys_of(world), Grants(world), People(world.directory)
    tokens = TokenEndpoint(world, people, grants)
    sign_in = Authorize(world, people, grants)

    @part.url_value_preprocessor
    def check_tenant(_: str | None, values: dict[str, Any] | None) -> None:
        tenant = (values or {}).pop("tenant", TENANT_ID)
        if tenant.lower() not in (TENANT_ID, DOMAIN):
            raise EntraError(90002, f"Tenant '{tenant}'.")

    @part.errorhandler(EntraError)
    def refuse(error: EntraError) -> tuple[Response, int]:
        return jsonify(error.as_json()), error.status

    @part.after_request
    def let_pages_ask(response: Response) -> Response:
        if not request.path.endswith(("/authorize", "/logout")):
            response.headers["Access-Control-Allow-Origin"] = "*"
            response.headers["Access-Control-Allow-Headers"] = "*"
            response.headers["Cache-Control"] = "no-store"
        return response

    @part.get("/<tenant>/v2.0/.well-known/openid-configuration")
    def discovery() -> Response:
        return jsonify(_discovery(world, request.url_root.rstrip("/")))

    @part.get("/<tenant>/discovery/v2.0/keys")
    def key_set() -> Response:
        return jsonify(keys.as_jwks(issuer_of(world)))

    @part.post("/<tenant>/oauth2/v2.0/token")
    def token() -> Response:
        cross_origin = request.headers.get("Origin", request.host_url.rstrip("/")) != request.host_url.rstrip("/")
        return jsonify(tokens.answer(request.form, cross_origin=cross_origin))

    @part.route("/<tenant>/oauth2/v2.0/authorize", methods=["GET", "POST"])
    def authorize() -> BaseResponse:
        return sign_in.answer()

    @part.route("/<tenant>/oauth2/v2.0/logout", methods=["GET", "POST"])
    def logout() -> BaseResponse:
        return sign_in.sign_out()

    return part


def _discovery(world: World, base: str) -> dict[str, Any]:
    """OpenID discovery 1.0 with the members that Entra's v2.0 document has; addresses follow the one that was asked."""
    root = f"{base}/entra/{TENANT_ID}"
    return {
        "token_endpoint": f"{root}/oauth2/v2.0/token",
        "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt"],
        "jwks_uri": f"{root}/discovery/v2.0/keys",
        "response_modes_supported": ["query", "fragment", "form_post"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "response_types_supported": ["code"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "issuer": issuer_of(world),
        "request_uri_parameter_supported": False,
        "authorization_endpoint": f"{root}/oauth2/v2.0/authorize",
        "http_logout_supported": True,
        "frontchannel_logout_supported": True,
        "end_session_endpoint": f"{root}/oauth2/v2.0/logout",
        "claims_supported": [
            "sub", "iss", "aud", "exp", "iat", "nonce", "preferred_username", "name", "tid", "ver", "email",
        ],
        "tenant_region_scope": "EU",
        "cloud_instance_name": "microsoftonline.com",
        "msgraph_host": "graph.microsoft.com",
    }  # fmt: skip
