"""What the views of this TOPdesk share: the world, who is signed in, outgoing events, and what filters hide from whom."""

import json
import sqlite3
from typing import Any

from flask import Response

from roombooker_sandbox.topdesk.answers import Card, Style, answer, pick, wanted_fields
from roombooker_sandbox.topdesk.events import Events
from roombooker_sandbox.topdesk.moments import from_second, imf_fixdate
from roombooker_sandbox.topdesk.rendering import Reader
from roombooker_sandbox.topdesk.reservation import Reservation
from roombooker_sandbox.topdesk.signin import API_OPERATOR, Signin, current_operator
from roombooker_sandbox.world import World

API = "/tas/api"


class Topdesk:
    def __init__(self, world: World) -> None:
        self.world = world
        self.signin = Signin(world)
        self.events = Events(world)

    @property
    def now_s(self) -> int:
        return int(self.world.clock.now().timestamp())

    def answer(self, body: Any, status: int = 200, *, headers: dict[str, str] | None = None) -> Response:
        return answer(Style(self.world.switches).shape(body), status, headers=headers)

    def answer_reservation(
        self, db: sqlite3.Connection, it: Reservation, status: int = 200, headers: dict[str, str] | None = None
    ) -> Response:
        """The whole card with its Last-Modified; `$fields` narrows what GET shows."""
        card = Reader(db).reservation(it)
        wanted = wanted_fields()
        return self.answer(
            pick(card, wanted) if wanted else card,
            status,
            headers={"Last-Modified": imf_fixdate(from_second(it.modified))} | (headers or {}),
        )

    def hides(self, branch: str, room_type: str) -> bool:
        """Branch and category filters work without an error: what they hide is just not there."""
        rights = self.world.removed_rights
        return current_operator() is API_OPERATOR and (f"branch:{branch}" in rights or f"room_type:{room_type}" in rights)

    def hidden_rooms(self, db: sqlite3.Connection) -> frozenset[int]:
        """Serials of the rooms that the signed-in operator's filters hide; their reservations are hidden with them."""
        if not any(right.startswith(("branch:", "room_type:")) for right in self.world.removed_rights):
            return frozenset()
        rows = db.execute("SELECT l.serial, l.type, b.name FROM topdesk_locations l JOIN topdesk_branches b ON b.id = l.branch_id")
        return frozenset(row["serial"] for row in rows if self.hides(row["name"], row["type"]))

    def location(self, db: sqlite3.Connection, location_id: str) -> tuple[int, Card] | None:
        """Serial and card of a location that the operator may see."""
        row = db.execute("SELECT serial, card FROM topdesk_locations WHERE id = ?", (location_id.lower(),)).fetchone()
        if row is None:
            return None
        card: Card = json.loads(row["card"])
        return None if self.hides(card["branch"]["name"], card["type"]["name"]) else (row["serial"], card)
