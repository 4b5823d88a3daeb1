"""Rooms: pairs read from TOPdesk's mailbox field, from a CSV file or by likeness; switched on and off; broken ones raise an alarm."""

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from roombooker.domain import pairing
from roombooker.domain.calendar import Facilities, Location, MeetingCalendar, Place
from roombooker.domain.room import Room
from roombooker.errors import InvalidInput, NotFound
from roombooker.services.policies import policy_of, with_policy
from roombooker.store import loading, rooms
from roombooker.store.db import Database

_LOADING = timedelta(days=1)  # the longest that a first load may take, begun again where it was stopped
_HEADER = ["topdesk_location_id", "mailbox", "enabled"]
_TRUE, _FALSE = {"1", "true", "yes", "on"}, {"0", "false", "no", "off", ""}


@dataclass
class _Report:
    ids: list[str] = field(default_factory=list)
    added: list[str] = field(default_factory=list)
    refreshed: list[str] = field(default_factory=list)
    alarms: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def json(self) -> dict[str, Any]:
        """`lines` say it to a person."""
        counted = f"{len(self.added)} added, {len(self.refreshed)} refreshed, {len(self.alarms)} broken, {len(self.problems)} not imported"
        lines = [counted, *(f"! {text}" for text in (*self.alarms, *self.problems))]
        return {"ids": self.ids, "added": self.added, "refreshed": self.refreshed, "alarms": self.alarms,
                "problems": self.problems, "lines": lines}  # fmt: skip


class RoomService:
    def __init__(self, *, database: Database, facilities: Facilities, meetings: MeetingCalendar, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._facilities = facilities
        self._meetings = meetings
        self._clock = clock

    def listed(self) -> list[dict[str, Any]]:
        """All pairs by name, those that are off too."""
        with self._database.read() as session:
            found = rooms.every(session)
        return [
            {"id": room.id, "name": room.name, "number": room.number, "building": room.building, "floor": room.floor,
             "capacity": room.capacity, "mailbox": room.mailbox, "topdesk_location_id": room.location_id, "enabled": room.enabled,
             "mapped_in": room.mapped_in, "alarm": room.alarm}
            for room in found
        ]  # fmt: skip

    def import_from_topdesk(self, *, branch: str | None = None, room_type: str | None = None) -> dict[str, Any]:
        """Pair the locations whose mailbox field is filled; new pairs are off. Refreshes all pairs, and alarms where one is broken.

        With a filter, pairs that it hides are left alone."""
        locations = {one.id: one for one in self._facilities.locations(branch, room_type)}
        places = {one.mailbox.lower(): one for one in self._meetings.places()}
        report = _Report()
        with self._database.write() as session:
            known = rooms.every(session)
            taken = {room.mailbox for room in known}
            kept = [self._refreshed(room, locations, places, taken, report, is_filtered=bool(branch or room_type)) for room in known]
            fresh = self._new(locations.values(), places, known, report)
            at = self._clock()
            for room in [*(new for old, new in zip(known, kept, strict=True) if new != old), *fresh]:
                rooms.save(session, room, at=at)
        return report.json()

    def refresh(self) -> dict[str, Any]:
        """What a nightly job runs: attributes and alarms."""
        return self.import_from_topdesk()

    def import_csv(self, text: str) -> dict[str, Any]:
        """Pairs as an administrator lists them, switched as the file says; all of it, or InvalidInput with every line that is wrong."""
        wanted = _read_csv(text)
        locations = {one.id: one for one in self._facilities.locations()}
        places = {one.mailbox.lower(): one for one in self._meetings.places()}
        report = _Report()
        with self._database.write() as session:
            known = rooms.every(session)
            _check(wanted, locations, places, known)
            by_location = {room.location_id: room for room in known}
            at = self._clock()
            for location_id, mailbox, _ in wanted:  # out of the way first, so that two rooms may swap their mailboxes
                if location_id in by_location and by_location[location_id].mailbox != mailbox:
                    rooms.save(session, replace(by_location[location_id], mailbox=f"{location_id}.moving"), at=at)
            for location_id, mailbox, enabled in wanted:
                found = by_location.get(location_id)
                if found is None:
                    room = Room(id=rooms.new_room_id(), location_id=location_id, mailbox=mailbox, name="", mapped_in="admin")
                    report.added.append(mailbox)
                else:
                    room = found if found.mailbox == mailbox else replace(found, mailbox=mailbox, mapped_in="admin")
                    report.refreshed.append(mailbox)
                room = pairing.dressed(replace(room, enabled=enabled, alarm=None), locations[location_id], places[mailbox])
                report.ids.append(room.id)
                rooms.save(session, room, at=at)
        return report.json()

    def export_csv(self) -> str:
        with self._database.read() as session:
            found = rooms.every(session)
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(_HEADER)
        writer.writerows([room.location_id, room.mailbox, "true" if room.enabled else "false"] for room in found)
        return out.getvalue()

    def suggest(self) -> list[pairing.Suggestion]:
        """Pairs for what neither side has paired yet, the best first."""
        locations, places = self._facilities.locations(), self._meetings.places()
        with self._database.read() as session:
            known = rooms.every(session)
        used_locations, used_mailboxes = {room.location_id for room in known}, {room.mailbox for room in known}
        open_locations = [x for x in locations if x.reservable and not x.archived and x.id not in used_locations]
        return pairing.suggest(open_locations, [x for x in places if x.mailbox.lower() not in used_mailboxes])

    def match(self, *, apply: bool = False) -> dict[str, Any]:
        """The suggestions; `apply` stores the sure ones as pairs that are off."""
        found = self.suggest()
        stored = []
        if apply:
            with self._database.write() as session:
                for one in (one for one in found if one.is_sure):
                    new = Room(id=rooms.new_room_id(), location_id=one.location.id, mailbox=one.place.mailbox.lower(), name="",
                               enabled=False, mapped_in="admin")  # fmt: skip
                    rooms.save(session, pairing.dressed(new, one.location, one.place), at=self._clock())
                    stored.append(new.id)
        suggestions = [
            {"topdesk_location_id": one.location.id, "location": one.location.name, "mailbox": one.place.mailbox, "why": one.why,
             "sure": one.is_sure} for one in found
        ]  # fmt: skip
        lines = [f"{'=' if s['sure'] else '?'} {s['location']}  {s['mailbox']}  ({s['why']})" for s in suggestions]
        return {"suggestions": suggestions, "ids": stored, "lines": lines}

    def enable_all(self, ids: Sequence[str] | None = None) -> int:
        """Switch on without a preview (a new installation, the sandbox); broken pairs stay off. None: all. Returns how many came on."""
        with self._database.write() as session:
            chosen = [room for room in rooms.every(session) if ids is None or room.id in ids]
            switched = [room for room in chosen if not room.enabled and room.alarm is None]
            for room in switched:
                self._switch(session, room, on=True)
        return len(switched)

    def enable(self, names: Iterable[str]) -> list[str]:
        """By id or mailbox; NotFound for an unknown one, InvalidInput for a broken pair, and then none is switched."""
        return self._switch_all(names, on=True)

    def disable(self, names: Iterable[str]) -> list[str]:
        """Both sides stay as they are."""
        return self._switch_all(names, on=False)

    def set_policy(self, name: str, values: Mapping[str, Any]) -> dict[str, Any]:
        """Set rules of one room, by id or mailbox, see `policies`; all of the room's rules afterwards."""
        with self._database.write() as session:
            wanted = name.strip().lower()
            room = next((r for r in rooms.every(session) if name == r.id or wanted == r.mailbox), None)
            if room is None:
                raise NotFound(f"There is no room {name!r}; `roombooker rooms list` shows them.")
            room = with_policy(room, values)
            rooms.save(session, room, at=self._clock())
        return {"id": room.id, "name": room.name or room.mailbox, "policy": policy_of(room)}

    def _switch_all(self, names: Iterable[str], *, on: bool) -> list[str]:
        with self._database.write() as session:
            by_name = {key: room for room in rooms.every(session) for key in (room.id, room.mailbox)}
            chosen = []
            for name in names:
                room = by_name.get(name) or by_name.get(name.strip().lower())
                if room is None:
                    raise NotFound(f"There is no room {name!r}; `roombooker rooms list` shows them.")
                if on and room.alarm:
                    raise InvalidInput(f"{room.name or room.mailbox} cannot be switched on: {room.alarm}")
                chosen.append(room)
            if on:  # whoever looks at one of them first finds what was there before us
                loading.begin(session, [room.id for room in chosen if not room.enabled], until=self._clock() + _LOADING)
            for room in chosen:
                self._switch(session, room, on=on)
        return [room.name or room.mailbox for room in chosen]

    def _switch(self, session: Any, room: Room, *, on: bool) -> None:
        if room.enabled != on:
            rooms.save(session, replace(room, enabled=on), at=self._clock())

    def _refreshed(
        self,
        room: Room,
        locations: Mapping[str, Location],
        places: Mapping[str, Place],
        taken: set[str],
        report: _Report,
        *,
        is_filtered: bool,
    ) -> Room:
        location, place = locations.get(room.location_id), places.get(room.mailbox)
        if location is None and is_filtered:
            return room
        if location and room.mapped_in == "topdesk" and not room.enabled and location.mailbox in places and location.mailbox not in taken:
            # Nothing is kept in step while it is off, so TOPdesk's new word simply counts.
            room, place = replace(room, mailbox=location.mailbox), places[location.mailbox]
        alarm = pairing.alarm_of(room, location, place)
        report.ids.append(room.id)
        if alarm:
            report.alarms.append(f"{room.name or room.mailbox}: {alarm}")
        else:
            report.refreshed.append(room.mailbox)
        return replace(pairing.dressed(room, location, place), alarm=alarm)

    def _new(self, locations: Iterable[Location], places: Mapping[str, Place], known: Sequence[Room], report: _Report) -> list[Room]:
        used_locations = {room.location_id for room in known}
        used_mailboxes = {room.mailbox: room for room in known}
        wanted = [one for one in locations if one.mailbox and one.reservable and not one.archived and one.id not in used_locations]
        twice = pairing.doubled(one.mailbox for one in wanted)
        fresh = []
        for one in wanted:
            if one.mailbox in twice:
                others = ", ".join(x.name for x in wanted if x.mailbox == one.mailbox and x.id != one.id)
                report.problems.append(f"{one.name}: {one.mailbox} is also the mailbox of {others}; a mailbox belongs to one location.")
            elif one.mailbox in used_mailboxes:
                report.problems.append(f"{one.name}: {one.mailbox} belongs to {used_mailboxes[one.mailbox].name} already.")
            elif one.mailbox not in places:
                report.problems.append(f"{one.name}: Exchange shows no room mailbox {one.mailbox} to this application.")
            else:
                new = Room(id=rooms.new_room_id(), location_id=one.id, mailbox=one.mailbox, name="", enabled=False)
                fresh.append(pairing.dressed(new, one, places[one.mailbox]))
                report.added.append(one.mailbox)
                report.ids.append(new.id)
        return fresh


def _read_csv(text: str) -> list[tuple[str, str, bool]]:
    reader = csv.DictReader(io.StringIO(text.lstrip("\ufeff")))
    if [name.strip() for name in reader.fieldnames or []] != _HEADER:
        raise InvalidInput(f"The first line must be {','.join(_HEADER)}.", {"csv": {"1": ["wrong header"]}})
    wanted, errors = [], {}
    for row in reader:
        location_id, mailbox, enabled = ((row.get(name) or "").strip() for name in _HEADER)
        if not location_id or "@" not in mailbox or enabled.lower() not in _TRUE | _FALSE or None in row:
            errors[str(reader.line_num)] = ["needs a location id, a mailbox address, and true or false"]
            continue
        wanted.append((location_id, mailbox.lower(), enabled.lower() in _TRUE))
    if errors:
        raise InvalidInput(f"Some lines cannot be read: {', '.join(errors)}.", {"csv": errors})
    return wanted


def _check(
    wanted: Sequence[tuple[str, str, bool]], locations: Mapping[str, Location], places: Mapping[str, Place], known: Sequence[Room]
) -> None:
    """One to one, within the file and with the pairs that stand; InvalidInput says all that is wrong."""
    problems = [f"location {one} occurs more than once" for one in sorted(pairing.doubled(one for one, _, _ in wanted))]
    problems += [f"mailbox {one} occurs more than once" for one in sorted(pairing.doubled(one for _, one, _ in wanted))]
    listed = {location_id for location_id, _, _ in wanted}
    elsewhere = {room.mailbox: room for room in known if room.location_id not in listed}
    by_location = {room.location_id: room for room in known}
    for location_id, mailbox, _ in wanted:
        if location_id not in locations:
            problems.append(f"TOPdesk shows no location {location_id}")
        if mailbox not in places:
            problems.append(f"Exchange shows no room mailbox {mailbox} to this application")
        if mailbox in elsewhere:
            problems.append(f"mailbox {mailbox} belongs to {elsewhere[mailbox].name or elsewhere[mailbox].location_id} already")
        standing = by_location.get(location_id)
        if standing and standing.enabled and standing.mailbox != mailbox:
            problems.append(f"{standing.name or location_id} is on with {standing.mailbox}; disable it before it gets {mailbox}")
    if problems:
        raise InvalidInput("The file was not imported: " + "; ".join(problems) + ".", {"csv": problems})
