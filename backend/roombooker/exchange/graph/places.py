"""Room mailboxes as Graph's places tell them."""

from collections.abc import Iterable, Mapping
from typing import Any

from roombooker.domain.calendar import Place
from roombooker.exchange.graph.client import PLACES, GraphClient

_PAGE = 100


def list_rooms(client: GraphClient) -> list[Place]:
    """All that the address list shows; edits take a day to appear. Denied without Place.Read.All."""
    found = client.pages("/places/microsoft.graph.room", params={"$top": _PAGE}, right=PLACES)
    return [_read(raw) for raw in found if raw.get("emailAddress")]


def _read(raw: Mapping[str, Any]) -> Place:
    number, capacity = raw.get("floorNumber"), raw.get("capacity")
    devices = [raw.get(f"{kind}DeviceName") for kind in ("audio", "video", "display")]
    equipment = [str(item).strip() for item in (*devices, *(raw.get("tags") or ())) if item]
    return Place(
        id=str(raw.get("placeId") or raw.get("id") or ""),
        mailbox=str(raw["emailAddress"]).strip().lower(),
        name=str(raw.get("displayName") or raw.get("nickname") or ""),
        building=str(raw.get("building") or ""),
        floor=str(raw.get("floorLabel") or ("" if number is None else number)),
        capacity=capacity if isinstance(capacity, int) and capacity > 0 else None,
        equipment=_each_once(equipment),
        wheelchair_accessible=raw.get("isWheelChairAccessible"),
        booking_type=str(raw.get("bookingType") or "unknown"),
    )


def _each_once(names: Iterable[str]) -> tuple[str, ...]:
    """Devices and tags are typed by hand, so that "Display" and "display" are one; the first spelling stays."""
    first: dict[str, str] = {}
    for name in names:
        first.setdefault(name.casefold(), name)
    return tuple(first.values())
