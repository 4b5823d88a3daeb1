"""Drop-down lists: cancellation and rejection reasons, processing statuses, service types, optional searchlists."""

import json
import sqlite3
import uuid
from collections.abc import Callable

from flask import Blueprint, Response, request

from roombooker_sandbox.topdesk.answers import Card, not_found, refuse, truth
from roombooker_sandbox.topdesk.bodies import Body
from roombooker_sandbox.topdesk.signin import needs
from roombooker_sandbox.topdesk.system import API, Topdesk

# List -> (right to read it, right to change it, whether archived entries are hidden unless asked for).
_LISTS = {
    "reservationCancellationReasons": ("cancellation_reasons", "reservations_write", True),
    "reservationRejectionReasons": ("rejection_reasons", "reservations_write", True),
    "reservationProcessingStatus": ("reservations_read", "reservations_write", True),
    "serviceTypes": ("reservations_read", "reservations_write", False),
}


def routes(blueprint: Blueprint, topdesk: Topdesk) -> None:
    for name, (read, write, hidden) in _LISTS.items():
        _plain_list(blueprint, topdesk, name, read, write, hides_archived=hidden)
    _optional_lists(blueprint, topdesk)


def _plain_list(blueprint: Blueprint, topdesk: Topdesk, which: str, read: str, write: str, *, hides_archived: bool) -> None:
    store, path = topdesk.world.store, f"{API}/{which}"

    @needs(topdesk.world, read)
    def get_entries() -> Response:
        archived = truth("archived")
        with store.transaction() as db:
            return topdesk.answer({"results": _entries(db, which, False if archived is None and hides_archived else archived)})

    @needs(topdesk.world, write)
    def post_entry() -> Response:
        with store.transaction() as db:
            return topdesk.answer(_shown(_write(db, which, None)))

    @needs(topdesk.world, write)
    def patch_entry(identifier: str) -> Response:
        with store.transaction() as db:
            return topdesk.answer(_shown(_write(db, which, _one(db, which, identifier))))

    @needs(topdesk.world, write)
    def archive_entry(identifier: str, verb: str) -> Response:
        with store.transaction() as db:
            return topdesk.answer(_shown(_archive(db, _one(db, which, identifier), verb)))

    _register(blueprint, which, path, get_entries, post_entry, patch_entry, archive_entry)


def _optional_lists(blueprint: Blueprint, topdesk: Topdesk) -> None:
    store, read, write = topdesk.world.store, "reservations_read", "reservations_write"

    @needs(topdesk.world, read)
    def get_entries(tab: int, searchlist: int) -> Response:
        ids, kinds = request.args.getlist("external_link_id"), request.args.getlist("external_link_type")
        with store.transaction() as db:
            entries = _entries(db, _optional(tab, searchlist), truth("archived"), links=True)
        return topdesk.answer({"results": [e for e in entries if _linked(e, "id", ids) and _linked(e, "type", kinds)]})

    @needs(topdesk.world, write)
    def post_entry(tab: int, searchlist: int) -> Response:
        with store.transaction() as db:
            return topdesk.answer(_shown(_write(db, _optional(tab, searchlist), None, links=True), links=True))

    @needs(topdesk.world, write)
    def patch_entry(tab: int, searchlist: int, identifier: str) -> Response:
        which = _optional(tab, searchlist)
        with store.transaction() as db:
            return topdesk.answer(_shown(_write(db, which, _one(db, which, identifier), links=True), links=True))

    @needs(topdesk.world, write)
    def archive_entry(tab: int, searchlist: int, identifier: str, verb: str) -> Response:
        with store.transaction() as db:
            return topdesk.answer(_shown(_archive(db, _one(db, _optional(tab, searchlist), identifier), verb), links=True))

    path = f"{API}/reservationsOptionalSearchlist/<int:tab>/<int:searchlist>"
    _register(blueprint, "reservationsOptionalSearchlist", path, get_entries, post_entry, patch_entry, archive_entry)


def _register(blueprint: Blueprint, name: str, path: str, *views: Callable[..., Response]) -> None:
    get_entries, post_entry, patch_entry, archive_entry = views
    blueprint.add_url_rule(path, f"{name}_get", get_entries, methods=["GET"])
    blueprint.add_url_rule(path, f"{name}_post", post_entry, methods=["POST"])
    blueprint.add_url_rule(f"{path}/<identifier>", f"{name}_patch", patch_entry, methods=["PATCH"])
    blueprint.add_url_rule(f"{path}/<identifier>/<any(archive,unarchive):verb>", f"{name}_archive", archive_entry, methods=["POST"])


def _optional(tab: int, searchlist: int) -> str:
    if tab not in (1, 2) or searchlist not in (1, 2, 3, 4, 5):
        raise refuse("value_invalid", "There is no such searchlist", "tab", "searchlist")
    return f"optional/{tab}/{searchlist}"


def _entries(db: sqlite3.Connection, which: str, archived: bool | None, *, links: bool = False) -> list[Card]:  # noqa: FBT001  three states
    rows = db.execute(
        "SELECT * FROM topdesk_entries WHERE list = ? AND (? IS NULL OR archived = ?) ORDER BY name", (which, archived, archived)
    )
    return [_shown(row, links=links) for row in rows]


def _shown(row: sqlite3.Row, *, links: bool = False) -> Card:
    card = {"id": row["id"], "name": row["name"]}
    return card | {"externalLinks": json.loads(row["link"]) if row["link"] else []} if links else card


def _linked(card: Card, member: str, wanted: list[str]) -> bool:
    return not wanted or any(link[member] in wanted for link in card["externalLinks"])


def _one(db: sqlite3.Connection, which: str, identifier: str) -> sqlite3.Row:
    """By id or by name."""
    row: sqlite3.Row | None = db.execute(
        "SELECT * FROM topdesk_entries WHERE list = ? AND (id = ? OR name = ? COLLATE NOCASE) ORDER BY id = ? DESC LIMIT 1",
        (which, identifier.lower(), identifier, identifier.lower()),
    ).fetchone()
    if row is None:
        raise not_found()
    return row


def _write(db: sqlite3.Connection, which: str, row: sqlite3.Row | None, *, links: bool = False) -> sqlite3.Row:
    """Names are unique without regard to case, not blank, at most 100 characters (spec R)."""
    body = Body()
    body.allow("name", *(("externalLink",) if links else ()))
    body.require("name")
    name, entry_id = (body.text("name", 100) or "").strip(), row["id"] if row else str(uuid.uuid4())
    if not name and not body.problems:
        body.blame("value_mandatory", "name", "may not be blank")
    link = body.inner("externalLink")
    if link:
        link.require("id", "type")
    body.finish()
    if db.execute(
        "SELECT 1 FROM topdesk_entries WHERE list = ? AND name = ? COLLATE NOCASE AND id <> ?", (which, name, entry_id)
    ).fetchone():
        raise refuse("duplicate_value", "There is an entry of this name already", "name")
    kept = json.dumps([link.value]) if link else row["link"] if row else None
    db.execute(
        "INSERT OR REPLACE INTO topdesk_entries (id, list, name, archived, link) VALUES (?,?,?,?,?)",
        (entry_id, which, name, row["archived"] if row else 0, kept),
    )
    return _one(db, which, entry_id)


def _archive(db: sqlite3.Connection, row: sqlite3.Row, verb: str) -> sqlite3.Row:
    db.execute("UPDATE topdesk_entries SET archived = ? WHERE id = ?", (verb == "archive", row["id"]))
    return _one(db, row["list"], row["id"])
