"""What the two write bodies of a reservation share: texts, requester, operators, lists, participants, link, optional fields."""

import json
import sqlite3
from typing import Any

from roombooker_sandbox.directory import stable_id
from roombooker_sandbox.topdesk.answers import Card
from roombooker_sandbox.topdesk.bodies import Body
from roombooker_sandbox.topdesk.inferred import CODE_LINK_EXISTS
from roombooker_sandbox.topdesk.rendering import requester_card
from roombooker_sandbox.topdesk.reservation import Reservation
from roombooker_sandbox.topdesk.signin import OPERATORS

OPERATOR_GROUPS = ({"id": stable_id("operator-group", "Facilities"), "name": "Facilities"},)
SHARED = (
    "briefDescription", "notes", "requester", "operatorGroup", "operator", "processingStatus", "numberOfPersons", "externalLink",
    "optionalFields1", "optionalFields2",
)  # fmt: skip


def edit(db: sqlite3.Connection, body: Body, it: Reservation, now_text: str) -> None:
    """Put the given members into `it`; a member given as null is emptied. Problems are kept in `body`."""
    subject = body.text("briefDescription", 100)
    if "briefDescription" in body.value:
        it.subject = subject or ""
    _set(it, body, "notes", body.text("notes"))
    _set(it, body, "numberOfPersons", body.number("numberOfPersons", 0, 99_999))
    _set(it, body, "operator", _known(body, "operator", [{"id": o.id, "name": o.name} for o in OPERATORS]))
    _set(it, body, "operatorGroup", _known(body, "operatorGroup", list(OPERATOR_GROUPS)))
    if status := body.inner("processingStatus"):
        _set(it, body, "processingStatus", look_up(db, "reservationProcessingStatus", status))
    else:
        _set(it, body, "processingStatus", None)
    _set_requester(db, body, it)
    _set_link(body, it, now_text)
    for number, name in enumerate(("optionalFields1", "optionalFields2"), 1):
        given = body.optional_tab(name)
        if given:
            kept = {**it.details.get(name, {}), **_looked_up(db, body, number, name, given)}
            it.details[name] = {key: value for key, value in kept.items() if value not in (None, "")}


def look_up(db: sqlite3.Connection, which: str, body: Body) -> Card | None:
    """An entry of a drop-down list by id or name; unknown, archived and ambiguous ones are blamed."""
    body.allow("id", "name")
    entry_id, name = body.uuid("id"), body.text("name")
    if entry_id is None and name is None:
        body.blame("value_mandatory", "id", "or 'name' is mandatory")
        return None
    rows = db.execute(
        "SELECT id, name FROM topdesk_entries WHERE list = ? AND archived = 0 AND (id = ? OR (? IS NULL AND name = ? COLLATE NOCASE))",
        (which, entry_id, entry_id, name),
    ).fetchall()
    if len(rows) != 1:
        body.blame(
            "value_invalid" if rows else "value_unknown", "id" if entry_id else "name", "is ambiguous" if rows else "cannot be found"
        )
        return None
    return dict(rows[0])


def participants(db: sqlite3.Connection, body: Body) -> Card:
    """Known persons of an EditParticipantsDto; this sandbox has no visitors, so each of those is unknown."""
    body.allow("persons", "visitors")
    persons = []
    for item in body.items("persons"):
        item.allow("id")
        item.require("id")
        if person := person_by_id(db, item, item.uuid("id")):
            persons.append({"id": person["id"], "number": None, "name": person["dynamicName"]})
    for item in body.items("visitors"):
        item.blame("value_unknown", "id", "cannot be found")
    return {"persons": persons, "visitors": []}


def person_by_id(db: sqlite3.Connection, body: Body, person_id: str | None) -> Card | None:
    if person_id is None:
        return None
    row = db.execute("SELECT serial, card FROM topdesk_persons WHERE id = ?", (person_id,)).fetchone()
    if row is None:
        body.blame("value_unknown", "id", "cannot be found")
        return None
    return {"serial": row["serial"], **json.loads(row["card"])}


def _set(it: Reservation, body: Body, name: str, value: Any) -> None:
    if name not in body.value:
        return
    if value is None or value == "":
        it.details.pop(name, None)
    else:
        it.details[name] = value


def _set_requester(db: sqlite3.Connection, body: Body, it: Reservation) -> None:
    """The person's name, e-mail, telephone and branch are copied onto the card, a snapshot (documented)."""
    given = body.inner("requester")
    if given is None:
        return
    given.allow("id")
    given.require("id")
    person = person_by_id(db, given, given.uuid("id"))
    if person and person["archived"]:
        given.blame("value_invalid", "id", "is an archived person")
    elif person:
        it.requester = person["serial"]
        it.details["requester"] = requester_card(person)


def _set_link(body: Body, it: Reservation, now_text: str) -> None:
    """One link, written once: a second write is an error until an administrator removes the first (spec R)."""
    link = body.inner("externalLink")
    if link is None:
        return
    link.allow("id", "type", "date")
    link.require("id", "type")
    link_id, kind, date = link.text("id", 450), link.text("type"), link.instant("date")
    if kind is not None and (not kind.lstrip("-").isdigit() or int(kind) == 0):
        link.blame("value_invalid", "type", "must be a non-zero integer formatted as string")
    if it.details.get("externalLinks"):
        body.blame(CODE_LINK_EXISTS, "externalLink", "is set already and cannot be updated")
        return
    it.details["externalLinks"] = [{"id": link_id, "type": kind, "date": date.strftime("%Y-%m-%dT%H:%M:%SZ") if date else now_text}]


def _known(body: Body, name: str, known: list[Card]) -> Card | None:
    given = body.inner(name)
    if given is None:
        return None
    given.allow("id")
    given.require("id")
    wanted = given.uuid("id")
    for card in known:
        if card["id"] == wanted:
            return card
    if wanted:
        given.blame("value_unknown", "id", "cannot be found")
    return None


def _looked_up(db: sqlite3.Connection, body: Body, number: int, name: str, given: Card) -> Card:
    for key, value in given.items():
        if key.startswith("searchlist") and value is not None:
            given[key] = look_up(db, f"optional/{number}/{key[-1]}", Body(value, f"{name}.{key}", body.problems))
    return given
