"""Edits of supporting-file cards: unknown fields and values of the wrong kind are refused in spec S's words."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from roombooker_sandbox.topdesk.answers import UNSET_TAB, Card, refuse_plainly

_UNWRITABLE = {"id", "status", "creator", "creationDate", "modifier", "modificationDate", "archived", "dynamicName"}
_OPEN = {"area", "finishing", "address", "postalAddress", "realEstate"}  # kept as given: nothing around rooms depends on them
_WIDTHS = {"name": 100, "roomNumber": 100, "specification": 100, "firstName": 30, "surName": 50, "email": 100, "jobTitle": 100, "phoneNumber": 25,
           "mobileNumber": 25, "employeeNumber": 20, "networkLoginName": 20, "tasLoginName": 100}  # fmt: skip
_CHOICES = {
    "roomSetup": ("standardLocation", "divisibleLocation", "isASubLocation"), "reservableBy": ("everybody", "specificPersonGroup"),
    "serviceWindowAppliesTo": ("noServiceWindow", "sspAndOperatorRealm", "sspOnly"), "pricePer": ("day", "hour", "fixedAmount"),
}  # fmt: skip


def patch_card(card: Card, given: Mapping[str, Any], known: Mapping[str, Sequence[Card]]) -> None:
    """Put `given` into `card`, in place. `known`: for a reference, the entries that can be chosen by id or name."""
    for name, value in given.items():
        if name in _UNWRITABLE or name not in card:
            raise refuse_plainly(400, f'The field "{name}" does not exist.')
        if name.startswith("optionalFields"):
            card[name] = {**card[name], **_tab(name, value)}
        elif name in _OPEN and isinstance(value, dict):
            card[name] = {**card[name], **value}
        elif isinstance(card[name], dict) and "reservable" in card[name]:
            _patch_flat(card[name], value, name)
        else:
            card[name] = _value(name, card[name], value, known.get(name))


def _patch_flat(target: Card, given: Any, path: str) -> None:
    if not isinstance(given, dict):
        raise refuse_plainly(400, f'The value for the field "{path}" cannot be parsed')
    for name, value in given.items():
        if name not in target:
            raise refuse_plainly(400, f'The field "{path}.{name}" does not exist.')
        target[name] = _value(name, target[name], value, None)


def _value(name: str, old: Any, value: Any, known: Sequence[Card] | None) -> Any:
    if value is None:
        return "" if isinstance(old, str) else False if isinstance(old, bool) else 0 if isinstance(old, int | float) else None
    if isinstance(old, dict) or old is None:
        return _reference(name, value, known)
    fits = isinstance(value, bool) if isinstance(old, bool) else isinstance(value, str) if isinstance(old, str) else _is_number(value)
    if not fits or value not in _CHOICES.get(name, (value,)) or (name == "blockTime" and not 0 <= value <= 1440):
        raise refuse_plainly(400, f'The value for the field "{name}" cannot be parsed')
    if isinstance(value, str) and len(value) > _WIDTHS.get(name, len(value)):
        raise refuse_plainly(400, f'The value for the field "{name}" can only be {_WIDTHS[name]} characters long.')
    return value


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _reference(name: str, value: Any, known: Sequence[Card] | None) -> Card:
    if not isinstance(value, dict):
        raise refuse_plainly(400, f'The value for the field "{name}" cannot be parsed')
    if known is not None:
        for entry in known:
            if entry["id"] == value.get("id") or ("id" not in value and entry["name"] == value.get("name")):
                return entry
        raise refuse_plainly(400, f'The value for the field "{name}" cannot be found.')
    try:
        return {"id": str(UUID(value["id"])), "name": value.get("name", "")}
    except (KeyError, ValueError, TypeError, AttributeError):
        raise refuse_plainly(400, f'The value for the field "{name}" cannot be parsed') from None


def _tab(path: str, given: Any) -> Card:
    if not isinstance(given, dict):
        raise refuse_plainly(400, f'The value for the field "{path}" cannot be parsed')
    for name, value in given.items():
        if name not in UNSET_TAB:
            raise refuse_plainly(400, f'The field "{path}.{name}" does not exist.')
        unset = UNSET_TAB[name]
        wrong = (isinstance(unset, str) and not isinstance(value, str)) or (isinstance(unset, bool) and not isinstance(value, bool))
        if value is not None and (wrong or (isinstance(unset, float) and not _is_number(value))):
            raise refuse_plainly(400, f'The value for the field "{path}.{name}" cannot be parsed')
        if name.startswith("text") and value is not None and len(value) > 100:
            raise refuse_plainly(400, f'The value for the field "{path}.{name}" can only be 100 characters long.')
    return dict(given)
