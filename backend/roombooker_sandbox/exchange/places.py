"""Places: rooms and room lists (one per building), as the address list shows them."""

from typing import Any

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from roombooker_sandbox.directory import DOMAIN, Building, Room, stable_id
from roombooker_sandbox.exchange.errors import GraphError
from roombooker_sandbox.exchange.odata import collection, page_size, query, root
from roombooker_sandbox.exchange.routes import API
from roombooker_sandbox.exchange.service import Exchange

_PAGE = 100


def room_json(room: Room) -> dict[str, Any]:
    building = room.building
    return {
        "id": room.place_id, "placeId": room.place_id, "displayName": room.name, "emailAddress": room.mailbox, "capacity": room.capacity,
        "building": building.name, "floorNumber": room.floor, "floorLabel": str(room.floor), "label": room.room_number, "nickname": room.name,
        "phone": "", "bookingType": "standard", "isWheelChairAccessible": room.wheelchair, "tags": list(room.equipment), "parentId": None,
        "audioDeviceName": "Phone" if "phone" in room.equipment else None,
        "videoDeviceName": "Camera" if "video conferencing" in room.equipment else None,
        "displayDeviceName": "Display" if "display" in room.equipment else None,
        "address": _address(building), "geoCoordinates": None, "teamsEnabledState": "unknown",
    }  # fmt: skip


def list_json(building: Building) -> dict[str, Any]:
    place = stable_id("room-list", building.number)
    return {
        "id": place, "placeId": place, "displayName": f"Rooms {building.name}", "emailAddress": list_address(building), "phone": "",
        "address": _address(building), "geoCoordinates": None, "label": None, "tags": [], "isWheelChairAccessible": None, "parentId": None,
    }  # fmt: skip


def list_address(building: Building) -> str:
    return f"rooms.{building.name.lower().replace(' ', '-')}@{DOMAIN}"


def _address(building: Building) -> dict[str, Any]:
    country = {"Europe/London": "United Kingdom"}.get(building.time_zone, "Netherlands")
    return {"street": building.name, "city": building.city, "state": "", "countryOrRegion": country, "postalCode": ""}


def register(part: Blueprint, exchange: Exchange) -> None:
    directory = exchange.world.directory
    lists = {list_address(b): b for b in directory.buildings} | {stable_id("room-list", b.number): b for b in directory.buildings}
    rooms = {r.mailbox: r for r in directory.rooms} | {r.place_id: r for r in directory.rooms}

    def page(rows: list[dict[str, Any]], kind: str) -> ResponseReturnValue:
        wanted = query()
        return jsonify(collection(rows, lambda row: row, wanted, size=page_size(wanted.top, _PAGE), context=f"places/{kind}"))

    @part.get(f"{API}/places/microsoft.graph.room")
    def list_rooms() -> ResponseReturnValue:
        exchange.access.directory("Place.Read.All")
        return page([room_json(room) for room in directory.rooms], "microsoft.graph.room")

    @part.get(f"{API}/places/microsoft.graph.roomlist")
    @part.get(f"{API}/places/microsoft.graph.roomList", endpoint="list_room_lists_camel")
    def list_room_lists() -> ResponseReturnValue:
        exchange.access.directory("Place.Read.All")
        return page([list_json(building) for building in directory.buildings], "microsoft.graph.roomList")

    @part.get(f"{API}/places/<place>")
    def get_place(place: str) -> ResponseReturnValue:
        exchange.access.directory("Place.Read.All")
        name = place.lower()
        if name in rooms:
            return jsonify(
                {"@odata.context": f"{root()}$metadata#places/$entity", "@odata.type": "#microsoft.graph.room", **room_json(rooms[name])}
            )
        if name in lists:
            kind = "#microsoft.graph.roomList"
            return jsonify({"@odata.context": f"{root()}$metadata#places/$entity", "@odata.type": kind, **list_json(lists[name])})
        raise _not_found(place)

    @part.get(f"{API}/places/<place>/microsoft.graph.roomlist/rooms")
    @part.get(f"{API}/places/<place>/microsoft.graph.roomList/rooms", endpoint="rooms_in_list_camel")
    def rooms_in_list(place: str) -> ResponseReturnValue:
        exchange.access.directory("Place.Read.All")
        building = lists.get(place.lower())
        if building is None:
            raise _not_found(place)
        return page(
            [room_json(room) for room in directory.rooms if room.building is building], f"microsoft.graph.roomList('{place}')/rooms"
        )


def _not_found(place: str) -> GraphError:
    return GraphError(404, "ErrorItemNotFound", f"The place '{place}' was not found.")
