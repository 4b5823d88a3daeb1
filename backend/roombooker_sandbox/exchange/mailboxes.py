"""The mailboxes of the organization: people, rooms and one shared mailbox, by object id or any of their addresses."""

from dataclasses import dataclass

from roombooker_sandbox.directory import DOMAIN, Directory, Person, Room, stable_id
from roombooker_sandbox.exchange import inferred

ROOM_KEYS = 10_000_000  # a room's key is this plus its number; a person's is the number
SHARED_KEY = 20_000_000


@dataclass(frozen=True)
class Mailbox:
    key: int
    oid: str
    address: str
    name: str
    kind: str  # user | room | shared
    zone: str  # IANA
    aliases: tuple[str, ...] = ()
    person: Person | None = None
    room: Room | None = None

    @property
    def addresses(self) -> tuple[str, ...]:
        return (self.address, *self.aliases)

    @property
    def has_delegates(self) -> bool:
        return self.room is not None and self.room.number in inferred.ROOMS_WITH_DELEGATES

    @property
    def keeps_subjects(self) -> bool:
        return self.room is not None and self.room.number in inferred.ROOMS_THAT_KEEP_SUBJECTS

    def recipient(self) -> dict[str, dict[str, str]]:
        return {"emailAddress": {"name": self.name, "address": self.address}}


class Mailboxes:
    def __init__(self, directory: Directory) -> None:
        people = [Mailbox(p.number, p.oid, p.mail, p.name, "user", p.building.time_zone, (p.proxy,), person=p) for p in directory.people]
        rooms = [
            Mailbox(ROOM_KEYS + r.number, r.mailbox_oid, r.mailbox, r.name, "room", r.building.time_zone, room=r) for r in directory.rooms
        ]
        shared = Mailbox(
            SHARED_KEY, stable_id("shared", "room-booker"), f"room.booker@{DOMAIN}", "Room Booker", "shared", "Europe/Amsterdam",
        )  # fmt: skip
        self.all = (*people, *rooms, shared)
        self._by_key = {m.key: m for m in self.all}
        self._by_name = {m.oid: m for m in self.all} | {a.lower(): m for m in self.all for a in m.addresses}

    def of(self, key: int) -> Mailbox:
        return self._by_key[key]

    def known(self, key: int) -> bool:
        return key in self._by_key

    def find(self, name: str) -> Mailbox | None:
        """By object id or any address, whatever the case."""
        return self._by_name.get(name.lower())
