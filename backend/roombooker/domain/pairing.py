"""Pairing: which TOPdesk location and which Exchange room mailbox are the same room; strictly one to one."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from roombooker.domain.calendar import Location, Place
from roombooker.domain.room import Room


@dataclass(frozen=True, slots=True)
class Suggestion:
    """`is_sure`: the best for both, by name or number, and nothing else comes near."""

    location: Location
    place: Place
    why: str
    is_sure: bool


def dressed(room: Room, location: Location | None, place: Place | None) -> Room:
    """The room with its attributes as both sides have them now; what a side does not tell stays as it was."""
    if location is not None:
        room = replace(
            room,
            name=location.name or room.name,
            number=location.number,
            building=location.branch or room.building,
            branch_id=location.branch_id,
            floor=location.floor,
            capacity=location.capacity,
            time_zone=location.time_zone or room.time_zone,
            requires_approval=location.requires_approval,
            block_time=timedelta(minutes=location.block_minutes),
            person_group=location.person_group,
        )
    if place is not None:
        room = replace(
            room,
            name=room.name or place.name,
            building=room.building or place.building,
            floor=room.floor or place.floor,
            capacity=place.capacity if room.capacity is None else room.capacity,
            equipment=place.equipment,
            wheelchair_accessible=place.wheelchair_accessible,
        )
    return room


def alarm_of(room: Room, location: Location | None, place: Place | None) -> str | None:
    """Why the pair is broken, in a sentence; None where it is whole."""
    if location is None:
        return "TOPdesk does not show this location any more: it was deleted, or a filter or right hides it."
    if location.archived:
        return "The location is archived in TOPdesk."
    if not location.reservable:
        return "The location is not reservable in TOPdesk any more."
    if room.mapped_in == "topdesk" and location.mailbox != room.mailbox:
        if not location.mailbox:
            return "TOPdesk's mailbox field of this location is empty now; disable the room, or fill the field again."
        return f"TOPdesk now names {location.mailbox} for this location; disable the room first, then import again."
    if place is None:
        return "Exchange does not show this room mailbox: it was deleted, or lies outside this application's scope."
    return None


def doubled(values: Iterable[str]) -> set[str]:
    """What occurs more than once, the empty apart."""
    return {value for value, times in Counter(values).items() if value and times > 1}


def suggest(locations: Sequence[Location], places: Sequence[Place]) -> list[Suggestion]:
    """Best pairs of what is not paired yet, by name, number and capacity; each location and each place at most once."""
    scored = sorted(
        ((score, at, to, why) for at, location in enumerate(locations) for to, place in enumerate(places)
         for score, why in [_likeness(location, place)] if score >= _ENOUGH),
        key=lambda found: (-found[0], found[1], found[2]),
    )  # fmt: skip
    found: list[Suggestion] = []
    used_locations: set[int] = set()
    used_places: set[int] = set()
    for score, at, to, why in scored:
        if at in used_locations or to in used_places:
            continue
        used_locations.add(at)
        used_places.add(to)
        rivals = [other for other, a, t, _ in scored if (a == at) != (t == to)]
        found.append(Suggestion(locations[at], places[to], why, is_sure=score >= _SURE and all(other < score for other in rivals)))
    return found


_ENOUGH = 3
_SURE = 5


def _likeness(location: Location, place: Place) -> tuple[int, str]:
    """Same name 5; the number as a word of the mailbox's name 4; a shared telling word 3; same capacity and building 1 each."""
    theirs = f"{place.name} {place.mailbox.partition('@')[0]}"
    score, why = 0, []
    if _plain(location.name) and _plain(location.name) in (_plain(place.name), _plain(place.mailbox.partition("@")[0])):
        score, why = 5, ["same name"]
    elif location.number and _plain(location.number) in {_plain(word) for word in re.split(r"[\s()_]+", theirs)}:
        score, why = 4, ["the number is in the name"]
    elif _words(location.name) & _words(theirs):
        score, why = 3, ["similar name"]
    if score and location.capacity is not None and location.capacity == place.capacity:
        score += 1
        why.append("same capacity")
    if score and place.building and _plain(place.building) == _plain(location.branch):
        score += 1
        why.append("same building")
    return score, ", ".join(why)


_COMMON = {"room", "meeting", "zaal", "kamer", "ruimte", "vergaderzaal", "vergaderkamer", "the", "floor"}


def _words(text: str) -> set[str]:
    return {word for word in re.findall(r"\w+", text.casefold()) if len(word) > 2 and word not in _COMMON and not word.isdigit()}


def _plain(text: str) -> str:
    return re.sub(r"[\W_]+", "", text.casefold())
