"""`/oauth2/v2.0/authorize`: the sign-in page, single sign-on by a cookie, and the way back with a code."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from flask import Response, make_response, redirect, render_template_string, request
from werkzeug.wrappers import Response as BaseResponse

from roombooker_sandbox.directory import Person
from roombooker_sandbox.entra.applications import Application, allowed_redirect, find_application
from roombooker_sandbox.entra.errors import EntraError
from roombooker_sandbox.entra.grants import Grants
from roombooker_sandbox.entra.people import People
from roombooker_sandbox.entra.scopes import person_scopes
from roombooker_sandbox.world import PERSON_PASSWORD, TENANT_ID, World

COOKIE = "sandbox_entra"
_PAGE = """<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Sign in (sandbox)</title><style>
body{font:16px/1.5 system-ui,sans-serif;background:#f3f2f1;color:#201f1e;margin:0;display:grid;place-items:center;min-height:100vh}
main{background:#fff;padding:2rem;width:min(24rem,90vw);box-shadow:0 2px 6px #0003}label{display:block;margin:.75rem 0 .25rem}
input{box-sizing:border-box;font:inherit;width:100%;padding:.4rem}button{font:inherit;margin:1rem .5rem 0 0;padding:.4rem 1rem}
[role=alert]{color:#a4262c}small{color:#605e5c}</style></head><body><main><h1>Sign in</h1>
<p>to {{ application }}</p>{% if problem %}<p role="alert">{{ problem }}</p>{% endif %}
<form method="post">{% for name, value in carried %}<input type="hidden" name="{{ name }}" value="{{ value }}">{% endfor %}
<label for="username">E-mail</label><input id="username" name="username" type="email" autocomplete="username" required value="{{ hint }}">
<label for="password">Password</label><input id="password" name="password" type="password" autocomplete="current-password" required>
<button id="sign-in">Sign in</button></form>
<p><small>Stand-in for Microsoft Entra. Everyone's password is “{{ password }}”:
{% for person in cast %}{{ person.mail }}{{ ", " if not loop.last }}{% endfor %}.</small></p></main></body></html>"""
_ERROR_PAGE = (
    """<!DOCTYPE html><html lang="en"><title>Sign in</title><h1>Sorry, but we’re having trouble signing you in.</h1><p>{{ text }}</p>"""
)
_FORM_POST = """<!DOCTYPE html><html lang="en"><title>Working…</title><body onload="document.forms[0].submit()"><form method="post" action="{{ to }}">
{% for name, value in fields %}<input type="hidden" name="{{ name }}" value="{{ value }}">{% endfor %}
<noscript><button>Continue</button></noscript></form></body></html>"""


class Authorize:
    def __init__(self, world: World, people: People, grants: Grants) -> None:
        self._world = world
        self._people = people
        self._grants = grants

    def answer(self) -> BaseResponse:
        asked = request.values.to_dict()
        try:
            application = self._trusted(asked)
        except EntraError as error:  # without a trusted way back the person is told, not the application
            return make_response(render_template_string(_ERROR_PAGE, text=error.sentence), 400)
        try:
            return self._sign_in(asked, application)
        except EntraError as error:
            return self._back(asked, {"error": error.error, "error_description": str(error.as_json()["error_description"])})

    def _trusted(self, asked: Mapping[str, str]) -> Application:
        application = find_application(asked.get("client_id"))
        if not allowed_redirect(self._world, asked.get("redirect_uri", "")):
            raise EntraError(50011)
        return application

    def _sign_in(self, asked: Mapping[str, str], application: Application) -> BaseResponse:
        if asked.get("response_type") != "code":
            raise EntraError(700051)
        person_scopes(asked.get("scope", ""))
        if person := self._known(asked):
            return self._back_with_code(asked, person, fresh=False)
        if asked.get("prompt") == "none":
            raise EntraError(50058)
        problem = ""
        if request.method == "POST" and "username" in asked:
            try:
                person = self._people.sign_in(asked["username"], asked.get("password", ""))
            except EntraError:
                problem = "Your account or password is incorrect."
            else:
                return self._back_with_code(asked, person, fresh=True)
        return self._page(asked, application.name, problem)

    def sign_out(self) -> BaseResponse:
        self._grants.forget(request.cookies.get(COOKIE, ""))
        to = request.values.get("post_logout_redirect_uri", "")
        answer: BaseResponse = (
            redirect(to) if to and allowed_redirect(self._world, to) else Response("You signed out.", mimetype="text/plain")
        )
        answer.delete_cookie(COOKIE, path="/entra")
        return answer

    def _known(self, asked: Mapping[str, str]) -> Person | None:
        """Who is signed in already, unless the application wants the page or somebody else."""
        if asked.get("prompt") in ("login", "select_account") or "username" in asked:
            return None
        oid = self._grants.session(request.cookies.get(COOKIE))
        if oid is None:
            return None
        person = self._people.by_oid(oid)
        hint = asked.get("login_hint", "").lower()
        return person if not hint or hint == person.mail.lower() else None

    def _page(self, asked: Mapping[str, str], application: str, problem: str) -> BaseResponse:
        carried = [(name, value) for name, value in asked.items() if name not in ("username", "password")]
        hint = asked.get("username") or asked.get("login_hint", "")
        cast = self._world.directory.people[:3]
        page = render_template_string(
            _PAGE, application=application, problem=problem, carried=carried, hint=hint, cast=cast, password=PERSON_PASSWORD
        )
        return make_response(page)

    def _back_with_code(self, asked: Mapping[str, str], person: Person, *, fresh: bool) -> BaseResponse:
        code = self._grants.give("code", {
            "oid": person.oid, "client_id": asked["client_id"].lower(), "redirect_uri": asked["redirect_uri"], "scope": asked["scope"],
            "nonce": asked.get("nonce"), "challenge": asked.get("code_challenge"), "challenge_method": asked.get("code_challenge_method", "plain"),
        })  # fmt: skip
        session = self._grants.give("session", {"oid": person.oid}) if fresh else None
        answer = self._back(asked, {"code": code, "session_state": TENANT_ID})
        if session:
            answer.set_cookie(
                COOKIE, session, path="/entra", httponly=True, samesite="None" if request.is_secure else "Lax", secure=request.is_secure
            )
        return answer

    def _back(self, asked: Mapping[str, str], fields: dict[str, Any]) -> BaseResponse:
        if "state" in asked:
            fields["state"] = asked["state"]
        to, mode = asked["redirect_uri"], asked.get("response_mode", "query")
        if mode == "form_post":
            return make_response(render_template_string(_FORM_POST, to=to, fields=fields.items()))
        joint = "#" if mode == "fragment" else "&" if "?" in to else "?"
        return redirect(f"{to}{joint}{urlencode(fields)}", 302)
