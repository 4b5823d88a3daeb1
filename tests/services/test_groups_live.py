"""The whole product over a TOPdesk that keeps one room for its management board."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from joint import Joint, start_joint
from roombooker.errors import InvalidInput
from roombooker.services.availability import question_from
from roombooker.store import rooms
from sandboxes import ALICE

BOB = "bob.devries@contoso.example"


@pytest.fixture
def joint(tmp_path: Path) -> Iterator[Joint]:
    with start_joint(tmp_path) as running:
        yield running


def test_only_members_of_its_group_book_the_board_room(joint: Joint) -> None:
    with joint.database.read() as session:
        (room,) = [one for one in rooms.every(session) if one.person_group]
    start = (joint.now() + timedelta(days=30)).replace(hour=9, minute=0, second=0, microsecond=0)
    slot = {"start": start, "end": start + timedelta(hours=1), "attendees": 2}

    def told(person: str, text: str) -> dict[str, str]:
        found = joint.product.services.availability.search(person, question_from(slot | {"filters": {"text": text}}))["rooms"]
        return {one["room"]["name"]: one["reason"]["message"] if one["reason"] else one["state"] for one in found}

    before = joint.calls()
    assert "free" in told(ALICE, "amber").values()
    assert joint.calls(before) == {}
    assert told(ALICE, room.name)[room.name] == "Only Management board may book this room."
    assert told(BOB, room.name)[room.name] == "free"
    body = slot | {"rooms": [room.id], "subject": "Board"}
    with pytest.raises(InvalidInput, match="Only Management board"):
        joint.book("key-0001", body | {"organizer": ALICE})
    before = joint.calls()
    assert joint.book("key-0002", body | {"organizer": BOB}, BOB)[0] == 201
    upstream = {call: n for call, n in joint.calls(before).items() if not call.startswith("entra")}
    assert sum(upstream.values()) <= 4, upstream  # the person and their groups are known from the search
    assert [b.organizer.email for b in joint.reservations(room) if b.organizer] == [BOB]
