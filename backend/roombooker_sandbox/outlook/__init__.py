"""A small Outlook on the web that hosts the real pane, and the Office.js stand-in that the pane loads instead of Microsoft's."""

from pathlib import Path

from flask import Blueprint, Response, jsonify, request, send_from_directory
from flask.typing import ResponseReturnValue

from roombooker_sandbox.directory import Person
from roombooker_sandbox.entra.applications import OUTLOOK_CLIENT_ID
from roombooker_sandbox.world import PERSON_PASSWORD, TENANT_ID, World

ADDIN_ID = "8d3a1f0e-5b7c-4e52-9a64-c1f2d7e0b935"  # the manifest's Id; names the custom properties: cecp-<id>
_HERE = Path(__file__).parent
_STATIC = _HERE / "static"
# One classic script, in this order: the pane needs `Office` as soon as the script has run, so it cannot be modules.
_OFFICE_JS_PARTS = ("wire", "names", "series-time", "custom-properties", "appointment", "mailbox", "token-bridge", "office")
_CAST = 5  # the first people of the directory have parts to play; the others are extras


def blueprint(world: World) -> Blueprint:
    """The page at /outlook/, its parts, and /outlook/office.js."""
    pages = Blueprint("outlook", __name__, url_prefix="/outlook")

    @pages.get("/")
    def page() -> Response:
        return _fresh(send_from_directory(_STATIC, "index.html"))

    @pages.get("/static/<path:name>")
    def static_file(name: str) -> Response:
        return _fresh(send_from_directory(_STATIC, name))

    @pages.get("/office.js")
    def office_js() -> Response:
        answer = _fresh(Response(office_js_source(), mimetype="text/javascript"))
        answer.headers["Access-Control-Allow-Origin"] = "*"
        answer.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
        return answer

    @pages.get("/config.json")
    def config() -> ResponseReturnValue:
        return jsonify(
            tenantId=TENANT_ID,
            clientId=OUTLOOK_CLIENT_ID,
            addinId=ADDIN_ID,
            paneUrl=f"{world.options.product_url.rstrip('/')}/taskpane.html",
            password=PERSON_PASSWORD,
            cast=[_card(person) for person in world.directory.people[:_CAST]],
        )

    @pages.get("/people/<mail>")
    def person(mail: str) -> ResponseReturnValue:
        for found in world.directory.people:
            if mail.lower() in {found.mail, found.proxy}:
                return jsonify(_card(found))
        return jsonify(error="nobody has this address"), 404

    @pages.get("/addresses")
    def addresses() -> ResponseReturnValue:
        """People (`kind=person`) or rooms (`kind=room`) whose name or address contains `q`; `mail` asks for exact addresses."""
        words = request.args.get("q", "").lower()
        exact = {mail.lower() for mail in request.args.getlist("mail")}
        kind = request.args.get("kind", "person")
        entries = [
            {
                "name": room.name,
                "address": room.mailbox,
                "kind": "room",
                "detail": f"{room.building.name}, floor {room.floor} · {room.capacity} people",
            }
            for room in world.directory.rooms
            if kind != "person"
        ] + [
            {"name": person.name, "address": person.mail, "kind": "person", "detail": person.department}
            for person in world.directory.people
            if kind != "room"
        ]
        found = [e for e in entries if (e["address"] in exact if exact else words in e["name"].lower() or words in e["address"])]
        return jsonify(found[: len(exact) or 12])

    return pages


def office_js_source() -> str:
    """The Office.js stand-in as one script, as the pane loads it."""
    parts = [(_HERE / "officejs" / f"{name}.js").read_text(encoding="utf-8") for name in _OFFICE_JS_PARTS]
    return '(() => {\n"use strict";\n' + "\n".join(parts) + "\n})();\n"


def _card(person: Person) -> dict[str, str | None]:
    return {
        "oid": person.oid,
        "name": person.name,
        "mail": person.mail,
        "department": person.department,
        "timeZone": person.building.time_zone,
        "office": f"{person.building.name}, {person.building.city}",
        "note": None if person.card_id else "no TOPdesk card",
    }


def _fresh(answer: Response) -> Response:
    answer.headers["Cache-Control"] = "no-store"
    return answer
