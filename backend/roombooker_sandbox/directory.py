"""Who works at Contoso and where: buildings, rooms and people, the same for TOPdesk, Exchange and Entra; repeatable by seed."""

import random
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_NAMESPACE = uuid.UUID("a1f7b6f0-4f27-4d0c-9a0e-3a1f0f6f2b10")
DOMAIN = "contoso.example"

_FIRST = [
    "Anna",
    "Bram",
    "Chloe",
    "Daan",
    "Emma",
    "Finn",
    "Grace",
    "Hugo",
    "Iris",
    "Jesse",
    "Kim",
    "Lars",
    "Mila",
    "Noah",
    "Olivia",
    "Pim",
    "Quinn",
    "Ruben",
    "Sara",
    "Thijs",
    "Uma",
    "Vera",
    "Wout",
    "Xander",
    "Yara",
    "Zoë",
    "Amir",
    "Bea",
    "Cem",
    "Dilan",
    "Elif",
    "Femke",
    "Gijs",
    "Hanna",
    "Ilse",
    "Joris",
    "Koen",
    "Lotte",
    "Maud",
    "Niels",
]
_LAST = [
    "Bakker",
    "Visser",
    "Meijer",
    "Mulder",
    "Bos",
    "Vos",
    "Peters",
    "Hendriks",
    "Dekker",
    "Brouwer",
    "Dijkstra",
    "Kok",
    "Vermeulen",
    "Schouten",
    "Willems",
    "Hoekstra",
    "Koster",
    "Prins",
    "Blom",
    "Maas",
    "Postma",
    "Kuiper",
    "Veenstra",
    "Kramer",
    "Yilmaz",
    "Nguyen",
    "Novak",
    "Rossi",
    "García",
    "O'Brien",
]
_ROOM_NAMES = [
    "Amber",
    "Beryl",
    "Coral",
    "Diamond",
    "Emerald",
    "Flint",
    "Garnet",
    "Hematite",
    "Iolite",
    "Jade",
    "Kyanite",
    "Lapis",
    "Moonstone",
    "Nephrite",
    "Onyx",
    "Pearl",
    "Quartz",
    "Ruby",
    "Sapphire",
    "Topaz",
    "Unakite",
    "Vesuvian",
    "Wulfenite",
    "Xenolith",
    "Yttrium",
    "Zircon",
]
_EQUIPMENT = ("display", "video conferencing", "whiteboard", "phone", "hearing loop")
_DEPARTMENTS = ("Finance", "Legal", "People", "Sales", "Operations", "IT", "Research")
_SUBJECTS = (
    "Weekly stand-up", "Budget review", "Interview", "Project kick-off", "One to one", "Retrospective", "Vendor meeting",
    "Design review", "Quarterly planning", "Training",
)  # fmt: skip


def stable_id(kind: str, number: object) -> str:
    """A UUID that is the same in every run."""
    return str(uuid.uuid5(_NAMESPACE, f"{kind}:{number}"))


@dataclass(frozen=True)
class Building:
    number: int
    branch_id: str
    name: str
    city: str
    time_zone: str
    floors: int


@dataclass(frozen=True)
class Person:
    number: int
    oid: str  # Entra object id, also the Graph user id
    card_id: str | None  # TOPdesk person card; None: an Outlook user without a card
    first: str
    last: str
    mail: str
    proxy: str  # a second address known to Exchange
    department: str
    building: Building
    app_roles: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return f"{self.first} {self.last}"

    @property
    def topdesk_name(self) -> str:
        return f"{self.last}, {self.first}"


@dataclass(frozen=True)
class PersonGroup:
    id: str
    name: str
    members: frozenset[str]  # TOPdesk person cards


@dataclass(frozen=True)
class Room:
    number: int
    location_id: str  # TOPdesk
    mailbox: str
    mailbox_oid: str  # the room mailbox's Graph user id
    place_id: str
    name: str
    room_number: str
    building: Building
    floor: int
    capacity: int
    equipment: tuple[str, ...]
    wheelchair: bool
    requires_approval: bool
    block_minutes: int
    person_group: PersonGroup | None = None  # only these may book it
    in_scope: bool = True  # of the app's rights on room mailboxes


@dataclass(frozen=True)
class Meeting:
    room: Room
    organizer: Person
    attendees: tuple[Person, ...]
    start: datetime  # aware
    end: datetime
    subject: str
    private: bool
    number: int


@dataclass(frozen=True)
class Directory:
    buildings: tuple[Building, ...]
    people: tuple[Person, ...]
    rooms: tuple[Room, ...]
    person_account_id: str  # TOPdesk person that books for those without a card
    groups: tuple[PersonGroup, ...]
    seed: int

    def meetings(self, first: date, days: int, per_day: int) -> Iterator[Meeting]:
        """Believable office days, never two in one room at once; block times respected; room by room in start order."""
        organizers, number = self.people[3:], 0
        days_of = [day for day in (first + timedelta(days=offset) for offset in range(days)) if day.weekday() < 5]
        for room in self.rooms:
            chance = random.Random(f"{self.seed}:{room.number}")
            draw, zone = chance.random, ZoneInfo(room.building.time_zone)
            most_others = max(1, min(room.capacity - 1, 8))
            for day in days_of:
                midnight = datetime.combine(day, time(), zone)
                minute = 8 * 60 + chance.choice((0, 30, 60))
                room_left = 18 * 60
                for _ in range(per_day if per_day >= 8 else chance.randint(max(0, per_day - 3), per_day)):
                    length = 30 if per_day >= 8 else chance.choice((30, 30, 60, 60, 90))
                    gap = room.block_minutes * 2 + (10 if per_day >= 8 else chance.choice((0, 0, 30, 60, 90)))
                    if minute + length > room_left:
                        break
                    # indices from random() instead of choice() and sample(): five million meetings are made of this
                    organizer = organizers[int(draw() * len(organizers))]
                    others = dict.fromkeys(int(draw() * len(self.people)) for _ in range(1 + int(draw() * most_others)))
                    number += 1
                    yield Meeting(
                        room, organizer, tuple(self.people[i] for i in others if self.people[i] is not organizer),
                        midnight + timedelta(minutes=minute), midnight + timedelta(minutes=minute + length),
                        _SUBJECTS[int(draw() * len(_SUBJECTS))], draw() < 0.04, number,
                    )  # fmt: skip
                    minute += length + gap - gap % 5


def make_directory(rooms: int, people: int, seed: int) -> Directory:
    chance = random.Random(seed)
    buildings = tuple(
        Building(i, stable_id("branch", i), name, city, zone, floors)
        for i, (name, city, zone, floors) in enumerate(
            [("Harbour House", "Rotterdam", "Europe/Amsterdam", 5), ("Canal Court", "Amsterdam", "Europe/Amsterdam", 4),
             ("Thames Yard", "London", "Europe/London", 3)]
        )
    )  # fmt: skip
    known = tuple(_people(max(5, people), buildings, chance))
    board = PersonGroup(stable_id("person group", "board"), "Management board", frozenset(p.card_id for p in known[1:3] if p.card_id))
    return Directory(
        buildings, known, tuple(_rooms(rooms, buildings, chance, board)), stable_id("person", "room-booker-account"), (board,), seed
    )


def _people(count: int, buildings: tuple[Building, ...], chance: random.Random) -> Iterator[Person]:
    cast = [("Alice", "Jansen", ()), ("Bob", "deVries", ()), ("Carol", "Smit", ("RoomBooker.Admin",)),
            ("Erin", "Visser", ()), ("Sam", "Support", ("RoomBooker.Support",))]  # fmt: skip
    taken: set[str] = set()
    for number in range(count):
        if number < len(cast):
            first, last, roles = cast[number]
        else:
            first, last, roles = chance.choice(_FIRST), chance.choice(_LAST), ()
        local = f"{first}.{last}".lower().replace("'", "").replace("ë", "e").replace("í", "i")
        if local in taken:
            local = f"{local}{number}"
        taken.add(local)
        has_card = first != "Erin" and (number < len(cast) or chance.random() > 0.03)
        yield Person(
            number, stable_id("user", number), stable_id("person", number) if has_card else None, first,
            {"deVries": "de Vries"}.get(last, last), f"{local}@{DOMAIN}", f"{local.split('.')[0][0]}{number}@{DOMAIN}",
            chance.choice(_DEPARTMENTS), buildings[number % len(buildings)] if number >= len(cast) else buildings[0], roles,
        )  # fmt: skip


def _rooms(count: int, buildings: tuple[Building, ...], chance: random.Random, board: PersonGroup) -> Iterator[Room]:
    for number in range(count):
        building = buildings[number * len(buildings) // max(count, 1)]
        floor = number % building.floors
        base = _ROOM_NAMES[number % len(_ROOM_NAMES)]
        name = base if number < len(_ROOM_NAMES) else f"{base} {number // len(_ROOM_NAMES) + 1}"
        capacity = chance.choice((4, 4, 6, 6, 8, 8, 10, 12, 16, 24))
        equipment = tuple(e for e in _EQUIPMENT if chance.random() < 0.5)
        yield Room(
            number, stable_id("location", number), f"room.{name.lower().replace(' ', '-')}@{DOMAIN}",
            stable_id("room-user", number), stable_id("place", number), name, f"{building.name[0]}{floor}.{number % 100:02d}",
            building, floor, capacity, equipment, chance.random() < 0.8, requires_approval=number % 13 == 5,
            block_minutes=15 if number % 9 == 4 else 0, person_group=board if number == 22 else None,
        )  # fmt: skip
