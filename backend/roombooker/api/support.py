"""The address that the manifest names for help: the deployment's own page, or else ours, which says whom to ask."""

import hashlib
from base64 import b64encode

from flask import Blueprint, Response, redirect, request
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from roombooker.api.auth import public
from roombooker.api.context import services

blueprint = Blueprint("support", __name__)

# Language -> title, lead, then who helps with what.
_WORDS: dict[str, tuple[str, str, tuple[tuple[str, str], ...]]] = {
    "en": (
        "Help with Room Booker",
        "Room Booker books your organisation’s rooms from the Outlook appointment you are writing.",
        (
            ("A room is missing, a booking is wrong or was refused", "Ask your facilities desk. Name the room, the date and the TOPdesk number of the booking."),
            ("Signing in fails, or the pane stays empty", "Ask your IT service desk. Name the code that the pane shows."),
            ("You need a room right now", "Invite it in Outlook like a colleague: that works without Room Booker’s pane, too."),
        ),
    ),
    "nl": (
        "Hulp bij Room Booker",
        "Room Booker reserveert de ruimten van je organisatie vanuit de Outlook-afspraak die je schrijft.",
        (
            ("Een ruimte ontbreekt, of een reservering klopt niet of is geweigerd", "Vraag het facilitair bureau. Noem de ruimte, de datum en het TOPdesk-nummer van de reservering."),
            ("Aanmelden lukt niet, of het venster blijft leeg", "Vraag de IT-servicedesk. Noem de code die het venster toont."),
            ("Je hebt nu meteen een ruimte nodig", "Nodig de ruimte in Outlook uit zoals een collega: dat werkt ook zonder het venster van Room Booker."),
        ),
    ),
    "de": (
        "Hilfe zu Room Booker",
        "Room Booker bucht die Räume Ihrer Organisation aus dem Outlook-Termin, den Sie gerade schreiben.",
        (
            ("Ein Raum fehlt, oder eine Buchung stimmt nicht oder wurde abgelehnt", "Fragen Sie das Facility-Management. Nennen Sie Raum, Datum und die TOPdesk-Nummer der Buchung."),
            ("Die Anmeldung misslingt, oder der Bereich bleibt leer", "Fragen Sie den IT-Servicedesk. Nennen Sie den Code, den der Bereich zeigt."),
            ("Sie brauchen sofort einen Raum", "Laden Sie ihn in Outlook ein wie eine Person: Das geht auch ohne den Bereich von Room Booker."),
        ),
    ),
    "fr": (
        "Aide pour Room Booker",
        "Room Booker réserve les salles de votre organisation depuis le rendez-vous Outlook que vous rédigez.",
        (
            ("Une salle manque, une réservation est fausse ou a été refusée", "Adressez-vous aux services généraux. Indiquez la salle, la date et le numéro TOPdesk de la réservation."),
            ("La connexion échoue, ou le volet reste vide", "Adressez-vous au support informatique. Indiquez le code affiché par le volet."),
            ("Il vous faut une salle tout de suite", "Invitez-la dans Outlook comme un collègue : cela marche aussi sans le volet de Room Booker."),
        ),
    ),
}  # fmt: skip

_STYLE = (
    ":root{color-scheme:light dark}"
    "body{font:16px/1.5 'Segoe UI',system-ui,sans-serif;max-width:40rem;margin:0 auto;padding:3rem 1.25rem}"
    "h1{font-size:1.75rem;line-height:1.25;margin:1rem 0 .5rem}h2{font-size:1rem;margin:1.75rem 0 .25rem}p{margin:0}img{display:block}"
)
_POLICY = (
    f"default-src 'none'; img-src 'self'; style-src 'sha256-{b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()}'; "
    "frame-ancestors 'none'; base-uri 'none'"
)


@blueprint.route("/support")
@public
def support() -> ResponseReturnValue:
    """On to ROOMBOOKER_SUPPORT_URL where there is one; otherwise whom to ask, in the reader's language."""
    elsewhere = services().settings.support_url
    if elsewhere:
        return redirect(elsewhere)
    language = request.accept_languages.best_match(list(_WORDS)) or "en"
    title, lead, answers = _WORDS[language]
    page = Markup(
        '<!doctype html><html lang="{}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
        "<title>{}</title><style>{}</style></head><body><main>"
        '<img src="assets/icon-64.png" alt="" width="48" height="48"><h1>{}</h1><p>{}</p>{}</main></body></html>'
    ).format(language, title, Markup(_STYLE), title, lead, Markup("").join(Markup("<h2>{}</h2><p>{}</p>").format(*one) for one in answers))  # noqa: S704  our own style
    return Response(page, mimetype="text/html", headers={"Content-Security-Policy": _POLICY, "Vary": "Accept-Language"})
