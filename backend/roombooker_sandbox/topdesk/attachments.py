"""Files attached to a reservation."""

import uuid

from flask import Blueprint, Response, request

from roombooker_sandbox.topdesk.answers import Card, not_found, refuse
from roombooker_sandbox.topdesk.inferred import ATTACHMENT_LIMIT
from roombooker_sandbox.topdesk.moments import from_second
from roombooker_sandbox.topdesk.reservations import known
from roombooker_sandbox.topdesk.signin import current_operator, needs
from roombooker_sandbox.topdesk.system import API, Topdesk


def routes(blueprint: Blueprint, topdesk: Topdesk) -> None:
    store, path = topdesk.world.store, f"{API}/reservations/<identifier>/attachments"

    @blueprint.get(path)
    @needs(topdesk.world, "reservations_read")
    def get_attachments(identifier: str) -> Response:
        with store.transaction() as db:
            it = known(topdesk, db, identifier)
            rows = db.execute(
                "SELECT *, length(content) AS size FROM topdesk_attachments WHERE reservation = ? ORDER BY entered, id", (it.serial,)
            )
            return topdesk.answer({"results": [_card(dict(row), it.id) for row in rows]})

    @blueprint.post(path)
    @needs(topdesk.world, "reservations_write")
    def post_attachment(identifier: str) -> Response:
        """One form part `file`, as multipart (what clients send) or as a form field (what spec R says)."""
        upload = request.files.get("file")
        content = upload.stream.read() if upload else request.form.get("file", "").encode()
        if not content or len(content) > ATTACHMENT_LIMIT:
            raise refuse("value_mandatory" if not content else "value_overflow", "The file is missing or too large", "file")
        row: Card = {
            "id": str(uuid.uuid4()), "name": (upload.filename if upload else None) or "file", "description": request.form.get("description", ""),
            "entered": topdesk.now_s, "operator": current_operator().id,
        }  # fmt: skip
        with store.transaction() as db:
            it = known(topdesk, db, identifier)
            db.execute(
                "INSERT INTO topdesk_attachments (id, reservation, name, description, entered, operator, content) VALUES (?,?,?,?,?,?,?)",
                (row["id"], it.serial, row["name"], row["description"], row["entered"], row["operator"], content),
            )
        return topdesk.answer(_card({**row, "size": len(content)}, it.id))

    @blueprint.get(f"{path}/<attachment_id>/download")
    @needs(topdesk.world, "reservations_read")
    def download_attachment(identifier: str, attachment_id: str) -> Response:
        with store.transaction() as db:
            it = known(topdesk, db, identifier)
            row = db.execute(
                "SELECT content FROM topdesk_attachments WHERE id = ? AND reservation = ?", (attachment_id, it.serial)
            ).fetchone()
        if row is None:
            raise not_found()
        return Response(row["content"], content_type="application/octet-stream")


def _card(row: Card, reservation_id: str) -> Card:
    return {
        "id": row["id"], "fileName": row["name"], "downloadUrl": f"{API}/reservations/{reservation_id}/attachments/{row['id']}/download",
        "size": row["size"], "description": row["description"], "entryDate": from_second(row["entered"]), "operator": {"id": row["operator"]},
    }  # fmt: skip
